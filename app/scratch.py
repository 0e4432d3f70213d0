"""A real server on a database of its own that is gone afterwards: for the demo and for previews.

Decides how it is started, waited for and ended. Everything else goes through HTTP.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from app.console import say
from app.errors import StoreUnavailable


@contextmanager
def server(folder: Path, port: int) -> Iterator[tuple[str, dict[str, str]]]:
    """Start `soundings serve` on a file of its own and wait until it is ready."""
    port = port if port and _is_free(port) else _free_port()
    env = {k: v for k, v in os.environ.items() if not k.startswith("SOUNDINGS_")}
    env |= {
        "SOUNDINGS_DATABASE_URL": f"sqlite:///{folder / 'scratch.db'}",
        "SOUNDINGS_HOST": "127.0.0.1",
        "SOUNDINGS_PORT": str(port),
        "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent.parent), env.get("PYTHONPATH", "")]),
    }
    base = f"http://127.0.0.1:{port}"
    process = subprocess.Popen([sys.executable, "-m", "app", "serve"], env=env)
    try:
        say.print(f"Starting the server at [bold]{base}[/] ...")
        for _ in range(300):
            if process.poll() is not None:
                raise StoreUnavailable("The server ended by itself; see the lines above.")
            try:
                if httpx.get(f"{base}/readyz", timeout=2).status_code == 200:
                    break
            except httpx.TransportError:
                time.sleep(0.1)
        else:
            raise StoreUnavailable("The server was not ready within 30 seconds.")
        yield base, env
    finally:
        process.terminate()
        process.wait(20)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def first_key(env: dict[str, str]) -> str:
    """Make an admin's key for a server that was started so."""
    return subprocess.run(
        [sys.executable, "-m", "app", "key", "create", "--role", "admin", "--name", "scratch"],
        env=env, check=True, capture_output=True, text=True,
    ).stdout.strip()  # fmt: skip


def call(client: httpx.Client, method: str, path: str, body: Any = None) -> Any:
    reply = client.request(method, path, json=body)
    reply.raise_for_status()
    return reply.json()
