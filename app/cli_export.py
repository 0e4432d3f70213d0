"""`soundings export`: figures, single responses or the data dictionary of a wave as a file.

Decides as whom the command line reads, and that a file appears whole or not at all. What is in it, and that raw exports
are noted, `services` decides.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from contextlib import closing
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from app.auth import Caller
from app.config import Settings, SettingsError
from app.console import opened, say, told, write

PERSON = Caller("command-line", "command line", "director")


class WhatOption(StrEnum):
    summary = "summary"
    responses = "responses"
    dictionary = "dictionary"


@told
def export(
    wave: str,
    out: Annotated[str, typer.Option(help="The file to write; - for stdout.")],
    what: Annotated[WhatOption, typer.Option(help="Published figures, single responses, or what they mean.")] = (
        WhatOption.summary
    ),
    format: Annotated[str | None, typer.Option(help="Else what the name of the file ends in.")] = None,
    group: Annotated[str | None, typer.Option(help="family, staff, liaison or school_leader")] = None,
    school: Annotated[str | None, typer.Option(help="The key of a school.")] = None,
    release: Annotated[int | None, typer.Option(min=1, help="Of a summary: a release's number.")] = None,
    weights: Annotated[bool, typer.Option("--weights", help="Of responses: add weights, raked to the roster.")] = False,
) -> None:
    """Write figures as csv, xlsx, parquet, arrow or json; responses as ndjson, csv, parquet or sav; what they mean as
    json, csv or xlsx. An export of responses is noted in the audit log, and passing it on breaks what was promised.
    """
    from app.services import dictionary, exports, extracts
    from app.services.releases import Shelf

    offered = {"summary": exports.SUMMARY, "responses": extracts.FORMATS, "dictionary": dictionary.FORMATS}[what]
    form = format or Path(out).suffix[1:].lower()
    if form not in offered:
        raise SettingsError(f"Say with --format what to write: {', '.join(offered)}.")
    if (release and what != "summary") or (weights and what != "responses") or (school and what == "dictionary"):
        raise typer.BadParameter("--release is of a summary, --weights of responses; a dictionary is of no school.")
    with closing(opened(Settings())) as database:
        if what is WhatOption.responses:
            extract = extracts.take(database, wave, None, form, group=group, school=school, raked=weights)
            say.print(extract.notice, markup=False)
            _write(out, extracts.content(extract))
            return
        if what is WhatOption.dictionary:
            file = dictionary.export(database, PERSON, wave, form, group=group)
        else:
            file, _ = exports.export(database, Shelf(), PERSON, wave, form, group=group, school=school, number=release)
    _write(out, [file.body])


def _write(out: str, parts: Iterable[bytes]) -> None:
    """Write a file that its owner alone can read, or to stdout."""
    if out != "-":
        write(Path(out), parts, 0o600)
        return
    for part in parts:
        sys.stdout.buffer.write(part)
