"""How well the items of a construct measure one thing, from the sums and products of complete cases.

Decides alpha, standardized alpha and omega of many cells at once (STATISTICS.md, "Constructs"). It knows nothing of
instruments or of disclosure. NaN is a figure that does not exist.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from app.analysis.estimate import Floats, ratio, whole

NOTHING = 1e-12
"""A variance of standardized scores below this is rounding error."""
_STARTS, _SWEEPS, _STEPS = 4, 30, 200


def reliability(complete: NDArray[np.int64], items: int) -> pd.DataFrame:
    """Reliability of a construct's score in many cells.

    Parameters
    ----------
    complete : (cells, 1 + k + k (k + 1) / 2) whole numbers of the people who answered all of the k items: how many,
        the sums of the scores, the sums of products of two scores in the order of `numpy.triu_indices(k)`.
    items : k.

    Returns
    -------
    DataFrame : `n`, the people; `alpha` (Cronbach 1951), `alpha_standardized`, `omega` (McDonald 1999, total, one factor).
        All are NaN for k < 2, n < 3, or a score without variance; `alpha_standardized` and `omega` also when an item
        has none; `omega` also for k < 3, for an improper solution and for one that does not converge.
    """
    n = complete[:, 0]
    figures = pd.DataFrame({"n": n, "alpha": np.nan, "alpha_standardized": np.nan, "omega": np.nan})
    if items < 2 or not (n >= 3).any():
        return figures
    S = scatter(complete, items)
    trace, total = np.trace(S, axis1=1, axis2=2), S.sum(axis=(1, 2))
    usable = (n >= 3) & (total > 0)
    alpha = ratio(items * (total - trace), (items - 1) * total)
    figures["alpha"] = np.where(usable, alpha, np.nan)
    varied = usable & (np.diagonal(S, axis1=1, axis2=2) > 0).all(axis=1)
    R = correlations(S[varied])
    spread = R.sum(axis=(1, 2))  # the variance of the sum of standardized scores
    mean = (spread - items) / (items * (items - 1))
    some = spread > NOTHING
    standardized, omega = np.full((2, len(R)), np.nan)
    standardized[some] = (items * mean / (1 + (items - 1) * mean))[some]
    if items >= 3 and some.any():
        loadings = one_factor(R[some])
        omega[some] = 1 - (1 - loadings**2).sum(axis=1) / spread[some]
    figures.loc[varied, "alpha_standardized"] = standardized
    figures.loc[varied, "omega"] = omega
    return figures


def scatter(complete: NDArray[np.int64], items: int) -> NDArray[Any]:
    """Give n (n - 1) times the covariance matrices, exact whole numbers, (cells, k, k)."""
    largest = int(complete[:, 0].max(initial=0)) * int(complete.max(initial=0)) * items**3
    exact = complete if largest < 2**62 else whole(complete)
    n, sums = exact[:, 0], exact[:, 1 : 1 + items]
    i, j = np.triu_indices(items)
    S = np.empty((len(exact), items, items), dtype=exact.dtype)
    S[:, i, j] = S[:, j, i] = n[:, None] * exact[:, 1 + items :] - sums[:, i] * sums[:, j]
    return S


def correlations(S: NDArray[Any]) -> Floats:
    """Turn scatter or covariance matrices, none with a variance of 0, into correlation matrices."""
    S = S.astype(float)
    deviation = np.sqrt(np.diagonal(S, axis1=1, axis2=2))
    return S / (deviation[:, :, None] * deviation[:, None, :])


# ------------------------------------------------------------------ one factor
def one_factor(R: Floats) -> Floats:
    """Loadings of the one-factor minimum-residual model of correlation matrices.

    The loadings l minimize sum over i < j of (r_ij - l_i l_j)²; their common sign is of no meaning.

    Parameters
    ----------
    R : (cells, k, k) correlation matrices, k >= 3.

    Returns
    -------
    (cells, k) loadings; NaN for an improper solution (a loading of 1 or more), and where there is no single one: the
        search does not converge, or the minimum is flat.

    Notes
    -----
    Harman and Jones (1966), *Psychometrika* 31: coordinate by coordinate from several eigenvectors; the best of these
    is finished by Newton's method, with absolute eigenvalues of the Hessian so that every step leads downhill.
    """
    off = R * (1 - np.eye(R.shape[1]))
    loadings = _sweep(off, *np.linalg.eigh(R))
    found = np.full_like(loadings, np.nan)
    active = np.arange(len(R))
    for _ in range(_STEPS):
        l, r = loadings[active], off[active]
        step, flat = _newton(r, l)
        before = _misfit(r, l)
        scale = np.ones(len(l))
        for _ in range(30):
            worse = _misfit(r, l + scale[:, None] * step) > before * (1 + 1e-13) + 1e-300
            if not worse.any():
                break
            scale[worse] /= 2
        l = l + scale[:, None] * step
        loadings[active] = l
        largest = np.abs(l).max(axis=1)
        still = np.abs(step).max(axis=1) < 1e-11
        good = still & ~flat & (largest < 1)
        found[active[good]] = l[good]
        active = active[~still & (largest < 4)]
        if not len(active):
            break
    return found


def _misfit(off: Floats, l: Floats) -> Floats:
    """Half the sum of squared residuals outside the diagonal."""
    square = l**2
    cross = np.einsum("ci,cij,cj->c", l, off, l)
    return (off**2).sum(axis=(1, 2)) / 2 - cross + (square.sum(axis=1) ** 2 - (square**2).sum(axis=1)) / 2
