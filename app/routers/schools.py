"""`/v1/schools`."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from app.auth import DIRECTORS, EVERYONE, Caller
from app.models.schools import SchoolIn, SchoolList, SchoolOut, school_document
from app.models.tables import School
from app.services import schools
from app.web.openapi import LOCATED
from app.web.routes import Json, V1Route, check_if_match
from app.web.state import After, Key, Limit, Needs, Reader, Writer, listing

router = APIRouter(prefix="/v1/schools", route_class=V1Route, tags=["schools"])
Director = Annotated[Caller, Depends(Needs(DIRECTORS))]
Anyone = Annotated[Caller, Depends(Needs(EVERYONE))]


@router.put("/{school}", response_model=SchoolOut, responses={201: {"model": SchoolOut, **LOCATED}})
def put_school(school: Key, body: SchoolIn, request: Request, caller: Director, session: Writer) -> Response:
    """Create a school (201) or replace it (200)."""

    def check(standing: School | None) -> None:
        check_if_match(request, None if standing is None else school_document(standing))

    row, made = schools.put(session, school, body, caller, check)
    return Json(
        school_document(row), 201 if made else 200, headers={"Location": f"/v1/schools/{school}"} if made else None
    )


@router.get("", response_model=SchoolList)
def list_schools(caller: Anyone, session: Reader, limit: Limit = 100, after: After = None) -> Response:
    """List the schools that the key may know."""
    rows, following = schools.listed(session, caller, limit, after)
    return Json(listing([school_document(row) for row in rows], following))


@router.get("/{school}", response_model=SchoolOut)
def read_school(school: Key, caller: Anyone, session: Reader) -> Response:
    """Read a school."""
    return Json(school_document(schools.get(session, school, caller)))
