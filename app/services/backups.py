"""A backup of an SQLite database in one file, and its return.

Decides that a backup holds one moment of the database without what was ever deleted, that it is complete or not there
at all, and that a restore changes everything or nothing. PostgreSQL has tools of its own.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO, Any

from alembic.script import ScriptDirectory
from sqlalchemy.engine import URL, make_url
from sqlmodel import delete

from app import sqlite
from app.config import Settings, SettingsError
from app.db import Database, alembic_config
from app.models.tables import BrowserSession
from app.services.archive import DATABASE, SECRET, Backup, pack, unpack


# ------------------------------------------------------------------ making one
def make(settings: Settings, program: str, to: Path, *, force: bool = False) -> Backup:
    """Back up the database, which may be in use, and the secret beside it.

    Parameters
    ----------
    program : this program's version, for the manifest.
    to : the archive's file; readable by its owner only, and complete from the moment it is there.
    force : replace a file that is there already.

    Raises
    ------
    SettingsError : when there is no such database, it is damaged, or the file may not be written.
    """
    source = _file_of(settings, "backup", to)
    secret = _secret_of(source)
    if not source.is_file():
        raise SettingsError(f"There is no database {source}.")
    if any(to.exists() and own.exists() and to.samefile(own) for own in (source, secret)):
        raise SettingsError(f"{to} is the database itself.")
    if to.exists() and not force:
        raise SettingsError(f"{to} is there already: give another name, or --force.")
    with _workshop(to.parent, "backup") as shop:
        schema = _copied(source, shop / DATABASE)
        parts = [(DATABASE, shop / DATABASE)]
        if settings.secret is None and secret.is_file():
            parts.append((SECRET, secret))
        with open(os.open(shop / "archive", os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b") as out:
            backup = pack(out, parts, program, schema)
            _to_disk(out)
        os.replace(shop / "archive", to)
        _folder_to_disk(to.parent)
    return backup


def _copied(source: Path, copy: Path) -> str:
    """Copy what the database holds at one moment, and give its schema's revision."""
    with _told("The database cannot be copied"), closing(sqlite3.connect(source)) as connection:
        sqlite.prepare(connection)
        connection.execute("VACUUM INTO ?", (str(copy),))  # page by page, deleted rows could come along
    return _checked(copy)


def _checked(file: Path) -> str:
    """Give the schema's revision of a database that is sound."""
    with _told("The database is damaged"), closing(sqlite3.connect(file)) as connection:
        verdict = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
        if verdict != "ok":
            raise SettingsError(f"The database is damaged: {verdict}")
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    if row is None:
        raise SettingsError("The database has no schema of this program.")
    return str(row[0])


# ------------------------------------------------------------------ bringing one back
def restore(settings: Settings, archive: Path, *, force: bool = False) -> Backup:
    """Put the database and the secret of an archive in their places, with the schema of this program.

    Everything is unpacked, checked and migrated beside the places first; until then nothing there is touched. If
    something goes wrong afterwards, what was there is put back.

    Parameters
    ----------
    force : replace a database that is there, which no server may have open.

    Raises
    ------
    SettingsError : when the archive is not one, was changed, is of a newer program, or something is in its place.
    """
    target = _file_of(settings, "restore", archive)
    logs = [target.with_name(f"{target.name}{end}") for end in ("-wal", "-shm", "-journal")]
    there = [place for place in (target, _secret_of(target), *logs) if place.exists()]
    if there and not force:
        raise SettingsError(f"{there[0]} is there already: move it away, or replace it for good with --force.")
    with _workshop(target.parent, "restore") as shop:
        backup = unpack(archive, shop)
        _migrated(settings, shop / DATABASE, backup.schema)
        new = {_secret_of(target): shop / SECRET} if backup.has_secret else {}
        new[target] = shop / DATABASE  # last, so that it never stands beside a secret that is not its own
        for file in new.values():
            file.chmod(0o600)
            with file.open("rb") as made:
                _to_disk(made)
        _alone(target)
        _swapped(logs, new, shop)
    return backup


def _migrated(settings: Settings, file: Path, schema: str) -> None:
    """Bring an unpacked database to this program's schema, with nobody signed in: they may have signed out since."""
    if _checked(file) != schema:
        raise SettingsError("The database in the backup has another schema than its manifest says.")
    database = Database(settings.model_copy(update={"database_url": f"sqlite:///{file}"}))
    with closing(database), database.engine.connect() as connection:
        known = ScriptDirectory.from_config(alembic_config(connection)).walk_revisions()
        if schema not in {script.revision for script in known}:
            raise SettingsError(f"The backup has a newer schema ({schema}) than this program: update it first.")
    with closing(database):
        database.migrate()
        with database.write() as session:
            session.exec(delete(BrowserSession))
    _alone(file)  # so that the file is all there is


def _alone(file: Path) -> None:
    """Take a database's log into its file, which SQLite only does while nobody else has it open."""
    if not file.exists():
        return
    try:
        with closing(sqlite3.connect(file, timeout=1)) as connection:
            mode = connection.execute("PRAGMA journal_mode = DELETE").fetchone()[0]
    except sqlite3.OperationalError:
        mode = "locked"
    except sqlite3.DatabaseError:
        return  # it is no database, so nobody has it open as one
    if mode != "delete":
        raise SettingsError(f"{file} is in use: stop the server first.")


def _swapped(gone: list[Path], new: dict[Path, Path], shop: Path) -> None:
    """Put new files in their places and take others away; after any failure all is as it was."""
    before = {place: shop / f"{place.name}.before" for place in [*gone, *new] if place.exists()}
    for place, kept in before.items():
        os.link(place, kept)
    try:
        for place in gone:
            place.unlink(missing_ok=True)
        for place, file in new.items():
            os.replace(file, place)
            _folder_to_disk(place.parent)
    except BaseException:
        for place in [*gone, *new]:
            if place in before:
                os.replace(before[place], place)
            else:
                place.unlink(missing_ok=True)
        raise


# ------------------------------------------------------------------ places
def _file_of(settings: Settings, what: str, archive: Path) -> Path:
    """Give the SQLite file; on PostgreSQL say what to run instead."""
    if (file := settings.sqlite_file) is not None:
        return file
    given = make_url(settings.database_url).difference_update_query(["password", "sslpassword"])
    url = URL.create("postgresql", given.username, None, given.host, given.port, given.database, given.query)
    command = {
        "backup": f"pg_dump --format=custom --file='{archive}' '{url}'",
        "restore": f"pg_restore --clean --if-exists --dbname='{url}' '{archive}'\n  soundings migrate",
    }[what]
    raise SettingsError(
        f"PostgreSQL has tools of its own for this:\n  {command}\n"
        "Keep the value of SOUNDINGS_SECRET as well: it is in no database, and withdrawal codes depend on it."
    )


def _secret_of(database: Path) -> Path:
    return database.with_name(f"{database.name}.secret")


@contextmanager
def _workshop(folder: Path, what: str) -> Iterator[Path]:
    """Give a folder beside the place of the result, that nobody else can look into and that is gone afterwards."""
    shop = Path(tempfile.mkdtemp(prefix=f".soundings-{what}-", dir=folder))
    try:
        yield shop
    finally:
        shutil.rmtree(shop)


@contextmanager
def _told(what: str) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise SettingsError(f"{what}: {error}") from None


def _to_disk(file: IO[Any]) -> None:
    file.flush()
    os.fsync(file.fileno())


def _folder_to_disk(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
