"""The director's document: against the row-by-row oracle, by its properties, and by example."""

from __future__ import annotations

import math
import random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.analysis.comparing import differences
from tests.analysis.oracle import Group
from tests.analysis.waves import SCHOOLS, World, agreeing, canonical, cell_of, one_item, worlds
from tests.factories import AGREE, definition, en, options, rating


@settings(max_examples=40)
@given(worlds())
def test_every_leaf_is_the_oracles(world: World) -> None:
    assert differences(world.summary, world.expected) == []


@settings(max_examples=25)
@given(worlds(), st.randoms(use_true_random=False))
def test_order_names_and_batches_change_no_byte(world: World, luck: random.Random) -> None:
    names: dict[str | None, Any] = {s: f"x{i}" for i, s in enumerate(world.schools)} | {None: None}
    other = []
    for g in world.groups:
        rows = [(names[s], a) for s, a in g.rows]
        luck.shuffle(rows)
        roster = {names[s]: n for s, n in g.roster.items()}
        other.append(Group(g.group, g.definition, g.confidential, g.k, roster, g.children, rows))
    renamed = World(tuple(names[s] for s in world.schools), other)
    assert canonical(renamed.summary) == canonical(rename(world.summary, names))


def rename(value: Any, names: dict[str | None, Any]) -> Any:
    if isinstance(value, dict):
        return {k: names.get(v, v) if k == "school" else rename(v, names) for k, v in value.items()}
    return (
        [names.get(v, v) if isinstance(v, str) else rename(v, names) for v in value]
        if isinstance(value, list)
        else value
    )


@settings(max_examples=25)
@given(worlds())
def test_every_leaf_is_plain_and_finite(world: World) -> None:
    def check(value: Any) -> None:
        if isinstance(value, dict):
            assert all(type(key) is str for key in value)
            value = list(value.values())
        if isinstance(value, list):
            for part in value:
                check(part)
        elif value is not None:
            assert type(value) in (int, float, str, bool), type(value)
            assert type(value) is not float or math.isfinite(value)

    check(world.summary)


# ------------------------------------------------------------------ by example
def test_the_document_of_a_wave() -> None:
    rows = agreeing(ash=8) + [("birch", {"informed": "strongly_disagree"})] * 5 + [("birch", {"informed": "dont_know"})]
    document = one_item(rows, roster={"ash": 16, "birch": 8}).summary
    assert {k: document[k] for k in ("wave", "title", "audience", "simulated")} == {
        "wave": "fall",
        "title": "Fall",
        "audience": "director",
        "simulated": True,
    }
    (item,), (construct,) = document["items"], document["constructs"]
    assert {k: item[k] for k in ("item", "construct", "setting", "text", "reverse", "kind")} == {
        "item": "informed",
        "construct": "communication",
        "setting": "family",
        "text": "informed",
        "reverse": False,
        "kind": "rating",
    }
    assert item["options"][4] == {"value": "strongly_agree", "label": "strongly_agree", "score": 5, "favorable": True}
    assert item["options"][5] == {"value": "dont_know", "label": "Don't know", "not_applicable": True}
    assert construct["items"] == ["informed"]
    # Birch has fewer than ten people eligible, so both schools are hidden, and their pool is the union.
    assert [c["status"] for c in item["cells"]] == ["protected", "protected", "published"]
    union = item["cells"][2]
    assert {k: union[k] for k in ("n", "missing", "not_applicable", "not_asked", "eligible")} == {
        "n": 13,
        "missing": 0,
        "not_applicable": 1,
        "not_asked": 0,
        "eligible": 24,
    }
    assert union["counts"] == {"strongly_disagree": 5, "disagree": 0, "neutral": 0, "agree": 8, "strongly_agree": 0}
    assert union["favorable"]["count"] == 8
    assert union["mean"]["value"] == 37 / 13
    assert union["stratified"]["mean"]["value"] == 37 / 13
    assert "warnings" not in union


