"""The document of gaps: against rows one by one, and by examples what is shared, compared and withheld."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.analysis.gaps import gaps, gaps_among, narrow_rows
from tests.analysis import gaps_oracle
from tests.analysis.comparing import differences
from tests.analysis.oracle import Group, Row
from tests.analysis.waves import GROUPS, SCHOOLS, World, cell_of, definitions, groups
from tests.factories import AGREE, definition, en, options, rating

FIGURES = ("a", "b", "difference", "effect", "test")


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Groups of which most have the same instrument."""
    schools = SCHOOLS[: draw(st.integers(1, 4))]
    raw = draw(definitions("family"))
    found = []
    for group in GROUPS[: draw(st.integers(2, 3))]:
        same = {**raw, "key": group.replace("_", "-"), "group": group} if draw(st.integers(0, 3)) else None
        found.append(draw(groups(group, schools, same)))
    return World(schools, found)


def of(world: World, a: str = "family", b: str = "staff", school: str | None = None) -> dict[str, Any]:
    return gaps(world.facts, world.sealed, a, b, school, "director")


def bare(rows: list[dict[str, Any]], *names: str) -> list[dict[str, Any]]:
    return [{name: row[name] for name in names} for row in rows]


@settings(max_examples=25)
@given(worlds(), st.data())
def test_as_counted_one_by_one(world: World, data: st.DataObject) -> None:
    a, b = data.draw(st.permutations(world.groups).map(lambda p: p[:2]))
    school = data.draw(st.sampled_from([None, *world.schools]))
    document, expected = of(world, a.group, b.group, school), gaps_oracle.pair(world, a, b, school)
    assert differences(bare(document["items"], "item", *FIGURES), expected["items"]) == []
    assert differences(bare(document["constructs"], "construct", *FIGURES), expected["constructs"]) == []
    for row in (*document["items"], *document["constructs"]):
        assert (row["reading"] is None) == ("reason" in row) == ("reason_code" in row) == (row["test"] is None)


@settings(max_examples=20)
@given(worlds(), st.data())
def test_several_groups_as_counted_one_by_one(world: World, data: st.DataObject) -> None:
    chosen = data.draw(st.permutations(world.groups))
    school = data.draw(st.sampled_from([None, *world.schools]))
    names = [group.group for group in chosen]
    document = gaps_among(world.facts, world.sealed, names, school, "director")
    expected = gaps_oracle.together(world, chosen, school)
    for part in ("items", "constructs"):
        assert differences(bare(document[part], "effect", "test"), expected[part]) == []
        for row in document[part]:
            assert [cell["group"] for cell in row["cells"]] == names
            assert (row["reading"] is None) == ("reason" in row) == (row["test"] is None)
    for pair in document["pairs"]:
        alone = of(world, pair["a"], pair["b"], school)
        assert pair == {name: alone[name] for name in ("a", "b", "items", "constructs")}
    assert len(document["pairs"]) == len(names) * (len(names) - 1) // 2


@settings(max_examples=10)
@given(worlds())
def test_the_other_way_round(world: World) -> None:
    there, back = of(world, "family", "staff"), of(world, "staff", "family")
    theirs = {row["item"]: row for row in back["items"]}
    for row in there["items"]:
        other = theirs[row["item"]]
        assert (row["a"], row["b"]) == (other["b"], other["a"])
        if row["test"] is not None:
            assert row["test"]["p_adjusted"] == pytest.approx(other["test"]["p_adjusted"], abs=1e-14)
            assert row["effect"]["cliffs_delta"] == -other["effect"]["cliffs_delta"]
            assert row["difference"]["mean"]["low"] == -other["difference"]["mean"]["high"]


# ------------------------------------------------------------------ by example
def people(scores: str, key: str = "informed", school: str = "ash") -> list[Row]:
    """One person for each digit."""
    return [(school, {key: AGREE[int(score) - 1]}) for score in scores]


def group_of(group: str, rows: list[Row], items: list[dict[str, Any]] | None = None, **more: Any) -> Group:
    raw = definition(group, items or [rating("informed")])
    return Group(group, raw, more.get("confidential", True), more.get("k", 5), {}, rows=rows)


FAMILIES, STAFF = "1222233334", "23334444555"


