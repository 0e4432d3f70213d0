"""Figures as text: rounded so that nothing is said that is not so, and withheld without a trace."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import strategies as st

from app.render import shown, turnout

shares = st.floats(0, 1)
NAMES = {"erving": "Erving Elementary", "leverett": "Leverett Elementary", "swift-river": "Swift River School"}


# ------------------------------------------------------------------ cells
PROTECTED = {"group": "staff", "school": "erving", "status": "protected"}


def cell(**more: Any) -> dict[str, Any]:
    return {"group": "staff", "school": "erving", "status": "published", "n": 24, **more}


def test_a_withheld_cell_says_that_and_nothing_else() -> None:
    line = shown.line(PROTECTED, NAMES)
    assert line == shown.Line(
        "Erving Elementary", "erving", shown.Shown("withheld"), shown.Shown("withheld"), "withheld"
    )
    assert not re.search(r"\d", repr(line))
    assert turnout.turnout({"cells": [PROTECTED]}, NAMES)[0].schools == (
        turnout.Turnout("Erving Elementary", "erving", "withheld"),
    )


def test_exact_banded_and_neither() -> None:
    exact = shown.favorable(cell(favorable={"count": 17, "share": 0.708, "low": 0.6099, "high": 0.7901}))
    assert exact == shown.Shown("71%", "60% to 80%", shown.Bar("0%", "70.80%", low="60.99%", width="18.02%"))
    banded = shown.favorable(cell(favorable={"low": 0.625, "high": 0.7083}))
    assert banded == shown.Shown("62% to 71%", bar=shown.Bar("62.50%", "8.33%", band=True))
    census = shown.favorable(cell(favorable={"count": 17, "share": 0.708, "low": 0.708, "high": 0.708}))
    assert census == shown.Shown("71%", bar=shown.Bar("0%", "70.80%"))
    assert shown.favorable(cell(favorable={"count": 0, "share": None, "low": None, "high": None})) == shown.Shown(
        "no answers"
    )
    assert shown.favorable(cell()) is None


def test_averages() -> None:
    mean = {"value": 3.796, "sd": 0.9, "se": 0.1, "low": 3.584, "high": 4.001}
    assert shown.average(cell(mean=mean)) == shown.Shown("3.80", "3.58 to 4.01")
    assert shown.average(cell(mean={**mean, "low": None, "high": None})) == shown.Shown("3.80")
    assert shown.average(cell(mean=dict.fromkeys(mean))) == shown.Shown("no answers")
    assert shown.average(cell()) is None


def test_places() -> None:
    assert shown.place({"school": "swift-river"}, NAMES) == "Swift River School"
    assert shown.place({"school": None}, NAMES) == "All schools"
    pool = {"school": None, "schools": ["erving", "leverett"]}
    assert shown.place(pool, NAMES) == "Erving Elementary and Leverett Elementary together"
    assert shown.is_union({"school": None})
    assert not shown.is_union(pool)


# ------------------------------------------------------------------ participation
def test_participation_says_how_many_and_what_is_missing() -> None:
    document = {
        "cells": [
            {"group": "staff", "school": "erving", "eligible": 29, "responses": 9, "rate": 9 / 29, "needed": 1},
            {"group": "staff", "school": "leverett", "eligible": None, "responses": 1204, "rate": None, "needed": 0},
            {"group": "staff", "school": None, "eligible": 10, "responses": 12, "rate": 1.2, "needed": 0},
            {"group": "family", "school": "erving", "eligible": 5, "responses": 2, "rate": 0.4, "needed": 8},
        ]
    }
    family, staff = turnout.turnout(document, NAMES)
    assert (family.title, family.whole) == ("Families", None)
    (too_small,) = family.schools
    assert (too_small.needed, too_small.minimum) == ("8 short of the minimum of 10", None)  # the mark would be outside
    erving, leverett = staff.schools
    assert (erving.answered, erving.rate, erving.length) == ("9 of 29", "31%", "31.03%")
    assert (erving.needed, erving.minimum) == ("1 short of the minimum of 10", "34.48%")
    assert (leverett.answered, leverett.rate, leverett.length) == ("1,204 answered, no roster", "", None)
    assert staff.whole is not None
    assert (staff.whole.rate, staff.whole.length) == ("more than the roster has", "100.00%")
