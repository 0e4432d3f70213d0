"""Goals over HTTP: from a finding of one wave to the verdict of the next, without a human in between."""

from __future__ import annotations

import threading
import uuid
from typing import Any

import httpx
import pytest

from app.analysis.progress import REASONS
from tests import factories
from tests.factories import AGREE, definition, rating
from tests.server import Api, must
from tests.services.sending import bulk, faults, problem

FAMILY = definition("family", [rating("informed"), rating("heard"), rating("ignored", reverse=True)])
PEOPLE = {"erving": 20, "leverett": 18, "shutesbury": 3, "swift-river": 4}


def held(api: Api, days: float, agree: float, *fielded: dict[str, Any], release: bool = True, **more: Any) -> str:
    """A simulated, closed wave in which that part of the families agrees that it is informed."""
    fielded = fielded or (FAMILY,)
    group = fielded[0]["group"]
    asked = {item["key"] for item in fielded[0]["sections"][0]["items"]}
    promise = {group: {"mode": "confidential", "minimum": 5}}
    wave = api.wave(
        *fielded, simulated=True, title=f"Wave of {days:.0f} days ago", opens_at=factories.iso(days=-days),
        promise=promise, **more,
    )  # fmt: skip
    schools = more.get("schools", list(factories.SCHOOLS))
    counts = [{"group": group, "school": school, "eligible": 40} for school in schools]
    must(api.admin.put(f"/v1/waves/{wave}/roster", json={"source": "office", "counts": counts}))
    bodies = [
        factories.response(group, school, {k: v for k, v in answers(i, n, agree).items() if k in asked})
        for school, n in PEOPLE.items()
        if school in schools
        for i in range(n)
    ]
    assert bulk(api.admin, wave, bodies)["accepted"] == len(bodies)
    must(api.admin.post(f"/v1/waves/{wave}/close"))
    if release:
        must(api.admin.post(f"/v1/waves/{wave}/releases"), 201)
    return wave


def answers(i: int, n: int, agree: float) -> dict[str, Any]:
    informed = ("agree", "strongly_agree")[i % 2] if i < agree * n else ("neutral", "disagree")[i % 2]
    return {"informed": informed, "heard": AGREE[i % 5], "ignored": AGREE[i % 4]}


@pytest.fixture(scope="module")
def director(api: Api) -> httpx.Client:
    return api.client("director")


@pytest.fixture(scope="module")
def found(api: Api) -> str:
    """A wave of which half a year ago 30% were informed; no test changes it."""
    return held(api, 180, 0.3)


def goal(wave: str, value: float = 0.6, **more: Any) -> dict[str, Any]:
    return {
        "title": "Families know what is done for their child",
        "priority": "Coordinated practice",
        "settings": ["family", "school"],
        "finding": {"wave": wave, "group": "family", "item": "informed", **more.pop("finding", {})},
        "target": {"measure": "favorable", "value": value, **more.pop("target", {})},
        "owner": "Director of Student Support Services",
        "due": "2027-06-30",
        **more,
    }


def key() -> str:
    return f"goal-{uuid.uuid4().hex[:12]}"


