"""Which cells are published: schools and categories, by themselves or pooled, as tables."""

from __future__ import annotations

import pytest

from app.analysis.pattern import Pattern, categories_shown, pattern

NOTHING = Pattern((), (), union=False)


# ------------------------------------------------------------------ schools
@pytest.mark.parametrize(
    ("bases", "roster", "hidden", "expected"),
    [
        # 9 and 10 people
        ({"a": 10, "b": 10, "c": 30}, {}, "", Pattern(("a", "b", "c"), (), True)),
        ({"a": 9, "b": 10, "c": 30}, {}, "", Pattern(("c",), ("a", "b"), True)),
        ({"a": 9, "b": 9, "c": 30}, {}, "", Pattern(("c",), ("a", "b"), True)),
        ({"a": 4, "b": 3, "c": 2, "d": 30}, {}, "", Pattern((), (), True)),
        ({"a": 4, "b": 3, "c": 3, "d": 30}, {}, "", Pattern(("d",), ("a", "b", "c"), True)),
        # the smallest neighbor joins, ties by key
        ({"a": 30, "b": 12, "c": 3, "d": 12}, {}, "", Pattern(("a", "d"), ("b", "c"), True)),
        ({"a": 30, "b": 13, "c": 3, "d": 12}, {}, "", Pattern(("a", "b"), ("c", "d"), True)),
        # eligible under k
        ({"a": 30, "b": 12, "c": 12}, {"a": 40, "b": 9, "c": 20}, "", Pattern(("a",), ("b", "c"), True)),
        ({"a": 30, "b": 12, "c": 13, "d": 14}, {"b": 4, "c": 5, "d": 1}, "", Pattern(("a",), ("b", "c", "d"), True)),
        ({"a": 30, "b": 12, "c": 13}, {"b": 4, "c": 5}, "", Pattern((), (), True)),
        # hidden in participation, though large enough
        ({"a": 30, "b": 12, "c": 14}, {}, "bc", Pattern(("a",), ("b", "c"), True)),
        # an empty school is neither pooled nor counted
        ({"a": 0, "b": 9, "c": 11}, {"a": 3}, "", Pattern((), (), True)),
        ({"a": 0, "b": 10, "c": 11}, {}, "", Pattern(("b", "c"), (), True)),
        ({"a": 0, "b": 0}, {}, "", NOTHING),
        # all pooled: the union alone; the union under k: nothing
        ({"a": 9, "b": 9}, {}, "", Pattern((), (), True)),
        ({"a": 5, "b": 4}, {}, "", NOTHING),
        ({"a": 9}, {}, "", NOTHING),
        ({"a": 10}, {}, "", Pattern(("a",), (), True)),
        # people without a school: one more school, never by itself
        ({"a": 12, "b": 20, None: 3}, {}, "", Pattern(("b",), ("a", None), True)),
        ({"a": 12, "b": 20, None: 12}, {}, "", Pattern(("a", "b"), (), True)),
        ({"a": 12, "b": 3, "c": 20, None: 12}, {}, "", Pattern(("a", "c"), ("b", None), True)),
        ({"a": 12, "b": 20, None: 12}, {None: 6}, "", Pattern(("b",), ("a", None), True)),
        ({None: 15}, {}, "", Pattern((), (), True)),
    ],
)
def test_pattern(bases: dict[str | None, int], roster: dict[str | None, int], hidden: str, expected: Pattern) -> None:
    assert pattern(bases, roster, set(hidden), 10) == expected


@pytest.mark.parametrize(
    ("found", "rest", "parts"),
    [
        (Pattern(("a", "b"), (), True), (None,), [("a",), ("b",), (None,)]),
        (Pattern(("b",), ("a", None), True), (), [("b",), ("a", None)]),
        (Pattern((), (), True), (), [("a", "b", None)]),
        (NOTHING, (), [("a", "b", None)]),
    ],
)
def test_what_follows_from_the_published_cells(
    found: Pattern, rest: tuple[str | None, ...], parts: list[tuple[str | None, ...]]
) -> None:
    cells = ("a", "b", None)
    assert found.rest(cells) == rest
    assert found.parts(cells) == parts


# ------------------------------------------------------------------ categories
@pytest.mark.parametrize(
    ("people", "shown", "pool"),
    [
        ({"a": 10, "b": 10, None: 10}, ["a", "b", None], None),
        # 9 and 10 people; the smallest neighbor joins, ties by order
        ({"a": 9, "b": 30, None: 20}, ["b"], ["a", None]),
        ({"a": 20, "b": 20, None: 9}, ["b"], ["a", None]),
        ({"a": 30, "b": 13, "c": 3, "d": 12}, ["a", "b"], ["c", "d"]),
        ({"a": 4, "b": 3, "c": 3, None: 40}, [None], ["a", "b", "c"]),
        ({"a": 4, "b": 3, "c": 2, "d": 11, None: 40}, [None], ["a", "b", "c", "d"]),
        # an empty category is neither pooled nor shown
        ({"a": 0, "b": 9, "c": 11, None: 0}, [], None),
        ({"a": 0, "b": 10, "c": 11, None: 0}, ["b", "c"], None),
        ({"a": 0, "b": 4, "c": 6, None: 30}, [None], ["b", "c"]),
        # all of them pooled, or nobody at all: nothing to show
        ({"a": 9, "b": 30}, [], None),
        ({"a": 5, "b": 4, None: 0}, [], None),
        ({"a": 0, None: 0}, [], None),
        ({}, [], None),
        # one category of all
        ({"a": 0, None: 10}, [None], None),
        ({"a": 0, None: 9}, [], None),
    ],
)
def test_categories(people: dict[str | None, int], shown: list[str | None], pool: list[str | None] | None) -> None:
    found = categories_shown(people, 10)
    assert [c.category for c in found if c.categories is None] == shown
    assert [(c.category, list(c.categories)) for c in found if c.categories] == ([("other", pool)] if pool else [])
    assert [list(members) for members in found.values()] == [[value] for value in shown] + ([pool] if pool else [])
