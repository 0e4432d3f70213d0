"""People by distinct value: what ranks are made of.

Decides which values are equal: scores of an item, and exactly, as fractions, people's scores on a construct. It knows
nothing of disclosure.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from app.analysis.tally import Tally

People = Mapping[int, int]
"""Value, in whole numbers that are ordered as the values are -> people, at least one."""


def of_item(tally: Tally, item: str, place: int) -> People:
    """Count the people of one cell by their score on a scored item, reversed items turned."""
    (histogram,) = tally.layout.of_item(item)
    counted = dict(zip(histogram.codes, tally.dense[place, histogram.at].tolist(), strict=True))
    found: dict[int, int] = {}
    for code, score in histogram.column.scores.items():
        if counted[code]:
            found[score] = found.get(score, 0) + counted[code]
    return found


def of_construct(tally: Tally, construct: str, place: int) -> People:
    """Count the people of one cell by their score on a construct, for those who have one (see `people.person_scores`).

    The value is (score - lowest) times the least common multiple of 1 to k, a whole number: comparable between groups
    whose construct has the same items, and exact, so that 7/2 and 14/4 are the same.
    """
    measures = tally.layout.constructs[construct]
    k = len(measures.items)
    common = math.lcm(*range(1, k + 1))
    cells, columns, counts = tally.entries(measures.persons)
    here = cells == place
    found: dict[int, int] = {}
    for column, people in zip(columns[here].tolist(), counts[here].tolist(), strict=True):
        answered, total = divmod(column, measures.sums)
        if people and 2 * answered >= k:
            value = total * (common // answered)
            found[value] = found.get(value, 0) + people
    return found


def aligned(samples: Sequence[Sequence[People]]) -> list[NDArray[np.int64]]:
    """Lay the samples of many comparisons side by side.

    Parameters
    ----------
    samples : of each sample, its people in each comparison; all have the same comparisons.

    Returns
    -------
    Of each sample (comparisons, values): people by value in ascending order, the values of a comparison being those
    that anybody in it has. Shorter rows end in 0.
    """
    values = [sorted(set().union(*together)) for together in zip(*samples, strict=True)]
    shape = len(values), max(map(len, values), default=0)
    laid = [np.zeros(shape, dtype=np.int64) for _ in samples]
    for sample, rows in zip(samples, laid, strict=True):
        for row, people, held in zip(rows, sample, values, strict=True):
            row[: len(held)] = [people.get(value, 0) for value in held]
    return laid
