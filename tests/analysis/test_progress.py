"""Verdicts of goals: the rule, its reasons, its words, and the smallest change that is proposed."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from app.analysis.progress import REASONS, Target, judge, overall, reading, smallest

UP = Target("mean", 4.2, sure=False)


def cell(later: float, low: float | None, high: float | None, **more: Any) -> dict[str, Any]:
    """A cell of a trend from a mean of 3.9; 40 of 100 people answered each time."""
    side = {"status": "published", "n": 40, "eligible": 100, "favorable": None}
    return {
        "group": "family",
        "school": "swift-river",
        "earlier": side | {"mean": {"value": 3.9, "sd": 0.8}},
        "later": side | {"mean": {"value": later, "sd": 0.8}},
        "change": {"mean": {"value": later - 3.9, "se": 0.1, "low": low, "high": high}, "favorable": None},
        **more,
    }


@pytest.mark.parametrize(
    ("later", "low", "high", "sure", "found"),
    [
        (4.3, 0.1, 0.7, False, ("met", None)),
        (4.3, 0.1, 0.7, True, ("cannot_tell", "not_surely_reached")),
        (4.6, 0.35, 1.05, True, ("met", None)),
        (4.3, -0.1, 0.9, False, ("cannot_tell", "reached_unclear")),
        (4.2, 0.1, 0.5, False, ("met", None)),  # reached exactly
        (4.1, -0.1, 0.5, False, ("cannot_tell", "within_reach")),
        (4.0, -0.1, 0.29, False, ("not_met", None)),
        (3.5, -0.6, -0.2, False, ("not_met", None)),
        (4.3, None, None, False, ("cannot_tell", "no_interval")),
    ],
)
def test_the_rule(later: float, low: float, high: float, sure: bool, found: tuple[str, str | None]) -> None:
    assert judge(cell(later, low, high), 3.9, Target("mean", 4.2, sure)) == found


def test_a_goal_may_be_to_go_down() -> None:
    down = Target("mean", 3.5, sure=False)
    assert judge(cell(3.4, -0.9, -0.1), 3.9, down) == ("met", None)
    assert judge(cell(3.6, -0.6, 0.0), 3.9, down) == ("cannot_tell", "within_reach")
    assert judge(cell(3.8, -0.3, 0.1), 3.9, down) == ("not_met", None)
    assert judge(cell(3.4, -1.0, 0.1), 3.9, down) == ("cannot_tell", "reached_unclear")


def test_answers_without_variance_decide_only_of_everybody() -> None:
    same = cell(4.3, 0.4, 0.4)
    same["change"]["mean"]["se"] = 0.0
    assert judge(same, 3.9, UP) == ("cannot_tell", "no_variance")
    for side in ("earlier", "later"):
        same[side] = same[side] | {"eligible": 40}
    assert judge(same, 3.9, UP) == judge(same, 3.9, Target("mean", 4.2, sure=True)) == ("met", None)


def test_what_is_withheld_gives_no_verdict() -> None:
    hidden = {"group": "staff", "school": None, "earlier": None, "later": {"status": "protected"}, "change": None}
    assert judge(hidden | {"reason_code": "protected"}, 3.9, UP) == ("cannot_tell", "protected")
    said = reading(hidden, "I am heard.", "Fall 2026", UP, 3.9, ("cannot_tell", "protected"))
    assert said == (
        "Staff on “I am heard”: it cannot be told whether Fall 2026 meets the goal: "
        "the figure is not shown in one of the waves."
    )


def test_the_sentence_of_a_verdict() -> None:
    said = reading(cell(4.3, 0.1, 0.7), "Communication", "Fall 2026", UP, 3.9, ("met", None))
    assert said == (
        "Families of Swift River on “Communication”: the goal is met. "
        "3.90 before, 4.30 in Fall 2026, target 4.20; change +0.40, 95% interval +0.10 to +0.70."
    )
    share = cell(0, 0, 0)
    share["later"]["favorable"] = {"count": 20, "share": 0.5}
    share["change"]["favorable"] = {"value": -0.1, "low": -0.25, "high": 0.05}
    aim = Target("favorable", 0.7, sure=False)
    assert judge(share, 0.6, aim) == ("not_met", None)
    assert reading(share, "Plan", "F", aim, 0.6, ("not_met", None)).endswith(
        "the goal is not met. 60.0% before, 50.0% in F, target 70.0%; change −10.0, 95% interval −25.0 to +5.0 "
        "percentage points."
    )


def test_several_places_together() -> None:
    assert overall(["met", "met"]) == "met"
    assert overall(["met", "cannot_tell"]) == "cannot_tell"
    assert overall(["cannot_tell", "not_met", "met"]) == "not_met"
    assert overall([]) == "cannot_tell"


numbers = st.floats(-2, 2).map(lambda x: round(x, 3))


@given(later=numbers, width=st.floats(0.001, 2), easy=st.floats(0.01, 1), hard=st.floats(0, 1), sure=st.booleans())
def test_what_meets_a_target_meets_an_easier_one(
    later: float, width: float, easy: float, hard: float, sure: bool
) -> None:
    """And what misses a target misses a harder one; no target is met and missed."""
    rank = {"not_met": 0, "cannot_tell": 1, "met": 2}
    one = cell(3.9 + later, later - width, later + width)
    targets = [Target("mean", 3.9 + value, sure) for value in (easy, easy + hard)]
    verdicts = [judge(one, 3.9, target) for target in targets]
    assert rank[verdicts[0][0]] >= rank[verdicts[1][0]]
    assert all(code is None or code in REASONS for _, code in verdicts)
    mirrored = cell(3.9 - later, -later - width, -later + width)
    down = [judge(mirrored, 3.9, Target("mean", 3.9 - value, sure)) for value in (easy, easy + hard)]
    edges = [end - aim for end in (later - width, later, later + width) for aim in (0, easy, easy + hard)]
    if all(abs(edge) > 1e-9 for edge in edges):  # at an edge itself, the last binary digit decides
        assert down == verdicts


@given(n=st.integers(2, 300), more=st.integers(0, 300), sd=st.floats(0.1, 2), count=st.data())
def test_the_smallest_change(n: int, more: int, sd: float, count: st.DataObject) -> None:
    good = count.draw(st.integers(0, n))
    one = {
        "n": n,
        "eligible": n + more,
        "mean": {"value": 3.0, "sd": sd},
        "favorable": {"count": good, "share": good / n},
    }
    se = math.sqrt(2 * (1 - n / (n + more)) * sd * sd / n)
    wanted = (stats.t.ppf(0.975, 2 * n - 2) + stats.t.ppf(0.8, 2 * n - 2)) * se
    found = smallest(one, "mean")
    assert found == pytest.approx(wanted, rel=1e-9)
    p = good / n
    spread = math.sqrt(p * (1 - p) * 2 / n)
    share = smallest(one, "favorable")
    if good in (0, n):
        assert share is None
    else:
        assert share == pytest.approx((stats.norm.ppf(0.975) + stats.norm.ppf(0.8)) * spread, rel=1e-9)


def test_no_smallest_change_where_nothing_varies_or_nobody_is_there() -> None:
    one: dict[str, Any] = {"n": 1, "eligible": 9, "mean": {"value": 3.0, "sd": None}, "favorable": None}
    assert smallest(one, "mean") is None
    assert smallest(one, "favorable") is None
    assert smallest(one | {"n": 0, "mean": None}, "mean") is None
    assert smallest(one | {"n": 5, "mean": {"value": 3.0, "sd": 0.0}}, "mean") is None
    assert smallest(one | {"n": 9, "mean": {"value": 3.0, "sd": 1.0}}, "mean") == 0
    unknown = smallest({"n": 20, "eligible": None, "mean": {"value": 3.0, "sd": 1.0}, "favorable": None}, "mean")
    assert unknown == pytest.approx((stats.t.ppf(0.975, 38) + stats.t.ppf(0.8, 38)) * math.sqrt(2 / 20))
