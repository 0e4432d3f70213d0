"""What every reply carries, and what is counted and logged of a request.

Logs and metrics name the route, never the address: no key of a wave, group or school, no answer, no code.
"""

from __future__ import annotations

from functools import cache
from random import getrandbits
from time import perf_counter
from typing import Any

import structlog
from prometheus_client import Counter, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import InternalError, StoreUnavailable
from app.web.problems import reply

log = structlog.get_logger()

_HEADERS = ((b"x-content-type-options", b"nosniff"),)
_V1_HEADERS = (*_HEADERS, (b"cache-control", b"private, no-cache"), (b"vary", b"Authorization, Accept"))

REQUESTS = Counter("soundings_requests_total", "Requests by route and status.", ["method", "route", "status"])
SECONDS = Histogram("soundings_request_seconds", "Time to the end of the reply.", ["route"])


class Envelope:
    """Outermost but for CORS: request id, caching headers, the last catch of errors, counting."""

    def __init__(self, app: ASGIApp, *, access_log: bool = False) -> None:
        self.app = app
        self.access_log = access_log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun = perf_counter()
        request_id = f"{getrandbits(64):016x}"  # random, not counted: a count would tell how many others there were
        is_v1 = scope["path"].startswith("/v1/")
        status = 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = message["headers"] = [*message.get("headers", ()), *(_V1_HEADERS if is_v1 else _HEADERS)]
                headers.append((b"x-request-id", request_id.encode()))
            await send(message)

        scope["request_id"] = request_id
        asked = scope
        if scope["method"] == "HEAD":  # what GET would answer; the server leaves out the body
            scope = {**scope, "method": "GET"}
        try:
            await self.app(scope, receive, send_with_headers)
        except Exception as error:
            problem = StoreUnavailable() if store_failed(error) else InternalError()
            log.error("request.failed", request_id=request_id, route=_route(scope), **whereabouts(error))
            if status == 0:
                await reply(problem, scope["path"])(scope, receive, send_with_headers)
        finally:
            took = perf_counter() - begun
            route = _route(scope)
            counter, histogram = _meters(asked["method"] if route != "unknown" else "other", route, status)
            counter.inc()
            histogram.observe(took)
            if self.access_log:
                log.info(
                    "request",
                    request_id=request_id,
                    method=asked["method"],
                    route=route,
                    status=status,
                    ms=round(took * 1000, 1),
                )


@cache
def _meters(method: str, route: str, status: int) -> tuple[Counter, Histogram]:
    return REQUESTS.labels(method, route, str(status)), SECONDS.labels(route)


def _route(scope: Scope) -> str:
    """The template of the matched route, such as `/v1/waves/{wave}`."""
    context = (
        scope.get("fastapi", {}).get("effective_route_context") if isinstance(scope.get("fastapi"), dict) else None
    )
    return getattr(context or scope.get("route"), "path", None) or "unknown"


def store_failed(error: Exception) -> bool:
    from sqlalchemy.exc import InterfaceError, OperationalError, TimeoutError

    return isinstance(error, (OperationalError, InterfaceError, TimeoutError))


def whereabouts(error: Exception) -> dict[str, Any]:
    """Where an error happened, without its text: messages of database errors quote values."""
    frames = []
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        if "/app/" in code.co_filename:
            frames.append(f"{code.co_filename.rsplit('/app/', 1)[-1]}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return {"error": type(error).__name__, "at": frames[-5:]}
