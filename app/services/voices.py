"""What was said at Coffee and Conversation, beside a wave's constructs.

Decides which meetings belong to a wave and who reads it: readers of exact figures, of the groups that these are about.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import orjson
from sqlmodel import Session, col

from app.analysis.voices import Meeting, voices
from app.auth import Caller
from app.db import Database
from app.models.tables import Activity, Wave
from app.roadmap.recurrence import Occurrence
from app.services import activities, exact, releases, waves
from app.services.releases import Shelf

NEAR = timedelta(days=180)  # before a wave opens and after it closes


def read(database: Database, shelf: Shelf, caller: Caller, wave: str, number: int | None = None) -> dict[str, Any]:
    """Give the document. Raises what `exact.view` raises."""
    view = exact.view(database, shelf, caller, wave, number=number)
    body, _ = releases.read(database, shelf, caller, wave, number=view.release.number)
    summary = orjson.loads(body)
    with database.read() as session:
        row = waves.find(session, wave)
        minimums = {group: row.promise[group].get("minimum", 1) for group in view.groups}
        meetings = [_meeting(one.record) for one in _held(session, row)]
    told = voices(
        [one for one in meetings if one.attendance], minimums, row.schools, summary["constructs"], caller.schools
    )
    head = {name: summary[name] for name in ("wave", "title", "audience", "simulated", "release")}
    return {**head, **told}


def _held(session: Session, wave: Wave) -> Iterator[Occurrence]:
    """Meetings that were held for a wave: those that name it, and those near it that name none; in time order."""
    begins, ends = wave.opens_at - NEAR, (wave.closed_at or wave.closes_at) + NEAR
    meetings = activities.happening(session, None, None, col(Activity.kind) == "coffee_and_conversation")
    for _, one in sorted(meetings, key=lambda pair: (pair[1].starts_at, pair[0].key)):
        near = one.record["wave"] is None and begins <= one.starts_at <= ends
        if one.record["status"] == "held" and (near or one.record["wave"] == wave.key):
            yield one


def _meeting(record: Mapping[str, Any]) -> Meeting:
    counts = {(line["group"], line["school"]): line["people"] for line in record["attendance"] if line["people"]}
    return Meeting(counts, record["themes"], record["quotes"])
