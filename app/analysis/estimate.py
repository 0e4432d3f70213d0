"""Means and shares with their intervals, for any number of cells at once (docs/statistics.md, "Items").

Decides the arithmetic from whole counts to a figure. It knows neither who the people are nor what may be shown.
Frames have a row a cell; a figure that does not exist is NaN here and null in a document.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtrit

Floats = NDArray[np.float64]
Z = 1.959963984540054
"""The normal quantile of 0.975."""


def ratio(numerator: NDArray[Any], denominator: NDArray[Any]) -> Floats:
    """Divide whole numbers of any size, each quotient rounded once; NaN where the denominator is 0."""
    top, below = np.broadcast_arrays(whole(numerator), whole(denominator))
    out = np.full(top.shape, np.nan)
    some = below != 0
    out[some] = top[some] / below[some]
    return out


def whole(values: ArrayLike) -> NDArray[np.object_]:
    """Give whole numbers as Python's, which never overflow."""
    return np.asarray(values).astype(object)


def moments(
    n: NDArray[Any], total: NDArray[Any], squares: NDArray[Any], lowest: NDArray[Any], unit: ArrayLike = 1
) -> pd.DataFrame:
    """Mean and variance of people's values from exact whole sums.

    Parameters
    ----------
    n : people.
    total, squares : sum and sum of squares of (value - lowest) * unit, whole numbers.
    lowest, unit : where the counting starts, and how many counts are 1.

    Returns
    -------
    DataFrame : `n`; `value`, the mean, NaN for n = 0; `variance` with divisor n - 1, NaN for n < 2.
    """
    n, total, squares, unit = whole(n), whole(total), whole(squares), whole(unit)
    value = ratio(total + n * whole(lowest) * unit, n * unit)
    variance = ratio(n * squares - total * total, n * (n - 1) * unit**2)
    return pd.DataFrame({"n": n.astype(np.int64), "value": value, "variance": variance})


def mean_interval(of: pd.DataFrame, population: ArrayLike) -> pd.DataFrame:
    """Standard error and t interval of means, a simple random sample of n from a finite population.

    Parameters
    ----------
    of : a frame of `moments`.
    population : N of each row; NaN where it is unknown or smaller than n, which means no correction.

    Returns
    -------
    DataFrame : `value`, `sd`, `se`, `low`, `high`. n = 1 < N has no se; n = N is a census, se 0, whatever n.

    Notes
    -----
    Cochran, *Sampling Techniques* (1977), section 2.6: se² = (1 - n/N) s² / n; the t quantile has n - 1 degrees.
    """
    n, value, sd = of["n"].to_numpy(), of["value"].to_numpy(), np.sqrt(of["variance"].to_numpy())
    N = np.asarray(population, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        left = np.where(np.isnan(N), 1.0, (N - n) / N)
        se = np.sqrt(left * of["variance"].to_numpy() / n)
    half = t_quantile(n - 1) * se
    census = (n > 0) & (n == N)
    se[census] = half[census] = 0
    return pd.DataFrame({"value": value, "sd": sd, "se": se, "low": value - half, "high": value + half}, of.index)


def t_quantile(df: NDArray[Any]) -> Floats:
    """Student's t quantile of 0.975; NaN for less than one degree of freedom."""
    df = np.asarray(df, dtype=float)
    return np.where(df >= 1, stdtrit(np.maximum(df, 1), 0.975), np.nan)


def share_interval(count: pd.Series[int], n: ArrayLike, population: ArrayLike) -> pd.DataFrame:
    """Shares with Wilson's score interval, corrected for a finite population, and the bounds that need no sampling.

    Parameters
    ----------
    count, n : people who answered favorably, people who answered.
    population : N of each row; NaN where it is unknown or smaller than n, which means plain Wilson and no bounds.

    Returns
    -------
    DataFrame : `count`, `share`, `low`, `high` (count / n and its interval; NaN for n = 0), `floor`, `ceiling` (the
        share if all who did not answer had answered unfavorably, or favorably; NaN without N or for N = 0), `flip` (as
        `flip` gives it).

    Notes
    -----
    Wilson (1927) without continuity correction, on the effective size n* = n (N - 1) / (N - n); n = N gives the share.
    """
    f, n, N = count.to_numpy(), np.asarray(n), np.asarray(population, dtype=float)
    share, low, high = share_limits(f, n, N)
    with np.errstate(divide="ignore", invalid="ignore"):
        floor, ceiling = f / N, (f + N - n) / N
    figures = {"count": f, "share": share, "low": low, "high": high, "floor": floor, "ceiling": ceiling}
    return pd.DataFrame({**figures, "flip": flip(f, n, N)}, count.index)


def share_limits(count: NDArray[Any], n: NDArray[Any], population: ArrayLike) -> tuple[Floats, Floats, Floats]:
    """Give `share`, `low` and `high` of `share_interval`."""
    share, N = ratio(count, n), np.asarray(population, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        low, high = wilson(share, np.where(np.isnan(N), n, n * (N - 1) / (N - n)))
    low = np.where((n == N) | (count == 0), share, low)
    high = np.where((n == N) | (count == n), share, high)
    return share, low, high


def flip(count: NDArray[Any], n: NDArray[Any], population: Floats) -> NDArray[np.object_]:
    """Count the silent who would have to answer the other way to move a share across one half.

    Parameters
    ----------
    count, n : people who answered favorably, people who answered.
    population : N of each row, not smaller than n; NaN where it is unknown. N - n people are silent.

    Returns
    -------
    Whole numbers, the fewest people who, all against the majority, take it away: count / (n + x) < 1/2 for a share
    above one half, (count + x) / (n + x) > 1/2 for one below. 1 at one half. NaN without N, for n = 0, and where even
    all of the silent are too few.
    """
    x = abs(2 * count - n) + 1
    return np.where((n > 0) & (x <= population - n), x.astype(object), np.nan)


def wilson(share: Floats, size: Floats) -> tuple[Floats, Floats]:
    """Give the limits of Wilson's score interval of a share of `size` people, a number that need not be whole."""
    middle = share + Z**2 / (2 * size)
    half = Z * np.sqrt(share * (1 - share) / size + Z**2 / (4 * size**2))
    below = 1 + Z**2 / size
    return np.clip((middle - half) / below, 0, 1), np.clip((middle + half) / below, 0, 1)
