"""The courier: when a message is tried again, who tries it, and what is made of whatever comes back."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from app.auth import Caller, webhook_secret
from app.db import Database
from app.errors import NotFound
from app.models.tables import AuditEvent, Webhook, WebhookDelivery
from app.models.webhooks import WebhookIn
from app.services import courier, waves, webhooks
from app.services.courier import Courier, Outcome, claim, settle, wait
from app.services.outbound import Pinned
from app.services.outbox import TRIES, note, queue
from tests.databases import SECRET, settings_for
from tests.server import Api
from tests.services.receiving import AT, LOOPBACK, Receiver, at_once, fielded, make_due, until

ROOT = Path(__file__).parents[2]
SIGNING = b"k" * 64
NOBODY = "https://hooks.example.org/x"
BY = Caller("key_0", "a director", "director")


def test_waits_grow_and_differ_and_add_up_to_three_days() -> None:
    found = [[wait(tries).total_seconds() for tries in range(1, TRIES)] for _ in range(200)]
    for tries, waits in enumerate(zip(*found, strict=True), 1):
        expected = min(10 * 4 ** (tries - 1), 12 * 3600)
        assert all(0.8 * expected <= one <= 1.2 * expected for one in waits)
        assert len(set(waits)) == 200
    days = [sum(waits) / 86400 for waits in found]
    assert all(2.5 < one < 3.8 for one in days)


class Post:
    """A webhook and a queued message on a database without a server."""

    def __init__(self, database: Database, url: str) -> None:
        self.database = database
        with database.write() as session:
            self.hook = webhooks.create(database, session, WebhookIn(url=url), LOOPBACK, BY).id
        self._transport = Pinned(LOOPBACK)

    def queue(self, type: str = "wave.closed", tries: int = TRIES) -> str:
        with self.database.write() as session:
            return queue(session, self.hook, type, '{"type":"x"}', self.database.now(session), tries).id

    def send(self, transport: Pinned | None = None) -> int:
        """One look of a courier."""

        async def once() -> int:
            sender = Courier(self.database, SIGNING, transport or self._transport)
            return await sender.send_due()

        return asyncio.run(once())

    def delivery(self, id: str) -> WebhookDelivery:
        with self.database.read() as session:
            row = session.get(WebhookDelivery, id)
            assert row is not None
            return row

    def webhook(self) -> Webhook:
        with self.database.read() as session:
            row = session.get(Webhook, self.hook)
            assert row is not None
            return row


def test_after_three_days_it_is_given_up_and_the_webhook_says_so(database: Database, receiver: Receiver) -> None:
    at = Post(database, receiver.url)
    receiver.answers = [503] * TRIES
    lost = at.queue()
    for tries in range(1, TRIES + 1):
        assert at.delivery(lost).status == "pending"
        assert at.webhook().disabled_at is None
        make_due(database)
        assert at.send() == 1
        assert len(receiver.got) == tries
    row = at.delivery(lost)
    assert (row.status, row.due_at, row.attempts, row.status_code) == ("failed", None, TRIES, 503)
    assert at.webhook().disabled_at is not None
    make_due(database)
    assert at.send() == 0, "nothing is tried any more"
    # What happens now is kept, and not sent.
    fielded(database, "w")
    with database.write() as session:
        note(database, session, "opened", "w", AT)
    with database.read() as session:
        (kept,) = session.exec(select(WebhookDelivery).where(WebhookDelivery.type == "wave.opened")).all()
    assert (kept.status, kept.error, kept.attempts, kept.due_at) == ("failed", "disabled", 0, None)
    assert at.send() == 0
    # A test that fails changes nothing; one that arrives takes it up again.
    for status, disabled in ((500, True), (204, False)):
        receiver.answers = [status]
        with database.write() as session:
            webhooks.send_test(database, session, at.hook, BY)
        assert at.send() == 1
        assert (at.webhook().disabled_at is not None) == disabled
    with database.write() as session:
        webhooks.repeat(database, session, at.hook, kept.id, BY)
    assert at.send() == 1
    assert at.delivery(kept.id).status == "delivered"
    assert receiver.got[-1].id == kept.id


def test_a_webhook_that_takes_other_messages_is_not_given_up(database: Database, receiver: Receiver) -> None:
    at = Post(database, receiver.url)
    receiver.answers = [500] * (TRIES - 1) + [204, 500]
    lost = at.queue()
    for _ in range(TRIES - 1):
        make_due(database)
        at.send()
    with database.write() as session:  # the lost one waits, another one arrives
        webhooks.send_test(database, session, at.hook, BY)
    at.send()
    make_due(database)
    at.send()
    assert at.delivery(lost).status == "failed"
    assert at.webhook().disabled_at is None


def test_a_receiver_that_is_gone_is_not_asked_again(database: Database, receiver: Receiver) -> None:
    at = Post(database, receiver.url)
    receiver.answers = [410]
    gone = at.queue()
    at.send()
    assert (at.delivery(gone).status, at.delivery(gone).attempts) == ("failed", 1)
    assert at.webhook().disabled_at is not None


def test_a_failed_test_is_not_tried_again(database: Database, receiver: Receiver) -> None:
    at = Post(database, receiver.url)
    receiver.answers = [500]
    with database.write() as session:
        sent = webhooks.send_test(database, session, at.hook, BY).id
    at.send()
    assert (at.delivery(sent).status, at.webhook().disabled_at) == ("failed", None)
    with database.write() as session:
        webhooks.repeat(database, session, at.hook, sent, BY)
    receiver.answers = [500]
    at.send()
    assert (at.delivery(sent).status, at.delivery(sent).attempts) == ("failed", 2)


# ------------------------------------------------------------------ one server at a time
def test_a_message_is_claimed_once(database: Database) -> None:
    at = Post(database, NOBODY)
    queued = {at.queue() for _ in range(20)}
    claimed: list[str] = []

    def look() -> None:
        while parcels := claim(database):
            claimed.extend(parcel.id for parcel in parcels)

    at_once([look] * 6)
    while parcels := claim(database):  # those that another look had locked at its last one
        claimed += [parcel.id for parcel in parcels]
    assert sorted(claimed) == sorted(queued)


def test_a_webhook_with_many_messages_leaves_room_for_others(database: Database) -> None:
    """Its receiver may be slow, and a batch takes as long as its slowest."""
    busy = Post(database, NOBODY)
    queued = [busy.queue() for _ in range(3 * courier.AT_ONCE)]
    others = [Post(database, NOBODY).queue() for _ in range(courier.AT_ONCE - 1)]
    assert [parcel.id for parcel in claim(database)] == [queued[0], *others]
    assert [parcel.id for parcel in claim(database)] == [queued[1]]


def test_another_server_goes_on_after_the_lease(database: Database, receiver: Receiver) -> None:
    at = Post(database, receiver.url)
    queued = at.queue()
    (parcel,) = claim(database)  # and this server ends here
    assert claim(database) == []
    make_due(database)
    assert at.send() == 1
    assert at.delivery(queued).status == "delivered"
    # The first one was only slow: its late failure takes nothing back.
    settle(database, [(parcel, Outcome(error="timeout"))])
    row = at.delivery(queued)
    assert (row.status, row.due_at, row.attempts) == ("delivered", None, 2)


def test_of_two_failures_the_later_claim_counts(database: Database) -> None:
    at = Post(database, NOBODY)
    queued = at.queue()
    (slow,) = claim(database)
    make_due(database)
    (quick,) = claim(database)
    settle(database, [(quick, Outcome(status_code=500))])
    due = at.delivery(queued).due_at
    settle(database, [(slow, Outcome(error="timeout"))])
    row = at.delivery(queued)
    assert (row.due_at, row.attempts_left, row.status_code) == (due, TRIES - 1, 500)


def test_what_was_removed_while_it_was_sent(database: Database) -> None:
    at = Post(database, NOBODY)
    at.queue()
    parcels = claim(database)
    with database.write() as session:
        webhooks.remove(session, at.hook, BY)
    settle(database, [(parcel, Outcome(status_code=204)) for parcel in parcels])
    assert claim(database) == []


def test_servers_that_settle_and_note_at_once_do_not_wait_in_a_circle(database: Database) -> None:
    hooks = [Post(database, NOBODY) for _ in range(4)]
    fielded(database, *(f"w-{n}" for n in range(20)))

    def send() -> None:
        for _ in range(25):
            parcels = claim(database)
            settle(database, [(parcel, Outcome(status_code=204)) for parcel in parcels])

    def happen(numbers: range) -> None:
        for number in numbers:
            with database.write() as session:
                note(database, session, "opened", f"w-{number}", AT)

    at_once([send, send, send, partial(happen, range(10)), partial(happen, range(10, 20))])
    while parcels := claim(database):
        settle(database, [(parcel, Outcome(status_code=204)) for parcel in parcels])
    with database.read() as session:
        rows = session.exec(select(WebhookDelivery)).all()
    assert len(rows) == 20 * len(hooks)
    assert {(row.status, row.attempts) for row in rows} == {("delivered", 1)}


def test_a_killed_server_loses_no_message(kind: str, tmp_path: Path, receiver: Receiver) -> None:
    """It is killed while it sends, with another message queued behind; a new server sends both."""
    settings = settings_for(kind, tmp_path, webhook_networks=LOOPBACK)
    database = Database(settings)
    database.migrate()
    at = Post(database, receiver.url)
    receiver.held.clear()
    environment = {
        "SOUNDINGS_DATABASE_URL": settings.database_url.replace("+psycopg", ""), "SOUNDINGS_SECRET": SECRET,
        "SOUNDINGS_PORT": "0", "SOUNDINGS_WEBHOOK_NETWORKS": ",".join(LOOPBACK), "PATH": "/usr/bin:/bin",
    }  # fmt: skip
    fielded(database, "w")
    with database.write() as session:
        waves.find(session, "w").opens_at = database.now(session) + timedelta(days=300)
    server = subprocess.Popen([sys.executable, "-m", "app", "serve"], cwd=ROOT, env=environment)
    try:
        with database.write() as session:
            note(database, session, "opened", "w", AT)
        until(lambda: len(receiver.got) == 1, seconds=40)
        with database.write() as session:
            note(database, session, "closed", "w", AT)
    finally:
        server.kill()
        server.wait(20)
    receiver.held.set()
    receiver.wait_for(1)
    make_due(database)
    running = Api(settings)
    try:
        messages = receiver.wait_for(3)
        until(lambda: not _pending(database))
    finally:
        running.stop()
    opened, *others = messages
    (again,) = [message for message in others if message.id == opened.id]
    (closed,) = [message for message in others if message.id != opened.id]
    assert again.body == opened.body
    assert (opened.payload["type"], closed.payload["type"]) == ("wave.opened", "wave.closed")
    for message in messages:
        message.verified(webhook_secret(settings.signing_secret(), at.hook))
    database.close()


def _pending(database: Database) -> int:
    with database.read() as session:
        return len(session.exec(select(WebhookDelivery).where(WebhookDelivery.status == "pending")).all())


# ------------------------------------------------------------------ a webhook that goes in the same moment
def meanwhile(monkeypatch: pytest.MonkeyPatch, at: str, act: Callable[[], object]) -> threading.Thread:
    """Let somebody else act just before `at` is called: they are done by then, or have to wait for us."""

    def other() -> None:
        with suppress(NotFound):
            act()

    thread = threading.Thread(target=other, daemon=True)
    module, _, name = at.rpartition(".")
    real = getattr(sys.modules[module], name)

    def called(*arguments: Any, **more: Any) -> Any:
        if not thread.ident:
            thread.start()
            thread.join(1)
        return real(*arguments, **more)

    monkeypatch.setattr(at, called)
    return thread


def remove(database: Database, hook: str) -> None:
    with database.write() as session:
        webhooks.remove(session, hook, BY)


def test_what_happens_while_a_webhook_is_removed(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    at, stays = Post(database, NOBODY), Post(database, NOBODY)
    fielded(database, "w")
    thread = meanwhile(monkeypatch, "app.services.outbox.queue", partial(remove, database, at.hook))
    with database.write() as session:
        note(database, session, "opened", "w", AT)
    thread.join(20)
    with database.read() as session:
        assert [row.id for row in session.exec(select(Webhook))] == [stays.hook]
        assert [row.webhook for row in session.exec(select(WebhookDelivery))] == [stays.hook]


def test_a_webhook_that_is_being_removed_is_waited_for(database: Database) -> None:
    at, stays = Post(database, NOBODY), Post(database, NOBODY)
    fielded(database, "w")
    failures: list[BaseException] = []

    def happen() -> None:
        try:
            with database.write() as session:
                note(database, session, "opened", "w", AT)
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=happen, daemon=True)
    with database.write() as session:
        webhooks.remove(session, at.hook, BY)
        session.flush()
        thread.start()
        thread.join(1)
    thread.join(20)
    assert failures == []
    with database.read() as session:
        assert [row.webhook for row in session.exec(select(WebhookDelivery))] == [stays.hook]


def test_a_test_while_the_webhook_is_removed(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    at = Post(database, NOBODY)
    thread = meanwhile(monkeypatch, "app.services.outbox.queue", partial(remove, database, at.hook))
    with database.write() as session:
        webhooks.send_test(database, session, at.hook, BY)
    thread.join(20)
    with database.read() as session:
        assert session.exec(select(WebhookDelivery)).all() == []


def test_two_who_remove_a_webhook(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    at = Post(database, NOBODY)
    thread = meanwhile(monkeypatch, "app.services.webhooks.record", partial(remove, database, at.hook))
    remove(database, at.hook)
    thread.join(20)
    with database.read() as session:
        acts = session.exec(select(AuditEvent.action).where(AuditEvent.action == "webhook.remove")).all()
    assert acts == ["webhook.remove"]


def test_a_message_that_arrives_while_it_is_repeated(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    at = Post(database, NOBODY)
    queued = at.queue()
    (parcel,) = claim(database)
    arrived = partial(settle, database, [(parcel, Outcome(status_code=204))])
    thread = meanwhile(monkeypatch, "app.services.webhooks.find", arrived)
    with database.write() as session:
        webhooks.repeat(database, session, at.hook, queued, BY)
    thread.join(20)
    row = at.delivery(queued)
    assert (row.status == "pending") == (row.due_at is not None)


# ------------------------------------------------------------------ what is kept
def test_messages_that_arrived_are_forgotten_after_a_month(database: Database) -> None:
    at = Post(database, NOBODY)
    fates = {"old": ("delivered", 31), "new": ("delivered", 29), "failed": ("failed", 31), "pending": ("pending", 31)}
    ids = {name: at.queue() for name in fates}
    with database.write() as session:
        for name, (status, days) in fates.items():
            row = session.get(WebhookDelivery, ids[name])
            assert row is not None
            row.status, row.attempted_at = status, database.now(session) - timedelta(days=days)
    webhooks.forget_delivered(database)
    with database.read() as session:
        kept = {row.id for row in session.exec(select(WebhookDelivery))}
    assert kept == {ids["new"], ids["failed"], ids["pending"]}
    webhooks.forget_delivered(database)


# ------------------------------------------------------------------ what can go wrong on the way
def outcome(database: Database, url: str, transport: Pinned | None = None) -> tuple[int | None, str | None]:
    at = Post(database, url)
    queued = at.queue()
    assert at.send(transport) == 1
    row = at.delivery(queued)
    assert row.status == "pending"
    return row.status_code, row.error


def test_a_private_address_is_refused_and_said_to_be(database: Database, receiver: Receiver) -> None:
    assert outcome(database, receiver.url, Pinned([])) == (None, "address_refused")
    assert outcome(database, f"https://localhost:{receiver.port}/", Pinned([])) == (None, "address_refused")
    assert receiver.got == []


def test_a_name_that_leads_elsewhere_the_second_time(database: Database, receiver: Receiver) -> None:
    answers = [["127.0.0.1"], ["10.9.8.7"]]

    async def names(host: str, port: int) -> list[Any]:
        return [ip_address(one) for one in answers.pop(0)]

    at, other = (Post(database, f"http://hooks.example.org:{receiver.port}/") for _ in range(2))
    first, second = at.queue(), other.queue()
    assert at.send(Pinned(LOOPBACK, resolve=names)) == 2
    errors = {at.delivery(first).error, at.delivery(second).error}
    assert errors == {None, "address_refused"}
    assert len(receiver.got) == 1


def test_failures_are_named(database: Database, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    assert outcome(database, f"http://127.0.0.1:{port}/") == (None, "connection")
    assert outcome(database, "http://no-such-name.invalid/") == (None, "name_not_found")
    assert outcome(database, f"http://{'x' * 70}.example.org/") == (None, "name_not_found")
    assert outcome(database, f"https://127.0.0.1:{receiver.port}/") == (None, "tls")
    monkeypatch.setattr(courier, "TIMEOUT_S", 0.3)
    receiver.held.clear()
    assert outcome(database, receiver.url) == (None, "timeout")


def test_cookies_are_not_kept(database: Database, receiver: Receiver) -> None:
    at = Post(database, f"http://hooks.example.org:{receiver.port}/")
    receiver.headers = {"set-cookie": "who=you; Path=/; Domain=example.org"}

    async def names(host: str, port: int) -> list[Any]:
        return [ip_address("127.0.0.1")]

    async def twice() -> None:
        sender = Courier(database, SIGNING, Pinned(LOOPBACK, resolve=names))
        for _ in range(2):
            at.queue()
            assert await sender.send_due() == 1

    asyncio.run(twice())
    assert ["cookie" in message.headers for message in receiver.got] == [False, False]


def answering(talk: Callable[[socket.socket], None]) -> tuple[int, threading.Thread]:
    """A server for one connection that says what it likes."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = server.accept()
        with server, connection:
            got = b""
            while b'"x"}' not in got:  # what nobody reads would break the connection
                got += connection.recv(65536)
            with suppress(OSError):
                talk(connection)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    return server.getsockname()[1], thread


