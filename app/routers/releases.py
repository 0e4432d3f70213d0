"""`/v1/waves/{wave}/releases` and the summaries: results, published once, then sliced."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from app.auth import DIRECTORS, READERS, Caller
from app.errors import AudienceNotServed, ReleaseLeaks, WaveOpen
from app.models.results import ReleaseList, ReleaseOut, SummaryOut
from app.services import exports, releases
from app.survey.base import SLUG_PATTERN
from app.web.files import choose, send
from app.web.openapi import LOCATED, fails
from app.web.routes import Json, V1Route
from app.web.state import Held, Key, Needs, Reader, State, listing

router = APIRouter(prefix="/v1/waves/{wave}", route_class=V1Route, tags=["results"])
Director = Annotated[Caller, Depends(Needs(DIRECTORS))]
ResultReader = Annotated[Caller, Depends(Needs(READERS))]
Number = Annotated[int, Path(ge=1)]
Chosen = Annotated[list[str] | None, Query(max_length=400)]
Which = Annotated[int | None, Query(ge=1, description="A release's number; the newest when absent.")]
Format = Annotated[
    Literal["json", "csv", "xlsx", "parquet", "arrow"] | None, Query(description="Or say it by `Accept`.")
]
_FILES: dict[int | str, dict[str, Any]] = {
    200: {"content": {media_type: {} for media_type in exports.SUMMARY.values() if media_type != exports.JSON}}
}


@router.post(
    "/releases",
    status_code=201,
    response_model=ReleaseOut,
    responses=fails(WaveOpen, ReleaseLeaks, also={200: {"model": ReleaseOut}, 201: LOCATED}),
)
def make_release(wave: Key, held: Held, caller: Director) -> Response:
    """Publish a closed wave's figures: 201 the new release, 200 the standing one."""
    number, made = releases.make(held.database, held.shelf, wave, caller)
    with held.database.read() as session:
        document = releases.get(session, wave, number, caller)
    headers = {"Location": f"/v1/waves/{wave}/releases/{number}"} if made else None
    return Json(document, 201 if made else 200, headers=headers)


@router.get("/releases", response_model=ReleaseList, responses=fails(AudienceNotServed))
def list_releases(wave: Key, caller: ResultReader, session: Reader) -> Response:
    """List a wave's releases."""
    return Json(listing(releases.listed(session, wave, caller), None))


@router.get("/releases/{number}", response_model=ReleaseOut, responses=fails(AudienceNotServed))
def read_release(wave: Key, number: Number, caller: ResultReader, session: Reader) -> Response:
    """Read what a release is: its number, time, digest and definitions."""
    return Json(releases.get(session, wave, number, caller))


def _slice(held: State, request: Request, caller: Caller, wave: str, format: str | None, **scope: Any) -> Response:
    form = choose(request, format, exports.SUMMARY)
    scope["items"], scope["constructs"] = tuple(scope["items"] or ()), tuple(scope["constructs"] or ())
    if form == "json":
        body, etag = releases.read(held.database, held.shelf, caller, wave, **scope)
        return Response(body, headers={"ETag": etag}, media_type=exports.JSON)
    file, etag = exports.export(held.database, held.shelf, caller, wave, form, **scope)
    return send(file, etag=etag)


@router.get("/summary", response_model=SummaryOut, responses=_FILES)
def read_summary(
    wave: Key, held: Held, request: Request, caller: ResultReader,
    item: Chosen = None, construct: Chosen = None, release: Which = None, format: Format = None,
) -> Response:  # fmt: skip
    """Read all published figures of a wave."""
    return _slice(held, request, caller, wave, format, items=item, constructs=construct, number=release)


@router.get("/groups/{group}/summary", response_model=SummaryOut, responses=_FILES)
def read_group_summary(
    wave: Key, group: Annotated[str, Path(pattern=SLUG_PATTERN)], held: Held, request: Request, caller: ResultReader,
    item: Chosen = None, construct: Chosen = None, release: Which = None, format: Format = None,
) -> Response:  # fmt: skip
    """Read the figures of one stakeholder group."""
    return _slice(held, request, caller, wave, format, group=group, items=item, constructs=construct, number=release)


@router.get("/schools/{school}/summary", response_model=SummaryOut, responses=_FILES)
def read_school_summary(
    wave: Key, school: Key, held: Held, request: Request, caller: ResultReader,
    item: Chosen = None, construct: Chosen = None, release: Which = None, format: Format = None,
) -> Response:  # fmt: skip
    """Read the figures of one school, each group's union-wide cells beside them."""
    return _slice(held, request, caller, wave, format, school=school, items=item, constructs=construct, number=release)
