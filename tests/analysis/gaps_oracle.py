"""The slow twin of gaps: groups compared from rows of answers, in plain Python and exact fractions.

Written from the definitions alone, like `oracle.py`. Sentences are left out: they have tests of their own.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

from scipy import stats

from tests.analysis.oracle import Group, OneGroup, mean, share, variance
from tests.analysis.waves import World

Scores = list[Fraction]


def pair(world: World, a: Group, b: Group, school: str | None) -> dict[str, list[dict[str, Any]]]:
    """The rows of `?a=&b=`, without their readings, reasons and entries."""
    one, other = OneGroup(a, world.schools), OneGroup(b, world.schools)
    items, constructs = [], []
    for item in one.closed:
        twin = next((i for i in other.closed if i["key"] == item["key"]), None)
        if twin is not None and told(one, item) == told(other, twin):
            sides = [(here, i, here.item_level(i)) for here, i in ((one, item), (other, twin))]
            items.append(_row("items", item["key"], world, sides, school))
    for key in [c["key"] for c in one.definition["constructs"]]:
        parts = [{i["key"]: told(here, i) for i in here.items_of(key)} for here in (one, other)]
        if all(parts):
            sides = [(here, key, here.construct_level(key)) for here in (one, other)]
            constructs.append(_row("constructs", key, world, sides, school, comparable=parts[0] == parts[1]))
    for rows in (items, constructs):
        adjust([row["test"] for row in rows if row["test"] is not None])
    return {"items": items, "constructs": constructs}


def told(here: OneGroup, item: dict[str, Any]) -> Any:
    """All that must be the same of an item."""
    entry = here.item_entry(item)
    options = {frozenset((k, v) for k, v in o.items() if k != "label") for o in entry["options"]}
    return entry["kind"], entry["reverse"], options, item.get("minimum"), item.get("maximum")


def scores_of(here: OneGroup, what: Any, school: str | None) -> Scores:
    cell = here.everybody if school is None else (school,)
    if isinstance(what, str):
        return here.person_scores(what, cell)
    return [Fraction(here.score(what, v)) for v in here.valid(what, cell)]


def shown(here: OneGroup, level: str, school: str | None) -> bool:
    return level != "nowhere" and here.union if school is None else level == "schools" and school in here.alone


def _row(
    part: str, key: str, world: World, sides: list[Any], school: str | None, comparable: bool = True
) -> dict[str, Any]:
    name = part.removesuffix("s")
    cells = {}
    for letter, (here, _, _) in zip("ab", sides, strict=True):
        (cells[letter],) = [
            cell
            for entry in world.expected[part]
            if entry[name] == key
            for cell in entry["cells"]
            if (cell["group"], cell["school"], "schools" in cell) == (here.g.group, school, False)
        ]
    row: dict[str, Any] = {name: key, **cells, "difference": None, "effect": None, "test": None}
    if not all(shown(here, level, school) for here, _, level in sides):
        assert "protected" in (cells["a"]["status"], cells["b"]["status"])
        return row
    enough = comparable and all(cell["n"] > 1 for cell in cells.values())
    row["difference"] = {"mean": None, "favorable": favorable(cells, of_people=part == "items") if enough else None}
    first = sides[0][1]
    if not comparable or (part == "items" and first["kind"] not in ("rating", "integer")):
        return row
    a, b = (scores_of(here, what, school) for here, what, _ in sides)
    if min(len(a), len(b)) < 2 or not variance(a) or not variance(b):
        return row
    row["difference"]["mean"] = welch(a, b)
    row["effect"] = {"cliffs_delta": float(2 * u_of(a, b) / (len(a) * len(b)) - 1), "hedges_g": hedges(a, b)}
    row["test"] = {"u": float(u_of(a, b)), "p": mann_whitney(a, b)}
    return row


def together(world: World, groups: list[Group], school: str | None) -> dict[str, list[dict[str, Any]]]:
    """Tests and effects of the rows of `?groups=`, by key; None where there are none."""
    sides = [OneGroup(group, world.schools) for group in groups]
    found: dict[str, dict[str, Any]] = {"items": {}, "constructs": {}}
    for item in sides[0].closed:
        twins = [next((i for i in here.closed if i["key"] == item["key"]), None) for here in sides]
        if all(i is not None and told(here, i) == told(sides[0], item) for here, i in zip(sides, twins, strict=True)):
            levels = [here.item_level(i) for here, i in zip(sides, twins, strict=True)]
            usable = item["kind"] in ("rating", "integer") and all(map(shown, sides, levels, [school] * len(sides)))
            scores = [scores_of(here, i, school) for here, i in zip(sides, twins, strict=True)] if usable else None
            found["items"][item["key"]] = kruskal(scores)
    for key in [c["key"] for c in sides[0].definition["constructs"]]:
        parts = [{i["key"]: told(here, i) for i in here.items_of(key)} for here in sides]
        if all(parts):
            usable = all(map(shown, sides, [here.construct_level(key) for here in sides], [school] * len(sides)))
            usable = usable and all(part == parts[0] for part in parts)
            found["constructs"][key] = kruskal([scores_of(here, key, school) for here in sides] if usable else None)
    for rows in found.values():
        adjust([row["test"] for row in rows.values() if row["test"] is not None])
    return {part: list(rows.values()) for part, rows in found.items()}


# ------------------------------------------------------------------ arithmetic
def welch(a: Scores, b: Scores) -> dict[str, float]:
    value = mean(a, None)["value"] - mean(b, None)["value"]  # type: ignore[operator]
    va, vb = variance(a) / len(a), variance(b) / len(b)
    se, df = math.sqrt(va + vb), float((va + vb) ** 2 / (va**2 / (len(a) - 1) + vb**2 / (len(b) - 1)))
    half = float(stats.t.ppf(0.975, df)) * se
    return {"value": value, "se": se, "df": df, "low": value - half, "high": value + half}


def favorable(cells: dict[str, Any], *, of_people: bool) -> dict[str, float | None] | None:
    shares = [cell.get("favorable") for cell in cells.values()]
    if any(one is None or one["share"] is None for one in shares):
        return None
    p, q = (one["share"] for one in shares)
    if not of_people:
        return {"value": p - q, "low": None, "high": None}
    a, b = (share(cell["favorable"]["count"], cell["n"], None) for cell in cells.values())
    low = p - q - math.sqrt((p - a["low"]) ** 2 + (b["high"] - q) ** 2)  # type: ignore[operator]
    high = p - q + math.sqrt((a["high"] - p) ** 2 + (q - b["low"]) ** 2)  # type: ignore[operator]
    return {"value": p - q, "low": low, "high": high}


def hedges(a: Scores, b: Scores) -> float:
    m = len(a) + len(b) - 2
    pooled = ((len(a) - 1) * variance(a) + (len(b) - 1) * variance(b)) / m
    exact = math.exp(math.lgamma(m / 2) - math.lgamma((m - 1) / 2)) / math.sqrt(m / 2)
    return exact * float(sum(a) / len(a) - sum(b) / len(b)) / math.sqrt(pooled)


def u_of(a: Scores, b: Scores) -> Fraction:
    found = Fraction(0)
    for x in set(a):
        for y in set(b):
            found += a.count(x) * b.count(y) * Fraction(1 + (x > y) - (x < y), 2)
    return found


def ties(scores: Scores) -> int:
    return sum(scores.count(x) ** 3 - scores.count(x) for x in set(scores))


def mann_whitney(a: Scores, b: Scores) -> float:
    N, pairs = len(a) + len(b), len(a) * len(b)
    spread = Fraction(pairs, 12) * (N + 1 - Fraction(ties(a + b), N * (N - 1)))
    return math.erfc(abs(float(u_of(a, b) - Fraction(pairs, 2))) / math.sqrt(2 * spread))


def kruskal(samples: list[Scores] | None) -> dict[str, Any]:
    none: dict[str, Any] = {"effect": None, "test": None}
    if samples is None or min(map(len, samples)) < 2:
        return none
    everybody = [x for sample in samples for x in sample]
    N = len(everybody)
    if len(set(everybody)) == 1:
        return none
    rank = {x: Fraction(2 * sum(y < x for y in everybody) + everybody.count(x) + 1, 2) for x in set(everybody)}
    between = sum(sum(rank[x] for x in sample) ** 2 / Fraction(len(sample)) for sample in samples)
    h = (Fraction(12, N * (N + 1)) * between - 3 * (N + 1)) / (1 - Fraction(ties(everybody), N**3 - N))
    df = len(samples) - 1
    return {
        "effect": {"epsilon_squared": float(h / (N - 1))},
        "test": {"h": float(h), "df": df, "p": float(stats.chi2.sf(float(h), df))},
    }


def adjust(tests: list[dict[str, Any]]) -> None:
    p = [test["p"] for test in tests]
    for test in tests:
        later = [q for q in p if q >= test["p"]]
        test["p_adjusted"] = min(min(q * len(p) / sum(x <= q for x in p) for q in later), 1.0)
