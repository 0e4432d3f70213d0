"""The response writer by itself, on both databases: verdicts, groups, failures, and people who have gone."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import threading
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from sqlalchemy.exc import OperationalError
from sqlmodel import select

from app.db import Database
from app.errors import StoreUnavailable
from app.models.tables import SurveyResponse, Wave, WithdrawnResponse
from app.services import writer as writer_module
from app.services.ledger import Ledger, Submission, Verdict
from app.services.scribe import Scribe
from app.services.store import Row, store_for
from app.services.writer import ResponseWriter

REVISION = 7


def field(database: Database, key: str = "w", **more: Any) -> None:
    now = datetime.now(UTC)
    values = {"opens_at": now - timedelta(hours=1), "closes_at": now + timedelta(hours=1), **more}
    with database.write() as session:
        session.add(
            Wave(key=key, title="A wave", time_zone="UTC", schools=["s"], promise={}, revision=REVISION, **values)
        )


def row(identity: str | None = None, wave: str = "w", record: str = "11", **more: Any) -> Row:
    values = {"group": "family", "school": "s", "locale": None, "open_answers": None, "promise_digest": "p", **more}
    return Row(wave=wave, id=identity or str(uuid.uuid4()), record=record, **values)


def stored(database: Database) -> dict[tuple[str, str], str]:
    with database.read() as session:
        return {(r.wave, r.id): r.record for r in session.exec(select(SurveyResponse))}


def statuses(verdicts: Sequence[Verdict]) -> list[str]:
    return [verdict.status for verdict in verdicts]


def store(writer: ResponseWriter, *rows: Row, revision: int = REVISION) -> list[str]:
    return statuses(asyncio.run(writer.store(revision, rows)))


class Door:
    """Stands in for `Ledger.transaction`: counts transactions, can hold them and fail them before the commit."""

    def __init__(self, ledger: Ledger) -> None:
        self._real = ledger.transaction
        self.open = threading.Event()
        self.open.set()
        self.entered = threading.Event()
        self.failures = 0
        self.transactions = 0

    @contextmanager
    def __call__(self) -> Iterator[Any]:
        self.transactions += 1
        self.entered.set()
        assert self.open.wait(30), "nobody opened the door"
        with self._real() as cursor:
            yield cursor
            if self.failures:
                self.failures -= 1
                raise OperationalError("COMMIT", {}, Exception("disk I/O error"))


@pytest.fixture
def ledger(database: Database) -> Ledger:
    return Ledger(store_for(*database.address))


@pytest.fixture
def door(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> Iterator[Door]:
    made = Door(ledger)
    monkeypatch.setattr(ledger, "transaction", made)
    yield made
    made.open.set()


@pytest.fixture
def writer(database: Database, ledger: Ledger, door: Door) -> Iterator[ResponseWriter]:
    field(database)
    made = ResponseWriter(ledger)
    yield made
    door.open.set()
    made.stop()


async def together(writer: ResponseWriter, door: Door, *submissions: Sequence[Row]) -> list[Any]:
    """Submit everything so that it meets in one transaction; verdicts or the exception of each."""
    door.open.clear()
    door.entered.clear()
    first = asyncio.create_task(writer.store(REVISION, [row()]))
    assert await asyncio.to_thread(door.entered.wait, 20)
    tasks = [asyncio.create_task(writer.store(REVISION, rows)) for rows in submissions]
    await asyncio.sleep(0)
    before = door.transactions
    door.open.set()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    await first
    assert door.transactions > before
    return outcomes


# ------------------------------------------------------------------ verdicts
def test_accepted_then_replayed_then_conflict(writer: ResponseWriter, database: Database) -> None:
    one = row()
    assert store(writer, one) == ["accepted"]
    assert store(writer, one) == ["replayed"]
    assert store(writer, one._replace(record="12")) == ["conflict"]
    assert stored(database) == {("w", one.id): "11"}


@pytest.mark.parametrize(
    "other",
    [
        {"group": "staff"},
        {"school": "t"},
        {"school": None},
        {"locale": "es"},
        {"record": "21"},
        {"open_answers": '{"a":"b"}'},
    ],
    ids=lambda d: "-".join(map(str, *d.items())),
)
def test_every_part_of_the_content_makes_a_conflict(writer: ResponseWriter, other: dict[str, Any]) -> None:
    one = row()
    assert store(writer, one) == ["accepted"]
    assert store(writer, one._replace(**other)) == ["conflict"]


def test_promise_is_no_content_and_the_stored_one_is_told(writer: ResponseWriter) -> None:
    one = row()
    assert asyncio.run(writer.store(REVISION, [one])) == [Verdict("accepted", "p")]
    assert asyncio.run(writer.store(REVISION, [one._replace(promise_digest="q")])) == [Verdict("replayed", "p")]


def test_same_id_in_two_waves_is_two_responses(writer: ResponseWriter, database: Database) -> None:
    field(database, "v")
    one = row()
    assert store(writer, one, one._replace(wave="v")) == ["accepted", "accepted"]
    assert set(stored(database)) == {("w", one.id), ("v", one.id)}


def test_withdrawn_id_stays_spent(writer: ResponseWriter, database: Database) -> None:
    gone, other = row(), row()
    with database.write() as session:
        session.add(WithdrawnResponse(wave="w", id=gone.id))
    assert store(writer, gone, other) == ["withdrawn", "accepted"]
    assert set(stored(database)) == {("w", other.id)}


@pytest.mark.parametrize("when", ["scheduled", "over", "closed"])
def test_not_open(writer: ResponseWriter, database: Database, when: str) -> None:
    now, hour = datetime.now(UTC), timedelta(hours=1)
    times = {
        "scheduled": {"opens_at": now + hour, "closes_at": now + 2 * hour},
        "over": {"opens_at": now - 2 * hour, "closes_at": now - timedelta(seconds=1)},
        "closed": {"closed_at": now - timedelta(seconds=1)},
    }[when]
    field(database, "shut", **times)
    assert store(writer, row(wave="shut")) == ["not_open"]
    assert not stored(database)


def test_replay_and_conflict_also_after_the_close(writer: ResponseWriter, database: Database) -> None:
    one = row()
    store(writer, one)
    with database.write() as session:
        wave = session.get(Wave, "w")
        assert wave is not None
        wave.closed_at, wave.revision = datetime.now(UTC), REVISION + 1
    assert store(writer, one, one._replace(record="12"), row()) == ["replayed", "conflict", "stale"]
    assert store(writer, one, one._replace(record="12"), row(), revision=REVISION + 1) == [
        "replayed",
        "conflict",
        "not_open",
    ]


def test_stale_sheet_stores_nothing(writer: ResponseWriter, database: Database) -> None:
    assert store(writer, row(), revision=REVISION + 1) == ["stale"]
    assert store(writer, row(wave="unknown")) == ["stale"]
    assert not stored(database)


# ------------------------------------------------------------------ one id several times
def test_duplicates_within_one_submission(writer: ResponseWriter, database: Database) -> None:
    one = row()
    same, other = one._replace(), one._replace(record="12")
    assert store(writer, one, same, other) == ["accepted", "replayed", "conflict"]
    assert stored(database) == {("w", one.id): "11"}


def test_the_very_same_row_object_twice_is_accepted_once(writer: ResponseWriter) -> None:
    one = row()
    got = store(writer, one, one)
    assert sorted(got) in (["accepted", "accepted"], ["accepted", "replayed"])  # equal objects cannot be told apart
    assert store(writer, one) == ["replayed"]


def test_duplicates_across_concurrent_submissions(writer: ResponseWriter, database: Database, door: Door) -> None:
    one = row()
    rows = [one._replace(record="11" if i % 2 else "22") for i in range(20)]
    outcomes = asyncio.run(together(writer, door, *([r] for r in rows)))
    assert Counter(v.status for (v,) in outcomes) == {"accepted": 1, "replayed": 9, "conflict": 10}
    (winner,) = [r for r, (v,) in zip(rows, outcomes, strict=True) if v.status == "accepted"]
    assert stored(database)["w", one.id] == winner.record
    assert door.transactions == 2  # the first by itself, then all that had gathered


def test_one_submission_may_hold_more_than_a_group(
    writer: ResponseWriter, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer_module, "GROUP_ROWS", 10)
    rows = [row() for _ in range(2500)]
    assert set(store(writer, *rows)) == {"accepted"}
    assert set(store(writer, *rows)) == {"replayed"}
    assert len(stored(database)) == 2500


def test_two_writers_with_the_same_ids_in_other_orders(database: Database) -> None:
    for wave in ("v", "w"):
        field(database, wave)
    dice = random.Random(5)
    known = [row(wave=wave) for wave in ("v", "w") for _ in range(150)]
    writers = [ResponseWriter(Scribe(*database.address)) for _ in range(2)]

    async def submit(writer: ResponseWriter, order: list[Row]) -> list[Verdict]:
        parts = [order[i : i + 15] for i in range(0, len(order), 15)]
        return [v for part in await asyncio.gather(*(writer.store(REVISION, p) for p in parts)) for v in part]

    counted: list[Counter[tuple[str, str, str]]] = []

    def work(writer: ResponseWriter, order: list[Row]) -> None:
        verdicts = asyncio.run(asyncio.wait_for(submit(writer, order), 60))
        counted.append(Counter((r.wave, r.id, v.status) for r, v in zip(order, verdicts, strict=True)))

    threads = []
    for writer in writers:
        for _ in range(3):
            order = [r._replace() for r in known]
            dice.shuffle(order)
            threads.append(threading.Thread(target=work, args=(writer, order)))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(90)
    for writer in writers:
        writer.stop()
    total = sum(counted, Counter())
    assert len(counted) == 6, "a writer was stuck or failed"
    assert total == {(r.wave, r.id, s): n for r in known for s, n in (("accepted", 1), ("replayed", 5))}
    assert len(stored(database)) == 300


# ------------------------------------------------------------------ failures
def test_failed_commit_is_told_and_nothing_is_stored(writer: ResponseWriter, database: Database, door: Door) -> None:
    door.failures = 1
    with pytest.raises(StoreUnavailable) as told:
        store(writer, row())
    assert told.value.status == 503
    assert int(told.value.headers["Retry-After"]) > 0
    assert not stored(database)
    assert writer.waiting == 0
    assert store(writer, row()) == ["accepted"]  # the thread lives


def test_failure_of_the_commit_itself(
    writer: ResponseWriter, ledger: Ledger, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Cursor:
        """A driver's cursor whose COMMIT fails."""

        def __init__(self, of: Any) -> None:
            self._of = of

        def __getattr__(self, name: str) -> Any:
            return getattr(self._of, name)

        def execute(self, sql: str, *given: Any) -> Any:
            if sql == "COMMIT":
                raise OperationalError("COMMIT", {}, Exception("disk full"))
            return self._of.execute(sql, *given)

    class Connection:
        def __init__(self, of: Any) -> None:
            self.cursor, self.close, self.closed = lambda: Cursor(of.cursor()), of.close, False

    store_ = ledger._store
    real = store_.connect
    with monkeypatch.context() as patch:
        patch.setattr(store_, "connect", lambda: Connection(real()))
        with pytest.raises(StoreUnavailable):
            store(writer, row())
    assert not stored(database)  # and the lock is free, or this would wait
    assert store(writer, row()) == ["accepted"]


