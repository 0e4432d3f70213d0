"""Sentences on differences: by the table of the rule, and that none says more than the interval."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.analysis.readings import Measured, of_difference, of_groups

AGREE = Measured("Heard.", 1, 5)


def told(
    low: float, high: float, p: float = 0.001, p_adjusted: float | None = None, *, of: Measured = AGREE, **more: Any
) -> str:
    middle = (low + high) / 2
    delta = more.pop("delta", middle / 4)
    test = {"p": p, "p_adjusted": p if p_adjusted is None else p_adjusted}
    mean = {"value": middle, "low": low, "high": high}
    return of_difference("family", "staff", of, mean, test, delta, more.pop("school", None))


@pytest.mark.parametrize(
    ("low", "high", "sentence"),
    [
        (-0.9, -0.2, "Families rate “Heard” clearly lower than staff do, on average by 0.20 to 0.90 points on"),
        (0.2, 0.9, "Families rate “Heard” clearly higher than staff do, on average by 0.20 to 0.90 points on"),
        (0.19, 0.9, "Families rate “Heard” higher than staff do, on average by 0.19 to 0.90 points on"),
        (0.05, 0.2, "Families rate “Heard” slightly higher than staff do, on average by 0.05 to 0.20 points on"),
        (-0.2, -0.004, "Families rate “Heard” slightly lower than staff do, on average by up to 0.20 points on"),
        (1, 9.5, "Families rate “Heard” clearly higher than staff do, on average by 1.00 to 4.00 points on"),
        (-0.2, 0.12, "Families and staff rate “Heard” about alike: on average they differ by at most 0.20 points on"),
    ],
)  # fmt: skip
def test_what_an_interval_supports(low: float, high: float, sentence: str) -> None:
    assert told(low, high) == f"{sentence} the scale from 1 to 5."


@pytest.mark.parametrize(
    ("low", "high", "span"),
    [
        (-0.3, 0.12, "0.30 lower to 0.12 higher"),
        (0.0, 0.5, "0.00 lower to 0.50 higher"),
        (-9, 4.1, "4.00 lower to 4.00 higher"),
    ],
)  # fmt: skip
def test_what_cannot_be_told(low: float, high: float, span: str) -> None:
    """Whatever the test says."""
    for p in (0.0001, 0.9):
        assert told(low, high, p) == (
            "It cannot be told whether families rate “Heard” higher or lower than staff do: "
            f"the average may be anything from {span}."
        )


def test_what_is_not_sure() -> None:
    seem = "Families seem to rate “Heard” higher than staff do, but"
    assert told(0.3, 0.9, 0.01, 0.05) == f"{seem} among so many comparisons this may be chance."
    assert told(0.3, 0.9, 0.05, 0.05) == f"{seem} ranking the answers does not confirm it."
    assert told(0.3, 0.9, 0.01, 0.01, delta=-0.1) == f"{seem} ranking the answers does not confirm it."
    assert told(0.3, 0.9, 0.01, 0.01, delta=0.0) == f"{seem} ranking the answers does not confirm it."


def test_other_kinds_of_questions() -> None:
    number = Measured("Meetings", 0, 40, is_number=True)
    many = "Families give clearly higher numbers than staff do for “Meetings”, on average by 2.00 to 3.00."
    assert told(2, 3, of=number) == many
    assert told(-1, 2, of=number) == (
        "Families and staff give about the same numbers for “Meetings”: on average they differ by at most 2.00."
    )
    turned = Measured("Families wait.", 1, 5, is_reversed=True)
    assert told(-0.9, -0.3, of=turned).startswith(
        "Families rate “Families wait” (scored in reverse) clearly lower than"
    )
    assert told(-0.9, -0.3, school="swift-river").startswith("At Swift River, families rate")


def test_several_groups() -> None:
    three = ["family", "staff", "school_leader"]
    heard = "families, staff and school leaders"
    assert of_groups(three, AGREE, 0.049, None) == f"F{heard[1:]} do not all rate “Heard” alike."
    assert of_groups(three, AGREE, 0.05, None) == f"It cannot be told whether {heard} rate “Heard” alike."
    number = Measured("Meetings", 0, 40, is_number=True)
    assert (
        of_groups(three, number, 0.01, "erving")
        == f"At Erving, {heard} do not all give the same numbers for “Meetings”."
    )


limits = st.floats(-6, 6)


@given(limits, limits, st.floats(0, 1), st.floats(0, 1), st.floats(-1, 1))
def test_no_sentence_says_more_than_the_interval(x: float, y: float, p: float, more: float, delta: float) -> None:
    low, high = sorted((x, y))
    sentence = told(low, high, p, min(1, p + more), delta=delta)
    numbers = [float(number) for number in re.findall(r"\d\.\d\d", sentence)]
    near, far = sorted((abs(low), abs(high)))
    if " than staff do, on average" in sentence:
        assert ("higher" in sentence) == (low > 0) != ("lower" in sentence)
        assert not low <= 0 <= high
        assert delta != 0
        assert (delta > 0) == (low > 0)
        assert p + more < 0.05
        assert ("clearly" in sentence) <= (near >= 0.2)
        assert ("slightly" in sentence) <= (far <= 0.2)
        assert numbers[-1] >= min(far, 4)
        assert len(numbers) == 1 or numbers[0] <= near
    elif "about alike" in sentence:
        assert far <= 0.2
        assert numbers[-1] >= far
    elif "cannot be told" in sentence:
        assert low <= 0 <= high
        assert numbers[0] >= min(-low, 4)
        assert numbers[1] >= min(high, 4)
    else:
        assert "seem" in sentence
        assert not numbers
    assert sentence[0].isupper()
    assert sentence.endswith(".")
