"""What the benchmarks share: servers that are started and ended, a small client, an instrument, the machine's load."""

from __future__ import annotations

import http.client
import json
import os
import random
import socket
import sqlite3
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from tests import factories

ROOT = Path(__file__).parent.parent
ITEMS = tuple(f"i{n:02d}" for n in range(1, 31))
VALUES = (*factories.AGREE, "dont_know")
GROUPS = ("family", "staff", "liaison", "school_leader")


def definition(group: str) -> dict[str, Any]:
    """An instrument of thirty ratings on a scale of five: six constructs of five items, the last item the outcome."""
    constructs = [{"key": f"c{n}", "title": factories.en(f"C{n}"), "setting": "school"} for n in range(6)]
    items = [factories.rating(key, construct=f"c{n // 5}") for n, key in enumerate(ITEMS)]
    items[-1]["outcome"] = True
    return factories.definition(group, items, constructs=constructs)


def answers(chance: random.Random, answered: float = 1.0) -> dict[str, str]:
    return {key: chance.choice(VALUES) for key in ITEMS if chance.random() < answered}


def response(chance: random.Random, schools: tuple[str, ...] = factories.SCHOOLS, group: str = "family") -> bytes:
    """One response as a line of JSON, with an id of its own."""
    body = {"id": str(uuid.uuid4()), "group": group, "school": chance.choice(schools), "answers": answers(chance)}
    return json.dumps(body, separators=(",", ":")).encode()


class Client:
    """One keep-alive connection."""

    def __init__(self, port: int, key: str = "") -> None:
        self.port, self.key = port, key
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def call(
        self, method: str, path: str, body: Any = None, *, expect: tuple[int, ...] = (200, 201), **more: str
    ) -> Any:
        """Send a request and give the reply, its `data` read; an unexpected status ends the benchmark."""
        headers = {"Authorization": f"Bearer {self.key}", **{name.replace("_", "-"): v for name, v in more.items()}}
        if body is not None:
            headers.setdefault("Content-Type", "application/json")
            body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self._connection.request(method, path, body, headers)
        reply = self._connection.getresponse()
        reply.data = reply.read()  # type: ignore[attr-defined]
        if reply.status not in expect:
            raise RuntimeError(f"{method} {path}: {reply.status} {reply.data[:300]!r}")  # type: ignore[attr-defined]
        return reply


@contextmanager
def started(folder: Path, *command: str, probe: str, **more: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Run `python -m command` on a free port ("{port}" in the command or SOUNDINGS_PORT) until the block ends."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    env = {name: value for name, value in os.environ.items() if not name.startswith("SOUNDINGS_")}
    env |= {"SOUNDINGS_PORT": str(port), "SOUNDINGS_DATABASE_URL": f"sqlite:///{folder / 'soundings.db'}", **more}
    arguments = [part.format(port=port) for part in command]
    with (folder / "server.log").open("ab") as log:
        server = subprocess.Popen([sys.executable, "-m", *arguments], cwd=ROOT, env=env, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 30
        while True:
            try:
                Client(port).call("GET", probe)
                break
            except (OSError, RuntimeError):
                if server.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError((folder / "server.log").read_text()[-1000:]) from None
                time.sleep(0.05)
        yield port, env
    finally:
        server.terminate()
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


@contextmanager
def soundings(folder: Path, groups: tuple[str, ...] = ("family",)) -> Iterator[tuple[Client, str]]:
    """Run `soundings serve` with one worker and an open wave `w` of four schools; an admin's client, a sender's key."""
    with started(folder, "app", "serve", probe="/readyz", SOUNDINGS_WORKERS="1") as (port, env):
        create = [sys.executable, "-m", "app", "key", "create", "--name", "benchmark", "--role"]
        made = [subprocess.check_output([*create, r], cwd=ROOT, env=env, text=True) for r in ("admin", "collector")]
        admin, sender = Client(port, made[0].strip()), made[1].strip()
        for school in factories.SCHOOLS:
            admin.call("PUT", f"/v1/schools/{school}", {"name": school})
        fielded = {}
        for group in groups:
            stored = json.loads(admin.call("POST", "/v1/instruments", definition(group)).data)
            fielded[group] = f"{stored['key']}@{stored['version']}"
        admin.call("PUT", "/v1/waves/w", factories.wave(fielded))
        yield admin, sender


def baseline(folder: Path, name: str) -> Any:
    """Run one of the applications of `benchmarks.baselines` in the same uvicorn, with the same settings."""
    uvicorn = ("uvicorn", f"benchmarks.baselines:{name}", "--host", "127.0.0.1", "--port", "{port}", "--workers", "1")
    quick = ("--loop", "uvloop", "--http", "httptools", "--no-access-log", "--no-server-header")
    return started(folder, *uvicorn, *quick, "--log-level", "warning", probe="/healthz", BASELINE_FOLDER=str(folder))


def copy(database: Path, to: Path) -> None:
    """Copy an SQLite database that is in use."""
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("VACUUM INTO ?", (str(to),))


def say_load() -> None:
    """Print how busy the machine was before the measurement: above about 0.5 the figures are of a shared machine."""
    print(f"load average before the start: {os.getloadavg()[0]:.2f} ({os.cpu_count()} cores)", flush=True)
