"""`/waves/{wave}/downloads` and `/waves/{wave}/files/...`: results to take along.

Decides which files a page offers. What is in one, and who gets it, the use cases of the API decide.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Path, Request
from fastapi.responses import Response

from app.errors import InvalidRequest, NotFound
from app.render.file import File
from app.render.report.page import POLICY
from app.render.shown import title as named
from app.services import charts, exports, reports
from app.services.charts import Choices
from app.services.overview import Standing
from app.web.files import send
from app.web.pages import SAFE
from app.web.rooms import Anyone, Results, WaveRoute, show
from app.web.routes import conditional
from app.web.state import Held

router = APIRouter(prefix="/waves/{wave}", include_in_schema=False, route_class=WaveRoute)

HEADERS = {**SAFE, "Cache-Control": "private, no-cache", "Vary": "Cookie"}
REPORT = {"Content-Security-Policy": f"{POLICY}; frame-ancestors 'none'"}
DATA = {
    "csv": ("CSV", "one row a figure, for any spreadsheet"),
    "parquet": ("Parquet", "the same, for R, Python and Power BI"),
    "arrow": ("Arrow", "the same, without compression"),
    "json": ("JSON", "the document that all of these are made of"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """What there is of one place: its name, and the query that chooses it."""

    place: str
    query: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart that is offered: its words, its key, and the query that chooses what it shows."""

    words: str
    key: str
    query: str = ""


@router.get("/downloads")
def show_downloads(request: Request, visit: Anyone, wave: Results) -> Response:
    """List the files that there are for the visitor."""
    whole = "All that you may read" if wave.within is not None else "All schools"
    places = [Row(whole, ""), *(Row(name, _query(school=key)) for key, name in wave.mine.items())]
    return show(
        request, visit, wave, "downloads.html", title="Downloads", here="/downloads",
        places=places, data=DATA, charts=_charts(wave),
    )  # fmt: skip


def _charts(wave: Standing) -> list[Chart]:
    """List the charts that can be drawn of what the visitor reads."""
    found = [Chart("Who answered", "participation")] if wave.participation is not None else []
    for group in wave.reads:
        of = _query(group=group)
        found += [
            Chart(f"{named(group)}: sets of questions", "constructs", of),
            Chart(f"{named(group)}: school by school", "heat-map", of),
            Chart(f"{named(group)}: answers", "likert", of),
        ]
    if len(wave.exact) > 1:
        one, other = sorted(wave.exact, key=lambda group: group not in ("family", "staff"))[:2]
        found.append(Chart(f"{named(one)} and {named(other).lower()}", "gaps", _query(a=one, b=other)))
    if wave.earlier:
        key, title = wave.earlier[0]
        found.append(Chart(f"Changes since {title}", "trends", _query(with_=key)))
    return found


def _query(**chosen: str) -> str:
    return "?" + urlencode({name.rstrip("_"): value for name, value in chosen.items()})


# ------------------------------------------------------------------ the files
@router.get("/files/summary.{form}")
def send_summary(
    form: Annotated[Literal["csv", "xlsx", "parquet", "arrow", "json"], Path()],
    request: Request, visit: Anyone, wave: Results, held: Held,
) -> Response:  # fmt: skip
    """Send the figures that the visitor reads, of all schools or of one."""
    school = _school(request, wave)
    return _send(request, *exports.export(held.database, held.shelf, visit.caller, wave.key, form, school=school))


@router.get("/files/report.{form}")
def send_report(
    form: Annotated[Literal["html", "pdf"], Path()], request: Request, visit: Anyone, wave: Results, held: Held
) -> Response:
    """Show the report, of all schools or of one."""
    school = _school(request, wave)
    file, etag = reports.read(held.database, held.shelf, visit.caller, wave.key, form, school=school)
    return _send(request, file, etag, inline=True, headers=REPORT if form == "html" else None)


@router.get("/files/charts/{chart}.{form}")
def send_chart(
    chart: Annotated[str, Path(max_length=64)], form: Annotated[Literal["svg", "png"], Path()],
    request: Request, visit: Anyone, wave: Results, held: Held,
) -> Response:  # fmt: skip
    """Send a chart."""
    given = request.query_params
    before = given.get("with")
    choices = Choices(
        group=given.get("group"), a=given.get("a"), b=given.get("b"), wave=() if before is None else (before,)
    )
    try:
        found = charts.read(held.database, held.shelf, visit.caller, wave.key, chart, form, choices)
    except InvalidRequest:
        raise NotFound("There is no such chart.") from None
    return _send(request, *found)


def _school(request: Request, wave: Standing) -> str | None:
    """Give the school that is asked for. Raises NotFound for one that is not the visitor's."""
    school = request.query_params.get("school")
    if school is not None and school not in wave.mine:
        raise NotFound("The wave has no such school.")
    return school


def _send(
    request: Request, file: File, etag: str, *, inline: bool = False, headers: dict[str, str] | None = None
) -> Response:
    reply = send(file, etag=etag, inline=inline)
    reply.headers.update({**HEADERS, **(headers or {})})
    return conditional(request, reply)
