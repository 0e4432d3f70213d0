"""The published measures of one group as frames: a row for every figure that is shown, and for no other.

Decides nothing: how far an item or a construct is shown stands in the seal. What is compared across waves is computed
from these rows, so that a withheld one cannot take part.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import numpy as np
import pandas as pd

from app.analysis import people
from app.analysis.figures import population
from app.analysis.sealed import Cell, Level, SealedGroup
from app.analysis.tally import Tally
from app.survey.codebook import Codebook

UNION = ""
_COLUMNS = ("n", "value", "variance", "N", "eligible", "count", "of")


def place_of(cell: Cell) -> str:
    """Name a cell so that it has the same name in every wave: a school's key, a pool's with `+`, `UNION`."""
    if cell.schools is not None:
        return "".join(f"+{school}" for school in sorted(cell.schools))
    return cell.school or UNION


def scored_items(book: Codebook) -> list[str]:
    """List the items that have a score, in order."""
    return [key for key, columns in book.of_item.items() if columns[0].scores]


def item_sheet(group: SealedGroup, tally: Tally) -> pd.DataFrame:
    """Give what is published of the items that have a score.

    Parameters
    ----------
    group : the sealed cells of a group.
    tally : its counts, read with the layout of its instrument.

    Returns
    -------
    DataFrame by (measure, place) : `n`, `value`, `variance` (`estimate.moments`); `N`, NaN where it is unknown or
        smaller than n; `eligible`; `count` people who answered favorably `of` so many, NaN for a scale without
        favorable options.
    """
    book = tally.layout.codebook
    keys = scored_items(book)
    if not (keys and group.cells):
        return _empty()
    marked = [key for key in keys if book.of_item[key][0].favorable]
    scores = people.item_scores(tally, keys)
    favorable = pd.DataFrame({"count": people.favorable(tally, marked), "of": people.answered(tally, marked)})
    return _published(group, scores, population(group, people.not_asked(tally, keys)), favorable, group.items)


def construct_sheet(group: SealedGroup, tally: Tally) -> pd.DataFrame:
    """Give what is published of constructs, with the columns of `item_sheet`; `count` and `of` are answers."""
    book = tally.layout.codebook
    items_of = book.instrument.construct_items
    if not (items_of and group.cells):
        return _empty()
    construct_of = {item: key for key, items in items_of.items() for item in items}
    marked = {item: key for item, key in construct_of.items() if book.of_item[item][0].favorable}
    scores = people.person_scores(tally, list(items_of))
    favorable = pd.DataFrame(
        {
            "count": people.added_up(people.favorable(tally, list(marked)), marked),
            "of": people.added_up(people.answered(tally, list(marked)), marked),
        }
    )
    N = population(group, people.added_up(people.not_asked(tally, list(construct_of)), construct_of))
    return _published(group, scores, N, favorable, group.constructs)


def _published(
    group: SealedGroup, scores: pd.DataFrame, N: pd.Series[float], favorable: pd.DataFrame, levels: Mapping[str, Level]
) -> pd.DataFrame:
    """Join the parts, name the cells, and leave out what is not shown."""
    keys, places = scores.index.unique(0).tolist(), tuple(place_of(cell) for cell in group.cells)
    eligible = np.array([np.nan if cell.eligible is None else cell.eligible for cell in group.cells], dtype=object)
    needs = np.array([cell.needs for cell in group.cells], dtype=np.int64)
    shown = (np.array([levels[key] for key in keys], dtype=np.int64)[:, None] >= needs).ravel()
    favorable = favorable.reindex(scores.index)
    columns = {
        **{name: scores[name] for name in ("n", "value", "variance")},
        "N": np.where(scores["n"] <= N, N, np.nan),
        "eligible": np.tile(eligible, len(keys)),
        **{name: favorable[name] for name in ("count", "of")},
    }
    index = _index(tuple(keys), places)
    return pd.DataFrame(
        {name: np.asarray(of)[shown] for name, of in columns.items()}, index if shown.all() else index[shown]
    )


@lru_cache(maxsize=64)
def _index(keys: tuple[str, ...], places: tuple[str, ...]) -> pd.MultiIndex:
    return pd.MultiIndex.from_product([keys, places], names=["measure", "place"])


def _empty() -> pd.DataFrame:
    index = pd.MultiIndex.from_arrays([[], []], names=["measure", "place"])
    return pd.DataFrame(dict.fromkeys(_COLUMNS, np.empty(0)), index)
