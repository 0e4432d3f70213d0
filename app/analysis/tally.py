"""The tally: additive whole numbers by cell, all that analysis ever needs (docs/decisions/0002).

Decides how records become counts. It knows no statistics and no disclosure: a cell may be anything that people can be
sorted by. `tally(a + b) == tally(a) + tally(b)`, whatever the order of the rows and the size of the batches.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from app.analysis.layout import ConstructMeasures, Histogram, Layout, Scored
from app.survey.codebook import Codebook

Ints = NDArray[np.int64]
Counts = sparse.csr_array[np.int64, tuple[int, int]]
_BATCH = 2**18
"""Characters of records that are counted at once: bounds the temporary memory for any number and width of records."""


@dataclass(frozen=True, eq=False)
class Tally:
    """Counts of cells by measures.

    Attributes
    ----------
    layout : what the measures are.
    cells : names of the cells, in the order of the rows.
    counts : the whole numbers, (cells, `layout.width`); sparse, since hardly any (answered, sum) occurs in a cell.
    """

    layout: Layout
    cells: tuple[Hashable, ...]
    counts: Counts

    def __post_init__(self) -> None:
        if self.counts.shape != (len(self.cells), self.layout.width):
            raise ValueError(f"counts of shape {self.counts.shape} are not of these cells and this instrument")

    @classmethod
    def empty(cls, codebook: Codebook, cells: Sequence[Hashable]) -> Tally:
        """Give the tally of nobody."""
        layout = Layout(codebook)
        return cls(layout, tuple(cells), sparse.csr_array((len(cells), layout.width), dtype=np.int64))

    def __add__(self, other: Tally) -> Tally:
        """Count the people of both; the same measures in the same cells, or ValueError."""
        if self.cells != other.cells or self.counts.shape != other.counts.shape:
            raise ValueError("tallies of other cells or of another instrument do not add up")
        return Tally(self.layout, self.cells, self.counts + other.counts)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Tally):
            return NotImplemented
        if self.cells != other.cells or self.counts.shape != other.counts.shape:
            return False
        return bool((self.counts - other.counts).count_nonzero() == 0)

    def merge(self, members: Mapping[Any, Sequence[Hashable]]) -> Tally:
        """Make new cells, each the sum of some cells of this tally.

        Parameters
        ----------
        members : new cell -> the cells it adds up; none of them gives a cell of nobody. KeyError for an unknown one.
        """
        row_of = {cell: row for row, cell in enumerate(self.cells)}
        entries = [(new, row_of[cell]) for new, cells in enumerate(members.values()) for cell in cells]
        rows, columns = np.array(entries, dtype=np.int64).reshape(-1, 2).T
        ones = np.ones(len(entries), dtype=np.int64)
        adding = sparse.csr_array((ones, (rows, columns)), shape=(len(members), len(self.cells)))
        return Tally(self.layout, tuple(members), (adding @ self.counts).sorted_indices())

    def select(self, cells: Sequence[Hashable]) -> Tally:
        """Keep these cells, in this order."""
        return self.merge({cell: [cell] for cell in cells})

    @cached_property
    def dense(self) -> Ints:
        """All measures before the persons as a full array, (cells, `layout.dense`)."""
        return self.counts[:, : self.layout.dense].toarray()

    @property
    def responses(self) -> Ints:
        """Number of responses, (cells,)."""
        return self.dense[:, self.layout.responses]

    def entries(self, measures: slice) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
        """Give the counts of some measures that are not 0: places of their cells, places in `measures`, the counts."""
        starts = self._by_measure.indptr[measures.start : measures.stop + 1]
        at = slice(starts[0], starts[-1])
        measure = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
        return self._by_measure.indices[at], measure, self._by_measure.data[at]

    @cached_property
    def _by_measure(self) -> sparse.csc_array[np.int64]:
        return self.counts.tocsc()


# ------------------------------------------------------------------ counting
def tally(codebook: Codebook, cells: Sequence[Hashable], index: NDArray[Any], records: NDArray[np.uint8]) -> Tally:
    """Count records by cell.

    Parameters
    ----------
    codebook : of the instrument that the records belong to.
    cells : names of the cells; may be any hashable values.
    index : (n,) whole numbers, for each record its place in `cells`.
    records : (n, width) ASCII codes of the records, a row a response.

    Raises
    ------
    ValueError : for arrays that do not fit each other, and for a record with a code that its column does not have.
    """
    if records.shape != (len(index), codebook.width):
        raise ValueError(f"{len(index)} records of width {codebook.width} expected, not {records.shape}")
    if len(index) and not 0 <= index.min() <= index.max() < len(cells):
        raise ValueError("a record belongs to none of the cells")
    layout = Layout(codebook)
    tables = [_Table.of(histogram) for histogram in layout.histograms]
    dense = np.zeros((len(cells), layout.dense), dtype=np.int64)
    persons = [np.empty((3, 0), dtype=np.int64)]
    rows = max(64, _BATCH // max(codebook.width, 1))
    for start in range(0, len(index), rows):
        batch = _Batch(tables, index[start : start + rows], records[start : start + rows])
        counted, found = batch.count(layout)
        dense[batch.cells] += counted
        persons += found
    people, row, measure = np.concatenate(persons, axis=1)
    shape = (len(cells), layout.width)
    sparsely = sparse.csr_array((people, (row, measure)), shape=shape)
    return Tally(layout, tuple(cells), sparse.csr_array(dense, shape=shape) + sparsely)


@dataclass(frozen=True)
class _Table:
    """What the 256 possible bytes of a column mean."""

    place: NDArray[np.int64]  # in the column's histogram; one past the last for a byte that is no code
    codes: int
    answered: NDArray[np.int32]  # 1 for a scored answer
    score: NDArray[np.int32]  # counted up from the lowest; 0 without one

    @classmethod
    def of(cls, histogram: Histogram) -> _Table:
        place = np.full(256, len(histogram.codes))
        place[[ord(code) for code in histogram.codes]] = np.arange(len(histogram.codes))
        answered, score = np.zeros((2, 256), dtype=np.int32)
        scores = histogram.column.scores
        for code, value in scores.items():
            answered[ord(code)], score[ord(code)] = 1, value - min(scores.values())
        return cls(place, len(histogram.codes), answered, score)


class _Batch:
    """Some records, sorted by cell and turned so that each column lies in one piece."""

    def __init__(self, tables: Sequence[_Table], index: NDArray[Any], records: NDArray[np.uint8]) -> None:
        order = np.argsort(index, kind="stable")
        self.cells, self.starts = np.unique(index[order], return_index=True)
        self.people = np.diff(self.starts, append=len(order))
        self.place = np.repeat(np.arange(len(self.cells)), self.people)
        self.columns = np.ascontiguousarray(records[order].T)
        self.tables = tables

    def count(self, layout: Layout) -> tuple[Ints, list[Ints]]:
        """Give the dense measures of `self.cells`, and of each construct (people, cell, measure) of its persons."""
        dense = np.empty((layout.dense, len(self.cells)), dtype=np.int64)
        dense[layout.responses] = self.people
        for position, histogram in enumerate(layout.histograms):
            dense[histogram.at] = self._histogram(position)
        persons = []
        for construct in layout.constructs.values():
            answered, score = self._scores(construct.items)
            dense[construct.complete] = self._complete(answered, score)
            persons.append(self._persons(answered, score, construct))
        if layout.outcome is not None:
            (met,), (y,) = self._scores([layout.outcome])
            for pair in layout.pairs.values():
                (answered,), (x,) = self._scores([pair.item])
                x, other = x * met, y * answered
                dense[pair.at] = self._sums(np.stack([answered * met, x, other, x * x, other * other, x * other]))
        return dense.T, persons

    def _histogram(self, position: int) -> Ints:
        table = self.tables[position]
        keys = self.place * (table.codes + 1) + table.place[self.columns[position]]
        found = np.bincount(keys, minlength=len(self.cells) * (table.codes + 1)).reshape(len(self.cells), -1).T
        if found[table.codes].any():
            raise ValueError(f"a record has a code at position {position} that its column does not have")
        return found[: table.codes]

    def _scores(self, items: Sequence[Scored]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Of each person and item, whether there is a scored answer (1 or 0) and the score, (items, people)."""
        positions = [item.column.position for item in items]
        answered = [self.tables[p].answered[self.columns[p]] for p in positions]
        return np.stack(answered), np.stack([self.tables[p].score[self.columns[p]] for p in positions])

    def _complete(self, answered: NDArray[np.int32], score: NDArray[np.int32]) -> Ints:
        everything = answered.min(axis=0)
        score = score * everything
        sums = [self._sums(everything[None]), self._sums(score)]
        sums += [self._sums(score[i] * score[i:]) for i in range(len(score))]
        return np.concatenate(sums)

    def _persons(self, answered: NDArray[np.int32], score: NDArray[np.int32], construct: ConstructMeasures) -> Ints:
        measures = construct.persons.stop - construct.persons.start
        keys = self.place * measures + answered.sum(axis=0) * construct.sums + score.sum(axis=0)
        keys, people = np.unique(keys, return_counts=True)
        return np.stack([people, self.cells[keys // measures], construct.persons.start + keys % measures])

    def _sums(self, values: NDArray[np.int32]) -> Ints:
        """Add up each row of `values` by cell, (rows, cells)."""
        return np.add.reduceat(values, self.starts, axis=1, dtype=np.int64)