# ------------------------------------------------------------------ from finding to verdict
def test_two_waves_carry_a_goal_to_its_verdict(api: Api, director: httpx.Client) -> None:
    first = held(api, 400, 0.3)
    asked = {"wave": first, "group": "family", "item": "informed"}
    proposal = must(director.post("/v1/goals/proposal", json={"finding": asked}), 200)
    (proposed,) = proposal["proposal"]
    assert proposed["school"] is None
    assert 0.1 < proposed["favorable"]["change"] < 0.4  # 45 people cannot show less
    target = proposed["favorable"]["value"]
    made = must(director.post("/v1/goals", json=goal(first, target, finding={"release": 1})), 201)
    where = f"/v1/goals/{made['key']}"
    assert made["key"].startswith("families-know-what-is-done-for-their-child")

    waiting = must(director.get(f"{where}/progress"), 200)
    assert (waiting["verdict"], waiting["reason_code"], waiting["waves"]) == ("cannot_tell", "not_measured", [])
    held(api, 200, 0.35)
    missed = must(director.get(f"{where}/progress"), 200)
    assert missed["verdict"] == "not_met"
    second = held(api, 20, 0.9, release=False)
    closed = must(director.get(f"{where}/progress"), 200)
    assert (closed["verdict"], closed["reason_code"]) == ("cannot_tell", "not_readable")
    assert must(director.get(f"/v1/waves/{second}/releases"), 200)["items"] == []  # who looks does not publish
    must(director.post(f"/v1/waves/{second}/releases"), 201)
    met = must(director.get(f"{where}/progress"), 200)
    assert met["verdict"] == "met"
    assert [wave["verdict"] for wave in met["waves"]][-2:] == ["not_met", "met"]
    assert met["simulated"] is True

    (cell,) = met["waves"][-1]["cells"]
    summary = must(director.get(f"/v1/waves/{second}/summary", params={"item": "informed"}), 200)
    union = next(c for c in summary["items"][0]["cells"] if c["school"] is None and "schools" not in c)
    assert cell["later"]["favorable"]["share"] == union["favorable"]["share"]
    assert met["waves"][-1]["release"]["digest"] == summary["release"]["digest"]
    before = made["baseline"]["cells"][0]["favorable"]["share"]
    assert cell["change"]["favorable"]["value"] == pytest.approx(union["favorable"]["share"] - before, abs=1e-12)
    assert "the goal is met" in cell["reading"] == met["reading"]


def test_the_baseline_is_what_the_release_says(api: Api, director: httpx.Client, found: str) -> None:
    made = must(director.put(f"/v1/goals/{key()}", json=goal(found)), 201)
    summary = must(director.get(f"/v1/waves/{found}/summary", params={"item": "informed"}), 200)
    assert made["baseline"]["release"] == {n: summary["release"][n] for n in ("number", "digest", "released_at")}
    union = next(c for c in summary["items"][0]["cells"] if c["school"] is None and "schools" not in c)
    (kept,) = made["baseline"]["cells"]
    assert kept == {name: union[name] for name in ("group", "school", "n", "eligible", "mean", "favorable")}
    assert made["baseline"]["simulated"] is True


def test_schools_have_a_verdict_each_and_pools_are_named_together(api: Api, director: httpx.Client) -> None:
    first = held(api, 390, 0.3)
    schools = {"finding": {"schools": ["erving", "leverett"]}}
    two = must(director.post("/v1/goals", json=goal(first, key=key(), **schools)), 201)
    pool = must(
        director.post("/v1/goals", json=goal(first, key=key(), finding={"schools": ["swift-river", "shutesbury"]})), 201
    )
    assert [cell["school"] for cell in two["baseline"]["cells"]] == ["erving", "leverett"]
    (cell,) = pool["baseline"]["cells"]
    assert (cell["school"], cell["schools"], cell["n"]) == (None, ["shutesbury", "swift-river"], 7)
    held(api, 15, 0.9)
    told = must(director.get(f"/v1/goals/{two['key']}/progress"), 200)
    assert [(c["school"], c["verdict"]) for c in told["waves"][-1]["cells"]] == [("erving", "met"), ("leverett", "met")]
    together = must(director.get(f"/v1/goals/{pool['key']}/progress"), 200)["waves"][-1]["cells"]
    assert [c["schools"] for c in together] == [["shutesbury", "swift-river"]]


