"""Participation: how many answered of how many were asked, by group and school.

Decides that a bar is a rate, so that groups of all sizes can be seen, and that the numbers stand beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app.analysis.words import listed, people
from app.render.charts.cells import place_fields
from app.render.charts.ranges import share_axis
from app.render.charts.theme import (
    EDGE,
    LINE_HEIGHT,
    PINE,
    SAID,
    SHEET,
    WIDTH,
    WITHHELD,
    Names,
    Row,
    columns,
    frame,
    group_name,
    layer,
    of,
    panel,
    percent,
    place_name,
    word,
    words,
    wrapped,
)  # fmt: skip

LEFT, BAR = 200, 13
HEADS: dict[str, float] = {"responses": 76, "eligible": 62, "rate": 56}


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
        subtitle=f"Responses of those who were eligible · {document['title']}", description=_told(rows),
        left=LEFT, width=width,
    )  # fmt: skip


def _panel(rows: Sequence[Mapping[str, Any]], names: Names, width: float) -> Row:
    room = width - LEFT - sum(HEADS.values())
    top = 14.0
    labels, places = [], []
    for group in dict.fromkeys(row["group"] for row in rows):
        labels.append(word(-LEFT, top + 14, group_name(group), weight="bold"))
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
            "y": y, "said": f"{group_name(row['group'])}, {said}: {row['responses']} of {row['eligible']}",
        }
        for row, y, said in places
        if row.get("rate") is not None
    ]  # fmt: skip
    x = share_axis("zero")
    x["scale"]["domain"] = [0, max([1, *(row["rate"] for row in data)])]
    mark = {"type": "rect", "y": of("y"), "height": BAR, "strokeWidth": 1}
    asked = layer(data, {**mark, "fill": SHEET, "stroke": EDGE}, x=x, x2={"field": "one"})
    answered = layer(data, {**mark, "fill": PINE}, x=x, x2={"field": "rate"}, description=SAID)
    return panel([asked, answered, words(labels)], room, top + 6)


def _figures(row: Mapping[str, Any]) -> list[str]:
    if row.get("status") == "protected":
        return [WITHHELD]
    eligible = "not known" if row["eligible"] is None else str(row["eligible"])
    return [str(row["responses"]), eligible, "" if row["rate"] is None else percent(row["rate"])]


def _told(rows: Sequence[Mapping[str, Any]]) -> str:
    """Say what the chart shows: the whole of each group, and how many schools are withheld."""
    parts = []
    for row in rows:
        if row["school"] is None and row.get("status") != "protected":
            of_all = "" if row["eligible"] is None else f" of {row['eligible']}"
            parts.append(f"{row['responses']}{of_all} {people(row['group'])}")
    told = f"In all schools answered {listed(parts)}. " if parts else ""
    hidden = sum(row.get("status") == "protected" for row in rows)
    return f"{told}{len(rows)} lines, {hidden} of them withheld."
