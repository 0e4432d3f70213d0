"""How the auditor reads: documents as tables of published cells, and the truth behind them while rows exist.

Decides which cell a document means and how many people of each school stand behind a base. It knows neither the rules
of disclosure nor how documents are made.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from app.analysis import people
from app.analysis.audit_sets import Where
from app.analysis.audit_shapes import BREAKDOWN, SHAPES, STATES, SUMMARY, Finding, Leaf, Ledger, Named, is_banded
from app.analysis.crossing import Crossed
from app.analysis.facts import GroupFacts, School, WaveFacts
from app.analysis.tally import Ints, Tally

Places = dict[Where, int]
"""Published cell -> the number of people that it shows on one base."""


@dataclass
class Table:
    """The published cells of one measure and group in one document.

    Attributes
    ----------
    of, group, key : what it is a measure of, `item` or `construct`; of which group; its key.
    path : where its cells stand.
    places : the cells' names; `cells` the cells themselves, in the same order.
    """

    of: str
    group: str
    key: str
    path: str
    places: list[Where] = field(default_factory=list)
    cells: list[Mapping[str, Any]] = field(default_factory=list)

    @property
    def banded(self) -> bool:
        return bool(self.cells) and is_banded(self.cells[0])

    def counts(self, name: str) -> list[int]:
        return [cell[name] for cell in self.cells]


@dataclass
class Reading:
    """One document, read.

    Attributes
    ----------
    audience, release : whose it is, and the number of its release; None where it does not say.
    attribute : by which its cells are categories; None for a document of schools.
    numbers : its numbers by kind.
    findings : what is not known in it. When there are any, nothing else of the document is read.
    promise, participation, tables : what stands in it; a table of only protected cells has no places.
    derived : the document itself when its figures are no counts but derived from them; it has no tables then.
    """

    audience: str
    release: int | None
    numbers: Counter[Leaf]
    findings: list[Finding]
    attribute: str | None = None
    promise: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    participation: Sequence[Mapping[str, Any]] = ()
    tables: dict[tuple[str, str, str], Table] = field(default_factory=dict)
    derived: Mapping[str, Any] | None = None


def read(document: Mapping[str, Any]) -> Reading:
    """Read a document of a known shape: a summary or a slice of one, a breakdown, participation, a release."""
    audience = str(document.get("audience", "director"))
    ledger = Ledger()
    shape = next((shape for members, shape in SHAPES.items() if members <= document.keys()), None)
    if shape is None:
        ledger.strange(audience, "the auditor knows no document of this shape")
    else:
        shape.read(document, f"{audience}:", ledger)
    number = document.get("release", {}).get("number") if shape in (SUMMARY, BREAKDOWN) else None
    reading = Reading(audience, number, ledger.numbers, ledger.findings)
    if ledger.findings:
        return reading
    reading.promise = document.get("promise", {})
    if isinstance(shape, Named):
        reading.derived = document
        return reading
    reading.attribute = document.get("attribute")
    reading.participation = document.get("participation", ()) if shape is SUMMARY else document.get("cells", ())
    for of in ("item", "construct"):
        for place, entry in enumerate(document.get(f"{of}s", ())):
            _tabulate(reading, of, entry, f"{audience}:/{of}s/{place}/cells")
    return reading


def _tabulate(reading: Reading, of: str, entry: Mapping[str, Any], path: str) -> None:
    found: dict[str, Table] = {}
    for cell in entry["cells"]:
        group = cell["group"]
        table = found.get(group)
        if table is None:
            table = found[group] = Table(of, group, entry[of], path)
        if cell["status"] == "published":
            alone, together = ("category", "categories") if "category" in cell else ("school", "schools")
            table.places.append(tuple(cell[together]) if together in cell else cell[alone])
            table.cells.append(cell)
    for group, table in found.items():
        if (of, group, table.key) in reading.tables:
            reading.findings.append(Finding("repeated", path, "this measure stands here twice", group))
        reading.tables[of, group, table.key] = table


# ------------------------------------------------------------------ the truth
@dataclass(frozen=True, eq=False)
class GroupTruth:
    """What is true of one group.

    Attributes
    ----------
    facts : its promise, roster and codebook.
    schools : the schools of the wave and None, in the order of all arrays.
    tally : its raw counts by school; None when its rows are gone.
    crossed : its raw counts by attribute; None when its rows are gone or it has none.
    """

    facts: GroupFacts
    schools: tuple[School, ...]
    tally: Tally | None
    crossed: Crossed | None = None

    @property
    def k(self) -> int:
        return self.facts.minimum

    @cached_property
    def bases(self) -> dict[tuple[str, str, str], Ints]:
        """(`item` or `construct`, key, base) -> people by school, on every base that a figure may have."""
        assert self.tally is not None
        found: dict[tuple[str, str, str], Ints] = {}
        keys = list(self.facts.codebook.of_item)
        sorted_out = people.answers(self.tally, keys)
        for state in STATES:
            by_item = sorted_out[state].to_numpy().reshape(len(keys), len(self.schools))
            found |= {("item", key, state): n for key, n in zip(keys, by_item, strict=True)}
        constructs = self.tally.layout.constructs
        scored = people.person_scores(self.tally, list(constructs))["n"].to_numpy()
        for (key, measures), n in zip(constructs.items(), scored.reshape(-1, len(self.schools)), strict=True):
            found["construct", key, "n"] = n
            found["construct", key, "complete"] = self.tally.dense[:, measures.complete.start]
        return found


@dataclass(frozen=True, eq=False)
class Truth:
    """What the auditor knows beside the documents: the wave, and what was counted while its rows exist.

    Attributes
    ----------
    schools, groups : those of the wave, groups by name.
    frozen : group -> school -> responses at the close, which participation shows for good.
    """

    schools: tuple[str, ...]
    groups: Mapping[str, GroupTruth]
    frozen: Mapping[str, Mapping[School, int]] | None

    @classmethod
    def of(
        cls,
        facts: WaveFacts,
        tallies: Mapping[str, Tally] | None,
        crossed: Mapping[str, Crossed] | None = None,
    ) -> Truth:
        """Take the truth from raw counts over the schools and None; from the facts alone where rows are gone."""
        cells = (*facts.schools, None)
        groups = {}
        for group in facts.groups:
            tally = None
            if tallies is not None:
                raw = tallies.get(group.group)
                tally = Tally.empty(group.codebook, cells) if raw is None else raw.select(cells)
            groups[group.group] = GroupTruth(group, cells, tally, (crossed or {}).get(group.group))
        frozen = facts.turnout
        if frozen is None and tallies is not None:
            found = {name: group.tally for name, group in groups.items() if group.tally is not None}
            frozen = {name: dict(zip(cells, t.responses.tolist(), strict=True)) for name, t in found.items()}
        return cls(facts.schools, groups, frozen)
