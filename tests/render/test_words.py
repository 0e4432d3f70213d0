"""Numbers in words: ranges hold what they held, some are neither none nor all, and every format says the same."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.render import shown, terminal
from app.render.charts.cells import said_share
from app.render.report import figures
from app.render.words import DOWN, UP, between, counted, number, percent, points, rounded, signed

shares = st.one_of(st.floats(0, 1), st.integers(1, 3000).flatmap(lambda n: st.integers(0, n).map(lambda k: k / n)))
values = st.floats(-1000, 1000)


def read(said: str) -> Fraction:
    """Read a number as it is printed."""
    said = said.replace("\N{MINUS SIGN}", "-").lstrip("+")
    return Fraction(said.removesuffix("%")) / (100 if said.endswith("%") else 1)


@pytest.mark.parametrize(("share", "said"), [
    (0, "0%"), (1, "100%"), (0.0001, "<1%"), (0.0049, "<1%"), (0.005, "1%"), (0.995, ">99%"), (0.9949, "99%"),
    (0.125, "13%"), (0.145, "15%"), (0.285, "29%"), (0.5, "50%"), (1.2, "120%"),
])  # fmt: skip
def test_a_share_in_words(share: float, said: str) -> None:
    assert percent(share) == said


@given(shares)
def test_some_are_neither_none_nor_all(share: float) -> None:
    said = percent(share)
    assert (said == "0%") == (share == 0)
    assert (said == "100%") == (share == 1)
    if said[0] not in "<>":
        assert abs(read(said) - Fraction(share)) <= Fraction(1, 200) + Fraction(1, 10**12)


@pytest.mark.parametrize("say", [percent, number, signed])
@given(shares, shares)
def test_a_range_holds_what_it_held(say: figures.Say, one: float, other: float) -> None:
    low, high = min(one, other), max(one, other)
    least, _, most = between(low, high, say).partition(" to ")
    noise = Fraction(1, 10**12)
    assert read(least) <= Fraction(low) + noise
    assert read(most or least) >= Fraction(high) - noise


@given(values, values)
def test_a_range_of_differences_holds_what_it_held(one: float, other: float) -> None:
    low, high = min(one, other), max(one, other)
    least, _, most = between(low, high, signed).partition(" to ")
    noise = Fraction(1, 10**12)
    assert read(least) <= Fraction(low) + noise
    assert read(most or least) >= Fraction(high) - noise
    assert read(points(low, DOWN)) / 100 <= Fraction(low) + noise
    assert read(points(high, UP)) / 100 >= Fraction(high) - noise


@given(values)
def test_signs_are_minus_signs_and_0_has_none(value: float) -> None:
    for said in (number(value), signed(value), points(value)):
        assert "-" not in said
        assert (read(said) == 0) == (said in ("0", "0.00"))
    assert read(signed(value)) == read(number(value)) == Fraction(rounded(value, 2))
    assert read(signed(-value)) == -read(signed(value))


def test_what_computing_added_to_a_float_widens_nothing() -> None:
    assert between(1 - 0.9, 1 - 0.7, percent) == "10% to 30%"
    assert between(0.29, 0.57, percent) == "29% to 57%"


def test_people_are_counted() -> None:
    assert (counted(1), counted(0), counted(1397)) == ("1 person", "0 people", "1,397 people")


@settings(max_examples=50)
@given(shares)
def test_every_format_says_the_same_share(share: float) -> None:
    cell = {"group": "family", "school": None, "status": "published", "n": 12, "favorable": {"share": share}}
    told = shown.favorable(cell)
    assert told is not None
    said = {told.text, said_share(cell), figures.share_of(cell), terminal.share_of(cell["favorable"])}
    assert said == {percent(share)}


@settings(max_examples=50)
@given(shares, shares)
def test_every_format_says_the_same_range(one: float, other: float) -> None:
    band = {"low": min(one, other), "high": max(one, other)}
    cell = {"group": "family", "school": None, "status": "published", "n": 12, "favorable": band}
    told = shown.favorable(cell)
    assert told is not None
    said = {told.text, said_share(cell), figures.share_of(cell), terminal.share_of(band).replace("–", " to ")}
    assert said == {between(band["low"], band["high"], percent)}
