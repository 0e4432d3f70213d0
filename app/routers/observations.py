"""`/v1/observations`: plans of visits to all schools, and what took place of them."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from app.auth import DIRECTORS, Caller
from app.errors import ActivitiesOverlap, NotFound, PlanAccepted
from app.models.activities import ActivityList
from app.models.observations import CoverageOut, PlanIn, PlanList, PlanOut, VisitsIn
from app.models.tables import ObservationPlan
from app.services import observations
from app.survey.base import Slug
from app.web.openapi import LOCATED, fails
from app.web.routes import Json, V1Route, check_if_match
from app.web.state import After, Held, Key, Limit, Needs, Reader, Writer, listing

router = APIRouter(prefix="/v1/observations", route_class=V1Route, tags=["roadmap"])
Director = Annotated[Caller, Depends(Needs(DIRECTORS))]
Force = Annotated[bool, Query(description="Accept it though the observer is elsewhere at the time.")]


def _check(request: Request, standing: ObservationPlan | None) -> None:
    check_if_match(request, None if standing is None else observations.told(standing))


@router.put(
    "/plans/{plan}", response_model=PlanOut, responses=fails(PlanAccepted, also={201: {"model": PlanOut, **LOCATED}})
)
def put_plan(plan: Key, body: PlanIn, request: Request, held: Held, caller: Director) -> Response:
    """Ask for days and times at which every school is visited (201), or ask anew (200)."""
    check = partial(_check, request)
    document, made = observations.put(held.database, plan, body, caller, check)
    return Json(document, 201 if made else 200, {"Location": f"/v1/observations/plans/{plan}"} if made else None)


@router.get("/plans", response_model=PlanList)
def list_plans(caller: Director, session: Reader, limit: Limit = 100, after: After = None) -> Response:
    """List the plans."""
    return Json(listing(*observations.listed(session, limit, after)))


@router.get("/plans/{plan}", response_model=PlanOut)
def read_plan(plan: Key, caller: Director, session: Reader) -> Response:
    """Read a plan and its visits: proposed, or as they were edited."""
    return Json(observations.told(observations.find(session, plan)))


@router.delete("/plans/{plan}", status_code=204)
def remove_plan(plan: Key, held: Held, caller: Director, session: Writer) -> Response:
    """Remove a plan. Activities that came of it stay."""
    observations.remove(held.database, session, plan, caller)
    return Response(status_code=204)


@router.put("/plans/{plan}/visits", response_model=PlanOut, responses=fails(PlanAccepted))
def edit_plan(plan: Key, body: VisitsIn, request: Request, held: Held, caller: Director, session: Writer) -> Response:
    """Replace the proposed visits by others."""
    return Json(observations.edit(held.database, session, plan, body, caller, partial(_check, request)))


@router.post("/plans/{plan}/accept", response_model=ActivityList, responses=fails(ActivitiesOverlap, PlanAccepted))
def accept_plan(plan: Key, held: Held, caller: Director, session: Writer, force: Force = False) -> Response:
    """Make activities of all visits of a plan."""
    return Json(listing(observations.accept(held.database, session, plan, caller, force=force), None))


@router.get("/coverage", response_model=CoverageOut, responses=fails(NotFound))
def read_coverage(
    plan: Annotated[Slug, Query(description="The plan to count against.")], caller: Director, session: Reader
) -> Response:
    """Count visits and hours by school against a plan."""
    return Json(observations.coverage(session, plan))
