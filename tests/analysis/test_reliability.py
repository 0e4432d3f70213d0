"""Alpha and omega: a published example, other libraries, and the edges."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pingouin
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.analysis.reliability import one_factor, reliability
from tests.analysis.oracle import OMEGA_UNDECIDED
from tests.analysis.oracle import reliability as slow


def complete(*tables: np.ndarray) -> np.ndarray:
    """The measures of complete cases, a row a table of people x items."""
    rows = []
    for x in tables:
        i, j = np.triu_indices(x.shape[1])
        rows.append([len(x), *x.sum(axis=0), *(x[:, i] * x[:, j]).sum(axis=0)])
    return np.array(rows, dtype=np.int64)


def people(luck: np.random.Generator, n: int, k: int, strength: float = 1.0) -> np.ndarray:
    trait = strength * luck.normal(size=(n, 1))
    return np.clip(np.rint(2 + trait + luck.normal(size=(n, k))), 0, 4).astype(np.int64)


def test_alpha_as_published() -> None:
    """The questionnaire of pingouin's documentation, those with missing answers left out: 0.801695."""
    data = pingouin.read_dataset("cronbach_wide_missing").dropna().to_numpy().astype(np.int64)
    found = reliability(complete(data), data.shape[1]).iloc[0]
    assert found["alpha"] == pytest.approx(0.801695, abs=1e-6)


@settings(max_examples=40)
@given(st.integers(3, 80), st.integers(2, 7), st.integers(0, 2**32))
def test_as_pingouin_and_the_oracle(n: int, k: int, seed: int) -> None:
    luck = np.random.default_rng(seed)
    tables = [people(luck, n, k), people(luck, n + 1, k, 0.3)]
    found = reliability(complete(*tables), k)
    for row, x in enumerate(tables):
        ours = {name: None if math.isnan(v) else v for name, v in found.iloc[row].items()}
        theirs = slow(x.tolist(), k)
        if theirs["omega"] == OMEGA_UNDECIDED:
            theirs["omega"] = ours["omega"]
        assert ours == {
            name: v if v is None else pytest.approx(v, abs=1e-6 if name == "omega" else 1e-11)
            for name, v in theirs.items()
        }
        if (x.std(axis=0) > 0).all() and ours["alpha"] is not None:
            assert ours["alpha"] == pytest.approx(pingouin.cronbach_alpha(pd.DataFrame(x))[0], abs=1e-9)


def test_omega_of_a_perfect_factor() -> None:
    """With r_ij = l_i l_j the loadings come back, and omega is (sum l)² / ((sum l)² + sum(1 - l²))."""
    loadings = np.array([[0.9, 0.8, 0.7, 0.6], [0.5, 0.5, 0.5, 0.5]])
    R = loadings[:, :, None] * loadings[:, None, :]
    R[:, range(4), range(4)] = 1
    assert np.abs(one_factor(R)) == pytest.approx(loadings)


def test_omega_of_many_cells_at_once() -> None:
    luck = np.random.default_rng(4)
    tables = [people(luck, 60, 5) for _ in range(40)]
    together = reliability(complete(*tables), 5)["omega"]
    for row, x in enumerate(tables):
        expected = slow(x.tolist(), 5)["omega"]
        assert expected == OMEGA_UNDECIDED or together[row] == pytest.approx(expected, abs=1e-6)


def test_improper_and_flat_solutions_are_none() -> None:
    heywood = np.array([[1, 0.9, 0.9], [0.9, 1, 0.3], [0.9, 0.3, 1]])  # a loading of 0.9 * 0.9 / 0.3 under the root
    certain = np.array([[1, 0.8, 0.8], [0.8, 1, 0.64], [0.8, 0.64, 1]])  # a loading of exactly 1
    flat = np.array([[1, 0.5, 0], [0.5, 1, 0], [0, 0, 1]])  # any two loadings with a product of 0.5
    nothing = np.eye(3)
    found = one_factor(np.array([heywood, certain, flat, nothing]))
    assert np.isnan(found).all()


def test_few_people_and_few_items() -> None:
    x = np.array([[0, 1, 2], [1, 1, 3], [4, 2, 2]])
    assert reliability(complete(x[:2]), 3).isna().to_numpy().tolist() == [[False, True, True, True]]
    assert reliability(complete(x[:, :1]), 1).isna().to_numpy().tolist() == [[False, True, True, True]]
    assert reliability(complete(x[:, :2]), 2).isna().to_numpy().tolist() == [[False, False, False, True]]


def test_without_variance() -> None:
    same = np.full((6, 3), 2)
    one_constant = np.array([[2, 0, 1], [2, 1, 1], [2, 3, 4], [2, 4, 3]])
    opposed = np.array([[0, 4], [1, 3], [4, 0]])  # the items vary, their sum does not
    assert reliability(complete(same, one_constant), 3).isna().to_numpy().tolist() == [
        [False, True, True, True],
        [False, False, True, True],
    ]
    assert reliability(complete(opposed), 2).isna().to_numpy().tolist() == [[False, True, True, True]]


def test_numbers_too_large_for_64_bits() -> None:
    luck = np.random.default_rng(2)
    x = people(luck, 50, 4)
    measures = complete(x)
    crowd = measures * 10**14  # everybody 10^14 times
    few, many = reliability(measures, 4).iloc[0], reliability(crowd, 4).iloc[0]
    assert many["alpha"] == pytest.approx(few["alpha"], abs=1e-12)
    assert many["omega"] == pytest.approx(few["omega"], abs=1e-9)
