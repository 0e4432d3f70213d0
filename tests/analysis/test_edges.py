"""Waves at the edges: every document of theirs is sound JSON, is what the oracle says, and is the same in any order.

Warnings are errors in all tests, so that none of these can print one.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.analysis import audiences
from app.analysis.audit import Truth, check
from app.analysis.readable import derived, readable
from app.analysis.trends import trends
from tests.analysis.comparing import differences
from tests.analysis.oracle import Group, Row
from tests.analysis.waves import World, answers, canonical, scale, worlds
from tests.factories import definition, en, options, rating

PLAN = {"key": "plan", "kind": "single", "options": options("yes", "no"), "text": en("Plan?"), "attribute": True}
BELIEF = [{"key": "communication", "title": en("Communication"), "setting": "family"}]


def documents(world: World) -> Iterator[dict[str, Any]]:
    """Every document of a wave, and a trend of it with itself."""
    yield from readable(world.facts, world.sealed, audiences.everyone(world.summary))
    yield trends([(world.facts, world.sealed)] * 2, "director")
    yield from derived(world.facts, world.sealed, schools=6)


def wave(
    schools: int = 2,
    people: int = 12,
    points: int = 5,
    items: int = 3,
    silent: float = 0.1,
    alike: bool = False,
    confidential: bool = True,
    census: bool = False,
) -> World:
    """Two groups with the same items in so many schools, so many people in each."""
    names = tuple(f"s{i:04d}" for i in range(schools))
    rows_of = {group: list(_rows(names, people, points, items, silent, alike, group)) for group in ("family", "staff")}
    k = 5 if confidential else 1
    roster: dict[str | None, int] = dict.fromkeys(names, people if census else people + 3)
    groups = [
        Group(group, _definition(group, points, items), confidential, k, roster, rows=rows)
        for group, rows in rows_of.items()
    ]
    return World(names, groups)


def _definition(group: str, points: int, items: int) -> dict[str, Any]:
    asked = [rating(f"i{n}", scale="s", **({"reverse": True} if n == 1 else {})) for n in range(items)]
    outcome = {"key": "overall", "kind": "rating", "scale": "s", "text": en("Overall"), "outcome": True}
    return definition(group, [*asked, PLAN, outcome], scales={"s": scale(points, 1, 1, 1)}, constructs=BELIEF)


def _rows(
    schools: tuple[str, ...], people: int, points: int, items: int, silent: float, alike: bool, group: str
) -> Iterator[Row]:
    luck, raw = random.Random(f"{schools}{group}"), _definition(group, points, items)
    one = {"overall": "v1", "plan": "yes", **{f"i{n}": "v1" for n in range(items)}}
    for school in schools:
        for _ in range(people):
            yield school, dict(one) if alike else answers(raw, luck, silent)


EDGES: dict[str, dict[str, Any]] = {
    "nobody": {"people": 0},
    "one person": {"schools": 1, "people": 1},
    "one person, attributed": {"schools": 1, "people": 1, "confidential": False},
    "one of two": {"schools": 1, "people": 2, "confidential": False},
    "one of each school": {"schools": 6, "people": 1},
    "census of one": {"schools": 1, "people": 1, "confidential": False, "census": True},
    "census": {"census": True},
    "all agree": {"alike": True},
    "all agree, one school": {"schools": 1, "alike": True, "people": 40},
    "nobody answers": {"silent": 1},
    "one school": {"schools": 1, "people": 30},
    "two points": {"points": 2},
    "eleven points": {"points": 11},
    "a construct of one item": {"items": 1},
    "a construct of two items": {"items": 2, "people": 35},
}


@pytest.mark.parametrize("edge", EDGES.values(), ids=EDGES)
def test_documents_at_the_edges(edge: dict[str, Any]) -> None:
    world = wave(**edge)
    found = list(documents(world))
    for one in found:
        json.dumps(one, allow_nan=False)
    assert check(found, Truth.of(world.facts, world.tallies, world.crossed)) == []  # the auditor knows all of them
    assert differences(world.summary, world.expected) == []
    assert differences(world.by("plan"), world.expected_by("plan")) == []


def test_a_thousand_schools() -> None:
    world = wave(schools=1000, people=8, silent=0)
    for found in documents(world):
        json.dumps(found, allow_nan=False)
    shown = [c for c in world.summary["items"][0]["cells"] if c["status"] == "published"]
    assert len(shown) > 1900


@settings(max_examples=20)
@given(worlds(), st.randoms(use_true_random=False))
def test_no_order_changes_a_byte(world: World, luck: random.Random) -> None:
    shuffled = [Group(**{**vars(g), "rows": luck.sample(g.rows, len(g.rows))}) for g in world.groups]
    for before, after in zip(documents(world), documents(World(world.schools, shuffled)), strict=True):
        json.dumps(before, allow_nan=False)
        assert canonical(before) == canonical(after)
