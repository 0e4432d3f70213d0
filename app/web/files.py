"""One resource in several formats: which one a request asks for, and a file as a reply.

Decides that `?format=` wins over `Accept`, and that a file which a browser is not meant to show is saved.
"""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import Request
from starlette.responses import Response

from app.errors import NotAcceptable
from app.render.file import File

JSON = "application/json"


def choose(request: Request, format: str | None, offered: Mapping[str, str], *, otherwise: str | None = None) -> str:
    """Choose the format of a reply.

    Parameters
    ----------
    format : the value of `?format=`, already checked; None when absent.
    offered : format -> media type; the first one is given to whoever takes anything.
    otherwise : the format for a request that takes none of them; None refuses it.

    Raises
    ------
    NotAcceptable : when the `Accept` header takes none of them.
    """
    if format is not None:
        return format
    weights = _weights(request.headers.get("accept") or "*/*")

    def liked(name: str) -> tuple[float, int]:
        kind = offered[name].partition(";")[0]
        ranges = ("*/*", kind.partition("/")[0] + "/*", kind)
        return next(((weights[one], ranges.index(one)) for one in reversed(ranges) if one in weights), (0.0, 0))

    best = max(offered, key=liked)  # of equal weight, what was named more closely; then the first
    if liked(best)[0] <= 0:
        if otherwise is not None:
            return otherwise
        raise NotAcceptable(f"This is given as {', '.join(offered.values())}.")
    return best


def _weights(header: str) -> dict[str, float]:
    """Read an `Accept` header (RFC 9110, 12.5.1): media range -> weight; other parameters are not looked at."""
    weights: dict[str, float] = {}
    for part in header[:1000].split(","):
        kind, *parameters = (piece.strip().lower() for piece in part.split(";"))
        given = next((piece[2:] for piece in parameters if piece.startswith("q=")), "1")
        try:
            weights[kind] = float(given)
        except ValueError:
            continue
    return weights


def send(file: File, status: int = 200, *, etag: str | None = None, inline: bool = False, **headers: str) -> Response:
    """Give a file as a reply; `inline`: a browser shows it."""
    disposition = f'{"inline" if inline else "attachment"}; filename="{file.name}"'
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    tagged = {} if etag is None else {"ETag": etag}
    return Response(file.body, status, {"Content-Disposition": disposition, **tagged, **named}, file.media_type)
