"""Equity: against the row-by-row oracle, by its properties, and by example."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from scipy import stats

from app.analysis.equity import NOTE, compare
from tests.analysis import equity_oracle
from tests.analysis.comparing import differences
from tests.analysis.equity_oracle import ORDER
from tests.analysis.oracle import Group
from tests.analysis.plain import assert_plain
from tests.analysis.tilted import tilted
from tests.analysis.waves import SCHOOLS, World, worlds
from tests.factories import AGREE, definition, en, options, rating

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


# ------------------------------------------------------------------ properties
@settings(max_examples=30)
@given(worlds() | tilted())
def test_the_others_are_everybody_else_and_nobody_or_enough(world: World) -> None:
    """Of every published measure a category and the others are the union, and neither is a few people."""
    found = document(world)
    assert_plain(found)
    least = {group.group: group.k for group in world.groups}
    union = {
        (cell["group"], kind, entry[kind]): cell
        for kind, entries in (("item", world.summary["items"]), ("construct", world.summary["constructs"]))
        for entry in entries
        for cell in entry["cells"]
        if cell["school"] is None and "schools" not in cell
    }
    for kind, rows in (("item", found["items"]), ("construct", found["constructs"])):
        for row in rows:
            assert len({cell["status"] for cell in row["cells"] if cell.get("n") != 0} - {"protected"}) <= 1
            for cell in row["cells"]:
                if cell["status"] == "protected":
                    assert cell.keys() == {"group", "school", "category", "status"}
                    continue
                everybody = union[cell["group"], kind, row[kind]]
                assert cell["n"] + cell["others"]["n"] == everybody["n"]
                if cell["favorable"]:
                    both = cell["favorable"]["count"] + cell["others"]["favorable"]["count"]
                    assert both == everybody["favorable"]["count"]
                if least[cell["group"]] > 1:
                    assert cell["n"] >= least[cell["group"]]
                    assert cell["others"]["n"] == 0 or cell["others"]["n"] >= least[cell["group"]]


@settings(max_examples=15)
@given(tilted())
def test_a_table_is_worst_first_and_says_no_more_than_its_intervals(world: World) -> None:
    table = document(world)["table"]
    order = [ORDER.index(row["verdict"]) for row in table]
    assert order == sorted(order)
    for row in table:
        mean = row["difference"]["mean"]
        if row["verdict"] in ("worse", "better"):
            assert mean["low"] > 0 or mean["high"] < 0
            assert row["test"]["p"] <= row["test"]["p_adjusted"] < 0.05
            assert "less favorably" in row["reading"] or "more favorably" in row["reading"]
        else:
            assert "favorably" not in row["reading"]


# ------------------------------------------------------------------ by example
PLAN = {"key": "plan", "kind": "single", "options": options("yes", "no", "soon"), "text": en("Has your child a plan?")}


def example() -> World:
    """Families by whether their child has a plan: those with one rate access lower."""
    asked = [
        {**PLAN, "attribute": True},
        rating("wait", construct="access", reverse=True),
        rating("get", construct="access"),
        rating("heard"),
    ]
    constructs = [{"key": "access", "title": en("Access"), "setting": "school"}]
    constructs += [{"key": "communication", "title": en("Communication"), "setting": "family"}]
    luck, rows = random.Random(11), []
    for plan, n, lean in (("yes", 40, 0.0), ("no", 55, 0.7), ("soon", 4, 0.5), (None, 11, 0.5)):
        for _ in range(n):
            high = [AGREE[luck.randrange(1, 4) + (luck.random() < lean)] for _ in range(2)]
            turned = AGREE[4 - AGREE.index(high[0])]
            rows.append(("ash", {"plan": plan, "wait": turned, "get": high[1], "heard": luck.choice(AGREE)}))
    return World(
        SCHOOLS[:1],
        [Group("family", definition(items=asked, constructs=constructs), True, 10, {"ash": 300}, rows=rows)],
    )


def test_the_example_of_the_documentation() -> None:
    found = document(example())
    assert [row["construct"] for row in found["constructs"]] == ["access", "communication"]
    cells = {(c["category"], c.get("categories") is None): c for c in found["constructs"][0]["cells"]}
    assert [(where, c["status"], c.get("n")) for where, c in cells.items()] == [
        (("yes", True), "published", 40), (("no", True), "published", 55), (("soon", True), "protected", None),
        ((None, True), "protected", None), (("other", False), "published", 15),
    ]  # fmt: skip
    yes = cells["yes", True]
    assert yes["others"]["n"] == 70
    assert {name: round(value, 2) for name, value in yes["difference"]["mean"].items()} == {
        "value": -0.56, "se": 0.14, "df": 79.54, "low": -0.84, "high": -0.28,
    }  # fmt: skip
    assert (yes["mean"]["value"], yes["favorable"]["share"]) == (3.0125, 29 / 80)
    assert yes["difference"]["favorable"] == {"value": 29 / 80 - 72 / 140}
    assert round(yes["test"]["p_adjusted"], 4) == 0.0004
    first, *_, last = found["table"]
    assert (first["category"], first["construct"], first["verdict"]) == ("yes", "access", "worse")
    assert first["reading"] == (
        "Families who answered “yes” to “Has your child a plan?” rate “Access” less favorably than the others: "
        "0.56 lower on a scale from 1 to 5 (between 0.28 and 0.84)."
    )
    assert (last["category"], last["construct"], last["verdict"]) == ("no", "access", "better")
    assert found["table"][1]["reading"] == (
        "Families who answered “soon” or gave no valid answer to “Has your child a plan?” do not clearly differ from "
        "the others on “Communication”."
    )
    (heard,) = [row for row in found["items"] if row["item"] == "heard"]
    assert heard["cells"][0]["difference"]["favorable"].keys() == {"value", "low", "high"}


def test_scipy_comes_to_the_same() -> None:
    world = example()
    scores: dict[bool, list[float]] = {True: [], False: []}
    for _, told in world.groups[0].rows:
        both = (5 - AGREE.index(told["wait"]), 1 + AGREE.index(told["get"]))
        scores[told["plan"] == "yes"].append(sum(both) / 2)
    found = stats.ttest_ind(scores[True], scores[False], equal_var=False)
    limits = found.confidence_interval()
    (yes,) = [c for c in document(world)["constructs"][0]["cells"] if c["category"] == "yes"]
    mean = yes["difference"]["mean"]
    assert (mean["df"], mean["low"], mean["high"], yes["test"]["p"]) == (
        pytest.approx(found.df), pytest.approx(limits.low), pytest.approx(limits.high), pytest.approx(found.pvalue),
    )  # fmt: skip


def test_some_attributes() -> None:
    world = example()
    assert compare(world.facts, world.sealed, "director", {"plan"}) == document(world)
    nothing = compare(world.facts, world.sealed, "director", set())
    assert (nothing["attributes"], nothing["items"], nothing["constructs"], nothing["table"]) == ([], [], [], [])


def test_lower_scores_may_be_better() -> None:
    """Where the favorable options have the lowest scores, a lower mean is better; in the middle, neither is."""
    for favorable, verdicts in (([1, 2], ["better", "worse"]), ([4, 5], ["worse", "better"]), ([3], [None, None])):
        scale = {
            "options": [
                {"value": f"v{i}", "score": i, "label": en(f"V{i}"), "favorable": i in favorable} for i in range(1, 6)
            ]
        }
        asked = [{**PLAN, "attribute": True}, rating("informed", scale="own")]
        rows = [
            ("ash", {"plan": p, "informed": f"v{s + i % 3}"}) for p, s in (("yes", 1), ("no", 3)) for i in range(20)
        ]
        family = Group("family", definition(items=asked, scales={"own": scale}), True, 5, {}, rows=rows)
        found = document(World(SCHOOLS[:1], [family]))
        cells = [c for c in found["constructs"][0]["cells"] if c["status"] == "published"]
        assert [c["verdict"] for c in cells] == verdicts
        assert [c["verdict"] for c in found["items"][0]["cells"] if c["status"] == "published"] == verdicts
        assert len(found["table"]) == 2
    assert "are not judged on “Communication”" in found["table"][0]["reading"]


def test_people_without_a_valid_answer_are_a_category() -> None:
    world = example()
    rows = [(s, told | {"plan": None if told["plan"] == "soon" else told["plan"]}) for s, told in world.groups[0].rows]
    found = document(World(world.schools, [replace(world.groups[0], rows=rows)]))
    (row,) = [r for r in found["table"] if r["category"] is None and r["construct"] == "access"]
    assert (row["n"], row["label"]) == (15, "no valid answer")
    assert row["reading"].startswith("Families who gave no valid answer to “Has your child a plan?” ")


def test_nobody_has_answered() -> None:
    world = example()
    for confidential in (True, False):
        group = replace(world.groups[0], rows=[], confidential=confidential, k=10 if confidential else 1)
        found = document(World(world.schools, [group]))
        assert_plain(found)
        assert found["table"] == []
        cells = [cell for row in (*found["items"], *found["constructs"]) for cell in row["cells"]]
        assert {cell.get("verdict") for cell in cells} == ({None} if confidential else {"cannot_tell"})
        assert {cell.get("n") for cell in cells} == ({None} if confidential else {0})


def test_all_in_one_category() -> None:
    world = example()
    rows = [(school, told | {"plan": "yes"}) for school, told in world.groups[0].rows]
    found = document(World(world.schools, [replace(world.groups[0], rows=rows)]))
    cells = [cell for cell in found["constructs"][0]["cells"] if cell["status"] == "published"]
    assert [(cell["category"], cell["n"], cell["others"]["n"], cell["verdict"]) for cell in cells] == [
        ("yes", 110, 0, "cannot_tell")
    ]
    assert "cannot be compared with the others" in found["table"][0]["reading"]
