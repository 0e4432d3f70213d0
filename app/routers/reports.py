"""`/v1/waves/{wave}/report`: results to read and to hand on, as a page, on paper or as a workbook."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response

from app.auth import READERS, Caller
from app.render.report.page import POLICY
from app.services import exports, reports
from app.web.files import choose, send
from app.web.routes import V1Route
from app.web.state import Held, Key, Needs

router = APIRouter(prefix="/v1/waves/{wave}/report", route_class=V1Route, tags=["results"])
ResultReader = Annotated[Caller, Depends(Needs(READERS))]
Form = Literal["html", "pdf", "xlsx"]
MEDIA = {form: media_type for form, (media_type, _) in reports.FORMS.items()} | {"xlsx": exports.SUMMARY["xlsx"]}
SAFE = {"Content-Security-Policy": f"{POLICY}; frame-ancestors 'none'", "Referrer-Policy": "no-referrer"}
_FILES: dict[int | str, dict[str, Any]] = {200: {"content": {kind.partition(";")[0]: {} for kind in MEDIA.values()}}}


@router.get("", response_class=Response, responses=_FILES)
def read_report(
    wave: Key, held: Held, request: Request, caller: ResultReader,
    school: Annotated[str | None, Query(max_length=64)] = None,
    group: Annotated[str | None, Query(max_length=64)] = None,
    release: Annotated[int | None, Query(ge=1, description="A release's number; the newest when absent.")] = None,
    format: Annotated[Form | None, Query(description="Or say it by `Accept`.")] = None,
) -> Response:  # fmt: skip
    """Read a report of all schools, of one school, or of one group; what is in it follows from the key."""
    form = choose(request, format, MEDIA)
    place: dict[str, Any] = {"school": school, "group": group, "number": release}
    if form == "xlsx":
        reader, _ = reports.reader_of(held.database, caller, wave, school=school, group=group)
        file, etag = exports.export(held.database, held.shelf, reader, wave, form, **place)
        return send(file, etag=etag)
    file, etag = reports.read(held.database, held.shelf, caller, wave, form, **place)
    reply = send(file, etag=etag, inline=True)
    if form == "html":
        reply.headers.update(SAFE)
    return reply
