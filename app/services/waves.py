"""Waves: put, read, closed; their rosters and participation.

Decides what may change when. A wave opens and closes by the database's clock; closing takes the wave's lock
exclusively, so every response is either in before it or refused.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import func, text
from sqlmodel import Session, col, delete, select

from app.analysis.disclosure import hidden_schools
from app.analysis.facts import GroupFacts, WaveFacts
from app.auth import Caller
from app.db import Database
from app.errors import (
    CodesExceedRoster,
    Fault,
    InvalidRequest,
    NotFound,
    PromiseLoosened,
    RosterFrozen,
    WaveClosed,
    WaveNotOpen,
    WaveStarted,
    pointer,
)
from app.models.tables import InstrumentVersion, Release, RosterLine, School, SurveyResponse, Wave, WaveInstrument
from app.models.waves import RosterIn, WaveIn
from app.services import codes, outbox
from app.services.audit import record
from app.services.instruments import codebook
from app.services.paging import page
from app.survey.instrument import GROUPS
from app.survey.promise import Access, default_promise, looser

Status = Literal["scheduled", "open", "closed"]
NEEDS_SCHOOL = ("family", "staff")  # whoever answers for these groups names a school


def status_of(wave: Wave, now: datetime) -> Status:
    if wave.closed_at is not None or now >= wave.closes_at:
        return "closed"
    return "open" if now >= wave.opens_at else "scheduled"


def access_of(wave: Wave, group: str) -> Access:
    """Tell how a group of a wave answers."""
    return "code" if wave.access.get(group) == "code" else "open"


# ------------------------------------------------------------------ reading
def find(session: Session, key: str) -> Wave:
    """Raises NotFound."""
    row = session.get(Wave, key)
    if row is None:
        raise NotFound("There is no wave with this key.")
    return row


def get(database: Database, session: Session, key: str, caller: Caller) -> Wave:
    """Read a wave that is the caller's to know: a collector knows the open ones it serves. Raises NotFound."""
    row = session.get(Wave, key) if caller.serves(wave=key) else None
    if row is None or (caller.role == "collector" and status_of(row, database.now(session)) != "open"):
        raise NotFound("There is no wave with this key.")
    return row


def listed(
    database: Database, session: Session, caller: Caller, limit: int, after: str | None
) -> tuple[list[Wave], str | None]:
    where: tuple[Any, ...] = ()
    if caller.waves is not None:
        where += (col(Wave.key).in_(sorted(caller.waves)),)
    if caller.role == "collector":
        now = database.now(session)
        where += (col(Wave.opens_at) <= now, col(Wave.closes_at) > now, col(Wave.closed_at).is_(None))
    return page(session, Wave, limit, after, where=where)


def instruments_of(session: Session, wave: str) -> dict[str, InstrumentVersion]:
    """Group -> instrument version in the field, in the order of the groups."""
    found = {
        field.group: version
        for field, version in session.exec(
            select(WaveInstrument, InstrumentVersion)
            .where(WaveInstrument.wave == wave)
            .where(InstrumentVersion.key == WaveInstrument.key, InstrumentVersion.version == WaveInstrument.version)
        )
    }
    return {group: found[group] for group in GROUPS if group in found}


def has_release(session: Session, wave: str) -> bool:
    return session.exec(select(Release.number).where(Release.wave == wave).limit(1)).first() is not None


