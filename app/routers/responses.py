"""`/v1/waves/{wave}/responses`: the door for answers. A 201 leaves only after the response is durable."""

from __future__ import annotations

import re
from contextlib import nullcontext
from typing import Annotated, Any, Literal

import orjson
from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from app.auth import ADMINS, SENDERS, Caller
from app.errors import (
    AccessCodeInvalid,
    AnswersInvalid,
    Fault,
    Forbidden,
    InvalidRequest,
    NotFound,
    ResponseConflict,
    ResponseWithdrawn,
    WaveClosed,
    WaveNotOpen,
    WaveOpen,
    WeightsImpossible,
)
from app.models.responses import BulkOut, Receipt, ResponseIn, ResponseOut, Withdrawal
from app.services import extracts, responses
from app.services.sheets import Sheet
from app.survey.base import SLUG_PATTERN
from app.web.bodies import BULK_LIMIT, read_body, read_json
from app.web.files import choose
from app.web.openapi import LOCATED, fails, header, takes
from app.web.routes import Json, V1Route
from app.web.state import Held, Key, Needs, State, Writer, peer_of, state_of

router = APIRouter(prefix="/v1/waves/{wave}/responses", route_class=V1Route, tags=["responses"])
Sender = Annotated[Caller, Depends(Needs(SENDERS))]
Admin = Annotated[Caller, Depends(Needs(ADMINS))]


_UNWATCHED = nullcontext()  # nobody guesses codes where there are none


_LINES = {"requestBody": {"required": True, "content": {"application/x-ndjson": {}}}}
# The busiest operation reads its path by hand; a key that no wave can have is simply not found.
_BY_HAND: list[dict[str, Any]] = [
    {"name": "wave", "in": "path", "required": True, "schema": {"type": "string", "pattern": SLUG_PATTERN}},
    {"name": "Idempotency-Key", "in": "header", "required": False, "schema": {"type": "string", "format": "uuid"},
     "description": "The `id`, for clients that keep it out of the body."},
]  # fmt: skip


async def _sheet(held: State, wave: str, caller: Caller) -> Sheet:
    if not caller.serves(wave=wave):
        raise Forbidden("This key does not serve that wave.")
    known = held.desk.sheets.recall(wave)
    if known is None and not re.fullmatch(SLUG_PATTERN, wave):
        raise NotFound("There is no wave with this key.")
    return known if known is not None else await run_in_threadpool(held.desk.sheets.read, wave)


@router.post(
    "",
    status_code=201,
    response_model=Receipt,
    responses=fails(
        AccessCodeInvalid,
        AnswersInvalid,
        ResponseConflict,
        ResponseWithdrawn,
        WaveNotOpen,
        also={
            200: {
                "model": Receipt,
                "description": "A replay: it was stored before.",
                "headers": header("Location", required=True) | header("Idempotency-Replayed", required=True),
            },
            201: LOCATED,
        },
    ),
    openapi_extra={**takes(ResponseIn), "parameters": _BY_HAND},
)
async def submit_response(request: Request, caller: Sender) -> Response:
    """Store one response, once. Send it again with the same id whenever the reply did not arrive."""
    held, wave = state_of(request), request.path_params["wave"]
    sheet = await _sheet(held, wave, caller)
    body = await read_json(request)
    watched = held.gate.guesses(caller.id, peer_of(request), wave) if sheet.takes_codes else _UNWATCHED
    key = request.headers.get("idempotency-key")
    with watched:
        receipt, replayed = await responses.submit(held.desk, sheet, caller, body, key)
    headers = {"Location": f"/v1/waves/{wave}/responses/{receipt['id']}"}
    if replayed:
        headers["Idempotency-Replayed"] = "true"
    return Response(orjson.dumps(receipt), 200 if replayed else 201, headers, "application/json")


@router.post("/bulk", response_model=BulkOut, openapi_extra=_LINES)
async def submit_bulk(wave: Key, request: Request, caller: Sender) -> Response:
    """Store up to 10,000 responses, one a line, each with its id; every line gets a verdict."""
    if caller.publishable:
        raise Forbidden("A publishable key sends responses one by one.")
    held = state_of(request)
    sheet = await _sheet(held, wave, caller)
    body = await read_body(request, BULK_LIMIT, "application/x-ndjson")
    with held.gate.guesses(caller.id, peer_of(request), wave) as count:
        verdicts = await responses.submit_bulk(held.desk, sheet, caller, body, request.url.path)
        count(responses.wrong_codes(verdicts))
    return Response(orjson.dumps(verdicts), 200, media_type="application/json")


@router.delete(
    "/{response_id}",
    status_code=204,
    responses=fails(WaveClosed),
    openapi_extra={
        **takes(Withdrawal, required=False),
        "parameters": [{"name": "Withdrawal-Code", "in": "header", "required": False, "schema": {"type": "string"}}],
    },
)
async def withdraw_response(wave: Key, response_id: str, request: Request, caller: Sender) -> Response:
    """Take a response back while the wave is open, with the code from its receipt, in the body or a header."""
    held = state_of(request)
    await _sheet(held, wave, caller)
    code = await _withdrawal_code(request)

    def work() -> None:
        with held.database.write() as session:
            responses.withdraw(held.desk, session, wave, response_id.replace("\x00", ""), code)

    await run_in_threadpool(work)
    return Response(status_code=204)


async def _withdrawal_code(request: Request) -> str:
    header = request.headers.get("withdrawal-code")
    if header is not None:
        return header
    body = await read_json(request)
    code = body.get("withdrawal_code") if isinstance(body, dict) else None
    if not isinstance(code, str) or body.keys() != {"withdrawal_code"}:
        raise InvalidRequest(
            faults=[
                Fault(
                    "/withdrawal_code",
                    "required",
                    "Send `withdrawal_code`, and nothing else, or the header `Withdrawal-Code`.",
                )
            ]
        )
    return code


@router.get(
    "",
    response_class=StreamingResponse,
    responses=fails(
        WaveOpen,
        WeightsImpossible,
        also={200: {"content": {media_type: {} for media_type in extracts.FORMATS.values()}}},
    ),
)
def export_responses(
    wave: Key, held: Held, request: Request, caller: Admin,
    format: Annotated[
        Literal["ndjson", "csv", "parquet", "sav"] | None, Query(description="Or say it by `Accept`.")
    ] = None,
    group: Annotated[str | None, Query(max_length=64, description="Responses of this group alone.")] = None,
    school: Annotated[str | None, Query(max_length=64, description="Responses of this school alone.")] = None,
    weights: Annotated[
        Literal["raked"] | None,
        Query(description="Add `weight`: over all lines it adds up to the roster, by school and by group."),
    ] = None,
) -> Response:  # fmt: skip
    """Give every response of a wave, one a line or row. Always audited; passing it on breaks the promise."""
    form = choose(request, format, extracts.FORMATS, otherwise="ndjson")  # as it was before there were others
    raked = weights is not None
    extract = extracts.take(held.database, wave, caller, form, group=group, school=school, raked=raked)
    headers = {"Breaks-Promise": extract.told, "Content-Disposition": f'attachment; filename="{extract.name}"'}
    return StreamingResponse(extracts.content(extract), headers=headers, media_type=extracts.FORMATS[form])


@router.get("/{response_id}", response_model=ResponseOut)
def read_response(wave: Key, response_id: str, caller: Admin, session: Writer) -> Response:
    """Read one response through the codebook. Always audited."""
    if "\x00" in response_id:
        raise NotFound("There is no response with this id.")
    return Json(responses.get(session, wave, response_id, caller))
