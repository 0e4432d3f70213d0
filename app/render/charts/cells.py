"""Which cell of a document a chart draws, and how it is named."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from app.render.charts.theme import Names, Row, place_name
from app.render.words import EVERYWHERE, between, percent

Entry = Mapping[str, Any]
Cell = Mapping[str, Any]


def name_of(entry: Entry) -> tuple[str, str, str]:
    """Give the field that names an entry, its key, and its words."""
    if "item" in entry:
        return "item", entry["item"], entry["text"]
    return "construct", entry["construct"], entry["title"]


def groups_of(entries: Iterable[Entry]) -> list[str]:
    """List the groups that have cells, as they come."""
    return list(dict.fromkeys(cell["group"] for entry in entries for cell in entry["cells"]))


def cell_at(entry: Entry, group: str, school: str | None) -> Cell | None:
    """Find what is shown of a group at a place: its own cell, or else the pool that holds the school.

    A withheld cell where neither is shown, None where the group does not have the entry.
    """
    own = [cell for cell in entry["cells"] if cell["group"] == group]
    alone: Cell | None = next((cell for cell in own if cell["school"] == school and "schools" not in cell), None)
    if alone is not None and alone["status"] == "published":
        return alone
    pools = (cell for cell in own if school in cell.get("schools", ()))
    return next((cell for cell in pools if cell["status"] == "published"), alone)


def cells_of(entry: Entry, group: str) -> list[Cell]:
    """List a group's cells: schools, pools, and the whole union last."""
    own = [cell for cell in entry["cells"] if cell["group"] == group]
    return sorted(own, key=lambda cell: (cell["school"] is None) + (cell["school"] is None and "schools" not in cell))


def is_shown(cell: Cell) -> bool:
    return bool(cell["status"] == "published")


def is_banded(cell: Cell) -> bool:
    """Tell whether a published cell has a range in the place of figures."""
    return "mean" not in cell and "counts" not in cell and "low" in (cell.get("favorable") or {})


def said_share(cell: Cell, to: str = " to ") -> str:
    """Say a published cell's favorable share, or its range with a word between its ends; nothing where it has none."""
    favorable = cell.get("favorable") or {}
    if "share" in favorable:
        return "" if favorable["share"] is None else percent(favorable["share"])
    return between(favorable["low"], favorable["high"], percent, to) if favorable else ""


def scope(cells: Iterable[Cell], school: str | None, names: Names) -> str:
    """Say of which place cells are: the school that was asked for, the pools that stand for it, or all schools."""
    if school is None:
        return EVERYWHERE
    found = dict.fromkeys(place_name(cell, names) for cell in cells if "schools" in cell)
    alone = place_name({"school": school}, names)
    return f"{alone} (where it is withheld: {'; '.join(found)})" if found else alone


def place_fields(cell: Cell) -> Row:
    """Give what names a cell in the data of a chart."""
    return {name: cell[name] for name in ("group", "school", "schools") if name in cell}
