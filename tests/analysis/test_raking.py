"""Raking: against exact fractions, a published example, and by its properties."""

from __future__ import annotations

import math
import random
from fractions import Fraction

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from app.analysis.raking import NoWeights, rake

GROUPS = ("family", "liaison", "staff")
Place = tuple[str | None, str]


def oracle(people: dict[Place, int], schools: dict[str | None, int], groups: dict[str, int]) -> dict[Place, Fraction]:
    """Proportional fitting of one factor a school and one a group, in fractions cut to 40 digits."""
    a = dict.fromkeys(schools, Fraction(1))
    b = dict.fromkeys(groups, Fraction(1))
    for _ in range(400):
        for s in schools:
            there = sum((n * b[g] for (school, g), n in people.items() if school == s), Fraction(0))
            a[s] = cut(schools[s] / there)
        for g in groups:
            there = sum((n * a[s] for (s, group), n in people.items() if group == g), Fraction(0))
            b[g] = cut(groups[g] / there)
    return {(s, g): a[s] * b[g] for s, g in people}


def cut(x: Fraction) -> Fraction:
    return Fraction(round(x * 10**40), 10**40)


@st.composite
def tables(draw: st.DrawFn) -> tuple[dict[Place, int], dict[str | None, int], dict[str, int]]:
    """People everywhere, and margins of a roster that has at least as many everywhere."""
    schools = [None, "ash", "birch", "cedar"][: draw(st.integers(1, 4))]
    groups = GROUPS[: draw(st.integers(1, 3))]
    people = {(s, g): draw(st.integers(1, 60)) for s in schools for g in groups}
    roster = {place: n + draw(st.integers(0, 80)) for place, n in people.items()}
    by_school = {s: sum(n for (school, _), n in roster.items() if school == s) for s in schools}
    return people, by_school, {g: sum(n for (_, group), n in roster.items() if group == g) for g in groups}


@settings(max_examples=30)
@given(tables(), st.randoms(use_true_random=False))
def test_weights(table: tuple[dict[Place, int], dict[str | None, int], dict[str, int]], luck: random.Random) -> None:
    people, schools, groups = table
    found = rake(people, schools, groups)
    assert found.keys() == people.keys()
    assert all(weight > 0 for weight in found.values())
    for school, wanted in schools.items():
        assert abs(math.fsum(found[p] * n for p, n in people.items() if p[0] == school) - wanted) <= 1.1e-10
    for group, wanted in groups.items():
        assert abs(math.fsum(found[p] * n for p, n in people.items() if p[1] == group) - wanted) <= 1.1e-10
    exact = oracle(people, schools, groups)
    assert all(math.isclose(found[p], exact[p], rel_tol=1e-9) for p in people)
    shuffled = [luck.sample(list(part.items()), len(part)) for part in (people, schools, groups)]
    assert rake(*map(dict, shuffled)) == found  # type: ignore[arg-type]


@settings(max_examples=20)
@given(tables(), st.data())
def test_places_without_people(
    table: tuple[dict[Place, int], dict[str | None, int], dict[str, int]], data: st.DataObject
) -> None:
    """With gaps in the table there are weights that meet all margins, or an error that says which one is not met."""
    people, schools, groups = table
    kept = {place: n for place, n in people.items() if data.draw(st.booleans())}
    assume(kept)
    try:
        found = rake(kept, schools, groups)
    except NoWeights as error:
        kind, key = error.margin
        assert key in (schools if kind == "school" else groups)
        return
    assert found.keys() == kept.keys()
    assert all(weight > 0 for weight in found.values())
    for school, wanted in schools.items():
        assert math.fsum(found[p] * n for p, n in kept.items() if p[0] == school) == pytest.approx(wanted, abs=1.1e-10)


