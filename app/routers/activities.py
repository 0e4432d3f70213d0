"""`/v1/activities` and `/v1/calendar`: meetings, visits and days of learning, and when they take place."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import AwareDatetime

from app.auth import DIRECTORS, Caller, Role
from app.errors import ActivitiesOverlap, AudienceNotServed, KeyTaken, NotFound, ReleaseLeaks, ResultsNotReleased
from app.models.activities import ActivityIn, ActivityList, ActivityOut, Kind, NewActivity, OccurrencesOut, Status
from app.models.results import SummaryOut
from app.models.tables import Activity
from app.services import activities, releases
from app.survey.base import Slug
from app.web.files import JSON
from app.web.openapi import LOCATED, fails
from app.web.routes import Json, V1Route, check_if_match
from app.web.state import After, Held, Key, Limit, Needs, Reader, Writer, listing

VIEWERS: tuple[Role, ...] = ("principal", *DIRECTORS)
router = APIRouter(prefix="/v1", route_class=V1Route, tags=["roadmap"])
Director = Annotated[Caller, Depends(Needs(DIRECTORS))]
Viewer = Annotated[Caller, Depends(Needs(VIEWERS))]
Force = Annotated[bool, Query(description="Put it though somebody is elsewhere at the time.")]
School = Annotated[Slug | None, Query(description="Of this school, and of all schools.")]


@router.post(
    "/activities",
    status_code=201,
    response_model=ActivityOut,
    responses=fails(ActivitiesOverlap, KeyTaken, also={201: LOCATED}),
)
def make_activity(body: NewActivity, held: Held, caller: Director, force: Force = False) -> Response:
    """Plan an activity; without a key it gets one that is made from its title."""
    drafted = activities.draft(body)
    with held.database.write() as session:
        made, _ = activities.put(
            held.database, session, caller, body.key, body, drafted, activities.new_only, force=force
        )
    return Json(made, 201, headers={"Location": f"/v1/activities/{made['key']}"})


@router.get("/activities", response_model=ActivityList, responses=fails(NotFound))
def list_activities(
    caller: Viewer, session: Reader, school: School = None,
    kind: Annotated[Kind | None, Query()] = None, status: Annotated[Status | None, Query()] = None,
    goal: Annotated[Slug | None, Query()] = None, limit: Limit = 100, after: After = None,
) -> Response:  # fmt: skip
    """List activities; a principal's are those of its schools, without private notes."""
    found = activities.listed(session, caller, limit, after, school=school, kind=kind, status=status, goal=goal)
    return Json(listing(*found))


@router.put(
    "/activities/{activity}",
    response_model=ActivityOut,
    responses=fails(ActivitiesOverlap, also={201: {"model": ActivityOut, **LOCATED}}),
)
def put_activity(
    activity: Key, body: ActivityIn, request: Request, held: Held, caller: Director, force: Force = False,
) -> Response:  # fmt: skip
    """Plan an activity (201) or change it (200)."""

    def check(standing: Activity | None) -> None:
        check_if_match(request, None if standing is None else activities.told(standing, caller))

    drafted = activities.draft(body)  # before the write lock is taken
    with held.database.write() as session:
        document, made = activities.put(held.database, session, caller, activity, body, drafted, check, force=force)
    return Json(document, 201 if made else 200, headers={"Location": f"/v1/activities/{activity}"} if made else None)


@router.get("/activities/{activity}", response_model=ActivityOut)
def read_activity(activity: Key, caller: Viewer, session: Reader) -> Response:
    """Read an activity."""
    return Json(activities.told(activities.find(session, activity, caller), caller))


@router.get(
    "/activities/{activity}/summary",
    response_model=SummaryOut,
    responses=fails(AudienceNotServed, ReleaseLeaks, ResultsNotReleased),
)
def read_activity_summary(activity: Key, held: Held, caller: Viewer) -> Response:
    """Read what those who took part said in the activity's own survey, under the rules of every summary."""
    with held.database.read() as session:
        wave = activities.survey_of(session, activity, caller)
    body, etag = releases.read(held.database, held.shelf, caller, wave)
    return Response(body, headers={"ETag": etag}, media_type=JSON)


@router.delete("/activities/{activity}", status_code=204)
def remove_activity(activity: Key, held: Held, caller: Director, session: Writer) -> Response:
    """Remove an activity. One that is called off is better canceled: calendars then take it out."""
    activities.remove(held.database, session, activity, caller)
    return Response(status_code=204)


@router.get("/calendar", response_model=OccurrencesOut, responses=fails(NotFound))
def read_calendar(
    caller: Viewer, session: Reader, school: School = None, kind: Annotated[Kind | None, Query()] = None,
    begins: Annotated[AwareDatetime | None, Query(alias="from")] = None,
    ends: Annotated[AwareDatetime | None, Query(alias="to")] = None,
    limit: Limit = 100, after: After = None,
) -> Response:  # fmt: skip
    """List what takes place within a span of time, an entry for each occurrence, in time order."""
    found = activities.calendar(session, caller, limit, after, begins=begins, ends=ends, school=school, kind=kind)
    return Json(listing(*found))
