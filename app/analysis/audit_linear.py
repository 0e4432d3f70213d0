"""Unknown whole numbers and what is known of them: which sums are determined, and how far one can go.

Decides questions of linear and integer programming (HiGHS). It knows nothing of people: an unknown has any name.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.linalg import qr
from scipy.optimize import Bounds, LinearConstraint, milp

from app.analysis.estimate import Floats

NOTHING = 1e-6
LARGEST = 4000
"""Unknowns that hang together in one problem of `Loose`; its cost grows with their third power."""


class Contradiction(Exception):
    """No numbers at all have the properties that are known."""


class TooLarge(Exception):
    """More unknowns hang together than can be looked at."""


@dataclass(frozen=True)
class Row:
    """`low <= sum of coefficient * unknown <= high`, and where that was read."""

    terms: Mapping[int, float]
    low: float
    high: float
    path: str


@dataclass
class System:
    """Unknown whole numbers, none below 0, and rows of what is known of them."""

    names: dict[Hashable, int] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)

    def unknown(self, name: Hashable) -> int:
        """Give the place of an unknown, a new one when the name is new."""
        return self.names.setdefault(name, len(self.names))

    def know(self, terms: Mapping[int, float], low: float, high: float, path: str) -> None:
        """Add what is known of a sum; equal ends for a number that is known itself."""
        self.rows.append(Row({place: factor for place, factor in terms.items() if factor}, low, high, path))

    def broken(self, values: NDArray[np.int64]) -> list[Row]:
        """List the rows that certain values do not have."""
        found = []
        for row in self.rows:
            value = sum(factor * int(values[place]) for place, factor in row.terms.items())
            if not row.low - NOTHING <= value <= row.high + NOTHING:
                found.append(row)
        return found

    def extreme(self, wanted: Mapping[int, float]) -> NDArray[np.int64]:
        """Find whole numbers that make a sum as large as it can be. Raises Contradiction."""
        objective = np.zeros(len(self.names))
        objective[list(wanted)] = -np.array(list(wanted.values()))
        ends = np.array([[row.low for row in self.rows], [row.high for row in self.rows]])
        known = LinearConstraint(_matrix([row.terms for row in self.rows], len(self.names)), *ends)
        found = milp(objective, constraints=known, integrality=np.ones(len(self.names), dtype=np.int64))
        if found.x is None:
            raise Contradiction
        return np.rint(found.x).astype(np.int64)


def _matrix(rows: Sequence[Mapping[int, float]], width: int) -> sparse.csr_array[np.float64, tuple[int, int]]:
    places = [place for row in rows for place in row]
    factors = [factor for row in rows for factor in row.values()]
    at = np.repeat(np.arange(len(rows)), [len(row) for row in rows])
    return sparse.csr_array((np.array(factors, dtype=float), (at, places)), shape=(len(rows), width))


class Loose:
    """How the unknowns of a system can still move when everything is known of it.

    A sum of unknowns is determined (its smallest and its largest possible value are the same) exactly when the vectors
    of its unknowns add up to nothing. Raises Contradiction and TooLarge.
    """

    def __init__(self, system: System) -> None:
        rows, fixed = _without_the_obvious(system)
        self._vectors: dict[int, tuple[int, Floats]] = {}
        for part, (places, of) in enumerate(_apart(rows, set(range(len(system.names))) - fixed)):
            if len(places) > LARGEST:
                raise TooLarge
            for place, vector in zip(places, _directions(of, places), strict=True):
                self._vectors[place] = part, vector

    def vectors(self, places: Sequence[int]) -> Floats:
        """Give the vectors of some unknowns, a row each; nothing but 0 for one that cannot move."""
        found = [self._vectors.get(place) for place in places]
        widths = {part: len(vector) for part, vector in filter(None, found)}
        starts = dict(zip(widths, np.cumsum([0, *widths.values()]).tolist(), strict=False))
        out = np.zeros((len(places), sum(widths.values())))
        for row, of in enumerate(found):
            if of is not None:
                out[row, starts[of[0]] : starts[of[0]] + len(of[1])] = of[1]
        return out


def _without_the_obvious(system: System) -> tuple[list[Row], set[int]]:
    """Take out unknowns that one row alone determines, until there are none; the rows that are left, and those places.

    A row with one unknown gives it; a row without negative factors that adds up to 0 makes all of its unknowns 0.
    """
    rows = [row for row in system.rows if row.terms]
    of = defaultdict(list)
    for at, row in enumerate(rows):
        for place in row.terms:
            of[place].append(at)
    values: dict[int, float] = {}
    waiting = list(range(len(rows)))
    while waiting:
        at = waiting.pop()
        row = rows[at] = _substituted(rows[at], values)
        found = {}
        if len(row.terms) == 1 and row.low == row.high:
            found = {place: row.low / factor for place, factor in row.terms.items()}
        elif abs(row.high) < NOTHING and min(row.terms.values(), default=-1) > 0:
            found = dict.fromkeys(row.terms, 0.0)
        values |= found
        waiting += [other for place in found for other in of[place]]
    left = [_substituted(row, values) for row in rows]
    return [row for row in left if row.terms], set(values)


def _substituted(row: Row, values: Mapping[int, float]) -> Row:
    known = [place for place in row.terms if place in values]
    if not known:
        return row
    gone = sum(row.terms[place] * values[place] for place in known)
    terms = {place: factor for place, factor in row.terms.items() if place not in values}
    return Row(terms, row.low - gone, row.high - gone, row.path)


def _apart(rows: Sequence[Row], places: set[int]) -> list[tuple[list[int], list[Row]]]:
    """Sort unknowns and rows into parts that have nothing to do with each other."""
    order = sorted(places)
    index = {place: at for at, place in enumerate(order)}
    links = [(index[next(iter(row.terms))], index[place]) for row in rows for place in row.terms]
    first, second = np.array(links, dtype=np.int64).reshape(-1, 2).T
    graph = sparse.csr_array((np.ones(len(links)), (first, second)), shape=(len(order), len(order)))
    _, part = sparse.csgraph.connected_components(graph, directed=False)
    parts: dict[int, tuple[list[int], list[Row]]] = defaultdict(lambda: ([], []))
    for place, at in zip(order, part.tolist(), strict=True):
        parts[at][0].append(place)
    for row in rows:
        parts[int(part[index[next(iter(row.terms))]])][1].append(row)
    return list(parts.values())


def _directions(rows: Sequence[Row], places: Sequence[int]) -> Floats:
    """Give a basis of the directions in which the solutions extend, (unknowns, directions).

    Notes
    -----
    Freund, Roundy and Todd (1985): one linear program finds all inequalities that hold with equality in every solution.
    Unknowns are multiplied by a common factor of 1 or more; each inequality asks for a slack of up to 1, and the sum of
    the slacks is made as large as possible. An inequality whose slack stays 0 is an equation.
    """
    index = {place: at for at, place in enumerate(places)}
    scale = {id(row): max(map(abs, row.terms.values())) for row in rows}
    size = len(places)

    def terms(row: Row, sign: int = 1) -> dict[int, float]:
        return {index[place]: sign * factor / scale[id(row)] for place, factor in row.terms.items()}

    equal = [terms(row) | {size: -row.low / scale[id(row)]} for row in rows if row.low == row.high]
    unequal: list[dict[int, float]] = [{at: -1.0} for at in range(size)]
    for row in rows:
        if row.low < row.high:
            ends = (-1, row.low), (1, -row.high)
            unequal += [terms(row, sign) | {size: end / scale[id(row)]} for sign, end in ends if np.isfinite(end)]
    slack = [row | {size + 1 + at: 1.0} for at, row in enumerate(unequal)]
    width = size + 1 + len(slack)
    known = LinearConstraint(
        _matrix([*equal, *slack], width),
        np.repeat([0.0, -np.inf], [len(equal), len(slack)]),
        np.zeros(len(equal) + len(slack)),
    )
    bounds = Bounds(np.repeat([0.0, 1.0, 0.0], [size, 1, len(slack)]), np.repeat([np.inf, 1.0], [size + 1, len(slack)]))
    found = milp(np.repeat([0.0, -1.0], [size + 1, len(slack)]), constraints=known, bounds=bounds)
    if found.x is None:
        raise Contradiction
    stuck = found.x[size + 1 :] < 0.5
    moving = np.nonzero(~stuck[:size])[0]  # the others are 0 in every solution
    tight = [row for row, hit in zip(unequal[size:], stuck[size:], strict=True) if hit]
    basis = _null_space(_matrix([*equal, *tight], size + 1)[:, moving].toarray())
    directions = np.zeros((size, basis.shape[1]))
    directions[moving] = basis
    return directions


def _null_space(matrix: Floats) -> Floats:
    """Give an orthonormal basis of the vectors that a matrix takes to 0, (columns, vectors); quicker than by SVD."""
    if not matrix.size:
        return np.eye(matrix.shape[1])
    orthonormal, triangle, _ = qr(matrix.T, pivoting=True)
    rank = int((np.abs(np.diagonal(triangle)) > NOTHING).sum())
    return np.asarray(orthonormal[:, rank:], dtype=np.float64)
