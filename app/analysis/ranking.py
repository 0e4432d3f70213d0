"""Items and constructs of a group, ranked by how many do not answer favorably.

Decides need, importance, breadth and ranks (docs/statistics.md, "Priorities"), from the sealed counts of published
cells. What is behind a construct, `factors.py` says; what the document looks like, `priorities.py`.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from app.analysis import people
from app.analysis.comparable import compare_constructs, compare_items
from app.analysis.estimate import Z, ratio, share_interval
from app.analysis.facts import GroupFacts
from app.analysis.figures import FEW_PEOPLE, plain, population
from app.analysis.layout import Layout
from app.analysis.sealed import Level, SealedGroup
from app.analysis.slices import within
from app.analysis.tally import Tally
from app.analysis.versus import Sample, rows_of
from app.survey.codebook import Codebook

Counted = dict[Any, dict[str, Any]]
FEWEST = 30
"""Fewer people who answered both give no correlation."""


@dataclass(frozen=True, eq=False)
class Ranked:
    """One group of a wave, and what a reader sees of it.

    Attributes
    ----------
    facts, sealed : the group, the same in both.
    others : the other groups that the reader reads.
    schools : the schools that the reader is limited to; None for all.
    """

    facts: GroupFacts
    sealed: SealedGroup
    others: tuple[GroupFacts, ...]
    schools: Collection[str] | None

    @cached_property
    def tally(self) -> Tally:
        return Tally(Layout(self.facts.codebook), self.sealed.cells, self.sealed.counts)

    @cached_property
    def union(self) -> int:
        """Place of the union's cell. StopIteration when nothing of the group is published."""
        return next(place for place, cell in enumerate(self.sealed.cells) if cell.is_union)

    @cached_property
    def places(self) -> list[int]:
        """Places of the other published cells that the reader sees."""
        return [place for place in self._apart if self._seen(place)]

    @cached_property
    def _apart(self) -> list[int]:
        return [place for place, cell in enumerate(self.sealed.cells) if not cell.is_union]

    def _seen(self, place: int) -> bool:
        cell = self.sealed.cells[place]
        pool = {} if cell.schools is None else {"schools": cell.schools}
        return within({"school": cell.school, **pool}, None, self.schools)

    # ---------------------------------------------------------------- what is ranked
    @cached_property
    def marked(self) -> list[str]:
        """Items that have favorable options, in order."""
        return [key for key, columns in self.facts.codebook.of_item.items() if columns[0].favorable]

    @cached_property
    def items(self) -> list[str]:
        """What is ranked of `marked`: all but the outcome."""
        return [key for key in self.marked if key != self.facts.codebook.instrument.outcome]

    @cached_property
    def constructs(self) -> dict[str, list[str]]:
        """Constructs with those of their items that have favorable options; one without any is no construct here."""
        known = self.facts.codebook.instrument.construct_items
        found = {key: [item for item in items if item in self.marked] for key, items in known.items()}
        return {key: items for key, items in found.items() if items}

    def level(self, key: str, kind: str) -> Level:
        """How far an item or a construct is shown; nowhere where nothing of the group is."""
        levels = self.sealed.items if kind == "item" else self.sealed.constructs
        return levels[key] if self.sealed.cells else Level.NOWHERE

    def is_shared(self, key: str, kind: str) -> bool:
        """Whether another group is asked the same, so that the two can be compared."""
        return any(same(self.facts.codebook, other.codebook, key, kind) for other in self.others)

    # ---------------------------------------------------------------- figures
    @cached_property
    def of_items(self) -> Counted:
        """By (item, cell): `count` favorable answers of `n`, and the need `value`, `low`, `high`."""
        n, count = people.answered(self.tally, self.marked), people.favorable(self.tally, self.marked)
        N = population(self.sealed, people.not_asked(self.tally, self.marked))
        share = share_interval(count, n, N.where(n <= N))
        need = {
            "value": ratio((n - count).to_numpy(), n.to_numpy()),
            "low": 1 - share["high"],
            "high": 1 - share["low"],
        }
        return plain(pd.DataFrame({"count": count, "n": n, **need}))

    @cached_property
    def of_constructs(self) -> Counted:
        """By (construct, cell): `count` favorable answers of `n`, the need `value`, and `people` with a score."""
        found = Sample.of_constructs(self.tally, list(self.constructs))
        count, n = found.favorable["count"].to_numpy(), found.favorable["n"].to_numpy()
        return plain(found.favorable.assign(value=ratio(n - count, n), people=found.scores["n"]))

    @cached_property
    def in_union(self) -> tuple[Sample, Sample]:
        """What is known of everybody: on `marked` items, and on constructs."""
        everybody = rows_of(self.tally, [self.union])
        return Sample.of_items(everybody, self.marked), Sample.of_constructs(everybody, list(self.constructs))

    def breadth(self, counted: Counted, key: str, level: Level) -> dict[str, int] | None:
        """Count the published cells whose share is below the union's, exactly; those without answers do not count.

        None for what is shown union-wide only, and for a reader who does not see all of these cells.
        """
        if level < Level.SCHOOLS or not self._apart or len(self.places) < len(self._apart):
            return None
        union, parts = counted[key, self.union], [counted[key, place] for place in self._apart]
        parts = [part for part in parts if part["n"]]
        below = sum(part["count"] * union["n"] < union["count"] * part["n"] for part in parts)
        return {"below": below, "of": len(parts)}

    def importance(self, key: str) -> dict[str, Any] | None:
        """Correlate an item with the outcome over the people of the union who answered both.

        Returns
        -------
        `value` with its Fisher z interval `low`, `high`, two decimals; `n` of these people, None where less it than the
        people who answered one of the items would be a few. None without an outcome, for fewer than `FEWEST` people,
        when fewer people than promised are outside the commonest option of either item, and without variance.
        """
        layout, outcome = self.tally.layout, self.facts.codebook.instrument.outcome
        pair = layout.pairs.get(key)
        if pair is None or outcome is None or self.level(outcome, "item") == Level.NOWHERE:
            return None
        n, x, y, xx, yy, xy = self.tally.dense[self.union, pair.at].tolist()
        if n < FEWEST or min(self._outside(item) for item in (key, outcome)) < self.sealed.minimum:
            return None
        both, own, others = n * xy - x * y, n * xx - x * x, n * yy - y * y
        if not own * others:
            return None
        r = math.copysign(math.sqrt(both * both / (own * others)), both)
        low, high = correlation_interval(r, n)
        left = [self._answered(item) - n for item in (key, outcome)]
        told = all(few == 0 or few >= self.sealed.minimum for few in left)
        figures = {"value": r, "low": low, "high": high}
        return {name: round(figure, 2) + 0.0 for name, figure in figures.items()} | {"n": n if told else None}

    def _outside(self, item: str) -> int:
        counts = [int(counted[self.union]) for counted in people.options(self.tally, item).values()]
        return sum(counts) - max(counts)

    def _answered(self, item: str) -> int:
        return sum(int(counted[self.union]) for counted in people.options(self.tally, item).values())

    # ---------------------------------------------------------------- rows
    def item_rows(self) -> list[dict[str, Any]]:
        """Give the row of each item, by rank; those without one follow, protected ones last."""
        return ranked(list(self._item_rows()), "item")

    def _item_rows(self) -> Iterator[dict[str, Any]]:
        instrument = self.facts.codebook.instrument
        settings = {construct.key: construct.setting for construct in instrument.constructs}
        for key in self.items:
            item = instrument.by_key[key]
            row = {
                "group": self.facts.group,
                "school": None,
                "item": key,
                "construct": item.construct_key,
                "setting": settings.get(item.construct_key or ""),
                "text": item.text.say(instrument.default_locale),
                "reverse": item.is_reversed,
                "shared": self.is_shared(key, "item"),
            }
            level = self.level(key, "item")
            if level == Level.NOWHERE:
                yield row | {"status": "protected"}
                continue
            found = self.of_items[key, self.union]
            yield row | {
                "status": "published",
                "n": found["n"],
                "need": {name: found[name] for name in ("value", "low", "high")} if found["n"] else None,
                "importance": self.importance(key),
                "breadth": self.breadth(self.of_items, key, level),
                **({"warnings": ["few_people"]} if found["n"] < FEW_PEOPLE else {}),
            }

    def construct_rows(self) -> list[dict[str, Any]]:
        """Give the row of each construct, by rank; like `item_rows`.

        A construct's need has no interval. Its ranks take the limits of its items, each weighing as much as its answers
        do in the need: as wide as if everybody answered all items alike.
        """
        bounds = {key: self._bounds(items) for key, items in self.constructs.items() if self.sealed.cells}
        return ranked(list(self._construct_rows()), "construct", bounds)

    def _construct_rows(self) -> Iterator[dict[str, Any]]:
        instrument = self.facts.codebook.instrument
        for construct in instrument.constructs:
            key = construct.key
            if key not in self.constructs:
                continue
            row = {
                "group": self.facts.group,
                "school": None,
                "construct": key,
                "title": construct.title.say(instrument.default_locale),
                "setting": construct.setting,
                "shared": self.is_shared(key, "construct"),
            }
            level = self.level(key, "construct")
            if level == Level.NOWHERE:
                yield row | {"status": "protected"}
                continue
            found = self.of_constructs[key, self.union]
            yield row | {
                "status": "published",
                "n": found["people"],
                "answers": found["n"],
                "need": {"value": found["value"], "low": None, "high": None} if found["n"] else None,
                "importance": None,
                "breadth": self.breadth(self.of_constructs, key, level),
                **({"warnings": ["few_people"]} if found["people"] < FEW_PEOPLE else {}),
            }

    def _bounds(self, items: list[str]) -> tuple[float, float]:
        of = [found for item in items if (found := self.of_items[item, self.union])["n"]]
        n = sum(found["n"] for found in of)
        low, high = (math.fsum(found["n"] * found[limit] for found in of) / max(n, 1) for limit in ("low", "high"))
        return low, high


