"""What the commands share: a file appears whole or not at all."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.console import write


def test_a_file_is_whole_or_as_it_was(tmp_path: Path) -> None:
    def broken() -> Iterator[bytes]:
        yield b"new"
        raise RuntimeError

    path = tmp_path / "it.csv"
    write(path, [b"old ", b"words"], 0o600)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(RuntimeError):
        write(path, broken())
    assert [one.name for one in tmp_path.iterdir()] == ["it.csv"]
    assert path.read_bytes() == b"old words"


def test_the_draft_of_a_process_that_was_killed_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / f".it.csv.{os.getpid()}").write_bytes(b"half")
    write(tmp_path / "it.csv", [b"whole"])
    assert [(one.name, one.read_bytes()) for one in tmp_path.iterdir()] == [("it.csv", b"whole")]


def test_a_full_disk_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "it.html"
    path.write_bytes(b"before")

    def full(_: int) -> None:
        raise OSError("full")

    with monkeypatch.context() as patched:
        patched.setattr("app.console.os.fsync", full)
        with pytest.raises(OSError, match="full"):
            write(path, [b"after"])
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]
    write(path, [b"after"])
    assert path.read_bytes() == b"after"
