"""A roadmap on the wire: as a page and on paper, for those with a key and for who is signed in."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from app.render.file import File
from app.render.report.page import POLICY, page
from app.render.report.paper import paper
from app.render.roadmap import roadmap
from app.web.files import JSON, send

MEDIA = {"json": JSON, "html": "text/html; charset=utf-8", "pdf": "application/pdf"}
SAFE = {"Content-Security-Policy": f"{POLICY}; frame-ancestors 'none'", "Referrer-Policy": "no-referrer"}


def drawn(document: dict[str, Any], form: str) -> Response:
    """Give a roadmap as a page or on paper, to be shown by a browser."""
    draw = page if form == "html" else paper
    reply = send(File(draw(roadmap(document)), MEDIA[form], f"roadmap-{document['from']:%Y}.{form}"), inline=True)
    if form == "html":
        reply.headers.update(SAFE)
    return reply
