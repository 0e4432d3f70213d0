"""The seal: bytes and back, and nothing in it of what is withheld."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given, settings

from app.analysis.layout import Layout
from app.analysis.sealed import Level, Sealed
from app.analysis.summarize import summarize
from tests.analysis.oracle import Group
from tests.analysis.waves import SCHOOLS, World, agreeing, canonical, one_item, worlds
from tests.factories import definition, en, rating


@settings(max_examples=30)
@given(worlds())
def test_the_same_summary_from_the_bytes(world: World) -> None:
    data = world.sealed.dump()
    loaded = Sealed.load(data)
    assert canonical(summarize(world.facts, loaded)) == canonical(world.summary)
    assert loaded.dump() == data


def test_another_format_is_refused() -> None:
    document = orjson.loads(zlib.decompress(one_item([]).sealed.dump()))
    with pytest.raises(ValueError, match="format 99"):
        Sealed.load(zlib.compress(orjson.dumps(document | {"format": 99})))


@settings(max_examples=40)
@given(worlds())
def test_what_is_withheld_is_zero(world: World) -> None:
    for group, facts in zip(world.sealed.groups, world.facts.groups, strict=True):
        layout, counts = Layout(facts.codebook), group.counts.toarray()
        apart = np.array([not cell.is_union for cell in group.cells], dtype=bool)
        blocks: list[tuple[Level, slice]] = [(group.items[h.column.item], h.at) for h in layout.histograms]
        for key, construct in layout.constructs.items():
            blocks += [(group.constructs[key], construct.complete), (group.constructs[key], construct.persons)]
        assert layout.outcome is not None
        for key, pair in layout.pairs.items():
            blocks.append((min(group.items[key], group.items[layout.outcome.column.item]), pair.at))
        for level, at in blocks:
            assert level == Level.SCHOOLS or not counts[apart, at].any()
            assert level >= Level.UNION or not counts[:, at].any()
        if group.confidential:
            for at in [c.complete for c in layout.constructs.values()] + [p.at for p in layout.pairs.values()]:
                few = counts[:, at.start] < group.minimum
                assert not counts[few, at].any()


def sealed_of(rows: list[Any], items: list[dict[str, Any]], schools: tuple[str, ...] = SCHOOLS[:3]) -> bytes:
    return World(schools, [Group("family", definition(items=items), True, 5, {}, rows=rows)]).sealed.dump()


def test_who_of_a_pool_answered_what_is_gone() -> None:
    """Two pooled schools exchange people: not a byte of the release knows."""
    rows = [("ash", {"informed": "agree"})] * 4 + [("birch", {"informed": "disagree"})] * 4 + agreeing(cedar=8)
    swapped = [({"ash": "birch", "birch": "ash"}.get(school, school), given) for school, given in rows]
    assert sealed_of(rows, [rating("informed")]) == sealed_of(swapped, [rating("informed")])


def test_answers_to_a_withheld_item_are_gone() -> None:
    """An item with four answers in all is shown nowhere, whatever they are."""
    items = [rating("informed"), {"key": "again", "kind": "boolean", "text": en("Again?")}]
    people: list[Any] = agreeing(ash=8, birch=8, cedar=8)

    def with_answers(*values: bool) -> bytes:
        answering = [(s, {**a, "again": v}) for (s, a), v in zip(people, values, strict=False)]
        return sealed_of(answering + people[len(values) :], items)

    assert with_answers(True, True, True, True) == with_answers(False, True, False, False) == with_answers()


def test_where_a_union_wide_item_was_answered_is_gone() -> None:
    """Nine in all answer, four of them in one school: the schools exchange their answers, the union stays."""
    items = [{"key": "again", "kind": "boolean", "text": en("Again?")}]
    ash = [("ash", {"again": i % 2 == 0} if i < 4 else {}) for i in range(8)]
    birch = [("birch", {"again": True} if i < 5 else {}) for i in range(8)]
    other = [("birch" if s == "ash" else "ash", a) for s, a in ash + birch]
    assert sealed_of([*ash, *birch], items, SCHOOLS[:2]) == sealed_of(other, items, SCHOOLS[:2])


def test_a_summary_needs_the_instrument_it_was_sealed_with() -> None:
    world = one_item(agreeing(ash=6))
    other = World(world.schools, [Group("family", definition(), True, 5, {})])
    other.facts.groups[0].__dict__["instrument"] = "family@2"
    with pytest.raises(ValueError, match="sealed with family@1"):
        summarize(other.facts, world.sealed)
