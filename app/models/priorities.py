"""API schemas of priorities: what matters most, and what is behind it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from app.models.base import MAYBE, Document
from app.models.equity import ConstructDifference
from app.models.gaps import Sentence, ShareDifference, Test
from app.models.results import ConstructKey, Head, ItemKey, Part, People, SchoolKey, Text, Title
from app.survey.instrument import Group, Setting

Verdict = Literal["less_favorable", "more_favorable", "no_clear_difference", "cannot_tell"]
Rank = Annotated[int, Field(ge=0, examples=[1])]
Correlation = Annotated[float, Field(ge=-1, le=1, examples=[0.43])]


class Need(Document):
    """The share of answers that are not favorable; that of a construct has no interval."""

    value: Part
    low: Part | None
    high: Part | None


class Importance(Document):
    """The correlation with the outcome, of the people who answered both."""

    value: Correlation
    low: Correlation
    high: Correlation
    n: People | None


class Breadth(Document):
    """In how many of the published cells the share is below the union's."""

    below: People
    of: People


class Ranked(Document):
    """One measure of a group, union-wide; `rank` is null without answers."""

    group: Group
    school: None
    setting: Setting | None
    shared: bool


class RankedFigures(Document):
    status: Literal["published"]
    n: People
    need: Need | None
    importance: Importance | None
    breadth: Breadth | None
    warnings: Annotated[list[Literal["few_people"]], MAYBE]
    rank: Rank | None
    rank_low: Rank | None
    rank_high: Rank | None


class ItemOfGroup(Ranked):
    item: ItemKey
    construct_: Annotated[ConstructKey | None, Field(alias="construct")]
    text: Text
    reverse: bool


class RankedItem(RankedFigures, ItemOfGroup):
    """An item by its rank."""


class ProtectedItem(ItemOfGroup):
    status: Literal["protected"]


class Versus(Document):
    """Others against the people of the row; `verdict` is null where nobody can say what is better."""

    n: People
    answers: People
    need: Part | None
    difference: ConstructDifference
    test: Test
    verdict: Verdict | None


class OnItem(Document):
    favorable: ShareDifference


class ByItem(Document):
    item: ItemKey
    difference: OnItem


class FactorItem(Document):
    item: ItemKey
    text: Text
    n: People
    need: Need | None
    importance: Importance | None
    breadth: Breadth | None


class FactorGroup(Versus):
    """Another group that is asked the same."""

    group: Group
    status: Literal["published"]
    items: list[ByItem]


class ProtectedGroup(Document):
    group: Group
    status: Literal["protected"]


class FactorPlace(Versus):
    """A school or the pool against the rest; `items` are those on which it is lower, where it is."""

    school: SchoolKey | None
    schools: Annotated[list[SchoolKey], MAYBE]
    items: Annotated[list[ByItem], MAYBE]


class Factors(Document):
    """What is behind a need."""

    items: list[FactorItem]
    groups: list[FactorGroup | ProtectedGroup]
    places: list[FactorPlace]


class ConstructOfGroup(Ranked):
    construct_: Annotated[ConstructKey, Field(alias="construct")]
    title: Title


class RankedConstruct(RankedFigures, ConstructOfGroup):
    """A construct by its rank; `n` people gave so many `answers` to its items."""

    answers: People
    factors: Factors
    reading: Sentence


class ProtectedConstruct(ConstructOfGroup):
    status: Literal["protected"]


class SettingNeed(Document):
    """A setting: the answers to all of its published constructs."""

    group: Group
    school: None
    setting: Setting
    constructs: list[ConstructKey]
    answers: People
    need: Part


class OutcomeOut(Document):
    """The item that importance is measured against."""

    item: ItemKey
    text: Text
    status: Literal["published", "protected"]


class PrioritiesOut(Head):
    """Items, constructs and settings of each group, the greatest need first."""

    note: str
    outcomes: dict[Group, OutcomeOut | None]
    items: list[RankedItem | ProtectedItem]
    constructs: list[RankedConstruct | ProtectedConstruct]
    settings: list[SettingNeed]
