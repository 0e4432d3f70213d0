"""Waves as somebody who is signed in finds them: how each stands, and what of it is theirs to see.

Decides which rooms a wave has for a caller. Every figure comes from the use case that the API has for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from app.auth import Caller
from app.db import Database
from app.errors import AudienceNotServed
from app.models.tables import Release, Wave
from app.services import comments, participation, releases, schools, waves
from app.services.instruments import codebook
from app.services.waves import Status
from app.survey.instrument import GROUPS
from app.survey.promise import fineness, is_exact, plain_words

MOST = 1000


@dataclass(frozen=True, slots=True)
class Standing:
    """A wave, as one caller knows it.

    Attributes
    ----------
    opens_at, closes_at, closed_at : in the wave's time zone.
    schools : key -> name, of all schools of the wave.
    within : keys of the schools that the caller is limited to; None for no limit.
    reads : groups that the caller reads results of, `exact` those with exact figures.
    participation : its document; None where the caller gets none.
    release : the newest release as the caller reads it; None where there is none for them.
    released : whether there is a release at all.
    earlier, waiting, promises : of one wave alone: earlier waves to compare it with, comments that nobody has read, and
        what each group was promised, in words.
    """

    key: str
    title: str
    simulated: bool
    status: Status
    opens_at: datetime
    closes_at: datetime
    closed_at: datetime | None
    schools: Mapping[str, str]
    within: frozenset[str] | None
    reads: tuple[str, ...]
    exact: tuple[str, ...]
    participation: dict[str, Any] | None
    release: dict[str, Any] | None
    released: bool
    directs: bool
    earlier: tuple[tuple[str, str], ...] = ()
    waiting: int = 0
    promises: tuple[tuple[str, str], ...] = ()

    @property
    def mine(self) -> dict[str, str]:
        """The schools that the caller may look at by themselves."""
        return {key: name for key, name in self.schools.items() if self.within is None or key in self.within}

    @property
    def readable(self) -> bool:
        """Whether there are results for the caller to read."""
        return self.release is not None


def home(database: Database, caller: Caller) -> list[Standing]:
    """List every wave that the caller may know: open ones first, then the latest."""
    with database.read() as session:
        rows, _ = waves.listed(database, session, caller, MOST, None)
        found = [_standing(database, session, row, caller) for row in rows]
    found.sort(key=lambda wave: (wave.closes_at, wave.key), reverse=True)
    return sorted(found, key=lambda wave: ("open", "scheduled", "closed").index(wave.status))


def standing(database: Database, wave: str, caller: Caller) -> Standing:
    """Say how one wave stands, with the earlier waves that it may be compared with. Raises NotFound."""
    with database.read() as session:
        row = waves.get(database, session, wave, caller)
        return _standing(database, session, row, caller, closely=True)


def _standing(database: Database, session: Session, row: Wave, caller: Caller, *, closely: bool = False) -> Standing:
    zone = ZoneInfo(row.time_zone)
    exact = _groups(row, caller, exact=True)
    release, released = _release(session, row, caller)
    return Standing(
        key=row.key,
        title=row.title,
        simulated=row.simulated,
        status=waves.status_of(row, database.now(session)),
        opens_at=row.opens_at.astimezone(zone),
        closes_at=row.closes_at.astimezone(zone),
        closed_at=row.closed_at and row.closed_at.astimezone(zone),
        schools=schools.names(session, row.key),
        within=caller.schools,
        reads=_groups(row, caller, exact=False),
        exact=exact,
        participation=_participation(database, session, row, caller),
        release=release and {**release, "released_at": release["released_at"].astimezone(zone)},
        released=released,
        directs=caller.directs,
        earlier=_earlier(session, row, caller) if closely and release and exact else (),
        waiting=_waiting(session, row, caller) if closely and release and exact and caller.directs else 0,
        promises=tuple(
            (group, plain_words(row.promise[group], waves.access_of(row, group))["en"])
            for group in GROUPS
            if closely and group in row.promise
        ),
    )


def _groups(row: Wave, caller: Caller, *, exact: bool) -> tuple[str, ...]:
    """The groups that the caller reads, with exact figures or at all."""
    audience = caller.reads_as
    if audience is None:
        return ()
    return tuple(
        group
        for group in GROUPS
        if group in row.promise
        and caller.serves(group=group)
        and (is_exact(row.promise[group], audience) if exact else fineness(row.promise[group], audience) != "none")
    )


def _release(session: Session, row: Wave, caller: Caller) -> tuple[dict[str, Any] | None, bool]:
    """Give the newest release as the caller reads it, and whether there is one for anybody."""
    if not waves.has_release(session, row.key):
        return None, False
    try:
        return next(reversed(releases.listed(session, row.key, caller)), None), True
    except AudienceNotServed:
        return None, True


def _participation(database: Database, session: Session, row: Wave, caller: Caller) -> dict[str, Any] | None:
    if caller.reads_as in (None, "public"):
        return None
    return participation.read(database, session, row.key, caller)


def _earlier(session: Session, row: Wave, caller: Caller) -> tuple[tuple[str, str], ...]:
    """Key and title of the earlier waves with results that share a group of exact figures, the latest first."""
    before = (
        select(Wave)
        .where(col(Wave.opens_at) < row.opens_at, col(Wave.key).in_(select(Release.wave)))
        .order_by(col(Wave.opens_at).desc(), Wave.key)
    )
    mine = set(_groups(row, caller, exact=True))
    return tuple(
        (other.key, other.title)
        for other in session.exec(before)
        if caller.serves(wave=other.key) and mine & set(_groups(other, caller, exact=True))
    )


def _waiting(session: Session, row: Wave, caller: Caller) -> int:
    """How many comments nobody has read yet."""
    return comments.counted(session, comments.scope(session, row.key, caller)).get("pending", 0)


def open_questions(database: Database, wave: str) -> dict[tuple[str, str], str]:
    """(Group, item) -> the words of every question of a wave that is answered in words."""
    with database.read() as session:
        return {
            (group, item.key): item.text.say(book.instrument.default_locale)
            for group, version in waves.instruments_of(session, wave).items()
            if (book := codebook(version))
            for item in book.instrument.items
            if item.is_comment
        }
