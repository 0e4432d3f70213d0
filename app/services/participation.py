"""Participation: how many have answered, of how many, as one caller may know it.

Decides which cells a reader gets. What is hidden in them, `analysis/disclosure.py` decides.
"""

from __future__ import annotations

from typing import Any

from sqlmodel import Session

from app.analysis.disclosure import participation
from app.auth import Caller
from app.db import Database
from app.errors import AudienceNotServed
from app.models.tables import Wave
from app.services import waves


def read(database: Database, session: Session, key: str, caller: Caller) -> dict[str, Any]:
    """Give the document of a wave's participation: live while it is open, as at the close after it.

    Raises
    ------
    NotFound : for a wave that is not the caller's to know.
    AudienceNotServed : for the public.
    """
    row = waves.get(database, session, key, caller)
    cells = _visible(participation(waves.facts(session, row), waves.response_counts(session, row)), row, caller)
    return {"wave": key, "status": waves.status_of(row, database.now(session)), "cells": cells}


def _visible(cells: list[dict[str, Any]], row: Wave, caller: Caller) -> list[dict[str, Any]]:
    """The director's audience sees all cells; the principals' the single schools of confidential groups."""
    if caller.reads_as == "public":
        raise AudienceNotServed("Participation is not published.")
    cells = [cell for cell in cells if caller.serves(group=cell["group"], school=cell["school"])]
    if caller.reads_as == "director":
        return cells if caller.schools is None else [cell for cell in cells if cell["school"] is not None]
    return [c for c in cells if c["school"] is not None and row.promise[c["group"]]["mode"] == "confidential"]
