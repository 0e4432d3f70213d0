"""What each item adds to its construct, from the sums and products of complete cases.

Decides the correlation of an item with the others and alpha without it (docs/statistics.md, "Reliability"), many cells
at once. It knows nothing of instruments or of disclosure. NaN is a figure that does not exist.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from app.analysis.estimate import Floats, ratio, whole
from app.analysis.reliability import scatter


def item_analysis(complete: NDArray[np.int64], items: int) -> tuple[Floats, Floats]:
    """Analyze the items of a construct in many cells, on the people who answered all of them.

    Parameters
    ----------
    complete, items : as in `reliability.reliability`.

    Returns
    -------
    item_rest : (cells, k) correlation of each item with the sum of the others.
    alpha_if_dropped : (cells, k) Cronbach's alpha of the others, for the same people.

    Both are NaN for k < 2, n < 3, or when the sum of all scores has no variance, like alpha itself; `item_rest` also
    when the item or the sum of the others has none, `alpha_if_dropped` when the sum of the others has none or k = 2.

    Notes
    -----
    Nunnally and Bernstein, *Psychometric Theory* (1994), section 8. Whole numbers until the last quotient.
    """
    item_rest, without = np.full((2, len(complete), items), np.nan)
    if items < 2:
        return item_rest, without
    S = scatter(complete, items)
    own, row = whole(np.diagonal(S, axis1=1, axis2=2)), whole(S.sum(axis=2))
    total, trace = row.sum(axis=1, keepdims=True), own.sum(axis=1, keepdims=True)
    shared = row - own  # with the sum of the others
    rest = total - row - shared  # of the sum of the others
    usable = (complete[:, :1] >= 3) & (total > 0)
    squared = ratio(shared * shared, own * rest)  # NaN where either has no variance
    item_rest = np.where(usable, np.sqrt(squared) * np.where(shared < 0, -1, 1), np.nan)
    if items > 2:
        alpha = ratio((items - 1) * (rest - (trace - own)), (items - 2) * rest)
        without = np.where(usable, alpha, np.nan)
    return item_rest, without
