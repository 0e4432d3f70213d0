"""Priorities and equity over HTTP: what they say, for whom, and that they are made once like all results."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import httpx
import orjson
import pytest

from tests import factories
from tests.factories import en, options, rating
from tests.server import Api, must
from tests.services.sending import bulk, faults, problem

SCALE = factories.AGREE
PLAN: dict[str, Any] = {
    "key": "plan", "kind": "single", "options": options("yes", "no"), "text": en("A plan?"), "attribute": True,
}  # fmt: skip
ROLE = {"key": "role", "kind": "boolean", "text": en("A teacher?"), "attribute": True}
OUTCOME = {**rating("overall"), "outcome": True, "construct": None}
CONSTRUCTS = [
    {"key": "communication", "title": en("Communication"), "setting": "family"},
    {"key": "contact", "title": en("Contact"), "setting": "school"},
]
PEOPLE: dict[str, dict[str | None, int]] = {
    "family": {"erving": 16, "leverett": 15, "shutesbury": 14, "swift-river": 15},
    "staff": {"erving": 6, "leverett": 7, "shutesbury": 5, "swift-river": 8},
    "liaison": {None: 2},
}
BOTH = pytest.mark.parametrize("what", ["priorities", "equity"])


def definitions() -> list[dict[str, Any]]:
    """Families and staff share two items; families have one of their own, and each has an attribute."""
    shared = [rating("informed"), rating("heard", reverse=True), OUTCOME]
    return [
        factories.definition("family", [*shared, rating("welcome", construct="contact"), PLAN], constructs=CONSTRUCTS),
        factories.definition("staff", [*shared, ROLE]),
        factories.definition("liaison", shared),
    ]


def answers(group: str, school: str | None, i: int) -> dict[str, Any]:
    """Families of Swift River are never informed; those with a plan are not heard."""
    given: dict[str, Any] = {"informed": SCALE[2 + i % 3], "heard": SCALE[i % 3], "overall": SCALE[1 + i % 4]}
    if group == "family":
        given |= {"welcome": SCALE[3 + i % 2], "plan": "yes" if i % 2 else "no"}
        if i % 2:
            given["heard"] = SCALE[3 + i % 3 // 2]
        if school == "swift-river":
            given["informed"] = SCALE[i % 2]
    if group == "staff":
        given["role"] = i % 2 == 0
    return given


def promise(**family: Any) -> dict[str, Any]:
    confidential = {"mode": "confidential", "minimum": 5}
    return {"family": confidential | family, "staff": confidential, "liaison": {"mode": "attributed"}}


def closed(api: Api, **family: Any) -> str:
    wave = api.wave(*definitions(), promise=promise(**family))
    counts = [{"group": g, "school": s, "eligible": 2 * n} for g, at in PEOPLE.items() for s, n in at.items()]
    must(api.admin.put(f"/v1/waves/{wave}/roster", json={"source": "list", "counts": counts}))
    bodies = [
        factories.response(group, school, answers(group, school, i))
        for group, at in PEOPLE.items()
        for school, n in at.items()
        for i in range(n)
    ]
    assert bulk(api.admin, wave, bodies)["accepted"] == len(bodies)
    must(api.admin.post(f"/v1/waves/{wave}/close"))
    return wave


@pytest.fixture(scope="module")
def released(api: Api) -> str:
    """A closed and released wave that no test changes; principals read the families' exact figures."""
    wave = closed(api, principal="exact")
    must(api.admin.post(f"/v1/waves/{wave}/releases"), 201)
    return wave


@pytest.fixture(scope="module")
def second(api: Api) -> Iterator[Api]:
    running = Api(api.settings)
    yield running
    running.stop()


def get(client: httpx.Client, wave: str, what: str = "priorities", **params: Any) -> httpx.Response:
    return client.get(f"/v1/waves/{wave}/{what}", params=params)


def document(client: httpx.Client, wave: str, what: str = "priorities", **params: Any) -> dict[str, Any]:
    found: dict[str, Any] = must(get(client, wave, what, **params), 200)
    return found


def row(rows: list[dict[str, Any]], group: str, **named: str) -> dict[str, Any]:
    (found,) = [one for one in rows if one["group"] == group and named.items() <= one.items()]
    return found


# ------------------------------------------------------------------ what
@BOTH
def test_the_head_of_the_document(api: Api, released: str, what: str) -> None:
    full = document(api.client("director"), released, what)
    summary = must(api.client("director").get(f"/v1/waves/{released}/summary"))
    for name in ("wave", "title", "simulated", "audience", "promise", "instruments", "release"):
        assert full[name] == summary[name]
    assert full["note"]


