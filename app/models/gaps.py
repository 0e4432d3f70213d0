"""API schemas of gaps: groups against each other."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from app.models.base import MAYBE, Document
from app.models.results import (
    ConstructCell,
    ConstructEntry,
    Figure,
    Head,
    ItemCell,
    ItemEntry,
    Part,
    ProtectedCell,
    SchoolKey,
)
from app.survey.instrument import Group

Obstacle = Literal["different_items", "no_scores", "protected", "too_few_people", "no_variance"]
Sentence = Annotated[str, Field(examples=["It cannot be told whether families and staff rate it differently."])]


class MeanDifference(Document):
    """A difference of two means with its 95% interval (Welch)."""

    value: Figure | None
    se: Figure | None
    df: Figure | None
    low: Figure | None
    high: Figure | None


class ShareDifference(Document):
    """A difference of two favorable shares with its 95% interval (Newcombe)."""

    value: Annotated[float, Field(ge=-1, le=1, examples=[-0.12])] | None
    low: Annotated[float, Field(ge=-1, le=1, examples=[-0.21])] | None
    high: Annotated[float, Field(ge=-1, le=1, examples=[-0.02])] | None


class Difference(Document):
    mean: MeanDifference | None
    favorable: ShareDifference | None


class Test(Document):
    """A test's p value, and the same adjusted for the number of tests."""

    p: Part | None
    p_adjusted: Part | None


class RankTest(Test):
    """Mann-Whitney."""

    u: Figure | None


class Effect(Document):
    cliffs_delta: Figure | None
    hedges_g: Figure | None


class Comparison(Document):
    """What a row says in words: `reading`, or the `reason` why nothing is compared."""

    reading: Sentence | None
    reason_code: Annotated[Obstacle, MAYBE]
    reason: Annotated[str, MAYBE]


class OfTwo(Comparison):
    """Group `a` minus group `b`."""

    difference: Difference | None
    effect: Effect | None
    test: RankTest | None


class ItemGap(OfTwo, ItemEntry):
    """An item that both groups were asked."""

    a: ItemCell | ProtectedCell
    b: ItemCell | ProtectedCell


class ConstructGap(OfTwo, ConstructEntry):
    """A construct that both groups share."""

    a: ConstructCell | ProtectedCell
    b: ConstructCell | ProtectedCell


class KruskalTest(Test):
    """Kruskal-Wallis."""

    h: Figure | None
    df: int


class EffectOfSeveral(Document):
    epsilon_squared: Figure | None


class OfSeveral(Comparison):
    effect: EffectOfSeveral | None
    test: KruskalTest | None


class ItemAmong(OfSeveral, ItemEntry):
    """An item that all groups were asked."""

    cells: list[ItemCell | ProtectedCell]


class ConstructAmong(OfSeveral, ConstructEntry):
    """A construct that all groups share."""

    cells: list[ConstructCell | ProtectedCell]


class Pair(Document):
    """Two groups: what both share."""

    a: Group
    b: Group
    items: list[ItemGap]
    constructs: list[ConstructGap]


class GapsOut(Pair, Head):
    """One group against another, in the whole union or in one school."""

    school: SchoolKey | None


class GapsAmongOut(Head):
    """Several groups: all together, and each pair."""

    groups: list[Group]
    school: SchoolKey | None
    items: list[ItemAmong]
    constructs: list[ConstructAmong]
    pairs: list[Pair]
