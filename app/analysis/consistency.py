"""The document of reliability: how well the items of each construct hang together, by published cell.

A pure function of the sealed tallies and the instruments. Decides what the document looks like and which cells have too
few people with complete answers; which cells are published was decided by the seal.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.analysis.disclosure import protected
from app.analysis.facts import WaveFacts
from app.analysis.figures import FEW_PEOPLE, LOW_ALPHA, Figures
from app.analysis.item_analysis import item_analysis
from app.analysis.layout import Layout
from app.analysis.reliability import reliability
from app.analysis.sealed import Sealed, SealedGroup
from app.analysis.slices import within
from app.analysis.summarize import construct_entry, head, named_cells
from app.analysis.tally import Tally


def consistency(facts: WaveFacts, sealed: Sealed, audience: str) -> dict[str, Any]:
    """Make the document of reliability, without its `release` member.

    Parameters
    ----------
    facts : the wave, with the groups that the audience may read with exact figures.
    sealed : what may be published of these groups.
    audience : for whom.

    Returns
    -------
    JSON data: the head members, and `constructs`, each with the cells that it has in a summary. A published cell has
    `n` (people who answered every item), `alpha`, `alpha_standardized`, `omega`, `items` (of each `item_rest` and
    `alpha_if_dropped`), and `warnings` if there are any. A cell of a confidential group in which fewer people than
    promised answered every item is protected.

    Raises
    ------
    ValueError : when the seal was made with another instrument than the facts name.
    """
    books = {group.group: (group.instrument, group.codebook) for group in facts.groups}
    constructs: dict[str, dict[str, Any]] = {}
    for group in sealed.groups:
        name, book = books[group.group]
        if name != group.instrument:
            raise ValueError(f"sealed with {group.instrument}, not with {name}")
        tally = Tally(Layout(book), group.cells, group.counts)
        for key, measures in tally.layout.constructs.items():
            items = book.instrument.construct_items[key]
            entry = constructs.setdefault(key, construct_entry(key, book.instrument))
            entry["items"] += [item for item in items if item not in entry["items"]]
            figures = _figures(tally.dense[:, measures.complete], items)
            cells = named_cells(sealed.schools, group, group.constructs[key], figures)
            entry["cells"] += [_if_enough(cell, group) for cell in cells]
    return {**head(facts, audience), "constructs": list(constructs.values())}


def narrow_cells(
    document: Mapping[str, Any], schools: Collection[str] | None, constructs: Collection[str] = ()
) -> dict[str, Any]:
    """Take a slice of the document: the cells of some schools as in `slices.narrow`, some of the constructs (all of
    none).
    """
    kept = [entry for entry in document["constructs"] if not constructs or entry["construct"] in constructs]
    cut = [entry | {"cells": [cell for cell in entry["cells"] if within(cell, None, schools)]} for entry in kept]
    return {**document, "constructs": cut}


def _figures(complete: NDArray[np.int64], items: Collection[str]) -> Figures:
    """Compute what a cell says of one construct, for all cells."""
    item_rest, without = item_analysis(complete, len(items))
    of_items = [
        [
            {"item": item, "item_rest": _plain(r), "alpha_if_dropped": _plain(alpha)}
            for item, r, alpha in zip(items, *row, strict=True)
        ]
        for row in zip(item_rest.tolist(), without.tolist(), strict=True)
    ]
    found: Figures = []
    for row, parts in zip(reliability(complete, len(items)).to_dict("records"), of_items, strict=True):
        figures = {str(name): _plain(value) for name, value in row.items()}
        low = figures["alpha"] is not None and figures["alpha"] < LOW_ALPHA
        warnings = ["low_reliability"] * low + ["few_people"] * (figures["n"] < FEW_PEOPLE)
        found.append(figures | {"items": parts} | ({"warnings": warnings} if warnings else {}))
    return found


def _if_enough(cell: dict[str, Any], group: SealedGroup) -> dict[str, Any]:
    """Protect a published cell when it describes too few people."""
    if not group.confidential or cell["status"] == "protected" or cell["n"] >= group.minimum:
        return cell
    pool = {"schools": cell["schools"]} if "schools" in cell else {}
    return protected(group.group, cell["school"]) | pool


def _plain(value: Any) -> Any:
    return None if isinstance(value, float) and math.isnan(value) else value
