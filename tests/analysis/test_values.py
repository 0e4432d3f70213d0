"""People by distinct value: exactly, and laid side by side."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from math import lcm

from hypothesis import given, settings

from app.analysis import values
from tests.analysis.oracle import OneGroup
from tests.analysis.waves import World, worlds


@settings(max_examples=25)
@given(worlds(1))
def test_as_counted_one_by_one(world: World) -> None:
    here, tally = OneGroup(world.groups[0], world.schools), world.tallies[world.groups[0].group]
    for place, school in enumerate((*world.schools, None)):
        for item in here.closed:
            if item["kind"] in ("rating", "integer"):
                scores = Counter(here.score(item, value) for value in here.valid(item, (school,)))
                assert values.of_item(tally, item["key"], place) == scores
        for key, measures in tally.layout.constructs.items():
            common = lcm(*range(1, len(measures.items) + 1))
            scores = Counter((s - measures.lowest) * common for s in here.person_scores(key, (school,)))
            found = values.of_construct(tally, key, place)
            assert {Fraction(value): n for value, n in found.items()} == scores


def test_side_by_side() -> None:
    ours, theirs = [{3: 2, 1: 1}, {}, {7: 1}], [{2: 5}, {}, {7: 2, 10**30: 1}]
    a, b = values.aligned([ours, theirs])
    assert a.tolist() == [[1, 0, 2], [0, 0, 0], [1, 0, 0]]
    assert b.tolist() == [[0, 5, 0], [0, 0, 0], [2, 1, 0]]
    assert [side.shape for side in values.aligned([[], []])] == [(0, 0), (0, 0)]
