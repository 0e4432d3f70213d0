"""A summary in the terminal: every number as the document has it, nothing about what is withheld, in 80 columns."""

from __future__ import annotations

from collections.abc import Iterable
from io import StringIO
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console, RenderableType

from app.analysis.audiences import everyone
from app.analysis.slices import narrow
from app.render.terminal import BAR, bar, participation_table, summary_view
from tests.analysis.waves import World, worlds

SCHOOLS = {"erving": "Erving", "leverett": "Leverett", "shutesbury": "Shutesbury"}


def printed(parts: Iterable[RenderableType], width: int = 80) -> str:
    out = StringIO()
    console = Console(file=out, width=width, color_system=None)
    for part in parts:
        console.print(part)
    return out.getvalue()


def row(text: str, name: str) -> list[str]:
    """The words of the line that begins with a name, the name left out."""
    (line,) = (line for line in text.splitlines() if line.strip().startswith(name))
    return line.strip().removeprefix(name).split()


def taking_part(school: str | None, **more: Any) -> dict[str, Any]:
    return {"group": "staff", "school": school, "eligible": 40, "responses": 25, "rate": 0.625, **more}


def cell(school: str | None, **more: Any) -> dict[str, Any]:
    favorable = {"count": 17, "share": 0.708, "low": 0.604, "high": 0.796}
    mean = {"value": 3.791, "low": 3.58, "high": 4.0}
    return {"group": "staff", "school": school, "status": "published", "n": 24, "favorable": favorable, "mean": mean,
            **more}  # fmt: skip


def protected(school: str | None) -> dict[str, Any]:
    return {"group": "staff", "school": school, "status": "protected"}


def item(key: str, cells: list[dict[str, Any]], construct: str | None = None, **more: Any) -> dict[str, Any]:
    options = [{"value": "no", "label": "No way"}, {"value": "yes", "label": "Oh yes", "favorable": True}]
    return {"item": key, "construct": construct, "text": f"Item {key}", "reverse": False, "options": options,
            "cells": cells, **more}  # fmt: skip


def summary(
    constructs: Iterable[list[dict[str, Any]]] = (), items: list[dict[str, Any]] | None = None, **more: Any
) -> dict[str, Any]:
    return {
        "title": "Fall",
        "audience": "director",
        "simulated": False,
        "release": {"number": 2, "released_at": "2022-11-02T10:00:00Z"},
        "promise": {"staff": {}},
        "participation": [],
        "constructs": [
            {"construct": f"c{i}", "title": f"Construct {i}", "items": [], "cells": cells}
            for i, cells in enumerate(constructs)
        ],
        "items": items or [],
        **more,
    }


# ------------------------------------------------------------------ what it is
def test_heading() -> None:
    text = printed(summary_view(summary(), SCHOOLS))
    assert text.splitlines()[:2] == ["Fall", "Release 2 of 2022-11-02, as the director may read it"]
    assert "SIMULATED" not in text
    assert "SIMULATED" in printed(summary_view(summary(simulated=True), SCHOOLS))
    assert "as principals may" in printed(summary_view(summary(audience="principal"), SCHOOLS))


def test_participation() -> None:
    rows = [
        taking_part("erving"),
        taking_part("leverett", eligible=None, rate=None),
        {"group": "staff", "school": "shutesbury", "status": "protected"},
        taking_part(None, group="family", rate=1.0, responses=40),
    ]
    text = printed([participation_table(rows, SCHOOLS)])
    assert row(text, "school") == ["Staff", "Families"]
    assert row(text, "Erving") == ["25", "of", "40", "63%", "-"]
    assert row(text, "Leverett") == ["25", "-"]
    assert row(text, "Shutesbury") == ["withheld", "-"]
    assert row(text, "All schools") == ["-", "40", "of", "40", "100%"]
    assert "Shutesbury" not in printed([participation_table(rows[:2], SCHOOLS)])


# ------------------------------------------------------------------ figures
def test_measures_of_all_schools() -> None:
    cells = [cell("erving", n=11), protected("leverett"), cell(None)]
    inside, outside = item("a", [cell(None)], "c0", reverse=True), item("b", [cell(None, favorable=None)])
    text = printed(summary_view(summary([cells], [outside, inside]), SCHOOLS))
    figures = ["71%", "60%–80%", "24", "3.79", "±0.21"]
    all_schools, by_school = text.split("School by school")
    assert row(all_schools, "Construct 0")[1:] == figures
    assert "\n   Item a (reversed) " in all_schools  # under its construct
    assert "\n Item b " in all_schools
    assert row(all_schools, "Item b") == ["24", "3.79", "±0.21"]
    assert all_schools.index("Item a") < all_schools.index("Item b")
    assert row(by_school, "Erving")[3] == "11"
    assert row(by_school, "Leverett") == ["withheld"]
    assert row(by_school, "All schools")[1:] == figures
    assert "Item" not in by_school


def test_a_pool_is_named_by_its_schools() -> None:
    pool = cell(None, schools=["leverett", "shutesbury"], n=12)
    cells = [cell("erving"), protected("leverett"), protected("shutesbury"), cell(None, n=36), pool]
    text = printed(summary_view(summary([cells]), SCHOOLS), width=100)
    assert row(text, "Leverett + Shutesbury")[3] == "12"
    assert text.index("Leverett + Shutesbury") < text.rindex("All schools")
    assert text.count("withheld") == 3  # two schools, and the word that explains it
    one = printed(summary_view(summary([[protected("leverett"), cell(None), pool]]), SCHOOLS, school="leverett"))
    assert row(one, "Construct 0")[3] == "12"
    assert "Together: Leverett, Shutesbury." in one
    assert "School by school" not in one


