"""Equity: against the row-by-row oracle, by its properties, and by example."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings

from app.analysis.equity import NOTE, compare
from tests.analysis import equity_oracle
from tests.analysis.comparing import differences
from tests.analysis.tilted import tilted
from tests.analysis.waves import World, worlds

Row = dict[str, Any]


def document(world: World) -> Row:
    return compare(world.facts, world.sealed, "director")


def figures(document: Row) -> Row:
    """All but the words."""
    table = [{k: v for k, v in row.items() if k != "reading"} for row in document["table"]]
    return {k: v for k, v in document.items() if k != "note"} | {"table": table}


@settings(max_examples=40)
@given(worlds())
def test_every_leaf_is_the_oracles(world: World) -> None:
    found = document(world)
    assert found["note"] == NOTE
    assert differences(figures(found), equity_oracle.document(world)) == []


@settings(max_examples=15)
@given(tilted())
def test_where_categories_differ(world: World) -> None:
    assert differences(figures(document(world)), equity_oracle.document(world)) == []
