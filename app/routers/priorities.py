"""`/v1/waves/{wave}/priorities`: what matters most, and what is behind it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from app.auth import READERS, Caller
from app.errors import NotAcceptable
from app.models.priorities import PrioritiesOut
from app.services import priorities
from app.web.openapi import fails
from app.web.routes import V1Route, check_accepts_json
from app.web.state import Held, Key, Needs

router = APIRouter(prefix="/v1/waves/{wave}/priorities", route_class=V1Route, tags=["results"])
ResultReader = Annotated[Caller, Depends(Needs(READERS))]


@router.get("", response_model=PrioritiesOut, responses=fails(NotAcceptable))
def read_priorities(
    wave: Key, held: Held, request: Request, caller: ResultReader,
    group: Annotated[str | None, Query(max_length=64)] = None,
    construct: Annotated[list[str] | None, Query(max_length=400)] = None,
    release: Annotated[int | None, Query(ge=1, description="A release's number; the newest when absent.")] = None,
) -> Response:  # fmt: skip
    """Read items and constructs ranked by need, and the factors behind each construct, for readers of exact results."""
    check_accepts_json(request)
    chosen = tuple(construct or ())
    body, etag = priorities.read(
        held.database, held.shelf, caller, wave, group=group, constructs=chosen, number=release
    )
    return Response(body, headers={"ETag": etag}, media_type="application/json")
