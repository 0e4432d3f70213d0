"""The release-time check of the auditor, and how much of a union the rules leave to be published.

    python -m benchmarks.audit [SCHOOLS ...]

Seconds of `check` over all documents of a release with four groups, 30 items and two attributes, for so many schools
(default: 40 and 1,000). Then the share of cells that are published in a union of four small schools and in a district
of 40, with a minimum of 5 and of 10: everything in memory, nothing is served or stored.
"""

from __future__ import annotations

import os
import random
import sys
import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from app.analysis import audiences
from app.analysis.audit import Truth, check
from app.analysis.crossing import cross
from app.analysis.disclosure import seal
from app.analysis.facts import GroupFacts, WaveFacts
from app.analysis.readable import readable
from app.analysis.summarize import summarize
from app.analysis.tally import tally
from app.survey.codebook import Codebook
from app.survey.instrument import parse
from benchmarks import ground
from tests import factories

ANSWERING = {"family": (31, 62), "staff": (14, 29), "liaison": (1, 2), "school_leader": (1, 1)}
"""So many people of a school answer, each number as likely as another; half as many again are eligible."""
CONFIDENTIAL = ("family", "staff")
MISSING, DONT_KNOW = 0.05, 0.04
GOALS = {40: 1.0, 1000: 10.0}
UNIONS = 25
"""Unions of four schools over which the share of published cells is a mean."""


def definition(group: str) -> dict[str, Any]:
    """The benchmarks' thirty ratings, the last two for those with a plan only; plan and bus are attributes."""
    found = ground.definition(group)
    (section,) = found["sections"]
    for item in section["items"][-2:]:
        item["show_if"] = {"item": "plan", "in": ["yes"]}
    plan = {"key": "plan", "kind": "single", "options": factories.options("yes", "no", "unsure"), "attribute": True}
    bus = {"key": "bus", "kind": "boolean", "attribute": True}
    section["items"] = [{**item, "text": factories.en("?")} for item in (plan, bus)] + section["items"]
    return found


def answers(chance: random.Random) -> dict[str, Any]:
    given: dict[str, Any] = {
        "plan": chance.choices(("yes", "no", "unsure"), (30, 65, 5))[0],
        "bus": chance.random() < 0.4,
    }
    tilt = chance.gauss(3.4, 0.8)
    for key in ground.ITEMS if given["plan"] == "yes" else ground.ITEMS[:-2]:
        luck = chance.random()
        if luck < DONT_KNOW:
            given[key] = "dont_know"
        elif luck < 1 - MISSING:
            given[key] = factories.AGREE[min(4, max(0, round(chance.gauss(tilt, 0.9)) - 1))]
    return given


class Wave:
    """A closed wave in memory: its facts, and the raw counts."""

    def __init__(self, schools: int, minimum: int, seed: int = 1) -> None:
        chance, names = random.Random(seed), tuple(f"school-{n:04d}" for n in range(schools))
        fine = {"principal": "banded", "public": "banded"} if minimum >= 10 else {}
        groups, self.tallies, self.crossed = [], {}, {}
        for group, (few, many) in ANSWERING.items():
            book = Codebook(parse(definition(group)))
            people = [chance.randint(few, many) for _ in names]
            records = "".join(book.encode(answers(chance)).record for _ in range(sum(people)))
            rows = np.frombuffer(records.encode(), dtype=np.uint8).reshape(sum(people), book.width)
            at = np.repeat(np.arange(schools), people)
            self.tallies[group] = tally(book, (*names, None), at, rows)
            self.crossed[group] = cross(book, (*names, None), at, rows)
            roster = {name: n + n // 2 for name, n in zip(names, people, strict=True)}
            secret = group in CONFIDENTIAL
            promise: dict[str, Any] = {"mode": "confidential", "minimum": minimum, **fine}
            promise = promise if secret else {"mode": "attributed", "minimum": 1}
            groups.append(GroupFacts(group, f"{group}@1", book, roster=roster, **promise))
        self.facts = WaveFacts("benchmark", "Benchmark", True, names, tuple(groups))

    def documents(self) -> Iterator[dict[str, Any]]:
        sealed = seal(self.facts, self.tallies, self.crossed)
        return readable(self.facts, sealed, audiences.everyone(summarize(self.facts, sealed)))


def timed(schools: int) -> float:
    wave = Wave(schools, 10)
    documents = list(wave.documents())
    begun = time.perf_counter()
    findings = check(documents, Truth.of(wave.facts, wave.tallies, wave.crossed))
    taken = time.perf_counter() - begun
    if findings:
        raise RuntimeError(f"{findings[0].rule}: {findings[0]}")
    cells = sum(len(entry["cells"]) for of in documents for part in ("items", "constructs") for entry in of[part])
    print(f"{schools:,} schools: {len(documents)} documents, {cells:,} cells checked in {taken:.2f} s", flush=True)
    return taken


def published(schools: int, minimum: int, unions: int) -> dict[tuple[str, str], float]:
    """Group, and items or constructs -> the share of its cells of a school that are published."""
    shown: dict[tuple[str, str], list[bool]] = {}
    for seed in range(unions):
        director = next(wave for wave in Wave(schools, minimum, seed).documents() if wave["audience"] == "director")
        for part in ("items", "constructs"):
            for cell in (cell for entry in director[part] for cell in entry["cells"]):
                if cell["group"] in CONFIDENTIAL and cell["school"] is not None:
                    shown.setdefault((cell["group"], part), []).append(cell["status"] == "published")
    return {of: sum(told) / len(told) for of, told in shown.items()}


def main(sizes: list[int]) -> None:
    print(f"load average before the start: {os.getloadavg()[0]:.2f} ({os.cpu_count()} cores)", flush=True)
    taken = {schools: timed(schools) for schools in sizes}
    shares = []
    for schools, unions in ((4, UNIONS), (40, 2)):
        for minimum in (5, 10):
            found = published(schools, minimum, unions)
            told = ", ".join(f"{group} {part} {share:.1%}" for (group, part), share in found.items())
            print(f"{schools} schools, minimum {minimum}: cells of a school that are published: {told}", flush=True)
            every = sum(found.values()) / len(found)
            shares.append(f"{schools} schools, minimum {minimum}: {every:.0%}")
    times = "; ".join(
        f"{schools:,} schools in {seconds:.2f} s" + (f" (goal < {GOALS[schools]:.0f} s)" if schools in GOALS else "")
        for schools, seconds in taken.items()
    )
    print(f"audit: {times}; published: {', '.join(shares)}")


if __name__ == "__main__":
    main([int(n) for n in sys.argv[1:]] or [40, 1000])
