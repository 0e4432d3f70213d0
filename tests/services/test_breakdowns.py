"""Breakdowns by attribute, over HTTP: what they say, for whom, and that they are made once like all results."""

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
    "key": "plan", "kind": "single", "options": options("yes", "no", "soon"), "text": en("A plan?"), "attribute": True,
}  # fmt: skip
BUS: dict[str, Any] = {"key": "bus", "kind": "boolean", "text": en("By bus?"), "attribute": True}
ITEMS = [rating("informed"), rating("heard"), PLAN]


def definitions() -> list[dict[str, Any]]:
    """Families are asked two attributes, staff one of them, leaders one of their own, liaisons none."""
    leaders = {**PLAN, "options": options("yes", "maybe"), "text": en("Your plan?")}
    return [
        factories.definition("family", [*ITEMS, BUS]),
        factories.definition("staff", ITEMS),
        factories.definition("school_leader", [rating("informed"), leaders]),
        factories.definition("liaison", [rating("informed"), {**PLAN, "attribute": False}]),
    ]


# Group -> (school, answer to `plan`) -> people.
PEOPLE: dict[str, dict[tuple[str | None, str | None], int]] = {
    "family": {
        ("erving", "yes"): 6, ("erving", "no"): 8, ("leverett", "yes"): 6, ("leverett", "no"): 9,
        ("shutesbury", "soon"): 3, ("shutesbury", "no"): 5, ("swift-river", None): 4, ("swift-river", "no"): 6,
    },
    "staff": {("erving", "yes"): 3, ("leverett", "no"): 4},
    "school_leader": {("erving", "yes"): 1, (None, "maybe"): 1},
    "liaison": {(None, "yes"): 1},
}  # fmt: skip


def fill(api: Api, wave: str, people: dict[str, dict[tuple[str | None, str | None], int]] = PEOPLE) -> None:
    bodies = [
        factories.response(group, school, answers(group, school, plan, i))
        for group, at in people.items()
        for (school, plan), n in at.items()
        for i in range(n)
    ]
    assert bulk(api.admin, wave, bodies)["accepted"] == len(bodies)


def answers(group: str, school: str | None, plan: str | None, i: int) -> dict[str, Any]:
    """All families of two schools come by bus, but two."""
    given: dict[str, Any] = {"informed": SCALE[i % 5], "plan": plan}
    if group in ("family", "staff"):
        given["heard"] = SCALE[i % 3]
    if group == "family":
        given["bus"] = school in ("erving", "leverett") and not (school == "erving" and plan == "yes" and i < 2)
    return given


def promise(**family: Any) -> dict[str, Any]:
    confidential = {"mode": "confidential", "minimum": 5}
    attributed = {"mode": "attributed"}
    return {
        "family": confidential | family, "staff": confidential, "school_leader": attributed, "liaison": attributed,
    }  # fmt: skip


def closed(api: Api, **family: Any) -> str:
    wave = api.wave(*definitions(), promise=promise(**family))
    fill(api, wave)
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


def get(client: httpx.Client, wave: str, attribute: str = "plan", **params: Any) -> httpx.Response:
    return client.get(f"/v1/waves/{wave}/attributes/{attribute}/summary", params=params)


def document(client: httpx.Client, wave: str, attribute: str = "plan", **params: Any) -> dict[str, Any]:
    found: dict[str, Any] = must(get(client, wave, attribute, **params), 200)
    return found


def cells(entries: list[dict[str, Any]], name: str, group: str) -> dict[Any, Any]:
    (entry,) = [e for e in entries if name in (e.get("item"), e.get("construct"))]
    return {(c["category"], tuple(c.get("categories", ()))): c for c in entry["cells"] if c["group"] == group}


# ------------------------------------------------------------------ what
def test_the_document_of_an_attribute(api: Api, released: str) -> None:
    full = document(api.client("director"), released)
    summary = must(api.client("director").get(f"/v1/waves/{released}/summary"))
    assert {k: full[k] for k in ("wave", "title", "simulated", "audience", "attribute", "text")} == {
        "wave": released, "title": "A wave", "simulated": False, "audience": "director", "attribute": "plan",
        "text": "A plan?",
    }  # fmt: skip
    assert full["release"] == summary["release"]
    assert [o["value"] for o in full["options"]] == ["yes", "no", "soon", "maybe"]
    assert full["promise"]["family"] == {
        "mode": "confidential", "minimum": 5, "director": "exact", "principal": "exact", "public": "none",
    }  # fmt: skip
    assert list(full["promise"]) == sorted(["family", "staff", "school_leader"])
    assert [i["item"] for i in full["items"]] == ["informed", "heard", "bus"]
    assert [c["construct"] for c in full["constructs"]] == ["communication"]
    entry = {k: v for k, v in full["items"][0].items() if k != "cells"}
    assert entry == {k: v for k, v in summary["items"][0].items() if k != "cells"}
    assert "participation" not in full


