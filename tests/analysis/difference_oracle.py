"""The slow twin of differences: from two lists of scores, in exact fractions as far as they go.

The t distribution is scipy's, Newcombe's interval and the adjustment of p values are statsmodels'.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep

from tests.analysis.oracle import variance

Scores = Sequence[Fraction]


def mean_difference(a: Scores, b: Scores) -> dict[str, float | None]:
    """Welch, a minus b, with its p."""
    out: dict[str, float | None] = dict.fromkeys(("value", "se", "df", "low", "high", "p"))
    if not a or not b:
        return out
    value = sum(a, Fraction(0)) / len(a) - sum(b, Fraction(0)) / len(b)
    out["value"] = float(value)
    if len(a) < 2 or len(b) < 2:
        return out
    of_a, of_b = variance(list(a)) / len(a), variance(list(b)) / len(b)
    if not of_a + of_b:
        return out
    se = math.sqrt(of_a + of_b)
    df = float((of_a + of_b) ** 2 / (of_a**2 / (len(a) - 1) + of_b**2 / (len(b) - 1)))
    half = float(stats.t.ppf(0.975, df)) * se
    p: float | None = 2 * float(stats.t.sf(abs(float(value)) / se, df))
    p = p if of_a and of_b else None  # a side that does not vary says nothing of how it might have been
    return out | {"se": se, "df": df, "low": float(value) - half, "high": float(value) + half, "p": p}


def share_difference(a: tuple[int, int], b: tuple[int, int]) -> dict[str, float | None]:
    """Newcombe, (count, n) of a minus that of b."""
    if not a[1] or not b[1]:
        return {"value": None, "low": None, "high": None}
    low, high = confint_proportions_2indep(*a, *b, compare="diff", method="newcomb")
    return {"value": a[0] / a[1] - b[0] / b[1], "low": float(low), "high": float(high)}


def adjusted(p: Mapping[Any, float | None]) -> dict[Any, float | None]:
    known = {key: value for key, value in p.items() if value is not None}
    found = multipletests(list(known.values()), method="fdr_bh")[1].tolist() if known else []
    return dict.fromkeys(p) | dict(zip(known, found, strict=True))


def parts(mean: Mapping[str, float | None]) -> dict[str, float | None]:
    return {name: mean[name] for name in ("value", "se", "df", "low", "high")}


def verdict(p: float | None, value: float | None, better: int, words: tuple[str, str]) -> str | None:
    if not better:
        return None
    if p is None:
        return "cannot_tell"
    assert value is not None
    return words[int(value * better > 0)] if p < 0.05 else "no_clear_difference"
