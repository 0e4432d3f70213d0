"""A load client of raw sockets: each connection sends its next request when the reply to the last one is there.

Nothing but the standard library, so that it runs wherever the benchmark does. Two processes share the connections.
"""

from __future__ import annotations

import multiprocessing
import selectors
import socket
import time
import uuid
from typing import NamedTuple

PROCESSES = 2


class Result(NamedTuple):
    """Replies a second, and seconds that half and 99 % of them took at most."""

    rate: float
    p50: float
    p99: float
    replies: int


def run(port: int, path: str, key: str, body: bytes, seconds: float, connections: int = 16) -> Result:
    """Post `body` for some seconds, each time with a new id in the place of `{id}`.

    Raises
    ------
    RuntimeError : when any reply is not 201.
    """
    before, after = body.split(b"{id}")
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(before) + 36 + len(after)}\r\n\r\n"
    ).encode()
    share = (port, head + before, after, seconds, connections // PROCESSES)
    with multiprocessing.get_context("fork").Pool(PROCESSES) as pool:
        parts = pool.starmap_async(_post, [share] * PROCESSES).get(timeout=seconds + 60)
    times = sorted(t for part, _ in parts for t in part)
    rate = sum(len(part) / elapsed for part, elapsed in parts)
    return Result(rate, times[len(times) // 2], times[len(times) * 99 // 100], len(times))


def _post(port: int, before: bytes, after: bytes, seconds: float, connections: int) -> tuple[list[float], float]:
    selector = selectors.DefaultSelector()
    times: list[float] = []
    sent: dict[socket.socket, float] = {}
    received: dict[socket.socket, bytes] = {}

    def send(connection: socket.socket) -> None:
        received[connection] = b""
        sent[connection] = time.perf_counter()
        connection.sendall(before + str(uuid.uuid4()).encode() + after)

    begun = time.perf_counter()
    for _ in range(connections):
        connection = socket.create_connection(("127.0.0.1", port), timeout=30)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        selector.register(connection, selectors.EVENT_READ, connection)
        send(connection)
    while (now := time.perf_counter()) < begun + seconds:
        for event, _ in selector.select(1):
            connection = event.data
            reply = received[connection] = received[connection] + connection.recv(65536)
            if not reply:
                raise RuntimeError("the server closed a connection")
            if not _complete(reply):
                continue
            if not reply.startswith(b"HTTP/1.1 201"):
                raise RuntimeError(reply.decode(errors="replace")[:600])
            times.append(time.perf_counter() - sent[connection])
            send(connection)
    for connection in sent:
        connection.close()
    return times, now - begun


def _complete(reply: bytes) -> bool:
    head, end, body = reply.partition(b"\r\n\r\n")
    if not end:
        return False
    length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
    return len(body) >= int(length)
