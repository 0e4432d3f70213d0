"""Every command of `soundings`. Answers go to stdout, everything else to stderr.

Decides how the program is started and run by people and by cron; what it does is in `services`.
"""

from __future__ import annotations

import gc
import json
import logging
import os
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any, cast

import structlog
import typer
import uvicorn
from typer.core import TyperGroup

from app.auth import Role
from app.cli_export import export
from app.cli_instruments import instrument_app
from app.cli_report import report
from app.cli_results import summary
from app.cli_store import backup, restore
from app.config import Settings
from app.console import definition, opened, say, told
from app.db import Database
from app.models.keys import KeyIn

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Soundings: surveys of school districts, collected safely."
)
key_app = typer.Typer(no_args_is_help=True, help="Keys.")
wave_app = typer.Typer(no_args_is_help=True, help="Waves.")


class _MakesByDefault(TyperGroup):
    """`soundings release WAVE` is short for `soundings release make WAVE`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and not args[0].startswith("-"):
            args = ["make", *args]
        return super().parse_args(ctx, args)


release_app = typer.Typer(no_args_is_help=True, cls=_MakesByDefault, help="Releases; without a command: make.")
app.add_typer(release_app, name="release")
app.add_typer(key_app, name="key")
app.add_typer(wave_app, name="wave")
app.add_typer(instrument_app, name="instrument")
app.command("summary")(summary)
app.command("report")(report)
app.command("export")(export)
app.command("backup")(backup)
app.command("restore")(restore)


# ------------------------------------------------------------------ serving
@app.command()
@told
def serve() -> None:
    """Start the server (SOUNDINGS_HOST, SOUNDINGS_PORT, SOUNDINGS_WORKERS)."""
    settings = Settings()
    settings.signing_secret()
    opened(settings).close()
    if settings.workers > 1:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="soundings-metrics-")
    uvicorn.run(
        "app.cli:served",
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=settings.workers,
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="warning",
        log_config=None,
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies),
        date_header=True,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=15,
        h11_max_incomplete_event_size=64 * 1024,
    )


def served() -> Any:
    """Make the application in a worker process."""
    configure_logging()
    from app.main import create_app  # a worker imports the application, the command line need not

    made = create_app()
    gc.collect()
    gc.freeze()  # what is loaded stays: to look through all of it again holds up everybody for a seventh of a second
    return made


def configure_logging() -> None:
    """Log one JSON object a line on stderr: events and counts, never what people sent."""
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.WARNING,
        format='{"level": "%(levelname)s", "logger": "%(name)s", "event": "%(message)s"}',
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


@app.command()
@told
def migrate(revision: Annotated[str, typer.Argument(help="`head`, `base` or a revision")] = "head") -> None:
    """Bring the database's schema up to date."""
    database = Database(Settings())
    database.migrate(revision)
    say.print("The schema is up to date." if revision == "head" else f"The schema is at `{revision}`.")


@app.command()
def openapi() -> None:
    """Print the OpenAPI document, as `/openapi.json` gives it. No database is opened."""
    from app.main import create_app

    document = create_app(Settings(database_url="sqlite:///not-opened.db", secret="not-used-for-anything")).openapi()
    print(json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False))


@app.command()
@told
def demo(
    exit_after: Annotated[bool, typer.Option("--exit", help="End when the summary is printed.")] = False,
    port: Annotated[int, typer.Option(help="Port to serve on; 0 takes a free one.")] = 8000,
) -> None:
    """Field four surveys with simulated answers, through the real server, and print what they say."""
    from app.demo import run

    run(exit_after=exit_after, port=port)


@app.command()
@told
def doctor() -> None:
    """Say whether the settings, the database and its schema are in order."""
    settings = Settings()
    settings.signing_secret()
    file = settings.sqlite_file
    database = Database(settings)
    current = database.is_current()
    say.print(f"database  {'SQLite' if database.is_sqlite else 'PostgreSQL'}, reachable")
    say.print(f"schema    {'current' if current else 'not current: run `soundings migrate`'}")
    say.print(f"workers   {settings.workers}")
    if file is not None and file.stat().st_mode & 0o077:
        say.print(f"Others on this machine can read the database: chmod 600 {file}*", markup=False, soft_wrap=True)
    if not current:
        raise typer.Exit(1)


# ------------------------------------------------------------------ keys, waves, instruments, releases
@key_app.command("create")
@told
def create_key(
    role: Annotated[str, typer.Option(help="collector, principal, reporter, director or admin")],
    name: Annotated[str, typer.Option(help="What the key is for.")],
    school: Annotated[list[str] | None, typer.Option(help="Limit to a school; may be repeated.")] = None,
    wave: Annotated[list[str] | None, typer.Option(help="Limit to a wave; may be repeated.")] = None,
    group: Annotated[list[str] | None, typer.Option(help="Limit to a group; may be repeated.")] = None,
    publishable: Annotated[bool, typer.Option(help="May be put into a web page; names its waves.")] = False,
    audience: Annotated[str | None, typer.Option(help="What a reporter reads as.")] = None,
) -> None:
    """Make a key and print its secret, and only that, on stdout. Works while the server runs."""
    from app.services import keys

    wanted = KeyIn(
        role=cast(Role, role),
        name=name,
        schools=school or None,
        waves=wave or None,
        groups=cast(Any, group or None),
        publishable=publishable,
        audience=cast(Any, audience),
    )
    with opened(Settings()).write() as session:
        _, secret = keys.create(session, wanted, None)
    print(secret)


