"""What an attacker does not know of a group (how many people of each school gave each answer), and what he is told.

Decides which equation or inequality each published number is. It solves nothing and knows no promise.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from math import ceil, floor, inf, lcm
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.analysis import people
from app.analysis.audit_linear import Loose, System
from app.analysis.audit_read import GroupTruth, Reading
from app.analysis.audit_sets import Where, members
from app.analysis.audit_shapes import STATES, Finding, is_banded
from app.analysis.facts import School
from app.analysis.layout import ConstructMeasures
from app.analysis.tally import Ints

Key = tuple[str, str]
"""`item` or `construct`, and its key."""
APART = tuple(f" {state}" for state in STATES[1:])
"""How people without a valid answer are counted; no option's value begins with a space."""
ANSWERED, NOT_APPLICABLE, NOT_ASKED = " answered", *APART[1:]
BASE, OTHER = " n", " other"
NEAR = 1e-6


@dataclass
class Cells:
    """What readers see of one group: measure -> published cell -> the different cells that stand there, with paths."""

    banded: bool
    tables: dict[Key, dict[Where, list[tuple[str, Mapping[str, Any]]]]] = field(default_factory=dict)

    @classmethod
    def of(cls, readings: Iterable[Reading], group: str, banded: bool) -> Cells:
        """Take together what all readers see, either of exact figures or of bands."""
        found = cls(banded)
        for reading in readings:
            for (of, of_group, key), table in reading.tables.items():
                shown = [(w, c) for w, c in zip(table.places, table.cells, strict=True) if is_banded(c) == banded]
                if of_group != group or not shown:
                    continue
                cells = found.tables.setdefault((of, key), {})
                for where, cell in shown:
                    standing = cells.setdefault(where, [])
                    if all(other != cell for _, other in standing):
                        standing.append((f"{table.path} ({group}, {key})", cell))
        return found


@dataclass(frozen=True)
class _Answers:
    """The answers to one item: people by school.

    `apart` are all answers that exclude each other, `ticked` those to a multiple, which do not. The valid ones among
    `apart`, the favorable ones, and the scores above the lowest are told by name.
    """

    apart: Mapping[str, Ints]
    ticked: Mapping[str, Ints]
    valid: tuple[str, ...]
    favorable: tuple[str, ...]
    scores: Mapping[str, int]


