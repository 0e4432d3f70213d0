"""Slices: fewer cells of the same document, each of them unchanged."""

from __future__ import annotations

from typing import Any

import pytest

from app.analysis.slices import narrow
from tests.analysis.oracle import Group
from tests.analysis.waves import SCHOOLS, World, agreeing, canonical
from tests.factories import definition, en, rating

ROWS = agreeing(ash=3, birch=4, cedar=9, dogwood=9)
BOTH = [rating("informed"), rating("alone", construct=None)]
STAFF = [rating("informed", construct="other"), {"key": "again", "kind": "boolean", "text": en("Again?")}]
OTHER = [{"key": "other", "title": en("Other")}]


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    family = Group("family", definition(items=BOTH), True, 5, dict.fromkeys(SCHOOLS[:4], 20), rows=ROWS)
    staff = Group("staff", definition("staff", STAFF, constructs=OTHER), True, 5, {}, rows=ROWS)
    return World(SCHOOLS[:4], [family, staff]).summary | {"release": {"number": 1}}


def names(cells: list[dict[str, Any]]) -> list[Any]:
    return [(c["group"], c.get("schools", c["school"])) for c in cells]


def test_no_filter_is_the_document(document: dict[str, Any]) -> None:
    assert canonical(narrow(document)) == canonical(document)


def test_a_school_keeps_its_cells_its_pool_and_the_union(document: dict[str, Any]) -> None:
    found = narrow(document, schools={"birch"})
    assert names(found["items"][0]["cells"]) == [
        (g, x) for g in ("family", "staff") for x in ("birch", None, ["ash", "birch"])
    ]
    assert names(found["participation"]) == [(g, x) for g in ("family", "staff") for x in ("birch", None)]
    assert names(narrow(document, schools={"cedar"})["items"][0]["cells"])[:2] == [
        ("family", "cedar"),
        ("family", None),
    ]
    assert found["release"] == {"number": 1}


def test_a_group_keeps_its_cells_and_items(document: dict[str, Any]) -> None:
    found = narrow(document, groups={"staff"})
    assert [entry["item"] for entry in found["items"]] == ["informed", "again"]
    assert [entry["construct"] for entry in found["constructs"]] == ["other"]
    assert {cell["group"] for entry in found["items"] for cell in entry["cells"]} == {"staff"}
    assert {row["group"] for row in found["participation"]} == {"staff"}


@pytest.mark.parametrize(
    ("filters", "items", "constructs"),
    [
        ({"items": ["again"]}, ["again"], []),
        ({"items": ["again", "alone"]}, ["alone", "again"], []),
        ({"constructs": ["communication"]}, ["informed"], ["communication"]),
        ({"items": ["alone"], "constructs": ["other"]}, ["informed", "alone"], ["other"]),
        ({"items": ["unknown"]}, [], []),
    ],
)
def test_filters(document: dict[str, Any], filters: dict[str, Any], items: list[str], constructs: list[str]) -> None:
    found = narrow(document, **filters)
    assert [entry["item"] for entry in found["items"]] == items
    assert [entry["construct"] for entry in found["constructs"]] == constructs


def test_every_cell_of_a_slice_stands_in_the_document(document: dict[str, Any]) -> None:
    before = canonical(document)
    whole = [canonical(cell) for part in ("items", "constructs") for entry in document[part] for cell in entry["cells"]]
    found = narrow(document, groups={"family"}, schools={"ash"}, items=["informed"], constructs=["communication"])
    cells = [canonical(cell) for part in ("items", "constructs") for entry in found[part] for cell in entry["cells"]]
    assert cells
    assert set(cells) <= set(whole)
    assert canonical(document) == before


def test_the_document_of_an_attribute_is_narrowed_too() -> None:
    """It has no participation, and gets none."""
    plan = {"key": "plan", "kind": "boolean", "text": en("Plan?"), "attribute": True}
    family = Group("family", definition(items=[*BOTH, plan]), True, 5, {}, rows=ROWS)
    staff = Group("staff", definition("staff", [*BOTH, plan]), True, 5, {}, rows=ROWS)
    whole = World(SCHOOLS[:4], [family, staff]).by("plan")
    assert canonical(narrow(whole)) == canonical(whole)
    found = narrow(whole, groups=["staff"], items=["alone"])
    assert "participation" not in found
    assert [(e["item"], {c["group"] for c in e["cells"]}) for e in found["items"]] == [("alone", {"staff"})]
    assert found["constructs"] == []


def test_an_entry_that_had_no_cells_stays() -> None:
    """What is not comparable in a trend has no cells, and still says why."""
    entry = {"item": "a", "comparable": False, "cells": []}
    document = {"items": [entry, {"item": "b", "cells": [{"group": "family", "school": "ash"}]}], "constructs": []}
    assert narrow(document, schools={"birch"})["items"] == [entry]
