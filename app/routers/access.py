"""`/v1/waves/{wave}/access-codes` and `/links`: how people get to their survey.

A code is in one reply and nowhere else; what is listed afterwards are counts.
"""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request, Response

from app.auth import DIRECTORS, Caller
from app.errors import CodesExceedRoster, Fault, InvalidRequest, WaveClosed
from app.models.access import SLIPS, CodesIn, CodesMade, CodesOut, LinkList
from app.render import codes as slips
from app.render.file import File
from app.services import access
from app.services.paging import part
from app.survey.base import Slug
from app.survey.instrument import Group
from app.web.files import JSON, choose, send
from app.web.openapi import fails
from app.web.routes import Json, V1Route
from app.web.routes import render as to_json
from app.web.state import After, Held, Key, Limit, Needs, Reader, Writer, base_of, listing

router = APIRouter(prefix="/v1/waves/{wave}", route_class=V1Route, tags=["access"])
Director = Annotated[Caller, Depends(Needs(DIRECTORS))]
Form = Literal["json", "csv", "pdf"]
MEDIA = {"json": "application/json", "csv": "text/csv", "pdf": "application/pdf"}


@router.post(
    "/access-codes",
    status_code=201,
    response_model=CodesMade,
    responses=fails(CodesExceedRoster, WaveClosed, also={201: {"content": {"text/csv": {}, "application/pdf": {}}}}),
)
def make_codes(
    wave: Key, body: CodesIn, request: Request, held: Held, caller: Director,
    format: Annotated[Form | None, Query(description="Or say it by `Accept`.")] = None,
) -> Response:  # fmt: skip
    """Make one-use codes for a group and school, never more than its roster has people. They are shown this once."""
    form = choose(request, format, MEDIA)
    if form == "pdf" and body.count > SLIPS:
        fault = Fault("/count", "too_many", f"At most {SLIPS} slips are drawn at a time.", (SLIPS,))
        raise InvalidRequest("The sheet would be too long.", faults=[fault])
    made = access.draft(held.database, wave, body)
    where = access.address(base_of(request), wave, made.group, made.school)
    if form == "pdf":
        content = slips.sheet(made.title, made.school_name or made.group.replace("_", " "), where, made.codes)
    elif form == "csv":
        content = slips.table(wave, made.group, made.school, where, made.codes)
    else:
        told = {"wave": wave, "group": made.group, "school": made.school, "address": where, "codes": made.codes}
        content = to_json(told)
    access.store(held.database, held.desk.secret, body, made, caller)  # drawn before: nobody waits for it under a lock
    if form == "json":
        return Response(content, 201, headers={"Cache-Control": "no-store"}, media_type=JSON)
    name = "-".join(filter(None, ("codes", wave, made.group, made.school)))
    return send(File(content, MEDIA[form], f"{name}.{form}"), 201, Cache_Control="no-store")


@router.get("/access-codes", response_model=CodesOut)
def count_codes(wave: Key, caller: Director, session: Reader) -> Response:
    """Say how many codes each group and school was given, and how many were spent; never a code."""
    return Json({"wave": wave, "cells": access.counts(session, wave)})


@router.delete("/access-codes", status_code=204)
def void_codes(
    wave: Key, group: Annotated[Group, Query()], held: Held, caller: Director, session: Writer,
    school: Annotated[Slug | None, Query(description="Absent for people who are tied to no school.")] = None,
) -> Response:  # fmt: skip
    """Make all unspent codes of a group and school worthless, as when a sheet was lost; new ones can be made."""
    access.void(held.database, session, wave, group, school, caller)
    return Response(status_code=204)


@router.get("/links", response_model=LinkList)
def list_links(
    wave: Key, request: Request, held: Held, caller: Director, session: Reader, limit: Limit = 100, after: After = None
) -> Response:
    """List the addresses of the survey pages, by group and school; signed where no code is asked for."""
    found = access.links(session, held.desk.secret, wave, base_of(request))
    return Json(listing(*part(found, limit, after)))
