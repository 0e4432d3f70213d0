"""Trends: where each group stood in each wave, on what can be compared.

Decides that a line joins two waves only where both show the figure and ask the same. The whisker at a wave is the
interval of the change since the wave before, which is the interval that the document has.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from app.analysis.words import people
from app.render.charts.cells import name_of, scope
from app.render.charts.theme import (
    HATCHED,
    LINE,
    LINE_HEIGHT,
    SAID,
    SMALL,
    SOFT,
    WIDTH,
    Names,
    Row,
    frame,
    hatch,
    layer,
    legend,
    of,
    panel,
    quantity,
    width_of,
    word,
    words,
    wrapped,
)  # fmt: skip
from app.render.words import WITHHELD, named, number, percent, whole

Measure = Literal["mean", "favorable"]
PLOT, AXIS, NAMES = 92, 36, 140  # pixels: the height of a plot, its values at the left, its lines' names at the right
SHAPES = ("circle", "square", "diamond", "triangle-up", "cross", "triangle-down")
COLORS = ("#1d5a55", "#9c2f1b", "#2a5a94", "#7a5300")
"""One for each group in its place, all dark; a line is named at its end, and has a sign of its own."""


class _Step(NamedTuple):
    """One pair of waves of one group."""

    earlier: int
    later: int
    cell: Mapping[str, Any]


class _Line(NamedTuple):
    """One group on one item or construct: the figures of the waves, None where they are withheld, and the steps."""

    group: str
    figures: dict[int, Mapping[str, Any] | None]
    steps: list[_Step]


class _Measured(NamedTuple):
    """One item or construct."""

    field: str
    key: str
    words: str
    lines: list[_Line]
    broken: set[tuple[int, int]]


def trends(
    document: Mapping[str, Any], *,
    kind: Literal["constructs", "items"] = "constructs", measure: Measure = "mean",
    group: str | None = None, school: str | None = None,
    items: Collection[str] = (), constructs: Collection[str] = (),
    names: Names | None = None, width: int = WIDTH, title: str | None = None,
) -> Row:  # fmt: skip
    """Make the chart from the document of trends.

    Parameters
    ----------
    kind : which of its entries.
    measure : means, or favorable shares.
    group : draw this group alone.
    school : of which school; None for all schools together.
    items, constructs : draw these alone.
    names : school -> its name; made from the keys when None.
    """
    waves = [wave["wave"] for wave in document["waves"]]
    chosen = constructs if kind == "constructs" else items
    entries = [entry for entry in document[kind] if not chosen or name_of(entry)[1] in chosen]
    keys = dict.fromkeys(name_of(entry)[1] for entry in entries)
    found = [_measured(entries, key, waves, group, school, measure) for key in keys]
    found = [one for one in found if one.lines]
    lines = [line for one in found for line in one.lines]
    told = "mean scores" if measure == "mean" else "shares of favorable answers"
    where = scope([step.cell for line in lines for step in line.steps], school, names or {})
    withheld = any(figure is None for line in lines for figure in line.figures.values())
    return frame(
        [_panel(found, document["waves"], measure, width, key=withheld)] if found else [], document,
        title=title or "From wave to wave", description=_told(found), left=0, width=width,
        subtitle=f"{where} · {told}; the bar through a point is the 95% interval of the change since the wave before",
    )  # fmt: skip


# ------------------------------------------------------------------ gathering
def _measured(
    entries: Sequence[Mapping[str, Any]], key: str, waves: Sequence[str], group: str | None, school: str | None,
    measure: Measure,
) -> _Measured:  # fmt: skip
    """Gather the pairs of waves of one item or construct."""
    own = [entry for entry in entries if name_of(entry)[1] == key]
    lines: dict[str, _Line] = {}
    broken: set[tuple[int, int]] = set()
    for entry in own:
        earlier, later = waves.index(entry["from"]), waves.index(entry["to"])
        if not entry["comparable"]:
            broken.add((earlier, later))
        for one in entry["groups"]:
            cell = _cell(entry, one, school)
            if cell is None or group not in (None, one):
                continue
            line = lines.setdefault(one, _Line(one, {}, []))
            for wave, side in ((earlier, cell["earlier"]), (later, cell["later"])):
                if side is not None:  # the wave was not held in this school
                    line.figures[wave] = _figure(side, measure) or line.figures.get(wave)
            line.steps.append(_Step(earlier, later, cell))
    field, _, said = name_of(own[-1])
    kept = [line for line in lines.values() if any(figure for figure in line.figures.values())]
    return _Measured(field, key, said, kept, broken)


def _cell(entry: Mapping[str, Any], group: str, school: str | None) -> Mapping[str, Any] | None:
    """Find a group's cell at a place: its own, or the pool that holds the school where only that tells of a change."""
    own = [cell for cell in entry["cells"] if cell["group"] == group]
    alone: Mapping[str, Any] | None = next((c for c in own if c["school"] == school and "schools" not in c), None)
    if alone is not None and alone["change"] is not None:
        return alone
    return next((c for c in own if school in c.get("schools", ()) and c["change"] is not None), alone)


