"""Backups: one moment of a database in use, nothing deleted in them, all or nothing when they come back."""

from __future__ import annotations

import itertools
import json
import os
import sqlite3
import stat
import threading
import uuid
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import select

from app.config import Settings, SettingsError
from app.db import Database
from app.models.keys import KeyIn
from app.models.tables import ApiKey, BrowserSession, School, SurveyResponse
from app.services import archive, backups, keys, sessions
from tests import factories
from tests.server import Api, must


def place(folder: Path, name: str = "soundings.db", **more: Any) -> Settings:
    folder.mkdir(exist_ok=True)
    return Settings(database_url=f"sqlite:///{folder / name}", **more)


def named(where: Settings) -> set[str]:
    """The schools of a database."""
    with closing(Database(where)) as database, database.read() as session:
        return {school.key for school in session.exec(select(School))}


def fill(where: Settings, *schools: str) -> Settings:
    with closing(Database(where)) as database:
        database.migrate()
        with database.write() as session:
            session.add_all([School(key=key, name=key) for key in schools])
    where.signing_secret()
    return where


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def everything(folder: Path) -> dict[str, bytes]:
    """Every file of a folder, but for what an open database keeps beside it."""
    return {p.name: p.read_bytes() for p in folder.iterdir() if not p.name.endswith("-shm")}


@pytest.fixture
def source(tmp_path: Path) -> Settings:
    return fill(place(tmp_path / "source"), "erving", "leverett")


@pytest.fixture
def backup(source: Settings, tmp_path: Path) -> Path:
    backups.make(source, "1.2.3", tmp_path / "backup.zip")
    return tmp_path / "backup.zip"


# ------------------------------------------------------------------ there and back
def test_a_backup_of_a_server_in_use_holds_all_that_was_acknowledged(tmp_path: Path) -> None:
    api = Api(place(tmp_path / "one"))
    acknowledged: list[dict[str, Any]] = []
    enough, stop = threading.Event(), threading.Event()
    try:
        wave = api.wave()
        client = api.client("collector", waves=[wave])

        def post() -> None:
            while not stop.is_set():
                body = factories.response("family", "erving")
                acknowledged.append(body | {"receipt": must(client.post(f"/v1/waves/{wave}/responses", json=body))})
                if len(acknowledged) >= 20:
                    enough.set()

        poster = threading.Thread(target=post)
        poster.start()
        assert enough.wait(60)
        before = [one["id"] for one in acknowledged]
        made = backups.make(api.settings, "1", tmp_path / "backup.zip")
        stop.set()
        poster.join(60)
    finally:
        stop.set()
        api.stop()
    assert made.has_secret
    there = place(tmp_path / "two")
    backups.restore(there, tmp_path / "backup.zip")
    assert there.signing_secret() == api.settings.signing_secret()
    again = Api(there)
    try:
        with again.database.read() as session:
            kept = {row.id for row in session.exec(select(SurveyResponse).where(SurveyResponse.wave == wave))}
        assert set(before) <= kept <= {one["id"] for one in acknowledged}
        one = acknowledged[0]
        address = f"/v1/waves/{wave}/responses/{one['id']}"
        collector = again.client("collector", waves=[wave])
        code = {"Withdrawal-Code": one["receipt"]["withdrawal_code"]}
        must(collector.delete(address, headers=code), 204)  # the secret came along
    finally:
        again.stop()


def test_what_was_deleted_is_not_in_a_backup(source: Settings, tmp_path: Path) -> None:
    file = source.sqlite_file
    assert file is not None
    marker = b"a-name-to-forget-" * 200
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA secure_delete = OFF")
        connection.execute("CREATE TABLE said (words BLOB)")
        connection.executemany("INSERT INTO said VALUES (?)", [(marker,)] * 50)
        connection.commit()
        connection.execute("DELETE FROM said")
        connection.commit()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert marker in file.read_bytes()
    backups.make(source, "1", tmp_path / "b.zip")
    with zipfile.ZipFile(tmp_path / "b.zip") as packed:
        assert marker not in packed.read(archive.DATABASE)


