"""`/v1/waves/{wave}/comments`: what people wrote, after the release and the director's review."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from app.auth import DIRECTORS, READERS, Caller
from app.errors import AudienceNotServed, ReleaseLeaks, ResultsNotReleased
from app.models.comments import CommentList, CommentOut, ReviewIn, Status
from app.services import comments, releases
from app.web.openapi import fails
from app.web.routes import Json, V1Route, check_if_match
from app.web.state import After, Held, Key, Limit, Needs, Reader, Writer, listing

router = APIRouter(prefix="/v1/waves/{wave}/comments", route_class=V1Route, tags=["comments"])
Director = Annotated[Caller, Depends(Needs(DIRECTORS))]
ResultReader = Annotated[Caller, Depends(Needs(READERS))]
Filter = Annotated[str | None, Query(max_length=64)]


@router.get("", response_model=CommentList, responses=fails(AudienceNotServed, ReleaseLeaks, ResultsNotReleased))
def list_comments(
    wave: Key, held: Held, caller: ResultReader, group: Filter = None, school: Filter = None, item: Filter = None,
    status: Status | None = None, limit: Limit = 100, after: After = None,
) -> Response:  # fmt: skip
    """List a wave's comments in random order. A school's are its own and those of the pool that it is in."""
    with held.database.read() as session:
        within = comments.scope(session, wave, caller, group=group, school=school, item=item, status=status)
    releases.due(held.database, held.shelf, caller, wave, None, "director")
    with held.database.read() as session:
        page = listing(*comments.listed(session, within, limit, after))
    return Json({**page, "simulated": within.simulated})


@router.get("/{comment}", response_model=CommentOut, responses=fails(AudienceNotServed))
def read_comment(wave: Key, comment: Key, caller: ResultReader, session: Reader) -> Response:
    """Read one comment; its `ETag` may go with a review as `If-Match`."""
    return Json(comments.get(session, comments.scope(session, wave, caller), comment))


@router.patch("/{comment}", response_model=CommentOut)
def review_comment(
    wave: Key, comment: Key, body: ReviewIn, request: Request, held: Held, caller: Director, session: Writer
) -> Response:
    """Pass a comment (`shown`), keep it (`withheld`), put it off (`pending`), or take passages out (`redacted`)."""

    def check(standing: dict[str, Any]) -> None:
        check_if_match(request, standing)

    return Json(comments.review(held.database, session, wave, comment, body, caller, check))
