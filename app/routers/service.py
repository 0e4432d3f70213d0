"""Health, metrics and the catalogue of problems: what operators and probes ask."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from app.auth import DIRECTORS, Caller
from app.errors import CATALOGUE, NotFound, Problem, StoreUnavailable
from app.models.service import ProblemList, ProblemOut, StatusOut
from app.web.openapi import fails
from app.web.routes import Json, V1Route
from app.web.state import Held, Needs

router = APIRouter(route_class=V1Route, tags=["service"])


@router.get("/healthz", response_model=StatusOut)
async def is_alive() -> Response:
    """Say that the process is alive."""
    return Json({"status": "ok"})


@router.get("/readyz", response_model=StatusOut, responses=fails(StoreUnavailable))
def is_ready(held: Held) -> Response:
    """Say whether the database can be reached and has the schema of this program."""
    try:
        current = held.database.is_current()
    except Exception:
        raise StoreUnavailable("The database cannot be reached.") from None
    if not current:
        raise StoreUnavailable("The database's schema is not this program's: run `soundings migrate`.")
    return Json({"status": "ready"})


@router.get("/metrics", response_class=PlainTextResponse)
def read_metrics(held: Held, caller: Annotated[Caller, Depends(Needs(DIRECTORS))]) -> Response:
    """Give counters for Prometheus; of all workers, where there are several."""
    if held.settings.workers > 1:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        body = generate_latest(registry)
    else:
        body = generate_latest()
    return Response(body, media_type=CONTENT_TYPE_LATEST)


def _entry(slug: str, problem: type[Problem]) -> dict[str, Any]:
    return {"type": f"/problems/{slug}", "title": problem.title, "status": problem.status}


@router.get("/problems", response_model=ProblemList)
def list_problems() -> Response:
    """List every problem that this API can answer with."""
    return Json({"items": [_entry(slug, CATALOGUE[slug]) for slug in sorted(CATALOGUE)], "next": None})


@router.get("/problems/{slug}", response_model=ProblemOut)
def read_problem(slug: str) -> Response:
    """Explain one problem."""
    if slug not in CATALOGUE:
        raise NotFound("There is no such problem.")
    return Json(_entry(slug, CATALOGUE[slug]))
