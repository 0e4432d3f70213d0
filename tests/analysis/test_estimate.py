"""Means and shares: published examples, and other libraries as witnesses."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from app.analysis.estimate import flip, mean_interval, moments, ratio, share_interval, t_quantile, wilson


def mean_of(values: list[int], N: float = math.nan) -> pd.Series:
    n, total, squares = len(values), sum(values), sum(v * v for v in values)
    of = moments(np.array([n]), np.array([total]), np.array([squares]), np.array([0]))
    return mean_interval(of, [N]).iloc[0]


def share_of(count: int, n: int, N: float = math.nan) -> pd.Series:
    return share_interval(pd.Series([count]), [n], [N]).iloc[0]


# Newcombe (1998), Statistics in Medicine 17, table I, method 3.
@pytest.mark.parametrize(
    ("count", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_as_published(count: int, n: int, low: float, high: float) -> None:
    found = share_of(count, n)
    assert (found["low"], found["high"]) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(1, 10_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_as_statsmodels(of: tuple[int, int]) -> None:
    count, n = of
    found = share_of(count, n)
    low, high = proportion_confint(count, n, method="wilson")
    assert (found["low"], found["high"]) == pytest.approx((low, high), rel=1e-12, abs=1e-12)
    assert 0 <= found["low"] <= found["share"] <= found["high"] <= 1


@given(st.lists(st.integers(-1000, 1000), min_size=2, max_size=60))
def test_t_interval_as_scipy(values: list[int]) -> None:
    found = mean_of(values)
    spread = stats.sem(values)
    assert found["value"] == pytest.approx(np.mean(values), rel=1e-12, abs=1e-12)
    assert found["sd"] == pytest.approx(np.std(values, ddof=1), rel=1e-9, abs=1e-12)
    low, high = (found["value"],) * 2
    if spread > 0:
        low, high = stats.t.interval(0.95, len(values) - 1, loc=np.mean(values), scale=spread)
    assert (found["low"], found["high"]) == pytest.approx((low, high), rel=1e-9, abs=1e-9)


def test_a_finite_population() -> None:
    """34 people, 24 answer: Cochran's 1 - n/N under the root; Wilson on 24 * 33 / 10 = 79.2 people."""
    values = [2] * 3 + [3] * 4 + [4] * 12 + [5] * 5
    found = mean_of(values, 34)
    assert found["se"] == pytest.approx(math.sqrt((1 - 24 / 34) * np.var(values, ddof=1) / 24))
    assert found["high"] - found["value"] == pytest.approx(stats.t.ppf(0.975, 23) * found["se"])
    share = share_of(17, 24, 34)
    assert (share["low"], share["high"]) == pytest.approx(proportion_confint(17 / 24 * 79.2, 79.2, method="wilson"))
    assert (share["floor"], share["ceiling"]) == (17 / 34, 27 / 34)


@pytest.mark.parametrize(
    ("values", "N", "expected"),
    [
        ([], math.nan, [None] * 5),
        ([], 0, [None] * 5),
        ([], 7, [None] * 5),
        ([3], math.nan, [3, None, None, None, None]),
        ([3], 2, [3, None, None, None, None]),
        ([3], 1, [3, None, 0, 3, 3]),
        ([4, 4], math.nan, [4, 0, 0, 4, 4]),
        ([3, 5], 2, [4, math.sqrt(2), 0, 4, 4]),
    ],
)
def test_means_of_few(values: list[int], N: float, expected: list[float | None]) -> None:
    assert [None if math.isnan(x) else x for x in mean_of(values, N)] == expected


@pytest.mark.parametrize(
    ("count", "n", "N", "expected"),
    [
        (0, 0, math.nan, [0, None, None, None, None, None, None]),
        (0, 0, 0, [0, None, None, None, None, None, None]),
        (0, 0, 9, [0, None, None, None, 0, 1, None]),
        (1, 1, 1, [1, 1, 1, 1, 1, 1, None]),
        (0, 1, 1, [0, 0, 0, 0, 0, 0, None]),
        (2, 4, 4, [2, 0.5, 0.5, 0.5, 0.5, 0.5, None]),
    ],
)
def test_shares_of_few(count: int, n: int, N: float, expected: list[float | None]) -> None:
    assert [None if math.isnan(x) else x for x in share_of(count, n, N)] == expected


@given(
    st.integers(1, 200).flatmap(
        lambda N: st.integers(1, N).flatmap(lambda n: st.tuples(st.integers(0, n), *map(st.just, (n, N))))
    )
)
def test_the_interval_narrows_to_the_share(of: tuple[int, int, int]) -> None:
    count, n, N = of
    plain, corrected = share_of(count, n), share_of(count, n, N)
    assert plain["low"] <= corrected["low"] + 1e-12
    assert corrected["high"] <= plain["high"] + 1e-12
    assert corrected["low"] <= corrected["share"] <= corrected["high"]
    assert corrected["floor"] <= corrected["share"] + 1e-15
    assert corrected["share"] <= corrected["ceiling"] + 1e-15


@pytest.mark.parametrize(
    ("count", "n", "N", "expected"),
    [
        (17, 24, 34, None),  # 11 more would have to answer unfavorably, 10 are silent
        (17, 24, 35, 11),
        (14, 24, 34, 5),
        (10, 24, 34, 5),
        (12, 24, 34, 1),
        (12, 24, 24, None),
        (12, 24, math.nan, None),
    ],
)
def test_how_many_of_the_silent_would_flip_a_share(count: int, n: int, N: float, expected: int | None) -> None:
    (found,) = flip(np.array([count]), np.array([n]), np.array([N]))
    assert found == expected if expected is not None else math.isnan(found)
    assert type(found) is (float if expected is None else int)


def test_whole_numbers_of_any_size_divide_exactly() -> None:
    huge = np.array([3 * 10**40, 1, 0, 5], dtype=object)
    assert ratio(huge, np.array([10**40, 3, 5, 0], dtype=object)).tolist()[:3] == [3.0, 1 / 3, 0.0]
    assert np.isnan(ratio(np.array([1]), np.array([0])))


def test_moments_do_not_cancel() -> None:
    """Values near 10^15: floating sums of squares would lose every digit of the variance."""
    of = moments(np.array([3]), np.array([3]), np.array([5]), np.array([10**15]))
    assert of["value"].tolist() == [10**15 + 1]
    assert of["variance"].tolist() == [1.0]


def test_t_quantile() -> None:
    assert t_quantile(np.array([0, 1, 10])).tolist() == pytest.approx(
        [math.nan, 12.706204736, 2.228138852], nan_ok=True
    )


def test_wilson_of_everybody_or_nobody_stays_within_bounds() -> None:
    low, high = wilson(np.array([0.0, 1.0]), np.array([3.0, 3.0]))
    assert ((low >= 0) & (high <= 1)).all()
