"""`soundings report`: a report as a file, or those of all waves in a folder, for cron.

Decides what the files are called, that each appears whole or not at all, and that one which would not change is left
alone. What is in a report, `services/reports.py` decides.
"""

from __future__ import annotations

from contextlib import closing
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from app import __version__
from app.auth import Caller
from app.config import Settings, SettingsError
from app.console import opened, say, told, write
from app.db import Database
from app.errors import Problem, ResultsNotReleased

PERSON = Caller("command-line", "command line", "director")
# What runs by the clock releases a wave only when its roster is complete, as any other scheduled reader.
CLOCK = Caller("command-line", "scheduled reports", "reporter", audience="director")
NOT_YET = 3
"""Exit status when there is no release to report on, and none may be made."""
LEDGER = ".soundings-reports.json"


class FormatOption(StrEnum):
    html = "html"
    pdf = "pdf"
    xlsx = "xlsx"


@told
def report(
    wave: Annotated[str | None, typer.Argument(help="A wave; or give --all.")] = None,
    out: Annotated[Path | None, typer.Option(help="The file to write; with --all, the folder.")] = None,
    format: Annotated[FormatOption | None, typer.Option(help="Else what the name of the file ends in.")] = None,
    school: Annotated[str | None, typer.Option(help="The report of a school.")] = None,
    group: Annotated[str | None, typer.Option(help="The report of a group: family, staff, ...")] = None,
    release: Annotated[int | None, typer.Option(min=1, help="A release's number; else the newest.")] = None,
    all: Annotated[
        bool, typer.Option("--all", help="HTML and PDF of all waves and schools, where they changed.")
    ] = False,
) -> None:
    """Write the report of a wave, or with --all those of every wave that has a release or may get one.

    Exit status: 0 written, or nothing changed; 1 something went wrong; 2 a fault in the command; 3 the wave has no
    release, and none may be made yet.
    """
    if out is None or all == (wave is not None) or (all and (format or school or group or release)):
        raise typer.BadParameter("Give a wave and --out FILE, or --all and --out FOLDER alone.")
    with closing(opened(Settings())) as database:
        if wave is None:
            failed = _write_all(database, out)
            raise typer.Exit(1 if failed else 0)
        try:
            content = _content(database, wave, _form(out, format), school=school, group=group, number=release)
        except ResultsNotReleased as problem:
            say.print(problem.detail, markup=False)
            raise typer.Exit(NOT_YET) from None
    out.parent.mkdir(parents=True, exist_ok=True)
    write(out, [content])


def _form(out: Path, format: FormatOption | None) -> FormatOption:
    try:
        return format or FormatOption(out.suffix[1:].lower())
    except ValueError:
        raise SettingsError("Say with --format what to write: html, pdf or xlsx.") from None


def _content(database: Database, wave: str, form: FormatOption, **about: Any) -> bytes:
    from app.services import exports, reports
    from app.services.releases import Shelf

    if form is FormatOption.xlsx:
        reader, _ = reports.reader_of(database, PERSON, wave, school=about["school"], group=about["group"])
        return exports.export(database, Shelf(), reader, wave, "xlsx", **about)[0].body
    return reports.read(database, Shelf(), PERSON, wave, form.value, **about)[0].body


# ------------------------------------------------------------------ all of them
def _write_all(database: Database, out: Path) -> int:
    """Write what changed, and give how many reports could not be made; one that fails keeps no other from it."""
    from app.services import reports
    from app.services.releases import Shelf

    out.mkdir(parents=True, exist_ok=True)
    shelf, ledger = Shelf(), _Ledger(out)
    written = failed = 0
    for wave, school in reports.every(database):
        try:
            about = reports.scope(database, shelf, CLOCK, wave, school=school)
            for form in reports.FORMS:
                path = out / wave / f"{about.name}.{form}"
                state = f"{about.state} {__version__}"  # another version may draw it otherwise
                if not ledger.stands(path, state):
                    content = reports.drawn(database, shelf, about, form)[0].body
                    path.parent.mkdir(parents=True, exist_ok=True)
                    write(path, [content])
                    ledger.note(path, state, content)
                    written += 1
        except ResultsNotReleased:
            continue
        except Problem as problem:
            say.print(f"{wave}: {problem.title} {problem.detail}", markup=False)
            failed += 1
    say.print(f"Reports written: {written}.")
    return failed


class _Ledger:
    """What a folder's files say, kept beside them: file -> state of what it was made of, and digest of its bytes."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.path = folder, folder / LEDGER
        try:
            self.known: dict[str, Any] = orjson.loads(self.path.read_bytes())
        except (FileNotFoundError, orjson.JSONDecodeError):
            self.known = {}

    def stands(self, path: Path, state: str) -> bool:
        """Tell whether a file says this already, and nobody has touched it."""
        known = self.known.get(self._name(path))
        return known is not None and path.is_file() and known == [state, _digest(path.read_bytes())]

    def note(self, path: Path, state: str, content: bytes) -> None:
        self.known[self._name(path)] = [state, _digest(content)]
        write(self.path, [orjson.dumps(self.known, option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2)])

    def _name(self, path: Path) -> str:
        return path.relative_to(self.folder).as_posix()


def _digest(content: bytes) -> str:
    return sha256(content).hexdigest()