def test_a_later_wave_that_withholds_or_cannot_be_compared(api: Api, director: httpx.Client) -> None:
    first = held(api, 380, 0.3, {**FAMILY, "key": "family-b"})
    made = must(director.post("/v1/goals", json=goal(first, key=key(), finding={"schools": ["leverett"]})), 201)
    held(api, 30, 0.9, {**FAMILY, "key": "family-b"}, schools=["erving", "swift-river", "shutesbury"])
    flipped = definition("family", [rating("informed", reverse=True), rating("heard")], key="family-c")
    held(api, 29, 0.9, flipped)
    unasked = held(api, 28, 0.9, definition("family", [rating("heard")], key="family-d"))
    told = must(director.get(f"/v1/goals/{made['key']}/progress"), 200)
    codes = [(wave["cells"][0]["verdict"], wave["cells"][0].get("reason_code")) for wave in told["waves"]]
    assert ("cannot_tell", "not_in_wave") in codes
    assert ("cannot_tell", "not_comparable") in codes
    assert all(code is None or code in REASONS for _, code in codes)
    assert unasked not in [wave["wave"] for wave in told["waves"]]


def test_a_wave_that_had_closed_decides_nothing(api: Api, director: httpx.Client) -> None:
    """Whoever sets a target with the result in hand, or sets it anew by another name, proves nothing."""
    first, _ = held(api, 6, 0.3), held(api, 5, 0.9)
    where = f"/v1/goals/{key()}"
    must(director.put(where, json=goal(first)), 201)
    told = must(director.get(f"{where}/progress"), 200)
    assert (told["verdict"], told["reason_code"]) == ("cannot_tell", "set_afterwards")
    assert "the goal was set when that wave had closed" in told["reading"]
    assert director.delete(where).status_code == 204
    must(director.put(where, json=goal(first)), 201)
    assert must(director.get(f"{where}/progress"), 200)["verdict"] == "cannot_tell"
    held(api, 4, 0.9)
    assert must(director.get(f"{where}/progress"), 200)["verdict"] == "met"


def test_goals_at_once(api: Api, director: httpx.Client, found: str) -> None:
    where, barrier, got = f"/v1/goals/{key()}", threading.Barrier(6), []

    def one(post: bool) -> None:
        with httpx.Client(base_url=api.base, headers=director.headers, timeout=30) as client:
            barrier.wait()
            reply = (
                client.post("/v1/goals", json=goal(found, title="Twins"))
                if post
                else client.put(where, json=goal(found))
            )
            got.append((post, reply.status_code))

    threads = [threading.Thread(target=one, args=(i % 2 == 0,)) for i in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got) == [(False, 200), (False, 200), (False, 201), (True, 201), (True, 201), (True, 201)]


def test_a_removed_goal_is_gone_from_activities(director: httpx.Client, found: str) -> None:
    gone = key()
    must(director.put(f"/v1/goals/{gone}", json=goal(found)), 201)
    body = {
        "kind": "other", "title": "For it", "starts_at": "2026-10-05T09:00:00-04:00",
        "ends_at": "2026-10-05T10:00:00-04:00", "time_zone": "America/New_York", "goals": [gone],
    }  # fmt: skip
    made = must(director.post("/v1/activities", json=body), 201)
    assert director.delete(f"/v1/goals/{gone}").status_code == 204
    left = must(director.get(f"/v1/activities/{made['key']}"), 200)
    assert left["goals"] == []
    must(director.put(f"/v1/activities/{left.pop('key')}", json=left), 200)


# ------------------------------------------------------------------ what can be put
def test_what_decides_is_fixed_before_it_is_measured(api: Api, director: httpx.Client) -> None:
    first = held(api, 2, 0.3)
    where = f"/v1/goals/{key()}"
    body = goal(first)
    must(director.put(where, json=body), 201)
    must(director.put(where, json=goal(first, 0.7)), 200)
    held(api, 1, 0.5, release=False)
    problem(director.put(where, json=goal(first, 0.4)), 409, "goal-measured")
    problem(director.put(where, json=goal(first, 0.7, finding={"item": "heard"})), 409, "goal-measured")
    factors = [{"title": "Letters are long", "evidence": "12 of 20 comments", "note": "Ask at the next meeting."}]
    changed = must(director.put(where, json=goal(first, 0.7, status="done", factors=factors)), 200)
    assert (changed["status"], changed["factors"]) == ("done", factors)
    assert changed == must(director.get(where), 200)


