"""Observations over HTTP: a plan is proposed, edited, accepted, and counted against what took place."""

from __future__ import annotations

import threading
import uuid
from collections import Counter
from typing import Any

import httpx
import pytest

from tests.factories import SCHOOLS
from tests.server import Api, must
from tests.services.sending import faults, problem


@pytest.fixture(scope="module")
def director(api: Api) -> httpx.Client:
    api.schools()
    return api.client("director")


def key() -> str:
    return f"plan-{uuid.uuid4().hex[:10]}"


def plan(year: int, **more: Any) -> dict[str, Any]:
    """A plan of a month in which no other test plans anything."""
    return {
        "begins": f"{year}-10-01",
        "ends": f"{year}-10-31",
        "time_zone": "America/New_York",
        "schools": list(SCHOOLS),
        "visits": 3,
        "minutes": 90,
        **more,
    }


def where(name: str) -> str:
    return f"/v1/observations/plans/{name}"


def test_from_a_proposal_to_what_took_place(director: httpx.Client) -> None:
    name = key()
    told = must(director.put(where(name), json=plan(2030)), 201)
    assert told == must(director.get(where(name)), 200)
    assert Counter(visit["school"] for visit in told["visits"]) == dict.fromkeys(SCHOOLS, 3)
    assert (told["edited"], told["short"], told["accepted_at"]) == (False, [], None)

    visits = told["visits"]
    visits[0] = visits[0] | {"starts_at": "2030-10-01T16:00:00-04:00", "ends_at": "2030-10-01T17:00:00-04:00"}
    edited = must(director.put(f"{where(name)}/visits", json={"visits": visits[:-1]}), 200)
    assert edited["edited"] is True
    assert len(edited["visits"]) == 11
    assert [line["visits"] for line in edited["short"]] == [2]

    made = must(director.post(f"{where(name)}/accept"), 200)["items"]
    assert [one["starts_at"] for one in made] == [visit["starts_at"] for visit in edited["visits"]]
    assert {(one["kind"], one["status"]) for one in made} == {("observation", "planned")}
    problem(director.post(f"{where(name)}/accept"), 409, "plan-accepted")
    problem(director.put(where(name), json=plan(2030)), 409, "plan-accepted")
    problem(director.put(f"{where(name)}/visits", json={"visits": visits}), 409, "plan-accepted")

    first, second = made[:2]
    for one, status in ((first, "held"), (second, "canceled")):
        body = {k: v for k, v in one.items() if k != "key"} | {"status": status}
        must(director.put(f"/v1/activities/{one['key']}", json=body), 200)
    counted = must(director.get("/v1/observations/coverage", params={"plan": name}), 200)
    by_school = {line["school"]: line for line in counted["schools"]}
    assert sum(line["held"] for line in by_school.values()) == 1
    assert sum(line["planned"] for line in by_school.values()) == 9
    assert sum(line["missing"] for line in by_school.values()) == 2
    assert by_school[first["schools"][0]]["hours_held"] == 1.0
    assert director.delete(where(name)).status_code == 204
    problem(director.get(where(name)), 404, "not-found")
    must(director.get(f"/v1/activities/{first['key']}"), 200)


def test_what_the_observer_does_already_is_left_free(director: httpx.Client) -> None:
    mornings = {
        "kind": "other", "title": "Office hours", "schools": [], "time_zone": "America/New_York",
        "starts_at": "2031-10-01T08:00:00-04:00", "ends_at": "2031-10-01T12:00:00-04:00",
        "recurrence": {"rule": "FREQ=DAILY;COUNT=31"}, "attendees": [{"role": "director"}],
    }  # fmt: skip
    must(director.post("/v1/activities", json=mornings), 201)
    told = must(director.put(where(key()), json=plan(2031)), 201)
    assert len(told["visits"]) == 12
    assert min(visit["starts_at"][11:16] for visit in told["visits"]) >= "12:00"
    holidays = [f"2031-10-{day:02}" for day in range(1, 20)]
    told = must(director.put(where(key()), json=plan(2031, holidays=holidays, closed={"erving": ["2031-10-20"]})), 201)
    assert min(visit["starts_at"][:10] for visit in told["visits"]) >= "2031-10-20"
    assert {line["asked"] - line["visits"] for line in told["short"]} == {1}
    busy = [{"starts_at": "2031-10-01T00:00:00-04:00", "ends_at": "2031-11-01T00:00:00-04:00"}]
    none = must(director.put(where(name := key()), json=plan(2031, busy=busy)), 201)
    assert none["visits"] == []
    problem(director.post(f"{where(name)}/accept"), 422, "invalid-request")


def test_an_edited_plan_that_overlaps_makes_nothing(director: httpx.Client) -> None:
    name = key()
    told = must(director.put(where(name), json=plan(2032)), 201)
    last = told["visits"][-1]
    twice = [*told["visits"], {**last, "school": "erving" if last["school"] != "erving" else "leverett"}]
    must(director.put(f"{where(name)}/visits", json={"visits": twice}), 200)
    span = {"from": "2032-10-01T00:00:00Z", "to": "2032-11-02T00:00:00Z"}
    problem(director.post(f"{where(name)}/accept"), 409, "activities-overlap")
    assert must(director.get("/v1/calendar", params=span), 200)["items"] == []
    assert len(must(director.post(f"{where(name)}/accept", params={"force": "true"}), 200)["items"]) == 13


