"""Request bodies: read within a limit and a time, decoded strictly.

orjson refuses what must not get in: invalid UTF-8, lone surrogates, NaN and Infinity, nesting over 1,024 levels.
"""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import parse_qs

import orjson
from starlette.requests import ClientDisconnect, Request

from app.errors import BodyTooLarge, ClientGone, InvalidRequest, MalformedJson, RequestTimeout, UnsupportedMediaType

JSON_LIMIT = 256 * 1024
DEFINITION_LIMIT = 4 * 2**20
BULK_LIMIT = 16 * 2**20
SECONDS = 60.0
FORM = "application/x-www-form-urlencoded"
FIELDS = 5000  # more than the widest instrument has options


async def read_body(request: Request, limit: int, media_type: str = "application/json") -> bytes:
    """Read a body of one media type.

    Raises
    ------
    UnsupportedMediaType, BodyTooLarge, RequestTimeout, ClientGone
    """
    headers = request.headers
    given = headers.get("content-type", "")
    if given != media_type and given.partition(";")[0].strip().lower() != media_type:
        raise UnsupportedMediaType(f"Send `Content-Type: {media_type}`.")
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise UnsupportedMediaType("Compressed bodies are not taken.")
    declared = headers.get("content-length", "")
    if declared.isdigit() and int(declared[:20]) > limit:
        raise BodyTooLarge(f"At most {limit} bytes are taken here.")
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(SECONDS):
            async for part in request.stream():
                size += len(part)
                if size > limit:
                    raise BodyTooLarge(f"At most {limit} bytes are taken here.")
                parts.append(part)
    except TimeoutError:
        raise RequestTimeout(f"The body did not arrive within {SECONDS:.0f} seconds.") from None
    except ClientDisconnect:
        raise ClientGone from None
    return parts[0] if len(parts) == 1 else b"".join(parts)


async def read_json(request: Request, limit: int = JSON_LIMIT) -> Any:
    """Read and decode a JSON body. Raises MalformedJson beside what `read_body` raises."""
    return decode(await read_body(request, limit))


def decode(body: bytes) -> Any:
    """Decode JSON strictly. Raises MalformedJson."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise MalformedJson(f"The body is not valid JSON in UTF-8: {error.msg} at character {error.pos}.") from None
    except RecursionError:
        raise MalformedJson("The body is nested too deep.") from None


async def read_form(request: Request) -> dict[str, list[str]]:
    """Read the fields of a page's form. Raises InvalidRequest for too many, beside what `read_body` raises."""
    body = await read_body(request, JSON_LIMIT, FORM)
    try:
        return parse_qs(
            body.decode("ascii", "replace"), keep_blank_values=True, errors="replace", max_num_fields=FIELDS
        )
    except ValueError:
        raise InvalidRequest("The form has too many fields.") from None


def holds_nul(value: Any) -> bool:
    """Tell whether any string in decoded JSON holds U+0000, which PostgreSQL cannot store."""
    waiting = [value]
    while waiting:
        part = waiting.pop()
        if isinstance(part, str):
            if "\x00" in part:
                return True
        elif isinstance(part, dict):
            waiting += part.keys()
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part
    return False
