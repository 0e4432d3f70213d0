"""Breakdowns by attribute: against the row-by-row oracle, by their properties, and by example."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from app.analysis.breakdown import break_down
from app.analysis.sealed import Sealed
from tests.analysis.breakdown_oracle import is_attribute
from tests.analysis.comparing import differences
from tests.analysis.oracle import Group
from tests.analysis.waves import World, canonical, worlds

ATTRIBUTES = ("plan", "again")


def attributes_of(world: World) -> list[str]:
    return [key for key in ATTRIBUTES if groups_by(world, key)]


def groups_by(world: World, attribute: str) -> list[str]:
    return [group.group for group in world.groups if is_attribute(group, attribute)]


# ------------------------------------------------------------------ against the oracle
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
        groups = groups_by(world, attribute)
        again = break_down(world.facts, loaded, attribute, groups, "director", {g: {"of": g} for g in groups})
        assert canonical(again) == canonical(world.by(attribute))


@settings(max_examples=25)
@given(worlds(most=1), st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_no_byte(world: World, luck: Any) -> None:
    (group,) = world.groups
    rows = luck.sample(group.rows, len(group.rows))
    other = World(world.schools, [Group(group.group, group.definition, group.confidential, group.k, group.roster, group.children, rows)])  # fmt: skip
    for attribute in attributes_of(world):
        assert canonical(other.by(attribute)) == canonical(world.by(attribute))