CALENDAR = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//School//EN
BEGIN:VEVENT
UID:1
DTSTAMP:20340101T000000Z
DTSTART;VALUE=DATE:20341002
DTEND;VALUE=DATE:20341014
SUMMARY:Recess
END:VEVENT
BEGIN:VEVENT
UID:2
DTSTAMP:20340101T000000Z
DTSTART:20341002T080000
DTEND:20341002T120000
RRULE:FREQ=DAILY;COUNT=40
SUMMARY:Mornings
END:VEVENT
BEGIN:VEVENT
UID:3
DTSTAMP:20340101T000000Z
DTSTART:20341016T120000
DTEND:20341031T200000
STATUS:CANCELLED
SUMMARY:Called off
END:VEVENT
END:VCALENDAR
"""


def test_calendars_of_others_are_read(director: httpx.Client) -> None:
    told = must(director.put(where(key()), json=plan(2034, calendars=[CALENDAR])), 201)
    assert len(told["visits"]) == 12
    assert min(visit["starts_at"][:10] for visit in told["visits"]) >= "2034-10-14"
    assert min(visit["starts_at"][11:16] for visit in told["visits"]) >= "12:00"
    broken = ["no calendar", CALENDAR.replace("FREQ=DAILY", "FREQ=SECONDLY"), CALENDAR[:200]]
    found = faults(director.put(where(key()), json=plan(2034, calendars=broken, schools=["nowhere"])))
    assert found == {*((f"/calendars/{i}", "unreadable") for i in range(3)), ("/schools/0", "unknown_school")}


def test_what_is_accepted_is_what_was_read(director: httpx.Client) -> None:
    """A meeting that comes in between moves no visit unseen: the plan no longer fits."""
    name = key()
    told = must(director.put(where(name), json=plan(2035, visits=1)), 201)
    first = told["visits"][0]
    meeting = {
        "kind": "other", "title": "In between", "time_zone": "America/New_York", "attendees": [{"role": "director"}],
        "starts_at": first["starts_at"], "ends_at": first["ends_at"],
    }  # fmt: skip
    must(director.post("/v1/activities", json=meeting), 201)
    assert must(director.get(where(name)), 200) == told
    problem(director.post(f"{where(name)}/accept"), 409, "activities-overlap")
    etag = director.get(where(name)).headers["etag"]
    moved = {"visits": told["visits"][1:]}
    must(director.put(f"{where(name)}/visits", json=moved, headers={"If-Match": etag}), 200)
    problem(director.put(f"{where(name)}/visits", json=moved, headers={"If-Match": etag}), 412, "precondition-failed")


def test_accepting_at_once_makes_the_visits_once(api: Api, director: httpx.Client) -> None:
    name, barrier, got = key(), threading.Barrier(5), []
    must(director.put(where(name), json=plan(2036, observer={"role": "Somebody"})), 201)

    def one() -> None:
        with httpx.Client(base_url=api.base, headers=director.headers, timeout=30) as client:
            barrier.wait()
            got.append(client.post(f"{where(name)}/accept").status_code)

    threads = [threading.Thread(target=one) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got) == [200, 409, 409, 409, 409]
    span = {"from": "2036-10-01T00:00:00Z", "to": "2036-11-02T00:00:00Z"}
    assert len(must(director.get("/v1/calendar", params=span), 200)["items"]) == 12


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ({"schools": ["nowhere"]}, ("/schools/0", "unknown_school")),
        ({"ends": "2030-09-01"}, ("", "value_error")),
        ({"ends": "2033-09-01"}, ("", "value_error")),
        ({"opens": "15:00"}, ("", "value_error")),
        ({"opens": "08:30Z"}, ("", "value_error")),
        ({"opens": 30600}, ("/opens", "value_error")),
        ({"ends": "9999-12-31"}, ("/ends", "value_error")),
        ({"observer": {"role": "liaison", "school": "nowhere"}}, ("/observer/school", "unknown_school")),
        (
            {"busy": [{"starts_at": "2030-10-02T09:00:00Z", "ends_at": "2030-10-01T09:00:00Z"}]},
            ("/busy/0", "value_error"),
        ),
        ({"visits": 0}, ("/visits", "greater_than_equal")),
        ({"visits": 100, "schools": ["erving"] * 6}, ("", "value_error")),
        ({"closed": {"nowhere": ["2030-10-01"]}}, ("", "value_error")),
        ({"weekdays": [7]}, ("/weekdays/0", "less_than_equal")),
        ({"holidays": ["soon"]}, ("/holidays/0", "date_from_datetime_parsing")),
    ],
)
def test_faults(director: httpx.Client, more: dict[str, Any], found: tuple[str, str]) -> None:
    told = faults(director.put(where(key()), json=plan(2030, **more)))
    assert found in {(pointer.rstrip("/"), code) for pointer, code in told}


def test_visits_of_other_schools_and_coverage_of_no_plan(director: httpx.Client) -> None:
    name = key()
    must(director.put(where(name), json=plan(2033, schools=["erving"])), 201)
    visit = {"school": "leverett", "starts_at": "2033-10-03T09:00:00-04:00", "ends_at": "2033-10-03T10:00:00-04:00"}
    late = {"school": "erving", "starts_at": "2034-10-03T09:00:00-04:00", "ends_at": "2034-10-03T10:00:00-04:00"}
    found = faults(director.put(f"{where(name)}/visits", json={"visits": [visit, late]}))
    assert found == {("/visits/0/school", "unknown_school"), ("/visits/1/starts_at", "out_of_range")}
    long = late | {"ends_at": "2034-12-03T10:00:00-04:00"}
    for visits in ([long], [late, late]):
        assert director.put(f"{where(name)}/visits", json={"visits": visits}).status_code == 422
    problem(director.get("/v1/observations/coverage", params={"plan": "none"}), 404, "not-found")
    etag = director.get(where(name)).headers["etag"]
    must(director.put(where(name), json=plan(2033, visits=1), headers={"If-Match": etag}), 200)
    problem(director.put(where(name), json=plan(2033), headers={"If-Match": etag}), 412, "precondition-failed")
