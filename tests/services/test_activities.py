"""Activities over HTTP: overlaps, recurrences that are edited, who sees what, and calendars."""

from __future__ import annotations

import threading
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from icalendar import Calendar

from tests.server import Api, must
from tests.services.sending import faults, problem

NY = "America/New_York"


@pytest.fixture(scope="module")
def director(api: Api) -> httpx.Client:
    api.schools()
    return api.client("director")


def key() -> str:
    return f"activity-{uuid.uuid4().hex[:12]}"


def activity(day: str = "2026-10-05", at: str = "09:00", to: str = "10:30", **more: Any) -> dict[str, Any]:
    return {
        "kind": "principal_meeting",
        "title": "Meeting with principals",
        "schools": ["erving"],
        "starts_at": f"{day}T{at}:00-04:00",
        "ends_at": f"{day}T{to}:00-04:00",
        "time_zone": NY,
        **more,
    }


def person(name: str | None = None) -> dict[str, Any]:
    """Somebody whom no other test knows."""
    return {"attendees": [{"role": "liaison", "person": name or f"Person {uuid.uuid4().hex[:8]}"}]}


def put(client: httpx.Client, name: str, body: dict[str, Any], **params: Any) -> httpx.Response:
    return client.put(f"/v1/activities/{name}", json=body, params=params)


# ------------------------------------------------------------------ putting and reading
def test_what_was_put_is_read(director: httpx.Client) -> None:
    name = key()
    body = activity(
        agenda=["Referrals"], notes=[{"text": "Ask again", "private": True}], place="Library",
        follow_ups=[{"text": "Send the form", "owner": "Liaison", "due": "2026-10-12"}], **person(),
    )  # fmt: skip
    made = put(director, name, body)
    assert (made.status_code, made.headers["location"]) == (201, f"/v1/activities/{name}")
    found = must(director.get(f"/v1/activities/{name}"), 200)
    assert found == made.json()
    assert found["starts_at"] == "2026-10-05T09:00:00-04:00"
    assert found["follow_ups"] == [{"text": "Send the form", "owner": "Liaison", "due": "2026-10-12", "done": False}]
    etag = director.get(f"/v1/activities/{name}").headers["etag"]
    held = must(director.put(f"/v1/activities/{name}", json=body | {"status": "held"}, headers={"If-Match": etag}), 200)
    assert held["status"] == "held"
    problem(director.put(f"/v1/activities/{name}", json=body, headers={"If-Match": etag}), 412, "precondition-failed")
    assert director.delete(f"/v1/activities/{name}").status_code == 204
    problem(director.get(f"/v1/activities/{name}"), 404, "not-found")


def test_a_key_is_made_from_the_title(director: httpx.Client) -> None:
    first, second = (must(director.post("/v1/activities", json=activity(title="Café at 9")), 201) for _ in range(2))
    assert first["key"] == "caf-at-9"
    assert second["key"] == "caf-at-9-2"
    problem(director.post("/v1/activities", json=activity(key="caf-at-9")), 409, "key-taken")


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ({"schools": ["nowhere"], "goals": ["none"]}, {("/schools/0", "unknown_key"), ("/goals/0", "unknown_key")}),
        ({"survey": "no-wave"}, {("/survey", "unknown_key")}),
        ({"to": "08:00"}, {("/", "value_error")}),
        ({"time_zone": "Mars"}, {("/time_zone", "value_error")}),
        ({"kind": "party"}, {("/kind", "literal_error")}),
        ({"recurrence": {"rule": "FREQ=WEEKLY"}}, {("/recurrence/rule", "rule_refused")}),
        ({"recurrence": {"rule": "FREQ=WEEKLY;UNTIL=99991231"}}, {("/recurrence/rule", "rule_refused")}),
        (
            {"recurrence": {"rule": "X"}, "schools": ["nowhere"]},
            {("/recurrence/rule", "rule_refused"), ("/schools/0", "unknown_key")},
        ),
        (
            {
                "recurrence": {
                    "rule": "FREQ=WEEKLY;COUNT=2",
                    "changes": [
                        {
                            "at": "2026-10-05T09:00:00-04:00",
                            "attendance": [{"group": "family", "school": "nowhere", "people": 3}],
                        }
                    ],
                }
            },
            {("/recurrence/changes/0/attendance/0/school", "unknown_key")},
        ),
        ({"starts_at": 1790000000}, {("/starts_at", "value_error")}),
        ({"time_zone": "localtime"}, {("/time_zone", "value_error")}),
        (
            {"recurrence": {"rule": "FREQ=WEEKLY;COUNT=2", "except": ["2026-10-06T09:00:00-04:00"]}},
            {("/recurrence/except/0", "no_occurrence")},
        ),
        (
            {"recurrence": {"rule": "FREQ=WEEKLY;COUNT=1", "except": ["2026-10-05T09:00:00-04:00"]}},
            {("/recurrence/except", "nothing_left")},
        ),
        ({"quotes": [{"text": "Hm", "group": "family", "consent": False}]}, {("/quotes/0/consent", "value_error")}),
    ],
)
def test_faults(director: httpx.Client, more: dict[str, Any], found: set[tuple[str, str]]) -> None:
    told = {(where or "/", code) for where, code in faults(put(director, key(), activity(**more)))}
    assert told == found


