"""Waves for the tests of the auditor: documents as the program publishes them, and the truth behind them."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from app.analysis import audiences, audit
from app.analysis.disclosure import seal
from app.analysis.facts import WaveFacts
from app.analysis.readable import readable
from app.analysis.summarize import summarize
from tests.analysis.oracle import Group, Row
from tests.analysis.waves import SCHOOLS, World
from tests.factories import AGREE, definition, en, options, rating

EXACT = {"director": "exact", "principal": "none", "public": "none"}
BANDED = {"director": "exact", "principal": "banded", "public": "banded"}
FINENESS = (
    EXACT,
    BANDED,
    {"director": "exact", "principal": "exact", "public": "banded"},
    {"director": "exact", "principal": "exact", "public": "none"},
    {"director": "banded", "principal": "banded", "public": "banded"},
    {"director": "banded", "principal": "none", "public": "none"},
)
PLAN: dict[str, Any] = {
    "key": "plan", "kind": "single", "options": options("yes", "no", "soon"), "text": en("Plan?"), "attribute": True,
}  # fmt: skip
ITEMS = [rating("informed"), rating("heard"), PLAN]
PEOPLE: dict[str | None, int] = {"ash": 14, "birch": 12, "cedar": 4, "dogwood": 3}
"""With k = 5: Ash, Birch, a pool of seven and the union are published."""
MORE: dict[str | None, int] = {"ash": 24, "birch": 19, "cedar": 7, "dogwood": 6}
"""The same with k = 10: a pool of 13."""


@dataclass
class Published:
    """All documents of a release, and what the auditor compares them with. Tests plant leaks in `documents`."""

    facts: WaveFacts
    documents: list[dict[str, Any]]
    truth: audit.Truth

    def check(self, *earlier: Published) -> audit.Findings:
        before = [d | {"release": {"number": 1}} for one in earlier for d in one.documents if "attribute" not in d]
        now = [d | {"release": {"number": 2}} if "attribute" not in d else d for d in self.documents]
        return audit.check(now if earlier else self.documents, self.truth, before)

    def rules(self, *earlier: Published) -> set[str]:
        return {finding.rule for finding in self.check(*earlier)}

    def prove(self) -> audit.Report:
        return audit.prove(self.documents, self.truth)

    def proved(self) -> set[str]:
        return {finding.rule for finding in self.prove().findings}

    def document(self, audience: str = "director") -> dict[str, Any]:
        return next(d for d in self.documents if d["audience"] == audience and "attribute" not in d)

    def by(self, attribute: str) -> dict[str, Any]:
        return next(d for d in self.documents if d.get("attribute") == attribute)

    def entry(self, key: str = "informed", audience: str = "director") -> dict[str, Any]:
        document = self.document(audience)
        found = (e for part in ("items", "constructs") for e in document[part] if key in (e.get("item"), *_own(e)))
        return next(found)

    def cell(self, school: str | None, key: str = "informed", audience: str = "director") -> dict[str, Any]:
        """The cell of a school; `pool` for the pool, None for the union."""
        for cell in self.entry(key, audience)["cells"]:
            if ("pool" if "schools" in cell else cell["school"]) == school:
                found: dict[str, Any] = cell
                return found
        raise AssertionError(f"there is no cell of {school}")


def _own(entry: dict[str, Any]) -> tuple[str, ...]:
    return () if "item" in entry else (entry["construct"],)


def published(world: World, frozen: Any = None, **fine: str) -> Published:
    """Publish a world, its confidential groups with these audiences (k at least 10 where there are bands)."""
    groups = tuple(_promised(group, fine or EXACT) for group in world.facts.groups)
    facts = replace(world.facts, groups=groups, turnout=frozen)
    sealed = seal(facts, world.tallies, world.crossed)
    documents = [*readable(facts, sealed, audiences.everyone(summarize(facts, sealed)))]
    return Published(facts, copy.deepcopy(documents), audit.Truth.of(facts, world.tallies, world.crossed))


def _promised(group: Any, fine: dict[str, str]) -> Any:
    if not group.confidential:
        return group
    return replace(group, **fine, minimum=max(group.minimum, 10) if "banded" in fine.values() else group.minimum)


def people(n: int, school: str | None, luck: random.Random, items: list[dict[str, Any]] = ITEMS) -> Iterator[Row]:
    """So many people of a school, all of whom answer everything."""
    for _ in range(n):
        yield school, {item["key"]: luck.choice(AGREE if item["kind"] == "rating" else ("yes", "no")) for item in items}


def union(
    of: dict[str | None, int] = PEOPLE, k: int = 5, seed: int = 1, rows: list[Row] | None = None, **more: Any
) -> World:
    """A wave of one confidential group in five schools, of which one is empty."""
    luck, items = random.Random(seed), more.pop("items", ITEMS)
    if rows is None:
        rows = [row for school, n in of.items() for row in people(n, school, luck, items)]
    more = {"confidential": True, "roster": {}} | more
    return World(SCHOOLS[:5], [Group("family", definition(items=items), k=k, rows=rows, **more)])


def favorable(*agree: int, of: tuple[int, ...], item: str = "informed") -> list[Row]:
    """School by school, so many who agree, of so many."""
    return [
        (school, {item: "agree" if i < good else "disagree"})
        for school, good, n in zip(SCHOOLS, agree, of, strict=False)
        for i in range(n)
    ]
