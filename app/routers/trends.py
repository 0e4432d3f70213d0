"""`/v1/trends`: what changed from wave to wave."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from app.auth import READERS, Caller
from app.errors import AudienceNotServed, NotAcceptable, NotFound, ReleaseLeaks, ResultsNotReleased
from app.models.trends import TrendsOut
from app.services import trends
from app.survey.base import Slug
from app.web.openapi import fails
from app.web.routes import V1Route, check_accepts_json
from app.web.state import Held, Needs

router = APIRouter(prefix="/v1/trends", route_class=V1Route, tags=["results"])
ResultReader = Annotated[Caller, Depends(Needs(READERS))]
MOST = 20


@router.get(
    "",
    response_model=TrendsOut,
    responses=fails(AudienceNotServed, NotAcceptable, NotFound, ReleaseLeaks, ResultsNotReleased),
)
def read_trends(
    held: Held, request: Request, caller: ResultReader,
    wave: Annotated[list[Slug], Query(min_length=2, max_length=MOST, description="Two or more waves, in any order.")],
    group: Annotated[str | None, Query(max_length=64)] = None,
    school: Annotated[str | None, Query(max_length=64)] = None,
    items: Annotated[list[str] | None, Query(alias="item", max_length=400)] = None,
    construct: Annotated[list[str] | None, Query(max_length=400)] = None,
) -> Response:  # fmt: skip
    """Read what changed from each wave to the next, by group and school, for readers of exact results."""
    check_accepts_json(request)
    chosen = {"items": tuple(items or ()), "constructs": tuple(construct or ())}
    body, etag = trends.read(held.database, held.shelf, caller, wave, group=group, school=school, **chosen)
    return Response(body, headers={"ETag": etag}, media_type="application/json")
