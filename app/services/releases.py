"""Releases: made once after the close, then only sliced.

Decides when figures may be published and that one maker makes them. What is in them, `analysis` decides; a read never
touches a response.
"""

from __future__ import annotations

import hashlib
import threading
import zlib
from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import orjson
from cachetools import LRUCache
from sqlalchemy import bindparam, text
from sqlalchemy import select as core_select
from sqlmodel import Session, col, select

from app.analysis import audiences
from app.analysis.audit import Truth, check
from app.analysis.disclosure import seal
from app.analysis.facts import WaveFacts
from app.analysis.readable import readable
from app.analysis.renewal import may_follow
from app.analysis.sealed import Sealed
from app.analysis.slices import narrow
from app.analysis.summarize import summarize
from app.auth import Audience, Caller
from app.db import Database
from app.errors import AudienceNotServed, Fault, InvalidRequest, NotFound, ReleaseLeaks, ResultsNotReleased, WaveOpen
from app.models.tables import Release, ReleaseDocument, Wave
from app.render.file import File
from app.render.report.parts import Report
from app.services import comments, outbox, waves
from app.services.audit import record
from app.services.counting import count
from app.survey.promise import shows_any

DEFINITIONS = "1"
T = TypeVar("T")
Made = TypeVar("Made", bytes, File)


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
        self.files: LRUCache[Any, tuple[File, str]] = LRUCache(64 * 2**20, getsizeof=lambda v: len(v[0].body))
        self.reports: LRUCache[Any, Report] = LRUCache(8)
        self.lock = threading.Lock()
        self.makers: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)

    def serve(self, release: Published, part: Hashable, make: Callable[[], dict[str, Any]]) -> tuple[bytes, str]:
        """Give a part of a release as bytes, and their ETag; `make` gives it without the `release` member."""
        return self.keep((release, part), lambda: {**make(), "release": release.member()})

    def keep(self, key: Hashable, make: Callable[[], dict[str, Any]]) -> tuple[bytes, str]:
        """Give a document as bytes, and their ETag; `key` holds the releases it is made from and all that chose it."""
        return self.once(self.slices, key, lambda: _tagged(orjson.dumps(make(), option=orjson.OPT_SORT_KEYS)))

    def file(self, key: Hashable, make: Callable[[], File]) -> tuple[File, str]:
        """Give a file, and its ETag; `key` as in `keep`."""
        return self.once(self.files, key, lambda: _tagged(make()))

    def report(self, key: Hashable, make: Callable[[], Report]) -> Report:
        """Give what a report says, with its charts, which are most of the work; `key` as in `keep`."""
        return self.once(self.reports, key, make)

    def once(self, kept: LRUCache[Any, T], key: Hashable, make: Callable[[], T]) -> T:
        """Give what is kept, and make it first where it is not; what is larger than all room is not kept."""
        with self.lock:
            found = kept.get(key)
        if found is None:
            found = make()
            with self.lock:
                if kept.getsizeof(found) <= kept.maxsize:
                    kept[key] = found
        return found


def _tagged(made: Made) -> tuple[Made, str]:
    return made, f'"{hashlib.sha256(made.body if isinstance(made, File) else made).hexdigest()}"'


