"""Trends: against the row-by-row oracle, and by example."""

from __future__ import annotations

import copy
import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.analysis.facts import WaveFacts
from app.analysis.sealed import Sealed
from app.analysis.trends import UNTOLD, trends
from tests.analysis.comparing import differences
from tests.analysis.oracle import Group, Row
from tests.analysis.trends_oracle import trend
from tests.analysis.waves import SCHOOLS, World, agreeing, answers, canonical, cell_of, one_item, worlds
from tests.factories import definition, en, rating

WORDS = ("reading", "reason", "text", "title", "options", "construct", "setting", "kind", "reverse")


def named(world: World, key: str, title: str = "") -> tuple[WaveFacts, Sealed]:
    """A world as the wave of that name."""
    title = title or key.title()
    return replace(world.facts, wave=key, title=title), replace(world.sealed, wave=key, title=title)


def between(earlier: World, later: World) -> dict[str, Any]:
    return trends([named(earlier, "fall"), named(later, "spring")], "director")


def split(entries: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    """An entry for each group, without words, in one order."""
    out = []
    for entry in entries:
        for group in entry["groups"]:
            bare = {k: v for k, v in entry.items() if k not in WORDS or k == name}
            bare.pop("items", None)
            cells = [{k: v for k, v in c.items() if k != "reading"} for c in entry["cells"] if c["group"] == group]
            out.append(bare | {"groups": [group], "cells": cells})
    return sorted(out, key=lambda e: (e[name], e["groups"]))


def against_oracle(earlier: World, later: World) -> list[str]:
    ours = between(earlier, later)
    theirs = trend(("fall", earlier.schools, earlier.groups), ("spring", later.schools, later.groups))
    return [
        difference
        for kind, name in (("items", "item"), ("constructs", "construct"))
        for difference in differences(split(ours[kind], name), split(theirs[kind], name), kind)
    ]


# ------------------------------------------------------------------ the next version of an instrument
def reworded(raw: dict[str, Any], item: dict[str, Any]) -> None:
    item["text"] = en("In other words")


def turned(raw: dict[str, Any], item: dict[str, Any]) -> None:
    if item["kind"] == "rating":
        item["reverse"] = not item.get("reverse", False)


def rescored(raw: dict[str, Any], item: dict[str, Any]) -> None:
    for option in raw["scales"]["a"]["options"]:
        if "score" in option:
            option["score"] += 1


def remarked(raw: dict[str, Any], item: dict[str, Any]) -> None:
    scored = [option for option in raw["scales"]["b"]["options"] if "score" in option]
    scored[0]["favorable"] = not scored[0]["favorable"]


def relabeled(raw: dict[str, Any], item: dict[str, Any]) -> None:
    raw["scales"]["a"]["options"][0]["label"] = en("Other")


def dropped(raw: dict[str, Any], item: dict[str, Any]) -> None:
    if item["key"] != "plan":
        raw["sections"][0]["items"].remove(item)


def added(raw: dict[str, Any], item: dict[str, Any]) -> None:
    raw["sections"][0]["items"].append(rating("new", scale="a", construct="first"))


def asked_of_others(raw: dict[str, Any], item: dict[str, Any]) -> None:
    if item["key"] != "plan" and item.pop("show_if", None) is None:
        item["show_if"] = {"item": "plan", "in": ["no", "unsure"]}


def widened(raw: dict[str, Any], item: dict[str, Any]) -> None:
    for other in raw["sections"][0]["items"]:
        if other["kind"] == "integer":
            other["maximum"] += 1


def of_another_kind(raw: dict[str, Any], item: dict[str, Any]) -> None:
    items = raw["sections"][0]["items"]
    items[:] = [{"key": "times", "kind": "boolean", "text": en("Times")} if i["key"] == "times" else i for i in items]


CHANGES = (
    reworded, turned, rescored, remarked, relabeled, dropped, added, asked_of_others, widened, of_another_kind,
)  # fmt: skip


@st.composite
def successors(draw: st.DrawFn, world: World) -> World:
    """The wave after: other answers, sometimes other schools, groups, rosters, and questions that changed."""
    schools = draw(st.just(world.schools) | st.permutations(SCHOOLS[:4]).map(lambda s: tuple(s[:3])))
    groups = []
    for group in draw(st.just(world.groups) | st.just(world.groups[:1])):
        raw = copy.deepcopy(group.definition)
        for change in draw(st.lists(st.sampled_from(CHANGES), max_size=2, unique=True)):
            change(raw, draw(st.sampled_from(raw["sections"][0]["items"])))
        luck, silent = random.Random(draw(st.integers(0, 2**32))), draw(st.sampled_from([0, 0.05, 0.3]))
        base: dict[str | None, int] = {school: draw(st.integers(0, 30)) for school in schools}
        rows: list[Row] = [(s, answers(raw, luck, silent)) for s, n in base.items() for _ in range(n)]
        roster = {s: n + draw(st.integers(0, 9)) for s, n in base.items()} if draw(st.booleans()) else {}
        groups.append(Group(group.group, raw, group.confidential, group.k, roster, draw(st.integers(0, 9)) == 0, rows))
    return World(schools, groups)


pairs = worlds().flatmap(lambda world: st.tuples(st.just(world), successors(world)))


@settings(max_examples=60)
@given(pairs)
def test_every_figure_as_from_rows(two: tuple[World, World]) -> None:
    assert against_oracle(*two) == []


@settings(max_examples=25)
@given(worlds())
def test_two_identical_waves_have_not_changed(world: World) -> None:
    found = between(world, world)
    for entry in found["items"] + found["constructs"]:
        assert (entry["comparable"], entry["text_changed"], entry["asked_of_changed"]) == (True, False, False)
        for cell in entry["cells"]:
            assert cell["verdict"] in ("no_clear_change", "cannot_tell")
            assert cell["earlier"] == cell["later"]
            if cell["change"] is not None:
                assert cell["change"]["mean"]["value"] in (0, None)
                assert (cell["change"]["favorable"] or {"value": None})["value"] in (0, None)
            if cell["verdict"] == "no_clear_change":
                assert (cell["test"]["p"], cell["test"]["p_adjusted"]) == (1, 1)


@settings(max_examples=25)
@given(pairs)
def test_nothing_is_said_of_what_a_wave_withholds(two: tuple[World, World]) -> None:
    """A trend tells of each wave what its summary tells, and takes no difference to anything else."""
    found = between(*two)
    sides = {"earlier": two[0].summary, "later": two[1].summary}
    for kind, name in (("items", "item"), ("constructs", "construct")):
        shown = {
            side: {
                (entry[name], c["group"], c["school"], tuple(c.get("schools", ()))): c
                for entry in summary[kind]
                for c in entry["cells"]
                if c["status"] == "published"
            }
            for side, summary in sides.items()
        }
        for entry in found[kind]:
            for cell in entry["cells"]:
                where = entry[name], cell["group"], cell["school"], tuple(cell.get("schools", ()))
                for side in sides:
                    told = shown[side].get(where)
                    if told is None:
                        assert cell[side] in ({"status": "protected"}, None)
                        assert {cell["change"], cell["test"], cell["detectable"]} == {None}
                        assert cell["verdict"] == "cannot_tell"
                    else:
                        assert cell[side]["n"] == told["n"]
                        assert cell[side]["mean"] == {k: told["mean"][k] for k in ("value", "sd")}


# ------------------------------------------------------------------ by example
def answering(school: str | None, **people: int) -> list[Row]:
    return [(school, {"informed": value}) for value, n in people.items() for _ in range(n)]


OLD = answering("ash", disagree=12, neutral=8, agree=4) + answering("birch", agree=6, neutral=6)
NEW = answering("ash", disagree=4, neutral=6, agree=14) + answering("birch", agree=7, neutral=6)
ROSTER = {"ash": 30, "birch": 20}


@pytest.fixture(scope="module")
def changed() -> dict[str, Any]:
    return between(one_item(OLD, roster=ROSTER), one_item(NEW, roster=ROSTER))


def test_the_example_of_the_documentation(changed: dict[str, Any]) -> None:
    (entry,) = changed["items"]
    assert (entry["item"], entry["from"], entry["to"], entry["comparable"]) == ("informed", "fall", "spring", True)
    ash = cell_of(entry, "ash")
    assert (ash["earlier"]["n"], ash["later"]["n"]) == (24, 24)
    assert ash["earlier"]["mean"]["value"] == pytest.approx(2.6667, abs=5e-5)
    assert ash["later"]["mean"]["value"] == pytest.approx(3.4167, abs=5e-5)
    assert ash["change"]["mean"] == pytest.approx(
        {"value": 0.75, "se": 0.0992, "df": 46, "low": 0.5503, "high": 0.9497}, abs=5e-5
    )
    assert ash["change"]["favorable"] == pytest.approx({"value": 0.4167, "low": 0.1431, "high": 0.6156}, abs=5e-5)
    assert ash["test"] == pytest.approx({"t": 3.3807, "df": 45.9844, "p": 0.0015, "p_adjusted": 0.0015}, abs=5e-5)
    assert ash["detectable"] == pytest.approx({"mean": 0.6350, "mean_finite": 0.2840, "favorable": 0.3915}, abs=5e-5)
    assert ash["verdict"] == "up"


def test_readings(changed: dict[str, Any]) -> None:
    (entry,) = changed["items"]
    assert cell_of(entry, "ash")["reading"] == (
        "The answers of families of Ash to “informed” were on average more favorable in Spring than in Fall."
    )
    assert cell_of(entry, "birch")["reading"] == (
        "It is not clear whether the answers of families of Birch to “informed” changed from Fall to Spring. "
        "A change of less than 0.61 would often go unseen."
    )
    back = between(one_item(NEW), one_item(OLD))["items"][0]
    assert cell_of(back, "ash")["reading"] == (
        "The answers of families of Ash to “informed” were on average less favorable in Spring than in Fall."
    )
    turned_around = definition(items=[rating("informed", reverse=True)])
    assert "more favorable" in reading_of(turned_around, NEW, OLD)
    plain = definition(items=[rating("informed")])
    for option in plain["scales"]["agree5"]["options"]:
        option.pop("favorable", None)
    assert reading_of(plain, OLD, NEW) == (
        "The answers of families of Ash to “informed” scored on average higher in Spring than in Fall."
    )


def reading_of(raw: dict[str, Any], old: list[Row], new: list[Row]) -> str:
    worlds = [World(SCHOOLS[:2], [Group("family", raw, True, 5, {}, rows=rows)]) for rows in (old, new)]
    return str(cell_of(between(*worlds)["items"][0], "ash")["reading"])


def test_no_change_is_named_that_a_scale_does_not_have() -> None:
    """Of two people with opposite answers the smallest change to be seen is wider than the scale."""
    two = [one_item(answering("ash", disagree=1, **{up: 1}), confidential=False, k=1) for up in ("agree", "neutral")]
    cell = cell_of(between(*two)["items"][0], "ash")
    assert cell["detectable"]["mean"] > 4
    assert cell["reading"].endswith("Hardly any change could have been seen with so few answers.")


def test_waves_of_the_same_title_are_told_by_their_keys() -> None:
    two = [named(one_item(OLD), "a", "Survey"), named(one_item(NEW), "b", "Survey")]
    (entry,) = trends(two, "director")["items"]
    assert cell_of(entry, "ash")["reading"].endswith("more favorable in b than in a.")


def test_a_census_has_no_error_and_the_verdict_allows_for_another_year() -> None:
    rosters = {"ash": 24, "birch": 12}, {"ash": 24, "birch": 13}
    (entry,) = between(*(one_item(rows, roster=r) for rows, r in zip((OLD, NEW), rosters, strict=True)))["items"]
    birch = cell_of(entry, "birch")["change"]["mean"]
    assert birch["se"] == 0
    assert birch["low"] == birch["value"] == birch["high"] == 7 / 13 + 3 - 3.5
    assert cell_of(entry, "birch")["verdict"] == "no_clear_change"
    assert cell_of(entry, "birch")["detectable"]["mean_finite"] == 0
    assert cell_of(entry, "birch")["detectable"]["mean"] > 0.5


def test_what_cannot_be_told() -> None:
    old, new = one_item(agreeing(ash=9, birch=9)), one_item(agreeing(ash=9, birch=2), SCHOOLS[:3])
    (entry,) = between(old, new)["items"]
    told = {
        (c["school"], "schools" in c): (c["reason_code"], c["earlier"] and c["earlier"]["status"])
        for c in entry["cells"]
    }
    assert told == {
        ("ash", False): ("protected", "published"),
        ("birch", False): ("protected", "published"),
        ("cedar", False): ("not_in_wave", None),
        (None, False): ("other_schools", "published"),
    }
    assert {c["verdict"] for c in entry["cells"]} == {"cannot_tell"}
    assert all(UNTOLD[c["reason_code"]] in c["reading"] for c in entry["cells"])
    one = {"confidential": False, "k": 1}
    lonely = between(one_item(agreeing(ash=1, birch=3), **one), one_item(agreeing(ash=3, birch=3), **one))["items"][0]
    assert cell_of(lonely, "ash")["reason_code"] == "too_few_people"
    assert cell_of(lonely, "birch")["reason_code"] == "no_variance"
    assert cell_of(lonely, "birch")["change"]["mean"]["value"] == 0


def test_pools_are_compared_when_they_are_of_the_same_schools() -> None:
    three = SCHOOLS[:3]
    old = one_item(agreeing(ash=9, birch=3, cedar=4), three)
    (same,) = between(old, one_item(answering("ash", agree=9) + agreeing(birch=4, cedar=2), three))["items"]
    assert cell_of(same, None, pool=True)["change"]["mean"]["value"] == 0
    (other,) = between(old, one_item(agreeing(ash=3, birch=4, cedar=9), three))["items"]
    pools = {tuple(c["schools"]): c for c in other["cells"] if "schools" in c}
    assert list(pools) == [("ash", "birch"), ("birch", "cedar")]
    assert {c["reason_code"] for c in pools.values()} == {"protected"}


def test_tests_are_adjusted_within_group_and_place_items_apart_from_constructs() -> None:
    items = [rating(key) for key in ("a", "b", "c")]
    luck = random.Random(5)

    def world(tilt: int) -> World:
        rows: list[Row] = [
            (s, {k: ("disagree", "neutral", "agree")[min(2, luck.randrange(3) + (k == "a") * tilt)] for k in "abc"})
            for s in ("ash", "birch")
            for _ in range(30)
        ]
        return World(SCHOOLS[:2], [Group("family", definition(items=items), True, 5, {}, rows=rows)])

    found = between(world(0), world(1))
    for school in ("ash", "birch", None):
        tests = [cell_of(entry, school)["test"] for entry in found["items"]]
        least = min(tests, key=lambda test: test["p"])
        assert least["p_adjusted"] == pytest.approx(min(3 * least["p"], *(t["p_adjusted"] for t in tests)))
        (construct,) = found["constructs"]
        assert cell_of(construct, school)["test"]["p"] == cell_of(construct, school)["test"]["p_adjusted"]


def test_a_construct_of_which_some_items_have_favorable_options() -> None:
    raw = definition(items=[rating("marked"), rating("plain", scale="plain")])
    raw["scales"]["plain"] = {"options": [o | {"favorable": False} for o in raw["scales"]["agree5"]["options"][:5]]}
    luck = random.Random(8)
    old, new = (
        World(
            SCHOOLS[:1],
            [Group("family", raw, True, 5, {"ash": 30}, rows=[("ash", answers(raw, luck, 0.1)) for _ in range(n)])],
        )
        for n in (20, 24)
    )
    assert against_oracle(old, new) == []
    found = between(old, new)
    (construct,), plain = found["constructs"], found["items"][1]
    assert cell_of(construct, "ash")["later"]["favorable"]["n"] == cell_of(found["items"][0], "ash")["later"]["n"]
    assert cell_of(plain, "ash")["change"]["favorable"] is None
    assert cell_of(plain, "ash")["detectable"]["favorable"] is None


def test_groups_with_other_histories_have_other_entries() -> None:
    raw, turned_around = definition(items=[rating("informed")]), definition(items=[rating("informed", reverse=True)])

    def world(staff: dict[str, Any]) -> World:
        both = [("family", raw), ("staff", {**staff, "group": "staff", "key": "staff"})]
        return World(SCHOOLS[:2], [Group(group, of, True, 5, {}, rows=OLD) for group, of in both])

    found = between(world(raw), world(turned_around))
    assert [(e["groups"], e["comparable"], e.get("reason_code")) for e in found["items"]] == [
        (["family"], True, None),
        (["staff"], False, "reverse_changed"),
    ]
    assert found["items"][1]["cells"] == []
    assert found["items"][1]["reason"] == "It is reversed in one of the waves and not in the other."
    assert [(e["groups"], e.get("reason_code")) for e in found["constructs"]] == [
        (["family"], None),
        (["staff"], "item_not_comparable"),
    ]
    assert [e["groups"] for e in between(world(raw), world(raw))["items"]] == [["family", "staff"]]


def test_three_waves_are_told_pair_by_pair() -> None:
    first, second, third = one_item(OLD), one_item(NEW), one_item(OLD)
    found = trends([named(first, "a"), named(second, "b"), named(third, "c")], "director")
    assert [wave["wave"] for wave in found["waves"]] == ["a", "b", "c"]
    assert [(e["from"], e["to"], cell_of(e, "ash")["verdict"]) for e in found["items"]] == [
        ("a", "b", "up"),
        ("b", "c", "down"),
    ]
    two = trends([named(second, "b"), named(third, "c")], "director")
    assert canonical(two["items"]) == canonical(found["items"][1:])


def test_a_group_that_a_wave_does_not_ask_is_left_out_of_its_pairs() -> None:
    both = World(
        SCHOOLS[:2],
        [Group(g, definition(g, items=[rating("informed")]), True, 5, {}, rows=OLD) for g in ("family", "staff")],
    )
    found = trends([named(both, "a"), named(one_item(NEW), "b"), named(both, "c")], "director")
    assert {g for e in found["items"] for g in e["groups"]} == {"family"}
    assert [list(wave["promise"]) for wave in found["waves"]] == [["family", "staff"], ["family"], ["family", "staff"]]


def test_a_wave_keeps_the_title_of_its_release() -> None:
    facts, sealed = named(one_item(OLD), "a", "As released")
    found = trends([(replace(facts, title="Renamed"), sealed), named(one_item(NEW), "b")], "director")
    assert found["waves"][0]["title"] == "As released"


def test_nobody_answered_and_nothing_has_a_score() -> None:
    empty = one_item([])
    assert {c["verdict"] for c in between(empty, one_item(NEW))["items"][0]["cells"]} == {"cannot_tell"}
    silent = one_item([], confidential=False, k=1)
    assert against_oracle(silent, silent) == against_oracle(silent, empty) == []
    plain = definition(items=[{"key": "bus", "kind": "boolean", "text": en("Bus?")}])
    world = World(SCHOOLS[:2], [Group("family", plain, True, 5, {}, rows=[("ash", {"bus": True})] * 9)])
    found = between(world, world)
    assert found["items"] == found["constructs"] == []


def test_many_schools() -> None:
    schools = tuple(f"school-{i:03d}" for i in range(60))
    luck = random.Random(7)

    def world() -> World:
        chosen = ("agree", "neutral", "disagree")
        rows: list[Row] = [(s, {"informed": luck.choice(chosen)}) for s in schools for _ in range(luck.randint(0, 12))]
        return one_item(rows, schools, roster=dict.fromkeys(schools, 15))

    assert against_oracle(world(), world()) == []


def test_a_seal_of_another_instrument_is_refused() -> None:
    facts, sealed = named(one_item(OLD), "a")
    other = replace(facts, groups=(replace(facts.groups[0], instrument="family@2"),))
    with pytest.raises(ValueError, match="sealed with family@1"):
        trends([(other, sealed), named(one_item(NEW), "b")], "director")
