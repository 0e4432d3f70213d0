"""API schemas of trends: what changed from wave to wave."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from app.auth import Audience
from app.models.base import MAYBE, Document
from app.models.gaps import MeanDifference, Sentence, ShareDifference, Test
from app.models.results import (
    ConstructEntry,
    Figure,
    ItemEntry,
    Key,
    People,
    SchoolKey,
    ShareOfAnswers,
    WaveHead,
)
from app.survey.instrument import Group

Obstacle = Literal[
    "only_later",
    "only_earlier",
    "kind_changed",
    "reverse_changed",
    "scale_changed",
    "favorable_changed",
    "items_changed",
    "item_not_comparable",
]
Untold = Literal["protected", "not_in_wave", "other_schools", "too_few_people", "no_variance"]
Verdict = Literal["up", "down", "no_clear_change", "cannot_tell"]


class WaveOfTrend(WaveHead):
    """One of the waves, earliest first, and its newest release."""

    opens_at: AwareDatetime
    closes_at: AwareDatetime


class Withheld(Document):
    """What a wave withholds."""

    status: Literal["protected"]


class Center(Document):
    value: Figure | None
    sd: Figure | None


class Shown(Document):
    """What one wave shows of a cell."""

    status: Literal["published"]
    n: People
    eligible: People | None
    mean: Center


class ShareOfPeople(Document):
    count: People
    share: Annotated[float, Field(ge=0, le=1, examples=[0.71])] | None


class ItemShown(Shown):
    favorable: ShareOfPeople | None


class ConstructShown(Shown):
    favorable: ShareOfAnswers | None


class MeasuredChange(Document):
    """Later minus earlier."""

    mean: MeanDifference
    favorable: ShareDifference | None


class ChangeTest(Test):
    """Welch, without correction for the finite population."""

    t: Figure | None
    df: Figure | None


class Detectable(Document):
    """The smallest change that so many answers would show in four of five cases; `mean_finite` too."""

    mean: Figure | None
    mean_finite: Figure | None
    favorable: Annotated[Figure | None, MAYBE]


class Changed(Document):
    """A group in one place, in two waves; a wave that was not held there is null."""

    group: Group
    school: SchoolKey | None
    schools: Annotated[list[SchoolKey], MAYBE]
    change: MeasuredChange | None
    test: ChangeTest | None
    detectable: Detectable | None
    verdict: Verdict
    reason_code: Annotated[Untold, MAYBE]
    reading: Sentence


class ItemChanged(Changed):
    earlier: ItemShown | Withheld | None
    later: ItemShown | Withheld | None


class ConstructChanged(Changed):
    earlier: ConstructShown | Withheld | None
    later: ConstructShown | Withheld | None


class Compared(Document):
    """Two waves that follow one another; what cannot be compared says why and has no cells."""

    from_: Annotated[Key, Field(alias="from")]
    to: Key
    groups: list[Group]
    comparable: bool
    reason_code: Annotated[Obstacle, MAYBE]
    reason: Annotated[str, MAYBE]
    text_changed: Annotated[bool, MAYBE]
    asked_of_changed: Annotated[bool, MAYBE]


class ItemTrend(Compared, ItemEntry):
    cells: list[ItemChanged]


class ConstructTrend(Compared, ConstructEntry):
    cells: list[ConstructChanged]


class TrendsOut(Document):
    """What changed from each wave to the next, for the groups that the reader gets exact figures of."""

    audience: Audience
    simulated: bool
    waves: list[WaveOfTrend]
    items: list[ItemTrend]
    constructs: list[ConstructTrend]
