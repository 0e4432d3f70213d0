"""`/waves/{wave}/results`, `/gaps`, `/trends`, `/priorities`: what a release says, down to a single question.

Decides which document a page is made of. The documents are those that the API gives the same caller, and the pages
compute nothing.
"""

from __future__ import annotations

from typing import Any

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.errors import AudienceNotServed, InvalidRequest, NotFound
from app.render import comparisons, results
from app.render.results import NO_CONSTRUCT
from app.render.shown import title as named
from app.services import gaps, priorities, releases, trends
from app.services.overview import Standing
from app.web.rooms import Anyone, Results, WaveRoute, show
from app.web.sessions import Visit
from app.web.state import Held, Key, State

router = APIRouter(prefix="/waves/{wave}", include_in_schema=False, route_class=WaveRoute)


def _summary(held: State, visit: Visit, wave: Standing, **part: Any) -> dict[str, Any]:
    """Read a slice of the newest release. Raises NotFound for a construct or an item that it does not have."""
    try:
        body, _ = releases.read(held.database, held.shelf, visit.caller, wave.key, **part)
    except InvalidRequest:
        raise NotFound("The results have no such construct or question.") from None
    document: dict[str, Any] = orjson.loads(body)
    return document


def _chosen(request: Request, name: str, known: Any) -> str | None:
    """Give a choice of the page's form; None for what is not among them."""
    given = request.query_params.get(name)
    return given if given in known else None


# ------------------------------------------------------------------ from construct to school to question
@router.get("/results")
def show_results(request: Request, visit: Anyone, wave: Results, held: Held) -> Response:
    """Show every construct, those with the greatest need first, of all schools or beside one."""
    school = _chosen(request, "school", wave.mine)
    document = _summary(held, visit, wave, school=school)
    narrowed = school is not None or wave.within is not None
    sections = results.overview(document, wave.schools, _ranks(held, visit, wave), narrowed=narrowed)
    return show(
        request, visit, wave, "results.html", title="Results", here="/results",
        sections=sections, school=school, exact=bool(wave.exact),
    )  # fmt: skip


def _ranks(held: State, visit: Visit, wave: Standing) -> dict[tuple[str, str], Any]:
    """Read the ranks of constructs, where the caller has them."""
    if not wave.exact:
        return {}
    body, _ = priorities.read(held.database, held.shelf, visit.caller, wave.key)
    return {(row["group"], row["construct"]): row for row in orjson.loads(body)["constructs"]}


@router.get("/results/{construct}")
def show_construct(construct: Key, request: Request, visit: Anyone, wave: Results, held: Held) -> Response:
    """Show one construct by school, and its questions."""
    document = _summary(held, visit, wave, constructs=(construct,))
    if not document["constructs"]:
        raise NotFound("The results have no such construct.")
    shown = results.construct(document, wave.schools, narrowed=wave.within is not None)
    return show(request, visit, wave, "construct.html", title=shown.title, here="/results", construct=shown)


@router.get("/results/{construct}/{item}")
@router.get(f"/results/{NO_CONSTRUCT}/{{item}}")  # the lower one is matched first
def show_item(
    item: Key, request: Request, visit: Anyone, wave: Results, held: Held, construct: Key | None = None
) -> Response:
    """Show how each group answered one question, by school."""
    document = _summary(held, visit, wave, items=(item,))
    asked = [entry for entry in document["items"] if entry["construct"] == construct]
    if not asked:
        raise NotFound("The results have no such question.")
    parent = None
    if construct is not None:
        parent = _summary(held, visit, wave, constructs=(construct,))["constructs"][0]["title"]
    return show(
        request, visit, wave, "item.html", title=asked[0]["text"], here="/results",
        questions=results.questions({**document, "items": asked}, wave.schools), construct=construct, parent=parent,
    )  # fmt: skip


# ------------------------------------------------------------------ what is compared
@router.get("/priorities")
def show_priorities(request: Request, visit: Anyone, wave: Results, held: Held) -> Response:
    """Show what matters most, by group."""
    body, _ = priorities.read(held.database, held.shelf, visit.caller, wave.key)
    document = orjson.loads(body)
    return show(
        request, visit, wave, "priorities.html", title="What matters most", here="/priorities",
        groups=comparisons.priorities(document), note=document["note"],
    )  # fmt: skip


@router.get("/gaps")
def show_gaps(request: Request, visit: Anyone, wave: Results, held: Held) -> Response:
    """Show two groups side by side, and what may be said of the difference."""
    if len(wave.exact) < 2:
        raise AudienceNotServed("Comparisons are for readers of exact figures of two groups or more.")
    confidential = sorted(wave.exact, key=lambda group: group not in ("family", "staff"))
    one = _chosen(request, "a", wave.exact) or confidential[0]
    other = _chosen(request, "b", wave.exact) or confidential[1]
    if one == other:
        other = next(group for group in confidential if group != one)
    school = _chosen(request, "school", wave.mine)
    body, _ = gaps.read(held.database, held.shelf, visit.caller, wave.key, a=one, b=other, school=school)
    constructs, items = comparisons.gaps(orjson.loads(body), wave.schools)
    return show(
        request, visit, wave, "gaps.html", title="Group against group", here="/gaps",
        constructs=constructs, items=items, a=one, b=other, school=school,
        groups=[(group, named(group)) for group in wave.exact],
    )  # fmt: skip


@router.get("/trends")
def show_trends(request: Request, visit: Anyone, wave: Results, held: Held) -> Response:
    """Show what changed since an earlier wave."""
    titles = dict(wave.earlier)
    if not titles:
        raise NotFound("There is no earlier wave to compare this one with.")
    before = _chosen(request, "with", titles) or next(iter(titles))
    body, _ = trends.read(held.database, held.shelf, visit.caller, (before, wave.key))
    document = orjson.loads(body)
    return show(
        request, visit, wave, "trends.html", title="What has changed", here="/trends",
        groups=comparisons.trends(document, wave.schools), before=before, earlier=wave.earlier,
        earlier_made_up=document["simulated"] and not wave.simulated,
    )  # fmt: skip
