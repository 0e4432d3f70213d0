"""Counting the stored responses of a wave: the same as counting them one by one, in parts of any size."""

from __future__ import annotations

import random
from typing import Any

import pytest

from app.services import counting, waves
from tests import factories
from tests.analysis.waves import cross_rows, tally_rows
from tests.factories import en, options, rating
from tests.server import Api, must
from tests.services.sending import bulk

PLAN = {"key": "plan", "kind": "single", "options": options("yes", "no"), "text": en("Plan?"), "attribute": True}
BUS = {"key": "bus", "kind": "boolean", "text": en("Bus?"), "attribute": True}
GROUPS = ("family", "staff", "school_leader")


@pytest.mark.parametrize("rows", [counting.CHUNK_ROWS, 7])
def test_every_response_is_counted_once(api: Api, monkeypatch: pytest.MonkeyPatch, rows: int) -> None:
    """Families by two attributes and leaders by one; staff have none and are counted by school alone."""
    items = [rating("informed"), rating("heard"), PLAN]
    definitions = [
        factories.definition("family", [*items, BUS]), factories.definition("staff"),
        factories.definition("school_leader", items),
    ]  # fmt: skip
    wave = api.wave(*definitions)
    luck = random.Random(3)
    bodies = [factories.response(group, school(luck, group), answers(luck, group)) for group in GROUPS * 20]
    assert bulk(api.admin, wave, bodies)["accepted"] == len(bodies)
    must(api.admin.post(f"/v1/waves/{wave}/close"))
    monkeypatch.setattr(counting, "CHUNK_ROWS", rows)
    with api.database.read() as session:
        facts = waves.facts(session, waves.find(session, wave))
        tallies, crossed = counting.count(session, facts)
    assert list(tallies) == ["family", "school_leader", "staff"]
    assert list(crossed) == ["family", "school_leader"]
    for group in facts.groups:
        mine = [(b["school"], b["answers"]) for b in bodies if b["group"] == group.group]
        assert tallies[group.group] == tally_rows(group.codebook, facts.schools, mine)
        if group.group in crossed:
            assert crossed[group.group] == cross_rows(group.codebook, facts.schools, mine)


def school(luck: random.Random, group: str) -> str | None:
    return luck.choice([*factories.SCHOOLS, *([None] if group == "school_leader" else [])])


def answers(luck: random.Random, group: str) -> dict[str, Any]:
    given: dict[str, Any] = {"informed": luck.choice(factories.AGREE), "heard": luck.choice([None, "neutral"])}
    if group != "staff":
        given["plan"] = luck.choice([None, "yes", "no"])
    return given | ({"bus": luck.choice([None, True, False])} if group == "family" else {})
