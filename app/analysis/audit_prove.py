"""The proofs: what the readers of a small union can and cannot work out, by linear and integer programming.

Decides three things of every confidential group. P1: no count of a set of 1 to k-1 people is determined. P2: no band
can be narrowed to fewer than three counts, and nobody is proved to answer as all others do. P3: the truth lies within
all that is published. The attacker is given more than he has: the number of responses of every school, and skip logic.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, combinations, product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.analysis.audit_linear import NOTHING, Contradiction, Loose, TooLarge
from app.analysis.audit_read import GroupTruth, Truth, read
from app.analysis.audit_shapes import Finding
from app.analysis.audit_unknown import Cells, Unknowns
from app.analysis.facts import School

Whole = NDArray[np.int64]
ENOUGH = 3
"""A band leaves at least so many counts open."""
OPPOSITE = {"favorable": "unfavorable", "unfavorable": "favorable"}
SCHOOLS_AT_ONCE = 7
"""Up to so many schools (one may be "no school"), every set of them is looked at; beyond, single ones and pairs."""


@dataclass
class Report:
    """What was proved, in words, and what was found instead."""

    lines: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def prove(documents: Sequence[Mapping[str, Any]], truth: Truth) -> Report:
    """Prove what can be proved of the documents of one release.

    Parameters
    ----------
    documents : as of `audit.check`, and of these the ones by school. Exact figures are attacked alone, bands all
        together, whoever reads them.
    truth : with raw counts; a group without them is left out, and the report says so.

    Returns
    -------
    The report. A finding names the rule, `P1`, `P2` or `P3`, the group and the schools.
    """
    report = Report()
    readings = [read(document) for document in documents]
    report.findings += [finding for reading in readings for finding in reading.findings]
    if report.findings:
        return report
    readings = [reading for reading in readings if reading.attribute is None and reading.derived is None]
    for name, group in truth.groups.items():
        if not group.facts.confidential:
            report.lines.append(f"{name}: attributed, nothing is hidden from the director")
        elif group.tally is None:
            report.lines.append(f"{name}: the responses are gone, nothing is proved without them")
        else:
            for banded in (False, True):
                cells = Cells.of(readings, name, banded)
                if cells.tables:
                    _attack(report, group, cells)
    return report


def _attack(report: Report, group: GroupTruth, cells: Cells) -> None:
    name = f"{group.facts.group}, {'bands' if cells.banded else 'exact figures'}"
    unknowns = Unknowns(group, cells)
    system, true = unknowns.system, unknowns.truth()
    report.findings += unknowns.findings
    before = len(report.findings)
    for row in system.broken(true):
        report.findings.append(Finding("P3", row.path, f"the truth is outside: {name}", group.facts.group))
    try:
        sets = _sets(unknowns.present)
        report.findings += _determined(unknowns, sets, true)
        if cells.banded:
            report.findings += _narrow(unknowns, true, sets)
    except Contradiction:
        report.findings.append(Finding("P3", name, "no answers at all agree with what is published", group.facts.group))
    except TooLarge:
        report.lines.append(f"{name}: too many schools for the proof; the exact check holds for any number")
        return
    if len(report.findings) == before:
        report.lines += _said(name, group, cells, len(sets))


def _said(name: str, group: GroupTruth, cells: Cells, sets: int) -> Iterator[str]:
    measures, figures, k = len(cells.tables), sum(map(len, cells.tables.values())), group.k
    yield f"{name}: {measures} measures in {figures} cells; the truth lies within all that is published (P3)"
    yield f"{name}: of {sets} sets of schools, none with 1 to {k - 1} people has a count that follows (P1)" + (
        "" if cells.banded else ", unless nobody or everybody in a published cell gave that answer"
    )
    if not cells.banded:
        yield f"{name}: not proved: what a construct's mean and alpha tell, beside its items, of who left one out"
    if cells.banded:
        yield f"{name}: every band leaves {ENOUGH} counts or more open, nobody is proved to answer as all others (P2)"


def _sets(present: Sequence[School]) -> list[tuple[int, ...]]:
    """List the sets of schools that are looked at, as places."""
    places = range(len(present))
    most = len(present) if len(present) <= SCHOOLS_AT_ONCE else 2
    return list(chain.from_iterable(combinations(places, size) for size in range(1, most + 1)))


# ------------------------------------------------------------------ P1
def _determined(unknowns: Unknowns, sets: Sequence[tuple[int, ...]], true: Whole) -> Iterator[Finding]:
    """Find counts of nameable sets of 1 to k-1 people that follow from what is published."""
    loose, group = Loose(unknowns.system), unknowns.group
    plain = Loose(unknowns.plain(loose))
    within = np.zeros((len(sets), len(unknowns.present)), dtype=np.int64)
    for row, of in enumerate(sets):
        within[row, list(of)] = 1
    people = within @ unknowns.responses
    for measure, answer, places in unknowns.counts():
        answering = within @ unknowns.answering[measure]
        small = (people > 0) & (people < group.k)
        if unknowns.is_valid(measure, answer):
            small |= (answering > 0) & (answering < group.k)
        follows = small & _stays(within, loose, places) & ~_stays(within, plain, places)
        follows &= within @ ~unknowns.shown(measure, answer) > 0
        for row in np.nonzero(follows)[0].tolist():
            schools = tuple(unknowns.present[at] for at in sets[row])
            count = int(within[row] @ true[np.array(places)].sum(axis=1))
            path, told = f"{group.facts.group}, {measure[1]}", f"the count of `{answer.strip()}` follows: {count}"
            yield Finding("P1", path, told, group.facts.group, schools, int(people[row]))


def _stays(within: Whole, loose: Loose, places: Sequence[Sequence[int]]) -> NDArray[np.bool_]:
    """Tell of which sets of schools the sum of some unknowns of each is determined."""
    vectors = loose.vectors([place for of in places for place in of])
    of_school = vectors.reshape(len(places), len(places[0]), vectors.shape[1]).sum(axis=1)
    stays: NDArray[np.bool_] = np.abs(within @ of_school).max(axis=1, initial=0) < NOTHING
    return stays


# ------------------------------------------------------------------ P2
def _narrow(unknowns: Unknowns, true: Whole, sets: Sequence[tuple[int, ...]]) -> Iterator[Finding]:
    """Find bands that can be narrowed, and sets of people who are proved to answer alike, all or all but one.

    A few solutions are enough to show that nothing follows: those in which as many as possible answer favorably, or
    unfavorably, in each set. Only what they leave open is asked by itself.
    """
    system, group = unknowns.system, unknowns.group.facts.group
    known = [true]

    def reach(places: Whole, sign: float = 1) -> int:
        """Find the solution with the largest (or smallest) sum of some unknowns, and give the sum."""
        known.append(system.extreme(dict.fromkeys(places.ravel().tolist(), sign)))
        return int(known[-1][places].sum())

    items = [measure for measure in unknowns.answers if unknowns.can_differ(measure)]
    places_of = {answer: np.array([unknowns.answers[measure][answer] for measure in items]) for answer in OPPOSITE}
    for places in places_of.values():
        if items:
            reach(places)
    for path, schools, n, unknown in unknowns.bands():
        places = np.array(unknown)
        sums = [int(values[places].sum()) for values in known]
        if max(sums) - min(sums) + 1 < ENOUGH:
            sums = [reach(places, -1), reach(places)]
        if max(sums) - min(sums) + 1 < ENOUGH:
            told = f"the band can be narrowed to {min(sums)} to {max(sums)} of {n}"
            yield Finding("P2", path, told, group, schools, n)
    for of, (answer, places) in product(sets if items else (), places_of.items()):
        mine, people = places[:, list(of)], int(unknowns.responses[list(of)].sum())
        wanted = min(2, people)
        some = np.array([unknowns.answering[measure][list(of)].any() for measure in items])  # else nobody agrees at all
        unsure = some & (np.stack(known)[:, mine].sum(axis=2).max(axis=0) < wanted)
        if unsure.any():
            reach(mine[unsure])
        for item in np.nonzero(unsure)[0].tolist():
            if known[-1][mine[item]].sum() < wanted and reach(mine[item]) < wanted:
                told = f"all, or all but one, are proved to answer {OPPOSITE[answer]}"
                schools = tuple(unknowns.present[at] for at in of)
                yield Finding("P2", f"{group}, {items[item][1]}", told, group, schools, people)