def correlation_interval(r: float, n: int) -> tuple[float, float]:
    """Give the limits of a correlation of n > 3 people; those of 1 and -1 are the correlation itself.

    Notes
    -----
    Fisher (1921), *Metron* 1: tanh(atanh(r) -+ z / sqrt(n - 3)).
    """
    if abs(r) >= 1:
        return r, r
    middle, half = math.atanh(r), Z / math.sqrt(n - 3)
    return math.tanh(middle - half), math.tanh(middle + half)


def same(ours: Codebook, theirs: Codebook, key: str, kind: str) -> bool:
    """Whether both instruments ask an item, or measure a construct with the same items, in one meaning."""
    return (compare_items if kind == "item" else compare_constructs)(ours, theirs, key).comparable


def ranked(
    rows: list[dict[str, Any]], kind: str, bounds: Mapping[str, tuple[float, float]] | None = None
) -> list[dict[str, Any]]:
    """Rank rows that have a need, the greatest first, then by importance, then by key; sort all rows.

    Parameters
    ----------
    rows : rows of one group.
    kind : `item` or `construct`, under which a row has its key.
    bounds : key -> limits of the need, where they are not those in the row.

    Returns
    -------
    The rows; the ranked ones with `rank`, `rank_low` (1 more than the rows whose limits lie entirely above its own) and
    `rank_high` (the rows whose limits do not lie entirely below); others that are published have None for each.
    """
    order = {row[kind]: place for place, row in enumerate(rows)}

    def by(row: Mapping[str, Any]) -> tuple[float, float, str]:
        importance = row["importance"]
        return -row["need"]["value"], math.inf if importance is None else -importance["value"], row[kind]

    listed = sorted((row for row in rows if row.get("need") is not None), key=by)
    limits = [(bounds or {}).get(row[kind], (row["need"]["low"], row["need"]["high"])) for row in listed]
    # Rounding must not put a need outside its own limits.
    lows = np.array([min(low, row["need"]["value"]) for row, (low, _) in zip(listed, limits, strict=True)])
    highs = np.array([max(high, row["need"]["value"]) for row, (_, high) in zip(listed, limits, strict=True)])
    for place, row in enumerate(listed):
        row["rank"] = place + 1
        row["rank_low"] = 1 + int((lows > highs[place]).sum())
        row["rank_high"] = int((highs >= lows[place]).sum())
    without = [row for row in rows if row.get("need") is None]
    for row in without:
        if row["status"] == "published":
            row |= dict.fromkeys(("rank", "rank_low", "rank_high"))
    without.sort(key=lambda row: (row["status"] == "protected", order[row[kind]]))
    return [*listed, *without]
