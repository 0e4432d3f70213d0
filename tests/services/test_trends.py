"""Trends over HTTP: which waves, for whom, and that the same question always has the same bytes."""

from __future__ import annotations

import copy
import hashlib
from typing import Any

import httpx
import orjson
import pytest

from app.services.erasure import erase
from app.services.releases import Shelf
from tests import factories
from tests.factories import definition, rating
from tests.server import Api, must
from tests.services.sending import bulk, faults, problem

SCALE = factories.AGREE
ITEMS = [rating("informed"), rating("heard"), {**rating("ignored"), "reverse": True}]
FAMILY, STAFF, LEADERS = definition("family", ITEMS), definition("staff", ITEMS), definition("school_leader", ITEMS[:1])
PEOPLE: dict[str, dict[str | None, int]] = {
    "family": {"erving": 20, "leverett": 18, "shutesbury": 3, "swift-river": 9},
    "staff": {"erving": 6, "leverett": 7},
    "school_leader": {"erving": 1, None: 1},
}


def promise(**family: Any) -> dict[str, Any]:
    confidential, attributed = {"mode": "confidential", "minimum": 5}, {"mode": "attributed"}
    return {"family": confidential | family, "staff": confidential, "school_leader": attributed}


def answers(i: int, tilt: int) -> dict[str, Any]:
    return {
        "informed": SCALE[min(4, i % 3 + tilt)], "heard": SCALE[i % 5], "ignored": SCALE[i % 4],
    }  # fmt: skip


def fill(api: Api, wave: str, tilt: int, groups: tuple[str, ...]) -> list[dict[str, Any]]:
    bodies = [
        factories.response(group, school, answers(i, tilt) if group != "school_leader" else {"informed": SCALE[tilt]})
        for group, at in PEOPLE.items()
        if group in groups
        for school, n in at.items()
        for i in range(n)
    ]
    assert bulk(api.admin, wave, bodies)["accepted"] == len(bodies)
    return bodies


def closed(
    api: Api,
    days: float,
    tilt: int,
    title: str = "A wave",
    fielded: tuple[dict[str, Any], ...] = (FAMILY, STAFF, LEADERS),
    released: bool = True,
    **promised: Any,
) -> str:
    """A closed wave that opened so many days ago; the higher the tilt the more favorable the answers to `informed`."""
    groups = tuple(one["group"] for one in fielded)
    promises = {group: of for group, of in promise(**promised).items() if group in groups}
    wave = api.wave(*fielded, title=title, opens_at=factories.iso(days=-days), promise=promises)
    counts = [{"group": g, "school": s, "eligible": 30} for g in groups for s in PEOPLE["family"]]
    must(api.admin.put(f"/v1/waves/{wave}/roster", json={"source": "office", "counts": counts}))
    fill(api, wave, tilt, groups)
    must(api.admin.post(f"/v1/waves/{wave}/close"))
    if released:
        must(api.admin.post(f"/v1/waves/{wave}/releases"), 201)
    return wave


@pytest.fixture(scope="module")
def waves(api: Api) -> tuple[str, str, str]:
    """Three waves, oldest first, which is not the order of their keys; no test changes them.

    Principals read the families' exact figures in all of them.
    """
    second = closed(api, 350, 2, "Fall 2025", principal="exact")
    first = closed(api, 700, 0, "Fall 2024", principal="exact")
    third = closed(api, 10, 2, "Fall 2026", fielded=(FAMILY, LEADERS), principal="exact")
    assert second < first
    return first, second, third


def get(client: httpx.Client, *waves: str, **params: Any) -> httpx.Response:
    return client.get("/v1/trends", params={"wave": waves, **params})


def document(client: httpx.Client, *waves: str, **params: Any) -> dict[str, Any]:
    found: dict[str, Any] = must(get(client, *waves, **params), 200)
    return found


