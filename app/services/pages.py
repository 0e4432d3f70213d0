"""Survey pages: what a person who follows a link gets to see, and how their answers are handed in.

Decides which address opens which survey, and that whoever has no right link learns nothing, not even what there is.
Answers go through the same door as everybody's, `responses.submit`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from app.auth import Caller
from app.db import Database
from app.errors import NotFound
from app.models.tables import School
from app.services import responses
from app.services.access import valid_link
from app.services.responses import Desk
from app.services.sheets import GroupSheet, Sheet, sheet_of
from app.services.waves import Status, find, status_of
from app.survey.base import SLUG_PATTERN
from app.survey.promise import plain_words


@dataclass(frozen=True, slots=True)
class Face:
    """A wave as one group sees it.

    Attributes
    ----------
    school : the school that the address names; None when it names only the group.
    schools : key -> name of the schools to choose among; empty when the address names one.
    promise : the promise in plain words, by language.
    opens_at, closes_at : in the wave's time zone.
    """

    sheet: Sheet
    group: str
    school: str | None
    school_name: str | None
    schools: dict[str, str]
    title: str
    simulated: bool
    status: Status
    opens_at: datetime
    closes_at: datetime
    promise: dict[str, str]

    @property
    def mine(self) -> GroupSheet:
        return self.sheet.groups[self.group]

    @property
    def by_code(self) -> bool:
        """Whether each person needs a code of their own."""
        return self.mine.access == "code"


def face(desk: Desk, wave: str, group: str, school: str | None, signature: str | None) -> Face:
    """Find what an address leads to.

    Parameters
    ----------
    signature : the `k` of the link; None for whoever is signed in and needs no link.

    Raises
    ------
    NotFound : for an unknown wave, group or school and for a wrong link alike. Where codes are needed, the code is
        the key and the address needs no signature.
    """
    if not all(re.fullmatch(SLUG_PATTERN, part) for part in (wave, group, school) if part is not None):
        raise NotFound
    with desk.database.read() as session:
        sheet = sheet_of(session, wave)
        if group not in sheet.groups or (school is not None and school not in sheet.schools):
            raise NotFound
        signed = signature is None or valid_link(desk.secret, wave, group, school, signature)
        if sheet.groups[group].access != "code" and not signed:
            raise NotFound
        return _face(desk.database, session, sheet, group, school)


def _face(database: Database, session: Session, sheet: Sheet, group: str, school: str | None) -> Face:
    row = find(session, sheet.wave)
    zone = ZoneInfo(row.time_zone)
    wanted = [school] if school is not None else row.schools
    found = session.exec(select(School).where(col(School.key).in_(wanted)).order_by(School.name))
    names: dict[str, str] = {school.key: school.name for school in found}
    return Face(
        sheet=sheet,
        group=group,
        school=school,
        school_name=names.get(school) if school is not None else None,
        schools=names if school is None else {},
        title=row.title,
        simulated=row.simulated,
        status=status_of(row, database.now(session)),
        opens_at=row.opens_at.astimezone(zone),
        closes_at=(row.closed_at or row.closes_at).astimezone(zone),
        promise=plain_words(row.promise[group], sheet.groups[group].access),
    )


async def submit(desk: Desk, face: Face, body: dict[str, Any]) -> dict[str, Any]:
    """Hand in one response from a page; its receipt, the same one when it was stored before.

    Raises
    ------
    What `responses.submit` raises.
    """
    wave, school = face.sheet.wave, face.school
    caller = Caller(
        id="page",
        name="survey page",
        role="collector",
        waves=frozenset({wave}),
        groups=frozenset({face.group}),
        schools=None if school is None else frozenset({school}),
    )
    named = {"group": face.group} if school is None else {"group": face.group, "school": school}
    receipt, _ = await responses.submit(desk, face.sheet, caller, {**body, **named}, None)
    return receipt