def test_if_match_and_keys(api: Api, director: httpx.Client, found: str) -> None:
    where = f"/v1/goals/{key()}"
    made = director.put(where, json=goal(found))
    assert (made.status_code, made.headers["location"]) == (201, where)
    etag = director.get(where).headers["etag"]
    must(director.put(where, json=goal(found, owner="Principals"), headers={"If-Match": etag}), 200)
    problem(director.put(where, json=goal(found), headers={"If-Match": etag}), 412, "precondition-failed")
    problem(director.post("/v1/goals", json=goal(found, key=where.rpartition("/")[2])), 409, "key-taken")
    names = [must(director.post("/v1/goals", json=goal(found, title="¡Más!")), 201)["key"] for _ in range(2)]
    assert names[0] != names[1]
    listed = must(director.get("/v1/goals", params={"limit": 1000}), 200)["items"]
    assert {*names, where.rpartition("/")[2]} <= {one["key"] for one in listed}
    assert director.delete(where).status_code == 204
    problem(director.get(where), 404, "not-found")
    problem(director.get(f"{where}/progress"), 404, "not-found")


@pytest.mark.parametrize(
    ("more", "fault"),
    [
        ({"finding": {"item": "nothing"}}, ("/finding/item", "unknown_item")),
        ({"finding": {"group": "staff"}}, ("/finding/group", "unknown_group")),
        ({"finding": {"schools": ["nowhere"]}}, ("/finding/schools/0", "unknown_school")),
        ({"finding": {"schools": ["erving", "shutesbury"]}}, ("/finding/schools/1", "not_shown")),
        ({"value": 1.2}, ("/target/value", "out_of_range")),
        ({"target": {"measure": "mean"}, "value": 5.1}, ("/target/value", "out_of_range")),
        ({"value": "high"}, ("/target/value", "float_type")),
        ({"target": {"met_when": "perhaps"}}, ("/target/met_when", "literal_error")),
        ({"settings": []}, ("/settings", "too_short")),
        ({"title": " "}, ("/title", "string_pattern_mismatch")),
        ({"due": "soon"}, ("/due", "date_from_datetime_parsing")),
        ({"extra": 1}, ("/extra", "unknown_field")),
    ],
)
def test_a_goal_that_cannot_be_set(
    director: httpx.Client, found: str, more: dict[str, Any], fault: tuple[str, str]
) -> None:
    assert fault in faults(director.post("/v1/goals", json=goal(found, **more)))


def test_a_target_that_is_where_the_figure_is(director: httpx.Client, found: str) -> None:
    share = must(
        director.post("/v1/goals/proposal", json={"finding": {"wave": found, "group": "family", "item": "informed"}}),
        200,
    )["baseline"]["cells"][0]["favorable"]["share"]
    assert faults(director.post("/v1/goals", json=goal(found, share))) == {("/target/value", "no_change")}


def test_a_construct_is_decided_by_its_mean(director: httpx.Client, found: str) -> None:
    finding = {"wave": found, "group": "family", "construct": "communication"}
    body = goal(found) | {"finding": finding}
    assert director.post("/v1/goals", json=body).status_code == 422
    made = must(director.post("/v1/goals", json=body | {"target": {"measure": "mean", "value": 4}, "key": key()}), 201)
    assert made["baseline"]["construct"] == "communication"
    assert made["finding"]["construct"] == "communication"
    both = {"finding": {**finding, "item": "informed"}}
    assert director.post("/v1/goals/proposal", json=both).status_code == 422


def test_an_open_wave_has_no_findings(api: Api, director: httpx.Client) -> None:
    problem(director.post("/v1/goals", json=goal(api.wave(FAMILY))), 409, "results-not-released")
    problem(director.post("/v1/goals", json=goal("no-such-wave")), 404, "not-found")
