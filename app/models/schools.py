"""API schemas of schools."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from app.models.base import Body, Document, Listing, Name, shown
from app.models.tables import School


class SchoolIn(Body):
    """A school as it is put; its key is in the address."""

    model_config = shown(name="Erving Elementary")
    name: Name
    district: Name | None = None


class SchoolOut(Document):
    """A school."""

    key: Annotated[str, Field(examples=["erving"])]
    name: Annotated[str, Field(examples=["Erving Elementary"])]
    district: str | None


class SchoolList(Listing[SchoolOut]):
    """Schools."""


def school_document(row: School) -> dict[str, Any]:
    return {"key": row.key, "name": row.name, "district": row.district}
