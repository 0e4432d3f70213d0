"""Erasure: a person's response removed for good, and what that means for the releases of its wave.

Decides that it goes at once and that a new release follows only where the difference to every earlier one tells
nothing of a few people; else the standing release stays. Also the end of a wave's rows after a set time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import orjson
from sqlmodel import Session, col, delete, select

from app.auth import Caller
from app.db import Database
from app.errors import NotFound
from app.models.tables import AccessCode, NameList, SurveyResponse, Wave, WithdrawnResponse
from app.services import comments, names, releases, waves
from app.services.audit import record


@dataclass(frozen=True, slots=True)
class Erased:
    """What came of an erasure: `release` is the number that stands now, None when there is none."""

    responses: int
    release: int | None
    renewed: bool


def erase(database: Database, shelf: releases.Shelf, wave: str, ids: Sequence[str], by: Caller | None = None) -> Erased:
    """Erase responses and the comments made of them, all or none; their ids stay spent.

    Raises
    ------
    NotFound : for an unknown wave, or ids that it does not have; nothing was erased.
    """
    ids = sorted({identity.lower() for identity in ids})
    with database.write() as session:
        database.lock_wave(session.connection(), wave)
        row = waves.find(session, wave)
        found = [session.get(SurveyResponse, (wave, identity)) for identity in ids]
        if missing := [identity for identity, response in zip(ids, found, strict=True) if response is None]:
            raise NotFound(f"The wave has no response with these ids: {', '.join(missing)}.")
        redact = names.redactor(session, wave)
        for response in found:
            assert response is not None
            for item, text in orjson.loads(response.open_answers or "{}").items():
                if isinstance(text, str):
                    comments.forget(session, redact, wave, response.group, response.school, item, text)
            session.delete(response)
            session.add(WithdrawnResponse(wave=wave, id=response.id))
        row.erased, row.revision = True, waves.new_revision()
        record(session, by, "responses.erase", f"{wave}: {len(ids)}")
        standing = releases.newest(session, wave)
    database.forget_deleted()
    if standing is None:
        return Erased(len(ids), None, renewed=False)
    number, made = releases.make(database, shelf, wave, by)
    return Erased(len(ids), number, renewed=made)


def retire_due(database: Database, shelf: releases.Shelf, days: int) -> list[str]:
    """Remove the rows of every wave that closed so many days ago, its release made first; the keys of those waves."""
    with database.read() as session:
        before = database.now(session) - timedelta(days=days)
        due = session.exec(
            select(Wave.key).where(col(Wave.rows_removed_on).is_(None), col(Wave.closed_at) <= before)
        ).all()
    for wave in due:
        releases.make(database, shelf, wave, None)
        with database.write() as session:
            database.lock_wave(session.connection(), wave)
            _remove_rows(database, session, wave)
        database.forget_deleted()
    return list(due)


def _remove_rows(database: Database, session: Session, wave: str) -> None:
    row = waves.find(session, wave)
    if row.rows_removed_on is not None:
        return
    for table in (SurveyResponse, WithdrawnResponse, NameList, AccessCode):
        session.connection().execute(delete(table).where(col(table.wave) == wave))
    row.rows_removed_on, row.revision = database.now(session).date(), waves.new_revision()
    record(session, None, "responses.retire", wave)