# ------------------------------------------------------------------ making
def make(database: Database, shelf: Shelf, wave: str, by: Caller | None) -> tuple[int, bool]:
    """Make the final release of a closed wave; its number, and True when it was made now.

    After an erasure a further one is made where the difference to every earlier one may be known and the auditor has
    nothing against it; else the standing one stays. Several askers at once make one: in this process they wait for each
    other, between processes the database decides.

    Raises
    ------
    NotFound, WaveOpen
    ReleaseLeaks : for a first release; nothing was stored, and the detail names rules and no figures.
    """
    waves_now(database, wave)
    with shelf.makers[wave], database.read() as session:
        row = waves.find(session, wave)
        if (number := _settled(session, row)) is not None:
            return number, False
        facts = waves.facts(session, row)
        if not database.is_sqlite:
            session.connection().execute(
                text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": f"release:{wave}"}
            )
            session.refresh(row)
            if (number := _settled(session, row)) is not None:
                return number, False
        tallies, crossed = count(session, facts)
        sealed = seal(facts, tallies, crossed)
        earlier = session.exec(select(Release).where(Release.wave == wave).order_by(col(Release.number))).all()
        books = {group.group: group.codebook for group in facts.groups}
        follows = all(may_follow(Sealed.load(release.tallies), sealed, books) for release in earlier)
        standing = earlier[-1].number if earlier else 0
        documents = audiences.everyone(summarize(facts, sealed)) if follows else None
        if documents is not None:
            leaks = check(readable(facts, sealed, documents), Truth.of(facts, tallies, crossed), stored(session, wave))
            if leaks and not earlier:
                raise ReleaseLeaks(f"The auditor objects by these rules: {', '.join(sorted({x.rule for x in leaks}))}.")
            documents = None if leaks else documents  # once rows have gone, an error would help nobody
        made = _store(database, facts, row.revision, standing, sealed, documents, by)
    return made if made is not None else make(database, shelf, wave, by)


def _settled(session: Session, row: Wave) -> int | None:
    """Number of the standing release, unless there is none or responses were erased since."""
    return None if row.erased and row.rows_removed_on is None else newest(session, row.key)


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
    database: Database,
    facts: WaveFacts,
    revision: int,
    standing: int,
    sealed: Sealed,
    documents: Mapping[str, dict[str, Any]] | None,
    by: Caller | None,
) -> tuple[int, bool] | None:
    """Store the next release, or without documents settle for the standing one.

    None when the wave, its promise, its roster or its responses have changed since they were read.
    """
    wave, number = facts.wave, standing + 1
    with database.write() as session:
        database.lock_wave(session.connection(), wave)
        row = waves.find(session, wave)
        if row.revision != revision:
            return None
        if (found := newest(session, wave) or 0) != standing:
            return found, False  # another process was first; its release says the same
        row.erased = False
        if documents is None:
            return standing, False
        now, tallies = database.now(session), sealed.dump()
        session.add(Release(wave=wave, number=number, definitions=DEFINITIONS, tallies=tallies, released_at=now))
        session.flush()
        comments.extract(session, facts, sealed, number)
        for audience, document in documents.items():
            canonical = orjson.dumps(document, option=orjson.OPT_SORT_KEYS)
            digest, packed = "sha256:" + hashlib.sha256(canonical).hexdigest(), zlib.compress(canonical, 6)
            session.add(ReleaseDocument(wave=wave, number=number, audience=audience, digest=digest, document=packed))
        record(session, by, "release.make", f"{wave}#{number}")
        outbox.note(database, session, "released", wave, now, number)
    return number, True


# ------------------------------------------------------------------ finding
def stored(session: Session, wave: str) -> list[dict[str, Any]]:
    """Give the documents of all audiences of all releases of a wave, as the auditor takes them."""
    rows = session.exec(select(ReleaseDocument).where(ReleaseDocument.wave == wave)).all()
    return [unpacked(row) | {"release": {"number": row.number}} for row in rows]


def unpacked(row: ReleaseDocument) -> dict[str, Any]:
    """Read a stored document."""
    document: dict[str, Any] = orjson.loads(zlib.decompress(row.document))
    return document


def newest(session: Session, wave: str) -> int | None:
    """Number of the standing release."""
    return session.exec(
        select(Release.number).where(Release.wave == wave).order_by(col(Release.number).desc()).limit(1)
    ).first()


_FOUND = (
    core_select(Release.number, Release.released_at, Release.definitions, ReleaseDocument.digest)  # type: ignore[call-overload]
    .where(col(Release.wave) == bindparam("wave"), col(ReleaseDocument.wave) == bindparam("wave"))
    .where(col(ReleaseDocument.number) == col(Release.number), col(ReleaseDocument.audience) == bindparam("audience"))
)
_NEWEST = _FOUND.order_by(col(Release.number).desc()).limit(1)
_NUMBERED = _FOUND.where(col(Release.number) == bindparam("number"))


