"""`/v1/feeds`: secret addresses of calendars, made, listed and revoked."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response

from app.auth import DIRECTORS, Caller
from app.models.activities import FeedIn, FeedList, FeedMade
from app.services import feeds
from app.web.routes import Json, V1Route
from app.web.state import After, Limit, Needs, Reader, Writer, base_of, listing

router = APIRouter(prefix="/v1/feeds", route_class=V1Route, tags=["roadmap"])
Director = Annotated[Caller, Depends(Needs(DIRECTORS))]


@router.post("", status_code=201, response_model=FeedMade)
def make_feed(body: FeedIn, request: Request, caller: Director, session: Writer) -> Response:
    """Make a calendar's secret address, shown this once."""
    made, token = feeds.create(session, body, caller)
    return Json(made | {"address": f"{base_of(request)}/feeds/{token}.ics"}, 201, {"Cache-Control": "no-store"})


@router.get("", response_model=FeedList)
def list_feeds(caller: Director, session: Reader, limit: Limit = 100, after: After = None) -> Response:
    """List the feeds, without their addresses."""
    return Json(listing(*feeds.listed(session, limit, after)))


@router.delete("/{feed}", status_code=204)
def revoke_feed(
    feed: Annotated[str, Path(pattern=r"^feed_[0-9a-f]{1,32}$")], caller: Director, session: Writer
) -> Response:
    """Make an address worthless, for good."""
    feeds.revoke(session, feed, caller)
    return Response(status_code=204)
