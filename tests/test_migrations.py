"""Migrations: up, down, up again, on both kinds of database, with data and with two at once."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import inspect
from sqlmodel import SQLModel, col, select

from app.db import Database
from app.models.tables import (
    AccessCode,
    AccessCount,
    Activity,
    ApiKey,
    AuditEvent,
    BrowserSession,
    CalendarFeed,
    ChangeEvent,
    Comment,
    CommentPool,
    Goal,
    InstrumentVersion,
    NameList,
    ObservationPlan,
    Release,
    ReleaseDocument,
    RosterLine,
    School,
    SurveyResponse,
    Wave,
    WaveInstrument,
    Webhook,
    WebhookDelivery,
    WithdrawnResponse,
)
from tests import factories
from tests.databases import SECRET, settings_for

AT = datetime(2022, 10, 3, 4, 5, 6, tzinfo=UTC)
ROOT = Path(__file__).parents[1]


@pytest.fixture
def empty(kind: str, tmp_path: Path) -> Iterator[Database]:
    """A database without any schema."""
    database = Database(settings_for(kind, tmp_path))
    yield database
    database.close()


def tables(database: Database) -> set[str]:
    return set(inspect(database.engine).get_table_names())


def one_of_each() -> list[list[SQLModel]]:
    """A row for every table, in an order that foreign keys allow."""
    return [
        [
            School(key="erving", name="Erving", district="Union 28"),
            InstrumentVersion(
                key="family", version=1, group="family", definition=factories.definition(), digest="sha256:x"
            ),
            Wave(
                key="w",
                title="W",
                opens_at=AT,
                closes_at=AT.replace(year=2023),
                time_zone="UTC",
                schools=["erving"],
                promise={"family": {"mode": "confidential"}},
                closed_at=AT,
                closing_counts=[["family", "erving", 1]],
            ),
            ApiKey(id="k", name="K", role="admin", schools=["erving"], secret_hash="h", created_at=AT),
            AuditEvent(at=AT, action="a", subject="s"),
            Webhook(id="h", url="https://example.org", waves=["w"], created_at=AT),
        ],
        [
            WaveInstrument(wave="w", group="family", key="family", version=1),
            RosterLine(wave="w", group="family", school="", eligible=10**9),
            SurveyResponse(
                wave="w",
                id="i",
                group="family",
                record="1.~-",
                open_answers='{"a":"ñ"}',
                promise_digest="d",
                received_on=AT.date(),
            ),
            WithdrawnResponse(wave="w", id="j"),
            AccessCode(wave="w", code_hmac="f" * 64, group="family", school="erving"),
            AccessCount(wave="w", group="family", school="erving", issued=10**9, spent=1),
            Release(wave="w", number=1, definitions="1", tallies=b"\x00\xff", released_at=AT),
            CommentPool(wave="w", group="family", schools=["erving"]),
            NameList(wave="w", names=["Ñ"]),
            Goal(key="g", fixed_at=AT, document={"title": "Ñ"}, baseline={"cells": []}),
            Activity(
                key="a",
                uid="u",
                kind="coffee",
                status="held",
                first_at=AT,
                last_at=AT,
                changed_at=AT,
                document={"a": 1},
            ),
            CalendarFeed(id="f", name="All", token_hash="c" * 64, schools=["erving"], created_at=AT),
            ObservationPlan(key="o", document={"title": "Ñ"}, visits=[{"school": "erving"}], accepted_at=AT),
            BrowserSession(token_hash="b" * 64, key_id="k", created_at=AT, expires_at=AT),
            ChangeEvent(number=1, id="e", kind="opened", wave="w", at=AT),
            WebhookDelivery(
                id="m",
                webhook="h",
                type="wave.opened",
                body="{}",
                status="pending",
                created_at=AT,
                queued_at=AT,
                due_at=AT,
                attempts_left=1,
            ),
        ],
        [
            ReleaseDocument(wave="w", number=1, audience="public", digest="sha256:y", document=b"\x00{}"),
            Comment(wave="w", id="c", release=1, group="family", item="i", pooled=True, text="[name]", status="shown"),
        ],
    ]


def fill(database: Database) -> None:
    with database.write() as session:
        for rows in one_of_each():
            session.add_all(rows)
            session.flush()


def contents(database: Database) -> dict[str, list[dict[str, Any]]]:
    found = {}
    with database.read() as session:
        for rows in one_of_each():
            for row in rows:
                found[type(row).__name__] = [one.model_dump() for one in session.exec(select(type(row)))]
    return found


def test_every_table_is_filled_in_these_tests() -> None:
    filled = {type(row).__tablename__ for rows in one_of_each() for row in rows}
    assert filled == set(SQLModel.metadata.tables)


def test_up_down_and_up_again(empty: Database) -> None:
    assert not empty.is_current()
    assert tables(empty) == set()
    empty.migrate()
    assert empty.is_current()
    assert tables(empty) == {*SQLModel.metadata.tables, "alembic_version"}
    assert empty.schema_differences() == []
    fill(empty)
    empty.migrate("base")
    assert tables(empty) == {"alembic_version"}
    assert not empty.is_current()
    empty.migrate()
    assert empty.is_current()
    assert empty.schema_differences() == []
    assert not any(contents(empty).values())


def test_migrating_again_keeps_every_row(empty: Database) -> None:
    empty.migrate()
    fill(empty)
    before = contents(empty)
    assert all(len(rows) == 1 for rows in before.values())
    empty.migrate()
    empty.migrate("head")
    assert contents(empty) == before
    assert before["Wave"][0]["opens_at"] == AT
    assert before["ApiKey"][0]["waves"] is None
    assert before["Release"][0]["tallies"] == b"\x00\xff"


def test_down_to_the_first_and_up_again_keeps_what_the_first_has(empty: Database) -> None:
    empty.migrate("0001")
    first = tables(empty)
    empty.migrate()
    fill(empty)
    before = contents(empty)
    empty.migrate("0001")
    assert tables(empty) == first
    empty.migrate("0001")
    empty.migrate()
    assert empty.schema_differences() == []
    kept = {type(row).__name__ for rows in one_of_each() for row in rows if type(row).__tablename__ in first}
    found = contents(empty)
    noted = found.pop("ChangeEvent")
    before.pop("ChangeEvent")
    assert found == {name: rows if name in kept else [] for name, rows in before.items()}
    assert [(event["number"], event["kind"], event["release"]) for event in noted] == [
        (1, "opened", 0),
        (2, "closed", 0),
        (3, "released", 1),
    ], "what has happened is noted of the waves that are there"
    assert {(event["wave"], event["at"]) for event in noted} == {("w", AT)}
    assert len({event["id"] for event in noted}) == 3


def test_waves_that_stand_are_given_their_events_in_the_order_of_time(empty: Database) -> None:
    day = timedelta(days=1)
    late = datetime.now(UTC) + day
    standing = {  # opens, closed, releases
        "over": (AT, AT + 3 * day, [AT + 4 * day, AT + 9 * day]),
        "over-too": (AT - day, AT + 5 * day, [AT + 6 * day]),
        "open": (AT + 2 * day, None, []),
        "scheduled": (late, None, []),
    }
    empty.migrate()
    with empty.write() as session:
        for key, (opens, closed, releases) in standing.items():
            session.add(
                Wave(
                    key=key, title=key, opens_at=opens, closes_at=late + day, time_zone="UTC", schools=["x"],
                    promise={}, closed_at=closed,
                )
            )  # fmt: skip
            session.flush()
            for number, at in enumerate(releases, 1):
                session.add(Release(wave=key, number=number, definitions="1", tallies=b"", released_at=at))
    empty.migrate("0006")
    empty.migrate()
    with empty.read() as session:
        found = session.exec(select(ChangeEvent).order_by(col(ChangeEvent.number))).all()
    assert [(event.number, event.wave, event.kind, event.release, (event.at - AT) // day) for event in found] == [
        (1, "over-too", "opened", 0, -1),
        (2, "over", "opened", 0, 0),
        (3, "open", "opened", 0, 2),
        (4, "over", "closed", 0, 3),
        (5, "over", "released", 1, 4),
        (6, "over-too", "closed", 0, 5),
        (7, "over-too", "released", 1, 6),
        (8, "over", "released", 2, 9),
    ]


def test_a_difference_would_be_seen(empty: Database) -> None:
    empty.migrate()
    with empty.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE school ADD COLUMN surplus INTEGER")
    assert [difference[0] for difference in empty.schema_differences()] == ["remove_column"]


def test_a_failing_migration_leaves_nothing(empty: Database) -> None:
    with empty.engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE release (in_the_way INTEGER)")
    with pytest.raises(Exception, match="release"):
        empty.migrate()
    assert tables(empty) == {"release"}
    assert not empty.is_current()


def test_threads_migrating_at_once_both_succeed(kind: str, tmp_path: Path) -> None:
    settings = settings_for(kind, tmp_path)
    databases = [Database(settings) for _ in range(4)]
    start, failures = threading.Barrier(4), []

    def migrate(database: Database) -> None:
        start.wait()
        try:
            database.migrate()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=migrate, args=(database,)) for database in databases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    assert all(database.is_current() for database in databases)
    assert databases[0].schema_differences() == []
    for database in databases:
        database.close()


def test_processes_migrating_at_once_both_succeed(kind: str, tmp_path: Path) -> None:
    settings = settings_for(kind, tmp_path)
    script = "from app.config import Settings; from app.db import Database; Database(Settings()).migrate()"
    environment = {"SOUNDINGS_DATABASE_URL": settings.database_url, "SOUNDINGS_SECRET": SECRET, "PATH": "/usr/bin:/bin"}
    running = [
        subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for process in running:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
    database = Database(settings)
    assert database.is_current()
    database.close()
