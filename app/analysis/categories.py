"""Which attributes a group is broken down by, and which items and constructs are shown in each breakdown.

Decides rule 5 of docs/privacy.md. It only ever withholds: a breakdown that fails is not tried with another
pooling, which would be one more equation. All that it knows of the answers is who gave one, and everybody's categories.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from app.analysis.crossing import Crossed, Value, categories
from app.analysis.cuts import nobody_or_enough
from app.analysis.facts import School
from app.analysis.pattern import categories_shown
from app.analysis.sealed import Category, Level
from app.analysis.tally import Ints


@dataclass(frozen=True)
class ShownBy:
    """What is shown of a group by one attribute.

    Attributes
    ----------
    attribute : its key.
    members : the published categories, and the values that each one adds up.
    items, constructs : whether each is shown, `UNION` or `NOWHERE`, in all categories alike; never the attribute.
    """

    attribute: str
    members: Mapping[Category, Sequence[Value]]
    items: Mapping[str, Level]
    constructs: Mapping[str, Level]


def everything_by(crossed: Crossed) -> list[ShownBy]:
    """Show an attributed group by each attribute: every category, also one of nobody, and every item."""
    return [
        ShownBy(
            attribute=attribute,
            members={Category(value, None): (value,) for value in categories(crossed.codebook, attribute)},
            items={key: _level(key != attribute) for key in crossed.bases.items},
            constructs=dict.fromkeys(crossed.bases.constructs, Level.UNION),
        )
        for attribute in crossed.tallies
    ]


def enough_by(
    crossed: Crossed,
    parts: Sequence[Collection[School]],
    items: Mapping[str, Level],
    constructs: Mapping[str, Level],
    minimum: int,
) -> list[ShownBy]:
    """Decide what is shown of a confidential group by each attribute, in the order in which they are asked.

    Parameters
    ----------
    crossed : the group's counts by attribute.
    parts : its cells, sorted into the smallest sets that follow from the published ones (`Pattern.parts`).
    items, constructs : how far each is shown by cell.
    minimum : k of the promise.

    Notes
    -----
    An attribute is published when any set of `parts` and any set of its categories differ by nobody or at least k
    people, and likewise any set of categories of an attribute published before it. An item is shown when k people of
    every category have answered it and the same holds of the people who answered: against the parts if it is shown by
    school, and against each earlier attribute that shows it; and, as by school, only where those are shown that its
    skip logic looks at. A construct follows its worst item, and by the same rule
    the people with a score. (Shown for the union only, it has no parts; then enough in every category is enough.)
    """
    found: list[ShownBy] = []
    parts_of = crossed.codebook.instrument.construct_items
    for attribute in crossed.tallies:
        values = categories(crossed.codebook, attribute)
        by_value = crossed.people[None, attribute][:, :, 0].sum(axis=0)
        members = categories_shown(dict(zip(values, by_value.tolist(), strict=True)), minimum)
        if not members:
            continue
        columns = _places(values, list(members.values()))
        by_cell = crossed.folded((None, attribute), _places(crossed.cells, parts), columns)
        sides = [_Side(by_cell, items, constructs, Level.SCHOOLS)]
        for earlier in found:
            rows = _places(categories(crossed.codebook, earlier.attribute), list(earlier.members.values()))
            both = crossed.folded((earlier.attribute, attribute), rows, columns)
            sides.append(_Side(both, earlier.items, earlier.constructs, Level.UNION))
        if not all(nobody_or_enough(side.people[:, :, 0], minimum) for side in sides):
            continue
        enough = (by_cell.sum(axis=0).min(axis=0) >= minimum).tolist()
        shown: dict[str, Level] = {}
        for key, base in crossed.bases.items.items():
            shown[key] = _level(
                key != attribute
                and enough[base]
                and all(nobody_or_enough(s.people[:, :, base], minimum) for s in sides if s.items[key] >= s.needs)
                and all(shown[gate] for gate in crossed.codebook.gates[key] if gate != attribute)
            )
        scored = {
            key: _level(
                min(shown[item] for item in parts_of[key]) == Level.UNION
                and enough[base]
                and all(nobody_or_enough(s.people[:, :, base], minimum) for s in sides if s.constructs[key] >= s.needs)
            )
            for key, base in crossed.bases.constructs.items()
        }
        found.append(ShownBy(attribute, members, shown, scored))
    return found


@dataclass(frozen=True)
class _Side:
    """Other sets of the same people that are published: (sets, categories, bases) people in both.

    `items` and `constructs` say how far each is shown, `needs` how far that must be to be shown for these sets.
    """

    people: Ints
    items: Mapping[str, Level]
    constructs: Mapping[str, Level]
    needs: Level


def _level(shown: bool) -> Level:
    return Level.UNION if shown else Level.NOWHERE


def _places(values: Sequence[Hashable], sets: Sequence[Collection[Hashable]]) -> Ints:
    """Of each value, the place of the set that it is in; one of nobody may be in none, and counts for the first."""
    place = {value: at for at, members in enumerate(sets) for value in members}
    return np.array([place.get(value, 0) for value in values], dtype=np.int64)
