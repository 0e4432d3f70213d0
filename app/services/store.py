"""The SQL of the response writer, for each kind of database, on the driver's own connection.

The response path is the one place where SQLAlchemy's layer is felt, in time and in the memory of one more process.
Nothing else in the program bypasses it.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple, Protocol

import orjson

from app import sqlite


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


_COLUMNS = 'wave, id, "group", school, locale, record, open_answers, promise_digest'
_LOOK = """
SELECT closed_at IS NULL AND opens_at <= {now} AND closes_at > {now}, revision,
       EXISTS (SELECT 1 FROM withdrawn_response w WHERE w.wave = wave.key)
FROM wave WHERE key = {wave}
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
    INSERT INTO survey_response ({_COLUMNS}, received_on) VALUES ({", ".join("?" * len(Row._fields))}, date('now'))
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
        cursor.executemany(self._insert, new)
        return {(row.wave, row.id) for row in new}

    def standing(self, cursor: Any, wave: str, ids: Collection[str]) -> list[Row]:
        sql = f"SELECT {_COLUMNS} FROM survey_response WHERE {self._among}"
        return [Row(*found) for found in cursor.execute(sql, (wave, _json(list(ids)))).fetchall()]


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
    SELECT *, (clock_timestamp() AT TIME ZONE 'UTC')::date FROM unnest({", ".join(["%s::text[]"] * len(Row._fields))})
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
        return set(cursor.execute(self._insert, [list(column) for column in zip(*rows, strict=True)]).fetchall())

    def standing(self, cursor: Any, wave: str, ids: Collection[str]) -> list[Row]:
        sql = f"SELECT {_COLUMNS} FROM survey_response WHERE wave = %s AND id = ANY(%s)"
        return [Row(*found) for found in cursor.execute(sql, (wave, list(ids))).fetchall()]


def store_for(kind: str, target: str) -> Store:
    """Give the store of a database by its `address`."""
    return SqliteStore(target) if kind == "sqlite" else PostgresStore(target)


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()
