"""The documents of the other audiences: made from the director's alone, and no finer than promised."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.analysis import audiences
from app.analysis.bands import band, widened
from app.analysis.disclosure import seal
from app.analysis.summarize import summarize
from tests.analysis.waves import SCHOOLS, World, agreeing, canonical, cell_of, one_item, worlds


def promised(world: World, **fineness: str) -> dict[str, Any]:
    """The exact document of a world whose confidential groups were promised this."""
    facts = replace(
        world.facts, groups=tuple(replace(g, **fineness) if g.confidential else g for g in world.facts.groups)
    )
    return summarize(facts, seal(facts, world.tallies))


def mixed(agree: int, disagree: int, school: str | None) -> list[Any]:
    return [(school, {"informed": "agree"})] * agree + [(school, {"informed": "disagree"})] * disagree


ROWS = mixed(7, 5, "ash") + mixed(20, 1, "birch") + mixed(3, 4, "cedar") + mixed(2, 4, "dogwood") + mixed(9, 3, None)


@pytest.fixture
def documents() -> dict[str, Any]:
    world = one_item(ROWS, SCHOOLS[:5], k=10)
    return audiences.everyone(promised(world, principal="banded", public="banded"))


def test_a_banded_cell_holds_n_and_the_ends_and_nothing_else(documents: dict[str, Any]) -> None:
    entry = documents["principal"]["items"][0]
    assert cell_of(entry, "ash") == {
        "group": "family", "school": "ash", "status": "published", "n": 12,
        "favorable": {"low": 6 / 12, "high": 9 / 12},
    }  # fmt: skip
    assert cell_of(entry, "cedar") == {"group": "family", "school": "cedar", "status": "protected"}
    pool = cell_of(entry, None, pool=True)
    assert (pool["schools"], pool["n"]) == (["cedar", "dogwood"], 13)
    assert pool["favorable"] == {"low": 3 / 13, "high": 5 / 13}


def test_no_band_says_how_many_of_the_silent_would_flip_it() -> None:
    world = one_item(mixed(7, 5, "ash"), SCHOOLS[:1], k=10, roster={"ash": 20})
    read = audiences.everyone(promised(world, principal="banded", public="banded"))
    favorable = {audience: cell_of(read[audience]["items"][0], "ash")["favorable"] for audience in read}
    assert favorable["director"]["flip"] == 3
    assert favorable["principal"].keys() == favorable["public"].keys() == {"low", "high"}
    bands = promised(world, director="banded", principal="banded")
    assert cell_of(audiences.director(bands)["items"][0], "ash")["favorable"].keys() == {"low", "high"}


def test_the_union_s_band_is_the_sum_of_its_parts(documents: dict[str, Any]) -> None:
    union = cell_of(documents["principal"]["items"][0], None)
    parts = [band(7, 12), band(20, 21), band(5, 13), band(9, 12)]  # the last are the people without a school
    assert union["n"] == 58
    assert union["favorable"] == {"low": sum(p.low for p in parts) / 58, "high": sum(p.high for p in parts) / 58}


def test_a_construct_s_band_is_the_sum_over_its_items(documents: dict[str, Any]) -> None:
    entry, item = documents["principal"]["constructs"][0], documents["principal"]["items"][0]
    for cell, same in zip(entry["cells"], item["cells"], strict=True):
        assert cell == same  # a construct of one item


def test_the_public_s_shares_are_made_from_the_band(documents: dict[str, Any]) -> None:
    entry = documents["public"]["items"][0]
    assert cell_of(entry, "ash")["favorable"] == widened(band(7, 12), 12)
    assert documents["public"]["participation"] == []
    assert documents["public"]["audience"] == "public"


def test_a_whole_union_alone_is_banded_by_itself() -> None:
    world = one_item(agreeing(ash=6, birch=5), k=10)
    union = cell_of(audiences.principal(promised(world, principal="banded"))["items"][0], None)
    assert union["favorable"] == {"low": 9 / 11, "high": 1.0}


def test_a_director_may_be_promised_bands_too() -> None:
    exact = promised(one_item(ROWS, SCHOOLS[:5], k=10), director="banded", principal="banded", public="banded")
    same = audiences.everyone(promised(one_item(ROWS, SCHOOLS[:5], k=10), principal="banded", public="banded"))
    told = audiences.everyone(exact)
    assert told["director"]["items"] == told["principal"]["items"] == same["principal"]["items"]
    assert told["public"]["items"] == same["public"]["items"]
    assert told["public"]["constructs"] == same["public"]["constructs"]
    assert canonical(told["director"]) != canonical(exact)
    assert {row["school"] for row in told["director"]["participation"]} >= {None, "ash"}


def test_items_without_favorable_options_have_no_bands() -> None:
    world = one_item(ROWS, SCHOOLS[:5], k=10)
    world.groups[0].definition["sections"][0]["items"].append({"key": "bus", "kind": "boolean", "text": {"en": "Bus?"}})
    assert [e["item"] for e in audiences.principal(promised(world, principal="banded"))["items"]] == ["informed"]
    assert [e["item"] for e in audiences.principal(promised(world, principal="exact"))["items"]] == ["informed", "bus"]


def test_exact_is_the_director_s_cell_and_none_is_nothing() -> None:
    world = one_item(ROWS, SCHOOLS[:5], k=10)
    exact = promised(world, principal="exact")
    assert audiences.principal(exact)["items"] == exact["items"]
    nothing = audiences.everyone(promised(world))
    for audience in ("principal", "public"):
        assert [nothing[audience][part] for part in ("promise", "instruments")] == [{}, {}]
        assert [nothing[audience][part] for part in ("participation", "items", "constructs")] == [[], [], []]


@settings(max_examples=60, deadline=None)
@given(worlds(), st.sampled_from([("exact", "exact"), ("exact", "banded"), ("banded", "banded")]))
def test_what_is_read_follows_from_the_director_s_document_alone(world: World, fineness: tuple[str, str]) -> None:
    for group in world.groups:
        group.k = max(group.k, 10) if group.confidential else group.k
    exact = promised(world, director=fineness[0], principal=fineness[1], public="banded")
    before = canonical(exact)
    told = audiences.everyone(exact)
    assert canonical(exact) == before
    assert canonical(audiences.principal(told["director"])) == canonical(told["principal"])
    assert canonical(audiences.public(told["director"])) == canonical(told["public"])
    confidential = {g.group for g in world.groups if g.confidential}
    for audience in ("principal", "public"):
        cells = [c for part in ("items", "constructs") for e in told[audience][part] for c in e["cells"]]
        assert {cell["group"] for cell in cells} <= confidential
        if audience == "public" or fineness[1] == "banded":
            for cell in cells:
                named = {"group", "school", "status"} | ({"schools"} & set(cell))
                published = cell["status"] == "published"
                assert set(cell) == named | ({"n", "favorable"} if published else set())
                assert not published or (cell["n"] >= 10 and set(cell["favorable"]) == {"low", "high"})
    shown = {
        (c["group"], c["school"]) for e in told["principal"]["items"] for c in e["cells"] if c["status"] == "published"
    }
    stands = {(c["group"], c["school"]) for e in exact["items"] for c in e["cells"] if c["status"] == "published"}
    assert shown <= stands