# ------------------------------------------------------------------ two places at once
def test_nobody_is_in_two_places_at_once(director: httpx.Client) -> None:
    who, name = person("Ana  Pérez"), key()
    must(put(director, name, activity(**who)), 201)
    other = activity(at="10:29", to="11:00", title="Another", attendees=[{"role": "Other", "person": "ana pérez"}])
    told = problem(put(director, key(), other), 409, "activities-overlap")
    assert name in told["detail"]
    (overlap,) = told["overlaps"]
    assert (overlap["activity"], overlap["who"]) == (name, ["ana pérez"])
    assert overlap["starts_at"] == "2026-10-05T09:00:00-04:00"
    must(put(director, key(), activity(at="10:30", to="11:00", **who)), 201)
    must(put(director, key(), activity(at="09:10", to="09:20", **person())), 201)
    must(put(director, key(), other, force="true"), 201)
    must(put(director, name, activity(status="canceled", **who)), 200)
    must(put(director, key(), activity(at="09:05", to="10:00", **who)), 201)


def test_roles_that_one_person_has(director: httpx.Client) -> None:
    day = "2026-03-03"
    at_home = [{"role": "principal", "school": "erving"}, {"role": "Director"}]
    must(put(director, key(), activity(day, attendees=at_home)), 201)
    elsewhere = [{"role": "principal", "school": "leverett"}, {"role": "liaison", "school": "erving"}]
    must(put(director, key(), activity(day, attendees=elsewhere)), 201)
    told = problem(put(director, key(), activity(day, attendees=at_home)), 409, "activities-overlap")
    assert told["overlaps"][0]["who"] == ["Director", "principal of erving"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"role": "director", "person": "Kim Lee"}, {"role": "Director"}),
        ({"role": "Director of Student Support Services"}, {"role": "director_of_student-support services"}),
        ({"role": "curriculum-director"}, {"role": "Curriculum Director"}),
        ({"role": "principal"}, {"role": "Principal", "school": "erving", "person": "Pat Day"}),
        ({"role": "x", "person": "Jos\u00e9 Paz"}, {"role": "y", "person": "jose\u0301  paz"}),
    ],
)
def test_one_person_by_whatever_name(director: httpx.Client, first: dict[str, Any], second: dict[str, Any]) -> None:
    name = key()
    must(put(director, name, activity("2028-02-07", attendees=[first]), force="true"), 201)
    problem(put(director, key(), activity("2028-02-07", attendees=[second])), 409, "activities-overlap")
    assert director.delete(f"/v1/activities/{name}").status_code == 204


def test_two_who_have_a_post_one_after_the_other(director: httpx.Client) -> None:
    names = ({"role": "principal", "person": "Ann Old"}, {"role": "principal", "person": "Ben New"})
    for one in names:
        must(put(director, key(), activity("2028-03-06", attendees=[one])), 201)


def test_a_series_is_looked_through(director: httpx.Client) -> None:
    who, name = person(), key()
    weekly = activity(recurrence={"rule": "FREQ=WEEKLY;COUNT=10"}, **who)
    must(put(director, name, weekly), 201)
    november = activity("2026-11-09", "09:00", "10:00", **who)
    november |= {"starts_at": "2026-11-09T09:00:00-05:00", "ends_at": "2026-11-09T10:00:00-05:00"}
    problem(put(director, key(), november), 409, "activities-overlap")
    moved = {"at": "2026-11-09T09:00:00-05:00", "starts_at": "2026-11-09T13:00:00-05:00",
             "ends_at": "2026-11-09T14:00:00-05:00"}  # fmt: skip
    must(put(director, name, weekly | {"recurrence": {"rule": "FREQ=WEEKLY;COUNT=10", "changes": [moved]}}), 200)
    must(put(director, key(), november), 201)


