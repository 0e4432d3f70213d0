"""Figures of the documents as texts: with their bases, and with one word where they are withheld or do not exist.

Decides how places and cells are said. It computes nothing; how numbers are rounded is decided in `render/words.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.analysis.words import place
from app.render import words
from app.render.report.parts import NOTHING
from app.render.words import EVERYWHERE, WITHHELD, Say

Cell = Mapping[str, Any]
named = words.named


def where(cell: Cell, everybody: str = EVERYWHERE) -> str:
    """Name the place of a cell."""
    if cell["school"] is None and "schools" in cell:
        return f"{place(None, cell['schools'])} together"
    return everybody if cell["school"] is None else place(cell["school"], None)


def is_shown(cell: Cell) -> bool:
    """Tell whether a cell has figures. Rows of participation have a status only where they have none."""
    return bool(cell.get("status", "published") == "published")


def percent(share: float | None, towards: str = words.NEAREST) -> str:
    """Say a share in hundredths."""
    return NOTHING if share is None else words.percent(share, towards)


def number(value: float | None, towards: str = words.NEAREST) -> str:
    """Say a mean."""
    return NOTHING if value is None else words.number(value, towards)


def signed(value: float | None, towards: str = words.NEAREST) -> str:
    """Say a difference with its sign."""
    return NOTHING if value is None else words.signed(value, towards)


def whole(value: int | None) -> str:
    return NOTHING if value is None else words.whole(value)


def between(of: Mapping[str, Any] | None, say: Say = number) -> str:
    """Say an interval or a band."""
    if of is None or of.get("low") is None or of.get("high") is None:
        return NOTHING
    return words.between(of["low"], of["high"], say)


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
