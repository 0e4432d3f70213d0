"""Stratified estimates for the whole union of a group (docs/statistics.md, "The whole union, stratified").

Decides how the published cells of a group weigh together by the number of people eligible. It knows neither items nor
schools: a stratum is a place in an array. Sums over strata are rounded once, so that their order changes no digit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from app.analysis.estimate import Floats, ratio, t_quantile


@dataclass(frozen=True)
class Weights:
    """The strata with answers and what each counts for.

    Attributes
    ----------
    answered : (strata,) which strata have answers; the others are left out everywhere.
    n, eligible : n_h and N_h of those.
    covered : the sum of their N_h.
    design_effect : Kish's, n sum(w²) / (sum w)² over people, everybody in stratum h weighing N_h / n_h.
    """

    answered: NDArray[np.bool_]
    n: NDArray[np.int64]
    eligible: Floats
    covered: int
    design_effect: float


def weights(n: NDArray[np.int64], eligible: Floats) -> Weights | None:
    """Weigh strata.

    Parameters
    ----------
    n : (strata,) people with an answer.
    eligible : (strata,) N_h; NaN where it is not known. It may be below n_h.

    Returns
    -------
    None when no stratum has answers, when one that has answers has no N_h, or when nobody at all is eligible.
    """
    answered = n > 0
    n, N = n[answered], eligible[answered]
    if np.isnan(N).any() or not N.any():
        return None
    covered = math.fsum(N)
    return Weights(answered, n, N, int(covered), int(n.sum()) * math.fsum(N**2 / n) / covered**2)


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


def estimate(value: Floats, variance: Floats, by: Weights) -> Stratified:
    """Estimate the mean over all people eligible.

    Parameters
    ----------
    value, variance : (strata with answers,) their means, and the variances within them with divisor n - 1.
    by : the weights.

    Notes
    -----
    Cochran (1977), sections 5.3-5.6: mean = sum(W_h ybar_h), se² = sum(W_h² (1 - n_h/N_h) s_h² / n_h), W_h = N_h / N.
    A stratum with more answers than people eligible has no correction. One person who stands for N_h > 1 counts with
    the squared distance from the estimate in place of s_h².
    """
    mean = math.fsum(by.eligible * value) / by.covered
    spread = np.where(by.n == 1, (value - mean) ** 2, variance)
    with np.errstate(divide="ignore"):
        left = np.where(by.n > by.eligible, 1.0, 1 - by.n / by.eligible)
    se = math.sqrt(math.fsum((by.eligible / by.covered) ** 2 * left * spread / by.n))
    return Stratified(mean, se, int(by.n.sum()) - len(by.n))


def stratified_mean(value: Floats, variance: Floats, by: Weights) -> dict[str, float | None]:
    """Estimate a mean over strata.

    Parameters
    ----------
    value, variance : (strata,) as `estimate.moments` gives them.
    by : the weights of the same strata.

    Returns
    -------
    `value`, `se`, and the t interval `low`, `high`, None for df < 1.
    """
    found = estimate(value[by.answered], variance[by.answered], by)
    margin = found.margin
    low, high = (None, None) if margin is None else (found.value - margin, found.value + margin)
    return {"value": found.value, "se": found.se, "low": low, "high": high}


def stratified_share(count: NDArray[Any], by: Weights) -> dict[str, float | None]:
    """Estimate a share over strata.

    Parameters
    ----------
    count : (strata,) people with a favorable answer, whole numbers.
    by : the weights of the same strata.

    Returns
    -------
    `share`, and its logit interval `low`, `high`, None for df < 1 and for a share of 0 or 1.
    """
    count = count[by.answered].astype(np.int64)
    found = estimate(ratio(count, by.n), ratio(count * (by.n - count), by.n * (by.n - 1)), by)
    share, margin = found.value, found.margin
    if margin is None or not 0 < share < 1:
        return {"share": share, "low": None, "high": None}
    middle, half = float(logit(share)), margin / (share * (1 - share))
    return {"share": share, "low": float(expit(middle - half)), "high": float(expit(middle + half))}
