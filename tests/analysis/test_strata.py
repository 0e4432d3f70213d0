"""Stratified estimates: a published example and the edges."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from app.analysis.strata import Weights, estimate, stratified_mean, stratified_share, weights


def by(n: list[int], eligible: list[float]) -> Weights:
    found = weights(np.array(n), np.array(eligible, dtype=float))
    assert found is not None
    return found


def test_a_published_example() -> None:
    """Scheaffer, Mendenhall and Ott, *Elementary Survey Sampling*, example 5.3: hours of television in three areas."""
    of = by([20, 8, 12], [155, 62, 93])
    found = estimate(np.array([33.900, 25.125, 19.0]), np.array([35.358, 232.411, 87.636]), of)
    assert found.value == pytest.approx(27.7, abs=0.05)
    assert found.se**2 == pytest.approx(1.97, abs=0.01)
    assert (found.df, of.covered) == (37, 310)


def test_kish_design_effect() -> None:
    assert by([2, 2], [2, 4]).design_effect == pytest.approx(4 * 10 / 36)  # weights 1, 1, 2, 2
    assert by([5, 7], [10, 14]).design_effect == 1


def test_strata_without_answers_are_left_out() -> None:
    of = by([3, 0, 2], [6, math.nan, 4])
    assert (of.covered, of.answered.tolist()) == (10, [True, False, True])
    found = stratified_mean(np.array([1.0, math.nan, 2.0]), np.array([0.0, math.nan, 0.0]), of)
    assert found == {"value": pytest.approx(1.4), "se": 0, "low": pytest.approx(1.4), "high": pytest.approx(1.4)}


@pytest.mark.parametrize(("n", "eligible"), [([0, 0], [5, 5]), ([3, 3], [5, math.nan]), ([3], [0]), ([], [])])
def test_no_weights(n: list[int], eligible: list[float]) -> None:
    assert weights(np.array(n, dtype=np.int64), np.array(eligible, dtype=float)) is None


def test_one_person_stands_for_many() -> None:
    of = by([1, 3], [4, 6])
    found = estimate(np.array([5.0, 2.0]), np.array([math.nan, 1.0]), of)
    assert found.value == pytest.approx(3.2)
    assert found.se**2 == pytest.approx((1 - 1 / 4) * 0.4**2 * 1.8**2 + 0.6**2 * (1 - 3 / 6) / 3)
    assert estimate(np.array([5.0, 2.0]), np.array([math.nan, 1.0]), by([1, 3], [1, 6])).se ** 2 == pytest.approx(
        (6 / 7) ** 2 * (1 - 3 / 6) / 3
    )


def test_more_answers_than_people_eligible_have_no_correction() -> None:
    found = estimate(np.array([2.0]), np.array([1.0]), by([10], [8]))
    assert found.se**2 == pytest.approx(1 / 10)


def test_no_interval_without_degrees_of_freedom() -> None:
    found = stratified_mean(np.array([1.0, 3.0]), np.array([math.nan, math.nan]), by([1, 1], [2, 2]))
    assert (found["value"], found["low"], found["high"]) == (2, None, None)
    assert found["se"] == pytest.approx(0.5)
    assert stratified_share(np.array([0, 1]), by([1, 1], [2, 2])) == {"share": 0.5, "low": None, "high": None}


@pytest.mark.parametrize("count", [[0, 0], [4, 6]])
def test_no_interval_of_a_certain_share(count: list[int]) -> None:
    found = stratified_share(np.array(count), by([4, 6], [9, 9]))
    assert (found["low"], found["high"]) == (None, None)


def test_the_logit_interval() -> None:
    found = stratified_share(np.array([3, 4]), by([4, 6], [8, 12]))
    p, variance = 0.7, (0.4**2 * 0.5 * (0.75 * 0.25 / 3) + 0.6**2 * 0.5 * ((4 / 6) * (2 / 6) / 5))
    half = stats.t.ppf(0.975, 8) * math.sqrt(variance) / (p * (1 - p))
    edges = [1 / (1 + math.exp(-(math.log(p / (1 - p)) + sign * half))) for sign in (-1, 1)]
    assert [found["share"], found["low"], found["high"]] == pytest.approx([p, *edges])


def test_the_order_of_strata_changes_no_digit() -> None:
    luck = np.random.default_rng(8)
    n, value, variance = luck.integers(1, 40, 300), luck.random(300), luck.random(300)
    eligible = n + luck.integers(0, 40, 300).astype(float)
    order = luck.permutation(300)
    straight = stratified_mean(value, variance, by(n.tolist(), eligible.tolist()))
    assert straight == stratified_mean(value[order], variance[order], by(n[order].tolist(), eligible[order].tolist()))
