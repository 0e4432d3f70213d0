"""What has happened to waves, for those who follow it.

Decides who may know of what, and where a reader goes on. In which order things are noted, `outbox.py` decides.
"""

from __future__ import annotations

from itertools import islice
from typing import Any

from sqlmodel import Session, col, select

from app.auth import Caller
from app.db import Database
from app.errors import Fault, InvalidRequest
from app.models.tables import ChangeEvent, Wave
from app.services.outbox import note_opening
from app.survey.promise import shows_any

START = "0"
"""The place before the first event."""


def listed(session: Session, caller: Caller, limit: int, after: str | None) -> tuple[list[dict[str, Any]], str]:
    """Give the events after a place that the caller may know, oldest first, and the place to go on from.

    The place is always one to go on from: that of the last event given, or the one asked for when there is none.

    Raises
    ------
    InvalidRequest : for a place that was never given.
    """
    query = (
        select(ChangeEvent, col(Wave.promise))
        .join(Wave, col(Wave.key) == ChangeEvent.wave)
        .where(col(ChangeEvent.number) > _number(session, after))
        .order_by(col(ChangeEvent.number))
        .execution_options(yield_per=500)
    )
    if caller.waves is not None:
        query = query.where(col(ChangeEvent.wave).in_(sorted(caller.waves)))
    with session.exec(query) as found:
        known = (event for event, promise in found if _may_know(event, promise, caller))
        items = [_document(event) for event in islice(known, limit)]
    return items, items[-1]["id"] if items else after or START


def _number(session: Session, after: str | None) -> int:
    if after is None or after == START:
        return 0
    found = select(ChangeEvent.number).where(ChangeEvent.id == after)
    number = session.exec(found).first() if after.isalnum() else None  # PostgreSQL takes no U+0000
    if number is None:
        fault = Fault("?after", "invalid_cursor", "This is no place that the changes have given as `next`.")
        raise InvalidRequest(faults=[fault])
    return number


def _may_know(event: ChangeEvent, promise: dict[str, Any], caller: Caller) -> bool:
    """A release is known to those whom it has something for."""
    served = (filled for group, filled in promise.items() if caller.serves(group=group))
    return not event.release or (caller.reads_as is not None and shows_any(served, caller.reads_as))


def _document(event: ChangeEvent) -> dict[str, Any]:
    return {
        "id": event.id,
        "kind": event.kind,
        "wave": event.wave,
        "release": event.release or None,
        "at": event.at,
    }


def open_due(database: Database) -> int:
    """Note the opening of every wave whose time has come, and tell how many there were."""
    with database.read() as session:
        noted = select(ChangeEvent.wave).filter_by(kind="opened")
        due = session.exec(
            select(Wave.key).where(col(Wave.opens_at) <= database.now(session), col(Wave.key).not_in(noted))
        ).all()
    for key in due:
        with database.write() as session:
            database.lock_wave(session.connection(), key)
            row = session.get(Wave, key)
            if row is not None:  # it may have been removed meanwhile, or put off
                note_opening(database, session, row)
    return len(due)
