"""The close and the release of a wave: four groups, 40 schools, 30 items, rosters; seconds and peak memory.

    python -m benchmarks.release [N ...]

N responses (default: 100,000 and 1,000,000) are put into a database by one process. Fresh processes then close the
wave and make its release, and, where Polars is installed, do its plain counts (30 group-bys) from Parquet. Filling
takes most of the time. This process imports nothing large: on Linux a child's peak memory starts at its parent's.
"""

from __future__ import annotations

import importlib.util
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path
from typing import Any

SCHOOLS = tuple(f"school-{n:02d}" for n in range(40))
WEIGHTS = {"family": 70, "staff": 25, "liaison": 3, "school_leader": 2}
LIMIT_SECONDS = 400
GOALS = {100_000: "goal <= 1.5 s, < 300 MB"}


def database(folder: str) -> Any:
    from app.config import Settings
    from app.db import Database

    return Database(Settings(database_url=f"sqlite:///{folder}/soundings.db", secret="only-for-the-benchmark"))


def fill(folder: str, count: int, key: str = "w") -> dict[str, Any]:
    """Field a wave and store responses by the writer's own statement, 10,000 to a transaction; Parquet beside it."""
    from app.auth import Caller
    from app.models.tables import School
    from app.models.waves import RosterIn, WaveIn
    from app.services import instruments, waves
    from app.services.ledger import Ledger
    from app.services.store import Row, store_for
    from benchmarks import ground
    from tests import factories

    chance, base, by = random.Random(4), database(folder), Caller("benchmark", "benchmark", "admin")
    base.migrate()
    with base.write() as session:
        for school in SCHOOLS:
            session.merge(School(key=school, name=school))
        made = {group: instruments.add(base, session, ground.definition(group), by)[0] for group in WEIGHTS}
        book = instruments.codebook(made["family"])
        wave = factories.wave({group: f"{v.key}@{v.version}" for group, v in made.items()}, schools=list(SCHOOLS))
        waves.put(base, session, key, WaveIn.model_validate(wave), by, lambda _: None)
        eligible = [{"group": g, "school": s, "eligible": count} for g in WEIGHTS for s in SCHOOLS]
        roster = RosterIn.model_validate({"source": "benchmark", "counts": eligible})
        waves.put_roster(base, session, key, roster, by, lambda _: None)
    records = [book.encode(ground.answers(chance, 0.96)).record for _ in range(5_000)]
    groups = chance.choices(list(WEIGHTS), list(WEIGHTS.values()), k=count)
    people = [(group, chance.choice(SCHOOLS), chance.choice(records)) for group in groups]
    store = store_for(*base.address)
    ledger = Ledger(store)
    for start in range(0, count, 10_000):
        rows = [Row(key, str(uuid.uuid4()), *who[:2], None, who[2], None, "") for who in people[start : start + 10_000]]
        with ledger.transaction() as cursor:
            store.insert(cursor, rows)
    if importlib.util.find_spec("polars"):
        import polars

        frame = polars.DataFrame(people, schema=["group", "school", "record"], orient="row")
        items = [polars.col("record").str.slice(n, 1).alias(f"i{n}") for n in range(book.width)]
        frame.select("group", "school", *items).write_parquet(f"{folder}/people.parquet")
    return {}


def make(folder: str, count: int, key: str = "w") -> dict[str, Any]:
    """Close the wave and make the release; seconds of each, and the peak memory of this process in MB."""
    from app.services import releases, waves

    base = database(folder)
    imported = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    begun = time.perf_counter()
    waves.close(base, key, None)
    closed = time.perf_counter()
    releases.make(base, releases.Shelf(), key, None)
    done = time.perf_counter()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"close": closed - begun, "make": done - closed, "peak": peak, "imported": imported}


def count_plainly(folder: str, count: int) -> dict[str, Any]:
    """How often each answer was given in each group and school, as Polars counts it, with all cores."""
    import polars

    begun = time.perf_counter()
    frame = polars.read_parquet(f"{folder}/people.parquet")
    counted = [frame.group_by("group", "school", item).len() for item in frame.columns[2:]]
    took = time.perf_counter() - begun
    if sum(counted[0]["len"]) != count:
        raise RuntimeError("Polars counted other people")
    return {"polars": took}


STEPS = {"fill": fill, "make": make, "count": count_plainly}


def child(step: str, folder: str, count: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.release", "--step", step, folder, str(count)]
    out = subprocess.run(
        command, cwd=Path(__file__).parent.parent, capture_output=True, text=True, timeout=LIMIT_SECONDS
    )
    if out.returncode:
        raise RuntimeError(out.stderr[-1500:])
    found: dict[str, Any] = json.loads(out.stdout.splitlines()[-1])
    return found


def main(counts: list[int]) -> None:
    print(f"load average before the start: {os.getloadavg()[0]:.2f} ({os.cpu_count()} cores)", flush=True)
    figures, peaks = [], []
    for count in counts:
        with tempfile.TemporaryDirectory(prefix="soundings-bench-") as folder:
            begun = time.perf_counter()
            child("fill", folder, count)
            print(f"{count:,} responses filled in {time.perf_counter() - begun:.0f} s", flush=True)
            found = child("make", folder, count)
            plain = child("count", folder, count)["polars"] if importlib.util.find_spec("polars") else None
        peaks.append(found["peak"])
        print(
            f"{count:,}: close {found['close']:.2f} s, release {found['make']:.2f} s, peak {found['peak']:.0f} MB "
            f"(imports alone {found['imported']:.0f} MB)"
            + (f", Polars {plain:.3f} s" if plain else ", no Polars here"),
            flush=True,
        )
        ratio = f", {found['make'] / plain:.1f} x Polars" if plain else ""
        goal = f" ({GOALS[count]})" if count in GOALS else ""
        figures.append(f"{count:,} in {found['make']:.2f} s, {found['peak']:.0f} MB{ratio}{goal}")
    growth = f"; peak grows {peaks[-1] - peaks[0]:.0f} MB (goal <= 50)" if len(peaks) > 1 else ""
    print(f"release: {'; '.join(figures)}{growth}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--step"]:
        print(json.dumps(STEPS[sys.argv[2]](sys.argv[3], int(sys.argv[4]))))
    else:
        main([int(n) for n in sys.argv[1:]] or [100_000, 1_000_000])
