"""What the auditor's sets and linear programs say, against going through all possibilities."""

from __future__ import annotations

from itertools import chain, combinations, product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from app.analysis import audit_linear
from app.analysis.audit_categories import fewest
from app.analysis.audit_linear import Contradiction, Loose, System, TooLarge
from app.analysis.audit_sets import Family, members
from tests.analysis.waves import SCHOOLS

SMALL = st.integers(0, 9) | st.sampled_from([0, 0, 0, 20, 70])


def every_set(size: int) -> list[tuple[int, ...]]:
    return list(chain.from_iterable(combinations(range(size), many) for many in range(size + 1)))


# ------------------------------------------------------------------ sets of rows and columns
def differences(crossed: list[list[int]]) -> set[int]:
    """By how many people any set of rows and any set of columns differ."""
    cells = [(r, c, n) for r, row in enumerate(crossed) for c, n in enumerate(row)]
    both = product(every_set(len(crossed)), every_set(len(crossed[0])))
    return {sum(n for r, c, n in cells if (r in rows) != (c in columns)) for rows, columns in both}


@settings(max_examples=150)
@given(st.integers(1, 5), st.integers(1, 5), st.sampled_from([2, 5, 10, 62, 63, 80]), st.data())
def test_the_fewest_people_by_which_sets_differ(rows: int, columns: int, least: int, data: st.DataObject) -> None:
    row = st.lists(SMALL, min_size=columns, max_size=columns)
    crossed = data.draw(st.lists(row, min_size=rows, max_size=rows))
    small = [people for people in differences(crossed) if 0 < people < least]
    assert fewest(np.array(crossed), least) == min(small, default=0)
    assert fewest(np.array(crossed).T, least) == min(small, default=0)


@pytest.mark.parametrize("least", [5, 64])
def test_many_categories_and_more_schools(least: int) -> None:
    """Each school is a category, of 13 and more; one has three people who are in another's."""
    crossed = np.eye(20, 14, dtype=np.int64) * 100
    assert fewest(crossed, least) == 0
    crossed[3, 5] = 3
    assert fewest(crossed, least) == 3


# ------------------------------------------------------------------ cells in each other
@st.composite
def nested(draw: st.DrawFn) -> tuple[Any, ...]:
    """Cells of which none crosses another: schools, a pool or two, the union."""
    order = draw(st.permutations(SCHOOLS))
    cut = draw(st.integers(0, 6))
    pools = [tuple(sorted(part)) for part in (order[:cut], order[cut:]) if len(part) > 1]
    inner = [tuple(sorted(pool[:-1])) for pool in pools if len(pool) > 2]
    candidates = [*SCHOOLS, *pools, *inner, None]
    return tuple(draw(st.lists(st.sampled_from(candidates), unique=True, min_size=1)))


@settings(max_examples=150)
@given(nested(), st.lists(st.integers(0, 50), min_size=7, max_size=7))
def test_what_is_left_of_cells(cells: tuple[Any, ...], people: list[int]) -> None:
    family = Family.of(cells, SCHOOLS)
    assert family.crossing is None
    of = dict(zip((*SCHOOLS, None), people, strict=True))
    sets = [set(members(cell, SCHOOLS)) for cell in cells]
    left = family.remainders(np.array([[sum(of[school] for school in within)] for within in sets]))
    for place, within in enumerate(sets):
        rest = within - set().union(*(other for other in sets if other < within))
        assert set(family.remainder(place, SCHOOLS)) == rest
        assert left[place, 0] == sum(of[school] for school in rest)


@pytest.mark.parametrize(
    ("cells", "crosses"),
    [
        (("ash", ("ash", "birch"), None), False),
        ((("ash", "birch"), ("birch", "cedar"), None), True),
        ((("ash", "birch"), ("cedar", "dogwood")), False),
        ((("ash", "birch", "cedar"), ("birch", "cedar"), "cedar", None), False),
        ((("ash", "birch", "cedar"), ("cedar", "dogwood")), True),
    ],
)
def test_cells_that_cross(cells: tuple[Any, ...], crosses: bool) -> None:
    assert (Family.of(cells, SCHOOLS).crossing is not None) is crosses


