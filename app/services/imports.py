"""Import of responses that another survey tool collected: a file, a mapping, a verdict on every row.

Decides what becomes of a row. Rows go through the same checks and the same writer as a POST; nothing of a file is kept
but answers, school and language. Ids follow from the content, so that a second run replays instead of storing twice.
"""

from __future__ import annotations

import asyncio
import hashlib
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlmodel import Session, col, select
from starlette.concurrency import run_in_threadpool

from app.auth import Caller
from app.db import Database
from app.errors import AnswersInvalid, Fault, InvalidRequest, StoreUnavailable, WaveNotOpen
from app.models.tables import School
from app.services import waves
from app.services.audit import record
from app.services.ledger import Ledger, Verdict
from app.services.responses import Desk, check
from app.services.sheets import GroupSheet, Sheet, Sheets
from app.services.spreadsheets import read_table
from app.services.store import Row, store_for
from app.services.writer import ResponseWriter
from app.survey.drafting import draft
from app.survey.mapping import CellFault, Mapping, Reader, ReadRow, misfits
from app.survey.tables import Table, plain


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be imported, and how.

    Attributes
    ----------
    school : the school of every row; None where a column says it, or where there is none.
    mapping : None: the one that a draft is certain of.
    source : what tells apart two files in which different people gave the same answers.
    apply : store; else say what would become of each row.
    partial : store the sound rows though others have faults.
    """

    group: str
    content: bytes
    school: str | None = None
    mapping: Mapping | None = None
    source: str = ""
    apply: bool = False
    partial: bool = False


@dataclass(slots=True)
class _Line:
    """A row of the file and what became of it."""

    read: ReadRow
    row: Row | None = None
    status: str = "rejected"


# ------------------------------------------------------------------ drafting
def drafted(database: Database, sheet: Sheet, group: str, content: bytes) -> dict[str, Any]:
    """Draft a mapping for a person to read, guesses included. Raises InvalidRequest, BodyTooLarge."""
    mine = _group(sheet, group)
    with database.read() as session:
        schools = _schools(session, sheet)
    mapping, notes = draft(read_table(content), mine.codebook.instrument, schools, guess=True)
    return {"mapping": mapping.document(), "guesses": [note._asdict() for note in notes]}


# ------------------------------------------------------------------ importing
async def run(desk: Desk, sheet: Sheet, caller: Caller, order: Order) -> dict[str, Any]:
    """Examine a file, store its rows if that is ordered, and report on every row.

    A dry run looks at the file alone: who could ask whether a row is stored already could try out who answered what.

    Raises
    ------
    InvalidRequest : the file cannot be read, or the mapping does not fit it.
    WaveNotOpen
    BodyTooLarge, StoreUnavailable
    """
    table, mapping, lines = await run_in_threadpool(_examine, desk, sheet, caller, order)
    faulty = any(line.status == "rejected" for line in lines)
    applied = order.apply and (order.partial or not faulty)
    if applied:
        await _store(desk, sheet, caller, order, lines)
        await run_in_threadpool(_note, desk.database, caller, sheet.wave)
    return _report(sheet, order, mapping, table, lines, applied)


def _examine(desk: Desk, sheet: Sheet, caller: Caller, order: Order) -> tuple[Table, Mapping, list[_Line]]:
    mine = _group(sheet, order.group)
    instrument = mine.codebook.instrument
    with desk.database.read() as session:
        if waves.status_of(waves.find(session, sheet.wave), desk.database.now(session)) != "open":
            raise WaveNotOpen("The wave takes responses only while it is open.")
        schools = _schools(session, sheet)
    table = read_table(order.content)
    mapping = order.mapping or draft(table, instrument, schools, guess=False)[0]
    faults = misfits(mapping, table, instrument)
    if order.school is not None and any(rule.use == "school" for rule in mapping.columns):
        faults.append(Fault("/school", "school_twice", "A column says the school, and so does the request."))
    if faults:
        raise InvalidRequest("The mapping does not fit the file.", faults=faults, mapping=mapping.document())
    reader = Reader(mapping, instrument, schools)
    lines = [_Line(row) for row in reader.rows(table)]
    _check(sheet, caller, order, reader, lines)
    _identify(desk, sheet, order, lines)
    return table, mapping, lines


def _group(sheet: Sheet, group: str) -> GroupSheet:
    if group not in sheet.groups:
        fault = Fault("/group", "wrong_group", "The wave does not ask this group.", tuple(sheet.groups))
        raise InvalidRequest(faults=[fault])
    return sheet.groups[group]


def _schools(session: Session, sheet: Sheet) -> dict[str, str]:
    """Plain name or key of a school of the wave -> its key; a name that two schools have names none."""
    named = session.exec(select(School).where(col(School.key).in_(sorted(sheet.schools)))).all()
    count = Counter(plain(school.name) for school in named)
    names = {plain(school.name): school.key for school in named if count[plain(school.name)] == 1}
    return names | {key: key for key in sheet.schools}


def _check(sheet: Sheet, caller: Caller, order: Order, reader: Reader, lines: list[_Line]) -> None:
    """Check what was read as a POST is checked; a fault goes to the cell that it comes from."""
    for line in lines:
        read = line.read
        if read.passed_over is not None:
            line.status = read.passed_over
            continue
        body = {
            "id": str(uuid.uuid4()), "group": order.group, "school": read.school or order.school,
            "locale": read.locale, "answers": read.answers, "access_code": read.access_code,
        }  # fmt: skip
        unread = {fault.column for fault in read.faults}
        try:
            row = check(sheet, caller, body)
        except AnswersInvalid as invalid:
            for fault in invalid.faults:
                column = _column(fault, reader)
                if column is None or column not in unread:  # what could not be read has its fault already
                    read.faults.append(CellFault(column, fault.code, fault.detail, fault.expected))
            continue
        if not read.faults:
            line.row, line.status = row, "accepted"


def _column(fault: Fault, reader: Reader) -> str | None:
    _, what, *rest = fault.pointer.split("/")
    if what == "answers" and rest:
        return reader.column_of.get(rest[0])
    return reader.column_used_as("school") if what == "school" else None


def _identify(desk: Desk, sheet: Sheet, order: Order, lines: list[_Line]) -> None:
    """Give every sound row the id that follows from its content, and from how often it came before in the file.

    Under the server's secret, so that an id does not let anybody try out who answered what.
    """
    seen: Counter[bytes] = Counter()
    for line in lines:
        if line.row is None:
            continue
        content = orjson.dumps([sheet.wave, order.source, *line.row.content])
        seen[content] += 1
        named = content + seen[content].to_bytes(4)
        digest = hashlib.blake2b(named, key=desk.secret[:64], person=b"import", digest_size=16).digest()
        line.row = line.row._replace(id=str(uuid.UUID(bytes=digest, version=5)))


# ------------------------------------------------------------------ storing
async def _store(desk: Desk, sheet: Sheet, caller: Caller, order: Order, lines: list[_Line]) -> None:
    """Store the sound rows in one transaction, and put down what became of each."""
    sound = [line for line in lines if line.row is not None]
    rows = [line.row for line in sound if line.row is not None]
    verdicts = await desk.store(sheet, rows)
    if any(verdict.status == "stale" for verdict in verdicts):  # then none was stored
        raise StoreUnavailable("The wave was just changed; send the file again.")
    if verdicts and all(verdict.status == "not_open" for verdict in verdicts):
        raise WaveNotOpen("The wave takes responses only while it is open.")
    for line, verdict in zip(sound, verdicts, strict=True):
        _put_down(line, verdict)


def _put_down(line: _Line, verdict: Verdict) -> None:
    if verdict.status in ("accepted", "replayed", "withdrawn"):
        line.status = verdict.status
        return
    line.status = "rejected"
    detail = {
        "code_invalid": "The access code is unknown here, or it was used before.",
        "not_open": "The wave takes responses only while it is open.",
    }.get(verdict.status, "Another response has this id.")
    line.read.faults.append(CellFault(None, verdict.status, detail))


def _note(database: Database, caller: Caller, wave: str) -> None:
    with database.write() as session:
        record(session, caller if caller.id else None, "responses.import", wave)


# ------------------------------------------------------------------ without a server
def run_alone(database: Database, secret: bytes, wave: str, order: Order) -> dict[str, Any]:
    """As `run`, from the command line, with a writer of its own; also while a server runs."""
    writer = ResponseWriter(Ledger(store_for(*database.address)))
    sheets = Sheets(database)
    try:
        return asyncio.run(run(Desk(database, sheets, writer, secret), sheets.read(wave), OPERATOR, order))
    finally:
        writer.stop()


OPERATOR = Caller(id="", name="command line", role="admin")


# ------------------------------------------------------------------ reporting
def _report(
    sheet: Sheet, order: Order, mapping: Mapping, table: Table, lines: Sequence[_Line], applied: bool
) -> dict[str, Any]:
    counted = Counter(line.status for line in lines)
    dropped = [rule for rule in mapping.columns if rule.use in ("drop", "status")]
    return {
        "wave": sheet.wave,
        "group": order.group,
        "instrument": sheet.groups[order.group].instrument,
        "tool": mapping.tool,
        "applied": applied,
        "counts": {
            status: counted[status] for status in ("accepted", "replayed", "rejected", "withdrawn", "empty", "preview")
        },
        "dropped": [{"column": rule.column, "heading": rule.heading} for rule in dropped],
        "rows": [_row(line) for line in lines],
        "mapping": mapping.document(),
    }


def _row(line: _Line) -> dict[str, Any]:
    out: dict[str, Any] = {"row": line.read.number, "status": line.status}
    if line.status == "rejected":
        out["faults"] = [
            {k: list(v) if isinstance(v, tuple) else v for k, v in fault._asdict().items() if v is not None}
            for fault in line.read.faults
        ]
    return out