def cells(document: dict[str, Any], name: str) -> dict[Any, dict[str, Any]]:
    """Cells of an item or construct by pair, group and place."""
    return {
        (e["to"], c["group"], tuple(c["schools"]) if "schools" in c else c["school"]): c
        for e in document["items"] + document["constructs"]
        if name in (e.get("item"), None if "item" in e else e.get("construct"))
        for c in e["cells"]
    }


# ------------------------------------------------------------------ what
def test_the_document_of_a_trend(api: Api, waves: tuple[str, str, str]) -> None:
    director = api.client("director")
    first, second, _ = waves
    found = document(director, first, second)
    assert {k: v for k, v in found.items() if k not in ("waves", "items", "constructs")} == {
        "audience": "director", "simulated": False,
    }  # fmt: skip
    for told, key in zip(found["waves"], (first, second), strict=True):
        summary = must(director.get(f"/v1/waves/{key}/summary"))
        wave = must(director.get(f"/v1/waves/{key}"))
        members = ("wave", "title", "simulated", "promise", "instruments", "release")
        assert {k: told[k] for k in members} == {k: summary[k] for k in members}
        assert {k: told[k] for k in told if k not in members} == {k: wave[k] for k in ("opens_at", "closes_at")}
    assert [i["item"] for i in found["items"]] == ["informed", "heard", "ignored"]
    informed = found["items"][0]
    assert (informed["from"], informed["to"], informed["comparable"]) == (first, second, True)
    assert informed["groups"] == ["family", "school_leader", "staff"]
    told = cells(found, "informed")
    erving = told[second, "family", "erving"]
    assert erving["verdict"] == "up"
    assert erving["change"]["mean"]["value"] == erving["later"]["mean"]["value"] - erving["earlier"]["mean"]["value"]
    assert erving["test"]["p"] <= erving["test"]["p_adjusted"] < 0.05
    assert erving["reading"] == (
        "The answers of families of Erving to “informed” were on average more favorable in Fall 2025 than in Fall 2024."
    )
    assert told[second, "family", "shutesbury"]["earlier"] == {"status": "protected"}
    assert told[second, "family", ("shutesbury", "swift-river")]["verdict"] == "up"
    assert told[second, "school_leader", "erving"]["verdict"] == "cannot_tell"
    assert cells(found, "heard")[second, "family", "erving"]["verdict"] == "no_clear_change"


def test_the_sides_are_those_of_the_summaries(api: Api, waves: tuple[str, str, str]) -> None:
    director = api.client("director")
    found = document(director, *waves[:2])
    for key, side in zip(waves, ("earlier", "later"), strict=False):
        summary = must(director.get(f"/v1/waves/{key}/summary"))
        for kind, name in (("items", "item"), ("constructs", "construct")):
            for entry, told in zip(found[kind], summary[kind], strict=True):
                assert entry[name] == told[name]
                shown = {(c["group"], c["school"], "schools" in c): c for c in told["cells"]}
                for cell in entry["cells"]:
                    whole = shown[cell["group"], cell["school"], "schools" in cell]
                    ours = cell[side]
                    assert ours["status"] == whole["status"]
                    if ours["status"] == "published":
                        assert (ours["n"], ours["eligible"]) == (whole["n"], whole["eligible"])
                        assert ours["mean"] == {k: whole["mean"][k] for k in ("value", "sd")}
                        assert ours["favorable"] == {k: whole["favorable"][k] for k in ours["favorable"]}


def test_the_order_of_the_waves_does_not_matter(api: Api, waves: tuple[str, str, str]) -> None:
    director = api.client("director")
    first, second, third = waves
    reply = get(director, first, second, third)
    fresh = Api(api.settings)  # nothing is remembered there
    try:
        other = get(fresh.client("director"), third, first, second)
    finally:
        fresh.stop()
    assert other.content == reply.content == get(director, second, third, first).content
    assert other.headers["etag"] == reply.headers["etag"] == f'"{hashlib.sha256(reply.content).hexdigest()}"'
    assert reply.content == orjson.dumps(reply.json(), option=orjson.OPT_SORT_KEYS)
    unchanged = director.get(
        "/v1/trends", params={"wave": (second, first, third)}, headers={"If-None-Match": reply.headers["etag"]}
    )
    assert unchanged.status_code == 304


