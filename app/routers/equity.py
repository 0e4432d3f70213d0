"""`/v1/waves/{wave}/equity`: who is served worse, by the categories of attributes."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from app.auth import READERS, Caller
from app.errors import NotAcceptable
from app.models.equity import EquityOut
from app.services import equity
from app.web.openapi import fails
from app.web.routes import V1Route, check_accepts_json
from app.web.state import Held, Key, Needs

router = APIRouter(prefix="/v1/waves/{wave}/equity", route_class=V1Route, tags=["results"])
ResultReader = Annotated[Caller, Depends(Needs(READERS))]


@router.get("", response_model=EquityOut, responses=fails(NotAcceptable))
def read_equity(
    wave: Key, held: Held, request: Request, caller: ResultReader,
    attribute: Annotated[list[str] | None, Query(max_length=400)] = None,
    group: Annotated[str | None, Query(max_length=64)] = None,
    release: Annotated[int | None, Query(ge=1, description="A release's number; the newest when absent.")] = None,
) -> Response:  # fmt: skip
    """Read each category of an attribute compared with all other people, union-wide, for readers of exact results."""
    check_accepts_json(request)
    chosen = tuple(attribute or ())
    body, etag = equity.read(held.database, held.shelf, caller, wave, group=group, attributes=chosen, number=release)
    return Response(body, headers={"ETag": etag}, media_type="application/json")
