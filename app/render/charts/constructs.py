"""Dots and whiskers: where each construct stands, by group or by school.

Decides which figure is drawn: a mean with its interval, or a favorable share, which a construct has without one. A
reader of ranges gets the range of the favorable share in their place.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from app.analysis.words import quoted
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
)  # fmt: skip
from app.render.charts.ranges import bands, dots, number_axis, share_axis
from app.render.charts.theme import (
    LINE_HEIGHT,
    WIDTH,
    Names,
    Row,
    columns,
    frame,
    panel,
    place_name,
    word,
    words,
    wrapped,
)  # fmt: skip
from app.render.words import WITHHELD, between, named, number, whole

Measure = Literal["mean", "favorable"]
LEFT = 250
NONE = "no figure"
HEADS: dict[str, dict[str, float]] = {
    "mean": {"mean": 50, "95% interval": 92, "n": 48},
    "favorable": {"favorable": 74, "n": 48},
}


class _Line(NamedTuple):
    """One figure to be drawn, of one cell of a construct."""

    entry: Entry
    cell: Cell
    said: str


def constructs(
    document: Mapping[str, Any], *,
    group: str | None = None, school: str | None = None, constructs: Collection[str] = (), measure: Measure = "mean",
    names: Names | None = None, width: int = WIDTH, title: str | None = None,
) -> Row:  # fmt: skip
    """Make the chart from a summary.

    Parameters
    ----------
    group : draw this group by school; all groups side by side when None.
    school : of which school, when no group is named; None for all schools together.
    constructs : draw these alone.
    measure : of exact figures; ranges are always of the favorable share.
    names : school -> its name; made from the keys when None.
    """
    names = names or {}
    entries = [entry for entry in document["constructs"] if not constructs or entry["construct"] in constructs]
    lines = [line for entry in entries for line in _lines(entry, group, school, names)]
    banded = any(is_shown(line.cell) and is_banded(line.cell) for line in lines)
    measure = "favorable" if banded else measure
    sections: dict[Any, list[_Line]] = {}
    for line in lines:
        sections.setdefault(None if measure == "favorable" else _scale(line.entry, document), []).append(line)
    panels = [_section(section, ends, measure, width) for ends, section in sections.items()]
    if banded:
        told = "ranges of the share of favorable answers"
    else:
        told = "mean scores and their 95% intervals" if measure == "mean" else "shares of favorable answers"
    where = "by school" if group is not None else scope([line.cell for line in lines], school, names)
    return frame(
        panels, document, title=title or ("Constructs" if group is None else f"{named(group)}: constructs"),
        subtitle=f"{where[:1].upper()}{where[1:]} · {told} · {document['title']}", description=_told(lines, measure),
        left=LEFT, width=width,
    )  # fmt: skip


def _lines(entry: Entry, group: str | None, school: str | None, names: Names) -> list[_Line]:
    if group is not None:
        return [_Line(entry, cell, place_name(cell, names)) for cell in cells_of(entry, group)]
    found = ((one, cell_at(entry, one, school)) for one in groups_of([entry]))
    return [_Line(entry, cell, named(one)) for one, cell in found if cell is not None]


def _scale(entry: Entry, document: Mapping[str, Any]) -> tuple[float, float]:
    """Give the lowest and the highest score of a construct's items; those of its figures where no option has any."""
    scores = [option["score"] for item in document["items"] if item["item"] in entry["items"]
              for option in item["options"] if "score" in option]  # fmt: skip
    means = [cell["mean"]["value"] for cell in entry["cells"] if "mean" in cell]  # a reader of ranges has none
    values = [value for value in means if value is not None]
    known = scores or values or [0, 1]
    return min(known), max(max(known), min(known) + 1)


def _section(lines: Sequence[_Line], ends: tuple[float, float] | None, measure: Measure, width: int) -> Row:
    """Draw the lines of one scale under each other, each construct with its title above."""
    top = 14.0
    labels: list[Row] = []
    places: list[tuple[_Line, float]] = []
    before: Entry | None = None
    for line in lines:
        if line.entry is not before:
            title = wrapped(line.entry["title"], LEFT - 14, bold=True)
            labels.append(word(-LEFT, top + 8 + len(title) * LINE_HEIGHT / 2, title, weight="bold"))
            top += 10 + len(title) * LINE_HEIGHT
            before = line.entry
        said = wrapped(line.said, LEFT - 30)
        height = len(said) * LINE_HEIGHT + 5
        labels.append(word(-LEFT + 14, top + height / 2, said))
        places.append((line, top + height / 2))
        top += height
    top += 6
    heads = HEADS[measure]
    room = width - LEFT - sum(heads.values())
    shown = [_data(line, y, measure) for line, y in places if is_shown(line.cell)]
    if ends is None:  # of a reader who gets one group in ranges and another exactly, both
        exact = [row for row in shown if "share" in row]
        drawn = dots(exact, share_axis("share")) if exact else []
        drawn.append(bands([row for row in shown if "share" not in row], share_axis("low")))
    else:
        drawn = dots(shown, number_axis("value", *ends))
    labels += columns(heads, [(y, _figures(line.cell, measure)) for line, y in places], room)
    return panel([*drawn, words(labels)], room, top)


def _data(line: _Line, y: float, measure: Measure) -> Row:
    cell, figure = line.cell, line.cell[measure] or {}
    return {
        **place_fields(cell), "construct": line.entry["construct"], "n": cell["n"], "low": None, "high": None,
        **({"value": None} if measure == "mean" else {} if "low" in figure else {"share": None}),
        **{name: figure[name] for name in ("value", "low", "high", "share", "count") if name in figure}, "y": y,
        "said": f"{line.entry['title']}, {line.said}: {_in_words(cell, measure)}, n {whole(cell['n'])}",
    }  # fmt: skip


def _figures(cell: Cell, measure: Measure) -> list[str]:
    if not is_shown(cell):
        return [WITHHELD]
    if measure == "favorable":
        return [said_share(cell, "–"), whole(cell["n"])]
    mean = cell["mean"]
    return [
        "" if mean["value"] is None else number(mean["value"]),
        "" if mean["low"] is None else between(mean["low"], mean["high"]),
        whole(cell["n"]),
    ]


def _in_words(cell: Cell, measure: Measure) -> str:
    """Say a cell's figure for those who do not see the chart."""
    if not is_shown(cell):
        return WITHHELD
    if measure == "favorable":
        return said_share(cell) or NONE
    value, interval, _ = _figures(cell, measure)
    return (f"{value} ({interval})" if interval else value) or NONE


def _told(lines: Sequence[_Line], measure: Measure) -> str:
    """Say what the chart shows, line by line."""
    told: dict[str, list[str]] = {}
    for line in lines:
        told.setdefault(line.entry["title"], []).append(f"{line.said} {_in_words(line.cell, measure)}")
    return " ".join(f"{quoted(title)}: {'; '.join(parts)}." for title, parts in told.items())
