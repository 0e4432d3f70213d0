"""The heat map: favorable shares of a group, schools down and constructs across.

Decides that every share stands in its cell as a number over its base, and that what is withheld is hatched.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from app.render.charts.cells import (
    Cell,
    Entry,
    cells_of,
    groups_of,
    is_banded,
    is_shown,
    place_fields,
    said_share,
)  # fmt: skip
from app.render.charts.theme import (
    EDGE,
    HATCHED,
    LINE_HEIGHT,
    SAID,
    SHEET,
    SMALL,
    WIDTH,
    Names,
    Row,
    frame,
    hatch,
    layer,
    legend,
    mixed,
    of,
    panel,
    place_name,
    word,
    words,
    wrapped,
)  # fmt: skip
from app.render.words import WITHHELD, counted, named, whole

LEFT, LEAST = 156, 80  # pixels of the schools' names, and the least of a column
HEIGHT, GAP = 32, 2
NONE = "no favorable share"
DEEP = "#62a899"  # all of them: dark words can still be read on it


def heat_map(
    document: Mapping[str, Any], *,
    group: str | None = None, constructs: Collection[str] = (),
    names: Names | None = None, width: int = WIDTH, title: str | None = None,
) -> Row:  # fmt: skip
    """Make the chart from a summary.

    Parameters
    ----------
    group : whose answers; the first group of the document when None.
    constructs : draw these alone.
    names : school -> its name; made from the keys when None.
    width : grows where the columns would be too narrow.
    """
    entries = [entry for entry in document["constructs"] if not constructs or entry["construct"] in constructs]
    known = groups_of(entries)
    group = group or (known[0] if known else None)
    found = [(entry, cells_of(entry, group)) for entry in entries if group is not None]
    table = [(entry, cells) for entry, cells in found if cells and _has_shares(cells)]
    width = max(width, LEFT + LEAST * len(table))
    banded = any(is_shown(cell) and is_banded(cell) for _, cells in table for cell in cells)
    told = "ranges of the share of favorable answers" if banded else "shares of favorable answers"
    return frame(
        [_panel(table, names or {}, width)] if table else [], document,
        title=title or ("Constructs by school" if group is None else f"{named(group)}: constructs by school"),
        subtitle=f"{told[0].upper()}{told[1:]}, n below · {document['title']}",
        description=_told(table, names or {}), left=LEFT, width=width,
    )  # fmt: skip


def _has_shares(cells: Sequence[Cell]) -> bool:
    """Whether a construct has favorable answers, as far as is shown."""
    shown = [cell for cell in cells if is_shown(cell)]
    return not shown or any(cell["favorable"] is not None for cell in shown)


class _Place(NamedTuple):
    """A row: one of its cells, which names it, and where it is."""

    cell: Cell
    said: list[str]
    top: float
    height: float


def _panel(table: Sequence[tuple[Entry, Sequence[Cell]]], names: Names, width: float) -> Row:
    column = (width - LEFT) / len(table)
    looks = [(f"{share}%", {"fill": _fill(share / 100), "stroke": EDGE}) for share in (0, 25, 50, 75, 100)]
    layers, labels, head = legend([*looks, (WITHHELD, HATCHED)], LEFT, width)
    titles = [wrapped(entry["title"], column - 2, size=SMALL, most=5) for entry, _ in table]
    base = head + max(map(len, titles)) * LINE_HEIGHT
    labels += [
        word((at + 0.5) * column, base - len(said) * LINE_HEIGHT / 2 - 4, said, "center", size=SMALL)
        for at, said in enumerate(titles)
    ]
    places = _places([cell for _, cells in table for cell in cells], names, base)
    labels += [word(-LEFT, place.top + place.height / 2, place.said) for place in places.values()]
    boxes = []
    for at, (entry, cells) in enumerate(table):
        own = {_key(cell): cell for cell in cells}
        for key, place in places.items():
            withheld = {**place_fields(place.cell), "status": "protected"}  # also a pool that is not shown
            boxes.append(_box(entry, own.get(key, withheld), place) | {"x": (at + 0.5) * column})
    for box in boxes:
        if box["status"] == "published":
            labels.append(word(box["x"], box["y"] - 6, box["text"], "center", weight="bold"))
            labels.append(word(box["x"], box["y"] + 8, whole(box["n"]), "center", size=10))
    mark = {"type": "rect", "x": of("x"), "y": of("y"), "width": column - GAP, "height": of("height")}
    mark |= {"fill": of("fill"), "stroke": EDGE, "strokeWidth": 0.6}
    hidden = [box for box in boxes if box["status"] != "published"]
    layers += [layer(boxes, mark, description=SAID)]
    for height in dict.fromkeys(box["height"] for box in hidden):
        layers.append(hatch([box for box in hidden if box["height"] == height], column - GAP, height))
    return panel([*layers, words(labels)], width - LEFT, max(place.top + place.height for place in places.values()))


def _key(cell: Cell) -> tuple[Any, ...]:
    return cell["school"], tuple(cell.get("schools", ()))


def _places(cells: Sequence[Cell], names: Names, top: float) -> dict[Any, _Place]:
    """Place the rows below each other: schools, pools, the whole union last and a little apart."""
    found = {_key(cell): cell for cell in cells}
    placed = {}
    for key in sorted(found, key=lambda key: (key[0] is None) + (key == (None, ()))):
        said = wrapped(place_name(found[key], names), LEFT - 12, most=8)
        top += 6 if key == (None, ()) else 0
        placed[key] = _Place(found[key], said, top, max(HEIGHT, len(said) * LINE_HEIGHT + 4))
        top += placed[key].height
    return placed


def _box(entry: Entry, cell: Cell, place: _Place) -> Row:
    """Give the data of one cell, without its column."""
    row: Row = {
        **place_fields(cell), "construct": entry["construct"], "status": cell["status"],
        "y": place.top + place.height / 2, "height": place.height - GAP, "fill": SHEET,
    }  # fmt: skip
    at = f"{entry['title']}, {' '.join(place.said)}"
    if not is_shown(cell):
        return row | {"said": f"{at}: {WITHHELD}"}
    favorable = cell["favorable"] or {"share": None}
    figures = {name: favorable[name] for name in ("share", "low", "high", "count") if name in favorable}
    depth = favorable["share"] if "share" in favorable else (favorable["low"] + favorable["high"]) / 2
    text = said_share(cell, "–") or "–"
    fill = {} if depth is None else {"fill": _fill(depth)}
    said = f"{at}: {said_share(cell) or NONE}, n {whole(cell['n'])}"
    return row | figures | fill | {"n": cell["n"], "text": text, "said": said}


def _fill(share: float) -> str:
    return mixed(SHEET, DEEP, share)


def _told(table: Sequence[tuple[Entry, Sequence[Cell]]], names: Names) -> str:
    """Say what the chart shows: the union's shares, and how much is withheld."""
    parts = []
    for entry, cells in table:
        unions = (cell for cell in cells if cell["school"] is None and "schools" not in cell and is_shown(cell))
        parts += [
            f"{entry['title']} {said_share(cell) or NONE} of the answers of {counted(cell['n'])} in all schools"
            for cell in unions
        ]
    shown = sum(is_shown(cell) for _, cells in table for cell in cells)
    hidden = sum(len(cells) for _, cells in table) - shown
    return "; ".join(parts) + (f". {shown} cells are shown, {hidden} are withheld." if table else "Nothing to show.")