def test_a_log_linear_model_comes_to_the_same() -> None:
    """A Poisson regression on any table with the margins, the logarithm of the people as its offset (statsmodels)."""
    table = [[40, 30, 20], [35, 50, 100], [30, 80, 70], [20, 30, 40]]
    people: dict[Place, int] = {(f"s{i}", f"g{j}"): n for i, row in enumerate(table) for j, n in enumerate(row)}
    schools, groups = {"s0": 150, "s1": 300, "s2": 400, "s3": 150}, {"g0": 300, "g1": 300, "g2": 400}
    y = np.array([schools[str(s)] * groups[g] / 1000 for s, g in people])
    X = np.array([[*(s == one for one in schools), *(g == one for one in ("g1", "g2"))] for s, g in people])
    offset = np.log(list(people.values()))
    fitted = sm.GLM(y, X.astype(float), family=sm.families.Poisson(), offset=offset).fit(tol=1e-14).fittedvalues
    found = rake(people, {**schools}, groups)
    assert [found[place] * n for place, n in people.items()] == pytest.approx(fitted.tolist(), rel=1e-10)


def test_the_example_of_the_documentation() -> None:
    people: dict[Place, int] = {
        ("erving", "family"): 60, ("erving", "staff"): 20, ("leverett", "family"): 30, ("leverett", "staff"): 15,
    }  # fmt: skip
    found = rake(people, {"erving": 145, "leverett": 121}, {"family": 214, "staff": 52})
    assert {place: round(weight, 4) for place, weight in found.items()} == {
        ("erving", "family"): 2.0146, ("erving", "staff"): 1.2062,
        ("leverett", "family"): 3.1041, ("leverett", "staff"): 1.8585,
    }  # fmt: skip


def test_who_are_all_weighs_one() -> None:
    people: dict[Place, int] = {("ash", "family"): 7, ("ash", "staff"): 2, (None, "liaison"): 1}
    found = rake(people, {"ash": 9, None: 1}, {"family": 7, "staff": 2, "liaison": 1})
    assert found == dict.fromkeys(people, 1.0)


@pytest.mark.parametrize(
    ("people", "schools", "groups", "margin", "said"),
    [
        ({("ash", "family"): 3}, {"ash": 5, "birch": 2}, {"family": 7}, ("school", "birch"), "school birch: 2"),
        ({("ash", "family"): 3}, {"ash": 5, None: 2}, {"family": 7}, ("school", None), "people without a school"),
        ({("ash", "family"): 3}, {"ash": 5}, {"family": 3, "staff": 2}, ("group", "staff"), "group staff: 2"),
        ({("ash", "family"): 3, ("ash", "staff"): 1}, {"ash": 5}, {"family": 5}, ("group", "staff"), "0 eligible"),
        ({("ash", "family"): 3}, {"ash": 5}, {"family": 6}, ("group", "family"), "do not add up"),
    ],
)  # fmt: skip
def test_margins_that_cannot_be_met(
    people: dict[Place, int], schools: dict[str | None, int], groups: dict[str, int], margin: tuple[str, str], said: str
) -> None:
    with pytest.raises(NoWeights, match=said) as caught:
        rake(people, schools, groups)
    assert caught.value.margin == margin


@pytest.mark.parametrize(("staff", "family"), [(7, 3), (5, 5)])
def test_no_convergence(staff: int, family: int) -> None:
    """Families of ash alone answered there: with 5 families and 5 people at ash, birch's families would weigh 0."""
    people: dict[Place, int] = {("ash", "family"): 1, ("birch", "family"): 1, ("birch", "staff"): 1}
    with pytest.raises(NoWeights, match="does not converge"):
        rake(people, {"ash": 5, "birch": 5}, {"family": family, "staff": staff})


def test_a_million_people() -> None:
    people: dict[Place, int] = {(f"s{i}", g): 100 + i * j for i in range(250) for j, g in enumerate(GROUPS)}
    schools: dict[str | None, int] = {f"s{i}": 4000 + i for i in range(250)}
    total = sum(schools.values())
    groups = {"family": total // 2, "liaison": total // 10, "staff": total - total // 2 - total // 10}
    found = rake(people, schools, groups)
    for group, wanted in groups.items():
        assert math.fsum(found[p] * n for p, n in people.items() if p[1] == group) == pytest.approx(wanted, rel=1e-13)


def test_nobody() -> None:
    assert rake({}, {}, {}) == {}
