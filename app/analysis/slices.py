"""Slices of a document: the same shape with fewer cells, items or constructs.

Decides what belongs to a slice. It computes nothing: every cell of a slice stands in the document, unchanged.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any


def narrow(
    document: Mapping[str, Any],
    *,
    groups: Collection[str] | None = None,
    schools: Collection[str] | None = None,
    items: Collection[str] = (),
    constructs: Collection[str] = (),
) -> dict[str, Any]:
    """Take a slice of a document.

    Parameters
    ----------
    document : a summary, the document of an attribute or of a trend, with or without its `release`; it is not changed.
    groups : keep the cells and participation of these groups.
    schools : keep the cells of these schools, the pools that hold one, and for reference the union's. None keeps all.
    items : keep these items, and no constructs unless some are asked for.
    constructs : keep these constructs and the items that belong to them.

    Returns
    -------
    A document of the same shape; an item or construct of which no cell is left is not in it, one that had none stays. A
    name that the document does not know keeps nothing: whether it is an error is for the caller to say.
    """

    def kept(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
        cut = [entry | {"cells": [c for c in entry["cells"] if within(c, groups, schools)]} for entry in entries]
        return [entry for entry, whole in zip(cut, entries, strict=True) if entry["cells"] or not whole["cells"]]

    listed, measured = document["items"], document["constructs"]
    if items or constructs:
        measured = [entry for entry in measured if entry["construct"] in constructs]
        wanted = {*items, *(item for entry in measured for item in entry["items"])}
        listed = [entry for entry in listed if entry["item"] in wanted]
    part = {**document, "items": kept(listed), "constructs": kept(measured)}
    if "participation" in document:
        part["participation"] = [row for row in document["participation"] if within(row, groups, schools)]
    return part


def within(cell: Mapping[str, Any], groups: Collection[str] | None, schools: Collection[str] | None) -> bool:
    """Tell whether a cell, or a row of participation, belongs to a slice as `narrow` makes it."""
    if groups is not None and cell["group"] not in groups:
        return False
    if schools is None or cell["school"] in schools:
        return True
    return cell["school"] is None and ("schools" not in cell or any(school in schools for school in cell["schools"]))
