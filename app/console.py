"""What every command shares: saying things on stderr, telling what went wrong, the database, files."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar, cast

import typer
from pydantic import ValidationError
from rich.console import Console
from sqlalchemy.exc import OperationalError

from app.config import Settings, SettingsError
from app.db import Database
from app.errors import Problem
from app.render.faults import unreadable_lines
from app.survey.source import Source, Unreadable, read

say = Console(stderr=True, highlight=False)

F = TypeVar("F", bound=Callable[..., Any])


def told(function: F) -> F:
    """Turn what can go wrong into a line that says what to do, and exit status 1."""

    @wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except Problem as problem:
            say.print(f"[red]{problem.title}.[/] {problem.detail}")
            for fault in problem.faults:
                say.print(f"  {fault.pointer or '/'}: {fault.detail}", markup=False)
        except ValidationError as error:
            for one in error.errors():
                name = "_".join(str(part) for part in one["loc"]).upper()
                say.print(
                    f"SOUNDINGS_{name}: {one['msg']}" if error.title == "Settings" else f"{name.lower()}: {one['msg']}",
                    markup=False,
                )
        except SettingsError as error:
            say.print(str(error), markup=False, soft_wrap=True)
        except OperationalError as error:
            say.print(f"The database cannot be reached: {error.orig}", markup=False)
        raise typer.Exit(1)

    return cast(F, run)


def opened(settings: Settings) -> Database:
    """Open the database; an SQLite file is migrated by itself, PostgreSQL must be current."""
    database = Database(settings)
    if database.is_sqlite:
        database.migrate()
    elif not database.is_current():
        raise SettingsError("The database's schema is not this program's. Run `soundings migrate`, then start again.")
    return database


def write(path: Path, parts: Iterable[bytes], mode: int = 0o666) -> None:
    """Write a file that appears whole or not at all, whoever reads or kills us meanwhile; `mode` as in `os.open`."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.unlink(missing_ok=True)  # of a process that had our number and was killed
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.writelines(parts)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def source(file: Path) -> Source:
    """Read a definition; say in which line it cannot be read."""
    try:
        return read(file.read_text(encoding="utf-8"), is_json=file.suffix == ".json")
    except UnicodeDecodeError as error:
        raise SettingsError(f"{file} is not YAML or JSON: {error}") from None
    except Unreadable as error:
        raise SettingsError("\n".join(unreadable_lines(str(file), error))) from None


def definition(file: Path) -> Any:
    """Read the data of a definition, mapping or the like."""
    return source(file).value
