"""Comparisons of samples: published examples, other libraries, exact slow twins, and the edges."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pingouin
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep

from app.analysis.contrast import benjamini_hochberg, hedges_g, kruskal, mann_whitney, newcombe, welch
from app.analysis.estimate import moments

SLEEP = (
    [7, -16, -2, -12, -1, 34, 37, 8, 0, 20],
    [19, 8, 11, 1, -1, 44, 55, 16, 46, 34],
)
"""Student (1908), extra hours of sleep with two drugs, in tenths."""
values = st.lists(st.integers(-3, 4), min_size=2, max_size=25)


def moments_of(*samples: list[int], unit: int = 1) -> pd.DataFrame:
    n = np.array([len(s) for s in samples])
    total, squares = (np.array([sum(x**power for x in s) for s in samples]) for power in (1, 2))
    return moments(n, total, squares, np.zeros_like(n), unit).set_axis([f"row {i}" for i in range(len(samples))])


def counted(sample: list[Any], among: list[Any]) -> np.ndarray:
    return np.array([[sample.count(value) for value in sorted(set(among))]])


# ------------------------------------------------------------------ two means
def test_welch_as_published() -> None:
    """The example of R's `t.test`: t = -1.8608, df = 17.776, p = 0.07939, from -3.3654832 to 0.2054832."""
    found = welch(moments_of(SLEEP[0], unit=10), moments_of(SLEEP[1], unit=10)).iloc[0]
    assert found["value"] == pytest.approx(-1.58, abs=1e-12)
    assert found["value"] / found["se"] == pytest.approx(-1.8608, abs=5e-5)
    assert found["df"] == pytest.approx(17.776, abs=5e-4)
    assert found["p"] == pytest.approx(0.07939, abs=5e-6)
    assert (found["low"], found["high"]) == pytest.approx((-3.3654832, 0.2054832), abs=5e-8)


@given(values, values)
def test_welch_as_scipy(a: list[int], b: list[int]) -> None:
    found = welch(moments_of(a, b), moments_of(b, a))
    assert list(found.index) == ["row 0", "row 1"]
    there, back = found.iloc[0], found.iloc[1]
    assert there["value"] == pytest.approx(float(Fraction(sum(a), len(a)) - Fraction(sum(b), len(b))), abs=1e-14)
    assert back[["value", "low", "high"]].equals(-there[["value", "high", "low"]].set_axis(["value", "low", "high"]))
    if len(set(a)) == len(set(b)) == 1:
        assert np.isnan(there[["se", "df", "low", "high", "p"]].to_numpy(float)).all()
        return
    if len(set(a)) == 1 or len(set(b)) == 1:  # scipy warns of a constant sample; the formulas hold
        n, varied = (len(b), b) if len(set(a)) == 1 else (len(a), a)
        assert there["df"] == pytest.approx(n - 1, rel=1e-12)
        assert there["se"] == pytest.approx(math.sqrt(np.var(varied, ddof=1) / n), rel=1e-12)
        return
    theirs = stats.ttest_ind(a, b, equal_var=False)
    interval = theirs.confidence_interval(0.95)
    ours = there[["df", "p", "low", "high"]].tolist()
    assert ours == pytest.approx([theirs.df, theirs.pvalue, interval.low, interval.high], rel=1e-10, abs=1e-12)


def test_few_people_have_a_difference_without_an_interval() -> None:
    one, none, two = [3], [], [1, 2]
    found = welch(moments_of(one, none, two, one), moments_of(two, two, one, one))
    assert found["value"].tolist()[::2] == [1.5, -1.5]
    assert math.isnan(found["value"].iloc[1])
    assert found[["se", "df", "low", "high", "p"]].isna().all(axis=None)
    assert np.isnan(hedges_g(moments_of(one, none, two, one), moments_of(two, two, one, one))).all()


@given(values, values)
def test_hedges_g_as_pingouin(a: list[int], b: list[int]) -> None:
    """Pingouin's factor is 1 - 3 / (4 m - 1); ours, exactly, is the same to within 1 / (15 m²)."""
    (g,) = hedges_g(moments_of(a), moments_of(b))
    if len(set(a)) == len(set(b)) == 1:
        assert math.isnan(g)
        return
    m = len(a) + len(b) - 2
    exact = math.gamma(m / 2) / (math.gamma((m - 1) / 2) * math.sqrt(m / 2))
    d = pingouin.compute_effsize(a, b, eftype="cohen")
    assert g == pytest.approx(d * exact, rel=1e-11, abs=1e-12)
    assert g == pytest.approx(pingouin.compute_effsize(a, b, eftype="hedges"), rel=0.07 / m**2 + 1e-12, abs=1e-12)


