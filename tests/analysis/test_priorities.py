"""Priorities: against the row-by-row oracle, by their properties, and by example."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from app.analysis.priorities import NOTE, prioritize
from tests.analysis import priorities_oracle
from tests.analysis.comparing import differences
from tests.analysis.tilted import tilted
from tests.analysis.waves import World, worlds

Row = dict[str, Any]


def document(world: World, schools: set[str] | None = None) -> Row:
    return prioritize(world.facts, world.sealed, "director", schools=schools)


def figures(document: Row) -> Row:
    """All but the words."""
    constructs = [{k: v for k, v in row.items() if k != "reading"} for row in document["constructs"]]
    return {k: v for k, v in document.items() if k != "note"} | {"constructs": constructs}


@settings(max_examples=40)
@given(worlds(most=3))
def test_every_leaf_is_the_oracles(world: World) -> None:
    found = document(world)
    assert found["note"] == NOTE
    assert differences(figures(found), priorities_oracle.document(world)) == []


@settings(max_examples=15)
@given(tilted())
def test_where_schools_and_groups_differ(world: World) -> None:
    assert differences(figures(document(world)), priorities_oracle.document(world)) == []


@settings(max_examples=20)
@given(worlds(most=2), st.data())
def test_a_reader_of_some_schools(world: World, data: st.DataObject) -> None:
    schools = data.draw(st.sets(st.sampled_from(world.schools), min_size=1))
    assert differences(figures(document(world, schools)), priorities_oracle.document(world, schools=schools)) == []