def test_small_categories_are_pooled(api: Api, released: str) -> None:
    full = document(api.client("director"), released)
    for entries, name in ((full["items"], "informed"), (full["items"], "heard"), (full["constructs"], "communication")):
        family = cells(entries, name, "family")
        assert {key: c.get("n") for key, c in family.items()} == {
            ("yes", ()): 12, ("no", ()): 28, ("soon", ()): None, (None, ()): None, ("other", ("soon", None)): 7,
        }  # fmt: skip
        assert family["soon", ()] == {"group": "family", "school": None, "category": "soon", "status": "protected"}
    yes = cells(full["items"], "informed", "family")["yes", ()]
    assert yes["counts"] == {"strongly_disagree": 4, "disagree": 2, "neutral": 2, "agree": 2, "strongly_agree": 2}
    assert (yes["eligible"], yes["favorable"]["floor"], yes["favorable"]["ceiling"]) == (None, None, None)
    assert not {"stratified", "kish_design_effect"} & yes.keys()
    assert cells(full["items"], "bus", "family")["yes", ()]["counts"] == {"true": 10, "false": 2}
    staff = cells(full["items"], "informed", "staff")  # three have a plan and four have none: nothing to show
    assert {c["status"] for c in staff.values()} == {"protected"}
    assert list(staff) == [("yes", ()), ("no", ()), ("soon", ()), (None, ())]


def test_an_attributed_group_has_every_category(api: Api, released: str) -> None:
    leaders = cells(document(api.client("director"), released)["items"], "informed", "school_leader")
    assert {key: (c["status"], c["n"]) for key, c in leaders.items()} == {
        ("yes", ()): ("published", 1), ("maybe", ()): ("published", 1), (None, ()): ("published", 0),
    }  # fmt: skip


def test_an_attribute_that_would_tell_of_two(api: Api, released: str) -> None:
    """The two schools of the buses less those who come by bus: two people, though 27 and 13 answered."""
    full = document(api.client("director"), released, "bus")
    assert list(full["promise"]) == ["family"]
    assert [o["value"] for o in full["options"]] == ["true", "false"]
    for entry in (*full["items"], *full["constructs"]):
        assert [(c["category"], c["status"]) for c in entry["cells"]] == [
            ("true", "protected"), ("false", "protected"), (None, "protected"),
        ]  # fmt: skip


def test_what_is_no_attribute(api: Api, released: str) -> None:
    director = api.client("director")
    for item in ("informed", "nothing", "communication"):
        problem(get(director, released, item), 404, "not-found")
    problem(get(director, "no-such-wave"), 404, "not-found")
    problem(get(director, released, "No Slug"), 404, "not-found")


# ------------------------------------------------------------------ filters
def test_filters(api: Api, released: str) -> None:
    director = api.client("director")
    full = document(director, released)
    some = document(director, released, item="heard")
    assert ([i["item"] for i in some["items"]], some["constructs"]) == (["heard"], [])
    assert some["items"][0] in full["items"]
    construct = document(director, released, construct="communication")
    assert [i["item"] for i in construct["items"]] == ["informed", "heard"]
    staff = document(director, released, group="staff")
    assert list(staff["promise"]) == ["staff"]
    assert [i["item"] for i in staff["items"]] == ["informed", "heard"]
    assert {c["group"] for i in staff["items"] for c in i["cells"]} == {"staff"}
    for part in (some, construct, staff):
        assert part["release"] == full["release"]


def test_unknown_filters(api: Api, released: str) -> None:
    director = api.client("director")
    asked = {"item": ["nothing", "plan"], "construct": "never"}
    assert faults(get(director, released, **asked)) == {("item", "unknown_item"), ("construct", "unknown_construct")}
    for group in ("liaison", "nobody"):  # liaisons are asked the item, but not as an attribute
        assert faults(get(director, released, group=group)) == {("group", "unknown_group")}
    assert faults(get(director, released, school="erving")) == {("school", "unknown_parameter")}
    assert faults(get(director, released, group=["staff", "family"])) == {("group", "repeated_parameter")}


