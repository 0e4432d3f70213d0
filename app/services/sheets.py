"""The sheet: a wave as the path of a response needs it, kept in this process.

Decides what checking a response needs to know. Whether a kept sheet is still the wave's, the writer decides.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

from sqlmodel import Session

from app.db import Database
from app.services.instruments import codebook
from app.services.waves import NEEDS_SCHOOL, access_of, find, instruments_of
from app.survey.codebook import Codebook
from app.survey.promise import Access, digest


@dataclass(frozen=True, slots=True)
class GroupSheet:
    """What one group gets in a wave."""

    instrument: str
    codebook: Codebook
    promise_digest: str
    needs_school: bool
    access: Access = "open"


@dataclass(frozen=True, slots=True)
class Sheet:
    """All that checking a response needs. `revision` tells the writer whether it is still the wave's."""

    wave: str
    revision: int
    schools: frozenset[str]
    groups: dict[str, GroupSheet]
    takes_codes: bool


def sheet_of(session: Session, wave: str) -> Sheet:
    """Raises NotFound."""
    row = find(session, wave)
    return Sheet(
        wave=wave,
        revision=row.revision,
        schools=frozenset(row.schools),
        groups={
            group: GroupSheet(
                instrument=f"{version.key}@{version.version}",
                codebook=codebook(version),
                promise_digest=digest(row.promise[group]),
                needs_school=group in NEEDS_SCHOOL,
                access=access_of(row, group),
            )
            for group, version in instruments_of(session, wave).items()
        },
        takes_codes="code" in row.access.values(),
    )


class Sheets:
    """The sheets of this process. A stale one is noticed by its revision when a response is stored, then reread."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._sheets: dict[str, Sheet] = {}
        self._lock = threading.Lock()

    def recall(self, wave: str) -> Sheet | None:
        return self._sheets.get(wave)

    def read(self, wave: str) -> Sheet:
        """Read the sheet from the database. Raises NotFound."""
        with self._database.read() as session:
            sheet = sheet_of(session, wave)
        with self._lock:
            if len(self._sheets) >= 1000:
                self._sheets.clear()
            self._sheets[wave] = sheet
        return sheet
