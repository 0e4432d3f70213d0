"""Reading a school's slice of a standing release, whole and as 304, against `/healthz` of the same server.

    python -m benchmarks.reads

Four schools, four groups, 30 items; 500 requests of each kind in turn, on one connection. Takes about 10 s.
"""

from __future__ import annotations

import random
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import ground
from tests.factories import SCHOOLS

REQUESTS, RESPONSES = 500, 2_000
GOALS = {"slice": 5.0, "304": 2.0}


def main() -> None:
    ground.say_load()
    chance = random.Random(3)
    with (
        tempfile.TemporaryDirectory(prefix="soundings-bench-") as folder,
        ground.soundings(Path(folder), ground.GROUPS) as (admin, _),
    ):
        lines = [ground.response(chance, group=chance.choice(ground.GROUPS)) for _ in range(RESPONSES)]
        admin.call("POST", "/v1/waves/w/responses/bulk", b"\n".join(lines), Content_Type="application/x-ndjson")
        admin.call("POST", "/v1/waves/w/close", b"")
        admin.call("POST", "/v1/waves/w/releases", b"")
        path = f"/v1/waves/w/schools/{SCHOOLS[0]}/summary"
        first = admin.call("GET", path)
        requests: dict[str, tuple[str, dict[str, Any]]] = {
            "healthz": ("/healthz", {}),
            "slice": (path, {}),
            "304": (path, {"expect": (304,), "If_None_Match": first.headers["ETag"]}),
        }
        times: dict[str, list[float]] = {name: [] for name in requests}
        for _ in range(REQUESTS):
            for name, (address, more) in requests.items():
                begun = time.perf_counter()
                admin.call("GET", address, **more)
                times[name].append((time.perf_counter() - begun) * 1e3)
    print(f"slice of {len(first.data):,} bytes")
    for name, taken in times.items():
        print(f"{name:8} p50 {median(taken):.2f} ms  p99 {sorted(taken)[REQUESTS * 99 // 100]:.2f} ms")
    base = median(times["healthz"])
    figures = [
        f"{n} p50 {median(times[n]):.2f} ms (goal < {g:g}), {median(times[n]) / base:.1f} x" for n, g in GOALS.items()
    ]
    print(f"reads: {'; '.join(figures)} /healthz ({base:.2f} ms)")


if __name__ == "__main__":
    main()
