"""Bands: how a count is told to readers who get no exact figures.

Decides which counts look alike, and how much coarser the public's shares are. Every band is shared by at least three
counts; all, all but one and all but two look alike, as do nobody, one and two. It knows no cells and no documents.
"""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

SMALLEST = 10
"""Bands are made of at least so many answers."""

_LADDER = ((300, 1), (100, 2), (40, 5), (20, 10), (0, 20))
"""From so many people on, so many percent at either end are told as one."""


class Band(NamedTuple):
    """A favorable count lies between `low` and `high` (whole numbers), of n answers. Bands add up part by part."""

    low: int
    high: int
    n: int

    def __add__(self, other: object) -> Band:
        if not isinstance(other, Band):
            return NotImplemented
        return Band(self.low + other.low, self.high + other.high, self.n + other.n)

    def shares(self) -> dict[str, float]:
        """Give the ends as shares of n."""
        return {"low": self.low / self.n, "high": self.high / self.n}


def band(favorable: int, n: int) -> Band:
    """Band one count.

    Parameters
    ----------
    favorable : the count, 0 to n.
    n : answers, at least 10.

    Returns
    -------
    Band : 0 to 2, n - 2 to n, or between them three counts beginning at a multiple of three, the last of which takes
        in what is left. So each band holds three to five counts, and its ends follow from n alone.
    """
    if not 0 <= favorable <= n or n < SMALLEST:
        raise ValueError(f"{favorable} of {n} cannot be banded")
    if favorable <= 2:
        return Band(0, 2, n)
    if favorable >= n - 2:
        return Band(n - 2, n, n)
    last = 3 * ((n - 5) // 3)
    low = min(3 * (favorable // 3), last)
    return Band(low, n - 3 if low == last else low + 2, n)


def widened(of: Band, people: int) -> dict[str, float]:
    """Widen a band to the public's shares.

    Parameters
    ----------
    of : the band.
    people : the number of people behind the cell; the fewer, the coarser.

    Returns
    -------
    The ends as shares, outwards to multiples of 0.05 or of 3 people, whichever is more, and then, where a share reaches
    into the lowest or highest part of the ladder, to the whole of that part.

    Notes
    -----
    The ladder of ends is that of U.S. federal guidance on reporting small groups (SLDS Technical Brief 3, 2011).
    """
    step = max(Fraction(1, 20), Fraction(3, people))
    low = step * (Fraction(of.low, of.n) // step)
    high = min(Fraction(1), step * -(Fraction(-of.high, of.n) // step))
    end = next(Fraction(percent, 100) for least, percent in _LADDER if people >= least)
    if low < end:
        low, high = Fraction(0), max(high, end)
    if high > 1 - end:
        low, high = min(low, 1 - end), Fraction(1)
    return {"low": float(low), "high": float(high)}
