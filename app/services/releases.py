"""Releases: made once after the close, then only sliced.

Decides when figures may be published and that one maker makes them. What is in them, `analysis` decides; a read never
touches a response.
"""

from __future__ import annotations

import hashlib
import threading
import zlib
from collections import defaultdict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from cachetools import LRUCache
from sqlalchemy import text
from sqlmodel import Session, col, select

from app.analysis.disclosure import seal
from app.analysis.facts import WaveFacts
from app.analysis.sealed import Sealed
from app.analysis.slices import narrow
from app.analysis.summarize import summarize
from app.auth import Caller
from app.db import Database
from app.errors import AudienceNotServed, Fault, Forbidden, InvalidRequest, NotFound, ResultsNotReleased, WaveOpen
from app.models.tables import Release, ReleaseDocument, Wave
from app.services import comments, waves
from app.services.audit import record
from app.services.counting import count

DEFINITIONS = "1"


@dataclass(frozen=True, slots=True)
class Published:
    """One release as one audience reads it."""

    wave: str
    number: int
    released_at: datetime
    definitions: str
    audience: str
    digest: str

    def member(self) -> dict[str, Any]:
        """The `release` member of every document."""
        return {
            "number": self.number,
            "status": "final",
            "released_at": self.released_at,
            "digest": self.digest,
            "definitions": self.definitions,
        }


class Shelf:
    """Releases that this process has read: documents, and the bytes of slices. Both never change once made."""

    def __init__(self) -> None:
        self.documents: LRUCache[Any, dict[str, Any]] = LRUCache(8)
        self.slices: LRUCache[Any, tuple[bytes, str]] = LRUCache(64 * 2**20, getsizeof=lambda v: len(v[0]))
        self.lock = threading.Lock()
        self.makers: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)

    def serve(self, release: Published, part: Hashable, make: Callable[[], dict[str, Any]]) -> tuple[bytes, str]:
        """Give a part of a release as bytes, and their ETag; `make` gives it without the `release` member."""
        with self.lock:
            kept = self.slices.get((release, part))
        if kept is None:
            body = orjson.dumps({**make(), "release": release.member()}, option=orjson.OPT_SORT_KEYS)
            kept = (body, f'"{hashlib.sha256(body).hexdigest()}"')
            with self.lock:
                if len(body) <= self.slices.maxsize:
                    self.slices[release, part] = kept
        return kept


# ------------------------------------------------------------------ making
def make(database: Database, shelf: Shelf, wave: str, by: Caller | None) -> tuple[int, bool]:
    """Make the final release of a closed wave; its number, and True when it was made now.

    Several askers at once make one: in this process they wait for each other, between processes the database decides.

    Raises
    ------
    NotFound, WaveOpen
    """
    waves_now(database, wave)
    with shelf.makers[wave], database.read() as session:
        if (number := newest(session, wave)) is not None:
            return number, False
        row = waves.find(session, wave)
        facts = waves.facts(session, row)
        if not database.is_sqlite:
            session.connection().execute(
                text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": f"release:{wave}"}
            )
            if (number := newest(session, wave)) is not None:
                return number, False
        sealed = seal(facts, *count(session, facts))
        document = orjson.dumps(summarize(facts, sealed), option=orjson.OPT_SORT_KEYS)
        made = _store(database, facts, row.revision, sealed, document, by)
    return made if made is not None else make(database, shelf, wave, by)


def ensure(database: Database, shelf: Shelf, wave: str, caller: Caller) -> None:
    """Make sure that a wave has a release, making its final one if that is due. Raises NotFound, ResultsNotReleased."""
    with database.read() as session:
        if newest(session, wave) is not None:
            return
        _may_be_made(database, session, wave, caller, None)
    make(database, shelf, wave, None)


def waves_now(database: Database, wave: str) -> None:
    """Make sure that the wave is closed, closing it if its time has come. Raises NotFound, WaveOpen."""
    with database.read() as session:
        row = waves.find(session, wave)
        now = database.now(session)
        if waves.status_of(row, now) != "closed":
            raise WaveOpen("Results are made once, after the wave has closed.", headers=_until_close(row, now))
        if row.closed_at is not None:
            return
    waves.close(database, wave, None)


