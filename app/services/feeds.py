"""Calendar feeds: secret addresses, made, listed, revoked, and what is read at them.

Decides that an address is shown once and that only a hash of its token is kept.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Any, cast

from sqlmodel import Session, col, select

from app.auth import Caller, fingerprint
from app.errors import Fault, InvalidRequest, NotFound, pointer
from app.models.activities import FeedIn
from app.models.tables import Activity, CalendarFeed, School
from app.render.calendar import Entry, ics
from app.render.file import File
from app.roadmap.recurrence import series
from app.services.activities import concerns
from app.services.audit import record
from app.services.paging import page


def create(session: Session, wanted: FeedIn, by: Caller) -> tuple[dict[str, Any], str]:
    """Make a feed; its token is given back here and never again. Raises InvalidRequest for an unknown school."""
    faults = [
        Fault(pointer("schools", index), "unknown_school", "There is no such school.")
        for index, school in enumerate(wanted.schools or [])
        if session.get(School, school) is None
    ]
    if faults:
        raise InvalidRequest(faults=faults)
    token = secrets.token_urlsafe(32)
    row = CalendarFeed(
        id="feed_" + secrets.token_hex(8),
        name=wanted.name,
        token_hash=fingerprint(token),
        schools=wanted.schools,
        kinds=cast("list[str] | None", wanted.kinds),
        created_at=datetime.now(UTC).replace(microsecond=0),
    )
    session.add(row)
    record(session, by, "feed.create", row.id)
    session.flush()
    return told(row), token


def told(row: CalendarFeed) -> dict[str, Any]:
    return row.model_dump(exclude={"token_hash"})


def listed(session: Session, limit: int, after: str | None) -> tuple[list[dict[str, Any]], str | None]:
    rows, following = page(session, CalendarFeed, limit, after, key="id")
    return [told(row) for row in rows], following


def revoke(session: Session, feed: str, by: Caller) -> None:
    """Make an address worthless, for good. Raises NotFound."""
    row = session.get(CalendarFeed, feed)
    if row is None:
        raise NotFound("There is no feed with this id.")
    if row.revoked_at is None:
        row.revoked_at = datetime.now(UTC).replace(microsecond=0)
        record(session, by, "feed.revoke", feed)


def read(session: Session, token: str) -> File:
    """Give the calendar at a secret address. Raises NotFound for an unknown and for a revoked one alike."""
    feed = session.exec(select(CalendarFeed).where(CalendarFeed.token_hash == fingerprint(token))).first()
    if feed is None or feed.revoked_at is not None:
        raise NotFound("There is no calendar at this address.")
    schools = None if feed.schools is None else frozenset(feed.schools)
    query = select(Activity).order_by(col(Activity.first_at), col(Activity.key))
    if feed.kinds is not None:
        query = query.where(col(Activity.kind).in_(feed.kinds))
    entries = [
        Entry(row.uid, series(row.document), row.last_at, row.sequence, row.changed_at)
        for row in session.exec(query)
        if concerns(row.document, schools)
    ]
    names = {school.key: school.name for school in session.exec(select(School))}
    return ics(feed.name, entries, names)
