"""The OpenAPI document: the committed one is the application's, and it says all that there is to say."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from fastapi import FastAPI, Response
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient
from jsonschema import Draft202012Validator
from pydantic import BaseModel

from app.config import Settings
from app.errors import CATALOGUE
from app.main import create_app
from app.survey.instrument import parse
from app.web.openapi import BODIES, HEADERS
from tests.conformance import document, reply_of

COMMITTED = Path(__file__).parents[2] / "docs" / "openapi.json"
OPERATIONS = [
    pytest.param(method.upper(), path, operation, id=f"{method.upper()} {path}")
    for path, operations in document()["paths"].items()
    for method, operation in operations.items()
]
each = pytest.mark.parametrize(("method", "path", "operation"), OPERATIONS)

# Documents whose shape others define.
OF_OTHERS = {"read_schema", "read_surveyjs", "read_dictionary"}


def replies(method: str, path: str, operation: dict[str, Any]) -> Iterator[tuple[int, dict[str, Any]]]:
    for status in operation["responses"]:
        reply = reply_of(method, path, int(status))
        assert reply is not None
        yield int(status), reply


# ------------------------------------------------------------------ as a whole
def test_the_committed_document_is_the_application_s() -> None:
    assert json.loads(COMMITTED.read_text(encoding="utf-8")) == document(), (
        "docs/openapi.json is not up to date: python -m app openapi > docs/openapi.json"
    )


def test_it_is_an_openapi_document() -> None:
    assert document()["openapi"].startswith("3.1")
    for schema in document()["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_operations_are_called_like_their_handlers() -> None:
    app = create_app(Settings(database_url="sqlite:///never-opened.db", secret="x" * 32))
    handlers = [
        route.endpoint.__name__
        for route in iter_route_contexts(app.routes)
        if getattr(route, "include_in_schema", False)
    ]
    named = [operation["operationId"] for _, _, operation in (param.values for param in OPERATIONS)]
    assert len(named) == len(set(named)), "two handlers have one name: rename one of them"
    assert set(named) <= set(handlers)


def test_every_tag_is_described_and_used() -> None:
    used = {tag for param in OPERATIONS for tag in param.values[2]["tags"]}
    assert {tag["name"] for tag in document()["tags"]} == used


def test_every_schema_has_one_name() -> None:
    """A name that two models share becomes a long one, and a model that is sent and given back two."""
    clumsy = [
        name for name in document()["components"]["schemas"] if "__" in name or name.endswith(("-Input", "-Output"))
    ]
    assert clumsy == [], "rename these models, or describe what is given back by a model of its own"
    own = {name: model.model_json_schema() for name, model in BODIES.items()}
    taken = {name for schema in own.values() for name in schema.get("$defs", {})}
    described = [param.values[2] for param in OPERATIONS]
    used = {name for name in taken if f'schemas/{name}"' in json.dumps([one["responses"] for one in described])}
    assert used == set(), "a reply has the name of a part of a body"


def test_everything_referred_to_is_there() -> None:
    def refs(part: Any) -> Iterator[str]:
        if isinstance(part, dict):
            if isinstance(part.get("$ref"), str):
                yield part["$ref"]
            for value in part.values():
                yield from refs(value)
        elif isinstance(part, list):
            for value in part:
                yield from refs(value)

    used = set(refs(document()))
    for ref in used:
        place: Any = document()
        for name in ref.removeprefix("#/").split("/"):
            assert name in place, ref
            place = place[name]
    unused = {
        f"#/components/{kind}/{name}" for kind in ("responses", "schemas") for name in document()["components"][kind]
    } - used
    assert unused == set()


# ------------------------------------------------------------------ each operation
@each
def test_it_says_what_it_does(method: str, path: str, operation: dict[str, Any]) -> None:
    assert operation["description"].rstrip().endswith("."), "the handler's docstring is its description"
    assert operation["tags"]
    keyed = path.startswith("/v1/") or path == "/metrics"
    assert operation.get("security", []) == ([{"key": []}] if keyed else [])


@each
def test_every_reply_has_its_type(method: str, path: str, operation: dict[str, Any]) -> None:
    for status, reply in replies(method, path, operation):
        assert reply["description"]
        assert set(reply["headers"]) <= set(HEADERS)
        assert "X-Request-Id" in reply["headers"]
        if status in (204, 304):
            assert "content" not in reply
            continue
        for kind, body in reply["content"].items():
            schema = body["schema"]
            if kind == "application/json" and operation["operationId"] not in OF_OTHERS:
                assert "$ref" in schema or "anyOf" in schema, f"{status}: give the route a `response_model`"
                assert "example" in body
            if status >= 400:
                assert kind == "application/problem+json"
                assert body["examples"]
                assert {CATALOGUE[slug].status for slug in body["examples"]} == {status}


def test_no_reply_has_a_part_without_type() -> None:
    """A member that is any object at all tells a typed client nothing."""
    loose = []
    for name, schema in document()["components"]["schemas"].items():
        for member, of in schema.get("properties", {}).items():
            for part in (of, of.get("items", {}), *of.get("anyOf", ())):
                if part.get("type") == "object" and part.get("additionalProperties") is True:
                    loose.append(f"{name}.{member}")
    assert sorted(loose) == sorted(LOOSE), "say in a model what is in it, or here why it may be anything"


LOOSE = [
    "Column.codes",  # by character, whatever an option's value is
    "DraftOut.mapping",  # as it is written by hand, docs/import.md
    "ImportIn.mapping",
    "ImportOut.mapping",
    "InstrumentOut.definition",  # as it was stored; `Instrument` is what can be
    "LineOut.problem",  # any problem
    "ResponseIn.answers",  # by the keys of an instrument, which has a schema of its own
    "ResponseOut.answers",
    "VersionOut.definition",
]


@each
def test_what_follows_from_the_route(method: str, path: str, operation: dict[str, Any]) -> None:
    listed = {
        slug
        for status, reply in replies(method, path, operation)
        if status >= 400
        for slug in reply["content"]["application/problem+json"]["examples"]
    }
    assert {"invalid-request", "internal-error"} <= listed
    if "security" in operation:
        assert {"unauthorized", "forbidden", "rate-limited", "store-unavailable"} <= listed
    if "{" in path:
        assert "not-found" in listed
    if "application/json" in operation.get("requestBody", {}).get("content", {}):
        assert {"malformed-json", "body-too-large", "unsupported-media-type"} <= listed
    headers = {parameter["name"] for parameter in operation.get("parameters", ()) if parameter["in"] == "header"}
    assert ("precondition-failed" in listed) is (method in ("PUT", "PATCH")) is ("If-Match" in headers)
    assert ("304" in operation["responses"]) is ("If-None-Match" in headers)


# ------------------------------------------------------------------ examples
@each
def test_examples_are_valid(method: str, path: str, operation: dict[str, Any]) -> None:
    bodies = dict(operation.get("requestBody", {}).get("content", {}))
    for status, reply in replies(method, path, operation):
        bodies |= {f"{status} {kind}": body for kind, body in reply.get("content", {}).items()}
    for where, body in bodies.items():
        if "example" in body:
            schema = {**body["schema"], "components": document()["components"]}
            try:
                jsonschema.validate(body["example"], schema, Draft202012Validator)
            except jsonschema.ValidationError as error:
                pytest.fail(f"{where}, {list(error.absolute_path)}: {error.message}; give that field an example")
    if "application/json" in operation.get("requestBody", {}).get("content", {}):
        assert "example" in operation["requestBody"]["content"]["application/json"]


def test_examples_of_problems_are_problems() -> None:
    for slug, example in document()["components"]["examples"].items():
        jsonschema.validate(
            example["value"], {"$ref": "#/components/schemas/Problem", "components": document()["components"]}
        )
        assert example["value"]["type"] == f"/problems/{slug}"
        assert example["value"]["status"] == CATALOGUE[slug].status
    assert set(document()["components"]["examples"]) == set(CATALOGUE)


def test_a_reply_is_not_made_by_its_model() -> None:
    """Schemas describe: what a handler gives as bytes leaves as it is, checked by nobody, so they cost nothing."""

    class Told(BaseModel):
        number: int

    app = FastAPI()

    @app.get("/", response_model=Told)
    def read() -> Response:
        return Response(b'{"number":  "no number"}', media_type="application/json")

    assert TestClient(app).get("/").content == b'{"number":  "no number"}'


def test_the_example_of_an_instrument_is_sound() -> None:
    parse(document()["components"]["schemas"]["Instrument"]["examples"][0])
