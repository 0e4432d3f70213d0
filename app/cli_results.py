"""The commands that give results: `soundings summary`.

Decides as whom the command line reads: as the director, or as somebody else for a look at what they get. What a reader
gets, `services` decides, as for the API.
"""

from __future__ import annotations

import sys
from contextlib import closing
from enum import StrEnum
from typing import Annotated

import orjson
import typer
from rich.console import Console

from app.auth import Caller
from app.config import Settings
from app.console import opened, told


class AudienceOption(StrEnum):
    director = "director"
    principal = "principal"
    public = "public"


_READERS = {
    AudienceOption.director: Caller("command-line", "command line", "director"),
    AudienceOption.principal: Caller("command-line", "command line", "reporter", audience="principal"),
    AudienceOption.public: Caller("command-line", "command line", "reporter", audience="public"),
}


@told
def summary(
    wave: str,
    group: Annotated[str | None, typer.Option(help="family, staff, liaison or school_leader")] = None,
    school: Annotated[str | None, typer.Option(help="The key of a school, to see it in place of all schools.")] = None,
    construct: Annotated[list[str] | None, typer.Option(help="Look closely at a construct; may be repeated.")] = None,
    item: Annotated[list[str] | None, typer.Option(help="Look closely at an item; may be repeated.")] = None,
    release: Annotated[int | None, typer.Option(min=1, help="A release's number; else the newest.")] = None,
    audience: Annotated[AudienceOption, typer.Option(help="See what these get.")] = AudienceOption.director,
    json: Annotated[bool, typer.Option("--json", help="Print the bytes that the API gives this reader.")] = False,
) -> None:
    """Print a closed wave's published figures as tables and bars; makes the release first if that is due."""
    from app.render.terminal import summary_view
    from app.services import releases, schools

    with closing(opened(Settings())) as database:
        body, _ = releases.read(
            database, releases.Shelf(), _READERS[audience], wave, group=group, school=school,
            items=tuple(item or ()), constructs=tuple(construct or ()), number=release,
        )  # fmt: skip
        if json:
            sys.stdout.buffer.write(body)
            return
        with database.read() as session:
            names = schools.names(session, wave)
    sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr]  # a terminal that has no blocks
    out = Console(highlight=False)
    for part in summary_view(orjson.loads(body), names, school=school, closely=bool(item or construct)):
        out.print(part)