def _store(
    database: Database, facts: WaveFacts, revision: int, sealed: Sealed, document: bytes, by: Caller | None
) -> tuple[int, bool] | None:
    """Store the release, unless the wave, its promise or its roster has changed since they were read (None)."""
    wave = facts.wave
    with database.write() as session:
        database.lock_wave(session.connection(), wave)
        if waves.find(session, wave).revision != revision:
            return None
        if (standing := newest(session, wave)) is not None:
            return standing, False  # another process was first; its release says the same
        session.add(
            Release(
                wave=wave, number=1, definitions=DEFINITIONS, tallies=sealed.dump(), released_at=database.now(session)
            )
        )
        session.flush()
        comments.extract(session, facts, sealed, 1)
        session.add(
            ReleaseDocument(
                wave=wave, number=1, audience="director", digest="sha256:" + hashlib.sha256(document).hexdigest(),
                document=zlib.compress(document, 6),
            )
        )  # fmt: skip
        record(session, by, "release.make", f"{wave}#1")
    return 1, True


# ------------------------------------------------------------------ finding
def newest(session: Session, wave: str) -> int | None:
    """Number of the standing release."""
    return session.exec(
        select(Release.number).where(Release.wave == wave).order_by(col(Release.number).desc()).limit(1)
    ).first()


def find(session: Session, wave: str, number: int | None, audience: str) -> Published | None:
    """Find a release as an audience reads it, the newest one when no number is given."""
    if number is not None and number >= 2**31:
        return None  # no database counts that far
    query = (
        select(Release.number, Release.released_at, Release.definitions, ReleaseDocument.digest)
        .where(Release.wave == wave, ReleaseDocument.wave == wave, ReleaseDocument.number == Release.number)
        .where(ReleaseDocument.audience == audience)
        .order_by(col(Release.number).desc())
        .limit(1)
    )
    if number is not None:
        query = query.where(Release.number == number)
    found = session.exec(query).first()
    return None if found is None else Published(wave, found[0], found[1], found[2], audience, found[3])


def listed(session: Session, wave: str, caller: Caller) -> list[dict[str, Any]]:
    """All releases of a wave as the caller reads them, oldest first. Raises NotFound, AudienceNotServed."""
    audience = audience_of(caller)
    _check_limits(caller, wave)
    waves.find(session, wave)
    numbers = session.exec(select(Release.number).where(Release.wave == wave).order_by(col(Release.number))).all()
    found = (find(session, wave, number, audience) for number in numbers)
    return [{"wave": wave, **release.member()} for release in found if release is not None]


def get(session: Session, wave: str, number: int, caller: Caller) -> dict[str, Any]:
    """Raises NotFound, AudienceNotServed."""
    audience = audience_of(caller)
    _check_limits(caller, wave)
    release = find(session, wave, number, audience)
    if release is None:
        raise NotFound("There is no such release.")
    return {"wave": wave, **release.member()}


def audience_of(caller: Caller) -> str:
    """The audience whose documents the caller reads. Raises AudienceNotServed: only the director's is published yet."""
    if caller.reads_as != "director":
        raise AudienceNotServed("Results are published for the director only; other audiences get nothing yet.")
    return "director"


def _check_limits(caller: Caller, wave: str, group: str | None = None, school: str | None = None) -> None:
    """Raise NotFound for what lies outside the key's limits."""
    if not caller.serves(wave=wave, group=group, school=school):
        raise NotFound("There is nothing with this key.")


def _check_slice(caller: Caller, group: str | None, school: str | None) -> None:
    """Raise Forbidden when a key that is limited to schools or groups asks for more than one of them."""
    if (caller.schools is not None and school is None) or (caller.groups is not None and group is None):
        raise Forbidden("This key is limited to schools or groups: ask for the summary of one of them.")


