"""The slow twin of priorities: the document computed from rows of answers, but for the sentences.

Written from docs/statistics.md, and like `oracle.py` it shares no line with `app.analysis`.
"""

from __future__ import annotations

import math
from collections import Counter
from fractions import Fraction
from typing import Any

from tests.analysis.difference_oracle import adjusted, mean_difference, parts, share_difference, verdict
from tests.analysis.oracle import Group, OneGroup, instrument_of, promise_of, share
from tests.analysis.waves import World

Z = 1.959963984540054
WORDS = ("less_favorable", "more_favorable")
Row = dict[str, Any]
Cell = tuple[Any, ...]


def document(world: World, audience: str = "director", schools: set[str] | None = None) -> Row:
    every = [OfGroup(group, world.schools, schools) for group in world.groups]
    told = [one.rows([other for other in every if other is not one]) for one in every]
    return {
        "wave": "fall",
        "title": "Fall",
        "audience": audience,
        "simulated": True,
        "promise": {group.group: promise_of(group) for group in world.groups},
        "instruments": {group.group: instrument_of(group) for group in world.groups},
        "outcomes": {one.group: one.outcome_entry() for one in every},
        "items": [row for items, _, _ in told for row in items],
        "constructs": [row for _, constructs, _ in told for row in constructs],
        "settings": [row for _, _, settings in told for row in settings],
    }


