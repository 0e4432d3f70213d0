"""Priorities: against the row-by-row oracle, by their properties, and by example."""

from __future__ import annotations

import itertools
import random
from dataclasses import replace
from typing import Any

import pingouin
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from app.analysis.priorities import NOTE, prioritize
from app.analysis.ranking import ranked
from tests.analysis import priorities_oracle
from tests.analysis.comparing import differences
from tests.analysis.oracle import Group
from tests.analysis.plain import assert_plain
from tests.analysis.tilted import tilted
from tests.analysis.waves import SCHOOLS, World, canonical, worlds
from tests.factories import AGREE, definition, en, rating

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


# ------------------------------------------------------------------ properties
@settings(max_examples=20)
@given(tilted() | worlds(most=2))
def test_ranks_and_bases(world: World) -> None:
    found = document(world)
    assert_plain(found)
    least = {group.group: group.k for group in world.groups}
    for kind, rows in (("item", found["items"]), ("construct", found["constructs"])):
        for group in least:
            of = [row for row in rows if row["group"] == group]
            ranks = [row["rank"] for row in of if row.get("rank") is not None]
            assert ranks == list(range(1, len(ranks) + 1))
            needs = [row["need"]["value"] for row in of if row.get("need")]
            assert needs == sorted(needs, reverse=True)
            for row in of:
                if row["status"] == "protected":
                    assert not {"n", "need", "importance", "breadth", "rank", "factors", "reading"} & row.keys(), kind
                elif row["rank"] is not None:
                    assert 1 <= row["rank_low"] <= row["rank"] <= row["rank_high"] <= len(ranks)
    for row in found["constructs"]:
        for place in row.get("factors", {}).get("places", []):
            rest = row["n"] - place["n"]
            assert place["n"] >= least[row["group"]] or least[row["group"]] == 1
            assert rest == 0 or rest >= least[row["group"]]


@settings(max_examples=10)
@given(tilted(), st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_no_byte(world: World, luck: random.Random) -> None:
    groups = [replace(group, rows=luck.sample(group.rows, len(group.rows))) for group in world.groups]
    assert canonical(document(World(world.schools, groups))) == canonical(document(world))


@settings(max_examples=20)
@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6), st.sampled_from([None, -0.5, 0.31, 0.8])), max_size=12))
def test_ranks_by_counting(needs: list[tuple[int, int, float | None]]) -> None:
    """Limits may overlap in any way; ranks are what one would count by hand."""
    rows = []
    for place, (low, width, importance) in enumerate(needs):
        need = {"value": (low + width / 2) / 12, "low": low / 12, "high": (low + width) / 12}
        of = None if importance is None else {"value": importance}
        rows.append({"item": f"i{place:02}", "status": "published", "need": need, "importance": of})
    found = ranked(rows, "item")
    for place, row in enumerate(found):
        above = sum(other["need"]["low"] > row["need"]["high"] for other in found)
        below = sum(other["need"]["high"] < row["need"]["low"] for other in found)
        assert (row["rank"], row["rank_low"], row["rank_high"]) == (place + 1, 1 + above, len(found) - below)
    for one, other in itertools.pairwise(found):
        ours, theirs = one["need"]["value"], other["need"]["value"]
        assert ours >= theirs
        if ours == theirs:
            mine, others = (row["importance"]["value"] if row["importance"] else -2 for row in (one, other))
            assert mine > others or (mine == others and one["item"] < other["item"])


# ------------------------------------------------------------------ importance
def both(pairs: list[tuple[str | None, str | None]], k: int = 5, confidential: bool = True) -> Row:
    """The row of `informed` when so many people gave these answers to it and to the outcome."""
    asked = [rating("informed"), {**rating("overall"), "outcome": True, "construct": None}]
    rows = [("ash", {"informed": x, "overall": y}) for x, y in pairs]
    family = Group("family", definition(items=asked), confidential, k, {}, rows=rows)
    (row,) = document(World(SCHOOLS[:1], [family]))["items"]
    return row