# ------------------------------------------------------------------ putting
def put(
    database: Database, session: Session, key: str, body: WaveIn, by: Caller, check: Callable[[Wave | None], None]
) -> tuple[Wave, bool]:
    """Create or change a wave; True when it is new. `check` sees the standing one first (`If-Match`).

    Raises
    ------
    InvalidRequest : unknown schools or instruments, an instrument of another group.
    WaveStarted : once it has opened, for any change but a later close, the title and a stricter promise.
    PromiseLoosened : for a promise that is looser in any respect, once the wave has opened.
    """
    database.lock_wave(session.connection(), key)
    promise: dict[str, Any] = {
        group: (body.promise.get(group) or default_promise(group)).filled() for group in body.instruments
    }
    access: dict[str, Any] = {group: body.access.get(group, "open") for group in body.instruments}
    _check_references(session, body)
    row = session.get(Wave, key)
    check(row)
    if row is None:
        row = Wave(
            key=key, title=body.title, simulated=body.simulated, opens_at=body.opens_at, closes_at=body.closes_at,
            time_zone=body.time_zone, schools=list(body.schools), promise=promise, access=access,
            revision=new_revision(),
        )  # fmt: skip
        session.add(row)
        session.flush()
        _field(session, key, body)
        record(session, by, "wave.create", key)
        outbox.note_opening(database, session, row)
        return row, True
    fielded = {f"{v.key}@{v.version}" for v in instruments_of(session, key).values()}
    same_shape = (
        (
            row.simulated,
            row.opens_at,
            row.time_zone,
            row.schools,
            {group: access_of(row, group) for group in row.promise},
        )
        == (body.simulated, body.opens_at, body.time_zone, list(body.schools), access)
    ) and fielded == set(body.instruments.values())
    if same_shape and (row.title, row.closes_at, row.promise) == (body.title, body.closes_at, promise):
        return row, False
    if status_of(row, database.now(session)) == "scheduled":
        session.exec(delete(WaveInstrument).where(col(WaveInstrument.wave) == key))
        row.simulated, row.opens_at, row.time_zone = body.simulated, body.opens_at, body.time_zone
        row.schools, row.access = list(body.schools), access
        _field(session, key, body)
        codes.keep_only(session, key, cells_with_codes(row))
    else:
        _check_started(database, session, row, body, promise, same_shape)
    row.title, row.closes_at, row.promise, row.revision = body.title, body.closes_at, promise, new_revision()
    record(session, by, "wave.change", key)
    outbox.note_opening(database, session, row)
    return row, False


def cells_with_codes(row: Wave) -> set[codes.Cell]:
    """The cells of a wave whose people answer with codes."""
    return {
        (group, school)
        for group in row.access
        if access_of(row, group) == "code"
        for school in (*row.schools, *(() if group in NEEDS_SCHOOL else (codes.NOT_TIED_TO_A_SCHOOL,)))
    }


def new_revision() -> int:
    """Mark a change of a wave: whoever holds a sheet or makes a release of what was before will notice."""
    return secrets.randbelow(2**31)


def _field(session: Session, wave: str, body: WaveIn) -> None:
    for group, reference in body.instruments.items():
        key, version = reference.split("@")
        session.add(WaveInstrument(wave=wave, group=group, key=key, version=int(version)))
    session.flush()


def _check_references(session: Session, body: WaveIn) -> None:
    faults = []
    known = set(session.exec(select(School.key)))
    for index, school in enumerate(body.schools):
        if school not in known:
            faults.append(Fault(pointer("schools", index), "unknown_school", "There is no such school."))
    for asked, reference in body.instruments.items():
        key, version = reference.split("@")
        found = session.get(InstrumentVersion, (key, int(version)))
        if found is None:
            faults.append(Fault(pointer("instruments", asked), "unknown_instrument", "There is no such version."))
        elif found.group != asked:
            faults.append(
                Fault(pointer("instruments", asked), "wrong_group", f"This instrument is for `{found.group}`.")
            )
    if faults:
        raise InvalidRequest("The wave has faults.", faults=faults)


def _check_started(
    database: Database, session: Session, row: Wave, body: WaveIn, promise: dict[str, Any], same_shape: bool
) -> None:
    """Let through what may change once a wave has opened; `promise` has the same groups when the shape is the same."""
    if not same_shape:
        raise WaveStarted(
            "Once a wave has opened, only its title, a later `closes_at` and a stricter promise may change."
        )
    if any(looser(row.promise[group], promise[group]) for group in promise):
        raise PromiseLoosened("What was promised to those who answered can become stricter, never looser.")
    if promise != row.promise and has_release(session, row.key):
        raise WaveStarted("The promise is settled once the wave has a release.")
    if body.closes_at != row.closes_at:
        if status_of(row, database.now(session)) == "closed":
            raise WaveClosed("A closed wave stays closed; its `closes_at` can no longer change.")
        if body.closes_at < row.closes_at:
            raise WaveStarted("`closes_at` may only become later; to close the wave now, POST to its `/close`.")


