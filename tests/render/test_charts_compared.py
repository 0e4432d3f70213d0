"""Charts of gaps and of trends have the figures of these documents."""

from __future__ import annotations

import copy
from typing import Any

import altair
import pytest
from hypothesis import HealthCheck, given, settings

from app.analysis.gaps import gaps
from app.analysis.trends import trends
from app.render import charts
from app.render.charts import theme
from tests.analysis import test_gaps, test_trends
from tests.analysis.waves import World, agreeing, one_item
from tests.factories import AGREE
from tests.render.charting import layers, marks, said, served, written

some = settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
KINDS = (("items", "item"), ("constructs", "construct"))


# ------------------------------------------------------------------ gaps
@some
@given(test_gaps.worlds())
def test_gaps_have_every_difference(world: World) -> None:
    a, b = world.groups[0].group, world.groups[1].group
    for school in (None, world.schools[0]):
        document = served(gaps(world.facts, world.sealed, a, b, school, "director"))
        for kind, key in KINDS:
            for measure in ("mean", "favorable"):
                spec = charts.spec("gaps", document, kind=kind, measure=measure)
                expected = {}
                for row in document[kind]:
                    figure = (row["difference"] or {}).get(measure)
                    if figure is not None and figure["value"] is not None:
                        ends = (figure["value"], figure["low"], figure["high"])
                        expected[row[key]] = (*ends, row["a"]["n"], row["b"]["n"])
                rows = marks(spec)
                assert {r[key]: (r["value"], r["low"], r["high"], r["n_a"], r["n_b"]) for r in rows} == expected
                assert [r["value"] for r in rows] == sorted((r["value"] for r in rows), reverse=True)
                if document[kind]:
                    texts = written(charts.svg(spec))
                    assert texts.count("not compared") == len(document[kind]) - len(expected)


def two_groups() -> dict[str, Any]:
    world = one_item([("ash", {"informed": a}) for a in AGREE for _ in range(6)], ("ash",))
    other = one_item([("ash", {"informed": a}) for a in AGREE[2:] for _ in range(7)], ("ash",))
    staff = copy.deepcopy(other.groups[0])
    staff.group = staff.definition["group"] = "staff"
    both = World(("ash",), [world.groups[0], staff])
    return served(gaps(both.facts, both.sealed, "family", "staff", None, "director"))


def test_a_gap_is_told_with_its_sign_and_in_the_words_of_the_document() -> None:
    document = two_groups()
    spec = charts.spec("gaps", document)
    altair.VConcatChart.from_dict(spec, validate=True)
    (row,) = document["constructs"]
    assert spec["description"] == row["reading"]
    assert [*written(charts.svg(spec))].count("−1.00") == 1
    shares = written(charts.svg(charts.spec("gaps", document, kind="items", measure="favorable")))
    assert "−27" in shares  # 12 of 30 against 14 of 21, in percentage points


# ------------------------------------------------------------------ trends
@some
@given(test_trends.pairs)
def test_trends_have_every_figure_and_every_change(pair: tuple[World, World]) -> None:
    document = served(test_trends.between(*pair))
    school = pair[1].schools[0]
    for kind, key in KINDS:
        for place in (None, school):
            spec = charts.spec("trends", document, kind=kind, school=place)
            drawn = {(r[key], r["group"], r["wave"]): (r["value"], r["n"]) for r in marks(spec)}
            joins = {
                (row[key], row["group"]): tuple(row[f"change_{name}"] for name in ("value", "low", "high"))
                for layer in layers(spec)
                for row in layer["data"]["values"]
                if "change_value" in row and row["x"] != row["x2"]
            }
            expected, changes = {}, {}
            for entry in document[kind]:
                for group in entry["groups"]:
                    own = [c for c in entry["cells"] if c["group"] == group]
                    alone = [c for c in own if c["school"] == place and "schools" not in c]
                    pools = [c for c in own if place in c.get("schools", ()) and c["change"]]
                    cell = next(iter([*(c for c in alone if c["change"]), *pools, *alone]), None)
                    for wave, side in enumerate((cell or {}).get(name) for name in ("earlier", "later")):
                        if side and side["status"] == "published" and side["mean"]["value"] is not None:
                            expected[entry[key], group, wave] = (side["mean"]["value"], side["n"])
                    change = ((cell or {}).get("change") or {}).get("mean")
                    if change is not None:
                        changes[entry[key], group] = (change["value"], change["low"], change["high"])
            assert drawn == expected
            assert joins.items() <= changes.items()
            assert {k for k in changes if {(*k, 0), (*k, 1)} <= drawn.keys()} == joins.keys()


def waves(*people: dict[str, int]) -> dict[str, Any]:
    named = [
        test_trends.named(one_item(agreeing(**of), k=5), key)
        for of, key in zip(people, ("fall", "spring", "summer"), strict=False)
    ]
    return served(trends(named, "director"))


def test_what_is_withheld_breaks_the_line() -> None:
    spec = charts.spec("trends", waves({"ash": 20}, {"ash": 3}, {"ash": 20}))
    altair.VConcatChart.from_dict(spec, validate=True)
    assert [row["wave"] for row in marks(spec)] == [0, 2]
    rows = [row for layer in layers(spec) for row in layer["data"]["values"]]
    assert not [row for row in rows if "change_value" in row]
    assert [row["wave"] for row in rows if row.get("status") == "protected"] == [1]
    assert "withheld" in written(charts.svg(spec))


def test_what_is_not_comparable_is_not_joined() -> None:
    document = waves({"ash": 20}, {"ash": 20}, {"ash": 20})
    assert "not comparable" not in written(charts.svg(charts.spec("trends", document)))
    for entry in document["constructs"]:
        if entry["to"] == "summer":
            entry |= {"comparable": False, "cells": []}
    spec = charts.spec("trends", document)
    assert [row["wave"] for row in marks(spec)] == [0, 1]
    assert "not comparable" in written(charts.svg(spec))


def test_every_release_is_named() -> None:
    document = waves({"ash": 20}, {"ash": 20}, {"ash": 20})
    svg = charts.svg(charts.spec("trends", document))
    assert " ".join(written(svg)).count("(sha256:0123456789ab)") == 3
    assert any("SIMULATED" in text for text in written(svg))
    assert all(" n 20" in line for line in said(svg))


@pytest.mark.parametrize("chart", ["gaps", "trends"])
def test_without_anything_to_show_it_says_so(chart: str) -> None:
    document = two_groups() if chart == "gaps" else waves({"ash": 20}, {"ash": 20})
    spec = charts.spec(chart, document | {"constructs": []})
    assert theme.NOTHING in written(charts.svg(spec))