def test_importance_is_a_correlation() -> None:
    luck = random.Random(3)
    pairs = [(x, max(0, min(4, x + luck.choice([-1, 0, 0, 1, 2])))) for x in (luck.randrange(5) for _ in range(60))]
    row = both([(AGREE[x], AGREE[y]) for x, y in pairs])
    found = stats.pearsonr([x for x, _ in pairs], [y for _, y in pairs])
    limits = found.confidence_interval(0.95)
    assert row["importance"] == {
        "value": round(found.statistic, 2), "low": round(limits.low, 2), "high": round(limits.high, 2), "n": 60,
    }  # fmt: skip
    of_pingouin = pingouin.corr([x for x, _ in pairs], [y for _, y in pairs]).iloc[0]
    assert row["importance"]["value"] == round(float(of_pingouin["r"]), 2)


def test_a_reversed_item_is_scored_turned() -> None:
    asked = [rating("ignored", reverse=True), {**rating("overall"), "outcome": True, "construct": None}]
    rows = [("ash", {"ignored": AGREE[i % 5], "overall": AGREE[4 - i % 5]}) for i in range(40)]
    (row,) = document(World(SCHOOLS[:1], [Group("family", definition(items=asked), True, 5, {}, rows=rows)]))["items"]
    assert row["importance"] == {"value": 1.0, "low": 1.0, "high": 1.0, "n": 40}


def test_importance_needs_thirty_people_and_enough_who_differ() -> None:
    varied: list[tuple[str | None, str | None]] = [(AGREE[i % 5], AGREE[i % 4]) for i in range(30)]
    assert both(varied)["importance"]["n"] == 30
    assert both(varied[:29])["importance"] is None
    assert both([*varied[:29], (None, "agree"), ("agree", None)])["importance"] is None
    for dissenters, shown in ((4, False), (5, True)):
        few: list[tuple[str | None, str | None]] = [("agree", AGREE[i % 5]) for i in range(40 - dissenters)]
        few += [("disagree", "disagree")] * dissenters
        assert (both(few)["importance"] is not None) == shown
        assert (both([(y, x) for x, y in few])["importance"] is not None) == shown
    one = [("agree", AGREE[i % 5]) for i in range(39)] + [("disagree", "disagree")]
    assert both(one, k=1, confidential=False)["importance"] is not None
    assert both([("agree", "agree")] * 40, k=1, confidential=False)["importance"] is None


def test_how_many_answered_both_is_told_only_where_it_tells_of_no_few() -> None:
    varied: list[tuple[str | None, str | None]] = [(AGREE[i % 5], AGREE[i % 4]) for i in range(40)]
    for alone, told in ((0, 40), (1, None), (4, None), (5, 40)):
        assert both([*varied, *[("agree", None)] * alone])["importance"]["n"] == told
        assert both([*varied, *[(None, "agree")] * alone])["importance"]["n"] == told
    assert both([*varied, ("agree", None)], k=1, confidential=False)["importance"]["n"] == 40


def test_without_an_outcome_there_is_no_importance() -> None:
    rows = [("ash", {"informed": AGREE[i % 5]}) for i in range(40)]
    found = document(
        World(SCHOOLS[:1], [Group("family", definition(items=[rating("informed")]), True, 5, {}, rows=rows)])
    )
    assert found["outcomes"] == {"family": None}
    assert found["items"][0]["importance"] is None


# ------------------------------------------------------------------ by example
def test_the_example_of_the_documentation() -> None:
    found = document(example())
    informed, clear, welcome = (row for row in found["items"] if row["group"] == "family")
    assert [row["item"] for row in (informed, clear, welcome)] == ["informed", "clear", "welcome"]
    assert {name: round(value, 3) for name, value in informed["need"].items()} == {
        "value": 0.48, "low": 0.412, "high": 0.549,
    }  # fmt: skip
    assert informed["importance"] == {"value": 0.81, "low": 0.73, "high": 0.87, "n": 100}
    assert (informed["breadth"], clear["breadth"]) == ({"below": 1, "of": 3}, {"below": 2, "of": 3})
    assert [(row["rank"], row["rank_low"], row["rank_high"]) for row in (informed, clear, welcome)] == [
        (1, 1, 1), (2, 2, 2), (3, 3, 3),
    ]  # fmt: skip
    communication = next(row for row in found["constructs"] if row["construct"] == "communication")
    assert communication["need"] == {"value": 0.405, "low": None, "high": None}
    assert communication["reading"] == (
        "Families, on “Communication”: 41 in 100 answers are not favorable, 1st of 2 in need. Of its items, the need "
        "is clearly greatest on “Families hear about changes in time”. It is less favorable than elsewhere for "
        "families of Cedar, on “Families hear about changes in time”. Staff see it more favorably than "
        "families do."
    )
    (cedar,) = [place for place in communication["factors"]["places"] if place["school"] == "cedar"]
    assert cedar["verdict"] == "less_favorable"
    assert [round(cedar["difference"]["mean"][name], 2) for name in ("value", "low", "high")] == [-0.51, -0.86, -0.16]
    assert round(cedar["test"]["p_adjusted"], 3) == 0.031
    (on,) = cedar["items"]
    assert (on["item"], round(on["difference"]["favorable"]["value"], 2)) == ("informed", -0.46)
    assert [(row["setting"], row["answers"], row["need"]) for row in found["settings"][:2]] == [
        ("family", 200, 0.405), ("school", 100, 0.19),
    ]  # fmt: skip


