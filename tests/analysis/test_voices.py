"""Themes and quotes beside constructs: nobody is named closer than the attendance of his group allows."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from app.analysis.voices import Meeting, voices

SCHOOLS = ("erving", "leverett", "shutesbury", "swift-river")
UNION = {"group": "family", "school": None, "status": "published", "n": 50}
COMMUNICATION: dict[str, Any] = {
    "construct": "communication", "title": "Communication", "setting": "family",
    "cells": [UNION, {"group": "family", "school": "erving", "status": "published"},
              {"group": "staff", "school": None, "status": "protected"}],
}  # fmt: skip


def meeting(
    families: dict[str | None, int], themes: tuple[tuple[str, str | None], ...] = (), *quotes: tuple[str, str | None]
) -> Meeting:
    return Meeting(
        {("family", school): people for school, people in families.items()},
        [{"title": title, "construct": construct, "groups": []} for title, construct in themes],
        [
            {"group": "family", "school": school, "text": text, "theme": themes[0][0] if themes else None}
            for text, school in quotes
        ],
    )


def test_themes_and_quotes_stand_beside_their_construct() -> None:
    told = voices(
        [
            meeting({"erving": 13}, (("Letters", "communication"), ("Buses", None)), ("Too long", "erving")),
            meeting({"erving": 4, "leverett": 12}, (("Letters", "communication"),), ("All fine", "leverett")),
            meeting({"erving": 9}, (("Secret", "communication"),), ("Too few", "erving")),
        ],
        {"family": 10},
        SCHOOLS,
        [COMMUNICATION],
    )
    assert told["meetings"] == 2  # to the third too few came to say anything of it
    assert [(c["school"], c["status"], c.get("people")) for c in told["attendance"]] == [
        ("erving", "published", 13), ("leverett", "published", 12), (None, "published", 25),
    ]  # fmt: skip
    (construct,) = told["constructs"]
    assert construct["survey"] == [UNION]  # staff is no group of these meetings, and not asked for
    places = [{"group": "family", "school": "erving"}, {"group": "family", "school": "leverett"}]
    assert construct["themes"] == [{"title": "Letters", "meetings": 2, "places": places}]
    assert [(quote["school"], quote["text"]) for quote in construct["quotes"]] == [
        ("leverett", "All fine"), ("erving", "Too long"),
    ]  # fmt: skip
    assert told["elsewhere"] == {
        "themes": [{"title": "Buses", "meetings": 1, "places": places[:1]}], "quotes": []
    }  # fmt: skip


def test_who_comes_again_is_nobody_new() -> None:
    """The same few families at five meetings are no ten families."""
    often = meeting({"erving": 2, "leverett": 20}, (("Letters", None),), ("Hm", "erving"))
    told = voices([often] * 5, {"family": 10}, SCHOOLS, [])
    assert [(c["school"], c["status"], c.get("people")) for c in told["attendance"]] == [
        ("erving", "protected", None), ("leverett", "protected", None), (None, "published", 22),
    ]  # fmt: skip
    assert {quote["school"] for quote in told["elsewhere"]["quotes"]} == {None}


def test_few_people_are_shown_together_or_not_at_all() -> None:
    few = meeting({"erving": 4, "leverett": 20, "shutesbury": 7}, (("Letters", None),), ("Hm", "erving"))
    told = voices([few], {"family": 10}, SCHOOLS, [])
    assert [(c["school"], c.get("schools"), c["status"], c.get("people")) for c in told["attendance"]] == [
        ("erving", None, "protected", None), ("leverett", None, "published", 20),
        ("shutesbury", None, "protected", None),
        (None, ["erving", "shutesbury"], "published", 11), (None, None, "published", 31),
    ]  # fmt: skip
    (quote,) = told["elsewhere"]["quotes"]
    assert (quote["school"], quote["schools"]) == (None, ["erving", "shutesbury"])
    fewer = voices([meeting({"erving": 9}, (("Letters", None),), ("Hm", "erving"))], {"family": 10}, SCHOOLS, [])
    assert fewer["attendance"] == []
    assert fewer["elsewhere"] == {"themes": [], "quotes": []}


def test_a_reader_of_one_school_reads_no_other() -> None:
    both = meeting({"erving": 12, "leverett": 3}, (("Letters", None),), ("Here", "erving"), ("There", "leverett"))
    told = voices([both], {"family": 10}, SCHOOLS, [], only=frozenset({"erving"}))
    assert [(c["school"], c["status"]) for c in told["attendance"]] == [("erving", "protected"), (None, "published")]
    assert {quote["school"] for quote in told["elsewhere"]["quotes"]} == {None}  # the two are the union: not apart


counts = st.dictionaries(st.sampled_from([*SCHOOLS, None]), st.integers(0, 15), max_size=5)


@given(st.lists(counts, max_size=4), st.integers(5, 12), st.sampled_from([None, frozenset({"erving"})]))
def test_nothing_published_tells_of_fewer_than_promised(
    held: list[dict[str | None, int]], minimum: int, only: frozenset[str] | None
) -> None:
    meetings = [meeting(families, (("T", None),), *((f"{s}", s) for s in families)) for families in held]
    held = [families for families in held if sum(families.values()) >= minimum]
    people = {s: max((families.get(s, 0) for families in held), default=0) for s in (*SCHOOLS, None)}
    told = voices(meetings, {"family": minimum}, SCHOOLS, [], only)
    shown = [cell for cell in told["attendance"] if cell["status"] == "published"]
    assert all(cell["people"] >= minimum or cell["people"] == 0 for cell in shown)
    singles = {cell["school"] for cell in shown if cell["school"] is not None}
    pool = {school for cell in shown for school in cell.get("schools", ())}
    union = sum(people.values())
    if singles or pool:  # what is left of the union
        rest = union - sum(people[s] for s in singles) - sum(c["people"] for c in shown if "schools" in c)
        assert only is not None or rest == 0 or rest >= minimum
    for quote in told["elsewhere"]["quotes"]:
        assert union >= minimum
        if quote["school"] is not None:
            assert quote["school"] in singles
        else:
            assert set(quote.get("schools", ())) <= pool
    assert [cell for cell in told["attendance"] if cell["status"] == "protected" and len(cell) > 3] == []
