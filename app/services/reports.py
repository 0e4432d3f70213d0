"""Reports: all that a reader gets of a release, gathered to be read as a page or on paper.

Decides what goes into a report and whose. Every figure in it is of a document that its reader gets at another address;
words that were promised to the director alone are left out, unless they are asked for by the group.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from sqlmodel import Session, col, select

from app.auth import Caller
from app.db import Database
from app.errors import AudienceNotServed, NotFound, Problem
from app.models.tables import Release, Wave
from app.render.file import File
from app.render.report.documents import Documents
from app.render.report.outline import outline
from app.render.report.page import page
from app.render.report.paper import paper
from app.render.report.parts import Report
from app.services import comments, equity, gaps, priorities, releases, trends, waves
from app.services.instruments import codebook
from app.services.releases import Published, Shelf
from app.survey.promise import is_exact, plain_words

FORMS: Mapping[str, tuple[str, Callable[[Report], bytes]]] = {
    "html": ("text/html; charset=utf-8", page),
    "pdf": ("application/pdf", paper),
}
COMMENTS = 200
"""So many comments are printed; of more, these are a random choice, because their order is random."""
PREPARED_SCHOOLS = 50
"""Reports of waves with more schools are drawn when they are asked for, never before."""
WAVES = 3
"""A wave is compared with so many earlier ones at most."""

Row = dict[str, Any]


@dataclass(frozen=True)
class Scope:
    """What one report is about, and of what it is made.

    Attributes
    ----------
    reader : the caller, limited to the groups of the report.
    release : the release that it is about.
    earlier : the newest releases of the waves that it is compared with, and its own, in time order; empty for none.
    passed : the comments that are in it.
    more : whether more were passed.
    """

    reader: Caller
    release: Published
    school: str | None
    group: str | None
    kept: tuple[str, ...]
    earlier: tuple[Published, ...]
    passed: tuple[Row, ...]
    more: bool

    @property
    def key(self) -> tuple[Any, ...]:
        """Everything that chooses the bytes. Comments change without a release, so they are in it."""
        limits = [None if of is None else tuple(sorted(of)) for of in (self.reader.groups, self.reader.schools)]
        words = sha256(orjson.dumps(self.passed)).hexdigest()
        return ("report", self.release, self.school, self.group, *limits, self.kept, self.earlier, words, self.more)

    @property
    def state(self) -> str:
        """Name what the report says."""
        return sha256(repr(self.key).encode()).hexdigest()

    @property
    def name(self) -> str:
        return "-".join(filter(None, (self.release.wave, self.group, self.school, "report")))


def read(
    database: Database,
    shelf: Shelf,
    caller: Caller,
    wave: str,
    form: str,
    *,
    school: str | None = None,
    group: str | None = None,
    number: int | None = None,
) -> tuple[File, str]:
    """Give a report as a file, and its ETag; makes the final release first if that is due.

    Raises
    ------
    NotFound, AudienceNotServed, ResultsNotReleased : as for the summary of the group or the school.
    """
    about = scope(database, shelf, caller, wave, school=school, group=group, number=number)
    return drawn(database, shelf, about, form)


def drawn(database: Database, shelf: Shelf, about: Scope, form: str) -> tuple[File, str]:
    """Draw a report in one of the `FORMS`, or give it as it was drawn before."""

    def make() -> File:
        media_type, draw = FORMS[form]
        said = shelf.report(about.key, lambda: outline(gather(database, shelf, about)))
        return File(draw(said), media_type, f"{about.name}.{form}")

    return shelf.file((form, *about.key), make)


def prepare(database: Database, shelf: Shelf, since: datetime) -> datetime:
    """Draw the director's report of the newest release made since a time; gives the time until which it looked.

    Most of a report's time is its first time. A wave of very many schools is left to whoever asks.
    """
    with database.read() as session:
        now = database.now(session)
        query = select(Wave).join(Release, col(Release.wave) == Wave.key).where(col(Release.released_at) > since)
        wave = session.exec(query.order_by(col(Release.released_at).desc()).limit(1)).first()
    if wave is not None and len(wave.schools) <= PREPARED_SCHOOLS:
        with suppress(Problem):  # who asks is told
            for form in FORMS:
                read(database, shelf, Caller("housekeeping", "housekeeping", "director"), wave.key, form)
    return now


# ------------------------------------------------------------------ what it is about
def scope(
    database: Database,
    shelf: Shelf,
    caller: Caller,
    wave: str,
    *,
    school: str | None = None,
    group: str | None = None,
    number: int | None = None,
) -> Scope:
    """Find what a report is about: by a key that is limited to one school of the wave, that one. Raises as `read`."""
    reader, kept = reader_of(database, caller, wave, school=school, group=group)
    school = school or _only_school(database, reader, wave)
    releases.read(database, shelf, reader, wave, group=group, school=school, number=number)  # may it be read at all?
    assert reader.reads_as is not None
    release = releases.due(database, shelf, reader, wave, number, reader.reads_as)
    with database.read() as session:
        row = waves.find(session, wave)
        passed, more = _passed(session, reader, wave, group, school)
        earlier = _earlier(session, row, reader, release, school)
    return Scope(reader, release, school, group, kept, earlier, passed, more)


def reader_of(
    database: Database, caller: Caller, wave: str, *, school: str | None, group: str | None
) -> tuple[Caller, tuple[str, ...]]:
    """Limit a caller to the groups of a report; and the groups that are left out.

    A report is made to be handed on, and answers of attributed groups were promised to the director alone. So these
    are left out, unless there is nothing else, or one of them is asked for. Raises NotFound.
    """
    if caller.reads_as is None or not caller.serves(wave=wave, group=group, school=school):
        raise NotFound("There is nothing with this key.")
    if group is not None:
        return replace(caller, groups=frozenset([group])), ()
    with database.read() as session:
        promise = waves.find(session, wave).promise
    served = [one for one in promise if caller.serves(group=one)]
    shown = [one for one in served if promise[one]["mode"] == "confidential"] or served
    return replace(caller, groups=frozenset(shown)), tuple(one for one in served if one not in shown)


def _only_school(database: Database, reader: Caller, wave: str) -> str | None:
    """Give the school of a wave that a key is limited to; None when it may read of several, or of none."""
    with database.read() as session:
        held = [school for school in waves.find(session, wave).schools if reader.serves(school=school)]
    return held[0] if reader.schools is not None and len(held) == 1 else None


def _passed(
    session: Session, reader: Caller, wave: str, group: str | None, school: str | None
) -> tuple[tuple[Row, ...], bool]:
    """Give comments that were passed, and whether there are more."""
    try:
        within = comments.scope(session, wave, reader, group=group, school=school)
    except AudienceNotServed:
        return (), False
    found, following = comments.listed(session, replace(within, statuses=("shown", "redacted")), COMMENTS, None)
    return tuple(found), following is not None


def _earlier(
    session: Session, row: Wave, reader: Caller, release: Published, school: str | None
) -> tuple[Published, ...]:
    """Find the waves to compare with, the newest release of each; none for a release that is not the newest itself.

    They asked one of the groups with the same instrument, in this or another version, are real or simulated like the
    wave itself, and hold the report's school. One about the whole union is compared with waves of the same schools:
    with others nothing can be told of the union. None of them is released by being looked at.
    """
    if releases.newest(session, row.key) != release.number:
        return ()
    mine = {group: version.key for group, version in waves.instruments_of(session, row.key).items()}
    before = session.exec(
        select(Wave)
        .where(col(Wave.opens_at) < row.opens_at, col(Wave.simulated) == row.simulated)
        .where(col(Wave.key).in_(select(Release.wave)))
        .order_by(col(Wave.opens_at).desc(), col(Wave.key))
    )
    found: list[Published] = []
    for wave in before:
        theirs = waves.instruments_of(session, wave.key)
        alike = [group for group, version in theirs.items() if mine.get(group) == version.key]
        exact = [
            group
            for group in alike
            if reader.serves(wave=wave.key, group=group) and _is_exact(wave, row, group, reader)
        ]
        if exact and (school in wave.schools if school is not None else set(wave.schools) == set(row.schools)):
            published = releases.find(session, wave.key, None, release.audience)
            found += [published] if published is not None else []
        if len(found) == WAVES:
            break
    return (*reversed(found), release) if found else ()


def _is_exact(earlier: Wave, later: Wave, group: str, reader: Caller) -> bool:
    audience = reader.reads_as
    return audience is not None and all(is_exact(wave.promise[group], audience) for wave in (earlier, later))


def every(database: Database) -> Iterator[tuple[str, str | None]]:
    """Give each wave that has closed, alone and with each of its schools; newest first."""
    with database.read() as session:
        now = database.now(session)
        rows = session.exec(select(Wave).order_by(col(Wave.opens_at).desc(), col(Wave.key))).all()
        closed = [(row.key, row.schools) for row in rows if waves.status_of(row, now) == "closed"]
    for wave, schools in closed:
        yield wave, None
        yield from ((wave, school) for school in schools)


# ------------------------------------------------------------------ what it is made of
def gather(database: Database, shelf: Shelf, about: Scope) -> Documents:
    """Read the documents of a report, each as its reader would at its own address."""
    reader, release, school, group = about.reader, about.release, about.school, about.group
    wave, number = release.wave, release.number
    summary = orjson.loads(releases.read(database, shelf, reader, wave, group=group, school=school, number=number)[0])
    with database.read() as session:
        row = waves.find(session, wave)
        versions = waves.instruments_of(session, wave)
    made = datetime.fromisoformat(summary["release"]["released_at"]).astimezone(ZoneInfo(row.time_zone))
    summary["release"]["released_at"] = made.isoformat()  # its day is that of the schools
    promises = {one: promise for one, promise in summary["promise"].items() if reader.serves(group=one)}
    exact = [one for one in promises if is_exact(promises[one], summary["audience"])]
    of_schools = reader if school is None else replace(reader, schools=frozenset((school,)))

    def question(comment: Row) -> str:
        instrument = codebook(versions[comment["group"]]).instrument
        return instrument.by_key[comment["item"]].text.say(instrument.default_locale)

    return Documents(
        summary=summary,
        school=school,
        group=group,
        gaps=_or_none(
            lambda: gaps.read(database, shelf, reader, wave, groups=",".join(exact), school=school, number=number)
        )
        if len(exact) > 1
        else None,
        priorities=_or_none(lambda: priorities.read(database, shelf, of_schools, wave, number=number)),
        equity=_or_none(lambda: equity.read(database, shelf, reader, wave, number=number)) if school is None else None,
        trends=_or_none(
            lambda: trends.read(database, shelf, reader, [one.wave for one in about.earlier], school=school)
        )
        if about.earlier
        else None,
        comments=tuple(comment | {"question": question(comment)} for comment in about.passed),
        more_comments=about.more,
        promises={one: plain_words(promises[one], waves.access_of(row, one))["en"] for one in promises},
        kept=about.kept,
        for_director=any(promise["mode"] == "attributed" for promise in promises.values()),
        limited=reader.schools is not None,
    )


def _or_none(read: Callable[[], tuple[bytes, str]]) -> Any:
    """Read a document; None for a reader who does not get it."""
    try:
        return orjson.loads(read()[0])
    except AudienceNotServed:
        return None
