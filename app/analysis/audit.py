"""The auditor: takes all that anybody can fetch of a wave and tries to take one published number from another.

Decides whether documents may be published: `check` by exact subtraction, fast enough for every release, `prove` with
linear programs on a small union. It recomputes no figure and shares no rule with the code that made the documents, so
that a mistake there does not repeat itself here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from app.analysis.audit_bands import from_cells
from app.analysis.audit_categories import broken_down
from app.analysis.audit_derived import derived
from app.analysis.audit_prove import Report, prove
from app.analysis.audit_read import Places, Reading, Table, Truth, read
from app.analysis.audit_sets import Family, Where, members
from app.analysis.audit_shapes import STATES, Finding, is_banded

__all__ = ["Finding", "Findings", "Report", "Truth", "check", "prove", "same"]
Findings = list[Finding]
BANDED_FROM = 10
Base = tuple[str, str, str, str]
"""`item` or `construct`, group, key, and the people meant: `n`, `people` (all responses) or `complete` cases."""


def check(documents: Iterable[Mapping[str, Any]], truth: Truth, earlier: Iterable[Mapping[str, Any]] = ()) -> Findings:
    """Check by exact subtraction that nothing follows from documents about a few people.

    Parameters
    ----------
    documents : all that the audiences of one release get, and what else can be fetched beside it; slices may be there.
    truth : the wave, and what was counted. Without counts, what the documents say of each other is still checked.
    earlier : documents of earlier releases of the same wave.

    Returns
    -------
    What must not be published, empty when nothing is wrong: a member that the auditor does not know; a base that is not
    the true one; published cells that cross; a set of 1 to k-1 people of a confidential group that follows by adding
    and subtracting published cells, within the release or between releases; a construct that betrays a hidden item; a
    band that is not the policy's; an estimate over strata that are not shown; figures for a reader to whom they were
    not promised.
    """
    now, before = [read(document) for document in documents], [read(document) for document in earlier]
    by_attribute = [reading for reading in now if reading.attribute is not None]
    if unknown := [finding for reading in (*now, *before) for finding in reading.findings]:
        return unknown
    book = _Book(truth)
    figures = [reading for reading in now if reading.derived is not None]
    now = [reading for reading in now if reading.attribute is None and reading.derived is None]
    for reading in now:
        book.add(reading)
    found = [*book.findings, *_promised([*now, *by_attribute, *figures], truth), *_true(now, truth)]
    found += derived(figures, [*now, *by_attribute])
    found += broken_down(by_attribute, truth, {base[:3]: of for base, of in book.bases.items() if base[3] == "n"})
    found += [*_followed(book), *_subtracted(book), *_turnout(book)]
    found += [] if found else from_cells(book.cells, truth)
    numbers = {reading.release for reading in before}
    for number in sorted(numbers, key=lambda number: number or 0):
        past = _Book(truth)
        for reading in before:
            if reading.release == number:
                past.add(reading)
        found += _changed(past, book)
    return found


def same(before: Mapping[str, tuple[str, bytes]], after: Mapping[str, tuple[str, bytes]]) -> Findings:
    """Find replies that moved between two times at which nothing was published: request -> (ETag, bytes)."""
    return [
        Finding("moved", request, "the reply to the same request of the same reader has changed")
        for request in sorted(before.keys() | after.keys())
        if before.get(request) != after.get(request)
    ]


# ------------------------------------------------------------------ what is published, whoever reads it
@dataclass
class _Book:
    """All published bases, whoever is shown them: readers talk to each other."""

    truth: Truth
    bases: dict[Base, Places] = field(default_factory=dict)
    paths: dict[Base, str] = field(default_factory=dict)
    cells: dict[tuple[str, str, str, str], dict[Where, Mapping[str, Any]]] = field(default_factory=dict)
    turnout: dict[tuple[str, str | None], Mapping[str, Any]] = field(default_factory=dict)
    findings: Findings = field(default_factory=list)

    def add(self, reading: Reading) -> None:
        for (of, group, key), table in reading.tables.items():
            cells = dict(zip(table.places, table.cells, strict=True))
            if len(cells) < len(table.places):
                self.findings.append(Finding("repeated", table.path, "a cell stands here twice", group))
                continue
            self._note((of, group, key, "n"), dict(zip(cells, table.counts("n"), strict=True)), table)
            exact = {where: cell for where, cell in cells.items() if not is_banded(cell)}
            if of == "item" and exact:
                people = zip(*([cell[state] for cell in exact.values()] for state in STATES), strict=True)
                self._note((of, group, key, "people"), dict(zip(exact, map(sum, people), strict=True)), table)
            if of == "construct":
                told = {where: cell["reliability"] for where, cell in exact.items()}
                complete = {where: of_all["n"] for where, of_all in told.items() if of_all is not None}
                self._note((of, group, key, "complete"), complete, table)
            self.cells.setdefault((reading.audience, of, group, key), {}).update(cells)
        for row in reading.participation:
            standing = self.turnout.setdefault((row["group"], row["school"]), row)
            if standing != row:
                path = f"{reading.audience}:/participation"
                self.findings.append(Finding("contradiction", path, "other turnout of the same people", row["group"]))

    def _note(self, base: Base, places: Places, table: Table) -> None:
        self.paths.setdefault(base, f"{table.path} ({table.group}, {table.key})")
        standing = self.bases.setdefault(base, {})
        for where in standing.keys() & places.keys():
            if standing[where] != places[where]:
                told = "another number of people than elsewhere for the same cell"
                self.findings.append(Finding("contradiction", self.paths[base], told, table.group))
        standing |= places

    def confidential(self) -> Iterator[tuple[Base, Places]]:
        for base, places in self.bases.items():
            if self.truth.groups[base[1]].facts.confidential and places:
                yield base, places


# ------------------------------------------------------------------ the rules
def _promised(readings: Iterable[Reading], truth: Truth) -> Iterator[Finding]:
    """Nobody gets figures, or finer ones, than the group was promised."""
    for reading in readings:
        fineness = {group: _fineness(reading, group, truth) for group in truth.groups}
        for group, promise in reading.promise.items():
            facts = truth.groups[group].facts
            if promise != facts.promise:
                yield Finding("promise", f"{reading.audience}:/promise/{group}", "not what was promised", group)
        for (_, group, _), table in reading.tables.items():
            facts, path = truth.groups[group].facts, f"{table.path} ({group}, {table.key})"
            fine = {"banded" if is_banded(cell) else "exact" for cell in table.cells}
            if fine and fine != {fineness[group]}:
                yield Finding("promise", path, f"{fineness[group]} figures were promised to this reader", group)
            if not facts.confidential:
                continue
            for where, cell in zip(table.places, table.cells, strict=True):
                eligible = cell.get("eligible")
                if where is not None and eligible is not None and eligible < facts.minimum:
                    schools = members(where, truth.schools)
                    yield Finding("eligible", path, "too few people are eligible", group, schools, eligible)
                if is_banded(cell) and cell["n"] < BANDED_FROM:
                    schools = members(where, truth.schools)
                    yield Finding("band", path, "too few people for a band", group, schools, cell["n"])
        for row in reading.participation:
            if fineness[row["group"]] == "none" or reading.audience == "public":
                path = f"{reading.audience}:/participation"
                yield Finding("promise", path, "participation was not promised to this reader", row["group"])


def _fineness(reading: Reading, group: str, truth: Truth) -> str:
    """What a reader was promised to see of a group, whatever the document says: exact, banded or none."""
    facts = truth.groups[group].facts
    usual = "exact" if reading.audience == "director" else "none"
    return str(facts.promise.get(reading.audience, usual))


def _true(readings: Iterable[Reading], truth: Truth) -> Iterator[Finding]:
    """Every base in a document is the true number of people of that cell."""
    for reading in readings:
        for name, group in truth.groups.items():
            if group.tally is None:
                continue
            columns: dict[tuple[Where, ...], list[tuple[Table, list[int | None], Any]]] = defaultdict(list)
            for (of, key_group, key), table in reading.tables.items():
                if key_group != name or not table.places:
                    continue
                told: dict[str, list[int | None]] = {"n": [*table.counts("n")]}
                banded = any(map(is_banded, table.cells))
                if of == "item" and not banded:
                    told = {state: [*table.counts(state)] for state in STATES}
                elif not banded:
                    told["complete"] = [(cell["reliability"] or {}).get("n") for cell in table.cells]
                for base, people in told.items():
                    columns[tuple(table.places)].append((table, people, group.bases[of, key, base]))
            # A document does not say whether people without a school are in the pool: they are in all of it, or never.
            wrong = [
                [finding for cells, told in columns.items() for finding in _untrue(cells, told, truth, pooled)]
                for pooled in (False, True)
            ]
            yield from min(wrong, key=len)


def _untrue(
    cells: tuple[Where, ...], columns: list[tuple[Table, list[int | None], Any]], truth: Truth, pooled: bool
) -> Iterator[Finding]:
    place = {school: row for row, school in enumerate((*truth.schools, None))}
    counted = np.stack([people for _, _, people in columns], axis=1)  # (schools, columns)
    added = np.zeros((len(cells), counted.shape[1]), dtype=np.int64)
    for row, where in enumerate(cells):
        added[row] = counted[[place[school] for school in members(where, truth.schools, pooled)]].sum(axis=0)
    shown = np.array([people for _, people, _ in columns], dtype=float).T  # NaN where a base is not shown
    for row, column in zip(*np.nonzero((shown != added) & ~np.isnan(shown)), strict=True):
        table, schools = columns[column][0], members(cells[row], truth.schools, pooled)
        told = f"{shown[row, column]:.0f} people are shown where there are {added[row, column]}"
        yield Finding("truth", f"{table.path} ({table.group}, {table.key})", told, table.group, schools)


def _followed(book: _Book) -> Iterator[Finding]:
    """A construct is a sum over its items: wherever it is shown, each of them follows from the others."""
    for (_, of, group, key), cells in book.cells.items():
        if of != "construct":
            continue
        codebook = book.truth.groups[group].facts.codebook
        for item in codebook.instrument.construct_items.get(key, ()):
            shown = book.bases.get(("item", group, item, "n"), {})
            for where, cell in cells.items():
                if where not in shown and (not is_banded(cell) or codebook.of_item[item][0].favorable):
                    told = f"`{item}` follows from this construct where it is not shown"
                    path = book.paths["construct", group, key, "n"]
                    yield Finding("construct", path, told, group, members(where, book.truth.schools))


def _subtracted(book: _Book) -> Iterator[Finding]:
    """Whatever is taken from whatever, nobody or at least k people are left."""
    families: dict[tuple[str, tuple[Where, ...]], list[tuple[Base, Places]]] = defaultdict(list)
    for base, places in book.confidential():
        families[base[1], tuple(places)].append((base, places))
    for (group, cells), measures in families.items():
        family = Family.of(cells, book.truth.schools)
        if family.crossing is not None:
            told = f"published cells cross: {family.crossing}"
            yield from (Finding("crossing", book.paths[base], told, group) for base, _ in measures)
            continue
        people = np.array([list(places.values()) for _, places in measures]).T
        # How many answered all of a construct is a count of the people with a score; its alpha cannot be subtracted.
        own = np.array([base[3] == "complete" for base, _ in measures])
        left = np.where(own, people, family.remainders(people))
        for row, column in zip(*np.nonzero((left != 0) & (left < book.truth.groups[group].k)), strict=True):
            base = measures[column][0]
            schools = family.remainder(row, book.truth.schools)
            yield Finding(
                "subtraction", book.paths[base], _few(int(left[row, column])), group, schools, int(left[row, column])
            )


def _few(people: int) -> str:
    return f"{people} people follow by subtraction" if people > 0 else "the parts have more people than the whole"


def _turnout(book: _Book) -> Iterator[Finding]:
    """Participation is that of the close, and the responses of a hidden school do not follow from it."""
    truth, path = book.truth, "participation"
    for (group, school), row in book.turnout.items():
        facts = truth.groups[group].facts
        if "responses" not in row:
            continue
        if truth.frozen is not None:
            counted = truth.frozen.get(group, {})
            responses = sum(counted.values()) if school is None else counted.get(school, 0)
            if row["responses"] != responses:
                yield Finding("live", path, "not the participation of the close", group, (school,), row["responses"])
        rate = row["responses"] / row["eligible"] if row["eligible"] else None
        needed = max(0, facts.minimum - row["responses"])
        if row["rate"] != rate or row.get("needed", needed) != needed:
            yield Finding("contradiction", path, "a rate or a need that is not that of the responses", group, (school,))
        if facts.confidential and school is not None and facts.roster.get(school, 10) < 10:
            yield Finding("participation", path, "a school with fewer than 10 eligible", group, (school,))
    for group, truths in truth.groups.items():
        rows = {school: row for (of, school), row in book.turnout.items() if of == group}
        hidden = [school for school, row in rows.items() if "responses" not in row]
        if truths.facts.confidential and len(hidden) == 1 and len(rows) == len(truth.schools) + 1 > 2:
            told = "the responses of the only hidden school follow from those of all others"
            yield Finding("participation", path, told, group, tuple(hidden))


def _changed(before: _Book, after: _Book) -> Iterator[Finding]:
    """Between releases, nobody or at least k people went, on every base and whatever is taken from whatever."""
    moved: set[tuple[str, Where]] = set()
    for base, places in before.confidential():
        group, path, now = base[1], f"{before.paths[base]}, earlier release", after.bases.get(base, {})
        if now.keys() != places.keys():
            yield Finding("releases", path, "other cells than in an earlier release", group)
            continue
        family, k = Family.of(tuple(places), after.truth.schools), after.truth.groups[group].k
        gone = np.array(list(places.values())) - np.array([now[where] for where in places])
        moved |= {(group, where) for where, people in zip(places, gone, strict=True) if people}
        left = family.remainders(gone[:, None])[:, 0].tolist()
        for place, people in enumerate(left):
            if people and people < k:
                schools = family.remainder(place, after.truth.schools)
                yield Finding("releases", path, f"releases differ by {people} people", group, schools, people)
    for measure, cells in before.cells.items():
        group, standing = measure[2], after.cells.get(measure, {})
        for where, cell in cells.items():
            if (group, where) not in moved and standing.get(where, cell) != cell:
                told = "other figures than in an earlier release of the same people"
                yield Finding("releases", before.paths[*measure[1:], "n"], told, group, members(where, ()))
    for (group, school), row in before.turnout.items():
        facts, other = after.truth.groups[group].facts, after.turnout.get((group, school), {})
        people = row.get("responses", 0) - other.get("responses", 0)
        if facts.confidential and (row.keys() != other.keys() or (people and people < facts.minimum)):
            told = f"releases differ by {people} people"
            yield Finding("releases", "participation", told, group, (school,), people)
