"""The report of a union of four schools with 35 questions a group, against an empty template and an empty page.

    python -m benchmarks.report

`read` is what a reader waits for when somebody has looked at the gaps, trends and priorities of the release before;
`first`, when nobody has, so that these are computed as well; `other`, when the report was drawn in the other format
before; `again`, when it was in this one. Families and staff, an earlier wave to compare with, and 40 comments; seconds
of the processor, the best of 7, and of `first` those that pass as well. Takes 30 s.
"""

from __future__ import annotations

import gc
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jinja2
import typst

from app.auth import Caller
from app.config import Settings
from app.render import charts
from app.services import reports
from app.services.releases import Shelf
from benchmarks import ground
from tests import factories
from tests.server import Api, must
from tests.services.sending import bulk

GOALS = {"html": 0.3, "pdf": 1.5}
LARGEST = 1_000_000
ROUNDS = 7
ITEMS = tuple(f"i{n:02d}" for n in range(1, 36))
PEOPLE = {"family": 60, "staff": 20}
DIRECTOR = Caller("benchmark", "benchmark", "director")


def definition(group: str) -> dict[str, Any]:
    """35 ratings in seven constructs, the last the outcome, and an open question."""
    constructs = [
        {"key": f"c{n}", "title": factories.en(f"Construct number {n}"), "setting": "school"} for n in range(7)
    ]
    text = "Students who need extra help at school can get it ({})"
    items = [
        factories.rating(key, construct=f"c{n // 5}", text=factories.en(text.format(key)))
        for n, key in enumerate(ITEMS)
    ]
    items[-1]["outcome"] = True
    items.append({"key": "why", "kind": "text", "text": factories.en("What would you change?")})
    return factories.definition(group, items, constructs=constructs)


def field(api: Api, dice: random.Random, **more: Any) -> str:
    """Field, fill, close and release a wave, and pass comments."""
    promise = {group: {"mode": "confidential", "minimum": 10} for group in PEOPLE}
    wave = api.wave(*(definition(group) for group in PEOPLE), promise=promise, **more)
    cells = [(group, school) for group in PEOPLE for school in factories.SCHOOLS]
    counts = [{"group": group, "school": school, "eligible": 2 * PEOPLE[group]} for group, school in cells]
    must(api.admin.put(f"/v1/waves/{wave}/roster", json={"source": "benchmark", "counts": counts}))
    bulk(api.admin, wave, [
        factories.response(group, school, {key: dice.choice(factories.AGREE) for key in ITEMS} | {"why": "More time."})
        for group, school in cells for _ in range(PEOPLE[group])
    ])  # fmt: skip
    must(api.admin.post(f"/v1/waves/{wave}/close"))
    must(api.admin.post(f"/v1/waves/{wave}/releases"), 201)
    for comment in must(api.admin.get(f"/v1/waves/{wave}/comments?limit=40"))["items"]:
        must(api.admin.patch(f"/v1/waves/{wave}/comments/{comment['id']}", json={"status": "shown"}))
    return wave


def timed(call: Callable[[], Any]) -> float:
    """Seconds of the processor: drawing is done by one thread, and they do not depend on who else is busy."""
    begun = time.process_time()
    call()
    return time.process_time() - begun


def main() -> None:
    ground.say_load()
    dice = random.Random(7)
    with tempfile.TemporaryDirectory(prefix="soundings-bench-") as folder:
        api = Api(
            Settings(database_url=f"sqlite:///{Path(folder) / 'soundings.db'}", secret="only-for-the-benchmark-only")
        )
        try:
            field(api, dice, opens_at=factories.iso(days=-300))
            wave = field(api, dice)
            charts.warm()
            gc.collect()
            gc.freeze()  # as in a server
            measure(api, wave)
        finally:
            api.stop()


def measure(api: Api, wave: str) -> None:
    def draw(shelf: Shelf) -> int:
        return len(reports.read(api.database, shelf, DIRECTOR, wave, form)[0].body)

    empty: dict[str, Callable[[], Any]] = {
        "html": lambda: jinja2.Template("<!doctype html><title>Empty</title>").render(),
        "pdf": lambda: typst.compile(b"Empty.", format="pdf", ignore_system_fonts=True),
    }
    for form, goal in GOALS.items():
        kept = Shelf()
        size = draw(kept)
        times: dict[str, list[float]] = {name: [] for name in ("first", "read", "other", "again", "empty")}
        passed = []
        for _ in range(ROUNDS):
            begun = time.perf_counter()
            times["first"].append(timed(lambda: draw(Shelf())))
            passed.append(time.perf_counter() - begun)
            kept.files.clear()
            times["other"].append(timed(lambda shelf=kept: draw(shelf)))
            kept.files.clear()
            kept.reports.clear()
            times["read"].append(timed(lambda shelf=kept: draw(shelf)))
            times["again"].append(timed(lambda shelf=kept: draw(shelf)))
            times["empty"].append(timed(empty[form]))
        took = {name: min(found) for name, found in times.items()}
        said = ", ".join(f"{name} {seconds * 1e3:.1f} ms" for name, seconds in took.items())
        print(
            f"report {form}: {said}; first, as time passes, {min(passed) * 1e3:.1f} ms (goal: < {goal * 1e3:.0f} ms); "
            f"read is {took['read'] / took['empty']:.0f} x empty; {size / 1e3:.0f} kB (goal < {LARGEST / 1e3:.0f} kB)"
        )


if __name__ == "__main__":
    main()