def remove(database: Database, session: Session, key: str, by: Caller) -> None:
    """Remove a wave that has not opened. Raises NotFound, WaveStarted."""
    database.lock_wave(session.connection(), key)
    row = find(session, key)
    if status_of(row, database.now(session)) != "scheduled":
        raise WaveStarted("A wave that has opened is kept.")
    session.delete(row)
    record(session, by, "wave.remove", key)


# ------------------------------------------------------------------ closing
# Rows leave no trace of when they came. SQLite keeps them in the order of their random ids; its pages are filled anew
# in that order. PostgreSQL keeps them in any order.
_RESEAL_SQLITE = (
    "CREATE TEMP TABLE resealed AS SELECT * FROM survey_response WHERE wave = :wave ORDER BY id",
    "DELETE FROM survey_response WHERE wave = :wave",
    "INSERT INTO survey_response SELECT * FROM resealed ORDER BY rowid",
    "DROP TABLE resealed",
)
_RESEAL_POSTGRESQL = (
    "WITH gone AS (DELETE FROM survey_response WHERE wave = :wave RETURNING *) "
    "INSERT INTO survey_response SELECT * FROM gone ORDER BY random()",
)


def close(database: Database, key: str, by: Caller | None) -> None:
    """Close a wave now, for good; a closed one stays as it is. Raises NotFound, WaveNotOpen (not yet opened)."""
    with database.write() as session:
        database.lock_wave(session.connection(), key)
        row = find(session, key)
        now = database.now(session)
        if row.closed_at is not None:
            return
        if now < row.opens_at:
            raise WaveNotOpen("The wave has not opened yet; remove it instead.")
        row.closed_at = min(now, row.closes_at)
        row.closing_counts = [[group, school, n] for (group, school), n in _counts(session, key).items()]
        row.revision = new_revision()
        codes.forget(session, key)
        for statement in _RESEAL_SQLITE if database.is_sqlite else _RESEAL_POSTGRESQL:
            session.connection().execute(text(statement), {"wave": key} if ":wave" in statement else {})
        record(session, by, "wave.close", key)
        outbox.note_opening(database, session, row)  # if nobody has noticed yet
        outbox.note(database, session, "closed", key, row.closed_at)
    database.forget_deleted()


def close_due(database: Database) -> list[str]:
    """Close every wave whose time has come; the keys of those that were."""
    with database.read() as session:
        now = database.now(session)
        due = session.exec(select(Wave.key).where(col(Wave.closed_at).is_(None), col(Wave.closes_at) <= now)).all()
    for key in due:
        close(database, key, None)
    return list(due)


def _counts(session: Session, wave: str) -> dict[tuple[str, str | None], int]:
    rows = session.exec(
        select(SurveyResponse.group, SurveyResponse.school, func.count())
        .where(SurveyResponse.wave == wave)
        .group_by(col(SurveyResponse.group), col(SurveyResponse.school))
    )
    return {(group, school): n for group, school, n in rows}


def response_counts(session: Session, row: Wave) -> dict[str, dict[str | None, int]]:
    """Group -> school -> responses: live while the wave is open, as at the close after it."""
    if row.closing_counts is None:
        return counted(session, row)
    return _by_group(row, {(group, school): n for group, school, n in row.closing_counts})


def counted(session: Session, row: Wave) -> dict[str, dict[str | None, int]]:
    """Group -> school -> responses that are stored now."""
    return _by_group(row, _counts(session, row.key))


def _by_group(row: Wave, found: dict[tuple[str, str | None], int]) -> dict[str, dict[str | None, int]]:
    out: dict[str, dict[str | None, int]] = {group: {} for group in row.promise}
    for (group, school), n in found.items():
        out[group][school] = n
    return out


