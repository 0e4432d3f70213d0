"""Results as pages show them: every cell of the document, in its order, and what is drawn of answers."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.render import results

NAMES = {"erving": "Erving", "leverett": "Leverett"}


def option(value: str, score: int | None = None, favorable: bool | None = None, **more: Any) -> dict[str, Any]:
    marks = {} if score is None else {"score": score, "favorable": favorable}
    return {"value": value, "label": value.title(), **marks, **more}


AGREE = [
    option("sd", 1, False),
    option("d", 2, False),
    option("n", 3, False),
    option("a", 4, True),
    option("sa", 5, True),
]
NA = option("na", not_applicable=True)


def cell(counts: dict[str, int], school: str | None = None, n: int | None = None, **more: Any) -> dict[str, Any]:
    return {
        "group": "family", "school": school, "status": "published", "n": sum(counts.values()) if n is None else n,
        "missing": 1, "not_applicable": 0, "not_asked": 0, "eligible": None, "counts": counts, **more,
    }  # fmt: skip


def document(cells: list[dict[str, Any]], options: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    entry = {"item": "one", "construct": None, "text": "One?", "reverse": False, "options": options, "cells": cells}
    return {"items": [{**entry, **more}], "constructs": []}


def the_answers(*arguments: Any, **more: Any) -> results.Answers:
    ((question,),) = (results.questions(document(*arguments, **more), NAMES),)
    return question.groups[0]


# ------------------------------------------------------------------ one question
@pytest.mark.parametrize(
    ("options", "tones"),
    [
        (AGREE, ["against-3", "against-2", "middle", "for-2", "for-3"]),
        ([{**o, "favorable": o["score"] < 3} for o in AGREE if o["score"] != 3],
         ["for-3", "for-2", "against-2", "against-3"]),
        ([{**o, "favorable": o["score"] < 3} for o in AGREE], ["for-3", "for-2", "middle", "against-2", "against-3"]),
        ([option("no", 0, False), option("yes", 1, True)], ["against-3", "for-3"]),
        ([option("one"), option("two")], ["kind-1", "kind-2"]),
    ],
)  # fmt: skip
def test_tones_follow_the_side(options: list[dict[str, Any]], tones: list[str]) -> None:
    counts = {one["value"]: 1 for one in options}
    assert [one.tone for one in the_answers([cell(counts)], [*options, NA]).options] == tones


@given(st.lists(st.integers(0, 50), min_size=5, max_size=5))
def test_a_stacked_bar_is_whole(counted: list[int]) -> None:
    counts = dict(zip(("sd", "d", "n", "a", "sa"), counted, strict=True))
    answers = the_answers([cell(counts)], AGREE)
    (spread,) = answers.spreads
    assert [int(answer.count) for answer in spread.answers] == counted
    assert len(spread.segments) == sum(count > 0 for count in counted)
    end = 0.0
    for part in spread.segments:
        assert float(part.start[:-1]) == pytest.approx(end, abs=0.03)
        end += float(part.length[:-1])
    assert end == pytest.approx(100 if sum(counted) else 0, abs=0.1)


def test_answers_of_which_several_may_be_given_are_not_stacked() -> None:
    answers = the_answers([cell({"x": 3, "y": 3}, n=4)], [option("x"), option("y")])
    assert not answers.stacked
    assert [answer.share for answer in answers.spreads[0].answers] == ["75%", "75%"]


def test_whole_numbers_stand_in_their_order() -> None:
    answers = the_answers([cell({"2": 1, "10": 3, "0": 0, "4": 0})], [])
    assert [one.label for one in answers.options] == ["2", "3", "4", "5", "6", "7", "8", "9", "10"]
    assert [one.count for one in answers.spreads[0].answers] == ["1", "0", "0", "0", "0", "0", "0", "0", "3"]
    assert not answers.stacked
    assert the_answers([cell({"2": 0})], []).options == ()


def test_who_gave_no_answer_has_a_column_where_there_is_anybody() -> None:
    cells = [cell({"a": 2}), cell({"a": 1}, "erving", missing=0, not_asked=7)]
    answers = the_answers(cells, AGREE)
    assert answers.without == ("no answer", "not asked")
    assert [spread.without for spread in answers.spreads] == [("1", "0"), ("0", "7")]


def test_a_withheld_cell_and_a_banded_one_have_no_answers() -> None:
    protected = {"group": "family", "school": "erving", "status": "protected"}
    banded = {"group": "family", "school": None, "status": "published", "n": 24, "favorable": {"low": 0.5, "high": 0.6}}
    answers = the_answers([protected, banded], AGREE)
    assert not answers.exact
    assert not answers.stacked
    first, second = answers.spreads
    assert (first.line.place, first.line.n) == ("All schools", "24")
    assert second == results.Spread(second.line)
    assert second.line.withheld


# ------------------------------------------------------------------ all constructs
def constructs(*keys: str) -> list[dict[str, Any]]:
    cells = [
        {"group": "staff", "school": None, "status": "published", "n": 30},
        {"group": "staff", "school": "erving", "status": "protected"},
        {"group": "family", "school": None, "status": "published", "n": 90},
    ]
    return [{"construct": key, "title": key.title(), "items": [], "cells": cells} for key in keys]


def test_groups_in_their_order_and_the_greatest_need_first() -> None:
    ranks: dict[tuple[str, str], Any] = {
        ("family", "c"): {"rank": 1, "rank_low": 1, "rank_high": 2},
        ("family", "a"): {"rank": 2, "rank_low": 2, "rank_high": 2},
        ("staff", "b"): {"rank": None},
    }
    whole = {"items": [], "constructs": constructs("a", "b", "c")}
    family, staff = results.overview(whole, NAMES, ranks, narrowed=False)
    told = [(one.construct, one.rank) for one in family.measures]
    assert told == [("c", "1, could be 1 to 2"), ("a", "2"), ("b", "")]
    assert [one.construct for one in staff.measures] == ["a", "b", "c"]
    assert [line.place for line in staff.measures[0].lines] == ["All schools"]
    _, narrowed = results.overview(whole, NAMES, ranks, narrowed=True)
    assert [(line.place, line.n) for line in narrowed.measures[0].lines] == [
        ("All schools", "30"),
        ("Erving", "withheld"),
    ]


def test_questions_of_no_construct_stand_apart() -> None:
    part = document([cell({"a": 1})], AGREE)
    (section,) = results.overview(part, NAMES, {}, narrowed=False)
    assert section.measures == ()
    assert [(one.construct, one.item) for one in section.others] == [("-", "one")]