def _figure(side: Mapping[str, Any], measure: Measure) -> Mapping[str, Any] | None:
    """Give a wave's figure as `value` and `n`; None where it is withheld or there is none."""
    told = side.get(measure) if side["status"] == "published" else None
    value = None if told is None else told["value" if measure == "mean" else "share"]
    return None if value is None else {"value": value, "n": side["n"]}


def _ends(one: _Measured, measure: Measure) -> tuple[float, float]:
    """Give the ends of the axis: those of a share, or whole scores around all figures."""
    if measure == "favorable":
        return 0, 1
    values = [figure["value"] for line in one.lines for figure in line.figures.values() if figure is not None]
    low, high = min(values) // 1, -(-max(values) // 1)
    return (low, high) if high - low >= 2 else (low - 0.5, low + 1.5)


# ------------------------------------------------------------------ drawing
class _Place(NamedTuple):
    """Where one item or construct is drawn: its plot in pixels, and the values at the plot's ends."""

    left: float
    top: float
    width: float
    low: float
    high: float

    def y(self, value: float) -> float:
        return self.top + PLOT * (self.high - value) / (self.high - self.low)


class _Marks(NamedTuple):
    """The data of the layers."""

    grid: list[Row]
    joins: list[Row]
    spans: list[Row]
    points: list[Row]
    signs: list[Row]
    hidden: list[Row]
    labels: list[Row]


def _panel(
    found: Sequence[_Measured], waves: Sequence[Mapping[str, Any]], measure: Measure, width: float, *, key: bool
) -> Row:
    """Draw all in two columns; `key`: say what the hatched sign means."""
    layers, labels, top = legend([(WITHHELD, HATCHED)], 0, width) if key else ([], [], 4.0)
    across = width / min(2, len(found))
    said = _wave_names(waves, (across - AXIS - NAMES) / len(waves))
    groups = list(dict.fromkeys(line.group for one in found for line in one.lines))
    marks = _Marks([], [], [], [], [], [], labels)
    for first in range(0, len(found), 2):
        row = found[first : first + 2]
        titles = [wrapped(one.words, across - 20, most=3, bold=True) for one in row]
        deep = max(map(len, titles)) * LINE_HEIGHT
        for column, (one, title) in enumerate(zip(row, titles, strict=True)):
            left = column * across
            marks.labels.append(word(left, top + len(title) * LINE_HEIGHT / 2, title, weight="bold"))
            place = _Place(left + AXIS, top + deep + 10, across - AXIS - NAMES, *_ends(one, measure))
            _axes(one, said, place, measure, marks)
            _draw(one, groups, place, len(waves), measure, marks)
        top += deep + PLOT + 48
    height = top - 20
    ends = {
        "x": _pixels("x", width), "x2": {"field": "x2"}, "y": _pixels("y", height), "y2": {"field": "y2"},
    }  # fmt: skip
    rule = {"type": "rule", "stroke": of("color"), "strokeWidth": 2}
    dot = {"type": "point", "x": of("x"), "y": of("y"), "size": 46, "filled": True, "opacity": 1, "shape": of("shape")}
    layers += [
        layer(marks.grid, {"type": "rule", "stroke": LINE}, **ends),
        layer(marks.joins, rule, **ends),
        layer(marks.spans, {**rule, "strokeWidth": 1.2}, **ends),
        layer(marks.points, {**dot, "fill": of("color")}, description=SAID),
        layer(marks.signs, {**dot, "fill": of("color")}),
    ]
    layers += [hatch(marks.hidden, 10, 10)] if key else []
    return panel([*layers, words(marks.labels)], width, height)


def _pixels(field: str, most: float) -> Row:
    return quantity(field, scale={"domain": [0, most], "range": [0, most]}, axis=None)


