"""The process in which responses are committed, and the end of it that a server holds.

A commit in a thread would share the interpreter with the event loop: each of its steps waits for a turn, and makes
requests wait for theirs. In a process of its own it costs a server one message a batch. It ends when its server does.
Imports little, since every server process has one.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import orjson

from app.services.ledger import Ledger, Outcome, Submission, Verdict
from app.services.store import Row, store_for

_SIZE = 8  # bytes that say how long a message is


class ScribeGone(Exception):
    """The process ended before it answered; what it was given is stored or not, and safe to send again."""


class Scribe:
    """Commits batches in a process of its own, which is started when needed and again after it has ended.

    Used by one thread at a time.
    """

    def __init__(self, kind: str, target: str) -> None:
        self._opening = orjson.dumps([kind, target])
        self._process: subprocess.Popen[bytes] | None = None

    def enter(self, batch: Sequence[Submission]) -> list[Outcome]:
        """Have a batch committed, as `Ledger.enter`. Raises ScribeGone."""
        message = orjson.dumps([(s.revision, [tuple(row) for row in s.rows]) for s in batch])
        try:
            process = self._started()
            assert process.stdin is not None
            assert process.stdout is not None
            _send(process.stdin, message)
            answer = _receive(process.stdout)
        except OSError:
            answer = None
        if answer is None:
            self.close()
            raise ScribeGone
        return [o if isinstance(o, str) else [Verdict(*verdict) for verdict in o] for o in orjson.loads(answer)]

    def start(self) -> None:
        """Start the process, without waiting until it is ready."""
        self._started()

    def close(self) -> None:
        """End the process after what it was given."""
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(OSError):
            process.communicate(timeout=30)  # closes its input, the sign to end
        if process.poll() is None:
            process.kill()
            process.wait()

    @property
    def pid(self) -> int | None:
        return None if self._process is None else self._process.pid

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            root = str(Path(__file__).parents[2])
            path = os.pathsep.join([root, *filter(None, [os.environ.get("PYTHONPATH")])])
            self._process = subprocess.Popen(
                [sys.executable, "-m", __name__],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env={**os.environ, "PYTHONPATH": path},
            )
            assert self._process.stdin is not None
            _send(self._process.stdin, self._opening)  # not an argument: an address may hold a password
        return self._process


# ------------------------------------------------------------------ the process itself
def serve(given: IO[bytes], answers: IO[bytes]) -> None:
    """Commit batches until there are no more."""
    opening = _receive(given)
    if opening is None:
        return
    ledger = Ledger(store_for(*orjson.loads(opening)))
    while (message := _receive(given)) is not None:
        batch = [Submission(revision, [Row(*row) for row in rows]) for revision, rows in orjson.loads(message)]
        outcomes: list[Any] = [o if isinstance(o, str) else [tuple(v) for v in o] for o in ledger.enter(batch)]
        _send(answers, orjson.dumps(outcomes))
    ledger.close()


def _send(to: IO[bytes], message: bytes) -> None:
    to.write(len(message).to_bytes(_SIZE) + message)
    to.flush()


def _receive(source: IO[bytes]) -> bytes | None:
    """Read one message; None at the end, also of one that is cut off."""
    head = source.read(_SIZE)
    if len(head) < _SIZE:
        return None
    message = source.read(size := int.from_bytes(head))
    return message if len(message) == size else None


if __name__ == "__main__":
    for sign in (signal.SIGINT, signal.SIGTERM):  # they mean the server; this process ends when its input does
        signal.signal(sign, signal.SIG_IGN)
    with suppress(BrokenPipeError):
        serve(sys.stdin.buffer, sys.stdout.buffer)
