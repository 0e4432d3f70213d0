"""`/roadmap`: the school year at a glance for who is signed in, as a page and on paper."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from app.auth import DIRECTORS
from app.services import roadmap
from app.web.roadmap import drawn
from app.web.sessions import OfficeRoute, SignedIn, Visit
from app.web.state import Held

router = APIRouter(prefix="/roadmap", include_in_schema=False, route_class=OfficeRoute)
Director = Annotated[Visit, Depends(SignedIn(DIRECTORS))]


@router.get("")
def show_roadmap(visit: Director, held: Held) -> Response:
    """Show goals with what is known of each, and what is done for them."""
    return _drawn(visit, held, "html")


@router.get("/paper.pdf")
def show_roadmap_paper(visit: Director, held: Held) -> Response:
    """Give the same on paper."""
    return _drawn(visit, held, "pdf")


def _drawn(visit: Visit, held: Held, form: Literal["html", "pdf"]) -> Response:
    first, last = roadmap.span(held.database, None, None)
    reply = drawn(roadmap.read(held.database, held.shelf, visit.caller, first, last), form)
    reply.headers["Cache-Control"] = "no-store"
    return reply