def test_two_that_are_put_at_once(api: Api, director: httpx.Client) -> None:
    for _ in range(5):
        who, barrier, got = person(), threading.Barrier(4), []

        def one(who: dict[str, Any] = who, barrier: threading.Barrier = barrier, got: list[int] = got) -> None:
            with httpx.Client(base_url=api.base, headers=director.headers, timeout=30) as client:
                barrier.wait()
                got.append(put(client, key(), activity(**who)).status_code)

        threads = [threading.Thread(target=one) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(got) == [201, 409, 409, 409]


# ------------------------------------------------------------------ recurrences that are edited
def test_one_occurrence_is_written_down_and_another_called_off(director: httpx.Client) -> None:
    name = key()
    changes = [
        {"at": "2026-02-09T09:00:00-05:00", "status": "held", "notes": [{"text": "Three came"}]},
        {"at": "2026-02-16T09:00:00-05:00", "status": "canceled"},
    ]
    body = activity(kind="coffee_and_conversation", recurrence={"rule": "FREQ=WEEKLY;COUNT=3", "changes": changes})
    body |= {"starts_at": "2026-02-09T09:00:00-05:00", "ends_at": "2026-02-09T10:00:00-05:00", "agenda": ["Welcome"]}
    must(put(director, name, body), 201)
    span = {"from": "2026-02-01T00:00:00Z", "to": "2026-03-01T00:00:00Z", "kind": "coffee_and_conversation"}
    found = must(director.get("/v1/calendar", params=span), 200)["items"]
    mine = [one for one in found if one["activity"] == name]
    assert [(one["starts_at"][:10], one["status"]) for one in mine] == [
        ("2026-02-09", "held"), ("2026-02-16", "canceled"), ("2026-02-23", "planned"),
    ]  # fmt: skip
    assert mine[0]["notes"] == [{"text": "Three came", "private": False}]
    assert {tuple(one["agenda"]) for one in mine} == {("Welcome",)}
    page = must(director.get("/v1/calendar", params=span | {"limit": 1}), 200)
    assert page["next"] is not None
    assert (
        must(director.get("/v1/calendar", params=span | {"limit": 1000, "after": page["next"]}), 200)["items"]
        == found[1:]
    )


# ------------------------------------------------------------------ who sees what
def test_a_principal_sees_its_schools_without_private_notes(api: Api, director: httpx.Client) -> None:
    principal = api.client("principal", schools=["leverett"])
    notes = [{"text": "For all"}, {"text": "Between us", "private": True}]
    coffee = {
        "attendance": [{"group": "family", "school": at, "people": 12} for at in ("erving", "leverett")],
        "quotes": [{"text": "At Erving", "group": "family", "school": "erving", "consent": True}],
    }  # fmt: skip
    changes = [{"at": "2026-10-05T09:00:00-04:00", "notes": notes}]
    series = {"recurrence": {"rule": "FREQ=WEEKLY;COUNT=2", "changes": changes}}
    theirs, others, everyones = key(), key(), key()
    must(put(director, theirs, activity(schools=["erving", "leverett"], notes=notes, **coffee, **series)), 201)
    must(put(director, others, activity(schools=["erving"])), 201)
    must(put(director, everyones, activity(schools=[])), 201)
    seen = must(principal.get(f"/v1/activities/{theirs}"), 200)
    assert seen["notes"] == [{"text": "For all", "private": False}]
    assert seen["recurrence"]["changes"][0]["notes"] == [{"text": "For all", "private": False}]
    assert (seen["attendance"], seen["quotes"], seen["themes"]) == ([], [], [])  # `voices` tells of these
    assert must(director.get(f"/v1/activities/{theirs}"), 200)["quotes"] != []
    must(principal.get(f"/v1/activities/{everyones}"), 200)
    problem(principal.get(f"/v1/activities/{others}"), 404, "not-found")
    listed = {one["key"] for one in must(principal.get("/v1/activities", params={"limit": 1000}), 200)["items"]}
    assert {theirs, everyones} <= listed
    assert others not in listed
    on_calendar = must(principal.get("/v1/calendar", params={"limit": 1000}), 200)["items"]
    assert others not in {one["activity"] for one in on_calendar}
    assert "Between us" not in principal.get("/v1/calendar", params={"limit": 1000}).text
    problem(principal.get("/v1/activities", params={"school": "erving"}), 404, "not-found")
    problem(put(principal, key(), activity(schools=["leverett"])), 403, "forbidden")
    assert must(director.get("/v1/activities", params={"school": "erving", "limit": 1000}), 200)["items"]


# ------------------------------------------------------------------ calendars
def feed(client: httpx.Client, **more: Any) -> dict[str, Any]:
    made: dict[str, Any] = must(client.post("/v1/feeds", json={"name": "Roadmap", **more}), 201)
    return made


def read(api: Api, made: dict[str, Any], **headers: str) -> httpx.Response:
    return api.anonymous.get(made["address"].removeprefix(api.base), headers=headers)


def test_a_calendar_follows_changes(api: Api, director: httpx.Client) -> None:
    name = key()
    changes = [{"at": "2026-10-19T09:00:00-04:00", "status": "canceled"}]
    rule = {"rule": "FREQ=WEEKLY;UNTIL=20261120", "except": ["2026-10-12T09:00:00-04:00"], "changes": changes}
    title = "Coffee; with, a very long title – " + "ñandú " * 20
    body = activity(
        title=title.strip(), kind="observation", recurrence=rule, schools=["swift-river"], agenda=["First\nsecond"],
        notes=[{"text": "Secret note", "private": True}, {"text": "Open note"}], place="Gym, left",
    )  # fmt: skip
    must(put(director, name, body), 201)
    made = feed(director, schools=["swift-river"], kinds=["observation"])
    reply = read(api, made)
    assert (reply.status_code, reply.headers["content-type"]) == (200, "text/calendar; charset=utf-8")
    assert "note" not in reply.text
    assert all(len(line) <= 75 for line in reply.content.split(b"\r\n"))
    assert reply.content.endswith(b"END:VCALENDAR\r\n")
    assert read(api, made).content == reply.content
    assert read(api, made, **{"If-None-Match": reply.headers["etag"]}).status_code == 304

    calendar = Calendar.from_ical(reply.content)
    (zone,) = calendar.walk("VTIMEZONE")
    assert zone["TZID"] == NY
    events = [event for event in calendar.walk("VEVENT") if event["SUMMARY"] == title.strip()]
    series, off = events
    assert series["UID"] == off["UID"]
    assert series["SUMMARY"] == title.strip()
    assert series["LOCATION"].startswith("Gym, left")
    assert series["DTSTART"].params["TZID"] == NY
    assert series["RRULE"]["UNTIL"] == [datetime(2026, 11, 21, 4, 59, 59, tzinfo=UTC)]
    assert (series["STATUS"], series["SEQUENCE"]) == ("CONFIRMED", 0)
    assert (off["STATUS"], off["RECURRENCE-ID"].dt.day) == ("CANCELLED", 19)
    assert not calendar.errors
    assert not any(event.errors for event in events)

    must(put(director, name, body | {"status": "canceled"}), 200)
    later = Calendar.from_ical(read(api, made).content)
    assert {(e["STATUS"], e["SEQUENCE"]) for e in later.walk("VEVENT") if e["UID"] == series["UID"]} == {
        ("CANCELLED", 1)
    }


def test_the_zone_of_a_calendar_is_that_of_the_world(api: Api, director: httpx.Client) -> None:
    """A reader that knows no time zones finds the right hour by the file alone, before and after clocks change."""
    name = key()
    must(put(director, name, activity("2026-10-26", kind="other", recurrence={"rule": "FREQ=WEEKLY;COUNT=3"})), 201)
    calendar = Calendar.from_ical(read(api, feed(director, kinds=["other"])).content)
    (zone,) = calendar.walk("VTIMEZONE")
    info = zone.to_tz()
    for day, offset in (((2026, 10, 26), -4), ((2026, 11, 2), -5), ((2027, 3, 15), -4)):
        assert datetime(*day, 9, tzinfo=info).utcoffset() == timedelta(hours=offset)


def test_addresses_are_secret_and_can_be_revoked(
    api: Api, director: httpx.Client, capfd: pytest.CaptureFixture[str]
) -> None:
    made = feed(director)
    token = made["address"].rpartition("/")[2].removesuffix(".ics")
    assert len(token) >= 43
    assert read(api, made).status_code == 200
    listed = director.get("/v1/feeds", params={"limit": 1000})
    assert made["id"] in listed.text
    assert token not in listed.text
    assert token not in api.client("admin").get("/metrics").text
    assert director.delete(f"/v1/feeds/{made['id']}").status_code == 204
    problem(read(api, made), 404, "not-found")
    problem(director.delete("/v1/feeds/feed_none"), 404, "not-found")
    assert faults(director.post("/v1/feeds", json={"name": "x", "schools": ["nowhere"]})) == {
        ("/schools/0", "unknown_school")
    }
    told = capfd.readouterr()
    assert token not in told.out + told.err
