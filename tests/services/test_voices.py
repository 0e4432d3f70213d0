"""Voices over HTTP: which meetings belong to a wave, and who reads them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests import factories
from tests.server import Api, must
from tests.services.sending import bulk, problem
from tests.services.test_goals import FAMILY

LEADERS = factories.definition("school_leader", [factories.rating("informed")])


@pytest.fixture(scope="module")
def wave(api: Api) -> str:
    promise = {
        "family": {"mode": "confidential", "minimum": 5, "principal": "exact"},
        "school_leader": {"mode": "attributed"},
    }
    wave = api.wave(FAMILY, LEADERS, promise=promise)
    bodies = [factories.response(school="erving") for _ in range(8)]
    assert bulk(api.admin, wave, bodies)["accepted"] == 8
    must(api.admin.post(f"/v1/waves/{wave}/close"))
    must(api.admin.post(f"/v1/waves/{wave}/releases"), 201)
    return wave


def coffee(director: httpx.Client, days: float, **more: Any) -> str:
    begins = datetime.now(UTC) + timedelta(days=days)
    body = {
        "kind": "coffee_and_conversation", "title": "Coffee and Conversation", "status": "held",
        "starts_at": begins.isoformat(), "ends_at": (begins + timedelta(hours=1)).isoformat(),
        "time_zone": "America/New_York",
        "attendance": [{"group": "family", "school": "erving", "people": 6},
                       {"group": "school_leader", "school": "erving", "people": 1}],
        "themes": [{"title": "Letters home", "construct": "communication"}, {"title": "Parking"}],
        "quotes": [{"text": "I never know whom to call.", "group": "family", "school": "erving",
                    "theme": "Letters home", "consent": True}],
        **more,
    }  # fmt: skip
    made: dict[str, Any] = must(director.post("/v1/activities", json=body), 201)
    return str(made["key"])


def test_what_was_said_stands_beside_the_survey(api: Api, wave: str) -> None:
    director = api.client("director")
    where = f"/v1/waves/{wave}/voices"
    assert must(director.get(where), 200)["meetings"] == 0
    coffee(director, -3)
    coffee(director, -2, status="planned")
    coffee(director, -400)
    coffee(director, -401, wave=wave)
    told = must(director.get(where), 200)
    assert told["meetings"] == 2
    construct = next(one for one in told["constructs"] if one["construct"] == "communication")
    assert [theme["title"] for theme in construct["themes"]] == ["Letters home"]
    assert construct["quotes"][0]["text"] == "I never know whom to call."
    assert {theme["title"] for theme in told["elsewhere"]["themes"]} == {"Parking"}
    summary = must(director.get(f"/v1/waves/{wave}/summary"), 200)
    cells = next(c for c in summary["constructs"] if c["construct"] == "communication")["cells"]
    assert construct["survey"] == [c for c in cells if c["school"] is None and "schools" not in c]
    assert told["release"] == summary["release"]

    principal = must(api.client("principal", schools=["erving"]).get(where), 200)
    assert {cell["group"] for cell in principal["attendance"]} == {"family"}  # leaders are told to the director alone
    problem(api.client("reporter", audience="public").get(where), 403, "audience-not-served")
    problem(director.get("/v1/waves/none/voices"), 404, "not-found")


def test_an_open_wave_has_no_voices(api: Api) -> None:
    problem(api.client("director").get(f"/v1/waves/{api.wave(FAMILY)}/voices"), 409, "results-not-released")
