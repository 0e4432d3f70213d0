"""`/s/{wave}/{group}[/{school}]`: survey pages for the people who answer, with and without JavaScript.

Decides which screen answers which press of a button. What was entered so far travels in the form itself: nothing is
stored, on either side, until the answers are sent. Pages ignore parameters and fields that they do not know.
"""

from __future__ import annotations

import re
import uuid
from typing import Any

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from app.errors import (
    AccessCodeInvalid,
    BodyTooLarge,
    NotFound,
    Problem,
    RateLimited,
    ResponseConflict,
    ResponseWithdrawn,
    StoreUnavailable,
    WaveClosed,
    WaveNotOpen,
)
from app.services import access, pages, responses
from app.services.pages import Face
from app.survey import forms
from app.web.bodies import read_form, read_json
from app.web.page_route import PageRoute
from app.web.pages import POLICY, file
from app.web.screens import Screens, language, notice
from app.web.state import peer_of, state_of

_RANDOM_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[45][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


class SurveyRoute(PageRoute):
    """An address of a survey page."""

    def say(self, request: Request, problem: Problem) -> Response:
        known: dict[type[Problem], str] = {NotFound: "unknown", BodyTooLarge: "too_big"}
        return notice(request, known.get(type(problem), "broken"), problem.status, headers=problem.headers)


router = APIRouter(include_in_schema=False)
people = APIRouter(include_in_schema=False, route_class=SurveyRoute)


@router.get("/static/{name}")
async def static(name: str, request: Request) -> Response:
    """Give a script, a style or a picture of the pages."""
    try:
        return file(request, name)
    except KeyError:
        raise NotFound("There is no such file.") from None


@router.get("/s/worker.js")
async def worker(request: Request) -> Response:
    """Give the service worker, from where it may serve the survey pages and nothing else."""
    return file(request, "worker.js", {"Content-Security-Policy": POLICY})


# ------------------------------------------------------------------ the first screen
@people.get("/s/{wave}/{group}")
@people.get("/s/{wave}/{group}/{school}")
async def open_page(request: Request, wave: str, group: str, school: str | None = None) -> Response:
    """Show what it is about, what is promised, and where to start."""
    face = await _face(request, wave, group, school)
    if face.status != "open":
        return notice(request, face.status, 410 if face.status == "closed" else 409, face)
    instrument = face.mine.codebook.instrument
    return Screens(request, face, language(request, instrument.languages, instrument.default_locale)).start()


async def _face(request: Request, wave: str, group: str, school: str | None) -> Face:
    desk = state_of(request).desk
    return await run_in_threadpool(pages.face, desk, wave, group, school, request.query_params.get("k", ""))


# ------------------------------------------------------------------ a button was pressed
@people.post("/s/{wave}/{group}")
@people.post("/s/{wave}/{group}/{school}")
async def press(request: Request, wave: str, group: str, school: str | None = None) -> Response:
    """Lead on from screen to screen, or take in a response that the script sends as JSON."""
    if request.headers.get("content-type", "").startswith("application/json"):
        return await _take(request, wave, group, school)
    face = await _face(request, wave, group, school)
    fields = await read_form(request)
    screens = _screens(request, face, fields)
    go = screens.own("_go")
    if go == "withdraw":
        return await _withdraw(screens)
    if face.status != "open" and go != "send":
        return screens.notice(face.status, 410 if face.status == "closed" else 409)
    at = forms.place(face.mine.codebook, screens.own("_at"))
    if at == "start" and go == "next" and (missing := _missing(screens, begin=True)):
        return screens.start(wrong=missing, status=422)
    move = forms.move(face.mine.codebook, fields, at, go)
    if move.send:
        return await _send(screens, move)
    if move.at == "start":
        return screens.start()
    return screens.review(move.filled) if move.at == "review" else screens.step(move)


def _screens(request: Request, face: Face, fields: dict[str, list[str]]) -> Screens:
    instrument = face.mine.codebook.instrument
    go, locale, identity = (fields.get(name, [""])[0] for name in ("_go", "_locale", "_id"))
    wanted = go.removeprefix("lang:") if go.startswith("lang:") else locale
    if wanted not in instrument.languages:
        wanted = language(request, instrument.languages, instrument.default_locale)
    return Screens(request, face, wanted, fields, identity if _RANDOM_UUID.fullmatch(identity) else str(uuid.uuid4()))


def _missing(screens: Screens, *, begin: bool) -> tuple[str, ...]:
    """What the first screen still needs; at the beginning also a word from those who may do without a school."""
    face, found = screens.face, []
    asked = face.mine.needs_school or (begin and bool(face.schools) and screens.own("_school") != "none")
    if asked and screens.school is None:
        found.append("need_school")
    if screens.face.by_code and not screens.own("_code").strip():
        found.append("need_code")
    return tuple(found)


async def _send(screens: Screens, move: forms.Move) -> Response:
    """Hand the answers in; whatever goes wrong, they stay on the page."""
    if missing := _missing(screens, begin=False):
        return screens.start(wrong=missing, status=422)
    face, filled = screens.face, move.filled
    body = {
        "id": screens.identity,
        "school": screens.school,
        "locale": screens.locale,
        "answers": dict(filled.answers),
        **({"access_code": screens.own("_code").strip()[: responses.CODE_LENGTH]} if face.by_code else {}),
    }
    try:
        return screens.thanks(await _hand_in(screens.request, face, body))
    except AccessCodeInvalid as problem:
        return screens.review(filled, code_fault="bad_code", status=problem.status)
    except (ResponseConflict, ResponseWithdrawn) as problem:
        return screens.notice("conflict", problem.status)
    except WaveNotOpen as problem:
        what = "scheduled" if face.status == "scheduled" else "closed"
        return screens.notice(what, 410 if what == "closed" else problem.status)
    except RateLimited as problem:
        return screens.review(filled, trouble="slow_down", status=problem.status, headers=problem.headers)
    except StoreUnavailable as problem:
        return screens.review(filled, trouble="not_stored", status=problem.status, headers=problem.headers)


async def _hand_in(request: Request, face: Face, body: dict[str, Any]) -> dict[str, Any]:
    held = state_of(request)
    with access.allow(held.gate, peer_of(request), face.sheet):
        return await pages.submit(held.desk, face, body)


async def _withdraw(screens: Screens) -> Response:
    """Take a response back, with the two numbers of its thank-you page."""
    held, face = state_of(screens.request), screens.face
    identity = screens.own("_response").strip().lower()

    def work() -> None:
        held.gate.allow(peer_of(screens.request))
        with held.database.write() as session:
            responses.withdraw(held.desk, session, face.sheet.wave, identity, screens.own("_withdrawal_code"))

    if not _RANDOM_UUID.fullmatch(identity):
        return screens.start(withdraw_fault=True, status=404)
    try:
        await run_in_threadpool(work)
    except NotFound:
        return screens.start(withdraw_fault=True, status=404)
    except WaveClosed:
        return screens.notice("closed", 410)
    return screens.withdrawn()


# ------------------------------------------------------------------ the script
async def _take(request: Request, wave: str, group: str, school: str | None) -> Response:
    """Take in one response as JSON; the answer is a receipt or a problem, as from `/v1`."""
    face = await _face(request, wave, group, school)
    body = await read_json(request)
    receipt = await _hand_in(request, face, body if isinstance(body, dict) else {})
    return Response(orjson.dumps(receipt), 200, {"Cache-Control": "no-store"}, "application/json")


@people.get("/s")
@people.get("/s/{rest:path}")
async def nowhere(request: Request, rest: str = "") -> Response:
    """Say that there is nothing at an address that no survey has."""
    raise NotFound


router.include_router(people)
