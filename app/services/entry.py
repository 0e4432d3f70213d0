"""Paper questionnaires typed in: which surveys somebody may type into.

Decides that a key types in what it may send, and nothing else. The answers go through the door of all responses,
`responses.submit`, with the key of whoever types them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlmodel import col, select

from app.auth import Caller
from app.db import Database
from app.errors import NotFound
from app.models.tables import School, Wave
from app.services import pages, waves
from app.services.instruments import codebook
from app.services.pages import Face
from app.services.responses import Desk


@dataclass(frozen=True, slots=True)
class Open:
    """An open wave with what may be typed into it.

    Attributes
    ----------
    groups : group -> title of its instrument.
    schools : key -> name.
    """

    wave: str
    title: str
    simulated: bool
    groups: dict[str, str]
    schools: dict[str, str]


def surveys(database: Database, caller: Caller) -> list[Open]:
    """List the open waves that a key may send responses to, the one that closes first before the others."""
    with database.read() as session:
        now = database.now(session)
        rows = session.exec(
            select(Wave)
            .where(col(Wave.opens_at) <= now, col(Wave.closes_at) > now, col(Wave.closed_at).is_(None))
            .order_by(col(Wave.closes_at), col(Wave.key))
        ).all()
        names = {school.key: school.name for school in session.exec(select(School).order_by(School.name))}
        return [
            Open(
                wave=row.key,
                title=row.title,
                simulated=row.simulated,
                groups={
                    group: codebook(version).instrument.title.say("en")
                    for group, version in waves.instruments_of(session, row.key).items()
                    if caller.serves(group=group)
                },
                schools={key: name for key, name in names.items() if key in row.schools and caller.serves(school=key)},
            )
            for row in rows
            if caller.serves(wave=row.key)
        ]


def face(desk: Desk, caller: Caller, wave: str, group: str, school: str | None) -> Face:
    """Find the survey that is to be typed in, with the schools that the key serves.

    Raises
    ------
    NotFound : for an unknown one, for one that is not the key's, and before it opens for all but directors.
    """
    if not caller.serves(wave=wave, group=group, school=school):
        raise NotFound("There is no such survey here.")
    found = pages.face(desk, wave, group, school, None)
    if found.status == "scheduled" and not caller.directs:
        raise NotFound("There is no such survey here.")
    return replace(found, schools={key: name for key, name in found.schools.items() if caller.serves(school=key)})
