"""Counting by attribute: against the obvious way, and that it adds up whatever the order and the parts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.analysis.crossing import Bases, Crossed, categories, cross
from app.analysis.tally import tally
from app.survey.codebook import Codebook
from app.survey.instrument import parse
from tests.analysis.waves import definitions
from tests.factories import definition, en, every_kind, options, rating

CELLS = ("a", "b", None)
PLAN: dict[str, Any] = {"key": "plan", "kind": "single", "options": options("yes", "no"), "text": en("Plan?")}


def book_of(*items: dict[str, Any]) -> Codebook:
    return Codebook(parse(definition(items=[rating("informed"), *items])))


@st.composite
def batches(draw: st.DrawFn) -> tuple[Codebook, np.ndarray, np.ndarray]:
    """A codebook and up to 80 records of random codes, which skip logic need not allow."""
    book = Codebook(parse(draw(definitions("family"))))
    n, luck = draw(st.integers(0, 80)), np.random.default_rng(draw(st.integers(0, 2**32)))
    columns = [luck.choice([ord(c) for c in {*column.codes, ".", "-"}], n) for column in book.columns]
    return book, luck.integers(0, 3, n), np.array(columns, dtype=np.uint8).T.reshape(n, book.width)


def category(book: Codebook, attribute: str, record: str) -> str | None:
    column = book.of_item[attribute][0]
    value = column.codes.get(record[column.position])
    if record[column.position] in column.not_applicable:
        return None
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else value


@settings(max_examples=40)
@given(batches())
def test_everything_is_counted_the_obvious_way(batch: tuple[Codebook, np.ndarray, np.ndarray]) -> None:
    book, index, rows = batch
    found = cross(book, CELLS, index, rows)
    records = ["".join(map(chr, row)) for row in rows]
    attributes = book.instrument.attributes
    sorted_by: dict[str | None, list[Any]] = {None: [CELLS[at] for at in index]}
    sorted_by |= {a: [category(book, a, record) for record in records] for a in attributes}
    values = {None: CELLS} | {a: categories(book, a) for a in attributes}
    pairs = [(None, a) for a in attributes] + [(a, b) for i, a in enumerate(attributes) for b in attributes[i + 1 :]]
    assert list(found.people) == pairs
    answered = {
        item: [r[columns[0].position] in columns[0].valid for r in records] for item, columns in book.of_item.items()
    }
    scored = {
        key: [2 * sum(answered[item][i] for item in items) >= len(items) for i in range(len(records))]
        for key, items in book.instrument.construct_items.items()
    }
    for (by, of), people in found.people.items():
        for r, row in enumerate(values[by]):
            for c, column in enumerate(values[of]):
                here = [i for i in range(len(records)) if (sorted_by[by][i], sorted_by[of][i]) == (row, column)]
                assert people[r, c, 0] == len(here)
                for item, base in found.bases.items.items():
                    assert people[r, c, base] == sum(answered[item][i] for i in here)
                for key, base in found.bases.constructs.items():
                    assert people[r, c, base] == sum(scored[key][i] for i in here)
    assert list(found.tallies) == list(attributes)
    for attribute, of_categories in found.tallies.items():
        at = np.array([values[attribute].index(value) for value in sorted_by[attribute]], dtype=np.int64)
        assert of_categories == tally(book, values[attribute], at, rows)


@settings(max_examples=30)
@given(batches(), st.data())
def test_counts_add_up_in_any_order(batch: tuple[Codebook, np.ndarray, np.ndarray], data: st.DataObject) -> None:
    book, index, rows = batch
    whole = cross(book, CELLS, index, rows)
    cut = data.draw(st.integers(0, len(index)))
    assert cross(book, CELLS, index[:cut], rows[:cut]) + cross(book, CELLS, index[cut:], rows[cut:]) == whole
    order = np.random.default_rng(data.draw(st.integers(0, 99))).permutation(len(index))
    assert cross(book, CELLS, index[order], rows[order]) == whole
    assert whole + Crossed.empty(book, CELLS) == whole
    if len(index) and book.instrument.attributes:
        assert whole + whole != whole


def test_the_order_of_categories_is_that_of_the_options() -> None:
    book = Codebook(parse(every_kind()))
    assert categories(book, "has_plan") == ("yes", "no", "unsure", None)
    outside = {**PLAN, "options": [*options("b", "a"), {"value": "unsure", "label": en("?"), "not_applicable": True}]}
    book = book_of(
        {**outside, "attribute": True}, {"key": "bus", "kind": "boolean", "text": en("?"), "attribute": True}
    )
    assert categories(book, "plan") == ("b", "a", None)
    assert categories(book, "bus") == ("true", "false", None)


def test_without_attributes_nothing_is_counted() -> None:
    found = Crossed.empty(book_of(PLAN), CELLS)
    assert (found.tallies, found.people) == ({}, {})
    assert Bases.of(book_of(PLAN)) == Bases({"informed": 1, "plan": 2}, {"communication": 3}, 4)


def test_folding_adds_up_rows_and_columns() -> None:
    book = book_of({**PLAN, "attribute": True})
    records = np.frombuffer(b"41424..14142", np.uint8).reshape(6, 2)
    found = cross(book, CELLS, np.array([0, 0, 1, 1, 2, 2]), records)
    folded = found.folded((None, "plan"), np.array([0, 1, 1]), np.array([0, 1, 0]))
    assert folded[:, :, 0].tolist() == [[1, 1], [3, 1]]  # everybody
    assert folded[:, :, 1].tolist() == [[1, 1], [2, 1]]  # who answered `informed`: one did not


@pytest.mark.parametrize("other", [Crossed.empty(book_of({**PLAN, "attribute": True}), ("a", "b")), None])
def test_only_equal_cells_and_instruments_add_up(other: Crossed | None) -> None:
    found = Crossed.empty(book_of({**PLAN, "attribute": True}), CELLS)
    other = other or Crossed.empty(book_of(PLAN), CELLS)
    with pytest.raises(ValueError, match="do not add up"):
        found + other
    assert found != other
    assert found != 0


def test_a_code_that_its_column_does_not_have() -> None:
    book = book_of({**PLAN, "attribute": True})
    with pytest.raises(ValueError, match="has a code"):
        cross(book, CELLS, np.array([0]), np.frombuffer(b"49", np.uint8).reshape(1, 2))
