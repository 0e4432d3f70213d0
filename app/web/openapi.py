"""The OpenAPI document: every reply that an operation can give, with examples.

Decides what follows from a route by itself, from its roles, parameters, body and method, so that a new route is
described without a word. What a route alone can know, it declares with `fails`, `takes` and the constants below.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI, Response
from fastapi.datastructures import DefaultPlaceholder
from fastapi.responses import StreamingResponse
from fastapi.routing import RouteContext, iter_route_contexts
from pydantic import BaseModel

from app.errors import (
    CATALOGUE,
    AudienceNotServed,
    BodyTooLarge,
    ClientGone,
    Forbidden,
    InternalError,
    InvalidRequest,
    MalformedJson,
    NotAcceptable,
    NotFound,
    PreconditionFailed,
    Problem,
    RateLimited,
    ReleaseLeaks,
    RequestTimeout,
    ResultsNotReleased,
    StoreUnavailable,
    Unauthorized,
    UnsupportedMediaType,
)
from app.survey.instrument import Instrument
from app.web.examples import INSTRUMENT, of_schema
from app.web.routes import needs_of

Part = dict[str, Any]
Replies = dict[int | str, Part]
REF = "#/components/schemas/{model}"
BODIES: dict[str, type[BaseModel]] = {"Instrument": Instrument}
"""Bodies that a handler reads by itself, so that the framework does not know of them."""

DECLARED = "x-problems"  # taken out again below


# ------------------------------------------------------------------ what a route declares
def fails(*problems: type[Problem], also: Replies | None = None) -> Replies:
    """Declare, for `responses`, problems that do not follow from the route by itself; `also`: other replies."""
    found: Replies = {} if also is None else dict(also)
    for problem in problems:
        found.setdefault(problem.status, {DECLARED: []})[DECLARED].append(problem.slug)
    return found


def takes(model: type[BaseModel], media_type: str = "application/json", *, required: bool = True) -> Part:
    """Declare, for `openapi_extra`, a body that the handler reads by itself."""
    BODIES[model.__name__] = model
    schema = {"$ref": REF.format(model=model.__name__)}
    return {"requestBody": {"required": required, "content": {media_type: {"schema": schema}}}}


def header(name: str, *, required: bool = False) -> Part:
    """Declare, for the `headers` of a reply, one of `HEADERS`; with `required`, one that is always there."""
    return {name: {"$ref": f"#/components/headers/{name}{'.always' if required else ''}"}}


HEADERS: dict[str, Part] = {
    name: {"description": description, "schema": {"type": "string"}, "example": example}
    for name, description, example in (
        ("Content-Disposition", "A name for the file.", 'attachment; filename="summary-2022-fall-1.csv"'),
        ("ETag", "A strong tag of these bytes, for `If-None-Match` and `If-Match`.", '"9b18c87016c4dd6f"'),
        ("Idempotency-Replayed", "`true`: it was stored before.", "true"),
        ("Location", "The address of what was made.", "/v1/waves/2022-fall"),
        ("Retry-After", "Seconds after which to come back.", "60"),
        ("WWW-Authenticate", "The scheme of keys.", 'Bearer realm="soundings"'),
        ("X-Request-Id", "By this the operator finds the request in the log.", "01JB4W0M3J5V7N1T8KQZ2C6R9D"),
    )
}
TAGS = {
    "responses": "Answers go in, once each.",
    "results": "What a closed wave's release says, as its reader may read it.",
    "comments": "What people wrote, after the director's review.",
    "waves": "Surveys in the field: when, where, who is asked what, and what is promised.",
    "access": "How people get to their survey.",
    "schools": "The schools.",
    "instruments": "Questionnaires and their versions.",
    "imports": "Responses that another tool collected.",
    "roadmap": "What follows from results: goals, meetings, visits, and whether it helped.",
    "changes": "What has happened, for jobs that ask.",
    "webhooks": "What has happened, for programs that are told.",
    "keys": "Who may do what.",
    "service": "For operators and probes; most need no key.",
}
LOCATED = {"headers": header("Location", required=True)}


# ------------------------------------------------------------------ the document
def install(app: FastAPI) -> None:
    """Complete the document that the framework makes."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            complete(generate(), {route.name: route for route in iter_route_contexts(app.routes) if route.name})
        return app.openapi_schema or {}

    app.openapi = openapi  # type: ignore[method-assign]


