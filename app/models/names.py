"""API schemas of the names that are taken out of comments."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, Field, StringConstraints

from app.auth import Caller
from app.models.base import MAYBE, Body, Document, shown
from app.models.tables import NameList
from app.survey.redact import is_name


def _findable(value: str) -> str:
    if not is_name(value):
        raise ValueError("a name to look for has at least two letters")
    return value


PersonName = Annotated[str, StringConstraints(min_length=2, max_length=100), AfterValidator(_findable)]


class NamesIn(Body):
    """The names of people that are taken out of every comment of a wave."""

    model_config = shown(names=["Ana Ruiz", "Ms. Hale"])
    names: Annotated[list[PersonName], Field(max_length=20_000)]


class NamesOut(Document):
    """The names themselves are for the director alone."""

    wave: str
    count: int
    names: Annotated[list[str], MAYBE]


def names_document(row: NameList, caller: Caller) -> dict[str, Any]:
    """Describe a list of names; whoever is no director learns how many there are."""
    return {"wave": row.wave, "count": len(row.names), **({"names": row.names} if caller.directs else {})}
