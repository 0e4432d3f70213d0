"""Engines, sessions, pragmas, locks, the clock, and the one place that commits for request handlers.

Readers and writers get different sessions: a writer holds the database's write lock from its first statement (SQLite:
`BEGIN IMMEDIATE`), so it never fails half-way because somebody else wrote. Knows nothing of what is stored.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, DateTime, Engine, create_engine, event, text
from sqlalchemy.types import TypeDecorator
from sqlmodel import Session, SQLModel

from app import sqlite
from app.config import Settings


class UtcTime(TypeDecorator[datetime]):
    """An instant: time zone aware in Python, UTC in the database on both kinds of database."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None:
            return None
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        return value if value is None or value.tzinfo else value.replace(tzinfo=UTC)


class Database:
    """One database, SQLite or PostgreSQL, by its URL."""

    def __init__(self, settings: Settings) -> None:
        self.url = settings.database_url
        self.is_sqlite = settings.sqlite_file is not None
        options: dict[str, Any] = {"pool_pre_ping": not self.is_sqlite}
        if self.is_sqlite:
            options |= {"connect_args": {"timeout": sqlite.BUSY_TIMEOUT_MS / 1000, "check_same_thread": False}}
        self.engine: Engine = create_engine(self.url, pool_size=20, max_overflow=40, **options)
        if self.is_sqlite:
            event.listen(self.engine, "do_connect", _reserve_sqlite)
            event.listen(self.engine, "connect", _prepare_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)
        self._writing = self.engine.execution_options(writes=True)

    @property
    def address(self) -> tuple[str, str]:
        """The kind of database, and what its driver opens it by: a file, or a libpq address."""
        url = self.engine.url
        if self.is_sqlite:
            return "sqlite", url.database or ""
        return "postgresql", url.set(drivername="postgresql").render_as_string(hide_password=False)

    # ------------------------------------------------------------ sessions
    @contextmanager
    def read(self) -> Iterator[Session]:
        """Give a session that sees one state of the database and stores nothing."""
        with Session(self.engine) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Give a session whose changes are committed at the end, or not at all if anything is raised."""
        with Session(self._writing) as session:
            yield session
            try:
                session.commit()
            except BaseException:
                session.invalidate()  # a COMMIT that failed may have left the transaction, and its lock, behind
                raise

    # ------------------------------------------------------------ the clock and the wave lock
    def now(self, session: Session) -> datetime:
        """The database's clock, the one that decides whether a wave is open."""
        if self.is_sqlite:
            stamp = session.connection().exec_driver_sql("SELECT strftime('%Y-%m-%d %H:%M:%f', 'now')").scalar_one()
            return datetime.fromisoformat(stamp).replace(tzinfo=UTC)
        value: datetime = session.connection().exec_driver_sql("SELECT clock_timestamp()").scalar_one()
        return value.astimezone(UTC)

    def lock_wave(self, connection: Connection, wave: str, *, shared: bool = False) -> None:
        """Hold the wave until the transaction ends: shared while responses arrive, exclusively while it changes."""
        self.lock(connection, f"wave:{wave}", shared=shared)

    def lock(self, connection: Connection, name: str, *, shared: bool = False) -> None:
        """Hold what goes by a name until the transaction ends. On SQLite a writing transaction is already alone."""
        if not self.is_sqlite:
            how = "pg_advisory_xact_lock_shared" if shared else "pg_advisory_xact_lock"
            connection.execute(text(f"SELECT {how}(hashtextextended(:key, 0))"), {"key": name})

    def forget_deleted(self) -> None:
        """Make deleted and rewritten rows unreadable in the files, after a wave has closed."""
        if self.is_sqlite:
            with self.engine.connect() as connection:
                connection.execution_options(isolation_level="AUTOCOMMIT")
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        else:
            with self.engine.connect() as connection:
                connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql(
                    "VACUUM survey_response, comment, access_code, access_count"
                )

    def close(self) -> None:
        self.engine.dispose()

    # ------------------------------------------------------------ the schema
    def migrate(self, revision: str = "head") -> None:
        """Bring the schema to a revision (upwards, or downwards to an earlier one)."""
        with self._writing.begin() as connection:
            if not self.is_sqlite:
                connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('soundings:migrate', 0))"))
            config = alembic_config(connection)
            script = ScriptDirectory.from_config(config)
            here = MigrationContext.configure(connection).get_current_revision()
            later = {r.revision for r in script.iterate_revisions("head", here or "base")}
            down = revision == "base" or (revision != "head" and revision not in later)
            (command.downgrade if down else command.upgrade)(config, revision)

    def is_current(self) -> bool:
        """Tell whether the schema is the one this program was written for."""
        with self.engine.connect() as connection:
            head = ScriptDirectory.from_config(alembic_config(connection)).get_current_head()
            return MigrationContext.configure(connection).get_current_revision() == head

    def schema_differences(self) -> list[Any]:
        """What `alembic check` would report: the differences between the migrated schema and the models."""
        with self.engine.connect() as connection:
            context = MigrationContext.configure(connection, opts={"compare_type": True})
            return list(compare_metadata(context, SQLModel.metadata))


def alembic_config(connection: Connection) -> Config:
    """Configure Alembic for a connection; the scripts lie in the package, or beside it in a checkout."""
    package = Path(__file__).parent
    folder = package / "migrations" if (package / "migrations").is_dir() else package.parent / "migrations"
    config = Config()
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.attributes["connection"] = connection
    config.attributes["target_metadata"] = SQLModel.metadata
    return config


def _reserve_sqlite(_dialect: Any, _record: Any, arguments: Any, _options: Any) -> None:
    sqlite.reserve(arguments[0])


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    sqlite.prepare(connection)


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
