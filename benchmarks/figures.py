"""Gaps, trends, reliability and priorities of a wave, computed from what its release sealed.

    python -m benchmarks.figures [N]

Two waves of N responses (default: 1,000,000) are filled, closed and released. A fresh process then makes each document
three times, each time with nothing kept from before; the median, with the seconds that Polars takes for 30 group-bys of
the same wave from Parquet. Filling takes most of the time.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import release

GOAL, ROUNDS = 1.0, 3


def ready(folder: str, count: int) -> None:
    """Fill, close and release two waves."""
    for key in ("v", "w"):
        release.fill(folder, count, key)
        release.make(folder, count, key)


def measure(folder: str, count: int) -> dict[str, float]:
    """Seconds for each document, and for the plain counts."""
    from app.auth import Caller
    from app.services import gaps, priorities, releases, reliability, trends

    base, by = release.database(folder), Caller("benchmark", "benchmark", "director")
    base.is_current()
    asked: dict[str, Any] = {
        "gaps": lambda shelf: gaps.read(base, shelf, by, "w", a="family", b="staff"),
        "gaps of four groups": lambda shelf: gaps.read(
            base, shelf, by, "w", groups="family,staff,liaison,school_leader"
        ),
        "gaps at a school": lambda shelf: gaps.read(base, shelf, by, "w", a="family", b="staff", school="school-07"),
        "trends": lambda shelf: trends.read(base, shelf, by, ("v", "w")),
        "reliability": lambda shelf: reliability.read(base, shelf, by, "w"),
        "priorities": lambda shelf: priorities.read(base, shelf, by, "w"),
    }
    found = {}
    for name, read in asked.items():
        times = []
        for _ in range(ROUNDS):
            begun = time.perf_counter()
            body, _ = read(releases.Shelf())
            times.append(time.perf_counter() - begun)
        found[name] = median(times)
        found[f"{name}, bytes"] = len(body)
    if importlib.util.find_spec("polars"):
        found["polars"] = release.count_plainly(folder, count)["polars"]
    return found


STEPS = {"ready": ready, "measure": measure}


def child(step: str, folder: str, count: int) -> Any:
    command = [sys.executable, "-m", "benchmarks.figures", "--step", step, folder, str(count)]
    out = subprocess.run(
        command, cwd=Path(__file__).parent.parent, capture_output=True, text=True, timeout=release.LIMIT_SECONDS
    )
    if out.returncode:
        raise RuntimeError(out.stderr[-1500:])
    return json.loads(out.stdout.splitlines()[-1])


def main(count: int) -> None:
    print(f"load average before the start: {os.getloadavg()[0]:.2f} ({os.cpu_count()} cores)", flush=True)
    with tempfile.TemporaryDirectory(prefix="soundings-bench-") as folder:
        child("ready", folder, count)
        found = child("measure", folder, count)
    plain = found.pop("polars", None)
    names = [name for name in found if not name.endswith(", bytes")]
    for name in names:
        ratio = f", {found[name] / plain:.2f} x Polars" if plain else ""
        print(f"{name:20} {found[name]:.3f} s, {found[f'{name}, bytes']:,} bytes{ratio}")
    told = f"; Polars counts alone: {plain:.3f} s" if plain else ""
    print(f"figures of {count:,}: at most {max(found[name] for name in names):.2f} s (goal < {GOAL:.0f} s each){told}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--step"]:
        print(json.dumps(STEPS[sys.argv[2]](sys.argv[3], int(sys.argv[4]))))
    else:
        main(int(sys.argv[1]) if sys.argv[1:] else 1_000_000)
