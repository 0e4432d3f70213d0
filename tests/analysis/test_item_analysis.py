"""Item-rest correlations and alpha without an item: a published example, other libraries, and the edges."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pandas as pd
import pingouin
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.analysis.item_analysis import item_analysis
from app.analysis.reliability import reliability
from tests.analysis.oracle import variance
from tests.analysis.test_reliability import complete, people

ATTITUDE = np.array([
    [43, 51, 30, 39, 61, 92, 45], [63, 64, 51, 54, 63, 73, 47], [71, 70, 68, 69, 76, 86, 48],
    [61, 63, 45, 47, 54, 84, 35], [81, 78, 56, 66, 71, 83, 47], [43, 55, 49, 44, 54, 49, 34],
    [58, 67, 42, 56, 66, 68, 35], [71, 75, 50, 55, 70, 66, 41], [72, 82, 72, 67, 71, 83, 31],
    [67, 61, 45, 47, 62, 80, 41], [64, 53, 53, 58, 58, 67, 34], [67, 60, 47, 39, 59, 74, 41],
    [69, 62, 57, 42, 55, 63, 25], [68, 83, 83, 45, 59, 77, 35], [77, 77, 54, 72, 79, 77, 46],
    [81, 90, 50, 72, 60, 54, 36], [74, 85, 64, 69, 79, 79, 63], [65, 60, 65, 75, 55, 80, 60],
    [65, 70, 46, 57, 75, 85, 46], [50, 58, 68, 54, 64, 78, 52], [50, 40, 33, 34, 43, 64, 33],
    [64, 61, 52, 62, 66, 80, 41], [53, 66, 52, 50, 63, 80, 37], [40, 37, 42, 58, 50, 57, 49],
    [63, 54, 42, 48, 66, 75, 33], [66, 77, 66, 63, 88, 76, 72], [78, 75, 58, 74, 80, 78, 49],
    [48, 57, 44, 45, 51, 83, 38], [85, 85, 71, 71, 77, 74, 55], [82, 82, 39, 59, 64, 78, 39],
])  # fmt: skip
"""Ratings of departments by their clerks, from Chatterjee and Price (1977); the data set `attitude` of R."""


def slow(x: list[list[int]]) -> list[tuple[float | None, float | None]]:
    """Of each item, its correlation with the sum of the others and alpha of the others."""
    k, out = len(x[0]), []
    if k < 2 or len(x) < 3 or variance([Fraction(sum(row)) for row in x]) == 0:
        return [(None, None)] * k
    for i in range(k):
        item = [Fraction(row[i]) for row in x]
        others = [[Fraction(v) for j, v in enumerate(row) if j != i] for row in x]
        rest = [sum(row, Fraction(0)) for row in others]
        a, b, n = variance(item), variance(rest), len(x)
        r = alpha = None
        if a and b:
            middle = sum(item) / n, sum(rest) / n
            cov = sum((p - middle[0]) * (q - middle[1]) for p, q in zip(item, rest, strict=True)) / (n - 1)
            r = float(cov) / math.sqrt(a * b)
        if k > 2 and b:
            own = sum(variance([row[j] for row in others]) for j in range(k - 1))
            alpha = float(Fraction(k - 1, k - 2) * (1 - own / b))
        out.append((r, alpha))
    return out


def told(x: np.ndarray) -> list[tuple[float | None, float | None]]:
    item_rest, without = item_analysis(complete(x), x.shape[1])
    plain = [[None if math.isnan(v) else v for v in side[0].tolist()] for side in (item_rest, without)]
    return list(zip(*plain, strict=True))


def nearly(rows: list[tuple[float | None, float | None]]) -> list[tuple[object, object]]:
    return [tuple(v if v is None else pytest.approx(v, abs=1e-12) for v in row) for row in rows]  # type: ignore[misc]


def test_as_published() -> None:
    """The `alpha(attitude)` of R's psych, as its documentation prints it."""
    assert [r for r, _ in told(ATTITUDE)] == pytest.approx([0.67, 0.74, 0.56, 0.71, 0.79, 0.27, 0.46], abs=5e-3)
    assert [a for _, a in told(ATTITUDE)] == pytest.approx([0.81, 0.80, 0.83, 0.80, 0.80, 0.86, 0.84], abs=5e-3)
    assert reliability(complete(ATTITUDE), 7)["alpha"].iloc[0] == pytest.approx(0.84, abs=5e-3)


@settings(max_examples=60)
@given(st.integers(1, 40), st.integers(1, 6), st.integers(0, 2**32), st.sampled_from([0.0, 1.0, 3.0]))
def test_as_counted_one_by_one(n: int, k: int, seed: int, strength: float) -> None:
    luck = np.random.default_rng(seed)
    x = people(luck, n, k, strength)
    if seed % 3 == 0:
        x[:, 0] = 2  # an item that does not vary
    assert told(x) == nearly(slow(x.tolist()))


@settings(max_examples=25)
@given(st.integers(5, 80), st.integers(3, 6), st.integers(0, 2**32))
def test_as_pingouin_and_pandas(n: int, k: int, seed: int) -> None:
    x = people(np.random.default_rng(seed), n, k)
    frame = pd.DataFrame(x)
    if not (frame.var() > 0).all():
        return
    for i, (r, alpha) in enumerate(told(x)):
        rest = frame.drop(columns=i)
        if rest.sum(axis=1).var() > 0 and r is not None:
            assert r == pytest.approx(frame[i].corr(rest.sum(axis=1)), abs=1e-9)
            assert alpha == pytest.approx(pingouin.cronbach_alpha(rest)[0], abs=1e-9)


def test_alpha_if_dropped_is_alpha_of_the_others() -> None:
    luck = np.random.default_rng(11)
    tables = [people(luck, 50, 5), people(luck, 31, 5, 0.2)]
    _, without = item_analysis(complete(*tables), 5)
    for i in range(5):
        others = complete(*(np.delete(x, i, axis=1) for x in tables))
        assert without[:, i].tolist() == reliability(others, 4)["alpha"].tolist()


def test_a_perfect_item_and_its_opposite() -> None:
    x = np.array([[0, 0, 4], [1, 1, 3], [2, 2, 2], [4, 4, 0]])
    (first, _), (second, _), (third, alpha) = told(x)
    assert (third, alpha) == (-1, 1)
    assert [first, second] == [None, None]  # the sum of the others is always 4


def test_few_people_and_few_items() -> None:
    x = np.array([[0, 1, 2], [1, 1, 3], [4, 2, 2]])
    assert told(x[:2]) == [(None, None)] * 3
    assert told(x[:, :1]) == [(None, None)]
    assert [alpha for _, alpha in told(x[:, :2])] == [None, None]
    assert told(x[:, :2])[0][0] == told(x[:, :2])[1][0] == pytest.approx(np.corrcoef(x[:, 0], x[:, 1])[0, 1])


def test_numbers_too_large_for_64_bits() -> None:
    measures = complete(people(np.random.default_rng(2), 50, 4))
    few, many = item_analysis(measures, 4), item_analysis(measures * 10**14, 4)
    assert many[0] == pytest.approx(few[0], abs=1e-12)
    assert many[1] == pytest.approx(few[1], abs=1e-12)