def test_more_waves_are_told_pair_by_pair(api: Api, waves: tuple[str, str, str]) -> None:
    director = api.client("director")
    first, second, third = waves
    found = document(director, *waves)
    assert [wave["wave"] for wave in found["waves"]] == [first, second, third]
    assert [(e["from"], e["to"]) for e in found["items"]] == [(first, second)] * 3 + [(second, third)] * 3
    assert found["items"][:3] == document(director, first, second)["items"]
    assert found["items"][3:] == document(director, second, third)["items"]
    assert {g for e in found["items"][3:] for g in e["groups"]} == {"family", "school_leader"}  # staff were not asked
    assert cells(found, "informed")[third, "family", "erving"]["verdict"] == "no_clear_change"


def test_what_cannot_be_compared_says_why(api: Api, waves: tuple[str, str, str]) -> None:
    other = copy.deepcopy(FAMILY) | {"key": "other-family"}
    other["scales"]["agree5"]["options"][2]["favorable"] = True
    other["sections"][0]["items"][2]["reverse"] = False
    other["sections"][0]["items"].append(rating("new"))
    later = closed(api, 5, 1, fielded=(other,), principal="exact")
    found = document(api.client("director"), waves[0], later)
    assert {e["item"]: (e["comparable"], e.get("reason_code"), e["cells"]) for e in found["items"]} == {
        "informed": (False, "favorable_changed", []),
        "heard": (False, "favorable_changed", []),
        "ignored": (False, "reverse_changed", []),
        "new": (False, "only_later", []),
    }
    assert [(e["construct"], e["reason_code"]) for e in found["constructs"]] == [("communication", "items_changed")]
    assert all(isinstance(e["reason"], str) for e in found["items"])
    some = document(api.client("director"), waves[0], later, school="erving", item="new")
    assert [e["item"] for e in some["items"]] == ["new"]


# ------------------------------------------------------------------ filters
def test_filters(api: Api, waves: tuple[str, str, str]) -> None:
    director = api.client("director")
    full = document(director, *waves[:2])
    some = document(director, *waves[:2], item="heard")
    assert (some["items"], some["constructs"]) == ([full["items"][1]], [])
    construct = document(director, *waves[:2], construct="communication")
    assert (construct["items"], construct["constructs"]) == (full["items"], full["constructs"])
    staff = document(director, *waves[:2], group="staff")
    assert [list(wave["promise"]) for wave in staff["waves"]] == [["staff"], ["staff"]]
    assert cells(staff, "heard") == {k: c for k, c in cells(full, "heard").items() if k[1] == "staff"}
    school = document(director, *waves[:2], school="swift-river", group="family")
    assert {where for _, _, where in cells(school, "heard")} == {"swift-river", None, ("shutesbury", "swift-river")}
    assert all(cells(full, "heard")[where] == cell for where, cell in cells(school, "heard").items())


def test_faulty_requests(api: Api, waves: tuple[str, str, str]) -> None:
    director = api.client("director")
    first, second, third = waves
    assert faults(get(director)) == {("wave", "required")}
    assert faults(get(director, first)) == {("wave", "too_short")}
    assert (
        faults(get(director, first, first))
        == faults(get(director, first, second, first))
        == {("wave", "repeated_wave")}
    )
    assert faults(get(director, *(f"w{i}" for i in range(21)))) == {("wave", "too_long")}
    assert faults(get(director, first, "No Slug")) == {("wave", "string_pattern_mismatch")}
    asked = {"item": ["nothing", "heard"], "construct": "never"}
    assert faults(get(director, first, second, **asked)) == {
        ("item", "unknown_item"),
        ("construct", "unknown_construct"),
    }
    assert faults(get(director, first, second, group="liaison")) == {("group", "unknown_group")}
    assert faults(get(director, first, second, release=1)) == {("release", "unknown_parameter")}
    problem(get(director, first, "no-such-wave"), 404, "not-found")
    problem(get(director, first, second, school="no-such-school"), 404, "not-found")
    accept = {"Accept": "text/csv"}
    problem(director.get("/v1/trends", params={"wave": (first, third)}, headers=accept), 406, "not-acceptable")


