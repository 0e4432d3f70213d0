"""Breakdowns by attribute: against the row-by-row oracle, by their properties, and by example."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.analysis.sealed import Sealed
from tests.analysis.breakdown_oracle import is_attribute
from tests.analysis.comparing import differences
from tests.analysis.oracle import Group, Row
from tests.analysis.waves import SCHOOLS, World, canonical, worlds
from tests.factories import AGREE, definition, en, options, rating

ATTRIBUTES = ("plan", "again")


def groups_by(world: World, attribute: str) -> list[str]:
    return [group.group for group in world.groups if is_attribute(group, attribute)]


def attributes_of(world: World) -> list[str]:
    return [key for key in ATTRIBUTES if groups_by(world, key)]


# ------------------------------------------------------------------ on any wave
@settings(max_examples=60)
@given(worlds())
def test_every_leaf_is_the_oracles(world: World) -> None:
    for attribute in attributes_of(world):
        assert differences(world.by(attribute), world.expected_by(attribute)) == []


@settings(max_examples=30)
@given(worlds())
def test_the_same_document_from_the_bytes(world: World) -> None:
    data = world.sealed.dump()
    loaded = Sealed.load(data)
    assert loaded.dump() == data
    for attribute in attributes_of(world):
        again = world.by(attribute, sealed=loaded)
        assert canonical(again) == canonical(world.by(attribute))


@settings(max_examples=25)
@given(worlds(most=1), st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_no_byte(world: World, luck: random.Random) -> None:
    (group,) = world.groups
    rows = luck.sample(group.rows, len(group.rows))
    other = World(world.schools, [Group(**{**vars(group), "rows": rows})])
    for attribute in attributes_of(world):
        assert canonical(other.by(attribute)) == canonical(world.by(attribute))


# ------------------------------------------------------------------ by example
PLAN: dict[str, Any] = {
    "key": "plan", "kind": "single", "options": options("yes", "no", "soon"), "text": en("Plan?"), "attribute": True,
}  # fmt: skip


def rows_of(**people: int) -> list[Row]:
    """So many people of each category, `none` without an answer, in two schools, who agree more and more."""
    return [
        (SCHOOLS[i % 2], {"informed": AGREE[i % 5], "heard": "agree", "plan": None if plan == "none" else plan})
        for plan, n in people.items()
        for i in range(n)
    ]


def group_of(group: str = "family", plan: dict[str, Any] = PLAN, k: int = 10, **more: Any) -> Group:
    raw = definition(group, [rating("informed"), rating("heard"), plan])
    return Group(group, raw, more.pop("confidential", True), k, more.pop("roster", {}), **more)


def cells(entry: dict[str, Any], group: str = "family") -> list[tuple[Any, Any, str, Any]]:
    """Category, members of a pool, status and n of each cell."""
    mine = [c for c in entry["cells"] if c["group"] == group]
    return [(c["category"], c.get("categories"), c["status"], c.get("n")) for c in mine]


def test_the_cells_of_one_group() -> None:
    rows = rows_of(yes=20, no=24, soon=4, none=7)
    informed, heard = World(SCHOOLS[:2], [group_of(rows=rows)]).by("plan")["items"]
    for entry in (informed, heard):
        assert cells(entry) == [
            ("yes", None, "published", 20), ("no", None, "published", 24), ("soon", None, "protected", None),
            (None, None, "protected", None), ("other", ["soon", None], "published", 11),
        ]  # fmt: skip
    assert informed["cells"][2] == {"group": "family", "school": None, "category": "soon", "status": "protected"}
    assert {k: informed["cells"][0][k] for k in ("school", "n", "missing", "not_applicable", "not_asked")} == {
        "school": None, "n": 20, "missing": 0, "not_applicable": 0, "not_asked": 0,
    }  # fmt: skip


def test_no_population_is_known_of_a_category() -> None:
    """Even where all who are eligible have answered, a category has no correction, no bounds and no strata."""
    rows = rows_of(yes=20, no=20)
    world = World(SCHOOLS[:2], [group_of(rows=rows, roster={"ash": 20, "birch": 20})])
    by, summary = world.by("plan"), world.summary
    assert [c["mean"]["se"] for c in summary["items"][0]["cells"]] == [0, 0, 0]
    for entry in (by["items"][0], by["constructs"][0]):
        for cell in entry["cells"][:2]:
            assert cell["eligible"] is None
            assert cell["mean"]["se"] > 0
            assert not {"stratified", "kish_design_effect"} & cell.keys()
    assert {(c["favorable"]["floor"], c["favorable"]["ceiling"]) for c in by["items"][0]["cells"][:2]} == {(None, None)}


def test_the_attribute_is_no_item_of_its_document() -> None:
    by = World(SCHOOLS[:2], [group_of(rows=rows_of(yes=20, no=20))]).by("plan")
    assert [entry["item"] for entry in by["items"]] == ["informed", "heard"]
    assert (by["attribute"], by["text"]) == ("plan", "Plan?")
    assert by["options"] == [{"value": v, "label": v} for v in ("yes", "no", "soon")]


def test_each_group_has_its_own_categories() -> None:
    """Staff have other options; leaders are attributed; liaisons are asked the same, but not as an attribute."""
    outside = {"value": "unsure", "label": en("Unsure"), "not_applicable": True}
    other = {**PLAN, "options": [*options("no", "never"), outside], "text": en("Your plan?")}
    unsure = [("ash", {"informed": "agree", "heard": "agree", "plan": "unsure"})] * 12
    groups = [
        group_of(rows=rows_of(yes=20, no=20)),
        group_of("staff", other, rows=[*rows_of(no=15, never=15), *unsure]),
        group_of("school_leader", k=1, confidential=False, rows=rows_of(yes=1)),
        group_of("liaison", {**PLAN, "attribute": False}, k=1, confidential=False, rows=rows_of(yes=1)),
    ]
    world = World(SCHOOLS[:2], groups)
    by = world.by("plan")
    assert list(by["promise"]) == ["family", "staff", "school_leader"]
    assert by["options"] == [
        *({"value": v, "label": v} for v in ("yes", "no", "soon", "never")),
        {"value": "unsure", "label": "Unsure", "not_applicable": True},
    ]
    (entry,) = [e for e in by["items"] if e["item"] == "informed"]
    assert [c[0] for c in cells(entry)] == ["yes", "no", "soon", None]
    assert cells(entry, "staff") == [
        ("no", None, "published", 15), ("never", None, "published", 15), (None, None, "published", 12),
    ]  # fmt: skip
    assert cells(entry, "school_leader") == [
        ("yes", None, "published", 1), ("no", None, "published", 0), ("soon", None, "published", 0),
        (None, None, "published", 0),
    ]  # fmt: skip
    assert differences(by, world.expected_by("plan")) == []


def test_reliability_of_few_in_a_category_is_none() -> None:
    """Sixteen and sixteen people, of whom in one category only nine answered both items."""
    rows = rows_of(yes=16, no=9) + [(s, a | {"heard": None}) for s, a in rows_of(no=3)]
    rows += [(s, a | {"informed": None}) for s, a in rows_of(no=4)]
    (construct,) = World(SCHOOLS[:2], [group_of(rows=rows)]).by("plan")["constructs"]
    yes, no = construct["cells"][:2]
    assert (yes["n"], yes["reliability"]["n"]) == (16, 16)
    assert (no["n"], no["reliability"]) == (16, None)


def test_a_summary_needs_the_instrument_it_was_sealed_with() -> None:
    world = World(SCHOOLS[:2], [group_of(rows=rows_of(yes=20, no=20))])
    sealed = world.sealed
    world.facts.groups[0].__dict__["instrument"] = "family@2"
    with pytest.raises(ValueError, match="sealed with family@1"):
        world.by("plan", sealed=sealed)
