"""API schemas of results: releases, and the summaries that are sliced from them.

They describe the documents of `analysis`, and make none: a member that may be absent is marked `MAYBE`. A cell is
exact, banded or protected; which one, its members say.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from app.auth import Audience
from app.models.base import MAYBE, Document, Listing, shown
from app.survey.instrument import Group, Setting

Key = Annotated[str, Field(examples=["2022-fall"])]
SchoolKey = Annotated[str, Field(examples=["erving"])]
ItemKey = Annotated[str, Field(examples=["comm_informed"])]
ConstructKey = Annotated[str, Field(examples=["communication"])]
Text = Annotated[str, Field(examples=["I am told in time what I need to know."])]
Title = Annotated[str, Field(examples=["Communication with families"])]
Digest = Annotated[str, Field(examples=["sha256:9b18c87016c4dd6f00004a78f9813f2f41a962cd599a22cf53cce98b05c1f54a"])]
People = Annotated[int, Field(ge=0, examples=[24])]
Figure = Annotated[float, Field(examples=[3.79])]
Part = Annotated[float, Field(ge=0, le=1, examples=[0.71])]
Fineness = Literal["exact", "banded", "none"]
Kind = Literal["rating", "single", "multiple", "boolean", "integer"]
Warned = Literal["few_people", "low_reliability", "low_response", "many_not_applicable", "roster_exceeded"]


# ------------------------------------------------------------------ what a document is of
class ReleaseMember(Document):
    """Which release a document is of; `digest` is that of the whole document that the reader's audience reads."""

    number: Annotated[int, Field(ge=1)]
    status: Literal["final"]
    released_at: AwareDatetime
    digest: Digest
    definitions: str


class ReleaseOut(ReleaseMember):
    """A release, as its reader's audience reads it."""

    wave: Key


class ReleaseList(Listing[ReleaseOut]):
    """The releases of a wave, oldest first."""


class PromiseOut(Document):
    """What a group was promised. Only a confidential one has more than its mode."""

    mode: Literal["confidential", "attributed"]
    minimum: Annotated[int, MAYBE]
    director: Annotated[Fineness, MAYBE]
    principal: Annotated[Fineness, MAYBE]
    public: Annotated[Fineness, MAYBE]


class FieldedOut(Document):
    """The version of an instrument that a group was asked."""

    instrument: Annotated[str, Field(examples=["family@1"])]
    digest: Digest


class WaveHead(Document):
    """The wave that a document is of, and what those who answered were promised and asked."""

    wave: Key
    title: Annotated[str, Field(examples=["Fall 2022"])]
    simulated: bool
    promise: dict[Group, PromiseOut]
    instruments: dict[Group, FieldedOut]
    release: ReleaseMember


class Head(WaveHead):
    audience: Audience


# ------------------------------------------------------------------ figures
class Mean(Document):
    """A mean with its 95% interval; corrected for the finite population where the roster says how large it is."""

    value: Figure | None
    sd: Figure | None
    se: Figure | None
    low: Figure | None
    high: Figure | None


class FavorableShare(Document):
    """A favorable share with its 95% interval, and what it could be if everyone had answered."""

    count: People
    share: Part | None
    low: Part | None
    high: Part | None
    floor: Part | None
    ceiling: Part | None
    flip: People | None


class ShareOfAnswers(Document):
    """A construct's favorable share: answers to all of its items, added up."""

    count: People
    n: People
    share: Part | None


class Band(Document):
    """The ends of a range in which a favorable share lies."""

    low: Part
    high: Part


class StratifiedMean(Document):
    value: Figure | None
    se: Figure | None
    low: Figure | None
    high: Figure | None


class StratifiedShare(Document):
    share: Part | None
    low: Part | None
    high: Part | None


class Stratified(Document):
    """The union weighted by the size of its schools; `covered` is the number of people whom it stands for."""

    covered: People
    mean: Annotated[StratifiedMean, MAYBE]
    favorable: Annotated[StratifiedShare | None, MAYBE]


class Reliability(Document):
    """How well the items of a construct hang together, of the `n` people who answered all of them."""

    n: People
    alpha: Figure | None
    alpha_standardized: Figure | None
    omega: Figure | None


# ------------------------------------------------------------------ cells
class ProtectedCell(Document):
    """A cell that is withheld: no reason, no base, no hint."""

    group: Group
    school: SchoolKey | None
    status: Literal["protected"]


class Cell(Document):
    """A published cell: one group in one school, in a pool (`schools`), or in the whole union (`school` null)."""

    group: Group
    school: SchoolKey | None
    status: Literal["published"]
    schools: Annotated[list[SchoolKey], MAYBE]
    n: People


class BandedCell(Cell):
    """A cell for readers who get no exact figures."""

    favorable: Band


