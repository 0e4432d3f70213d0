"""Sets of people and what is left when they are taken from one another.

Decides whether published sets of schools lie inside or beside each other, and lists what follows by subtraction. It
knows neither documents nor promises.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from app.analysis.facts import School

Where = str | tuple[str, ...] | None
"""A published cell as a document names it: a school, the schools of a pool, None for the whole union."""


def members(where: Where, schools: Collection[str], pooled_without_school: bool = False) -> tuple[School, ...]:
    """List the schools of a published cell, None among them for people without one.

    A document does not say whether people without a school are in the pool.
    """
    if where is None:
        return (*schools, None)
    if isinstance(where, str):
        return (where,)
    return (*where, None) if pooled_without_school else where


@dataclass(frozen=True, eq=False)
class Family:
    """Published cells, and how they lie in each other.

    Attributes
    ----------
    cells : the published cells.
    inside : for each cell, the largest published cells inside it, as places in `cells`.
    crossing : two cells that have schools in common though neither lies in the other; None in a sound family.
    left : (cells, cells) matrix that takes from the people of each cell those of the cells inside it.
    """

    cells: tuple[Where, ...]
    inside: tuple[tuple[int, ...], ...]
    crossing: tuple[Where, Where] | None
    left: Any

    @classmethod
    def of(cls, cells: tuple[Where, ...], schools: tuple[str, ...]) -> Family:
        """Find out how cells lie in each other. The same question is asked for most measures, so answers are kept."""
        return _family(cells, schools)

    def remainders(self, people: NDArray[Any]) -> NDArray[Any]:
        """Take the people of the cells inside from those of each cell.

        Parameters
        ----------
        people : (cells, measures).

        Returns
        -------
        (cells, measures) : for a cell with none inside its own people. In a family without a crossing, every set that
            follows by adding and subtracting published cells is made of these.
        """
        taken: NDArray[Any] = self.left @ people
        return taken

    def remainder(self, place: int, schools: Collection[str]) -> tuple[School, ...]:
        """List the schools of what is left of the cell at a place."""
        gone = {school for inner in self.inside[place] for school in members(self.cells[inner], schools)}
        return tuple(school for school in members(self.cells[place], schools) if school not in gone)


@lru_cache(maxsize=64)
def _family(cells: tuple[Where, ...], schools: tuple[str, ...]) -> Family:
    of = [members(cell, schools) for cell in cells]
    inside: list[tuple[int, ...]] = [()] * len(cells)
    crossing: tuple[Where, Where] | None = None
    outermost: dict[School, int] = {}
    for place in sorted(range(len(cells)), key=lambda place: len(of[place])):
        met = Counter(outermost[school] for school in of[place] if school in outermost)
        for inner, common in met.items():
            if common != len(of[inner]):
                crossing = crossing or (cells[inner], cells[place])
        inside[place] = tuple(met)
        outermost.update(dict.fromkeys(of[place], place))
    rows = [place for place, inner in enumerate(inside) for _ in inner]
    columns = [place for inner in inside for place in inner]
    taken = sparse.csr_array((np.ones(len(rows), dtype=np.int64), (rows, columns)), shape=(len(cells), len(cells)))
    return Family(cells, tuple(inside), crossing, sparse.eye_array(len(cells), dtype=np.int64, format="csr") - taken)
