"""Which attributes, items and constructs are shown by category, by example. On any wave: `test_breakdown.py`."""

from __future__ import annotations

from itertools import chain
from typing import Any

import pytest

from app.analysis.disclosure import seal
from app.analysis.sealed import Level
from tests.analysis.oracle import Group, Row
from tests.analysis.waves import SCHOOLS, World, cross_rows
from tests.factories import definition, en, options, rating

PLAN: dict[str, Any] = {
    "key": "plan", "kind": "single", "options": options("yes", "no", "soon"), "text": en("Plan?"), "attribute": True,
}  # fmt: skip
BUS: dict[str, Any] = {"key": "bus", "kind": "boolean", "text": en("Bus?"), "attribute": True}
ITEMS = [rating("informed"), rating("heard"), PLAN, BUS]


def people(school: str | None, n: int, **answers: Any) -> list[Row]:
    """So many people of a school who answer everything, but what is said."""
    return [(school, {"informed": "agree", "heard": "neutral"} | answers)] * n


def world(*rows: list[Row], k: int = 5, items: list[dict[str, Any]] = ITEMS, **more: Any) -> World:
    more = {"confidential": True, "roster": {}} | more
    return World(SCHOOLS[:2], [Group("family", definition(items=items), k=k, rows=list(chain(*rows)), **more)])


def shown(of: World, attribute: str = "plan") -> tuple[list[Any], set[str], set[str]]:
    """The published categories, and the items and constructs that are shown."""
    found = of.sealed.groups[0].by(attribute)
    cells = [list(c.categories) if c.categories else c.category for c in found.cells]
    assert {*found.items.values(), *found.constructs.values()} <= {Level.NOWHERE, Level.UNION}
    return cells, {i for i, far in found.items.items() if far}, {c for c, far in found.constructs.items() if far}


# ------------------------------------------------------------------ attributes
def test_two_large_categories_in_each_school() -> None:
    found = world(*(people(s, 6, plan=p, bus=True) for s in ("ash", "birch") for p in ("yes", "no")))
    assert shown(found) == (["yes", "no"], {"informed", "heard", "bus"}, {"communication"})
    assert shown(found, "bus") == (["true"], {"informed", "heard", "plan"}, {"communication"})


def test_schools_that_are_categories_but_for_a_few() -> None:
    """Ash has a plan and Birch has none, but for two and two: Ash less `yes` would be four people."""
    rows = [people("ash", 20, plan="yes"), people("birch", 20, plan="no")]
    few = [people("ash", 2, plan="no"), people("birch", 2, plan="yes")]
    assert shown(world(*rows, *few)) == ([], set(), set())
    assert shown(world(*rows))[0] == ["yes", "no"]  # exactly: the difference is nobody
    assert shown(world(*rows, *few, *few))[0] == ["yes", "no"]  # eight


def test_a_difference_of_two_schools_and_one_category() -> None:
    """`no` are all of Birch and of the people without a school, but for three."""
    rows = [people("ash", 15, plan="yes"), people("birch", 9, plan="no"), people(None, 8, plan="no")]
    assert shown(world(*rows))[0] == ["yes", "no"]
    assert shown(world(*rows, people(None, 3, plan="yes")))[0] == []
    assert shown(world(*rows, people(None, 5, plan="yes")))[0] == ["yes", "no"]


def test_what_is_left_of_the_union_counts_like_a_cell() -> None:
    """Eight without a school are not published, but follow. Of these seven have a plan, and nobody else."""
    rows = [people("ash", 9, plan="no"), people("birch", 9, plan="no"), people(None, 7, plan="yes")]
    assert shown(world(*rows))[0] == ["yes", "no"]
    assert shown(world(*rows, people(None, 1, plan="no")))[0] == []


def test_who_does_not_answer_is_a_category() -> None:
    rows = [
        people("ash", 9, plan="yes"),
        people("birch", 9),
        people("ash", 6, plan="no"),
        people("birch", 5, plan="no"),
    ]
    assert shown(world(*rows))[0] == ["yes", "no", None]
    small = [people(s, n, plan=p) for s in ("ash", "birch") for n, p in ((9, "yes"), (2, "no"), (2, "soon"))]
    assert shown(world(*small))[0] == ["yes", ["no", "soon"]]


def test_an_unpublished_union_has_no_breakdown() -> None:
    assert shown(world(people("ash", 4, plan="yes"))) == ([], set(), set())
    assert world().sealed.groups[0].breakdowns == ()


def test_attributes_against_each_other() -> None:
    """All who have a plan come by bus, and three more. The second attribute is withheld, the first is not."""
    rows = [people(s, 6, plan="yes", bus=True) for s in ("ash", "birch")]
    rows += [people(s, 8, plan="no", bus=False) for s in ("ash", "birch")]
    assert shown(world(*rows), "bus")[0] == ["true", "false"]
    three = world(*rows, people("ash", 3, plan="no", bus=True))
    assert shown(three)[0] == ["yes", "no"]
    assert shown(three, "bus")[0] == []
    first = world(*rows, people("ash", 3, plan="no", bus=True), items=[rating("informed"), rating("heard"), BUS, PLAN])
    assert (shown(first)[0], shown(first, "bus")[0]) == ([], ["true", "false"])
    # An attribute that is not published itself stands in nobody's way.
    alone = [people("ash", 20, plan="yes", bus=True), people("birch", 20, plan="no", bus=False)]
    mixed = [people("ash", 6, plan="no", bus=False), people("birch", 6, plan="no", bus=True)]
    assert shown(world(*alone, *mixed, people("birch", 2, plan="yes", bus=False)), "bus")[0] == ["true", "false"]


