"""`/v1/goals`: from a finding to a target, and whether it was met."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from app.auth import DIRECTORS, Caller
from app.errors import AudienceNotServed, GoalMeasured, KeyTaken, NotFound, ReleaseLeaks, ResultsNotReleased
from app.models.goals import GoalIn, GoalList, GoalOut, NewGoal, ProgressOut, ProposalIn, ProposalOut
from app.models.tables import Goal
from app.services import goals
from app.web.openapi import LOCATED, fails
from app.web.routes import Json, V1Route, check_if_match
from app.web.state import After, Held, Key, Limit, Needs, Reader, Writer, listing

router = APIRouter(prefix="/v1/goals", route_class=V1Route, tags=["roadmap"])
_READS = (AudienceNotServed, NotFound, ReleaseLeaks, ResultsNotReleased)  # what the release of a finding may answer
Director = Annotated[Caller, Depends(Needs(DIRECTORS))]


@router.post("", status_code=201, response_model=GoalOut, responses=fails(KeyTaken, *_READS, also={201: LOCATED}))
def make_goal(body: NewGoal, held: Held, caller: Director) -> Response:
    """Set a goal; without a key it gets one that is made from its title."""
    made, _ = goals.put(held.database, held.shelf, caller, body.key, body, lambda _: None, new=True)
    return Json(made, 201, headers={"Location": f"/v1/goals/{made['key']}"})


@router.post("/proposal", response_model=ProposalOut, responses=fails(*_READS))
def propose_target(body: ProposalIn, held: Held, caller: Director) -> Response:
    """Read the figure that a goal would begin with, and the smallest changes that this population could show."""
    return Json(goals.propose(held.database, held.shelf, caller, body.finding))


@router.get("", response_model=GoalList)
def list_goals(caller: Director, session: Reader, limit: Limit = 100, after: After = None) -> Response:
    """List the goals."""
    return Json(listing(*goals.listed(session, limit, after)))


@router.put(
    "/{goal}", response_model=GoalOut, responses=fails(GoalMeasured, *_READS, also={201: {"model": GoalOut, **LOCATED}})
)
def put_goal(goal: Key, body: GoalIn, request: Request, held: Held, caller: Director) -> Response:
    """Set a goal (201) or change it (200); its finding and target stay once a later wave has closed."""

    def check(standing: Goal | None) -> None:
        check_if_match(request, None if standing is None else goals.told(standing))

    document, made = goals.put(held.database, held.shelf, caller, goal, body, check)
    return Json(document, 201 if made else 200, headers={"Location": f"/v1/goals/{goal}"} if made else None)


@router.get("/{goal}", response_model=GoalOut)
def read_goal(goal: Key, caller: Director, session: Reader) -> Response:
    """Read a goal with the figure that it began with."""
    return Json(goals.told(goals.find(session, goal)))


@router.delete("/{goal}", status_code=204)
def remove_goal(goal: Key, held: Held, caller: Director, session: Writer) -> Response:
    """Remove a goal."""
    goals.remove(held.database, session, goal, caller)
    return Response(status_code=204)


@router.get("/{goal}/progress", response_model=ProgressOut)
def read_progress(goal: Key, held: Held, caller: Director) -> Response:
    """Say whether a goal was met, by what later releases show."""
    return Json(goals.progress(held.database, held.shelf, caller, goal))