@pytest.mark.pg
def test_connections_that_the_server_has_ended_are_replaced(writer: ResponseWriter, database: Database) -> None:
    if database.is_sqlite:
        pytest.skip("SQLite has no server")
    assert store(writer, row()) == ["accepted"]
    with psycopg.connect(database.address[1], autocommit=True) as other:
        ended = other.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        ).fetchone()
    assert ended is not None
    assert ended[0] > 0
    assert store(writer, row()) == ["accepted"]


def test_failed_group_is_tried_one_by_one(writer: ResponseWriter, database: Database, door: Door) -> None:
    async def go() -> list[Any]:
        door.open.clear()
        first = asyncio.create_task(writer.store(REVISION, [row()]))
        assert await asyncio.to_thread(door.entered.wait, 20)
        tasks = [asyncio.create_task(writer.store(REVISION, [row(), row()])) for _ in range(3)]
        await asyncio.sleep(0)
        door.failures = 2  # the first by itself, then the group of three
        door.open.set()
        return await asyncio.gather(first, *tasks, return_exceptions=True)

    alone, *others = asyncio.run(go())
    assert isinstance(alone, StoreUnavailable)
    assert [statuses(o) for o in others] == [["accepted"] * 2] * 3
    assert len(stored(database)) == 6


def test_one_bad_submission_takes_nobody_with_it(writer: ResponseWriter, database: Database, door: Door) -> None:
    good = [[row(), row()] for _ in range(4)]
    bad = [row(), row(record=None)]  # type: ignore[arg-type]
    outcomes = asyncio.run(together(writer, door, good[0], good[1], bad, good[2], good[3]))
    refused = outcomes.pop(2)
    assert isinstance(refused, StoreUnavailable)
    assert [statuses(o) for o in outcomes] == [["accepted", "accepted"]] * 4
    kept = stored(database)
    assert {("w", r.id) for rows in good for r in rows} < set(kept)
    assert ("w", bad[0].id) not in kept  # all of a submission or nothing of it


