"""Comparisons of independent samples, any number of them at once (docs/statistics.md, "Gaps between groups").

Decides the arithmetic of differences, effect sizes and rank tests from whole counts and moments. It knows neither who
is compared nor what may be shown. Frames have a row a comparison; a figure that does not exist is NaN.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtrc, ndtr, poch, stdtr

from app.analysis.estimate import Floats, ratio, share_limits, t_quantile, whole

Ints = NDArray[np.int64]


def welch(a: pd.DataFrame, b: pd.DataFrame) -> pd.DataFrame:
    """Differences of two means, with Welch's interval and test; no finite-population correction.

    Parameters
    ----------
    a, b : frames of `estimate.moments` with the same rows.

    Returns
    -------
    DataFrame, rows as `a` : `value`, a minus b, wherever both have people; `se`, `df` (Welch-Satterthwaite), `low`,
        `high` (t interval), `p` (two-sided). All but `value` are NaN with fewer than two people on a side, and when
        neither side varies. One side that does not vary is no obstacle.

    Notes
    -----
    Welch (1947), *Biometrika* 34; se² = s_a² / n_a + s_b² / n_b.
    """
    n = np.stack([a["n"].to_numpy(), b["n"].to_numpy()])
    value = a["value"].to_numpy() - b["value"].to_numpy()
    with np.errstate(divide="ignore", invalid="ignore"):
        each = np.stack([a["variance"].to_numpy(), b["variance"].to_numpy()]) / n  # NaN for n < 2
        squared = each.sum(axis=0)
        squared = np.where(squared > 0, squared, np.nan)
        # Never below the smaller side's own degrees, but for rounding.
        df = np.maximum(squared**2 / (each**2 / (n - 1)).sum(axis=0), n.min(axis=0) - 1)
    se = np.sqrt(squared)
    half = t_quantile(df) * se
    figures = {"value": value, "se": se, "df": df, "low": value - half, "high": value + half}
    return pd.DataFrame(figures | {"p": 2 * stdtr(df, -np.abs(value / se))}, a.index)


def newcombe(count_a: pd.Series[int], n_a: ArrayLike, count_b: ArrayLike, n_b: ArrayLike) -> pd.DataFrame:
    """Differences of two shares with Newcombe's hybrid score interval.

    Parameters
    ----------
    count_a, n_a, count_b, n_b : people of each side who count, out of how many; rows in the same order.

    Returns
    -------
    DataFrame, rows as `count_a` : `value`, share of a minus share of b; `low`, `high`. NaN where a side has nobody.

    Notes
    -----
    Newcombe (1998), *Statistics in Medicine* 17, method 10: the distances from the shares to their plain Wilson limits,
    added as squares.
    """
    a, low_a, high_a = share_limits(np.asarray(count_a), np.asarray(n_a), np.nan)
    b, low_b, high_b = share_limits(np.asarray(count_b), np.asarray(n_b), np.nan)
    value = a - b
    below = np.hypot(a - low_a, high_b - b)
    above = np.hypot(high_a - a, b - low_b)
    return pd.DataFrame({"value": value, "low": value - below, "high": value + above}, count_a.index)


def hedges_g(a: pd.DataFrame, b: pd.DataFrame) -> Floats:
    """Give standardized differences of means: over the pooled standard deviation, free of small-sample bias.

    Parameters
    ----------
    a, b : frames of `estimate.moments` with the same rows.

    Returns
    -------
    (rows,) NaN with fewer than two people on a side, and when neither side varies.

    Notes
    -----
    Hedges (1981), *Journal of Educational Statistics* 6, with the exact factor
    J = gamma(m / 2) / (gamma((m - 1) / 2) sqrt(m / 2)), m = n_a + n_b - 2.
    """
    n_a, n_b = a["n"].to_numpy(), b["n"].to_numpy()
    m = (n_a + n_b - 2).astype(float)
    within = (n_a - 1) * a["variance"].to_numpy() + (n_b - 1) * b["variance"].to_numpy()  # NaN for n < 2
    usable = within > 0
    m, within = np.where(usable, m, np.nan), np.where(usable, within, np.nan)
    exact = poch((m - 1) / 2, 0.5) / np.sqrt(m / 2)  # a quotient of gammas that stays exact for a million people
    g: Floats = exact * (a["value"].to_numpy() - b["value"].to_numpy()) / np.sqrt(within / m)
    return g


def mann_whitney(a: Ints, b: Ints) -> pd.DataFrame:
    """Compare two samples by ranks.

    Parameters
    ----------
    a, b : (rows, values) people of each side by value, the values of a row in ascending order. Values that nobody has
        change nothing, so that rows with fewer values can be filled up with 0.

    Returns
    -------
    DataFrame : `u` of a, with midranks (a pair of equals counts one half); `p` (two-sided normal approximation,
        variance corrected for ties, no continuity correction), NaN when all have the same value; `cliffs_delta`,
        2 u / (n_a n_b) - 1: how much more often a is above b than below. All are NaN where a side has nobody.

    Notes
    -----
    Mann and Whitney (1947); Lehmann, *Nonparametrics* (1975), section 1.4, for the ties; Cliff (1993), *Psychological
    Bulletin* 114. Whole numbers until the last quotient.
    """
    ours, theirs = whole(a), whole(b)
    n_a, n_b = ours.sum(axis=1), theirs.sum(axis=1)
    pairs, N = n_a * n_b, n_a + n_b
    twice_u = (ours * (2 * (theirs.cumsum(axis=1) - theirs) + theirs)).sum(axis=1)
    ahead = twice_u - pairs
    # Four times the variance of u.
    spread = np.sqrt(ratio(pairs * _untied(ours + theirs), 3 * N * (N - 1)))
    z = ahead.astype(float) / np.where(spread > 0, spread, np.nan)
    u = np.where(pairs > 0, ratio(twice_u, np.full_like(twice_u, 2)), np.nan)
    return pd.DataFrame({"u": u, "p": 2 * ndtr(-np.abs(z)), "cliffs_delta": ratio(ahead, pairs)})


def kruskal(samples: Sequence[Ints]) -> pd.DataFrame:
    """Compare two or more samples by ranks.

    Parameters
    ----------
    samples : of each, (rows, values) people by value as in `mann_whitney`.

    Returns
    -------
    DataFrame : `h`, corrected for ties; `df`, samples - 1; `p` (chi-square); `epsilon_squared`, h / (people - 1). All
        but `df` are NaN where a sample has nobody, or all have the same value.

    Notes
    -----
    Kruskal and Wallis (1952), *Journal of the American Statistical Association* 47; epsilon squared as in Tomczak and
    Tomczak (2014), *Trends in Sport Sciences* 21. Whole numbers until the last quotient.
    """
    of = [whole(sample) for sample in samples]
    together = np.sum(of, axis=0)
    n, N = [sample.sum(axis=1) for sample in of], together.sum(axis=1)
    # Twice the midrank of each value, and of each sample twice its sum of ranks.
    midranks = 2 * (together.cumsum(axis=1) - together) + together + 1
    ranks = [(sample * midranks).sum(axis=1) for sample in of]
    everyone = math.prod(n)
    parts = [rank**2 * math.prod(n[:i] + n[i + 1 :]) for i, rank in enumerate(ranks)]
    between = 3 * (sum(parts) - N * (N + 1) ** 2 * everyone)
    epsilon = ratio(between, everyone * _untied(together))
    h = ratio(between * (N - 1), everyone * _untied(together))
    df = len(of) - 1
    return pd.DataFrame({"h": h, "df": df, "p": chdtrc(df, h), "epsilon_squared": epsilon})


def _untied(together: NDArray[Any]) -> NDArray[Any]:
    """Give N³ - N less the same of the people at each value: 0 when all have the same."""
    N = together.sum(axis=1)
    untied: NDArray[Any] = N**3 - N - (together**3 - together).sum(axis=1)
    return untied


def benjamini_hochberg(p: ArrayLike) -> Floats:
    """Adjust p values for their number, so that of all differences called real few are not.

    Parameters
    ----------
    p : (tests,) NaN for a test that does not exist; it is not counted, and stays NaN.

    Notes
    -----
    Benjamini and Hochberg (1995), *Journal of the Royal Statistical Society B* 57: the false discovery rate.
    """
    p = np.asarray(p, dtype=float)
    adjusted = np.full_like(p, np.nan)
    tests = np.flatnonzero(~np.isnan(p))
    descending = tests[np.argsort(-p[tests], kind="stable")]
    m = len(tests)
    factors = m / np.arange(m, 0, -1)
    adjusted[descending] = np.minimum(np.minimum.accumulate(factors * p[descending]), 1)
    return adjusted
