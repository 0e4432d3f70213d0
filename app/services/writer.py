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
from time import sleep
from typing import Any, Literal, NamedTuple

import structlog

from app.db import Database
from app.errors import StoreUnavailable
from app.services.store import PostgresStore, Row, SqliteStore, Store

GROUP_ROWS = 4_000  # rows gathered into one transaction, at most (a larger bulk goes alone)
GATHER_S = 0.001  # how long to wait for more when the last transaction served several senders
WAITING_ROWS = 60_000  # rows waiting, at most: beyond it the caller is asked to come back

log = structlog.get_logger()

Status = Literal["accepted", "replayed", "conflict", "withdrawn", "not_open", "stale"]


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
        self._store: Store = SqliteStore() if database.is_sqlite else PostgresStore()
        self._queue: queue.SimpleQueue[_Submission | None] = queue.SimpleQueue()
        self._door = threading.Lock()
        self._stopped = False
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
        if self._waiting + len(rows) > WAITING_ROWS:
            raise StoreUnavailable("More responses are waiting than can be stored soon.")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[list[Verdict]] = loop.create_future()
        with self._door:
            if self._stopped:
                raise StoreUnavailable("The server is stopping.")
            self._queue.put(_Submission(revision, rows, future, loop))
        self._waiting += len(rows)
        try:
            return await future
        finally:
            self._waiting -= len(rows)

    def stop(self) -> None:
        """Store what waits, then end the thread."""
        with self._door:  # nothing gets into the queue behind the end of it
            self._stopped = True
            self._queue.put(None)
        self._thread.join(timeout=30)

    # ------------------------------------------------------------ the thread
    def _run(self) -> None:
        stopping = several = False
        while not stopping:
            first = self._queue.get()
            if first is None:
                return
            if several:
                sleep(GATHER_S)  # others are sending too: wait for more of them, as PostgreSQL's commit_delay does
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
            several = len(batch) > 1
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
        with self._database.driver_cursor(self._store.begin) as cursor:
            return self._decide(cursor, batch)

    def _decide(self, cursor: Any, batch: list[_Submission]) -> list[list[Verdict]]:
        store = self._store
        ids: dict[str, set[str]] = {}
        for submission in batch:
            for row in submission.rows:
                ids.setdefault(row.wave, set()).add(row.id)
        waves = {wave: store.look(cursor, wave) for wave in sorted(ids)}
        gone = {wave: store.withdrawn(cursor, wave, ids[wave]) for wave in ids if waves[wave].withdrawals}
        candidates: dict[tuple[str, str], Row] = {}
        for submission in batch:
            for row in submission.rows:
                now = waves[row.wave]
                if now.is_open and now.revision == submission.revision and row.id not in gone.get(row.wave, ()):
                    candidates.setdefault((row.wave, row.id), row)
        # In the order of the key, so that two writers never wait for each other in a circle.
        inserted = store.insert(cursor, [candidates[key] for key in sorted(candidates)]) if candidates else set()

        def is_new(row: Row) -> bool:
            key = (row.wave, row.id)
            return key in inserted and candidates[key] is row

        known: dict[tuple[str, str], Row] = {}
        for wave in ids:
            asked = {row.id for s in batch for row in s.rows if row.wave == wave and not is_new(row)}
            if asked:
                known |= {(wave, row.id): row for row in store.standing(cursor, wave, asked)}

        def verdict(row: Row, revision: int) -> Verdict:
            if is_new(row):
                return Verdict("accepted", row.promise_digest)
            if (there := known.get((row.wave, row.id))) is not None:
                return Verdict("replayed" if there.content == row.content else "conflict", there.promise_digest)
            if row.id in gone.get(row.wave, ()):
                return Verdict("withdrawn")
            return Verdict("not_open" if waves[row.wave].revision == revision else "stale")

        return [[verdict(row, submission.revision) for row in submission.rows] for submission in batch]


def _resolve(answers: list[tuple[asyncio.Future[list[Verdict]], list[Verdict] | Exception]]) -> None:
    for future, outcome in answers:
        if future.done():
            continue  # the client has gone; what it sent is stored all the same
        if isinstance(outcome, Exception):
            future.set_exception(StoreUnavailable("The response could not be stored; sending it again is safe."))
        else:
            future.set_result(outcome)
