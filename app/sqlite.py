"""How every connection to an SQLite file is set up, whoever opens it."""

from __future__ import annotations

from typing import Any

BUSY_TIMEOUT_MS = 10_000


def prepare(connection: Any) -> None:
    """Set up a connection of the `sqlite3` module; from here on a transaction begins with a BEGIN alone."""
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout = {BUSY_TIMEOUT_MS}",
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        "secure_delete = ON",
        "cache_size = -16384",
        "wal_autocheckpoint = 8000",  # pages: 32 MB of log between checkpoints, so that commits seldom pay for one
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
