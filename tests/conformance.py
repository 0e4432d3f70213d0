"""Is the OpenAPI document true? Every reply of every test server is held against it.

A status, a problem, a header or a media type that the document does not list, a body that is not as its schema says or
says more than it: each is a fault, told in words that say what to do. `Api.stop` raises them.
"""

from __future__ import annotations

import copy
import json
from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.config import Settings
from app.errors import CATALOGUE
from app.main import create_app
from app.web.middleware import _route as route_of
from app.web.openapi import HEADERS

BODIES = 5
"""So many bodies of an operation and status are validated, the first ones; all would take minutes."""
LARGEST = 200_000


@cache
def document() -> dict[str, Any]:
    """The OpenAPI document of the application as it stands."""
    return create_app(Settings(database_url="sqlite:///never-opened.db", secret="x" * 32)).openapi()


@cache
def strict() -> dict[str, Any]:
    """The components of the document with schemas that allow no member that they do not name."""
    parts = copy.deepcopy(document()["components"])
    for schema in parts["schemas"].values():
        if "properties" in schema:
            schema.setdefault("additionalProperties", False)
    parts["schemas"]["Problem"] = document()["components"]["schemas"]["Problem"]  # some problems say more
    return {"schemas": parts["schemas"]}


@cache
def validator(name: str) -> Draft202012Validator:
    """Validate a document of this name, strictly."""
    return Draft202012Validator({"$ref": f"#/components/schemas/{name}", "components": strict()})


def reply_of(method: str, path: str, status: int) -> dict[str, Any] | None:
    """What the document says of a reply; None when it does not list it."""
    operation = document()["paths"].get(path, {}).get(method.lower())
    reply: dict[str, Any] | None = None if operation is None else operation["responses"].get(str(status))
    if reply is not None and "$ref" in reply:
        reply = document()["components"]["responses"][reply["$ref"].rsplit("/", 1)[1]]
    return reply


def faults_of(method: str, path: str, status: int, headers: dict[str, str], body: bytes | None) -> Iterator[str]:
    """Say what of a reply is not as the document says; `body` None is not looked at."""
    told = reply_of(method, path, status)
    kind = headers.get("content-type", "").partition(";")[0]
    problem = None
    if kind == "application/problem+json" and body:
        problem = json.loads(body)["type"].removeprefix("/problems/")
    listed = {} if told is None else told.get("content", {})
    if told is None or (problem is not None and problem not in listed["application/problem+json"]["examples"]):
        name = CATALOGUE[problem].__name__ if problem is not None else None
        yield f"{status} {problem or kind} is not listed: add " + (
            f"`responses=fails({name})` to the route" if name else f"{status} to its `responses`"
        )
        return
    if kind and kind not in {one.partition(";")[0] for one in listed}:
        yield f"{status} comes as {kind}: add it to the `content` of {status} in the `responses` of the route"
    known = {name.removesuffix(".always"): name for name in map(_component, told.get("headers", {}).values())}
    for name in HEADERS:
        if name.lower() in headers and name not in known:
            yield f"{status} brings {name}: add `header({name!r})` to the `headers` of {status} in its `responses`"
        if name.lower() not in headers and known.get(name, "").endswith(".always"):
            yield f"{status} lacks {name}, which the document says is always there"
    if kind == "application/json" and body is not None and "schema" in listed.get(kind, {}):
        schema = {**listed[kind]["schema"], "components": strict()}
        error = best_match(Draft202012Validator(schema).iter_errors(json.loads(body)))
        if error is not None:
            where = "/".join(map(str, error.absolute_path))
            yield f"{status} is not as its schema says, at `{where}`: {error.message[:300]}"


def _component(part: dict[str, Any]) -> str:
    return str(part["$ref"]).rsplit("/", 1)[1]


class Watch:
    """The application, and what its replies had that the document does not say."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.faults: dict[str, None] = {}
        self.seen: Counter[tuple[str, str, int]] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        start: dict[str, Any] = {}
        body = bytearray()

        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            elif message["type"] == "http.response.body" and len(body) <= LARGEST:
                body.extend(message.get("body", b""))
            await send(message)

        await self.app(scope, receive, watched)
        if start:
            self.judge(scope, start, bytes(body))

    def judge(self, scope: Scope, start: dict[str, Any], body: bytes) -> None:
        """Hold a reply against the document; pages and addresses that are none are not in it."""
        method, path, status = scope["method"], route_of(scope), start["status"]
        if method.lower() not in document()["paths"].get(path, {}):
            return
        self.seen[method, path, status] += 1
        looked_at = len(body) <= LARGEST and (status >= 400 or self.seen[method, path, status] <= BODIES)
        headers = {name.decode().lower(): value.decode("latin-1") for name, value in start["headers"]}
        for fault in faults_of(method, path, status, headers, body if looked_at else None):
            self.faults[f"{method} {path}: {fault}"] = None
