"""What all API schemas share: strict fields, no unknown ones, times with an offset."""

from __future__ import annotations

from typing import Annotated, Any, Generic, TypeVar

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from app.survey.base import UNSEEN, UNSEEN_SAID, Slug

T = TypeVar("T")


def _seen(value: Any) -> Any:
    if isinstance(value, str) and UNSEEN.search(value):
        raise PydanticCustomError("control_character", UNSEEN_SAID)
    return value


Seen = BeforeValidator(_seen)
"""Of a text: nothing in it steers a terminal or turns the words around it."""
Name = Annotated[
    str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*\S[^\x00-\x1f\x7f]*$"), Seen
]


class Body(BaseModel):
    """A request body: unknown fields are errors, nothing is coerced but times from strings."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def shown(**example: Any) -> ConfigDict:
    """Give a schema an example, as its `model_config`."""
    return ConfigDict(json_schema_extra={"examples": [example]})


class Document(BaseModel):
    """A reply, as the OpenAPI document describes it; fields may be added."""

    model_config = ConfigDict(extra="allow")


MAYBE: Any = Field(default_factory=lambda: None)
"""Of a member of a `Document`: it may be absent. Replies are described and not made by these classes."""


class Listing(Document, Generic[T]):
    """A page of a list: go on with `?after=` the value of `next`."""

    items: list[T]
    next: str | None


__all__ = ["MAYBE", "AwareDatetime", "Body", "Document", "Listing", "Name", "Seen", "Slug", "shown"]
