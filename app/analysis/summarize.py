"""The director's document of a wave: a pure function of its sealed tallies and its instruments.

Decides what the document looks like. Which cells are published and how far an item is shown was decided by the seal.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, TypeVar

from app.analysis.disclosure import protected
from app.analysis.facts import WaveFacts
from app.analysis.figures import Figures, construct_figures, item_figures
from app.analysis.layout import Layout
from app.analysis.sealed import Level, Sealed, SealedCells, SealedGroup
from app.analysis.tally import Tally
from app.survey.instrument import Instrument
from app.survey.items import Item

G = TypeVar("G", bound=SealedCells[Any])


def summarize(facts: WaveFacts, sealed: Sealed) -> dict[str, Any]:
    """Make the director's document, without its `release` member.

    Parameters
    ----------
    facts : the wave; the numbers of its rosters are not read, they are in the seal.
    sealed : what may be published of it.

    Returns
    -------
    JSON data as docs/director.md reads it. Items and constructs stand in the order of the groups and as they are asked;
    groups that share an item's key and meaning share its entry, another meaning makes another entry. Open items are
    left out.

    Raises
    ------
    ValueError : when the seal was made with another instrument than the facts name.
    """
    items, constructs = described(facts, sealed.groups, lambda *of: named_cells(sealed.schools, *of))
    return {
        **head(facts, "director"),
        "participation": list(sealed.participation),
        "items": items,
        "constructs": constructs,
    }


def head(facts: WaveFacts, audience: str) -> dict[str, Any]:
    """Say of a document whose figures it has: the wave, the reader, what was promised, the questions asked."""
    return {
        "wave": facts.wave,
        "title": facts.title,
        "audience": audience,
        "simulated": facts.simulated,
        "promise": {group.group: group.promise for group in facts.groups},
        "instruments": {
            group.group: {"instrument": group.instrument, "digest": group.codebook.instrument.digest}
            for group in facts.groups
        },
    }


def described(
    facts: WaveFacts,
    groups: Iterable[G],
    named: Callable[[G, Level, Figures], list[dict[str, Any]]],
    without: Collection[str] = (),
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Describe items and constructs, each with the cells of all groups that have it.

    Parameters
    ----------
    facts : the wave; only the codebooks of its groups are read.
    groups : their sealed cells.
    named : gives the cells of a group's item or construct, from how far it is shown and its figures.
    without : items to leave out.

    Returns
    -------
    The lists `items` and `constructs` of a document.

    Raises
    ------
    ValueError : as `summarize`.
    """
    books = {group.group: (group.instrument, group.codebook) for group in facts.groups}
    items: dict[Any, dict[str, Any]] = {}
    constructs: dict[str, dict[str, Any]] = {}
    for group in groups:
        instrument, book = books[group.group]
        if instrument != group.instrument:
            raise ValueError(f"sealed with {group.instrument}, not with {instrument}")
        tally = Tally(Layout(book), group.cells, group.counts)
        for key, figures in item_figures(group, tally).items():
            if key not in without:
                item = book.instrument.by_key[key]
                entry = items.setdefault((key, meaning(item, book.instrument)), item_entry(item, book.instrument))
                entry["cells"] += named(group, group.items[key], figures)
        for key, figures in construct_figures(group, tally).items():
            entry = constructs.setdefault(key, construct_entry(key, book.instrument))
            entry["items"] += [i for i in book.instrument.construct_items[key] if i not in entry["items"]]
            entry["cells"] += named(group, group.constructs[key], figures)
    return list(items.values()), list(constructs.values())


def named_cells(schools: Sequence[str], group: SealedGroup, level: Level, figures: Figures) -> list[dict[str, Any]]:
    """Name the cells of one group: the schools of the wave in order, the union, the pool if it is shown."""
    shown = {
        (cell.school, cell.schools): {"group": group.group, "school": cell.school}
        | ({} if cell.schools is None else {"schools": list(cell.schools)})
        | {"status": "published"}
        | figure
        for cell, figure in zip(group.cells, figures, strict=True)
        if level >= cell.needs
    }
    named = [shown.pop((school, None), protected(group.group, school)) for school in (*schools, None)]
    return [*named, *shown.values()]


def item_entry(item: Item, instrument: Instrument) -> dict[str, Any]:
    """Say of an item all but its figures; `cells` is empty."""
    construct = next((c for c in instrument.constructs if c.key == item.construct_key), None)
    return {
        "item": item.key,
        "construct": item.construct_key,
        "setting": construct.setting if construct else None,
        "text": item.text.say(instrument.default_locale),
        "reverse": item.is_reversed,
        "kind": item.kind,
        "options": item.options(instrument.scales, instrument.default_locale),
        "cells": [],
    }


def construct_entry(key: str, instrument: Instrument) -> dict[str, Any]:
    """Say of a construct all but its figures; `items` and `cells` are empty."""
    (construct,) = (c for c in instrument.constructs if c.key == key)
    title = construct.title.say(instrument.default_locale)
    return {"construct": key, "title": title, "setting": construct.setting, "items": [], "cells": []}


def meaning(item: Item, instrument: Instrument) -> tuple[Any, ...]:
    """Give what groups must share to share an entry: all that it says of the item but the words."""
    options = item.options(instrument.scales, instrument.default_locale)
    return item.kind, item.is_reversed, frozenset(tuple((k, o[k]) for k in sorted(o) if k != "label") for o in options)
