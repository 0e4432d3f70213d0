"""What is withheld: participation, the rules on items and constructs, the guarantee."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings

from app.analysis.disclosure import hidden_in_participation, participation
from app.analysis.facts import GroupFacts
from app.analysis.pattern import pattern
from app.analysis.people import answers
from app.analysis.sealed import Level
from tests.analysis.oracle import Group
from tests.analysis.waves import SCHOOLS, World, agreeing, cell_of, one_item, worlds
from tests.factories import definition, en, rating


# ------------------------------------------------------------------ participation
@pytest.mark.parametrize(
    ("roster", "hidden"),
    [
        ({"a": 10, "b": 10, "c": 30}, ""),
        ({"a": 9, "b": 40, "c": 30}, "ac"),  # one is hidden: the next smallest too
        ({"a": 9, "b": 30, "c": 30}, "ab"),  # ties by key
        ({"a": 9, "b": 8, "c": 30}, "ab"),
        ({"a": 9}, "ab"),  # a school without a line is the largest
        ({"a": 9, "c": 12}, "ac"),
        ({"a": 0, "b": 20, "c": 30}, "ab"),
        ({}, ""),
        ({None: 3, "a": 20, "b": 20, "c": 20}, ""),  # people without a school are never listed
    ],
)
def test_hidden_in_participation(roster: dict[str | None, int], hidden: str) -> None:
    assert hidden_in_participation(roster, ("a", "b", "c")) == set(hidden)


def test_a_single_school_has_no_other_to_hide() -> None:
    assert hidden_in_participation({"a": 4}, ("a",)) == {"a"}


def rows_of(**facts: Any) -> list[dict[str, Any]]:
    world = one_item([], schools=("ash", "birch", "cedar"), **facts)
    return participation(world.facts, {"family": {"ash": 7, "birch": 4, None: 2}})


def test_participation_of_a_confidential_group() -> None:
    assert rows_of(k=10, roster={"ash": 20, "birch": 10, None: 2}) == [
        {"group": "family", "school": "ash", "eligible": 20, "responses": 7, "rate": 0.35, "needed": 3},
        {"group": "family", "school": "birch", "eligible": 10, "responses": 4, "rate": 0.4, "needed": 6},
        {"group": "family", "school": "cedar", "eligible": None, "responses": 0, "rate": None, "needed": 10},
        {"group": "family", "school": None, "eligible": 32, "responses": 13, "rate": 13 / 32, "needed": 0},
    ]


def test_a_hidden_school_shows_nothing() -> None:
    rows = rows_of(roster={"ash": 20, "birch": 9, "cedar": 12, None: 2})
    assert rows[1:3] == [{"group": "family", "school": s, "status": "protected"} for s in ("birch", "cedar")]
    assert rows[0]["responses"] == 7
    assert rows[3]["responses"] == 13


def test_nothing_of_an_attributed_group_is_hidden() -> None:
    rows = rows_of(confidential=False, k=1, roster={"ash": 1, "birch": 9, "cedar": 0})
    assert [row["responses"] for row in rows] == [7, 4, 0, 13]
    assert [row["rate"] for row in rows] == [7.0, 4 / 9, None, None]  # two people belong to no school on the roster
    assert not any("needed" in row for row in rows)


def test_no_roster_gives_no_rate() -> None:
    assert {(row["eligible"], row["rate"]) for row in rows_of()} == {(None, None)}


# ------------------------------------------------------------------ rule 1
@settings(max_examples=60)
@given(worlds(most=1))
def test_any_difference_of_published_cells_has_nobody_or_enough(world: World) -> None:
    """Whatever is subtracted from whatever is made of schools shown alone, the pool, and the rest of the union."""
    facts, group, sealed = world.facts.groups[0], world.groups[0], world.sealed.groups[0]
    raw = world.tallies[group.group]
    bases = dict(zip(raw.cells, raw.responses.tolist(), strict=True))
    hidden = hidden_in_participation(group.roster, world.schools)
    found = pattern(bases, facts.roster, hidden, max(5, group.k))
    if not group.confidential or not found.union:
        assert not group.confidential or sealed.cells == ()
        return
    rest = tuple(s for s in bases if s not in found.schools and s not in found.pool)
    parts = [(s,) for s in found.schools] + [found.pool, rest]
    keys = list(raw.layout.codebook.of_item)
    behind = answers(raw, keys)["n"].unstack("cell").set_axis(raw.cells, axis="columns")
    for part in parts:
        people = sum(bases[s] for s in part)
        assert people == 0 or people >= group.k
        for key in keys:
            own = int(sum(behind.loc[key, s] for s in part))
            assert own == 0 or own >= group.k or sealed.items[key] < Level.SCHOOLS or part == rest == tuple(bases), key


# ------------------------------------------------------------------ rules 2 and 3
def plan_of(**answering: int) -> World:
    """Ten people in each of three schools; of these so many answer a yes-no item and the rest leave it."""
    item = {"key": "again", "kind": "boolean", "text": en("Again?")}
    rows = [(s, {"again": True} if i < answering[s] else {}) for s in SCHOOLS[:3] for i in range(10)]
    return World(SCHOOLS[:3], [Group("family", definition(items=[item]), True, 5, {}, rows=rows)])


@pytest.mark.parametrize(
    ("answering", "level"),
    [((10, 5, 5), Level.SCHOOLS), ((10, 5, 4), Level.UNION), ((2, 2, 1), Level.UNION), ((2, 2, 0), Level.NOWHERE)],
)
def test_an_item_that_few_answered(answering: tuple[int, int, int], level: Level) -> None:
    world = plan_of(**dict(zip(SCHOOLS, answering, strict=False)))
    assert world.sealed.groups[0].items == {"again": level}
    statuses = [cell["status"] for cell in world.summary["items"][0]["cells"]]
    alone = "published" if level == Level.SCHOOLS else "protected"
    assert statuses == [alone] * 3 + ["protected" if level == Level.NOWHERE else "published"]


def test_an_item_shown_union_wide_has_no_stratified_and_no_pool() -> None:
    rows = [(s, {"informed": "agree"}) for s in ("ash", "birch") for _ in range(4)]
    rows += [("cedar", {"informed": "agree"} if i < 4 else {}) for i in range(9)]
    world = one_item(rows, SCHOOLS[:3], roster={"ash": 50, "birch": 50, "cedar": 50})
    (entry,) = world.summary["items"]
    assert [c["status"] for c in entry["cells"]] == ["protected"] * 3 + ["published"]
    assert not {"stratified", "kish_design_effect"} & entry["cells"][3].keys()
    by_school = one_item(agreeing(ash=4, birch=4, cedar=9), SCHOOLS[:3], roster={"ash": 50, "birch": 50, "cedar": 50})
    assert cell_of(by_school.summary["items"][0], None)["stratified"]["covered"] == 150
    assert cell_of(by_school.summary["items"][0], None, pool=True)["schools"] == ["ash", "birch"]


def test_people_without_a_school_follow_by_subtraction() -> None:
    """Six have no school and are neither pooled nor shown, three of them answer: the union less the schools."""
    rows = agreeing(ash=9, birch=9) + [(None, {"informed": "agree"} if i < 3 else {}) for i in range(6)]
    world = one_item(rows)
    assert world.sealed.groups[0].items["informed"] == Level.UNION
    assert one_item(agreeing(ash=9, birch=9, nowhere=6)).sealed.groups[0].items["informed"] == Level.SCHOOLS
    assert one_item(rows[:18] + [(None, {})] * 6).sealed.groups[0].items["informed"] == Level.SCHOOLS


def test_a_construct_follows_its_worst_item() -> None:
    """Everybody answers the first two, in one school four answer the third. All the same everybody has a score."""
    full = {"informed": "agree", "heard": "agree", "ignored": "disagree"}
    rows = [
        (s, full if s == "ash" or i < 4 else {**full, "ignored": None}) for s in ("ash", "birch") for i in range(10)
    ]
    world = World(SCHOOLS[:2], [Group("family", definition(), True, 5, {}, rows=rows)])
    group = world.sealed.groups[0]
    assert group.items == {"informed": Level.SCHOOLS, "heard": Level.SCHOOLS, "ignored": Level.UNION}
    assert group.constructs == {"communication": Level.UNION}
    union = cell_of(world.summary["constructs"][0], None)
    assert (union["n"], union["reliability"]["n"]) == (20, 14)
    assert "stratified" not in union


def test_a_construct_that_few_have_a_score_on() -> None:
    """Each item has five answers in each school, but not one person has two."""
    items = [rating(key) for key in ("one", "two", "three")]
    rows = [(s, {key: "agree"}) for s in ("ash", "birch") for key in ("one", "two", "three") for _ in range(5)]
    world = World(SCHOOLS[:2], [Group("family", definition(items=items), True, 5, {}, rows=rows)])
    assert set(world.sealed.groups[0].items.values()) == {Level.SCHOOLS}
    assert world.sealed.groups[0].constructs == {"communication": Level.NOWHERE}
    assert [c["status"] for c in world.summary["constructs"][0]["cells"]] == ["protected"] * 3


def test_reliability_of_few_is_none() -> None:
    """In Birch eleven people answer nine times each item, but only five answer all three."""
    full = {"informed": "agree", "heard": "agree", "ignored": "disagree"}
    lacking = [("birch", {k: v for k, v in full.items() if k != left}) for left in full for _ in range(2)]
    rows = [*[("ash", full)] * 8, *[("birch", full)] * 5, *lacking]
    cells = World(SCHOOLS[:2], [Group("family", definition(), True, 7, {}, rows=rows)]).summary["constructs"][0][
        "cells"
    ]
    assert [cell["n"] for cell in cells] == [8, 11, 19]
    assert [cell["reliability"] and cell["reliability"]["n"] for cell in cells] == [8, None, 13]


def test_an_attributed_group_is_shown_whole() -> None:
    rows = agreeing(ash=1, nowhere=1)
    world = one_item(rows, confidential=False, k=1, roster={"ash": 1, "birch": 1, None: 1})
    ash, birch, union = world.summary["items"][0]["cells"]
    assert (ash["n"], ash["mean"]["se"], ash["favorable"]["floor"]) == (1, 0, 1)
    assert birch["status"] == "published"
    assert birch["mean"] == dict.fromkeys(("value", "sd", "se", "low", "high"))
    nothing = dict.fromkeys(("share", "low", "high", "flip"))
    assert birch["favorable"] == {"count": 0, "floor": 0, "ceiling": 1, **nothing}
    assert (union["n"], union["eligible"], union["stratified"]["covered"]) == (2, 3, 1)


def test_a_promise_has_a_floor() -> None:
    codebook = one_item([]).facts.groups[0].codebook
    with pytest.raises(ValueError, match="smallest minimum"):
        GroupFacts("family", "family@1", codebook, "confidential", 4, {})
    with pytest.raises(ValueError, match="no promise"):
        GroupFacts("family", "family@1", codebook, "open", 10, {})
