"""The audit log: one line for each act that can be asked about later, in the act's own transaction."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlmodel import Session

from app.auth import Caller
from app.models.tables import AuditEvent


def record(session: Session, by: Caller | None, action: str, subject: str) -> None:
    """Note that `by` (None: the command line or the program itself) did `action` to `subject`."""
    session.add(AuditEvent(at=datetime.now(UTC), key_id=by.id if by else None, action=action, subject=subject))