@key_app.command("revoke")
@told
def revoke_keys(ids: Annotated[list[str], typer.Argument(help="Ids of keys, such as key_0a1b2c3d4e5f6071.")]) -> None:
    """Make keys invalid for good: all that are named, or none if one is unknown."""
    from app.services import keys

    with opened(Settings()).write() as session:
        for one in ids:
            keys.revoke(session, one, None)
    say.print(f"Revoked: {len(ids)}.")


@wave_app.command("close")
@told
def close_wave(wave: str) -> None:
    """Close a wave now, for good."""
    from app.services import waves

    waves.close(opened(Settings()), wave, None)
    say.print(f"{wave} is closed.", markup=False)


# ------------------------------------------------------------------ responses of other tools
@app.command("import")
@told
def import_file(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV or XLSX, as the tool exports it.")],
    wave: Annotated[str, typer.Option(help="The wave, open now.")],
    group: Annotated[str, typer.Option(help="family, staff, liaison or school_leader")],
    school: Annotated[str | None, typer.Option(help="The school of all rows, if no column says it.")] = None,
    mapping: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="Which column is which item (YAML).")
    ] = None,
    draft_mapping: Annotated[bool, typer.Option("--draft-mapping", help="Print a mapping to edit, and end.")] = False,
    source: Annotated[str, typer.Option(help="A name, where two files may hold the same answers by others.")] = "",
    apply: Annotated[bool, typer.Option("--apply/--dry-run", help="Store the rows; else say what would be.")] = False,
    partial: Annotated[bool, typer.Option("--partial", help="Store sound rows though others have faults.")] = False,
) -> None:
    """Import responses that another survey tool collected. Exit status 1 when a row has faults."""
    from app.render.imports import mapping_yaml, report_lines
    from app.services import imports
    from app.services.sheets import Sheets
    from app.survey.mapping import parse_mapping

    settings = Settings()
    order = imports.Order(
        group=group, content=file.read_bytes(), school=school, source=source, apply=apply, partial=partial,
        mapping=None if mapping is None else parse_mapping(definition(mapping)),
    )  # fmt: skip
    with closing(opened(settings)) as database:
        if draft_mapping:
            drafted = imports.drafted(database, Sheets(database).read(wave), group, order.content)
            print(mapping_yaml(drafted["mapping"], drafted["guesses"]), end="")
            return
        report = imports.run_alone(database, settings.signing_secret(), wave, order)
    for line in report_lines(report):
        print(line)
    if report["counts"]["rejected"]:
        raise typer.Exit(1)


@release_app.command("make")
@told
def make_release(wave: str) -> None:
    """Publish a closed wave's figures; print the release's number."""
    from app.services import releases

    number, made = releases.make(opened(Settings()), releases.Shelf(), wave, None)
    print(number)
    say.print("made now" if made else "stood already")


@release_app.command("audit")
@told
def audit_release(wave: str) -> None:
    """Attack what was published of a wave, and print what was proved. Exit status 1 when something follows."""
    from app.services import audits

    report = audits.audit(opened(Settings()), wave)
    for line in report.lines:
        print(line)
    for finding in report.findings:
        say.print(f"{finding.rule}: {finding}", markup=False)
    if report.findings:
        raise typer.Exit(1)


@release_app.command("verify")
@told
def verify_release(wave: str) -> None:
    """Compute a wave's newest release from its responses again; say whether every byte is the same."""
    from app.services import audits

    verified = audits.verify(opened(Settings()), wave)
    if verified is None:
        say.print("Responses have gone since the wave closed: the release cannot be computed again.")
        raise typer.Exit(2)
    if verified.differences:
        say.print(f"Release {verified.release} is NOT what its responses give: {', '.join(verified.differences)}.")
        raise typer.Exit(1)
    print(f"release {verified.release}: the same, bit for bit, {verified.digest}")


@app.command()
@told
def erase(wave: str, ids: Annotated[list[str], typer.Argument(help="Ids of responses, from their receipts.")]) -> None:
    """Remove responses for good, whenever it is asked for. Says what becomes of the releases."""
    from app.services import erasure, releases

    done = erasure.erase(opened(Settings()), releases.Shelf(), wave, ids)
    say.print(f"Erased: {done.responses}. Backups keep what they hold until they are removed.")
    if done.renewed:
        say.print(f"Release {done.release} was made without them; earlier ones stay as they were published.")
    elif done.release is not None:
        say.print(f"Release {done.release} stays: a new one, held against it, would tell something of a few people.")


def main() -> None:
    app()
