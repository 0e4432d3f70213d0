"""The SQL of the response writer, for each kind of database, on the driver's own connection.

The response path is the one place where SQLAlchemy's layer is felt, in time and in the memory of one more process.
Nothing else in the program bypasses it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from typing import Any, NamedTuple, Protocol

import orjson

from app import sqlite


class Row(NamedTuple):
    """One response as it is stored; the day is added when it is.

    `code`, the last, is the fingerprint of the access code that pays for it: no column has it.
    """

    wave: str
    id: str
    group: str
    school: str | None
    locale: str | None
    record: str
    open_answers: str | None
    promise_digest: str
    code: str | None = None

    @property
    def content(self) -> tuple[Any, ...]:
        """What makes two responses with one id the same: group, school, locale and answers."""
        return (self.group, self.school, self.locale, self.record, self.open_answers)


class WaveNow(NamedTuple):
    """A wave as the committing transaction sees it; revision None when there is none."""

    is_open: bool
    revision: int | None
    withdrawals: bool


class Store(Protocol):
    """What the writer asks of a database, inside one transaction."""

    begin: str

    def connect(self) -> Any:
        """Open a connection of the driver."""

    def is_lost(self, connection: Any) -> bool:
        """Tell whether a connection is of no use any more, through no fault of what was asked of it."""

    def look(self, cursor: Any, wave: str) -> WaveNow:
        """Lock the wave against closing and read its state by the database's clock."""

    def withdrawn(self, cursor: Any, wave: str, ids: Collection[str]) -> set[str]:
        """Tell which of the ids were withdrawn."""

    def insert(self, cursor: Any, rows: list[Row]) -> set[tuple[str, str]]:
        """Insert the rows whose (wave, id) is new; give the keys of those."""

    def standing(self, cursor: Any, wave: str, ids: Collection[str]) -> list[Row]:
        """Read the stored responses with one of the ids."""

    def unspent(self, cursor: Any, wave: str, codes: Collection[str]) -> set[str]:
        """Tell which of the codes are there to be spent."""

    def spend(self, cursor: Any, wave: str, codes: Collection[str]) -> set[str]:
        """Remove the codes that are there, count them in their cells, and tell which they were."""

    def take_out(self, cursor: Any, wave: str, ids: Collection[str]) -> None:
        """Remove responses that this transaction has inserted."""


STORED = len(Row._fields) - 1  # fields of a row that are columns
_COLUMNS = 'wave, id, "group", school, locale, record, open_answers, promise_digest'
_LOOK = """
SELECT closed_at IS NULL AND opens_at <= {now} AND closes_at > {now}, revision,
       EXISTS (SELECT 1 FROM withdrawn_response w WHERE w.wave = wave.key)
FROM wave WHERE key = {wave}
"""
_COUNT = """
UPDATE access_count SET spent = spent + {0} WHERE wave = {0} AND "group" = {0} AND school = {0}
"""


class SqliteStore:
    """SQLite: lists of ids travel as one JSON text, whatever their size."""

    begin = "BEGIN IMMEDIATE"  # alone from here on: no lock of the wave is needed

    def __init__(self, file: str) -> None:
        self._file = file

    def connect(self) -> Any:
        import sqlite3  # only the driver that is needed takes memory

        connection = sqlite3.connect(self._file, timeout=sqlite.BUSY_TIMEOUT_MS / 1000, check_same_thread=False)
        sqlite.prepare(connection)
        return connection

    def is_lost(self, connection: Any) -> bool:
        return False

    _look = _LOOK.format(now="strftime('%Y-%m-%d %H:%M:%f000', 'now')", wave="?")
    _insert = f"""
    INSERT INTO survey_response ({_COLUMNS}, received_on) VALUES ({", ".join("?" * STORED)}, date('now'))
    """
    _among = "wave = ? AND id IN (SELECT value FROM json_each(?))"

    def look(self, cursor: Any, wave: str) -> WaveNow:
        found = cursor.execute(self._look, (wave,)).fetchone()
        return WaveNow(False, None, False) if found is None else WaveNow(*found)

    def withdrawn(self, cursor: Any, wave: str, ids: Collection[str]) -> set[str]:
        sql = f"SELECT id FROM withdrawn_response WHERE {self._among}"
        return {row[0] for row in cursor.execute(sql, (wave, _json(list(ids)))).fetchall()}

    def insert(self, cursor: Any, rows: list[Row]) -> set[tuple[str, str]]:
        sql = f"SELECT wave, id FROM survey_response WHERE {self._among}"
        there: set[tuple[str, str]] = set()
        for wave in {row.wave for row in rows}:
            there |= set(cursor.execute(sql, (wave, _json([r.id for r in rows if r.wave == wave]))).fetchall())
        new = [row for row in rows if (row.wave, row.id) not in there]  # nobody else can add one before the commit
        cursor.executemany(self._insert, [row[:STORED] for row in new])
        return {(row.wave, row.id) for row in new}

    def standing(self, cursor: Any, wave: str, ids: Collection[str]) -> list[Row]:
        sql = f"SELECT {_COLUMNS} FROM survey_response WHERE {self._among}"
        return [Row(*found) for found in cursor.execute(sql, (wave, _json(list(ids)))).fetchall()]

    _codes = "FROM access_code WHERE wave = ? AND code_hmac IN (SELECT value FROM json_each(?))"

    def unspent(self, cursor: Any, wave: str, codes: Collection[str]) -> set[str]:
        sql = f"SELECT code_hmac {self._codes}"
        return {row[0] for row in cursor.execute(sql, (wave, _json(list(codes)))).fetchall()}

    def spend(self, cursor: Any, wave: str, codes: Collection[str]) -> set[str]:
        sql = f'DELETE {self._codes} RETURNING "group", school, code_hmac'
        found = cursor.execute(sql, (wave, _json(list(codes)))).fetchall()
        cursor.executemany(_COUNT.format("?"), _spent(wave, found))
        return {code for *_, code in found}

    def take_out(self, cursor: Any, wave: str, ids: Collection[str]) -> None:
        cursor.execute(f"DELETE FROM survey_response WHERE {self._among}", (wave, _json(list(ids))))


