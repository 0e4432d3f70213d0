"""Observations: plans of visits to all schools, proposals that are edited and accepted, and what took place.

Decides that a proposal avoids what the observer does already, and that accepting one makes all of its activities or
none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlmodel import Session, col, select

from app.auth import Caller
from app.db import Database
from app.errors import Fault, InvalidRequest, NotFound, PlanAccepted, pointer
from app.models.activities import ActivityIn
from app.models.observations import PlanIn, VisitsIn
from app.models.tables import Activity, ObservationPlan, School
from app.roadmap import outside
from app.roadmap.visits import Plan, Span, Visit, propose
from app.services import activities
from app.services.audit import record
from app.services.paging import page
from app.services.slugs import hold


# ------------------------------------------------------------------ plans
def put(
    database: Database, key: str, body: PlanIn, by: Caller, check: Callable[[ObservationPlan | None], None]
) -> tuple[dict[str, Any], bool]:
    """Create or replace a plan, which proposes anew; True when it is new.

    Raises
    ------
    InvalidRequest : for unknown schools.
    PlanAccepted : once its visits have become activities.
    """
    holidays, busy, faults = _outside(body)
    with database.read() as session:
        known = set(session.exec(select(School.key)))
        plan = _plan(session, body, holidays, busy)
    named: list[tuple[tuple[str | int, ...], str | None]] = [
        *((("schools", i), school) for i, school in enumerate(body.schools)),
        (("observer", "school"), body.observer.school),
    ]
    faults += [
        Fault(pointer(*where), "unknown_school", "There is no such school.")
        for where, school in named
        if school is not None and school not in known
    ]
    if faults:
        raise InvalidRequest("The plan has faults.", faults=faults)
    visits = [_visit(one) for one in propose(plan)]  # before anything is held
    with database.write() as session:
        hold(database, session)
        row = session.get(ObservationPlan, key)
        check(row)
        made = row is None
        if row is None:
            row = ObservationPlan(key=key, document={}, visits=[])
        _check_open(row)
        row.document, row.visits, row.edited = body.model_dump(mode="json"), visits, False
        session.add(row)
        record(session, by, "plan.put", key)
        session.flush()
        return told(row), made


def find(session: Session, key: str) -> ObservationPlan:
    """Raises NotFound."""
    row = session.get(ObservationPlan, key)
    if row is None:
        raise NotFound("There is no plan with this key.")
    return row


def told(row: ObservationPlan) -> dict[str, Any]:
    """Give a plan with its visits, as proposed or as edited."""
    counts = Counter(one["school"] for one in row.visits)
    asked = row.document["visits"]
    return {
        "key": row.key,
        "plan": row.document,
        "visits": row.visits,
        "edited": row.edited,
        "accepted_at": row.accepted_at,
        "short": [
            {"school": school, "visits": counts[school], "asked": asked}
            for school in row.document["schools"]
            if counts[school] < asked
        ],
    }


def listed(session: Session, limit: int, after: str | None) -> tuple[list[dict[str, Any]], str | None]:
    rows, following = page(session, ObservationPlan, limit, after)
    return [{"key": row.key, "plan": row.document, "accepted_at": row.accepted_at} for row in rows], following


def remove(database: Database, session: Session, key: str, by: Caller) -> None:
    """Remove a plan; activities that came of it stay. Raises NotFound."""
    hold(database, session)
    session.delete(find(session, key))
    record(session, by, "plan.delete", key)


def _outside(asked: PlanIn) -> tuple[set[date], list[Span], list[Fault]]:
    """Read the calendars of others: holidays, busy times, and what is wrong with them."""
    holidays, busy, faults = set(asked.holidays), [(one.starts_at, one.ends_at) for one in asked.busy], []
    for index, text in enumerate(asked.calendars):
        try:
            days, spans = outside.read(text, *_span(asked), asked.zone)
        except outside.Unreadable as error:
            faults.append(Fault(pointer("calendars", index), "unreadable", f"This cannot be read: {error}."))
        else:
            holidays |= days
            busy += spans
    return holidays, busy, faults


def _plan(session: Session, asked: PlanIn, holidays: set[date], busy: list[Span]) -> Plan:
    """Give what is asked for, with what the observer does already as busy times."""
    begins, ends = _span(asked)
    observer = activities.people_of({"attendees": [asked.observer.model_dump()], "schools": []})
    elsewhere = (
        (at.starts_at, at.ends_at)
        for _, at in activities.taken(session, begins, ends)
        if any(one.is_same(other) for one in observer for other in activities.people_of(at.record))
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
        busy=[*busy, *elsewhere],
        holidays=frozenset(holidays),
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
def edit(
    database: Database, session: Session, key: str, body: VisitsIn, by: Caller,
    check: Callable[[ObservationPlan | None], None],
) -> dict[str, Any]:  # fmt: skip
    """Replace the proposed visits by others. Raises NotFound, PlanAccepted, InvalidRequest."""
    hold(database, session)
    row = find(session, key)
    check(row)
    _check_open(row)
    asked = PlanIn.model_validate(row.document)
    begins, ends = _span(asked)
    faults = []
    for index, visit in enumerate(body.visits):
        if visit.school not in asked.schools:
            text = "The plan does not visit this school."
            faults.append(Fault(pointer("visits", index, "school"), "unknown_school", text))
        if not begins <= visit.starts_at < visit.ends_at <= ends:
            text = "It lies outside the plan's days."
            faults.append(Fault(pointer("visits", index, "starts_at"), "out_of_range", text))
    if faults:
        raise InvalidRequest("The visits do not fit the plan.", faults=faults)
    zone = asked.zone
    edited = (Visit(one.starts_at.astimezone(zone), one.ends_at.astimezone(zone), one.school) for one in body.visits)
    row.visits, row.edited = [_visit(one) for one in sorted(edited)], True
    session.add(row)
    record(session, by, "plan.edit", key)
    session.flush()
    return told(row)


def accept(database: Database, session: Session, key: str, by: Caller, *, force: bool) -> list[dict[str, Any]]:
    """Make activities of the visits of a plan, all or none; what they are.

    Raises
    ------
    NotFound, PlanAccepted
    InvalidRequest : when there is no visit.
    ActivitiesOverlap : when the observer is elsewhere at one of the times.
    """
    hold(database, session)
    row = find(session, key)
    _check_open(row)
    asked = PlanIn.model_validate(row.document)
    if not row.visits:
        raise InvalidRequest("The plan has no visits: no day or time is left.")
    names = {school.key: school.name for school in session.exec(select(School))}
    made = []
    for visit in row.visits:
        body = ActivityIn(
            kind="observation",
            title=f"{asked.title}: {names.get(visit['school'], visit['school'])}"[:200],
            schools=[visit["school"]],
            starts_at=datetime.fromisoformat(visit["starts_at"]),
            ends_at=datetime.fromisoformat(visit["ends_at"]),
            time_zone=asked.time_zone,
            attendees=[asked.observer],
        )
        drafted = activities.draft(body)
        document, _ = activities.put(database, session, by, None, body, drafted, activities.new_only, force=force)
        made.append(document)
    row.accepted_at = database.now(session).replace(microsecond=0)
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
    for _, at in activities.happening(session, *_span(asked), col(Activity.kind) == "observation"):
        if at.canceled:
            continue
        into = held if at.record["status"] == "held" else planned
        for school in at.record["schools"] or asked.schools:  # none is all
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
