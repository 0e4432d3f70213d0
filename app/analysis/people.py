"""From a tally's measures back to people: who answered an item and how, and everybody's score on a construct.

Decides what counts as an answer, as missing and as a person's score (docs/statistics.md). Whole numbers and moments, in
frames with a row an item and cell (its place in the tally); what may be shown of them is decided elsewhere.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
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
            "n": _stack([_people(tally, h, h.column.valid) for h in first]),
            "missing": _stack([_people(tally, h, MISSING) for h in first]),
            "not_applicable": _stack([_people(tally, h, h.column.not_applicable | {NOT_APPLICABLE}) for h in first]),
            "not_asked": _stack([_people(tally, h, NOT_ASKED) for h in first]),
        },
        index=by_cell(tally, "item", items),
    )


def options(tally: Tally, item: str) -> dict[str, Ints]:
    """Count the people of each cell by option of one item, unreversed: option value -> (cells,)."""
    return {
        key: _people(tally, histogram, code)
        for histogram in tally.layout.of_item(item)
        for code, key in histogram.column.counts.items()
    }


def favorable(tally: Tally, items: Sequence[str]) -> pd.Series[int]:
    """Count the favorable answers to items of one column, by (item, cell)."""
    counted = [_people(tally, h, h.column.favorable) for item in items for h in tally.layout.of_item(item)]
    return pd.Series(_stack(counted), index=by_cell(tally, "item", items))


def item_scores(tally: Tally, items: Sequence[str]) -> pd.DataFrame:
    """Mean and variance of the scored answers to items that have scores, `estimate.moments` by (item, cell)."""
    people, total, squares, lowest = [], [], [], []
    for item in items:
        (histogram,) = tally.layout.of_item(item)
        scores = histogram.column.scores
        counted = np.stack([_people(tally, histogram, code) for code in scores])
        above = np.array([score - min(scores.values()) for score in scores.values()])
        people.append(counted.sum(axis=0))
        total.append(above @ counted)
        squares.append(above**2 @ counted)
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
        found = tally.counts[:, measures.persons].tocoo()
        answered, scored = divmod(found.col.astype(np.int64), measures.sums)
        by_answered = np.zeros((3, cells, k + 1), dtype=np.int64)
        for power, sums in enumerate(by_answered):
            np.add.at(sums, (found.row, answered), found.data * scored**power)
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


def by_cell(tally: Tally, of: str, keys: Sequence[str]) -> pd.MultiIndex:
    """Give the index of a frame by (item or construct, cell): all cells of the first, then those of the second, ..."""
    return pd.MultiIndex.from_product([keys, range(len(tally.cells))], names=[of, "cell"])


def _people(tally: Tally, histogram: Histogram, codes: Collection[str]) -> Ints:
    """Number of people of each cell with one of these codes, (cells,)."""
    places = [histogram.at.start + place for place, code in enumerate(histogram.codes) if code in codes]
    counted: Ints = tally.dense[:, places].sum(axis=1)
    return counted


def _stack(parts: Sequence[NDArray[Any]]) -> NDArray[Any]:
    return np.concatenate(parts) if parts else np.empty(0, dtype=np.int64)
