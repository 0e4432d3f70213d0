"""API schemas of comments and of their review."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import StringConstraints, model_validator

from app.models.base import Body, Document
from app.models.tables import Comment

Status = Literal["pending", "shown", "withheld", "redacted"]
Words = Annotated[str, StringConstraints(max_length=200_000, pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$")]


class ReviewIn(Body):
    """What the director decides on a comment; `text` is what is left of it, for `redacted` alone."""

    status: Status
    text: Words | None = None

    @model_validator(mode="after")
    def _text_when_redacted(self) -> ReviewIn:
        if (self.text is not None) != (self.status == "redacted"):
            raise ValueError("`redacted` comes with the `text` that is left, every other status without")
        return self


class CommentOut(Document):
    id: str
    group: str
    school: str | None
    item: str
    text: str
    status: Status


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
