"""HTML pages on the wire: rendered, compressed, and locked to this server.

Decides the headers of pages and of the files that they load. A survey page keeps no cookie and knows nobody: whoever
makes a browser send a form here sends nothing but what they could send themselves, so there is nothing to forge. Pages
for those who are signed in are framed by `web/sessions.py`.
"""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import jinja2
from starlette.requests import Request
from starlette.responses import Response

from app.survey.forms import values_of
from app.web.routes import etag_of, matches

_HERE = Path(__file__).parents[1]
_STATIC = _HERE / "static"
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; worker-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
VARY = "Accept-Encoding, Accept-Language"
SAFE = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}

_environment = jinja2.Environment(
    loader=jinja2.FileSystemLoader(_HERE / "templates"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
)


class Asset(NamedTuple):
    """A file that pages load; `version` names its content."""

    body: bytes
    packed: bytes
    media_type: str
    version: str


@cache
def asset(name: str) -> Asset:
    """Read a file of `static/`; a script's imports name the version of what they import.

    Indentation, comment lines and a style's blanks stay here: they are a tenth of what a family would wait for.

    Raises
    ------
    KeyError : when there is no such file.
    """
    path = _STATIC / name
    if not re.fullmatch(r"[a-z]+\.(css|js|svg)", name) or not path.is_file():
        raise KeyError(name)
    text = re.sub(
        r'from "([./a-z]*?)([a-z]+\.js)"',
        lambda found: f'from "{found[1]}{found[2]}?v={asset(found[2]).version}"',
        re.sub(r"^\s*(//.*|/\*.*\*/)?\n?|^\s+", "", path.read_text(encoding="utf-8"), flags=re.M),
    )
    if path.suffix == ".css":
        text = re.sub(r"\s*([{};,])\s*|(:)\s+", r"\1\2", text)
    body = text.encode()
    return Asset(body, gzip.compress(body, 9, mtime=0), _TYPES[path.suffix], hashlib.sha256(body).hexdigest()[:12])


def render(request: Request, template: str, **context: Any) -> str:
    """Render a template; in it, `asset('page.css')` gives the address of a file."""
    root = request.scope.get("root_path", "").rstrip("/")
    return _environment.get_template(template).render(
        asset=lambda name: f"{root}/static/{name}?v={asset(name).version}",
        written=lambda answer: values_of(answer)[0],
        **context,
    )


def html(
    request: Request, page: str, status: int = 200, headers: Mapping[str, str] | None = None, *, keep: bool = False
) -> Response:
    """Give a page as a reply.

    Parameters
    ----------
    keep : whether the page holds no answer and may be kept by the browser, which then asks whether it changed.
    """
    body = re.sub(r"\n\s*\n+", "\n", page).encode()
    given = {**SAFE, "Cache-Control": "no-cache, private" if keep else "no-store", "Vary": VARY, **(headers or {})}
    if keep:
        given["ETag"] = tag = etag_of(body)
        if matches(request.headers.get("if-none-match", ""), tag, weak=True):
            return Response(status_code=304, headers=given)
    return _packed(request, body, gzip.compress, "text/html; charset=utf-8", status, given)


def file(request: Request, name: str, headers: Mapping[str, str] | None = None) -> Response:
    """Give a file of `static/`, to be kept for a year when it was asked for by its version. Raises KeyError."""
    found = asset(name)
    known = request.query_params.get("v") == found.version
    given = {
        "Cache-Control": "public, max-age=31536000, immutable" if known else "no-cache",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Vary": "Accept-Encoding",
        "ETag": f'"{found.version}"',
        **(headers or {}),
    }
    if matches(request.headers.get("if-none-match", ""), given["ETag"], weak=True):
        return Response(status_code=304, headers=given)
    return _packed(request, found.body, lambda _: found.packed, found.media_type, 200, given)


def _packed(
    request: Request, body: bytes, pack: Any, media_type: str, status: int, headers: dict[str, str]
) -> Response:
    """Compress for whoever takes it: on one bar of signal, a quarter of the bytes is a quarter of the waiting.

    Compression tells secrets apart by length only to somebody who can have a page sent that holds another's secret and
    his own text. Without a cookie nobody can; on pages with one, the secret of the forms is written differently every
    time (`web/sessions.py`).
    """
    if "gzip" in request.headers.get("accept-encoding", ""):
        body, headers = pack(body), {**headers, "Content-Encoding": "gzip"}
    return Response(body, status, headers, media_type)
