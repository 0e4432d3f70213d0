"""The names of people that are taken out of a wave's comments: listed by the director, applied at once.

Decides whose names are looked for. How a name is found in a text, `survey/redact.py` decides.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import bindparam
from sqlmodel import Session, col, select, update

from app.auth import Caller
from app.db import Database
from app.errors import NotFound
from app.models.names import NamesIn, names_document
from app.models.tables import Comment, NameList, School
from app.services import waves
from app.services.audit import record
from app.survey.redact import Redactor

ROWS = 5_000


def redactor(session: Session, wave: str) -> Redactor:
    """Give the redactor of a wave; the names of its schools are nobody's."""
    listed = session.get(NameList, wave)
    if listed is None or not listed.names:
        return Redactor()
    schools = waves.find(session, wave).schools
    called = session.exec(select(School.name).where(col(School.key).in_(schools))).all()
    return Redactor(listed.names, (*schools, *called))


def put(
    database: Database, session: Session, wave: str, body: NamesIn, by: Caller, check: Callable[[NameList | None], None]
) -> tuple[NameList, bool]:
    """Replace the names of a wave and take them out of its comments; True when there was no list.

    What an earlier list has taken out stays out. `check` sees the standing list first (`If-Match`). Raises NotFound.
    """
    database.lock_wave(session.connection(), wave)
    row = session.get(NameList, waves.find(session, wave).key)
    check(row)
    made = row is None
    row = row or NameList(wave=wave, names=[])
    row.names = list(body.names)
    session.add(row)
    record(session, by, "names.put", wave)
    session.flush()
    _redact_again(session, wave)
    return row, made


def _redact_again(session: Session, wave: str) -> None:
    """Apply the names to the comments that there are, a few thousand at a time."""
    redact, last = redactor(session, wave), ""
    of_wave = select(Comment.id, Comment.text).where(Comment.wave == wave).order_by(col(Comment.id)).limit(ROWS)
    change = update(Comment).where(col(Comment.wave) == wave, col(Comment.id) == bindparam("comment"))
    while rows := session.exec(of_wave.where(Comment.id > last)).all():
        changed = [{"comment": identity, "words": words} for identity, text in rows if (words := redact(text)) != text]
        if changed:
            session.connection().execute(change.values(text=bindparam("words")), changed)
        last = rows[-1][0]


def get(session: Session, wave: str, caller: Caller) -> dict[str, Any]:
    """Raises NotFound for a wave that is not there or not the caller's to know, and when it has no list."""
    row = session.get(NameList, wave) if caller.serves(wave=wave) else None
    if row is None:
        raise NotFound("There is no list of names for a wave with this key.")
    return names_document(row, caller)