# ------------------------------------------------------------------ rosters
def put_roster(
    database: Database, session: Session, key: str, body: RosterIn, by: Caller, check: Callable[[Wave], None]
) -> bool:
    """Replace the roster; True when there was none.

    Raises
    ------
    NotFound, InvalidRequest
    RosterFrozen : once the wave has a release.
    CodesExceedRoster : when it has fewer people in a cell than codes were made for it.
    """
    database.lock_wave(session.connection(), key)
    row = find(session, key)
    check(row)
    faults, seen = [], set()
    for index, line in enumerate(body.counts):
        if line.group not in row.promise:
            faults.append(Fault(pointer("counts", index, "group"), "wrong_group", "The wave does not ask this group."))
        if line.school is not None and line.school not in row.schools:
            faults.append(
                Fault(pointer("counts", index, "school"), "wrong_school", "The wave does not hold this school.")
            )
        if (line.group, line.school) in seen:
            faults.append(
                Fault(pointer("counts", index), "repeated", "There is another line for this group and school.")
            )
        seen.add((line.group, line.school))
    if faults:
        raise InvalidRequest("The roster has faults.", faults=faults)
    if has_release(session, key):
        raise RosterFrozen("Published figures were made with this roster.")
    eligible: dict[codes.Cell, int] = {
        (line.group, line.school or codes.NOT_TIED_TO_A_SCHOOL): line.eligible for line in body.counts
    }
    for cell, count in codes.counts(session, key).items():
        if count.issued > eligible.get(cell, 0):
            where = f"`{cell[0]}` in `{cell[1]}`" if cell[1] else f"`{cell[0]}`"
            raise CodesExceedRoster(f"For {where} {count.issued} codes were made; void the unspent ones first.")
    if status_of(row, database.now(session)) != "scheduled":  # what was hidden once is not shown by another roster
        hidden = {group.group: sorted(hidden_schools(group, row.schools)) for group in facts(session, row).groups}
        row.kept_hidden = {group: schools for group, schools in hidden.items() if schools}
    made = row.roster_source is None
    session.exec(delete(RosterLine).where(col(RosterLine.wave) == key))
    session.add_all(
        RosterLine(wave=key, group=line.group, school=line.school or codes.NOT_TIED_TO_A_SCHOOL, eligible=line.eligible)
        for line in body.counts
    )
    row.roster_source, row.roster_unit, row.revision = body.source, body.unit, new_revision()
    record(session, by, "roster.put", key)
    session.flush()
    return made


def roster_lines(session: Session, wave: str) -> list[dict[str, Any]]:
    """The lines of a roster as they were put, in a fixed order."""
    lines = session.exec(select(RosterLine).where(RosterLine.wave == wave)).all()
    order: dict[str, int] = {group: i for i, group in enumerate(GROUPS)}
    return [
        {"group": line.group, "school": line.school or None, "eligible": line.eligible}
        for line in sorted(lines, key=lambda line: (order[line.group], line.school))
    ]


# ------------------------------------------------------------------ what analysis needs to know of a wave
def facts(session: Session, row: Wave) -> WaveFacts:
    """Describe a wave for `analysis`, rosters and promises included."""
    rosters: dict[str, dict[str | None, int]] = {group: {} for group in row.promise}
    for line in roster_lines(session, row.key):
        if line["group"] in rosters:
            rosters[line["group"]][line["school"]] = line["eligible"]
    return WaveFacts(
        wave=row.key,
        title=row.title,
        simulated=row.simulated,
        schools=tuple(row.schools),
        groups=tuple(
            GroupFacts(
                group=group,
                instrument=f"{version.key}@{version.version}",
                codebook=codebook(version),
                **{"minimum": 1, **row.promise[group]},
                roster=rosters[group],
                counts_children=row.roster_unit == "child",
                kept_hidden=frozenset(row.kept_hidden.get(group, ())),
            )
            for group, version in instruments_of(session, row.key).items()
        ),
        turnout=None if row.closing_counts is None else response_counts(session, row),
    )
