"""The one door through which responses are stored: a thread that commits in groups and then answers.

Everything that has gathered while the last commit ran goes into one transaction; nobody is answered before it is
durable. Whether the wave is open is decided inside that transaction, by the database's clock and under the wave's lock.
Knows nothing of instruments: it is handed records.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Literal, NamedTuple

import structlog
from sqlalchemy import Connection, select, text

from app.db import Database
from app.errors import StoreUnavailable
from app.models.tables import SurveyResponse, WithdrawnResponse

GROUP_ROWS = 4_000  # rows gathered into one transaction, at most (a larger bulk goes alone)
WAITING_ROWS = 60_000  # rows waiting, at most: beyond it the caller is asked to come back

log = structlog.get_logger()

Status = Literal["accepted", "replayed", "conflict", "withdrawn", "not_open", "stale"]


class Row(NamedTuple):
    """One response as it is stored; the day is added when it is."""

    wave: str
    id: str
    group: str
    school: str | None
    locale: str | None
    record: str
    open_answers: str | None
    promise_digest: str

    @property
    def content(self) -> tuple[Any, ...]:
        """What makes two responses with one id the same: group, school, locale and answers."""
        return (self.group, self.school, self.locale, self.record, self.open_answers)


class Verdict(NamedTuple):
    """What became of a row; the promise is the one that stands with the stored response."""

    status: Status
    promise_digest: str = ""


class _Submission(NamedTuple):
    revision: int
    rows: Sequence[Row]
    future: asyncio.Future[list[Verdict]]
    loop: asyncio.AbstractEventLoop


class ResponseWriter:
    """Stores responses durably, in groups. One for each process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._queue: queue.SimpleQueue[_Submission | None] = queue.SimpleQueue()
        self._waiting = 0  # touched by the event loop's thread alone
        self._thread = threading.Thread(target=self._run, name="response-writer", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """Rows that are not answered yet."""
        return self._waiting

    async def store(self, revision: int, rows: Sequence[Row]) -> list[Verdict]:
        """Store the rows of one wave, whose sheet had this revision; returns once they are durable.

        Raises
        ------
        StoreUnavailable : when nothing was kept; sending again is safe.
        """
        if self._waiting + len(rows) > WAITING_ROWS or not self._thread.is_alive():
            raise StoreUnavailable("More responses are waiting than can be stored soon.")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[list[Verdict]] = loop.create_future()
        self._waiting += len(rows)
        try:
            self._queue.put(_Submission(revision, rows, future, loop))
            return await future
        finally:
            self._waiting -= len(rows)

    def stop(self) -> None:
        """Store what waits, then end the thread."""
        self._queue.put(None)
        self._thread.join(timeout=30)

    # ------------------------------------------------------------ the thread
    def _run(self) -> None:
        stopping = False
        while not stopping:
            first = self._queue.get()
            if first is None:
                return
            batch, rows = [first], len(first.rows)
            while rows < GROUP_ROWS:
                try:
                    following = self._queue.get_nowait()
                except queue.Empty:
                    break
                if following is None:
                    stopping = True
                    break
                batch.append(following)
                rows += len(following.rows)
            self._answer(batch, self._commit_or_split(batch))

    def _commit_or_split(self, batch: list[_Submission]) -> list[list[Verdict] | Exception]:
        """Commit a batch; when that fails, each submission by itself, so that one bad row takes nobody with it."""
        try:
            return list(self._commit(batch))
        except Exception as error:
            log.warning("writer.batch_failed", error=type(error).__name__, submissions=len(batch))
            if len(batch) == 1:
                return [error]
        outcomes: list[list[Verdict] | Exception] = []
        for submission in batch:
            try:
                outcomes += self._commit([submission])
            except Exception as error:
                log.error("writer.submission_failed", error=type(error).__name__)
                outcomes.append(error)
        return outcomes

    @staticmethod
    def _answer(batch: list[_Submission], outcomes: list[list[Verdict] | Exception]) -> None:
        by_loop: dict[
            asyncio.AbstractEventLoop, list[tuple[asyncio.Future[list[Verdict]], list[Verdict] | Exception]]
        ] = {}
        for submission, outcome in zip(batch, outcomes, strict=True):
            by_loop.setdefault(submission.loop, []).append((submission.future, outcome))
        for loop, answers in by_loop.items():
            with suppress(RuntimeError):  # the loop has ended: nobody waits any more
                loop.call_soon_threadsafe(_resolve, answers)

    # ------------------------------------------------------------ one transaction
    def _commit(self, batch: list[_Submission]) -> list[list[Verdict]]:
        with self._database.write_connection() as connection:
            ids: dict[str, set[str]] = {}
            for submission in batch:
                for row in submission.rows:
                    ids.setdefault(row.wave, set()).add(row.id)
            waves = {wave: self._look(connection, wave, ids[wave]) for wave in sorted(ids)}
            candidates: dict[tuple[str, str], Row] = {}
            for submission in batch:
                for row in submission.rows:
                    wave = waves[row.wave]
                    if wave.is_open and wave.revision == submission.revision and row.id not in wave.withdrawn:
                        candidates.setdefault((row.wave, row.id), row)
            inserted = self._insert(connection, [candidates[key] for key in sorted(candidates)])
            rest = {
                (row.wave, row.id) for s in batch for row in s.rows
                if candidates.get((row.wave, row.id)) is not row or (row.wave, row.id) not in inserted
            }  # fmt: skip
            standing = _standing(connection, rest)

            def verdict(row: Row, revision: int) -> Verdict:
                key, wave = (row.wave, row.id), waves[row.wave]
                if key in inserted and candidates[key] is row:
                    return Verdict("accepted", row.promise_digest)
                if key in standing:
                    there = standing[key]
                    return Verdict("replayed" if there.content == row.content else "conflict", there.promise_digest)
                if row.id in wave.withdrawn:
                    return Verdict("withdrawn")
                return Verdict("not_open" if wave.revision == revision else "stale")

            verdicts = [[verdict(row, submission.revision) for row in submission.rows] for submission in batch]
        return verdicts

    def _look(self, connection: Connection, wave: str, ids: set[str]) -> _WaveNow:
        """Read the wave's state under its lock, and which of the ids were withdrawn."""
        self._database.lock_wave(connection, wave, shared=True)
        sql = _LOOK_SQLITE if self._database.is_sqlite else _LOOK_POSTGRES
        found = connection.execute(sql, {"wave": wave}).one_or_none()
        if found is None:
            return _WaveNow(False, -1, frozenset())
        withdrawn = _among(connection, WithdrawnResponse, wave, ids, WithdrawnResponse.id) if found.withdrawals else ()
        return _WaveNow(bool(found.is_open), found.revision, frozenset(row[0] for row in withdrawn))

    def _insert(self, connection: Connection, rows: list[Row]) -> set[tuple[str, str]]:
        """Insert rows in the order of their key (so that two writers cannot wait for each other); which ones went in."""
        if not rows:
            return set()
        if self._database.is_sqlite:
            return _insert_sqlite(connection, rows)
        return _insert_postgres(connection, rows)


class _WaveNow(NamedTuple):
    is_open: bool
    revision: int
    withdrawn: frozenset[str]


_LOOK = """
SELECT closed_at IS NULL AND opens_at <= {now} AND closes_at > {now} AS is_open, revision,
       EXISTS (SELECT 1 FROM withdrawn_response w WHERE w.wave = wave.key) AS withdrawals
FROM wave WHERE key = :wave
"""
_LOOK_SQLITE = text(_LOOK.format(now="strftime('%Y-%m-%d %H:%M:%f000', 'now')"))
_LOOK_POSTGRES = text(_LOOK.format(now="clock_timestamp()"))

_COLUMNS = 'wave, id, "group", school, locale, record, open_answers, promise_digest, received_on'
_INSERT_SQLITE = (
    f"INSERT INTO survey_response ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, date('now')) ON CONFLICT DO NOTHING"
)
_INSERT_POSTGRES = f"""
INSERT INTO survey_response ({_COLUMNS})
SELECT *, (clock_timestamp() AT TIME ZONE 'UTC')::date
FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[])
ON CONFLICT DO NOTHING RETURNING wave, id
"""


def _insert_sqlite(connection: Connection, rows: list[Row]) -> set[tuple[str, str]]:
    # The driver's own cursor: one prepared statement, two microseconds a row, and a count that tells new from known.
    cursor = connection.connection.cursor()
    try:
        inserted = set()
        for row in rows:
            cursor.execute(_INSERT_SQLITE, row)
            if cursor.rowcount == 1:
                inserted.add((row.wave, row.id))
        return inserted
    finally:
        cursor.close()


def _insert_postgres(connection: Connection, rows: list[Row]) -> set[tuple[str, str]]:
    cursor = connection.connection.cursor()
    try:
        cursor.execute(_INSERT_POSTGRES, [list(column) for column in zip(*rows, strict=True)])
        return set(cursor.fetchall())
    finally:
        cursor.close()


def _standing(connection: Connection, keys: set[tuple[str, str]]) -> dict[tuple[str, str], Row]:
    """Read the stored responses among the keys."""
    ids: dict[str, set[str]] = {}
    for wave, response in keys:
        ids.setdefault(wave, set()).add(response)
    columns = [getattr(SurveyResponse, name) for name in Row._fields]
    rows = (Row(*found) for wave in ids for found in _among(connection, SurveyResponse, wave, ids[wave], *columns))
    return {(row.wave, row.id): row for row in rows}


def _among(connection: Connection, table: Any, wave: str, ids: set[str], *columns: Any) -> list[Any]:
    """Select columns of the rows of a wave with one of the ids, a thousand ids at a time."""
    wanted = sorted(ids)
    found: list[Any] = []
    for start in range(0, len(wanted), 1000):
        part = wanted[start : start + 1000]
        found += connection.execute(select(*columns).where(table.wave == wave, table.id.in_(part))).all()
    return found


def _resolve(answers: list[tuple[asyncio.Future[list[Verdict]], list[Verdict] | Exception]]) -> None:
    for future, outcome in answers:
        if future.done():
            continue  # the client has gone; what it sent is stored all the same
        if isinstance(outcome, Exception):
            future.set_exception(StoreUnavailable("The response could not be stored; sending it again is safe."))
        else:
            future.set_result(outcome)
