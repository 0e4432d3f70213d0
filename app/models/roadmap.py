"""API schema of the roadmap."""

from __future__ import annotations

from datetime import date
from typing import Any

from pydantic import Field

from app.models.base import Document


class RoadmapOut(Document):
    begins: date = Field(alias="from")
    ends: date = Field(alias="to")
    as_of: date
    simulated: bool
    schools: dict[str, str]
    priorities: list[dict[str, Any]]
    activities: list[dict[str, Any]]
    observations: list[dict[str, Any]]
    professional_development: list[dict[str, Any]]
    calendar: list[dict[str, Any]]
