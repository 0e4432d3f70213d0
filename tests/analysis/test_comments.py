"""Where a comment belongs: one published cell, and never with fewer than k people who wrote."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.analysis.comments import places
from app.analysis.disclosure import hidden_in_participation, pattern
from app.analysis.sealed import SealedGroup
from tests.analysis.waves import World, agreeing, one_item, worlds

THREE = ("ash", "birch", "cedar")
UNION, POOL = "the union", "the pool"


def sealed(k: int = 5, **people: int) -> SealedGroup:
    (group,) = one_item(agreeing(**people), schools=THREE, k=k).sealed.groups
    return group


def named(group: SealedGroup, **writers: int) -> dict[str | None, str]:
    """School -> its cell by name; `nowhere` stands for people without a school."""
    found = places(group, {None if school == "nowhere" else school: n for school, n in writers.items()})
    return {s or "nowhere": c.school or (UNION if c.is_union else POOL) for s, c in found.items()}


@pytest.mark.parametrize(
    ("people", "writers", "expected"),
    [
        # every school has enough writers
        ({"ash": 20, "birch": 20}, {"ash": 5, "birch": 9}, {"ash": "ash", "birch": "birch"}),
        # one has a writer too few, or none: all are the union's
        ({"ash": 20, "birch": 20}, {"ash": 4, "birch": 9}, {"ash": UNION, "birch": UNION}),
        ({"ash": 20, "birch": 20}, {"birch": 9}, {"birch": UNION}),
        ({"ash": 20, "birch": 20}, {"ash": 1, "birch": 4}, {"ash": UNION, "birch": UNION}),
        # fewer than k in the whole union: nobody ever sees them
        ({"ash": 20, "birch": 20}, {"ash": 1, "birch": 3}, {}),
        ({"ash": 20, "birch": 20}, {}, {}),
        # a pool counts as one part
        ({"ash": 20, "birch": 4, "cedar": 3}, {"ash": 5, "birch": 4, "cedar": 1},
         {"ash": "ash", "birch": POOL, "cedar": POOL}),
        ({"ash": 20, "birch": 4, "cedar": 3}, {"ash": 5, "birch": 3, "cedar": 1}, dict.fromkeys(THREE, UNION)),
        ({"ash": 20, "birch": 4, "nowhere": 3}, {"ash": 5, "birch": 3, "nowhere": 2},
         {"ash": "ash", "birch": POOL, "nowhere": POOL}),
        # people without a school who are no part of the pool are what is left of the union
        ({"ash": 20, "birch": 20, "nowhere": 6}, {"ash": 5, "birch": 5, "nowhere": 5},
         {"ash": "ash", "birch": "birch", "nowhere": UNION}),
        ({"ash": 20, "birch": 20, "nowhere": 6}, {"ash": 5, "birch": 5}, {"ash": "ash", "birch": "birch"}),
        ({"ash": 20, "birch": 20, "nowhere": 6}, {"ash": 5, "birch": 5, "nowhere": 4},
         {"ash": UNION, "birch": UNION, "nowhere": UNION}),
        ({"ash": 20, "birch": 3, "cedar": 3, "nowhere": 6}, {"ash": 5, "birch": 3, "cedar": 3, "nowhere": 6},
         {"ash": "ash", "birch": POOL, "cedar": POOL, "nowhere": UNION}),
        # a pool of all schools is the union
        ({"ash": 4, "birch": 4}, {"ash": 2, "birch": 3}, {"ash": UNION, "birch": UNION}),
        ({"ash": 4, "birch": 4}, {"ash": 2, "birch": 2}, {}),
        # nothing of the group is published
        ({"ash": 2, "birch": 2}, {"ash": 2, "birch": 2}, {}),
    ],
)  # fmt: skip
def test_places(people: dict[str, int], writers: dict[str, int], expected: dict[str, str]) -> None:
    assert named(sealed(**people), **writers) == expected


def test_an_attributed_group_has_no_minimum() -> None:
    world = one_item(agreeing(ash=1, nowhere=1), confidential=False, k=1)
    found = places(world.sealed.groups[0], {"ash": 1, None: 1})
    assert {school: (cell.school, cell.schools) for school, cell in found.items()} == {
        "ash": ("ash", None),
        None: (None, None),
    }


@given(worlds(most=1), st.data())
def test_no_cell_has_fewer_writers_than_promised(world: World, data: st.DataObject) -> None:
    (group,), (raw,) = world.sealed.groups, world.groups
    base = Counter(school for school, _ in raw.rows)
    writers = {school: data.draw(st.integers(0, n)) for school, n in base.items()}
    writers = {school: n for school, n in writers.items() if n}
    found = places(group, writers)
    if not raw.confidential:
        assert {school: cell.school for school, cell in found.items()} == {school: school for school in writers}
        return
    bases = {school: base[school] for school in (*world.schools, None)}
    published = pattern(bases, raw.roster, hidden_in_participation(raw.roster, world.schools), raw.k)
    parts: list[set[str | None]] = [{school} for school in published.schools]
    parts += [set(published.pool)] if published.pool else []
    rest = set(bases).difference(*parts)
    wrote = [sum(writers.get(school, 0) for school in part) for part in parts]
    left = sum(writers.get(school, 0) for school in rest)
    if not published.union or sum(writers.values()) < raw.k:
        assert found == {}
    elif parts and min(wrote) >= raw.k and (left == 0 or left >= raw.k):
        for part, people in zip([*parts, rest], [*wrote, left], strict=True):
            cells = {found[school] for school in part & set(writers)}
            assert len(cells) == (people > 0)
            assert all(cell.is_union for cell in cells) == (part == rest or people == 0)
        assert len(set(found.values())) == len(parts) + (left > 0)
        assert all(cell.school in (None, school) for school, cell in found.items())
    else:
        assert set(found) == set(writers)
        assert all(cell.is_union for cell in found.values())
