from __future__ import annotations

import copy
from typing import Any

import pytest

from app.analysis import audit
from app.analysis.disclosure import seal
from app.analysis.readable import derived
from tests.analysis.audited import ITEMS, Published, published, union
from tests.analysis.oracle import Group, Row
from tests.analysis.waves import World
from tests.factories import definition, en, rating

OUTCOME = {"key": "overall", "kind": "rating", "scale": "agree5", "text": en("Overall"), "outcome": True}


@pytest.fixture(scope="module")
def world() -> World:
    """Ash and Birch, and a pool of three small schools, of two groups."""
    items = [*ITEMS, rating("wanted"), OUTCOME]
    roster = {"ash": 20, "birch": 20, "cedar": 9, "dogwood": 8, "elm": 12}
    one = union(of={"ash": 40, "birch": 42, "cedar": 4, "dogwood": 3}, roster=roster, items=items)
    other = union(of={"ash": 12, "birch": 14, "cedar": 4, "dogwood": 3}, roster=roster, items=items)
    staff = other.groups[0]
    staff.group = "staff"
    staff.definition = {**staff.definition, "key": "staff", "group": "staff"}
    return World(one.schools, [one.groups[0], staff])


@pytest.fixture(scope="module")
def sound(world: World) -> tuple[Published, dict[str, dict[str, Any]]]:
    """What is published, and the derived documents by what they are."""
    found = published(world)
    reliability, priorities, equity, *gaps = derived(found.facts, seal(found.facts, world.tallies, world.crossed))
    return found, {"reliability": reliability, "priorities": priorities, "equity": equity, "gaps": gaps[0]}


def rules(sound: tuple[Published, dict[str, dict[str, Any]]], **changed: dict[str, Any]) -> set[str]:
    found, documents = sound
    return {one.rule for one in audit.check([*found.documents, *(documents | changed).values()], found.truth)}


def cell(document: dict[str, Any], school: str, of: str = "constructs") -> dict[str, Any]:
    found: dict[str, Any] = next(c for c in document[of][0]["cells"] if c["school"] == school)
    return found


def test_what_is_sound_gives_nothing(sound: Any) -> None:
    assert rules(sound) == set()


def test_figures_in_a_protected_cell(sound: Any) -> None:
    for figures in ({"alpha": 0.5}, {"value": 2.25, "se": 0.5}, {"n": 4, "alpha": 0.5}):
        reliability = copy.deepcopy(sound[1]["reliability"])
        hidden = cell(reliability, "cedar")
        assert hidden["status"] == "protected"
        hidden.update(figures)
        assert rules(sound, reliability=reliability) == {"derived"}


def test_a_hidden_school_told_as_published(sound: Any) -> None:
    for without in ((), ("n",)):
        reliability = copy.deepcopy(sound[1]["reliability"])
        told = {k: v for k, v in cell(reliability, "ash").items() if k not in ("school", *without)}
        cell(reliability, "cedar").update(told)
        assert rules(sound, reliability=reliability) == {"derived"}


def test_other_people_than_are_published(sound: Any) -> None:
    reliability = copy.deepcopy(sound[1]["reliability"])
    cell(reliability, "ash")["n"] -= 1
    assert rules(sound, reliability=reliability) == {"derived"}


def test_a_place_of_a_hidden_school(sound: Any) -> None:
    priorities = copy.deepcopy(sound[1]["priorities"])
    places = next(row["factors"]["places"] for row in priorities["constructs"] if row["factors"]["places"])
    places.append({**places[0], "school": "cedar"})
    assert rules(sound, priorities=priorities) == {"derived"}


def test_how_few_answered_one_of_two_items(sound: Any) -> None:
    priorities = copy.deepcopy(sound[1]["priorities"])
    row = next(row for row in priorities["items"] if row.get("importance"))
    row["importance"]["n"] = row["n"] - 2
    assert rules(sound, priorities=priorities) == {"derived"}


def test_other_people_than_the_others(sound: Any) -> None:
    equity = copy.deepcopy(sound[1]["equity"])
    told = next(c for row in equity["items"] for c in row["cells"] if "others" in c)
    told["others"]["n"] -= 3
    assert rules(sound, equity=equity) == {"derived"}


def test_a_cell_that_is_not_the_summary_s(sound: Any) -> None:
    gaps = copy.deepcopy(sound[1]["gaps"])
    mine = next(c for row in gaps["items"] for c in row["cells"] if c["status"] == "published")
    mine["missing"] += 1
    assert rules(sound, gaps=gaps) == {"derived"}


@pytest.mark.parametrize("document", ["reliability", "priorities", "equity", "gaps"])
def test_a_member_that_nobody_knows(sound: Any, document: str) -> None:
    changed = copy.deepcopy(sound[1][document])
    changed["constructs"][0]["variance"] = 1.5
    assert rules(sound, **{document: changed}) == {"unknown"}


def test_an_option_may_be_called_n() -> None:
    """Counts by option are no number of people of their own."""
    words = {"options": [{"value": v, "label": en(v), "score": i} for i, v in enumerate(("y", "n"))]}
    groups = []
    for group in ("family", "staff"):
        raw = definition(group, [rating("informed", scale="yn")], scales={"yn": words})
        rows: list[Row] = [(school, {"informed": "yn"[i % 2]}) for school in ("ash", "birch") for i in range(12)]
        groups.append(Group(group, raw, True, 5, {}, rows=rows))
    found = published(World(("ash", "birch"), groups))
    assert (
        audit.check([*found.documents, *derived(found.facts, World(("ash", "birch"), groups).sealed)], found.truth)
        == []
    )
