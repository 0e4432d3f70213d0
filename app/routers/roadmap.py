"""`/v1/roadmap`: the year at a glance, as data, as a page and on paper."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response

from app.auth import DIRECTORS, Caller
from app.models.roadmap import RoadmapOut
from app.services import roadmap
from app.web.files import choose
from app.web.roadmap import MEDIA, drawn
from app.web.routes import Json, V1Route
from app.web.state import Held, Needs

router = APIRouter(prefix="/v1/roadmap", route_class=V1Route, tags=["roadmap"])
Director = Annotated[Caller, Depends(Needs(DIRECTORS))]
Form = Literal["json", "html", "pdf"]
_FILES: dict[int | str, dict[str, Any]] = {200: {"content": {"text/html": {}, "application/pdf": {}}}}


@router.get("", response_model=RoadmapOut, responses=_FILES)
def read_roadmap(
    held: Held, request: Request, caller: Director,
    begins: Annotated[date | None, Query(alias="from", description="The first day; else July 1 of the year.")] = None,
    ends: Annotated[date | None, Query(alias="to", description="The last day; else a year later.")] = None,
    format: Annotated[Form | None, Query(description="Or say it by `Accept`.")] = None,
) -> Response:  # fmt: skip
    """Read goals with their progress, and what is done for them, of a school year."""
    form = choose(request, format, MEDIA)
    first, last = roadmap.span(held.database, begins, ends)
    document = roadmap.read(held.database, held.shelf, caller, first, last)
    if form == "json":
        return Json(document)
    return drawn(document, form)
