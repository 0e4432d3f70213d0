"""Activities of the roadmap: put, read, removed; who is in two places at once, and who may see what.

Decides that a person's activities do not overlap unless that is forced, and that a private note is the director's
alone.
"""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from app.auth import Caller
from app.db import Database
from app.errors import ActivitiesOverlap, Fault, InvalidRequest, KeyTaken, NotFound, pointer
from app.models.activities import ActivityIn
from app.models.tables import Activity, Goal, School, Wave
from app.roadmap.recurrence import Occurrence, RuleRefused, between, normalized, occurrences, starts
from app.services.audit import record
from app.services.paging import part
from app.services.slugs import free_key, hold

# Posts that one person has, in the district or at a school.
ONE_OF_A_KIND = (
    "director", "director_of_student_support_services", "superintendent", "curriculum_director",
    "director_of_curriculum",
)  # fmt: skip
ONE_A_SCHOOL = ("principal",)
OVERLAPS = 20  # are named at most


# ------------------------------------------------------------------ putting
@dataclass(frozen=True)
class Draft:
    """An activity that is sound by itself: as it will be stored, and when it takes place."""

    document: dict[str, Any]
    times: list[Occurrence]
    faults: tuple[Fault, ...] = ()


def draft(body: ActivityIn) -> Draft:
    """Read an activity, before anything is held: its times by the clock of its zone, its rule in one form."""
    zone = ZoneInfo(body.time_zone)
    document = body.model_dump(mode="json", by_alias=True, exclude={"key"})
    document |= {name: getattr(body, name).astimezone(zone).isoformat() for name in ("starts_at", "ends_at")}
    if body.recurrence is None:
        return Draft(document, occurrences(document))
    try:
        rule = normalized(body.recurrence.rule, zone)
        put_by_rule = {at.astimezone(UTC) for at in starts(rule, body.starts_at, zone)}
    except RuleRefused as error:
        return Draft(document, [], (Fault("/recurrence/rule", "rule_refused", str(error)),))
    faults: list[Fault] = []
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
    document["recurrence"]["rule"] = rule
    for change, given in zip(document["recurrence"]["changes"], body.recurrence.changes, strict=True):
        for name in change.keys() - given.model_fields_set:
            del change[name]  # what is not given does not differ
    return Draft(document, [] if faults else occurrences(document), tuple(faults))


def put(
    database: Database, session: Session, caller: Caller, key: str | None, body: ActivityIn, drafted: Draft,
    check: Callable[[Activity | None], None], *, force: bool = False,
) -> tuple[dict[str, Any], bool]:  # fmt: skip
    """Create or replace an activity; True when it is new. `check` sees the standing one first (`If-Match`).

    Parameters
    ----------
    key : None makes one from the title.
    drafted : what `draft` gave for the body.
    force : let a person be in two places at once.

    Raises
    ------
    InvalidRequest : for a rule that is not taken, and for schools, goals and waves that are not there.
    ActivitiesOverlap : when a person who attends is at another activity at the time.
    """
    hold(database, session)
    key = key or free_key(session, Activity, body.title)
    row = session.get(Activity, key)
    check(row)
    if faults := [*drafted.faults, *_unknown(session, body)]:
        raise InvalidRequest("The activity has faults.", faults=faults)
    if not force:
        _check_overlaps(session, key, drafted)
    document, now = drafted.document, database.now(session).replace(microsecond=0)
    first_at, last_at = min(one.starts_at for one in drafted.times), max(one.ends_at for one in drafted.times)
    made = row is None
    if row is None:
        row = Activity(
            key=key, uid=secrets.token_hex(12), kind=body.kind, status=body.status, first_at=first_at, last_at=last_at,
            changed_at=now, document=document,
        )  # fmt: skip
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


def _unknown(session: Session, body: ActivityIn) -> Iterator[Fault]:
    """Find what an activity names and is not there."""
    schools, goals, waves = (set(session.exec(select(table.key))) for table in (School, Goal, Wave))
    changes = [] if body.recurrence is None else body.recurrence.changes
    records = [((), body), *((("recurrence", "changes", i), change) for i, change in enumerate(changes))]
    named: list[tuple[tuple[str | int, ...], str | None, set[str]]] = [
        *((("schools", i), school, schools) for i, school in enumerate(body.schools)),
        *((("attendees", i, "school"), one.school, schools) for i, one in enumerate(body.attendees)),
        *((("goals", i), goal, goals) for i, goal in enumerate(body.goals)),
        (("wave",), body.wave, waves),
        (("survey",), body.survey, waves),
    ]
    for where, of in records:
        named += [((*where, "attendance", i, "school"), line.school, schools) for i, line in enumerate(of.attendance)]
        named += [((*where, "quotes", i, "school"), quote.school, schools) for i, quote in enumerate(of.quotes)]
    for place, key, known in named:
        if key is not None and key not in known:
            yield Fault(pointer(*place), "unknown_key", "There is nothing with this key.")


