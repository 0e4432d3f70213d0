"""What one process holds while it serves, and how handlers get at it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Path, Query, Request
from sqlmodel import Session
from starlette.concurrency import run_in_threadpool

from app.auth import Caller, Role
from app.config import Settings
from app.db import Database
from app.errors import Forbidden, Unauthorized
from app.services.gate import Gate
from app.services.keys import KeyRing
from app.services.releases import Shelf
from app.services.responses import Desk
from app.survey.base import SLUG_PATTERN


@dataclass(frozen=True, slots=True)
class State:
    settings: Settings
    database: Database
    keys: KeyRing
    desk: Desk
    shelf: Shelf
    gate: Gate


def state_of(request: Request) -> State:
    state: State = request.app.state.soundings
    return state


def peer_of(request: Request) -> str:
    """Tell from which address a request comes: the nearest one that is no trusted proxy. It is never stored."""
    return request.client.host if request.client is not None else ""


def base_of(request: Request) -> str:
    """Give the address at which people reach this server, without a slash at its end."""
    return state_of(request).settings.public_url or str(request.base_url).rstrip("/")


async def _held(request: Request) -> State:
    return state_of(request)  # async: a plain function would cost a hop to another thread


def _reader(request: Request) -> Iterator[Session]:
    with state_of(request).database.read() as session:
        yield session


def _writer(request: Request) -> Iterator[Session]:
    with state_of(request).database.write() as session:
        yield session


class Needs:
    """What a route declares: the roles that may call it. As a dependency it gives the caller.

    Raises Unauthorized without a valid key, Forbidden for a valid one of another role, RateLimited for a publishable
    one that asks too fast, or from an address that does.
    """

    def __init__(self, roles: tuple[Role, ...]) -> None:
        self.roles = frozenset(roles)

    async def __call__(self, request: Request) -> Caller:
        scheme, _, secret = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not secret or len(secret) > 200:
            raise Unauthorized
        state = state_of(request)
        keys = state.keys
        caller = keys.recall(secret) or await run_in_threadpool(keys.find, secret)
        if caller is None:
            raise Unauthorized
        if caller.publishable and "counted" not in request.scope:  # a route may ask twice for one request
            request.scope["counted"] = True
            state.gate.allow(peer_of(request), caller.id)
        if caller.role not in self.roles:
            raise Forbidden(f"A key of the role `{caller.role}` may not do this.")
        return caller


Held = Annotated[State, Depends(_held)]
# scope="function": the transaction has ended, and any failure to commit is raised, before the reply begins.
Reader = Annotated[Session, Depends(_reader, scope="function")]
Writer = Annotated[Session, Depends(_writer, scope="function")]

Key = Annotated[str, Path(pattern=SLUG_PATTERN)]
Limit = Annotated[int, Query(ge=1, le=1000, description="How many to give at most.")]
After = Annotated[str | None, Query(max_length=200, description="The `next` of the page before.")]


def listing(items: list[dict[str, Any]], following: str | None) -> dict[str, Any]:
    return {"items": items, "next": following}
