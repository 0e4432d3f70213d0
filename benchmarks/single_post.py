"""Durable POST of one response of 30 items, 16 connections, one worker, against an echo and a session per request.

    python -m benchmarks.single_post

Three rounds of 4 s for each of the three servers, one after the other; medians. Takes about 50 s.
"""

from __future__ import annotations

import random
import tempfile
from pathlib import Path
from statistics import median

from benchmarks import ground, load

ROUNDS, SECONDS = 3, 4.0
GOALS = {"echo": 0.55, "orm": 8.0}


def main() -> None:
    ground.say_load()
    print(f"load client: benchmarks.load, {load.PROCESSES} processes, 16 connections")
    line = ground.response(random.Random(1))
    body = b'{"id":"{id}"' + line[line.index(b',"group"') :]
    with (
        tempfile.TemporaryDirectory(prefix="soundings-bench-") as folder,
        ground.soundings(Path(folder)) as (admin, sender),
        ground.baseline(Path(folder), "echo") as (echo, _),
        ground.baseline(Path(folder), "orm") as (orm, _),
    ):
        ground.copy(Path(folder) / "soundings.db", Path(folder) / "orm.db")
        servers = {
            "soundings": (admin.port, "/v1/waves/w/responses"),
            "echo": (echo, "/responses"),
            "orm": (orm, "/responses"),
        }
        for port, path in servers.values():
            load.run(port, path, sender, body, 1)  # warm up
        seen: dict[str, list[load.Result]] = {name: [] for name in servers}
        for _ in range(ROUNDS):
            for name, (port, path) in servers.items():
                result = load.run(port, path, sender, body, SECONDS)
                seen[name].append(result)
                print(
                    f"{name:10} {result.rate:7.0f}/s  p50 {result.p50 * 1e3:5.1f} ms  p99 {result.p99 * 1e3:6.1f} ms",
                    flush=True,
                )
    rates = {name: median(result.rate for result in results) for name, results in seen.items()}
    mine = rates.pop("soundings")
    ratios = [f"{mine / rate:.2f} x {name} (goal >= {GOALS[name]:g})" for name, rate in rates.items()]
    print(f"single POST: {mine:.0f}/s, {', '.join(ratios)}")


if __name__ == "__main__":
    main()
