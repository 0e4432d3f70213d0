"""Responses: checked, stored once, receipted; taken back; read one by one.

Decides what a response must be to be stored. When it is durable, `writer.py` decides.
"""

from __future__ import annotations

import asyncio
import re
import threading
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from sqlalchemy import Select
from sqlmodel import Session
from starlette.concurrency import run_in_threadpool

from app.auth import Caller, same_code, withdrawal_code
from app.db import Database
from app.errors import (
    AccessCodeInvalid,
    AnswersInvalid,
    Fault,
    Forbidden,
    InvalidRequest,
    MalformedJson,
    NotFound,
    Problem,
    ResponseConflict,
    ResponseWithdrawn,
    StoreUnavailable,
    WaveClosed,
    WaveNotOpen,
)
from app.models.tables import SurveyResponse, Wave, WithdrawnResponse
from app.services import codes, waves
from app.services.audit import record
from app.services.instruments import codebook
from app.services.ledger import Verdict
from app.services.sheets import GroupSheet, Sheet, Sheets
from app.services.store import Row
from app.services.writer import ResponseWriter
from app.survey.codebook import AnswersFaulty

BULK_LINES = 10_000
BULK_PART = 4_000  # lines checked before they are handed on to be stored
READ_ROWS = 5_000
CODE_LENGTH = 100  # characters that may be typed as an access code

_FIELDS = frozenset({"id", "group", "school", "locale", "answers", "instrument", "access_code"})
_RANDOM_UUID = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[45][0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}")


@dataclass(frozen=True, slots=True)
class Desk:
    """Where responses are handed in: the sheets, the writer and the secret for withdrawal codes.

    `taken_back` is set when a response was withdrawn of which the database's files still have the bytes.
    """

    database: Database
    sheets: Sheets
    writer: ResponseWriter
    secret: bytes
    taken_back: threading.Event = field(default_factory=threading.Event)

    async def store(self, sheet: Sheet, rows: Sequence[Row]) -> list[Verdict]:
        """Have checked rows stored; codes are handed on as what is kept of them. Raises StoreUnavailable."""
        if sheet.takes_codes:
            rows = [self._sealed(row) for row in rows]
        return await self.writer.store(sheet.revision, rows)

    def _sealed(self, row: Row) -> Row:
        if row.code is None:
            return row
        return row._replace(code=codes.fingerprint(self.secret, row.wave, row.group, row.school, row.code))

    def receipt(self, sheet: Sheet, row: Row, promise_digest: str) -> dict[str, Any]:
        return {
            "id": row.id,
            "wave": row.wave,
            "group": row.group,
            "school": row.school,
            "instrument": sheet.groups[row.group].instrument,
            "withdrawal_code": withdrawal_code(self.secret, row.wave, row.id),
            "promise_digest": promise_digest,
        }


# ------------------------------------------------------------------ checking
def check(sheet: Sheet, caller: Caller, body: Any, key: str | None = None) -> Row:
    """Check one response against the wave's sheet and give it as it is stored.

    Parameters
    ----------
    body : the decoded JSON.
    key : the `Idempotency-Key` header, if there was one.

    Raises
    ------
    AnswersInvalid : with every fault.
    Forbidden : when the response is sound but outside the limits of the caller's key.
    """
    if type(body) is not dict:
        raise AnswersInvalid(faults=[Fault("", "wrong_type", "A response is a JSON object.")])
    faults = [Fault(f"/{name}", "unknown_field", "A response has no such field.") for name in body.keys() - _FIELDS]
    identity = _identity(body.get("id"), key, faults)
    group, school, locale = body.get("group"), body.get("school"), body.get("locale")
    mine = sheet.groups.get(group) if type(group) is str else None
    if mine is None:
        faults.append(Fault("/group", "wrong_group", "The wave does not ask this group.", tuple(sheet.groups)))
    if school is None:
        if mine is not None and mine.needs_school:
            faults.append(Fault("/school", "required", "A response of this group names its school."))
    elif type(school) is not str or school not in sheet.schools:
        faults.append(Fault("/school", "wrong_school", "The wave does not hold this school."))
    code = body.get("access_code")
    if mine is not None:
        faults += _code_faults(mine, code)
    if mine is None or group is None:
        raise AnswersInvalid(faults=faults)
    if locale is not None and locale not in mine.codebook.instrument.languages:
        languages = mine.codebook.instrument.languages
        faults.append(Fault("/locale", "unknown_locale", "The instrument is not offered in this language.", languages))
    if body.get("instrument") not in (None, mine.instrument):
        faults.append(
            Fault("/instrument", "wrong_instrument", "Another instrument is in the field.", (mine.instrument,))
        )
    coded = None
    answers = body.get("answers")
    if type(answers) is not dict:
        faults.append(Fault("/answers", "required" if answers is None else "wrong_type", "`answers` is an object."))
    else:
        try:
            coded = mine.codebook.encode(answers)
        except AnswersFaulty as faulty:
            faults += faulty.faults
    if faults or coded is None:
        raise AnswersInvalid(faults=faults)
    if not caller.serves(group=group, school=school):
        raise Forbidden("This key does not serve that group or school.")
    open_answers = (
        orjson.dumps(coded.open_answers, option=orjson.OPT_SORT_KEYS).decode() if coded.open_answers else None
    )
    return Row(sheet.wave, identity, group, school, locale, coded.record, open_answers, mine.promise_digest, code)


