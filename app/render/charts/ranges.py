"""Dots and whiskers, and ranges: figures on one axis, a line each."""

from __future__ import annotations

from collections.abc import Sequence

from app.render.charts.theme import INK, MIST, PINE, SAID, Row, layer, of, quantity


def share_axis(field: str) -> Row:
    """Make the axis of shares, from nobody to all."""
    return quantity(field, scale={"domain": [0, 1], "nice": False},
                    axis={"format": ".0%", "values": [0, 0.25, 0.5, 0.75, 1], "title": None})  # fmt: skip


def number_axis(field: str, lowest: float, highest: float) -> Row:
    """Make the axis of scores."""
    return quantity(field, scale={"domain": [lowest, highest], "nice": False, "zero": False},
                    axis={"tickCount": 5, "format": ".4~g", "title": None})  # fmt: skip


def bands(rows: Sequence[Row], x: Row) -> Row:
    """Draw ranges as bars: any value in one is as good as another.

    Parameters
    ----------
    rows : each with `y`, `low`, `high` and `said`.
    x : the axis, of the field `low`.
    """
    mark = {"type": "rect", "y": of("y"), "height": 12, "fill": MIST, "stroke": PINE}
    return layer(rows, {**mark, "strokeWidth": 1.2}, x=x, x2={"field": "high"}, description=SAID)


def dots(rows: Sequence[Row], x: Row) -> list[Row]:
    """Draw figures with their intervals.

    Parameters
    ----------
    rows : each with `y`, `low` and `high` (null where there is no interval), `said`, and the field of `x`.
    x : the axis.
    """
    spread = [row for row in rows if row["low"] is not None]
    whisker = {"type": "rule", "y": of("y"), "color": PINE, "strokeWidth": 2}
    dot = {"type": "point", "y": of("y"), "filled": True, "opacity": 1, "size": 40, "fill": PINE}
    return [
        layer(spread, whisker, x={**x, "field": "low"}, x2={"field": "high"}),
        layer(rows, dot, x=x, description=SAID),
    ]


def zero_line(x: Row, top: float, bottom: float) -> Row:
    """Draw a line at 0 of an axis, from pixel to pixel."""
    mark = {"type": "rule", "y": top, "y2": bottom, "color": INK, "strokeWidth": 1}
    return layer([{"zero": 0}], mark, x={**x, "field": "zero"})
