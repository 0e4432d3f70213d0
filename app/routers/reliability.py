"""`/v1/waves/{wave}/reliability`: how well the items of each construct hang together."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from app.auth import READERS, Caller
from app.errors import NotAcceptable
from app.models.reliability import ReliabilityOut
from app.services import reliability
from app.web.openapi import fails
from app.web.routes import V1Route, check_accepts_json
from app.web.state import Held, Key, Needs

router = APIRouter(prefix="/v1/waves/{wave}/reliability", route_class=V1Route, tags=["results"])
ResultReader = Annotated[Caller, Depends(Needs(READERS))]


@router.get("", response_model=ReliabilityOut, responses=fails(NotAcceptable))
def read_reliability(
    wave: Key, held: Held, request: Request, caller: ResultReader,
    group: Annotated[str | None, Query(max_length=64)] = None,
    school: Annotated[str | None, Query(max_length=64)] = None,
    construct: Annotated[list[str] | None, Query(max_length=400)] = None,
    release: Annotated[int | None, Query(ge=1, description="A release's number; the newest when absent.")] = None,
) -> Response:  # fmt: skip
    """Read alpha, omega and what each item adds, by construct and published cell, for readers of exact results."""
    check_accepts_json(request)
    body, etag = reliability.read(
        held.database, held.shelf, caller, wave,
        group=group, school=school, constructs=tuple(construct or ()), number=release,
    )  # fmt: skip
    return Response(body, headers={"ETag": etag}, media_type="application/json")
