"""API schema of voices: what was said at open meetings, beside the survey."""

from __future__ import annotations

from typing import Any

from app.models.base import Document


class VoicesOut(Document):
    wave: str
    title: str
    audience: str
    simulated: bool
    release: dict[str, Any]
    meetings: int
    attendance: list[dict[str, Any]]
    constructs: list[dict[str, Any]]
    elsewhere: dict[str, list[dict[str, Any]]]
