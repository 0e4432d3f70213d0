"""API schemas of instruments. The definition itself is described by `survey/instrument.py`."""

from __future__ import annotations

from typing import Any

from app.models.base import Document
from app.models.tables import InstrumentVersion


class InstrumentOut(Document):
    """One version of an instrument."""

    key: str
    version: int
    group: str
    digest: str


def version_head(row: InstrumentVersion) -> dict[str, Any]:
    """Describe a version without its definition."""
    return {
        "key": row.key,
        "version": row.version,
        "group": row.group,
        "digest": row.digest,
        "title": row.definition["title"],
    }
