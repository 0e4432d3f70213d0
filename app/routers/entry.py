"""`/enter`: paper questionnaires typed in by somebody who is signed in, with the keyboard alone.

Decides which screen answers which press of a button. Every questionnaire has an id that its page was made with, so one
that is sent twice is stored once.
"""

from __future__ import annotations

import re
import uuid
from contextlib import nullcontext
from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from app.auth import SENDERS
from app.errors import (
    AccessCodeInvalid,
    NotFound,
    RateLimited,
    ResponseConflict,
    ResponseWithdrawn,
    StoreUnavailable,
    WaveClosed,
    WaveNotOpen,
)
from app.services import entry, responses
from app.survey import forms
from app.survey.forms import Filled
from app.web.entry import Last, Typing, typing
from app.web.sessions import OfficeRoute, SignedIn, Visit, page
from app.web.state import Held, peer_of, state_of

router = APIRouter(include_in_schema=False, route_class=OfficeRoute)
Typist = Annotated[Visit, Depends(SignedIn(SENDERS))]
_RANDOM_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")

SENT_BEFORE = (
    "This form was sent before with other answers, and those are stored. Send it again to store these answers as a "
    "questionnaire of their own, or clear the form."
)
CLOSED = "The survey is not open any more. This questionnaire was not stored."
NO_CODE = "This code is unknown for this survey and school, or it was used before. Compare it with the slip."
SLOW_DOWN = "Too many wrong codes were typed in. Wait a minute, then send again."
NOT_STORED = "The questionnaire could not be stored just now. Send it again in a moment."
GONE = "The last questionnaire was taken back. Its answers are in the form again: correct them, or clear the form."
GONE_CODE = " Its access code stays spent, so it needs a new one."


@router.get("/enter")
def choose_survey(request: Request, visit: Typist, held: Held) -> Response:
    """Show the surveys that answers can be typed into."""
    found = entry.surveys(held.database, visit.caller)
    return page(request, visit, "entry_choose.html", title="Paper entry", waves=found)


@router.get("/enter/{wave}/{group}")
@router.get("/enter/{wave}/{group}/{school}")
async def open_entry(request: Request, visit: Typist, wave: str, group: str, school: str | None = None) -> Response:
    """Show an empty form."""
    at = await _typing(request, visit, wave, group, school)
    _check_open(at)
    return at.form()


@router.post("/enter/{wave}/{group}")
@router.post("/enter/{wave}/{group}/{school}")
async def type_in(request: Request, visit: Typist, wave: str, group: str, school: str | None = None) -> Response:
    """Store a questionnaire and show a fresh form, or do what another button asks for."""
    at = await _typing(request, visit, wave, group, school)
    match visit.own("_go"):
        case "send":
            return await _send(at)
        case "take-back":
            return await _take_back(at)
    _check_open(at)
    if visit.own("_go") == "clear":
        return at.form()
    return at.form(fields=visit.fields, identity=_identity(visit))  # another language, or Enter without a script


async def _typing(request: Request, visit: Visit, wave: str, group: str, school: str | None) -> Typing:
    face = await run_in_threadpool(entry.face, state_of(request).desk, visit.caller, wave, group, school)
    return typing(request, visit, face)


def _check_open(at: Typing) -> None:
    if at.face.status != "open":
        raise WaveNotOpen("Answers can be typed in while the survey is open.")


def _identity(visit: Visit) -> str:
    given = visit.own("_id")
    return given if _RANDOM_UUID.fullmatch(given) else str(uuid.uuid4())


async def _send(at: Typing) -> Response:
    """Store what was typed in; whatever is wrong, it stays in the form."""
    visit, face = at.visit, at.face
    filled, identity = forms.read(at.instrument, visit.fields), _identity(visit)
    faults, own_faults, surplus = forms.faults(face.mine.codebook, filled), _missing(at), _surplus(at, filled)

    def again(status: int, **more: Any) -> Response:
        return at.form(**{"fields": visit.fields, "identity": identity, "status": status, **more})

    if faults or own_faults or not set(surplus) <= set(visit.fields.get("_left_out", ())):
        return again(422, faults=faults, own_faults=own_faults, surplus=surplus)
    body = {
        "id": identity,
        "group": face.group,
        "school": at.school,
        "locale": at.locale,
        "answers": dict(filled.answers),
        **({"access_code": visit.own("_code")} if face.by_code else {}),
    }
    held = state_of(at.request)
    watched = held.gate.guesses(visit.caller.id, peer_of(at.request), face.sheet.wave)
    try:
        with watched if face.by_code else nullcontext():
            receipt, _ = await responses.submit(held.desk, face.sheet, visit.caller, body, None)
    except AccessCodeInvalid as problem:
        return again(problem.status, own_faults={"_code": NO_CODE})
    except RateLimited as problem:
        return again(problem.status, trouble=SLOW_DOWN, headers=problem.headers)
    except (ResponseConflict, ResponseWithdrawn) as problem:
        return again(problem.status, trouble=SENT_BEFORE, identity=None)
    except WaveNotOpen as problem:
        return again(problem.status, trouble=CLOSED)
    except StoreUnavailable as problem:
        return again(problem.status, trouble=NOT_STORED, headers=problem.headers)
    kept = {item.key: list(visit.fields[item.key]) for item in at.instrument.items if item.key in visit.fields}
    last = Last(receipt["id"], receipt["withdrawal_code"], kept)
    return replace(at, count=at.count + 1, last=last).form(said="Stored.")


def _missing(at: Typing) -> dict[str, str]:
    """Say what the form needs beside its answers."""
    found = {}
    if at.face.by_code and not 0 < len(at.visit.own("_code")) <= responses.CODE_LENGTH:
        found["_code"] = "Type in the code from the slip."
    if at.school is None and (at.needs_school or at.visit.own("_school")):
        found["_school"] = "Choose the school that the paper is from."
    return found


def _surplus(at: Typing, filled: Filled) -> tuple[str, ...]:
    """List the items that were answered on the paper though its own answers say that they are not asked."""
    given = at.visit.fields
    return tuple(
        item.key
        for item in at.instrument.items
        if item.key not in filled.shown and item.from_form(given.get(item.key, ())) is not None
    )


async def _take_back(at: Typing) -> Response:
    """Take the last questionnaire back while the wave is open, and give its answers for correction."""
    last, held = at.last, state_of(at.request)

    def work(taken: Last) -> None:
        with held.database.write() as session:
            responses.withdraw(held.desk, session, at.face.sheet.wave, taken.id, taken.code)

    if last is None:
        return at.form()
    try:
        await run_in_threadpool(work, last)
    except NotFound:
        return replace(at, last=None).form(
            trouble="The last questionnaire was not found; nothing was taken back.", status=404
        )
    except WaveClosed as problem:
        return at.form(trouble="The survey has closed; nothing can be taken back any more.", status=problem.status)
    before = replace(at, count=max(at.count - 1, 0), last=None)
    return before.form(fields=last.fields, said=GONE + (GONE_CODE if at.face.by_code else ""))
