"""The route class of `/v1`: strict query strings, strict bodies, conditional GET.

Every handler of `/v1` goes through it, so that unknown and repeated parameters are errors, and every read carries a
strong ETag, without a handler having to think of it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Coroutine
from typing import Any

import orjson
from fastapi import Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from app.errors import Fault, InvalidRequest, MalformedJson, NotAcceptable, PreconditionFailed
from app.web.bodies import DEFINITION_LIMIT, holds_nul, read_json
from app.web.state import Needs


class Json(Response):
    """A JSON reply in UTF-8; times are RFC 3339 with offset."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        return render(content)


def render(content: Any) -> bytes:
    return orjson.dumps(content, option=orjson.OPT_SORT_KEYS)


def etag_of(body: bytes) -> str:
    """The strong ETag of the bytes served."""
    return f'"{hashlib.sha256(body).hexdigest()}"'


def matches(header: str, etag: str, *, weak: bool) -> bool:
    """Tell whether an `If-None-Match` (weak comparison) or `If-Match` (strong) header names the ETag."""
    tags = [tag.strip() for tag in header.split(",")]
    return "*" in tags or etag in ([tag.removeprefix("W/") for tag in tags] if weak else tags)


def check_accepts_json(request: Request) -> None:
    """Raise NotAcceptable for a reader of results who asks for something else than JSON."""
    accept = request.headers.get("accept", "*/*")
    if not any(kind in accept for kind in ("application/json", "application/*", "*/*")):
        raise NotAcceptable("Results are served as application/json.")


def check_if_match(request: Request, standing: Any) -> None:
    """Honor `If-Match` on a PUT against the standing document (None: there is none). Raises PreconditionFailed."""
    header = request.headers.get("if-match")
    if header is not None and (standing is None or not matches(header, etag_of(render(standing)), weak=False)):
        raise PreconditionFailed("Read it again, and send its ETag with your change.")


class V1Route(APIRoute):
    """One operation of `/v1`."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        allowed, repeatable = _parameters(self.dependant)
        takes_json = self.body_field is not None
        needs = needs_of(self.dependant)
        is_read = "GET" in (self.methods or ())

        async def handler(request: Request) -> Response:
            if needs is not None and (takes_json or request.scope["query_string"]):
                await needs(request)  # who may not call is not told what is wrong with the request, nor heard out
            if request.scope["query_string"]:
                check_query(request, allowed, repeatable)
            if takes_json:
                data = await read_json(request, DEFINITION_LIMIT)
                if holds_nul(data):
                    raise MalformedJson("A text holds the character U+0000.")
                request._body, request._json = b" ", data  # what FastAPI asks the request for, already decoded
            response = await handle(request)
            return conditional(request, response) if is_read and response.status_code == 200 else response

        return handler


def needs_of(dependant: Dependant) -> Needs | None:
    """Give what a route declares of the roles that may call it."""
    return next((part.call for part in dependant.dependencies if isinstance(part.call, Needs)), None)


def conditional(request: Request, response: Response) -> Response:
    """Give a read its ETag, and answer 304 when the reader has it already. Streams have none."""
    body = getattr(response, "body", None)
    if body is None:
        return response
    etag = response.headers.get("etag")
    if etag is None:
        etag = response.headers["etag"] = etag_of(body)
    known = request.headers.get("if-none-match")
    if known is not None and matches(known, etag, weak=True):
        return Response(status_code=304, headers={"etag": etag})
    return response


def _parameters(dependant: Dependant) -> tuple[frozenset[str], frozenset[str]]:
    """Names of the query parameters of an operation, and of those that may be repeated."""
    names, lists = set(), set()
    for part in (dependant, *dependant.dependencies):
        for field in part.query_params:
            names.add(field.alias)
            if "list" in str(field.field_info.annotation) or "tuple" in str(field.field_info.annotation):
                lists.add(field.alias)
    return frozenset(names), frozenset(lists)


def check_query(
    request: Request, allowed: frozenset[str] = frozenset(), repeatable: frozenset[str] = frozenset()
) -> None:
    """Raise InvalidRequest for parameters that are unknown, or given twice where one is taken."""
    faults, seen = [], set()
    for name, _ in request.query_params.multi_items():
        if name not in allowed:
            faults.append(Fault(f"?{name}", "unknown_parameter", "There is no such parameter.", tuple(sorted(allowed))))
        elif name in seen and name not in repeatable:
            faults.append(Fault(f"?{name}", "repeated_parameter", "This parameter is given once."))
        seen.add(name)
    if faults:
        raise InvalidRequest("The query string has faults.", faults=faults)
