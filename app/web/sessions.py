"""Pages for those who are signed in: who asks, that a form is genuine, and the frame around every such page.

Decides what the cookie is, who may send a form, and what a page says to those who may not see it. A handler of a
signed-in page looks like this:

    router = APIRouter(include_in_schema=False, route_class=OfficeRoute)
    Director = Annotated[Visit, Depends(SignedIn(DIRECTORS))]

    @router.get("/waves/{wave}")
    def show_wave(wave: str, request: Request, visit: Director, session: Reader) -> Response:
        return page(request, visit, "wave.html", title="Fall 2022", wave=waves.document(session, wave))

    @router.post("/waves/{wave}/close")
    def close_wave(wave: str, request: Request, visit: Director, held: Held) -> Response:
        waves.close(held.database, wave, visit.caller)
        return redirect(request, f"/waves/{wave}")

`SignedIn` has checked where a POST comes from and its form's token before the handler runs; the fields of the form
are in `visit`. In the template, every `<form method="post">` holds `{{ form_token() }}`, and an address of ours is
written `{{ at('/waves') }}`.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from fastapi import Request
from fastapi.responses import RedirectResponse, Response
from markupsafe import Markup
from starlette.concurrency import run_in_threadpool

from app.auth import DIRECTORS, READERS, SENDERS, Caller, Role
from app.errors import Forbidden, Problem, Unauthorized
from app.services import sessions
from app.web.bodies import read_form
from app.web.page_route import PageRoute
from app.web.pages import html, render
from app.web.state import base_of, state_of
from app.web.wording import Tongue

TOKEN_FIELD = "_token"
NAVIGATION: tuple[tuple[str, str, tuple[Role, ...]], ...] = (
    ("/waves", "Waves", READERS),
    ("/roadmap", "Roadmap", DIRECTORS),
    ("/enter", "Paper entry", SENDERS),
)
# With `no-referrer` a browser would send its forms with `Origin: null`.
_HEADERS = {"Referrer-Policy": "same-origin", "Vary": "Accept-Encoding, Cookie"}
_OWN_PATH = re.compile(r"/(?![/\\])[!-\[\]-~]{0,500}")  # printable ASCII without the backslash that browsers turn


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody who is signed in, at one request.

    Attributes
    ----------
    caller : the key, with its own limits.
    token : what the browser holds; it is not for any page or log.
    fields : the fields of the form that was sent.
    """

    caller: Caller
    token: str = field(repr=False)
    fields: Mapping[str, list[str]] = field(default_factory=dict, repr=False)

    def own(self, name: str) -> str:
        """Give the value of a field of the form, without blanks around it; empty when there is none."""
        return (self.fields.get(name) or [""])[0].strip()


class SignedIn:
    """What a page declares: the roles that may see it. As a dependency it gives the visit.

    Raises Unauthorized when nobody is signed in, Forbidden for another role, and for a form that was not sent from a
    page of this session.
    """

    def __init__(self, roles: tuple[Role, ...]) -> None:
        self.roles = frozenset(roles)

    async def __call__(self, request: Request) -> Visit:
        visit = getattr(request.state, "visit", None) or await visit_of(request)  # a route may ask twice
        if visit is None:
            raise Unauthorized("Please sign in.")
        request.state.visit = visit
        if visit.caller.role not in self.roles:
            raise Forbidden(f"You are signed in as {visit.caller.role}, and this page is not for that role.")
        if request.method == "GET":
            return visit
        sent: Visit | None = getattr(request.state, "sent", None)
        if sent is None:
            check_origin(request)
            sent = Visit(visit.caller, visit.token, await read_form(request))
            if not genuine(visit.token, sent.own(TOKEN_FIELD)):
                raise Forbidden(
                    "This form is from another session. Go back, load the page again, and send it once more."
                )
            request.state.sent = sent
        return sent


async def visit_of(request: Request) -> Visit | None:
    """Find who is signed in, if anybody."""
    token = request.cookies.get(_cookie(request), "")
    if not token or len(token) > 100:
        return None
    caller = await run_in_threadpool(sessions.find, state_of(request).database, token)
    return None if caller is None else Visit(caller, token)


# ------------------------------------------------------------------ the cookie
def _cookie(request: Request) -> str:
    """Name the cookie: with its prefix, no neighboring host and no page without encryption can plant one."""
    return "__Host-soundings" if _encrypted(request) else "soundings"


def _encrypted(request: Request) -> bool:
    return base_of(request).startswith("https://")


def remember(request: Request, response: Response, token: str) -> Response:
    """Give the browser its token, until it is closed; the server decides when it has expired.

    Lax, not Strict: a link in an e-mail leads to the page that it names. Forms have their own check.
    """
    response.set_cookie(_cookie(request), token, path="/", secure=_encrypted(request), httponly=True, samesite="lax")
    return response


def forget(request: Request, response: Response) -> Response:
    """Take from the browser the token, if it holds one, and the pages that it has kept for its button Back.

    Only these: its storage has the answers of survey pages that are waiting to be sent.
    """
    if _cookie(request) not in request.cookies:
        return response
    response.headers["Clear-Site-Data"] = '"cache"'
    response.delete_cookie(_cookie(request), path="/", secure=_encrypted(request), httponly=True, samesite="lax")
    return response


