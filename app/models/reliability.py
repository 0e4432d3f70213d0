"""API schemas of reliability, item by item."""

from __future__ import annotations

from typing import Annotated, Literal

from app.models.base import MAYBE, Document
from app.models.results import Cell, ConstructEntry, Figure, Head, ItemKey, ProtectedCell, SchoolKey


class ItemReliability(Document):
    """What one item adds: its correlation with the others, and alpha without it."""

    item: ItemKey
    item_rest: Figure | None
    alpha_if_dropped: Figure | None


class ReliabilityCell(Cell):
    """How well the items hang together, of the `n` people who answered all of them."""

    alpha: Figure | None
    alpha_standardized: Figure | None
    omega: Figure | None
    items: list[ItemReliability]
    warnings: Annotated[list[Literal["low_reliability", "few_people"]], MAYBE]


class ProtectedPlace(ProtectedCell):
    """A cell that is withheld; of a pool its schools are named."""

    schools: Annotated[list[SchoolKey], MAYBE]


class ConstructReliability(ConstructEntry):
    cells: list[ReliabilityCell | ProtectedPlace]


class ReliabilityOut(Head):
    """How well the items of each construct hang together, by cell."""

    constructs: list[ConstructReliability]
