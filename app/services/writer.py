"""The one door through which responses are stored: a thread that has them committed in groups and then answers.

Everything that has gathered while the last commit ran goes into one transaction; nobody is answered before it is
durable. What becomes of a row, `ledger.py` decides, in a process of its own (`scribe.py`).
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from time import sleep
from typing import NamedTuple, Protocol

import structlog

from app.errors import StoreUnavailable
from app.services.ledger import Outcome, Submission, Verdict
from app.services.store import Row

GROUP_ROWS = 10_000  # rows gathered into one transaction, at most
GATHER_S = 0.0005  # how long to wait for more when the last transaction served several senders
WAITING_ROWS = 60_000  # rows waiting, at most: beyond it the caller is asked to come back

log = structlog.get_logger()


class Committer(Protocol):
    """What commits: a `Scribe`, or in a test a `Ledger`."""

    def enter(self, batch: Sequence[Submission]) -> list[Outcome]: ...

    def close(self) -> None: ...


class _Waiting(NamedTuple):
    submission: Submission
    future: asyncio.Future[list[Verdict]]
    loop: asyncio.AbstractEventLoop


class ResponseWriter:
    """Stores responses durably, in groups. One for each process."""

    def __init__(self, scribe: Committer) -> None:
        self._scribe = scribe
        self._queue: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
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
        if not rows:
            return []
        if self._waiting + len(rows) > WAITING_ROWS:
            raise StoreUnavailable("More responses are waiting than can be stored soon.")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[list[Verdict]] = loop.create_future()
        with self._door:
            if self._stopped:
                raise StoreUnavailable("The server is stopping.")
            self._queue.put(_Waiting(Submission(revision, rows), future, loop))
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
        self._scribe.close()

    # ------------------------------------------------------------ the thread
    def _run(self) -> None:
        stopping = several = False
        while not stopping:
            first = self._queue.get()
            if first is None:
                return
            if several:
                sleep(GATHER_S)  # others are sending too: wait for more of them, as PostgreSQL's commit_delay does
            batch, rows = [first], len(first.submission.rows)
            while rows < GROUP_ROWS:
                try:
                    following = self._queue.get_nowait()
                except queue.Empty:
                    break
                if following is None:
                    stopping = True
                    break
                batch.append(following)
                rows += len(following.submission.rows)
            several = len(batch) > 1
            self._answer(batch, self._enter(batch))

    def _enter(self, batch: list[_Waiting]) -> list[Outcome]:
        try:
            outcomes = self._scribe.enter([waiting.submission for waiting in batch])
        except Exception as error:
            outcomes = [type(error).__name__] * len(batch)
        failed = Counter(outcome for outcome in outcomes if isinstance(outcome, str))
        for name, count in failed.items():
            log.error("writer.failed", error=name, submissions=count)
        return outcomes

    @staticmethod
    def _answer(batch: list[_Waiting], outcomes: list[Outcome]) -> None:
        by_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[list[Verdict]], Outcome]]] = {}
        for waiting, outcome in zip(batch, outcomes, strict=True):
            by_loop.setdefault(waiting.loop, []).append((waiting.future, outcome))
        for loop, answers in by_loop.items():
            with suppress(RuntimeError):  # the loop has ended: nobody waits any more
                loop.call_soon_threadsafe(_resolve, answers)


def _resolve(answers: list[tuple[asyncio.Future[list[Verdict]], Outcome]]) -> None:
    for future, outcome in answers:
        if future.done():
            continue  # the client has gone; what it sent is stored all the same
        if isinstance(outcome, str):
            future.set_exception(StoreUnavailable("The response could not be stored; sending it again is safe."))
        else:
            future.set_result(outcome)