# ------------------------------------------------------------------ stopping, leaving, too many
def test_stop_stores_what_waits(writer: ResponseWriter, database: Database, door: Door) -> None:
    rows = [row() for _ in range(30)]

    async def go() -> list[Any]:
        door.open.clear()
        first = asyncio.create_task(writer.store(REVISION, rows[:1]))
        assert await asyncio.to_thread(door.entered.wait, 20)
        tasks = [asyncio.create_task(writer.store(REVISION, [r])) for r in rows[1:]]
        await asyncio.sleep(0)
        stopping = asyncio.create_task(asyncio.to_thread(writer.stop))
        await asyncio.sleep(0.05)
        door.open.set()
        await stopping
        return await asyncio.wait_for(asyncio.gather(first, *tasks), 20)

    assert [statuses(v) for v in asyncio.run(go())] == [["accepted"]] * 30
    assert set(stored(database)) == {("w", r.id) for r in rows}
    with pytest.raises(StoreUnavailable):
        store(writer, row())


def test_whoever_has_gone_is_stored_and_not_waited_for(writer: ResponseWriter, database: Database, door: Door) -> None:
    rows = [row() for _ in range(12)]

    async def go() -> None:
        door.open.clear()
        tasks = [asyncio.create_task(writer.store(REVISION, [r])) for r in rows]
        assert await asyncio.to_thread(door.entered.wait, 20)
        assert writer.waiting == 12
        for task in tasks[::2]:
            task.cancel()
        await asyncio.sleep(0)
        assert writer.waiting == 6
        door.open.set()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        assert [isinstance(o, asyncio.CancelledError) for o in outcomes] == [True, False] * 6

    asyncio.run(go())
    assert writer.waiting == 0
    assert set(stored(database)) == {("w", r.id) for r in rows}
    assert store(writer, row()) == ["accepted"]