def test_a_reversed_item_counts_as_answered_and_scores_turned() -> None:
    rows = [("ash", {"ignored": "disagree"})] * 6
    family = Group("family", definition(items=[rating("ignored", reverse=True)]), True, 5, {}, rows=rows)
    (entry,) = World(SCHOOLS[:1], [family]).summary["items"]
    cell = cell_of(entry, "ash")
    assert (cell["counts"]["disagree"], cell["mean"]["value"], cell["favorable"]["count"]) == (6, 4, 6)
    assert [(o["score"], o["favorable"]) for o in entry["options"][:5]] == [
        (1, True), (2, True), (3, False), (4, False), (5, False),
    ]  # fmt: skip


def test_a_multiple_counts_ticks_over_all_who_saw_it() -> None:
    which = {"key": "which", "kind": "multiple", "options": options("x", "y"), "text": en("Which?")}
    rows = [("ash", {"which": ["x", "y"]})] * 3 + [("ash", {"which": []})] * 2 + [("ash", {})]
    world = World(SCHOOLS[:1], [Group("family", definition(items=[which]), True, 5, {}, rows=rows)])
    cell = cell_of(world.summary["items"][0], "ash")
    assert (cell["n"], cell["missing"], cell["counts"]) == (5, 1, {"x": 3, "y": 3})
    assert not {"mean", "favorable"} & cell.keys()


def test_skip_logic_takes_the_correction_away() -> None:
    plan = {"key": "plan", "kind": "single", "options": options("yes", "no"), "text": en("Plan?")}
    asked = rating("informed", show_if={"item": "plan", "in": ["yes"]})
    rows = [("ash", {"plan": "yes", "informed": "agree"})] * 6 + [("ash", {"plan": "no"})] * 2
    world = World(SCHOOLS[:1], [Group("family", definition(items=[plan, asked]), True, 5, {"ash": 12}, rows=rows)])
    cell = cell_of(world.summary["items"][1], "ash")
    assert (cell["n"], cell["not_asked"], cell["eligible"]) == (6, 2, 12)
    assert (cell["favorable"]["floor"], cell["favorable"]["ceiling"]) == (None, None)
    assert cell_of(world.summary["items"][1], None)["stratified"] is None
    assert cell_of(world.summary["constructs"][0], None)["stratified"] is None


def test_a_roster_that_is_exceeded_or_counts_children() -> None:
    exceeded = one_item(agreeing(ash=12), SCHOOLS[:1], roster={"ash": 10}).summary["items"][0]
    assert cell_of(exceeded, "ash")["warnings"] == ["roster_exceeded"]
    assert cell_of(exceeded, "ash")["favorable"]["floor"] is None
    children = one_item(agreeing(ash=12), SCHOOLS[:1], roster={"ash": 30}, children=True).summary["items"][0]
    assert cell_of(children, "ash")["warnings"] == ["low_response"]
    assert (cell_of(children, "ash")["eligible"], cell_of(children, "ash")["favorable"]["ceiling"]) == (30, None)


def test_warnings_stand_in_one_order() -> None:
    rows = agreeing(ash=6) + [("ash", {"informed": "dont_know"})] * 4
    cell = cell_of(one_item(rows, SCHOOLS[:1], roster={"ash": 30}).summary["items"][0], "ash")
    assert cell["warnings"] == ["low_response", "many_not_applicable"]
    luck = random.Random(3)
    noise = [
        ("ash", {k: luck.choice(["agree", "disagree"]) for k in ("informed", "heard", "ignored")}) for _ in range(20)
    ]
    world = World(SCHOOLS[:1], [Group("family", definition(), True, 5, {"ash": 50}, rows=noise)])
    assert cell_of(world.summary["constructs"][0], "ash")["warnings"] == [
        "low_response",
        "low_reliability",
        "few_people",
    ]


