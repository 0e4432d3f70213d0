"""`/v1/waves/{wave}/charts/{chart}`: results as pictures."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from app.auth import READERS, Caller
from app.services import charts
from app.services.charts import Choices
from app.survey.base import Slug
from app.web.files import choose, send
from app.web.routes import V1Route
from app.web.state import Held, Key, Needs

router = APIRouter(prefix="/v1/waves/{wave}/charts", route_class=V1Route, tags=["results"])
ResultReader = Annotated[Caller, Depends(Needs(READERS))]
Form = Literal["svg", "png", "vega-lite"]
MEDIA = {form: media_type for form, (media_type, _) in charts.FORMS.items()}
_FILES: dict[int | str, dict[str, Any]] = {200: {"content": {kind: {} for kind in MEDIA.values()}}}
Name = Annotated[str | None, Query(max_length=64)]
Chosen = Annotated[list[str] | None, Query(max_length=400)]
POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
"""What a browser may do with an SVG that it opens: draw it."""
CHART = "`likert`, `constructs`, `gaps`, `heat-map`, `trends` or `participation`."


@router.get("/{chart}", response_class=Response, responses=_FILES)
def read_chart(
    wave: Key, chart: Annotated[str, Path(max_length=64, description=CHART)],
    held: Held, request: Request, caller: ResultReader,
    group: Name = None, school: Name = None, item: Chosen = None, construct: Chosen = None,
    a: Name = None, b: Name = None,
    others: Annotated[list[Slug] | None, Query(alias="wave", max_length=19, description="For `trends`.")] = None,
    of: Annotated[Literal["constructs", "items"] | None, Query(description="For `gaps` and `trends`.")] = None,
    measure: Annotated[Literal["mean", "favorable"] | None, Query(description="Of exact figures.")] = None,
    release: Annotated[int | None, Query(ge=1, description="A release's number; the newest when absent.")] = None,
    format: Annotated[Form | None, Query(description="Or say it by `Accept`.")] = None,
) -> Response:  # fmt: skip
    """Read results as a chart, with the figures of the summary, of the gaps or of the trends."""
    form = choose(request, format, MEDIA)
    choices = Choices(
        group=group, school=school, item=tuple(item or ()), construct=tuple(construct or ()), a=a, b=b,
        wave=tuple(others or ()), of=of, measure=measure, release=release,
    )  # fmt: skip
    file, etag = charts.read(held.database, held.shelf, caller, wave, chart, form, choices)
    reply = send(file, etag=etag, inline=True)
    reply.headers["Content-Security-Policy"] = POLICY
    return reply
