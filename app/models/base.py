"""What all API schemas share: strict fields, no unknown ones, times with an offset."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, StringConstraints

from app.survey.base import Slug

Name = Annotated[
    str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*\S[^\x00-\x1f\x7f]*$")
]


class Body(BaseModel):
    """A request body: unknown fields are errors, nothing is coerced but times from strings."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Document(BaseModel):
    """A reply, as the OpenAPI document describes it; fields may be added."""

    model_config = ConfigDict(extra="allow")


class Listing(Document):
    """A page of a list: go on with `?after=` the value of `next`."""

    items: list[dict[str, Any]]
    next: str | None


__all__ = ["AwareDatetime", "Body", "Document", "Listing", "Name", "Slug"]
