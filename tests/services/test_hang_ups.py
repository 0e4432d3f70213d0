"""Clients that hang up, or fall silent, half-way: nothing is kept busy by them and nobody else notices."""

from __future__ import annotations

import json
import logging
import socket
import time
from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs

from tests import factories
from tests.server import Api, must
from tests.services.sending import export

GONE = 300
SILENT = 50


@pytest.fixture
def server_log() -> Iterator[list[str]]:
    """What the server logs as an error, tracebacks included."""
    lines: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(self.format(record))

    handler = Keep(logging.WARNING)
    loggers = [logging.getLogger(name) for name in ("uvicorn", "uvicorn.error", "asyncio", "")]
    for logger in loggers:
        logger.addHandler(handler)
    yield lines
    for logger in loggers:
        logger.removeHandler(handler)


def half(api: Api, secret: str, path: str, media_type: str, *, chunked: bool = False) -> bytes:
    """A request whose body stops in the middle."""
    length = "Transfer-Encoding: chunked" if chunked else "Content-Length: 400"
    body = b"c8\r\n" + b" " * 150 if chunked else b'{"group": "family", "school": "er' + b" " * 150
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{api.port}\r\nAuthorization: Bearer {secret}\r\n"
        f"Content-Type: {media_type}\r\n{length}\r\n\r\n"
    )
    return head.encode() + body


def test_hang_ups(api: Api, server_log: list[str]) -> None:
    wave = api.wave()
    secret = api.secret("collector")
    must(api.admin.post(f"/v1/waves/{wave}/responses", json=factories.response()), 201)
    one, many = f"/v1/waves/{wave}/responses", f"/v1/waves/{wave}/responses/bulk"
    halves = [
        half(api, secret, one, "application/json"),
        half(api, secret, one, "application/json", chunked=True),
        half(api, secret, many, "application/x-ndjson"),
        half(api, secret, one, "application/json")[:60],  # not even the headers
    ]
    silent: list[socket.socket] = []
    state = api.app.state.soundings
    with capture_logs() as logged:
        for number in range(GONE + SILENT):
            client = socket.create_connection(("127.0.0.1", api.port), timeout=10)
            client.sendall(halves[number % len(halves)])
            if number % 7 == 0 and len(silent) < SILENT:
                silent.append(client)
                continue
            if number % 2:  # a reset instead of an orderly end
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
            client.close()
        assert len(silent) == SILENT
        took = []
        for _ in range(20):
            begun = time.monotonic()
            must(api.admin.post(one, json=factories.response()), 201)
            took.append(time.monotonic() - begun)
        assert sorted(took)[10] < 1
        deadline = time.monotonic() + 10
        while (state.desk.writer.waiting or pools(api)) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert state.desk.writer.waiting == 0
        assert pools(api) == 0
        for client in silent:
            client.close()
        assert len(export(api.admin, wave)) == 21
        must(api.admin.get("/readyz"))
        time.sleep(0.2)
    assert [line for line in logged if line["log_level"] in ("error", "critical")] == []
    assert [line for line in server_log if "Traceback" in line or "Exception" in line or "never" in line] == []


def pools(api: Api) -> int:
    """Connections of the server that somebody still holds."""
    return int(api.app.state.soundings.database.engine.pool.checkedout())


def test_whoever_leaves_after_sending_everything_is_stored(api: Api) -> None:
    wave = api.wave()
    secret = api.secret("collector")
    bodies = [factories.response() for _ in range(100)]

    for body in bodies:
        content = json.dumps(body).encode()
        head = (
            f"POST /v1/waves/{wave}/responses HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {secret}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
        )
        with socket.create_connection(("127.0.0.1", api.port), timeout=10) as client:
            client.sendall(head.encode() + content)
    replies = [api.admin.post(f"/v1/waves/{wave}/responses", json=body).status_code for body in bodies]
    assert set(replies) <= {200, 201}  # sending again is always safe
    assert set(export(api.admin, wave)) == {b["id"] for b in bodies}
    assert api.app.state.soundings.desk.writer.waiting == 0
    assert pools(api) == 0