class OfGroup:
    def __init__(self, group: Group, schools: tuple[str, ...], seen: set[str] | None) -> None:
        self.group, self.here = group.group, OneGroup(group, schools)
        self.definition = group.definition
        self.by_key = {item["key"]: item for item in self.here.items}
        self.marked = [i for i in self.here.closed if self.favorable(i)]
        self.outcome = next((i for i in self.here.items if i.get("outcome")), None)
        self.apart: list[Cell] = self.here.published()[:-1]
        self.seen = [c for c in self.apart if seen is None or seen & set(c)]
        self.all_seen = len(self.seen) == len(self.apart)

    # ---------------------------------------------------------------- what is asked
    def favorable(self, item: Row) -> set[str]:
        return self.here.favorable_values(item) if item["kind"] == "rating" else set()

    def constructs(self) -> dict[str, list[Row]]:
        found = {c["key"]: self.here.items_of(c["key"]) for c in self.definition["constructs"]}
        return {key: items for key, items in found.items() if any(i in self.marked for i in items)}

    def meaning(self, key: str) -> Any:
        item = self.by_key.get(key)
        if item is None:
            return None
        entry = self.here.item_entry(item)
        options = {tuple(sorted((k, v) for k, v in o.items() if k != "label")) for o in entry["options"]}
        return item["kind"], entry["reverse"], frozenset(options)

    def same_item(self, other: OfGroup, key: str) -> bool:
        return other.meaning(key) is not None and other.meaning(key) == self.meaning(key)

    def same_construct(self, other: OfGroup, key: str) -> bool:
        ours, theirs = ({i["key"] for i in one.here.items_of(key)} for one in (self, other))
        return ours == theirs and all(self.same_item(other, item) for item in ours)

    def better(self, items: list[Row]) -> int:
        said = set()
        for item in items:
            scores = {o["value"]: self.here.score(item, o["value"]) for o in self.here.options(item) if "score" in o}
            good = [s for v, s in scores.items() if v in self.favorable(item)]
            bad = [s for v, s in scores.items() if v not in self.favorable(item)]
            up, down = bool(good and bad and min(good) > max(bad)), bool(good and bad and max(good) < min(bad))
            said.add(up - down)
        return said.pop() if len(said) == 1 else 0

    # ---------------------------------------------------------------- counts
    def counted(self, item: Row, cell: Cell) -> tuple[int, int]:
        values = self.here.valid(item, cell)
        return sum(v in self.favorable(item) for v in values), len(values)

    def added(self, items: list[Row], cell: Cell) -> tuple[int, int]:
        counts = [self.counted(item, cell) for item in items if item in self.marked]
        return sum(c for c, _ in counts), sum(n for _, n in counts)

    def rest(self, cell: Cell) -> Cell:
        return tuple(school for school in self.here.everybody if school not in cell)

    def limits(self, item: Row) -> tuple[float, float, float, int]:
        """Need, its limits, and n in the union."""
        everybody = self.here.everybody
        count, n = self.counted(item, everybody)
        skipped = any(self.here.state(item, a) == "not_asked" for a in self.here.rows(everybody))
        N = None if self.here.g.children or skipped else self.here.eligible(everybody)
        found = share(count, n, N if N is not None and n <= N else None)
        return (n - count) / n, 1 - found["high"], 1 - found["low"], n  # type: ignore[operator]

    def breadth(self, level: str, of: Any) -> Row | None:
        if level != "schools" or not self.apart or not self.all_seen:
            return None
        count, n = of(self.here.everybody)
        cells = [of(cell) for cell in self.apart]
        return {
            "below": sum(Fraction(c, m) < Fraction(count, n) for c, m in cells if m),
            "of": sum(m > 0 for _, m in cells),
        }

    def importance(self, item: Row) -> Row | None:
        here = self.here
        if self.outcome is None or here.item_level(self.outcome) == "nowhere":
            return None
        both = [
            (here.score(item, a[item["key"]]), here.score(self.outcome, a[self.outcome["key"]]))
            for a in here.rows(here.everybody)
            if here.state(item, a) == "n" and here.state(self.outcome, a) == "n"
        ]
        n, answered = len(both), [here.valid(i, here.everybody) for i in (item, self.outcome)]
        if n < 30 or any(len(v) - max(Counter(v).values()) < here.g.k for v in answered):
            return None
        mean_x, mean_y = (Fraction(sum(pair[i] for pair in both), n) for i in (0, 1))
        sxy = sum((x - mean_x) * (y - mean_y) for x, y in both)
        sxx, syy = sum((x - mean_x) ** 2 for x, _ in both), sum((y - mean_y) ** 2 for _, y in both)
        if not sxx * syy:
            return None
        r = math.copysign(math.sqrt(sxy * sxy / (sxx * syy)), sxy)
        low = high = r
        if abs(r) < 1:
            middle, half = math.log((1 + r) / (1 - r)) / 2, Z / math.sqrt(n - 3)
            low, high = ((math.exp(2 * z) - 1) / (math.exp(2 * z) + 1) for z in (middle - half, middle + half))
        told = all(not 0 < len(v) - n < here.g.k for v in answered)
        return {name: round(x, 2) + 0.0 for name, x in (("value", r), ("low", low), ("high", high))} | {
            "n": n if told else None
        }

    # ---------------------------------------------------------------- rows
    def outcome_entry(self) -> Row | None:
        if self.outcome is None:
            return None
        shown = self.here.item_level(self.outcome) != "nowhere"
        text = self.outcome["text"][self.definition["default_locale"]]
        return {"item": self.outcome["key"], "text": text, "status": "published" if shown else "protected"}

    def rows(self, others: list[OfGroup]) -> tuple[list[Row], list[Row], list[Row]]:
        items, bounds = self.items(others)
        items = ranked(items, "item", bounds)
        constructs, bounds = self.construct_rows(others)
        constructs = ranked(constructs, "construct", bounds)
        places = self.places([row["construct"] for row in constructs if row["status"] == "published"])
        groups = [self.against(o, [r["construct"] for r in constructs if r["status"] == "published"]) for o in others]
        for row in constructs:
            if row["status"] == "published":
                own = [i for i in items if i["construct"] == row["construct"] and i["status"] == "published"]
                names = ("item", "text", "n", "need", "importance", "breadth")
                row["factors"] = {
                    "items": [{name: i[name] for name in names} for i in own],
                    "groups": [told[row["construct"]] for told in groups if row["construct"] in told],
                    "places": places[row["construct"]],
                }
        return items, constructs, self.settings(constructs)

    def items(self, others: list[OfGroup]) -> tuple[list[Row], dict[str, Any]]:
        found, bounds = [], {}
        for item in self.marked:
            if item.get("outcome"):
                continue
            key, entry, level = item["key"], self.here.item_entry(item), self.here.item_level(item)
            row = {name: entry[name] for name in ("item", "construct", "setting", "text", "reverse")}
            row |= {"group": self.group, "school": None, "shared": any(self.same_item(o, key) for o in others)}
            if level == "nowhere":
                found.append(row | {"status": "protected"})
                continue
            count, n = self.counted(item, self.here.everybody)
            row |= {"status": "published", "n": n, "need": None, "importance": self.importance(item)}
            if n:
                need, low, high, _ = self.limits(item)
                row["need"], bounds[key] = (
                    {"value": need, "low": low, "high": high},
                    (Fraction(n - count, n), low, high),
                )
            row["breadth"] = self.breadth(level, lambda cell, item=item: self.counted(item, cell))
            found.append(row | ({"warnings": ["few_people"]} if n < 30 else {}))
        return found, bounds

    def construct_rows(self, others: list[OfGroup]) -> tuple[list[Row], dict[str, Any]]:
        found, bounds = [], {}
        for key, items in self.constructs().items():
            (construct,) = (c for c in self.definition["constructs"] if c["key"] == key)
            level, everybody = self.here.construct_level(key), self.here.everybody
            row: Row = {"group": self.group, "school": None, "construct": key, "setting": construct.get("setting")}
            row |= {"title": construct["title"]["en"], "shared": any(self.same_construct(o, key) for o in others)}
            if level == "nowhere":
                found.append(row | {"status": "protected"})
                continue
            count, n = self.added(items, everybody)
            people = len(self.here.person_scores(key, everybody))
            row |= {"status": "published", "n": people, "answers": n, "need": None, "importance": None}
            if n:
                row["need"] = {"value": (n - count) / n, "low": None, "high": None}
                limits = [self.limits(i) for i in items if i in self.marked and self.here.valid(i, everybody)]
                low, high = (sum(limit[at] * limit[3] for limit in limits) / n for at in (1, 2))
                bounds[key] = Fraction(n - count, n), low, high
            row["breadth"] = self.breadth(level, lambda cell, items=items: self.added(items, cell))
            found.append(row | ({"warnings": ["few_people"]} if people < 30 else {}))
        return found, bounds

    def settings(self, constructs: list[Row]) -> list[Row]:
        by: dict[str, list[str]] = {}
        for row in constructs:
            if row["setting"] and row.get("need"):
                by.setdefault(row["setting"], []).append(row["construct"])
        found = []
        for setting, keys in by.items():
            of = [self.added(self.here.items_of(key), self.here.everybody) for key in keys]
            count, n = sum(c for c, _ in of), sum(n for _, n in of)
            row = {"group": self.group, "school": None, "setting": setting, "constructs": sorted(keys), "answers": n}
            found.append(row | {"need": (n - count) / n})
        return sorted(found, key=lambda row: (-row["need"], row["setting"]))

    # ---------------------------------------------------------------- differences
    def compared(self, key: str, cell: Cell, other: OfGroup, theirs: Cell) -> Row:
        ours_of, theirs_of = self.added(self.here.items_of(key), cell), other.added(other.here.items_of(key), theirs)
        shares = [c / n if n else None for c, n in (ours_of, theirs_of)]
        means = mean_difference(self.here.person_scores(key, cell), other.here.person_scores(key, theirs))
        value = None if None in shares else shares[0] - shares[1]  # type: ignore[operator]
        return {
            "n": len(self.here.person_scores(key, cell)),
            "answers": ours_of[1],
            "need": (ours_of[1] - ours_of[0]) / ours_of[1] if ours_of[1] else None,
            "difference": {"mean": parts(means), "favorable": {"value": value}},
            "test": {"p": means["p"]},
        }

    def finished(self, row: Row, p: float | None, key: str) -> None:
        row["test"]["p_adjusted"] = p
        way = self.better(self.here.items_of(key))
        row["verdict"] = verdict(p, row["difference"]["mean"]["value"], way, WORDS)

    def places(self, keys: list[str]) -> dict[str, list[Row]]:
        found: dict[str, list[Row]] = {key: [] for key in keys}
        shown = [key for key in keys if self.here.construct_level(key) == "schools"]
        rows = {(key, cell): self.compared(key, cell, self, self.rest(cell)) for key in shown for cell in self.seen}
        p = adjusted({where: row["test"]["p"] for where, row in rows.items()})
        for (key, cell), row in rows.items():
            self.finished(row, p[key, cell], key)
            alone = len(cell) == 1 and cell[0] is not None and cell != self.here.pool
            row |= {"school": cell[0]} if alone else {"school": None, "schools": sorted(s for s in cell if s)}
            if row["verdict"] == WORDS[0]:
                items = [i for i in self.here.items_of(key) if i in self.marked]
                of = {
                    i["key"]: share_difference(self.counted(i, cell), self.counted(i, self.rest(cell))) for i in items
                }
                low = [k for k, d in of.items() if d["high"] is not None and d["high"] < 0]
                row["items"] = [{"item": k, "difference": {"favorable": of[k]}} for k in low]
            found[key].append(row)
        for rows_of in found.values():
            rows_of.sort(key=lambda row: (row["need"] is None, -(row["need"] or 0), str(row["school"])))
        return found

    def against(self, other: OfGroup, keys: list[str]) -> dict[str, Row]:
        shared = [key for key in keys if self.same_construct(other, key)]
        ours, theirs = self.here.everybody, other.here.everybody
        shown = [key for key in shared if other.here.construct_level(key) != "nowhere"]
        rows = {key: other.compared(key, theirs, self, ours) for key in shown}
        p = adjusted({key: row["test"]["p"] for key, row in rows.items()})
        for key, row in rows.items():
            self.finished(row, p[key], key)
            row |= {"group": other.group, "status": "published"}
            items = [i for i in self.here.items_of(key) if i in self.marked]
            row["items"] = [
                {
                    "item": i["key"],
                    "difference": {
                        "favorable": share_difference(
                            other.counted(other.by_key[i["key"]], theirs), self.counted(i, ours)
                        )
                    },
                }
                for i in items
            ]
        return {key: rows.get(key, {"group": other.group, "status": "protected"}) for key in shared}


def ranked(rows: list[Row], kind: str, bounds: dict[str, Any]) -> list[Row]:
    """`bounds`: key -> exact need, low, high of those that are ranked."""

    def by(row: Row) -> Any:
        importance = row["importance"]["value"] if row["importance"] else -math.inf
        return -bounds[row[kind]][0], -importance, row[kind]

    listed = sorted((row for row in rows if row[kind] in bounds), key=by)
    for place, row in enumerate(listed, 1):
        _, low, high = bounds[row[kind]]
        near = 1e-12  # limits that are the same but for rounding do not part
        above = sum(bounds[other[kind]][1] > high + near for other in listed)
        below = sum(bounds[other[kind]][2] < low - near for other in listed)
        row |= {"rank": place, "rank_low": 1 + above, "rank_high": len(listed) - below}
    rest = [row for row in rows if row[kind] not in bounds]
    for row in rest:
        if row["status"] == "published":
            row |= dict.fromkeys(("rank", "rank_low", "rank_high"))
    return [*listed, *sorted(rest, key=lambda row: row["status"] == "protected")]
