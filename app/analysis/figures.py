"""The figures of a group's published cells: everything that a cell of the director's document holds but its name.

Decides which figures an item or a construct has, on which finite population, and with which warnings. How far an item
is shown it reads from the seal and never decides. All cells of a group are computed at once; schools and categories of
an attribute are cells alike.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from app.analysis import people
from app.analysis.estimate import mean_interval, ratio, share_interval
from app.analysis.reliability import reliability
from app.analysis.sealed import Level, SealedCells
from app.analysis.strata import stratified_mean, stratified_share, weights
from app.analysis.tally import Tally

Figures = list[dict[str, Any]]
"""One object a published cell, in the order of `SealedCells.cells`."""
LOW_ALPHA, FEW_PEOPLE = 0.5, 30


def item_figures(group: SealedCells[Any], tally: Tally) -> dict[str, Figures]:
    """Compute the figures of every closed item.

    Parameters
    ----------
    group : the sealed cells of a group.
    tally : its counts, read with the layout of its instrument.

    Returns
    -------
    Item key -> of each cell `n`, `missing`, `not_applicable`, `not_asked`, `eligible`, `counts`; `favorable` where
    options can be marked so (None if none is); `mean` of a scored item; `warnings` if there are any. The union adds
    `stratified` and `kish_design_effect` if the item is shown by school.

    Notes
    -----
    N is the number eligible; unknown where somebody in the cell was not asked the item, or the roster counts children.
    """
    columns = tally.layout.codebook.of_item
    keys = list(columns)
    if not (keys and group.cells):
        return {key: [] for key in keys}
    scored = [key for key in keys if columns[key][0].scores]
    marked = [key for key in keys if columns[key][0].favorable]
    answers = people.answers(tally, keys)
    n, N = answers["n"], population(group, answers["not_asked"])
    within = N.where(n <= N)
    scores, count = people.item_scores(tally, scored), people.favorable(tally, marked)
    means = plain(mean_interval(scores, within[scores.index]))
    shares = plain(share_interval(count, n[count.index], within[count.index]))
    warnings = _warnings(
        roster_exceeded=n > N,
        low_response=_low_response(group, tally, n.index),
        many_not_applicable=3 * answers["not_applicable"] > n + answers["missing"] + answers["not_applicable"],
    )
    states = plain(answers)
    strata = _Strata(group, {"n": n, "N": N, "value": scores["value"], "variance": scores["variance"], "count": count})
    found: dict[str, Figures] = {}
    for key in keys:
        options = people.options(tally, key)
        counts = np.transpose(list(options.values())).tolist()
        markable = _can_be_marked(tally, key)
        found[key] = [
            states[key, place]
            | {"eligible": cell.eligible, "counts": dict(zip(options, counts[place], strict=True))}
            | ({"favorable": shares.get((key, place))} if markable else {})
            | ({"mean": means[key, place]} if key in scored else {})
            | warnings.get((key, place), {})
            for place, cell in enumerate(group.cells)
        ]
        if group.items[key] == Level.SCHOOLS:
            shown = ["mean"] * (key in scored) + ["favorable"] * markable
            found[key][_union(group)] |= strata.figures(key, shown)
    return found


def construct_figures(group: SealedCells[Any], tally: Tally) -> dict[str, Figures]:
    """Compute the figures of every construct.

    Parameters
    ----------
    group : the sealed cells of a group.
    tally : its counts, read with the layout of its instrument.

    Returns
    -------
    Construct key -> of each cell `n` (people with a score), `eligible`, `mean` of their scores, `favorable` (the
    answers to its items that have favorable options, added up; None if none has), `reliability` (None when too few
    people of a confidential group answered every item); `warnings` if there are any. The union adds `stratified` and
    `kish_design_effect` if the construct is shown by school.

    Notes
    -----
    N is unknown where somebody in the cell was not asked one of the items, or the roster counts children.
    """
    items_of = tally.layout.codebook.instrument.construct_items
    if not (items_of and group.cells):
        return {key: [] for key in items_of}
    construct_of = {item: key for key, items in items_of.items() for item in items}
    columns = tally.layout.codebook.of_item
    marked = {item: key for item, key in construct_of.items() if columns[item][0].favorable}
    scores = people.person_scores(tally, list(items_of))
    not_asked = people.added_up(people.not_asked(tally, list(construct_of)), construct_of)
    n, N = scores["n"], population(group, not_asked)
    means = plain(mean_interval(scores, N.where(n <= N)))
    count = people.added_up(people.favorable(tally, list(marked)), marked)
    favorable = pd.DataFrame({"count": count, "n": people.added_up(people.answered(tally, list(marked)), marked)})
    shares = plain(favorable.assign(share=ratio(count.to_numpy(), favorable["n"].to_numpy())))
    consistency = _consistency(tally).reindex(n.index)
    shown = consistency["n"] >= (group.minimum if group.confidential else 0)
    reliable = plain(consistency[shown])
    warnings = _warnings(
        roster_exceeded=n > N,
        low_response=_low_response(group, tally, n.index),
        low_reliability=(consistency["alpha"] < LOW_ALPHA) & shown,
        few_people=n < FEW_PEOPLE,
    )
    persons = n.to_dict()
    strata = _Strata(group, {"n": n, "N": N, "value": scores["value"], "variance": scores["variance"]})
    found: dict[str, Figures] = {}
    for key in items_of:
        found[key] = [
            {"n": persons[key, place], "eligible": cell.eligible, "mean": means[key, place]}
            | {"favorable": shares.get((key, place)), "reliability": reliable.get((key, place))}
            | warnings.get((key, place), {})
            for place, cell in enumerate(group.cells)
        ]
        if group.constructs[key] == Level.SCHOOLS:
            found[key][_union(group)] |= strata.figures(key, ["mean"])
    return found


# ------------------------------------------------------------------ parts of both
def population(group: SealedCells[Any], not_asked: pd.Series[int]) -> pd.Series[float]:
    """Give N of each row: NaN where it is unknown. It may be smaller than n.

    Parameters
    ----------
    group : the sealed cells of a group.
    not_asked : people who were not asked, rows by (item or construct, cell).
    """
    eligible = np.array([cell.eligible for cell in group.cells], dtype=float)  # None becomes NaN
    known = np.full_like(eligible, np.nan) if group.counts_children else eligible
    N = known[not_asked.index.get_level_values("cell")]
    return pd.Series(np.where(not_asked.to_numpy() == 0, N, np.nan), not_asked.index)


def _low_response(group: SealedCells[Any], tally: Tally, index: pd.Index[Any]) -> pd.Series[bool]:
    """Tell of each row whether less than half of the people on the roster of its cell have responded."""
    low = [
        cell.eligible is not None and 2 * responses < cell.eligible
        for cell, responses in zip(group.cells, tally.responses.tolist(), strict=True)
    ]
    return pd.Series(np.array(low, dtype=bool)[index.get_level_values("cell")], index)


def _union(group: SealedCells[Any]) -> int:
    return next(place for place, cell in enumerate(group.cells) if cell.is_union)


class _Strata:
    """What the union adds. The strata are the other published cells; the union is one where there are none."""

    def __init__(self, group: SealedCells[Any], figures: Mapping[str, pd.Series[Any]]) -> None:
        """Sort figures by (key, cell) by their keys: `n`, `N`, and for what is shown the moments and the `count`."""
        self.strata = np.array([not cell.is_union for cell in group.cells]) | (len(group.cells) == 1)
        self.of: dict[str, dict[str, NDArray[Any]]] = {}
        for name, series in figures.items():
            rows = series.to_numpy().reshape(-1, len(group.cells))[:, self.strata]
            for key, row in zip(series.index.unique(0).tolist(), rows, strict=True):
                self.of.setdefault(key, {})[name] = row

    def figures(self, key: str, shown: Collection[str]) -> dict[str, Any]:
        """Give `stratified` and `kish_design_effect` of one item or construct."""
        of = self.of[key]
        by = weights(of["n"], of["N"])
        if by is None:
            return {"stratified": None, "kish_design_effect": None}
        figures: dict[str, Any] = {}
        if "mean" in shown:
            figures["mean"] = stratified_mean(of["value"], of["variance"], by)
        if "favorable" in shown:
            figures["favorable"] = stratified_share(of["count"], by) if "count" in of else None
        return {"stratified": figures | {"covered": by.covered}, "kish_design_effect": by.design_effect}


def _consistency(tally: Tally) -> pd.DataFrame:
    """Reliability by (construct, cell); constructs with the same number of items are computed together."""
    same_size = defaultdict(list)
    for key, measures in tally.layout.constructs.items():
        same_size[len(measures.items)].append(key)
    found = []
    for size, keys in same_size.items():
        complete = np.concatenate([tally.dense[:, tally.layout.constructs[key].complete] for key in keys])
        found.append(reliability(complete, size).set_axis(people.by_cell(tally, "construct", keys)))
    return pd.concat(found)


def _can_be_marked(tally: Tally, item: str) -> bool:
    """Whether the options of an item say if they are favorable; those of a plain number or choice do not."""
    instrument = tally.layout.codebook.instrument
    options = instrument.by_key[item].options(instrument.scales, instrument.default_locale)
    return any("favorable" in option for option in options)


def _warnings(**told: pd.Series[bool]) -> dict[Any, dict[str, list[str]]]:
    """Row -> its warnings, in the order given; a row without any is missing. All have the same rows."""
    index = next(iter(told.values())).index.tolist()
    rows = zip(*(flags.tolist() for flags in told.values()), strict=True)
    listed = ([name for name, on in zip(told, row, strict=True) if on] for row in rows)
    return {place: {"warnings": names} for place, names in zip(index, listed, strict=True) if names}


def plain(frame: pd.DataFrame) -> dict[Any, dict[str, Any]]:
    """Give of each row its values as JSON data: plain numbers, None for NaN."""
    names = [str(name) for name in frame.columns]
    rows = ([None if value != value else value for value in row] for row in frame.to_numpy(dtype=object).tolist())
    return {place: dict(zip(names, row, strict=True)) for place, row in zip(frame.index.tolist(), rows, strict=True)}
