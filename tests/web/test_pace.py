"""Publishable keys have a pace: 429 with `Retry-After`, by key and by address, through a real server."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import httpx
import pytest

from tests import factories
from tests.databases import settings_for
from tests.server import Api, must
from tests.services.sending import problem

PEER, KEY = 5, 12
ORIGIN = "https://survey.example.org"


@pytest.fixture
def slow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """A server with a short patience, new for every test: nothing of it depends on the database."""
    more = {"peer_rate": PEER, "key_rate": KEY, "cors_origins": ORIGIN}
    running = Api(settings_for("sqlite", tmp_path_factory.mktemp("pace"), **more))
    yield running
    running.stop()


def sent(client: httpx.Client, wave: str, times: int, peer: str = "192.0.2.1") -> Counter[int]:
    """Statuses of so many responses from an address; loopback is a trusted proxy."""
    headers = {"X-Forwarded-For": peer}
    path = f"/v1/waves/{wave}/responses"
    return Counter(client.post(path, json=factories.response(), headers=headers).status_code for _ in range(times))


def test_by_address_and_by_key(slow: Api) -> None:
    wave = slow.wave()
    page, other = (slow.client("collector", publishable=True, waves=[wave, name]) for name in ("one", "two"))
    assert sent(page, wave, 9) == {201: PEER, 429: 9 - PEER}
    assert sent(page, wave, 9, "192.0.2.2")[201] == PEER
    assert sent(page, wave, 9, "192.0.2.3")[201] == KEY - 2 * PEER, "of the key as a whole"
    assert sent(other, wave, 9)[429] == 9, "an address is one, whatever key it shows"
    assert sent(other, wave, 3, "192.0.2.4") == {201: 3}
    assert sent(slow.client("collector"), wave, 40) == {201: 40}, "a secret key has no pace"


def test_what_is_told(slow: Api) -> None:
    wave = slow.wave()
    page = slow.client("collector", publishable=True, waves=[wave])
    sent(page, wave, PEER, "127.0.0.1")
    reply = page.get("/v1/me", headers={"Origin": ORIGIN})
    problem(reply, 429, "rate-limited")
    assert 1 <= int(reply.headers["retry-after"]) <= 60 / PEER
    assert reply.headers["access-control-allow-origin"] == ORIGIN
    assert "Retry-After" in reply.headers["access-control-expose-headers"]
    assert "127.0.0.1" not in reply.text


def test_every_request_counts_once(slow: Api) -> None:
    """Also where the key is looked at before the body and again by the handler."""
    wave = slow.wave()
    page = slow.client("collector", publishable=True, waves=[wave])
    assert [page.get("/v1/waves?limit=1").status_code for _ in range(PEER + 1)] == [200] * PEER + [429]


def test_no_bulk_with_a_publishable_key(slow: Api) -> None:
    wave = slow.wave()
    page = slow.client("collector", publishable=True, waves=[wave])
    reply = page.post(
        f"/v1/waves/{wave}/responses/bulk", content="{}", headers={"Content-Type": "application/x-ndjson"}
    )
    problem(reply, 403, "forbidden")
    must(page.post(f"/v1/waves/{wave}/responses", json=factories.response()), 201)
    assert slow.admin.get("/v1/me").json()["publishable"] is False
