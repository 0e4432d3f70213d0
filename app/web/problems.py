"""Problems on the wire: every error of the program as one RFC 9457 document."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import orjson
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.exceptions import HTTPException
from starlette.routing import compile_path

from app.errors import (
    BadRequest,
    Fault,
    InternalError,
    InvalidRequest,
    MethodNotAllowed,
    NotFound,
    Problem,
    UnsupportedMediaType,
    faults_from,
)

log = structlog.get_logger()


def reply(problem: Problem, path: str) -> Response:
    """Give the reply for a problem that happened at `path`."""
    return Response(
        orjson.dumps(problem.document(path), default=str),
        problem.status,
        headers=problem.headers,
        media_type="application/problem+json",
    )


def from_http(error: HTTPException) -> Problem:
    """Name the framework's own errors."""
    headers = dict(error.headers or {})
    if error.status_code == 404:
        return NotFound("There is nothing at this address.", headers=headers)
    if error.status_code == 405:
        return MethodNotAllowed(f"Allowed here: {headers.get('Allow', 'other methods')}.", headers=headers)
    if error.status_code == 415:
        return UnsupportedMediaType(headers=headers)
    return BadRequest(headers=headers) if error.status_code < 500 else InternalError()


def from_validation(error: RequestValidationError) -> Problem:
    """List every fault of a request; an impossible key in the path is simply nothing that is there."""
    faults: list[Fault] = []
    only_path = True
    for one in error.errors():
        source, *rest = one["loc"]
        only_path &= source == "path"
        if source == "body":
            faults += faults_from([{**one, "loc": rest}])
        else:
            name = str(rest[0]) if rest else ""
            faults += [
                Fault(f"?{name}", fault.code, fault.detail, fault.expected)
                for fault in faults_from([{**one, "loc": ()}])
            ]
    return NotFound("There is nothing with such a key.") if only_path else InvalidRequest(faults=faults)


def _allowed(app: FastAPI, path: str) -> list[str]:
    """List the methods of all operations at an address; the framework names those of one."""
    operations = (route for route in iter_route_contexts(app.routes) if isinstance(route.original_route, APIRoute))
    matching = (route.methods or () for route in operations if compile_path(route.path_format or "")[0].match(path))
    found = {method for methods in matching for method in methods}
    return sorted(found | ({"HEAD"} if "GET" in found else set()))


def install(app: FastAPI, lost: Callable[[Request, Problem], Awaitable[Response | None]]) -> None:
    """Answer every exception of a handler with its problem.

    `lost` may give a page instead, where people come to an address that leads nowhere.
    """

    async def on_problem(request: Request, error: Any) -> Response:
        return reply(error, request.url.path)

    async def on_http(request: Request, error: Any) -> Response:
        if error.status_code == 405:
            error = HTTPException(405, headers={"Allow": ", ".join(_allowed(app, request.url.path))})
        problem = from_http(error)
        return await lost(request, problem) or reply(problem, request.url.path)

    async def on_validation(request: Request, error: Any) -> Response:
        return reply(from_validation(error), request.url.path)

    app.add_exception_handler(Problem, on_problem)
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(RequestValidationError, on_validation)
