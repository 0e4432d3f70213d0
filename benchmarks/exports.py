"""A release as files: four groups with 35 items each, 40 schools.

    python -m benchmarks.exports [SCHOOLS]

Beside each format the plain way to write as much, with the same library, in the same run: XlsxWriter with as many cells
and no thought of what they are; csv.writer with as many rows; pyarrow with the table that is there already. Times are
of the processor. A release is rendered once and kept, so this is what the first reader waits for.
"""

from __future__ import annotations

import csv
import os
import random
import sys
import time
from collections.abc import Callable
from io import BytesIO, StringIO
from typing import Any

import openpyxl
import orjson
import pyarrow.parquet as pq
from xlsxwriter import Workbook

from app.analysis.crossing import cross
from app.analysis.disclosure import seal
from app.analysis.facts import GroupFacts, WaveFacts
from app.analysis.summarize import summarize
from app.analysis.tally import tally
from app.render import columnar, delimited, tidy
from app.render.workbook import workbook
from app.survey.codebook import Codebook
from app.survey.instrument import parse
from benchmarks import ground
from tests import factories
from tests.analysis.waves import index_of, records_of

ITEMS, RUNS = 35, 5
PEOPLE = {"family": 60, "staff": 25, "liaison": 2, "school_leader": 1}  # in every school
RELEASE = {"number": 1, "status": "final", "released_at": "2022-11-01T10:00:00+00:00", "digest": "", "definitions": "1"}


def document(schools: tuple[str, ...]) -> dict[str, Any]:
    """The director's document, as it is read."""
    chance = random.Random(7)
    facts, tallies, crossed = [], {}, {}
    keys = [f"i{n:02d}" for n in range(ITEMS)]
    constructs = [{"key": f"c{n}", "title": factories.en(f"C{n}"), "setting": "school"} for n in range(ITEMS // 5)]
    for group, people in PEOPLE.items():
        items = [factories.rating(key, construct=f"c{n // 5}") for n, key in enumerate(keys)]
        book = Codebook(parse(factories.definition(group, items, constructs=constructs)))
        rows = [
            (school, {key: chance.choice(ground.VALUES) for key in keys if chance.random() < 0.96})
            for school in schools
            for _ in range(people)
        ]
        is_confidential = people >= 10
        facts.append(
            GroupFacts(
                group, f"{group}@1", book, "confidential" if is_confidential else "attributed",
                10 if is_confidential else 1, dict.fromkeys(schools, 2 * people),
            )
        )  # fmt: skip
        places, records = index_of(schools, rows), records_of(book, rows)
        tallies[group] = tally(book, (*schools, None), places, records)
        crossed[group] = cross(book, (*schools, None), places, records)
    wave = WaveFacts("w", "A wave", True, schools, tuple(facts))
    made: dict[str, Any] = summarize(wave, seal(wave, tallies, crossed)) | {"release": RELEASE}
    read: dict[str, Any] = orjson.loads(orjson.dumps(made))
    return read


def to_csv(of: dict[str, Any]) -> bytes:
    return delimited.table([column.name for column in tidy.COLUMNS], tidy.rows(of))


def plain_workbook(cells: list[list[list[Any]]]) -> bytes:
    out = BytesIO()
    book = Workbook(out, {"in_memory": True})
    for rows in cells:
        sheet = book.add_worksheet()
        for at, row in enumerate(rows):
            sheet.write_row(at, 0, row)
    book.close()
    return out.getvalue()


def plain_csv(rows: list[Any]) -> bytes:
    out = StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue().encode()


def plain_parquet(table: Any) -> bytes:
    out = BytesIO()
    pq.write_table(table, out, compression="zstd")
    return out.getvalue()


def seconds(make: Callable[[], bytes]) -> tuple[float, int]:
    """Seconds of processor time of the quickest of some runs, and the size of what was made."""
    best, size = float("inf"), 0
    for _ in range(RUNS):
        begun = time.process_time()
        size = len(make())
        best = min(best, time.process_time() - begun)
    return best, size


def main(count: int) -> None:
    print(f"load average before the start: {os.getloadavg()[0]:.2f} ({os.cpu_count()} cores)", flush=True)
    of = document(tuple(f"school-{n:02d}" for n in range(count)))
    read = openpyxl.load_workbook(BytesIO(workbook(of)))
    cells = [[[cell.value for cell in row if cell.value is not None] for row in sheet.iter_rows()] for sheet in read]
    rows, table = list(tidy.rows(of)), columnar.table(of)
    goal = " (goal <= 1 s)" if count == 40 else ""
    ways: tuple[tuple[str, Callable[[], bytes], Callable[[], bytes]], ...] = (
        (f"XLSX{goal}", lambda: workbook(of), lambda: plain_workbook(cells)),
        ("CSV", lambda: to_csv(of), lambda: plain_csv(rows)),
        ("Parquet", lambda: columnar.parquet(of), lambda: plain_parquet(table)),
    )
    for name, make, plain in ways:
        (took, size), (least, _) = seconds(make), seconds(plain)
        print(f"{name}: {took:.2f} s, {size / 2**20:.2f} MiB, {took / least:.1f} x plain ({least:.2f} s)", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 40)