def _code_faults(mine: GroupSheet, code: Any) -> list[Fault]:
    """What is wrong with giving, or not giving, this code; whether it can be spent, the ledger decides."""
    if code is None:
        asked = mine.access == "code"
        return [Fault("/access_code", "required", "This group answers with access codes.")] if asked else []
    if mine.access == "open":
        return [Fault("/access_code", "not_used", "This group answers without access codes.")]
    if type(code) is not str or len(code) > CODE_LENGTH:
        return [Fault("/access_code", "wrong_type", "An access code is a short text.")]
    return []


def _identity(given: Any, key: str | None, faults: list[Fault]) -> str:
    """Settle the id: the body's, the header's, or one made here when there is neither."""
    if given is None and key is None:
        return str(uuid.uuid4())
    chosen = key if given is None else given
    if type(chosen) is not str or not _RANDOM_UUID.fullmatch(chosen):
        faults.append(Fault("/id", "not_random", "The id is a UUID of version 4 or 5; others carry the time."))
    elif given is not None and key is not None and given.lower() != key.lower():
        faults.append(Fault("/id", "ids_differ", "The id and the `Idempotency-Key` differ."))
    return str(chosen).lower()


# ------------------------------------------------------------------ one response
async def submit(desk: Desk, sheet: Sheet, caller: Caller, body: Any, key: str | None) -> tuple[dict[str, Any], bool]:
    """Store one response; its receipt, and whether it was a replay.

    Raises
    ------
    AnswersInvalid, Forbidden, AccessCodeInvalid, ResponseConflict, ResponseWithdrawn, WaveNotOpen, NotFound,
    StoreUnavailable
    """
    row = check(sheet, caller, body, key)
    (verdict,) = await desk.store(sheet, [row])
    if verdict.status == "stale":
        sheet = await run_in_threadpool(desk.sheets.read, sheet.wave)
        row = check(sheet, caller, {**body, "id": row.id})
        (verdict,) = await desk.store(sheet, [row])
    if (problem := _problem(verdict)) is not None:
        raise problem
    return desk.receipt(sheet, row, verdict.promise_digest), verdict.status == "replayed"


def _problem(verdict: Verdict) -> Problem | None:
    match verdict.status:
        case "accepted" | "replayed":
            return None
        case "conflict":
            return ResponseConflict("A response with this id and other content is already stored.")
        case "withdrawn":
            return ResponseWithdrawn("This id was withdrawn and stays spent; a new response needs a new id.")
        case "not_open":
            return WaveNotOpen("The wave takes responses only while it is open.")
        case "stale":
            return StoreUnavailable("The wave was just changed; send the response again.")
        case "code_invalid":
            return AccessCodeInvalid("This code is unknown here, or it was used before.")


# ------------------------------------------------------------------ many responses
@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    id: Any
    row: Row | None
    problem: Problem | None


def split_bulk(body: bytes) -> list[tuple[int, bytes]]:
    """Number the lines of an NDJSON body; blank ones are passed over but counted. Raises InvalidRequest."""
    texts = [(number, text) for number, text in enumerate(body.split(b"\n"), 1) if text.strip()]
    if len(texts) > BULK_LINES:
        fault = Fault("", "too_many_lines", f"At most {BULK_LINES} lines are taken at a time.", (BULK_LINES,))
        raise InvalidRequest("The bulk has too many lines.", faults=[fault])
    return texts


def read_lines(sheet: Sheet, caller: Caller, texts: Sequence[tuple[int, bytes]]) -> list[_Line]:
    """Check numbered lines; a fault of one is kept with it."""
    lines = []
    for number, text in texts:
        identity = None
        try:
            try:
                data = orjson.loads(text)
            except orjson.JSONDecodeError:
                raise MalformedJson("The line is not valid JSON in UTF-8.") from None
            identity = data.get("id") if type(data) is dict else None
            if type(data) is dict and identity is None:
                raise AnswersInvalid(faults=[Fault("/id", "required", "In a bulk every response brings its id.")])
            lines.append(_Line(number, identity, check(sheet, caller, data), None))
        except Problem as problem:
            lines.append(_Line(number, identity, None, problem))
    return lines


