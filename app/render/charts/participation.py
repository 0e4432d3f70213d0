"""Participation: how many answered of how many were asked, by group and school.

Decides that a bar is a rate, so that groups of all sizes can be seen, and that the numbers stand beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app.render.charts.cells import place_fields
from app.render.charts.ranges import share_axis
from app.render.charts.theme import (
    EDGE,
    LINE_HEIGHT,
    NOTHING,
    PINE,
    SAID,
    SHEET,
    WIDTH,
    Names,
    Row,
    columns,
    frame,
    layer,
    of,
    panel,
    place_name,
    word,
    words,
    wrapped,
)  # fmt: skip
from app.render.words import WITHHELD, named, percent, whole

LEFT, BAR = 200, 13
HEADS: dict[str, float] = {"responses": 76, "eligible": 62, "rate": 56}
MOST_TOLD = 12


def participation(
    document: Mapping[str, Any], *,
    group: str | None = None, school: str | None = None,
    names: Names | None = None, width: int = WIDTH, title: str | None = None,
) -> Row:  # fmt: skip
    """Make the chart from a summary.

    Parameters
    ----------
    group : draw this group alone.
    school : draw this school alone, the whole union beside it.
    names : school -> its name; made from the keys when None.
    """
    rows = [row for row in document["participation"] if group is None or row["group"] == group]
    rows = [row for row in rows if school is None or row["school"] in (school, None)]
    return frame(
        [_panel(rows, names or {}, width)] if rows else [], document, title=title or "Who answered",
        subtitle=f"Responses of those who were eligible · {document['title']}", description=_told(rows, names or {}),
        left=LEFT, width=width,
    )  # fmt: skip


def _panel(rows: Sequence[Mapping[str, Any]], names: Names, width: float) -> Row:
    room = width - LEFT - sum(HEADS.values())
    top = 14.0
    labels, places = [], []
    for group in dict.fromkeys(row["group"] for row in rows):
        labels.append(word(-LEFT, top + 14, named(group), weight="bold"))
        top += 24
        for row in rows:
            if row["group"] == group:
                said = wrapped(place_name(row, names), LEFT - 26)
                height = len(said) * LINE_HEIGHT + 5
                labels.append(word(-LEFT + 14, top + height / 2, said))
                places.append((row, top + height / 2, " ".join(said)))
                top += height
    labels += columns(HEADS, [(y, _figures(row)) for row, y, _ in places], room)
    data = [
        {
            **place_fields(row), **{name: row[name] for name in ("responses", "eligible", "rate")}, "zero": 0, "one": 1,
            "y": y, "said": f"{named(row['group'])}, {said}: {whole(row['responses'])} of {whole(row['eligible'])}",
        }
        for row, y, said in places
        if row.get("rate") is not None
    ]  # fmt: skip
    if not data:  # without a roster, or all withheld: there is no bar
        return panel([words(labels)], room, top + 6)
    x = share_axis("zero")
    x["scale"]["domain"] = [0, max([1, *(row["rate"] for row in data)])]
    mark = {"type": "rect", "y": of("y"), "height": BAR, "strokeWidth": 1}
    asked = layer(data, {**mark, "fill": SHEET, "stroke": EDGE}, x=x, x2={"field": "one"})
    answered = layer(data, {**mark, "fill": PINE}, x=x, x2={"field": "rate"}, description=SAID)
    return panel([asked, answered, words(labels)], room, top + 6)


def _figures(row: Mapping[str, Any]) -> list[str]:
    if row.get("status") == "protected":
        return [WITHHELD]
    eligible = "not known" if row["eligible"] is None else whole(row["eligible"])
    return [whole(row["responses"]), eligible, "" if row["rate"] is None else percent(row["rate"])]


def _told(rows: Sequence[Mapping[str, Any]], names: Names) -> str:
    """Say what the chart shows: of few lines each, of many those of the whole union and how many are withheld."""
    hidden = sum(row.get("status") == "protected" for row in rows)
    if len(rows) <= MOST_TOLD:
        return " ".join(_line_told(row, names) for row in rows) or NOTHING
    unions = [_line_told(row, names) for row in rows if row["school"] is None]
    return " ".join([*unions, f"{len(rows)} lines, {hidden} of them withheld."])


def _line_told(row: Mapping[str, Any], names: Names) -> str:
    who = f"{named(row['group'])} {'in all schools' if row['school'] is None else f'at {place_name(row, names)}'}"
    if row.get("status") == "protected":
        return f"{who}: {WITHHELD}."
    responses = whole(row["responses"])
    if row["eligible"] is None:
        return f"{who}: {responses} answered."
    rate = "" if row["rate"] is None else f" ({percent(row['rate'])})"
    return f"{who}: {responses} of {whole(row['eligible'])} answered{rate}."
