"""Instruments: versions by content, incompatible changes, and what a version tells front ends and tools."""

from __future__ import annotations

import copy
import random
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from jsonschema import Draft202012Validator
from sqlalchemy import text

import app.survey
from tests import factories
from tests.server import Api, must

LIBRARY = sorted((Path(app.survey.__file__).parent / "library").glob("*.yaml"))


def shuffled(value: Any, source: random.Random) -> Any:
    """The same JSON with the keys of every object in another order; lists keep theirs."""
    if isinstance(value, dict):
        keys = list(value)
        source.shuffle(keys)
        return {key: shuffled(value[key], source) for key in keys}
    return [shuffled(part, source) for part in value] if isinstance(value, list) else value


@pytest.fixture
def definition(api: Api) -> dict[str, Any]:
    """A definition with an item of every kind, under a key of its own."""
    return factories.every_kind(key=api.name("instrument"))


def add(api: Api, definition: dict[str, Any], *statuses: int) -> dict[str, Any]:
    made: dict[str, Any] = must(api.admin.post("/v1/instruments", json=definition), *statuses)
    return made


def items_of(definition: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {item["key"]: item for section in definition["sections"] for item in section["items"]}


def stored(api: Api) -> list[tuple[Any, ...]]:
    with api.database.engine.connect() as connection:
        return [
            tuple(row) for row in connection.execute(text("SELECT key, version FROM instrument_version ORDER BY 1, 2"))
        ]


def faults_of(reply: httpx.Response, status: int = 422, slug: str = "invalid-request") -> list[tuple[str, str]]:
    assert (reply.status_code, reply.json()["type"]) == (status, f"/problems/{slug}"), reply.text
    return [(fault["pointer"], fault["code"]) for fault in reply.json()["errors"]]


# ------------------------------------------------------------------ versions
def test_a_new_definition_is_version_1(api: Api, definition: dict[str, Any]) -> None:
    reply = api.admin.post("/v1/instruments", json=definition)
    made = must(reply, 201)
    assert (made["key"], made["version"], made["group"]) == (definition["key"], 1, "family")
    assert made["digest"].startswith("sha256:")
    assert len(made["digest"]) == 7 + 64
    assert reply.headers["location"] == f"/v1/instruments/{definition['key']}/versions/1"
    read = must(api.admin.get(reply.headers["location"]), 200)
    assert {name: read[name] for name in made} == made
    assert list(items_of(read["definition"])) == list(items_of(definition))


def test_the_identical_definition_is_the_same_version(api: Api, definition: dict[str, Any]) -> None:
    made = add(api, definition, 201)
    reply = api.admin.post("/v1/instruments", json=definition)
    assert must(reply, 200) == made
    assert reply.headers["location"] == f"/v1/instruments/{definition['key']}/versions/1"
    for seed in range(3):
        assert add(api, shuffled(definition, random.Random(seed)), 200) == made
    assert add(api, must(api.admin.get(f"/v1/instruments/{definition['key']}"))["definition"], 200) == made


def test_spelled_out_defaults_are_the_same_version(api: Api, definition: dict[str, Any]) -> None:
    made = add(api, definition, 201)
    spelled = copy.deepcopy(definition)
    spelled |= {"intro": None, "locales": ["en"]}
    for option in spelled["scales"]["agree5"]["options"]:
        option.setdefault("favorable", False)
        option.setdefault("not_applicable", False)
    for item in items_of(spelled).values():
        item.setdefault("required", False)
        item.setdefault("show_if", None)
    items_of(spelled)["informed"]["reverse"] = False
    items_of(spelled)["has_plan"] |= {"outcome": False} if "outcome" in items_of(definition)["has_plan"] else {}
    assert add(api, spelled, 200) == made


CHANGES: dict[str, Any] = {
    "title": lambda d: d.update(title={"en": "Another"}),
    "wording": lambda d: items_of(d)["informed"].update(text={"en": "Another"}),
    "required": lambda d: items_of(d)["informed"].update(required=False),
    "a new item": lambda d: d["sections"][0]["items"].append(factories.rating("more")),
    "an item removed": lambda d: d["sections"][0]["items"].pop(),
    "order": lambda d: d["sections"][0]["items"].append(d["sections"][0]["items"].pop(0)),
    "bounds": lambda d: items_of(d)["meetings"].update(maximum=50),
    "a language": lambda d: d.update(default_locale="en", locales=["en", "es"]) or _translate(d),
}


def _translate(value: Any) -> None:
    """Give every text below a Spanish wording."""
    if isinstance(value, dict):
        if set(value) == {"en"}:
            value["es"] = "es " + value["en"]
        for part in value.values():
            _translate(part)
    elif isinstance(value, list):
        for part in value:
            _translate(part)


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_definition_is_the_next_version(api: Api, definition: dict[str, Any], change: str) -> None:
    first = add(api, definition, 201)
    changed = copy.deepcopy(definition)
    CHANGES[change](changed)
    second = add(api, changed, 201)
    assert second["version"] == 2
    assert second["digest"] != first["digest"]
    assert add(api, definition, 200) == first  # an earlier version is found again, not made anew
    read = must(api.admin.get(f"/v1/instruments/{definition['key']}"), 200)
    assert read["version"] == 2
    assert read["versions"] == [{"version": n, "digest": d["digest"]} for n, d in ((1, first), (2, second))]
    listed = [i for i in must(api.admin.get("/v1/instruments?limit=1000"))["items"] if i["key"] == definition["key"]]
    assert listed == [second]
    assert must(api.admin.get(f"/v1/instruments/{definition['key']}/versions/1"))["digest"] == first["digest"]


# ------------------------------------------------------------------ incompatible changes
def _values(definition: dict[str, Any]) -> list[dict[str, Any]]:
    options: list[dict[str, Any]] = definition["scales"]["agree5"]["options"]
    return options


RATINGS = {"informed", "ignored", "overall", "speech_good"}
INCOMPATIBLE: dict[str, tuple[Any, set[str]]] = {
    "kind": (lambda d: items_of(d)["meetings"].update(kind="number"), {"meetings"}),
    "scores": (lambda d: [o.update(score=o["score"] * 2) for o in _values(d) if "score" in o],
               RATINGS),
    "a value renamed": (lambda d: _values(d)[0].update(value="never"), RATINGS),
    "a value removed": (lambda d: _values(d).pop(2), RATINGS),
    "reversed": (lambda d: items_of(d)["informed"].update(reverse=True), {"informed"}),
    "two at once": (
        lambda d: (items_of(d)["hours"].update(kind="integer"), items_of(d)["ignored"].update(reverse=False)),
        {"hours", "ignored"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("change", INCOMPATIBLE)
def test_an_item_that_changes_its_meaning_needs_a_new_key(api: Api, definition: dict[str, Any], change: str) -> None:
    alter, blamed = INCOMPATIBLE[change]
    add(api, definition, 201)
    changed = copy.deepcopy(definition)
    alter(changed)
    before = stored(api)
    for path in ("/v1/instruments", "/v1/instruments/check"):
        reply = api.admin.post(path, json=changed)
        faults = faults_of(reply, 409, "instrument-incompatible")
        order = list(items_of(changed))
        assert {pointer for pointer, _ in faults} == {f"/sections/0/items/{order.index(key)}/key" for key in blamed}
        assert {code for _, code in faults} == {"meaning_changed"}
        assert all(any(f"`{key}`" in fault["detail"] for key in blamed) for fault in reply.json()["errors"])
    assert stored(api) == before


def test_a_meaning_is_kept_through_every_earlier_version(api: Api, definition: dict[str, Any]) -> None:
    add(api, definition, 201)
    without = copy.deepcopy(definition)
    without["sections"][0]["items"] = [i for i in without["sections"][0]["items"] if i["key"] != "hours"]
    assert add(api, without, 201)["version"] == 2
    back = copy.deepcopy(without)
    back["sections"][0]["items"].append({"key": "hours", "kind": "boolean", "text": factories.en("Hours?")})
    faults_of(api.admin.post("/v1/instruments", json=back), 409, "instrument-incompatible")
    back["sections"][0]["items"][-1]["key"] = "hours_any"
    assert add(api, back, 201)["version"] == 3


# ------------------------------------------------------------------ check
def test_check_stores_nothing(api: Api, definition: dict[str, Any]) -> None:
    before = stored(api)
    found = must(api.admin.post("/v1/instruments/check", json=definition), 200)
    assert found["key"] == definition["key"]
    assert found["group"] == "family"
    assert found["items"] == len(items_of(definition))
    assert found["constructs"] == {"communication": ["informed", "ignored"]}
    assert stored(api) == before
    assert api.admin.get(f"/v1/instruments/{definition['key']}").status_code == 404
    assert add(api, definition, 201)["digest"] == found["digest"]


def test_check_warns_of_poor_craft(api: Api) -> None:
    definition = factories.definition(
        "staff", [factories.rating("a", text={"en": "I do not know."}), factories.rating("b")]
    )
    found = must(api.admin.post("/v1/instruments/check", json=definition), 200)
    assert [(w["code"], w["pointer"]) for w in found["warnings"]] == [("negation", "/sections/0/items/0/text/en")]
    definition["sections"][0]["items"][0]["text"]["en"] = "I know."
    assert must(api.admin.post("/v1/instruments/check", json=definition), 200)["warnings"] == []


def test_check_and_add_name_the_same_faults_all_of_them(api: Api, definition: dict[str, Any]) -> None:
    broken = copy.deepcopy(definition)
    items = items_of(broken)
    items["informed"]["scale"] = "nothing"
    items["overall"]["colour"] = "red"
    items["bus"]["kind"] = "checkbox"
    items["services"]["show_if"] = {"item": "anything", "in": ["yes"]}
    items["meetings"]["minimum"] = "0"
    broken["locales"] = ["es"]
    order = list(items)
    before = stored(api)
    found = faults_of(api.admin.post("/v1/instruments", json=broken))
    assert found == faults_of(api.admin.post("/v1/instruments/check", json=broken))
    expected = {
        (f"/sections/0/items/{order.index('informed')}/scale", "unknown_scale"),
        (f"/sections/0/items/{order.index('overall')}/colour", "unknown_field"),
        (f"/sections/0/items/{order.index('bus')}/kind", "unknown_kind"),
        (f"/sections/0/items/{order.index('services')}/show_if", "unknown_item"),
        ("/locales", "missing_default"),
    }
    assert expected <= set(found)
    assert any(pointer == f"/sections/0/items/{order.index('meetings')}/minimum" for pointer, _ in found)
    assert ("/title/es", "missing_translation") in found
    assert stored(api) == before


# ------------------------------------------------------------------ what a version tells
def test_the_schema_takes_what_the_response_path_takes(api: Api, definition: dict[str, Any]) -> None:
    wave = api.wave(definition)
    path = f"/v1/instruments/{definition['key']}/versions/1/schema"
    schema = must(api.admin.get(path), 200)
    Draft202012Validator.check_schema(schema)
    assert schema["$id"] == path
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert set(schema["properties"]) == set(items_of(definition))
    assert schema["required"] == ["informed"]
    assert schema["additionalProperties"] is False
    validator = Draft202012Validator(schema)
    for answers in (
        {"informed": "agree"},
        {"informed": "dont_know", "has_plan": "yes", "services": ["ot"], "speech_good": "agree"},
        {"informed": "agree", "has_plan": "yes", "services": ["ot"]},
        {"informed": "agree", "has_plan": "yes", "services": []},
        {"informed": "agree", "has_plan": "no", "why_not": "no time"},
        {"informed": "agree", "has_plan": "yes", "why_not": "no time"},
        {"informed": "agree", "has_plan": "unsure", "services": ["ot"]},
        {
            "informed": "agree",
            "meetings": 40,
            "hours": 99.5,
            "bus": False,
            "since": "2022-02-28",
            "anything": "x" * 200,
        },
        {"informed": "agree", "meetings": 41},
        {"informed": "agree", "anything": "x" * 201},
        {"informed": "agree", "no_such": 1},
        {"informed": None},
        {},
    ):
        reply = api.admin.post(f"/v1/waves/{wave}/responses", json=factories.response(answers=answers))
        assert reply.status_code in (201, 422)
        assert validator.is_valid(answers) == (reply.status_code == 201), answers


def test_the_codebook_describes_every_column(api: Api, definition: dict[str, Any]) -> None:
    add(api, definition, 201)
    book = must(api.admin.get(f"/v1/instruments/{definition['key']}/versions/1/codebook"), 200)
    assert book["instrument"] == f"{definition['key']}@1"
    assert [column["position"] for column in book["columns"]] == list(range(1, book["width"] + 1))
    described = {column["item"] for column in book["columns"]} | {item["item"] for item in book["open_answers"]}
    assert described == set(items_of(definition))
    services = [column for column in book["columns"] if column["item"] == "services"]
    assert [column["option"] for column in services] == ["speech", "ot", "counseling"]
    scores = {}
    for key in ("informed", "ignored"):
        (column,) = [column for column in book["columns"] if column["item"] == key]
        assert set(column["codes"].values()) == {*factories.AGREE, "dont_know"}
        assert [column["codes"][code] for code in column["not_applicable"]] == ["dont_know"]
        scores[key] = {column["codes"][code]: score for code, score in column["scores"].items()}
    assert scores["informed"] == {value: n for n, value in enumerate(factories.AGREE, 1)}
    assert scores["ignored"] == {value: 6 - n for n, value in enumerate(factories.AGREE, 1)}
    meaning = {words: code for code, words in book["special_codes"].items()}
    assert meaning.keys() == {"no answer", "not asked", "not applicable"}
    used = {code for column in book["columns"] for code in column["codes"]}
    assert used.isdisjoint({meaning["no answer"], meaning["not asked"]})


# ------------------------------------------------------------------ the shipped ones
def test_four_instruments_are_shipped() -> None:
    assert [path.stem for path in LIBRARY] == ["family", "liaison", "school-leader", "staff"]


@pytest.mark.parametrize("path", LIBRARY, ids=lambda path: path.stem)
def test_the_shipped_instruments_are_accepted(api: Api, path: Path) -> None:
    definition = yaml.safe_load(path.read_text("utf-8"))
    made = add(api, definition, 201)
    assert (made["key"], made["version"]) == (path.stem, 1)
    assert made["group"] == path.stem.replace("-", "_")
    assert add(api, definition, 200) == made
    base = f"/v1/instruments/{path.stem}/versions/1"
    schema = must(api.admin.get(f"{base}/schema"), 200)
    Draft202012Validator.check_schema(schema)
    assert set(schema["properties"]) == set(items_of(definition))
    book = must(api.admin.get(f"{base}/codebook"), 200)
    assert {c["item"] for c in book["columns"]} | {o["item"] for o in book["open_answers"]} == set(items_of(definition))
    assert must(api.admin.post("/v1/instruments/check", json=definition))["items"] == len(items_of(definition))
