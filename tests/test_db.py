"""Sessions, instants and keys between tables, on both kinds of database."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import inspect
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlmodel import select

from app.config import Settings
from app.db import Database
from app.models.tables import AuditEvent, RosterLine, School, SurveyResponse, Wave
from app.sqlite import BUSY_TIMEOUT_MS
from tests.databases import fresh_database

AT = datetime(2022, 10, 3, tzinfo=UTC)


@pytest.fixture(scope="module")
def shared(kind: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """One database for the tests of this module that leave nothing in each other's way."""
    database = fresh_database(kind, tmp_path_factory.mktemp("shared"))
    yield database
    database.close()


def names(database: Database) -> set[str]:
    with database.read() as session:
        return {school.key for school in session.exec(select(School))}


def wave(key: str, opens_at: datetime = AT) -> Wave:
    closes_at = opens_at + timedelta(days=1)
    return Wave(key=key, title="W", opens_at=opens_at, closes_at=closes_at, time_zone="UTC", schools=[], promise={})


# ------------------------------------------------------------------ writing
def test_what_is_written_is_read(shared: Database) -> None:
    with shared.write() as session:
        session.add(School(key="written", name="Ñandú «school»", district=None))
    with shared.read() as session:
        school = session.get(School, "written")
        assert school is not None
        assert (school.name, school.district) == ("Ñandú «school»", None)


def test_reading_stores_nothing(shared: Database) -> None:
    with shared.read() as session:
        session.add(School(key="only-read", name="x"))
        session.flush()
    assert "only-read" not in names(shared)


@pytest.mark.parametrize("flush", [False, True])
def test_a_raise_leaves_nothing(shared: Database, flush: bool) -> None:
    class Stop(Exception):
        pass

    def half() -> None:
        with shared.write() as session:
            session.add(School(key="half", name="x"))
            if flush:
                session.flush()
            raise Stop

    with pytest.raises(Stop):
        half()
    assert "half" not in names(shared)
    with shared.write() as session:  # and the lock is free again
        session.add(School(key=f"after-{flush}", name="x"))
    assert f"after-{flush}" in names(shared)


def test_a_failing_commit_raises_and_leaves_nothing(database: Database) -> None:
    """The database itself refuses, at COMMIT and not before: a foreign key that is checked last."""
    with database.write() as session:
        if not database.is_sqlite:
            later = "ALTER TABLE roster ALTER CONSTRAINT roster_wave_fkey DEFERRABLE INITIALLY DEFERRED"
            session.connection().exec_driver_sql(later)
    written = []

    def write() -> None:
        with database.write() as session:
            if database.is_sqlite:
                session.connection().exec_driver_sql("PRAGMA defer_foreign_keys = ON")
            session.add(School(key="uncommitted", name="x"))
            session.add(RosterLine(wave="gone", group="family", school="x", eligible=1))
            session.flush()
            written.append(session.get(School, "uncommitted"))

    with pytest.raises(IntegrityError):
        write()
    assert written, "everything but the commit went well"
    assert names(database) == set()
    with database.write() as session:  # nothing is left open
        session.add(School(key="later", name="x"))
    assert names(database) == {"later"}


def test_a_broken_rule_leaves_nothing(shared: Database) -> None:
    def twice() -> None:
        with shared.write() as session:
            session.add(School(key="once", name="x"))
            session.add(RosterLine(wave="no-such-wave", group="family", school="x", eligible=1))

    with pytest.raises(IntegrityError):
        twice()
    assert "once" not in names(shared)


def test_a_reader_does_not_see_what_is_not_committed(shared: Database) -> None:
    with shared.write() as session:
        session.add(School(key="unseen", name="x"))
        session.flush()
        assert "unseen" not in names(shared)
    assert "unseen" in names(shared)


def test_writers_on_sqlite_wait_for_each_other(tmp_path: Path) -> None:
    """Reading and then writing loses no update, since a writer waits before its first statement."""
    database = fresh_database("sqlite", tmp_path)
    with database.write() as session:
        session.add(School(key="counter", name="0"))

    def add() -> None:
        for _ in range(5):
            with database.write() as session:
                school = session.get(School, "counter")
                assert school is not None
                school.name = str(int(school.name) + 1)

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    with database.read() as session:
        counter = session.get(School, "counter")
        assert counter is not None
        assert counter.name == "20"
    database.close()


# ------------------------------------------------------------------ keys between tables
RESPONSE = {"id": "7b0c3f5e-0000-4000-8000-000000000000", "group": "family", "record": "1", "promise_digest": "x"}


def test_foreign_keys_are_held(shared: Database) -> None:
    for row in (
        RosterLine(wave="gone", group="family", school="x", eligible=1),
        SurveyResponse(wave="gone", received_on=AT.date(), **RESPONSE),
    ):

        def write(row: Any = row) -> None:
            with shared.write() as session:
                session.add(row)

        with pytest.raises(IntegrityError):
            write()


