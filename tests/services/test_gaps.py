"""Gaps over HTTP: what they say, for whom, and what is asked wrongly."""

from __future__ import annotations

import hashlib
from typing import Any

import httpx
import orjson
import pytest

from tests import factories
from tests.factories import rating
from tests.server import Api, must
from tests.services.sending import bulk, faults, problem

SCALE = factories.AGREE
PEOPLE: dict[str, dict[str | None, int]] = {
    "family": {"erving": 24, "leverett": 12, "shutesbury": 3, "swift-river": 4},
    "staff": {"erving": 16, "leverett": 5, "shutesbury": 2},
    "liaison": {"erving": 2, None: 3},
    "school_leader": {"erving": 1, "leverett": 1},
}
CONFIDENTIAL = {"mode": "confidential", "minimum": 5}
PROMISE: dict[str, dict[str, Any]] = {
    "family": CONFIDENTIAL | {"principal": "exact"},
    "staff": CONFIDENTIAL | {"principal": "exact"},
    "liaison": {"mode": "attributed"},
    "school_leader": {"mode": "attributed"},
}
SHARED = [rating("informed"), rating("heard"), rating("ignored", reverse=True)]


def definition(group: str) -> dict[str, Any]:
    """Leaders are asked one item less, so that they share no construct with the others."""
    return factories.definition(group, SHARED[:2] if group == "school_leader" else SHARED)


def answers(group: str, i: int) -> dict[str, Any]:
    """Staff are better informed than families; all are heard alike."""
    up = 2 if group == "staff" else 0
    given = {"informed": SCALE[min(4, i % 3 + up)], "heard": SCALE[1 + i % 3], "ignored": SCALE[i % 4]}
    return {item["key"]: given[item["key"]] for item in definition(group)["sections"][0]["items"]}


def closed(api: Api) -> str:
    wave = api.wave(*map(definition, PEOPLE), promise=PROMISE)
    bodies = [
        factories.response(group, school, answers(group, i))
        for group, at in PEOPLE.items()
        for school, n in at.items()
        for i in range(n)
    ]
    assert bulk(api.admin, wave, bodies)["accepted"] == len(bodies)
    must(api.admin.post(f"/v1/waves/{wave}/close"))
    return wave


@pytest.fixture(scope="module")
def released(api: Api) -> str:
    wave = closed(api)
    must(api.admin.post(f"/v1/waves/{wave}/releases"), 201)
    return wave


def get(client: httpx.Client, wave: str, **params: Any) -> httpx.Response:
    return client.get(f"/v1/waves/{wave}/gaps", params=params)


def document(client: httpx.Client, wave: str, **params: Any) -> dict[str, Any]:
    found: dict[str, Any] = must(get(client, wave, **params), 200)
    return found


def pair(client: httpx.Client, wave: str, **params: Any) -> dict[str, Any]:
    return document(client, wave, a="family", b="staff", **params)


def cell(entry: dict[str, Any], group: str, school: str | None = None) -> dict[str, Any]:
    return next(c for c in entry["cells"] if (c["group"], c["school"], "schools" in c) == (group, school, False))


# ------------------------------------------------------------------ what
def test_two_groups(api: Api, released: str) -> None:
    full = pair(api.client("director"), released)
    summary = must(api.client("director").get(f"/v1/waves/{released}/summary"))
    assert (full["release"], full["a"], full["b"], full["school"]) == (summary["release"], "family", "staff", None)
    assert (full["audience"], full["simulated"], list(full["promise"])) == ("director", False, ["family", "staff"])
    assert [row["item"] for row in full["items"]] == ["informed", "heard", "ignored"]
    for rows, entries in ((full["items"], summary["items"]), (full["constructs"], summary["constructs"])):
        for row, entry in zip(rows, entries, strict=True):
            assert (row["a"], row["b"]) == (cell(entry, "family"), cell(entry, "staff"))
            assert row["difference"].keys() == {"mean", "favorable"}
            assert row["difference"]["mean"].keys() == {"value", "se", "df", "low", "high"}
            assert row["difference"]["favorable"].keys() == {"value", "low", "high"}
            assert row["effect"].keys() == {"cliffs_delta", "hedges_g"}
            assert row["test"].keys() == {"u", "p", "p_adjusted"}
    informed, heard, ignored = full["items"]
    assert informed["reading"].startswith("Families rate “informed” clearly lower than staff do, on average by ")
    assert heard["reading"].startswith(
        "It cannot be told whether families rate “heard” higher or lower than staff do: "
    )
    assert "“ignored” (scored in reverse)" in ignored["reading"]
    assert informed["test"]["p"] < informed["test"]["p_adjusted"] < 0.001
    assert full["constructs"][0]["difference"]["favorable"]["low"] is None


def test_one_school(api: Api, released: str) -> None:
    director = api.client("director")
    here = pair(director, released, school="erving")
    assert here["items"][0]["reading"].startswith("At Erving, families rate")
    assert {row["a"]["school"] for row in here["items"]} == {"erving"}
    for row in pair(director, released, school="shutesbury")["items"]:  # both are in a pool there
        assert row["a"] == {"group": "family", "school": "shutesbury", "status": "protected"}
        assert row["b"] == {"group": "staff", "school": "shutesbury", "status": "protected"}
        assert [row[name] for name in ("difference", "effect", "test", "reading")] == [None] * 4
        assert row["reason"] == "The results of families and staff are not shown here."


