"""The auditor on cells, categories and releases: mistakes in the program, each of which publishes one set too many."""

from __future__ import annotations

from typing import Any

import pytest

from app.analysis import audit, disclosure
from app.analysis.categories import everything_by
from app.analysis.pattern import Pattern
from app.analysis.sealed import Cell, Level
from tests.analysis.audited import PEOPLE, PLAN, Published, published, union
from tests.analysis.test_categories import people as alike
from tests.analysis.waves import World
from tests.factories import rating

NO_ATTRIBUTE = [rating("informed"), rating("heard")]


# ------------------------------------------------------------------ cells, as a mistake in the program would show them
def pooling(monkeypatch: pytest.MonkeyPatch, *schools: str, pool: tuple[str | None, ...] = ()) -> None:
    """Publish these cells, and every item in each, whatever the rules say."""
    monkeypatch.setattr(disclosure, "pattern", lambda *_: Pattern(schools, pool, union=True))
    everywhere(monkeypatch)


def everywhere(monkeypatch: pytest.MonkeyPatch, items: bool = True, constructs: bool = True) -> None:
    """Show all items or constructs by school, whatever the rules say."""
    levels = disclosure._levels

    def shown(*of: Any) -> Any:
        found = levels(*of)
        both = zip(found, (items, constructs), strict=True)
        return tuple(dict.fromkeys(far, Level.SCHOOLS) if all_of else far for far, all_of in both)

    monkeypatch.setattr(disclosure, "_levels", shown)


def with_cell(monkeypatch: pytest.MonkeyPatch, cell: Cell, *schools: str) -> None:
    """Publish one more cell."""
    members = disclosure._members
    monkeypatch.setattr(disclosure, "_members", lambda *of: members(*of) | {cell: schools})
    everywhere(monkeypatch)


def plain(of: dict[str | None, int] = PEOPLE, **more: Any) -> World:
    """A union without attributes."""
    return union(of, items=NO_ATTRIBUTE, **more)


def few(found: audit.Findings) -> set[tuple[tuple[str | None, ...], int | None]]:
    """Of whom subtraction tells, and how many they are."""
    return {(finding.schools, finding.base) for finding in found if finding.rule == "subtraction"}


def test_every_school_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """What products do that have no minimum."""
    pooling(monkeypatch, "ash", "birch", "cedar", "dogwood")
    leaks = published(plain())
    assert leaks.rules() == {"subtraction"}
    assert few(leaks.check()) == {(("cedar",), 4), (("dogwood",), 3)}


def test_the_union_minus_all_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is small is hidden, and nothing else: four are left when the others are taken from all."""
    pooling(monkeypatch, "ash", "birch")
    leaks = published(plain({"ash": 14, "birch": 12, "cedar": 4}))
    assert leaks.rules() == {"subtraction"}
    assert few(leaks.check()) == {(("cedar", "dogwood", "elm", None), 4)}


def test_one_school_beside_its_pool(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cedar has enough by itself, but Dogwood is the pool without it."""
    with_cell(monkeypatch, Cell("cedar", None, None), "cedar")
    leaks = published(plain({"ash": 14, "birch": 12, "cedar": 6, "dogwood": 3}))
    assert leaks.rules() == {"subtraction"}
    assert few(leaks.check()) == {(("dogwood",), 3)}


def test_the_union_minus_the_pool_and_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three are tied to no school, and are not pooled."""
    pooling(monkeypatch, "ash", "birch", pool=("cedar", "dogwood"))
    leaks = published(plain({"ash": 14, "birch": 12, "cedar": 4, "dogwood": 3, None: 3}))
    assert leaks.rules() == {"subtraction"}
    assert few(leaks.check()) == {(("elm", None), 3)}


def test_three_who_answer_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everybody with an answer is in Ash or Birch. How many gave none says that three more are somewhere."""
    pooling(monkeypatch, "ash", "birch")
    rows = [*plain({"ash": 14, "birch": 12}).groups[0].rows, *[("cedar", {})] * 3]
    leaks = published(plain(rows=rows))
    assert leaks.rules() == {"subtraction"}
    assert few(leaks.check()) == {(("cedar", "dogwood", "elm", None), 3)}


