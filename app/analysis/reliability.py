"""How well the items of a construct measure one thing, from the sums and products of complete cases.

Decides alpha, standardized alpha and omega of many cells at once (docs/statistics.md, "Reliability"). It knows nothing
of instruments or of disclosure. NaN is a figure that does not exist.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from app.analysis.estimate import Floats, ratio, whole

NOTHING = 1e-12
"""A variance of standardized scores below this is rounding error."""
_STARTS, _SWEEPS, _STEPS = 8, 15, 200


def reliability(complete: NDArray[np.int64], items: int) -> pd.DataFrame:
    """Reliability of a construct's score in many cells.

    Parameters
    ----------
    complete : (cells, 1 + k + k (k + 1) / 2) whole numbers of the people who answered all of the k items: how many,
        the sums of the scores, the sums of products of two scores in the order of `numpy.triu_indices(k)`.
    items : k.

    Returns
    -------
    DataFrame : `n`, the people; `alpha` (Cronbach 1951), `alpha_standardized`, `omega` (McDonald 1999, total). All are
        NaN for k < 2, n < 3, or when the sum of the scores has no variance; `alpha_standardized` and `omega` also when
        an item has none; `omega` also for k < 3, for an improper solution and for none (see `one_factor`).
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
    some = spread > NOTHING
    standardized, omega = np.full((2, len(R)), np.nan)
    standardized[some] = items / (items - 1) * (1 - items / spread[some])  # k r / (1 + (k - 1) r), r the mean
    if items >= 3 and some.any():
        loadings = one_factor(R[some])
        # Rounded where the search ends, so that another processor comes to the same digits.
        omega[some] = np.round(1 - (1 - loadings**2).sum(axis=1) / spread[some], 12)
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
    R: Floats = S / (deviation[:, :, None] * deviation[:, None, :])
    return R


# ------------------------------------------------------------------ one factor
def one_factor(R: Floats) -> Floats:
    """Loadings of the one-factor minimum-residual model of correlation matrices.

    The loadings l minimize f = sum over i < j of (r_ij - l_i l_j)²; their common sign means nothing.

    Parameters
    ----------
    R : (cells, k, k) correlation matrices, k >= 3.

    Returns
    -------
    (cells, k) loadings. NaN for an improper solution (a loading of 1 or more, even one that would be better still if it
        grew without end), for a minimum so flat that it is no single solution, and for a search that does not end.

    Notes
    -----
    Harman and Jones (1966), *Psychometrika* 31: one loading after the other, from several starts. The best of these is
    finished by Newton's method, with absolute eigenvalues of the Hessian so that every step leads downhill.
    """
    k = R.shape[1]
    off = R * (1 - np.eye(k))
    loadings = _sweep(off, _starts(R))
    found = np.full_like(loadings, np.nan)
    active = np.arange(len(R))
    for _ in range(_STEPS):
        r, start = off[active], loadings[active]
        step, curvature = _newton(r, start)
        load = _downhill(r, start, step)
        loadings[active] = load
        largest = np.abs(load).max(axis=1, initial=0)
        still = np.abs(step).max(axis=1, initial=0) < 1e-11
        good = still & (curvature > 1e-7) & (largest < 1 - 1e-9)
        found[active[good]] = load[good]
        active = active[~still & (largest < 4)]
        if not len(active):
            break
    # As l_i grows without end, the others being r_ij / l_i, f falls to the squares that do not involve item i.
    squares = off**2
    endless = squares.sum(axis=(1, 2)) / 2 - squares.sum(axis=2).max(axis=1, initial=0)
    found[_misfit(off, loadings) > endless] = np.nan
    return found


def _starts(R: Floats) -> Floats:
    """Give loadings to start from, (cells, starts, k): the leading eigenvector, and each item as if it were the factor.

    The first is enough where all items agree; where they do not, f has several minima, each led by some items.
    """
    values, vectors = np.linalg.eigh(R)
    leading = (vectors[:, :, -1] * np.sqrt(values[:, -1:]))[:, None]
    items = (R**2).sum(axis=2).argsort(axis=1)[:, -_STARTS:]
    return np.concatenate([leading, 0.7 * np.take_along_axis(R, items[:, :, None], axis=1)], axis=1)


def _sweep(off: Floats, load: Floats) -> Floats:
    """Improve starts one coordinate after the other, and keep the best of each cell."""
    for i in np.tile(np.arange(off.shape[1]), _SWEEPS):
        others = np.maximum((load**2).sum(axis=2) - load[:, :, i] ** 2, NOTHING)
        load[:, :, i] = np.clip((off[:, None, i] * load).sum(axis=2) / others, -5, 5)
    misfits = np.stack([_misfit(off, load[:, start]) for start in range(load.shape[1])])
    best: Floats = load[np.arange(len(load)), misfits.argmin(axis=0)]
    return best


def _newton(off: Floats, load: Floats) -> tuple[Floats, Floats]:
    """Give the next step, and the smallest curvature of f at `load`: half its gradient and Hessian are exact."""
    k = load.shape[1]
    residual = _residual(off, load)
    hessian = load[:, :, None] * load[:, None, :] - residual
    hessian[:, range(k), range(k)] = (load**2).sum(axis=1, keepdims=True) - load**2
    values, vectors = np.linalg.eigh(hessian)
    uphill = -np.einsum("cij,cj->ci", residual, load)
    along = np.einsum("cji,cj->ci", vectors, uphill) / np.maximum(np.abs(values), 1e-9)
    return -np.einsum("cij,cj->ci", vectors, along), values[:, 0]


def _downhill(off: Floats, load: Floats, step: Floats) -> Floats:
    """Go the whole step, or half of it as often as needed to fit no worse than before."""
    before = _misfit(off, load) + 1e-14
    for _ in range(30):
        worse = _misfit(off, load + step) > before
        if not worse.any():
            break
        step = np.where(worse[:, None], step / 2, step)
    return load + step


def _residual(off: Floats, load: Floats) -> Floats:
    k = load.shape[1]
    residual = off - load[:, :, None] * load[:, None, :]
    residual[:, range(k), range(k)] = 0
    return residual


def _misfit(off: Floats, load: Floats) -> Floats:
    misfit: Floats = (_residual(off, load) ** 2).sum(axis=(1, 2)) / 2
    return misfit
