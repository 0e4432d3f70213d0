"""API schemas of activities: meetings, visits, days of learning; of their occurrences and of calendar feeds."""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import Annotated, Any, Literal, TypeVar
from zoneinfo import available_timezones

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BeforeValidator,
    Field,
    StrictBool,
    StrictInt,
    StringConstraints,
    field_validator,
    model_validator,
)

from app.models.base import Body, Document, Listing, Name, Slug
from app.models.goals import Text
from app.survey.instrument import Group, Setting

Kind = Literal[
    "principal_meeting", "liaison_meeting", "observation", "coffee_and_conversation", "professional_development",
    "other",
]  # fmt: skip
Status = Literal["planned", "held", "canceled"]
People = Annotated[StrictInt, Field(ge=0, le=1_000_000)]
LONGEST = timedelta(days=14)


Reached = TypeVar("Reached", bound=date)


def _in_reach(value: Reached) -> Reached:
    if not 1970 < value.year < 2200:
        raise ValueError("the year is out of reach")
    return value


def _known_zone(value: str) -> str:
    if value not in _ZONES:
        raise ValueError("this is no time zone of the IANA database, such as America/New_York")
    return value


def _written(value: Any) -> Any:
    if not isinstance(value, str | date | time):  # a number would be taken for seconds
        raise ValueError("write it as RFC 3339 has it")
    return value


_ZONES = available_timezones() - {"localtime", "Factory"}
AsText = BeforeValidator(_written)
Moment = Annotated[AwareDatetime, AsText, AfterValidator(_in_reach)]
Day = Annotated[date, AsText, AfterValidator(_in_reach)]
Zone = Annotated[str, AfterValidator(_known_zone)]
Schools = Annotated[list[Slug], Field(max_length=1000)]


class Attendee(Body):
    """Who attends, by role; `person` where one of several is meant."""

    role: Name
    school: Slug | None = None
    person: Name | None = None


class Note(Body):
    """A note; a private one is the director's alone and in no calendar."""

    text: Text
    private: StrictBool = False


class FollowUp(Body):
    text: Text
    owner: Name
    due: Day | None = None
    done: StrictBool = False


class Attended(Body):
    group: Group
    school: Slug | None = None
    people: People


class Theme(Body):
    """What was raised at a meeting: under a construct of the surveys where it fits one."""

    title: Name
    under: Slug | None = Field(default=None, alias="construct")  # pydantic's models have a `construct` of their own
    settings: Annotated[list[Setting], Field(max_length=4)] = []
    groups: Annotated[list[Group], Field(max_length=4)] = []
    note: Text | None = None


class Quote(Body):
    """Somebody's words, kept only with their consent."""

    text: Text
    group: Group
    school: Slug | None = None
    theme: Name | None = None
    consent: Annotated[StrictBool, Field(json_schema_extra={"const": True})]

    @field_validator("consent")
    @classmethod
    def _given(cls, value: bool) -> bool:
        if not value:
            raise ValueError("nobody is quoted without consent")
        return value


class Record(Body):
    """What is written down of a meeting, before and after."""

    status: Status = "planned"
    agenda: Annotated[list[Text], Field(max_length=100)] = []
    notes: Annotated[list[Note], Field(max_length=100)] = []
    follow_ups: Annotated[list[FollowUp], Field(max_length=100)] = []
    attendance: Annotated[list[Attended], Field(max_length=4000)] = []
    themes: Annotated[list[Theme], Field(max_length=100)] = []
    quotes: Annotated[list[Quote], Field(max_length=100)] = []

    @model_validator(mode="after")
    def _once(self) -> Record:
        cells = [(line.group, line.school) for line in self.attendance]
        if len(set(cells)) < len(cells):
            raise ValueError("the attendance of a group in a school is given twice")
        return self


class Change(Record):
    """One occurrence that differs, named by the time at which its rule puts it; only what is given differs."""

    at: Moment
    starts_at: Moment | None = None
    ends_at: Moment | None = None

    @model_validator(mode="after")
    def _times(self) -> Change:
        if (self.starts_at is None) != (self.ends_at is None):
            raise ValueError("starts_at and ends_at change together")
        if self.starts_at is not None and self.ends_at is not None:
            check_length(self.starts_at, self.ends_at)
        return self


class Recurrence(Body):
    """An RFC 5545 recurrence rule that ends, by the clock of the activity's time zone."""

    rule: Annotated[str, StringConstraints(max_length=400)]
    left_out: Annotated[list[Moment], Field(alias="except", max_length=1000)] = []
    changes: Annotated[list[Change], Field(max_length=1000)] = []


class ActivityIn(Record):
    """An activity as it is put. Without schools it is one of all schools."""

    kind: Kind
    title: Name
    schools: Schools = []
    starts_at: Moment
    ends_at: Moment
    time_zone: Zone
    recurrence: Recurrence | None = None
    attendees: Annotated[list[Attendee], Field(max_length=200)] = []
    place: Name | None = None
    goals: Annotated[list[Slug], Field(max_length=100)] = []
    wave: Slug | None = None
    survey: Slug | None = None

    @model_validator(mode="after")
    def _consistent(self) -> ActivityIn:
        check_length(self.starts_at, self.ends_at)
        if len(set(self.schools)) < len(self.schools):
            raise ValueError("a school is listed twice")
        return self


def check_length(starts_at: AwareDatetime, ends_at: AwareDatetime) -> None:
    if not timedelta(0) < ends_at - starts_at <= LONGEST:
        raise ValueError("it ends after it starts, and within 14 days")


class NewActivity(ActivityIn):
    """An activity as it is posted; without a key, one is made from the title."""

    key: Slug | None = None


class Recorded(Document):
    """What an activity and each of its occurrences have. Without schools it is one of all schools."""

    kind: Kind
    title: str
    status: Status
    schools: list[str]
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    time_zone: str
    attendees: list[Attendee]
    place: str | None
    goals: list[str]
    wave: str | None
    survey: str | None
    agenda: list[str]
    notes: list[Note]
    follow_ups: list[FollowUp]
    attendance: list[Attended]
    themes: list[Theme]
    quotes: list[Quote]


class ActivityOut(Recorded):
    """An activity; who is no director reads no private notes, and of other schools no attendance and no quotes."""

    key: str
    recurrence: Recurrence | None


class ActivityList(Listing[ActivityOut]):
    """Activities."""


class FeedIn(Body):
    """A calendar's secret address; without schools or kinds it holds all."""

    name: Name
    schools: Annotated[list[Slug], Field(min_length=1, max_length=1000)] | None = None
    kinds: Annotated[list[Kind], Field(min_length=1, max_length=6)] | None = None


class FeedOut(Document):
    """A calendar's secret address, without the address."""

    id: str
    name: str
    schools: list[str] | None
    kinds: list[Kind] | None
    created_at: AwareDatetime
    revoked_at: AwareDatetime | None


class FeedList(Listing[FeedOut]):
    """Feeds."""


class FeedMade(FeedOut):
    """The only reply that holds the address."""

    address: str


class OccurrenceOut(Recorded):
    """One time that an activity takes place; `at` is when its rule puts it."""

    activity: str
    at: AwareDatetime


class OccurrencesOut(Listing[OccurrenceOut]):
    """What takes place, in time order."""
