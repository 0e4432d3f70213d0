"""The commands of `soundings instrument`: check, add, import and export. Answers go to stdout or a file.

Decides what a person who writes an instrument gets to read; what is sound, or well made, `survey` decides.
"""

from __future__ import annotations

from contextlib import closing
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from app.config import Settings, SettingsError
from app.console import definition, opened, say, source, told
from app.errors import Problem
from app.survey.instrument import Instrument, parse
from app.survey.source import read

instrument_app = typer.Typer(no_args_is_help=True, help="Instruments.")


@instrument_app.command("check")
@told
def check_instrument(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
    strict: Annotated[bool, typer.Option("--strict", help="Exit status 1 on warnings too.")] = False,
) -> None:
    """Say whether a definition (YAML or JSON) is sound; name every fault with its line, and warn of poor craft."""
    from app.render.faults import fault_lines
    from app.survey.craft import review

    written = source(file)
    try:
        instrument = parse(written.value)
        faults = list(written.faults())
    except Problem as problem:
        faults = [*written.faults(), *problem.faults]
    warnings = [] if faults else review(instrument)
    for line in fault_lines(str(file), written, faults or warnings, warning=not faults):
        say.print(line, markup=False, soft_wrap=True)
    if faults:
        say.print(f"{file}: not sound, faults: {len(faults)}", markup=False, soft_wrap=True)
        raise typer.Exit(1)
    about = f"{instrument.key}: sound, {len(instrument.items)} items, {instrument.digest}"
    say.print(about + (f", warnings: {len(warnings)}" if warnings else ""), markup=False, soft_wrap=True)
    if warnings and strict:
        raise typer.Exit(1)


@instrument_app.command("add")
@told
def add_instrument(file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)]) -> None:
    """Store a definition (YAML or JSON) and print the version it became."""
    from app.services import instruments

    database = opened(Settings())
    with database.write() as session:
        row, made = instruments.add(database, session, definition(file), None)
        print(f"{row.key}@{row.version}")
    say.print("new version" if made else "this version stood already")


@instrument_app.command("preview")
@told
def preview_instrument(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
    port: Annotated[int, typer.Option(help="Port to serve on; 0 takes a free one.")] = 8000,
) -> None:
    """Serve the survey pages of a definition (YAML or JSON), as people will see them, and print their address."""
    from app.preview import run

    run(parse(definition(file)).definition(), port)


@instrument_app.command("import")
@told
def import_instrument(
    file: Annotated[
        Path,
        typer.Argument(
            exists=True, dir_okay=False, help="XLSForm (.xlsx, .xls, .csv), Qualtrics (.qsf) or LimeSurvey (.lss)"
        ),
    ],
    group: Annotated[
        str | None, typer.Option(help="family, staff, liaison or school_leader; else an XLSForm's own setting.")
    ] = None,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="Write the definition here; else to stdout.")] = None,
    locale: Annotated[str, typer.Option(help="The language of an XLSForm's labels that name none.")] = "en",
) -> None:
    """Turn another tool's questionnaire into a definition (YAML) and name what could not be carried over.

    Exit status 1 when the definition needs work before it can be added; it is written all the same.
    """
    from app.render.definitions import definition_yaml
    from app.render.faults import fault_lines
    from app.services import questionnaires, xlsforms
    from app.survey import lss_import, qsf_import, xlsform_import

    content, kind = file.read_bytes(), file.suffix.removeprefix(".").lower()
    remarks: list[str] = []
    if kind == "qsf":
        imported = qsf_import.instrument_of(questionnaires.read_qsf(content), group)
    elif kind == "lss":
        imported = lss_import.instrument_of(questionnaires.read_lss(content), group)
    else:
        form, remarks = xlsforms.read(content, kind)
        imported = xlsform_import.instrument_of(form, group, locale)
    for left in imported.left:
        say.print(f"not carried over: {left.where}: {left.what}", markup=False, soft_wrap=True)
    for remark in remarks:
        say.print(f"pyxform says: {remark}", markup=False, soft_wrap=True)
    text = definition_yaml(imported.definition, f"Imported from {file.name}.")
    if out is None:
        print(text, end="")
    else:
        out.write_text(text, encoding="utf-8")
    try:
        instrument = parse(imported.definition)
    except Problem as problem:
        for line in fault_lines(str(out or "stdout"), read(text), problem.faults):
            say.print(line, markup=False, soft_wrap=True)
        raise typer.Exit(1) from None
    about = f"{instrument.key}: sound, {len(instrument.items)} items, not carried over: {len(imported.left)}"
    say.print(about, markup=False, soft_wrap=True)


class ExportFormat(StrEnum):
    xlsform = "xlsform"
    paper = "paper"


@instrument_app.command("export")
@told
def export_instrument(
    instrument: Annotated[str, typer.Argument(help="A stored version, KEY@N, or a file with a definition.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="The file to write.")],
    format: Annotated[
        ExportFormat, typer.Option(help="xlsform: XLSX for ODK, KoboToolbox and the like; paper: PDF to print.")
    ] = ExportFormat.xlsform,
    locale: Annotated[str | None, typer.Option(help="The language of a paper form; else the default one.")] = None,
) -> None:
    """Write an instrument in the form of another tool, or as a form to print."""
    from app.render.paper import form
    from app.services import xlsforms
    from app.survey.xlsform_export import sheets
    from app.web.wording import direction

    read_from, name, version = _stored_or_written(instrument)
    spoken = locale or read_from.default_locale
    if spoken not in read_from.languages:
        raise SettingsError(f"{name} is not offered in {spoken}, but in {', '.join(read_from.languages)}.")
    if format is ExportFormat.xlsform:
        out.write_bytes(xlsforms.write(sheets(read_from, version)))
    else:
        out.write_bytes(form(read_from, spoken, name, right_to_left=direction(spoken) == "rtl"))
    say.print(f"{out}: {format.value}", markup=False, soft_wrap=True)


def _stored_or_written(named: str) -> tuple[Instrument, str, int | None]:
    """Find an instrument by `KEY@N` in the database, or by the name of its file."""
    from app.services import instruments

    key, _, number = named.rpartition("@")
    if key and number.isdecimal():
        with closing(opened(Settings())) as database, database.read() as session:
            row = instruments.version_of(session, key, int(number))
            return instruments.codebook(row).instrument, named, row.version
    if Path(named).is_file():
        written = parse(definition(Path(named)))
        return written, written.key, None
    raise SettingsError(f"{named} is neither a stored version (KEY@N) nor a file.")
