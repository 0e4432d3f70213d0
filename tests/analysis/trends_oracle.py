"""The slow twin of trends: from rows of answers, in plain Python and exact fractions.

Written from docs/statistics.md, "Trends", alone; it shares no line with `app.analysis`. Two waves of raw groups.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from scipy import stats

from tests.analysis.oracle import Group, OneGroup, School, is_closed, share, variance

Z = 1.959963984540054
Cell = tuple[School, ...]


def trend(
    earlier: tuple[str, tuple[str, ...], list[Group]], later: tuple[str, tuple[str, ...], list[Group]]
) -> dict[str, Any]:
    """Entries of the pair, without words: (wave, schools, groups) twice."""
    items: list[dict[str, Any]] = []
    constructs: list[dict[str, Any]] = []
    for group in later[2]:
        for old in earlier[2]:
            if old.group == group.group:
                two = _Two(OneGroup(old, earlier[1]), OneGroup(group, later[1]))
                told = {"from": earlier[0], "to": later[0], "groups": [group.group]}
                items += [{"item": key, **told, **of} for key, of in two.items().items()]
                constructs += [{"construct": key, **told, **of} for key, of in two.constructs().items()]
    return {"items": items, "constructs": constructs}


class _Two:
    """One group in two waves."""

    def __init__(self, old: OneGroup, new: OneGroup) -> None:
        self.old, self.new = old, new
        self.same_schools = set(old.schools) == set(new.schools)

    # ---------------------------------------------------------------- comparability
    def compare(self, key: str) -> dict[str, Any]:
        a, b = (next((i for i in one.items if i["key"] == key), None) for one in (self.old, self.new))
        if a is None or b is None:
            return {"comparable": False, "reason_code": "only_later" if a is None else "only_earlier"}
        code = None
        if a["kind"] != b["kind"]:
            code = "kind_changed"
        elif a.get("reverse", False) != b.get("reverse", False):
            code = "reverse_changed"
        elif _values(self.old, a) != _values(self.new, b):
            code = "scale_changed"
        elif a["kind"] == "rating" and self.old.favorable_values(a) != self.new.favorable_values(b):
            code = "favorable_changed"
        if code:
            return {"comparable": False, "reason_code": code}
        labels = [{o["value"]: o["label"] for o in one.options(i)} for one, i in ((self.old, a), (self.new, b))]
        return {
            "comparable": True,
            "text_changed": a["text"] != b["text"] or labels[0] != labels[1],
            "asked_of_changed": a.get("show_if") != b.get("show_if"),
        }

    def compare_construct(self, key: str) -> dict[str, Any]:
        a, b = ([i["key"] for i in one.items_of(key)] for one in (self.old, self.new))
        if not a or not b:
            return {"comparable": False, "reason_code": "only_later" if not a else "only_earlier"}
        if sorted(a) != sorted(b):
            return {"comparable": False, "reason_code": "items_changed"}
        parts = [self.compare(item) for item in b]
        if not all(part["comparable"] for part in parts):
            return {"comparable": False, "reason_code": "item_not_comparable"}
        told = {name: any(part[name] for part in parts) for name in ("text_changed", "asked_of_changed")}
        return {"comparable": True, **told}

    # ---------------------------------------------------------------- entries
    def items(self) -> dict[str, dict[str, Any]]:
        scored = [
            i["key"]
            for one in (self.new, self.old)
            for i in one.items
            if i["kind"] in ("rating", "integer") and is_closed(i)
        ]
        told = {key: self.compare(key) for key in dict.fromkeys(scored)}
        return self._entries(told, self._item)

    def constructs(self) -> dict[str, dict[str, Any]]:
        keys = [i["construct"] for one in (self.new, self.old) for i in one.items if i.get("construct")]
        order = [c["key"] for one in (self.new, self.old) for c in one.definition["constructs"]]
        told = {key: self.compare_construct(key) for key in dict.fromkeys(order) if key in keys}
        return self._entries(told, self._construct)

    def _entries(
        self, told: dict[str, dict[str, Any]], side: Callable[[OneGroup, str, Cell], dict[str, Any]]
    ) -> dict[str, dict[str, Any]]:
        entries = {key: {**of, "cells": []} for key, of in told.items()}
        may = [key for key, of in told.items() if of["comparable"]]
        for place in self._places():
            changes = {}
            for key in may:
                sides = [self._shown(one, key, place, side) for one in (self.old, self.new)]
                if place[0] == "pool" and sides == [None, None]:
                    continue
                changes[key] = self._change(place, *sides)
            _adjust([of["test"] for of in changes.values() if of["test"]])
            for key, of in changes.items():
                entries[key]["cells"].append(self._verdict(of))
        return entries

    def _places(self) -> list[tuple[str, Any]]:
        schools = [*self.new.schools, *(s for s in self.old.schools if s not in self.new.schools)]
        pools = [_named(one.pool) for one in (self.new, self.old) if one.pool]
        return [("school", s) for s in schools] + [("union", None)] + [("pool", p) for p in dict.fromkeys(pools)]

    def _shown(
        self, one: OneGroup, key: str, place: tuple[str, Any], side: Callable[[OneGroup, str, Cell], dict[str, Any]]
    ) -> dict[str, Any] | None:
        """The values of a cell, None where it is not shown."""
        constructs = [i.get("construct") for i in one.items]
        if side == self._construct:
            level = one.construct_level(key) if key in constructs else "nowhere"
        else:
            level = one.item_level(next(i for i in one.items if i["key"] == key))
        cells = {"schools": one.published(), "union": [one.everybody], "nowhere": []}[level]
        for cell in cells:
            if _place(one, cell) == place:
                return side(one, key, cell)
        return None

    def _item(self, one: OneGroup, key: str, cell: Cell) -> dict[str, Any]:
        item = next(i for i in one.items if i["key"] == key)
        values = one.valid(item, cell)
        good = one.favorable_values(item) if item["kind"] == "rating" else set()
        skipped = any(one.state(item, answers) == "not_asked" for answers in one.rows(cell))
        found = self._side(one, cell, [Fraction(one.score(item, v)) for v in values], skipped)
        count = sum(v in good for v in values)
        found["favorable"] = {"count": count, "share": count / len(values) if values else None} if good else None
        return found | {"of": len(values), "people": True}

    def _construct(self, one: OneGroup, key: str, cell: Cell) -> dict[str, Any]:
        parts = one.items_of(key)
        skipped = any(one.state(i, answers) == "not_asked" for i in parts for answers in one.rows(cell))
        found = self._side(one, cell, one.person_scores(key, cell), skipped)
        marked = [i for i in parts if one.favorable_values(i)]
        count = sum(v in one.favorable_values(i) for i in marked for v in one.valid(i, cell))
        of = sum(len(one.valid(i, cell)) for i in marked)
        found["favorable"] = {"count": count, "n": of, "share": count / of if of else None} if marked else None
        return found | {"of": of, "people": False}

    def _side(self, one: OneGroup, cell: Cell, scores: list[Fraction], skipped: bool) -> dict[str, Any]:
        eligible, n = one.eligible(cell), len(scores)
        N = None if one.g.children or skipped or (eligible is not None and n > eligible) else eligible
        return {"scores": scores, "N": N, "eligible": eligible}

    # ---------------------------------------------------------------- figures
    def _change(self, place: tuple[str, Any], old: dict[str, Any] | None, new: dict[str, Any] | None) -> dict[str, Any]:
        kind, name = place
        cell: dict[str, Any] = {"group": self.new.g.group, "school": name if kind == "school" else None}
        if kind == "pool":
            cell["schools"] = list(name)
        reason = None
        if kind == "school" and (name not in self.old.schools or name not in self.new.schools):
            reason = "not_in_wave"
        elif kind == "union" and not self.same_schools:
            reason = "other_schools"
        elif old is None or new is None:
            reason = "protected"
        absent = [reason == "not_in_wave" and name not in one.schools for one in (self.old, self.new)]
        cell["earlier"], cell["later"] = (
            None if gone else _figures(one) for gone, one in zip(absent, (old, new), strict=True)
        )
        if reason or old is None or new is None:
            return {**cell, "change": None, "test": None, "detectable": None, "reason_code": reason}
        return {**cell, **_compared(old, new)}

    def _verdict(self, cell: dict[str, Any]) -> dict[str, Any]:
        test = cell["test"]
        if test is None or test["p"] is None:
            return {**cell, "verdict": "cannot_tell"}
        verdict = "up" if cell["change"]["mean"]["value"] > 0 else "down"
        return {**cell, "verdict": verdict if test["p_adjusted"] < 0.05 else "no_clear_change"}


def _values(one: OneGroup, item: dict[str, Any]) -> Any:
    if item["kind"] == "integer":
        return item["minimum"], item["maximum"]
    return {o["value"]: None if o.get("not_applicable") else one.score(item, o["value"]) for o in one.options(item)}


def _named(pool: Cell) -> tuple[str, ...]:
    return tuple(sorted(s for s in pool if s is not None))


def _place(one: OneGroup, cell: Cell) -> tuple[str, Any]:
    if cell == one.everybody:
        return "union", None
    return ("pool", _named(cell)) if cell == one.pool else ("school", cell[0])


def _figures(side: dict[str, Any] | None) -> dict[str, Any]:
    if side is None:
        return {"status": "protected"}
    scores = side["scores"]
    n = len(scores)
    value = float(sum(scores) / Fraction(n)) if n else None
    sd = math.sqrt(variance(scores)) if n > 1 else None
    told = {"status": "published", "n": n, "eligible": side["eligible"], "mean": {"value": value, "sd": sd}}
    return {**told, "favorable": side["favorable"]}


def _compared(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    sides = [(side["scores"], side["N"]) for side in (new, old)]
    sizes = [len(scores) for scores, _ in sides]
    change: dict[str, Any] = dict.fromkeys(("value", "se", "df", "low", "high"))
    test: dict[str, Any] = dict.fromkeys(("t", "df", "p", "p_adjusted"))
    seen: dict[str, Any] = dict.fromkeys(("mean", "mean_finite"))
    out: dict[str, Any] = {"change": {"mean": change, "favorable": None}, "test": test, "detectable": seen}
    if all(sizes):
        change["value"] = float(_mean(sides[0][0]) - _mean(sides[1][0]))
    parts = [_squared(*side) for side in sides]
    df = sum(sizes) - 2
    if None not in parts and all(sizes):
        se = math.sqrt(sum(part for part in parts if part is not None))
        half = float(stats.t.ppf(0.975, df)) * se if se else 0
        change |= {"se": se, "df": df, "low": change["value"] - half, "high": change["value"] + half}
        if se:
            seen["mean_finite"] = float(stats.t.ppf(0.975, df) + stats.t.ppf(0.8, df)) * se
        elif all(n == N for n, (_, N) in zip(sizes, sides, strict=True)):
            seen["mean_finite"] = 0
    if min(sizes) < 2:
        out["reason_code"] = "too_few_people"
    else:
        each = [variance(scores) / len(scores) for scores, _ in sides]
        if sum(each):
            df = float(sum(each) ** 2 / sum(v**2 / (n - 1) for v, n in zip(each, sizes, strict=True)))
            se = math.sqrt(sum(each))
            t = change["value"] / se
            test |= {"t": t, "df": df, "p": 2 * float(stats.t.sf(abs(t), df))}
            seen["mean"] = float(stats.t.ppf(0.975, df) + stats.t.ppf(0.8, df)) * se
        else:
            out["reason_code"] = "no_variance"
    if new["people"]:
        seen["favorable"] = None
    if new["favorable"]:
        out["change"]["favorable"] = _newcombe(new, old)
        if new["people"] and all(sizes):
            p = Fraction(new["favorable"]["count"] + old["favorable"]["count"], sum(sizes))
            if 0 < p < 1:
                se = math.sqrt(p * (1 - p) * (Fraction(1, sizes[0]) + Fraction(1, sizes[1])))
                seen["favorable"] = float(stats.norm.ppf(0.975) + stats.norm.ppf(0.8)) * se
    return out


def _mean(scores: list[Fraction]) -> Fraction:
    return sum(scores, Fraction(0)) / len(scores)


def _squared(scores: list[Fraction], N: int | None) -> Fraction | None:
    n = len(scores)
    if n and n == N:
        return Fraction(0)
    return (1 - Fraction(n, N) if N else Fraction(1)) * variance(scores) / n if n > 1 else None


def _newcombe(new: dict[str, Any], old: dict[str, Any]) -> dict[str, Any]:
    if not new["of"] or not old["of"]:
        return dict.fromkeys(("value", "low", "high"))
    a, b = (share(side["favorable"]["count"], side["of"], None) for side in (new, old))
    value = new["favorable"]["count"] / new["of"] - old["favorable"]["count"] / old["of"]
    if not new["people"]:
        return {"value": value, "low": None, "high": None}
    low = value - math.sqrt((a["share"] - a["low"]) ** 2 + (b["high"] - b["share"]) ** 2)
    return {"value": value, "low": low, "high": value + math.hypot(a["high"] - a["share"], b["share"] - b["low"])}


def _adjust(tests: list[dict[str, Any]]) -> None:
    """Benjamini and Hochberg (1995): the smallest rate at which a test would still be called real."""
    there = [test for test in tests if test["p"] is not None]
    m = len(there)
    for test in there:
        above = [other["p"] for other in there if other["p"] >= test["p"]]
        test["p_adjusted"] = min(1.0, *(m * p / sum(other["p"] <= p for other in there) for p in above))