# ------------------------------------------------------------------ forms
def check_origin(request: Request) -> None:
    """Raise Forbidden unless a browser says that a page of this server sends the form.

    Neither is one taken through an encrypting proxy that the server does not know of: its cookie would not be bound to
    encrypted connections.
    """
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin", "").lower()
    here = _origin(base_of(request))
    named = origin in (here, here.replace("http://", "https://"))  # all that old browsers say, or without encryption
    if not (named if site is None else site == "same-origin"):
        raise Forbidden("This form was sent from somewhere else than a page of this server; nothing was done.")
    if here.startswith("http://") and origin.startswith("https://"):
        raise Forbidden(
            "This page was reached through HTTPS, but the server does not know. Its operator has to set "
            "`SOUNDINGS_PUBLIC_URL`, or have the proxy pass on `Host` and `X-Forwarded-Proto`."
        )


def _origin(address: str) -> str:
    """Give the scheme and the host of an address as a browser names them."""
    scheme, _, rest = address.lower().partition("://")
    host = rest.partition("/")[0]
    return f"{scheme}://{host.removesuffix({'http': ':80', 'https': ':443'}.get(scheme, ''))}"


def form_token(token: str) -> str:
    """Make the token of a page's forms: bound to the session, and written differently on every page.

    A page is compressed, and may repeat what its address says: a secret that stood there twice alike could be guessed
    from the length, letter by letter. So it is hidden under random bits, which stand beside it.
    """
    proof = _proof(token)
    pad = secrets.token_bytes(len(proof))
    return urlsafe_b64encode(pad + _xor(pad, proof)).decode()


def genuine(token: str, given: str) -> bool:
    """Tell whether a form's token is one of this session, in constant time."""
    proof = _proof(token)
    try:
        raw = urlsafe_b64decode(given.encode())
    except ValueError:
        return False
    if len(raw) != 2 * len(proof):
        return False
    return hmac.compare_digest(_xor(raw[: len(proof)], raw[len(proof) :]), proof)


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))


def _proof(token: str) -> bytes:
    return hashlib.blake2b(b"form", key=token.encode()[:64], digest_size=24).digest()


# ------------------------------------------------------------------ pages
def page(
    request: Request, visit: Visit | None, template: str, status: int = 200, headers: Mapping[str, str] | None = None,
    *, title: str, simulated: bool = False, **context: Any,
) -> Response:  # fmt: skip
    """Give a page in the frame of `office.html`, never to be kept by the browser; `visit` is None when signed out."""
    root = _root(request)
    role = visit.caller.role if visit else None
    token = form_token(visit.token) if visit else ""
    field = Markup('<input type="hidden" name="{}" value="{}">').format(TOKEN_FIELD, token)
    text = render(
        request,
        template,
        t=Tongue("en"),
        heading="Soundings",
        title=title,
        simulated=simulated,
        caller=visit and visit.caller,
        navigation=[
            {"href": root + path, "label": label, "here": request.url.path.startswith(root + path)}
            for path, label, roles in NAVIGATION
            if role in roles
        ],
        at=lambda path: root + path,
        form_token=lambda: field,
        **context,
    )
    return html(request, text, status, {**_HEADERS, **(headers or {})})


def redirect(request: Request, path: str) -> Response:
    """Lead on to a page of ours after a form was taken, so that loading it again sends nothing again."""
    return RedirectResponse(_root(request) + path, 303, {"Cache-Control": "no-store"})


def home(caller: Caller) -> str:
    """Give the path at which somebody begins who was not on the way to a page."""
    return "/enter" if caller.role == "collector" else "/waves"


def own_path(given: str) -> str | None:
    """Give a path of this server as it was asked for; None for anything that could lead elsewhere."""
    return given if _OWN_PATH.fullmatch(given) else None


def _root(request: Request) -> str:
    root: str = request.scope.get("root_path", "")
    return root.rstrip("/")


class OfficeRoute(PageRoute):
    """An address of the signed-in part."""

    def say(self, request: Request, problem: Problem) -> Response:
        """Lead to the sign-in page, and back from there; tell of other problems in the frame.

        A form that comes too late is not kept: the way back leads to the page that it was on.
        """
        if isinstance(problem, Unauthorized):
            reads = request.method == "GET"
            there = str(request.url) if reads else request.headers.get("referer", "")
            wanted = ("/" + there.partition("://")[2].partition("/")[2]).removeprefix(_root(request))
            told = [] if reads else ["ended"]
            named = [f"next={quote(wanted, safe='/')}"] if own_path(wanted) not in (None, "/") else []
            return forget(request, redirect(request, "/?" + "&".join(told + named)))
        return _trouble(request, getattr(request.state, "visit", None), problem)


def _trouble(request: Request, visit: Visit | None, problem: Problem) -> Response:
    headers = problem.headers
    return page(request, visit, "trouble.html", problem.status, headers, title=problem.title, problem=problem)


async def lost(request: Request, problem: Problem) -> Response | None:
    """Tell on a page that an address of the signed-in part leads nowhere, or takes no such method.

    None for an address of another part.
    """
    first = "/" + request.url.path.removeprefix(_root(request)).lstrip("/").partition("/")[0]
    if first not in ("/sign-in", "/sign-out", *(path for path, _, _ in NAVIGATION)):
        return None
    return _trouble(request, await visit_of(request), problem)
