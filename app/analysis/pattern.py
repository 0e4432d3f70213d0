"""Which cells of a confidential group are published: schools and categories by themselves, or pooled with others.

Decides rules 1 and 5 of docs/privacy.md, as far as numbers of people in a cell go. It knows no items and no answers.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from app.analysis.crossing import Value
from app.analysis.facts import School, eligible_in
from app.analysis.sealed import Category

T = TypeVar("T")
OTHER = "other"
"""What the pool of categories is called."""


@dataclass(frozen=True)
class Pattern:
    """The published cells of a group.

    Attributes
    ----------
    schools : those shown by themselves.
    pool : the members of the pool that is shown, None among them for people without a school; empty without a pool.
    union : whether the whole union is shown. If it is not, nothing is.
    """

    schools: tuple[str, ...]
    pool: tuple[School, ...]
    union: bool

    def rest(self, cells: Collection[School]) -> tuple[School, ...]:
        """Give what is left of the union when all other published cells are taken from it; nothing when none are.

        People without a school whose cell is large enough to be no part of the pool. They are not published, but they
        follow.
        """
        apart = (*self.schools, *self.pool)
        return tuple(cell for cell in cells if cell not in apart) if apart else ()

    def parts(self, cells: Collection[School]) -> list[tuple[School, ...]]:
        """Sort all cells into the smallest sets that follow from the published ones."""
        found = [*((school,) for school in self.schools), self.pool, self.rest(cells)]
        return [part for part in found if part] or [tuple(cells)]


def pattern(
    bases: Mapping[School, int], roster: Mapping[School, int], hidden: Collection[str], minimum: int
) -> Pattern:
    """Decide the published cells of a confidential group.

    Parameters
    ----------
    bases : school (None = tied to none) -> responses, in the order in which schools are shown.
    roster : school -> number eligible, where there is a line.
    hidden : schools that are hidden in participation.
    minimum : k of the promise.

    Notes
    -----
    A school with responses is small when they are fewer than k, or the people eligible are, or it is hidden. The small
    ones are pooled with the smallest others (by responses, ties by key, people without a school first) until the pool
    has k responses, and k eligible if all of its members have a roster line. People without a school are one more
    school that is never shown by itself. What is left of the union when published cells are taken away has therefore
    nobody or at least k people, whatever is taken from whatever.
    """
    rising = sorted((s for s, base in bases.items() if base > 0), key=lambda s: (bases[s], s is not None, s or ""))

    def few(members: Collection[School]) -> bool:
        eligible = eligible_in(roster, members)
        return sum(bases[s] for s in members) < minimum or (eligible is not None and eligible < minimum)

    pool = _pool(rising, (school for school in rising if few([school]) or school in hidden), few)
    if sum(bases.values()) < minimum:
        return Pattern((), (), union=False)
    shown = tuple(school for school in bases if school is not None and bases[school] > 0 and school not in pool)
    whole_union = len(pool) == len(rising)
    return Pattern(shown, () if whole_union else tuple(s for s in bases if s in pool), union=True)


def categories_shown(people: Mapping[Value, int], minimum: int) -> dict[Category, tuple[Value, ...]]:
    """Decide the published categories of an attribute, and the values that each one adds up.

    Parameters
    ----------
    people : category -> people, in the order in which categories are shown.
    minimum : k of the promise.

    Notes
    -----
    A category with fewer than k people is small. The small ones are pooled with the smallest others (ties by order)
    until the pool has k people. An empty category is neither pooled nor shown. A pool of all categories would be the
    whole union again: then there is nothing to show.
    """
    rising = sorted((value for value, base in people.items() if base > 0), key=lambda value: people[value])

    def few(members: Collection[Value]) -> bool:
        return sum(people[value] for value in members) < minimum

    pool = _pool(rising, (value for value in rising if few([value])), few)
    if len(pool) == len(rising):
        return {}
    found = {Category(value, None): (value,) for value in people if people[value] > 0 and value not in pool}
    members = tuple(value for value in people if value in pool)
    return found | ({Category(OTHER, members): members} if members else {})


def _pool(rising: Sequence[T], small: Iterable[T], few: Callable[[Collection[T]], bool]) -> set[T]:
    """Pool what is small; while all of it together is too few, add the next of the others, the smallest first."""
    pool = set(small)
    for cell in rising:
        if not pool or not few(pool):
            break
        pool.add(cell)
    return pool
