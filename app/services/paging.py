"""Lists by page: the cursor is the last key that was seen, so a page never skips or repeats a standing row."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from sqlmodel import Session, select

from app.errors import Fault, InvalidRequest


def page(
    session: Session, table: Any, limit: int, after: str | None, *, key: str = "key", where: tuple[Any, ...] = ()
) -> tuple[list[Any], str | None]:
    """Give the rows of one page in the order of `key`, and the cursor of the next page."""
    column = getattr(table, key)
    query = select(table).where(*where).order_by(column).limit(limit + 1)
    if after is not None:
        query = query.where(column > _decode(after))
    rows = list(session.exec(query))
    more = len(rows) > limit
    return rows[:limit], _encode(getattr(rows[limit - 1], key)) if more else None


def part(items: list[Any], limit: int, after: str | None) -> tuple[list[Any], str | None]:
    """Give one page of a list that is made in full and in a fixed order, and the cursor of the next page."""
    start = 0
    if after is not None:
        text = _decode(after)
        start = int(text) if text.isascii() and text.isdigit() else len(items)
    more = start + limit < len(items)
    return items[start : start + limit], _encode(str(start + limit)) if more else None


def _encode(key: str) -> str:
    return base64.urlsafe_b64encode(key.encode()).decode().rstrip("=")


def _decode(cursor: str) -> str:
    try:
        key = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
        if "\x00" in key:
            raise ValueError
    except (ValueError, binascii.Error):
        raise InvalidRequest(
            faults=[Fault("?after", "invalid_cursor", "This is no cursor that a list has given as `next`.")]
        ) from None
    return key
