"""`/`, `/sign-in`, `/sign-out`: the door to the signed-in pages.

Decides what somebody is told whose key is not taken. The key is read from the form once, and shown nowhere again.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from app.auth import EVERYONE
from app.errors import RateLimited
from app.services import sessions
from app.web.bodies import read_form
from app.web.sessions import (
    OfficeRoute,
    SignedIn,
    Visit,
    check_origin,
    forget,
    home,
    own_path,
    page,
    redirect,
    remember,
    visit_of,
)
from app.web.state import Held, peer_of

router = APIRouter(include_in_schema=False, route_class=OfficeRoute)

WRONG = "This key is not valid. Perhaps a part of it is missing, or it has expired or was revoked."
PUBLISHABLE = "This key belongs in a web page that collects answers. It cannot be used to sign in."
SAID = {
    "left": "You are signed out.",
    "ended": "You had been signed out, so what you just sent was not kept. Sign in and send it again.",
}
TOO_FAST = "Too many wrong keys came from here. Please wait a minute."


@router.get("/")
async def front_door(request: Request) -> Response:
    """Ask for a key, or lead on who is signed in."""
    visit = await visit_of(request)
    wanted = own_path(request.query_params.get("next", ""))
    if visit is not None:
        return redirect(request, wanted or home(visit.caller))
    said = next((SAID[key] for key in SAID if key in request.query_params), None)
    return forget(request, _ask(request, wanted, said=said))


@router.get("/sign-in")
async def lead_to_front_door(request: Request) -> Response:
    """Lead on who loads the address that a form was sent to."""
    return redirect(request, "/")


@router.post("/sign-in")
async def sign_in(request: Request, held: Held) -> Response:
    """Take a key, and give the browser a token that stands for it."""
    check_origin(request)
    fields = await read_form(request)
    secret, wanted = (fields.get(name, [""])[0].strip() for name in ("key", "next"))
    there = own_path(wanted)
    if not secret:
        return _ask(request, there, fault="Enter your key.", status=422)
    try:
        with held.gate.guesses("sign-in", peer_of(request), "") as count:
            caller = await run_in_threadpool(held.keys.find, secret) if len(secret) <= 200 else None
            count(caller is None)
    except RateLimited as problem:
        return _ask(request, there, fault=TOO_FAST, status=429, headers=problem.headers)
    if caller is None or caller.publishable:
        return _ask(request, there, fault=WRONG if caller is None else PUBLISHABLE, status=403)
    if (before := await visit_of(request)) is not None:
        await run_in_threadpool(sessions.end, held.database, before.token)
    token = await run_in_threadpool(sessions.begin, held.database, caller)
    return remember(request, redirect(request, there or home(caller)), token)


@router.post("/sign-out")
def sign_out(request: Request, held: Held, visit: Annotated[Visit, Depends(SignedIn(EVERYONE))]) -> Response:
    """Forget the browser's token, on both sides."""
    sessions.end(held.database, visit.token)
    return forget(request, redirect(request, "/?left"))


def _ask(request: Request, wanted: str | None, *, fault: str | None = None, said: str | None = None, status: int = 200,
         headers: dict[str, str] | None = None) -> Response:  # fmt: skip
    return page(
        request, None, "sign_in.html", status, headers, title="Sign in", wanted=wanted or "", fault=fault, said=said
    )
