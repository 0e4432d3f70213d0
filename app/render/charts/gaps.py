"""Gaps: how far two groups are apart on what they share, with intervals, around a line at 0.

Decides the order, from where the first group is highest above the second to where it is farthest below, and that what
cannot be compared is named without a figure.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Literal

from app.analysis.words import people
from app.render.charts.cells import is_shown, name_of
from app.render.charts.ranges import dots, zero_line
from app.render.charts.theme import (
    LINE_HEIGHT,
    SMALL,
    WIDTH,
    Names,
    Row,
    columns,
    frame,
    panel,
    quantity,
    school_name,
    width_of,
    word,
    words,
    wrapped,
)  # fmt: skip
from app.render.words import WITHHELD, between, named, points, signed, whole

Measure = Literal["mean", "favorable"]
LEFT, TOP = 250, 18
NOT_COMPARED = "not compared"
_ENDS = ("value", "low", "high")


def gaps(
    document: Mapping[str, Any], *,
    kind: Literal["constructs", "items"] = "constructs", measure: Measure = "mean",
    items: Collection[str] = (), constructs: Collection[str] = (),
    names: Names | None = None, width: int = WIDTH, title: str | None = None,
) -> Row:  # fmt: skip
    """Make the chart from the document of gaps between two groups.

    Parameters
    ----------
    kind : which of its rows.
    measure : the difference of the means, or of the favorable shares, for which constructs have no interval.
    items, constructs : draw these rows alone.
    names : school -> its name; made from the keys when None.
    """
    a, b, school = document["a"], document["b"], document["school"]
    chosen = constructs if kind == "constructs" else items
    rows = [row for row in document[kind] if not chosen or name_of(row)[1] in chosen]
    rows.sort(key=lambda row: _order(row, measure))
    where = "All schools" if school is None else school_name(school, names or {})
    told = "mean scores" if measure == "mean" else "favorable answers in percentage points"
    return frame(
        [_panel(rows, a, b, measure, width)] if rows else [], document,
        title=title or f"{named(a)} and {people(b)}: how far they are apart",
        subtitle=f"{where} · {told}, {people(a)} minus {people(b)}, with 95% intervals · {document['title']}",
        description=_told(rows, measure), left=LEFT, width=width,
    )  # fmt: skip


def _difference(row: Mapping[str, Any], measure: Measure) -> Mapping[str, Any] | None:
    """Give a difference that has a value."""
    figure: Mapping[str, Any] | None = (row["difference"] or {}).get(measure)
    return figure if figure is not None and figure["value"] is not None else None


def _order(row: Mapping[str, Any], measure: Measure) -> float:
    figure = _difference(row, measure)
    return float("inf") if figure is None else -figure["value"]


def _panel(rows: Sequence[Mapping[str, Any]], a: str, b: str, measure: Measure, width: int) -> Row:
    bases = [f"n {people(group)}" for group in (a, b)]
    heads = {"difference": 74.0, "95% interval": 104.0} | {head: width_of(head, SMALL) + 16 for head in bases}
    room = width - LEFT - sum(heads.values())
    top: float = TOP
    labels, places = [], []
    for row in rows:
        said = wrapped(_name(row), LEFT - 14)
        height = len(said) * LINE_HEIGHT + 8
        labels.append(word(-LEFT, top + height / 2, said))
        places.append((row, top + height / 2))
        top += height
    data = [_data(row, figure, y, measure) for row, y in places if (figure := _difference(row, measure)) is not None]
    ends = [abs(row[name]) for row in data for name in _ENDS if row[name] is not None]
    reach = _reach(ends, measure)
    sides = f"← {people(b)} higher · {people(a)} higher →"
    points = "format(100 * datum.value, '+.0f')" if measure == "favorable" else "format(datum.value, '+.1f')"
    axis = {"labelExpr": f"datum.value == 0 ? '0' : {points}", "tickCount": 5, "title": sides}
    x = quantity("value", scale={"domain": [-reach, reach], "nice": False}, axis=axis)
    labels += columns(heads, [(y, _figures(row, measure)) for row, y in places], room)
    return panel([zero_line(x, 0, top), *dots(data, x), words(labels)], room, top)


def _reach(values: Sequence[float], measure: Measure) -> float:
    """Give how far the axis goes to both sides."""
    step = 0.25 if measure == "favorable" else 0.5
    return max(step, step * -(-max(values, default=0) // step))


def _name(row: Mapping[str, Any]) -> str:
    return f"{name_of(row)[2]} (scored in reverse)" if row.get("reverse") else name_of(row)[2]


def _data(row: Mapping[str, Any], figure: Mapping[str, Any], y: float, measure: Measure) -> Row:
    field, key, _ = name_of(row)
    return {
        field: key, "n_a": row["a"]["n"], "n_b": row["b"]["n"], "y": y,
        **{name: figure[name] for name in _ENDS},
        "said": f"{_name(row)}: {' '.join(text for text in _figures(row, measure)[:2] if text)}",
    }  # fmt: skip


def _figures(row: Mapping[str, Any], measure: Measure) -> list[str]:
    """Give what stands at the right: the difference, its interval, and both bases."""
    figure = _difference(row, measure)
    bases = [whole(cell["n"]) if is_shown(cell) else WITHHELD for cell in (row["a"], row["b"])]
    if figure is None:
        return [NOT_COMPARED, "", *bases]
    say = points if measure == "favorable" else signed
    interval = "" if figure["low"] is None else between(figure["low"], figure["high"], say)
    return [say(figure["value"]), interval, *bases]


def _told(rows: Sequence[Mapping[str, Any]], measure: Measure) -> str:
    """Say what the chart shows: the sentences of the document, of many rows those at both ends."""
    known = [row for row in rows if _difference(row, measure) is not None]
    parts = [row["reading"] for row in (known if len(known) <= 8 else known[:4] + known[-4:]) if row["reading"]]
    if len(known) > 8:
        parts.insert(0, f"Of {len(known)} differences, the four at each end:")
    if untold := len(rows) - len(known):
        parts.append(f"Not compared: {untold}.")
    return " ".join(parts) or "Nothing can be compared."
