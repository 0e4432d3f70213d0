"""API schemas of schools."""

from __future__ import annotations

from typing import Any

from app.models.base import Body, Document, Name
from app.models.tables import School


class SchoolIn(Body):
    """A school as it is put; its key is in the address."""

    name: Name
    district: Name | None = None


class SchoolOut(Document):
    key: str
    name: str
    district: str | None


def school_document(row: School) -> dict[str, Any]:
    return {"key": row.key, "name": row.name, "district": row.district}
