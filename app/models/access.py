"""API schemas of access codes and survey links."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, StrictInt

from app.models.base import Body, Document, Slug
from app.survey.instrument import Group

MOST = 10_000  # codes at a time
SLIPS = 1_000  # slips of a sheet


class CodesIn(Body):
    """How many codes are wanted, and for whom; `school` is null for people who are tied to none."""

    group: Group
    school: Slug | None = None
    count: Annotated[StrictInt, Field(ge=1, le=MOST)]


class CodesMade(Document):
    """New codes. They are in this reply and nowhere else."""

    wave: str
    group: str
    school: str | None
    address: str
    codes: list[str]


class CodesOut(Document):
    """How many codes each cell was given, and how many were spent; never a code."""

    wave: str
    cells: list[dict[str, Any]]
