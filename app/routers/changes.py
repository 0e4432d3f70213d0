"""`/v1/changes`: what has happened to waves, from a place on."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from app.auth import READERS, Caller
from app.models.webhooks import ChangesOut
from app.services import changes
from app.web.routes import Json, V1Route
from app.web.state import Limit, Needs, Reader, listing

router = APIRouter(prefix="/v1/changes", route_class=V1Route, tags=["changes"])
ResultReader = Annotated[Caller, Depends(Needs(READERS))]
Place = Annotated[str | None, Query(max_length=200, description="The `next` of the reply before; `0` is the start.")]


@router.get("", response_model=ChangesOut)
def list_changes(caller: ResultReader, session: Reader, limit: Limit = 100, after: Place = None) -> Response:
    """List waves that opened, closed or were released, as they happened; `next` is always a place to go on from."""
    items, place = changes.listed(session, caller, limit, after)
    return Json(listing(items, place))
