"""Who may answer: signed links where a group's access is open, one-use codes where it is not.

Decides what opens a survey page, how many codes may be made, and who is told how many were spent. What a code looks
like is in `codes.py`; what it is spent on, `ledger.py` decides, in the response's transaction.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

import orjson
from sqlmodel import Session

from app.analysis.disclosure import hidden_schools, protected
from app.auth import Caller
from app.db import Database
from app.errors import CodesExceedRoster, Fault, InvalidRequest, WaveClosed
from app.models.access import CodesIn
from app.models.tables import RosterLine, School, Wave
from app.services import codes, waves
from app.services.audit import record
from app.services.gate import Gate
from app.services.sheets import Sheet
from app.survey.instrument import GROUPS

_LINK_BYTES = 12  # 96 bits, 16 characters in an address


# ------------------------------------------------------------------ links
def link(secret: bytes, wave: str, group: str, school: str | None) -> str:
    """Sign the survey address of a wave, a group and a school: the `k` of `/s/{wave}/{group}[/{school}]?k=...`.

    The same at every call with the same secret (at most 64 bytes of it are used), stored nowhere.
    """
    named = orjson.dumps(["link", wave, group, school])
    mac = hashlib.blake2b(named, key=secret[:64], digest_size=_LINK_BYTES)
    return urlsafe_b64encode(mac.digest()).decode()


def valid_link(secret: bytes, wave: str, group: str, school: str | None, given: str) -> bool:
    """Tell whether a signature is that of the address, in constant time."""
    expected = link(secret, wave, group, school).encode()
    return hmac.compare_digest(given.encode("utf-8", "surrogateescape"), expected)


def address(base: str, wave: str, group: str, school: str | None) -> str:
    """Give the address of a survey page; `base` is that of the server."""
    return "/".join((base.rstrip("/"), "s", wave, group, *([school] if school else [])))


def links(session: Session, secret: bytes, key: str, base: str) -> list[dict[str, Any]]:
    """List the survey addresses of a wave, by group: that of the group, then those of its schools. Raises NotFound.

    Where a group answers with codes the address is not signed: the code is the key to it.
    """
    row = waves.find(session, key)
    out = []
    for group in (group for group in GROUPS if group in row.promise):
        access = waves.access_of(row, group)
        for school in (None, *row.schools):
            signed = f"?k={link(secret, key, group, school)}" if access == "open" else ""
            where = address(base, key, group, school) + signed
            out.append({"group": group, "school": school, "access": access, "address": where})
    return out


@contextmanager
def allow(gate: Gate, peer: str, sheet: Sheet) -> Iterator[None]:
    """Let a survey page send one response; use it around `responses.submit`.

    Parameters
    ----------
    peer : the address that the request comes from, `web.state.peer_of(request)`.

    Raises
    ------
    RateLimited : instead of running the block, when this address sends too fast or brought too many wrong codes.
    """
    gate.allow(peer)
    with gate.guesses("page", peer, sheet.wave) if sheet.takes_codes else nullcontext():
        yield


# ------------------------------------------------------------------ making codes
@dataclass(frozen=True, slots=True)
class Draft:
    """Codes that are good once they are stored, and what is printed beside them."""

    wave: str
    title: str
    group: str
    school: str | None
    school_name: str | None
    codes: tuple[str, ...]


def draft(database: Database, key: str, wanted: CodesIn) -> Draft:
    """Make codes for a cell, without storing them. Raises what `store` raises."""
    with database.read() as session:
        row = waves.find(session, key)
        _check(database, session, row, wanted)
        school = None if wanted.school is None else session.get(School, wanted.school)
        made: set[str] = set()
        while len(made) < wanted.count:
            made.add(codes.new_code())
        return Draft(key, row.title, wanted.group, wanted.school, None if school is None else school.name, tuple(made))


def store(database: Database, secret: bytes, wanted: CodesIn, made: Draft, by: Caller) -> None:
    """Store the codes of a draft, all of them or none.

    Raises
    ------
    NotFound
    InvalidRequest : a group or school that the wave does not have, or a group that answers without codes.
    WaveClosed
    CodesExceedRoster : more codes than the cell's roster line has people, or no roster line.
    """
    with database.write() as session:
        database.lock_wave(session.connection(), made.wave)
        _check(database, session, waves.find(session, made.wave), wanted)
        kept = [codes.fingerprint(secret, made.wave, made.group, made.school, code) for code in made.codes]
        codes.keep(session, made.wave, _cell(made.group, made.school), kept)
        record(session, by, "codes.make", _told(made.wave, made.group, made.school, len(kept)))


def _check(database: Database, session: Session, row: Wave, wanted: CodesIn) -> None:
    _check_cell(row, wanted.group, wanted.school, "/group", "/school")
    if waves.access_of(row, wanted.group) == "open":
        fault = Fault("/group", "not_used", "This group answers without access codes.")
        raise InvalidRequest("The group needs no codes.", faults=[fault])
    if waves.status_of(row, database.now(session)) == "closed":
        raise WaveClosed("A closed wave needs no codes.")
    line = session.get(RosterLine, (row.key, *_cell(wanted.group, wanted.school)))
    if line is None:
        raise CodesExceedRoster("The roster has no line for this group and school; put the roster first.")
    count = codes.counts(session, row.key).get(_cell(wanted.group, wanted.school))
    issued = 0 if count is None else count.issued
    if issued + wanted.count > line.eligible:
        raise CodesExceedRoster(
            f"The roster has {line.eligible} people here, and {issued} codes were made before; "
            f"{max(0, line.eligible - issued)} more can be made."
        )


def _check_cell(row: Wave, group: str, school: str | None, at_group: str, at_school: str) -> None:
    """Raise InvalidRequest for a group and school that no response of the wave can have."""
    faults = []
    if group not in row.promise:
        faults.append(Fault(at_group, "wrong_group", "The wave does not ask this group.", tuple(row.promise)))
    if school is not None and school not in row.schools:
        faults.append(Fault(at_school, "wrong_school", "The wave does not hold this school."))
    if school is None and group in waves.NEEDS_SCHOOL:
        faults.append(Fault(at_school, "required", "Whoever answers for this group names a school."))
    if faults:
        raise InvalidRequest("The wave has no such cell.", faults=faults)


def _cell(group: str, school: str | None) -> codes.Cell:
    return group, school or codes.NOT_TIED_TO_A_SCHOOL


def _told(wave: str, group: str, school: str | None, count: int | None = None) -> str:
    """What the audit log says of a cell."""
    return f"{wave}: {group}, {school or 'no school'}" + ("" if count is None else f": {count}")


# ------------------------------------------------------------------ voiding and counting them
def void(database: Database, session: Session, key: str, group: str, school: str | None, by: Caller) -> None:
    """Make the unspent codes of a cell worthless; as many may be made again.

    But not while a cell that is hidden in participation answers: how many more can be made would say how many have
    answered there.

    Raises
    ------
    NotFound, InvalidRequest
    """
    database.lock_wave(session.connection(), key)
    row = waves.find(session, key)
    _check_cell(row, group, school, "?group", "?school")
    hidden = _cell(group, school) in _hidden(session, row)
    scheduled = waves.status_of(row, database.now(session)) == "scheduled"
    codes.void(session, key, _cell(group, school), freed=scheduled or not hidden)
    record(session, by, "codes.void", _told(key, group, school))


def counts(session: Session, key: str) -> list[dict[str, Any]]:
    """Say of each cell with codes how many were made, spent and left; of a hidden one only how many were made.

    Raises NotFound.
    """
    row = waves.find(session, key)
    found = codes.counts(session, key)
    hidden = _hidden(session, row)
    order: dict[str, int] = {group: i for i, group in enumerate(GROUPS)}
    out = []
    for cell in sorted(found, key=lambda cell: (order[cell[0]], cell[1])):
        count, (group, school) = found[cell], cell
        if cell in hidden:
            out.append({**protected(group, school or None), "issued": count.issued})
        else:
            told = {"issued": count.issued, "spent": count.spent, "left": count.issued - count.spent}
            out.append({"group": group, "school": school or None, **told})
    return out


def _hidden(session: Session, row: Wave) -> set[codes.Cell]:
    """The cells whose participation nobody is told; people tied to no school are one that is never shown alone."""
    out: set[codes.Cell] = set()
    for group in waves.facts(session, row).groups:
        if group.confidential:
            schools = hidden_schools(group, row.schools)
            out |= {(group.group, school) for school in (*schools, codes.NOT_TIED_TO_A_SCHOOL)}
    return out
