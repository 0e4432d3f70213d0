"""API schemas of comments and of their review."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import StringConstraints, model_validator

from app.models.base import MAYBE, Body, Document, Listing, shown
from app.models.tables import Comment
from app.survey.instrument import Group

Status = Literal["pending", "shown", "withheld", "redacted"]
Words = Annotated[str, StringConstraints(max_length=200_000, pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$")]


class ReviewIn(Body):
    """What the director decides on a comment; `text` is what is left of it, for `redacted` alone."""

    model_config = shown(status="shown")
    status: Status
    text: Words | None = None

    @model_validator(mode="after")
    def _text_when_redacted(self) -> ReviewIn:
        if (self.text is not None) != (self.status == "redacted"):
            raise ValueError("`redacted` comes with the `text` that is left, every other status without")
        return self


class CommentOut(Document):
    """What a person wrote; `schools` are those of the pool that it stands for."""

    id: str
    group: Group
    school: str | None
    schools: Annotated[list[str], MAYBE]
    item: str
    text: str
    status: Status


class CommentList(Listing[CommentOut]):
    """Comments in random order."""

    simulated: bool


def comment_document(row: Comment, pool: list[str] | None) -> dict[str, Any]:
    """Describe a comment; `pool` has the schools of its group's pool."""
    return {
        "id": row.id,
        "group": row.group,
        "school": row.school,
        **({"schools": pool} if row.pooled else {}),
        "item": row.item,
        "text": row.text,
        "status": row.status,
    }
