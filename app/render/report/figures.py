"""Figures of the documents as texts: rounded, with their bases, and with one word where they are withheld.

Decides how many digits are printed and how places and groups are named. Computes nothing but the rounding.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.analysis.words import first_up, people, place
from app.render.report.parts import NOTHING, WITHHELD

Cell = Mapping[str, Any]


def named(group: str) -> str:
    """Name a group at the beginning of something: `school_leader` -> School leaders."""
    return first_up(people(group))


def where(cell: Cell, everybody: str = "All schools") -> str:
    """Name the place of a cell."""
    if cell["school"] is None and "schools" in cell:
        return f"{place(None, cell['schools'])} together"
    return everybody if cell["school"] is None else place(cell["school"], None)


def is_shown(cell: Cell) -> bool:
    """Tell whether a cell has figures. Rows of participation have a status only where they have none."""
    return bool(cell.get("status", "published") == "published")


def percent(share: float | None) -> str:
    """Say a share in hundredths; one that is not 0, or not all, is never said as if it were."""
    if share is None:
        return NOTHING
    if 0 < share <= 0.005:
        return "under 1%"
    if 0.995 <= share < 1:
        return "over 99%"
    return f"{share:.0%}"


def number(value: float | None) -> str:
    """Say a mean or a difference."""
    return NOTHING if value is None else f"{value + 0.0:.2f}"


def signed(value: float | None) -> str:
    """Say a difference with its sign."""
    return NOTHING if value is None else f"{value:+.2f}".replace("-", "−")


def whole(value: int | None) -> str:
    return NOTHING if value is None else f"{value:,}"


def between(of: Mapping[str, Any] | None, say: Any = number) -> str:
    """Say an interval."""
    if of is None or of.get("low") is None or of.get("high") is None:
        return NOTHING
    return f"{say(of['low'])} to {say(of['high'])}"


def has_share(cell: Cell | None) -> bool:
    """Tell whether a cell has a favorable share, or a range of it."""
    favorable = None if cell is None or not is_shown(cell) else cell.get("favorable")
    return favorable is not None and favorable.get("share", 0) is not None


def share_of(cell: Cell) -> str:
    """Say the favorable share of a cell; a band as a range."""
    if not is_shown(cell):
        return WITHHELD
    favorable = cell.get("favorable")
    if favorable is None:
        return NOTHING
    return percent(favorable["share"]) if "share" in favorable else between(favorable, percent)


def share_and_base(cell: Cell | None) -> str:
    """Say the favorable share of a cell and the people behind it."""
    if cell is None:
        return NOTHING
    said = share_of(cell)
    return said if said in (WITHHELD, NOTHING) else f"{said} ({cell['n']:,})"


def mean_of(cell: Cell) -> Mapping[str, Any]:
    return cell.get("mean") or {}
