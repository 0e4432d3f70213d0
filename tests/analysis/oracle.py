"""The slow twin: the director's document computed from rows of answers, in plain Python and exact fractions.

Written from the definitions (docs/statistics.md, docs/privacy.md) alone. It shares no line with `app.analysis` and no
data structure with `app.survey`, of which it takes digests alone: an instrument is its raw definition here, a response
a pair of a school and a dictionary of answers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache, partial
from typing import Any

import numpy as np
from scipy import optimize, stats

from app.survey.instrument import parse

Z = 1.959963984540054
OMEGA_UNDECIDED = "omega: two solutions are as good as each other, or a loading is next to 1"
School = str | None
Row = tuple[School, dict[str, Any]]


@dataclass
class Group:
    group: str
    definition: dict[str, Any]
    confidential: bool
    k: int
    roster: dict[School, int]
    children: bool = False
    rows: list[Row] = field(default_factory=list)


def document(
    wave: str, title: str, simulated: bool, schools: tuple[str, ...], groups: Iterable[Group]
) -> dict[str, Any]:
    items: list[dict[str, Any]] = []
    constructs: list[dict[str, Any]] = []
    participation: list[dict[str, Any]] = []
    for group in groups:
        here = OneGroup(group, schools)
        participation += here.participation()
        for item in here.closed:
            entry = here.item_entry(item)
            alike = [e for e in items if all(e[k] == entry[k] for k in ("item", "kind", "reverse", "options"))]
            if not alike:
                items.append(entry)
            (alike or [entry])[0]["cells"] += here.cells(here.item_level(item), partial(here.item_cell, item))
        for construct in here.definition.get("constructs", []):
            parts = here.items_of(construct["key"])
            if not parts:
                continue
            found = next((e for e in constructs if e["construct"] == construct["key"]), None)
            if found is None:
                locale = here.definition["default_locale"]
                found = {"construct": construct["key"], "title": construct["title"][locale], "items": [], "cells": []}
                found["setting"] = construct.get("setting")
                constructs.append(found)
            found["items"] += [i["key"] for i in parts if i["key"] not in found["items"]]
            found["cells"] += here.cells(
                here.construct_level(construct["key"]), partial(here.construct_cell, construct["key"])
            )
    return {
        "wave": wave,
        "title": title,
        "audience": "director",
        "simulated": simulated,
        "promise": {group.group: promise_of(group) for group in groups},
        "instruments": {group.group: instrument_of(group) for group in groups},
        "participation": participation,
        "items": items,
        "constructs": constructs,
    }


def promise_of(group: Group) -> dict[str, Any]:
    if not group.confidential:
        return {"mode": "attributed"}
    return {"mode": "confidential", "minimum": group.k, "director": "exact", "principal": "none", "public": "none"}


def looked_at(condition: Any) -> set[str]:
    if isinstance(condition, list):
        return {key for one in condition for key in looked_at(one)}
    if not isinstance(condition, dict):
        return set()
    return ({condition["item"]} if "item" in condition else set()).union(*map(looked_at, condition.values()))


def instrument_of(group: Group) -> dict[str, str]:
    return {"instrument": f"{group.group}@1", "digest": parse(group.definition).digest}


class OneGroup:
    """One group: a cell is named by the tuple of its members, schools and None."""

    def __init__(self, group: Group, schools: tuple[str, ...]) -> None:
        self.g, self.schools, self.definition = group, schools, group.definition
        self.items = [item for section in self.definition["sections"] for item in section["items"]]
        self.closed = [item for item in self.items if is_closed(item)]
        self.base = {school: sum(row[0] == school for row in group.rows) for school in (*schools, None)}
        self.everybody = tuple(self.base)
        self.hidden = self._hidden() if group.confidential else set()
        self.alone, self.pool, self.union = self._pattern()

    # ---------------------------------------------------------------- who is shown
    def _hidden(self) -> set[str]:
        known = {s: self.g.roster[s] for s in self.schools if s in self.g.roster}
        hidden = {s for s, eligible in known.items() if eligible < 10}
        if len(hidden) == 1:
            rest = sorted((known.get(s, math.inf), s) for s in self.schools if s not in hidden)
            hidden |= {s for _, s in rest[:1]}
        return hidden

    def _pattern(self) -> tuple[list[str], tuple[School, ...], bool]:
        if not self.g.confidential:
            return list(self.schools), (), True
        there = [s for s in self.base if self.base[s]]

        def few(cell: Iterable[School]) -> bool:
            cell = list(cell)
            listed = all(s in self.g.roster for s in cell)
            return sum(self.base[s] for s in cell) < self.g.k or (
                listed and sum(self.g.roster[s] for s in cell) < self.g.k
            )

        pool = [s for s in there if few([s]) or s in self.hidden]
        while pool and few(pool) and len(pool) < len(there):
            pool.append(min((s for s in there if s not in pool), key=lambda s: (self.base[s], s or "")))
        if sum(self.base.values()) < self.g.k:
            return [], (), False
        alone = [s for s in there if s is not None and s not in pool]
        return alone, () if len(pool) == len(there) else tuple(pool), True

    def published(self) -> list[tuple[School, ...]]:
        """The published cells, the union last."""
        return (
            [(s,) for s in self.alone] + ([self.pool] if self.pool else []) + ([self.everybody] if self.union else [])
        )

    def _level(self, n: Callable[[tuple[School, ...]], int]) -> str:
        if not self.g.confidential:
            return "schools"
        if not self.union or n(self.everybody) < self.g.k:
            return "nowhere"
        apart = self.published()[:-1]
        left = n(self.everybody) - sum(n(cell) for cell in apart) if apart else 0
        return "schools" if all(n(c) >= self.g.k for c in apart) and not 0 < left < self.g.k else "union"

    def item_level(self, item: dict[str, Any]) -> str:
        own = self._level(lambda cell: len(self.valid(item, cell)))
        return self._lowest([own, *map(self.item_level, self.gates(item))])

    def construct_level(self, key: str) -> str:
        own = self._level(lambda cell: len(self.person_scores(key, cell)))
        return self._lowest([own, *map(self.item_level, self.items_of(key))])

    def _lowest(self, levels: list[str]) -> str:
        return min(levels, key=["nowhere", "union", "schools"].index)

    def gates(self, item: dict[str, Any]) -> list[dict[str, Any]]:
        """The closed items that the skip logic of an item looks at."""
        keys = looked_at(item.get("show_if", {}))
        return [other for other in self.closed if other["key"] in keys]

    def cells(self, level: str, figures: Callable[[tuple[School, ...]], dict[str, Any]]) -> list[dict[str, Any]]:
        out: list[dict[str, Any]] = []
        for school in self.schools:
            shown = level == "schools" and school in self.alone
            out.append(self.named(school, **figures((school,))) if shown else self.protected(school))
        if level == "nowhere":
            return [*out, self.protected(None)]
        union = figures(self.everybody)
        if level == "union":
            union = {k: v for k, v in union.items() if k not in ("stratified", "kish_design_effect")}
        out.append(self.named(None, **union))
        if level == "schools" and self.pool:
            out.append(self.named(None, schools=sorted(s for s in self.pool if s is not None), **figures(self.pool)))
        return out

    def named(self, school: School, **figures: Any) -> dict[str, Any]:
        return {"group": self.g.group, "school": school, "status": "published", **figures}

    def protected(self, school: School) -> dict[str, Any]:
        return {"group": self.g.group, "school": school, "status": "protected"}

    def participation(self) -> list[dict[str, Any]]:
        out = []
        for school in (*self.schools, None):
            only = len(self.schools) == 1 and self.hidden  # else the union would tell what is hidden
            if school in self.hidden or only:
                out.append(self.protected(school))
                continue
            eligible = self.eligible((school,)) if school is not None else self.eligible(self.everybody)
            responses = self.base[school] if school is not None else sum(self.base.values())
            row = {"group": self.g.group, "school": school, "eligible": eligible, "responses": responses}
            row["rate"] = responses / eligible if eligible else None
            if self.g.confidential:
                row["needed"] = max(0, self.g.k - responses)
            out.append(row)
        return out

    def eligible(self, cell: tuple[School, ...]) -> int | None:
        roster = self.g.roster
        if cell == self.everybody:
            if not roster or any(self.base[s] and s not in roster for s in self.base):
                return None
            return sum(roster.values())
        return None if None in cell or any(s not in roster for s in cell) else sum(roster[s] for s in cell)

    # ---------------------------------------------------------------- answers
    def rows(self, cell: tuple[School, ...]) -> list[dict[str, Any]]:
        return [answers for school, answers in self.g.rows if school in cell]

    def state(self, item: dict[str, Any], answers: dict[str, Any]) -> str:
        if not is_shown(item, answers):
            return "not_asked"
        if answers.get(item["key"]) is None:
            return "missing"
        outside = [o["value"] for o in self.options(item) if o.get("not_applicable")]
        return "not_applicable" if answers[item["key"]] in outside else "n"

    def valid(self, item: dict[str, Any], cell: tuple[School, ...]) -> list[Any]:
        return [answers[item["key"]] for answers in self.rows(cell) if self.state(item, answers) == "n"]

    def options(self, item: dict[str, Any]) -> list[dict[str, Any]]:
        return (
            self.definition["scales"][item["scale"]]["options"] if item["kind"] == "rating" else item.get("options", [])
        )

    def score(self, item: dict[str, Any], value: Any) -> int:
        if item["kind"] == "integer":
            return int(value)
        scores = {o["value"]: o["score"] for o in self.options(item) if not o.get("not_applicable")}
        return min(scores.values()) + max(scores.values()) - scores[value] if item.get("reverse") else scores[value]

    def favorable_values(self, item: dict[str, Any]) -> set[str]:
        good = {o["score"] for o in self.options(item) if o.get("favorable")}
        return {
            o["value"]
            for o in self.options(item)
            if not o.get("not_applicable") and self.score(item, o["value"]) in good
        }

    def items_of(self, construct: str) -> list[dict[str, Any]]:
        return [item for item in self.items if item.get("construct") == construct]

    def person_scores(self, construct: str, cell: tuple[School, ...]) -> list[Fraction]:
        parts, found = self.items_of(construct), []
        for answers in self.rows(cell):
            scores = [self.score(i, answers[i["key"]]) for i in parts if self.state(i, answers) == "n"]
            if 2 * len(scores) >= len(parts):
                found.append(Fraction(sum(scores), len(scores)))
        return found

    # ---------------------------------------------------------------- items
    def item_entry(self, item: dict[str, Any]) -> dict[str, Any]:
        locale = self.definition["default_locale"]
        construct = next((c for c in self.definition.get("constructs", []) if c["key"] == item.get("construct")), {})
        options: list[dict[str, Any]] = []
        for o in self.options(item):
            option = {"value": o["value"], "label": o["label"][locale]}
            if o.get("not_applicable"):
                option["not_applicable"] = True
            elif item["kind"] == "rating":
                option |= {"score": o["score"], "favorable": o["value"] in self.favorable_values(item)}
            options.append(option)
        if item["kind"] == "boolean":
            options = [{"value": "true", "label": "Yes"}, {"value": "false", "label": "No"}]
        return {
            "item": item["key"],
            "construct": item.get("construct"),
            "setting": construct.get("setting"),
            "text": item["text"][locale],
            "reverse": item.get("reverse", False),
            "kind": item["kind"],
            "options": options,
            "cells": [],
        }

    def item_cell(self, item: dict[str, Any], cell: tuple[School, ...]) -> dict[str, Any]:
        states = [self.state(item, answers) for answers in self.rows(cell)]
        told = {name: states.count(name) for name in ("n", "missing", "not_applicable", "not_asked")}
        values, n, eligible = self.valid(item, cell), told["n"], self.eligible(cell)
        N = None if self.g.children or told["not_asked"] else eligible
        warnings = ["roster_exceeded"] if N is not None and n > N else []
        warnings += self.low_response(cell)
        warnings += (
            ["many_not_applicable"] if told["not_applicable"] > Fraction(len(states) - told["not_asked"], 3) else []
        )
        out = {**told, "eligible": eligible, "counts": self.counts(item, values)}
        if N is not None and n > N:
            N = None
        scores = [Fraction(self.score(item, v)) for v in values] if item["kind"] in ("rating", "integer") else None
        if item["kind"] == "rating":
            good = self.favorable_values(item)
            out["favorable"] = share(sum(v in good for v in values), n, N) if good else None
        if scores is not None:
            out["mean"] = mean(scores, N)
        if cell == self.everybody:
            strata = self.strata(lambda c: self.valid(item, c), [item])
            out["kish_design_effect"] = design_effect(strata)
            out["stratified"] = None
            if strata is not None:
                out["stratified"] = {"covered": sum(N_h for N_h, _ in strata)}
                if scores is not None:
                    out["stratified"]["mean"] = stratified_mean(
                        [(N_h, [Fraction(self.score(item, v)) for v in vs]) for N_h, vs in strata]
                    )
                if item["kind"] == "rating":
                    out["stratified"]["favorable"] = (
                        stratified_share([(N_h, [Fraction(v in good) for v in vs]) for N_h, vs in strata])
                        if good
                        else None
                    )
        return out | ({"warnings": warnings} if warnings else {})

    def counts(self, item: dict[str, Any], values: list[Any]) -> dict[str, int]:
        if item["kind"] == "boolean":
            return {"true": values.count(True), "false": values.count(False)}
        if item["kind"] == "integer":
            return {str(v): values.count(v) for v in range(item["minimum"], item["maximum"] + 1)}
        if item["kind"] == "multiple":
            return {o["value"]: sum(o["value"] in ticked for ticked in values) for o in self.options(item)}
        return {o["value"]: values.count(o["value"]) for o in self.options(item) if not o.get("not_applicable")}

    def low_response(self, cell: tuple[School, ...]) -> list[str]:
        eligible = self.eligible(cell)
        return ["low_response"] if eligible and 2 * len(self.rows(cell)) < eligible else []

    def strata(
        self, values: Callable[[tuple[School, ...]], list[Any]], items: list[dict[str, Any]]
    ) -> list[tuple[int, list[Any]]] | None:
        """(N_h, values) of the strata with answers; None where one of them has no N_h, or there are none."""
        found = []
        for cell in self.published()[:-1] or self.published():
            if values(cell):
                skipped = any(self.state(i, a) == "not_asked" for i in items for a in self.rows(cell))
                eligible = self.eligible(cell)
                if eligible is None or skipped or self.g.children:
                    return None
                found.append((eligible, values(cell)))
        return found if sum(N_h for N_h, _ in found) else None

    # ---------------------------------------------------------------- constructs
    def construct_cell(self, key: str, cell: tuple[School, ...]) -> dict[str, Any]:
        parts, scores, eligible = self.items_of(key), self.person_scores(key, cell), self.eligible(cell)
        skipped = any(self.state(i, a) == "not_asked" for i in parts for a in self.rows(cell))
        n, N = len(scores), None if self.g.children or skipped else eligible
        warnings = ["roster_exceeded"] if N is not None and n > N else []
        warnings += self.low_response(cell)
        marked = [i for i in parts if self.favorable_values(i)]
        count = sum(v in self.favorable_values(i) for i in marked for v in self.valid(i, cell))
        of = sum(len(self.valid(i, cell)) for i in marked)
        complete = [
            [self.score(i, answers[i["key"]]) for i in parts]
            for answers in self.rows(cell)
            if all(self.state(i, answers) == "n" for i in parts)
        ]
        reliable = None if self.g.confidential and len(complete) < self.g.k else reliability(complete, len(parts))
        if reliable is not None and reliable["alpha"] is not None and reliable["alpha"] < 0.5:
            warnings.append("low_reliability")
        warnings += ["few_people"] if n < 30 else []
        out: dict[str, Any] = {
            "n": n,
            "eligible": eligible,
            "mean": mean(scores, None if N is not None and n > N else N),
            "favorable": {"count": count, "n": of, "share": count / of if of else None} if marked else None,
            "reliability": reliable,
        }
        if cell == self.everybody:
            strata = self.strata(lambda c: self.person_scores(key, c), parts)
            out["kish_design_effect"] = design_effect(strata)
            out["stratified"] = None
            if strata is not None:
                out["stratified"] = {"mean": stratified_mean(strata), "covered": sum(N_h for N_h, _ in strata)}
        return out | ({"warnings": warnings} if warnings else {})


# ------------------------------------------------------------------ answers
def is_closed(item: dict[str, Any]) -> bool:
    if item["kind"] == "integer":
        low, high = item.get("minimum"), item.get("maximum")
        return low is not None and high is not None and high - low < 62
    return item["kind"] in ("rating", "single", "multiple", "boolean")


def is_shown(item: dict[str, Any], answers: dict[str, Any]) -> bool:
    condition = item.get("show_if")
    if condition is None:
        return True
    given = answers.get(condition["item"])
    return any(v in condition["in"] for v in (given if isinstance(given, list) else [given]))


# ------------------------------------------------------------------ figures
def root(x: Fraction) -> float:
    return math.sqrt(x)


def t(df: int) -> float:
    return _t(df)


@lru_cache(None)
def _t(df: int) -> float:
    return float(stats.t.ppf(0.975, df))


def variance(values: list[Fraction]) -> Fraction:
    middle = sum(values) / Fraction(len(values))
    return sum(((v - middle) ** 2 for v in values), Fraction(0)) / (len(values) - 1)


def mean(values: list[Fraction], N: int | None) -> dict[str, float | None]:
    n = len(values)
    if n == 0:
        return dict.fromkeys(("value", "sd", "se", "low", "high"))
    value = float(sum(values) / Fraction(n))
    sd = root(variance(values)) if n > 1 else None
    if n == N:
        return {"value": value, "sd": sd, "se": 0, "low": value, "high": value}
    if n == 1:
        return {"value": value, "sd": None, "se": None, "low": None, "high": None}
    se = root((1 - Fraction(n, N) if N else Fraction(1)) * variance(values) / n)
    return {"value": value, "sd": sd, "se": se, "low": value - t(n - 1) * se, "high": value + t(n - 1) * se}


def share(count: int, n: int, N: int | None) -> dict[str, float | None]:
    out: dict[str, float | None] = dict.fromkeys(("share", "low", "high", "floor", "ceiling", "flip"))
    if N is not None and n:
        out["flip"] = flip(count, n, N - n)
    if N:
        out |= {"floor": count / N, "ceiling": (count + N - n) / N}
    if n:
        p = count / n
        out |= {"share": p, "low": p, "high": p}
        if n != N:
            size = n * (N - 1) / (N - n) if N else n
            centre = (p + Z * Z / (2 * size)) / (1 + Z * Z / size)
            half = Z / (1 + Z * Z / size) * math.sqrt(p * (1 - p) / size + Z * Z / (4 * size * size))
            out |= {"low": max(0.0, centre - half), "high": min(1.0, centre + half)}
    return {"count": count, **out}


def flip(count: int, n: int, silent: int) -> int | None:
    """Let one more of the silent answer against the majority until there is none on that side."""
    before = Fraction(count, n)
    for x in range(1, silent + 1):
        against, along = Fraction(count, n + x), Fraction(count + x, n + x)
        if (before >= Fraction(1, 2) and against < Fraction(1, 2)) or (before <= Fraction(1, 2) < along):
            return x
    return None


def _stratified(strata: list[tuple[int, list[Fraction]]]) -> tuple[Fraction, float, int]:
    covered = sum(N for N, _ in strata)
    value = sum(N * sum(ys) / Fraction(len(ys)) for N, ys in strata) / covered
    squared = Fraction(0)
    for N, ys in strata:
        n, weight = len(ys), Fraction(N, covered) ** 2
        if n > 1:
            squared += weight * (1 - Fraction(n, N) if n <= N else 1) * variance(ys) / n
        elif N > 1:
            squared += (1 - Fraction(1, N)) * weight * (ys[0] - value) ** 2
    return value, root(squared), sum(len(ys) for _, ys in strata) - len(strata)


def stratified_mean(strata: list[tuple[int, list[Fraction]]]) -> dict[str, float | None]:
    value, se, df = _stratified(strata)
    half = t(df) * se if df >= 1 else None
    return {
        "value": float(value),
        "se": se,
        "low": None if half is None else float(value) - half,
        "high": None if half is None else float(value) + half,
    }


def stratified_share(strata: list[tuple[int, list[Fraction]]]) -> dict[str, float | None]:
    value, se, df = _stratified(strata)
    if df < 1 or value in (0, 1):
        return {"share": float(value), "low": None, "high": None}
    p = float(value)
    half, logit = t(df) * se / (p * (1 - p)), math.log(p / (1 - p))
    return {"share": p, "low": 1 / (1 + math.exp(half - logit)), "high": 1 / (1 + math.exp(-half - logit))}


def design_effect(strata: list[tuple[int, list[Any]]] | None) -> float | None:
    if strata is None:
        return None
    weights = [Fraction(N, len(ys)) for N, ys in strata for _ in ys]
    return float(len(weights) * sum(w * w for w in weights) / sum(weights) ** 2)


# ------------------------------------------------------------------ reliability
def reliability(complete: list[list[int]], k: int) -> dict[str, Any]:
    n = len(complete)
    out: dict[str, Any] = {"n": n, "alpha": None, "alpha_standardized": None, "omega": None}
    if k < 2 or n < 3:
        return out
    columns = [[Fraction(row[i]) for row in complete] for i in range(k)]
    own = [variance(column) for column in columns]
    total = variance([sum(row, Fraction(0)) for row in zip(*columns, strict=True)])
    if total == 0:
        return out
    out["alpha"] = float(Fraction(k, k - 1) * (1 - sum(own) / total))
    if 0 in own:
        return out
    centered = [[x - sum(column) / n for x in column] for column in columns]
    R = np.eye(k)
    for i in range(k):
        for j in range(k):
            cov = sum(a * b for a, b in zip(centered[i], centered[j], strict=True)) / (n - 1)
            R[i, j] = float(cov) / math.sqrt(own[i] * own[j])
    r = (R.sum() - k) / (k * (k - 1))
    if 1 + (k - 1) * r < 1e-12:
        return out
    out["alpha_standardized"] = k * r / (1 + (k - 1) * r)
    if k >= 3:
        out["omega"] = omega(R)
    return out


def omega(R: np.ndarray) -> float | str | None:
    """McDonald's total omega; a text where the answer hangs on rounding or the model has no single solution."""
    k = len(R)
    pairs = np.triu_indices(k, 1)
    solutions = []
    i, j = pairs

    def slope(x: np.ndarray) -> np.ndarray:
        out = np.zeros((len(i), k))
        out[range(len(i)), i], out[range(len(i)), j] = x[j], x[i]
        return out

    for start in [np.full(k, 0.5), *np.random.default_rng(1).uniform(-1, 1, (5, k))]:
        found = optimize.least_squares(
            lambda x: x[i] * x[j] - R[pairs], start, slope, xtol=1e-15, ftol=1e-15, gtol=1e-15, max_nfev=100
        )
        solutions.append((2 * found.cost, found.status, found.x))
    solutions.sort(key=lambda s: s[0])
    best, status, loadings = solutions[0]
    sums = {round(float((x**2).sum()), 3) for f, _, x in solutions if f < best + 1e-6}
    squares = np.where(np.eye(k), 0, R**2)
    endless = squares.sum() / 2 - squares.sum(axis=1).max()
    hessian = np.outer(loadings, loadings) - (R - np.outer(loadings, loadings))
    np.fill_diagonal(hessian, (loadings**2).sum() - loadings**2)
    flat = np.linalg.eigvalsh(hessian)[0] < 1e-4
    largest = np.abs(loadings).max()
    if status == 0 or len(sums) > 1 or flat or abs(largest - 1) < 1e-4 or abs(endless - best) < 1e-5:
        return OMEGA_UNDECIDED
    # Better than any loadings: let one grow without end, and all residuals but those of the other items vanish.
    return None if largest >= 1 or endless < best else float(1 - (1 - loadings**2).sum() / R.sum())
