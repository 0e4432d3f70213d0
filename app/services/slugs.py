"""Keys of the roadmap's things: made from titles, and held while one of the things changes."""

from __future__ import annotations

import re

from sqlmodel import Session, col, select

from app.db import Database
from app.models.tables import Activity, Goal


def hold(database: Database, session: Session) -> None:
    """Hold the roadmap until the transaction ends: nobody else changes a goal, an activity or a plan meanwhile."""
    database.lock(session.connection(), "roadmap")


def free_key(session: Session, table: type[Goal] | type[Activity], title: str) -> str:
    """Make a key from a title that nothing in the table has yet; hold the roadmap before."""
    slug = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:56].strip("-") or table.__name__.lower()
    taken = set(session.exec(select(table.key).where(col(table.key).startswith(slug, autoescape=True))))
    number = 1
    while (key := slug if number == 1 else f"{slug}-{number}") in taken:
        number += 1
    return key