def test_the_archive_says_what_it_is(backup: Path) -> None:
    assert mode(backup) == 0o600
    with zipfile.ZipFile(backup) as packed:
        assert set(packed.namelist()) == {archive.DATABASE, archive.SECRET, archive.MANIFEST}
        head = json.loads(packed.read(archive.MANIFEST))
    assert (head["format"], head["program"]) == (archive.FORMAT, "1.2.3")
    assert set(head["members"]) == {archive.DATABASE, archive.SECRET}
    assert [p.name for p in backup.parent.iterdir() if p.name.startswith(".")] == []


def test_files_are_their_owners_alone(backup: Path, tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        there = place(tmp_path / "new")
        backups.restore(there, backup)
    finally:
        os.umask(before)
    folder = tmp_path / "new"
    assert {p.name: mode(p) for p in folder.iterdir()} == {"soundings.db": 0o600, "soundings.db.secret": 0o600}


def test_a_secret_of_the_environment_is_not_in_the_archive(tmp_path: Path) -> None:
    where = fill(place(tmp_path / "a", secret="a" * 32), "erving")
    made = backups.make(where, "1", tmp_path / "b.zip")
    assert not made.has_secret
    there = place(tmp_path / "b", secret="a" * 32)
    assert not backups.restore(there, tmp_path / "b.zip").has_secret
    assert named(there) == {"erving"}
    assert not (tmp_path / "b" / "soundings.db.secret").exists()


# ------------------------------------------------------------------ when no backup is made
def test_a_backup_replaces_nothing_without_being_told(source: Settings, backup: Path) -> None:
    before = backup.read_bytes()
    with pytest.raises(SettingsError, match="is there already"):
        backups.make(source, "1", backup)
    assert backup.read_bytes() == before
    backups.make(source, "2", backup, force=True)
    assert backup.read_bytes() != before
    assert source.sqlite_file is not None
    for own in (source.sqlite_file, source.sqlite_file.with_name("soundings.db.secret")):
        with pytest.raises(SettingsError, match="the database itself"):
            backups.make(source, "1", own, force=True)


def test_no_database_is_made_where_there_is_none(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="There is no database"):
        backups.make(place(tmp_path / "none"), "1", tmp_path / "b.zip")
    assert list((tmp_path / "none").iterdir()) == []


def test_a_damaged_database_is_told(source: Settings, tmp_path: Path) -> None:
    file = source.sqlite_file
    assert file is not None
    content = bytearray(file.read_bytes())
    content[5000:] = b"\x55" * len(content[5000:])
    file.write_bytes(content)
    with pytest.raises(SettingsError, match=r"cannot be copied|damaged"):
        backups.make(source, "1", tmp_path / "b.zip")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["source"]


def test_a_file_that_is_no_database_of_ours(tmp_path: Path) -> None:
    where = place(tmp_path / "other")
    assert where.sqlite_file is not None
    with closing(sqlite3.connect(where.sqlite_file)) as connection:
        connection.execute("CREATE TABLE x (y)")
    with pytest.raises(SettingsError, match="alembic_version"):
        backups.make(where, "1", tmp_path / "b.zip")


def test_a_crash_leaves_the_backup_of_before(source: Settings, backup: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = everything(backup.parent / "source"), backup.read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    for broken in ("pack", "_to_disk"):
        with monkeypatch.context() as patch:
            patch.setattr(backups, broken, full)
            with pytest.raises(OSError, match="No space"):
                backups.make(source, "1", backup, force=True)
        assert (everything(backup.parent / "source"), backup.read_bytes()) == before
        assert sorted(p.name for p in backup.parent.iterdir()) == ["backup.zip", "source"]


@pytest.mark.parametrize(("what", "says"), [(backups.make, "pg_dump"), (backups.restore, "pg_restore")])
def test_postgresql_is_told_what_to_run(tmp_path: Path, what: Callable[..., Any], says: str) -> None:
    where = Settings(
        database_url="postgresql://me:very-secret@db.example.org/soundings?password=very-secret", secret="s" * 32
    )
    arguments = (where, "1", tmp_path / "b") if what is backups.make else (where, tmp_path / "b")
    with pytest.raises(SettingsError) as raised:
        what(*arguments)
    assert f"{says} " in str(raised.value)
    assert "postgresql://me@db.example.org/soundings" in str(raised.value)
    assert "SOUNDINGS_SECRET" in str(raised.value)
    assert "very-secret" not in str(raised.value)


# ------------------------------------------------------------------ coming back
def test_what_is_there_is_replaced_only_when_told(backup: Path, tmp_path: Path) -> None:
    there = fill(place(tmp_path / "there"), "shutesbury")
    before = everything(tmp_path / "there")
    with pytest.raises(SettingsError, match="is there already"):
        backups.restore(there, backup)
    assert everything(tmp_path / "there") == before
    secret = there.signing_secret()
    backups.restore(there, backup, force=True)
    assert named(there) == {"erving", "leverett"}
    assert there.signing_secret() != secret


def test_nobody_is_signed_in_after_a_restore(source: Settings, tmp_path: Path) -> None:
    with closing(Database(source)) as database:
        with database.write() as session:
            row, _ = keys.create(session, KeyIn(role="director", name="D"), None)
            caller = keys.caller_of(row)
        token = sessions.begin(database, caller)
        backups.make(source, "1", tmp_path / "b.zip")
        sessions.end(database, token)
    there = place(tmp_path / "there")
    backups.restore(there, tmp_path / "b.zip")
    with closing(Database(there)) as database, database.read() as session:
        assert session.exec(select(BrowserSession)).all() == []
        assert [key.id for key in session.exec(select(ApiKey))] == [caller.id]
        assert sessions.find(database, token) is None


@pytest.mark.parametrize("end", [".secret", "-wal", "-shm", "-journal"])
def test_parts_of_a_database_that_has_gone(backup: Path, tmp_path: Path, end: str) -> None:
    there = place(tmp_path / "there")
    (tmp_path / "there" / f"soundings.db{end}").write_text("x" * 40)
    with pytest.raises(SettingsError, match="is there already"):
        backups.restore(there, backup)
    backups.restore(there, backup, force=True)
    assert named(there) == {"erving", "leverett"}


def test_a_database_in_use_is_not_replaced(backup: Path, tmp_path: Path) -> None:
    there = fill(place(tmp_path / "there"), "shutesbury")
    with closing(Database(there)) as database, database.read() as session:
        assert session.exec(select(School)).all()
        with pytest.raises(SettingsError, match="stop the server first"):
            backups.restore(there, backup, force=True)
        assert [school.key for school in session.exec(select(School))] == ["shutesbury"]
    assert named(there) == {"shutesbury"}
    backups.restore(there, backup, force=True)


def test_what_is_no_database_can_be_replaced(backup: Path, tmp_path: Path) -> None:
    there = place(tmp_path / "there")
    (tmp_path / "there" / "soundings.db").write_text("not a database, by far")
    backups.restore(there, backup, force=True)
    assert named(there) == {"erving", "leverett"}


def test_an_older_schema_is_brought_up_to_date(source: Settings, tmp_path: Path) -> None:
    with closing(Database(source)) as database:
        database.migrate("0003")
    made = backups.make(source, "0.0.9", tmp_path / "old.zip")
    assert made.schema == "0003"
    there = place(tmp_path / "new")
    backups.restore(there, tmp_path / "old.zip")
    assert sorted(p.name for p in (tmp_path / "new").iterdir()) == ["soundings.db", "soundings.db.secret"]
    with closing(Database(there)) as database:
        assert database.is_current()
        assert database.schema_differences() == []
    assert named(there) == {"erving", "leverett"}


def test_a_newer_schema_is_refused(source: Settings, tmp_path: Path) -> None:
    assert source.sqlite_file is not None
    with closing(sqlite3.connect(source.sqlite_file)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    backups.make(source, "9.0", tmp_path / "new.zip")
    there = place(tmp_path / "there")
    with pytest.raises(SettingsError, match=r"newer schema \(9999\)"):
        backups.restore(there, tmp_path / "new.zip")
    assert list((tmp_path / "there").iterdir()) == []


@pytest.mark.parametrize("force", [True, False])
@pytest.mark.parametrize(
    ("step", "failing"), [("replace", 0), ("replace", 1), ("fsync", 0), ("fsync", 2), ("fsync", 3)]
)
def test_a_crash_in_the_middle_changes_nothing(
    backup: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, force: bool, step: str, failing: int
) -> None:
    """The first or the second move of a file fails, or what brings it to the disk."""
    folder = tmp_path / "there"
    there = fill(place(folder), "shutesbury") if force else place(folder)
    if force:  # what is there is taken out of its log first: that changes the file, but not what it says
        with closing(sqlite3.connect(folder / "soundings.db")) as connection:
            connection.execute("PRAGMA journal_mode = DELETE")
    before = everything(folder)
    calls = itertools.count()
    real = getattr(os, step)

    def breaks(*arguments: Any) -> Any:
        if next(calls) == failing:
            raise KeyboardInterrupt
        return real(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(backups.os, step, breaks)
        with pytest.raises(KeyboardInterrupt):
            backups.restore(there, backup, force=force)
    assert next(calls) > failing
    assert everything(folder) == before
    assert backups.restore(there, backup, force=force).has_secret


# ------------------------------------------------------------------ archives that are not to be believed
def rewritten(backup: Path, change: Callable[[dict[str, bytes]], None]) -> None:
    with zipfile.ZipFile(backup) as packed:
        members = {name: packed.read(name) for name in packed.namelist()}
    change(members)
    with zipfile.ZipFile(backup, "w") as packed:
        for name, content in members.items():
            packed.writestr(name, content)


def no_manifest(members: dict[str, bytes]) -> None:
    del members[archive.MANIFEST]


def other_content(members: dict[str, bytes]) -> None:
    content = bytearray(members[archive.DATABASE])
    content[-1] ^= 1
    members[archive.DATABASE] = bytes(content)


def other_size(members: dict[str, bytes]) -> None:
    members[archive.SECRET] += b"0"


def no_secret(members: dict[str, bytes]) -> None:
    del members[archive.SECRET]


def more(members: dict[str, bytes]) -> None:
    members["../evil"] = b"x"


def head(**cells: Any) -> Callable[[dict[str, bytes]], None]:
    def change(members: dict[str, bytes]) -> None:
        members[archive.MANIFEST] = json.dumps(json.loads(members[archive.MANIFEST]) | cells).encode()

    return change


def nonsense(content: bytes) -> Callable[[dict[str, bytes]], None]:
    def change(members: dict[str, bytes]) -> None:
        members[archive.MANIFEST] = content

    return change


@pytest.mark.parametrize(
    "change",
    [
        no_manifest, other_content, other_size, no_secret, more, head(schema="0001"), head(schema="9"),
        head(members={}), head(members=[]), head(members={archive.DATABASE: 3}), head(format="1"), head(format=None),
        head(members={"../evil": {"sha256": "", "bytes": 1}}), nonsense(b""), nonsense(b"[]"), nonsense(b"{}"),
        nonsense(b" " * (archive.LONGEST_MANIFEST + 1)),
    ],
)  # fmt: skip
def test_a_changed_archive_is_refused(backup: Path, tmp_path: Path, change: Callable[[dict[str, bytes]], None]) -> None:
    rewritten(backup, change)
    there = place(tmp_path / "there")
    with pytest.raises(SettingsError, match=r"was changed|is no backup|another schema"):
        backups.restore(there, backup)
    assert list((tmp_path / "there").iterdir()) == []


def test_an_archive_of_a_newer_program_is_refused(backup: Path, tmp_path: Path) -> None:
    rewritten(backup, head(format=archive.FORMAT + 1, program="9.9"))
    with pytest.raises(SettingsError, match=r"newer program \(9\.9\)"):
        backups.restore(place(tmp_path / "there"), backup)


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04", b"SQLite format 3\x00" + b"\0" * 4096])
def test_a_file_that_is_no_archive(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "b.zip").write_bytes(content)
    with pytest.raises(SettingsError, match="is no backup"):
        backups.restore(place(tmp_path / "there"), tmp_path / "b.zip")
    assert list((tmp_path / "there").iterdir()) == []


@given(where=st.floats(0, 1), cut=st.booleans(), bits=st.integers(1, 255))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_damaged_archive_is_refused_or_does_not_matter(
    backup: Path, tmp_path: Path, where: float, cut: bool, bits: int
) -> None:
    content = bytearray(backup.read_bytes())
    at = min(int(where * len(content)), len(content) - 1)
    content[at] ^= bits
    damaged = tmp_path / "damaged.zip"
    damaged.write_bytes(content[:at] if cut else content)
    folder = tmp_path / uuid.uuid4().hex
    there = place(folder)
    try:
        backups.restore(there, damaged)
    except SettingsError:
        assert list(folder.iterdir()) == []
    else:
        assert named(there) == {"erving", "leverett"}
