"""The document of what matters most: a pure function of the sealed counts and the instruments.

Decides what the document looks like. The figures are those of `ranking.py` and `factors.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from app.analysis.factors import with_factors
from app.analysis.facts import WaveFacts
from app.analysis.ranking import FEWEST, Ranked
from app.analysis.sealed import Level, Sealed
from app.analysis.summarize import head

Row = dict[str, Any]
NOTE = (
    "Need is the share of answers that are not favorable. Importance is a correlation, not a cause: the nearer it is "
    "to 1, the more do people who rate the item higher also rate the outcome higher. It does not say that the outcome "
    "would rise if the item did: both may follow from something else, and whoever is content tends to rate everything "
    f"well. There is none where fewer than {FEWEST} people answered both, or nearly all gave one of them the same "
    "answer. Measures whose ranges from rank_low to rank_high overlap may have changed places by chance."
)


def prioritize(
    facts: WaveFacts,
    sealed: Sealed,
    audience: str,
    *,
    groups: Collection[str] | None = None,
    schools: Collection[str] | None = None,
) -> dict[str, Any]:
    """Make the document of priorities, without its `release` member.

    Parameters
    ----------
    facts : the wave, with the groups that the audience may read with exact figures.
    sealed : what may be published of these groups.
    audience : for whom.
    groups : those to rank; the others serve to compare. None ranks all.
    schools : the schools that the reader is limited to; None for all.

    Returns
    -------
    JSON data. `items` and `constructs` have a row a group and measure that has favorable options, in the order of the
    groups and then by rank; `settings` likewise, by need. `outcomes` names the item that importance is measured
    against, None where a group has none. The outcome itself is not ranked.

    Raises
    ------
    ValueError : when the seal was made with another instrument than the facts name.
    """
    by_group = {group.group: group for group in sealed.groups}
    for group in facts.groups:
        if by_group[group.group].instrument != group.instrument:
            raise ValueError(f"sealed with {by_group[group.group].instrument}, not with {group.instrument}")
    every = [
        Ranked(group, by_group[group.group], tuple(other for other in facts.groups if other is not group), schools)
        for group in facts.groups
    ]
    wanted = [one for one in every if groups is None or one.facts.group in groups]
    items = {one.facts.group: one.item_rows() for one in wanted}
    constructs = {one.facts.group: one.construct_rows() for one in wanted}
    return {
        **head(facts, audience),
        "note": NOTE,
        "outcomes": {one.facts.group: _outcome(one) for one in wanted},
        "items": [row for rows in items.values() for row in rows],
        "constructs": [
            row
            for one in wanted
            for row in with_factors(
                one, [other for other in every if other is not one], items[one.facts.group], constructs[one.facts.group]
            )
        ],
        "settings": [row for one in wanted for row in settings(one, constructs[one.facts.group])],
    }


def _outcome(of: Ranked) -> Row | None:
    instrument = of.facts.codebook.instrument
    if instrument.outcome is None:
        return None
    found = {
        "item": instrument.outcome,
        "text": instrument.by_key[instrument.outcome].text.say(instrument.default_locale),
    }
    if of.level(instrument.outcome, "item") == Level.NOWHERE:
        return found | {"status": "protected"}
    return found | {"status": "published"}


def settings(of: Ranked, constructs: Sequence[Row]) -> list[Row]:
    """Compare the settings of a group: the answers to their published constructs added up, greatest need first."""
    parts: dict[str, list[Row]] = {}
    for row in constructs:
        if row["setting"] is not None and row.get("need") is not None:
            parts.setdefault(row["setting"], []).append(row)
    found = []
    for setting, rows in parts.items():
        counted = [of.of_constructs[row["construct"], of.union] for row in rows]
        n, good = sum(one["n"] for one in counted), sum(one["count"] for one in counted)
        named = {"group": of.facts.group, "school": None, "setting": setting}
        found.append(
            {**named, "constructs": sorted(r["construct"] for r in rows), "answers": n, "need": (n - good) / n}
        )
    return sorted(found, key=lambda row: (-row["need"], row["setting"]))


def chosen(document: dict[str, Any], constructs: Collection[str]) -> dict[str, Any]:
    """Keep these constructs, the items that belong to them, and nothing else that has figures; none keeps all.

    Ranks stay those among all.
    """
    if not constructs:
        return document
    return document | {
        "items": [row for row in document["items"] if row["construct"] in constructs],
        "constructs": [row for row in document["constructs"] if row["construct"] in constructs],
        "settings": [],
    }
