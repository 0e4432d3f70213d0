"""The demo: a real server, four schools, four instruments, simulated people, and what they say.

Everything goes through HTTP, as it would for a front end and for a director. Every answer is made by a random number
generator with a fixed seed and is labeled as simulated.
"""

from __future__ import annotations

import math
import random
import signal
import tempfile
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import yaml
from rich.console import Console
from rich.progress import Progress

from app.render.terminal import summary_view
from app.scratch import call, first_key, server
from app.survey.codebook import Codebook
from app.survey.instrument import Instrument, parse

LIBRARY = Path(__file__).parent / "survey" / "library"
WAVE, NEXT_WAVE = "demo-fall", "demo-spring"
SCHOOLS = {"erving": "Erving", "leverett": "Leverett", "shutesbury": "Shutesbury", "swift-river": "Swift River"}
# group -> school -> (eligible, answering)
PEOPLE: dict[str, dict[str, tuple[int, int]]] = {
    "family": {"erving": (118, 64), "leverett": (96, 51), "shutesbury": (92, 47), "swift-river": (124, 71)},
    "staff": {"erving": (29, 22), "leverett": (26, 19), "shutesbury": (24, 17), "swift-river": (15, 8)},
    "liaison": {"erving": (2, 2), "leverett": (1, 1), "shutesbury": (2, 2), "swift-river": (1, 1)},
    "school_leader": dict.fromkeys(SCHOOLS, (1, 1)),
}
TILT = {"family": 0.2, "staff": 0.5, "liaison": 0.1, "school_leader": 0.6, "swift-river": -0.5, "leverett": 0.3}

out = Console(highlight=False)


def run(*, exit_after: bool, port: int) -> None:
    """Run the demo; unless `exit_after`, leave the server running until it is interrupted."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a demo that is told to end takes its server along
    with tempfile.TemporaryDirectory(prefix="soundings-demo-") as folder, server(Path(folder), port) as (base, env):
        secret = first_key(env)
        with httpx.Client(base_url=base, timeout=30, headers={"Authorization": f"Bearer {secret}"}) as admin:
            director = call(admin, "POST", "/v1/keys", {"role": "director", "name": "Demo director"})["key"]
            books = _field(admin)
            _send(admin, books)
            call(admin, "POST", f"/v1/waves/{WAVE}/close")
            summary = call(admin, "GET", f"/v1/waves/{WAVE}/summary")
            page = _open(admin)
        _show(summary)
        if exit_after:
            return
        _invite(base, director, page)
        try:
            signal.pause()
        except KeyboardInterrupt:
            out.print("\nStopped. The demo's database is gone.")


# ------------------------------------------------------------------ fielding
def _field(admin: httpx.Client) -> dict[str, Codebook]:
    """Put schools, instruments, the wave and its roster; the codebook of each group."""
    for key, name in SCHOOLS.items():
        call(admin, "PUT", f"/v1/schools/{key}", {"name": f"{name} Elementary", "district": "School Union (demo)"})
    books: dict[str, Codebook] = {}
    fielded: dict[str, str] = {}
    for file in sorted(LIBRARY.glob("*.yaml")):
        definition = yaml.safe_load(file.read_text(encoding="utf-8"))
        stored = call(admin, "POST", "/v1/instruments", definition)
        instrument: Instrument = parse(definition)
        books[instrument.group], fielded[instrument.group] = (
            Codebook(instrument),
            f"{stored['key']}@{stored['version']}",
        )
    now = datetime.now(UTC)
    wave = {
        "title": "Demo, fall (SIMULATED answers)",
        "simulated": True,
        "opens_at": (now - timedelta(hours=1)).isoformat(),
        "closes_at": (now + timedelta(days=14)).isoformat(),
        "time_zone": "America/New_York",
        "schools": list(SCHOOLS),
        "instruments": fielded,
        "promise": {
            "family": {"mode": "confidential", "minimum": 10},
            "staff": {"mode": "confidential", "minimum": 10},
            "liaison": {"mode": "attributed"},
            "school_leader": {"mode": "attributed"},
        },
    }
    call(admin, "PUT", f"/v1/waves/{WAVE}", wave)
    counts = [
        {"group": group, "school": school, "eligible": eligible}
        for group, at in PEOPLE.items()
        for school, (eligible, _) in at.items()
    ]
    call(admin, "PUT", f"/v1/waves/{WAVE}/roster", {"source": "simulated", "counts": counts})
    return books


def _send(admin: httpx.Client, books: dict[str, Codebook]) -> None:
    """POST one response a simulated person, eight at a time."""
    dice = random.Random(28)
    bodies = [
        simulated_response(dice, books[group], school)
        for group, at in PEOPLE.items()
        for school, (_, answering) in at.items()
        for _ in range(answering)
    ]
    dice.shuffle(bodies)
    with Progress(console=out) as progress, ThreadPoolExecutor(8) as pool:
        bar = progress.add_task(f"Sending {len(bodies)} simulated responses", total=len(bodies))
        for _ in pool.map(lambda body: call(admin, "POST", f"/v1/waves/{WAVE}/responses", body), bodies):
            progress.advance(bar)


def _open(admin: httpx.Client) -> str:
    """Put a second wave that stays open, to be answered by whoever is curious; the address of its family page."""
    past = call(admin, "GET", f"/v1/waves/{WAVE}")
    wave = {
        **{name: past[name] for name in ("opens_at", "closes_at", "time_zone", "schools", "instruments")},
        "title": "Demo, spring",
        "simulated": True,
    }
    call(admin, "PUT", f"/v1/waves/{NEXT_WAVE}", wave)
    links = call(admin, "GET", f"/v1/waves/{NEXT_WAVE}/links")["items"]
    return str(next(one["address"] for one in links if one["group"] == "family" and one["school"] is None))


# ------------------------------------------------------------------ simulated people
def simulated_response(dice: random.Random, book: Codebook, school: str) -> dict[str, Any]:
    """Make up one person's response: a leaning of the person, the group, the school and the item, and some noise."""
    group = book.instrument.group
    leaning = dice.gauss(TILT.get(group, 0) + TILT.get(school, 0), 0.7)
    answers: dict[str, Any] = {}
    for item in book.instrument.items:
        if item.show_if is not None and not item.show_if.compile()(answers):
            continue
        if dice.random() < 0.03 and not item.required:
            continue
        columns = book.of_item.get(item.key)
        if columns is None:
            if dice.random() < 0.25:
                answers[item.key] = dice.choice(["[simulated] Thank you.", "[simulated] More time to meet would help."])
        elif columns[0].option is not None:
            answers[item.key] = [c.option for c in columns if dice.random() < 0.3]
        else:
            tilt = leaning + 0.6 * math.sin(sum(map(ord, item.key)))
            answers[item.key] = _choice(dice, columns[0], tilt)
    return {
        "id": str(uuid.UUID(int=dice.getrandbits(128), version=4)),
        "group": group,
        "school": school,
        "locale": dice.choice(["en", "en", "en", "es"]) if group == "family" else "en",
        "answers": answers,
    }