def test_a_release_by_its_number(api: Api, released: str) -> None:
    director = api.client("director")
    assert get(director, released, release=1).content == get(director, released).content
    problem(get(director, released, release=2), 404, "not-found")
    assert faults(get(director, released, release=0)) == {("release", "greater_than_equal")}


# ------------------------------------------------------------------ when, and for ever
def test_nothing_while_the_wave_is_open(api: Api) -> None:
    wave = api.wave(*definitions())
    reply = get(api.client("director"), wave)
    problem(reply, 409, "results-not-released")
    assert "retry-after" in reply.headers


def test_the_first_reader_makes_the_release(api: Api) -> None:
    wave = closed(api)
    problem(get(api.client("reporter", audience="director"), wave), 409, "results-not-released")
    assert document(api.client("director"), wave)["release"]["number"] == 1
    assert api.admin.post(f"/v1/waves/{wave}/releases").status_code == 200


def test_etags(api: Api, second: Api, released: str) -> None:
    director = api.client("director")
    reply = get(director, released)
    etag = reply.headers["etag"]
    assert etag == f'"{hashlib.sha256(reply.content).hexdigest()}"'
    assert reply.content == orjson.dumps(reply.json(), option=orjson.OPT_SORT_KEYS)
    address = f"/v1/waves/{released}/attributes/plan/summary"
    assert director.get(address, headers={"If-None-Match": etag}).status_code == 304
    assert get(second.client("director"), released).headers["etag"] == etag
    assert get(director, released, group="staff").headers["etag"] != etag


def test_other_representations(api: Api, released: str) -> None:
    address = f"/v1/waves/{released}/attributes/plan/summary"
    problem(api.client("director").get(address, headers={"Accept": "text/csv"}), 406, "not-acceptable")
    assert faults(get(api.client("director"), released, format="csv")) == {("format", "unknown_parameter")}


def test_bytes_stay_whatever_happens_to_the_responses(api: Api) -> None:
    wave = closed(api)
    director = api.client("director")
    before = get(director, wave).content
    with api.database.engine.begin() as connection:
        connection.exec_driver_sql(f"DELETE FROM survey_response WHERE wave = '{wave}'")
    fresh = Api(api.settings)
    try:
        assert get(fresh.client("director"), wave).content == get(director, wave).content == before
    finally:
        fresh.stop()


# ------------------------------------------------------------------ for whom
def test_readers_of_bands_and_of_nothing_get_403(api: Api, released: str) -> None:
    problem(get(api.client("reporter", audience="public"), released), 403, "audience-not-served")
    problem(get(api.client("collector"), released), 403, "forbidden")
    assert get(api.anonymous, released).status_code == 401
    other = closed(api)  # with a minimum of 5 principals get nothing
    for reader in (api.client("principal"), api.client("reporter", audience="principal")):
        problem(get(reader, other), 403, "audience-not-served")
        problem(get(reader, released, group="staff"), 403, "audience-not-served")
        problem(get(reader, released, group="school_leader"), 403, "audience-not-served")


def test_reporters_of_the_director(api: Api, released: str) -> None:
    reporter = api.client("reporter", audience="director")
    assert get(reporter, released).content == get(api.client("director"), released).content
    limited = api.client("reporter", audience="director", groups=["staff"])
    assert list(document(limited, released)["promise"]) == ["staff"]
    problem(get(limited, released, group="family"), 404, "not-found")
    elsewhere = api.client("reporter", audience="director", waves=["another-wave"])
    problem(get(elsewhere, released), 404, "not-found")


def test_principals_of_exact_figures(api: Api, released: str) -> None:
    """The union-wide figures of the families are theirs to read, whatever their school; of others nothing."""
    director = document(api.client("director"), released, group="family")
    for reader in (api.client("principal"), api.client("reporter", audience="principal")):
        full = document(reader, released)
        summary = must(reader.get(f"/v1/waves/{released}/summary"))
        assert (full["audience"], full["release"]) == ("principal", summary["release"])
        assert list(full["promise"]) == ["family"]
        assert (full["items"], full["constructs"]) == (director["items"], director["constructs"])
        assert get(reader, released, group="family").content == get(reader, released).content
        problem(get(reader, released, "nothing"), 404, "not-found")
    assert get(api.client("principal", schools=["leverett"]), released).content == get(reader, released).content