def test_a_school_of_one_wave_only(api: Api, waves: tuple[str, str, str]) -> None:
    director = api.client("director")
    schools = [*PEOPLE["family"], "pelham"]
    api.schools(("pelham",))
    later = api.wave(FAMILY, schools=schools, opens_at=factories.iso(days=-1))
    fill(api, later, 1, ("family",))
    must(api.admin.post(f"/v1/waves/{later}/close"))
    found = document(director, waves[0], later, school="pelham")
    for cell in cells(found, "heard").values():
        reason = "not_in_wave" if cell["school"] == "pelham" else "other_schools"
        assert (cell["verdict"], cell["reason_code"], cell["change"]) == ("cannot_tell", reason, None)
    pelham = cells(found, "heard")[later, "family", "pelham"]
    assert (pelham["earlier"], pelham["later"]) == (None, {"status": "protected"})


# ------------------------------------------------------------------ when, and for ever
def test_every_wave_must_be_released(api: Api, waves: tuple[str, str, str]) -> None:
    running = api.wave(FAMILY)
    reply = get(api.client("director"), waves[0], running)
    problem(reply, 409, "results-not-released")
    assert "retry-after" in reply.headers


def test_the_first_reader_makes_the_releases(api: Api) -> None:
    first, second = (closed(api, days, 1, fielded=(FAMILY,), released=False) for days in (9, 4))
    found = document(api.client("director"), first, second)
    assert [wave["release"]["number"] for wave in found["waves"]] == [1, 1]
    assert api.admin.post(f"/v1/waves/{second}/releases").status_code == 200


def test_bytes_stay_whatever_happens_to_the_responses(api: Api) -> None:
    first, second = (closed(api, days, 1, fielded=(FAMILY,)) for days in (9, 4))
    before = get(api.client("director"), first, second).content
    with api.database.engine.begin() as connection:
        connection.exec_driver_sql(f"DELETE FROM survey_response WHERE wave IN ('{first}', '{second}')")
    fresh = Api(api.settings)
    try:
        assert get(fresh.client("director"), first, second).content == before
    finally:
        fresh.stop()


def test_a_new_title_changes_no_byte(api: Api) -> None:
    first, second = (closed(api, days, 1, fielded=(FAMILY,)) for days in (9, 4))
    before = get(api.client("director"), first, second).content
    wave = must(api.admin.get(f"/v1/waves/{first}"))
    kept = ("simulated", "opens_at", "closes_at", "time_zone", "schools", "instruments")
    body = {k: wave[k] for k in kept} | {"title": "Renamed", "promise": {"family": promise()["family"]}}
    must(api.admin.put(f"/v1/waves/{first}", json=body), 200)
    fresh = Api(api.settings)
    try:
        assert get(fresh.client("director"), first, second).content == before
    finally:
        fresh.stop()


def test_the_newest_release_of_each_wave_counts(api: Api) -> None:
    first = closed(api, 9, 1, fielded=(FAMILY,))
    second = api.wave(FAMILY)
    ids = [body["id"] for body in fill(api, second, 1, ("family",)) if body["school"] == "erving"]
    must(api.admin.post(f"/v1/waves/{second}/close"))
    director = api.client("director")
    before = document(director, first, second)
    assert erase(api.database, Shelf(), second, ids[:6]).renewed
    after = document(director, first, second)
    assert [wave["release"]["number"] for wave in after["waves"]] == [1, 2]
    n = [cells(of, "heard")[second, "family", "erving"]["later"]["n"] for of in (before, after)]
    assert n == [20, 14]


