"""docs/roadmap.md: its requests are sent as they are printed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import orjson
import yaml

from app.survey.instrument import parse
from tests import factories
from tests.server import Api, must
from tests.services.sending import bulk

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "roadmap.md").read_text(encoding="utf-8")
SENT = re.findall(r"^api (GET|PUT|POST) (\S+) '(.*?)'$", TEXT, re.M | re.S)


def test_every_request_is_taken(api: Api) -> None:
    family = yaml.safe_load((ROOT / "app/survey/library/family.yaml").read_text(encoding="utf-8"))
    stored = must(api.admin.post("/v1/instruments", json=family), 201)
    api.schools()
    wave = factories.wave({"family": f"{stored['key']}@1"}, opens_at=factories.iso(days=-2))
    must(api.admin.put("/v1/waves/2022-fall", json=wave), 201)
    answers = ("agree", "neutral", "disagree")
    people = [factories.response(answers={"comm_informed": answers[i % 3]}) for i in range(30)]
    assert bulk(api.admin, "2022-fall", people)["accepted"] == 30
    must(api.admin.post("/v1/waves/2022-fall/close"))
    assert len(SENT) == 4
    for method, path, body in SENT:
        must(api.client("director").request(method, f"/v1/{path}", json=orjson.loads(body)))


def test_what_is_written_down_of_a_meeting_is_taken(api: Api) -> None:
    api.schools()
    (record,) = (orjson.loads(block) for block in re.findall(r"```json\n(.*?)```", TEXT, re.S))
    activity: dict[str, Any] = {
        "kind": "coffee_and_conversation", "title": "Coffee", "starts_at": "2022-11-08T08:00:00-05:00",
        "ends_at": "2022-11-08T09:00:00-05:00", "time_zone": "America/New_York", **record,
    }  # fmt: skip
    must(api.client("director").post("/v1/activities", json=activity), 201)


def test_the_example_of_a_short_survey_is_an_instrument() -> None:
    definition = yaml.safe_load((ROOT / "examples" / "learning-day.yaml").read_text(encoding="utf-8"))
    instrument = parse(definition)
    assert instrument.languages == ("en", "es")
    assert len(instrument.construct_items["learning"]) == 3