def test_the_example_of_the_documentation() -> None:
    world = World(SCHOOLS[:1], [group_of("family", people(FAMILIES)), group_of("staff", people(STAFF))])
    (row,) = of(world)["items"]
    rounded = {
        name: {k: round(v, 3) for k, v in figures.items()}
        for name, figures in (*row["difference"].items(), ("effect", row["effect"]), ("test", row["test"]))
    }
    assert rounded == {
        "mean": {"value": -1.318, "se": 0.400, "df": 18.964, "low": -2.155, "high": -0.481},
        "favorable": {"value": -0.536, "low": -0.764, "high": -0.121},
        "effect": {"cliffs_delta": -0.673, "hedges_g": -1.373},
        "test": {"u": 18.0, "p": 0.007, "p_adjusted": 0.007},
    }
    clearly = "Families rate “informed” clearly lower than staff do, on average by 0.48 to 2.16 points"
    assert row["reading"] == f"{clearly} on the scale from 1 to 5."


def test_the_cells_are_those_of_the_summary() -> None:
    rows = people(FAMILIES) + people(STAFF, school="birch")
    world = World(SCHOOLS[:2], [group_of("family", rows), group_of("staff", rows[::-1])])
    (item,), (construct,) = world.summary["items"], world.summary["constructs"]
    for school in (None, "ash", "birch"):
        document = of(world, school=school)
        assert (document["a"], document["b"], document["school"]) == ("family", "staff", school)
        for row, entry in ((document["items"][0], item), (document["constructs"][0], construct)):
            assert row["a"] == cell_of(entry, school)
            assert row["b"] == cell_of(entry, school, "staff")
    assert {k: v for k, v in document["items"][0].items() if k in item} == {
        k: v for k, v in item.items() if k != "cells"
    }


def test_a_protected_side_gives_nothing() -> None:
    """Ten families in each school, but only four of the staff in one of the two."""
    families = people(FAMILIES) + people(FAMILIES, school="birch")
    world = World(
        SCHOOLS[:2], [group_of("family", families), group_of("staff", people(STAFF) + people("2345", school="birch"))]
    )
    for row in (*of(world, school="ash")["items"], *of(world, school="birch")["constructs"]):
        assert row["a"]["status"] == "published"
        assert row["b"] == {"group": "staff", "school": row["a"]["school"], "status": "protected"}
        assert [row[name] for name in ("difference", "effect", "test", "reading")] == [None] * 4
        assert (row["reason_code"], row["reason"]) == ("protected", "The results of staff are not shown here.")
    assert of(world)["items"][0]["test"] is not None


def test_only_the_same_items_are_compared() -> None:
    """The same key with another scale, direction or range of numbers is another item; another wording is not."""
    number: dict[str, Any] = {"key": "times", "kind": "integer", "minimum": 0, "maximum": 5, "text": en("Times")}
    plan: dict[str, Any] = {"key": "plan", "kind": "single", "options": options("yes", "no"), "text": en("Plan?")}
    ours = [rating("informed"), rating("heard"), rating("turned", construct=None), number, plan]
    theirs = [
        rating("heard", text=en("In other words")), rating("informed"), rating("turned", construct=None, reverse=True),
        {**number, "maximum": 6}, plan, rating("own"),
    ]  # fmt: skip
    for item in (ours[2], theirs[2]):
        del item["construct"]
    both = [[(s, a | {"heard": "agree"}) for s, a in people(scores)] for scores in (FAMILIES, STAFF)]

    def against(items: list[dict[str, Any]]) -> dict[str, Any]:
        return of(World(SCHOOLS[:1], [group_of("family", both[0], ours), group_of("staff", both[1], items)]))

    document = against(theirs[:-1])
    assert [row["item"] for row in document["items"]] == ["informed", "heard", "plan"]
    assert document["items"][1]["text"] == "heard"
    assert document["constructs"][0]["test"] is not None
    (construct,) = against(theirs)["constructs"]
    assert (construct["a"]["status"], construct["items"]) == ("published", ["informed", "heard"])
    assert construct["reason_code"] == "different_items"  # staff have an item more


def test_constructs_with_other_items() -> None:
    """Staff have one item more, or one that is reversed; the figures of both stand side by side all the same."""
    more: list[Row] = [(s, a | {"heard": "agree"}) for s, a in people(STAFF)]
    for items, rows in (
        ([rating("informed"), rating("heard")], more),
        ([rating("informed", reverse=True)], people(STAFF)),
    ):
        world = World(SCHOOLS[:1], [group_of("family", people(FAMILIES)), group_of("staff", rows, items)])
        (row,) = of(world)["constructs"]
        assert {row[side]["status"] for side in "ab"} == {"published"}
        assert row["difference"] == {"mean": None, "favorable": None}
        assert [row[name] for name in ("effect", "test", "reading", "reason_code")] == [
            None,
            None,
            None,
            "different_items",
        ]