def test_a_person_needs_half_of_the_items_for_a_score() -> None:
    items = [rating(key) for key in ("a", "b", "c", "d")]
    two, one = {"a": "agree", "b": "strongly_agree"}, {"a": "strongly_disagree"}
    rows = [("ash", two)] * 6 + [("ash", one)] * 6
    world = World(SCHOOLS[:1], [Group("family", definition(items=items), True, 5, {}, rows=rows)])
    group = world.sealed.groups[0]
    assert group.constructs["communication"] == group.items["c"] == 0  # nobody answers c: nothing of the construct
    attributed = World(SCHOOLS[:1], [Group("liaison", definition(items=items), False, 1, {}, rows=rows)])
    cell = cell_of(attributed.summary["constructs"][0], "ash", "liaison")
    assert (cell["n"], cell["mean"]["value"]) == (6, 4.5)
    assert cell["favorable"] == {"count": 12, "n": 18, "share": 12 / 18}
    assert cell["reliability"] == {"n": 0, "alpha": None, "alpha_standardized": None, "omega": None}


def test_constructs_of_different_sizes_keep_their_figures() -> None:
    sizes = {"first": 3, "second": 2, "third": 3, "fourth": 1}
    items = [rating(f"{key}{i}", construct=key) for key, size in sizes.items() for i in range(size)]
    constructs = [{"key": key, "title": en(key)} for key in sizes]
    luck = random.Random(12)
    rows: list[Any] = []
    for school in SCHOOLS[:2] * 20:
        trait = luck.uniform(0, 4)
        rows.append((school, {i["key"]: AGREE[min(4, max(0, round(luck.gauss(trait, 1))))] for i in items}))
    raw = definition(items=items, constructs=constructs)
    world = World(SCHOOLS[:2], [Group("family", raw, True, 5, {"ash": 30, "birch": 20}, rows=rows)])
    assert [cell_of(c, "ash")["reliability"]["omega"] is None for c in world.summary["constructs"]] == [0, 1, 0, 1]
    assert differences(world.summary, world.expected) == []


def test_groups_share_an_entry_when_the_meaning_is_the_same() -> None:
    family = Group("family", definition(items=[rating("informed")]), True, 5, {}, rows=agreeing(ash=5))
    alike = Group("staff", definition("staff", [rating("informed", text=en("In other words"))]), True, 5, {})
    turned = Group("liaison", definition("liaison", [rating("informed", reverse=True)]), True, 5, {})
    items = World(SCHOOLS[:1], [family, alike, turned]).summary["items"]
    assert [(entry["item"], entry["text"], entry["reverse"]) for entry in items] == [
        ("informed", "informed", False),
        ("informed", "informed", True),
    ]
    assert [{cell["group"] for cell in entry["cells"]} for entry in items] == [{"family", "staff"}, {"liaison"}]


def test_a_construct_lists_the_items_of_all_groups() -> None:
    family = Group("family", definition(items=[rating("a"), rating("b")]), True, 5, {})
    staff = Group("staff", definition("staff", [rating("b"), rating("c")]), True, 5, {})
    (entry,) = World(SCHOOLS[:1], [family, staff]).summary["constructs"]
    assert entry["items"] == ["a", "b", "c"]


def test_open_items_are_left_out() -> None:
    items = [
        {"key": "words", "kind": "text", "text": en("Words?")},
        {"key": "many", "kind": "integer", "text": en("Many?")},
    ]
    world = World(SCHOOLS[:1], [Group("family", definition(items=items), True, 5, {}, rows=[("ash", {"many": 3})] * 9)])
    assert world.summary["items"] == world.summary["constructs"] == []
    assert world.summary["participation"][0]["responses"] == 9


def test_nobody_answered() -> None:
    confidential, attributed = one_item([]), one_item([], confidential=False, k=1)
    assert {c["status"] for c in confidential.summary["items"][0]["cells"]} == {"protected"}
    assert [c["n"] for c in attributed.summary["items"][0]["cells"]] == [0, 0, 0]
    assert differences(attributed.summary, attributed.expected) == []
    silent = one_item([("ash", {})] * 10)
    assert {c["status"] for c in silent.summary["items"][0]["cells"]} == {"protected"}


def test_two_hundred_schools() -> None:
    schools = tuple(f"school-{i:03d}" for i in range(200))
    luck = random.Random(7)
    rows = [
        (s, {"informed": luck.choice(["agree", "neutral", "disagree"])})
        for s in schools
        for _ in range(luck.randint(0, 12))
    ]
    world = one_item(rows, schools, roster=dict.fromkeys(schools, 15))
    assert differences(world.summary, world.expected) == []
