"""API schemas of responses, for the OpenAPI document; `services/responses.py` checks a response by hand."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from app.models.base import Body, Document, Slug
from app.survey.instrument import Group


class ResponseIn(Body):
    """One person's answers: item key -> option value, list of values, true/false, number, date or text."""

    id: UUID | None = None
    group: Group
    school: Slug | None = None
    locale: str | None = None
    answers: dict[str, Any]
    instrument: str | None = None
    access_code: str | None = None


class Receipt(Document):
    """What the sender gets back; the withdrawal code takes the response back while the wave is open."""

    id: UUID
    wave: str
    group: str
    school: str | None
    instrument: str
    withdrawal_code: str
    promise_digest: str


class BulkOut(Document):
    accepted: int
    replayed: int
    rejected: int
    results: list[dict[str, Any]]


class Withdrawal(Body):
    withdrawal_code: str
