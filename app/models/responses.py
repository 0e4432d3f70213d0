"""API schemas of responses, for the OpenAPI document; `services/responses.py` checks a response by hand."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from app.models.base import MAYBE, Body, Document, Slug, shown
from app.survey.instrument import Group


class ResponseIn(Body):
    """One person's answers: item key -> option value, list of values, true/false, number, date or text."""

    model_config = shown(
        id="7b0c3f5e-2c0d-4d0e-9a43-0d1b2f6c9a10",
        group="family",
        school="erving",
        locale="es",
        answers={"comm_informed": "agree", "has_plan": "yes", "services_used": ["speech"]},
    )
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
    group: Group
    school: str | None
    instrument: str
    withdrawal_code: str
    promise_digest: str


class ResponseOut(Document):
    """A stored response; `received_on` is a day and no time."""

    id: UUID
    wave: str
    group: Group
    school: str | None
    locale: str | None
    instrument: str
    received_on: date
    promise: Literal["confidential", "attributed"]
    promise_digest: str
    simulated: bool
    answers: Annotated[dict[str, Any], Field(examples=[{"comm_informed": "agree"}])]


class LineOut(Document):
    """What became of one line, counted from 1; `problem` is a problem document."""

    line: int
    id: str | None
    status: Literal["accepted", "replayed", "rejected"]
    problem: Annotated[dict[str, Any], MAYBE]


class BulkOut(Document):
    """What became of every line."""

    accepted: int
    replayed: int
    rejected: int
    results: list[LineOut]


class Withdrawal(Body):
    """The code from the receipt."""

    withdrawal_code: Annotated[str, Field(examples=["ABCD-EFGH-IJKL-MNOP"])]
