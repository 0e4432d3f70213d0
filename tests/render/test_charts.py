"""Charts have the figures of their document, no others, and the same bytes everywhere."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import altair
import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app import vega
from app.render import charts
from app.render.charts import theme
from app.render.charts.heat_map import DEEP
from app.render.charts.trends import COLORS
from app.render.words import number
from tests.analysis.waves import World, one_item, worlds
from tests.factories import AGREE
from tests.render.charting import SVG, documents, marks, place, said, written

FROM_SUMMARY = ("likert", "constructs", "heat-map", "participation")
some = settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))


def shown(entries: list[dict[str, Any]], group: str | None = None) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    return [
        (entry, cell)
        for entry in entries
        for cell in entry["cells"]
        if cell["status"] == "published" and group in (None, cell["group"])
    ]


def at(entry: dict[str, Any], group: str, school: str | None) -> dict[str, Any] | None:
    """The cell that stands for a place: its own, else the pool that holds it; None where nothing is shown."""
    own = [c for c in entry["cells"] if c["group"] == group and c["status"] == "published"]
    alone = [c for c in own if c["school"] == school and "schools" not in c]
    return next(iter([*alone, *(c for c in own if school in c.get("schools", ()))]), None)


def scored(entry: dict[str, Any]) -> list[str]:
    return [o["value"] for o in sorted((o for o in entry["options"] if "score" in o), key=lambda o: o["score"])]


# ------------------------------------------------------------------ the same numbers
@some
@given(worlds(), st.data())
def test_likert_has_the_counts_of_the_summary(world: World, data: st.DataObject) -> None:
    summary = documents(world)["director"]
    group = data.draw(st.sampled_from([g.group for g in world.groups]))
    school = data.draw(st.sampled_from([None, *world.schools]))
    spec = charts.spec("likert", summary, group=group, school=school)
    expected = {}
    for entry in summary["items"]:
        cell = at(entry, group, school)
        if cell is not None and len(scored(entry)) > 1 and cell["n"]:
            expected |= {(entry["item"], o): (cell["counts"][o], cell["n"], *place(cell)) for o in scored(entry)}
    found = {(r["item"], r["option"]): (r["count"], r["n"], *place(r)) for r in marks(spec)}
    assert found == expected
    for row in marks(spec):
        assert row["share"] == row["count"] / row["n"]
        assert row["end"] == row["start"] + row["share"]
        assert contrast(row["ink"], row["fill"]) >= 4.5
    told = Counter(re.findall(r", (\d+) of (\d+)$", line)[0] for line in said(charts.svg(spec)))
    assert told == Counter((str(count), str(n)) for count, n, *_ in expected.values())


def test_likert_is_centered_on_the_neutral_answer() -> None:
    """Of 20: 2, 3, 5, 6, 4. The middle of the neutral five is at 0."""
    answers = [a for a, n in zip(AGREE, (2, 3, 5, 6, 4), strict=True) for _ in range(n)]
    world = one_item([("ash", {"informed": a}) for a in answers], SCHOOL)
    rows = marks(charts.spec("likert", documents(world)["director"]))
    assert [row["option"] for row in rows] == list(AGREE)
    assert [round(row["start"], 9) for row in rows] == [-0.375, -0.275, -0.125, 0.125, 0.425]
    left, right = (row["fill"] for row in (rows[0], rows[-1]))
    assert (left, right) == (theme.CLAY, theme.PINE)


SCHOOL = ("ash",)


@some
@given(worlds(), st.sampled_from(["mean", "favorable"]), st.booleans())
def test_constructs_have_the_figures_of_the_summary(world: World, measure: str, by_school: bool) -> None:
    summary = documents(world)["director"]
    for group in [g.group for g in world.groups] if by_school else [None]:
        spec = charts.spec("constructs", summary, group=group, measure=measure)
        expected = {}
        for entry, cell in shown(summary["constructs"], group):
            if by_school or (cell["school"] is None and "schools" not in cell):
                figure = cell[measure] or {}
                names = ("value", "low", "high") if measure == "mean" else ("share",)
                expected[entry["construct"], *place(cell)] = (cell["n"], *(figure.get(name) for name in names))
        names = ("n", "value", "low", "high") if measure == "mean" else ("n", "share")
        found = {(r["construct"], *place(r)): tuple(r[name] for name in names) for r in marks(spec)}
        assert found == expected
        if measure == "mean":
            told = [line for line in said(charts.svg(spec)) if line]
            for n, value, *_ in expected.values():
                if value is not None:
                    assert any(number(value) in line and line.endswith(f", n {n}") for line in told)


@some
@given(worlds())
def test_the_heat_map_has_every_cell(world: World) -> None:
    for document in documents(world).values():
        for group in dict.fromkeys(c["group"] for e in document["constructs"] for c in e["cells"]):
            spec = charts.spec("heat-map", document, group=group)
            rows = {(r["construct"], *place(r)): r for r in marks(spec)}
            for entry in document["constructs"]:
                cells = [c for c in entry["cells"] if c["group"] == group]
                published = [c for c in cells if c["status"] == "published"]
                if published and not any(c["favorable"] for c in published):
                    continue
                for cell in cells:
                    row = rows.pop((entry["construct"], *place(cell)))
                    assert row["status"] == cell["status"]
                    if cell["status"] == "protected":
                        assert row["said"].endswith(": withheld")
                        assert not {"n", "share", "low", "high", "text"} & row.keys()
                        continue
                    assert row["n"] == cell["n"]
                    for name in ("share", "low", "high", "count"):
                        assert row.get(name) == (cell["favorable"] or {}).get(name)
            assert all(row["status"] == "protected" for row in rows.values())  # pools that are not shown


@some
@given(worlds())
def test_participation_has_every_row(world: World) -> None:
    summary = documents(world)["director"]
    spec = charts.spec("participation", summary)
    drawn = {place(r): (r["responses"], r["eligible"], r["rate"]) for r in marks(spec)}
    rows = [row for row in summary["participation"] if row.get("rate") is not None]
    assert drawn == {place(r): (r["responses"], r["eligible"], r["rate"]) for r in rows}
    texts = Counter(written(charts.svg(spec)))
    assert texts["withheld"] == sum(row.get("status") == "protected" for row in summary["participation"])


@some
@given(worlds())
def test_a_reader_of_ranges_sees_ranges(world: World) -> None:
    """The chart of a banded document has each range and its n, and nothing that could be told of it."""
    for audience in ("principal", "public"):
        document = documents(world)[audience]
        for group in dict.fromkeys(c["group"] for e in document["items"] for c in e["cells"]):
            for chart, field, entries in (("likert", "item", "items"), ("constructs", "construct", "constructs")):
                more = {} if chart == "likert" else {"group": group}
                spec = charts.spec(chart, document, group=group) if not more else charts.spec(chart, document, **more)
                rows = marks(spec)
                kept = [(e, c) for e, c in shown(document[entries], group) if chart != "likert" or len(scored(e)) > 1]
                kept = [(e, c) for e, c in kept if chart != "likert" or (c["school"] is None and "schools" not in c)]
                assert {(r[field], *place(r)): (r["n"], r["low"], r["high"]) for r in rows} == {
                    (e[field], *place(c)): (c["n"], c["favorable"]["low"], c["favorable"]["high"]) for e, c in kept
                }
                assert not any({"share", "count", "value"} & row.keys() for row in rows)


@some
@given(worlds())
def test_what_is_withheld_is_drawn_by_no_figure(world: World) -> None:
    """With every cell withheld there is no mark but the signs of that."""
    summary = documents(world)["director"]
    for entry in [*summary["items"], *summary["constructs"]]:
        entry["cells"] = [{"group": c["group"], "school": c["school"], "status": "protected"} for c in entry["cells"]]
    for chart in FROM_SUMMARY[:3]:
        rows = marks(charts.spec(chart, summary))
        assert all(row["status"] == "protected" and row["said"].endswith(": withheld") for row in rows)
        assert not any({"n", "count", "share", "value", "low", "high"} & row.keys() for row in rows)


# ------------------------------------------------------------------ what a chart is
@pytest.fixture(scope="module")
def summary() -> dict[str, Any]:
    rows = [(s, {"informed": AGREE[i % 5]}) for s, n in (("ash", 30), ("birch", 4), ("cedar", 9)) for i in range(n)]
    return documents(one_item(rows, ("ash", "birch", "cedar"), k=10))["director"]


@pytest.mark.parametrize("chart", FROM_SUMMARY)
def test_it_is_valid_vega_lite(chart: str, summary: dict[str, Any]) -> None:
    altair.VConcatChart.from_dict(charts.spec(chart, summary), validate=True)


@pytest.mark.parametrize("chart", FROM_SUMMARY)
def test_everybody_is_told_what_it_shows(chart: str, summary: dict[str, Any]) -> None:
    spec = charts.spec(chart, summary)
    root = ET.fromstring(charts.svg(spec))
    assert root.attrib["role"] == "img"
    assert [child.tag for child in root][:2] == [f"{SVG}title", f"{SVG}desc"]
    assert root[0].text == " ".join(spec["title"]["text"])
    assert root[1].text == spec["description"]
    assert len(spec["description"]) > 20


@pytest.mark.parametrize("chart", FROM_SUMMARY)
def test_every_symbol_has_words(chart: str, summary: dict[str, Any]) -> None:
    bare = [entry | {"cells": []} for entry in summary["constructs"]]
    for document in (summary, summary | {"items": [], "constructs": bare}):
        for mark in ET.fromstring(charts.svg(charts.spec(chart, document))).iter():
            assert mark.attrib.get("role") != "graphics-symbol" or mark.attrib["aria-label"]
    spec = charts.spec("constructs", summary, measure="favorable")
    assert 'role="graphics-symbol" aria-roledescription="rect mark container"' not in charts.svg(spec)


@pytest.mark.parametrize("chart", FROM_SUMMARY)
def test_it_says_that_answers_are_simulated_and_which_release_it_is(chart: str, summary: dict[str, Any]) -> None:
    texts = written(charts.svg(charts.spec(chart, summary)))
    assert any("SIMULATED" in text for text in texts)
    assert "Release 1 of fall (sha256:0123456789ab)" in texts
    real = charts.spec(chart, summary | {"simulated": False})
    assert "SIMULATED" not in charts.svg(real)


@pytest.mark.parametrize("chart", FROM_SUMMARY)
def test_several_fit_in_one_page(chart: str, summary: dict[str, Any]) -> None:
    """No ids that could clash, nothing from elsewhere, no script."""
    svg = charts.svg(charts.spec(chart, summary))
    assert not re.search(r"\sid=|url\(|<script|href=", svg)


def test_words_are_words(summary: dict[str, Any]) -> None:
    nasty = "<script>alert(1)</script> & \"quotes\" 'x' ${datum} {{y}}"
    entry = summary["items"][0] | {"text": nasty}
    svg = charts.svg(charts.spec("likert", summary | {"items": [entry], "title": nasty}, title=nasty))
    assert "<script" not in svg
    assert any(nasty in " ".join(text.split()) for text in written(svg))


def test_characters_that_no_svg_may_hold_are_left_out(summary: dict[str, Any]) -> None:
    """The engine would end the process with them."""
    entry = summary["items"][0] | {"text": "in\x01form\x1bed\ufffe \U0001f600"}
    spec = charts.spec("likert", summary | {"items": [entry]}, title="a\x0bb\x02")
    assert "informed \U0001f600" in written(charts.svg(spec))
    assert charts.png(spec)
    for forbidden in [*range(9), 11, 12, *range(14, 32), 0xFFFE, 0xFFFF]:
        charts.svg(charts.spec("participation", summary, title=f"a{chr(forbidden)}b", names={"ash": chr(forbidden)}))


def test_a_pool_stands_for_its_schools(summary: dict[str, Any]) -> None:
    spec = charts.spec("likert", summary, group="family", school="birch", names={"birch": "Birch Hill"})
    assert {row["n"] for row in marks(spec)} == {13}
    assert "Birch Hill (where it is withheld: Birch Hill and Cedar together)" in " ".join(spec["title"]["subtitle"])


@pytest.mark.parametrize("chart", FROM_SUMMARY)
def test_without_anything_to_show_it_says_so(chart: str, summary: dict[str, Any]) -> None:
    empty = summary | {"items": [], "constructs": [], "participation": []}
    spec = charts.spec(chart, empty)
    assert marks(spec) == []
    assert theme.NOTHING in written(charts.svg(spec))


# ------------------------------------------------------------------ the same bytes
def test_threads_draw_the_same(summary: dict[str, Any]) -> None:
    specs = [charts.spec(chart, summary) for chart in FROM_SUMMARY] * 4
    with ThreadPoolExecutor(8) as pool:
        drawn = list(pool.map(charts.svg, specs))
    assert drawn == [charts.svg(spec) for spec in specs]


_DIGEST = """
import hashlib, sys, orjson
from app.render import charts
spec = charts.spec("heat-map", orjson.loads(sys.stdin.buffer.read()))
print(hashlib.sha256(charts.svg(spec).encode() + charts.png(spec)).hexdigest())
"""


@pytest.mark.parametrize("more", [{"PYTHONHASHSEED": "1"}, {"FONTCONFIG_FILE": "/nonexistent", "TZ": "Asia/Tokyo"}])
def test_another_process_draws_the_same(summary: dict[str, Any], more: dict[str, str]) -> None:
    ours = charts.spec("heat-map", summary)
    expected = hashlib.sha256(charts.svg(ours).encode() + charts.png(ours)).hexdigest()
    theirs = subprocess.run(
        [sys.executable, "-c", _DIGEST], input=orjson.dumps(summary), capture_output=True, check=True,
        env=os.environ | more,
    )  # fmt: skip
    assert theirs.stdout.decode().strip() == expected


def test_png_is_as_large_as_it_is_told_to_be(summary: dict[str, Any]) -> None:
    spec = charts.spec("participation", summary)
    width = float(ET.fromstring(charts.svg(spec)).attrib["width"])
    for scale in (1, 2):
        png = charts.png(spec, scale)
        assert png[:8] == b"\x89PNG\r\n\x1a\n"
        assert abs(int.from_bytes(png[16:20], "big") - width * scale) <= scale


# ------------------------------------------------------------------ to be seen and read
def luminance(color: str) -> float:
    parts = (int(color[i : i + 2], 16) / 255 for i in (1, 3, 5))
    r, g, b = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_marks_stand_out_and_words_can_be_read(summary: dict[str, Any]) -> None:
    for color in (theme.PINE, theme.CLAY, theme.EDGE, *COLORS):
        assert contrast(color, theme.SHEET) >= 3
    for color in (theme.INK, theme.SOFT, *COLORS):
        assert contrast(color, theme.SHEET) >= 4.5
    assert contrast(theme.INK, DEEP) >= 4.5
    for row in marks(charts.spec("likert", summary)):
        assert contrast(row["ink"], row["fill"]) >= 4.5
        assert contrast(row["stroke"], theme.SHEET) >= 3


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=80), st.integers(20, 300))
def test_words_are_broken_so_that_they_fit(text: str, pixels: int) -> None:
    lines = theme.wrapped(text, pixels, most=1000)
    assert "".join("".join(lines).split()) == "".join(text.split())
    for line in lines:
        assert theme.width_of(line) <= pixels or len(line) == 1
    cut = theme.wrapped(text, pixels, most=2)
    assert len(cut) <= 2
    assert cut == lines or cut[-1].endswith("…")


def drawn_width(text: str, font: str) -> float:
    """How wide the engine finds a text: a picture of one text is as wide as that."""
    mark = {"type": "text", "text": text, "fontSize": 100, "align": "left", "x": 0, "font": font}
    spec = {"data": {"values": [{}]}, "padding": 0, "width": 1, "height": 1, "mark": mark}
    return float(ET.fromstring(vega.svg(spec)).attrib["width"])


@pytest.mark.parametrize("font", ["DejaVu Sans Mono", "DejaVu Serif", "Nimbus Roman", "Courier New", "Verdana"])
def test_fonts_of_the_machine_are_not_known(font: str) -> None:
    assert drawn_width("Withheld", font) == drawn_width("Withheld", "No Such Font")


@pytest.mark.parametrize(
    "text", ["Coordination across home, school and community", "¿La escuela me escucha cuando comparto una inquietud?"]
)
def test_letters_are_estimated_as_wide_as_they_are_drawn(text: str) -> None:
    drawn = drawn_width(text, theme.FONT)
    assert abs(theme.width_of(text, 100) - drawn) < 0.05 * drawn
