"""Changes of means and what could have been seen: published multipliers, and other libraries as witnesses."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.power import normal_power_het, tt_ind_solve_power
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

from app.analysis.change import change_of_means, detectable, detectable_share
from app.analysis.estimate import moments

NO_N = [math.nan]


def of(*values: int) -> pd.DataFrame:
    n, total, squares = len(values), sum(values), sum(v * v for v in values)
    return moments(np.array([n]), np.array([total]), np.array([squares]), np.array([0]))


def plain(frame: pd.DataFrame) -> list[float | None]:
    return [None if value != value else value for value in frame.iloc[0].tolist()]


samples = st.lists(st.integers(1, 5), min_size=2, max_size=40).filter(lambda values: len(set(values)) > 1)


@given(samples, samples)
def test_without_populations_as_statsmodels(later: list[int], earlier: list[int]) -> None:
    found = change_of_means(of(*later), of(*earlier), NO_N, NO_N).iloc[0]
    compared = CompareMeans(DescrStatsW(later), DescrStatsW(earlier))
    assert found["value"] == pytest.approx(np.mean(later) - np.mean(earlier), abs=1e-12)
    assert found["se"] == pytest.approx(compared.std_meandiff_separatevar, rel=1e-9)
    assert (found["df"], type(found["df"])) == (len(later) + len(earlier) - 2, int)


def test_populations_narrow_the_interval_each_its_own() -> None:
    a, b = of(1, 2, 3, 4), of(2, 2, 5, 5)
    found = change_of_means(a, b, [8], [16]).iloc[0]
    assert found["se"] == pytest.approx(math.sqrt(0.5 * (5 / 3) / 4 + 0.75 * 3 / 4))
    assert found["high"] - found["value"] == pytest.approx(2.446911851 * found["se"])  # t(0.975, 6)


@pytest.mark.parametrize(
    ("later", "N_later", "earlier", "N_earlier", "expected"),
    [
        ((), math.nan, (3, 4), math.nan, [None] * 5),
        ((), 0, (3,), 1, [None] * 5),
        ((3,), math.nan, (3, 4), math.nan, [-0.5, None, None, None, None]),
        ((3,), 1, (4,), 1, [-1, 0, 0, -1, -1]),
        ((3,), 1, (4,), 2, [-1, None, None, None, None]),
        ((3, 5), 2, (4, 4, 4), 3, [0, 0, 3, 0, 0]),
        ((3, 3), math.nan, (4, 4), math.nan, [-1, 0, 2, -1, -1]),
    ],
)
def test_changes_of_few(
    later: tuple[int, ...], N_later: float, earlier: tuple[int, ...], N_earlier: float, expected: list[float | None]
) -> None:
    assert plain(change_of_means(of(*later), of(*earlier), [N_later], [N_earlier])) == expected


def test_one_person_of_a_census_beside_a_sample() -> None:
    found = change_of_means(of(3), of(4, 5), [1], [9]).iloc[0]
    assert found["se"] == pytest.approx(math.sqrt(7 / 9 * 0.5 / 2))
    assert found["df"] == 1


# ------------------------------------------------------------------ detectable
def test_the_multiplier_of_large_samples_is_bloom_s() -> None:
    """Bloom (1995): 2.80 standard errors for a two-sided test at 5% with a power of 80%."""
    many = of(*([1, 3] * 5000))
    se = change_of_means(many, many, NO_N, NO_N)["se"][0]
    assert plain(detectable(many, many, NO_N, NO_N)) == pytest.approx([2.80 * se] * 2, rel=2e-3)


@pytest.mark.parametrize("n", [10, 24, 100, 1000])
def test_near_the_exact_power_of_the_t_test(n: int) -> None:
    """The noncentral t distribution; the closed form is within 1% from 10 people a side."""
    values = of(*([1, 3] * (n // 2)))
    sd = math.sqrt(values["variance"][0])
    exact = tt_ind_solve_power(nobs1=n, alpha=0.05, power=0.8) * sd
    assert detectable(values, values, NO_N, NO_N)["mean"][0] == pytest.approx(exact, rel=1e-2)


def test_what_is_not_detectable() -> None:
    assert plain(detectable(of(3, 3), of(4, 4), NO_N, NO_N)) == [None, None]
    assert plain(detectable(of(3, 3), of(4, 4), [2], [2])) == [None, 0]
    assert plain(detectable(of(), of(4, 5), NO_N, NO_N)) == [None, None]
    found = detectable(of(1, 2, 3, 4), of(1, 2, 3, 4), [5], [5]).iloc[0]
    assert found["mean_finite"] == pytest.approx(found["mean"] * math.sqrt(1 / 5))


@given(st.integers(1, 200), st.integers(1, 200), st.data())
def test_a_detectable_change_of_a_share_has_a_power_of_80_percent(n: int, m: int, data: st.DataObject) -> None:
    count, before = data.draw(st.integers(0, n)), data.draw(st.integers(0, m))
    (found,) = detectable_share(*(np.array([x]) for x in (count, n, before, m)))
    p = (count + before) / (n + m)
    if p in (0, 1):
        assert math.isnan(found)
        return
    se = math.sqrt(p * (1 - p) * (1 / n + 1 / m))
    assert normal_power_het(found, 1, 0.05, std_null=se, alternative="larger") < 0.9
    two_sided = normal_power_het(found, 1, 0.05, std_null=se, alternative="two-sided")
    assert two_sided == pytest.approx(0.8, abs=1e-4)


def test_a_share_of_nobody() -> None:
    assert np.isnan(detectable_share(*(np.array([x]) for x in (0, 0, 3, 5)))).all()
