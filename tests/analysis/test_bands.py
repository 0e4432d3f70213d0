"""Bands: what looks alike, and that nothing narrower can be had from them."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.analysis.bands import Band, band, widened

SIZES = st.integers(10, 400)


@given(SIZES)
def test_bands_cover_every_count_once_and_none_is_shared_by_fewer_than_three(n: int) -> None:
    bands = [band(f, n) for f in range(n + 1)]
    assert all(of.low <= f <= of.high and of.n == n for f, of in enumerate(bands))
    sizes = Counter(bands)
    assert min(sizes.values()) >= 3
    assert all(of.high - of.low + 1 == size for of, size in sizes.items())
    assert bands[0] == bands[1] == bands[2] == (0, 2, n)
    assert bands[n] == bands[n - 1] == bands[n - 2] == (n - 2, n, n)


@pytest.mark.parametrize(
    ("favorable", "n", "low", "high"),
    [
        (3, 10, 3, 7), (7, 10, 3, 7), (8, 10, 8, 10), (3, 11, 3, 5), (6, 11, 6, 8), (8, 11, 6, 8), (10, 13, 6, 10),
        (22, 25, 18, 22),
    ],
)  # fmt: skip
def test_worked_by_hand(favorable: int, n: int, low: int, high: int) -> None:
    assert band(favorable, n) == (low, high, n)


@pytest.mark.parametrize(("favorable", "n"), [(0, 9), (-1, 10), (11, 10)])
def test_what_cannot_be_banded(favorable: int, n: int) -> None:
    with pytest.raises(ValueError, match="cannot be banded"):
        band(favorable, n)


@given(SIZES, st.data())
def test_the_public_sees_no_more_than_the_band(n: int, data: st.DataObject) -> None:
    of = band(data.draw(st.integers(0, n)), n)
    shown = widened(of, n)
    low, high = Fraction(shown["low"]).limit_denominator(10**6), Fraction(shown["high"]).limit_denominator(10**6)
    assert 0 <= low <= Fraction(of.low, n)
    assert Fraction(of.high, n) <= high <= 1
    end = Fraction(20 if n < 20 else 10 if n < 40 else 5 if n < 100 else 2 if n < 300 else 1, 100)
    assert low == 0 or low >= end
    assert high == 1 or high <= 1 - end
    step = max(Fraction(1, 20), Fraction(3, n))
    for share, ends in ((low, (0, end, 1 - end)), (high, (end, 1 - end, 1))):
        assert share in ends or share % step == 0
    assert sum(low <= Fraction(f, n) <= high for f in range(n + 1)) >= 3


@pytest.mark.parametrize(
    ("of", "people", "low", "high"),
    [
        (Band(3, 7, 10), 10, 0.3, 1.0),  # steps of 3 of 10: 0.3 to 0.9, which reaches above 0.8: to 1
        (Band(9, 11, 20), 20, 0.45, 0.6),
        (Band(0, 2, 20), 20, 0.0, 0.15),
        (Band(18, 20, 20), 20, 0.9, 1.0),
        (Band(3, 5, 100), 100, 0.0, 0.05),
        (Band(990, 998, 1000), 1000, 0.95, 1.0),
    ],
)
def test_public_shares_worked_by_hand(of: Band, people: int, low: float, high: float) -> None:
    assert widened(of, people) == {"low": low, "high": high}