def complete(document: Part, routes: dict[str, RouteContext]) -> None:
    """Add in place what the framework cannot see."""
    parts = document["components"]
    for name in ("HTTPValidationError", "ValidationError"):
        parts["schemas"].pop(name, None)
    for name, model in BODIES.items():
        schema = model.model_json_schema(ref_template=REF)
        parts["schemas"] |= {**schema.pop("$defs", {}), name: schema}
    parts["schemas"]["Instrument"]["examples"] = [INSTRUMENT]
    parts["schemas"] |= {"Problem": PROBLEM, "Fault": FAULT}
    for schema in parts["schemas"].values():
        if schema.get("additionalProperties") is True and "properties" in schema:
            del schema["additionalProperties"]  # true by itself, and said it takes clients their narrow types
        for of in schema.get("properties", {}).values():
            of.pop("title", None)  # the name again, in other letters
    document["tags"] = [{"name": name, "description": told} for name, told in TAGS.items()]
    parts["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
    parts["headers"] = HEADERS | {f"{name}.always": {**of, "required": True} for name, of in HEADERS.items()}
    parts["responses"] = {}
    parts["examples"] = {
        slug: {"summary": problem.title, "value": problem().document("/v1/waves")}
        for slug, problem in sorted(CATALOGUE.items())
    }
    for operations in document["paths"].values():
        for operation in operations.values():
            route = routes[operation["operationId"]]
            _parameters(operation, route)
            _replies(operation, route)
            _problems(operation, route, parts["responses"])
            if needs_of(route.dependant) is not None:
                operation["security"] = [{"key": []}]
            for content in _contents(operation):
                _fill(content, parts["schemas"])


# ------------------------------------------------------------------ what follows from a route
def _is_read(route: RouteContext) -> bool:
    """Whether the route answers 304 to whoever has it already."""
    return "GET" in (route.methods or ()) and not issubclass(_class(route), StreamingResponse)


def _class(route: RouteContext) -> type[Response]:
    chosen: Any = route.response_class
    return chosen.value if isinstance(chosen, DefaultPlaceholder) else chosen  # type: ignore[no-any-return]


def _parameters(operation: Part, route: RouteContext) -> None:
    listed = operation.get("parameters", [])
    for parameter in listed:
        parameter["schema"] = _given(parameter["schema"])
    if _is_read(route):
        listed.append(_in_header("If-None-Match", "The `ETag` of what you have: 304 if it is still that."))
    if {"PUT", "PATCH"} & (route.methods or set()):
        listed.append(_in_header("If-Match", "The `ETag` of what you change: 412 if it is no longer that."))
    if listed:
        operation["parameters"] = listed


def _given(schema: Part) -> Part:
    """Say what a parameter is when it is given; absent, it is None for the handler, and nobody can send that."""
    some = [of for of in schema.get("anyOf", ()) if of != {"type": "null"}]
    whole = {key: value for key, value in schema.items() if key not in ("anyOf", "title")}
    return {**some[0], **whole} if len(some) == 1 else {key: value for key, value in schema.items() if key != "title"}


def _in_header(name: str, description: str) -> Part:
    return {"name": name, "in": "header", "required": False, "schema": {"type": "string"}, "description": description}


def _replies(operation: Part, route: RouteContext) -> None:
    """Add to the replies that are no problems the headers that all of them have."""
    replies = operation["responses"]
    if DECLARED not in replies.get("422", {}):
        replies.pop("422", None)  # the framework's
    if _is_read(route):
        replies["304"] = {"description": "You have it already."}
    for status, reply in replies.items():
        if DECLARED not in reply:
            is_file = any(kind != "application/json" for kind in reply.get("content", {}))
            reply["headers"] = {
                **(header("ETag", required=True) if _is_read(route) and status in ("200", "304") else {}),
                **(header("Location") if status == "201" else {}),
                **(header("Content-Disposition") if is_file else {}),
                **reply.get("headers", {}),
                **header("X-Request-Id", required=True),
            }


def _problems(operation: Part, route: RouteContext, known: dict[str, Part]) -> None:
    """List the problems that follow from the route beside those that it declares; `known` has what operations share."""
    declared = [slug for reply in operation["responses"].values() for slug in reply.pop(DECLARED, ())]
    by_status: dict[int, list[str]] = {}
    for slug in dict.fromkeys([problem.slug for problem in _implied(operation, route)] + declared):
        by_status.setdefault(CATALOGUE[slug].status, []).append(slug)
    for status, slugs in sorted(by_status.items()):
        name = ".".join(sorted(slugs))
        known[name] = _problem(status, sorted(slugs))
        operation["responses"][str(status)] = {"$ref": f"#/components/responses/{name}"}


def _problem(status: int, slugs: list[str]) -> Part:
    later = {"rate-limited", "store-unavailable"} & set(slugs)
    perhaps = {"results-not-released", "wave-open"} & set(slugs)
    return {
        "description": "; ".join(CATALOGUE[slug].title for slug in slugs) + ".",
        "headers": {
            **(header("Retry-After", required=bool(later)) if later or perhaps else {}),
            **(header("WWW-Authenticate", required=True) if status == Unauthorized.status else {}),
            **header("X-Request-Id", required=True),
        },
        "content": {
            "application/problem+json": {
                "schema": {"$ref": REF.format(model="Problem")},
                "examples": {slug: {"$ref": f"#/components/examples/{slug}"} for slug in slugs},
            }
        },
    }


def _implied(operation: Part, route: RouteContext) -> Iterator[type[Problem]]:
    yield from (InvalidRequest, InternalError)  # every query string is checked
    if needs_of(route.dependant) is not None:
        yield from (Unauthorized, Forbidden, RateLimited, StoreUnavailable)
    if "{" in (route.path_format or ""):
        yield NotFound
    if "requestBody" in operation:
        yield from (ClientGone, RequestTimeout, BodyTooLarge, UnsupportedMediaType)
        if "application/json" in operation["requestBody"]["content"]:
            yield MalformedJson
    if {"PUT", "PATCH"} & (route.methods or set()):
        yield PreconditionFailed
    queries = {field.alias for field in route.dependant.query_params}
    if "format" in queries:
        yield NotAcceptable
    if "release" in queries:
        yield from (AudienceNotServed, ResultsNotReleased, ReleaseLeaks)


# ------------------------------------------------------------------ contents
def _contents(operation: Part) -> Iterator[tuple[str, Part]]:
    """Give all bodies of an operation but problems, by media type."""
    for status, reply in operation["responses"].items():
        if int(status) < 400:
            yield from reply.get("content", {}).items()
    yield from operation.get("requestBody", {}).get("content", {}).items()


def _fill(content: tuple[str, Part], schemas: dict[str, Part]) -> None:
    """Give a body the schema of its media type if it has none, and an example if it is JSON."""
    kind, body = content
    if kind != "application/json":
        body["schema"] = {"type": "string"} if kind.startswith("text/") else {"type": "string", "format": "binary"}
    elif "example" not in body:
        body["schema"].pop("title", None)
        body["example"] = of_schema(body["schema"], schemas)


PROBLEM: Part = {
    "description": "What went wrong (RFC 9457); `GET /problems` lists every `type`.",
    "type": "object",
    "required": ["type", "title", "status", "detail", "instance"],
    "properties": {
        "type": {"type": "string", "examples": ["/problems/answers-invalid"]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "errors": {"type": "array", "items": {"$ref": REF.format(model="Fault")}},
    },
}
FAULT: Part = {
    "description": "One fault of a request: where, a code, a sentence, and perhaps what would have been right.",
    "type": "object",
    "required": ["code", "detail"],
    "properties": {
        "pointer": {"type": "string", "description": "Into the body (RFC 6901).", "examples": ["/answers/informed"]},
        "parameter": {"type": "string", "description": "The name of a query parameter.", "examples": ["release"]},
        "code": {"type": "string", "examples": ["unknown_option"]},
        "detail": {"type": "string"},
        "expected": {"type": "array", "items": {}},
    },
}
