"""Keys: made, listed, revoked, and recognized at every request.

A recognized key is remembered for half a second, so a revoked one is refused everywhere within a second.
"""

from __future__ import annotations

import secrets
import threading
from datetime import UTC, datetime
from time import monotonic
from typing import cast

from sqlmodel import Session, select

from app.auth import Audience, Caller, Role, fingerprint, new_secret
from app.db import Database
from app.errors import Fault, InvalidRequest, NotFound
from app.models.keys import KeyIn
from app.models.tables import ApiKey, School
from app.services.audit import record

REMEMBER_S = 0.5
REMEMBER_KEYS = 10_000


class KeyRing:
    """Recognizes bearer secrets. `recall` never touches the database, `find` does when it must."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[str, tuple[float, Caller]] = {}
        self._lock = threading.Lock()

    def recall(self, secret: str) -> Caller | None:
        """Give the caller if the key was seen valid within the last half second."""
        known = self._known.get(secret)
        if known is None or known[0] < monotonic() or known[1].expired():
            return None
        return known[1]

    def find(self, secret: str) -> Caller | None:
        """Give the caller of a valid key, None for any other."""
        if (caller := self.recall(secret)) is not None:
            return caller
        asked_at = monotonic()
        with self._database.read() as session:
            row = session.exec(select(ApiKey).where(ApiKey.secret_hash == fingerprint(secret))).first()
            caller = None if row is None or row.revoked_at is not None else caller_of(row)
        with self._lock:
            if caller is None or caller.expired():
                self._known.pop(secret, None)
                return None
            if len(self._known) >= REMEMBER_KEYS:
                self._known.clear()
            self._known[secret] = (asked_at + REMEMBER_S, caller)
        return caller


def caller_of(row: ApiKey) -> Caller:
    return Caller(
        id=row.id,
        name=row.name,
        role=cast(Role, row.role),
        schools=None if row.schools is None else frozenset(row.schools),
        waves=None if row.waves is None else frozenset(row.waves),
        groups=None if row.groups is None else frozenset(row.groups),
        audience=cast("Audience | None", row.audience),
        publishable=row.publishable,
        expires_at=row.expires_at,
    )


def create(session: Session, wanted: KeyIn, by: Caller | None) -> tuple[ApiKey, str]:
    """Make a key; its secret is given back here and never again.

    Waves may be named before they exist (a front end is built before its wave is fielded); schools must exist.

    Raises
    ------
    InvalidRequest : when a school is unknown.
    """
    for index, school in enumerate(wanted.schools or []):
        if session.get(School, school) is None:
            raise InvalidRequest(faults=[Fault(f"/schools/{index}", "unknown_school", "There is no such school.")])
    secret = new_secret()
    row = ApiKey(
        id="key_" + secrets.token_hex(8),
        name=wanted.name,
        role=wanted.role,
        schools=wanted.schools,
        waves=wanted.waves,
        groups=cast("list[str] | None", wanted.groups),
        audience=wanted.audience,
        publishable=wanted.publishable,
        secret_hash=fingerprint(secret),
        created_at=datetime.now(UTC),
        expires_at=wanted.expires_at,
    )
    session.add(row)
    record(session, by, "key.create", row.id)
    session.flush()
    return row, secret


def revoke(session: Session, key_id: str, by: Caller | None) -> None:
    """Make a key invalid for good. Raises NotFound for one that is not there."""
    row = session.get(ApiKey, key_id)
    if row is None:
        raise NotFound("There is no key with this id.")
    if row.revoked_at is None:
        row.revoked_at = datetime.now(UTC)
        record(session, by, "key.revoke", key_id)
