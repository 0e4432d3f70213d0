"""`/v1/waves/{wave}/voices`: what was said at open meetings, beside the survey."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from app.auth import READERS, Caller
from app.models.voices import VoicesOut
from app.services import voices
from app.web.routes import Json, V1Route
from app.web.state import Held, Key, Needs

router = APIRouter(prefix="/v1/waves/{wave}/voices", route_class=V1Route, tags=["roadmap"])
ResultReader = Annotated[Caller, Depends(Needs(READERS))]


@router.get("", response_model=VoicesOut)
def read_voices(
    wave: Key, held: Held, caller: ResultReader,
    release: Annotated[int | None, Query(ge=1, description="A release's number; the newest when absent.")] = None,
) -> Response:  # fmt: skip
    """Read themes and quotes of Coffee and Conversation beside the wave's constructs; for readers of exact results."""
    return Json(voices.read(held.database, held.shelf, caller, wave, release))
