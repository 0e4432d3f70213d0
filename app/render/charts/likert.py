"""Diverging bars: how the people of a group answered each question, laid out to both sides of the neutral answer.

Decides which questions can be drawn so: those whose options have scores. A reader of ranges gets the range of the
favorable share in their place.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from app.analysis.words import first_up, listed, quoted
from app.render.charts.cells import (
    Cell,
    Entry,
    cell_at,
    cells_of,
    groups_of,
    is_banded,
    is_shown,
    place_fields,
    said_share,
    scope,
)
from app.render.charts.ranges import bands, share_axis, zero_line
from app.render.charts.theme import (
    BLUSH,
    CLAY,
    EDGE,
    INK,
    LINE_HEIGHT,
    MIST,
    PINE,
    SAID,
    SAND,
    SHEET,
    SMALL,
    WIDTH,
    Names,
    Row,
    columns,
    frame,
    layer,
    legend,
    mixed,
    of,
    panel,
    place_name,
    quantity,
    width_of,
    word,
    words,
    wrapped,
)  # fmt: skip
from app.render.words import WITHHELD, named, percent, whole

LEFT, FAVORABLE, BASE, APART = 290, 64, 40, 88  # pixels: the questions, and the columns at the right
BAR, GAP = 20, 9


class _Line(NamedTuple):
    """One bar to be: a question, or a place."""

    entry: Entry
    cell: Cell
    said: str


def likert(
    document: Mapping[str, Any], *,
    group: str | None = None, school: str | None = None, item: str | None = None, items: Collection[str] = (),
    names: Names | None = None, width: int = WIDTH, title: str | None = None,
) -> Row:  # fmt: skip
    """Make the chart from a summary.

    Parameters
    ----------
    group : whose answers; the first group of the document when None.
    school : of which school; None for all schools.
    item : draw this question over all places of the group, not all questions at one place.
    items : draw these questions alone.
    names : school -> its name; made from the keys when None.
    """
    names = names or {}
    entries = [entry for entry in document["items"] if len(_scored(entry)) > 1]
    entries = [entry for entry in entries if not items or entry["item"] in items]
    if item is not None:
        entries = [entry for entry in entries if entry["item"] == item]
    known = groups_of(entries)
    group = group or (known[0] if known else None)
    lines = _lines(entries, group, school, item, names) if group is not None else []
    where = "By school" if item is not None else scope([line.cell for line in lines], school, names)
    who = "" if group is None else f"{named(group)}: "
    heading = who + (quoted(_asked(lines[0].entry)) if item and lines else "the answers")
    sections: dict[Any, list[_Line]] = {}
    banded = any(is_shown(line.cell) and is_banded(line.cell) for line in lines)
    for line in lines:
        sections.setdefault(None if banded else _scale(line.entry), []).append(line)
    panels = [_section(section, width, banded=banded) for section in sections.values()]
    told = "ranges of the share of favorable answers" if banded else "shares of the answers"
    if not banded and any(line.entry["reverse"] for line in lines):
        told += "; of reversed questions the answers at the left are the favorable ones"
    return frame(
        panels,
        document, title=title or first_up(heading), description=_told(lines),
        subtitle=f"{where} · {told} · {document['title']}",
        left=LEFT, width=width,
    )  # fmt: skip


def _asked(entry: Entry) -> str:
    """Give the question, marked when it is reversed."""
    return f"{entry['text']} (reversed)" if entry["reverse"] else str(entry["text"])


def _scored(entry: Entry) -> list[Mapping[str, Any]]:
    """List the options that have a score, lowest first."""
    return sorted((option for option in entry["options"] if "score" in option), key=lambda option: option["score"])


def _scale(entry: Entry) -> tuple[Any, ...]:
    return tuple((option["value"], option["label"], option.get("score")) for option in entry["options"])


def _lines(
    entries: Sequence[Entry], group: str, school: str | None, item: str | None, names: Names
) -> list[_Line]:  # fmt: skip
    if item is not None:
        return [
            _Line(entry, cell, place_name(cell, names))
            for entry in entries
            for cell in cells_of(entry, group)
            if is_shown(cell) or cell["school"] is not None
        ]
    found = ((entry, cell_at(entry, group, school)) for entry in entries)
    return [_Line(entry, cell, _asked(entry)) for entry, cell in found if cell is not None]


# ------------------------------------------------------------------ one scale
def _section(lines: Sequence[_Line], width: int, *, banded: bool) -> Row:
    """Draw the lines of one scale: its legend, and the bars."""
    looks = [] if banded else _looks(_scored(lines[0].entry))
    layers, labels, head = legend([(option["label"], look) for option, look in looks], LEFT, width)
    head = head if looks else 7.0
    top, rows = head + 14, []
    for line in lines:
        said = wrapped(line.said, LEFT - 14, most=7)
        height = max(BAR, len(said) * LINE_HEIGHT) + GAP
        rows.append((line, said, top + height / 2))
        top += height
    apart = any(line.cell.get("not_applicable") for line in lines)
    heads = {"favorable": FAVORABLE, "n": BASE} | ({"not applicable": APART} if apart else {})
    room = width - LEFT - sum(heads.values())
    drawn, shares = (_ranges(rows), []) if banded else _bars(rows, room, head + 10, top)
    labels += [word(-LEFT, y, said) for _, said, y in rows] + shares
    labels += columns(heads, [(y, _figures(line.cell)) for line, _, y in rows], room, head)
    return panel([*layers, *drawn, words(labels)], room, top)


def _figures(cell: Cell) -> list[str]:
    """Give what stands at the right: the favorable share, the base, and who stands apart."""
    if not is_shown(cell):
        return [WITHHELD]
    apart = cell.get("not_applicable")
    return [said_share(cell, "–"), whole(cell["n"]), "" if apart is None else whole(apart)]


def _bars(
    rows: Sequence[tuple[_Line, list[str], float]], room: float, top: float, bottom: float
) -> tuple[list[Row], list[Row]]:
    """Stack the shares of the options, the middle of the neutral one at a line from top to bottom; layers and words."""
    data: list[Row] = []
    for line, _, y in rows:
        cell = line.cell
        if not (is_shown(cell) and cell["n"]):
            continue
        options = _scored(line.entry)
        shares = [cell["counts"][option["value"]] / cell["n"] for option in options]
        at = -sum(shares[: len(shares) // 2]) - (shares[len(shares) // 2] / 2 if len(shares) % 2 else 0)
        for (option, look), share in zip(_looks(options), shares, strict=True):
            count = cell["counts"][option["value"]]
            data.append({
                **place_fields(cell), "item": line.entry["item"], "option": option["value"], "label": option["label"],
                "count": count, "n": cell["n"], "share": share, "start": at, "end": at + share,
                "y": y, "y1": y - BAR / 2, "y2": y + BAR / 2, **look,
                "said": f"{line.said}: {option['label']}, {whole(count)} of {whole(cell['n'])}",
            })  # fmt: skip
            at += share
    reach = max([0.25, *(max(-row["start"], row["end"]) for row in data)])
    x = quantity("start", scale={"domain": [-reach, reach], "nice": False}, axis=None)
    mark = {"type": "rect", "y": of("y"), "height": BAR, "strokeWidth": 0.8}
    bars = layer(
        data, {**mark, "fill": of("fill"), "stroke": of("stroke")}, x=x, x2={"field": "end"}, description=SAID
    )  # fmt: skip
    pixel = room / (2 * reach)
    labels = [
        word(room / 2 + (row["start"] + row["end"]) / 2 * pixel, row["y"], percent(row["share"]), "center", row["ink"],
             size=SMALL)
        for row in data
        if width_of(percent(row["share"]), SMALL) + 3 < row["share"] * pixel
    ]  # fmt: skip
    return [zero_line(x, top, bottom), bars], labels


def _ranges(rows: Sequence[tuple[_Line, list[str], float]]) -> list[Row]:
    data = [
        {
            **place_fields(line.cell), "item": line.entry["item"], "n": line.cell["n"], "y": y,
            **line.cell["favorable"],
            "said": f"{line.said}: favorable {said_share(line.cell)} of {whole(line.cell['n'])}",
        }
        for line, _, y in rows
        if is_shown(line.cell)
    ]  # fmt: skip
    return [bands(data, share_axis("low"))]


# ------------------------------------------------------------------ colors
def _looks(options: Sequence[Mapping[str, Any]]) -> list[tuple[Mapping[str, Any], Row]]:
    """Give each option its fill, border and ink: the farther from the middle, the darker."""
    middle = (len(options) - 1) / 2
    return [(option, _look(place - middle, middle)) for place, option in enumerate(options)]


def _look(off: float, most: float) -> Row:
    if off == 0:
        return {"fill": SAND, "stroke": EDGE, "ink": INK}
    light, dark = (MIST, PINE) if off > 0 else (BLUSH, CLAY)
    steps = int(most + 0.5)
    part = 1.0 if steps == 1 else (abs(off) - (0.5 if most % 1 else 1)) / (steps - 1)
    depth = 0.96 * part if part <= 0.5 else 0.52 + 0.48 * part  # no words could be read on what lies between
    return {"fill": mixed(light, dark, depth), "stroke": dark, "ink": SHEET if part > 0.5 else INK}


# ------------------------------------------------------------------ in words
def _told(lines: Sequence[_Line]) -> str:
    """Say what the chart shows."""
    exact = [
        (line.cell["favorable"]["share"], line)
        for line in lines
        if is_shown(line.cell) and (line.cell.get("favorable") or {}).get("share") is not None
    ]
    told = [f"{len(lines)} bars."]
    if exact:
        best, worst = max(exact, key=lambda one: one[0]), min(exact, key=lambda one: one[0])
        for word, (share, line) in (("most", best), ("least", worst)):
            told.append(
                f"The {word} favorable answers, {percent(share)} of {whole(line.cell['n'])}: {quoted(line.said)}."
            )
    ranges = [f"{quoted(line.said)} {said_share(line.cell)} of {whole(line.cell['n'])}" for line in lines
              if is_shown(line.cell) and is_banded(line.cell)]  # fmt: skip
    if ranges:
        told.append(f"Favorable shares lie in these ranges: {listed(ranges)}.")
    if withheld := sum(not is_shown(line.cell) for line in lines):
        told.append(f"{withheld} withheld.")
    return " ".join(told)
