"""The document of gaps: one group against another, or several against each other, on what they share.

A pure function of the sealed tallies and the instruments. Decides what the document looks like, and what is compared
when a side has too few people or no variety. A cell that is withheld takes part in no difference and in no test.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from app.analysis import values
from app.analysis.contrast import benjamini_hochberg, hedges_g, kruskal, mann_whitney, newcombe, welch
from app.analysis.facts import WaveFacts
from app.analysis.figures import plain
from app.analysis.readings import of_difference, of_groups, said
from app.analysis.sealed import Sealed
from app.analysis.sides import OBSTACLES, Part, Row, Shared, Side, shared_constructs, shared_items, sides
from app.analysis.summarize import head


def gaps(facts: WaveFacts, sealed: Sealed, a: str, b: str, school: str | None, audience: str) -> dict[str, Any]:
    """Compare group a with group b.

    Parameters
    ----------
    facts : the wave; it holds both groups, which the audience may read with exact figures.
    sealed : what may be published of it.
    a, b : keys of the groups.
    school : compare what is published of this school; None for the whole union.
    audience : for whom.

    Returns
    -------
    JSON data without the `release` member: the head members, `a`, `b`, `school`, and `items` and `constructs`, a row
    each. A row has the cells `a` and `b` as a summary has them, `difference` (a minus b), `effect`, `test` and
    `reading`. Where there is no comparison these are null, and `reason` says why.

    Raises
    ------
    ValueError : when the seal was made with another instrument than the facts name.
    """
    one, other = sides(facts, sealed, (a, b), school)
    return {**head(facts, audience), "a": a, "b": b, "school": school, **_pair(one, other, school)}


def gaps_among(
    facts: WaveFacts, sealed: Sealed, groups: Sequence[str], school: str | None, audience: str
) -> dict[str, Any]:
    """Compare several groups: all together, then each pair.

    Parameters
    ----------
    facts, sealed, school, audience : as for `gaps`.
    groups : keys of the groups, two or more.

    Returns
    -------
    JSON data without the `release` member: the head members, `groups`, `school`, `items` and `constructs` that all of
    them share, and `pairs`, of each pair what `gaps` gives. A row of all has `cells`, `effect` (`epsilon_squared`),
    `test` (Kruskal and Wallis) and `reading`; where there is no comparison these are null, and `reason` says why.

    Raises
    ------
    ValueError : as `gaps`.
    """
    each = sides(facts, sealed, groups, school)
    pairs = [{"a": a.group, "b": b.group, **_pair(a, b, school)} for a, b in combinations(each, 2)]
    return {
        **head(facts, audience),
        "groups": list(groups),
        "school": school,
        "items": _together([side.items for side in each], shared_items(each), school),
        "constructs": _together([side.constructs for side in each], shared_constructs(each), school),
        "pairs": pairs,
    }


def narrow_rows(document: Mapping[str, Any], items: Collection[str], constructs: Collection[str]) -> dict[str, Any]:
    """Keep the rows that are asked for, as `slices.narrow` does: some items, some constructs with their items."""
    if not (items or constructs):
        return dict(document)
    measured = [row for row in document["constructs"] if row["construct"] in constructs]
    wanted = {*items, *(item for row in measured for item in row["items"])}
    part = {**document, "items": [row for row in document["items"] if row["item"] in wanted], "constructs": measured}
    if "pairs" in document:
        part["pairs"] = [narrow_rows(pair, items, constructs) for pair in document["pairs"]]
    return part


# ------------------------------------------------------------------ two groups
def _pair(a: Side, b: Side, school: str | None) -> dict[str, list[Row]]:
    return {
        "items": _against(a.items, b.items, shared_items([a, b]), school),
        "constructs": _against(a.constructs, b.constructs, shared_constructs([a, b]), school),
    }


def _against(a: Part, b: Part, shared: Sequence[Shared], school: str | None) -> list[Row]:
    """Give a row for each item, or each construct, that two groups share."""
    both = [one.key for one in shared if one.obstacle is None and one.key in a.sheet.index and one.key in b.sheet.index]
    left, right = a.sheet.loc[both], b.sheet.loc[both]
    varied = (left["variance"] > 0) & (right["variance"] > 0)  # never so with fewer than two people
    usable = left.index[varied].tolist()
    means = plain(welch(left.loc[usable], right.loc[usable]).drop(columns="p"))
    shares = _share_differences(left, right, of_people=a.counts_people)
    ranks = mann_whitney(*values.aligned([[side.people[key] for key in usable] for side in (a, b)]))
    ranks = ranks.set_axis(usable).assign(hedges_g=hedges_g(left.loc[usable], right.loc[usable]))
    ranks["p_adjusted"] = benjamini_hochberg(ranks["p"].to_numpy())
    tests, effects = plain(ranks[["u", "p", "p_adjusted"]]), plain(ranks[["cliffs_delta", "hedges_g"]])
    rows = []
    for one in shared:
        key, cells = one.key, {"a": a.cells[one.key], "b": b.cells[one.key]}
        told: Row = {"difference": None, "effect": effects.get(key), "test": tests.get(key), "reading": None}
        if all(cell["status"] == "published" for cell in cells.values()):
            enough = all(cell["n"] > 1 for cell in cells.values())
            told["difference"] = {"mean": means.get(key), "favorable": shares.get(key) if enough else None}
        if key in means and one.measured is not None:
            delta = effects[key]["cliffs_delta"]
            told["reading"] = of_difference(a.group, b.group, one.measured, means[key], tests[key], delta, school)
        else:
            told |= _obstacle(one, [a, b])
        rows.append(one.entry | cells | told)
    return rows


def _share_differences(left: pd.DataFrame, right: pd.DataFrame, *, of_people: bool) -> dict[Any, Row]:
    """Compare favorable shares where both sides have one. Shares of answers, several of a person, have no interval."""
    both = left.index[((left["of"] > 0) & (right["of"] > 0)).to_numpy()]
    counts = [side.loc[both, name].astype(np.int64) for side in (left, right) for name in ("count", "of")]
    shares = newcombe(*counts)
    if not of_people:
        shares[["low", "high"]] = np.nan
    return plain(shares)


def _obstacle(one: Shared, parts: Sequence[Part]) -> Row:
    """Say why groups are not compared, with a code and in words."""
    if one.obstacle is not None:
        return {"reason_code": one.obstacle, "reason": OBSTACLES[one.obstacle]}
    withheld = [part.group for part in parts if part.cells[one.key]["status"] == "protected"]
    if withheld:
        return {"reason_code": "protected", "reason": f"The results of {said(withheld)} are not shown here."}
    few = [part.group for part in parts if part.sheet["n"][one.key] < 2]
    if few:
        return {"reason_code": "too_few_people", "reason": f"Fewer than two people answered among {said(few)}."}
    same = [part.group for part in parts if part.sheet["variance"][one.key] == 0]
    alike = "gave the same answer" if parts[0].counts_people else "have the same score"
    told = f"All {said(same)} {alike}." if len(same) == 1 else f"Within each group all {alike}."
    return {"reason_code": "no_variance", "reason": told}


# ------------------------------------------------------------------ several groups
def _together(parts: Sequence[Part], shared: Sequence[Shared], school: str | None) -> list[Row]:
    """Give a row for each item, or each construct, that all groups share."""
    usable = [
        one.key
        for one in shared
        if one.obstacle is None and all(one.key in part.sheet.index and part.sheet["n"][one.key] > 1 for part in parts)
    ]
    found = kruskal(values.aligned([[part.people[key] for key in usable] for part in parts])).set_axis(usable)
    found = found[found["p"].notna()].assign(p_adjusted=lambda known: benjamini_hochberg(known["p"].to_numpy()))
    tests, effects = plain(found[["h", "df", "p", "p_adjusted"]]), plain(found[["epsilon_squared"]])
    groups = [part.group for part in parts]
    rows = []
    for one in shared:
        key, cells = one.key, [part.cells[one.key] for part in parts]
        told: Row = {"effect": effects.get(key), "test": tests.get(key), "reading": None}
        if key in tests and one.measured is not None:
            told["reading"] = of_groups(groups, one.measured, tests[key]["p_adjusted"], school)
        else:
            told |= _obstacle(one, parts)
        rows.append(one.entry | {"cells": cells} | told)
    return rows
