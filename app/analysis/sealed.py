"""What a release keeps: the tallies of its published cells, and all else that its figures need but the instruments.

The type of publishable numbers. Only `disclosure.seal` makes one from raw tallies; here it only goes to bytes and back.
It holds nothing of a withheld cell, so that whatever is computed from it later can betray no more.
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any, Generic, TypeVar

import numpy as np
import orjson
from scipy import sparse

from app.analysis.tally import Counts

FORMAT = 2
READABLE = (1, FORMAT)
"""Format 1 had no breakdowns."""


class Level(IntEnum):
    """How far an item or a construct of a group is shown."""

    NOWHERE = 0
    UNION = 1
    SCHOOLS = 2


@dataclass(frozen=True)
class Cell:
    """A published cell of a group: a school, the pool (`schools` are its members' keys), or the union (neither).

    `eligible` is the number on the roster, None where there is none for the cell.
    """

    school: str | None
    schools: tuple[str, ...] | None
    eligible: int | None

    @property
    def is_union(self) -> bool:
        return self.school is None and self.schools is None

    @property
    def needs(self) -> Level:
        """How far something must be shown to be shown here."""
        return Level.UNION if self.is_union else Level.SCHOOLS


@dataclass(frozen=True)
class Category:
    """A published category of an attribute, union-wide.

    The value of an option, or None for people without a valid answer; the pool names its members in `categories`.
    """

    category: str | None
    categories: tuple[str | None, ...] | None

    @property
    def eligible(self) -> None:
        """Nobody knows how many of those eligible belong to a category."""

    @property
    def is_union(self) -> bool:
        return False

    @property
    def needs(self) -> Level:
        return Level.UNION


C = TypeVar("C", Cell, Category)


@dataclass(frozen=True, eq=False)
class SealedCells(Generic[C]):
    """Published cells of one group with their counts.

    Attributes
    ----------
    group, instrument, mode, minimum, counts_children : as in `GroupFacts`.
    cells : the published cells.
    items, constructs : how far each is shown, for every closed item and every construct of the instrument.
    counts : a row a cell, the measures of the instrument's `Layout`; what is withheld is 0.
    """

    group: str
    instrument: str
    mode: str
    minimum: int
    counts_children: bool
    cells: tuple[C, ...]
    items: Mapping[str, Level]
    constructs: Mapping[str, Level]
    counts: Counts

    @property
    def confidential(self) -> bool:
        return self.mode == "confidential"


@dataclass(frozen=True, eq=False)
class Breakdown(SealedCells[Category]):
    """A group by one attribute: its published categories in the order of its options, then the pool if there is one."""

    attribute: str


@dataclass(frozen=True, eq=False)
class SealedGroup(SealedCells[Cell]):
    """A group: schools in the order of the wave, the union, the pool. Each is there or is not.

    `breakdowns` are those that are published, in the order in which the instrument asks for the attributes.
    """

    breakdowns: tuple[Breakdown, ...] = ()

    def by(self, attribute: str) -> Breakdown:
        """Find the breakdown by an attribute; one without cells when it is not published."""
        for breakdown in self.breakdowns:
            if breakdown.attribute == attribute:
                return breakdown
        return Breakdown(
            group=self.group,
            instrument=self.instrument,
            mode=self.mode,
            minimum=self.minimum,
            counts_children=self.counts_children,
            cells=(),
            items=dict.fromkeys(self.items, Level.NOWHERE),
            constructs=dict.fromkeys(self.constructs, Level.NOWHERE),
            counts=self.counts[:0],
            attribute=attribute,
        )


@dataclass(frozen=True, eq=False)
class Sealed:
    """The published part of a wave; `participation` has the rows as they are shown, hidden schools without numbers."""

    wave: str
    title: str
    simulated: bool
    schools: tuple[str, ...]
    participation: tuple[dict[str, Any], ...]
    groups: tuple[SealedGroup, ...]

    def only(self, groups: Collection[str]) -> Sealed:
        """Keep some groups."""
        return replace(self, groups=tuple(group for group in self.groups if group.group in groups))

    def dump(self) -> bytes:
        """Give compact bytes, the same for the same content: JSON under zlib, whole numbers throughout."""
        document = {
            "format": FORMAT,
            "wave": self.wave,
            "title": self.title,
            "simulated": self.simulated,
            "schools": self.schools,
            "participation": self.participation,
            "groups": [_document(group) for group in self.groups],
        }
        return zlib.compress(orjson.dumps(document, option=orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_SORT_KEYS))

    @classmethod
    def load(cls, data: bytes) -> Sealed:
        """Read what `dump` gave. ValueError for another format."""
        document = orjson.loads(zlib.decompress(data))
        if document["format"] not in READABLE:
            raise ValueError(f"sealed tallies of format {document['format']} cannot be read")
        return cls(
            wave=document["wave"],
            title=document["title"],
            simulated=document["simulated"],
            schools=tuple(document["schools"]),
            participation=tuple(document["participation"]),
            groups=tuple(_group(group) for group in document["groups"]),
        )


def _document(group: SealedGroup) -> dict[str, Any]:
    """Give a group as JSON data."""
    cells = [{"school": c.school, "schools": c.schools, "eligible": c.eligible} for c in group.cells]
    return {
        "group": group.group,
        "instrument": group.instrument,
        "mode": group.mode,
        "minimum": group.minimum,
        "counts_children": group.counts_children,
        "cells": cells,
        **_content(group),
        "breakdowns": [
            {
                "attribute": breakdown.attribute,
                "cells": [{"category": c.category, "categories": c.categories} for c in breakdown.cells],
                **_content(breakdown),
            }
            for breakdown in group.breakdowns
        ],
    }


def _content(of: SealedCells[Any]) -> dict[str, Any]:
    """What is shown. Of the counts, those that are not 0: how far each is from the one before, and the count."""
    counts = of.counts.tocoo()
    places = counts.row.astype(np.int64) * counts.shape[1] + counts.col
    order = np.argsort(places)
    return {
        "items": of.items,
        "constructs": of.constructs,
        "measures": counts.shape[1],
        "gaps": np.diff(places[order], prepend=0),
        "counts": counts.data[order],
    }


def _group(document: dict[str, Any]) -> SealedGroup:
    names = ("group", "instrument", "mode", "minimum", "counts_children")
    head = {name: document[name] for name in names}
    return SealedGroup(
        cells=tuple(Cell(c["school"], _tuple(c["schools"]), c["eligible"]) for c in document["cells"]),
        breakdowns=tuple(
            Breakdown(
                attribute=breakdown["attribute"],
                cells=tuple(Category(c["category"], _tuple(c["categories"])) for c in breakdown["cells"]),
                **head,
                **_shown(breakdown),
            )
            for breakdown in document.get("breakdowns", ())
        ),
        **head,
        **_shown(document),
    )


def _shown(document: dict[str, Any]) -> dict[str, Any]:
    """Read what `_content` gave."""
    shape = len(document["cells"]), document["measures"]
    places = np.cumsum(np.array(document["gaps"], dtype=np.int64))
    numbers = np.array(document["counts"], dtype=np.int64)
    return {
        "items": {key: Level(level) for key, level in document["items"].items()},
        "constructs": {key: Level(level) for key, level in document["constructs"].items()},
        "counts": sparse.csr_array((numbers, divmod(places, shape[1])), shape=shape),
    }


def _tuple(members: list[Any] | None) -> tuple[Any, ...] | None:
    return None if members is None else tuple(members)
