"""API schemas of access codes and survey links."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StrictInt

from app.models.base import MAYBE, Body, Document, Listing, Slug, shown
from app.survey.instrument import Group
from app.survey.promise import Access

MOST = 10_000  # codes at a time
SLIPS = 1_000  # slips of a sheet


class CodesIn(Body):
    """How many codes are wanted, and for whom; `school` is null for people who are tied to none."""

    model_config = shown(group="family", school="erving", count=118)

    group: Group
    school: Slug | None = None
    count: Annotated[StrictInt, Field(ge=1, le=MOST)]


class CodesMade(Document):
    """New codes. They are in this reply and nowhere else."""

    wave: str
    group: Group
    school: str | None
    address: str
    codes: list[str]


class CodesCell(Document):
    """The codes of a group and school; one whose participation nobody is told says only how many were made."""

    group: Group
    school: str | None
    issued: int
    spent: Annotated[int, MAYBE]
    left: Annotated[int, MAYBE]
    status: Annotated[Literal["protected"], MAYBE]


class CodesOut(Document):
    """How many codes each cell was given, and how many were spent; never a code."""

    wave: str
    cells: list[CodesCell]


class LinkOut(Document):
    """The address of a survey page; that of a group without a school is for people who are tied to none."""

    group: Group
    school: str | None
    access: Access
    address: str


class LinkList(Listing[LinkOut]):
    """The addresses of a wave's survey pages."""