def test_a_loop_that_has_ended_does_not_stop_the_writer(writer: ResponseWriter, database: Database, door: Door) -> None:
    door.open.clear()
    left = row()

    async def go() -> None:
        task = asyncio.create_task(writer.store(REVISION, [left]))
        assert await asyncio.to_thread(door.entered.wait, 20)
        task.cancel()

    asyncio.run(go())  # closes the loop while the commit is under way
    door.open.set()
    assert store(writer, row()) == ["accepted"]
    assert ("w", left.id) in stored(database)


def test_too_many_waiting_are_asked_to_come_back(
    writer: ResponseWriter, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer_module, "WAITING_ROWS", 10)

    async def go() -> None:
        door.open.clear()
        tasks = [asyncio.create_task(writer.store(REVISION, [row(), row()])) for _ in range(5)]
        assert await asyncio.to_thread(door.entered.wait, 20)
        assert writer.waiting == 10
        with pytest.raises(StoreUnavailable):
            await writer.store(REVISION, [row()])
        assert writer.waiting == 10  # the refused one is not counted
        door.open.set()
        assert [statuses(v) for v in await asyncio.gather(*tasks)] == [["accepted", "accepted"]] * 5

    asyncio.run(go())
    assert writer.waiting == 0
    assert store(writer, row()) == ["accepted"]


