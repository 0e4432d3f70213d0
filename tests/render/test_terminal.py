"""A summary as terminal tables: every number that is shown, and nothing about what is withheld."""

from __future__ import annotations

from io import StringIO
from typing import Any

from rich.console import Console
from rich.table import Table

from app.render.terminal import group_tables, participation_table

SCHOOLS = {"erving": "Erving", "leverett": "Leverett", "shutesbury": "Shutesbury"}


def lines(table: Table) -> list[list[str]]:
    """The rows of a table as plain text, its heading first."""
    out = StringIO()
    Console(file=out, width=200, color_system=None).print(table)
    rows = [line for line in out.getvalue().splitlines() if line.strip("━─ ┏┓┗┛├┤└┘│┃┡╇┩┼┬┴┳")]
    return [[cell.strip() for cell in row.replace("┃", "│").strip("│").split("│")] for row in rows]


def taking_part(school: str | None, **more: Any) -> dict[str, Any]:
    return {"group": "staff", "school": school, "eligible": 40, "responses": 25, "rate": 0.625, **more}


def cell(school: str | None, **more: Any) -> dict[str, Any]:
    favorable = {"count": 17, "share": 0.708, "low": 0.6, "high": 0.8}
    return {"group": "staff", "school": school, "status": "published", "n": 24, "favorable": favorable, **more}


def protected(school: str) -> dict[str, Any]:
    return {"group": "staff", "school": school, "status": "protected"}


def summary(constructs: list[list[dict[str, Any]]], items: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    measures = [{"construct": f"c{i}", "title": f"Construct {i}", "cells": cells} for i, cells in enumerate(constructs)]
    return {"participation": [taking_part(None)], "constructs": measures, "items": items or []}


def test_participation() -> None:
    rows = [
        taking_part("erving"),
        taking_part("leverett", eligible=None, rate=None),
        {"group": "staff", "school": "shutesbury", "status": "protected"},
        taking_part(None, group="family", rate=1.0, responses=40),
    ]
    title, heading, staff, family = lines(participation_table(rows, SCHOOLS))
    assert title == ["Who answered (responses of eligible)"]
    assert heading == ["group", "Erving", "Leverett", "Shutesbury", "All"]
    assert staff == ["Staff", "25 of 40 (62%)", "25", "withheld", "withheld"]
    assert family == ["Families", "withheld", "withheld", "withheld", "40 of 40 (100%)"]


def test_an_unknown_group_keeps_its_key() -> None:
    assert lines(participation_table([taking_part(None, group="bus_drivers")], {}))[-1][0] == "bus_drivers"


def test_shares_by_school() -> None:
    cells = [cell("erving"), protected("leverett"), cell(None, n=60, favorable={"share": 1.0})]
    (table,) = group_tables(summary([cells]), SCHOOLS)
    title, heading, row = lines(table)
    assert title == ["Staff: share of favorable answers (people)"]
    assert heading == ["measure", "Erving", "Leverett", "Shutesbury", "All"]
    assert row == ["Construct 0", "71% (24)", "withheld", "-", "100% (60)"]


def test_pooled_schools_have_a_column() -> None:
    cells = [cell("erving"), cell(None, schools=["leverett", "shutesbury"], n=11), cell(None)]
    (table,) = group_tables(summary([cells]), SCHOOLS)
    _, heading, *rest = lines(table)
    pooled = " ".join([heading[4], *(row[4] for row in rest[:-1] if len(row) > 4)])
    assert "Leverett" in pooled
    assert "Shutesbury" in " ".join(cell for row in (heading, *rest) for cell in row)
    assert any("71% (11)" in row for row in rest)


def test_items_outside_constructs_are_measures_too() -> None:
    overall = {"item": "overall", "construct": None, "text": "All in all", "cells": [cell("erving")]}
    inside = {"item": "inside", "construct": "c0", "text": "Inside", "cells": [cell("erving")]}
    (table,) = group_tables(summary([[cell("erving")]], [overall, inside]), SCHOOLS)
    assert [row[0] for row in lines(table)[2:]] == ["Construct 0", "All in all"]


def test_no_share_of_nobody() -> None:
    cells = [cell("erving"), cell("leverett", n=0, favorable={"share": None}), cell(None, favorable=None)]
    (table,) = group_tables(summary([cells]), SCHOOLS)
    assert lines(table)[-1][1:] == ["71% (24)", "- (0)", "-", "- (24)"]


def test_a_group_without_figures_has_no_table() -> None:
    assert list(group_tables(summary([[protected("erving")]]), SCHOOLS)) == []
    assert list(group_tables({"participation": [], "constructs": [], "items": []}, SCHOOLS)) == []
