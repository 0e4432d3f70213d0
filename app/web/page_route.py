"""The route class of addresses for people: what goes wrong is said on a page.

Decides what counts as going wrong; what the page looks like, a subclass decides.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

import structlog
from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from fastapi.routing import APIRoute

from app.errors import InternalError, Problem, StoreUnavailable
from app.web.middleware import store_failed, whereabouts
from app.web.problems import from_validation

log = structlog.get_logger()


class PageRoute(APIRoute):
    """An address for people."""

    def say(self, request: Request, problem: Problem) -> Response:
        """Give the page that tells of a problem."""
        raise NotImplementedError

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handler(request: Request) -> Response:
            if request.headers.get("content-type", "").startswith("application/json"):
                return await handle(request)  # a script reads problems better than pages
            try:
                return await handle(request)
            except RequestValidationError as error:
                return self.say(request, from_validation(error))
            except Problem as problem:
                return self.say(request, problem)
            except Exception as error:
                log.error(
                    "request.failed", request_id=request.scope["request_id"], route=self.path, **whereabouts(error)
                )
                return self.say(request, StoreUnavailable() if store_failed(error) else InternalError())

        return handler
