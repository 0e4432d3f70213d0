"""Node for the tests: scripts beside this file, fed JSON lines, with the npm packages of the lock beside them."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent


@cache
def ready() -> str:
    """Give the way to Node, with the locked packages installed; skip where there is none, but never in CI."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        if os.environ.get("CI") == "true":
            pytest.fail("CI must run the tests that need Node and npm; install them")
        pytest.skip("Node and npm are needed")
    stamp, lock = HERE / "node_modules" / ".soundings-lock", (HERE / "package-lock.json").read_text(encoding="utf-8")
    with (HERE / "package.json").open() as held:  # several processes of pytest may come here at once
        fcntl.flock(held, fcntl.LOCK_EX)
        if not stamp.exists() or stamp.read_text(encoding="utf-8") != lock:
            subprocess.run(
                [npm, "ci", "--no-audit", "--no-fund"], cwd=HERE, check=True, capture_output=True, timeout=300
            )
            stamp.write_text(lock, encoding="utf-8")
    return node


def feed(script: str, commands: Iterable[Any], *arguments: str, timeout: float = 300, **environment: str) -> list[Any]:
    """Run a script beside this file on one JSON command a line; its answers, one a command."""
    said = "".join(json.dumps(command) + "\n" for command in commands)
    done = subprocess.run(
        [ready(), str(HERE / script), *arguments],
        input=said, capture_output=True, encoding="utf-8", timeout=timeout,
        env={**os.environ, "NODE_NO_WARNINGS": "1", **environment},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    assert not done.stderr, done.stderr[-3000:]
    return [json.loads(line) for line in done.stdout.splitlines()]
