"""The auditor's `check`: sound documents pass, and every leak that is planted in them is found, by its rule."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.analysis import audit, bands, disclosure
from app.analysis.slices import narrow
from tests.analysis.audited import BANDED, FINENESS, MORE, Published, published, union
from tests.analysis.waves import World, worlds

ROSTER = {"ash": 20, "birch": 20, "cedar": 9, "dogwood": 8, "elm": 12}


@pytest.fixture
def sound() -> Published:
    """A director's figures of families, k = 5: Ash 14, Birch 12, a pool of seven (Cedar 4, Dogwood 3), and all 33."""
    return published(union(roster=ROSTER))


@pytest.fixture
def banded() -> Published:
    """The same for all audiences, k = 10: Ash 24, Birch 19, a pool of 13 (Cedar 7, Dogwood 6), and all 56."""
    return published(union(MORE, 10, roster=dict.fromkeys(ROSTER, 30)), **BANDED)


# ------------------------------------------------------------------ what is sound
@settings(max_examples=80)
@given(worlds(), st.sampled_from(FINENESS))
def test_whatever_the_program_publishes_is_sound(world: World, fine: dict[str, str]) -> None:
    found = published(world, **fine)
    assert found.check() == []
    assert found.check(found) == []  # an earlier release that says the same
    without = audit.Truth.of(found.facts, None)
    assert audit.check(found.documents, without) == []


@settings(max_examples=25)
@given(worlds(most=1), st.sampled_from(FINENESS), st.data())
def test_slices_are_sound_too(world: World, fine: dict[str, str], data: st.DataObject) -> None:
    found = published(world, **fine)
    whole = found.document(data.draw(st.sampled_from(["director", "principal", "public"])))
    school = data.draw(st.sampled_from(world.schools))
    parts = [narrow(whole, schools=[school]), narrow(whole, items=[e["item"] for e in whole["items"][:2]])]
    turnout = {"wave": "fall", "status": "closed", "cells": found.document()["participation"]}
    assert audit.check([*found.documents, *parts, turnout], found.truth) == []


def test_the_examples_are_sound(sound: Published, banded: Published) -> None:
    assert [sound.cell(of)["n"] for of in ("ash", "birch", "pool", None)] == [14, 12, 7, 33]
    assert [banded.cell(of, audience="public")["n"] for of in ("ash", "birch", "pool", None)] == [24, 19, 13, 56]
    assert len(sound.by("plan")["items"]) == 2
    assert (sound.check(), banded.check()) == ([], [])


def test_a_finding_says_where_and_whom(sound: Published) -> None:
    sound.cell("ash")["n"] -= 1
    found = [finding for finding in sound.check() if finding.rule == "truth"]
    assert [(f.group, f.schools) for f in found] == [("family", ("ash",))]
    assert str(found[0]) == "director:/items/0/cells (family, informed): 13 people are shown where there are 14"


# ------------------------------------------------------------------ what nobody knows
@pytest.mark.parametrize(
    "plant",
    [
        lambda of: of.cell("cedar").update(reason="too_few"),
        lambda of: of.cell("cedar").update(n=4),
        lambda of: of.cell("cedar").update(n=None),
        lambda of: of.cell("cedar").update(suppressed=True),
        lambda of: of.cell("elm").update(responses=0),
        lambda of: of.cell("elm").update(status="empty"),
        lambda of: of.cell("pool").update(parts={"cedar": 4, "dogwood": 3}),
        lambda of: of.cell("pool").update(schools=[{"school": "cedar", "n": 4}, {"school": "dogwood", "n": 3}]),
        lambda of: of.cell("pool").update(schools=["cedar", "dogwood", 7]),
        lambda of: of.cell("ash").update(median=4),
        lambda of: of.cell("ash").update(warnings=["two_people"]),
        lambda of: of.cell("ash")["mean"].update(median=4.0),
        lambda of: of.cell("ash")["counts"].update(agree=2.5),
        lambda of: of.cell("ash").pop("missing"),
        lambda of: of.entry().update(n=33),
        lambda of: of.document().update(responses=33),
        lambda of: of.document()["participation"][2].update(responses=4),
        lambda of: of.documents.append({"wave": "fall", "cells": [{"group": "family", "n": 4}]}),
        lambda of: of.by("plan")["items"][0]["cells"][2].update(n=0),
    ],
)  # fmt: skip
def test_what_is_not_known_is_refused(sound: Published, plant: Callable[[Published], Any]) -> None:
    """A reason code, an n for the parts of a pool, a figure that nobody registered: each is a fault by itself."""
    plant(sound)
    assert sound.rules() == {"unknown"}


@pytest.mark.parametrize("audience", ["principal", "public"])
@pytest.mark.parametrize(
    "plant",
    [
        lambda cell: cell["favorable"].update(flip=3),
        lambda cell: cell["favorable"].update(floor=0.5),
        lambda cell: cell["favorable"].update(count=9),
        lambda cell: cell["favorable"].pop("low"),
        lambda cell: cell.update(mean={"value": 3.5}),
        lambda cell: cell.update(missing=2),
        lambda cell: cell.update(eligible=30),
        lambda cell: cell.update(warnings=["low_response"]),
    ],
)
def test_a_banded_cell_holds_nothing_but_its_band(
    banded: Published, audience: str, plant: Callable[[dict[str, Any]], Any]
) -> None:
    plant(banded.cell("ash", audience=audience))
    assert banded.rules() == {"unknown"}


