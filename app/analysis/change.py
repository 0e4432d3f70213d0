"""From one wave to a later one: changes of means, and the smallest ones that could have been seen.

Decides the arithmetic from moments to a change (docs/statistics.md, "Trends"). The two waves are independent samples,
nobody is followed. It knows neither who is compared nor what may be shown. Frames have a row a comparison; NaN is a
figure that does not exist.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri, stdtrit

from app.analysis.contrast import welch
from app.analysis.estimate import Floats, ratio, t_quantile, whole

POWER, ALPHA = 0.8, 0.05


def change_of_means(
    later: pd.DataFrame, earlier: pd.DataFrame, N_later: ArrayLike, N_earlier: ArrayLike
) -> pd.DataFrame:
    """Changes of means with a t interval that accounts for finite populations.

    Parameters
    ----------
    later, earlier : frames of `estimate.moments` with the same rows.
    N_later, N_earlier : N of each row; NaN where it is unknown or smaller than n, which means no correction.

    Returns
    -------
    DataFrame : `value`, later minus earlier, NaN where a side has nobody; `se`; `df`, n_later + n_earlier - 2, a whole
        number; `low`, `high`. A side of one person who stands for more has no variance, and so the change has no `se`.
        Two censuses have se 0, whatever n.

    Notes
    -----
    se² = sum((1 - n/N) s² / n) over the two independent samples; Cochran, *Sampling Techniques* (1977), section 2.6.
    """
    value = later["value"].to_numpy() - earlier["value"].to_numpy()
    se = np.sqrt(_squared(later, N_later) + _squared(earlier, N_earlier))
    df = later["n"].to_numpy() + earlier["n"].to_numpy() - 2
    half = np.where(se == 0, 0, t_quantile(df) * se)
    figures = {"value": value, "se": se, "df": np.where(np.isnan(se), np.nan, whole(df))}
    return pd.DataFrame({**figures, "low": value - half, "high": value + half}, later.index)


def detectable(later: pd.DataFrame, earlier: pd.DataFrame, N_later: ArrayLike, N_earlier: ArrayLike) -> pd.DataFrame:
    """Give the smallest changes of means that these two samples would show with a power of 80%, two-sided at 5%.

    Parameters
    ----------
    later, earlier, N_later, N_earlier : as for `change_of_means`.

    Returns
    -------
    DataFrame : `mean`, for Welch's test, which ignores that populations are finite, as a verdict does; `mean_finite`,
        for the interval of `change_of_means`. NaN where neither side varies, or the standard error does not exist;
        `mean_finite` of two censuses is 0.

    Notes
    -----
    Bloom (1995), *Evaluation Review* 19: (t(0.975, df) + t(0.8, df)) se, for the one se and df and for the other.
    """
    test, change = welch(later, earlier), change_of_means(later, earlier, N_later, N_earlier)
    se, df = change["se"].to_numpy(), change["df"].to_numpy(dtype=float)
    census = _is_census(later, N_later) & _is_census(earlier, N_earlier)
    finite = np.where(census, 0, np.where(se > 0, _multiplier(df) * se, np.nan))
    plain = _multiplier(test["df"].to_numpy()) * test["se"].to_numpy()
    return pd.DataFrame({"mean": plain, "mean_finite": finite}, later.index)


def detectable_share(
    count: NDArray[Any], n: NDArray[Any], count_before: NDArray[Any], n_before: NDArray[Any]
) -> Floats:
    """Give the smallest changes of shares that two samples would show with a power of 80%, two-sided at 5%.

    Parameters
    ----------
    count, n, count_before, n_before : people who answered favorably, people who answered, later and earlier.

    Returns
    -------
    (rows,) NaN where a side has nobody, and when nobody or everybody on both sides answered favorably.

    Notes
    -----
    The normal approximation (z(0.975) + z(0.8)) sqrt(p (1 - p) (1/n + 1/n_before)) with the pooled share p; Fleiss,
    Levin and Paik, *Statistical Methods for Rates and Proportions* (2003), section 4.2, turned around. No finite
    correction.
    """
    good, people = whole(count) + whole(count_before), whole(n) + whole(n_before)
    squared = ratio(good * (people - good), people * whole(n) * whole(n_before))
    found: Floats = (ndtri(1 - ALPHA / 2) + ndtri(POWER)) * np.sqrt(np.where(squared > 0, squared, np.nan))
    return found


def _squared(of: pd.DataFrame, population: ArrayLike) -> Floats:
    """Give the squared standard error of each mean; 0 for a census, also of one."""
    n, N = of["n"].to_numpy(), np.asarray(population, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        left = np.where(np.isnan(N), 1.0, (N - n) / N)
        squared: Floats = left * of["variance"].to_numpy() / n
    squared[_is_census(of, N)] = 0
    return squared


def _is_census(of: pd.DataFrame, population: ArrayLike) -> NDArray[np.bool_]:
    n = of["n"].to_numpy()
    census: NDArray[np.bool_] = (n > 0) & (n == np.asarray(population, dtype=float))
    return census


def _multiplier(df: Floats) -> Floats:
    """How many standard errors a change must have."""
    enough: Floats = np.where(
        df >= 1, stdtrit(np.maximum(df, 1), 1 - ALPHA / 2) + stdtrit(np.maximum(df, 1), POWER), np.nan
    )
    return enough