def test_priorities_say_where_it_is_low_and_on_what(api: Api, released: str) -> None:
    full = document(api.client("director"), released)
    summary = must(api.client("director").get(f"/v1/waves/{released}/summary"))
    informed = row(full["items"], "family", item="informed")
    (entry,) = [i for i in summary["items"] if i["item"] == "informed"]
    cells = [c for c in entry["cells"] if c["group"] == "family"]
    share = next(c["favorable"] for c in cells if c["school"] is None)
    assert informed["need"]["value"] == pytest.approx(1 - share["share"])
    assert [informed["need"]["low"], informed["need"]["high"]] == [1 - share["high"], 1 - share["low"]]
    below = [c for c in cells if c["school"] and c["favorable"]["share"] < share["share"]]
    assert informed["breadth"] == {"below": len(below), "of": 4}
    assert (informed["shared"], row(full["items"], "family", item="welcome")["shared"]) == (True, False)
    assert set(full["outcomes"]) == {"family", "staff", "liaison"}
    communication = row(full["constructs"], "family", construct="communication")
    assert "families of Swift River, on “informed”" in communication["reading"]
    assert {group["group"] for group in communication["factors"]["groups"]} == {"staff", "liaison"}
    assert [r["setting"] for r in full["settings"] if r["group"] == "family"] == ["family", "school"]


def test_equity_says_who_is_served_worse(api: Api, released: str) -> None:
    full = document(api.client("director"), released, "equity")
    by_category = must(api.client("director").get(f"/v1/waves/{released}/attributes/plan/summary"))
    assert [(a["group"], a["attribute"], a["status"]) for a in full["attributes"]] == [
        ("family", "plan", "published"), ("staff", "role", "published"),
    ]  # fmt: skip
    heard = row(full["items"], "family", item="heard")
    (entry,) = [i for i in by_category["items"] if i["item"] == "heard"]
    for ours, theirs in zip(heard["cells"], entry["cells"], strict=True):
        assert (ours["category"], ours["status"]) == (theirs["category"], theirs["status"])
        if ours["status"] == "published":
            assert ours["n"] == theirs["n"]
            assert {name: theirs["mean"][name] for name in ("value", "sd")} == ours["mean"]
            assert {name: theirs["favorable"][name] for name in ("count", "share")} == ours["favorable"]
    assert {c["category"]: c.get("verdict") for c in heard["cells"]} == {"yes": "worse", "no": "better", None: None}
    first = full["table"][0]
    assert (first["group"], first["category"], first["construct"], first["verdict"]) == (
        "family", "yes", "communication", "worse",
    )  # fmt: skip


# ------------------------------------------------------------------ filters
def test_filters_of_priorities(api: Api, released: str) -> None:
    director = api.client("director")
    full = document(director, released)
    families = document(director, released, group="family")
    for name in ("items", "constructs", "settings"):
        assert families[name] == [one for one in full[name] if one["group"] == "family"]
    assert list(families["promise"]) == list(full["promise"])  # the others are there to compare with
    one = document(director, released, construct="contact")
    assert [r["item"] for r in one["items"]] == ["welcome"]
    assert one["constructs"] == [r for r in full["constructs"] if r["construct"] == "contact"]
    assert one["settings"] == []
    two = document(director, released, construct=["contact", "communication"])
    assert two["constructs"] == full["constructs"]
    assert faults(get(director, released, construct=["never", "contact", "nor"])) == {
        ("construct", "unknown_construct")
    }
    assert faults(get(director, released, group="staff", construct="contact")) == {("construct", "unknown_construct")}


def test_filters_of_equity(api: Api, released: str) -> None:
    director = api.client("director")
    full = document(director, released, "equity")
    plan = document(director, released, "equity", attribute="plan")
    staff = document(director, released, "equity", group="staff")
    for name in ("attributes", "items", "constructs", "table"):
        assert plan[name] == [one for one in full[name] if one["attribute"] == "plan"]
        assert staff[name] == [one for one in full[name] if one["group"] == "staff"]
    assert list(staff["promise"]) == ["staff"]
    assert document(director, released, "equity", attribute=["plan", "role"])["table"] == full["table"]
    assert faults(get(director, released, "equity", attribute=["informed", "never"])) == {
        ("attribute", "unknown_attribute")
    }
    refused = get(director, released, "equity", group="staff", attribute="plan").json()["errors"]
    assert [fault["expected"] for fault in refused] == [["role"]]
    assert document(director, released, "equity", group="liaison")["attributes"] == []