def test_one_school_in_place_of_all() -> None:
    cells = [cell("erving", n=11), cell(None)]
    text = printed(summary_view(summary([cells]), SCHOOLS, school="erving"))
    assert row(text, "Construct 0")[3] == "11"
    assert [line for line in text.splitlines() if line.strip() == "Erving"]


def test_warnings_are_said() -> None:
    text = printed(summary_view(summary([[cell(None, warnings=["few_people", "low_response"])]]), SCHOOLS))
    assert "24!" in text
    assert "! Read with care: under 30 people; under half of those eligible answered." in " ".join(text.split())
    assert "!" not in printed(summary_view(summary([[cell(None)]]), SCHOOLS))


def test_no_share_of_nobody() -> None:
    nobody = cell(None, n=0, favorable={"count": 0, "share": None, "low": None, "high": None}, mean={"value": None})
    assert row(printed(summary_view(summary([[nobody]]), {})), "Construct 0") == ["0"]
    one = cell(None, n=1, mean={"value": 4.0, "low": None, "high": None})
    assert row(printed(summary_view(summary([[one]]), {})), "Construct 0")[-2:] == ["1", "4.00"]


def test_a_group_without_figures_has_no_table() -> None:
    assert "Staff" not in printed(summary_view(summary(), SCHOOLS))
    counted = [{"group": "staff", "school": None, "status": "published", "n": 3, "counts": {"no": 3}}]
    counts = item("x", counted, options=[{"value": "no", "label": "No"}])
    assert "Item x" not in printed(summary_view(summary([], [counts]), SCHOOLS))


def test_an_unknown_group_keeps_its_key() -> None:
    odd = [cell(None) | {"group": "bus_drivers"}]
    assert "\nBus drivers\n" in printed(summary_view(summary([odd], promise={"bus_drivers": {}}), SCHOOLS))


# ------------------------------------------------------------------ closely
def test_closely_each_school_and_each_option() -> None:
    counted = cell(None, n=24, counts={"no": 7, "yes": 17}, missing=2, not_applicable=1, not_asked=0)
    asked = item("a", [cell("erving", n=11), counted])
    text = printed(summary_view(summary([], [asked]), SCHOOLS, closely=True))
    assert row(text, "Erving")[3] == "11"
    assert row(text, "No way")[1:] == ["29%", "7"]
    assert row(text, "Oh yes")[1:] == ["71%", "17"]
    assert "24 people, missing: 2, not applicable: 1" in text
    assert "No way" not in printed(summary_view(summary([], [asked]), SCHOOLS))


def test_closely_what_is_withheld_stays_so() -> None:
    text = printed(summary_view(summary([], [item("a", [protected(None)])]), {}, closely=True))
    assert "No way" not in text
    assert row(text, "Item a") == ["withheld"]


# ------------------------------------------------------------------ bars
@given(st.floats(0, 1))
def test_a_bar_is_as_long_as_its_share(share: float) -> None:
    drawn = bar({"share": share}).plain
    assert len(drawn) == BAR
    full = drawn.count("█") + sum((8 - "▉▊▋▌▍▎▏".index(sign) - 1) / 8 for sign in drawn if sign in "▉▊▋▌▍▎▏")
    assert full == pytest.approx(share * BAR, abs=1 / 16)


@given(st.integers(10, 400), st.data())
def test_a_band_is_drawn_and_said_outwards(n: int, data: st.DataObject) -> None:
    low = data.draw(st.integers(0, n - 2))
    high = data.draw(st.integers(low + 2, n))
    banded = {"low": low / n, "high": high / n}
    drawn = bar(banded).plain
    begin, end = drawn.index("▒"), drawn.rindex("▒") + 1
    assert len(drawn) == BAR
    assert begin <= BAR * low / n < begin + 1
    assert end - 1 < BAR * high / n <= end
    text = printed(summary_view(summary([[cell(None, favorable=banded, n=n) | {"mean": None}]]), {}))
    said = row(text, "Construct 0")
    assert said[2:] == [str(n)]
    lowest, highest = map(int, said[1].replace("%", "").split("–"))
    assert lowest * n <= 100 * low < (lowest + 1) * n
    assert (highest - 1) * n < 100 * high <= highest * n


# ------------------------------------------------------------------ any wave
@given(worlds(), st.data())
@settings(max_examples=40)
def test_any_wave_for_any_reader(world: World, data: st.DataObject) -> None:
    document = data.draw(st.sampled_from(list(everyone(world.summary).values())))
    school = data.draw(st.sampled_from([None, *world.schools]))
    items = tuple(
        data.draw(st.sets(st.sampled_from([entry["item"] for entry in document["items"]] or [""]), max_size=2))
    )
    part = narrow(document, schools=None if school is None else {school}, items=items)
    part["release"] = {"number": 1, "released_at": "2022-11-02T10:00:00Z"}
    names = {key: key.title() for key in world.schools}
    text = printed(summary_view(part, names, school=school, closely=bool(items)))
    assert max(map(len, text.splitlines())) <= 80
    if items and school is None and len(names) > 1:
        hidden = [cell for entry in part["items"] for cell in entry["cells"] if cell["status"] == "protected"]
        drawable = [e for e in part["items"] if any("score" in o or "favorable" in o for o in e["options"])]
        by_school = sum(cell["status"] == "protected" for entry in drawable for cell in entry["cells"])
        told = by_school + sum(cell["school"] is None for cell in hidden)
        told += sum(row.get("status") == "protected" for row in part["participation"])
        assert text.count("withheld") == told + 1  # and the word that explains it