def test_items_without_scores() -> None:
    plan: dict[str, Any] = {"key": "plan", "kind": "single", "options": options("yes", "no"), "text": en("Plan?")}
    rows: list[Row] = [("ash", {"plan": "yes"})] * 7
    world = World(SCHOOLS[:1], [group_of(g, rows, [plan]) for g in ("family", "staff")])
    (row,) = of(world)["items"]
    assert row["difference"] == {"mean": None, "favorable": None}
    assert (row["effect"], row["test"], row["reading"], row["reason_code"]) == (None, None, None, "no_scores")


@pytest.mark.parametrize(
    ("ours", "theirs", "code", "reason"),
    [
        (FAMILIES, "444444", "no_variance", "All school leaders gave the same answer."),
        ("11111", "444444", "no_variance", "Within each group all gave the same answer."),
        (FAMILIES, "4", "too_few_people", "Fewer than two people answered among school leaders."),
        (FAMILIES, "", "too_few_people", "Fewer than two people answered among school leaders."),
    ],
)
def test_what_cannot_be_compared(ours: str, theirs: str, code: str, reason: str) -> None:
    leaders = group_of("school_leader", people(theirs), confidential=False, k=1)
    (row,) = of(World(SCHOOLS[:1], [group_of("family", people(ours)), leaders]), b="school_leader")["items"]
    assert row["difference"]["mean"] is None
    assert (row["difference"]["favorable"] is None) == (len(theirs) < 2)  # a share needs no variety
    assert (row["effect"], row["test"], row["reading"]) == (None, None, None)
    assert (row["reason_code"], row["reason"]) == (code, reason)


def test_what_cannot_be_compared_takes_no_part_in_the_adjustment() -> None:
    items = [rating("informed"), rating("heard"), rating("same")]

    def answers(scores: str) -> list[Row]:
        return [(s, {"informed": a["informed"], "heard": a["informed"], "same": "agree"}) for s, a in people(scores)]

    world = World(SCHOOLS[:1], [group_of("family", answers(FAMILIES), items), group_of("staff", answers(STAFF), items)])
    first, second, third = (row["test"] for row in of(world)["items"])
    assert first == second
    assert first["p_adjusted"] == first["p"]  # the larger of two equal ones, times 2 / 2
    assert third is None


def test_several_groups_with_one_that_is_small() -> None:
    some = [group_of("family", people(FAMILIES)), group_of("staff", people(STAFF))]
    one = group_of("liaison", people("3"), confidential=False, k=1)
    document = gaps_among(World(SCHOOLS[:1], [*some, one]).facts, World(SCHOOLS[:1], [*some, one]).sealed,
                          ["family", "staff", "liaison"], None, "director")  # fmt: skip
    (row,) = document["items"]
    assert (row["test"], row["effect"], row["reason_code"]) == (None, None, "too_few_people")
    assert [pair["items"][0]["test"] is None for pair in document["pairs"]] == [False, True, True]


def test_several_groups_of_one_opinion() -> None:
    world = World(SCHOOLS[:1], [group_of(g, people("44444")) for g in ("family", "staff", "liaison")])
    document = gaps_among(world.facts, world.sealed, ["family", "staff", "liaison"], None, "director")
    assert document["items"][0]["reason"] == "Within each group all gave the same answer."
    assert document["constructs"][0]["reason"] == "Within each group all have the same score."


def test_slices() -> None:
    world = World(
        SCHOOLS[:1], [group_of(g, people(FAMILIES), [rating("informed"), rating("heard")]) for g in GROUPS[:2]]
    )
    document = of(world)
    assert narrow_rows(document, (), ()) == document
    one = narrow_rows(document, ("heard",), ())
    assert (one["items"], one["constructs"]) == ([document["items"][1]], [])
    assert narrow_rows(document, (), ("communication",)) == document
    several = gaps_among(world.facts, world.sealed, GROUPS[:2], None, "director")
    assert narrow_rows(several, ("heard",), ())["pairs"][0]["items"] == one["items"]


def test_the_seal_and_the_instrument_belong_together() -> None:
    world = World(SCHOOLS[:1], [group_of(g, people(FAMILIES)) for g in GROUPS[:2]])
    sealed = world.sealed
    world.facts.groups[0].__dict__["instrument"] = "family@2"
    with pytest.raises(ValueError, match="sealed with family@1"):
        gaps(world.facts, sealed, "family", "staff", None, "director")
