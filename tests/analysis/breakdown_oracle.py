"""The slow twin of breakdowns: which are published, decided on people one by one, and their figures from rows.

Written from the rules alone, like `oracle.py`. A set of people is a whole number with a bit for each person; every set
of published cells is compared with every set of categories.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial, reduce
from operator import or_
from typing import Any

from tests.analysis.oracle import Group, OneGroup, instrument_of, promise_of

Value = str | None
People = int


def is_attribute(group: Group, key: str) -> bool:
    return any(i["key"] == key and i.get("attribute") for s in group.definition["sections"] for i in s["items"])


def document_by(
    attribute: str, wave: str, title: str, simulated: bool, schools: tuple[str, ...], groups: list[Group]
) -> dict[str, Any]:
    having = [ByAttribute(group, schools, attribute) for group in groups if is_attribute(group, attribute)]
    items: list[dict[str, Any]] = []
    constructs: dict[str, dict[str, Any]] = {}
    options: list[dict[str, Any]] = []
    for by in having:
        here = by.here
        asked = here.item_entry(by.attribute)
        options += [o for o in asked["options"] if o["value"] not in [known["value"] for known in options]]
        for item in here.closed:
            if item["key"] == attribute:
                continue
            entry = here.item_entry(item)
            alike = [e for e in items if all(e[k] == entry[k] for k in ("item", "kind", "reverse", "options"))]
            if not alike:
                items.append(entry)
            (alike or [entry])[0]["cells"] += by.cells(by.shows_item(item), partial(by.figures.item_cell, item))
        for construct in here.definition.get("constructs", []):
            key, parts = construct["key"], here.items_of(construct["key"])
            if parts:
                title_of, setting = construct["title"][here.definition["default_locale"]], construct.get("setting")
                found = constructs.setdefault(
                    key, {"construct": key, "title": title_of, "setting": setting, "items": [], "cells": []}
                )
                found["items"] += [i["key"] for i in parts if i["key"] not in found["items"]]
                found["cells"] += by.cells(by.shows_construct(key), partial(by.figures.construct_cell, key))
    first = having[0].here
    return {
        "wave": wave,
        "title": title,
        "audience": "director",
        "simulated": simulated,
        "promise": {by.here.g.group: promise_of(by.here.g) for by in having},
        "instruments": {by.here.g.group: instrument_of(by.here.g) for by in having},
        "attribute": attribute,
        "text": having[0].attribute["text"][first.definition["default_locale"]],
        "options": options,
        "items": items,
        "constructs": list(constructs.values()),
    }


@dataclass
class Side:
    """Published sets of the same people, those that follow by subtraction included, and what is shown of them."""

    sets: list[People]
    by: ByAttribute | None  # None for the cells


class ByAttribute:
    """One group by one attribute."""

    def __init__(self, group: Group, schools: tuple[str, ...], key: str) -> None:
        self.here = OneGroup(group, schools)
        self.attribute = next(item for item in self.here.items if item["key"] == key)
        self.values: list[Value] = [
            o["value"] for o in self.here.item_entry(self.attribute)["options"] if not o.get("not_applicable")
        ]
        self.values.append(None)
        self.of = [self.value(answers) for _, answers in group.rows]
        relabeled = [(value, answers) for value, (_, answers) in zip(self.of, group.rows, strict=True)]
        self.figures = OneGroup(
            Group(group.group, group.definition, group.confidential, group.k, {}, group.children, relabeled),
            tuple(value for value in self.values if value is not None),
        )
        earlier = [ByAttribute(group, schools, item["key"]) for item in self.here.items if self.is_before(item, key)]
        self.earlier = [by for by in earlier if by.published]
        self.published = self._published()

    def is_before(self, item: dict[str, Any], key: str) -> bool:
        order = [i["key"] for i in self.here.items]
        return bool(item.get("attribute")) and order.index(item["key"]) < order.index(key)

    def value(self, answers: dict[str, Any]) -> Value:
        if self.here.state(self.attribute, answers) != "n":
            return None
        given = answers[self.attribute["key"]]
        return {True: "true", False: "false"}[given] if isinstance(given, bool) else given

    # ---------------------------------------------------------------- people
    def people(self, test: Any) -> People:
        return sum(1 << i for i, row in enumerate(self.here.g.rows) if test(i, *row))

    def of_category(self, members: tuple[Value, ...]) -> People:
        return self.people(lambda i, school, answers: self.of[i] in members)

    def who_answered(self, item: dict[str, Any]) -> People:
        return self.people(lambda i, school, answers: self.here.state(item, answers) == "n")

    def with_a_score(self, key: str) -> People:
        parts = self.here.items_of(key)
        return self.people(
            lambda i, school, answers: 2 * sum(self.here.state(p, answers) == "n" for p in parts) >= len(parts)
        )

    # ---------------------------------------------------------------- what is published
    def _published(self) -> list[tuple[Value, ...]]:
        """The published categories, the pool last; empty when the attribute is not published."""
        if not self.here.g.confidential:
            return [(value,) for value in self.values]
        size = {value: self.of.count(value) for value in self.values if self.of.count(value)}
        pool = [value for value in size if size[value] < self.here.g.k]
        while pool and sum(size[v] for v in pool) < self.here.g.k and len(pool) < len(size):
            pool.append(min((v for v in size if v not in pool), key=lambda v: (size[v], self.values.index(v))))
        if not self.here.union or len(pool) == len(size):
            return []
        found: list[tuple[Value, ...]] = [(value,) for value in size if value not in pool]
        found += [tuple(value for value in self.values if value in pool)] if pool else []
        everybody = (1 << len(self.of)) - 1
        sets = [self.of_category(members) for members in found]
        fine = all(self.is_safe(side.sets, sets, everybody) for side in self.sides())
        return found if fine else []

    def sides(self) -> list[Side]:
        cells = [
            self.people(lambda i, school, answers, cell=cell: school in cell) for cell in self.here.published()[:-1]
        ]
        everybody = (1 << len(self.of)) - 1
        rest = everybody & ~reduce(or_, cells, 0)
        before = [Side([by.of_category(members) for members in by.published], by) for by in self.earlier]
        return [Side([*cells, rest], None), *before]

    def is_safe(self, sets: list[People], categories: list[People], among: People) -> bool:
        """Whether every union of sets and every union of categories differ by nobody or enough of these people."""
        sizes = {((s ^ c) & among).bit_count() for s in unions(sets) for c in unions(categories)}
        return not any(0 < size < self.here.g.k for size in sizes)

    def _shows(self, behind: People, by_school: bool, shown_by: Any) -> bool:
        if not self.published:
            return False
        if not self.here.g.confidential:
            return True
        categories = [self.of_category(members) for members in self.published]
        sides = [side for side in self.sides() if (by_school if side.by is None else shown_by(side.by))]
        return all((c & behind).bit_count() >= self.here.g.k for c in categories) and all(
            self.is_safe(side.sets, categories, behind) for side in sides
        )

    def shows_item(self, item: dict[str, Any]) -> bool:
        if item == self.attribute:
            return False
        by_school = self.here.item_level(item) == "schools"
        gates = [gate for gate in self.here.gates(item) if gate != self.attribute]
        return all(map(self.shows_item, gates)) and self._shows(
            self.who_answered(item), by_school, lambda by: by.shows_item(item)
        )

    def shows_construct(self, key: str) -> bool:
        by_school = self.here.construct_level(key) == "schools"
        return all(map(self.shows_item, self.here.items_of(key))) and self._shows(
            self.with_a_score(key), by_school, lambda by: by.shows_construct(key)
        )

    # ---------------------------------------------------------------- cells
    def cells(self, shown: bool, figures: Any) -> list[dict[str, Any]]:
        out: list[dict[str, Any]] = []
        for value in self.values:
            if shown and (value,) in self.published:
                out.append(self.named(category=value, status="published", **figures((value,))))
            else:
                out.append(self.named(category=value, status="protected"))
        for members in self.published if shown else []:
            if len(members) > 1:
                out.append(
                    self.named(category="other", categories=list(members), status="published", **figures(members))
                )
        return out

    def named(self, **more: Any) -> dict[str, Any]:
        return {"group": self.here.g.group, "school": None, **more}


def unions(sets: list[People]) -> list[People]:
    found = [0]
    for one in sets:
        found += [one | other for other in found]
    return found
