"""Raking: weights by which the people who answered add up to the roster, by school and by group at once.

Decides the arithmetic, and when there are no such weights. It knows neither rows nor answers. The weights go into raw
exports alone; no published figure uses them.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from app.analysis.facts import School

Margin = tuple[str, str | None]
"""What is added up: ("school", its key, or None for people without one) or ("group", its key)."""
Floats = NDArray[np.float64]
WITHIN = 1e-10
"""How far a margin may end from its number of people; of more than 10,000 people, the 1e-14th part of them."""
_STEPS = 10_000


class NoWeights(ValueError):
    """There are no weights that meet the margins. `margin` is one that cannot be met."""

    def __init__(self, margin: Margin, detail: str) -> None:
        super().__init__(detail)
        self.margin = margin


def rake(
    people: Mapping[tuple[School, str], int], schools: Mapping[School, int], groups: Mapping[str, int]
) -> dict[tuple[School, str], float]:
    """Weigh people so that they add up to the margins.

    Parameters
    ----------
    people : (school, group) -> people who answered; who is missing has not. All people of one place weigh the same.
    schools, groups : people eligible by school and by group; both add up to the same total. A school or group with
        nobody eligible may have no people, and the other way round.

    Returns
    -------
    (school, group) -> weight, above 0, of those places that have people. Over people the weights add up to `schools`
    and to `groups`, each within `WITHIN`, and so to the total. The order of the arguments changes no digit.

    Raises
    ------
    NoWeights : when a margin has people eligible and none who answered, or the other way round; when the margins do not
        add up to the same; and when people are so spread that no weights above 0 meet all margins.

    Notes
    -----
    Iterative proportional fitting (Deming and Stephan 1940, *Annals of Mathematical Statistics* 11): in turn the rows
    and the columns of the table of people are scaled to their margins. Among all weights that meet the margins these
    are a product of a factor of the school and one of the group.
    """
    rows = sorted({school for school, _ in people} | set(schools), key=lambda key: (key is not None, key or ""))
    columns = sorted({group for _, group in people} | set(groups))
    table = np.array([[people.get((row, column), 0) for column in columns] for row in rows], dtype=float)
    table = table.reshape(len(rows), len(columns))
    margins: list[Margin] = [*(("school", row) for row in rows), *(("group", column) for column in columns)]
    wanted = np.array([*(schools.get(row, 0) for row in rows), *(groups.get(column, 0) for column in columns)])
    answered = np.concatenate([table.sum(axis=1), table.sum(axis=0)])
    for margin, eligible, there in zip(margins, wanted.tolist(), answered.tolist(), strict=True):
        if (eligible > 0) != (there > 0):
            told = f"{eligible} eligible and {int(there)} responses"
            raise NoWeights(margin, f"{_named(margin)}: {told}, which no weights bring together.")
    if sum(schools.values()) != sum(groups.values()):
        raise NoWeights(margins[-1], "The margins of schools and groups do not add up to the same number of people.")
    found = _fit(table, wanted.astype(float), margins)
    return {
        (row, column): float(found[i, j] / table[i, j])
        for i, row in enumerate(rows)
        for j, column in enumerate(columns)
        if table[i, j]
    }


def _fit(table: Floats, wanted: Floats, margins: list[Margin]) -> Floats:
    """Scale rows and columns until all margins are met."""
    across, down = wanted[: len(table)], wanted[len(table) :]
    near = np.maximum(WITHIN, 1e-14 * wanted)
    fitted = table
    for _ in range(_STEPS):
        fitted = fitted * _factors(across, fitted.sum(axis=1))[:, None]
        fitted = fitted * _factors(down, fitted.sum(axis=0))
        off = np.abs(np.concatenate([fitted.sum(axis=1), fitted.sum(axis=0)]) - wanted)
        if (off <= near).all():
            return fitted
    margin = margins[int((off / np.maximum(wanted, 1)).argmax())]
    raise NoWeights(margin, f"{_named(margin)}: raking does not converge; too few combinations have responses.")


def _factors(wanted: Floats, added: Floats) -> Floats:
    """Give what to multiply by; 1 where nobody is."""
    return np.divide(wanted, added, out=np.ones_like(added), where=added > 0)


def _named(margin: Margin) -> str:
    kind, key = margin
    return "people without a school" if key is None else f"{kind} {key}"
