"""What may be shown of a wave: participation, how far each item and construct goes, and what of the counts is kept.

Decides the rules of docs/privacy.md, and alone makes publishable numbers (`Sealed`) from raw ones. Which cells
are published depends on who answered and on the roster, never on an answer. It computes no figure.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from app.analysis.categories import enough_by, everything_by
from app.analysis.crossing import Crossed
from app.analysis.facts import GroupFacts, School, WaveFacts, eligible_in, eligible_in_union
from app.analysis.pattern import Pattern, pattern
from app.analysis.people import answers, person_scores
from app.analysis.sealed import Breakdown, Category, Cell, Level, Sealed, SealedGroup
from app.analysis.tally import Counts, Ints, Tally

SMALLEST_LISTED = 10
"""A school with fewer people eligible is not listed in the participation of a confidential group."""


# ------------------------------------------------------------------ participation
def hidden_in_participation(roster: Mapping[School, int], schools: Collection[str]) -> frozenset[str]:
    """Tell which schools of a confidential group are hidden in participation.

    Those with fewer than 10 people eligible; if that is exactly one, the next smallest too (by eligible, ties by key;
    a school without a roster line counts as the largest), so that none is had by subtraction from the union.
    """
    hidden = {school for school in schools if school in roster and roster[school] < SMALLEST_LISTED}
    others = set(schools) - hidden
    if len(hidden) == 1 and others:
        hidden.add(min(others, key=lambda school: (school not in roster, roster.get(school, 0), school)))
    return frozenset(hidden)


def hidden_schools(group: GroupFacts, schools: Collection[str]) -> frozenset[str]:
    """Tell which schools of a group participation hides: by its roster, and by the ones that it had before."""
    return hidden_in_participation(group.roster, schools) | group.kept_hidden if group.confidential else frozenset()


def participation(facts: WaveFacts, counts: Mapping[str, Mapping[School, int]]) -> list[dict[str, Any]]:
    """List who has answered, of how many, by group: every school of the wave, then the whole union (`school` None).

    Parameters
    ----------
    facts : the wave.
    counts : group -> school (None = tied to none) -> responses; what is missing is 0.

    Returns
    -------
    Rows `{"group", "school", "eligible", "responses", "rate"}`; confidential groups add `needed`, the responses missing
    to the promised minimum. `eligible` is None without a roster, and `rate` without anybody eligible. A hidden school
    is `{"group", "school", "status": "protected"}`, and so is the union where it is the only school. The union has no
    eligible number when a school with responses has none. Good at any time: while the wave is open and, frozen, in its
    release.
    """
    rows: list[dict[str, Any]] = []
    for group in facts.groups:
        responses = counts.get(group.group, {})
        hidden = hidden_schools(group, facts.schools)
        for school in facts.schools:
            if school in hidden:
                rows.append(protected(group.group, school))
            else:
                rows.append(_turnout(group, school, group.roster.get(school), responses.get(school, 0)))
        if len(hidden) == len(facts.schools) == 1:
            rows.append(protected(group.group, None))
        else:
            eligible = eligible_in_union(group.roster, responses)
            rows.append(_turnout(group, None, eligible, sum(responses.values())))
    return rows


def protected(group: str, school: str | None) -> dict[str, Any]:
    """Give a withheld cell: it looks the same whatever the reason."""
    return {"group": group, "school": school, "status": "protected"}


def _turnout(group: GroupFacts, school: str | None, eligible: int | None, responses: int) -> dict[str, Any]:
    rate = responses / eligible if eligible else None
    row = {"group": group.group, "school": school, "eligible": eligible, "responses": responses, "rate": rate}
    return row | ({"needed": max(0, group.minimum - responses)} if group.confidential else {})


# ------------------------------------------------------------------ the seal
def seal(facts: WaveFacts, tallies: Mapping[str, Tally], crossed: Mapping[str, Crossed] | None = None) -> Sealed:
    """Keep of raw tallies what may be published, and nothing else.

    Parameters
    ----------
    facts : the wave.
    tallies : group -> tally over the schools of the wave and None; a group that is missing has no responses.
    crossed : group -> the same people by attribute, its cells the schools of the wave and None; a group that is missing
        is not broken down.

    Raises
    ------
    ValueError : when `crossed` has other cells.
    """
    cells = (*facts.schools, None)
    raw = {group.group: Tally.empty(group.codebook, cells) for group in facts.groups}
    raw |= {group: tallies[group].select(cells) for group in raw if group in tallies}
    bases = {group: dict(zip(cells, tally.responses.tolist(), strict=True)) for group, tally in raw.items()}
    return Sealed(
        wave=facts.wave,
        title=facts.title,
        simulated=facts.simulated,
        schools=facts.schools,
        participation=tuple(participation(facts, bases if facts.turnout is None else facts.turnout)),
        groups=tuple(
            _seal(facts, group, raw[group.group], bases[group.group], (crossed or {}).get(group.group))
            for group in facts.groups
        ),
    )


def _seal(
    facts: WaveFacts, group: GroupFacts, raw: Tally, bases: Mapping[School, int], crossed: Crossed | None
) -> SealedGroup:
    published = Pattern(facts.schools, (), union=True)
    if group.confidential:
        published = pattern(bases, group.roster, hidden_in_participation(group.roster, facts.schools), group.minimum)
    members = _members(group, published, bases)
    items, constructs = _levels(group, raw, members, published.rest(bases))
    breakdowns = []
    if crossed is not None:
        if crossed.cells != raw.cells:
            raise ValueError("people are counted by attribute in other cells than the wave's")
        shown = everything_by(crossed)
        if group.confidential:
            shown = enough_by(crossed, published.parts(bases), items, constructs, group.minimum)
        for by in shown:
            kept = _kept(group, crossed.tallies[by.attribute], by.members, by.items, by.constructs)
            breakdowns.append(Breakdown(**kept, attribute=by.attribute))
    return SealedGroup(**_kept(group, raw, members, items, constructs), breakdowns=tuple(breakdowns))


def _kept(
    group: GroupFacts,
    raw: Tally,
    members: Mapping[Any, Sequence[Hashable]],
    items: Mapping[str, Level],
    constructs: Mapping[str, Level],
) -> dict[str, Any]:
    """Give the fields of `SealedCells`: the published cells, and of their counts what may be shown."""
    return {
        "group": group.group,
        "instrument": group.instrument,
        "mode": group.mode,
        "minimum": group.minimum,
        "counts_children": group.counts_children,
        "cells": tuple(members),
        "items": items,
        "constructs": constructs,
        "counts": _withhold(raw.merge(members), group, tuple(members), items, constructs),
    }


def _members(group: GroupFacts, published: Pattern, bases: Mapping[School, int]) -> dict[Cell, tuple[School, ...]]:
    """Give the published cells, and the schools that each one adds up."""
    found: dict[Cell, tuple[School, ...]] = {
        Cell(school, None, group.roster.get(school)): (school,) for school in published.schools
    }
    if published.union:
        found[Cell(None, None, eligible_in_union(group.roster, bases))] = tuple(bases)
    if published.pool:
        schools = tuple(sorted(school for school in published.pool if school is not None))
        eligible = None if None in published.pool else eligible_in(group.roster, published.pool)
        found[Cell(None, schools, eligible)] = published.pool
    return found


def _levels(
    group: GroupFacts, raw: Tally, members: Mapping[Cell, Sequence[School]], rest: Sequence[School]
) -> tuple[dict[str, Level], dict[str, Level]]:
    """Decide how far items (rule 2) and constructs (rule 3) are shown, by the people behind each in every cell.

    The rest of the union, when all other published cells are taken from it, counts like a cell: it follows from them.
    An item is shown no further than those that its skip logic looks at: who was not asked it tells what they answered.
    """
    tally = raw.merge({**members, "rest": rest})
    union = next((row for row, cell in enumerate(members) if cell.is_union), None)

    def level(n: Ints) -> Level:
        if not group.confidential:
            return Level.SCHOOLS
        if union is None or n[union] < group.minimum:
            return Level.NOWHERE
        *cells, left = n.tolist()
        return Level.SCHOOLS if min(cells) >= group.minimum and not 0 < left < group.minimum else Level.UNION

    keys = list(group.codebook.of_item)
    behind = answers(tally, keys)["n"].to_numpy().reshape(len(keys), len(tally.cells))
    items: dict[str, Level] = {}
    for key, n in zip(keys, behind, strict=True):
        items[key] = min([level(n), *(items[gate] for gate in group.codebook.gates[key])])
    parts_of = group.codebook.instrument.construct_items
    scored = person_scores(tally, list(parts_of))["n"].to_numpy().reshape(len(parts_of), len(tally.cells))
    constructs = {
        key: min(level(n), *(items[item] for item in parts_of[key])) for key, n in zip(parts_of, scored, strict=True)
    }
    return items, constructs


def _withhold(
    shown: Tally,
    group: GroupFacts,
    cells: Sequence[Cell | Category],
    items: Mapping[str, Level],
    constructs: Mapping[str, Level],
) -> Counts:
    """Give the counts of published cells without the measures that rules 2 to 4 withhold."""
    layout = shown.layout
    blocks = [_Block(layout.responses, Level.SCHOOLS)]
    blocks += [_Block(h.at.start, items[h.column.item]) for h in layout.histograms]
    for key, construct in layout.constructs.items():
        blocks += [_Block(construct.complete.start, constructs[key], own_base=True)]
        blocks += [_Block(construct.persons.start, constructs[key])]
    for key, pair in layout.pairs.items():
        assert layout.outcome is not None
        blocks += [_Block(pair.at.start, min(items[key], items[layout.outcome.column.item]), own_base=True)]
    blocks.sort(key=lambda block: block.start)
    counts = shown.counts.tocoo()
    of = np.searchsorted([block.start for block in blocks], counts.col, side="right") - 1
    level = np.array([block.level for block in blocks])[of]
    needs = np.array([cell.needs for cell in cells], dtype=np.int64)[counts.row]
    keep = level >= needs
    if group.confidential:
        own = np.array([block.own_base for block in blocks])[of]
        base = np.array([block.start for block in blocks])[of[own]]
        keep[own] &= shown.dense[counts.row[own], base] >= group.minimum
    kept = (counts.data[keep], (counts.row[keep], counts.col[keep]))
    return sparse.csr_array(kept, shape=counts.shape)


@dataclass(frozen=True)
class _Block:
    """Measures that are shown or withheld together, from `start` to the next block.

    With an `own_base` the first of them is the number of people, and there must be enough of them in each cell.
    """

    start: int
    level: Level
    own_base: bool = False
