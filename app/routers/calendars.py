"""`/feeds/{token}.ics`: calendars, for whoever has the secret address. What a program adds to it is ignored."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from app.services import feeds
from app.web.files import send
from app.web.routes import conditional, etag_of
from app.web.state import Reader

router = APIRouter(tags=["roadmap"])


@router.get("/feeds/{token}.ics", response_class=Response, responses={200: {"content": {"text/calendar": {}}}})
def read_feed(token: Annotated[str, Path(max_length=100)], request: Request, session: Reader) -> Response:
    """Read a calendar. There is no key: the address is the secret."""
    file = feeds.read(session, token)
    reply = send(file, etag=etag_of(file.body), inline=True, Cache_Control="private, no-cache", X_Robots_Tag="noindex")
    return conditional(request, reply)
