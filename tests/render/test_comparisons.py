"""Gaps, trends and priorities as pages show them: the document's sentences, and nothing where it says nothing."""

from __future__ import annotations

from typing import Any

import pytest

from app.render import comparisons
from app.render.shown import Bar, Shown

NAMES = {"erving": "Erving"}
PROTECTED = {"group": "staff", "school": None, "status": "protected"}


def cell(group: str = "family", **more: Any) -> dict[str, Any]:
    favorable = {"count": 12, "share": 0.5, "low": 0.4, "high": 0.6}
    return {"group": group, "school": None, "status": "published", "n": 24, "favorable": favorable, **more}


def test_gaps_say_the_sentence_or_why_there_is_none() -> None:
    told = {"construct": "c", "title": "Care", "a": cell(), "b": cell("staff"), "reading": "They differ."}
    untold = {"item": "i", "construct": None, "text": "One?", "a": cell(), "b": PROTECTED, "reading": None,
              "reason": "Staff are not shown."}  # fmt: skip
    constructs, items = comparisons.gaps({"a": "family", "b": "staff", "constructs": [told], "items": [untold]}, NAMES)
    (care,), (one,) = constructs, items
    assert (care.words, care.says, care.compared) == ("Care", "They differ.", True)
    assert [(side, line.n) for side, line in care.sides] == [("Families", "24"), ("Staff", "24")]
    assert (one.construct, one.item, one.says, one.compared) == ("-", "i", "Staff are not shown.", False)
    assert one.sides[1][1].withheld


@pytest.mark.parametrize(
    ("side", "shown"),
    [
        (None, None),
        ({"status": "protected"}, Shown("withheld")),
        ({"status": "published", "mean": {"value": 3.456}, "favorable": None}, Shown("3.46")),
        ({"status": "published", "mean": {"value": None}, "favorable": None}, None),
        ({"status": "published", "mean": {"value": 3}, "favorable": {"share": 0.25}},
         Shown("25%", bar=Bar("0%", "25.00%"))),
    ],
)  # fmt: skip
def test_trends_show_both_sides(side: Any, shown: Shown | None) -> None:
    places = [
        {"group": "family", "school": school, "earlier": side, "later": side, "verdict": verdict, "reading": reading}
        for school, verdict, reading in (("erving", "cannot_tell", "No."), (None, "down", "Down."))
    ]
    entries = [
        {"construct": "c", "title": "Care", "groups": ["family"], "comparable": True, "cells": places},
        {"construct": "d", "title": "Data", "groups": ["family"], "comparable": False, "cells": [], "reason": "New."},
    ]
    (family,) = comparisons.trends({"constructs": entries, "items": []}, NAMES)
    care, data = family.constructs
    assert care.whole is not None
    assert (care.whole.later, care.whole.sign, care.whole.verdict, care.whole.says) == (shown, "▼", "down", "Down.")
    assert [(place.place, place.earlier, place.verdict) for place in care.places] == [("Erving", shown, "cannot tell")]
    assert (data.whole, data.places, data.says) == (None, (), "New.")


def test_priorities_in_their_order_and_withheld_ones_without_figures() -> None:
    shown = {
        "group": "staff", "construct": "c", "title": "Care", "status": "published", "n": 1234, "rank": 1,
        "need": {"value": 0.62, "low": 0.55, "high": 0.7}, "breadth": {"below": 1, "of": 4},
        "importance": {"value": 0.42, "low": 0.3, "high": 0.53, "n": 90}, "reading": "Much.",
    }  # fmt: skip
    hidden = {"group": "staff", "construct": "d", "title": "Data", "status": "protected"}
    document = {"constructs": [shown, hidden], "items": [], "outcomes": {"staff": {"text": "Overall?"}}}
    (staff,) = comparisons.priorities(document)
    care, data = staff.constructs
    assert care == comparisons.Priority(
        "c", None, "Care", "1", Shown("62%", "55% to 70%", Bar("0%", "62.00%", low="55.00%", width="15.00%")),
        "1,234", "1 of 4", "0.42 (0.30 to 0.53)", "Much.",
    )  # fmt: skip
    assert data == comparisons.Priority("d", None, "Data", "", Shown("withheld"), "withheld", "", "", "")
    assert staff.outcome == "Overall?"