def test_a_body_is_never_read(database: Database) -> None:
    sent = []

    def endless(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n")
        for _ in range(10_000):
            sent.append(connection.send(b"x" * 65536))

    port, thread = answering(endless)
    at = Post(database, f"http://127.0.0.1:{port}/")
    queued = at.queue()
    at.send()
    thread.join(20)
    assert not thread.is_alive()
    assert sum(sent) < 100 * 2**20
    assert at.delivery(queued).status == "delivered"


@pytest.mark.parametrize("chunk", [b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 100_000, b"no HTTP at all\r\n\r\n", b""])
def test_replies_that_are_none(database: Database, chunk: bytes) -> None:
    port, thread = answering(lambda connection: connection.sendall(chunk))
    assert outcome(database, f"http://127.0.0.1:{port}/") == (None, "broken_reply")
    thread.join(20)


def test_nothing_of_a_reply_is_kept(database: Database) -> None:
    secret = b"what the receiver thinks of us"
    reply = b"HTTP/1.1 500 " + secret + b"\r\nX-Note: " + secret + b"\r\nContent-Length: 30\r\n\r\n" + secret
    port, _ = answering(lambda connection: connection.sendall(reply))
    assert outcome(database, f"http://127.0.0.1:{port}/") == (500, None)
    with database.read() as session:
        assert secret.decode() not in repr(session.exec(select(WebhookDelivery)).all())
