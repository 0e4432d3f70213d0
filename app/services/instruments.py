"""Instruments: stored as immutable versions, compiled once and kept.

Decides which version a definition becomes; what a sound definition is, `survey/instrument.py` decides.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from app.auth import Caller
from app.db import Database
from app.errors import InstrumentIncompatible, NotFound
from app.models.tables import InstrumentVersion
from app.services.audit import record
from app.services.paging import page
from app.survey.codebook import Codebook
from app.survey.instrument import Instrument, incompatibilities, parse

_outer: Any = aliased(InstrumentVersion)
_compiled: dict[str, Codebook] = {}


def codebook(row: InstrumentVersion) -> Codebook:
    """Compile a stored version; by its digest it is compiled once a process and never changes."""
    book = _compiled.get(row.digest)
    if book is None:
        book = _compiled[row.digest] = Codebook(Instrument.model_validate(row.definition))
    return book


def add(database: Database, session: Session, raw: Any, by: Caller | None) -> tuple[InstrumentVersion, bool]:
    """Store a definition; True when it made a new version, False when an identical one stands.

    Raises
    ------
    InvalidRequest : with every fault of the definition.
    InstrumentIncompatible : when an item keeps its key but changes its meaning against any earlier version.
    """
    instrument = parse(raw)
    if not database.is_sqlite:  # two adders of the same key must not take the same version number
        session.connection().execute(
            text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": f"instrument:{instrument.key}"}
        )
    versions = session.exec(
        select(InstrumentVersion)
        .where(InstrumentVersion.key == instrument.key)
        .order_by(col(InstrumentVersion.version))
    ).all()
    for row in versions:
        if row.digest == instrument.digest:
            return row, False
    check_compatible(session, instrument)
    row = InstrumentVersion(
        key=instrument.key,
        version=len(versions) + 1,
        group=instrument.group,
        definition=instrument.definition(),
        digest=instrument.digest,
    )
    session.add(row)
    record(session, by, "instrument.add", f"{row.key}@{row.version}")
    session.flush()
    return row, True


def check_compatible(session: Session, instrument: Instrument) -> None:
    """Raise InstrumentIncompatible when a standing version gives an item's key another meaning."""
    rows = session.exec(select(InstrumentVersion).where(InstrumentVersion.key == instrument.key)).all()
    found = {f.pointer: f for row in rows for f in incompatibilities(codebook(row).instrument, instrument)}
    if found:
        raise InstrumentIncompatible(
            "Items changed their meaning under the same key: give them new keys.", faults=list(found.values())
        )


def get(session: Session, key: str, version: int, caller: Caller) -> InstrumentVersion:
    """Raises NotFound for a version that is not there, or not of the caller's groups."""
    row = version_of(session, key, version)
    if not caller.serves(group=row.group):
        raise NotFound("There is no instrument with this key and version.")
    return row


def version_of(session: Session, key: str, version: int) -> InstrumentVersion:
    """Raises NotFound for a version that is not there; for who is at the machine itself."""
    row = session.get(InstrumentVersion, (key, version)) if version < 2**31 else None
    if row is None:
        raise NotFound("There is no instrument with this key and version.")
    return row


def versions(session: Session, key: str, caller: Caller) -> list[InstrumentVersion]:
    """All versions of an instrument, oldest first. Raises NotFound when there is none."""
    rows = session.exec(
        select(InstrumentVersion).where(InstrumentVersion.key == key).order_by(col(InstrumentVersion.version))
    ).all()
    rows = [row for row in rows if caller.serves(group=row.group)]
    if not rows:
        raise NotFound("There is no instrument with this key.")
    return list(rows)


def listed(
    session: Session, caller: Caller, limit: int, after: str | None
) -> tuple[list[InstrumentVersion], str | None]:
    """The newest version of each instrument, by key."""
    newest = (
        select(InstrumentVersion.version)
        .where(InstrumentVersion.key == _outer.key)
        .order_by(col(InstrumentVersion.version).desc())
        .limit(1)
        .correlate(_outer)
        .scalar_subquery()
    )
    where: tuple[Any, ...] = (_outer.version == newest,)
    if caller.groups is not None:
        where += (_outer.group.in_(sorted(caller.groups)),)
    return page(session, _outer, limit, after, where=where)