def test_a_wave_takes_its_roster_along_but_never_its_responses(shared: Database) -> None:
    with shared.write() as session:
        session.add(wave("kept"))
        session.add(wave("dropped"))
        session.flush()
        session.add(RosterLine(wave="dropped", group="family", school="x", eligible=1))
        session.add(SurveyResponse(wave="kept", received_on=AT.date(), **RESPONSE))

    def drop(key: str) -> None:
        with shared.write() as session:
            session.delete(session.get(Wave, key))

    drop("dropped")
    with shared.read() as session:
        assert session.get(RosterLine, ("dropped", "family", "x")) is None
    with pytest.raises(IntegrityError):
        drop("kept")


# ------------------------------------------------------------------ instants
def _round_trip(database: Database, instant: datetime) -> datetime:
    with database.write() as session:
        row = AuditEvent(at=instant, action="test", subject="x")
        session.add(row)
        session.flush()
        number = row.id
    with database.read() as session:
        found = session.get(AuditEvent, number)
        assert found is not None
        return found.at


@pytest.mark.parametrize("hours", [-11, -4, 0, 5.5, 14])
def test_an_instant_is_the_same_in_any_zone(shared: Database, hours: float) -> None:
    local = datetime(2022, 10, 3, 23, 59, 59, 123456, tzinfo=timezone(timedelta(hours=hours)))
    back = _round_trip(shared, local)
    assert back == local
    assert back.utcoffset() == timedelta(0)


@settings(max_examples=25)
@given(
    st.datetimes(
        datetime(1971, 1, 1),  # noqa: DTZ001
        datetime(8999, 1, 1),  # noqa: DTZ001
        timezones=st.integers(-14 * 60, 14 * 60).map(lambda m: timezone(timedelta(minutes=m))),
    )
)
def test_any_instant_comes_back(shared: Database, instant: datetime) -> None:
    back = _round_trip(shared, instant)
    assert back == instant
    assert back.tzinfo is not None


def test_instants_are_compared_in_utc(shared: Database) -> None:
    east = datetime(2030, 1, 1, 1, tzinfo=timezone(timedelta(hours=9)))  # 2029-12-31 16:00 UTC
    with shared.write() as session:
        session.add(AuditEvent(at=east, action="compared", subject="x"))
    west = datetime(2029, 12, 31, 12, tzinfo=timezone(timedelta(hours=-5)))  # 17:00 UTC
    with shared.read() as session:
        found = session.exec(select(AuditEvent).where(AuditEvent.action == "compared", AuditEvent.at < west)).all()
        assert len(found) == 1
        none = session.exec(select(AuditEvent).where(AuditEvent.action == "compared", AuditEvent.at > west)).all()
        assert none == []


def test_the_clock_goes_forward_and_is_about_right(shared: Database) -> None:
    with shared.read() as session:
        first = shared.now(session)
    with shared.read() as session:
        second = shared.now(session)
    assert first.utcoffset() == timedelta(0)
    assert first <= second
    assert abs(datetime.now(UTC) - second) < timedelta(minutes=1)


# ------------------------------------------------------------------ SQLite's own ways
def test_pragmas_of_a_fresh_connection(tmp_path: Path) -> None:
    database = fresh_database("sqlite", tmp_path)
    wanted = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 10_000, "secure_delete": 1}
    assert wanted["busy_timeout"] == BUSY_TIMEOUT_MS
    with database.engine.connect() as one, database.engine.connect() as two:
        for connection in (one, two):
            found = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in wanted}
            assert found == wanted
    database.close()


def test_responses_lie_in_the_order_of_their_ids_not_of_their_coming(tmp_path: Path) -> None:
    """Without row numbers, the file does not keep who answered first."""
    database = fresh_database("sqlite", tmp_path)
    with database.engine.connect() as connection:
        for table in ("survey_response", "withdrawn_response"):
            sql = connection.exec_driver_sql(f"SELECT sql FROM sqlite_master WHERE name = '{table}'").scalar_one()
            assert "WITHOUT ROWID" in sql.upper()
    database.close()


def test_a_response_row_keeps_nothing_that_tells_who(shared: Database) -> None:
    columns = {column["name"] for column in inspect(shared.engine).get_columns("survey_response")}
    assert columns == {
        "wave", "id", "group", "school", "locale", "record", "open_answers", "promise_digest", "received_on",
    }  # fmt: skip
    types = {c["name"]: str(c["type"]) for c in inspect(shared.engine).get_columns("survey_response")}
    assert types["received_on"] == "DATE"


# ------------------------------------------------------------------ files
def test_a_new_database_is_its_owner_s_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        database = fresh_database("sqlite", tmp_path)
        with database.write() as session:
            session.add(School(key="x", name="x"))
        modes = {path.suffix: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
        database.close()
    finally:
        os.umask(before)
    assert modes == {".db": 0o600, ".db-wal": 0o600, ".db-shm": 0o600}


def test_a_place_that_is_not_there_is_told_as_before(tmp_path: Path) -> None:
    database = Database(Settings(database_url=f"sqlite:///{tmp_path / 'no' / 'x.db'}"))
    with pytest.raises(OperationalError, match="unable to open"):
        database.migrate()