# ------------------------------------------------------------------ one person in two places
def people_of(document: Mapping[str, Any]) -> list[Person]:
    """Give who attends as single persons."""
    only = document["schools"][0] if len(document["schools"]) == 1 else None
    found = []
    for one in document["attendees"]:
        role, school = _plain(one["role"]).replace(" ", "_"), one["school"] or only
        alone = role in ONE_OF_A_KIND or (role in ONE_A_SCHOOL and school is not None)
        name = None if one["person"] is None else _plain(one["person"])
        if alone or name is not None:
            post = (role, None if role in ONE_OF_A_KIND else school) if alone else None
            said = one["person"] or (f"{one['role']} of {school}" if role in ONE_A_SCHOOL else one["role"])
            found.append(Person(name, post, said))
    return found


@dataclass(frozen=True)
class Person:
    """One person: by name, by a post that one person has, or both."""

    name: str | None
    post: tuple[str, str | None] | None
    said: str

    def is_same(self, other: Person) -> bool:
        """Tell whether two are one: the same name, or the same post where not both are named."""
        if self.name is not None and other.name is not None:
            return self.name == other.name
        return self.post is not None and self.post == other.post


def _plain(words: str) -> str:
    """Give words as they are compared, however they are spelled."""
    return " ".join(re.split(r"[\s_-]+", unicodedata.normalize("NFKC", words).casefold().strip()))


def taken(
    session: Session, begins: datetime, ends: datetime, *, but: str = ""
) -> Iterator[tuple[Activity, Occurrence]]:
    """Give what takes place within a span of time, canceled occurrences left out."""
    return ((row, one) for row, one in happening(session, begins, ends) if row.key != but and not one.canceled)


def happening(
    session: Session, begins: datetime | None = None, ends: datetime | None = None, *more: Any
) -> Iterator[tuple[Activity, Occurrence]]:
    """Give the occurrences that touch a span of time, by the keys of their activities; `more`: other conditions."""
    query = select(Activity).where(*more).order_by(col(Activity.key))
    if begins is not None:
        query = query.where(col(Activity.last_at) > begins)
    if ends is not None:
        query = query.where(col(Activity.first_at) < ends)
    for row in session.exec(query):
        yield from ((row, one) for one in between(occurrences(row.document), begins, ends))


def _check_overlaps(session: Session, key: str, drafted: Draft) -> None:
    """Raise ActivitiesOverlap when somebody who attends is elsewhere at one of these times."""
    mine = people_of(drafted.document)
    going = sorted((one for one in drafted.times if not one.canceled), key=lambda one: one.starts_at)
    if not mine or not going:
        return
    found: list[dict[str, Any]] = []
    for other, at in taken(session, going[0].starts_at, max(one.ends_at for one in going), but=key):
        theirs = people_of(at.record)
        both = sorted({one.said for one in mine if any(one.is_same(person) for person in theirs)})
        if both and any(one.starts_at < at.ends_at and at.starts_at < one.ends_at for one in going):
            where = {"activity": other.key, "title": at.record["title"], "who": both}
            found.append(where | {"starts_at": at.starts_at, "ends_at": at.ends_at})
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
    """Give what a caller may see: who does not direct sees no private note, and not who came and what was said.

    What was said is told by `voices`, as closely as the survey's promise allows.
    """
    out = dict(document)
    if caller.directs:
        return out
    if "notes" in out:
        out["notes"] = [note for note in out["notes"] if not note["private"]]
    for name in {"attendance", "themes", "quotes"} & out.keys():
        out[name] = []
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
    if not caller.serves(school=school):
        raise NotFound("There is no school with this key.")
    query = select(Activity).order_by(col(Activity.key))
    if kind is not None:
        query = query.where(col(Activity.kind) == kind)
    if status is not None:
        query = query.where(Activity.status == status)
    asked = None if school is None else frozenset((school,))
    rows = [
        row
        for row in session.exec(query)
        if concerns(row.document, caller.schools)
        and concerns(row.document, asked)
        and (goal is None or goal in row.document["goals"])
    ]
    shown, following = part(rows, limit, after)
    return [told(row, caller) for row in shown], following


def calendar(
    session: Session, caller: Caller, limit: int, after: str | None, *, begins: datetime | None,
    ends: datetime | None, school: str | None, kind: str | None,
) -> tuple[list[dict[str, Any]], str | None]:  # fmt: skip
    """List what takes place within a span of time, one entry an occurrence, in time order."""
    if not caller.serves(school=school):
        raise NotFound("There is no school with this key.")
    asked = None if school is None else frozenset((school,))
    found = [
        (one, row.key)
        for row, one in happening(session, begins, ends, *([] if kind is None else [col(Activity.kind) == kind]))
        if concerns(row.document, caller.schools) and concerns(row.document, asked)
    ]
    found.sort(key=lambda pair: (pair[0].starts_at, pair[0].ends_at, pair[1]))
    shown, following = part(found, limit, after)
    return [_entry(one, key, caller) for one, key in shown], following


def _entry(one: Occurrence, key: str, caller: Caller) -> dict[str, Any]:
    record = seen(one.record, caller)
    for name in ("recurrence", "starts_at", "ends_at"):
        record.pop(name, None)
    return {"activity": key, "at": one.at, **record, "starts_at": one.starts_at, "ends_at": one.ends_at}


def remove(database: Database, session: Session, key: str, by: Caller) -> None:
    """Raises NotFound."""
    hold(database, session)
    session.delete(find(session, key, by))
    record(session, by, "activity.delete", key)
