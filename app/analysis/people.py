"""From a tally's measures back to people: who answered an item and how, and everybody's score on a construct.

Decides what counts as an answer, as missing and as a person's score (docs/statistics.md). Whole numbers and moments, in
frames with a row an item and cell (its place in the tally); what may be shown of them is decided elsewhere.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from app.analysis.estimate import moments, whole
from app.analysis.layout import Histogram
from app.analysis.tally import Ints, Tally
from app.survey.columns import MISSING, NOT_APPLICABLE, NOT_ASKED


def answers(tally: Tally, items: Sequence[str]) -> pd.DataFrame:
    """Sort the responses of each cell by what became of an item.

    Returns
    -------
    DataFrame by (item, cell) : `n` (a valid answer; for a multiple "none of these" is one), `missing` (saw it, gave
        none), `not_applicable`, `not_asked` (skip logic). The four add up to the responses of the cell.
    """
    # The columns of a multiple are answered together: the first one tells.
    first = [tally.layout.of_item(item)[0] for item in items]
    return pd.DataFrame(
        {
            "n": _people(tally, [(h, h.column.valid) for h in first]),
            "missing": _people(tally, [(h, MISSING) for h in first]),
            "not_applicable": _people(tally, [(h, h.column.not_applicable | {NOT_APPLICABLE}) for h in first]),
            "not_asked": _people(tally, [(h, NOT_ASKED) for h in first]),
        },
        index=by_cell(tally, "item", items),
    )


def answered(tally: Tally, items: Sequence[str]) -> pd.Series[int]:
    """Count the valid answers to items, by (item, cell): `n` of `answers`."""
    first = [tally.layout.of_item(item)[0] for item in items]
    return pd.Series(_people(tally, [(h, h.column.valid) for h in first]), index=by_cell(tally, "item", items))


def not_asked(tally: Tally, items: Sequence[str]) -> pd.Series[int]:
    """Count the people who were not asked items, by (item, cell): `not_asked` of `answers`."""
    first = [tally.layout.of_item(item)[0] for item in items]
    return pd.Series(_people(tally, [(h, NOT_ASKED) for h in first]), index=by_cell(tally, "item", items))


def options(tally: Tally, item: str) -> dict[str, Ints]:
    """Count the people of each cell by option of one item, unreversed: option value -> (cells,)."""
    return {
        key: tally.dense[:, histogram.place(code)]
        for histogram in tally.layout.of_item(item)
        for code, key in histogram.column.counts.items()
    }


def favorable(tally: Tally, items: Sequence[str]) -> pd.Series[int]:
    """Count the favorable answers to items of one column, by (item, cell)."""
    counted = [(h, h.column.favorable) for item in items for h in tally.layout.of_item(item)]
    return pd.Series(_people(tally, counted), index=by_cell(tally, "item", items))


def item_scores(tally: Tally, items: Sequence[str]) -> pd.DataFrame:
    """Mean and variance of the scored answers to items that have scores, `estimate.moments` by (item, cell)."""
    people, total, squares, lowest = [], [], [], []
    for item in items:
        (histogram,) = tally.layout.of_item(item)
        scores = histogram.column.scores
        counted = tally.dense[:, [histogram.place(code) for code in scores]]
        above = np.array([score - min(scores.values()) for score in scores.values()])
        people.append(counted.sum(axis=1))
        total.append(counted @ above)
        squares.append(counted @ above**2)
        lowest.append(np.full(len(tally.cells), min(scores.values())))
    found = moments(_stack(people), _stack(total), _stack(squares), _stack(lowest))
    return found.set_axis(by_cell(tally, "item", items))


def person_scores(tally: Tally, constructs: Sequence[str]) -> pd.DataFrame:
    """Mean and variance of people's scores on constructs, `estimate.moments` by (construct, cell).

    A person's score is the mean of the scored items answered, for those who answered at least half of the construct's
    items, skipped ones included. The sums are exact: every score is a whole number of 1 / lcm(1, ..., k).
    """
    people, total, squares, lowest, unit = [], [], [], [], []
    for construct in constructs:
        measures = tally.layout.constructs[construct]
        k, cells = len(measures.items), len(tally.cells)
        cell, measure, count = tally.entries(measures.persons)
        answered, scored = divmod(measure, measures.sums)
        by_answered = np.zeros((3, cells, k + 1), dtype=np.int64)
        for power, sums in enumerate(by_answered):
            np.add.at(sums, (cell, answered), count * scored**power)
        enough = range((k + 1) // 2, k + 1)
        common = math.lcm(*enough)
        part = np.array([common // count for count in enough], dtype=object)
        n, first, second = (whole(sums[:, enough]) @ part**power for power, sums in enumerate(by_answered))
        people.append(n)
        total.append(first)
        squares.append(second)
        lowest.append(np.full(cells, measures.lowest))
        unit.append(np.full(cells, common, dtype=object))
    scores = moments(_stack(people), _stack(total), _stack(squares), _stack(lowest), _stack(unit))
    return scores.set_axis(by_cell(tally, "construct", constructs))


def added_up(by_item: pd.Series[int], construct_of: Mapping[str, str]) -> pd.Series[int]:
    """Add up the items of each construct, by (construct, cell).

    Parameters
    ----------
    by_item : whole numbers by (item, cell), of the items of `construct_of` in their order.
    construct_of : item -> its construct.
    """
    constructs = list(dict.fromkeys(construct_of.values()))
    cells = len(by_item) // max(len(construct_of), 1)
    found = np.zeros((len(constructs), cells), dtype=np.int64)
    to = [constructs.index(construct) for construct in construct_of.values()]
    np.add.at(found, to, by_item.to_numpy().reshape(len(construct_of), cells))
    return pd.Series(found.ravel(), index_of("construct", tuple(constructs), cells))


def by_cell(tally: Tally, of: str, keys: Sequence[str]) -> pd.MultiIndex:
    """Give the index of a frame by (item or construct, cell): all cells of the first, then those of the second, ..."""
    return index_of(of, tuple(keys), len(tally.cells))


@lru_cache(maxsize=256)
def index_of(of: str, keys: tuple[str, ...], cells: int) -> pd.MultiIndex:
    """Give the index of `by_cell`. Equal ones are the same: to make one takes longer than what is computed with it."""
    return pd.MultiIndex.from_product([keys, range(cells)], names=[of, "cell"])


def _people(tally: Tally, wanted: Sequence[tuple[Histogram, Collection[str]]]) -> Ints:
    """Number of people with one of these codes, all cells of the first histogram, then those of the second, ..."""
    places = [[h.at.start + place for place, code in enumerate(h.codes) if code in codes] for h, codes in wanted]
    ends = np.cumsum([0, *map(len, places)])
    counted = tally.dense[:, list(chain.from_iterable(places))]
    below = np.zeros((len(tally.cells), counted.shape[1] + 1), dtype=np.int64)
    np.cumsum(counted, axis=1, out=below[:, 1:])
    found: Ints = np.diff(below[:, ends], axis=1).T.ravel()
    return found


def _stack(parts: Sequence[NDArray[Any]]) -> NDArray[Any]:
    return np.concatenate(parts) if parts else np.empty(0, dtype=np.int64)
