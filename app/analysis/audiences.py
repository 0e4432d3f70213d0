"""The documents of the other audiences, each a pure function of the director's.

Decides what principals and the public read of a group, by its promise, which stands in the document. Nothing goes in
but the director's document, so nobody reads what the director's does not say.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from app.analysis.bands import Band, band, widened

Document = dict[str, Any]
Cells = list[dict[str, Any]]
AUDIENCES = ("director", "principal", "public")


def director(exact: Mapping[str, Any]) -> Document:
    """Give the director's document: bands in the place of exact figures for the groups that were promised so.

    Parameters
    ----------
    exact : the document of all published figures, as `summarize` makes it.
    """
    return _banded(exact, _groups(exact, "director", "banded"))


def principal(document: Mapping[str, Any]) -> Document:
    """Give the principals' document of a director's: of confidential groups, as fine as promised.

    It holds the cells of every school; which of them a key may read is decided where it is read.
    """
    shown = _groups(document, "principal", "exact") | _groups(document, "principal", "banded")
    part = _only(document, shown) | {"audience": "principal"}
    part["participation"] = [row for row in part["participation"] if row["school"] is not None]
    return _banded(part, _groups(document, "principal", "banded"))


def public(document: Mapping[str, Any]) -> Document:
    """Give the public's document of a director's: wide shares of the groups that were promised so."""
    shown = _groups(document, "public", "banded")
    part = _only(document, shown) | {"audience": "public", "participation": []}
    return _banded(part, shown, widened)


def everyone(exact: Mapping[str, Any]) -> dict[str, Document]:
    """Give the documents of all audiences."""
    directors = director(exact)
    return {"director": directors, "principal": principal(directors), "public": public(directors)}


def _groups(document: Mapping[str, Any], audience: str, fineness: str) -> set[str]:
    """The groups that were promised to be shown to an audience that finely."""
    return {group for group, promise in document["promise"].items() if promise.get(audience) == fineness}


def _only(document: Mapping[str, Any], groups: Collection[str]) -> Document:
    """Leave out all other groups, and what none of these has."""
    return {
        **document,
        **{name: {g: said for g, said in document[name].items() if g in groups} for name in ("promise", "instruments")},
        "participation": [row for row in document["participation"] if row["group"] in groups],
        "items": _with_cells(document["items"], groups),
        "constructs": _with_cells(document["constructs"], groups),
    }


def _with_cells(entries: Cells, groups: Collection[str] | None = None) -> Cells:
    """Keep the cells of these groups (of all when None are named), and the entries that have cells."""
    kept = [
        entry | {"cells": [cell for cell in entry["cells"] if groups is None or cell["group"] in groups]}
        for entry in entries
    ]
    return [entry for entry in kept if entry["cells"]]


# ------------------------------------------------------------------ bands
def _place(cell: Mapping[str, Any]) -> tuple[Any, ...]:
    return cell["group"], cell["school"], tuple(cell.get("schools", ()))


def _banded(
    document: Mapping[str, Any],
    groups: Collection[str],
    tell: Callable[[Band, int], dict[str, float]] = lambda of, _: of.shares(),
) -> Document:
    """Tell the figures of some groups as bands; what cannot be, without favorable options, is left out for them."""
    bands: dict[tuple[str, tuple[Any, ...]], Band] = {}
    items, constructs = [], []
    for entry in document["items"]:
        if any(option.get("favorable") for option in entry["options"]):
            found = _bands([cell for cell in entry["cells"] if cell["group"] in groups])
            bands |= {(entry["item"], place): of for place, of in found.items()}
            told = [_told(cell, found, tell) if cell["group"] in groups else cell for cell in entry["cells"]]
        else:
            told = [cell for cell in entry["cells"] if cell["group"] not in groups]
        items.append(entry | {"cells": told})
    marked = {
        (entry["item"], cell["group"])
        for entry in items
        if any(option.get("favorable") for option in entry["options"])
        for cell in entry["cells"]
    }
    for entry in document["constructs"]:
        told = []
        for cell in entry["cells"]:
            parts = [bands[item, _place(cell)] for item in entry["items"] if (item, _place(cell)) in bands]
            if cell["group"] not in groups:
                told.append(cell)
            elif any((item, cell["group"]) in marked for item in entry["items"]):
                told.append(_told(cell, {_place(cell): _sum(parts)} if parts else {}, tell))
        constructs.append(entry | {"cells": told})
    return {**document, "items": _with_cells(items), "constructs": _with_cells(constructs)}


def _told(
    cell: Mapping[str, Any], bands: Mapping[tuple[Any, ...], Band], tell: Callable[[Band, int], dict[str, float]]
) -> dict[str, Any]:
    """Put a band in the place of a cell's figures; a protected cell stays as it is."""
    named = {key: cell[key] for key in ("group", "school", "schools", "status") if key in cell}
    of = bands.get(_place(cell))
    if cell["status"] != "published" or of is None:
        return named | {"status": "protected"}
    return named | {"n": cell["n"], "favorable": tell(of, cell["n"])}


def _bands(cells: Cells) -> dict[tuple[Any, ...], Band]:
    """Band the published cells of one item.

    The union's band is the sum of its parts': the schools, the pool, and what is left when they are taken away. Made
    from the exact total it would narrow the parts.
    """
    found: dict[tuple[Any, ...], Band] = {}
    for group in dict.fromkeys(cell["group"] for cell in cells):
        shown = [c for c in cells if c["group"] == group and c["status"] == "published"]
        unions = [cell for cell in shown if cell["school"] is None and "schools" not in cell]
        if not unions:
            continue
        (union,) = unions
        parts = [cell for cell in shown if cell is not union]
        found |= {_place(cell): _band(cell) for cell in parts}
        if not parts or "count" not in union["favorable"]:
            found[_place(union)] = _band(union)
            continue
        rest = union["n"] - sum(cell["n"] for cell in parts)
        left = union["favorable"]["count"] - sum(cell["favorable"]["count"] for cell in parts)
        found[_place(union)] = _sum([*(_band(cell) for cell in parts), *([band(left, rest)] if rest else [])])
    return found


def _band(cell: Mapping[str, Any]) -> Band:
    """Band an exact cell, or read the band of one that is banded already."""
    favorable, n = cell["favorable"], cell["n"]
    if "count" in favorable:
        return band(favorable["count"], n)
    return Band(round(favorable["low"] * n), round(favorable["high"] * n), n)


def _sum(bands: Collection[Band]) -> Band:
    first, *others = bands
    for other in others:
        first = first + other
    return first
