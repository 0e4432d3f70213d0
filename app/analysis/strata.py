"""Stratified estimates for the whole union of a group (STATISTICS.md, "The union-wide cell of a group").

Decides how the published cells of a group weigh together by the number of people eligible. It knows neither items nor
schools: a stratum is a row of a frame. Sums over strata are rounded once, so that their order changes no digit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit, logit

from app.analysis.estimate import Floats, moments, t_quantile


@dataclass(frozen=True)
class Weights:
    """The strata with answers and what each counts for.

    Attributes
    ----------
    with_answers : (strata,) which strata have any; the others are left out everywhere.
    n, eligible : n_h and N_h of the strata with answers.
    covered : the sum of their N_h.
    design_effect : Kish's, n sum(w²) / (sum w)² over people, everybody of stratum h weighing N_h / n_h.
    """

    with_answers: NDArray[np.bool_]
    n: Floats
    eligible: Floats
    covered: int
    design_effect: float


def weights(n: NDArray[np.int64], eligible: NDArray[np.float64]) -> Weights | None:
    """Weigh strata.

    Parameters
    ----------
    n : (strata,) people with an answer.
    eligible : (strata,) N_h; NaN where it is not known. It may be below n_h.

    Returns
    -------
    None when no stratum has answers, one that has answers has no N_h, or nobody at all is eligible.
    """
    some = n > 0
    n_h, N_h = n[some].astype(float), eligible[some]
    if np.isnan(N_h).any() or not N_h.any():
        return None
    covered = math.fsum(N_h)
    effect = math.fsum(n_h) * math.fsum(N_h**2 / n_h) / covered**2
    return Weights(some, n_h, N_h, round(covered), effect)


@dataclass(frozen=True)
class Stratified:
    """An estimate, its standard error, and the degrees of freedom (people less strata)."""

    value: float
    se: float
    df: int

    @property
    def margin(self) -> float | None:
        """Half the width of the t interval; None with less than one degree of freedom."""
        return float(t_quantile(np.array(self.df))) * self.se if self.df >= 1 else None


def estimate(of: pd.DataFrame, by: Weights) -> Stratified:
    """Estimate the mean over all people eligible.

    Parameters
    ----------
    of : a frame of `estimate.moments`, a row a stratum.
    by : the weights of the same strata.

    Notes
    -----
    Cochran (1977), sections 5.3-5.6: mean = sum(W_h ybar_h), se² = sum(W_h² (1 - n_h/N_h) s_h² / n_h), W_h = N_h / N.
    A stratum with more answers than people eligible has no correction. One person stands for N_h > 1 with the squared
    distance from the estimate in place of s_h².
    """
    part = of[by.with_answers]
    value, variance = part["value"].to_numpy(), part["variance"].to_numpy()
    share = by.eligible / by.covered
    mean = math.fsum(by.eligible * value) / by.covered
    spread = np.where(by.n == 1, (value - mean) ** 2, variance)
    with np.errstate(divide="ignore"):
        left = np.where(by.n > by.eligible, 1.0, 1 - by.n / by.eligible)
    se = math.sqrt(math.fsum(share**2 * left * spread / by.n))
    return Stratified(mean, se, round(math.fsum(by.n)) - len(part))


def stratified_mean(of: pd.DataFrame, by: Weights) -> dict[str, float | None]:
    """Give `value`, `se`, and the t interval `low`, `high` (None for df < 1) of a mean over strata."""
    found = estimate(of, by)
    margin = found.margin
    low, high = (None, None) if margin is None else (found.value - margin, found.value + margin)
    return {"value": found.value, "se": found.se, "low": low, "high": high}


def stratified_share(count: NDArray[np.int64], n: NDArray[np.int64], by: Weights) -> dict[str, float | None]:
    """Give `share` and its logit interval `low`, `high` (None for df < 1 and for a share of 0 or 1) over strata."""
    found = estimate(moments(n, count, count), by)
    share, margin = found.value, found.margin
    if margin is None or not 0 < share < 1:
        return {"share": share, "low": None, "high": None}
    middle, half = logit(share), margin / (share * (1 - share))
    return {"share": share, "low": float(expit(middle - half)), "high": float(expit(middle + half))}