def test_hedges_g_as_published() -> None:
    """Borenstein and others, *Introduction to Meta-Analysis* (2009), chapter 4: g = 0.5924."""
    a = pd.DataFrame({"n": [50], "value": [103.0], "variance": [5.5**2]})
    b = pd.DataFrame({"n": [50], "value": [100.0], "variance": [4.5**2]})
    assert hedges_g(a, b) == pytest.approx([0.5924], abs=5e-5)


def test_the_factor_of_a_million_people() -> None:
    """J = 1 - 3 / (4 m) - 7 / (32 m²) + ..., to all digits."""
    side = pd.DataFrame({"n": [6_000, 500_000], "value": [1.0, 1.0], "variance": [1.0, 1.0]})
    m = 2 * side["n"].to_numpy() - 2.0
    found = hedges_g(side, side.assign(value=0.0))
    assert found == pytest.approx(1 - 3 / (4 * m) - 7 / (32 * m**2), abs=1e-11)


# ------------------------------------------------------------------ two shares
PUBLISHED = [
    (56, 70, 48, 80, 0.0524, 0.3339),
    (9, 10, 3, 10, 0.1705, 0.8090),
    (6, 7, 2, 7, 0.0582, 0.8062),
    (5, 56, 0, 29, -0.0381, 0.1926),
    (0, 10, 0, 20, -0.1611, 0.2775),
    (0, 10, 0, 10, -0.2775, 0.2775),
    (10, 10, 0, 20, 0.6791, 1.0000),
    (10, 10, 0, 10, 0.6075, 1.0000),
]


def test_newcombe_as_published() -> None:
    """Newcombe (1998), table II, method 10."""
    count_a, n_a, count_b, n_b, low, high = (np.array(column) for column in zip(*PUBLISHED, strict=True))
    found = newcombe(pd.Series(count_a, list("abcdefgh")), n_a, count_b, n_b)
    assert list(found.index) == list("abcdefgh")
    assert found["low"].to_numpy() == pytest.approx(low, abs=5e-5)
    assert found["high"].to_numpy() == pytest.approx(high, abs=5e-5)


@given(st.data())
def test_newcombe_as_statsmodels(data: st.DataObject) -> None:
    n_a, n_b = data.draw(st.integers(1, 300)), data.draw(st.integers(1, 300))
    a, b = data.draw(st.integers(0, n_a)), data.draw(st.integers(0, n_b))
    found = newcombe(pd.Series([a]), [n_a], [b], [n_b]).iloc[0]
    low, high = confint_proportions_2indep(a, n_a, b, n_b, method="newcomb", compare="diff")
    assert found.tolist() == pytest.approx([a / n_a - b / n_b, low, high], abs=1e-12)
    assert -1 <= found["low"] <= found["value"] <= found["high"] <= 1


def test_shares_of_nobody() -> None:
    assert newcombe(pd.Series([0, 1]), [0, 1], [0, 0], [3, 0]).isna().all(axis=None)


# ------------------------------------------------------------------ ranks
@given(st.lists(st.integers(-3, 4), min_size=1, max_size=25), st.lists(st.integers(-3, 4), min_size=1, max_size=25))
def test_mann_whitney_as_counted_and_as_scipy(a: list[int], b: list[int]) -> None:
    found = mann_whitney(counted(a, a + b), counted(b, a + b)).iloc[0]
    u = sum(Fraction((x > y) - (x < y) + 1, 2) for x in a for y in b)
    assert found["u"] == float(u)
    assert found["cliffs_delta"] == float(2 * u / (len(a) * len(b)) - 1)
    if len({*a, *b}) == 1:
        assert math.isnan(found["p"])
        return
    theirs = stats.mannwhitneyu(a, b, use_continuity=False, method="asymptotic")
    assert [found["u"], found["p"]] == pytest.approx([theirs.statistic, theirs.pvalue], rel=1e-10)


