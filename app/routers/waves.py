"""`/v1/waves`: put, read, closed, removed; their rosters and participation."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request, Response
from sqlmodel import Session

from app.auth import DIRECTORS, EVERYONE, READERS, Caller
from app.errors import (
    AudienceNotServed,
    CodesExceedRoster,
    NotFound,
    PromiseLoosened,
    RosterFrozen,
    WaveClosed,
    WaveNotOpen,
    WaveStarted,
)
from app.models.tables import Wave
from app.models.waves import ParticipationOut, RosterIn, RosterOut, WaveIn, WaveList, WaveOut
from app.services import participation, waves
from app.survey.promise import digest, plain_words
from app.web.openapi import LOCATED, fails
from app.web.routes import Json, V1Route, check_if_match
from app.web.state import After, Held, Key, Limit, Needs, Reader, Writer, listing

router = APIRouter(prefix="/v1/waves", route_class=V1Route, tags=["waves"])
Director = Annotated[Caller, Depends(Needs(DIRECTORS))]
ResultReader = Annotated[Caller, Depends(Needs(READERS))]
Anyone = Annotated[Caller, Depends(Needs(EVERYONE))]


def _document(session: Session, row: Wave, now: datetime) -> dict[str, Any]:
    zone = ZoneInfo(row.time_zone)
    fielded = waves.instruments_of(session, row.key)
    return {
        "key": row.key,
        "title": row.title,
        "status": waves.status_of(row, now),
        "simulated": row.simulated,
        "opens_at": row.opens_at.astimezone(zone),
        "closes_at": row.closes_at.astimezone(zone),
        "closed_at": row.closed_at and row.closed_at.astimezone(zone),
        "time_zone": row.time_zone,
        "schools": row.schools,
        "instruments": {group: f"{version.key}@{version.version}" for group, version in fielded.items()},
        "access": {group: waves.access_of(row, group) for group in fielded},
        "promise": {
            group: {
                **row.promise[group],
                "digest": digest(row.promise[group]),
                "in_words": plain_words(row.promise[group], waves.access_of(row, group)),
            }
            for group in fielded
        },
    }


@router.put(
    "/{wave}",
    response_model=WaveOut,
    responses=fails(PromiseLoosened, WaveClosed, WaveStarted, also={201: {"model": WaveOut, **LOCATED}}),
)
def put_wave(wave: Key, body: WaveIn, request: Request, held: Held, caller: Director, session: Writer) -> Response:
    """Create a wave (201) or change it (200). Once open: only the title, a later close, a stricter promise."""

    def check(standing: Wave | None) -> None:
        check_if_match(request, None if standing is None else _document(session, standing, held.database.now(session)))

    row, made = waves.put(held.database, session, wave, body, caller, check)
    session.flush()
    document = _document(session, row, held.database.now(session))
    return Json(document, 201 if made else 200, headers={"Location": f"/v1/waves/{wave}"} if made else None)


@router.get("", response_model=WaveList)
def list_waves(held: Held, caller: Anyone, session: Reader, limit: Limit = 100, after: After = None) -> Response:
    """List the waves that the key may know; for a collector the open ones that it serves."""
    rows, following = waves.listed(held.database, session, caller, limit, after)
    now = held.database.now(session)
    return Json(listing([_document(session, row, now) for row in rows], following))


@router.get("/{wave}", response_model=WaveOut)
def read_wave(wave: Key, held: Held, caller: Anyone, session: Reader) -> Response:
    """Read a wave: its status, and what was promised to whom, in plain words too."""
    row = waves.get(held.database, session, wave, caller)
    return Json(_document(session, row, held.database.now(session)))


@router.delete("/{wave}", status_code=204, responses=fails(WaveStarted))
def remove_wave(wave: Key, held: Held, caller: Director, session: Writer) -> Response:
    """Remove a wave that has not opened."""
    waves.remove(held.database, session, wave, caller)
    return Response(status_code=204)


@router.post("/{wave}/close", response_model=WaveOut, responses=fails(WaveNotOpen))
def close_wave(wave: Key, held: Held, caller: Director) -> Response:
    """Close a wave now, for good."""
    waves.close(held.database, wave, caller)
    with held.database.read() as session:
        return Json(_document(session, waves.find(session, wave), held.database.now(session)))


# ------------------------------------------------------------------ rosters
def _roster(session: Session, row: Wave) -> dict[str, Any] | None:
    if row.roster_source is None:
        return None
    lines = waves.roster_lines(session, row.key)
    return {"wave": row.key, "source": row.roster_source, "unit": row.roster_unit, "counts": lines}


@router.put(
    "/{wave}/roster",
    response_model=RosterOut,
    responses=fails(CodesExceedRoster, RosterFrozen, also={201: {"model": RosterOut}}),
)
def put_roster(wave: Key, body: RosterIn, request: Request, held: Held, caller: Director, session: Writer) -> Response:
    """Say how many people were eligible, by group and school; may be replaced until the first release."""
    made = waves.put_roster(
        held.database, session, wave, body, caller, lambda standing: check_if_match(request, _roster(session, standing))
    )
    return Json(_roster(session, waves.find(session, wave)), 201 if made else 200)


@router.get("/{wave}/roster", response_model=RosterOut)
def read_roster(wave: Key, caller: Director, session: Reader) -> Response:
    """Read the roster back."""
    found = _roster(session, waves.find(session, wave))
    if found is None:
        raise NotFound("The wave has no roster.")
    return Json(found)


# ------------------------------------------------------------------ participation
@router.get("/{wave}/participation", response_model=ParticipationOut, responses=fails(AudienceNotServed))
def read_participation(wave: Key, held: Held, caller: ResultReader, session: Reader) -> Response:
    """Say how many have answered, of how many; never who."""
    return Json(participation.read(held.database, session, wave, caller))
