"""API schemas of health and of the catalogue of problems."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from app.models.base import Document, Listing


class StatusOut(Document):
    """How the server is, in one word."""

    status: Annotated[str, Field(examples=["ok"])]


class ProblemOut(Document):
    """A problem that this API can answer with."""

    type: Annotated[str, Field(examples=["/problems/not-found"])]
    title: str
    status: int


class ProblemList(Listing[ProblemOut]):
    """All problems."""