def test_many_comparisons_of_different_values_at_once() -> None:
    """A row with fewer values than another is filled up, on whichever side, or in between."""
    a, b = [1, 1, 2, 5], [2, 3, 5, 5, 7]
    bare_a, bare_b = counted(a, a + b), counted(b, a + b)
    wide = [np.insert(side, [0, 2, 5], 0, axis=1) for side in (bare_a, bare_b)]
    assert mann_whitney(*wide).equals(mann_whitney(bare_a, bare_b))
    rows = mann_whitney(np.concatenate([wide[0], wide[1]]), np.concatenate([wide[1], wide[0]]))
    assert rows["cliffs_delta"].iloc[0] == -rows["cliffs_delta"].iloc[1]
    assert rows["p"].iloc[0] == rows["p"].iloc[1]
    assert rows["u"].sum() == 20
    assert kruskal(wide).equals(kruskal([bare_a, bare_b]))


def test_kruskal_as_published() -> None:
    """Hollander and Wolfe (1973), p. 116, the example of R's `kruskal.test`: H = 0.77143, p = 0.68."""
    normal, obstructed, asbestosis = [29, 30, 25, 26, 32], [38, 27, 40, 24], [28, 34, 37, 22, 20]
    everybody = normal + obstructed + asbestosis
    found = kruskal([counted(s, everybody) for s in (normal, obstructed, asbestosis)]).iloc[0]
    assert (found["h"], found["df"]) == (pytest.approx(0.77143, abs=5e-6), 2)
    assert found["p"] == pytest.approx(0.68, abs=5e-4)
    assert found["epsilon_squared"] == pytest.approx(found["h"] / 13, rel=1e-14)


@given(st.lists(st.lists(st.integers(-2, 3), min_size=1, max_size=15), min_size=2, max_size=5))
def test_kruskal_as_scipy(samples: list[list[int]]) -> None:
    everybody = [x for sample in samples for x in sample]
    found = kruskal([counted(sample, everybody) for sample in samples]).iloc[0]
    assert found["df"] == len(samples) - 1
    if len(set(everybody)) == 1:
        assert np.isnan(found[["h", "p", "epsilon_squared"]].to_numpy(float)).all()
        return
    theirs = stats.kruskal(*samples)
    assert [found["h"], found["p"]] == pytest.approx([theirs.statistic, theirs.pvalue], rel=1e-9, abs=1e-12)
    assert found["epsilon_squared"] == pytest.approx(theirs.statistic / (len(everybody) - 1), rel=1e-9, abs=1e-12)
    if len(samples) == 2:  # the square of Mann and Whitney's z
        assert mann_whitney(*(counted(s, everybody) for s in samples))["p"].iloc[0] == pytest.approx(found["p"])


def test_ranks_of_nobody() -> None:
    nobody, some, no_value = np.zeros((1, 3), int), np.array([[1, 2, 0]]), np.zeros((1, 0), int)
    for a, b in ((nobody, some), (some, nobody), (nobody, nobody), (no_value, no_value)):
        assert mann_whitney(a, b).isna().all(axis=None)
        assert kruskal([a, b, a])[["h", "p", "epsilon_squared"]].isna().all(axis=None)


def test_ranks_of_numbers_too_large_for_64_bits() -> None:
    few = np.array([[3, 4, 5]]), np.array([[6, 2, 1]])
    many = tuple(side * 10**12 for side in few)
    assert mann_whitney(*many)["cliffs_delta"].tolist() == mann_whitney(*few)["cliffs_delta"].tolist()
    assert mann_whitney(*many)["p"].tolist() == [0]
    assert kruskal(many)["epsilon_squared"].iloc[0] == pytest.approx(kruskal(few)["epsilon_squared"].iloc[0], rel=0.1)


# ------------------------------------------------------------------ many tests
def test_benjamini_hochberg_as_published() -> None:
    """Benjamini and Hochberg (1995), section 3.2: of fifteen, the four smallest are below 0.05."""
    p = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528,
         0.7590, 1.0000]  # fmt: skip
    found = benjamini_hochberg(p)
    assert (found < 0.05).tolist() == [True] * 4 + [False] * 11
    assert found[:5] == pytest.approx([0.0015, 0.003, 0.0095, 0.035625, 0.0603])


@settings(max_examples=60)
@given(st.lists(st.floats(0, 1) | st.just(math.nan), max_size=20))
def test_benjamini_hochberg_as_statsmodels(p: list[float]) -> None:
    found = benjamini_hochberg(p)
    there = [x for x in p if not math.isnan(x)]
    assert np.isnan(found).tolist() == [math.isnan(x) for x in p]
    if there:
        assert found[~np.isnan(found)] == pytest.approx(multipletests(there, method="fdr_bh")[1], abs=1e-15)