# ------------------------------------------------------------------ reading
def read(
    database: Database,
    shelf: Shelf,
    caller: Caller,
    wave: str,
    *,
    group: str | None = None,
    school: str | None = None,
    items: tuple[str, ...] = (),
    constructs: tuple[str, ...] = (),
    number: int | None = None,
) -> tuple[bytes, str]:
    """Give a slice of a release as bytes, and their ETag; makes the final release first if that is due.

    Raises
    ------
    NotFound : unknown wave, school, group or release.
    AudienceNotServed : for a reader whose audience gets nothing.
    ResultsNotReleased : while the wave is open, or when a release may not be made by asking.
    InvalidRequest : for an unknown item or construct.
    """
    audience = audience_of(caller)
    _check_limits(caller, wave, group, school)
    _check_slice(caller, group, school)
    release = due(database, shelf, caller, wave, number, audience)

    def part() -> dict[str, Any]:
        document = _document(database, shelf, release)
        check_scope(document, group, school, items, constructs)
        return narrow(document, group=group, school=school, items=items, constructs=constructs)

    return shelf.serve(release, (group, school, items, constructs), part)


def due(database: Database, shelf: Shelf, caller: Caller, wave: str, number: int | None, audience: str) -> Published:
    """Find a release as an audience reads it; makes the final one first if that is due.

    Raises
    ------
    NotFound, ResultsNotReleased
    """
    with database.read() as session:
        release = find(session, wave, number, audience)
        if release is None:
            _may_be_made(database, session, wave, caller, number)
    if release is None:
        make(database, shelf, wave, None)
        with database.read() as session:
            release = find(session, wave, number, audience)
    if release is None:
        raise NotFound("There is no such release.")
    return release


def _may_be_made(database: Database, session: Session, wave: str, caller: Caller, number: int | None) -> None:
    """Raise unless asking for a summary of this wave may make its first release."""
    row: Wave = waves.find(session, wave)
    now = database.now(session)
    if waves.status_of(row, now) != "closed":
        raise ResultsNotReleased("Results are published after the wave has closed.", headers=_until_close(row, now))
    if number is not None and (number != 1 or newest(session, wave) is not None):
        raise NotFound("There is no such release.")
    if not caller.directs:
        missing = [
            {"group": g.group, "school": school}
            for g in waves.facts(session, row).groups
            if g.mode == "confidential"
            for school in row.schools
            if school not in g.roster
        ]
        if missing:
            raise ResultsNotReleased(
                "The director has not released the results, and the roster has no line for every group and school.",
                missing=missing,
            )


def _until_close(row: Wave, now: datetime) -> dict[str, str]:
    return {"Retry-After": str(max(1, int((row.closes_at - now).total_seconds()) + 1))}


def _document(database: Database, shelf: Shelf, release: Published) -> dict[str, Any]:
    with shelf.lock:
        kept = shelf.documents.get(release)
    if kept is None:
        with database.read() as session:
            row = session.get(ReleaseDocument, (release.wave, release.number, release.audience))
            assert row is not None
            kept = orjson.loads(zlib.decompress(row.document))
        with shelf.lock:
            shelf.documents[release] = kept
    return kept


def check_scope(
    document: dict[str, Any], group: str | None, school: str | None, items: tuple[str, ...], constructs: tuple[str, ...]
) -> None:
    """Raise NotFound for a group or school that is not the wave's, InvalidRequest for a filter that names nothing."""
    if group is not None and all(row["group"] != group for row in document["participation"]):
        raise NotFound("The wave does not ask this group.")
    if school is not None and all(row["school"] != school for row in document["participation"]):
        raise NotFound("The wave does not hold this school.")
    known = {
        "item": {entry["item"] for entry in document["items"]},
        "construct": {entry["construct"] for entry in document["constructs"]},
    }
    asked = {"item": items, "construct": constructs}
    faults = [
        Fault(f"?{name}", f"unknown_{name}", f"The results have no such {name}.", tuple(sorted(known[name])))
        for name in asked
        for key in asked[name]
        if key not in known[name]
    ]
    if faults:
        raise InvalidRequest("A filter names something that the results do not have.", faults=faults)
