"""People sorted by attributes: the measures of each category, and who stands behind what where two sortings meet.

Decides what is counted so that results can be broken down. It adds up like a tally, in any order and in batches of any
size, and knows no disclosure.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.analysis.tally import Ints, Tally, tally
from app.survey.codebook import Codebook

Value = str | None
"""A category of an attribute: the value of an option, or None for people without a valid answer."""
Meeting = tuple[str | None, str]
"""Two sortings of the same people: the cells (None) or an earlier attribute, and an attribute."""


def categories(codebook: Codebook, attribute: str) -> tuple[Value, ...]:
    """List the categories of an attribute in the order of its options; last None, which stands for everybody else.

    Everybody else did not answer, chose an option that is not applicable, or was not asked.
    """
    instrument = codebook.instrument
    known = instrument.by_key[attribute].options(instrument.scales, instrument.default_locale)
    return (*(option["value"] for option in known if not option.get("not_applicable")), None)


@dataclass(frozen=True)
class Bases:
    """What people can stand behind, and its place among the counts of a `Crossed`.

    Attributes
    ----------
    items : closed items; people with a valid answer.
    constructs : constructs that have items; people with a score.
    size : number of places. Place 0 is for everybody who responded.
    """

    items: Mapping[str, int]
    constructs: Mapping[str, int]
    size: int

    @classmethod
    def of(cls, codebook: Codebook) -> Bases:
        items = {key: place for place, key in enumerate(codebook.of_item, 1)}
        constructs = {key: place for place, key in enumerate(codebook.instrument.construct_items, 1 + len(items))}
        return cls(items, constructs, 1 + len(items) + len(constructs))


@dataclass(frozen=True, eq=False)
class Crossed:
    """Counts of one group by attribute.

    Attributes
    ----------
    codebook : of the instrument of the group.
    cells : names of the cells, in the order of the rows.
    tallies : attribute -> the tally of its `categories`.
    people : for the cells with each attribute, and for each two attributes in the order of the instrument, the people
        where they meet, (rows, categories, `Bases.size`).
    """

    codebook: Codebook
    cells: tuple[Hashable, ...]
    tallies: Mapping[str, Tally]
    people: Mapping[Meeting, Ints]

    @classmethod
    def empty(cls, codebook: Codebook, cells: Sequence[Hashable]) -> Crossed:
        """Give the counts of nobody."""
        width = codebook.width
        return cross(codebook, cells, np.empty(0, dtype=np.int64), np.empty((0, width), dtype=np.uint8))

    def __add__(self, other: Crossed) -> Crossed:
        """Count the people of both; the same cells and instrument, or ValueError."""
        if self.cells != other.cells or self.people.keys() != other.people.keys():
            raise ValueError("counts of other cells or of another instrument do not add up")
        tallies = {attribute: of + other.tallies[attribute] for attribute, of in self.tallies.items()}
        people = {meeting: of + other.people[meeting] for meeting, of in self.people.items()}
        return Crossed(self.codebook, self.cells, tallies, people)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Crossed):
            return NotImplemented
        return (self.cells, self.tallies, self.people.keys()) == (other.cells, other.tallies, other.people.keys()) and (
            all(np.array_equal(of, other.people[meeting]) for meeting, of in self.people.items())
        )

    @cached_property
    def bases(self) -> Bases:
        return Bases.of(self.codebook)

    def folded(self, meeting: Meeting, rows: Ints, columns: Ints) -> Ints:
        """Add up rows and columns of a meeting.

        Parameters
        ----------
        meeting : which.
        rows, columns : for each of its rows and columns, the place among the new ones where its people are counted.

        Returns
        -------
        (new rows, new columns, `Bases.size`) people.
        """
        of = self.people[meeting]
        new = np.zeros((rows.max(initial=-1) + 1, columns.max(initial=-1) + 1, of.shape[2]), dtype=np.int64)
        np.add.at(new, (rows[:, None], columns[None, :]), of)
        return new


def cross(codebook: Codebook, cells: Sequence[Hashable], index: NDArray[Any], records: NDArray[np.uint8]) -> Crossed:
    """Count records by attribute.

    Parameters
    ----------
    codebook : of the instrument that the records belong to.
    cells : names of the cells; may be any hashable values.
    index : (n,) whole numbers, for each record its place in `cells`.
    records : (n, width) ASCII codes of the records, a row a response.

    Notes
    -----
    Takes memory for all records at once: hand over a large number in parts and add up.

    Raises
    ------
    ValueError : as `tally`.
    """
    attributes = codebook.instrument.attributes
    values = {attribute: categories(codebook, attribute) for attribute in attributes}
    place: dict[str | None, NDArray[Any]] = {None: index}
    place |= {attribute: _places(codebook, attribute, values[attribute], records) for attribute in attributes}
    size: dict[str | None, int] = {None: len(cells)} | {attribute: len(of) for attribute, of in values.items()}
    behind = _behind(codebook, records)
    meetings: list[Meeting] = [*((None, attribute) for attribute in attributes), *combinations(attributes, 2)]
    return Crossed(
        codebook=codebook,
        cells=tuple(cells),
        tallies={attribute: tally(codebook, of, place[attribute], records) for attribute, of in values.items()},
        people={(by, of): _people(place[by], place[of], (size[by], size[of]), behind) for by, of in meetings},
    )


def _places(codebook: Codebook, attribute: str, values: Sequence[Value], records: NDArray[np.uint8]) -> NDArray[Any]:
    """Of each record, the place of its category among the values."""
    (column,) = codebook.of_item[attribute]
    place = np.full(256, len(values) - 1)
    for code, value in column.counts.items():
        place[ord(code)] = values.index(value)
    return place[records[:, column.position]]


def _behind(codebook: Codebook, records: NDArray[np.uint8]) -> NDArray[np.int8]:
    """Of each base and record, whether the person stands behind it (1 or 0), (bases, records)."""
    bases = Bases.of(codebook)
    behind = np.ones((bases.size, len(records)), dtype=np.int8)
    for item, place in bases.items.items():
        column = codebook.of_item[item][0]  # the columns of a multiple are answered together
        valid = np.zeros(256, dtype=np.int8)
        valid[[ord(code) for code in column.valid]] = 1
        behind[place] = valid[records[:, column.position]]
    for construct, place in bases.constructs.items():
        items = codebook.instrument.construct_items[construct]
        answered = behind[[bases.items[item] for item in items]].sum(axis=0)
        behind[place] = 2 * answered >= len(items)
    return behind


def _people(row: NDArray[Any], column: NDArray[Any], shape: tuple[int, int], behind: NDArray[np.int8]) -> Ints:
    """Add up who stands behind what by row and column, (rows, columns, bases)."""
    where = row * shape[1] + column
    order = np.argsort(where, kind="stable")
    found, starts = np.unique(where[order], return_index=True)
    people = np.zeros((shape[0] * shape[1], len(behind)), dtype=np.int64)
    people[found] = np.add.reduceat(behind[:, order], starts, axis=1, dtype=np.int64).T
    return people.reshape(*shape, len(behind))
