"""API schemas of equity: categories of people against everybody else."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from app.models.base import MAYBE, Document
from app.models.gaps import MeanDifference, Sentence, ShareDifference, Test
from app.models.results import (
    Category,
    ConstructKey,
    Head,
    ItemKey,
    OptionOut,
    People,
    ProtectedCategory,
    ShareOfAnswers,
    Text,
    Title,
)
from app.models.trends import Center, ShareOfPeople
from app.survey.instrument import Group, Setting

Verdict = Literal["worse", "better", "no_clear_difference", "cannot_tell"]
AttributeKey = Annotated[str, Field(examples=["has_plan"])]


class ShareValue(Document):
    """A difference of shares of answers; it has no interval, since a person gives several."""

    value: Annotated[float, Field(ge=-1, le=1, examples=[-0.12])] | None


class ItemDifference(Document):
    mean: MeanDifference
    favorable: ShareDifference | None


class ConstructDifference(Document):
    mean: MeanDifference
    favorable: ShareValue | None


class ItemSample(Document):
    n: People
    mean: Center
    favorable: ShareOfPeople | None


class ConstructSample(Document):
    n: People
    mean: Center
    favorable: ShareOfAnswers | None


class Against(Document):
    """A category against all other people of its group; `verdict` is null where nobody can say what is better."""

    test: Test
    verdict: Verdict | None


class ItemAgainst(Against, ItemSample, Category):
    others: ItemSample
    difference: ItemDifference


class ConstructAgainst(Against, ConstructSample, Category):
    others: ConstructSample
    difference: ConstructDifference


class AttributeOut(Document):
    """An attribute of a group; protected where none of its categories is shown."""

    group: Group
    attribute: AttributeKey
    text: Text
    options: list[OptionOut]
    status: Literal["published", "protected"]


class ItemEquity(Document):
    group: Group
    attribute: AttributeKey
    item: ItemKey
    construct_: Annotated[ConstructKey | None, Field(alias="construct")]
    setting: Setting | None
    text: Text
    cells: list[ItemAgainst | ProtectedCategory]


class ConstructEquity(Document):
    group: Group
    attribute: AttributeKey
    construct_: Annotated[ConstructKey, Field(alias="construct")]
    title: Title
    setting: Setting | None
    cells: list[ConstructAgainst | ProtectedCategory]


class EquityRow(Against):
    """One construct and category, in the order of verdict and size; `others` is the number of people."""

    group: Group
    attribute: AttributeKey
    construct_: Annotated[ConstructKey, Field(alias="construct")]
    title: Title
    setting: Setting | None
    category: Annotated[str | None, Field(examples=["yes"])]
    categories: Annotated[list[str | None], MAYBE]
    label: Annotated[str, Field(examples=["Yes"])]
    n: People
    others: People
    difference: ConstructDifference
    reading: Sentence


class EquityOut(Head):
    """Who is served worse: each category of each attribute against all other people of its group."""

    note: str
    attributes: list[AttributeOut]
    items: list[ItemEquity]
    constructs: list[ConstructEquity]
    table: list[EquityRow]
