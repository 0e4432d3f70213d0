"""What a release keeps: the tallies of its published cells, and all else that its figures need but the instruments.

The type of publishable numbers. Only `disclosure.seal` makes one from raw tallies; here it only goes to bytes and back.
It holds nothing of a withheld cell, so that whatever is computed from it later can betray no more.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
import orjson
from scipy import sparse

from app.analysis.tally import Counts

FORMAT = 1


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


@dataclass(frozen=True, eq=False)
class SealedGroup:
    """The published part of one group.

    Attributes
    ----------
    group, instrument, mode, minimum, counts_children : as in `GroupFacts`.
    cells : the published cells: schools in the order of the wave, the union, the pool. Each is there or is not.
    items, constructs : how far each is shown, for every closed item and every construct of the instrument.
    counts : a row a cell, the measures of the instrument's `Layout`; what is withheld is 0.
    """

    group: str
    instrument: str
    mode: str
    minimum: int
    counts_children: bool
    cells: tuple[Cell, ...]
    items: Mapping[str, Level]
    constructs: Mapping[str, Level]
    counts: Counts

    @property
    def confidential(self) -> bool:
        return self.mode == "confidential"


@dataclass(frozen=True, eq=False)
class Sealed:
    """The published part of a wave; `participation` has the rows as they are shown, hidden schools without numbers."""

    wave: str
    title: str
    simulated: bool
    schools: tuple[str, ...]
    participation: tuple[dict[str, Any], ...]
    groups: tuple[SealedGroup, ...]

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
        if document["format"] != FORMAT:
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
    """JSON data of a group. Of the counts, those that are not 0: how far each is from the one before, and the count."""
    counts = group.counts.tocoo()
    places = counts.row.astype(np.int64) * counts.shape[1] + counts.col
    order = np.argsort(places)
    return {
        "group": group.group,
        "instrument": group.instrument,
        "mode": group.mode,
        "minimum": group.minimum,
        "counts_children": group.counts_children,
        "cells": [{"school": c.school, "schools": c.schools, "eligible": c.eligible} for c in group.cells],
        "items": group.items,
        "constructs": group.constructs,
        "measures": counts.shape[1],
        "gaps": np.diff(places[order], prepend=0),
        "counts": counts.data[order],
    }


def _group(document: dict[str, Any]) -> SealedGroup:
    cells = tuple(
        Cell(cell["school"], None if cell["schools"] is None else tuple(cell["schools"]), cell["eligible"])
        for cell in document["cells"]
    )
    shape = len(cells), document["measures"]
    places = np.cumsum(np.array(document["gaps"], dtype=np.int64))
    numbers = np.array(document["counts"], dtype=np.int64)
    return SealedGroup(
        group=document["group"],
        instrument=document["instrument"],
        mode=document["mode"],
        minimum=document["minimum"],
        counts_children=document["counts_children"],
        cells=cells,
        items={key: Level(level) for key, level in document["items"].items()},
        constructs={key: Level(level) for key, level in document["constructs"].items()},
        counts=sparse.csr_array((numbers, divmod(places, shape[1])), shape=shape),
    )
