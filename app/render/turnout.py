"""Participation as a page shows it: how many of how many, by group and school.

Decides the words and the bars. Which cells there are, and which of them are protected, is as the document has it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.render.shown import Names, at, of_group, ordered, place
from app.render.words import WITHHELD, named, percent, whole


@dataclass(frozen=True, slots=True)
class Turnout:
    """One cell of participation.

    Attributes
    ----------
    answered : such as `19 of 118`.
    rate : such as `16%`; empty without a roster.
    length : of the bar toward the roster, None where there is nothing to draw.
    minimum : where the promised minimum lies on the bar, while it is not reached.
    needed : what is missing to the minimum, in words.
    """

    place: str
    school: str | None
    answered: str
    rate: str = ""
    length: str | None = None
    minimum: str | None = None
    needed: str = ""

    @property
    def withheld(self) -> bool:
        return self.answered == WITHHELD


@dataclass(frozen=True, slots=True)
class Group:
    """A group: all schools together, where the reader gets that, and each school."""

    key: str
    title: str
    whole: Turnout | None
    schools: tuple[Turnout, ...]


def turnout(document: Mapping[str, Any], names: Names) -> list[Group]:
    """Show a document of participation, or a summary that has it."""
    cells = document["cells"] if "cells" in document else document["participation"]
    out = []
    for group in ordered(cell["group"] for cell in cells):
        lines = [_line(cell, names) for cell in of_group(cells, group)]
        whole = next((line for line in lines if line.school is None), None)
        out.append(Group(group, named(group), whole, tuple(line for line in lines if line.school is not None)))
    return out


def _line(cell: Mapping[str, Any], names: Names) -> Turnout:
    where, school = place(cell, names), cell["school"]
    if cell.get("status") == "protected":
        return Turnout(where, school, WITHHELD)
    responses, eligible, needed = cell["responses"], cell["eligible"], cell.get("needed", 0)
    words = f"{whole(needed)} short of the minimum of {whole(responses + needed)}" if needed else ""
    if not eligible:
        return Turnout(where, school, f"{whole(responses)} answered, no roster", needed=words)
    return Turnout(
        where,
        school,
        f"{whole(responses)} of {whole(eligible)}",
        percent(cell["rate"]) if cell["rate"] <= 1 else "more than the roster has",
        at(cell["rate"]),
        at((responses + needed) / eligible) if needed and responses + needed <= eligible else None,
        words,
    )
