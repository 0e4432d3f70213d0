"""Schools: put, read, listed."""

from __future__ import annotations

from collections.abc import Callable

from sqlmodel import Session, col, select

from app.auth import Caller
from app.errors import NotFound
from app.models.schools import SchoolIn
from app.models.tables import School, Wave
from app.services.audit import record
from app.services.paging import page


def put(
    session: Session, key: str, body: SchoolIn, by: Caller, check: Callable[[School | None], None]
) -> tuple[School, bool]:
    """Create or replace a school; True when it is new. `check` sees the standing one first (`If-Match`)."""
    row = session.get(School, key)
    check(row)
    made = row is None
    if row is None:
        row = School(key=key, name=body.name, district=body.district)
    row.name, row.district = body.name, body.district
    session.add(row)
    record(session, by, "school.put", key)
    session.flush()
    return row, made


def get(session: Session, key: str, caller: Caller) -> School:
    """Raises NotFound for a school that is not there, or not the caller's to know."""
    row = session.get(School, key) if caller.serves(school=key) else None
    if row is None:
        raise NotFound("There is no school with this key.")
    return row


def listed(session: Session, caller: Caller, limit: int, after: str | None) -> tuple[list[School], str | None]:
    where = () if caller.schools is None else (School.key.in_(sorted(caller.schools)),)  # type: ignore[attr-defined]
    return page(session, School, limit, after, where=where)


def names(session: Session, wave: str) -> dict[str, str]:
    """Give the names of a wave's schools by their keys, in the wave's order."""
    keys = session.exec(select(Wave.schools).where(Wave.key == wave)).one()
    named = dict(session.exec(select(School.key, School.name).where(col(School.key).in_(keys))).all())
    return {key: named[key] for key in keys}