def _wave_names(waves: Sequence[Mapping[str, Any]], room: float) -> list[list[str]]:
    """Name the waves below a plot: by their titles if these fit, else by their keys; not all where there are many."""
    for name in ("title", "wave"):
        lines = [wrapped(wave[name], room, size=SMALL) for wave in waves]
        if all(len(one) <= 2 and width_of(max(one, key=len), SMALL) <= room for one in lines):
            return lines
    every = -(-60 // int(room or 1))
    last = len(waves) - 1
    return [
        wrapped(wave["wave"], every * room, size=SMALL, most=2) if (last - at) % every == 0 else []
        for at, wave in enumerate(waves)
    ]


def _axes(one: _Measured, waves: Sequence[Sequence[str]], place: _Place, measure: Measure, marks: _Marks) -> None:
    """Draw the lines of the values, and the words of both axes."""
    step = place.width / len(waves)
    halves = [half / 2 for half in range(int(2 * place.low), int(2 * place.high) + 1)]
    ticks = halves if len(halves) <= 5 else [tick for tick in halves if tick % 1 == 0]
    for tick in ticks:
        y = place.y(tick)
        marks.grid.append({"x": place.left, "x2": place.left + place.width, "y": y, "y2": y})
        said = percent(tick) if measure == "favorable" else f"{tick:g}"
        marks.labels.append(word(place.left - 6, y, said, "right", SOFT, size=SMALL))
    for at, lines in enumerate(waves):
        if lines:
            y = place.top + PLOT + 9 + len(lines) * LINE_HEIGHT / 2
            marks.labels.append(word(place.left + (at + 0.5) * step, y, lines, "center", SOFT, size=SMALL))
    for earlier, later in sorted(one.broken):
        at_x = place.left + (earlier + later + 1) / 2 * step
        marks.labels.append(word(at_x, place.top + 6, "not comparable", "center", SOFT, size=10))


def _draw(
    one: _Measured, groups: Sequence[str], place: _Place, waves: int, measure: Measure, marks: _Marks
) -> None:  # fmt: skip
    """Draw points, lines between them, intervals of the changes, signs of what is withheld, and the lines' names."""
    step = place.width / waves
    last: list[Row] = []
    for line in one.lines:
        at = groups.index(line.group)
        look = {"color": COLORS[at % len(COLORS)], "shape": SHAPES[at % len(SHAPES)]}
        keys = {one.field: one.key, "group": line.group}
        start = place.left + step / 2 + (at - (len(groups) - 1) / 2) * 5  # so that intervals do not hide each other
        for wave, figure in sorted(line.figures.items()):
            x = start + wave * step
            if figure is None:
                sign = {**keys, "wave": wave, "status": "protected", "x": x, "y": place.top + PLOT - 6}
                marks.hidden.append(sign)
                continue
            said = f"{one.words}, {people(line.group)}: {_said(figure['value'], measure)}, n {whole(figure['n'])}"
            point = {**keys, "wave": wave, **figure, **look, "x": x, "y": place.y(figure["value"]), "said": said}
            marks.points.append(point)
            last = [*(row for row in last if row["group"] != line.group), point]
        for earlier, later, cell in line.steps:
            before, after = line.figures.get(earlier), line.figures.get(later)
            told = (cell["change"] or {}).get(measure)
            if before is None or after is None or told is None:
                continue
            pair = {**keys, **look, "from": earlier, "to": later}
            pair |= {f"change_{name}": told[name] for name in ("value", "low", "high")}
            x, x2 = start + earlier * step, start + later * step
            y, y2 = place.y(before["value"]), place.y(after["value"])
            marks.joins.append({**pair, "x": x, "x2": x2, "y": y, "y2": y2})
            if told["low"] is not None:
                low, high = (place.y(before["value"] + told[name]) for name in ("low", "high"))
                bottom, top = (min(max(end, place.top), place.top + PLOT) for end in (low, high))
                marks.spans.append({**pair, "x": x2, "x2": x2, "y": bottom, "y2": top})
                for end, edge, arrow in ((low, bottom, "↓"), (high, top, "↑")):
                    if end != edge:  # it goes on outside of the plot
                        marks.labels.append(word(x2, edge, arrow, "center", look["color"], size=SMALL))
    least = place.top - 4
    for row in sorted(last, key=lambda row: row["y"]):
        least = max(least, row["y"])
        told = f" {_said(row['value'], measure)}" if row["wave"] == waves - 1 else ""
        text, x = f"{named(row['group'])}{told}", place.left + place.width + 10
        marks.signs.append({"x": x, "y": least, "color": row["color"], "shape": row["shape"]})
        marks.labels.append(word(x + 9, least, text, ink=row["color"], size=SMALL))
        least += LINE_HEIGHT


def _said(value: float, measure: Measure) -> str:
    return percent(value) if measure == "favorable" else number(value)


def _told(found: Sequence[_Measured]) -> str:
    """Say what the chart shows: the verdicts of the document, and how many steps have none."""
    cells = [step.cell for one in found for line in one.lines for step in line.steps]
    clear = [cell["reading"] for cell in cells if cell["verdict"] in ("up", "down")]
    untold = sum(cell["verdict"] == "cannot_tell" for cell in cells)
    judged = len(cells) - untold
    parts = (
        [*clear, f"Of {judged} steps from one wave to the next, {len(clear)} show a clear change."] if judged else []
    )
    return " ".join([*parts, f"Of {untold} steps it cannot be told."] if untold else parts)