def example() -> World:
    """Families of three schools and staff; families of Cedar hear too late."""
    asked = [
        rating("informed", text=en("Families hear about changes in time.")),
        rating("clear", text=en("Staff explain services in plain words.")),
        rating("welcome", construct="contact", text=en("I feel welcome at school.")),
        {**rating("overall"), "outcome": True, "construct": None},
    ]
    constructs = [
        {"key": "communication", "title": en("Communication"), "setting": "family"},
        {"key": "contact", "title": en("Contact"), "setting": "school"},
    ]
    people: dict[str, dict[str, tuple[int, int, int, int]]] = {  # people; favorable to informed, clear, welcome
        "family": {"ash": (40, 26, 28, 32), "birch": (30, 20, 20, 25), "cedar": (30, 6, 19, 24)},
        "staff": {"ash": (20, 17, 15, 16), "birch": (15, 12, 11, 12), "cedar": (15, 12, 10, 12)},
    }
    groups = []
    for group, at in people.items():
        rows = [
            (school, {key: "agree" if i < good else "disagree" for key, good in zip(KEYS, favorable, strict=True)})
            for school, (n, *favorable) in at.items()
            for i in range(n)
        ]
        for i, (_, told) in enumerate(rows):
            told["overall"] = told["informed"] if i % 3 else "neutral"
        roster = {school: 2 * n for school, (n, *_) in at.items()}
        groups.append(Group(group, definition(group, asked, constructs=constructs), True, 10, roster, rows=rows))
    return World(SCHOOLS[:3], groups)


KEYS = ("informed", "clear", "welcome")


def test_what_is_not_asked_of_others_is_not_shared() -> None:
    world = example()
    staff = world.groups[1]
    asked = [item for item in staff.definition["sections"][0]["items"] if item["key"] != "clear"]
    constructs = staff.definition["constructs"]
    other = replace(staff, definition=definition("staff", asked, constructs=constructs))
    other.rows = [(school, {k: v for k, v in told.items() if k != "clear"}) for school, told in staff.rows]
    found = document(World(world.schools, [world.groups[0], other]))
    assert {row["item"]: row["shared"] for row in found["items"]} == {
        "informed": True, "clear": False, "welcome": True,
    }  # fmt: skip
    shared = {row["construct"]: row for row in found["constructs"] if row["group"] == "family"}
    assert (shared["communication"]["shared"], shared["contact"]["shared"]) == (False, True)
    assert shared["communication"]["factors"]["groups"] == []
    assert "Staff" not in shared["communication"]["reading"]


def test_one_group_alone_and_one_that_is_withheld() -> None:
    world = example()
    few = replace(world.groups[1], rows=world.groups[1].rows[:9])
    found = document(World(world.schools, [world.groups[0], few]))
    protected = [row for row in (*found["items"], *found["constructs"]) if row["group"] == "staff"]
    assert {row["status"] for row in protected} == {"protected"}
    assert all(row.keys() <= NAMES for row in protected)
    assert found["outcomes"]["staff"]["status"] == "protected"
    of_families = [row for row in found["constructs"] if row["group"] == "family"]
    assert [row["factors"]["groups"] for row in of_families] == [[{"group": "staff", "status": "protected"}]] * 2
    assert not any("taff" in row["reading"].split("plain words")[0] for row in of_families)