# ------------------------------------------------------------------ for whom
def test_readers_of_bands_and_of_nothing_get_403(api: Api, waves: tuple[str, str, str]) -> None:
    first, second, _ = waves
    problem(get(api.client("reporter", audience="public"), first, second), 403, "audience-not-served")
    problem(get(api.client("collector"), first, second), 403, "forbidden")
    assert get(api.anonymous, first, second).status_code == 401
    for reader in (api.client("principal"), api.client("reporter", audience="principal")):
        problem(get(reader, first, second, group="staff"), 403, "audience-not-served")
        problem(get(reader, first, second, group="school_leader"), 403, "audience-not-served")
    banded = closed(api, 3, 1, fielded=(FAMILY,), minimum=10, principal="banded")
    problem(get(api.client("principal"), first, banded), 403, "audience-not-served")
    assert document(api.client("director"), first, banded)["waves"][1]["wave"] == banded


def test_a_group_counts_if_it_is_exact_in_every_wave_that_asks_it(api: Api) -> None:
    both = (FAMILY, STAFF)
    confidential = {"mode": "confidential", "minimum": 10}
    exact = confidential | {"principal": "exact"}
    keys = []
    for days, family in ((9, exact), (4, confidential | {"principal": "banded"})):
        wave = api.wave(*both, opens_at=factories.iso(days=-days), promise={"family": family, "staff": exact})
        fill(api, wave, 1, ("family", "staff"))
        must(api.admin.post(f"/v1/waves/{wave}/close"))
        must(api.admin.post(f"/v1/waves/{wave}/releases"), 201)
        keys.append(wave)
    principal = api.client("principal")
    found = document(principal, *keys)
    assert {g for e in found["items"] for g in e["groups"]} == {"staff"}
    assert [list(wave["promise"]) for wave in found["waves"]] == [["staff"], ["staff"]]
    problem(get(principal, *keys, group="family"), 403, "audience-not-served")


def test_principals_of_exact_figures(api: Api, waves: tuple[str, str, str]) -> None:
    first, second, _ = waves
    full = cells(document(api.client("director"), first, second), "heard")
    reader = api.client("principal", schools=["swift-river"])
    found = document(reader, first, second)
    assert found["audience"] == "principal"
    summary = must(reader.get(f"/v1/waves/{first}/summary"))
    assert found["waves"][0]["release"] == summary["release"]
    told = cells(found, "heard")
    assert {(group, where) for _, group, where in told} == {
        ("family", "swift-river"), ("family", None), ("family", ("shutesbury", "swift-river")),
    }  # fmt: skip
    assert all(full[where] == cell for where, cell in told.items())
    assert get(reader, first, second, school="swift-river").content == get(reader, first, second).content
    problem(get(reader, first, second, school="erving"), 404, "not-found")


def test_limits_of_reporters(api: Api, waves: tuple[str, str, str]) -> None:
    first, second, third = waves
    reporter = api.client("reporter", audience="director")
    assert get(reporter, first, second).content == get(api.client("director"), first, second).content
    staff = api.client("reporter", audience="director", groups=["staff"])
    assert [list(wave["promise"]) for wave in document(staff, first, second)["waves"]] == [["staff"], ["staff"]]
    problem(get(staff, first, second, group="family"), 404, "not-found")
    problem(get(staff, second, third), 403, "audience-not-served")  # the third wave does not ask staff
    limited = api.client("reporter", audience="director", waves=[first, third])
    problem(get(limited, first, second), 404, "not-found")
    assert [wave["wave"] for wave in document(limited, third, first)["waves"]] == [first, third]
