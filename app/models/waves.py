"""API schemas of waves and rosters."""

from __future__ import annotations

from typing import Annotated, Literal
from zoneinfo import available_timezones

from pydantic import AwareDatetime, Field, StrictBool, StrictInt, StringConstraints, field_validator, model_validator

from app.models.base import Body, Document, Listing, Name, Slug, shown
from app.models.results import PromiseOut, ProtectedCell, Turnout
from app.survey.instrument import Group
from app.survey.promise import Access, Promise

InstrumentRef = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}@[1-9][0-9]{0,8}$")]
WaveStatus = Literal["scheduled", "open", "closed"]
Unit = Literal["person", "household", "child"]
_ZONES = available_timezones()


class WaveIn(Body):
    """A wave as it is put."""

    model_config = shown(
        title="Fall 2022",
        opens_at="2022-10-03T00:00:00-04:00",
        closes_at="2022-10-28T23:59:59-04:00",
        time_zone="America/New_York",
        schools=["erving", "leverett", "shutesbury", "swift-river"],
        instruments={"family": "family@1", "staff": "staff@1"},
        promise={"family": {"mode": "confidential", "minimum": 10}},
        access={"family": "code"},
    )
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


class Promised(PromiseOut):
    """What a group is promised, its mark, and the same in plain words by language."""

    digest: str
    in_words: dict[Annotated[str, Field(examples=["en"])], str]


class WaveOut(Document):
    """A wave."""

    key: Annotated[str, Field(examples=["2022-fall"])]
    title: Annotated[str, Field(examples=["Fall 2022"])]
    status: WaveStatus
    simulated: bool
    opens_at: AwareDatetime
    closes_at: AwareDatetime
    closed_at: AwareDatetime | None
    time_zone: Annotated[str, Field(examples=["America/New_York"])]
    schools: list[Annotated[str, Field(examples=["erving"])]]
    instruments: Annotated[dict[Group, str], Field(examples=[{"family": "family@1"}])]
    access: dict[Group, Access]
    promise: dict[Group, Promised]


class WaveList(Listing[WaveOut]):
    """Waves."""


class RosterLineIn(Body):
    group: Group
    school: Slug | None = None
    eligible: Annotated[StrictInt, Field(ge=0, le=10**9)]


class RosterIn(Body):
    """How many people were eligible, and where the numbers are from."""

    model_config = shown(
        source="Enrollment of October 1", counts=[{"group": "family", "school": "erving", "eligible": 118}]
    )
    source: Name
    unit: Unit = "person"
    counts: Annotated[list[RosterLineIn], Field(max_length=100_000)]


class RosterLine(Document):
    group: Group
    school: str | None
    eligible: int


class RosterOut(Document):
    """How many people were eligible."""

    wave: str
    source: str
    unit: Unit
    counts: list[RosterLine]


class ParticipationOut(Document):
    """How many have answered; `school` null is the whole union."""

    wave: str
    status: WaveStatus
    cells: list[Turnout | ProtectedCell]
