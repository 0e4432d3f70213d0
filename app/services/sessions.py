"""Signed in to the pages: whom a browser's token stands for, at every request.

Decides how long one stays signed in. The token is random and only its hash is kept; the key is kept nowhere, and its
limits, expiry and revocation are those of this moment. Knows nothing of cookies.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta

from sqlmodel import col, delete, select, update

from app.auth import Caller, fingerprint
from app.db import Database
from app.models.tables import ApiKey, BrowserSession
from app.services.audit import record
from app.services.keys import caller_of

IDLE = timedelta(hours=1)  # an unattended desk is locked, a half-typed page is not lost to a telephone call
LONGEST = timedelta(hours=8)  # a day's work
RENEW = timedelta(minutes=5)  # of the hour, what may pass before a page writes that it is used


def begin(database: Database, caller: Caller) -> str:
    """Sign somebody in who has just shown a valid key; the token for the browser, given here and never again."""
    token, now = secrets.token_urlsafe(32), datetime.now(UTC)
    row = BrowserSession(token_hash=fingerprint(token), key_id=caller.id, created_at=now, expires_at=now + IDLE)
    with database.write() as session:
        session.add(row)
        record(session, caller, "session.begin", caller.id)
    return token


def find(database: Database, token: str) -> Caller | None:
    """Give the caller whom a token stands for now; None for any other token."""
    now, known = datetime.now(UTC), col(BrowserSession.token_hash) == fingerprint(token)
    with database.read() as session:
        found = session.exec(
            select(BrowserSession, ApiKey).join(ApiKey, col(ApiKey.id) == BrowserSession.key_id).where(known)
        ).first()
        if found is None or found[0].expires_at <= now or found[1].revoked_at is not None:
            return None
        begun, ends, caller = found[0].created_at, found[0].expires_at, caller_of(found[1])
    if caller.expired():
        return None
    later = min(now + IDLE, begun + LONGEST)
    if later - ends > RENEW:
        with database.write() as session:
            session.exec(update(BrowserSession).where(known).values(expires_at=later))
    return caller


def end(database: Database, token: str) -> None:
    """Sign out: the token stands for nobody from now on."""
    with database.write() as session:
        session.exec(delete(BrowserSession).where(col(BrowserSession.token_hash) == fingerprint(token)))


def forget_ended(database: Database) -> None:
    """Remove what has expired; called now and then."""
    ended = col(BrowserSession.expires_at) <= datetime.now(UTC)
    with database.read() as session:
        if session.exec(select(BrowserSession.token_hash).where(ended).limit(1)).first() is None:
            return  # a reader waits for nobody; a writer would, every few seconds
    with database.write() as session:
        session.exec(delete(BrowserSession).where(ended))
