"""The file that a backup is: a ZIP with the database, the secret, and a manifest that vouches for both.

Decides what such a file holds and when it is believed. Knows nothing of where its members come from and go to.
"""

from __future__ import annotations

import errno
import hashlib
import lzma
import struct
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile

import orjson

from app.config import SettingsError

FORMAT = 1
DATABASE, SECRET, MANIFEST = "soundings.db", "soundings.db.secret", "manifest.json"
LONGEST_MANIFEST = 100_000
CHUNK = 1 << 20

# What the library raises when a bit has fallen over, and what a manifest of anybody's making may be.
_DAMAGED = (
    BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, RuntimeError, ArithmeticError, LookupError,
    TypeError, ValueError,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Backup:
    """What an archive says of itself.

    Attributes
    ----------
    program : the version that made it.
    schema : the revision of the database in it.
    made_at : when, in UTC.
    members : name -> (SHA-256, size in bytes).
    """

    program: str
    schema: str
    made_at: str
    members: dict[str, tuple[str, int]]

    @property
    def has_secret(self) -> bool:
        """Whether the signing secret is in it; else it was a setting of the server."""
        return SECRET in self.members


def pack(out: BinaryIO, parts: Sequence[tuple[str, Path]], program: str, schema: str) -> Backup:
    """Write an archive of named files."""
    members: dict[str, tuple[str, int]] = {}
    with ZipFile(out, "w", ZIP_DEFLATED) as archive:
        for name, path in parts:
            with path.open("rb") as file, archive.open(name, "w", force_zip64=True) as member:
                members[name] = _pour(file.read, member.write)
        backup = Backup(program, schema, datetime.now(UTC).isoformat(timespec="seconds"), members)
        listed = {name: {"sha256": digest, "bytes": size} for name, (digest, size) in members.items()}
        head = {"format": FORMAT, "program": program, "schema": schema, "made_at": backup.made_at, "members": listed}
        archive.writestr(MANIFEST, orjson.dumps(head, option=orjson.OPT_INDENT_2))
    return backup


def unpack(archive: Path, folder: Path) -> Backup:
    """Unpack an archive into an empty folder, every member held against the manifest.

    Raises
    ------
    SettingsError : when it is no backup, was changed or damaged, or is of a newer program.
    """
    try:
        with ZipFile(archive) as packed:
            backup = _manifest(packed)
            for name, (digest, size) in backup.members.items():
                if packed.getinfo(name).file_size != size:
                    raise SettingsError(f"{archive} was changed: `{name}` has another size than its manifest says.")
                with packed.open(name) as member, (folder / name).open("xb") as file:
                    found = _pour(member.read, file.write)
                if found != (digest, size):
                    raise SettingsError(f"{archive} was changed: `{name}` is not what its manifest says.")
    except SettingsError:
        raise
    except (*_DAMAGED, OSError) as error:
        if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
            raise  # a disk that is full is no fault of the archive; a place before its beginning is
        raise SettingsError(f"{archive} is no backup, or is damaged: {error}") from None
    return backup


def _manifest(packed: ZipFile) -> Backup:
    """Read the manifest; the archive may hold nothing but what it names."""
    if packed.getinfo(MANIFEST).file_size > LONGEST_MANIFEST:
        raise ValueError("its manifest is too long")
    head: Any = orjson.loads(packed.read(MANIFEST))
    if head["format"] > FORMAT:
        raise SettingsError(f"The backup was made by a newer program ({head.get('program')}): update this one first.")
    listed = head["members"]
    if not {DATABASE} <= set(listed) <= {DATABASE, SECRET}:
        raise ValueError("its manifest names no database")
    if sorted(packed.namelist()) != sorted([MANIFEST, *listed]):
        raise ValueError("it holds something else than its manifest says")
    members = {name: (str(member["sha256"]), int(member["bytes"])) for name, member in listed.items()}
    return Backup(str(head["program"]), str(head["schema"]), str(head["made_at"]), members)


def _pour(read: Callable[[int], bytes], write: Callable[[bytes], Any]) -> tuple[str, int]:
    """Copy from one file to another; give the SHA-256 and the size of what was copied."""
    digest, size = hashlib.sha256(), 0
    while piece := read(CHUNK):
        digest.update(piece)
        size += len(piece)
        write(piece)
    return digest.hexdigest(), size
