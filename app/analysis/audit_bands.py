"""The auditor on figures made of several cells: bands, and estimates over strata.

Decides whether each is what the policy makes of published cells, and so no equation of its own. It makes them once
more by itself: bands of the true counts, estimates of the cells that are shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from math import ceil, floor, fsum, isclose
from typing import Any

import numpy as np

from app.analysis import people
from app.analysis.audit_read import GroupTruth, Truth
from app.analysis.audit_sets import Where
from app.analysis.audit_shapes import Finding, is_banded

Cells = Mapping[Where, Mapping[str, Any]]
Measures = Mapping[tuple[str, str, str, str], Cells]
"""Audience, `item` or `construct`, group and key -> all cells of the measure that this audience is shown."""
Band = tuple[int, int, int]
"""The ends of a band, and of how many answers: whole numbers."""
ENDS = ((300, 100), (100, 50), (40, 20), (20, 10), (0, 5))
"""From so many people on, the public is told of one share in so many at either end as one."""


def from_cells(measures: Measures, truth: Truth) -> Iterator[Finding]:
    """Find bands and estimates over strata that are not those of the published cells; bands while rows exist."""
    expected: dict[tuple[str, str], dict[str, dict[Where, Band]]] = {}
    for (audience, of, name, key), cells in sorted(measures.items(), key=lambda at: at[0][1] != "item"):
        if not cells:
            continue
        group = truth.groups[name]
        path = f"{audience}: ({name}, {key})"
        if not all(map(is_banded, cells.values())):
            yield from (Finding("strata", path, told, name) for told in _over_strata(cells))
        elif group.tally is not None and group.facts.confidential:
            of_items, book = expected.setdefault((audience, name), {}), group.facts.codebook
            if of == "item" and not book.of_item[key][0].favorable:
                yield Finding("band", path, "no answer to this item is favorable", name)
                continue
            if of == "item":
                mine = of_items[key] = _bands(group, key, cells)
            else:
                items = book.instrument.construct_items[key]
                parts = [of_items[item] for item in items if item in of_items]
                mine = {where: _sum([part[where] for part in parts if where in part]) for where in cells}
            for where, cell in cells.items():
                low, high, n = mine[where]
                if not n:
                    yield Finding("band", path, f"no item of it is shown in {where!r}", name)
                    continue
                ends = _wide(low, high, n, cell["n"]) if audience == "public" else (low / n, high / n)
                told = cell["favorable"]
                if not (isclose(told["low"], ends[0], abs_tol=1e-12) and isclose(told["high"], ends[1], abs_tol=1e-12)):
                    detail = f"{told['low']} to {told['high']} of {cell['n']} in {where!r} is no band of the policy"
                    yield Finding("band", path, detail, name)


# ------------------------------------------------------------------ bands
def _bands(group: GroupTruth, key: str, cells: Cells) -> dict[Where, Band]:
    """Band an item's true counts; of the union, those of the other cells and of what they leave, added up."""
    assert group.tally is not None
    good, n = np.array(people.favorable(group.tally, [key])), group.bases["item", key, "n"]
    place = {school: at for at, school in enumerate(group.schools)}
    found: dict[Where, Band] = {}
    rest = np.ones(len(n), dtype=bool)
    for where in cells:
        if where is not None:
            rows = [place[school] for school in ((where,) if isinstance(where, str) else where)]
            if isinstance(where, tuple) and n[rows].sum() != cells[where]["n"]:
                rows.append(place[None])
            rest[rows] = False
            found[where] = _band(int(good[rows].sum()), int(n[rows].sum()))
    if None in cells:
        left = [_band(int(good[rest].sum()), int(n[rest].sum()))] if n[rest].any() else []
        found[None] = _sum([*found.values(), *left])
    return found


@lru_cache(maxsize=4096)
def _band(good: int, n: int) -> Band:
    """Cut 0 to n into 0 to 2, threes, what is left, and the last three; give the piece that a count is in."""
    starts = [0, *range(3, n - 4, 3), n - 2]
    at = max(place for place, start in enumerate(starts) if start <= good)
    return starts[at], (starts[at + 1] - 1 if at + 1 < len(starts) else n), n


def _sum(bands: list[Band]) -> Band:
    low, high, n = (sum(band[end] for band in bands) for end in range(3))
    return low, high, n


@lru_cache(maxsize=4096)
def _wide(low: int, high: int, n: int, persons: int) -> tuple[float, float]:
    """Round a band outwards to twentieths or to three people, whichever is more; then to the ends of the ladder."""
    steps, each = (20, 1) if persons >= 60 else (persons, 3)  # a step is `each` of `steps`
    first = floor(low * steps / (n * each) + 1e-9) * each
    last = min(steps, ceil(high * steps / (n * each) - 1e-9) * each)
    part = next(of for least, of in ENDS if persons >= least)
    if first * part < steps:
        first, last = 0, max(last, steps / part)  # type: ignore[assignment]
    if last * part > steps * (part - 1):
        first, last = min(first, steps * (part - 1) / part), steps  # type: ignore[assignment]
    return first / steps, last / steps


# ------------------------------------------------------------------ strata
def _over_strata(cells: Cells) -> Iterator[str]:
    """Say what is wrong with the estimates of the union: they are made of the other cells, or of it where it is alone.

    Made of more, they would be a second equation. Who is eligible is known of each, or there is no estimate.
    """
    for where, cell in cells.items():
        told = cell.get("stratified")
        if told is None:
            if cell.get("kish_design_effect") is not None:
                yield f"a design effect of no strata in {where!r}"
            continue
        others = [other for at, other in cells.items() if at is not None and other["n"]] or [cell]
        if where is not None or any(other["eligible"] is None for other in others):
            yield f"an estimate over strata that are not shown, in {where!r}"
            continue
        eligible = [other["eligible"] for other in others]
        covered = sum(eligible)
        wanted = {"covered": covered, "design effect": _kish([other["n"] for other in others], eligible)}
        shown = {"covered": told["covered"], "design effect": cell["kish_design_effect"]}
        for name, figure in (("mean", "value"), ("favorable", "share")):
            if told.get(name) is not None:
                each = [other[name][figure] for other in others]
                wanted[name] = fsum(N * value for N, value in zip(eligible, each, strict=True)) / covered
                shown[name] = told[name][figure]
        for name, value in wanted.items():
            if not isclose(shown[name], value, rel_tol=1e-9, abs_tol=1e-9):
                yield f"the {name} over strata is not that of the other cells"


def _kish(n: list[int], eligible: list[int]) -> float:
    return sum(n) * fsum(N * N / people for N, people in zip(eligible, n, strict=True)) / sum(eligible) ** 2
