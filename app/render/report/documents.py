"""The documents that one report is made of, as the API serves them to its reader.

Decides how the sections ask them for groups, places and cells. Nobody's figures are here but those that the reader gets
at the other addresses; what a reader does not get is None or empty.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from app.analysis.slices import narrow
from app.analysis.words import place
from app.render.report.figures import is_shown, where
from app.render.report.parts import WITHHELD, Note
from app.survey.promise import is_exact

Row = dict[str, Any]


@dataclass(frozen=True)
class Documents:
    """What a report is made of.

    Attributes
    ----------
    summary : the slice of the release that the report is about.
    school, group : what was asked for; None for all that the reader gets.
    gaps : two or more groups against each other.
    priorities, equity, trends : of the groups that the reader gets exact figures of.
    comments : those that were passed, each with its `question`.
    more_comments : whether more were passed than these.
    promises : group -> what those who answered were told.
    kept : groups of the wave that are left out, because their answers were promised to the director alone.
    for_director : whether such answers are in it.
    limited : whether its reader gets some of the schools only.
    """

    summary: Row
    school: str | None = None
    group: str | None = None
    gaps: Row | None = None
    priorities: Row | None = None
    equity: Row | None = None
    trends: Row | None = None
    comments: tuple[Row, ...] = ()
    more_comments: bool = False
    promises: Mapping[str, str] | None = None
    kept: tuple[str, ...] = ()
    for_director: bool = False
    limited: bool = False

    @cached_property
    def groups(self) -> list[str]:
        """The groups in the order of the wave."""
        having = {cell["group"] for entry in self.measures for cell in entry["cells"]}
        having |= {row["group"] for row in self.summary["participation"]}
        return [group for group in self.summary["promise"] if group in having]

    @cached_property
    def exact(self) -> list[str]:
        """Those of which the reader gets exact figures; of the others, bands."""
        promise = self.summary["promise"]
        return [group for group in self.groups if is_exact(promise[group], self.summary["audience"])]

    @property
    def banded(self) -> list[str]:
        """Those of which the reader gets bands."""
        return [group for group in self.groups if group not in self.exact]

    @cached_property
    def schools(self) -> list[str]:
        """The schools that have cells of their own."""
        rows = [*self.summary["participation"], *(cell for entry in self.measures for cell in entry["cells"])]
        return list(dict.fromkeys(row["school"] for row in rows if row["school"] is not None))

    @property
    def only_school(self) -> str | None:
        """The school that the report is about, if it is about one."""
        return self.school or (self.schools[0] if self.limited and len(self.schools) == 1 else None)

    @property
    def is_of_one(self) -> bool:
        """Tell whether the wave was held in one school, so that what is said of it and of all schools is the same."""
        return self.school is None and not self.limited and len(self.schools) == 1

    @property
    def told_place(self) -> str:
        """Name the place that a sentence is about, where that is not plain: the one school, or all of them."""
        if self.only_school is not None:
            return place(self.only_school, None)
        return "all schools" if self.limited else ""

    @property
    def measures(self) -> list[Row]:
        return [*self.summary["constructs"], *self.summary["items"]]

    def constructs_of(self, group: str) -> Iterator[tuple[Row, list[Row]]]:
        """Give each construct of a group with its cells."""
        return _of(self.summary["constructs"], group)

    def items_of(self, group: str) -> Iterator[tuple[Row, list[Row]]]:
        """Give each item of a group with its cells."""
        return _of(self.summary["items"], group)

    def scale(self, construct: Row) -> tuple[int, int] | None:
        """Give the lowest and the highest score of a construct."""
        scores = [
            option["score"]
            for item in self.summary["items"]
            if item["item"] in construct["items"]
            for option in item["options"]
            if option.get("score") is not None
        ]
        return (min(scores), max(scores)) if scores else None

    def here(self, cells: list[Row]) -> Row | None:
        """Give the cell that a report is about: the school's, or the pool that it is in, or else the union's."""
        if self.only_school is not None:
            own = next((cell for cell in cells if cell["school"] == self.only_school), None)
            if own is not None and own["status"] == "published":
                return own
            return next((cell for cell in cells if "schools" in cell), own)
        return union_of(cells)

    def shows(self, entries: list[tuple[Row, list[Row]]]) -> bool:
        """Tell whether any measure has figures where the report is about; else that is said once, by `all_withheld`."""
        return any((cell := self.here(cells)) is not None and is_shown(cell) for _, cells in entries)

    @property
    def all_withheld(self) -> Note:
        return Note(f"Of {self.told_place or 'all schools'}, all of this is {WITHHELD}.")

    def in_parts(self, most: int) -> list[Row]:
        """Give the summary in parts of so many schools at most, each with the union."""
        if len(self.schools) <= most:
            return [self.summary]
        count = -(-len(self.schools) // most)
        each = -(-len(self.schools) // count)
        parts = (self.schools[start : start + each] for start in range(0, len(self.schools), each))
        return [narrow(self.summary, schools=part) for part in parts]

    def places(self, cells: Iterable[list[Row]]) -> list[str]:
        """Name the places of cells: schools in order, the whole union, pools."""
        return (
            list(dict.fromkeys(where(cell) for of in cells for cell in of))
            if len(self.schools) > 1 or self.school
            else []
        )


def union_of(cells: list[Row]) -> Row | None:
    """Give the cell of the whole union."""
    return next((cell for cell in cells if cell["school"] is None and "schools" not in cell), None)


def worded(entry: Row) -> str:
    """Give the text of a question, marked where it is scored in reverse: its figures say the opposite of its words."""
    return f"{entry['text']} (reversed)" if entry["reverse"] else str(entry["text"])


def _of(entries: list[Row], group: str) -> Iterator[tuple[Row, list[Row]]]:
    for entry in entries:
        cells = [cell for cell in entry["cells"] if cell["group"] == group]
        if cells:
            yield entry, cells
