"""API schemas of goals: what is to change, how that will be decided, and who answers for it."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field, StrictInt, StringConstraints, model_validator

from app.models.base import Body, Document, Name, Slug
from app.survey.instrument import Group, Setting

Text = Annotated[str, StringConstraints(min_length=1, max_length=4000, pattern=r"\S")]
Measure = Literal["mean", "favorable"]
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


class ProposalOut(Document):
    baseline: dict[str, Any]
    proposal: list[dict[str, Any]]


class GoalOut(Document):
    key: str
    title: str
    priority: str
    settings: list[Setting]
    finding: dict[str, Any]
    target: dict[str, Any]
    baseline: dict[str, Any]
    factors: list[dict[str, Any]]
    owner: str
    due: date
    stakeholders: list[str]
    status: Status


class ProgressOut(Document):
    goal: str
    verdict: Literal["met", "not_met", "cannot_tell"]
    reading: str
    waves: list[dict[str, Any]]
