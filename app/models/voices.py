"""API schemas of voices: what was said at open meetings, beside the survey."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from app.auth import Audience
from app.models.base import MAYBE, Document
from app.models.results import ConstructCell, ProtectedCell, ReleaseMember
from app.survey.instrument import Group, Setting


class VoicePlace(Document):
    """The closest place that may be named."""

    group: Group
    school: str | None
    schools: Annotated[list[str], MAYBE]


class AttendanceCell(VoicePlace):
    """How many came to the meeting that most of them came to."""

    status: Literal["published"]
    people: int


class ThemeOut(Document):
    """What was raised, at how many meetings, and by whom."""

    title: str
    meetings: int
    places: list[VoicePlace]


class QuoteOut(VoicePlace):
    """Somebody's words, with their consent."""

    theme: str | None
    text: str


class Said(Document):
    """Themes and quotes."""

    themes: list[ThemeOut]
    quotes: list[QuoteOut]


class ConstructVoices(Said):
    """What a survey's construct shows of the whole union, and what was said of it."""

    construct_: Annotated[str, Field(alias="construct")]
    title: str
    setting: Setting | None
    survey: list[ConstructCell | ProtectedCell]


class VoicesOut(Document):
    """What was said at open meetings, beside the constructs of a wave; `elsewhere` is what belongs to none."""

    wave: str
    title: str
    audience: Audience
    simulated: bool
    release: ReleaseMember
    meetings: int
    attendance: list[AttendanceCell | ProtectedCell]
    constructs: list[ConstructVoices]
    elsewhere: Said
