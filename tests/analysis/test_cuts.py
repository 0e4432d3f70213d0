"""Differences of two sortings: by example, and against every set of rows and every set of columns."""

from __future__ import annotations

import random
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from app.analysis.cuts import nobody_or_enough


def every_difference(crossed: np.ndarray) -> set[int]:
    """The people in a set of rows or in a set of columns but not in both, for all such sets."""
    rows, columns = (np.array(list(product((0, 1), repeat=size))).reshape(-1, size) for size in crossed.shape)
    within = rows @ crossed  # of each set of rows, the people by column
    people = within.sum(axis=1)[:, None] + (columns @ crossed.sum(axis=0))[None] - 2 * within @ columns.T
    return set(people.ravel().tolist())


@pytest.mark.parametrize(
    ("crossed", "holds"),
    [
        ([[10]], True),
        ([[9]], False),
        ([[0]], True),
        ([[10, 0], [0, 10]], True),  # a row is a column: their difference is nobody
        ([[20, 1], [1, 20]], False),  # the first row less the first column: two people
        ([[20, 5], [5, 20]], True),
        ([[20, 5], [4, 20]], False),
        ([[5, 5, 0], [0, 5, 5], [5, 0, 5]], True),  # a ring of thin links, two of which part it
        ([[5, 5, 0], [0, 4, 5], [5, 0, 5]], False),
        ([[8, 3, 8]], False),  # one row: each column by itself
        ([[10, 10, 0, 0], [0, 0, 10, 9]], False),  # only the second part is weak
    ],
)
def test_by_example(crossed: list[list[int]], holds: bool) -> None:
    table = np.array(crossed, dtype=np.int64)
    assert nobody_or_enough(table, 10) is nobody_or_enough(table.T, 10) is holds


@settings(max_examples=300)
@given(
    arrays(
        np.int64,
        st.tuples(st.integers(1, 6), st.integers(1, 6)),
        elements=st.one_of(st.just(0), st.integers(0, 3), st.integers(0, 40)),
    )
)
def test_the_smallest_difference_of_all_sets(crossed: np.ndarray) -> None:
    """Every threshold up to the smallest difference holds, and no other one."""
    smallest = min(every_difference(crossed) - {0}, default=None)
    for least in (1, 2, 5, 10, 17):
        assert nobody_or_enough(crossed, least) == (smallest is None or smallest >= least)
    if smallest is not None:
        assert nobody_or_enough(crossed, smallest)
        assert not nobody_or_enough(crossed, smallest + 1)


def test_up_to_twelve_rows_and_columns_together() -> None:
    """All 2^12 pairs of sets, on tables that are just strong or just weak enough."""
    luck = random.Random(11)
    seen = set()
    for _ in range(200):
        rows = luck.randint(2, 10)
        table = np.array([[luck.choice((0, 0, 1, 2, 4, 8, 30)) for _ in range(12 - rows)] for _ in range(rows)])
        holds = nobody_or_enough(table, 5)
        assert holds == (min(every_difference(table) - {0}, default=5) >= 5)
        seen.add(holds)
    assert seen == {True, False}


def test_nobody_at_all() -> None:
    assert nobody_or_enough(np.zeros((0, 3), dtype=np.int64), 5)
    assert nobody_or_enough(np.zeros((4, 0), dtype=np.int64), 5)


def test_a_long_chain_of_a_thousand_rows() -> None:
    """A thousand schools of ten in seven categories; one person who changes place is found among them all."""
    table = np.zeros((1000, 7), dtype=np.int64)
    table[np.arange(1000), np.arange(1000) % 7] = 10
    assert nobody_or_enough(table, 10)
    table[500, 0] = 1
    assert not nobody_or_enough(table, 10)
    table[500, 0] = 10
    assert nobody_or_enough(table, 10)
