"""What the tests of changes and webhooks share: waves to which things happen, threads that start at once, a receiver.

The receiver is a server on loopback that remembers what came, and answers as it is told.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import orjson
from sqlmodel import col, select
from standardwebhooks import Webhook

from app.db import Database
from app.models.tables import Wave, WebhookDelivery

AT = datetime(2022, 10, 3, 4, 5, 6, tzinfo=UTC)
LOOPBACK = ("127.0.0.0/8", "::1")


@dataclass
class Message:
    """One request that arrived."""

    path: str
    headers: dict[str, str]
    body: bytes
    answered: int | None = None

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def payload(self) -> dict[str, Any]:
        return dict(orjson.loads(self.body))

    def verified(self, secret: str) -> dict[str, Any]:
        """Read the message as a receiver should: nothing of it is believed before its signature is."""
        return dict(Webhook(secret).verify(self.body, self.headers))


@dataclass
class Receiver:
    """A server on a free port; `answers` are given one after the other, then 204 for ever."""

    answers: list[int] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    held: threading.Event = field(default_factory=threading.Event)
    got: list[Message] = field(default_factory=list)

    def __post_init__(self) -> None:
        receiver = self
        self.held.set()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                message = Message(self.path, {k.lower(): v for k, v in self.headers.items()}, body)
                receiver.got.append(message)
                receiver.held.wait(30)
                message.answered = receiver.answers.pop(0) if receiver.answers else 204
                try:
                    self.send_response(message.answered)
                    for name, value in receiver.headers.items():
                        self.send_header(name, value)
                    self.send_header("content-length", "0")
                    self.end_headers()
                except OSError:
                    pass  # nobody waits any more

            def do_GET(self) -> None:
                self.do_POST()

            def log_message(self, format: str, *arguments: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_port
        self.url = f"http://127.0.0.1:{self.port}/hook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self.held.set()
        self.server.shutdown()
        self.server.server_close()

    def wait_for(self, count: int) -> list[Message]:
        """Wait until so many messages have come and were answered."""
        until(lambda: len([m for m in self.got if m.answered is not None]) >= count)
        return list(self.got)


def until(holds: Callable[[], object], seconds: float = 20) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def fielded(database: Database, *keys: str) -> None:
    with database.write() as session:
        for key in keys:
            session.add(
                Wave(
                    key=key, title=key, opens_at=AT, closes_at=AT.replace(year=2999), time_zone="UTC", schools=["x"],
                    promise={"family": {"mode": "attributed"}},
                )
            )  # fmt: skip


def at_once(jobs: list[Callable[[], object]]) -> None:
    failures: list[BaseException] = []
    start = threading.Barrier(len(jobs))

    def run(job: Callable[[], object]) -> None:
        start.wait()
        try:
            job()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=(job,), daemon=True) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    assert failures == []


def make_due(database: Database, hook: str | None = None) -> None:
    """Let the time pass until everything that waits is due."""
    with database.write() as session:
        for row in session.exec(select(WebhookDelivery).where(col(WebhookDelivery.due_at).is_not(None))):
            if hook in (None, row.webhook):
                row.due_at = database.now(session) - timedelta(seconds=1)
