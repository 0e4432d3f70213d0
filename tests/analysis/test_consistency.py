"""The document of reliability: the same cells as a summary's, from rows one by one, and what is withheld."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings

from app.analysis.consistency import consistency, narrow_cells
from tests.analysis.comparing import differences
from tests.analysis.oracle import Group, OneGroup, Row
from tests.analysis.oracle import reliability as slow_reliability
from tests.analysis.test_item_analysis import slow as slow_items
from tests.analysis.waves import SCHOOLS, World, cell_of, worlds
from tests.factories import definition, rating


def of(world: World, audience: str = "director") -> dict[str, Any]:
    return consistency(world.facts, world.sealed, audience)


def slow_cell(here: OneGroup, key: str, cell: tuple[str | None, ...]) -> dict[str, Any]:
    """What a cell says, from the rows of the people in it."""
    parts = here.items_of(key)
    complete = [
        [here.score(i, answers[i["key"]]) for i in parts]
        for answers in here.rows(cell)
        if all(here.state(i, answers) == "n" for i in parts)
    ]
    found = slow_reliability(complete, len(parts))
    items = slow_items(complete) if len(complete) > 2 else [(None, None)] * len(parts)
    warnings = ["low_reliability"] if found["alpha"] is not None and found["alpha"] < 0.5 else []
    warnings += ["few_people"] if len(complete) < 30 else []
    told = [{"item": i["key"], "item_rest": r, "alpha_if_dropped": a} for i, (r, a) in zip(parts, items, strict=True)]
    return found | {"items": told} | ({"warnings": warnings} if warnings else {})


def slow(world: World) -> list[dict[str, Any]]:
    """The constructs of the document: those of a summary, with other cells."""
    entries: dict[str, dict[str, Any]] = {
        e["construct"]: {k: v for k, v in e.items() if k != "cells"} | {"cells": []}
        for e in world.expected["constructs"]
    }
    for group in world.groups:
        here = OneGroup(group, world.schools)
        for construct in here.definition["constructs"]:
            key = construct["key"]
            if here.items_of(key):
                cells = here.cells(here.construct_level(key), lambda c, key=key, here=here: slow_cell(here, key, c))
                entries[key]["cells"] += [enough(cell, group) for cell in cells]
    return list(entries.values())


def enough(cell: dict[str, Any], group: Group) -> dict[str, Any]:
    if not group.confidential or cell["status"] == "protected" or cell["n"] >= group.k:
        return cell
    kept = {k: v for k, v in cell.items() if k in ("group", "school", "schools")}
    return kept | {"status": "protected"}


@settings(max_examples=25)
@given(worlds())
def test_as_counted_one_by_one(world: World) -> None:
    document = of(world)
    assert differences(document["constructs"], slow(world)) == []
    head = {k: v for k, v in document.items() if k != "constructs"}
    assert head == {k: v for k, v in world.summary.items() if k in head}


@settings(max_examples=15)
@given(worlds())
def test_a_cell_says_what_the_summary_says(world: World) -> None:
    """The same cells; where the summary has no reliability, they are protected here."""
    for ours, theirs in zip(of(world)["constructs"], world.summary["constructs"], strict=True):
        assert [ours[k] for k in ("construct", "title", "setting", "items")] == [
            theirs[k] for k in ("construct", "title", "setting", "items")
        ]
        for cell, other in zip(ours["cells"], theirs["cells"], strict=True):
            assert all(cell.get(k) == other.get(k) for k in ("group", "school", "schools"))
            if other.get("reliability") is None:
                assert cell["status"] == "protected"
                assert cell.keys() <= {"group", "school", "schools", "status"}
            else:
                assert {k: cell[k] for k in other["reliability"]} == other["reliability"]


AGREE = ("strongly_disagree", "disagree", "neutral", "agree", "strongly_agree")
EXAMPLE = [(4, 5, 4), (3, 3, 4), (5, 5, 5), (2, 3, 3), (4, 4, 3), (1, 2, 2), (3, 4, 5)]
"""The ratings of docs/statistics.md: seven people, three items."""


def rows_of(scores: list[tuple[int | None, ...]], school: str = "ash") -> list[Row]:
    keys = ("informed", "heard", "welcome")
    return [(school, {k: AGREE[s - 1] for k, s in zip(keys, row, strict=True) if s is not None}) for row in scores]


def wave_of(rows: list[Row], k: int = 5, **more: Any) -> World:
    raw = definition(items=[rating("informed"), rating("heard"), rating("welcome")])
    return World(SCHOOLS[:2], [Group("family", raw, more.pop("confidential", True), k, {}, rows=rows)])


def test_the_example_of_the_documentation() -> None:
    (construct,) = of(wave_of(rows_of(EXAMPLE)))["constructs"]
    cell = cell_of(construct, None)
    assert cell["n"] == 7
    assert [round(cell[name], 3) for name in ("alpha", "alpha_standardized", "omega")] == [0.913, 0.916, 0.922]
    assert [(i["item"], round(i["item_rest"], 3), round(i["alpha_if_dropped"], 3)) for i in cell["items"]] == [
        ("informed", 0.872, 0.844), ("heard", 0.906, 0.815), ("welcome", 0.728, 0.951),
    ]  # fmt: skip


def test_too_few_complete_answers_protect_a_cell() -> None:
    """Five of seven answer each of two items in one school, but only three of them both."""
    a, b, c, d, *rest = EXAMPLE
    birch = rows_of([(None, *a[1:]), (None, *b[1:]), (c[0], None, c[2]), (d[0], None, d[2]), *rest], "birch")
    world = wave_of(rows_of(EXAMPLE) + birch)
    (construct,) = of(world)["constructs"]
    assert [(c["school"], c["status"], c.get("n")) for c in construct["cells"]] == [
        ("ash", "published", 7), ("birch", "protected", None), (None, "published", 10),
    ]  # fmt: skip
    free = wave_of(rows_of(EXAMPLE) + birch, 1, confidential=False)
    (construct,) = of(free)["constructs"]
    assert [(c["school"], c["status"], c.get("n")) for c in construct["cells"]] == [
        ("ash", "published", 7), ("birch", "published", 3), (None, "published", 10),
    ]  # fmt: skip


def test_slices() -> None:
    rows = rows_of(EXAMPLE * 2) + rows_of(EXAMPLE, "birch")
    document = of(wave_of(rows))
    (construct,) = narrow_cells(document, {"birch"}, ("communication",))["constructs"]
    assert [c["school"] for c in construct["cells"]] == ["birch", None]
    assert narrow_cells(document, None, ("other",))["constructs"] == []
    assert narrow_cells(document, None) == document


def test_the_seal_and_the_instrument_belong_together() -> None:
    world = wave_of(rows_of(EXAMPLE))
    sealed = world.sealed
    world.facts.groups[0].__dict__["instrument"] = "family@2"
    with pytest.raises(ValueError, match="sealed with family@1"):
        consistency(world.facts, sealed, "director")
