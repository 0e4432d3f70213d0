"""`/v1/waves/{wave}/dictionary`: what the columns and answers of a wave's exports mean."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response

from app.auth import READERS, Caller
from app.services import dictionary
from app.web.files import JSON, choose, send
from app.web.routes import V1Route
from app.web.state import Held, Key, Needs

router = APIRouter(prefix="/v1/waves/{wave}/dictionary", route_class=V1Route, tags=["results"])
ResultReader = Annotated[Caller, Depends(Needs(READERS))]


@router.get(
    "",
    response_model=dict[str, Any],
    responses={200: {"content": {media_type: {} for media_type in dictionary.FORMATS.values() if media_type != JSON}}},
)
def read_dictionary(
    wave: Key, held: Held, request: Request, caller: ResultReader,
    group: Annotated[str | None, Query(max_length=64, description="The questions of this group alone.")] = None,
    format: Annotated[Literal["json", "csv", "xlsx"] | None, Query(description="Or say it by `Accept`.")] = None,
) -> Response:  # fmt: skip
    """Explain the exports of a wave: columns, measures, questions in all languages, options, scores and codes."""
    form = choose(request, format, dictionary.FORMATS)
    file = dictionary.export(held.database, caller, wave, form, group=group)
    return Response(file.body, media_type=JSON) if form == "json" else send(file)
