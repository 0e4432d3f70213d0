"""Bulk of 10 x 10,000 responses of 30 items through HTTP, one worker, against reading and decoding the same lines.

    python -m benchmarks.bulk

The two servers take turns with the same body. Takes about 20 s.
"""

from __future__ import annotations

import json
import random
import tempfile
import time
from pathlib import Path

from benchmarks import ground

BULKS, LINES, GOAL = 10, 10_000, 20_000


def main() -> None:
    ground.say_load()
    chance = random.Random(2)
    mine: list[float] = []
    bare: list[float] = []
    with (
        tempfile.TemporaryDirectory(prefix="soundings-bench-") as folder,
        ground.soundings(Path(folder)) as (admin, sender),
        ground.baseline(Path(folder), "lines") as (port, _),
    ):
        client, plain = ground.Client(admin.port, sender), ground.Client(port)
        for _ in range(BULKS):
            body = b"\n".join(ground.response(chance) for _ in range(LINES))
            begun = time.perf_counter()
            reply = client.call("POST", "/v1/waves/w/responses/bulk", body, Content_Type="application/x-ndjson")
            mine.append(time.perf_counter() - begun)
            if json.loads(reply.data)["accepted"] != LINES:
                raise RuntimeError(f"not every line was accepted: {reply.data[:300]!r}")
            begun = time.perf_counter()
            plain.call("POST", "/responses/bulk", body, Content_Type="application/x-ndjson")
            bare.append(time.perf_counter() - begun)
            print(f"{LINES / mine[-1]:7.0f}/s   decoding only {LINES / bare[-1]:7.0f}/s", flush=True)
    rate, base = BULKS * LINES / sum(mine), BULKS * LINES / sum(bare)
    print(f"bulk: {rate:.0f} responses/s (goal >= {GOAL}), {rate / base:.2f} x decoding only ({base:.0f}/s)")


if __name__ == "__main__":
    main()