class Unknowns:
    """The unknown counts of one group and all that is known of them.

    Attributes
    ----------
    group, cells : whose, and what is published.
    present : the schools in which somebody responded; None among them for people without a school.
    responses : (present,) how many did.
    system : the unknowns and what is known.
    answers : measure -> answer -> for each present school the place of the unknown.
    answering : measure -> (present,) people with a valid answer, or a score.
    findings : published numbers that cannot be what they say.
    """

    def __init__(self, group: GroupTruth, cells: Cells) -> None:
        assert group.tally is not None
        self.group, self.cells, self.tally = group, cells, group.tally
        self.book = group.facts.codebook
        everybody = self.tally.responses
        self._rows = np.nonzero(everybody)[0]
        self.present = tuple(group.schools[row] for row in self._rows)
        self.responses = everybody[self._rows]
        self._at = {school: at for at, school in enumerate(self.present)}
        self.system = System()
        self.answers: dict[Key, dict[str, list[int]]] = {}
        self.answering: dict[Key, Ints] = {}
        self.findings: list[Finding] = []
        self._true: list[int] = []
        self._items = {key: self._item(key) for key in self.book.of_item}
        for key, item in self._items.items():
            self._add(("item", key), {**item.apart, **item.ticked}, group.bases["item", key, "n"])
            self._sum_up(("item", key), item)
        if not cells.banded:
            for measures in self.tally.layout.constructs.values():
                self._add_construct(measures)
            for key in self._items:
                self._link(key)
        self._structure = tuple(self.system.rows)
        self._pooled = self._pool_holds_people_without_school()
        for measure, table in cells.tables.items():
            for where, shown in table.items():
                for path, cell in shown:
                    self._read(measure, where, cell, path)

    def truth(self) -> Ints:
        """Give the true values of the unknowns."""
        return np.array(self._true, dtype=np.int64)

    def within(self, where: Where) -> list[int]:
        """Give the places of the present schools of a published cell."""
        schools = members(where, self.group.schools[:-1], self._pooled)  # type: ignore[arg-type]
        return [self._at[school] for school in schools if school in self._at]

    # ---------------------------------------------------------------- the unknowns
    def _item(self, key: str) -> _Answers:
        column = self.book.of_item[key][0]
        n = self.group.bases["item", key, "n"]
        outside = {f" {state}": self.group.bases["item", key, state] for state in STATES[1:]}
        if self.cells.banded:
            of_one = column.option is None
            good = np.array(people.favorable(self.tally, [key])) if of_one else np.zeros_like(n)
            either = {"favorable": good, "unfavorable": n - good, OTHER: self.tally.responses - n}
            return _Answers(either, {}, ("favorable", "unfavorable"), ("favorable",), {})
        options = people.options(self.tally, key)
        if column.option is not None:
            return _Answers({ANSWERED: n, **outside}, options, (ANSWERED,), (), {})
        lowest = min(column.scores.values(), default=0)
        return _Answers(
            apart={**options, **outside},
            ticked={},
            valid=tuple(options),
            favorable=tuple(column.counts[code] for code in column.valid if code in column.favorable),
            scores={column.counts[code]: score - lowest for code, score in column.scores.items()},
        )

    def _add(self, measure: Key, counts: Mapping[str, Ints], answering: Ints) -> None:
        self.answering[measure] = answering[self._rows]
        self.answers[measure] = {}
        for answer, count in counts.items():
            self.answers[measure][answer] = [self.system.unknown((measure, answer, s)) for s in self.present]
            self._true += count[self._rows].tolist()

    def _sum_up(self, measure: Key, item: _Answers) -> None:
        """All answers of a school add up to its responses; nobody ticks an option without answering."""
        of = self.answers[measure]
        for at, responses in enumerate(self.responses.tolist()):
            self.system.know({of[answer][at]: 1 for answer in item.apart}, responses, responses, "responses")
            for answer in item.ticked:
                self.system.know({of[answer][at]: 1, of[ANSWERED][at]: -1}, -inf, 0, "responses")

    def _add_construct(self, measures: ConstructMeasures) -> None:
        """People by (answered, sum): they add up to the responses, and to the answers and scores of the items."""
        measure, found = ("construct", measures.key), self.tally.counts[:, measures.persons].toarray()
        pairs = _pairs(measures)
        counts = {name: found[:, a * measures.sums + t] for name, (a, t) in pairs.items()}
        self._add(measure, counts, self.group.bases["construct", measures.key, "n"])
        places = list(self.answers[measure].values())
        keys = [item.column.item for item in measures.items]
        for at, responses in enumerate(self.responses.tolist()):
            self.system.know({of[at]: 1 for of in places}, responses, responses, "responses")
            answered: dict[int, float] = {of[at]: a for of, (a, _) in zip(places, pairs.values(), strict=True)}
            summed: dict[int, float] = {of[at]: t for of, (_, t) in zip(places, pairs.values(), strict=True)}
            for key in keys:
                mine = self.answers["item", key]
                answered |= {mine[answer][at]: -1 for answer in self._items[key].valid}
                summed |= {mine[answer][at]: -score for answer, score in self._items[key].scores.items()}
            self.system.know(answered, 0, 0, "answers of people")
            self.system.know(summed, 0, 0, "scores of people")

    def _link(self, key: str) -> None:
        """Who is not asked an item follows from the answers to the one item that its skip logic looks at."""
        shown_if = self.book.instrument.by_key[key].show_if
        asks = {reference.item for reference in shown_if.references()} if shown_if else set()
        if shown_if is None or len(asks) != 1 or not asks <= self._items.keys():
            return
        (asked,) = asks
        columns, shows = self.book.of_item[asked], shown_if.compile()
        if len(columns) > 1:
            return
        column = columns[0]
        verdicts = {answer: {shows({})} for answer in APART}
        if column.not_applicable:
            verdicts[NOT_APPLICABLE] = {shows({asked: column.codes[code]}) for code in column.not_applicable}
        verdicts |= {column.counts[code]: {shows({asked: column.codes[code]})} for code in column.valid}
        if any(len(verdict) > 1 for verdict in verdicts.values()):
            return
        hides = [answer for answer, verdict in verdicts.items() if verdict == {False}]
        for at in range(len(self.present)):
            skipped: dict[int, float] = {self.answers["item", asked][answer][at]: -1 for answer in hides}
            self.system.know(skipped | {self.answers["item", key][NOT_ASKED][at]: 1}, 0, 0, "skip logic")

    # ---------------------------------------------------------------- what is published
    def _pool_holds_people_without_school(self) -> bool:
        """A document does not say it; the true numbers do."""
        nobody = self.group.schools.index(None)
        for (of, key), table in self.cells.tables.items():
            n = self.group.bases[of, key, "n"]
            for where, shown in table.items():
                if isinstance(where, tuple) and n[nobody]:
                    listed = int(n[[self.group.schools.index(school) for school in where]].sum())
                    return bool(shown[0][1]["n"] == listed + n[nobody])
        return False

    def _read(self, measure: Key, where: Where, cell: Mapping[str, Any], path: str) -> None:
        if self.cells.banded:
            self._read_band(measure, where, cell, path)
        elif measure[0] == "item":
            self._read_item(measure[1], where, cell, path)
        else:
            self._read_construct(self.tally.layout.constructs[measure[1]], where, cell, path)

    def _sum(self, measure: Key, where: Where, factors: Mapping[str, float]) -> dict[int, float]:
        places = self.answers[measure]
        return {places[answer][at]: factor for answer, factor in factors.items() for at in self.within(where)}

    def _is(self, terms: Mapping[int, float], figure: float | None, path: str) -> None:
        """A sum is known: a figure that must be a whole number, but for the digits that a computer has."""
        if figure is None:
            return
        if abs(figure - round(figure)) > NEAR * max(1, abs(figure)):
            self.findings.append(Finding("P3", path, f"{figure} is no number of people", self.group.facts.group))
        self.system.know(terms, round(figure), round(figure), path)

    def _read_item(self, key: str, where: Where, cell: Mapping[str, Any], path: str) -> None:
        measure, item = ("item", key), self._items[key]
        n, eligible = cell["n"], cell.get("eligible")
        self._is(self._sum(measure, where, dict.fromkeys(item.valid, 1)), n, path)
        for answer in APART:
            self._is(self._sum(measure, where, {answer: 1}), cell[answer[1:]], path)
        for answer, count in cell["counts"].items():
            self._is(self._sum(measure, where, {answer: 1}), count, path)
        if cell.get("favorable"):
            told, good = cell["favorable"], self._sum(measure, where, dict.fromkeys(item.favorable, 1))
            counts = [told["count"], _times(told["share"], n), _times(told["floor"], eligible)]
            above = _times(told["ceiling"], eligible)
            for count in (*counts, None if above is None or eligible is None else above - eligible + n):
                self._is(good, count, path)
        if cell.get("mean"):
            lowest = min(self.book.of_item[key][0].scores.values())
            total = _times(cell["mean"]["value"], n)
            self._is(self._sum(measure, where, item.scores), None if total is None else total - lowest * n, path)

    def _read_construct(self, of: ConstructMeasures, where: Where, cell: Mapping[str, Any], path: str) -> None:
        measure, half, most = ("construct", of.key), _half(of), len(of.items)
        unit = lcm(*range(half, most + 1))
        scored = {name: t * unit / a for name, (a, t) in _pairs(of, half).items()}
        complete = dict.fromkeys(_pairs(of, most), 1.0)
        self._is(self._sum(measure, where, dict.fromkeys(scored, 1)), cell["n"], path)
        value = cell["mean"]["value"]
        if value is not None:
            self._is(self._sum(measure, where, scored), (value - of.lowest) * cell["n"] * unit, path)
        if cell["reliability"]:
            self._is(self._sum(measure, where, complete), cell["reliability"]["n"], path)
        if cell.get("favorable"):
            told = cell["favorable"]
            good, valid = self._favorable(of.key, where)
            self._is(valid, told["n"], path)
            self._is(good, told["count"], path)
            self._is(good, _times(told["share"], told["n"]), path)

    def _favorable(self, construct: str, where: Where) -> tuple[dict[int, float], dict[int, float]]:
        """The favorable, and all valid, answers to a construct's items that have favorable options."""
        good: dict[int, float] = {}
        valid: dict[int, float] = {}
        for key in self.book.instrument.construct_items[construct]:
            if self.book.of_item[key][0].favorable:
                item = self._items[key]
                good |= self._sum(("item", key), where, dict.fromkeys(item.favorable, 1))
                valid |= self._sum(("item", key), where, dict.fromkeys(item.valid, 1))
        return good, valid

    def _read_band(self, measure: Key, where: Where, cell: Mapping[str, Any], path: str) -> None:
        good, valid = self._marked(measure, where)
        n = cell["n"]
        if measure[0] == "item":
            self._is(valid, n, path)
        else:
            n = sum(cells[where][0][1]["n"] for cells in self._parts(measure[1], where))
        low, high = cell["favorable"]["low"], cell["favorable"]["high"]
        self.system.know(good, ceil(low * n - NEAR), floor(high * n + NEAR), path)

    def _marked(self, measure: Key, where: Where) -> tuple[dict[int, float], dict[int, float]]:
        if measure[0] == "construct":
            return self._favorable(measure[1], where)
        item = self._items[measure[1]]
        return self._sum(measure, where, dict.fromkeys(item.favorable, 1)), self._sum(
            measure, where, dict.fromkeys(item.valid, 1)
        )

    def _parts(self, construct: str, where: Where) -> list[dict[Where, list[tuple[str, Mapping[str, Any]]]]]:
        """The tables of a construct's items that have favorable options, where they show this cell."""
        keys = (("item", key) for key in self.book.instrument.construct_items[construct])
        tables = (self.cells.tables.get(key, {}) for key in keys)
        return [table for table in tables if where in table]

    # ---------------------------------------------------------------- what the proofs ask
    def bands(self) -> Iterator[tuple[str, tuple[School, ...], int, list[int]]]:
        """List the published bands that say anything: path, schools, base, and the unknowns that are added up."""
        for measure, table in self.cells.tables.items():
            for where, shown in table.items():
                for path, cell in shown:
                    keys = [measure[1]] if measure[0] == "item" else self.book.instrument.construct_items[measure[1]]
                    if any(self.can_differ(("item", key)) for key in keys):
                        schools = tuple(self.present[at] for at in self.within(where))
                        yield path, schools, cell["n"], list(self._marked(measure, where)[0])

    def can_differ(self, measure: Key) -> bool:
        """Tell whether an answer to an item may be favorable and may be not."""
        column = self.book.of_item[measure[1]][0]
        return bool(column.favorable) and set(column.valid) > column.favorable and measure in self.cells.tables

    def is_valid(self, measure: Key, answer: str) -> bool:
        """Tell whether an answer counts for the base n of its measure."""
        if measure[0] == "item":
            return not answer.startswith(" ")
        of = self.tally.layout.constructs[measure[1]]
        return answer in _pairs(of, _half(of))

    def counts(self) -> Iterator[tuple[Key, str, list[list[int]]]]:
        """List the counts that must not follow: measure, answer, and of each present school what is added up.

        An answer is `BASE` for the number of people who gave a valid one. Where there are bands that is published, and
        with it how many gave none.
        """
        for measure, answers in self.answers.items():
            for answer, places in answers.items():
                if not (self.cells.banded and answer == OTHER):
                    yield measure, answer, [[place] for place in places]
            if measure[0] == "item" and not self.cells.banded:
                valid = [answers[answer] for answer in self._items[measure[1]].valid]
                yield measure, BASE, [list(places) for places in zip(*valid, strict=True)]

    def shown(self, measure: Key, answer: str) -> NDArray[np.bool_]:
        """Tell which present schools are in a published cell in which nobody, or everybody, gave an answer."""
        found = np.zeros(len(self.present), dtype=bool)
        if self.cells.banded or answer not in self.answers[measure]:
            return found
        true = self.truth()[self.answers[measure][answer]]
        for at in map(self.within, self.cells.tables.get(measure, ())):
            found[at] |= true[at].sum() in (0, self.answering[measure][at].sum(), self.responses[at].sum())
        return found

    def plain(self, loose: Loose) -> System:
        """Give what is known when only this is: published cells in which nobody, or everybody, gave an answer.

        Exact figures may show so much of people who are not named, and whatever follows from it.
        """
        plain = System(self.system.names, list(self._structure))
        true = self.truth()
        for measure, table in self.cells.tables.items() if not self.cells.banded else ():
            answers = self.answers[measure]
            everybody = answers.get(ANSWERED)
            for answer, of in answers.items():
                for at in map(self.within, table):
                    places = [of[school] for school in at]
                    total = true[places].sum()
                    if np.abs(loose.vectors(places).sum(axis=0)).max(initial=0) > NEAR:
                        continue  # he does not know the total
                    if total == 0:
                        plain.know(dict.fromkeys(places, 1), 0, 0, "nobody")
                    elif answer in self._ticked(measure) and everybody and total == self.answering[measure][at].sum():
                        for school in at:
                            plain.know({of[school]: 1, everybody[school]: -1}, 0, 0, "everybody")
        return plain

    def _ticked(self, measure: Key) -> Mapping[str, Ints]:
        return self._items[measure[1]].ticked if measure[0] == "item" else {}


def _pairs(of: ConstructMeasures, least: int = 0) -> dict[str, tuple[int, int]]:
    """Name what people may have of a construct: (items answered, at least so many; sum of their scores)."""
    spread = (of.sums - 1) // len(of.items)
    answered = range(least, len(of.items) + 1)
    return {f"({a}, {t})": (a, t) for a in answered for t in range(a * spread + 1)}


def _half(of: ConstructMeasures) -> int:
    """The fewest items that a person answered who has a score."""
    return (len(of.items) + 1) // 2


def _times(ratio: float | None, base: int | None) -> float | None:
    """Undo a division; None where there is nothing to undo."""
    return None if ratio is None or base is None else ratio * base