def _choice(dice: random.Random, column: Any, tilt: float) -> Any:
    """Pick a code: by the score where there is one, evenly otherwise; "not applicable" now and then."""
    outside = sorted(column.not_applicable)
    if outside and dice.random() < 0.04:
        return column.codes[outside[0]]
    codes = [c for c in column.codes if c not in column.not_applicable]
    if not column.scores:
        return column.codes[dice.choice(codes)]
    low, high = min(column.scores.values()), max(column.scores.values())
    wanted = (low + high) / 2 + (high - low) / 4 * (tilt + dice.gauss(0, 0.8))
    return column.codes[min(codes, key=lambda c: abs(column.scores[c] - wanted))]


# ------------------------------------------------------------------ showing
def _show(summary: dict[str, Any]) -> None:
    out.print()
    out.rule()
    briefly = [entry for entry in summary["items"] if entry["construct"] is None]
    for part in summary_view({**summary, "items": briefly}, SCHOOLS):
        out.print(part)
    out.print(
        "Simulated answers. A school's figure is shown only when it stands on at least 10 people, and nothing can "
        "be had by subtracting; smaller schools are pooled.\nThis is release 1; reading it computes nothing.",
        style="dim",
    )


def _invite(base: str, director: str, page: str) -> None:
    header = f'-H "Authorization: Bearer {director}"'
    out.print(f"\nThe server runs at [bold]{base}[/] (documentation at {base}/docs). Stop it with Ctrl+C.")
    out.print("The director's key, for this demo alone. It opens the pages at that address, too:")
    out.print(f"  {director}\n", soft_wrap=True)
    out.print("What a family sees, in English and Spanish; the survey of spring is open:")
    out.print(f"  {page}\n", soft_wrap=True)
    out.print("Worth trying:")
    for path in ("summary?construct=communication", "groups/staff/summary", "participation"):
        print(f'  curl -s {header} "{base}/v1/waves/{WAVE}/{path}" | python3 -m json.tool | head -60')
