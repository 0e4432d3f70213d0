"""The operation that is served before the framework's routing: the same as its declared route, only sooner."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests import factories
from tests.server import Api

HEADERS = ("content-type", "www-authenticate", "cache-control", "vary", "idempotency-replayed")


def told(reply: httpx.Response) -> tuple[Any, ...]:
    """All of a reply but what is new each time."""
    body = reply.json()
    return reply.status_code, {h: reply.headers.get(h) for h in HEADERS}, {k: v for k, v in body.items() if k != "id"}


@pytest.mark.parametrize(
    ("role", "query", "change"),
    [
        ("collector", "", {}),
        ("collector", "", {"group": "nobody", "colour": 1}),
        ("collector", "?colour=red", {}),
        (None, "", {}),
        ("principal", "?colour=red", {}),
    ],
    ids=["stored", "faulty", "unknown parameter", "no key", "no right"],
)
def test_the_declared_route_answers_the_same(
    api: Api, monkeypatch: pytest.MonkeyPatch, role: str | None, query: str, change: dict[str, Any]
) -> None:
    wave = api.wave()
    body = {**factories.response(), **change}
    address = f"/v1/waves/{wave}/responses{query}"
    headers = {"Authorization": f"Bearer {api.secret(role)}"} if role else {}
    with httpx.Client(base_url=api.base, headers=headers) as client, monkeypatch.context() as patch:
        sooner = client.post(address, json=body)
        patch.setattr("app.web.express.Express.matches", lambda self, scope: None)
        later = client.post(address, json=body)
    if sooner.status_code == 201:
        assert later.status_code == 200
        assert later.json() == sooner.json()
    else:
        assert told(later) == told(sooner)
    assert sooner.headers["x-request-id"] != later.headers["x-request-id"]


def test_metrics_name_the_route(api: Api) -> None:
    wave = api.wave()
    api.admin.post(f"/v1/waves/{wave}/responses", json=factories.response())
    text = api.admin.get("/metrics").text
    assert 'method="POST",route="/v1/waves/{wave}/responses",status="201"' in text
    assert wave not in text


@pytest.mark.parametrize("path", ["/v1/waves/a/b/responses", "/v1/waves//responses", "/v1/waves/a/responses/"])
def test_other_addresses_are_not_its_own(api: Api, path: str) -> None:
    assert api.admin.post(path, json=factories.response()).status_code in (404, 405)