class ItemFigures(Document):
    """What is published of one item and some people; counts are by option, as it was answered."""

    missing: People
    not_applicable: People
    not_asked: People
    eligible: People | None
    counts: Annotated[dict[str, int], Field(examples=[{"agree": 12, "disagree": 3, "neutral": 4}])]
    favorable: Annotated[FavorableShare | None, MAYBE]
    mean: Annotated[Mean, MAYBE]
    warnings: Annotated[list[Warned], MAYBE]


class ConstructFigures(Document):
    """What is published of one construct and some people; its mean is of their scores."""

    eligible: People | None
    mean: Mean
    favorable: ShareOfAnswers | None
    reliability: Reliability | None
    warnings: Annotated[list[Warned], MAYBE]


class OverStrata(Document):
    """What the union's cell adds to an item or construct that is shown school by school."""

    stratified: Annotated[Stratified | None, MAYBE]
    kish_design_effect: Annotated[Figure | None, MAYBE]


class ItemCell(ItemFigures, OverStrata, Cell):
    """A cell of an item, exact."""

    model_config = shown(
        group="staff",
        school="erving",
        status="published",
        n=24,
        missing=1,
        not_applicable=0,
        not_asked=0,
        eligible=34,
        counts={"agree": 12, "disagree": 3, "neutral": 4, "strongly_agree": 5, "strongly_disagree": 0},
        favorable={
            "count": 17, "share": 0.708, "low": 0.61, "high": 0.79, "floor": 0.5, "ceiling": 0.79, "flip": 2,
        },
        mean={"value": 3.79, "sd": 0.93, "se": 0.1, "low": 3.58, "high": 4.0},
    )  # fmt: skip


class ConstructCell(ConstructFigures, OverStrata, Cell):
    """A cell of a construct, exact."""


# ------------------------------------------------------------------ summaries
class OptionOut(Document):
    """An option. One with a score says whether it is favorable, reversed items taken into account."""

    value: Annotated[str, Field(examples=["agree"])]
    label: Annotated[str, Field(examples=["Agree"])]
    score: Annotated[int, MAYBE]
    favorable: Annotated[bool, MAYBE]
    not_applicable: Annotated[Literal[True], MAYBE]


class ItemEntry(Document):
    """One question: all but its figures."""

    item: ItemKey
    construct_: Annotated[ConstructKey | None, Field(alias="construct")]
    setting: Setting | None
    text: Text
    reverse: bool
    kind: Kind
    options: list[OptionOut]


class ConstructEntry(Document):
    """One idea that several questions measure: all but its figures."""

    construct_: Annotated[ConstructKey, Field(alias="construct")]
    title: Title
    setting: Setting | None
    items: list[ItemKey]


class ItemOut(ItemEntry):
    """An item with its cells: of every group that was asked it, each school, the union, and the pool if it is shown."""

    cells: list[ItemCell | BandedCell | ProtectedCell]


class ConstructOut(ConstructEntry):
    """A construct with its cells, as of an item."""

    cells: list[ConstructCell | BandedCell | ProtectedCell]


class Turnout(Document):
    """How many have answered, of how many; `needed` are missing to the minimum of a confidential group."""

    group: Group
    school: SchoolKey | None
    eligible: People | None
    responses: People
    rate: Annotated[float, Field(ge=0, examples=[0.62])] | None
    needed: Annotated[People, MAYBE]


class SummaryOut(Head):
    """All published figures of a wave, or a slice of them."""

    participation: list[Turnout | ProtectedCell]
    items: list[ItemOut]
    constructs: list[ConstructOut]


# ------------------------------------------------------------------ by the categories of an attribute
class ProtectedCategory(ProtectedCell):
    """A category that is withheld; null are people without a valid answer."""

    category: Annotated[str | None, Field(examples=["no"])]


class Category(Document):
    """A published category, union-wide; `categories` are those that are shown together as `other`."""

    group: Group
    school: None
    status: Literal["published"]
    category: Annotated[str | None, Field(examples=["yes"])]
    categories: Annotated[list[str | None], MAYBE]
    n: People


class ItemByCategory(ItemFigures, Category):
    """The figures of an item in one category."""


class ConstructByCategory(ConstructFigures, Category):
    """The figures of a construct in one category."""


class ItemByOut(ItemEntry):
    cells: list[ItemByCategory | ProtectedCategory]


class ConstructByOut(ConstructEntry):
    cells: list[ConstructByCategory | ProtectedCategory]


class BreakdownOut(Head):
    """All published figures by the categories of one attribute, union-wide."""

    attribute: Annotated[str, Field(examples=["has_plan"])]
    text: Text
    options: list[OptionOut]
    items: list[ItemByOut]
    constructs: list[ConstructByOut]
