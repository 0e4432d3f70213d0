"""Groups side by side: what is published of each in one place, and which items and constructs they share.

Decides what "the same item" is for a comparison between groups. What is shown of each group was decided by the seal.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import pandas as pd

from app.analysis import values
from app.analysis.disclosure import protected
from app.analysis.facts import GroupFacts, WaveFacts
from app.analysis.figures import Figures, construct_figures, item_figures
from app.analysis.layout import Layout
from app.analysis.readings import Measured
from app.analysis.sealed import Level, Sealed, SealedGroup
from app.analysis.sheets import construct_sheet, item_sheet
from app.analysis.summarize import construct_entry, item_entry, meaning
from app.analysis.tally import Tally
from app.survey.codebook import Codebook

Row = dict[str, Any]
OBSTACLES = {
    "different_items": "The groups were asked different items.",
    "no_scores": "The answers have no scores that could be compared.",
}
"""Code -> why what groups share by name cannot be compared, in words."""


@dataclass(frozen=True, eq=False)
class Part:
    """What is published of a group's items, or of its constructs, in one place.

    Attributes
    ----------
    group : its key.
    cells : of every item or construct the cell of the summary.
    sheet : rows of `sheets.item_sheet` or `construct_sheet` by key: published ones that have scores.
    people : of each row of the sheet, the people by value.
    counts_people : a share is one of people, not one of answers.
    """

    group: str
    cells: Mapping[str, Row]
    sheet: pd.DataFrame
    people: Mapping[str, values.People]
    counts_people: bool


@dataclass(frozen=True, eq=False)
class Side:
    """One group in one place."""

    group: str
    book: Codebook
    items: Part
    constructs: Part

    @cached_property
    def means(self) -> dict[str, tuple[Any, ...]]:
        """Item -> what groups must share to be compared on it: its meaning, and of a number the range."""
        instrument = self.book.instrument
        return {
            key: (meaning(instrument.by_key[key], instrument), frozenset(columns[0].scores.values()))
            for key, columns in self.book.of_item.items()
        }


def sides(facts: WaveFacts, sealed: Sealed, groups: Iterable[str], school: str | None) -> list[Side]:
    """Read what is published of groups in a school, or with None in the whole union.

    Raises
    ------
    ValueError : when the seal was made with another instrument than the facts name.
    """
    of = {group.group: group for group in facts.groups}
    return [_side(of[group], sealed, school) for group in groups]


def _side(facts: GroupFacts, sealed: Sealed, school: str | None) -> Side:
    (group,) = (one for one in sealed.groups if one.group == facts.group)
    if group.instrument != facts.instrument:
        raise ValueError(f"sealed with {group.instrument}, not with {facts.instrument}")
    at = next((i for i, c in enumerate(group.cells) if c.schools is None and c.school == school), None)
    if school is not None:  # a school's figures need no other cell, the union's need all: they are its strata
        group = _keep(group, [i for i, c in enumerate(group.cells) if c.is_union or i == at])
        at = next((i for i, c in enumerate(group.cells) if c.school == school), None)
    tally, here = _read(facts, group), _keep(group, [] if at is None else [at])
    alone = _read(facts, here)

    def part(
        figures: Mapping[str, Figures], levels: Mapping[str, Level], sheet: pd.DataFrame, *, of_items: bool
    ) -> Part:
        count = values.of_item if of_items else values.of_construct
        cells = {key: _cell(facts.group, school, here, levels[key], of, at) for key, of in figures.items()}
        rows = sheet.droplevel("place")
        return Part(facts.group, cells, rows, {key: count(alone, key, 0) for key in rows.index}, of_items)

    return Side(
        facts.group,
        facts.codebook,
        part(item_figures(group, tally), group.items, item_sheet(here, alone), of_items=True),
        part(construct_figures(group, tally), group.constructs, construct_sheet(here, alone), of_items=False),
    )


def _keep(group: SealedGroup, places: Sequence[int]) -> SealedGroup:
    """Give some of a group's cells alone."""
    return replace(group, cells=tuple(group.cells[place] for place in places), counts=group.counts[places])


def _read(facts: GroupFacts, group: SealedGroup) -> Tally:
    return Tally(Layout(facts.codebook), group.cells, group.counts)


def _cell(group: str, school: str | None, here: SealedGroup, level: Level, figures: Figures, at: int | None) -> Row:
    if at is None or level < here.cells[0].needs:
        return protected(group, school)
    return {"group": group, "school": school, "status": "published", **figures[at]}


# ------------------------------------------------------------------ what they share
@dataclass(frozen=True)
class Shared:
    """An item or construct that groups share.

    Attributes
    ----------
    key : its key.
    entry : what a row says of it beside figures.
    measured : what a sentence says of it; None without scores.
    obstacle : why it is not compared, a key of `OBSTACLES`; None if it may be.
    """

    key: str
    entry: Row
    measured: Measured | None
    obstacle: str | None = None


def shared_items(sides: Sequence[Side]) -> list[Shared]:
    """List the items of the first group that all others have with the same key, kind, options, scores and direction."""
    first, others = sides[0].book, sides[1:]
    found = []
    for key, means in sides[0].means.items():
        if all(other.means.get(key) == means for other in others):
            item = first.instrument.by_key[key]
            entry = _without_cells(item_entry(item, first.instrument))
            scores, is_number = first.of_item[key][0].scores.values(), not entry["options"]
            measured = (
                Measured(entry["text"], min(scores), max(scores), is_number, item.is_reversed) if scores else None
            )
            found.append(Shared(key, entry, measured, None if scores else "no_scores"))
    return found


def shared_constructs(sides: Sequence[Side]) -> list[Shared]:
    """List the constructs that all groups have by key.

    They can be compared when they have the same items, with the same meaning; else they have an obstacle.
    """
    first, *others = (side.book for side in sides)
    alike = {key for key, means in sides[0].means.items() if all(side.means.get(key) == means for side in sides[1:])}
    found = []
    for key, items in first.instrument.construct_items.items():
        theirs = [book.instrument.construct_items.get(key) for book in others]
        if all(other is not None for other in theirs):
            same = alike.issuperset(items) and all(set(other or ()) == set(items) for other in theirs)
            entry = _without_cells(construct_entry(key, first.instrument)) | {"items": list(items)}
            scores = first.of_item[items[0]][0].scores.values()
            measured = Measured(entry["title"], min(scores), max(scores))
            found.append(Shared(key, entry, measured, None if same else "different_items"))
    return found


def _without_cells(entry: Row) -> Row:
    return {name: said for name, said in entry.items() if name != "cells"}