# ------------------------------------------------------------------ figures that are not those of the cell
def test_another_n(sound: Published) -> None:
    sound.cell("ash")["n"] += 1
    assert "truth" in sound.rules()


@pytest.mark.parametrize("name", ["missing", "not_applicable", "not_asked"])
def test_other_people_without_an_answer(sound: Published, name: str) -> None:
    sound.cell("ash")[name] += 1
    assert "truth" in sound.rules()


def test_other_complete_cases(sound: Published) -> None:
    sound.cell("ash", "communication")["reliability"]["n"] -= 1
    assert sound.rules() == {"truth"}


def test_a_cell_twice(sound: Published) -> None:
    cells = sound.entry()["cells"]
    cells.append(copy.deepcopy(cells[0]))
    assert "repeated" in sound.rules()


def test_a_measure_twice(sound: Published) -> None:
    items = sound.document()["items"]
    items.append(copy.deepcopy(items[0]))
    assert sound.rules() == {"repeated"}


def test_two_readers_are_told_two_numbers(banded: Published) -> None:
    banded.cell("ash", audience="principal")["n"] += 1
    assert {"contradiction", "truth"} <= banded.rules()


def test_without_the_rows_documents_still_contradict_each_other(banded: Published) -> None:
    truth = audit.Truth.of(banded.facts, None)
    assert audit.check(banded.documents, truth) == []
    banded.cell("ash", audience="principal")["n"] += 1
    assert {f.rule for f in audit.check(banded.documents, truth)} >= {"contradiction"}


# ------------------------------------------------------------------ promises
def test_an_audience_that_was_promised_nothing(sound: Published) -> None:
    shown = copy.deepcopy(sound.document()) | {"audience": "principal", "participation": []}
    sound.documents.append(shown)
    assert sound.rules() == {"promise"}


@pytest.mark.parametrize("audience", ["principal", "public"])
def test_exact_figures_in_place_of_bands(banded: Published, audience: str) -> None:
    banded.entry(audience=audience)["cells"] = copy.deepcopy(banded.entry()["cells"])
    assert banded.rules() == {"promise"}


def test_one_exact_cell_among_bands(banded: Published) -> None:
    cells = banded.entry(audience="principal")["cells"]
    cells[0] = copy.deepcopy(banded.entry()["cells"][0])
    assert banded.rules() == {"promise"}


def test_an_attributed_group_is_for_the_director(monkeypatch: pytest.MonkeyPatch) -> None:
    found = published(union(confidential=False, k=1))
    assert found.check() == []
    found.documents.append(copy.deepcopy(found.document()) | {"audience": "principal", "participation": []})
    assert found.rules() == {"promise"}


def test_another_promise_than_the_one_that_was_made(sound: Published) -> None:
    sound.document()["promise"]["family"]["minimum"] = 3
    assert "promise" in sound.rules()


def test_a_band_of_seven_people(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bands under a minimum that allows none."""
    monkeypatch.setattr(bands, "SMALLEST", 1)
    world = union()
    (family,) = world.facts.groups
    world.__dict__["facts"] = replace(world.facts, groups=(replace(family, **BANDED),))
    leaks = published(world, director="exact")
    assert {(f.rule, f.base) for f in leaks.check()} == {("band", 7)}


# ------------------------------------------------------------------ participation
def test_a_live_counter() -> None:
    """A response went after the close; participation counts those that are left."""
    frozen = {"family": {"ash": 15, "birch": 12, "cedar": 4, "dogwood": 3}}
    stands = published(union(roster=ROSTER), frozen)
    assert stands.check() == []
    live = {"wave": "fall", "status": "closed", "cells": copy.deepcopy(stands.document()["participation"])}
    assert live["cells"][0]["responses"] == 15
    live["cells"][0] |= {"responses": 14, "rate": 14 / 20}
    assert {f.rule for f in audit.check([live], stands.truth)} == {"live"}
    stands.documents.append(live)
    assert stands.rules() == {"contradiction"}


def test_a_small_school_is_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disclosure, "hidden_in_participation", lambda *_: frozenset())
    assert published(union(roster=ROSTER)).rules() == {"participation"}


def test_the_only_hidden_school(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disclosure, "hidden_in_participation", lambda *_: frozenset({"dogwood"}))
    leaks = published(union(roster=ROSTER | {"cedar": 11}))
    assert leaks.rules() == {"participation"}
    assert [f.schools for f in leaks.check()] == [("dogwood",)]


def test_a_rate_that_is_not_that_of_the_responses(sound: Published) -> None:
    sound.document()["participation"][0]["rate"] += 0.01
    assert sound.rules() == {"contradiction"}


@pytest.mark.parametrize("audience", ["principal", "public"])
def test_turnout_for_whom_it_is_not(sound: Published, banded: Published, audience: str) -> None:
    of = sound if audience == "principal" else banded
    of.document(audience)["participation"] = copy.deepcopy(of.document()["participation"])
    assert of.rules() == {"promise"}


# ------------------------------------------------------------------ replies
def test_replies_that_move() -> None:
    before = {"/summary": ('"a"', b"1"), "/summary?item=x": ('"b"', b"2")}
    assert audit.same(before, dict(before)) == []
    for after in (
        before | {"/summary": ('"c"', b"1")},
        before | {"/summary": ('"a"', b"3")},
        {"/summary": ('"a"', b"1")},
        before | {"/new": ('"d"', b"")},
    ):
        (moved,) = audit.same(before, after)
        assert moved.rule == "moved"