async def submit_bulk(desk: Desk, sheet: Sheet, caller: Caller, body: bytes, path: str) -> dict[str, Any]:
    """Store the sound lines of an NDJSON body and give a verdict on every line.

    The lines are checked in parts, and one part is stored while the next is checked.

    Raises
    ------
    InvalidRequest : nothing was kept.
    StoreUnavailable : some may be kept; sending all of it again is safe.
    """
    texts = split_bulk(body)
    storing: list[asyncio.Task[list[dict[str, Any]]]] = []
    for start in range(0, len(texts), BULK_PART):
        part = texts[start : start + BULK_PART]
        lines = await run_in_threadpool(read_lines, sheet, caller, part)
        storing.append(asyncio.create_task(_store_part(desk, sheet, caller, part, lines, path)))
    results = [entry for stored in await asyncio.gather(*storing) for entry in stored]
    counted = Counter(entry["status"] for entry in results)
    return {**{status: counted[status] for status in ("accepted", "replayed", "rejected")}, "results": results}


async def _store_part(
    desk: Desk, sheet: Sheet, caller: Caller, texts: Sequence[tuple[int, bytes]], lines: list[_Line], path: str
) -> list[dict[str, Any]]:
    stored = await desk.store(sheet, [line.row for line in lines if line.row is not None])
    if any(verdict.status == "stale" for verdict in stored):  # then none was accepted: one wave, one transaction
        sheet = await run_in_threadpool(desk.sheets.read, sheet.wave)
        lines = await run_in_threadpool(read_lines, sheet, caller, texts)
        stored = await desk.store(sheet, [line.row for line in lines if line.row is not None])
    verdicts = iter(stored)
    results = []
    for line in lines:
        problem, status = line.problem, "rejected"
        if line.row is not None:
            verdict = next(verdicts)
            problem = _problem(verdict)
            status = verdict.status if problem is None else "rejected"
        entry: dict[str, Any] = {"line": line.number, "id": line.id, "status": status}
        if problem is not None:
            entry["problem"] = problem.document(path)
        results.append(entry)
    return results


def wrong_codes(verdicts: dict[str, Any]) -> int:
    """Count the lines of a bulk whose access code could not be spent."""
    slug = f"/problems/{AccessCodeInvalid.slug}"
    return sum("problem" in entry and entry["problem"]["type"] == slug for entry in verdicts["results"])


# ------------------------------------------------------------------ taking back
def withdraw(desk: Desk, session: Session, wave: str, identity: str, code: str) -> None:
    """Remove a response for good while its wave is open; its id stays spent.

    Raises
    ------
    NotFound : for an unknown wave, an unknown id and a wrong code alike.
    WaveClosed : after the close.
    """
    desk.database.lock_wave(session.connection(), wave)
    row = waves.find(session, wave)
    if waves.status_of(row, desk.database.now(session)) == "closed":
        raise WaveClosed("Responses can be withdrawn while the wave is open.")
    identity = identity.lower()
    known = session.get(SurveyResponse, (wave, identity))
    gone = session.get(WithdrawnResponse, (wave, identity))
    if not same_code(code, withdrawal_code(desk.secret, wave, identity)) or (known is None and gone is None):
        raise NotFound("There is no response with this id and withdrawal code.")
    if known is not None:
        session.delete(known)
        session.add(WithdrawnResponse(wave=wave, id=identity))
        desk.taken_back.set()


# ------------------------------------------------------------------ reading (admins)
def get(session: Session, wave: str, identity: str, caller: Caller) -> dict[str, Any]:
    """Read one response through the codebook; audited. Raises NotFound."""
    books = {g: (f"{v.key}@{v.version}", codebook(v)) for g, v in waves.instruments_of(session, wave).items()}
    row = session.get(SurveyResponse, (wave, identity.lower()))
    if row is None:
        raise NotFound("There is no response with this id.")
    record(session, caller, "response.read", wave)
    return document(row, books, waves.find(session, wave))


def streamed(session: Session, query: Select[Any], size: int = READ_ROWS) -> Iterator[Any]:
    """Run a query and give its rows in parts, never all at once in memory."""
    result = session.connection().execute(query.execution_options(stream_results=True, max_row_buffer=size))
    yield from result.partitions(size)


def document(row: Any, books: Mapping[str, Any], wave: Wave) -> dict[str, Any]:
    """Give a stored response as JSON data."""
    instrument, book = books[row.group]
    return {
        "id": row.id,
        "wave": row.wave,
        "group": row.group,
        "school": row.school,
        "locale": row.locale,
        "instrument": instrument,
        "received_on": row.received_on,
        "promise": wave.promise[row.group]["mode"],
        "promise_digest": row.promise_digest,
        "simulated": wave.simulated,
        "answers": book.decode(row.record, orjson.loads(row.open_answers) if row.open_answers else {}),
    }