def find(session: Session, wave: str, number: int | None, audience: str) -> Published | None:
    """Find a release as an audience reads it, the newest one when no number is given."""
    if number is not None and number >= 2**31:
        return None  # no database counts that far
    values = {"wave": wave, "audience": audience} | ({} if number is None else {"number": number})
    found = session.connection().execute(_NEWEST if number is None else _NUMBERED, values).first()
    return None if found is None else Published(wave, found[0], found[1], found[2], audience, found[3])


def listed(session: Session, wave: str, caller: Caller) -> list[dict[str, Any]]:
    """All releases of a wave as the caller reads them, oldest first. Raises NotFound, AudienceNotServed."""
    audience = audience_of(session, wave, caller)
    numbers = session.exec(select(Release.number).where(Release.wave == wave).order_by(col(Release.number))).all()
    found = (find(session, wave, number, audience) for number in numbers)
    return [{"wave": wave, **release.member()} for release in found if release is not None]


def get(session: Session, wave: str, number: int, caller: Caller) -> dict[str, Any]:
    """Raises NotFound, AudienceNotServed."""
    release = find(session, wave, number, audience_of(session, wave, caller))
    if release is None:
        raise NotFound("There is no such release.")
    return {"wave": wave, **release.member()}


def audience_of(session: Session, wave: str, caller: Caller, group: str | None = None) -> Audience:
    """Give the audience whose document of a wave the caller reads.

    Raises
    ------
    NotFound : for what lies outside the key's limits, or is not there.
    AudienceNotServed : when no group of the wave, or not the one that is asked for, was promised to be shown to it.
    """
    audience = caller.reads_as
    if not caller.serves(wave=wave):
        raise NotFound("There is no wave with this key.")
    promise = waves.find(session, wave).promise
    if group is not None and (group not in promise or not caller.serves(group=group)):
        raise NotFound("The wave does not ask this group.")
    asked = promise if group is None else (group,)
    if audience is None or not shows_any((promise[g] for g in asked if caller.serves(group=g)), audience):
        raise AudienceNotServed("Those who answered were promised that this audience gets nothing.")
    return audience


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
    if caller.reads_as is None or not caller.serves(wave=wave, group=group, school=school):
        raise NotFound("There is nothing with this key.")
    release = due(database, shelf, caller, wave, number, caller.reads_as)
    groups, schools = _limits(caller.groups, group), _limits(caller.schools, school)

    def part() -> dict[str, Any]:
        with database.read() as session:
            audience_of(session, wave, caller, group)
            if school is not None and school not in waves.find(session, wave).schools:
                raise NotFound("The wave does not hold this school.")
        document = _document(database, shelf, release)
        check_filters(document, items, constructs)
        return narrow(document, groups=groups, schools=schools, items=items, constructs=constructs)

    return shelf.serve(release, (groups, schools, items, constructs), part)


def due(database: Database, shelf: Shelf, caller: Caller, wave: str, number: int | None, audience: str) -> Published:
    """Find a release as an audience reads it; makes the final one first if that is due.

    Raises
    ------
    NotFound, AudienceNotServed, ResultsNotReleased
    """
    with database.read() as session:
        release = find(session, wave, number, audience)
        if release is None:
            audience_of(session, wave, caller)
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
                missing=[line for line in missing if caller.serves(**line)],
            )


def _limits(of_key: frozenset[str] | None, asked: str | None) -> frozenset[str] | None:
    """The groups or schools of a slice: the one that is asked for, else those of the key; None for all."""
    return of_key if asked is None else frozenset((asked,))


def _until_close(row: Wave, now: datetime) -> dict[str, str]:
    return {"Retry-After": str(max(1, int((row.closes_at - now).total_seconds()) + 1))}


def _document(database: Database, shelf: Shelf, release: Published) -> dict[str, Any]:
    def stands() -> dict[str, Any]:
        with database.read() as session:
            row = session.get(ReleaseDocument, (release.wave, release.number, release.audience))
            assert row is not None
            return unpacked(row)

    return shelf.once(shelf.documents, release, stands)


def check_filters(document: dict[str, Any], items: tuple[str, ...], constructs: tuple[str, ...]) -> None:
    """Raise InvalidRequest for a filter that names nothing."""
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
