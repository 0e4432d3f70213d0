"""The slow twin of equity: each category against all who are not in it, from rows of answers, but for the sentences.

Which categories are published is decided by `breakdown_oracle.py` on people one by one. The others are taken from the
rows of the whole group, not from other categories: so the two agree only if the published categories have everybody.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from tests.analysis.breakdown_oracle import ByAttribute, is_attribute
from tests.analysis.difference_oracle import adjusted, mean_difference, parts, share_difference, verdict
from tests.analysis.oracle import instrument_of, promise_of, root, variance
from tests.analysis.priorities_oracle import OfGroup
from tests.analysis.waves import World

WORDS = ("worse", "better")
ORDER = ("worse", "no_clear_difference", "better", "cannot_tell", None)
Row = dict[str, Any]
Members = tuple[Any, ...]


def document(world: World, attributes: set[str] | None = None) -> Row:
    found = [
        OfAttribute(world, at, item["key"])
        for at, group in enumerate(world.groups)
        for section in group.definition["sections"]
        for item in section["items"]
        if is_attribute(group, item["key"]) and (attributes is None or item["key"] in attributes)
    ]
    items, constructs, table = [], [], []
    for one in found:
        items += one.rows([i for i in one.of.here.closed if i["kind"] in ("rating", "integer")], "item")
        own = one.rows([c for c in one.of.definition["constructs"] if one.of.here.items_of(c["key"])], "construct")
        table += [row for construct in own for row in one.summaries(construct)]
        constructs += own
    table.sort(key=lambda row: (ORDER.index(row["verdict"]), row.pop("by")))
    return {
        "wave": "fall",
        "title": "Fall",
        "audience": "director",
        "simulated": True,
        "promise": {group.group: promise_of(group) for group in world.groups},
        "instruments": {group.group: instrument_of(group) for group in world.groups},
        "attributes": [one.entry() for one in found],
        "items": items,
        "constructs": constructs,
        "table": table,
    }


class OfAttribute:
    def __init__(self, world: World, at: int, key: str) -> None:
        self.by = ByAttribute(world.groups[at], world.schools, key)
        self.of = OfGroup(world.groups[at], world.schools, None)
        self.figures = self.by.figures  # where the categories stand for schools
        self.group, self.key = world.groups[at].group, key

    def entry(self) -> Row:
        asked = self.of.here.item_entry(self.by.attribute)
        status = "published" if self.by.published else "protected"
        told = {"text": asked["text"], "options": asked["options"], "status": status}
        return {"group": self.group, "attribute": self.key, **told}

    # ---------------------------------------------------------------- figures
    def rest(self, members: Members) -> Members:
        return tuple(value for value in self.by.values if value not in members)

    def scores(self, measure: Row, members: Members) -> list[Fraction]:
        if "kind" not in measure:
            return self.figures.person_scores(measure["key"], members)
        return [Fraction(self.of.here.score(measure, v)) for v in self.figures.valid(measure, members)]

    def shares(self, measure: Row, members: Members) -> tuple[int, int]:
        items = [measure] if "kind" in measure else self.of.here.items_of(measure["key"])
        of = [(i, self.figures.valid(i, members)) for i in items if i in self.of.marked]
        return sum(v in self.of.favorable(i) for i, values in of for v in values), sum(len(values) for _, values in of)

    def is_marked(self, measure: Row) -> bool:
        items = [measure] if "kind" in measure else self.of.here.items_of(measure["key"])
        return any(i in self.of.marked for i in items)

    def side(self, measure: Row, members: Members) -> Row:
        scores, (count, n) = self.scores(measure, members), self.shares(measure, members)
        favorable = {"count": count, "share": count / n if n else None} | ({} if "kind" in measure else {"n": n})
        value = float(sum(scores, Fraction(0)) / len(scores)) if scores else None
        sd = root(variance(scores)) if len(scores) > 1 else None
        return {
            "n": len(scores),
            "mean": {"value": value, "sd": sd},
            "favorable": favorable if self.is_marked(measure) else None,
        }

    def difference(self, measure: Row, members: Members) -> Row:
        ours, theirs = self.shares(measure, members), self.shares(measure, self.rest(members))
        means = mean_difference(self.scores(measure, members), self.scores(measure, self.rest(members)))
        shares: Row | None = share_difference(ours, theirs)
        if "kind" not in measure:
            shares = {"value": shares["value"]}  # type: ignore[index]
        return {
            "difference": {"mean": parts(means), "favorable": shares if self.is_marked(measure) else None},
            "test": {"p": means["p"]},
        }

    # ---------------------------------------------------------------- rows
    def rows(self, measures: list[Row], kind: str) -> list[Row]:
        shows = self.by.shows_item if kind == "item" else lambda c: self.by.shows_construct(c["key"])
        found = {
            (m["key"], members): self.side(m, members)
            | {"others": self.side(m, self.rest(members)), **self.difference(m, members)}
            for m in measures
            if shows(m)
            for members in self.by.published
        }
        p = adjusted({where: row["test"]["p"] for where, row in found.items()})
        for (key, _), row in ((w, r) for w, r in found.items()):
            measure = next(m for m in measures if m["key"] == key)
            way = self.of.better([measure] if kind == "item" else self.of.here.items_of(key))
            where = next(w for w, r in found.items() if r is row)
            row["test"]["p_adjusted"] = p[where]
            row["verdict"] = verdict(p[where], row["difference"]["mean"]["value"], way, WORDS)
        return [self.row(m, kind, found) for m in measures]

    def row(self, measure: Row, kind: str, found: dict[Any, Row]) -> Row:
        named = {"group": self.group, "school": None}
        cells = []
        for value in self.by.values:
            row = found.get((measure["key"], (value,)))
            status = {"status": "protected"} if row is None else {"status": "published", **row}
            cells.append(named | {"category": value} | status)
        for (key, members), row in found.items():
            if key == measure["key"] and len(members) > 1:
                pool = {"category": "other", "categories": list(members)}
                cells.append(named | pool | {"status": "published", **row})
        told: Row = {"group": self.group, "attribute": self.key, "cells": cells}
        if kind == "item":
            entry = self.of.here.item_entry(measure)
            return told | {name: entry[name] for name in ("item", "construct", "setting", "text")}
        return told | {"construct": measure["key"], "title": measure["title"]["en"], "setting": measure.get("setting")}

    def summaries(self, row: Row) -> list[Row]:
        items = self.of.here.items_of(row["construct"])
        scores = [o["score"] for o in self.of.here.options(items[0]) if "score" in o]
        labels = {o["value"]: o["label"] for o in self.entry()["options"]} | {None: "no valid answer"}
        found = []
        for cell in row["cells"]:
            if cell["status"] == "published" and cell["n"]:
                told = [labels[value] for value in cell.get("categories", [cell["category"]])]
                label = told[0] if len(told) == 1 else ", ".join(told[:-1]) + " and " + told[-1]
                size = (cell["difference"]["mean"]["value"] or 0) / (max(scores) - min(scores))
                found.append(
                    {name: row[name] for name in ("group", "attribute", "construct", "title", "setting")}
                    | {name: cell[name] for name in ("category", "categories", "n") if name in cell}
                    | {name: cell[name] for name in ("difference", "test", "verdict")}
                    | {"label": label, "others": cell["others"]["n"]}
                    | {"by": round(size * (self.of.better(items) or 1), 9)}
                )
        return found
