"""How charts look: colors, type, widths of words, and the frame of title and footer around the panels.

Decides nothing of what a chart shows. Colors are those of the pages; every one that carries a mark has three times the
contrast of the background, and none carries a meaning alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app.analysis.words import first_up, listed, place
from app.render.words import EVERYWHERE, WITHHELD

Row = dict[str, Any]
Names = Mapping[str, str]

SHEET, INK, SOFT, LINE, EDGE = "#fffdf9", "#22302e", "#55625f", "#d8cfc0", "#857c6d"
PINE, MIST, CLAY, BLUSH, SAND = "#1d5a55", "#d5e8e1", "#9c2f1b", "#f6d3c4", "#ece5d8"
FONT = "Liberation Sans, Arial, Helvetica, sans-serif"
"""The engine has the first; devices have one of the others, whose letters are as wide."""

SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
WIDTH = 720
SIZE, SMALL, LINE_HEIGHT, BOLD = 12, 11, 15, 1.08  # bold letters are wider
NOTHING = "There is nothing here that this chart can show."


# ------------------------------------------------------------------ words
_WIDTHS = {
    letter: width
    for width, letters in {
        0.22: "ijl'", 0.28: "ft.,:;/!I |", 0.34: "r()-“”’", 0.5: "ckvsxyzJ", 0.61: "FTZ+=", 0.67: "ABEKPSVXY&",
        0.73: "CDHNRUw", 0.78: "GOQ", 0.84: "mM", 0.9: "%", 0.95: "W", 1.0: "@—…",
    }.items()
    for letter in letters
}  # fmt: skip
"""Letter -> its width at a size of 1; all others are 0.56 wide, but for those of languages that write in squares."""


def width_of(text: str, size: float = SIZE) -> float:
    """Estimate how wide a text is, in pixels."""
    return size * sum(_WIDTHS.get(letter, 0.56 if letter < "\u2e80" else 1.02) for letter in text)


def wrapped(text: str, pixels: float, *, size: float = SIZE, most: int = 4, bold: bool = False) -> list[str]:
    """Break a text into lines; what does not fit in the last of `most` lines ends in an ellipsis."""
    pixels = pixels / BOLD if bold else pixels
    lines: list[str] = []
    line = ""
    for word in text.split():
        while width_of(word, size) > pixels and len(word) > 1:  # no spaces to break at
            fits = next(n for n in range(len(word) - 1, 0, -1) if n == 1 or width_of(word[:n], size) <= pixels)
            lines += [line] if line else []
            line, word = word[:fits], word[fits:]
            lines.append(line)
            line = ""
        if line and width_of(f"{line} {word}", size) > pixels:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}".strip()
    lines += [line] if line or not lines else []
    if len(lines) > most:
        last = lines[most - 1]
        while last and width_of(f"{last}…", size) > pixels:
            last = last[:-1]
        lines = [*lines[: most - 1], f"{last.rstrip()}…"]
    return lines


def school_name(school: str, names: Names) -> str:
    """Name a school as the reader was given it, else by its key."""
    return names.get(school) or place(school, None)


def place_name(cell: Mapping[str, Any], names: Names) -> str:
    """Name the place of a cell: a school, schools that are shown together, or all."""
    if "schools" in cell:
        return f"{listed([school_name(school, names) for school in cell['schools']])} together"
    return EVERYWHERE if cell["school"] is None else school_name(cell["school"], names)


# ------------------------------------------------------------------ panels
def quantity(field: str, **more: Any) -> Row:
    """Encode a field that holds a number."""
    return {"field": field, "type": "quantitative", **more}


def of(field: str) -> Row:
    """Take a property of a mark from a field, as it is: pixels, a color, a word of Vega-Lite."""
    return {"expr": f"datum.{field}"}


SAID = {"field": "said", "type": "nominal"}
"""The words of a mark, for those who do not see it."""


def layer(rows: Sequence[Row], mark: Row, **encoding: Row) -> Row:
    """Make one layer with its data. Only marks with a `description` are read out."""
    return {
        "data": {"values": list(rows)},
        "mark": {"aria": bool(rows) and "description" in encoding, **mark},
        "encoding": encoding,
    }


def word(x: float, y: float, text: str | Sequence[str], align: str = "left", ink: str = INK, **look: Any) -> Row:
    """Write a line, or lines, centered on `y`; pixels from the left and the top of the panel.

    Parameters
    ----------
    look : `size` and `weight` where they are not the usual ones.
    """
    lines = [text] if isinstance(text, str) else list(text)
    y -= (len(lines) - 1) * LINE_HEIGHT / 2
    shown = lines if len(lines) > 1 else lines[0]
    return {"x": x, "y": y, "text": shown, "align": align, "ink": ink, "size": SIZE, "weight": "normal", **look}


def words(rows: Sequence[Row]) -> Row:
    """Make the layer of what `word` gave."""
    placed = {"x": of("x"), "y": of("y"), "text": of("text"), "align": of("align"), "color": of("ink")}
    type_ = {"fontSize": of("size"), "fontWeight": of("weight"), "lineHeight": LINE_HEIGHT, "baseline": "middle"}
    return layer(rows, {"type": "text", **placed, **type_})


def columns(
    heads: Mapping[str, float], rows: Sequence[tuple[float, Sequence[str]]], left: float, top: float = 7
) -> list[Row]:
    """Write columns of figures beside a plot, each with its head.

    Parameters
    ----------
    heads : head -> pixels of the column; figures end at its right.
    rows : `y` of a row and what stands in its columns.
    left : where the first column begins.
    top : `y` of the heads.
    """
    ends = [left + sum(list(heads.values())[: place + 1]) for place in range(len(heads))]
    return [word(x, top, head, "right", SOFT, size=SMALL) for x, head in zip(ends, heads, strict=True)] + [
        word(x, y, text, "right", SOFT if text == WITHHELD else INK, size=SMALL)
        for y, texts in rows
        for x, text in zip(ends, texts, strict=False)
        if text
    ]


def panel(layers: Sequence[Row], width: float, height: float) -> Row:
    return {"layer": list(layers), "width": width, "height": height}


def legend(entries: Sequence[tuple[str, Row]], left: float, width: float) -> tuple[list[Row], list[Row], float]:
    """Explain signs at the top of a panel: boxes with `fill` and `stroke`, hatched or not, and what they mean.

    Returns
    -------
    Layers, words, and how many pixels of the panel's height they take.
    """
    boxes: list[Row] = []
    said: list[Row] = []
    x, y = -left, 8.0
    for text, look in entries:
        room = 18 + width_of(text, SMALL) + 16
        if x > -left and x + room > width - left:
            x, y = -left, y + 18
        boxes.append({"x": x + 6, "y": y, **look})
        said.append(word(x + 18, y, text, ink=SOFT, size=SMALL))
        x += room
    mark = {"type": "rect", "x": of("x"), "y": of("y"), "width": 12, "height": 12, "strokeWidth": 1}
    drawn = layer(boxes, {**mark, "fill": of("fill"), "stroke": of("stroke")})
    hatched = [box for box in boxes if box.get("hatched")]
    return [drawn, *([hatch(hatched, 12, 12)] if hatched else [])], said, y + 18


HATCH_STEP = 0.7  # half the height of a box is 1
HATCHED: Row = {"fill": SHEET, "stroke": EDGE, "hatched": True}
"""How the box of what is withheld looks in a legend."""


def hatch(rows: Sequence[Row], width: float, height: float) -> Row:
    """Draw slanted lines over boxes of so many pixels, centered at the `x` and `y` of rows."""
    side = width / height
    path = ""
    for step in range(1 - int((side + 1) / HATCH_STEP), int((side + 1) / HATCH_STEP)):
        at = step * HATCH_STEP
        x1, x2 = max(-side, at - 1), min(side, at + 1)
        path += f"M{x1:.3g},{at - x1:.3g}L{x2:.3g},{at - x2:.3g}"
    mark = {"type": "point", "x": of("x"), "y": of("y"), "shape": path, "size": height * height, "fill": None}
    return layer(rows, {**mark, "stroke": EDGE, "strokeWidth": 1})


def mixed(light: str, dark: str, depth: float) -> str:
    """Mix two colors; `depth` is the part of the dark one."""
    parts = ((int(light[i : i + 2], 16), int(dark[i : i + 2], 16)) for i in (1, 3, 5))
    return "#" + "".join(f"{round(a + (b - a) * depth):02x}" for a, b in parts)


# ------------------------------------------------------------------ the frame
def frame(
    panels: Sequence[Row], document: Mapping[str, Any], *,
    title: str, subtitle: str, description: str, left: float, width: float,
) -> Row:  # fmt: skip
    """Put panels below each other, with a title above and the release below.

    Parameters
    ----------
    left : pixels of the panels' words left of their plots.
    width : pixels of the whole.
    """
    if not panels:
        panels = [panel([words([word(-left, 10, NOTHING)])], 1, 20)]
    said = f"SIMULATED answers · {subtitle}" if document["simulated"] else subtitle
    lines = wrapped(_release(document), width, size=10)
    height = 14 * len(lines) + 4
    foot = [word(-left, 8 + place * 14, line, ink=SOFT, size=10) for place, line in enumerate(lines)]
    return {
        "$schema": SCHEMA,
        "title": {
            "text": wrapped(title, width, size=16, bold=True), "subtitle": wrapped(said, width), "anchor": "start",
            "frame": "group", "dx": -left, "offset": 14, "fontSize": 16, "fontWeight": "bold", "lineHeight": 20,
            "subtitleFontSize": SIZE, "subtitlePadding": 5, "subtitleLineHeight": 16,
            "color": INK, "subtitleColor": SOFT,
        },
        "description": description,
        "background": SHEET,
        "padding": 12,
        "spacing": 26,
        "bounds": "flush",
        "vconcat": [*panels, panel([words(foot)], 1, height)],
        "config": {
            "font": FONT,
            "view": {"stroke": None},
            "axis": {
                "domain": False, "ticks": False, "gridColor": LINE, "labelColor": SOFT, "labelFontSize": SMALL,
                "labelLimit": 0, "titleColor": SOFT, "titleFontSize": SMALL, "titleFontWeight": "normal",
                "titleLimit": 0, "aria": False,
            },
        },
    }  # fmt: skip


def _release(document: Mapping[str, Any]) -> str:
    """Name what a chart was made from: release and the first characters of its digest."""
    parts = document.get("waves", [document])
    told = [f"release {part['release']['number']} of {part['wave']} ({_short(part['release'])})" for part in parts]
    return first_up("; ".join(told))


def _short(release: Mapping[str, Any]) -> str:
    kind, _, digest = release["digest"].partition(":")
    return f"{kind}:{digest[:12]}"