def test_the_schools_of_a_cell() -> None:
    assert members(None, ("ash", "birch")) == ("ash", "birch", None)
    assert members("ash", ("ash", "birch")) == ("ash",)
    assert members(("ash", "birch"), SCHOOLS) == ("ash", "birch")
    assert members(("ash", "birch"), SCHOOLS, pooled_without_school=True) == ("ash", "birch", None)


# ------------------------------------------------------------------ linear programs
@st.composite
def systems(draw: st.DrawFn) -> tuple[System, list[int]]:
    """A few small unknowns and true things about them; their sum is known, so that they can be gone through."""
    true = draw(st.lists(st.integers(0, 3), min_size=2, max_size=5))
    system = System()
    for name in range(len(true)):
        system.unknown(name)
    factors = st.lists(st.integers(-1, 2), min_size=len(true), max_size=len(true))
    system.know(dict.fromkeys(range(len(true)), 1), sum(true), sum(true), "all")
    for row in draw(st.lists(factors, max_size=4)):
        value = sum(f * n for f, n in zip(row, true, strict=True))
        below, above = draw(st.sampled_from([(0, 0), (0, 0), (1, 0), (0, 2), (1, 1)]))
        system.know(dict(enumerate(row)), value - below, value + above, "some")
    return system, true


def solutions(system: System, true: list[int]) -> list[tuple[int, ...]]:
    found = product(range(sum(true) + 1), repeat=len(true))
    return [values for values in found if not system.broken(np.array(values))]


def ends(system: System, wanted: list[int]) -> tuple[float, float]:
    """The smallest and the largest sum of some unknowns, by a linear program each."""
    width = len(system.names)
    rows = [[row.terms.get(place, 0) for place in range(width)] for row in system.rows]
    above, below = [row.high for row in system.rows], [-row.low for row in system.rows]
    matrix = [*rows, *([-f for f in row] for row in rows)]
    found = [linprog([sign * f for f in wanted], matrix, [*above, *below]).fun for sign in (1, -1)]
    return found[0], -found[1]


@settings(max_examples=120)
@given(systems())
def test_what_is_determined(of: tuple[System, list[int]]) -> None:
    system, true = of
    loose, possible = Loose(system), solutions(system, true)
    assert tuple(true) in possible
    for chosen in every_set(len(true))[1:]:
        vector = loose.vectors(chosen).sum(axis=0)
        stays = bool(np.abs(vector).max(initial=0) < 1e-6)
        low, high = ends(system, [int(place in chosen) for place in range(len(true))])
        assert stays == (high - low < 1e-6)
        if stays:
            assert len({sum(values[place] for place in chosen) for values in possible}) == 1


@settings(max_examples=60)
@given(systems(), st.data())
def test_how_far_one_can_go(of: tuple[System, list[int]], data: st.DataObject) -> None:
    system, true = of
    factors = data.draw(st.lists(st.integers(-2, 2), min_size=len(true), max_size=len(true)))
    found = system.extreme(dict(enumerate(factors)))
    assert not system.broken(found)
    best = max(sum(f * n for f, n in zip(factors, values, strict=True)) for values in solutions(system, true))
    assert sum(f * n for f, n in zip(factors, found.tolist(), strict=True)) == best


def test_a_contradiction() -> None:
    system = System()
    here, there = system.unknown("here"), system.unknown("there")
    assert system.unknown("here") == here
    system.know({here: 1, there: 1}, 3, 3, "all")
    system.know({here: 1, there: -1}, 5, 7, "difference")
    assert [row.path for row in system.broken(np.array([3, 0]))] == ["difference"]
    with pytest.raises(Contradiction):
        Loose(system)
    with pytest.raises(Contradiction):
        system.extreme({here: 1})


def test_a_system_that_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    system = System()
    places = [system.unknown(name) for name in range(6)]
    system.know(dict.fromkeys(places, 1), 9, 9, "all")
    Loose(system)
    monkeypatch.setattr(audit_linear, "LARGEST", 5)
    with pytest.raises(TooLarge):
        Loose(system)