# ------------------------------------------------------------------ items and constructs
@pytest.mark.parametrize(
    ("silent", "items", "constructs"),
    [
        (0, {"informed", "heard", "bus"}, {"communication"}),
        (7, {"informed", "heard", "bus"}, {"communication"}),  # five of twelve are left
        (8, {"informed", "bus"}, set()),
        (12, {"informed", "bus"}, set()),
    ],
)
def test_an_item_that_few_of_a_category_answered(silent: int, items: set[str], constructs: set[str]) -> None:
    rows = [people(s, 20, plan="no", bus=True) for s in ("ash", "birch")]
    rows += [people("ash", 12 - silent, plan="yes", bus=True), people("ash", silent, plan="yes", heard=None, bus=True)]
    found = world(*rows)
    assert shown(found) == (["yes", "no"], items, constructs)
    statuses = [c["status"] for i in found.by("plan")["items"] if i["item"] == "heard" for c in i["cells"]]
    assert statuses == (["published"] * 2 if "heard" in items else ["protected"] * 2) + ["protected"] * 2


def test_the_people_who_answered_an_item_are_cut_too() -> None:
    """All differ by enough, but of those who answered `heard` only three in Ash have no plan, and all of Birch."""
    rows = [people("ash", 20, plan="yes"), people("birch", 20, plan="no")]
    rows += [people("ash", 3, plan="no"), people("ash", 6, plan="no", heard=None)]
    assert shown(world(*rows))[:2] == (["yes", "no"], {"informed"})
    assert shown(world(*rows, people("ash", 2, plan="no")))[1] == {"informed", "heard"}


def test_an_item_shown_for_the_union_alone_has_no_schools_to_subtract() -> None:
    """Four answer `heard` in Ash, so that no school shows it, nor its construct; in each category enough do."""
    rows: list[Row] = [("ash", {"plan": p}) for p in ("yes", "no") for _ in range(9)]
    rows += [("ash", {"heard": "agree", "plan": p}) for p in ("yes", "yes", "yes", "no")]
    rows += [("birch", {"heard": "agree", "plan": p}) for p in ("yes", "no") for _ in range(7)]
    found = world(rows, items=[rating("heard"), PLAN])
    assert found.sealed.groups[0].items["heard"] == found.sealed.groups[0].constructs["communication"] == Level.UNION
    assert shown(found) == (["yes", "no"], {"heard"}, {"communication"})


def test_an_item_is_cut_against_the_attributes_that_show_it() -> None:
    """By bus come all who have a plan, and of the others six, of whom two answered `heard`."""
    rows = [people(s, 8, plan=p, bus=b) for s in ("ash", "birch") for p, b in (("yes", True), ("no", False))]
    rows += [people("ash", 2, plan="no", bus=True), people("birch", 4, plan="no", bus=True, heard=None)]
    found = world(*rows)
    assert shown(found)[1:] == ({"informed", "heard", "bus"}, {"communication"})
    assert shown(found, "bus") == (["true", "false"], {"informed", "plan"}, set())


def test_a_construct_needs_people_with_a_score() -> None:
    """Each item has five answers in each category, but hardly anybody has two."""
    three = [rating(key) for key in ("one", "two", "three")]
    rows: list[Row] = [
        (s, {key: "agree", "plan": p})
        for s in ("ash", "birch") for p in ("yes", "no") for key in ("one", "two", "three") for _ in range(5)
    ]  # fmt: skip
    found = world(rows, items=[*three, PLAN])
    assert shown(found) == (["yes", "no"], {"one", "two", "three"}, set())


def test_the_people_with_a_score_are_cut_too() -> None:
    """In Ash eighteen have no plan; eight of them answer each item, but only three have a score."""
    three = [rating(key) for key in ("one", "two", "three")]
    full: dict[str, Any] = dict.fromkeys(("one", "two", "three"), "agree")
    rows: list[Row] = [("ash", full | {"plan": "yes"})] * 20 + [("birch", full | {"plan": "no"})] * 20
    rows += [("ash", full | {"plan": "no"})] * 3
    rows += [("ash", {key: "agree", "plan": "no"}) for key in full for _ in range(5)]
    found = world(rows, items=[*three, PLAN])
    assert shown(found) == (["yes", "no"], {"one", "two", "three"}, set())
    assert shown(world(rows, [("ash", full | {"plan": "no"})] * 2, items=[*three, PLAN]))[2] == {"communication"}


def test_an_attributed_group_shows_all() -> None:
    found = world(people("ash", 1, plan="yes"), people(None, 1), confidential=False, k=1)
    assert shown(found) == (["yes", "no", "soon", None], {"informed", "heard", "bus"}, {"communication"})


# ------------------------------------------------------------------ what is sealed
def test_counts_by_other_cells_are_refused() -> None:
    found = world(people("ash", 9, plan="yes"))
    other = {"family": cross_rows(found.facts.groups[0].codebook, SCHOOLS[:3], found.groups[0].rows)}
    with pytest.raises(ValueError, match="other cells"):
        seal(found.facts, found.tallies, other)
    assert seal(found.facts, found.tallies).groups[0].breakdowns == ()
