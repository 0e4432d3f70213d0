"""API schemas of goals: what is to change, how that will be decided, and who answers for it."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, StrictInt, StringConstraints, model_validator

from app.models.base import MAYBE, Body, Document, Listing, Name, Seen, Slug
from app.models.results import FavorableShare, Mean, ShareOfAnswers
from app.models.trends import ConstructShown, ItemShown, MeasuredChange, Withheld
from app.survey.instrument import Group, Setting

Text = Annotated[str, StringConstraints(min_length=1, max_length=4000, pattern=r"\S"), Seen]
Measure = Literal["mean", "favorable"]
GoalVerdict = Literal["met", "not_met", "cannot_tell"]
Status = Literal["proposed", "active", "done", "dropped"]


class FindingIn(Body):
    """A figure of a release: one construct or item of one group, in the union or in schools.

    `schools` null is the union. Schools that are shown together only are named together, and no other with them.
    """

    wave: Slug
    release: Annotated[StrictInt, Field(ge=1)] | None = None
    group: Group
    measured: Slug | None = Field(default=None, alias="construct")  # pydantic's models have a `construct` of their own
    item: Slug | None = None
    schools: Annotated[list[Slug], Field(min_length=1, max_length=1000)] | None = None

    @model_validator(mode="after")
    def _one(self) -> FindingIn:
        if (self.measured is None) == (self.item is None):
            raise ValueError("a finding is about one construct or one item")
        if self.schools is not None and len(set(self.schools)) < len(self.schools):
            raise ValueError("a school is listed twice")
        return self


class TargetIn(Body):
    """What the figure is to be, and what decides: fixed before it is measured.

    `reached`: the figure has reached the target, and the 95% interval of its change leaves out no change.
    `surely_reached`: all of the interval has reached it.
    """

    measure: Measure
    value: Annotated[float, Field(strict=True, allow_inf_nan=False)]
    met_when: Literal["reached", "surely_reached"] = "reached"


class FactorIn(Body):
    """A cause behind the finding."""

    title: Name
    evidence: Text | None = None
    note: Text | None = None


class GoalIn(Body):
    """A goal as it is put."""

    title: Name
    priority: Name
    settings: Annotated[list[Setting], Field(min_length=1, max_length=4)]
    finding: FindingIn
    target: TargetIn
    factors: Annotated[list[FactorIn], Field(max_length=50)] = []
    owner: Name
    due: date
    stakeholders: Annotated[list[Name], Field(max_length=100)] = []
    status: Status = "active"

    @model_validator(mode="after")
    def _decidable(self) -> GoalIn:
        if self.target.measure == "favorable" and self.finding.measured is not None:
            raise ValueError("the favorable share of a construct has no interval to decide by: take its mean")
        return self


class NewGoal(GoalIn):
    """A goal as it is posted; without a key, one is made from the title."""

    key: Slug | None = None


class ProposalIn(Body):
    finding: FindingIn


class ReleaseMark(Document):
    """Which release a figure is of."""

    number: int
    digest: str
    released_at: AwareDatetime


class PlaceOut(Document):
    """A group in a school, in a pool, or in the union."""

    group: Group
    school: str | None
    schools: Annotated[list[str], MAYBE]


class BaselineCell(PlaceOut):
    """A figure that a goal begins with, as its release has it."""

    n: int
    eligible: int | None
    mean: Annotated[Mean, MAYBE]
    favorable: Annotated[FavorableShare | ShareOfAnswers | None, MAYBE]


class ScaleEnds(Document):
    """The lowest and the highest score."""

    lowest: int
    highest: int


class BaselineOut(Document):
    """What a goal begins with."""

    wave: str
    title: str
    simulated: bool
    release: ReleaseMark
    measured: Annotated[str, Field(default_factory=str, alias="construct")]
    item: Annotated[str, MAYBE]
    text: str
    scale: ScaleEnds
    cells: list[BaselineCell]


class Proposed(Document):
    """The smallest change that could be shown, and the figure with it, if there is room for it."""

    change: float
    value: float | None


class ProposedCell(PlaceOut):
    mean: Proposed | None
    favorable: Annotated[Proposed | None, MAYBE]


class ProposalOut(Document):
    """The figure that a goal would begin with, and what could be aimed at."""

    baseline: BaselineOut
    proposal: list[ProposedCell]


class GoalOut(Document):
    """A goal with the figure that it began with."""

    key: str
    title: str
    priority: str
    settings: list[Setting]
    finding: FindingIn
    target: TargetIn
    baseline: BaselineOut
    factors: list[FactorIn]
    owner: str
    due: date
    stakeholders: list[str]
    status: Status
    fixed_at: Annotated[AwareDatetime, Field(description="Waves that had closed by then decide nothing about it.")]


class GoalList(Listing[GoalOut]):
    """Goals."""


class ProgressCell(PlaceOut):
    """What a later wave shows of one cell of a goal."""

    earlier: ItemShown | ConstructShown | Withheld | None
    later: ItemShown | ConstructShown | Withheld | None
    change: MeasuredChange | None
    verdict: GoalVerdict
    reason_code: Annotated[str, MAYBE]
    reading: str


class ProgressWave(Document):
    """What a later wave says of a goal."""

    wave: str
    title: str
    simulated: bool
    release: ReleaseMark | None
    verdict: GoalVerdict
    reason_code: Annotated[str, MAYBE]
    reading: str
    cells: list[ProgressCell]


class ProgressOut(Document):
    """Whether a goal was met; the verdict is that of the newest wave."""

    goal: str
    title: str
    simulated: bool
    status: Status
    due: date
    target: TargetIn
    baseline: BaselineOut
    waves: list[ProgressWave]
    verdict: GoalVerdict
    reason_code: Annotated[str, MAYBE]
    reading: str
