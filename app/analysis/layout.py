"""The measures of a tally: which whole numbers are counted for an instrument, and where each one stands.

Decides what analysis can ever know of the people who answered. It knows nothing of cells or of counting.
"""

from __future__ import annotations

from dataclasses import dataclass

from app.survey.codebook import Codebook
from app.survey.columns import MISSING, NOT_APPLICABLE, NOT_ASKED, Column


@dataclass(frozen=True)
class Histogram:
    """People by code of one column: every code of an answer, then those of `.`, `-`, `~` that are not among them."""

    column: Column
    codes: tuple[str, ...]
    at: slice

    def place(self, code: str) -> int:
        """Give the place of a code in a row of the tally."""
        return int(self.at.start) + self.codes.index(code)


@dataclass(frozen=True)
class Scored:
    """A scored column. Its scores are counted up from the lowest: small whole numbers wherever the scale starts."""

    column: Column
    lowest: int
    highest: int

    @classmethod
    def of(cls, column: Column) -> Scored:
        return cls(column, min(column.scores.values()), max(column.scores.values()))


@dataclass(frozen=True)
class ConstructMeasures:
    """What is counted of one construct with k items, whose scores share lowest and highest.

    Attributes
    ----------
    items : its scored columns, in the order of the instrument.
    complete : of people who answered every item: how many (m), the k sums of their scores, and the k (k + 1) / 2 sums
        of products of two items' scores, in the order of `numpy.triu_indices(k)`.
    persons : people by (answered, sum): answered 0 to k; for each, the sum of the answered scores, 0 to k * spread.
    """

    key: str
    items: tuple[Scored, ...]
    complete: slice
    persons: slice

    @property
    def lowest(self) -> int:
        return self.items[0].lowest

    @property
    def sums(self) -> int:
        """Number of sums told apart: 0 to k times the distance from the lowest score to the highest."""
        return len(self.items) * (self.items[0].highest - self.items[0].lowest) + 1


@dataclass(frozen=True)
class PairMeasures:
    """A scored item with the outcome item, people who answered both: m, sums of x, y, x², y² and xy."""

    item: Scored
    at: slice


class Layout:
    """Where the measures of one instrument stand in a row of `width` whole numbers.

    The order is part of the format in which a release keeps its tallies: responses, histograms by column, complete
    cases by construct, pairs by item, and last, because they are many and mostly 0, persons by construct.

    Attributes
    ----------
    histograms : one for each column of the codebook, in order.
    constructs : by key; those of the instrument that have items.
    pairs : by item key; every scored item but the outcome itself. Empty without an outcome item.
    outcome : the scored column of the outcome item, if there is one.
    dense : number of measures before the persons.
    """

    responses = 0

    def __init__(self, codebook: Codebook) -> None:
        self.codebook = codebook
        self.width = 1
        self.histograms = tuple(self._histogram(column) for column in codebook.columns)
        scored = {column.item: Scored.of(column) for column in codebook.columns if column.scores}
        instrument = codebook.instrument
        parts = {key: tuple(scored[item] for item in items) for key, items in instrument.construct_items.items()}
        complete = {key: self._take(1 + len(items) * (len(items) + 3) // 2) for key, items in parts.items()}
        self.outcome = scored.pop(instrument.outcome) if instrument.outcome is not None else None
        self.pairs = {key: PairMeasures(item, self._take(6)) for key, item in scored.items() if self.outcome}
        self.dense = self.width
        self.constructs: dict[str, ConstructMeasures] = {}
        for key, items in parts.items():
            bare = ConstructMeasures(key, items, complete[key], slice(0))
            persons = self._take((len(items) + 1) * bare.sums)
            self.constructs[key] = ConstructMeasures(key, items, complete[key], persons)

    def of_item(self, key: str) -> tuple[Histogram, ...]:
        """Give the histograms of a closed item: one, or for a multiple one for each option."""
        return tuple(self.histograms[column.position] for column in self.codebook.of_item[key])

    def _histogram(self, column: Column) -> Histogram:
        codes = tuple(dict.fromkeys((*column.codes, MISSING, NOT_ASKED, NOT_APPLICABLE)))
        return Histogram(column, codes, self._take(len(codes)))

    def _take(self, measures: int) -> slice:
        self.width += measures
        return slice(self.width - measures, self.width)
