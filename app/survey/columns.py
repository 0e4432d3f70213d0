"""Options, scales, and the columns of the record that hold what was chosen.

Decides what an option may be and what a character of the record can stand for. It knows no items.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import Field, model_validator

from app.survey.base import Model, OptionValue, Text

CODES = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
MISSING, NOT_ASKED, NOT_APPLICABLE = ".", "-", "~"


class Wrong(Exception):
    """An answer that is not one of this item: a code, a sentence, and what would have been right."""

    def __init__(
        self, code: str, detail: str, expected: tuple[Any, ...] | None = None, below: tuple[str | int, ...] = ()
    ) -> None:
        super().__init__(detail)
        self.code, self.detail, self.expected, self.below = code, detail, expected, below


# ------------------------------------------------------------------ options and scales
class Option(Model):
    """One option of a single or multiple choice."""

    value: OptionValue
    label: Text
    not_applicable: bool = False


class ScaleOption(Model):
    """One option of a scale: scored, or outside the scale (`not_applicable`)."""

    value: OptionValue
    label: Text
    score: Annotated[int, Field(ge=-1000, le=1000)] | None = None
    favorable: bool = False
    not_applicable: bool = False

    @model_validator(mode="after")
    def _scored_or_not_applicable(self) -> ScaleOption:
        if self.not_applicable and (self.score is not None or self.favorable):
            raise ValueError("an option that is not applicable has no score and is not favorable")
        if not self.not_applicable and self.score is None:
            raise ValueError("an option needs a score, or `not_applicable: true`")
        return self


class Scale(Model):
    """An ordered set of options that several items share."""

    options: Annotated[list[ScaleOption], Field(min_length=2, max_length=60)]

    @model_validator(mode="after")
    def _usable(self) -> Scale:
        values = [o.value for o in self.options]
        scores = self.scores
        if len(set(values)) < len(values):
            raise ValueError("two options have the same value")
        if len(set(scores)) < len(scores):
            raise ValueError("two options have the same score")
        if len(scores) < 2:
            raise ValueError("a scale needs at least two scored options")
        return self

    @property
    def scores(self) -> list[int]:
        return [o.score for o in self.options if o.score is not None]

    @property
    def lowest(self) -> int:
        return min(self.scores)

    @property
    def highest(self) -> int:
        return max(self.scores)


@dataclass(frozen=True, slots=True)
class Column:
    """One character of the record.

    Attributes
    ----------
    item, option : the item, and for a multiple choice the option, that the column holds.
    position : 0-based place in the record.
    codes : every code of an answer and what it stands for (`.`, `-` are not among them).
    not_applicable : the codes that stand for "not applicable / don't know".
    scores : code -> scored value, reversal already applied; empty where the item is not scored.
    favorable : the codes that count as favorable, reversal already applied.
    counts : code -> the key under which people with this code are counted.
    """

    item: str
    option: str | None
    position: int
    codes: Mapping[str, Any]
    not_applicable: frozenset[str] = frozenset()
    scores: Mapping[str, int] = field(default_factory=dict)
    favorable: frozenset[str] = frozenset()
    counts: Mapping[str, str] = field(default_factory=dict)

    @property
    def valid(self) -> tuple[str, ...]:
        """The codes of valid answers: all but the not-applicable ones."""
        return tuple(c for c in self.codes if c not in self.not_applicable)
