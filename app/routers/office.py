"""`/waves` and `/waves/{wave}`: how the surveys stand, closing one, and releasing its results.

Decides what a director may press. What a press does is the use case that the API has for it.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel import Session

from app.render.shown import title as named
from app.render.turnout import Group, turnout
from app.services import access, overview, releases, waves
from app.services.overview import Standing
from app.web.rooms import Anyone, Director, Wave, WaveRoute, show
from app.web.sessions import page, redirect
from app.web.state import Held, Key, Reader, base_of

router = APIRouter(prefix="/waves", include_in_schema=False, route_class=WaveRoute)

DONE = {
    "closed": "The wave is closed. Nobody can answer any more.",
    "released": "The results are released. They stay as they are.",
}


@router.get("")
def show_waves(request: Request, visit: Anyone, held: Held) -> Response:
    """Show every wave, and who has answered so far."""
    found = overview.home(held.database, visit.caller)
    return page(
        request, visit, "waves/home.html", title="Waves",
        waves=[(wave, _turnout(wave)) for wave in found], directs=visit.caller.directs,
    )  # fmt: skip


@router.get("/{wave}")
def show_wave(request: Request, visit: Anyone, wave: Wave, held: Held, session: Reader) -> Response:
    """Show how a wave stands, who has answered, and what can be done with it."""
    return show(
        request, visit, wave, "overview.html", title=wave.title, here="",
        done=DONE.get(request.query_params.get("done", "")),
        groups=_turnout(wave),
        addresses=_addresses(request, held, session, wave) if wave.directs and wave.status != "closed" else [],
        codes=_codes(session, wave) if wave.directs else [],
        promises=[(named(group), words) for group, words in wave.promises],
    )  # fmt: skip


@router.get("/{wave}/close")
def ask_to_close(request: Request, visit: Director, wave: Wave) -> Response:
    """Say what closing means, and ask."""
    if wave.status != "open":
        return redirect(request, f"/waves/{wave.key}")
    return show(request, visit, wave, "close.html", title="Close the wave?", here="", groups=_turnout(wave))


@router.post("/{wave}/close")
def close_wave_now(wave: Key, request: Request, visit: Director, held: Held) -> Response:
    """Close a wave, for good."""
    waves.close(held.database, wave, visit.caller)
    return redirect(request, f"/waves/{wave}?done=closed")


@router.get("/{wave}/release")
def ask_to_release(request: Request, visit: Director, wave: Wave) -> Response:
    """Say what releasing means, and ask."""
    if wave.status != "closed" or wave.released:
        return redirect(request, f"/waves/{wave.key}")
    return show(request, visit, wave, "release.html", title="Release the results?", here="", groups=_turnout(wave))


@router.post("/{wave}/release")
def release_results(wave: Key, request: Request, visit: Director, held: Held) -> Response:
    """Make the release of a closed wave."""
    releases.make(held.database, held.shelf, wave, visit.caller)
    return redirect(request, f"/waves/{wave}?done=released")


# ------------------------------------------------------------------ what stands on them
def _turnout(wave: Standing) -> list[Group]:
    return [] if wave.participation is None else turnout(wave.participation, wave.schools)


def _addresses(
    request: Request, held: Held, session: Session, wave: Standing
) -> list[tuple[str, bool, list[tuple[str, str]]]]:
    """List the survey addresses by group: whether it answers with codes, and where, by school."""
    by_group: dict[str, list[dict[str, Any]]] = {}
    for one in access.links(session, held.desk.secret, wave.key, base_of(request)):
        by_group.setdefault(one["group"], []).append(one)
    return [
        (
            named(group),
            found[0]["access"] == "code",
            [(wave.schools.get(one["school"], "Any school"), one["address"]) for one in found],
        )
        for group, found in by_group.items()
    ]


def _codes(session: Session, wave: Standing) -> list[dict[str, Any]]:
    """List how many codes were made and spent; what is hidden stays so."""
    return [
        {**cell, "title": named(cell["group"]), "place": wave.schools.get(cell["school"], "No school")}
        for cell in access.counts(session, wave.key)
    ]