NAMES = {"group", "school", "item", "construct", "title", "setting", "text", "reverse", "shared", "status"}


def test_a_reader_of_one_school_learns_of_no_other() -> None:
    found = document(example(), {"ash"})
    for row in (*found["items"], *found["constructs"]):
        assert row["breadth"] is None
        assert {place["school"] for place in row.get("factors", {}).get("places", [])} <= {"ash"}
        assert "Cedar" not in row.get("reading", "")
    everybody = document(example(), {"ash", "birch", "cedar"})
    assert everybody == document(example())


def test_few_people_of_an_attributed_group() -> None:
    world = example()
    rows = [("ash", {"informed": "agree", "clear": "disagree"}), ("birch", {"informed": "disagree"})]
    leaders = Group("school_leader", world.groups[0].definition | {"group": "school_leader"}, False, 1, {}, rows=rows)
    first, second = (row for row in document(World(world.schools, [leaders]))["constructs"])
    assert first["reading"] == (
        "School leaders, on “Communication”: 2 of 3 answers are not favorable, 1st of 1 in need. It rests on 2 people: "
        "read it with care. None of its items stands out clearly. Whether a school is below the rest cannot be told."
    )
    assert (second["need"], second["rank"], second["reading"]) == (
        None,
        None,
        "School leaders, on “Contact”: no answers.",
    )


def test_many_schools_are_counted_and_not_named() -> None:
    rows = [
        (school, {"informed": "strongly_disagree" if place < 6 and i % 10 else "agree"})
        for place, school in enumerate(MANY)
        for i in range(40)
    ]
    world = World(MANY, [Group("family", definition(items=[rating("informed")]), True, 10, {}, rows=rows)])
    (row,) = document(world)["constructs"]
    assert "It is less favorable than elsewhere for families of 6 schools." in row["reading"]
    assert [place["verdict"] for place in row["factors"]["places"]].count("less_favorable") == 6


MANY = tuple(f"school-{i}" for i in range(20))


def test_groups_that_see_it_alike_are_named_together() -> None:
    world = example()
    for group in ("liaison", "school_leader"):
        twin = replace(world.groups[1], group=group, definition=world.groups[1].definition | {"group": group})
        world = World(world.schools, [*world.groups, twin])
    rows = [row for row in document(world)["constructs"] if row["construct"] == "communication"]
    assert "Staff, liaisons and school leaders see it more favorably than families do." in rows[0]["reading"]
    assert "Families see it less favorably than staff do." in rows[1]["reading"]


def test_nobody_has_answered() -> None:
    world = example()
    for confidential in (True, False):
        groups = [
            replace(group, rows=[], confidential=confidential, k=10 if confidential else 1) for group in world.groups
        ]
        found = document(World(world.schools, groups))
        assert_plain(found)
        assert {row["status"] for row in found["items"]} == {"protected" if confidential else "published"}
        assert not any(row.get("need") or row.get("rank") for row in (*found["items"], *found["constructs"]))
        assert found["settings"] == []


def test_a_thousand_schools() -> None:
    schools = tuple(f"s{i:03}" for i in range(1000))
    rows = [(school, {"informed": AGREE[(i + place) % 5]}) for place, school in enumerate(schools) for i in range(5)]
    world = World(schools, [Group("family", definition(items=[rating("informed")]), True, 5, {}, rows=rows)])
    (row,) = document(world)["constructs"]
    assert (row["breadth"], len(row["factors"]["places"])) == ({"below": 0, "of": 1000}, 1000)
    assert "No school shown here is clearly below the rest." in row["reading"]


def test_a_roster_that_is_too_small_gives_plain_limits() -> None:
    rows = [("ash", {"informed": AGREE[i % 5]}) for i in range(40)]
    for eligible, size in ((39, 40), (80, 40 * 79 / 40)):
        group = Group("family", definition(items=[rating("informed")]), True, 5, {"ash": eligible}, rows=rows)
        (row,) = document(World(SCHOOLS[:1], [group]))["items"]
        low, high = proportion_confint(0.6 * size, size, method="wilson")
        assert [row["need"]["low"], row["need"]["high"]] == [pytest.approx(low), pytest.approx(high)]
