"""API schemas of observations: plans of visits, the visits themselves, and how many of them took place."""

from __future__ import annotations

from datetime import time
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, Field, StrictInt, model_validator

from app.models.activities import AsText, Attendee, Day, Moment, Zone, check_length
from app.models.base import Body, Document, Listing, Name, Slug

MOST_DAYS, MOST_VISITS = 400, 500
Days = Annotated[list[Day], Field(max_length=MOST_DAYS)]
Clock = Annotated[time, AsText]


class Busy(Body):
    starts_at: Moment
    ends_at: Moment

    @model_validator(mode="after")
    def _in_order(self) -> Busy:
        if self.ends_at <= self.starts_at:
            raise ValueError("it ends after it starts")
        return self


class PlanIn(Body):
    """What is asked of a proposal: days, times, and how often each school is visited.

    `calendars` are iCalendar files as text: days of their all-day events are holidays, others are busy times.
    """

    title: Name = "Observation of student support services"
    begins: Day
    ends: Day
    time_zone: Zone
    schools: Annotated[list[Slug], Field(min_length=1, max_length=MOST_VISITS)]
    visits: Annotated[StrictInt, Field(ge=1, le=100)]
    minutes: Annotated[StrictInt, Field(ge=15, le=480)] = 60
    opens: Clock = time(8, 30)
    closes: Clock = time(14, 30)
    weekdays: Annotated[list[Annotated[StrictInt, Field(ge=0, le=6)]], Field(min_length=1, max_length=7)] = [*range(5)]
    a_day: Annotated[StrictInt, Field(ge=1, le=8)] = 1
    apart: Annotated[StrictInt, Field(ge=0, le=240)] = 30
    busy: Annotated[list[Busy], Field(max_length=2000)] = []
    holidays: Days = []
    calendars: Annotated[list[Annotated[str, Field(max_length=500_000)]], Field(max_length=10)] = []
    closed: dict[Slug, Days] = {}
    observer: Attendee = Attendee(role="director")

    @model_validator(mode="after")
    def _consistent(self) -> PlanIn:
        if not 0 <= (self.ends - self.begins).days < MOST_DAYS:
            raise ValueError(f"it ends on the day it begins or later, within {MOST_DAYS} days")
        if self.opens.tzinfo or self.closes.tzinfo:
            raise ValueError("opens and closes are by the clock of the time zone")
        if self.opens >= self.closes:
            raise ValueError("the day closes before it opens")
        if len(self.schools) * self.visits > MOST_VISITS:
            raise ValueError(f"a plan has {MOST_VISITS} visits at most")
        if len(set(self.schools)) < len(self.schools):
            raise ValueError("a school is listed twice")
        if stray := sorted(set(self.closed) - set(self.schools)):
            raise ValueError(f"closed days of schools that are not visited: {', '.join(stray)}")
        return self

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


class VisitIn(Body):
    school: Slug
    starts_at: Moment
    ends_at: Moment

    @model_validator(mode="after")
    def _in_order(self) -> VisitIn:
        check_length(self.starts_at, self.ends_at)
        return self


class VisitsIn(Body):
    """A proposal as it was edited."""

    visits: Annotated[list[VisitIn], Field(min_length=1, max_length=MOST_VISITS)]

    @model_validator(mode="after")
    def _once(self) -> VisitsIn:
        if len({(visit.school, visit.starts_at) for visit in self.visits}) < len(self.visits):
            raise ValueError("a visit is listed twice")
        return self


class ShortOut(Document):
    """A school that gets fewer visits than were asked for."""

    school: str
    visits: int
    asked: int


class PlanHead(Document):
    """A plan as it was put."""

    key: str
    plan: PlanIn
    accepted_at: AwareDatetime | None


class PlanOut(PlanHead):
    """A plan with the visits that it proposes, or that it was edited to."""

    visits: list[VisitIn]
    edited: bool
    short: list[ShortOut]


class PlanList(Listing[PlanHead]):
    """Plans of visits."""


class CoverageLine(Document):
    """Visits and hours of one school."""

    school: str
    asked: int
    held: int
    hours_held: float
    planned: int
    hours_planned: float
    missing: int


class CoverageOut(Document):
    """Visits by school against a plan."""

    plan: str
    begins: Day
    ends: Day
    schools: list[CoverageLine]
