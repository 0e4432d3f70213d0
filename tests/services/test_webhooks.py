"""Webhooks: what is sent, to whom, how often, and what is kept of it."""

from __future__ import annotations

import asyncio
import base64
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import col, select
from standardwebhooks import Webhook as Verifier
from standardwebhooks import WebhookVerificationError

from app.auth import Caller, webhook_secret
from app.db import Database
from app.errors import InvalidRequest
from app.models.tables import AuditEvent, Webhook, WebhookDelivery
from app.models.webhooks import WebhookIn
from app.services import courier, waves, webhooks
from app.services.courier import Courier, Outcome, claim, settle, wait
from app.services.outbound import Pinned
from app.services.outbox import TRIES, note, queue
from tests import factories
from tests.databases import SECRET, settings_for
from tests.server import Api, must
from tests.services.receiving import LOOPBACK, Receiver, until
from tests.services.sending import bulk, problem
from tests.services.test_changes import AT, at_once, fielded

ROOT = Path(__file__).parents[2]
SIGNING = b"k" * 64
NOBODY = "https://hooks.example.org/x"
BY = Caller("key_0", "a director", "director")


@pytest.fixture(scope="module")
def api(kind: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """A server that may send to this machine, and looks for messages without a pause."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(courier, "LOOK_S", 0.05)
        running = Api(settings_for(kind, tmp_path_factory.mktemp("webhooks"), webhook_networks=LOOPBACK))
        yield running
        running.stop()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    running = Receiver()
    yield running
    running.stop()


def make(api: Api, url: str, **more: Any) -> dict[str, Any]:
    return dict(must(api.client("director").post("/v1/webhooks", json={"url": url, **more}), 201))


@pytest.fixture
def hook(api: Api, receiver: Receiver) -> Iterator[dict[str, Any]]:
    """A webhook that leads to the receiver, as long as the test runs."""
    made = make(api, receiver.url)
    yield made
    api.admin.delete(f"/v1/webhooks/{made['id']}")


def deliveries(api: Api, hook: dict[str, Any], **query: Any) -> list[dict[str, Any]]:
    return list(must(api.admin.get(f"/v1/webhooks/{hook['id']}/deliveries", params=query))["items"])


def make_due(database: Database, hook: str | None = None) -> None:
    """Let the time pass until everything that waits is due."""
    with database.write() as session:
        for row in session.exec(select(WebhookDelivery).where(col(WebhookDelivery.due_at).is_not(None))):
            if hook in (None, row.webhook):
                row.due_at = database.now(session) - timedelta(seconds=1)


# ------------------------------------------------------------------ what is sent
def test_the_life_of_a_wave_is_told(api: Api, receiver: Receiver, hook: dict[str, Any]) -> None:
    wave = api.wave()
    receiver.wait_for(1)
    bulk(api.admin, wave, [factories.response() for _ in range(37)])
    must(api.admin.post(f"/v1/waves/{wave}/close"))
    receiver.wait_for(2)
    made = must(api.admin.post(f"/v1/waves/{wave}/releases"), 201)
    opened, closed, released = receiver.wait_for(3)
    events = [e for e in must(api.admin.get("/v1/changes?limit=1000"))["items"] if e["wave"] == wave]
    for message, event in zip((opened, closed, released), events, strict=True):
        assert message.verified(hook["secret"]) == {
            "type": f"wave.{event['kind']}",
            "timestamp": event["at"],
            "data": {"wave": wave, "release": event["release"]},
        }
        assert message.path == "/hook"
        assert message.headers["content-type"] == "application/json"
        assert message.headers["user-agent"].startswith("Soundings/")
        assert not {"authorization", "cookie"} & message.headers.keys()
    assert released.payload["data"]["release"] == made["number"] == 1
    assert not any(
        b"37" in message.body.replace(message.payload["timestamp"].encode(), b"") for message in receiver.got
    )
    assert len({message.id for message in receiver.got}) == 3


def test_a_message_is_listed_as_it_was_sent(api: Api, receiver: Receiver, hook: dict[str, Any]) -> None:
    api.wave()
    (message,) = receiver.wait_for(1)
    until(lambda: [d["status"] for d in deliveries(api, hook)] == ["delivered"])
    (delivery,) = deliveries(api, hook)
    assert delivery == {
        "id": message.id,
        "webhook": hook["id"],
        "type": "wave.opened",
        "status": "delivered",
        "attempts": 1,
        "created_at": delivery["created_at"],
        "attempted_at": delivery["attempted_at"],
        "next_attempt_at": None,
        "status_code": 204,
        "error": None,
        "payload": message.payload,
    }
    assert must(api.admin.get(f"/v1/webhooks/{hook['id']}"))["last_delivered_at"] >= delivery["attempted_at"]


def test_signatures_are_those_of_standard_webhooks(api: Api, receiver: Receiver, hook: dict[str, Any]) -> None:
    api.wave()
    (message,) = receiver.wait_for(1)
    assert hook["secret"].startswith("whsec_")
    assert len(base64.b64decode(hook["secret"].removeprefix("whsec_"), validate=True)) == 32
    assert abs(time.time() - int(message.headers["webhook-timestamp"])) < 30
    other = make(api, NOBODY, events=["wave.released"], waves=["none"])
    for secret, body, more in (
        (other["secret"], message.body, {}),
        (hook["secret"], message.body + b" ", {}),
        (hook["secret"], message.body, {"webhook-id": "msg_other"}),
        (hook["secret"], message.body, {"webhook-timestamp": str(int(message.headers["webhook-timestamp"]) + 1)}),
    ):
        with pytest.raises(WebhookVerificationError):
            Verifier(secret).verify(body, message.headers | more)
    assert message.verified(hook["secret"])["type"] == "wave.opened"


def test_a_webhook_is_told_what_it_asks_for(api: Api, receiver: Receiver) -> None:
    named = api.name("wave")
    closed = make(api, receiver.url + "/closed", events=["wave.closed"])
    one = make(api, receiver.url + "/one", waves=[named])
    both = make(api, receiver.url + "/both", events=["wave.released", "wave.opened"], waves=["another", named])
    api.wave()
    body = factories.wave({"family": api.instrument(factories.definition())})
    must(api.admin.put(f"/v1/waves/{named}", json=body), 201)
    for wave in (named, api.wave()):
        must(api.admin.post(f"/v1/waves/{wave}/close"))
        must(api.admin.post(f"/v1/waves/{wave}/releases"), 201)
    receiver.wait_for(7)
    got = {
        name: sorted(
            (m.payload["type"], m.payload["data"]["wave"] == named) for m in receiver.got if m.path == f"/hook/{name}"
        )
        for name in ("closed", "one", "both")
    }
    assert got == {
        "closed": [("wave.closed", False), ("wave.closed", True)],
        "one": [("wave.closed", True), ("wave.opened", True), ("wave.released", True)],
        "both": [("wave.opened", True), ("wave.released", True)],
    }
    for made in (closed, one, both):
        must(api.admin.delete(f"/v1/webhooks/{made['id']}"), 204)


def test_a_test_says_nothing(api: Api, receiver: Receiver, hook: dict[str, Any]) -> None:
    queued = must(api.client("director").post(f"/v1/webhooks/{hook['id']}/test"), 202)
    assert (queued["status"], queued["type"], queued["attempts"]) == ("pending", "webhook.test", 0)
    (message,) = receiver.wait_for(1)
    assert message.id == queued["id"]
    assert message.verified(hook["secret"]) == queued["payload"]
    assert queued["payload"]["data"] == {"wave": None, "release": None}


def test_a_message_is_repeated_as_it_was(api: Api, receiver: Receiver, hook: dict[str, Any]) -> None:
    wave = api.wave()
    (first,) = receiver.wait_for(1)
    until(lambda: deliveries(api, hook, status="delivered"))
    must(api.admin.put(f"/v1/waves/{wave}", json=_renamed(api, wave)), 200)
    queued = must(api.client("director").post(f"/v1/webhooks/{hook['id']}/deliveries/{first.id}/repeat"), 202)
    assert (queued["id"], queued["status"], queued["attempts"]) == (first.id, "pending", 1)
    _, second = receiver.wait_for(2)
    assert (second.id, second.body) == (first.id, first.body)
    assert second.verified(hook["secret"]) == first.verified(hook["secret"])
    until(lambda: deliveries(api, hook, status="delivered"))
    assert [d["attempts"] for d in deliveries(api, hook)] == [2]


def _renamed(api: Api, wave: str) -> dict[str, Any]:
    standing = must(api.admin.get(f"/v1/waves/{wave}"))
    names = ("opens_at", "closes_at", "time_zone", "schools", "instruments")
    promise = {g: {"mode": "confidential", "minimum": 5} for g in standing["promise"]}
    return {"title": "Renamed", "promise": promise} | {name: standing[name] for name in names}


# ------------------------------------------------------------------ made, listed, removed
def test_the_secret_is_shown_once(api: Api) -> None:
    made = make(api, NOBODY, description="The data office")
    assert made["secret"] == webhook_secret(api.settings.signing_secret(), made["id"])
    one = must(api.admin.get(f"/v1/webhooks/{made['id']}"))
    assert one == {name: value for name, value in made.items() if name != "secret"}
    assert one == {
        "id": made["id"], "url": NOBODY, "events": None, "waves": None, "description": "The data office",
        "created_at": made["created_at"], "last_delivered_at": None, "disabled_at": None,
    }  # fmt: skip
    listed = api.admin.get("/v1/webhooks")
    assert one in listed.json()["items"]
    assert "whsec_" not in listed.text
    with api.database.read() as session:
        stored = repr(session.exec(select(Webhook)).all())
    assert made["secret"].removeprefix("whsec_") not in stored
    must(api.admin.delete(f"/v1/webhooks/{made['id']}"), 204)


def test_secrets_follow_from_the_server_s_and_the_webhook() -> None:
    found = {webhook_secret(key * 64, name) for key in (b"a", b"b") for name in ("wh_1", "wh_2")}
    assert len(found) == 4
    assert webhook_secret(b"a" * 64, "wh_1") in found


def test_the_address_of_a_new_webhook(api: Api) -> None:
    reply = api.admin.post("/v1/webhooks", json={"url": NOBODY})
    assert reply.headers["location"] == f"/v1/webhooks/{reply.json()['id']}"
    must(api.admin.delete(reply.headers["location"]), 204)
    for path in ("", "/deliveries"):
        problem(api.admin.get(reply.headers["location"] + path), 404, "not-found")
    problem(api.admin.post(reply.headers["location"] + "/test"), 404, "not-found")
    problem(api.admin.delete(reply.headers["location"]), 404, "not-found")


def test_a_removed_webhook_is_told_nothing(api: Api, receiver: Receiver, hook: dict[str, Any]) -> None:
    receiver.answers = [500]
    api.wave()
    receiver.wait_for(1)
    must(api.admin.delete(f"/v1/webhooks/{hook['id']}"), 204)
    with api.database.read() as session:
        assert session.exec(select(WebhookDelivery).where(WebhookDelivery.webhook == hook["id"])).all() == []
    other = make(api, receiver.url + "/other")
    api.wave()
    assert receiver.wait_for(2)[1].path == "/hook/other"
    must(api.admin.delete(f"/v1/webhooks/{other['id']}"), 204)


def test_acts_are_audited(api: Api, receiver: Receiver) -> None:
    made = make(api, receiver.url)
    sent = must(api.admin.post(f"/v1/webhooks/{made['id']}/test"), 202)
    must(api.admin.post(f"/v1/webhooks/{made['id']}/deliveries/{sent['id']}/repeat"), 202)
    must(api.admin.delete(f"/v1/webhooks/{made['id']}"), 204)
    with api.database.read() as session:
        rows = session.exec(
            select(AuditEvent.action, AuditEvent.subject)
            .where(col(AuditEvent.action).startswith("webhook."))
            .order_by(col(AuditEvent.id))
        ).all()
    assert [tuple(row) for row in rows][-4:] == [
        ("webhook.create", made["id"]), ("webhook.test", made["id"]),
        ("webhook.repeat", sent["id"]), ("webhook.remove", made["id"]),
    ]  # fmt: skip


@pytest.mark.parametrize("path", ["/deliveries/msg_0/repeat", "/deliveries/%00/repeat", "/deliveries/x" * 90])
def test_repeating_what_is_not_there(api: Api, hook: dict[str, Any], path: str) -> None:
    problem(api.admin.post(f"/v1/webhooks/{hook['id']}{path}"), 404, "not-found")


def test_a_delivery_of_another_webhook_is_not_there(api: Api, receiver: Receiver, hook: dict[str, Any]) -> None:
    sent = must(api.admin.post(f"/v1/webhooks/{hook['id']}/test"), 202)
    other = make(api, NOBODY)
    problem(api.admin.post(f"/v1/webhooks/{other['id']}/deliveries/{sent['id']}/repeat"), 404, "not-found")
    must(api.admin.delete(f"/v1/webhooks/{other['id']}"), 204)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/url"),
        *(
            ({"url": url}, "/url")
            for url in (
                "", "hooks.example.org", "ftp://example.org/", "file:///etc/passwd", "https://", "https:///x",
                "https://name@example.org/", "https://name:word@example.org/", "https://example.org/#part",
                "https://example.org/#", "https://exa mple.org/", "https://example.org:99999/",
                "https://example.org/\u00e9", "https://example.org/\n", "javascript:alert(1)",
                "https://" + "x" * 2000, 7,
            )
        ),
        ({"url": NOBODY, "events": []}, "/events"),
        ({"url": NOBODY, "events": ["wave.removed"]}, "/events/0"),
        ({"url": NOBODY, "events": ["webhook.test"]}, "/events/0"),
        ({"url": NOBODY, "waves": []}, "/waves"),
        ({"url": NOBODY, "waves": ["Not A Slug"]}, "/waves/0"),
        ({"url": NOBODY, "description": ""}, "/description"),
        ({"url": NOBODY, "secret": "whsec_mine"}, "/secret"),
    ],
    ids=lambda value: repr(value)[:60],
)  # fmt: skip
def test_webhooks_that_cannot_be(api: Api, body: dict[str, Any], pointer: str) -> None:
    before = must(api.admin.get("/v1/webhooks"))
    reply = problem(api.admin.post("/v1/webhooks", json=body), 422, "invalid-request")
    assert [fault["pointer"] for fault in reply["errors"]] == [pointer]
    assert must(api.admin.get("/v1/webhooks")) == before


def test_without_tls_only_where_the_operator_said_so(database: Database) -> None:
    wanted = WebhookIn(url="http://hooks.example.org/x")
    with database.write() as session:
        with pytest.raises(InvalidRequest) as refused:
            webhooks.create(database, session, wanted, (), BY)
        assert [(f.pointer, f.code) for f in refused.value.faults] == [("/url", "https_only")]
        assert webhooks.create(database, session, wanted, ("10.0.0.0/8",), BY).url == wanted.url


def test_deliveries_by_page_and_status(api: Api, receiver: Receiver, hook: dict[str, Any]) -> None:
    receiver.answers = [500, 500]
    sent = [must(api.admin.post(f"/v1/webhooks/{hook['id']}/test"), 202)["id"] for _ in range(5)]
    until(lambda: not deliveries(api, hook, status="pending"))
    assert [d["id"] for d in deliveries(api, hook)] == sent, "in the order of their making"
    assert len(deliveries(api, hook, status="failed")) == 2
    assert len(deliveries(api, hook, status="delivered")) == 3
    first = must(api.admin.get(f"/v1/webhooks/{hook['id']}/deliveries?limit=2"))
    assert [d["id"] for d in first["items"]] == sent[:2]
    assert [d["id"] for d in deliveries(api, hook, limit=2, after=first["next"])] == sent[2:4]
    problem(api.admin.get(f"/v1/webhooks/{hook['id']}/deliveries?status=lost"), 422, "invalid-request")


# ------------------------------------------------------------------ again and again
def test_a_message_that_did_not_arrive_is_sent_again(api: Api, receiver: Receiver, hook: dict[str, Any]) -> None:
    receiver.answers = [500, 302]
    receiver.headers = {"location": receiver.url + "/elsewhere"}
    api.wave()
    for attempt, status in enumerate((500, 302), 1):
        receiver.wait_for(attempt)
        until(lambda: deliveries(api, hook)[0]["status_code"] == status)  # noqa: B023
        (delivery,) = deliveries(api, hook)
        assert (delivery["status"], delivery["attempts"], delivery["error"]) == ("pending", attempt, None)
        pause = _time(delivery["next_attempt_at"]) - _time(delivery["attempted_at"])
        assert timedelta(seconds=7.9 * 4 ** (attempt - 1)) < pause < timedelta(seconds=30 + 12.1 * 4 ** (attempt - 1))
        make_due(api.database, hook["id"])
    messages = receiver.wait_for(3)
    assert {message.path for message in messages} == {"/hook"}, "a redirect is no arrival, and is not followed"
    assert len({(message.id, message.body) for message in messages}) == 1
    for message in messages:
        message.verified(hook["secret"])
    until(lambda: [d["status"] for d in deliveries(api, hook)] == ["delivered"])
    assert deliveries(api, hook)[0]["attempts"] == 3


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_waits_grow_and_differ_and_add_up_to_three_days() -> None:
    found = [[wait(tries).total_seconds() for tries in range(1, TRIES)] for _ in range(200)]
    for tries, waits in enumerate(zip(*found, strict=True), 1):
        expected = min(10 * 4 ** (tries - 1), 12 * 3600)
        assert all(0.8 * expected <= one <= 1.2 * expected for one in waits)
        assert len(set(waits)) == 200
    days = [sum(waits) / 86400 for waits in found]
    assert all(2.5 < one < 3.8 for one in days)


class Fixture:
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
    at = Fixture(database, receiver.url)
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
    at = Fixture(database, receiver.url)
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
    at = Fixture(database, receiver.url)
    receiver.answers = [410]
    gone = at.queue()
    at.send()
    assert (at.delivery(gone).status, at.delivery(gone).attempts) == ("failed", 1)
    assert at.webhook().disabled_at is not None


def test_a_failed_test_is_not_tried_again(database: Database, receiver: Receiver) -> None:
    at = Fixture(database, receiver.url)
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
    at = Fixture(database, NOBODY)
    queued = {at.queue() for _ in range(20)}
    claimed: list[str] = []

    def look() -> None:
        while parcels := claim(database):
            claimed.extend(parcel.id for parcel in parcels)

    at_once([look] * 6)
    while parcels := claim(database):  # those that another look had locked at its last one
        claimed += [parcel.id for parcel in parcels]
    assert sorted(claimed) == sorted(queued)


def test_another_server_goes_on_after_the_lease(database: Database, receiver: Receiver) -> None:
    at = Fixture(database, receiver.url)
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
    at = Fixture(database, NOBODY)
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
    at = Fixture(database, NOBODY)
    at.queue()
    parcels = claim(database)
    with database.write() as session:
        webhooks.remove(session, at.hook, BY)
    settle(database, [(parcel, Outcome(status_code=204)) for parcel in parcels])
    assert claim(database) == []


def test_servers_that_settle_and_note_at_once_do_not_wait_in_a_circle(database: Database) -> None:
    hooks = [Fixture(database, NOBODY) for _ in range(4)]
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
    at = Fixture(database, receiver.url)
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


# ------------------------------------------------------------------ what can go wrong on the way
def outcome(database: Database, url: str, transport: Pinned | None = None) -> tuple[int | None, str | None]:
    at = Fixture(database, url)
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

    at = Fixture(database, f"http://hooks.example.org:{receiver.port}/")
    first, second = at.queue(), at.queue()
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


def answering(talk: Callable[[socket.socket], None]) -> tuple[int, threading.Thread]:
    """A server for one connection that says what it likes."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = server.accept()
        with server, connection:
            connection.recv(65536)
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
    at = Fixture(database, f"http://127.0.0.1:{port}/")
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


def test_sending_keeps_nobody_waiting(api: Api, receiver: Receiver, hook: dict[str, Any]) -> None:
    """A receiver that does not answer holds the courier up, and no reply to anybody."""
    receiver.held.clear()
    for _ in range(courier.AT_ONCE):
        must(api.admin.post(f"/v1/webhooks/{hook['id']}/test"), 202)
    until(lambda: len(receiver.got) >= 1)
    must(api.anonymous.get("/healthz"))
    wave = api.wave()
    must(api.admin.post(f"/v1/waves/{wave}/responses", json=factories.response()), 201)
    assert {message.answered for message in receiver.got} == {None}, "all of that while it waited"
    receiver.held.set()
    receiver.wait_for(courier.AT_ONCE)
    until(lambda: not deliveries(api, hook, status="pending"))
