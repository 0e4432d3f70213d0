"""Webhooks: what is sent, to whom, how often, and what is kept of it."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
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
from app.services import courier, webhooks
from tests import factories
from tests.databases import settings_for
from tests.server import Api, must
from tests.services.receiving import LOOPBACK, Receiver, make_due, until
from tests.services.sending import bulk, problem

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
        assert message.headers["user-agent"] == "Soundings"
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