def test_nobody_waits_for_ever_for_a_writer_that_is_stopping(writer: ResponseWriter, door: Door) -> None:
    async def go() -> Any:
        door.open.clear()
        first = asyncio.create_task(writer.store(REVISION, [row()]))
        assert await asyncio.to_thread(door.entered.wait, 20)
        stopping = asyncio.create_task(asyncio.to_thread(writer.stop))
        await asyncio.sleep(0.1)
        late = asyncio.create_task(writer.store(REVISION, [row()]))
        await asyncio.sleep(0)
        door.open.set()
        await stopping
        await first
        return (await asyncio.gather(asyncio.wait_for(late, 5), return_exceptions=True))[0]

    outcome = asyncio.run(go())
    assert isinstance(outcome, StoreUnavailable) or statuses(outcome) == ["accepted"]


# ------------------------------------------------------------------ in a process of its own
@pytest.fixture
def scribe(database: Database) -> Iterator[Scribe]:
    field(database)
    made = Scribe(*database.address)
    yield made
    made.close()


def test_the_process_gives_the_same_verdicts(scribe: Scribe, database: Database) -> None:
    one, other = row(open_answers='{"a":"é中"}'), row(record=None)  # type: ignore[arg-type]
    good, bad, again = scribe.enter(
        [Submission(REVISION, [one, row()]), Submission(REVISION, [other]), Submission(REVISION + 1, [row(), one])]
    )
    assert good == [Verdict("accepted", "p")] * 2
    assert bad in ("IntegrityError", "NotNullViolation")
    assert again == [Verdict("stale"), Verdict("replayed", "p")]
    assert len(stored(database)) == 2


def test_a_process_that_was_killed_is_replaced(scribe: Scribe, database: Database) -> None:
    writer = ResponseWriter(scribe)
    assert store(writer, row()) == ["accepted"]
    first = scribe.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    with pytest.raises(StoreUnavailable):
        store(writer, row())
    assert store(writer, row()) == ["accepted"]
    assert scribe.pid != first
    assert len(stored(database)) == 2
    writer.stop()


def test_the_process_ends_with_its_input_and_not_before(scribe: Scribe, database: Database) -> None:
    scribe.start()
    assert scribe.enter([Submission(REVISION, [row()])]) == [[Verdict("accepted", "p")]]
    process = scribe._process
    assert process is not None
    for sign in (signal.SIGINT, signal.SIGTERM):  # sent to all processes of a terminal or a service
        process.send_signal(sign)
    assert scribe.enter([Submission(REVISION, [row()])]) == [[Verdict("accepted", "p")]]
    assert process.poll() is None
    scribe.close()
    assert process.returncode == 0
    assert len(stored(database)) == 2
