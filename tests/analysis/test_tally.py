"""Counting: against the obvious way, and that it adds up whatever the order and the batches."""

from __future__ import annotations

from collections import Counter
from itertools import combinations_with_replacement

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.analysis import tally as tallying
from app.analysis.tally import Tally, tally
from app.survey.codebook import Codebook
from app.survey.instrument import parse
from tests.analysis.waves import SCHOOLS, agreeing, definitions, records_of, tally_rows
from tests.factories import definition, every_kind, rating

BOOK = Codebook(parse(every_kind()))
CELLS = ("a", "b", None)


@st.composite
def batches(draw: st.DrawFn) -> tuple[Codebook, np.ndarray, np.ndarray]:
    """A codebook and up to 150 records of random codes, which skip logic need not allow."""
    book = Codebook(parse(draw(definitions("family"))))
    n, seed = draw(st.integers(0, 150)), draw(st.integers(0, 2**32))
    luck = np.random.default_rng(seed)
    columns = [luck.choice([ord(c) for c in {*column.codes, ".", "-"}], n) for column in book.columns]
    return book, luck.integers(0, 3, n), np.array(columns, dtype=np.uint8).T.reshape(n, book.width)


@settings(max_examples=30)
@given(batches())
def test_every_measure_is_counted_the_obvious_way(batch: tuple[Codebook, np.ndarray, np.ndarray]) -> None:
    book, index, records = batch
    found = tally(book, CELLS, index, records)
    layout, numbers = found.layout, found.counts.toarray()
    for place in range(len(CELLS)):
        rows = ["".join(map(chr, row)) for row in records[index == place]]
        assert numbers[place, 0] == found.responses[place] == len(rows)
        for histogram in layout.histograms:
            seen = Counter(row[histogram.column.position] for row in rows)
            assert numbers[place, histogram.at].tolist() == [seen[code] for code in histogram.codes]
        for construct in layout.constructs.values():
            people = [[i.column.scores.get(row[i.column.position]) for i in construct.items] for row in rows]
            scores = [[s - construct.lowest for s in person if s is not None] for person in people]
            pairs = Counter((len(s), sum(s)) for s in scores)
            shape = (len(construct.items) + 1, construct.sums)
            grid = numbers[place, construct.persons].reshape(shape)
            assert {at: grid[at] for at in zip(*np.nonzero(grid), strict=True)} == dict(pairs)
            whole = [s for s in scores if len(s) == len(construct.items)]
            sums = [sum(s[i] for s in whole) for i in range(len(construct.items))]
            products = combinations_with_replacement(range(len(construct.items)), 2)
            crossed = [sum(s[i] * s[j] for s in whole) for i, j in products]
            assert numbers[place, construct.complete].tolist() == [len(whole), *sums, *crossed]
        assert layout.outcome is not None
        for pair in layout.pairs.values():
            items = (pair.item, layout.outcome)
            both = [
                [i.column.scores[row[i.column.position]] - i.lowest for i in items]
                for row in rows
                if all(row[i.column.position] in i.column.scores for i in items)
            ]
            sums = [sum(f(x, y) for x, y in both) for f in _MOMENTS]
            assert numbers[place, pair.at].tolist() == sums


_MOMENTS = (
    lambda x, y: 1,
    lambda x, y: x,
    lambda x, y: y,
    lambda x, y: x * x,
    lambda x, y: y * y,
    lambda x, y: x * y,
)


@settings(max_examples=30)
@given(batches(), st.data())
def test_tallies_add_up_in_any_order(batch: tuple[Codebook, np.ndarray, np.ndarray], data: st.DataObject) -> None:
    book, index, records = batch
    whole = tally(book, CELLS, index, records)
    cut = data.draw(st.integers(0, len(index)))
    first = tally(book, CELLS, index[:cut], records[:cut])
    assert first + tally(book, CELLS, index[cut:], records[cut:]) == whole
    order = np.random.default_rng(data.draw(st.integers(0, 99))).permutation(len(index))
    assert tally(book, CELLS, index[order], records[order]) == whole
    assert whole + Tally.empty(book, CELLS) == whole


