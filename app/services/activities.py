"""Activities of the roadmap: put, read, removed; who is in two places at once, and who may see what.

Decides that a person's activities do not overlap unless that is forced, and that a private note is the director's
alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlmodel import Session, col, select

from app.auth import Caller
from app.db import Database
from app.errors import ActivitiesOverlap, Fault, InvalidRequest, KeyTaken, NotFound, pointer
from app.models.activities import ActivityIn
from app.models.tables import Activity, Goal, School, Wave
from app.roadmap.recurrence import Occurrence, RuleRefused, between, normalized, occurrences, starts
from app.services.audit import record
from app.services.goals import free_key
from app.services.paging import part

ONE_OF_A_KIND = ("director", "superintendent", "curriculum_director")
ONE_A_SCHOOL = ("principal",)
OVERLAPS = 20  # are named at most


# ------------------------------------------------------------------ putting
def put(
    database: Database, session: Session, caller: Caller, key: str | None, body: ActivityIn,
    check: Callable[[Activity | None], None], *, force: bool = False,
) -> tuple[dict[str, Any], bool]:  # fmt: skip
    """Create or replace an activity; True when it is new. `check` sees the standing one first (`If-Match`).

    Parameters
    ----------
    key : None makes one from the title.
    force : let a person be in two places at once.

    Raises
    ------
    InvalidRequest : for a rule that is not taken, and for schools, goals and waves that are not there.
    ActivitiesOverlap : when a person who attends is at another activity at the time.
    """
    if not database.is_sqlite:  # where two that overlap could be put at once; SQLite has one writer
        session.connection().execute(text("SELECT pg_advisory_xact_lock(hashtextextended('activities', 0))"))
    key = key or free_key(session, Activity, body.title)
    row = session.get(Activity, key)
    check(row)
    document = _document(body)
    _check_references(session, body)
    times = occurrences(document)
    if not force:
        _check_overlaps(session, key, document, times)
    now = datetime.now(UTC).replace(microsecond=0)
    first_at, last_at = min(one.starts_at for one in times), max(one.ends_at for one in times)
    made = row is None
    if row is None:
        row = Activity(key=key, kind=body.kind, status=body.status, first_at=first_at, last_at=last_at, changed_at=now,
                       document=document)  # fmt: skip
    elif row.document != document:
        row.kind, row.status, row.first_at, row.last_at = body.kind, body.status, first_at, last_at
        row.document, row.sequence, row.changed_at = document, row.sequence + 1, now
    session.add(row)
    record(session, caller, "activity.put", key)
    session.flush()
    return told(row, caller), made


def new_only(standing: Activity | None) -> None:
    """Raise KeyTaken if there is one already."""
    if standing is not None:
        raise KeyTaken(f"There is an activity `{standing.key}` already.")


def _document(body: ActivityIn) -> dict[str, Any]:
    """Give an activity as it is stored: times by the clock of its zone, its rule in one form. Raises InvalidRequest."""
    zone = ZoneInfo(body.time_zone)
    document = body.model_dump(mode="json", by_alias=True, exclude={"key"})
    document |= {name: getattr(body, name).astimezone(zone).isoformat() for name in ("starts_at", "ends_at")}
    if body.recurrence is None:
        return document
    faults: list[Fault] = []
    try:
        rule = normalized(body.recurrence.rule, zone)
        put_by_rule = {at.astimezone(UTC) for at in starts(rule, body.starts_at, zone)}
    except RuleRefused as error:
        raise InvalidRequest(faults=[Fault("/recurrence/rule", "rule_refused", str(error))]) from None
    named = [
        *((pointer("recurrence", "except", i), at) for i, at in enumerate(body.recurrence.left_out)),
        *((pointer("recurrence", "changes", i, "at"), change.at) for i, change in enumerate(body.recurrence.changes)),
    ]
    seen = set()
    for where, at in named:
        if at.astimezone(UTC) not in put_by_rule:
            faults.append(Fault(where, "no_occurrence", "The rule puts nothing at this time."))
        elif at in seen:
            faults.append(Fault(where, "repeated", "This occurrence is named twice."))
        seen.add(at)
    if len(body.recurrence.left_out) == len(put_by_rule):
        faults.append(Fault("/recurrence/except", "nothing_left", "No occurrence is left."))
    if faults:
        raise InvalidRequest("The recurrence has faults.", faults=faults)
    document["recurrence"]["rule"] = rule
    for change, given in zip(document["recurrence"]["changes"], body.recurrence.changes, strict=True):
        for name in change.keys() - given.model_fields_set:
            del change[name]  # what is not given does not differ
    return document


def _check_references(session: Session, body: ActivityIn) -> None:
    """Raise InvalidRequest for what an activity names and is not there."""
    schools, goals, waves = (set(session.exec(select(table.key))) for table in (School, Goal, Wave))
    named = [
        *((("schools", i), school, schools) for i, school in enumerate(body.schools)),
        *((("attendees", i, "school"), one.school, schools) for i, one in enumerate(body.attendees)),
        *((("attendance", i, "school"), line.school, schools) for i, line in enumerate(body.attendance)),
        *((("quotes", i, "school"), quote.school, schools) for i, quote in enumerate(body.quotes)),
        *((("goals", i), goal, goals) for i, goal in enumerate(body.goals)),
        (("wave",), body.wave, waves),
        (("survey",), body.survey, waves),
    ]
    faults = [
        Fault(pointer(*where), "unknown_key", "There is nothing with this key.")
        for where, key, known in named
        if key is not None and key not in known
    ]
    if faults:
        raise InvalidRequest("The activity names things that are not there.", faults=faults)


# ------------------------------------------------------------------ one person in two places
def people_of(document: Mapping[str, Any]) -> dict[str, str]:
    """Give who attends as single persons: identity -> how to say it.

    A person is whom an attendee names, or whoever has a role that one person has: in the district, or at a school.
    """
    found = {}
    for one in document["attendees"]:
        role = one["role"].strip().lower().replace(" ", "_")
        if one["person"] is not None:
            found[f"person:{' '.join(one['person'].lower().split())}"] = one["person"]
        elif role in ONE_OF_A_KIND:
            found[f"role:{role}"] = one["role"]
        elif role in ONE_A_SCHOOL and one["school"] is not None:
            found[f"role:{role}:{one['school']}"] = f"{one['role']} of {one['school']}"
    return found


def taken(
    session: Session, begins: datetime, ends: datetime, *, but: str = ""
) -> Iterator[tuple[Activity, Occurrence]]:
    """Give what takes place within a span of time, canceled occurrences left out."""
    touching = (col(Activity.first_at) < ends, col(Activity.last_at) > begins)
    query = select(Activity).where(*touching, Activity.key != but).order_by(col(Activity.key))
    for row in session.exec(query):
        yield from ((row, one) for one in between(occurrences(row.document), begins, ends) if not one.canceled)


def _check_overlaps(session: Session, key: str, document: Mapping[str, Any], times: list[Occurrence]) -> None:
    """Raise ActivitiesOverlap when somebody who attends is elsewhere at one of these times."""
    mine = people_of(document)
    going = sorted((one for one in times if not one.canceled), key=lambda one: one.starts_at)
    if not mine or not going:
        return
    found: list[dict[str, Any]] = []
    for other, at in taken(session, going[0].starts_at, max(one.ends_at for one in going), but=key):
        both = mine.keys() & people_of(at.record)
        if both and any(one.starts_at < at.ends_at and at.starts_at < one.ends_at for one in going):
            where = {"activity": other.key, "title": other.document["title"]}
            found.append(where | {"starts_at": at.starts_at, "ends_at": at.ends_at, "who": sorted(map(mine.get, both))})  # type: ignore[type-var]
    if found:
        first = found[0]
        when = f"{first['starts_at']:%Y-%m-%d %H:%M} to {first['ends_at']:%H:%M}"
        what = f"`{first['activity']}` ({first['title']}), {when}"
        raise ActivitiesOverlap(
            f"{', '.join(first['who'])}: at {what}. Add ?force=true to put it nevertheless.", overlaps=found[:OVERLAPS]
        )


# ------------------------------------------------------------------ reading
def told(row: Activity, caller: Caller) -> dict[str, Any]:
    """Give an activity as the caller may read it."""
    return {"key": row.key, **seen(row.document, caller)}


def seen(document: Mapping[str, Any], caller: Caller) -> dict[str, Any]:
    """Give what a caller may see: who does not direct sees no private note, and of counts and words his schools'."""
    out = dict(document)
    if caller.directs:
        return out
    if "notes" in out:
        out["notes"] = [note for note in out["notes"] if not note["private"]]
    for name in {"attendance", "quotes"} & out.keys():
        out[name] = [one for one in out[name] if one["school"] is not None and caller.serves(school=one["school"])]
    if (recurrence := out.get("recurrence")) is not None:
        out["recurrence"] = recurrence | {"changes": [seen(change, caller) for change in recurrence["changes"]]}
    return out