def test_cells_that_cross(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two pools with Cedar in both: nobody lists here what follows of them, so there may be none."""
    with_cell(monkeypatch, Cell(None, ("birch", "cedar"), None), "birch", "cedar")
    leaks = published(plain())
    assert leaks.rules() == {"crossing"}
    assert "('birch', 'cedar')" in str(leaks.check()[0])


def test_an_item_that_three_answered_in_a_school(monkeypatch: pytest.MonkeyPatch) -> None:
    everybody = plain().groups[0].rows
    rows = [(s, a if s != "birch" or i % 4 == 0 else {"informed": a["informed"]}) for i, (s, a) in enumerate(everybody)]
    honest = published(plain(rows=rows))
    assert (honest.check(), honest.cell("birch", "heard")["status"]) == ([], "protected")
    assert honest.cell(None, "heard")["status"] == "published"
    everywhere(monkeypatch, constructs=False)
    leaks = published(plain(rows=rows))
    assert leaks.rules() == {"subtraction"}
    assert few(leaks.check()) == {(("birch",), 3)}


def test_a_construct_that_betrays_its_hidden_item(monkeypatch: pytest.MonkeyPatch) -> None:
    """It has enough people in every school, and its other item is shown in each."""
    everybody = plain().groups[0].rows
    rows = [(s, a if s != "birch" or i % 4 == 0 else {"informed": a["informed"]}) for i, (s, a) in enumerate(everybody)]
    everywhere(monkeypatch, items=False)
    leaks = published(plain(rows=rows))
    betrayed = [f for f in leaks.check() if f.rule == "construct"]
    assert {f.schools for f in betrayed} == {("ash",), ("birch",), ("cedar", "dogwood")}
    assert "`heard` follows from this construct" in str(betrayed[0])


def test_too_few_are_eligible(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twelve answered in Birch, but only four people are there to answer."""
    pooling(monkeypatch, "ash", "birch", pool=("cedar", "dogwood"))
    roster = {"ash": 20, "birch": 4, "cedar": 9, "dogwood": 8, "elm": 12}
    leaks = published(plain(roster=roster))
    assert leaks.rules() == {"eligible"}
    assert {(f.schools, f.base) for f in leaks.check()} == {(("birch",), 4)}


# ------------------------------------------------------------------ categories
def by_plan(*rows: list[Any], k: int = 5) -> Published:
    return published(union(rows=[row for some in rows for row in some], k=k))


def test_a_category_of_three(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [alike(s, 9, plan=p) for s in ("ash", "birch") for p in ("yes", "no")] + [alike("ash", 3, plan="soon")]
    assert by_plan(*rows).check() == []
    monkeypatch.setattr(disclosure, "enough_by", lambda crossed, *_: everything_by(crossed))
    leaks = by_plan(*rows)
    assert {(f.rule, f.base) for f in leaks.check()} == {("categories", 3)}


def test_categories_that_are_schools_but_for_a_few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ash has a plan and Birch has none, but for two and two: both categories are large, the difference is four."""
    rows = [alike("ash", 20, plan="yes"), alike("birch", 20, plan="no")]
    few = [alike("ash", 2, plan="no"), alike("birch", 2, plan="yes")]
    monkeypatch.setattr(disclosure, "enough_by", lambda crossed, *_: everything_by(crossed))
    leaks = by_plan(*rows, *few)
    assert {(f.rule, f.base) for f in leaks.check()} == {("categories", 4)}
    assert "sets of cells and categories differ by 4 people" in str(leaks.check()[0])
    # Nobody has answered `soon`, or has not answered: such categories of nobody say no more than that.
    assert by_plan(*rows).check() == []
    assert by_plan(*rows, *few, *few, *few).check() == []


def test_categories_of_an_item_that_no_school_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three of Ash answered it, and all of Birch: no school shows it, so it has none to subtract. But it says of each
    category how many gave no answer, and so how many there are; and how many are in Ash other items say."""
    rows = [alike("ash", 17, plan="yes", heard=None), alike("ash", 3, plan="yes"), alike("birch", 20, plan="no")]
    rows += [alike("ash", 2, plan="no", heard=None), alike("birch", 2, plan="yes")]
    monkeypatch.setattr(disclosure, "enough_by", lambda crossed, *_: everything_by(crossed))
    leaks = by_plan(*rows)
    for entry in (*leaks.by("plan")["items"], *leaks.by("plan")["constructs"]):
        if entry.get("item") != "heard":
            for cell in entry["cells"]:
                named = {name: cell[name] for name in ("group", "school", "category")}
                cell.clear()
                cell.update(named | {"status": "protected"})
    assert {f.path for f in leaks.check()} == {"director:/items/1/cells (family, heard)"}
    assert {(f.rule, f.base) for f in leaks.check()} == {("categories", 4)}


def test_two_attributes_that_are_the_same_but_for_a_few(monkeypatch: pytest.MonkeyPatch) -> None:
    other = {**PLAN, "key": "other"}
    rows = [alike(s, 15, plan=p, other=p) for s in ("ash", "birch") for p in ("yes", "no")]
    rows += [alike("ash", 3, plan="yes", other="no")]
    world = union(rows=[row for some in rows for row in some], items=[rating("informed"), rating("heard"), PLAN, other])
    assert published(world).check() == []
    monkeypatch.setattr(disclosure, "enough_by", lambda crossed, *_: everything_by(crossed))
    assert {(f.rule, f.base) for f in published(world).check()} == {("categories", 3)}


def test_the_second_attribute_is_taken_from_schools_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """It goes well with the first, but it is the school, but for two and two."""
    other = {**PLAN, "key": "other"}
    rows = [alike(s, 10, plan=p, other=o) for s, o in (("ash", "yes"), ("birch", "no")) for p in ("yes", "no")]
    rows += [alike("ash", 2, plan="yes", other="no"), alike("birch", 2, plan="no", other="yes")]
    world = union(rows=[row for some in rows for row in some], items=[rating("informed"), rating("heard"), PLAN, other])
    assert published(world).check() == []
    monkeypatch.setattr(disclosure, "enough_by", lambda crossed, *_: everything_by(crossed))
    found = published(world).check()
    assert {(f.rule, f.base) for f in found} == {("categories", 4)}
    measures = {f.path.split("(")[1] for f in found}
    assert measures == {"family, informed)", "family, heard)", "family, plan)", "family, communication)"}


def test_a_wrong_n_of_a_category() -> None:
    sound = published(union())
    sound.by("plan")["items"][0]["cells"][0]["n"] += 1
    assert sound.rules() == {"truth"}


# ------------------------------------------------------------------ releases
def less(world: World, gone: dict[str, int]) -> World:
    """The same world after so many of each school were erased."""
    left, rows = dict(gone), []
    for school, answers in world.groups[0].rows:
        if left.get(school or "", 0):
            left[school or ""] -= 1
        else:
            rows.append((school, answers))
    return plain(rows=rows)


@pytest.mark.parametrize(
    ("gone", "rules"),
    [
        ({"ash": 1}, {"releases"}),
        ({"ash": 4}, {"releases"}),
        ({"ash": 5}, set()),
        ({"ash": 5, "birch": 1}, {"releases"}),
        ({"ash": 5, "birch": 5}, set()),
        ({"cedar": 1}, {"releases"}),
    ],
)
def test_releases_that_differ_by_few(gone: dict[str, int], rules: set[str]) -> None:
    world = plain()
    frozen = {"family": {"ash": 14, "birch": 12, "cedar": 4, "dogwood": 3}}
    assert published(less(world, gone), frozen).rules(published(world, frozen)) == rules


def test_a_release_of_other_pooling(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each release is sound; together they are not: the pools differ by Birch, and by what its people said."""
    first = published(plain())
    pooling(monkeypatch, "ash", pool=("birch", "cedar", "dogwood"))
    second = published(plain())
    assert second.check() == []
    assert second.rules(first) == {"releases"}


def test_other_figures_of_the_same_people() -> None:
    """One answered otherwise: no number of people has changed, and the difference is what one person says."""
    world = plain()
    school, answers = world.groups[0].rows[0]
    other = "disagree" if answers["informed"] == "agree" else "agree"
    changed = plain(rows=[(school, answers | {"informed": other}), *world.groups[0].rows[1:]])
    assert published(changed).rules(published(world)) == {"releases"}
    assert published(world).rules(published(world)) == set()


def test_turnout_that_differs_between_releases() -> None:
    """Participation of the close in the first release, and one less in the second."""
    world = plain()
    first = published(world, {"family": {"ash": 15, "birch": 12, "cedar": 4, "dogwood": 3}})
    assert "releases" in published(world).rules(first)
