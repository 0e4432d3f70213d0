"""`/v1/waves/{wave}/gaps`: stakeholder groups against each other."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from app.auth import READERS, Caller
from app.errors import NotAcceptable
from app.models.gaps import GapsAmongOut, GapsOut
from app.services import gaps
from app.web.openapi import fails
from app.web.routes import V1Route, check_accepts_json
from app.web.state import Held, Key, Needs

router = APIRouter(prefix="/v1/waves/{wave}/gaps", route_class=V1Route, tags=["results"])
ResultReader = Annotated[Caller, Depends(Needs(READERS))]
Group = Annotated[str | None, Query(max_length=64)]


@router.get("", response_model=GapsOut | GapsAmongOut, responses=fails(NotAcceptable))
def read_gaps(
    wave: Key, held: Held, request: Request, caller: ResultReader,
    a: Group = None, b: Group = None,
    groups: Annotated[str | None, Query(max_length=400, description="Two or more groups, like `family,staff`.")] = None,
    school: Annotated[str | None, Query(max_length=64)] = None,
    items: Annotated[list[str] | None, Query(alias="item", max_length=400)] = None,
    construct: Annotated[list[str] | None, Query(max_length=400)] = None,
    release: Annotated[int | None, Query(ge=1, description="A release's number; the newest when absent.")] = None,
) -> Response:  # fmt: skip
    """Compare group `a` with group `b`, or several `groups`, on all that they share; for readers of exact results."""
    check_accepts_json(request)
    body, etag = gaps.read(
        held.database, held.shelf, caller, wave,
        a=a, b=b, groups=groups, school=school, items=tuple(items or ()), constructs=tuple(construct or ()),
        number=release,
    )  # fmt: skip
    return Response(body, headers={"ETag": etag}, media_type="application/json")
