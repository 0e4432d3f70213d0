"""`/enter`: paper questionnaires typed in by somebody who is signed in."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from app.auth import SENDERS
from app.web.sessions import OfficeRoute, SignedIn, Visit, page

router = APIRouter(include_in_schema=False, route_class=OfficeRoute)
Typist = Annotated[Visit, Depends(SignedIn(SENDERS))]


@router.api_route("/enter", methods=["GET", "HEAD"])
def choose_survey(request: Request, visit: Typist) -> Response:
    """Show the surveys that answers can be typed into."""
    return page(request, visit, "entry_choose.html", title="Paper entry")
