"""Wiring: one application from its settings. Nothing is decided here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime

import structlog
from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.middleware.cors import CORSMiddleware

from app import __version__, vega
from app.auth import SENDERS
from app.config import Settings
from app.db import Database
from app.routers import (
    access,
    activities,
    attributes,
    calendars,
    changes,
    charts,
    comments,
    dictionary,
    entry,
    equity,
    feeds,
    gaps,
    goals,
    imports,
    instruments,
    keys,
    names,
    observations,
    office,
    office_comments,
    office_files,
    office_results,
    office_roadmap,
    pages,
    priorities,
    releases,
    reliability,
    reports,
    responses,
    roadmap,
    schools,
    service,
    sign_in,
    trends,
    voices,
    waves,
    webhooks,
)
from app.services import sessions
from app.services.changes import open_due
from app.services.courier import Courier
from app.services.erasure import retire_due
from app.services.gate import Gate
from app.services.keys import KeyRing
from app.services.outbound import Pinned
from app.services.releases import Shelf
from app.services.reports import prepare as draw_fresh
from app.services.responses import Desk
from app.services.scribe import Scribe
from app.services.sheets import Sheets
from app.services.waves import close_due
from app.services.webhooks import forget_delivered
from app.services.writer import ResponseWriter
from app.web import openapi, problems, reference
from app.web.express import Express
from app.web.middleware import Envelope
from app.web.sessions import lost
from app.web.state import Needs, State

HOUSEKEEPING_S = 15
EXPOSED = ("ETag", "Location", "Retry-After", "Idempotency-Replayed", "Content-Disposition", "X-Request-Id")

log = structlog.get_logger()


def create_app(settings: Settings | None = None) -> FastAPI:
    """Make the application; the database must be migrated."""
    settings = settings or Settings()
    database = Database(settings)
    secret = settings.signing_secret()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        scribe = Scribe(*database.address)
        scribe.start()
        writer = ResponseWriter(scribe)
        desk = Desk(database, Sheets(database), writer, secret)
        app.state.soundings = State(
            settings, database, KeyRing(database), desk, Shelf(), Gate(settings.peer_rate, settings.key_rate)
        )
        courier = Courier(database, secret, Pinned(settings.webhook_networks))
        tasks = (_keep_house(app.state.soundings), courier.run(), run_in_threadpool(vega.warm))
        chores = [asyncio.create_task(task) for task in tasks]
        try:
            yield
        finally:
            for chore in chores:
                chore.cancel()
                with suppress(asyncio.CancelledError):
                    await chore
            await run_in_threadpool(writer.stop)
            database.close()

    app = FastAPI(
        title="Soundings",
        version=__version__,
        summary="Stakeholder surveys of school districts: collected safely, published without hurting anybody.",
        lifespan=lifespan,
        redirect_slashes=False,
        docs_url=None,
        redoc_url=None,
        separate_input_output_schemas=False,  # what is put is given back: one schema of it
        generate_unique_id_function=lambda route: route.name,  # operation ids stay when an address changes
    )
    for module in (  # the busiest are matched first
        responses, releases, charts, reports, attributes, reliability, gaps, trends, priorities, equity, comments,
        names, waves, access, schools, instruments, goals, activities, observations, voices, roadmap, feeds, calendars,
        imports, dictionary, keys, changes, webhooks, pages, sign_in, entry,
        office, office_results, office_roadmap, office_comments, office_files, service,
    ):  # fmt: skip
        app.include_router(module.router)
    reference.install(app)
    problems.install(app, lost)
    app.add_middleware(Express, path=responses.router.prefix, needs=Needs(SENDERS), handle=responses.submit_response)
    app.add_middleware(Envelope, access_log=settings.access_log)
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(settings.cors_origins),
            allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=[
                "Authorization",
                "Content-Type",
                "Idempotency-Key",
                "If-Match",
                "If-None-Match",
                "Withdrawal-Code",
            ],
            expose_headers=list(EXPOSED),
            max_age=600,
        )
    openapi.install(app)
    return app


async def _keep_house(state: State) -> None:
    """Close waves whose time has come, and forget what has been kept long enough, as long as the server runs."""

    looked = datetime.now(UTC)

    def once() -> None:
        nonlocal looked
        if state.desk.taken_back.is_set():
            state.desk.taken_back.clear()
            state.database.forget_deleted()
        open_due(state.database)
        if closed := close_due(state.database):
            log.info("waves.closed", count=len(closed))
        days = state.settings.retention_days
        if days is not None and (retired := retire_due(state.database, state.shelf, days)):
            log.info("waves.retired", count=len(retired))
        state.gate.forget()
        sessions.forget_ended(state.database)
        forget_delivered(state.database)
        looked = draw_fresh(state.database, state.shelf, looked)

    while True:
        try:
            await run_in_threadpool(once)
        except Exception as error:
            log.warning("housekeeping.failed", error=type(error).__name__)
        await asyncio.sleep(HOUSEKEEPING_S)
