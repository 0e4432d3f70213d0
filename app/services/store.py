"""The SQL of the response writer, for each kind of database, on the driver's own cursor.

The response path is the one place where SQLAlchemy's layer is felt: the writer shares the interpreter with the event
loop, so every microsecond here is taken from requests. Nothing else in the program bypasses it.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple, Protocol

import orjson


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

    def look(self, cursor: Any, wave: str) -> WaveNow:
        """Lock the wave against closing and read its state by the database's clock."""

    def withdrawn(self, cursor: Any, wave: str, ids: Collection[str]) -> set[str]:
        """Tell which of the ids were withdrawn."""

    def insert(self, cursor: Any, rows: list[Row]) -> set[tuple[str, str]]:
        """Insert the rows whose (wave, id) is new, in one statement; give the keys of those."""

    def standing(self, cursor: Any, wave: str, ids: Collection[str]) -> list[Row]:
        """Read the stored responses with one of the ids."""


_COLUMNS = 'wave, id, "group", school, locale, record, open_answers, promise_digest'
_LOOK = """
SELECT closed_at IS NULL AND opens_at <= {now} AND closes_at > {now}, revision,
       EXISTS (SELECT 1 FROM withdrawn_response w WHERE w.wave = wave.key)
FROM wave WHERE key = {wave}
"""


class SqliteStore:
    """SQLite: lists travel as one JSON text, so that a batch is one statement whatever its size."""

    begin = "BEGIN IMMEDIATE"  # alone from here on: no lock of the wave is needed
    _look = _LOOK.format(now="strftime('%Y-%m-%d %H:%M:%f000', 'now')", wave="?")
    _insert = f"""
    INSERT INTO survey_response ({_COLUMNS}, received_on)
    SELECT {", ".join(f"value ->> {i}" for i in range(len(Row._fields)))}, date('now') FROM json_each(?) WHERE true
    ON CONFLICT DO NOTHING RETURNING wave, id
    """
    _among = "wave = ? AND id IN (SELECT value FROM json_each(?))"

    def look(self, cursor: Any, wave: str) -> WaveNow:
        found = cursor.execute(self._look, (wave,)).fetchone()
        return WaveNow(False, None, False) if found is None else WaveNow(*found)

    def withdrawn(self, cursor: Any, wave: str, ids: Collection[str]) -> set[str]:
        sql = f"SELECT id FROM withdrawn_response WHERE {self._among}"
        return {row[0] for row in cursor.execute(sql, (wave, _json(list(ids)))).fetchall()}

    def insert(self, cursor: Any, rows: list[Row]) -> set[tuple[str, str]]:
        return set(cursor.execute(self._insert, (_json([list(row) for row in rows]),)).fetchall())

    def standing(self, cursor: Any, wave: str, ids: Collection[str]) -> list[Row]:
        sql = f"SELECT {_COLUMNS} FROM survey_response WHERE {self._among}"
        return [Row(*found) for found in cursor.execute(sql, (wave, _json(list(ids)))).fetchall()]


class PostgresStore:
    """PostgreSQL: the wave's lock is shared among writers, and taken exclusively by the close."""

    begin = "BEGIN"
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


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()
