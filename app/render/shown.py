"""Figures as text, and as lengths of bars: what a page shows of a cell.

Decides what is said of a cell, which is exact, banded or withheld as its document has it, and how places are named.
How numbers are rounded is decided in `words.py`; nothing else is computed of figures.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.analysis.words import listed
from app.render import words
from app.render.words import EVERYWHERE, WITHHELD, between, percent
from app.survey.instrument import GROUPS

Cell = Mapping[str, Any]
Names = Mapping[str, str]
"""Key of a school -> its name."""

NONE = "no answers"
title = words.named


@dataclass(frozen=True, slots=True)
class Bar:
    """Where things lie along a bar, in percent of its length as SVG writes it.

    Attributes
    ----------
    start, length : what is filled.
    band : whether the filled part is a range in which the figure lies, and not the figure.
    low, width : the interval around the end of the filled part, where there is one.
    """

    start: str
    length: str
    band: bool = False
    low: str | None = None
    width: str | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """A figure: its text, its range in words, and its bar; only the text where it is withheld."""

    text: str
    range: str = ""
    bar: Bar | None = None

    @property
    def withheld(self) -> bool:
        return self.text == WITHHELD


@dataclass(frozen=True, slots=True)
class Line:
    """One cell: where, and its figures; `n` is the number of people as text."""

    place: str
    school: str | None
    share: Shown | None
    mean: Shown | None
    n: str
    notes: tuple[str, ...] = ()

    @property
    def withheld(self) -> bool:
        return self.n == WITHHELD


# ------------------------------------------------------------------ numbers
def at(value: float) -> str:
    """Say where a part of one lies, as SVG writes it: 0.4404 -> 44.04%."""
    return f"{100 * min(1.0, max(0.0, value)):.2f}%"


# ------------------------------------------------------------------ cells
def favorable(cell: Cell) -> Shown | None:
    """Show the favorable share of a cell; None where the question has no favorable answers."""
    if cell["status"] == "protected":
        return Shown(WITHHELD)
    told = cell.get("favorable")
    if told is None:
        return None
    if "share" not in told:
        low, high = told["low"], told["high"]
        return Shown(between(low, high, percent), bar=Bar(at(low), at(high - low), band=True))
    share = told["share"]
    if share is None:
        return Shown(NONE)
    low, high = told.get("low"), told.get("high")
    if low is None or high is None or low == high:
        return Shown(percent(share), bar=Bar("0%", at(share)))
    return Shown(percent(share), between(low, high, percent), Bar("0%", at(share), low=at(low), width=at(high - low)))


def average(cell: Cell) -> Shown | None:
    """Show the mean of a cell; None where it has none."""
    if cell["status"] == "protected":
        return Shown(WITHHELD)
    mean = cell.get("mean")
    if mean is None:
        return None
    if mean["value"] is None:
        return Shown(NONE)
    low, high = mean.get("low"), mean.get("high")
    return Shown(words.number(mean["value"]), "" if low is None or low == high else between(low, high))


def base(cell: Cell) -> str:
    return WITHHELD if cell["status"] == "protected" else words.whole(cell["n"])


def line(cell: Cell, names: Names) -> Line:
    """Show a cell with its place."""
    notes = tuple(WARNINGS[warning] for warning in cell.get("warnings", ()) if warning in WARNINGS)
    return Line(place(cell, names), cell["school"], favorable(cell), average(cell), base(cell), notes)


WARNINGS = {
    "low_response": "fewer than half have answered",
    "many_not_applicable": "more than a third said that it does not apply",
    "few_people": "few people",
    "low_reliability": "its questions hardly belong together",
    "roster_exceeded": "more have answered than the roster has",
}


# ------------------------------------------------------------------ places and groups
def is_union(cell: Cell) -> bool:
    return cell["school"] is None and "schools" not in cell


def place(cell: Cell, names: Names) -> str:
    """Say where a cell is: a school, a pool of schools, or all of them."""
    if cell["school"] is not None:
        return names.get(cell["school"], cell["school"])
    if "schools" in cell:
        return listed([names.get(school, school) for school in cell["schools"]]) + " together"
    return EVERYWHERE


def ordered(groups: Iterable[str]) -> list[str]:
    """Put groups in their order; JSON objects have another."""
    found = set(groups)
    return [group for group in GROUPS if group in found]


def of_group(cells: Sequence[Cell], group: str) -> list[Cell]:
    """Give the cells of a group, that of all schools first."""
    return sorted((cell for cell in cells if cell["group"] == group), key=lambda cell: not is_union(cell))
