"""The roadmap of a year: what was found, what is aimed at, what is done about it, and whether it helped.

Decides what stands together. The figures are those of goals and their progress; nothing else is computed.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Any

from sqlmodel import Session, col, select

from app.auth import Caller
from app.db import Database
from app.errors import Fault, InvalidRequest
from app.models.tables import Activity, Goal, School
from app.roadmap.recurrence import Occurrence
from app.services import activities, goals
from app.services.releases import Shelf

YEAR_BEGINS = 7  # July
LONGEST = 1100  # days
Happening = tuple[Activity, Occurrence]


def span(database: Database, begins: date | None, ends: date | None) -> tuple[date, date]:
    """Give the days of a roadmap: the school year that is now, where nothing else is asked for.

    Raises
    ------
    InvalidRequest : for days out of reach, when it ends before it begins, or after more than three years.
    """
    faults = [
        Fault(f"?{name}", "out_of_range", "The year is out of reach.")
        for name, day in (("from", begins), ("to", ends))
        if day is not None and not 1970 < day.year < 2200
    ]
    if faults:
        raise InvalidRequest("The roadmap has no such days.", faults=faults)
    begins = begins or _first_of_year(ends or today(database))
    ends = ends or begins.replace(year=begins.year + 1, day=1) - timedelta(days=1)
    if not 0 <= (ends - begins).days <= LONGEST:
        fault = Fault("?to", "out_of_range", f"It ends on the day it begins or later, within {LONGEST} days.")
        raise InvalidRequest("The roadmap has no such days.", faults=[fault])
    return begins, ends


def today(database: Database) -> date:
    with database.read() as session:
        return database.now(session).date()


def _first_of_year(day: date) -> date:
    return date(day.year if day.month >= YEAR_BEGINS else day.year - 1, YEAR_BEGINS, 1)


def read(database: Database, shelf: Shelf, caller: Caller, begins: date, ends: date) -> dict[str, Any]:
    """Give the roadmap as a document."""
    with database.read() as session:
        now = database.now(session)
        rows = session.exec(select(Goal).order_by(col(Goal.key))).all()
        happening = _happening(session, begins, ends)
        schools = {school.key: school.name for school in session.exec(select(School).order_by(col(School.key)))}
    count = partial(_counts, now=now)
    told = [
        _goal(database, shelf, caller, row)
        | {"activities": count([p for p in happening if row.key in p[1].record["goals"]])}
        for row in rows
        if row.document["status"] != "dropped" and _is_of(row, begins, ends)
    ]
    told.sort(key=lambda goal: (goal["due"], goal["key"]))
    texts = {goal["key"]: goal["finding"]["text"] for goal in told}
    of_kind: dict[str, list[Happening]] = defaultdict(list)
    for row, one in happening:
        of_kind[row.kind].append((row, one))
    return {
        "from": begins,
        "to": ends,
        "as_of": now.date(),
        "simulated": any(goal["simulated"] for goal in told),
        "schools": schools,
        "priorities": [
            {"priority": priority, "goals": [goal for goal in told if goal["priority"] == priority]}
            for priority in dict.fromkeys(goal["priority"] for goal in told)
        ],
        "activities": [{"kind": kind} | count(of) for kind, of in sorted(of_kind.items())],
        "observations": [
            {"school": school}
            | count([pair for pair in of_kind["observation"] if school in (pair[1].record["schools"] or schools)])
            for school in schools
        ],
        "professional_development": [
            _listed(row, one)
            | {"needs": [texts[goal] for goal in one.record["goals"] if goal in texts], "survey": one.record["survey"]}
            for row, one in of_kind["professional_development"]
        ],
        "calendar": _months(happening),
    }


def _is_of(row: Goal, begins: date, ends: date) -> bool:
    """Tell whether a goal belongs to these days: set by their end, and due when they begin or later."""
    return row.fixed_at.date() <= ends and date.fromisoformat(row.document["due"]) >= begins


def _goal(database: Database, shelf: Shelf, caller: Caller, row: Goal) -> dict[str, Any]:
    progress = goals.progress(database, shelf, caller, row.key)
    document, baseline = row.document, row.baseline
    return {
        "key": row.key,
        **{name: document[name] for name in ("title", "priority", "settings", "owner", "due", "status", "target")},
        "factors": [factor["title"] for factor in document["factors"]],
        "stakeholders": document["stakeholders"],
        "finding": {
            "wave": baseline["wave"],
            "title": baseline["title"],
            "release": baseline["release"],
            "text": baseline["text"],
            "cells": baseline["cells"],
        },
        "simulated": progress["simulated"],
        "verdict": progress["verdict"],
        "reading": progress["reading"],
        "newest": progress["waves"][-1] if progress["waves"] else None,
    }


def _happening(session: Session, begins: date, ends: date) -> list[Happening]:
    """What takes place within the days, by the clock of each activity, in time order."""
    around = (datetime.combine(day, time(), UTC) for day in (begins - timedelta(days=1), ends + timedelta(days=2)))
    found = [pair for pair in activities.happening(session, *around) if begins <= pair[1].starts_at.date() <= ends]
    return sorted(found, key=lambda pair: (pair[1].starts_at, pair[0].key))


def _counts(happening: Sequence[Happening], now: datetime) -> dict[str, int]:
    """How many were held, are still planned, were canceled, and are past with nothing written down."""
    counts = Counter(
        "not_written_down" if one.record["status"] == "planned" and one.ends_at < now else one.record["status"]
        for _, one in happening
    )
    return {status: counts[status] for status in ("held", "planned", "canceled", "not_written_down")}


def _months(happening: Sequence[Happening]) -> list[dict[str, Any]]:
    months: dict[str, list[dict[str, Any]]] = {}
    for row, one in happening:
        months.setdefault(f"{one.starts_at:%Y-%m}", []).append(_listed(row, one))
    return [{"month": month, "items": items} for month, items in months.items()]


def _listed(row: Activity, one: Occurrence) -> dict[str, Any]:
    names = ("title", "kind", "status", "schools", "goals")
    times: dict[str, datetime] = {"starts_at": one.starts_at, "ends_at": one.ends_at}
    return {"activity": row.key, **{name: one.record[name] for name in names}, **times}
