"""`/v1/waves/{wave}/imports`: files of responses that another tool collected. A dry run unless it says `apply`."""

from __future__ import annotations

from typing import Annotated, TypeVar

from fastapi import APIRouter, Depends, Request, Response
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool

from app.auth import DIRECTORS, Caller
from app.errors import InvalidRequest, MalformedJson, WaveNotOpen, faults_from
from app.models.base import Body
from app.models.imports import DraftIn, DraftOut, ImportIn, ImportOut
from app.services import imports
from app.survey.mapping import parse_mapping
from app.web.bodies import holds_nul, read_json
from app.web.openapi import fails, takes
from app.web.routes import Json, V1Route
from app.web.state import Key, Needs, state_of

router = APIRouter(prefix="/v1/waves/{wave}/imports", route_class=V1Route, tags=["imports"])
Director = Annotated[Caller, Depends(Needs(DIRECTORS))]

BODY_LIMIT = 8 * 2**20  # a file of 5 MiB in base64, and a mapping
M = TypeVar("M", bound=Body)


async def _read(request: Request, model: type[M]) -> M:
    data = await read_json(request, BODY_LIMIT)
    if holds_nul(data):
        raise MalformedJson("A text holds the character U+0000.")
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise InvalidRequest(faults=faults_from(error.errors(include_url=False, include_input=False))) from None


@router.post("", response_model=ImportOut, responses=fails(WaveNotOpen), openapi_extra=takes(ImportIn))
async def import_responses(wave: Key, request: Request, caller: Director) -> Response:
    """Examine a file, and with `apply` store it: all of its rows or none, unless it says `partial`."""
    body = await _read(request, ImportIn)
    desk = state_of(request).desk
    sheet = await run_in_threadpool(desk.sheets.read, wave)
    order = imports.Order(
        group=body.group, content=body.file, school=body.school, source=body.source, apply=body.apply,
        partial=body.partial, mapping=None if body.mapping is None else parse_mapping(body.mapping),
    )  # fmt: skip
    return Json(await imports.run(desk, sheet, caller, order))


@router.post("/draft", response_model=DraftOut, openapi_extra=takes(DraftIn))
async def draft_mapping(wave: Key, request: Request, caller: Director) -> Response:
    """Draft a mapping for a file, guesses included; a person reads it before it is used. Stores nothing."""
    body = await _read(request, DraftIn)
    desk = state_of(request).desk
    sheet = await run_in_threadpool(desk.sheets.read, wave)
    return Json(await run_in_threadpool(imports.drafted, desk.database, sheet, body.group, body.file))
