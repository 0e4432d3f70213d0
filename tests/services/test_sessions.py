"""Sessions of the pages: how long they last, on both databases. The test turns the clock that the service reads."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo

import pytest
from sqlmodel import select

from app.auth import Caller, fingerprint
from app.db import Database
from app.models.keys import KeyIn
from app.models.tables import BrowserSession
from app.services import keys, sessions
from app.services.keys import caller_of
from app.services.sessions import IDLE, LONGEST, RENEW

MINUTE = timedelta(minutes=1)


class Clock(datetime):
    at = datetime(2022, 10, 3, 9, tzinfo=UTC)

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
        return cls.at


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> type[Clock]:
    monkeypatch.setattr(Clock, "at", datetime(2022, 10, 3, 9, tzinfo=UTC))
    monkeypatch.setattr(sessions, "datetime", Clock)
    monkeypatch.setattr("app.auth.datetime", Clock)
    return Clock


def key(database: Database, **limits: object) -> Caller:
    wanted = KeyIn.model_validate({"role": "director", "name": "D", **limits})
    with database.write() as session:
        return caller_of(keys.create(session, wanted, None)[0])


def stored(database: Database) -> list[BrowserSession]:
    with database.read() as session:
        return list(session.exec(select(BrowserSession)).all())


def test_a_token_stands_for_its_key_with_all_its_limits(database: Database, clock: type[Clock]) -> None:
    caller = key(database, role="collector", waves=["fall"], groups=["family"])
    token = sessions.begin(database, caller)
    assert sessions.find(database, token) == caller
    assert sessions.find(database, token + "x") is None
    assert sessions.find(database, fingerprint(token)) is None


def test_each_session_has_a_token_of_its_own(database: Database, clock: type[Clock]) -> None:
    caller = key(database)
    one, other = sessions.begin(database, caller), sessions.begin(database, caller)
    assert one != other
    sessions.end(database, one)
    assert sessions.find(database, one) is None
    assert sessions.find(database, other) == caller


def test_an_hour_without_use_ends_it(database: Database, clock: type[Clock]) -> None:
    token = sessions.begin(database, key(database))
    clock.at += IDLE - MINUTE
    assert sessions.find(database, token) is not None
    clock.at += IDLE - MINUTE
    assert sessions.find(database, token) is not None
    clock.at += IDLE
    assert sessions.find(database, token) is None


def test_a_day_s_work_ends_it_however_busy(database: Database, clock: type[Clock]) -> None:
    token = sessions.begin(database, key(database))
    begun, last = clock.at, clock.at
    while sessions.find(database, token) is not None:
        last = clock.at
        clock.at += 10 * MINUTE
    assert LONGEST - 10 * MINUTE <= last - begun < LONGEST


def test_a_page_writes_now_and_then_only(database: Database, clock: type[Clock]) -> None:
    token = sessions.begin(database, key(database))
    ends = stored(database)[0].expires_at
    clock.at += RENEW
    sessions.find(database, token)
    assert stored(database)[0].expires_at == ends
    clock.at += MINUTE
    sessions.find(database, token)
    assert stored(database)[0].expires_at == clock.at + IDLE


def test_the_key_s_own_end_counts(database: Database, clock: type[Clock]) -> None:
    token = sessions.begin(database, key(database, expires_at=clock.at + 20 * MINUTE))
    clock.at += 19 * MINUTE
    assert sessions.find(database, token) is not None
    clock.at += MINUTE
    assert sessions.find(database, token) is None


def test_a_revoked_key_s_sessions_stand_for_nobody(database: Database, clock: type[Clock]) -> None:
    caller = key(database)
    token = sessions.begin(database, caller)
    with database.write() as session:
        keys.revoke(session, caller.id, caller)
    assert sessions.find(database, token) is None


def test_what_has_ended_is_removed(database: Database, clock: type[Clock]) -> None:
    caller = key(database)
    sessions.begin(database, caller)
    clock.at += 30 * MINUTE
    token = sessions.begin(database, caller)
    sessions.forget_ended(database)
    assert len(stored(database)) == 2
    clock.at += 30 * MINUTE
    sessions.forget_ended(database)
    assert [row.token_hash for row in stored(database)] == [fingerprint(token)]