class PostgresStore:
    """PostgreSQL: the wave's lock is shared among writers, and taken exclusively by the close."""

    begin = "BEGIN"

    def __init__(self, address: str) -> None:
        self._address = address

    def connect(self) -> Any:
        import psycopg

        return psycopg.connect(self._address, autocommit=True)

    def is_lost(self, connection: Any) -> bool:
        return bool(connection.closed)

    _lock = "SELECT pg_advisory_xact_lock_shared(hashtextextended(%s, 0))"
    _look = _LOOK.format(now="clock_timestamp()", wave="%s")
    _insert = f"""
    INSERT INTO survey_response ({_COLUMNS}, received_on)
    SELECT *, (clock_timestamp() AT TIME ZONE 'UTC')::date FROM unnest({", ".join(["%s::text[]"] * STORED)})
    ON CONFLICT DO NOTHING RETURNING wave, id
    """

    def look(self, cursor: Any, wave: str) -> WaveNow:
        cursor.execute(self._lock, (f"wave:{wave}",))
        found = cursor.execute(self._look, (wave,)).fetchone()
        return WaveNow(False, None, False) if found is None else WaveNow(*found)

    def withdrawn(self, cursor: Any, wave: str, ids: Collection[str]) -> set[str]:
        sql = "SELECT id FROM withdrawn_response WHERE wave = %s AND id = ANY(%s)"
        return {row[0] for row in cursor.execute(sql, (wave, list(ids))).fetchall()}

    def insert(self, cursor: Any, rows: list[Row]) -> set[tuple[str, str]]:
        columns = [list(column) for column in zip(*rows, strict=True)][:STORED]
        return set(cursor.execute(self._insert, columns).fetchall())

    def standing(self, cursor: Any, wave: str, ids: Collection[str]) -> list[Row]:
        sql = f"SELECT {_COLUMNS} FROM survey_response WHERE wave = %s AND id = ANY(%s)"
        return [Row(*found) for found in cursor.execute(sql, (wave, list(ids))).fetchall()]

    # Locked in the order of the key, so that two writers never wait for each other in a circle; one that has waited
    # for another finds the code gone.
    _spend = """
    WITH held AS (SELECT code_hmac FROM access_code WHERE wave = %s AND code_hmac = ANY(%s)
                  ORDER BY code_hmac FOR UPDATE)
    DELETE FROM access_code a USING held WHERE a.wave = %s AND a.code_hmac = held.code_hmac
    RETURNING a."group", a.school, a.code_hmac
    """

    def unspent(self, cursor: Any, wave: str, codes: Collection[str]) -> set[str]:
        sql = "SELECT code_hmac FROM access_code WHERE wave = %s AND code_hmac = ANY(%s)"
        return {row[0] for row in cursor.execute(sql, (wave, list(codes))).fetchall()}

    def spend(self, cursor: Any, wave: str, codes: Collection[str]) -> set[str]:
        found = cursor.execute(self._spend, (wave, list(codes), wave)).fetchall()
        cursor.executemany(_COUNT.format("%s"), _spent(wave, found))
        return {code for *_, code in found}

    def take_out(self, cursor: Any, wave: str, ids: Collection[str]) -> None:
        cursor.execute("DELETE FROM survey_response WHERE wave = %s AND id = ANY(%s)", (wave, list(ids)))


def store_for(kind: str, target: str) -> Store:
    """Give the store of a database by its `address`."""
    return SqliteStore(target) if kind == "sqlite" else PostgresStore(target)


def _spent(wave: str, found: list[tuple[str, str, str]]) -> list[tuple[int, str, str, str]]:
    """How many codes of each cell were spent, in one order for all writers."""
    cells = Counter((group, school) for group, school, _ in found)
    return [(n, wave, group, school) for (group, school), n in sorted(cells.items())]


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()
