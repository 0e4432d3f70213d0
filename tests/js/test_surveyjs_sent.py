"""A SurveyJS page from beginning to end: the model fetched, filled in by survey-core, its data posted as it is."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from tests import factories
from tests.js.node import feed
from tests.js.test_surveyjs import SHIPPED, path
from tests.server import Api, must
from tests.services.sending import export, problem
from tests.survey import random_answers

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("name", ["family", "every-kind"])
def test_the_data_is_posted_unchanged(api: Api, name: str) -> None:
    definition = SHIPPED.get(name) or factories.every_kind()
    wave = api.wave(definition)
    collector = api.client("collector")
    key, version = must(api.admin.get(f"/v1/waves/{wave}"))["instruments"]["family"].split("@")
    address, rng = f"/v1/instruments/{key}/versions/{version}/surveyjs", random.Random(7)
    for locale in definition.get("locales", ["en"]):
        model = must(collector.get(address, params={"locale": locale}), 200)
        assert model["locale"] == locale
        _, *ends = feed("surveys.mjs", [{"model": model}, *({"path": path(rng, definition)} for _ in range(25))])
        sound = [end["completed"] for end in ends if not end["errors"]]
        sent = [factories.response(answers=data, locale=locale) for data in sound]
        for body in sent:
            must(collector.post(f"/v1/waves/{wave}/responses", json=body), 201)
        stored = export(api.admin, wave)
        for body in sent:
            multiples = {i for i, value in body["answers"].items() if isinstance(value, list)}
            for item, value in stored[body["id"]]["answers"].items():
                given = body["answers"][item]
                assert (set(value) == set(given)) if item in multiples else value == given
        assert sound
        assert all(not random_answers.faulty_items(definition, data) for data in sound)


def test_none_of_these_is_said_as_the_documentation_does(api: Api) -> None:
    """The script of docs/front-end-developer.md: its ticks arrive as empty lists, and nothing else changes."""
    told = (Path(__file__).parents[2] / "docs" / "front-end-developer.md").read_text(encoding="utf-8")
    script = next(block for block in told.split("```js\n")[1:] if "showNoneItem" in block).split("```")[0]
    definition, none = factories.every_kind(), [" none"]
    wave, collector = api.wave(definition), api.client("collector")
    model = must(collector.get("/v1/instruments/every-kind/versions/1/surveyjs"), 200)
    begin: list[tuple[str, Any]] = [("informed", "agree"), ("has_plan", "yes"), ("services", none), ("meetings", 2)]
    changed: list[tuple[str, Any]] = [*begin, ("services", ["ot"]), ("speech_good", "agree"), ("services", none)]
    hidden_again: list[tuple[str, Any]] = [*begin, ("has_plan", "no")]
    some: list[tuple[str, Any]] = [*begin, ("services", ["ot", "speech"]), ("speech_good", "agree")]
    paths = (begin, changed, hidden_again, some)
    _, _, *ends = feed("surveys.mjs", [{"model": model}, {"run": script}, *({"path": path} for path in paths)])
    plain = {"informed": "agree", "has_plan": "yes", "meetings": 2}
    expected = [
        {**plain, "services": []},
        {**plain, "services": []},
        {**plain, "has_plan": "no"},
        {**plain, "services": ["ot", "speech"], "speech_good": "agree"},
    ]
    for end, answers in zip(ends, expected, strict=True):
        assert end["errors"] == []
        assert end["completed"] == answers
        body = factories.response(answers=end["completed"])
        must(collector.post(f"/v1/waves/{wave}/responses", json=body), 201)
        stored = export(api.admin, wave)[body["id"]]["answers"]
        assert {key: sorted(v) if key == "services" else v for key, v in stored.items()} == answers


def test_without_a_language_it_opens_in_the_default_one(api: Api) -> None:
    made = must(api.admin.post("/v1/instruments", json=SHIPPED["staff"]))
    address = f"/v1/instruments/{made['key']}/versions/{made['version']}/surveyjs"
    reply = api.client("collector").get(address)
    assert must(reply, 200)["locale"] == "en"
    assert api.client("collector").get(address, headers={"If-None-Match": reply.headers["etag"]}).status_code == 304
    refused = problem(api.admin.get(address, params={"locale": "fr"}), 422, "invalid-request")
    assert refused["errors"][0] | {"detail": ""} == {
        "parameter": "locale", "code": "unknown_locale", "detail": "", "expected": ["en", "es"],
    }  # fmt: skip


def test_what_surveyjs_cannot_say_is_named(api: Api) -> None:
    asked = {"key": "locale", "kind": "boolean", "text": factories.en("?")}
    then = {"key": "then", "kind": "boolean", "text": factories.en("?"), "show_if": {"item": "locale", "in": [True]}}
    made = must(api.admin.post("/v1/instruments", json=factories.definition(items=[asked, then], key="unsayable")))
    reply = api.admin.get(f"/v1/instruments/unsayable/versions/{made['version']}/surveyjs")
    assert problem(reply, 409, "not-expressible")["errors"][0]["pointer"] == "/items/then"