def test_attributed_groups(api: Api, released: str) -> None:
    director = api.client("director")
    leaders = document(director, released, a="staff", b="school_leader")
    assert [row["item"] for row in leaders["items"]] == ["informed", "heard"]
    assert leaders["constructs"][0]["reason_code"] == "different_items"
    alone = document(director, released, a="staff", b="school_leader", school="erving")
    assert alone["items"][0]["reason"] == "Fewer than two people answered among school leaders."
    assert alone["items"][0]["difference"]["mean"] is None
    assert alone["items"][0]["difference"]["favorable"] is None


def test_several_groups(api: Api, released: str) -> None:
    director = api.client("director")
    full = document(director, released, groups="family,staff,liaison")
    assert (full["groups"], full["school"]) == (["family", "staff", "liaison"], None)
    row = full["items"][0]
    assert [c["group"] for c in row["cells"]] == full["groups"]
    assert row["test"].keys() == {"h", "df", "p", "p_adjusted"}
    assert (row["test"]["df"], row["effect"].keys()) == (2, {"epsilon_squared"})
    assert row["reading"] == "Families, staff and liaisons do not all rate “informed” alike."
    assert [(p["a"], p["b"]) for p in full["pairs"]] == [
        ("family", "staff"), ("family", "liaison"), ("staff", "liaison"),
    ]  # fmt: skip
    alone = pair(director, released)
    assert (full["pairs"][0]["items"], full["pairs"][0]["constructs"]) == (alone["items"], alone["constructs"])
    four = document(director, released, groups="school_leader, family,staff,liaison")
    assert [row["item"] for row in four["items"]] == ["informed", "heard"]
    assert len(four["pairs"]) == 6


# ------------------------------------------------------------------ filters
def test_a_filter_changes_no_figure(api: Api, released: str) -> None:
    """The adjusted p values are those of all measures."""
    director = api.client("director")
    full = pair(director, released)
    one = pair(director, released, item="heard")
    assert (one["items"], one["constructs"]) == ([full["items"][1]], [])
    both = pair(director, released, construct="communication")
    assert (both["items"], both["constructs"]) == (full["items"], full["constructs"])
    several = document(director, released, groups="family,staff", item=["heard", "informed"])
    assert several["pairs"][0]["items"] == full["items"][:2]


def test_what_is_asked_wrongly(api: Api, released: str) -> None:
    director = api.client("director")
    for params, wrong in (
        ({}, {("a", "required"), ("b", "required")}),
        ({"a": "family"}, {("b", "required")}),
        ({"a": "family", "b": "family"}, {("b", "same_group")}),
        ({"a": "nobody", "b": "parents"}, {("a", "unknown_group"), ("b", "unknown_group")}),
        ({"groups": "family"}, {("groups", "too_few_groups")}),
        ({"groups": ""}, {("groups", "too_few_groups")}),
        ({"groups": "staff,staff", "b": "family"}, {("groups", "repeated_group"), ("b", "excluded")}),
        ({"groups": "family,,staff"}, {("groups", "unknown_group")}),
        ({"a": "family", "b": "staff", "groups": "family,staff"}, {("a", "excluded"), ("b", "excluded")}),
        ({"a": "family", "b": "staff", "group": "family"}, {("group", "unknown_parameter")}),
        ({"a": "family", "b": "staff", "item": ["x", "heard"], "construct": "y"},
         {("item", "unknown_item"), ("construct", "unknown_construct")}),
    ):  # fmt: skip
        assert faults(get(director, released, **params)) == wrong, params
    problem(get(director, released, a="family", b="staff", school="nowhere"), 404, "not-found")
    problem(get(director, released, a="family", b="staff", release=2), 404, "not-found")
    problem(get(director, "no-such-wave", a="family", b="staff"), 404, "not-found")


# ------------------------------------------------------------------ when and for whom
def test_when(api: Api) -> None:
    director = api.client("director")
    problem(get(director, api.wave(*map(definition, PEOPLE)), a="family", b="staff"), 409, "results-not-released")
    assert pair(director, closed(api))["release"]["number"] == 1


def test_for_whom(api: Api, released: str) -> None:
    """A principal who gets exact figures compares families with staff, in the own schools and the union."""
    principal, director = api.client("principal", schools=["erving"]), api.client("director")
    assert pair(principal, released)["audience"] == "principal"
    for school in ({}, {"school": "erving"}):
        assert pair(principal, released, **school)["items"] == pair(director, released, **school)["items"]
    problem(get(principal, released, a="family", b="staff", school="leverett"), 404, "not-found")
    for params in ({"a": "family", "b": "liaison"}, {"groups": "family,staff,school_leader"}):
        problem(get(principal, released, **params), 403, "audience-not-served")
    problem(get(api.client("reporter", audience="public"), released, a="family", b="staff"), 403, "audience-not-served")
    problem(get(api.client("collector"), released, a="family", b="staff"), 403, "forbidden")
    limited = api.client("reporter", audience="director", groups=["family", "liaison"])
    assert document(limited, released, a="family", b="liaison")["items"]
    problem(get(limited, released, a="family", b="staff"), 404, "not-found")


def test_the_bytes(api: Api, released: str) -> None:
    director = api.client("director")
    reply = get(director, released, a="family", b="staff")
    assert reply.headers["etag"] == f'"{hashlib.sha256(reply.content).hexdigest()}"'
    assert reply.content == orjson.dumps(reply.json(), option=orjson.OPT_SORT_KEYS)
    assert get(director, released, b="staff", a="family", release=1).content == reply.content
    assert get(director, released, a="staff", b="family").content != reply.content
    address = f"/v1/waves/{released}/gaps?a=family&b=staff"
    assert director.get(address, headers={"If-None-Match": reply.headers["etag"]}).status_code == 304
    problem(director.get(address, headers={"Accept": "text/csv"}), 406, "not-acceptable")
