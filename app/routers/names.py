"""`/v1/waves/{wave}/names`: the names of people that are taken out of comments."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from app.auth import DIRECTORS, READERS, Caller
from app.models.names import NamesIn, NamesOut, names_document
from app.models.tables import NameList
from app.services import names
from app.web.routes import Json, V1Route, check_if_match
from app.web.state import Held, Key, Needs, Reader, Writer

router = APIRouter(prefix="/v1/waves/{wave}/names", route_class=V1Route, tags=["comments"])
Director = Annotated[Caller, Depends(Needs(DIRECTORS))]
ResultReader = Annotated[Caller, Depends(Needs(READERS))]


@router.put("", response_model=NamesOut, responses={201: {"model": NamesOut}})
def put_names(wave: Key, body: NamesIn, request: Request, held: Held, caller: Director, session: Writer) -> Response:
    """Say whose names are taken out of all comments of the wave, those that are stored included."""

    def check(standing: NameList | None) -> None:
        check_if_match(request, None if standing is None else names_document(standing, caller))

    row, made = names.put(held.database, session, wave, body, caller, check)
    return Json(names_document(row, caller), 201 if made else 200)


@router.get("", response_model=NamesOut)
def read_names(wave: Key, caller: ResultReader, session: Reader) -> Response:
    """Read how many names there are; the director reads the names, too."""
    return Json(names.get(session, wave, caller))
