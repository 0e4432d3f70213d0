"""Codes and responses in one transaction, at the ledger itself, on both databases: paid for once or not stored."""

from __future__ import annotations

import threading
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlmodel import select

from app.db import Database
from app.models.tables import AccessCode, AccessCount, SurveyResponse, Wave, WithdrawnResponse
from app.services import codes
from app.services.ledger import Ledger, Submission
from app.services.scribe import Scribe, ScribeGone
from app.services.store import Row, store_for
from tests.databases import fresh_database

REVISION = 7
CELLS = (("family", "s"), ("family", "t"))
IDS = [str(uuid.uuid5(uuid.NAMESPACE_URL, str(i))) for i in range(6)]


@pytest.fixture(scope="module")
def shared(kind: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """One database for all tests; each has waves of its own."""
    fresh = fresh_database(kind, tmp_path_factory.mktemp("database"))
    yield fresh
    fresh.close()


@pytest.fixture(scope="module")
def ledger(shared: Database) -> Iterator[Ledger]:
    made = Ledger(store_for(*shared.address))
    yield made
    made.close()


def field(database: Database, issued: dict[codes.Cell, Sequence[str]]) -> str:
    """An open wave with these codes."""
    now, wave = datetime.now(UTC), f"w-{uuid.uuid4().hex}"
    with database.write() as session:
        session.add(
            Wave(key=wave, title="A wave", time_zone="UTC", schools=["s", "t"], promise={}, access={"family": "code"},
                 revision=REVISION, opens_at=now - timedelta(hours=1), closes_at=now + timedelta(hours=1))
        )  # fmt: skip
        session.flush()
        for cell, made in issued.items():
            codes.keep(session, wave, cell, [mac(code) for code in made])
    return wave


def mac(code: str) -> str:
    """Stands in for a fingerprint; the ledger does not know what a code looks like."""
    return code.ljust(64, "0")


def row(wave: str, code: str | None, identity: str | None = None, record: str = "11", school: str = "s") -> Row:
    paid = None if code is None else mac(code)
    return Row(wave, identity or str(uuid.uuid4()), "family", school, None, record, None, "p", paid)


def enter(ledger: Ledger, *batch: Sequence[Row]) -> list[list[str]]:
    outcomes = ledger.enter([Submission(REVISION, rows) for rows in batch])
    return [[o] if isinstance(o, str) else [verdict.status for verdict in o] for o in outcomes]


State = tuple[dict[str, tuple[str, str | None]], set[str], dict[str, tuple[int, int]]]


def state(database: Database, wave: str) -> State:
    """Stored responses by id, unspent codes, and (issued, spent) by school, all of one moment."""
    with database.read() as session:
        if not database.is_sqlite:
            session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        responses = session.exec(select(SurveyResponse).where(SurveyResponse.wave == wave)).all()
        left = session.exec(select(AccessCode.code_hmac).where(AccessCode.wave == wave)).all()
        counts = session.exec(select(AccessCount).where(AccessCount.wave == wave)).all()
        return (
            {r.id: (r.record, r.school) for r in responses},
            {code.rstrip("0") for code in left},
            {c.school: (c.issued, c.spent) for c in counts},
        )


# ------------------------------------------------------------------ any order of things
attempts = st.tuples(st.sampled_from(IDS), st.sampled_from("abcdexy"), st.sampled_from(["11", "12"]))
batches = st.lists(st.lists(st.lists(attempts, min_size=1, max_size=4), min_size=1, max_size=3), max_size=8)


@settings(max_examples=60)
@given(batches)
def test_every_code_pays_for_one_response(shared: Database, ledger: Ledger, sent: list[list[list[Any]]]) -> None:
    """Against a slow model that takes the rows one by one; x and y are codes that nobody was given."""
    wave = field(shared, {("family", "s"): "abcde"})
    stored: dict[str, str] = {}
    left, accepted = set("abcde"), 0
    for batch in sent:
        expected = []
        for rows in batch:
            for identity, code, record in rows:
                if identity in stored:
                    expected.append((identity, record, None))
                elif code in left:
                    left.remove(code)
                    stored[identity] = record
                    accepted += 1
                    expected.append((identity, record, "accepted"))
                else:
                    expected.append((identity, record, "code_invalid"))
        told = [s for out in enter(ledger, *([row(wave, c, i, r) for i, c, r in rows] for rows in batch)) for s in out]
        for status, (identity, record, verdict) in zip(told, expected, strict=True):
            if verdict == "code_invalid" and identity in stored:
                verdict = None  # another row of the same transaction had a good code: then this one is its replay
            standing = "replayed" if stored.get(identity) == record else "conflict"
            assert status == (verdict or standing)
        responses, unspent, counts = state(shared, wave)
        assert {i: r for i, (r, _) in responses.items()} == stored
        assert unspent == left
        assert counts == {"s": (5, accepted)}
        assert accepted == len(stored) == 5 - len(left)


def test_a_code_of_another_cell_or_wave_is_unknown(shared: Database, ledger: Ledger) -> None:
    """The cell is in the fingerprint, so the ledger is asked for one that is not there; waves are told apart here."""
    wave, other = field(shared, {("family", "s"): "a"}), field(shared, {("family", "s"): "b"})
    assert enter(ledger, [row(wave, "b")], [row(other, "a")]) == [["code_invalid"], ["code_invalid"]]
    assert enter(ledger, [row(wave, "a"), row(wave, "a")], [row(other, "b")]) == [
        ["accepted", "code_invalid"],
        ["accepted"],
    ]


def test_each_cell_counts_its_own(shared: Database, ledger: Ledger) -> None:
    wave = field(shared, {("family", "s"): "abc", ("family", "t"): "de"})
    assert enter(ledger, [row(wave, "a"), row(wave, "d", school="t"), row(wave, "b")]) == [["accepted"] * 3]
    assert state(shared, wave)[2] == {"s": (3, 2), "t": (2, 1)}


def test_rows_without_a_code_cost_nothing(shared: Database, ledger: Ledger) -> None:
    """Whether a group needs codes, the check of the response decides, with the wave's revision."""
    wave = field(shared, {("family", "s"): "a"})
    assert enter(ledger, [row(wave, None), row(wave, "a"), row(wave, None)]) == [["accepted"] * 3]
    assert state(shared, wave)[1:] == (set(), {"s": (1, 1)})


def test_a_replay_is_recognized_before_the_code_is_looked_at(shared: Database, ledger: Ledger) -> None:
    wave = field(shared, {("family", "s"): "ab"})
    first = row(wave, "a")
    assert enter(ledger, [first]) == [["accepted"]]
    for code in ("a", "b", "x", None):
        assert enter(ledger, [row(wave, code, first.id)]) == [["replayed"]]
        assert enter(ledger, [row(wave, code, first.id, "22")]) == [["conflict"]]
    assert state(shared, wave)[1:] == ({"b"}, {"s": (2, 1)})


@pytest.mark.parametrize("how", ["closed", "changed", "withdrawn"])
def test_who_is_refused_for_another_reason_spends_nothing(shared: Database, ledger: Ledger, how: str) -> None:
    wave = field(shared, {("family", "s"): "ab"})
    one = row(wave, "a")
    with shared.write() as session:
        found = session.get_one(Wave, wave)
        if how == "closed":
            found.closed_at = datetime.now(UTC)
        elif how == "changed":
            found.revision = REVISION + 1
        else:
            session.add(WithdrawnResponse(wave=wave, id=one.id))
    expected = {"closed": "not_open", "changed": "stale", "withdrawn": "withdrawn"}[how]
    assert enter(ledger, [one, row(wave, "x", one.id)]) == [[expected, expected]]
    assert state(shared, wave) == ({}, {"a", "b"}, {"s": (2, 0)})


# ------------------------------------------------------------------ failures
def test_a_failing_insert_spends_nothing(shared: Database, ledger: Ledger) -> None:
    wave = field(shared, {("family", "s"): "ab"})
    bad = row(wave, "a")._replace(record=None)  # type: ignore[arg-type]
    ((told,),) = enter(ledger, [row(wave, "b"), bad])
    assert "rror" in told or "iolation" in told, told
    assert state(shared, wave) == ({}, {"a", "b"}, {"s": (2, 0)})


def test_a_failing_commit_spends_nothing(shared: Database, ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    wave = field(shared, {("family", "s"): "ab"})
    real = ledger.transaction

    @contextmanager
    def failing() -> Iterator[Any]:
        with real() as cursor:
            yield cursor
            raise OSError("disk")

    with monkeypatch.context() as patched:
        patched.setattr(ledger, "transaction", failing)
        assert enter(ledger, [row(wave, "a")], [row(wave, "b")]) == [["OSError"], ["OSError"]]
    assert state(shared, wave) == ({}, {"a", "b"}, {"s": (2, 0)})
    assert enter(ledger, [row(wave, "a")], [row(wave, "b")]) == [["accepted"], ["accepted"]]


def test_a_killed_process_leaves_code_and_response_together(shared: Database) -> None:
    """The process that commits is killed again and again; whatever it did, both are gone or both are there."""
    given = [f"{i:x}g" for i in range(300)]
    wave = field(shared, {("family", "s"): given})
    scribe = Scribe(*shared.address)
    rows = [row(wave, code) for code in given]
    try:
        for start in range(0, len(rows), 10):
            part = [Submission(REVISION, [one]) for one in rows[start : start + 10]]
            scribe.start()
            assert scribe._process is not None
            killer = threading.Timer(0.0005 * (start % 70), scribe._process.kill)
            if start % 30 == 0:
                killer.start()
            with suppress(ScribeGone):
                scribe.enter(part)
            if start % 30 == 0:
                killer.join()
                scribe.close()
            responses, left, counts = state(shared, wave)
            issued, spent = counts["s"]
            assert len(responses) == spent == issued - len(left)
            assert left == {one.code.rstrip("0") for one in rows if one.code and one.id not in responses}
        scribe.enter([Submission(REVISION, [one]) for one in rows])
    finally:
        scribe.close()
    assert state(shared, wave)[1:] == (set(), {"s": (300, 300)})
    assert len(state(shared, wave)[0]) == 300


# ------------------------------------------------------------------ races
def test_many_writers_and_few_codes(shared: Database) -> None:
    """Six writers with bulks that share codes in other orders: each is spent once, and nobody waits for ever."""
    given = [f"{i:x}g" for i in range(40)]
    wave = field(shared, {("family", "s"): given[:20], ("family", "t"): given[20:]})
    school = {code: "s" if i < 20 else "t" for i, code in enumerate(given)}
    told: Counter[str] = Counter()
    lock = threading.Lock()

    def write(number: int) -> None:
        ledger = Ledger(store_for(*shared.address))
        for turn in range(4):
            order = given[number * 7 :] + given[: number * 7]
            rows = [row(wave, code, school=school[code]) for code in (order if turn % 2 else order[::-1])]
            ((*statuses,),) = enter(ledger, rows)
            with lock:
                told.update(statuses)
        ledger.close()

    threads = [threading.Thread(target=write, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    assert told == {"accepted": 40, "code_invalid": 6 * 4 * 40 - 40}
    responses, left, counts = state(shared, wave)
    assert (len(responses), left, counts) == (40, set(), {"s": (20, 20), "t": (20, 20)})


def test_the_same_responses_from_many_writers(shared: Database) -> None:
    """An impatient sender: every copy is acknowledged, one of them is stored, with one code."""
    given = [f"{i:x}g" for i in range(30)]
    wave = field(shared, {("family", "s"): given})
    rows = [row(wave, code) for code in given]
    told: list[str] = []

    def write(number: int) -> None:
        ledger = Ledger(store_for(*shared.address))
        for one in rows[number * 5 :] + rows[: number * 5]:
            told.extend(enter(ledger, [one])[0])
        ledger.close()

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert Counter(told) == {"accepted": 30, "replayed": 90}
    assert state(shared, wave)[1:] == (set(), {"s": (30, 30)})


@pytest.fixture
def postgres(kind: str) -> None:
    if kind == "sqlite":
        pytest.skip("there a writer is alone")


@pytest.mark.usefixtures("postgres")
@pytest.mark.parametrize("same", [True, False], ids=["the same response", "another response"])
def test_a_code_that_goes_while_one_is_at_it(shared: Database, ledger: Ledger, monkeypatch: Any, same: bool) -> None:
    """Another writer commits between the look at the code and its spending: a replay, or taken out again."""
    wave = field(shared, {("family", "s"): "ab"})
    mine, second = row(wave, "a"), Ledger(store_for(*shared.address))
    theirs = mine if same else row(wave, "a")
    store = ledger._store
    real = store.insert

    def insert(cursor: Any, rows: list[Row]) -> Any:
        assert enter(second, [theirs]) == [["accepted"]]
        return real(cursor, rows)

    with monkeypatch.context() as patched:
        patched.setattr(store, "insert", insert)
        told = enter(ledger, [mine, row(wave, "b", school="s")])
    second.close()
    assert told == [["replayed" if same else "code_invalid", "accepted"]]
    responses, left, counts = state(shared, wave)
    assert theirs.id in responses
    assert (len(responses), left, counts) == (2, set(), {"s": (2, 2)})
