"""Observations: plans of visits to all schools, proposals that are edited and accepted, and what took place.

Decides that a proposal avoids what the observer does already, and that accepting one makes all of its activities or
none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any

from sqlmodel import Session, col, select

from app.auth import Caller
from app.db import Database
from app.errors import Fault, InvalidRequest, NotFound, PlanAccepted, pointer
from app.models.activities import ActivityIn
from app.models.observations import PlanIn, VisitsIn
from app.models.tables import Activity, ObservationPlan, School
from app.roadmap.visits import Plan, Visit, propose
from app.services import activities
from app.services.audit import record
from app.services.paging import page


# ------------------------------------------------------------------ plans
def put(
    session: Session, key: str, body: PlanIn, by: Caller, check: Callable[[ObservationPlan | None], None]
) -> tuple[dict[str, Any], bool]:
    """Create or replace a plan, which proposes anew; True when it is new.

    Raises
    ------
    InvalidRequest : for unknown schools.
    PlanAccepted : once its visits have become activities.
    """
    row = session.get(ObservationPlan, key)
    check(row)
    known = set(session.exec(select(School.key)))
    faults = [
        Fault(pointer("schools", index), "unknown_school", "There is no such school.")
        for index, school in enumerate(body.schools)
        if school not in known
    ]
    if faults:
        raise InvalidRequest("The plan names schools that are not there.", faults=faults)
    made = row is None
    if row is None:
        row = ObservationPlan(key=key, document={})
    _check_open(row)
    row.document, row.visits = body.model_dump(mode="json"), None
    session.add(row)
    record(session, by, "plan.put", key)
    session.flush()
    return told(session, row), made


def find(session: Session, key: str) -> ObservationPlan:
    """Raises NotFound."""
    row = session.get(ObservationPlan, key)
    if row is None:
        raise NotFound("There is no plan with this key.")
    return row


def told(session: Session, row: ObservationPlan) -> dict[str, Any]:
    """Give a plan with its visits: as they were edited, else as they are proposed now."""
    asked = PlanIn.model_validate(row.document)
    visits = row.visits
    if visits is None:
        visits = [_visit(one) for one in propose(_plan(session, asked))]
    counts = Counter(one["school"] for one in visits)
    return {
        "key": row.key,
        "plan": row.document,
        "visits": visits,
        "edited": row.visits is not None,
        "accepted_at": row.accepted_at,
        "short": [
            {"school": school, "visits": counts[school], "asked": asked.visits}
            for school in asked.schools
            if counts[school] < asked.visits
        ],
    }


def listed(session: Session, limit: int, after: str | None) -> tuple[list[dict[str, Any]], str | None]:
    rows, following = page(session, ObservationPlan, limit, after)
    return [{"key": row.key, "plan": row.document, "accepted_at": row.accepted_at} for row in rows], following


def remove(session: Session, key: str, by: Caller) -> None:
    """Remove a plan; activities that came of it stay. Raises NotFound."""
    session.delete(find(session, key))
    record(session, by, "plan.delete", key)


def _plan(session: Session, asked: PlanIn) -> Plan:
    """Give what is asked for, with what the observer does already as busy times."""
    begins, ends = _span(asked)
    observer = activities.people_of({"attendees": [asked.observer.model_dump()]}).keys()
    elsewhere = (
        (at.starts_at, at.ends_at)
        for _, at in activities.taken(session, begins, ends)
        if observer & activities.people_of(at.record).keys()
    )
    return Plan(
        asked.begins, asked.ends, asked.zone, asked.schools,
        visits=asked.visits,
        minutes=asked.minutes,
        opens=asked.opens,
        closes=asked.closes,
        weekdays=frozenset(asked.weekdays),
        a_day=asked.a_day,
        apart=asked.apart,
        busy=[*((one.starts_at, one.ends_at) for one in asked.busy), *elsewhere],
        holidays=frozenset(asked.holidays),
        closed={school: frozenset(days) for school, days in asked.closed.items()},
    )  # fmt: skip


def _span(asked: PlanIn) -> tuple[datetime, datetime]:
    begins = datetime.combine(asked.begins, time(), asked.zone)
    return begins, datetime.combine(asked.ends + timedelta(days=1), time(), asked.zone)


def _visit(one: Visit) -> dict[str, Any]:
    return {"school": one.school, "starts_at": one.starts_at.isoformat(), "ends_at": one.ends_at.isoformat()}


def _check_open(row: ObservationPlan) -> None:
    if row.accepted_at is not None:
        raise PlanAccepted("Its visits are activities now: change these.")


# ------------------------------------------------------------------ editing and accepting
def edit(session: Session, key: str, body: VisitsIn, by: Caller) -> dict[str, Any]:
    """Replace the proposed visits by others. Raises NotFound, PlanAccepted, InvalidRequest."""
    row = find(session, key)
    _check_open(row)
    asked = PlanIn.model_validate(row.document)
    faults = [
        Fault(pointer("visits", index, "school"), "unknown_school", "The plan does not visit this school.")
        for index, visit in enumerate(body.visits)
        if visit.school not in asked.schools
    ]
    if faults:
        raise InvalidRequest("The visits do not fit the plan.", faults=faults)
    zone = asked.zone
    edited = (Visit(one.starts_at.astimezone(zone), one.ends_at.astimezone(zone), one.school) for one in body.visits)
    row.visits = [_visit(one) for one in sorted(edited)]
    session.add(row)
    record(session, by, "plan.edit", key)
    session.flush()
    return told(session, row)


def accept(database: Database, session: Session, key: str, by: Caller, *, force: bool) -> list[dict[str, Any]]:
    """Make activities of the visits of a plan, all or none; what they are.

    Raises
    ------
    NotFound, PlanAccepted
    InvalidRequest : when there is no visit.
    ActivitiesOverlap : when the observer is elsewhere at one of the times, as an edited plan may have it.
    """
    row = find(session, key)
    _check_open(row)
    asked = PlanIn.model_validate(row.document)
    visits = told(session, row)["visits"]
    if not visits:
        raise InvalidRequest("The plan has no visits: no day or time is left.")
    names = {school.key: school.name for school in session.exec(select(School))}
    made = []
    for visit in visits:
        body = ActivityIn(
            kind="observation",
            title=f"{asked.title}: {names[visit['school']]}"[:200],
            schools=[visit["school"]],
            starts_at=datetime.fromisoformat(visit["starts_at"]),
            ends_at=datetime.fromisoformat(visit["ends_at"]),
            time_zone=asked.time_zone,
            attendees=[asked.observer],
        )
        document, _ = activities.put(database, session, by, None, body, activities.new_only, force=force)
        made.append(document)
    row.visits, row.accepted_at = visits, datetime.now(UTC).replace(microsecond=0)
    session.add(row)
    record(session, by, "plan.accept", key)
    session.flush()
    return made


# ------------------------------------------------------------------ what took place
def coverage(session: Session, key: str) -> dict[str, Any]:
    """Count visits and hours by school against a plan: held, and planned still. Raises NotFound."""
    row = find(session, key)
    asked = PlanIn.model_validate(row.document)
    held: dict[str, list[float]] = {school: [] for school in asked.schools}
    planned: dict[str, list[float]] = {school: [] for school in asked.schools}
    observed = set(session.exec(select(Activity.key).where(col(Activity.kind) == "observation")))
    for activity, at in activities.taken(session, *_span(asked)):
        if activity.key not in observed:
            continue
        into = held if at.record["status"] == "held" else planned
        for school in at.record["schools"]:
            if school in into:
                into[school].append((at.ends_at - at.starts_at).total_seconds() / 3600)
    return {
        "plan": key,
        "begins": asked.begins,
        "ends": asked.ends,
        "schools": [_covered(school, asked, held, planned) for school in asked.schools],
    }


def _covered(
    school: str, asked: PlanIn, held: Mapping[str, Iterable[float]], planned: Mapping[str, Iterable[float]]
) -> dict[str, Any]:
    hours, to_come = list(held[school]), list(planned[school])
    return {
        "school": school,
        "asked": asked.visits,
        "held": len(hours),
        "hours_held": sum(hours),
        "planned": len(to_come),
        "hours_planned": sum(to_come),
        "missing": max(asked.visits - len(hours) - len(to_come), 0),
    }
