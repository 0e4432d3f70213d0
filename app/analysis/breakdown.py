"""The document of one attribute: what is published of a wave by the categories of an item, union-wide.

A pure function of the sealed tallies and the instruments, like `summarize.py`. Decides what the document looks like,
not what is in it: which attributes, categories and items are shown was decided by the seal.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.analysis.crossing import Value, categories
from app.analysis.disclosure import protected
from app.analysis.facts import WaveFacts
from app.analysis.figures import Figures
from app.analysis.sealed import Breakdown, Level, Sealed
from app.analysis.summarize import described, head


def break_down(
    facts: WaveFacts,
    sealed: Sealed,
    attribute: str,
    audience: str,
) -> dict[str, Any]:
    """Make the document of an attribute, without its `release` member.

    Parameters
    ----------
    facts : the wave, with the groups that the audience may read with exact figures; each has the attribute.
    sealed : what may be published of these groups.
    attribute : key of the item.
    audience : for whom.

    Returns
    -------
    JSON data with the members of a summary but participation, and `attribute`, its `text` and its `options` (those of
    all groups). Of each group, items and constructs have a cell for each category: the options in order, None for
    people without a valid answer, and the pool where it is shown. The attribute itself is no item of its document.

    Raises
    ------
    ValueError : when the seal was made with another instrument than the facts name.
    """
    values = {group.group: categories(group.codebook, attribute) for group in facts.groups}
    breakdowns = [group.by(attribute) for group in sealed.groups]
    items, constructs = described(
        facts, breakdowns, lambda of, *figures: _cells(values[of.group], of, *figures), without=(attribute,)
    )
    instruments = [group.codebook.instrument for group in facts.groups]
    options: dict[str, Any] = {}
    for instrument in instruments:
        for option in instrument.by_key[attribute].options(instrument.scales, instrument.default_locale):
            options.setdefault(option["value"], option)
    return {
        **head(facts, audience),
        "attribute": attribute,
        "text": instruments[0].by_key[attribute].text.say(instruments[0].default_locale),
        "options": list(options.values()),
        "items": items,
        "constructs": constructs,
    }


def _cells(values: Sequence[Value], of: Breakdown, level: Level, figures: Figures) -> list[dict[str, Any]]:
    """Name the cells of one group: its categories in order, the pool if it is shown."""
    shown = {
        (cell.category, cell.categories): {"group": of.group, "school": None, "category": cell.category}
        | ({} if cell.categories is None else {"categories": list(cell.categories)})
        | {"status": "published"}
        | figure
        for cell, figure in zip(of.cells, figures, strict=True)
        if level >= cell.needs
    }
    named = [shown.pop((value, None), _protected(of.group, value)) for value in values]
    return [*named, *shown.values()]


def _protected(group: str, value: Value) -> dict[str, Any]:
    return protected(group, None) | {"category": value}
