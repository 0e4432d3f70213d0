"""`/waves/{wave}/comments`: what people wrote, read and reviewed one by one.

Decides how a review is pressed. Who reads which comment, and what a redaction may be, `services/comments.py` decides.
"""

from __future__ import annotations

from typing import Any, get_args
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import ValidationError
from sqlmodel import Session

from app.errors import InvalidRequest, NotFound, PreconditionFailed, faults_from
from app.models.comments import ReviewIn, Status
from app.render.shown import place
from app.render.shown import title as named
from app.services import comments, overview
from app.services.overview import Standing
from app.web.rooms import Anyone, Director, Results, WaveRoute, show
from app.web.routes import etag_of
from app.web.routes import render as to_json
from app.web.sessions import Visit, redirect
from app.web.state import Held, Key, Reader, State

router = APIRouter(prefix="/waves/{wave}/comments", include_in_schema=False, route_class=WaveRoute)

AT_ONCE = 25
FILTERS = ("status", "group", "school", "item")
STATUSES = {"pending": "To read", "shown": "Passed", "redacted": "Redacted", "withheld": "Withheld"}
DECIDED = {
    "shown": "Passed",
    "withheld": "Withheld",
    "pending": "Put back to be read",
    "redacted": "Passed without the words that were taken out",
}


@router.get("")
def show_comments(request: Request, visit: Anyone, wave: Results, held: Held, session: Reader) -> Response:
    """Show a page of comments; of a director's those that wait to be read, unless others are asked for."""
    asked = {name: request.query_params.get(name) or None for name in FILTERS}
    if asked["status"] is None and visit.caller.directs:
        asked["status"] = "pending"
    if asked["status"] == "all":
        asked["status"] = None
    within = _scope(session, wave, visit, asked)
    found, following = comments.listed(session, within, AT_ONCE, request.query_params.get("after"))
    everything = _scope(session, wave, visit, {**asked, "status": None})
    words = overview.open_questions(held.database, wave.key)
    groups = [group for group in wave.exact if any(group == asked_of for asked_of, _ in words)]
    return show(
        request, visit, wave, "comments.html", title="Comments", here="/comments",
        comments=[_shown(comment, wave, words) for comment in found],
        counts=comments.counted(session, everything), statuses=STATUSES, asked=asked,
        query=_query(asked), following=following and _query({**asked, "after": following}),
        groups=[(group, named(group)) for group in groups],
        items=list({item: text for (group, item), text in words.items() if group in groups}.items()),
        last=_last(request, session, wave, visit, words), decided=DECIDED,
    )  # fmt: skip


@router.get("/{comment}")
def show_comment(
    comment: Key, request: Request, visit: Director, wave: Results, held: Held, session: Reader
) -> Response:
    """Show one comment, to take words out of it."""
    return _edit(request, visit, wave, held, comments.get(session, _scope(session, wave, visit, {}), comment))


@router.post("/{comment}")
def review_comment_now(comment: Key, request: Request, visit: Director, wave: Results, held: Held) -> Response:
    """Pass, withhold or put back a comment, or take words out of it; then go on with the next."""
    status = visit.own("status")
    text = visit.own("text").replace("\r\n", "\n") if status == "redacted" else None
    try:
        body = ReviewIn.model_validate({"status": status, "text": text})
    except ValidationError as error:
        raise InvalidRequest("The form has faults.", faults=faults_from(error.errors())) from None
    standing: dict[str, Any] = {}

    def check(found: dict[str, Any]) -> None:
        standing.update(found)
        if text is not None and visit.own("seen") != _mark(found):
            raise PreconditionFailed

    try:
        with held.database.write() as session:
            comments.review(held.database, session, wave.key, comment, body, visit.caller, check)
    except PreconditionFailed as problem:
        fault = "Somebody has changed this comment in the meantime. This is how it stands now."
        return _edit(request, visit, wave, held, standing, fault=fault, status=problem.status)
    except InvalidRequest as problem:
        fault = "Only take words out, and put […] in their place. All other words stay as they are."
        return _edit(request, visit, wave, held, standing, draft=text, fault=fault, status=problem.status)
    words = overview.open_questions(held.database, wave.key)
    query = urlencode({"last": comment, **_kept(request, visit, wave, words)})
    return redirect(request, f"/waves/{wave.key}/comments?{query}")


# ------------------------------------------------------------------ what stands on them
def _scope(session: Session, wave: Standing, visit: Visit, asked: dict[str, str | None]) -> comments.Scope:
    """Decide what is read. Raises NotFound for a filter that names nothing."""
    known: dict[str, Any] = {name: asked.get(name) for name in FILTERS}
    if known["status"] not in (None, *get_args(Status)):
        raise NotFound("There are no such comments.")
    try:
        return comments.scope(session, wave.key, visit.caller, **known)
    except InvalidRequest:
        raise NotFound("There are no such comments.") from None


def _kept(request: Request, visit: Visit, wave: Standing, words: dict[tuple[str, str], str]) -> dict[str, str]:
    """Give the filters that somebody came with: they are there again when the comment is decided on."""
    came = {name: visit.own(f"f_{name}") or request.query_params.get(name, "") for name in FILTERS}
    known = {
        "status": {*STATUSES, "all"},
        "group": set(wave.exact),
        "school": set(wave.schools),
        "item": {item for _, item in words},
    }
    return {name: value for name, value in came.items() if value in known[name]}


def _query(asked: dict[str, str | None]) -> str:
    return urlencode({name: value for name, value in asked.items() if value})


def _shown(comment: dict[str, Any], wave: Standing, words: dict[tuple[str, str], str]) -> dict[str, Any]:
    """Put words for keys beside a comment."""
    return {
        **comment,
        "title": named(comment["group"]),
        "place": place(comment, wave.schools),
        "question": words.get((comment["group"], comment["item"]), comment["item"]),
        "says": STATUSES[comment["status"]],
    }


def _last(
    request: Request, session: Session, wave: Standing, visit: Visit, words: dict[tuple[str, str], str]
) -> dict[str, Any] | None:
    """Find the comment that was decided on just now, to say so."""
    identity = request.query_params.get("last", "")
    if not visit.caller.directs or not identity.isalnum():
        return None
    try:
        return _shown(comments.get(session, _scope(session, wave, visit, {}), identity), wave, words)
    except NotFound:
        return None


def _mark(comment: dict[str, Any]) -> str:
    """Mark a comment as it stands, as the API's `ETag` does."""
    return etag_of(to_json(comment))


def _edit(
    request: Request, visit: Visit, wave: Standing, held: State, comment: dict[str, Any], *,
    draft: str | None = None, fault: str | None = None, status: int = 200,
) -> Response:  # fmt: skip
    words = overview.open_questions(held.database, wave.key)
    return show(
        request, visit, wave, "comment.html", status, title="Take words out", here="/comments",
        comment=_shown(comment, wave, words), seen=_mark(comment), fault=fault,
        draft=comment["text"] if draft is None else draft, kept=_kept(request, visit, wave, words),
    )  # fmt: skip
