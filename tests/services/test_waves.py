"""Waves: what may change when, the promise in words, rosters and participation."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from app.auth import Caller
from app.errors import PromiseLoosened, WaveStarted
from app.models.waves import WaveIn
from app.services import waves
from tests import factories
from tests.server import Api, must
from tests.services.sending import faults, fill, problem

GROUPS = ("family", "school_leader", "liaison", "staff")


def instruments(api: Api, *groups: str) -> dict[str, str]:
    api.schools()
    return {group: api.instrument(factories.definition(group)) for group in groups or ("family", "staff")}


def new(api: Api, **more: Any) -> tuple[str, dict[str, Any]]:
    """Put a wave; its key and the body it was put with."""
    body = factories.wave(more.pop("instruments", None) or instruments(api), **more)
    key = api.name("wave")
    must(api.admin.put(f"/v1/waves/{key}", json=body), 201)
    return key, body


def put(api: Api, key: str, body: dict[str, Any]) -> httpx.Response:
    return api.client("director").put(f"/v1/waves/{key}", json=body)


def scheduled() -> dict[str, str]:
    return {"opens_at": factories.iso(hours=5), "closes_at": factories.iso(days=5)}


def confidential(minimum: int, **more: str) -> dict[str, Any]:
    return {"mode": "confidential", "minimum": minimum, **more}


# ------------------------------------------------------------------ putting
@pytest.mark.parametrize("unseen", ["\x01", "\x1b[2J", "\x9b", "\u202e", "\u2066", "\ufffe", "\U0001ffff"], ids=ascii)
def test_names_hold_nothing_that_nobody_sees(api: Api, unseen: str) -> None:
    """They are printed in terminals, in pages and on paper."""
    name = f"Fall {unseen} 2022"
    body = factories.wave(instruments(api), title=name)
    assert faults(put(api, api.name("wave"), body)) == {("/title", "control_character")}
    roster = {"source": name, "counts": []}
    key, _ = new(api)
    assert faults(api.admin.put(f"/v1/waves/{key}/roster", json=roster)) == {("/source", "control_character")}
    assert faults(api.admin.put("/v1/schools/x", json={"name": name})) == {("/name", "control_character")}
    assert faults(api.admin.post("/v1/keys", json={"role": "admin", "name": name})) == {("/name", "control_character")}
    assert must(put(api, api.name("wave"), body | {"title": "عربي \u200f 2022"}), 201)


@pytest.mark.parametrize("state", ["scheduled", "open", "closed"])
def test_the_identical_put_is_always_200(api: Api, state: str) -> None:
    key, body = new(api, **(scheduled() if state == "scheduled" else {}))
    if state == "closed":
        must(api.admin.post(f"/v1/waves/{key}/close"))
    before = must(api.admin.get(f"/v1/waves/{key}"))
    assert before["status"] == state
    assert must(put(api, key, body), 200) == before
    turned = dict(reversed(body.items())) | {"instruments": dict(reversed(body["instruments"].items()))}
    assert must(put(api, key, turned), 200) == before
    elsewhere = datetime.fromisoformat(body["opens_at"]).astimezone(UTC) + timedelta(0)
    assert must(put(api, key, body | {"opens_at": elsewhere.isoformat()}), 200) == before


def test_new_wave_has_a_location_and_is_read_back(api: Api) -> None:
    body = factories.wave(instruments(api), simulated=True, title="Otoño 2022")
    key = api.name("wave")
    made = put(api, key, body)
    assert (made.status_code, made.headers["location"]) == (201, f"/v1/waves/{key}")
    read = api.admin.get(f"/v1/waves/{key}")
    assert read.json() == made.json()
    same = ("title", "simulated", "time_zone", "schools", "instruments")
    assert {name: read.json()[name] for name in same} == {name: body[name] for name in same}
    assert (read.json()["key"], read.json()["status"], read.json()["closed_at"]) == (key, "open", None)


def test_a_scheduled_wave_may_change_freely(api: Api) -> None:
    key, body = new(api, **scheduled())
    changed = {
        "title": "Another",
        "simulated": True,
        "opens_at": factories.iso(hours=2),
        "closes_at": factories.iso(hours=3),
        "time_zone": "Europe/Berlin",
        "schools": ["erving"],
        "instruments": instruments(api, "family", "liaison"),
        "promise": {"family": confidential(10)},
    }
    reply = must(put(api, key, changed), 200)
    for name in ("title", "simulated", "time_zone", "schools", "instruments"):
        assert reply[name] == changed[name], name
    assert set(reply["promise"]) == {"family", "liaison"}
    assert (
        must(put(api, key, body), 200)["promise"]["family"]["minimum"] == 5
    )  # looser, and nobody was told otherwise yet


@pytest.mark.parametrize(
    "change",
    [
        {"simulated": True},
        {"opens_at": factories.iso(hours=-3)},
        {"time_zone": "Europe/Berlin"},
        {"schools": ["erving", "leverett", "shutesbury"]},
        {"schools": ["leverett", "erving", "shutesbury", "swift-river"]},
        {"closes_at": factories.iso(hours=1)},
    ],
    ids=lambda change: "-".join(change),
)
@pytest.mark.parametrize("closed", [False, True], ids=["open", "closed"])
def test_a_started_wave_keeps_its_shape(api: Api, change: dict[str, Any], closed: bool) -> None:
    key, body = new(api)
    if closed:
        must(api.admin.post(f"/v1/waves/{key}/close"))
    before = must(api.admin.get(f"/v1/waves/{key}"))
    reply = put(api, key, body | change)
    problem(reply, 409, "wave-closed" if closed and "closes_at" in change else "wave-started")
    assert must(api.admin.get(f"/v1/waves/{key}")) == before


def test_a_started_wave_keeps_its_groups_and_instruments(api: Api) -> None:
    key, body = new(api)
    fewer = {"instruments": {"family": body["instruments"]["family"]}, "promise": {"family": body["promise"]["family"]}}
    problem(put(api, key, body | fewer), 409, "wave-started")
    more = {"instruments": body["instruments"] | instruments(api, "liaison")}
    problem(put(api, key, body | more), 409, "wave-started")
    items = [factories.rating(i) for i in ("informed", "heard")] + [factories.rating("ignored", reverse=True)]
    other = api.instrument(factories.definition("family", items, title=factories.en("Another title")))
    assert other != body["instruments"]["family"]
    problem(put(api, key, body | {"instruments": body["instruments"] | {"family": other}}), 409, "wave-started")


def test_a_started_wave_takes_title_later_end_and_stricter_promise(api: Api) -> None:
    key, body = new(api)
    later = factories.iso(days=2)
    stricter = body["promise"] | {"staff": confidential(7)}
    reply = must(put(api, key, body | {"title": "New", "closes_at": later, "promise": stricter}), 200)
    assert (reply["title"], reply["promise"]["staff"]["minimum"]) == ("New", 7)
    assert datetime.fromisoformat(reply["closes_at"]) == datetime.fromisoformat(later)
    assert reply["status"] == "open"
    must(api.admin.post(f"/v1/waves/{key}/responses", json=factories.response()), 201)


def test_a_closed_wave_takes_a_title_and_until_its_release_a_stricter_promise(api: Api) -> None:
    key, body = new(api)
    must(api.admin.post(f"/v1/waves/{key}/close"))
    body = body | {"title": "After", "promise": body["promise"] | {"family": confidential(8)}}
    assert must(put(api, key, body), 200)["promise"]["family"]["minimum"] == 8
    must(api.admin.post(f"/v1/waves/{key}/releases"), 201)
    stricter = body["promise"] | {"family": confidential(9)}
    problem(put(api, key, body | {"promise": stricter}), 409, "wave-started")
    assert must(put(api, key, body | {"title": "Later"}), 200)["title"] == "Later"


LOOSER: list[tuple[dict[str, Any], dict[str, Any]]] = [
    (confidential(10), confidential(9)),
    (confidential(10), {"mode": "attributed"}),
    (confidential(10), confidential(10, principal="exact")),
    (confidential(10, principal="none"), confidential(10)),
    (confidential(10), confidential(12, public="banded")),
    (confidential(10), confidential(20, principal="exact")),
]


@pytest.mark.parametrize(("before", "after"), LOOSER)
@pytest.mark.parametrize("state", ["open", "closed"])
def test_a_looser_promise_is_refused(api: Api, before: dict[str, Any], after: dict[str, Any], state: str) -> None:
    key, body = new(api, promise={"family": before})
    if state == "closed":
        must(api.admin.post(f"/v1/waves/{key}/close"))
    problem(put(api, key, body | {"promise": {"family": after}}), 409, "promise-loosened")
    assert must(api.admin.get(f"/v1/waves/{key}"))["promise"]["family"]["minimum"] == 10
    must(put(api, key, body), 200)
    if after["mode"] == "confidential":
        assert put(api, key, body | {"promise": {"family": confidential(11, principal="none")}}).status_code == 200


def test_leaving_the_promise_out_falls_back_to_the_default_and_may_be_looser(api: Api) -> None:
    key, body = new(api, promise={"family": confidential(30), "staff": confidential(10)})
    problem(put(api, key, body | {"promise": {}}), 409, "promise-loosened")


def test_a_looser_promise_is_refused_by_the_service_itself(api: Api) -> None:
    key, body = new(api, promise={"family": confidential(10)})
    by = Caller("key_x", "x", "admin")
    looser = WaveIn.model_validate(body | {"promise": {"family": confidential(5)}})
    with pytest.raises(PromiseLoosened), api.database.write() as session:
        waves.put(api.database, session, key, looser, by, lambda row: None)
    sooner = WaveIn.model_validate(body | {"closes_at": factories.iso(hours=2)})
    with pytest.raises(WaveStarted), api.database.write() as session:
        waves.put(api.database, session, key, sooner, by, lambda row: None)
    assert must(api.admin.get(f"/v1/waves/{key}"))["promise"]["family"]["minimum"] == 10


def test_after_the_promise_got_stricter_the_first_one_is_looser(api: Api) -> None:
    key, body = new(api)
    stricter = body | {"promise": body["promise"] | {"family": confidential(6)}}
    must(put(api, key, stricter), 200)
    problem(put(api, key, body), 409, "promise-loosened")
    must(put(api, key, stricter), 200)


def test_wrong_references_are_all_listed(api: Api) -> None:
    known = instruments(api)
    body = factories.wave(
        {"family": "family@9999", "staff": known["family"], "liaison": "none@1"},
        schools=["erving", "atlantis", "leverett", "utopia"],
    )
    assert faults(put(api, api.name("wave"), body)) == {
        ("/schools/1", "unknown_school"),
        ("/schools/3", "unknown_school"),
        ("/instruments/family", "unknown_instrument"),
        ("/instruments/staff", "wrong_group"),
        ("/instruments/liaison", "unknown_instrument"),
    }


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"schools": []}, "/schools"),
        ({"schools": ["erving", "erving"]}, "/schools"),
        ({"instruments": {}}, "/instruments"),
        ({"instruments": {"family": "family"}}, "/instruments/family"),
        ({"instruments": {"parents": "family@1"}}, "/instruments/parents"),
        ({"time_zone": "America/Boston"}, "/time_zone"),
        ({"opens_at": "2022-10-03T00:00:00"}, "/opens_at"),
        ({"closes_at": "tomorrow"}, "/closes_at"),
        ({"closes_at": factories.iso(hours=-2)}, ""),
        ({"title": " "}, "/title"),
        ({"simulated": 1}, "/simulated"),
        ({"surprise": 1}, "/surprise"),
        ({"promise": {"family": confidential(4)}}, "/promise/family/minimum"),
        ({"promise": {"family": {"mode": "attributed", "minimum": 5}}}, "/promise/family"),
        ({"promise": {"family": confidential(9, principal="banded")}}, "/promise/family"),
        ({"promise": {"family": confidential(10, director="banded", principal="exact")}}, "/promise/family"),
        ({"promise": {"family": confidential(10, public="exact")}}, "/promise/family/public"),
        ({"promise": {"liaison": {"mode": "attributed"}}}, ""),
    ],
)
def test_wrong_fields_are_refused_where_they_are(api: Api, change: dict[str, Any], pointer: str) -> None:
    key = api.name("wave")
    reply = put(api, key, factories.wave(instruments(api)) | change)
    assert pointer in {where for where, _ in faults(reply)}, reply.text
    problem(api.admin.get(f"/v1/waves/{key}"), 404, "not-found")


def test_delete_only_before_the_opening(api: Api) -> None:
    director = api.client("director")
    planned, _ = new(api, **scheduled())
    assert director.delete(f"/v1/waves/{planned}").status_code == 204
    problem(director.get(f"/v1/waves/{planned}"), 404, "not-found")
    problem(director.delete(f"/v1/waves/{planned}"), 404, "not-found")
    started, _ = new(api)
    problem(director.delete(f"/v1/waves/{started}"), 409, "wave-started")
    must(director.post(f"/v1/waves/{started}/close"))
    problem(director.delete(f"/v1/waves/{started}"), 409, "wave-started")
    assert must(director.get(f"/v1/waves/{started}"))["status"] == "closed"


def test_delete_takes_the_roster_along(api: Api) -> None:
    key, body = new(api, **scheduled())
    roster = {"source": "SIS", "counts": [{"group": "staff", "school": "erving", "eligible": 30}]}
    must(api.admin.put(f"/v1/waves/{key}/roster", json=roster), 201)
    must(api.admin.delete(f"/v1/waves/{key}"))
    must(put(api, key, body), 201)
    problem(api.admin.get(f"/v1/waves/{key}/roster"), 404, "not-found")


def test_a_wave_opens_by_the_clock(api: Api) -> None:
    key, _ = new(api, opens_at=factories.iso(seconds=2), closes_at=factories.iso(hours=1))
    problem(api.admin.post(f"/v1/waves/{key}/responses", json=factories.response()), 409, "wave-not-open")
    deadline = time.monotonic() + 10
    while must(api.admin.get(f"/v1/waves/{key}"))["status"] == "scheduled":
        assert time.monotonic() < deadline
        time.sleep(0.05)
    must(api.admin.post(f"/v1/waves/{key}/responses", json=factories.response()), 201)


def test_if_match(api: Api) -> None:
    key, body = new(api)
    etag = api.client("director").get(f"/v1/waves/{key}").headers["etag"]
    changed = body | {"title": "Second"}
    stale = api.client("director").put(f"/v1/waves/{key}", json=changed, headers={"If-Match": '"other"'})
    problem(stale, 412, "precondition-failed")
    done = api.client("director").put(f"/v1/waves/{key}", json=changed, headers={"If-Match": etag})
    assert done.status_code == 200
    again = api.client("director").put(f"/v1/waves/{key}", json=body, headers={"If-Match": etag})
    problem(again, 412, "precondition-failed")


@pytest.mark.parametrize(
    ("zone", "summer", "winter"),
    [
        ("America/New_York", "-04:00", "-05:00"),
        ("Asia/Kolkata", "+05:30", "+05:30"),
        ("Europe/Madrid", "+02:00", "+01:00"),
    ],
)
def test_times_are_told_in_the_wave_s_zone(api: Api, zone: str, summer: str, winter: str) -> None:
    body = factories.wave(instruments(api), time_zone=zone)
    body |= {"opens_at": "2022-07-01T12:00:00Z", "closes_at": "2040-01-15T12:00:00Z"}
    key = api.name("wave")
    made = must(put(api, key, body), 201)
    for document in (made, must(api.admin.get(f"/v1/waves/{key}"))):
        assert document["opens_at"].endswith(summer)
        assert document["closes_at"].endswith(winter)
        assert datetime.fromisoformat(document["opens_at"]) == datetime(2022, 7, 1, 12, tzinfo=UTC)
    closed = must(api.admin.post(f"/v1/waves/{key}/close"))
    assert closed["closed_at"][-6:] in (summer, winter)
    assert abs(datetime.fromisoformat(closed["closed_at"]) - datetime.now(UTC)) < timedelta(minutes=1)


# ------------------------------------------------------------------ the promise
def test_promises_have_defaults_by_group(api: Api) -> None:
    key, _ = new(api, instruments=instruments(api, *GROUPS), promise={})
    promise = must(api.admin.get(f"/v1/waves/{key}"))["promise"]
    told = {group: {k: v for k, v in p.items() if k not in ("digest", "in_words")} for group, p in promise.items()}
    default = confidential(10, director="exact", principal="banded", public="none")
    attributed = {"mode": "attributed"}
    assert told == {"family": default, "staff": default, "school_leader": attributed, "liaison": attributed}


def test_a_minimum_under_ten_shows_principals_nothing(api: Api) -> None:
    key, _ = new(api, promise={"family": confidential(9)})
    assert must(api.admin.get(f"/v1/waves/{key}"))["promise"]["family"]["principal"] == "none"


def test_the_promise_in_plain_words(api: Api) -> None:
    fielded = instruments(api, *GROUPS)
    promise = {"family": confidential(12), "staff": confidential(14, principal="exact", public="banded")}
    key, _ = new(api, instruments=fielded, promise=promise)
    found = must(api.client("collector").get(f"/v1/waves/{key}"))["promise"]
    assert {frozenset(p["in_words"]) for p in found.values()} == {frozenset({"en", "es"})}
    words = {group: p["in_words"] for group, p in found.items()}
    for language, people in (("en", "people"), ("es", "personas")):
        assert f"12 {people}" in words["family"][language]
        assert f"14 {people}" in words["staff"][language]
    assert "exact" in words["family"]["en"]  # that unanimity may show
    assert "many times" in words["family"]["en"]  # what open access cannot rule out
    assert "muchas veces" in words["family"]["es"]
    assert "only ranges" in words["family"]["en"]
    assert "public sees nothing" in words["family"]["en"]
    assert "wide ranges" in words["staff"]["en"]
    assert "no ve nada" in words["family"]["es"]
    for group in ("school_leader", "liaison"):
        assert "your role and your school" in words[group]["en"]
        assert "su escuela" in words[group]["es"]
        assert "confidential" not in words[group]["en"]


def test_the_digest_names_the_promise_and_stands_with_the_response(api: Api) -> None:
    key, body = new(api)
    first = must(api.admin.get(f"/v1/waves/{key}"))["promise"]
    assert first["family"]["digest"] == first["staff"]["digest"]  # the same promise
    early, late = factories.response(), factories.response()
    receipt = must(api.admin.post(f"/v1/waves/{key}/responses", json=early), 201)
    assert receipt["promise_digest"] == first["family"]["digest"]
    must(put(api, key, body | {"promise": body["promise"] | {"family": confidential(6)}}), 200)
    second = must(api.admin.get(f"/v1/waves/{key}"))["promise"]
    assert second["family"]["digest"] != first["family"]["digest"]
    assert second["staff"] == first["staff"]
    assert (
        must(api.admin.post(f"/v1/waves/{key}/responses", json=late), 201)["promise_digest"]
        == second["family"]["digest"]
    )
    assert must(api.admin.post(f"/v1/waves/{key}/responses", json=early), 200) == receipt


# ------------------------------------------------------------------ rosters
def roster(*counts: tuple[str, str | None, int], **more: Any) -> dict[str, Any]:
    lines = [{"group": group, "school": school, "eligible": eligible} for group, school, eligible in counts]
    return {"source": "SIS export", "counts": lines, **more}


def put_roster(api: Api, key: str, body: dict[str, Any]) -> httpx.Response:
    return api.client("director").put(f"/v1/waves/{key}/roster", json=body)


def test_a_roster_is_read_back_and_replaced_until_the_release(api: Api) -> None:
    key, _ = new(api)
    director = api.client("director")
    problem(director.get(f"/v1/waves/{key}/roster"), 404, "not-found")
    first = roster(("staff", "leverett", 20), ("family", None, 3), ("family", "erving", 118), unit="household")
    must(put_roster(api, key, first), 201)
    assert must(director.get(f"/v1/waves/{key}/roster")) == {
        "wave": key,
        "source": "SIS export",
        "unit": "household",
        "counts": [
            {"group": "family", "school": None, "eligible": 3},
            {"group": "family", "school": "erving", "eligible": 118},
            {"group": "staff", "school": "leverett", "eligible": 20},
        ],
    }
    second = roster(("family", "erving", 0), ("staff", "shutesbury", 10**9))
    assert must(put_roster(api, key, second), 200)["unit"] == "person"
    assert must(director.get(f"/v1/waves/{key}/roster"))["counts"] == second["counts"]
    must(api.admin.post(f"/v1/waves/{key}/close"))
    must(put_roster(api, key, first), 200)
    must(api.admin.post(f"/v1/waves/{key}/releases"), 201)
    before = must(director.get(f"/v1/waves/{key}/roster"))
    problem(put_roster(api, key, second), 409, "roster-frozen")
    assert must(director.get(f"/v1/waves/{key}/roster")) == before


def test_an_empty_roster_is_a_roster(api: Api) -> None:
    key, _ = new(api)
    must(put_roster(api, key, roster()), 201)
    assert must(api.client("director").get(f"/v1/waves/{key}/roster"))["counts"] == []
    must(put_roster(api, key, roster()), 200)


def test_all_faults_of_a_roster_are_listed(api: Api) -> None:
    key, _ = new(api)
    wrong = roster(("family", "erving", 1), ("liaison", "erving", 1), ("staff", "atlantis", 1), ("family", "erving", 2))
    assert faults(put_roster(api, key, wrong)) == {
        ("/counts/1/group", "wrong_group"),
        ("/counts/2/school", "wrong_school"),
        ("/counts/3", "repeated"),
    }
    problem(api.client("director").get(f"/v1/waves/{key}/roster"), 404, "not-found")
    problem(put_roster(api, "no-such-wave", roster()), 404, "not-found")


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        (roster(("family", "erving", -1)), "/counts/0/eligible"),
        (roster(("family", "erving", 10**9 + 1)), "/counts/0/eligible"),
        (roster(("family", "erving", True)), "/counts/0/eligible"),
        (roster(("family", "erving", 1.5)), "/counts/0/eligible"),  # type: ignore[arg-type]
        (roster(("parents", "erving", 1)), "/counts/0/group"),
        (roster(unit="pupil"), "/unit"),
        (roster(source=""), "/source"),
        (roster(surprise=1), "/surprise"),
        ({"counts": []}, "/source"),
        ({"source": "x"}, "/counts"),
    ],
)
def test_wrong_fields_of_a_roster(api: Api, wrong: dict[str, Any], pointer: str) -> None:
    key, _ = new(api)
    assert pointer in {where for where, _ in faults(put_roster(api, key, wrong))}


@pytest.mark.parametrize("role", ["collector", "principal", "reporter"])
def test_rosters_are_the_director_s(api: Api, role: str) -> None:
    key, _ = new(api)
    problem(api.client(role).get(f"/v1/waves/{key}/roster"), 403, "forbidden")
    problem(api.client(role).put(f"/v1/waves/{key}/roster", json=roster()), 403, "forbidden")


# ------------------------------------------------------------------ participation
def participation(client: httpx.Client, key: str) -> dict[tuple[str, str | None], dict[str, Any]]:
    document = must(client.get(f"/v1/waves/{key}/participation"))
    assert document["wave"] == key
    cells = {(cell["group"], cell["school"]): cell for cell in document["cells"]}
    assert len(cells) == len(document["cells"])
    return cells


def test_participation_is_live_and_frozen_at_the_close(api: Api) -> None:
    key, _ = new(api)
    director = api.client("director")
    must(put_roster(api, key, roster(*((("staff", s, 20)) for s in factories.SCHOOLS))))
    assert participation(director, key)["staff", "erving"]["responses"] == 0
    sent = fill(api, key, {"staff": {"erving": 3, "leverett": 6}, "family": {"erving": 2}})
    cells = participation(director, key)
    assert set(cells) == {(g, s) for g in ("family", "staff") for s in (*factories.SCHOOLS, None)}
    assert cells["staff", "erving"] == {
        "group": "staff", "school": "erving", "eligible": 20, "responses": 3, "rate": 0.15, "needed": 2,
    }  # fmt: skip
    assert (cells["staff", "leverett"]["needed"], cells["staff", None]["responses"]) == (0, 9)
    assert cells["staff", None]["eligible"] == 80
    code = must(api.admin.post(f"/v1/waves/{key}/responses", json=sent[0]), 200)["withdrawal_code"]
    gone = api.admin.delete(f"/v1/waves/{key}/responses/{sent[0]['id']}", headers={"Withdrawal-Code": code})
    assert gone.status_code == 204
    assert participation(director, key)["staff", "erving"]["responses"] == 2
    must(api.admin.post(f"/v1/waves/{key}/close"))
    closed = participation(director, key)
    assert closed["staff", "erving"]["responses"] == 2
    with api.database.engine.begin() as connection:
        connection.exec_driver_sql(f"DELETE FROM survey_response WHERE wave = '{key}'")
    assert participation(director, key) == closed


def test_rate_is_null_without_a_roster(api: Api) -> None:
    key, _ = new(api)
    fill(api, key, {"family": {"erving": 7}})
    for cell in participation(api.client("director"), key).values():
        assert (cell["eligible"], cell["rate"]) == (None, None)
    must(put_roster(api, key, roster(("family", "erving", 40), ("family", "leverett", 0))))
    cells = participation(api.client("director"), key)
    assert cells["staff", None]["rate"] is None
    assert cells["family", "shutesbury"].get("rate") is None


def test_small_schools_are_hidden_with_the_next_smallest(api: Api) -> None:
    key, _ = new(api)
    fill(api, key, {"staff": {"swift-river": 6, "erving": 20}})
    sizes = {"erving": 30, "leverett": 26, "shutesbury": 12, "swift-river": 9}
    must(put_roster(api, key, roster(*(("staff", s, n) for s, n in sizes.items()))))
    cells = participation(api.client("director"), key)
    for school in ("swift-river", "shutesbury"):
        assert cells["staff", school] == {"group": "staff", "school": school, "status": "protected"}
    assert cells["staff", "erving"]["responses"] == 20
    assert cells["staff", None]["responses"] == 26
    assert cells["family", "swift-river"]["responses"] == 0  # another group's roster hides nothing here
    sizes["shutesbury"] = 4  # two hidden by themselves: nobody else is
    must(put_roster(api, key, roster(*(("staff", s, n) for s, n in sizes.items()))))
    hidden = {c for c, cell in participation(api.client("director"), key).items() if "status" in cell}
    assert hidden == {("staff", "swift-river"), ("staff", "shutesbury")}
    sizes |= {"shutesbury": 10, "swift-river": 10}  # who could put rosters to and fro would see the two all the time
    must(put_roster(api, key, roster(*(("staff", s, n) for s, n in sizes.items()))))
    assert {c for c, cell in participation(api.client("director"), key).items() if "status" in cell} == hidden


def test_a_roster_before_the_opening_hides_nothing_for_good(api: Api) -> None:
    key, _ = new(api, opens_at=factories.iso(days=1), closes_at=factories.iso(days=2))
    for eligible in (4, 30):
        must(put_roster(api, key, roster(*(("staff", s, eligible) for s in factories.SCHOOLS))))
        cells = participation(api.client("director"), key)
        assert ("status" in cells["staff", "erving"]) == (eligible < 10)


def test_a_hidden_school_that_is_the_only_one_is_not_told_by_the_union(api: Api) -> None:
    key, _ = new(api, schools=["erving"])
    must(put_roster(api, key, roster(("staff", "erving", 8), ("family", "erving", 80))))
    fill(api, key, {"staff": {"erving": 3}, "family": {"erving": 3}})
    cells = participation(api.client("director"), key)
    assert cells["staff", None] == {"group": "staff", "school": None, "status": "protected"}
    assert cells["family", None]["responses"] == 3


def test_attributed_groups_are_not_hidden_from_the_director(api: Api) -> None:
    key, _ = new(api, instruments=instruments(api, "school_leader", "staff"), promise={})
    must(put_roster(api, key, roster(*(("school_leader", s, 1) for s in factories.SCHOOLS))))
    must(api.admin.post(f"/v1/waves/{key}/responses", json=factories.response("school_leader", None)), 201)
    cells = participation(api.client("director"), key)
    assert cells["school_leader", "erving"]["eligible"] == 1
    assert cells["school_leader", None]["responses"] == 1
    assert "needed" not in cells["school_leader", "erving"]


def test_who_sees_participation(api: Api) -> None:
    key, _ = new(api, instruments=instruments(api, "family", "school_leader"), promise={"family": confidential(5)})
    fill(api, key, {"family": {"erving": 6, "leverett": 4}})
    full = participation(api.client("director"), key)
    mine = participation(api.client("principal", schools=["leverett"]), key)
    assert mine == {("family", "leverett"): full["family", "leverett"]}
    assert participation(api.client("reporter", audience="director"), key) == full
    problem(api.client("reporter", audience="public").get(f"/v1/waves/{key}/participation"), 403, "audience-not-served")
    problem(api.client("collector").get(f"/v1/waves/{key}/participation"), 403, "forbidden")
    assert api.anonymous.get(f"/v1/waves/{key}/participation").status_code == 401
    problem(api.client("director").get("/v1/waves/no-such-wave/participation"), 404, "not-found")


def test_a_collector_knows_open_waves_it_serves(api: Api) -> None:
    open_, _ = new(api)
    planned, _ = new(api, **scheduled())
    collector = api.client("collector", waves=[open_, planned])
    assert [w["key"] for w in must(collector.get("/v1/waves"))["items"]] == [open_]
    must(collector.get(f"/v1/waves/{open_}"))
    problem(collector.get(f"/v1/waves/{planned}"), 404, "not-found")
    problem(api.client("collector", waves=[planned]).get(f"/v1/waves/{open_}"), 404, "not-found")
    must(api.admin.post(f"/v1/waves/{open_}/close"))
    problem(collector.get(f"/v1/waves/{open_}"), 404, "not-found")
    assert must(collector.get("/v1/waves"))["items"] == []
    must(api.client("director").get(f"/v1/waves/{planned}"))
