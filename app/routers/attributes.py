"""`/v1/waves/{wave}/attributes/{item}/summary`: results by the categories of one attribute."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from app.auth import READERS, Caller
from app.errors import NotAcceptable
from app.models.results import BreakdownOut
from app.services import breakdowns
from app.survey.base import SLUG_PATTERN
from app.web.openapi import fails
from app.web.routes import V1Route, check_accepts_json
from app.web.state import Held, Key, Needs

router = APIRouter(prefix="/v1/waves/{wave}/attributes", route_class=V1Route, tags=["results"])
ResultReader = Annotated[Caller, Depends(Needs(READERS))]


@router.get("/{item}/summary", response_model=BreakdownOut, responses=fails(NotAcceptable))
def read_breakdown(
    wave: Key, item: Annotated[str, Path(pattern=SLUG_PATTERN)], held: Held, request: Request, caller: ResultReader,
    group: Annotated[str | None, Query(max_length=64)] = None,
    items: Annotated[list[str] | None, Query(alias="item", max_length=400)] = None,
    construct: Annotated[list[str] | None, Query(max_length=400)] = None,
    release: Annotated[int | None, Query(ge=1, description="A release's number; the newest when absent.")] = None,
) -> Response:  # fmt: skip
    """Read the published figures by category of an attribute, union-wide, for readers of exact results."""
    check_accepts_json(request)
    chosen = {"items": tuple(items or ()), "constructs": tuple(construct or ())}
    body, etag = breakdowns.read(held.database, held.shelf, caller, wave, item, group=group, number=release, **chosen)
    return Response(body, headers={"ETag": etag}, media_type="application/json")