def test_the_size_of_batches_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    luck = np.random.default_rng(5)
    index = luck.integers(0, 3, 500)
    records = luck.choice(np.frombuffer(b"1~.-", np.uint8), (500, 1))
    book = Codebook(parse(definition(items=[rating("informed")])))
    whole = tally(book, CELLS, index, records)
    monkeypatch.setattr(tallying, "_BATCH", 1)
    assert tally(book, CELLS, index, records) == whole


def test_merge_and_select() -> None:
    found = tally_rows(BOOK, ("a", "b"), [("a", {"informed": "agree"})] * 2 + [(None, {"informed": "agree"})] * 3)
    union = found.merge({"union": ("a", "b", None), "empty": ()})
    assert union.cells == ("union", "empty")
    assert union.responses.tolist() == [5, 0]
    assert found.select([None, "a"]).responses.tolist() == [3, 2]
    assert found.merge({}).counts.shape == (0, found.layout.width)
    with pytest.raises(KeyError):
        found.select(["elsewhere"])


def test_nobody_is_a_tally() -> None:
    empty = tally(BOOK, CELLS, np.empty(0, dtype=np.int64), np.empty((0, BOOK.width), dtype=np.uint8))
    assert empty == Tally.empty(BOOK, CELLS)
    assert empty != Tally.empty(BOOK, ("a",))
    assert empty != 0


def test_an_instrument_of_open_items_counts_responses() -> None:
    words = Codebook(parse(definition(items=[{"key": "words", "kind": "text", "text": {"en": "?"}}])))
    found = tally(words, CELLS, np.array([0, 0, 2]), np.empty((3, 0), dtype=np.uint8))
    assert found.responses.tolist() == [2, 0, 1]


@pytest.mark.parametrize(
    ("index", "records", "why"),
    [
        ([0], b"9", "has a code"),
        ([0], b"11", "width 1"),
        ([0, 1], b"1", "2 records"),
        ([3], b"1", "none of the cells"),
        ([-1], b"1", "none of the cells"),
    ],
)
def test_what_does_not_fit_is_refused(index: list[int], records: bytes, why: str) -> None:
    book = Codebook(parse(definition(items=[rating("informed")])))
    with pytest.raises(ValueError, match=why):
        tally(book, CELLS, np.array(index), np.frombuffer(records, np.uint8).reshape(1, -1))


def test_only_equal_cells_and_instruments_add_up() -> None:
    book = Codebook(parse(definition(items=[rating("informed")])))
    with pytest.raises(ValueError, match="do not add up"):
        Tally.empty(book, CELLS) + Tally.empty(book, ("a", "b"))
    with pytest.raises(ValueError, match="do not add up"):
        Tally.empty(book, CELLS) + Tally.empty(BOOK, CELLS)


def test_scores_may_start_anywhere() -> None:
    """Sums are kept from the lowest score, so that 10^15 is no larger than 0."""
    far = {"key": "far", "kind": "integer", "minimum": 10**15 - 40, "maximum": 10**15, "text": {"en": "?"}}
    overall = rating("overall", outcome=True)
    del overall["construct"]
    book = Codebook(parse(definition(items=[far, overall])))
    found = tally_rows(book, SCHOOLS[:1], [("ash", {"far": 10**15, "overall": "agree"})] * 3)
    assert found.dense[0, found.layout.pairs["far"].at].tolist() == [3, 120, 9, 4800, 27, 360]


def test_records_of_the_library_are_counted() -> None:
    rows = agreeing(ash=2, nowhere=1)
    book = Codebook(parse(definition(items=[rating("informed")])))
    assert records_of(book, rows).shape == (3, 1)
    assert tally_rows(book, SCHOOLS[:1], rows).responses.tolist() == [2, 1]
