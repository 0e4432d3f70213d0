"""How every connection to an SQLite file is set up, whoever opens it."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import Any

BUSY_TIMEOUT_MS = 10_000


def reserve(file: str) -> None:
    """Make the file of a new database, for its owner's eyes alone; the log beside it takes its mode."""
    with suppress(OSError):  # it is there already, or SQLite says what is wrong with the place
        os.close(os.open(file, os.O_CREAT | os.O_EXCL, 0o600))


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
