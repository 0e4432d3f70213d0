"""API schemas of waves and rosters."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

from pydantic import AwareDatetime, Field, StrictBool, StrictInt, StringConstraints, field_validator, model_validator

from app.models.base import Body, Document, Name, Slug
from app.survey.instrument import Group
from app.survey.promise import Access, Promise

InstrumentRef = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}@[1-9][0-9]{0,8}$")]
_ZONES = available_timezones()


class WaveIn(Body):
    """A wave as it is put."""

    title: Name
    simulated: StrictBool = False
    opens_at: AwareDatetime
    closes_at: AwareDatetime
    time_zone: str
    schools: Annotated[list[Slug], Field(min_length=1, max_length=20_000)]
    instruments: Annotated[dict[Group, InstrumentRef], Field(min_length=1)]
    promise: dict[Group, Promise] = {}
    access: dict[Group, Access] = {}

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        if value not in _ZONES:
            raise ValueError("this is no time zone of the IANA database, such as America/New_York")
        return value

    @field_validator("schools")
    @classmethod
    def _once(cls, value: list[str]) -> list[str]:
        if len(set(value)) < len(value):
            raise ValueError("a school is listed twice")
        return value

    @field_validator("opens_at", "closes_at")
    @classmethod
    def _in_reach(cls, value: AwareDatetime) -> AwareDatetime:
        if not 1970 < value.year < 9000:
            raise ValueError("the year is out of reach")
        return value

    @model_validator(mode="after")
    def _consistent(self) -> WaveIn:
        if self.closes_at <= self.opens_at:
            raise ValueError("the wave closes before it opens")
        if stray := sorted(set(self.promise) - set(self.instruments)):
            raise ValueError(f"there is a promise to a group without an instrument: {', '.join(stray)}")
        if stray := sorted(set(self.access) - set(self.instruments)):
            raise ValueError(f"there is access for a group without an instrument: {', '.join(stray)}")
        return self


class WaveOut(Document):
    key: str
    title: str
    status: Literal["scheduled", "open", "closed"]
    simulated: bool
    access: dict[Group, Access]


class RosterLineIn(Body):
    group: Group
    school: Slug | None = None
    eligible: Annotated[StrictInt, Field(ge=0, le=10**9)]


class RosterIn(Body):
    """How many people were eligible, and where the numbers are from."""

    source: Name
    unit: Literal["person", "household", "child"] = "person"
    counts: Annotated[list[RosterLineIn], Field(max_length=100_000)]


class RosterOut(Document):
    wave: str
    source: str
    unit: str
    counts: list[dict[str, Any]]


class ParticipationOut(Document):
    wave: str
    status: str
    cells: list[dict[str, Any]]
