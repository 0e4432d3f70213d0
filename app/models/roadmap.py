"""API schemas of the roadmap."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import AwareDatetime, Field

from app.models.activities import Kind
from app.models.activities import Status as ActivityStatus
from app.models.base import Document
from app.models.goals import BaselineCell, GoalVerdict, ProgressWave, ReleaseMark, Status, TargetIn
from app.survey.instrument import Setting


class Counted(Document):
    """How many took place, will, were called off, and of how many nobody has written down whether they took place."""

    held: int
    planned: int
    canceled: int
    not_written_down: int


class CountedKind(Counted):
    kind: Kind


class CountedSchool(Counted):
    school: str


class FindingOut(Document):
    """The figure that a goal began with."""

    wave: str
    title: str
    release: ReleaseMark
    text: str
    cells: list[BaselineCell]


class GoalOfRoadmap(Document):
    """A goal, what it began with, and what the newest wave says of it."""

    key: str
    title: str
    priority: str
    settings: list[Setting]
    owner: str
    due: date
    status: Status
    target: TargetIn
    factors: list[str]
    stakeholders: list[str]
    finding: FindingOut
    simulated: bool
    verdict: GoalVerdict
    reading: str
    newest: ProgressWave | None
    activities: Counted


class PriorityOut(Document):
    """A priority with its goals, by the day on which they are due."""

    priority: str
    goals: list[GoalOfRoadmap]


class Listed(Document):
    """One time that an activity takes place."""

    activity: str
    title: str
    kind: Kind
    status: ActivityStatus
    schools: list[str]
    goals: list[str]
    starts_at: AwareDatetime
    ends_at: AwareDatetime


class Learning(Listed):
    """Professional development; `needs` are the findings that it is for."""

    needs: list[str]
    survey: str | None


class Month(Document):
    month: Annotated[str, Field(examples=["2022-10"])]
    items: list[Listed]


class RoadmapOut(Document):
    """The improvement roadmap of some time."""

    begins: date = Field(alias="from")
    ends: date = Field(alias="to")
    as_of: Annotated[date, Field(description="The day on which this was said.")]
    simulated: bool
    schools: Annotated[dict[str, str], Field(examples=[{"erving": "Erving Elementary"}])]
    priorities: list[PriorityOut]
    activities: list[CountedKind]
    observations: list[CountedSchool]
    professional_development: list[Learning]
    calendar: list[Month]
