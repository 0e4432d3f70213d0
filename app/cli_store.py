"""The commands that keep what is stored: `soundings backup` and `restore`.

Decides what an operator is told; what an archive is and when one may be put back, `services/backups.py` decides.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from app import __version__
from app.config import Settings, SettingsError
from app.console import say, told

_SECRET_IS_MISSING = "[red]The secret is not in it:[/] set SOUNDINGS_SECRET to what it was, before you start."
_TWO_SECRETS = "[red]SOUNDINGS_SECRET is set[/] and goes before the secret that was restored: unset it."


@told
def backup(
    file: Annotated[Path, typer.Argument(dir_okay=False, help="The archive to write, such as backup.zip")],
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it is there.")] = False,
) -> None:
    """Copy the database and its secret into one file, also while the server runs (SQLite)."""
    from app.services import backups

    settings = Settings()
    with _told_as("The backup was not made"):
        made = backups.make(settings, __version__, file, force=force)
    say.print(f"{file}: schema {made.schema}, {made.made_at}", markup=False, soft_wrap=True)
    if not made.has_secret:
        say.print("The secret is not in it: it is the setting SOUNDINGS_SECRET, keep that too.", soft_wrap=True)
    say.print("It holds every response: encrypt it, and remove it when an erasure has to reach it.", soft_wrap=True)


@told
def restore(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="An archive of `soundings backup`.")],
    force: Annotated[bool, typer.Option("--force", help="Replace a database that is there, for good.")] = False,
) -> None:
    """Put a backup in place, with the server stopped (SQLite). All of it, or nothing at all."""
    from app.services import backups

    settings = Settings()
    with _told_as("Nothing was restored"):
        found = backups.restore(settings, file, force=force)
    say.print(f"{settings.sqlite_file}: as of {found.made_at}, made by {found.program}", markup=False, soft_wrap=True)
    if not found.has_secret and settings.secret is None:
        say.print(_SECRET_IS_MISSING, soft_wrap=True)
    elif found.has_secret and settings.secret is not None:
        say.print(_TWO_SECRETS, soft_wrap=True)
    say.print("Withdrawals and erasures since then are not in it: carry them out again.", soft_wrap=True)
    say.print(
        "Keys revoked and webhooks removed since then are back: revoke and remove them again before starting.",
        soft_wrap=True,
    )


@contextmanager
def _told_as(what: str) -> Iterator[None]:
    """Say in a line what a full disk or a missing permission has prevented; a SIGTERM leaves no half-made files."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        yield
    except OSError as error:
        raise SettingsError(f"{what}: {error}") from None
