"""The roadmap over HTTP: a year that a school committee can read, as data, as a page and on paper."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests import factories
from tests.factories import SCHOOLS, definition, rating
from tests.server import Api, must
from tests.services.sending import bulk, faults, problem
from tests.services.test_goals import goal, held

NY = "America/New_York"
YEAR = {"from": "2046-07-01", "to": "2047-06-30"}  # all of it is ahead, whenever this runs
HOSTILE = "<script>alert(1)</script> #import $x$ “Ñ”"


@pytest.fixture(scope="module")
def director(api: Api) -> httpx.Client:
    """A year with two waves, three goals, and activities of every kind."""
    client = api.client("director")
    first = held(api, 300, 0.3)
    for key, more in {
        "informed": {
            "factors": [{"title": "Letters are long"}, {"title": HOSTILE}],
            "stakeholders": ["Parents", "Liaisons"],
        },
        "erving": {"finding": {"schools": ["erving", "leverett"]}, "title": "Erving and Leverett answer in a day"},
        "heard": {"finding": {"item": "heard"}, "value": 0.99, "title": HOSTILE, "priority": "Shared practice"},
        "gone": {"status": "dropped", "title": "Dropped"},
    }.items():  # fmt: skip
        must(client.put(f"/v1/goals/{key}", json=goal(first, due="2047-05-31", **more)), 201)
    held(api, 100, 0.9)
    for i, (kind, status, schools, goals) in enumerate(
        [
            ("coffee_and_conversation", "held", ["erving"], ["informed"]),
            ("observation", "held", ["leverett"], []),
            ("observation", "held", [], []),
            ("observation", "planned", ["leverett", "shutesbury"], []),
            ("professional_development", "planned", [], ["informed", "heard"]),
            ("principal_meeting", "canceled", [], []),
        ]
    ):
        must(client.post("/v1/activities", json=activity(kind, status, schools, goals, f"2046-10-{i + 5:02}")), 201)
    monthly = activity(
        "liaison_meeting", "planned", [], ["erving"], "2046-09-03", rule="FREQ=MONTHLY;BYDAY=1MO;COUNT=12"
    )
    must(client.post("/v1/activities", json=monthly), 201)
    return client


def ahead(number: int) -> dict[str, int]:
    return {"planned": number, "not_written_down": 0}


def activity(
    kind: str, status: str, schools: list[str], goals: list[str], day: str, rule: str | None = None
) -> dict[str, Any]:
    return {
        "kind": kind, "title": f"{kind.replace('_', ' ').capitalize()}", "status": status, "schools": schools,
        "starts_at": f"{day}T15:00:00-04:00", "ends_at": f"{day}T16:00:00-04:00", "time_zone": NY, "goals": goals,
        "notes": [{"text": "Between us", "private": True}],
        "recurrence": None if rule is None else {"rule": rule},
    }  # fmt: skip


def test_the_year_as_data(director: httpx.Client) -> None:
    told = must(director.get("/v1/roadmap", params=YEAR), 200)
    assert told["simulated"] is True
    goals = {one["key"]: one for priority in told["priorities"] for one in priority["goals"]}
    assert {key: one["verdict"] for key, one in goals.items()} == {
        "informed": "met", "erving": "met", "heard": "not_met",
    }  # fmt: skip
    assert [one["priority"] for one in told["priorities"]] == ["Coordinated practice", "Shared practice"]
    for key, one in goals.items():
        progress = must(director.get(f"/v1/goals/{key}/progress"), 200)
        assert one["newest"] == progress["waves"][-1]
        assert one["reading"] == progress["reading"]
    assert goals["informed"]["activities"] == {"held": 1, "canceled": 0, **ahead(1)}
    assert goals["erving"]["activities"] == {"held": 0, "canceled": 0, **ahead(10)}  # it goes on after the year
    assert {one["school"]: one["held"] for one in told["observations"]} == {
        "erving": 1, "leverett": 2, "shutesbury": 1, "swift-river": 1,
    }  # fmt: skip
    assert {one["school"]: one["planned"] + one["not_written_down"] for one in told["observations"]} == {
        "erving": 0, "leverett": 1, "shutesbury": 1, "swift-river": 0,
    }  # fmt: skip
    (learning,) = told["professional_development"]
    assert learning["needs"] == ["informed", "heard"]
    assert [month["month"] for month in told["calendar"]][:2] == ["2046-09", "2046-10"]
    assert len(told["calendar"]) == 10


def test_the_year_as_a_page_and_on_paper(director: httpx.Client, tmp_path: Path) -> None:
    page = director.get("/v1/roadmap", params=YEAR | {"format": "html"})
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "<script" not in page.text
    assert "SIMULATED" in page.text
    assert "Between us" not in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    paper = director.get("/v1/roadmap", params=YEAR, headers={"Accept": "application/pdf"})
    assert paper.content.startswith(b"%PDF-")
    again = director.get("/v1/roadmap", params=YEAR | {"format": "pdf"})
    assert again.content == paper.content
    etag = {"If-None-Match": again.headers["etag"]}
    assert director.get("/v1/roadmap", params=YEAR | {"format": "pdf"}, headers=etag).status_code == 304
    told = must(director.get("/v1/roadmap", params=YEAR), 200)
    for priority in told["priorities"]:
        for one in priority["goals"]:
            assert one["reading"].replace("−", "-") in page.text.replace("−", "-")
    if where := os.environ.get("SOUNDINGS_LOOK"):  # to look at them
        Path(where, "roadmap.html").write_bytes(page.content)
        Path(where, "roadmap.pdf").write_bytes(paper.content)


def test_the_year_for_who_is_signed_in(api: Api, director: httpx.Client) -> None:
    browser = api.signed_in("director")
    page = browser.get("/roadmap")
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert page.headers["cache-control"] == "no-store"
    assert "Improvement roadmap" in page.text
    assert 'href="/roadmap"' in browser.get("/waves").text
    assert browser.get("/roadmap/paper.pdf").content.startswith(b"%PDF-")
    assert api.signed_in("principal").get("/roadmap").status_code == 403
    assert api.browser().get("/roadmap").status_code == 303


def test_the_days_of_a_roadmap(director: httpx.Client) -> None:
    year = must(director.get("/v1/roadmap", params={"from": "2026-07-01"}), 200)
    assert (year["from"], year["to"]) == ("2026-07-01", "2027-06-30")
    assert must(director.get("/v1/roadmap", params={"to": "2027-03-01"}), 200)["from"] == "2026-07-01"
    past = activity("other", "planned", [], [], "2016-10-03")
    must(director.post("/v1/activities", json=past), 201)
    (counted,) = must(director.get("/v1/roadmap", params={"from": "2016-07-01"}), 200)["activities"]
    assert counted == {"kind": "other", "held": 0, "planned": 0, "canceled": 0, "not_written_down": 1}
    assert must(director.get("/v1/roadmap"), 200)["from"].endswith("-07-01")
    empty = must(director.get("/v1/roadmap", params={"from": "2010-01-01"}), 200)
    assert (empty["calendar"], empty["activities"]) == ([], [])
    assert director.get("/v1/roadmap", params={"from": "2010-01-01", "format": "pdf"}).status_code == 200
    for name, day in (("to", "0001-01-01"), ("from", "9999-08-01")):
        assert faults(director.get("/v1/roadmap", params={name: day})) == {(name, "out_of_range")}
    for wrong in ({"from": "2027-01-01", "to": "2026-01-01"}, {"from": "2020-01-01", "to": "2026-01-01"}):
        assert faults(director.get("/v1/roadmap", params=wrong)) == {("to", "out_of_range")}
    assert faults(director.get("/v1/roadmap", params={"from": "soon"})) == {("from", "date_from_datetime_parsing")}


# ------------------------------------------------------------------ what those who took part said
def test_an_activity_has_a_survey_of_its_own(api: Api, director: httpx.Client) -> None:
    short = definition("staff", [rating("useful"), rating("will_use")], key="learning-day")
    wave = api.wave(short, promise={"staff": {"mode": "confidential", "minimum": 5}}, schools=["erving", "leverett"])
    body = activity("professional_development", "held", ["erving", "leverett"], [], "2046-11-03") | {"survey": wave}
    made = must(director.post("/v1/activities", json=body), 201)
    where = f"/v1/activities/{made['key']}/summary"
    problem(director.get(where), 409, "results-not-released")
    bodies = [factories.response("staff", "erving", {"useful": "agree", "will_use": "neutral"}) for _ in range(6)]
    bodies += [factories.response("staff", "leverett", {"useful": "agree"}) for _ in range(4)]
    assert bulk(api.admin, wave, bodies)["accepted"] == 10
    must(api.admin.post(f"/v1/waves/{wave}/close"))
    told = director.get(where)
    assert told.content == director.get(f"/v1/waves/{wave}/summary").content
    cells = {c["school"]: c["status"] for c in told.json()["items"][0]["cells"] if "schools" not in c}
    assert cells == {"erving": "protected", "leverett": "protected", None: "published"}
    plain = must(director.post("/v1/activities", json=activity("other", "held", [], [], "2046-11-04")), 201)
    problem(director.get(f"/v1/activities/{plain['key']}/summary"), 404, "not-found")
    problem(api.client("principal", schools=[SCHOOLS[3]]).get(where), 404, "not-found")
    year = must(director.get("/v1/roadmap", params=YEAR), 200)
    assert wave in [one["survey"] for one in year["professional_development"]]