@BOTH
def test_other_filters(api: Api, released: str, what: str) -> None:
    director = api.client("director")
    assert faults(get(director, released, what, group="nobody")) == {("group", "unknown_group")}
    assert faults(get(director, released, what, school="erving")) == {("school", "unknown_parameter")}
    assert faults(get(director, released, what, group=["staff", "family"])) == {("group", "repeated_parameter")}
    assert faults(get(director, released, what, format="csv")) == {("format", "unknown_parameter")}
    assert get(director, released, what, release=1).content == get(director, released, what).content
    problem(get(director, released, what, release=2), 404, "not-found")
    problem(get(director, "no-such-wave", what), 404, "not-found")
    problem(director.get(f"/v1/waves/{released}/{what}", headers={"Accept": "text/csv"}), 406, "not-acceptable")


# ------------------------------------------------------------------ when, and for ever
@BOTH
def test_nothing_while_the_wave_is_open(api: Api, what: str) -> None:
    reply = get(api.client("director"), api.wave(*definitions()), what)
    problem(reply, 409, "results-not-released")
    assert "retry-after" in reply.headers


@BOTH
def test_the_first_reader_makes_the_release(api: Api, what: str) -> None:
    wave = closed(api)
    assert document(api.client("director"), wave, what)["release"]["number"] == 1
    assert api.admin.post(f"/v1/waves/{wave}/releases").status_code == 200


@BOTH
def test_etags(api: Api, second: Api, released: str, what: str) -> None:
    director = api.client("director")
    reply = get(director, released, what)
    etag = reply.headers["etag"]
    assert etag == f'"{hashlib.sha256(reply.content).hexdigest()}"'
    assert reply.content == orjson.dumps(reply.json(), option=orjson.OPT_SORT_KEYS)
    address = f"/v1/waves/{released}/{what}"
    assert director.get(address, headers={"If-None-Match": etag}).status_code == 304
    assert get(second.client("director"), released, what).headers["etag"] == etag
    assert get(director, released, what, group="staff").headers["etag"] != etag


@BOTH
def test_bytes_stay_whatever_happens_to_the_responses(api: Api, what: str) -> None:
    wave = closed(api)
    before = get(api.client("director"), wave, what).content
    with api.database.engine.begin() as connection:
        connection.exec_driver_sql(f"DELETE FROM survey_response WHERE wave = '{wave}'")
    fresh = Api(api.settings)
    try:
        assert get(fresh.client("director"), wave, what).content == before
    finally:
        fresh.stop()


# ------------------------------------------------------------------ for whom
@BOTH
def test_readers_of_bands_and_of_nothing_get_403(api: Api, released: str, what: str) -> None:
    problem(get(api.client("reporter", audience="public"), released, what), 403, "audience-not-served")
    problem(get(api.client("collector"), released, what), 403, "forbidden")
    assert get(api.anonymous, released, what).status_code == 401
    other = closed(api)  # with a minimum of 5 principals get nothing
    for reader in (api.client("principal"), api.client("reporter", audience="principal")):
        problem(get(reader, other, what), 403, "audience-not-served")
        problem(get(reader, released, what, group="staff"), 403, "audience-not-served")
        problem(get(reader, released, what, group="liaison"), 403, "audience-not-served")


@BOTH
def test_reporters_of_the_director(api: Api, released: str, what: str) -> None:
    reporter = api.client("reporter", audience="director")
    assert get(reporter, released, what).content == get(api.client("director"), released, what).content
    limited = api.client("reporter", audience="director", groups=["staff"])
    assert list(document(limited, released, what)["promise"]) == ["staff"]
    problem(get(limited, released, what, group="family"), 404, "not-found")
    problem(get(api.client("reporter", audience="director", waves=["another"]), released, what), 404, "not-found")


def test_principals_of_exact_figures(api: Api, released: str) -> None:
    """They see the families union-wide, and of the schools their own."""
    director = document(api.client("director"), released, group="family")
    reader = api.client("principal", schools=["leverett"])
    full = document(reader, released)
    assert (full["audience"], list(full["promise"])) == ("principal", ["family"])
    for ours, theirs in zip(full["items"], director["items"], strict=True):
        assert ours["breadth"] is None
        assert {k: v for k, v in ours.items() if k not in ("breadth", "shared")} == {
            k: v for k, v in theirs.items() if k not in ("breadth", "shared")
        }
    for construct in full["constructs"]:
        assert [place["school"] for place in construct["factors"]["places"]] == ["leverett"]
        assert construct["factors"]["groups"] == []
        assert "Swift River" not in construct["reading"]
    other = api.client("principal", schools=["swift-river"])
    assert "Swift River" in document(other, released, construct="communication")["constructs"][0]["reading"]
    assert get(other, released).headers["etag"] != get(reader, released).headers["etag"]
    for schools in (["leverett"], ["erving"]):
        equity = document(api.client("principal", schools=schools), released, "equity")
        assert equity["table"] == document(api.client("director"), released, "equity", group="family")["table"]