def concerns(document: Mapping[str, Any], schools: frozenset[str] | None) -> bool:
    """Tell whether an activity is one of these schools; one without schools is one of all."""
    return schools is None or not document["schools"] or not schools.isdisjoint(document["schools"])


def find(session: Session, key: str, caller: Caller) -> Activity:
    """Raises NotFound for an activity that is not there, or of other schools than the caller's."""
    row = session.get(Activity, key)
    if row is None or not concerns(row.document, caller.schools):
        raise NotFound("There is no activity with this key.")
    return row


def survey_of(session: Session, key: str, caller: Caller) -> str:
    """Give the wave in which those who took part were asked. Raises NotFound."""
    wave: str | None = find(session, key, caller).document["survey"]
    if wave is None:
        raise NotFound("The activity has no survey of its own.")
    return wave


def listed(
    session: Session, caller: Caller, limit: int, after: str | None, *, school: str | None, kind: str | None,
    status: str | None, goal: str | None,
) -> tuple[list[dict[str, Any]], str | None]:  # fmt: skip
    """List the activities that a caller may see, by key. Raises NotFound for a school that is not the caller's."""
    rows, following = part(list(_chosen(session, caller, school, kind, goal, status)), limit, after)
    return [told(row, caller) for row in rows], following


def calendar(
    session: Session, caller: Caller, limit: int, after: str | None, *, begins: datetime | None,
    ends: datetime | None, school: str | None, kind: str | None,
) -> tuple[list[dict[str, Any]], str | None]:  # fmt: skip
    """List what takes place within a span of time, one entry an occurrence, in time order."""
    found = [
        (one, row.key)
        for row in _chosen(session, caller, school, kind, None, None)
        for one in between(occurrences(row.document), begins, ends)
    ]
    found.sort(key=lambda pair: (pair[0].starts_at, pair[0].ends_at, pair[1]))
    shown, following = part(found, limit, after)
    return [_entry(one, key, caller) for one, key in shown], following


def _entry(one: Occurrence, key: str, caller: Caller) -> dict[str, Any]:
    record = seen(one.record, caller)
    for name in ("recurrence", "starts_at", "ends_at"):
        record.pop(name, None)
    return {"activity": key, "at": one.at, **record, "starts_at": one.starts_at, "ends_at": one.ends_at}


def _chosen(
    session: Session, caller: Caller, school: str | None, kind: str | None, goal: str | None, status: str | None
) -> Iterator[Activity]:
    if not caller.serves(school=school):
        raise NotFound("There is no school with this key.")
    query = select(Activity).order_by(col(Activity.key))
    if kind is not None:
        query = query.where(col(Activity.kind) == kind)
    if status is not None:
        query = query.where(Activity.status == status)
    asked = None if school is None else frozenset((school,))
    for row in session.exec(query):
        mine = concerns(row.document, caller.schools) and concerns(row.document, asked)
        if mine and (goal is None or goal in row.document["goals"]):
            yield row


def remove(session: Session, key: str, by: Caller) -> None:
    """Raises NotFound."""
    session.delete(find(session, key, by))
    record(session, by, "activity.delete", key)
