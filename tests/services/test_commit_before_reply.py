"""No success is told before it is durable: when the commit fails, the reply is a 503 and nothing is there."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from sqlalchemy.exc import OperationalError
from sqlmodel import Session

from tests import factories
from tests.server import Api, must
from tests.services.sending import problem


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """Let as many commits fail as `left` says."""
    state = {"left": 0, "failed": 0}
    real = Session.commit

    def commit(self: Session) -> None:
        if state["left"]:
            state["left"] -= 1
            state["failed"] += 1
            raise OperationalError("COMMIT", {}, Exception("a secret value: disk full"))
        real(self)

    monkeypatch.setattr(Session, "commit", commit)
    return state


def refused(reply: httpx.Response, failing: dict[str, int]) -> None:
    document = problem(reply, 503, "store-unavailable")
    assert failing == {"left": 0, "failed": 1}
    assert int(reply.headers["retry-after"]) > 0
    assert "location" not in reply.headers
    assert "secret" not in document["detail"]


def test_school(api: Api, failing: dict[str, int]) -> None:
    director = api.client("director")
    school = api.name("school")
    failing["left"] = 1
    refused(director.put(f"/v1/schools/{school}", json={"name": "First"}), failing)
    problem(director.get(f"/v1/schools/{school}"), 404, "not-found")
    assert school not in [s["key"] for s in must(director.get("/v1/schools?limit=1000"))["items"]]
    must(director.put(f"/v1/schools/{school}", json={"name": "First"}), 201)
    failing |= {"left": 1, "failed": 0}
    refused(director.put(f"/v1/schools/{school}", json={"name": "Second"}), failing)
    assert must(director.get(f"/v1/schools/{school}"))["name"] == "First"
    must(director.put(f"/v1/schools/{school}", json={"name": "Second"}), 200)


def test_instrument(api: Api, failing: dict[str, int]) -> None:
    definition = factories.definition(key=api.name("instrument"))
    director = api.client("director")
    failing["left"] = 1
    refused(director.post("/v1/instruments", json=definition), failing)
    problem(director.get(f"/v1/instruments/{definition['key']}"), 404, "not-found")
    assert must(director.post("/v1/instruments", json=definition), 201)["version"] == 1


def test_wave_roster_and_close(api: Api, failing: dict[str, int]) -> None:
    standing = api.wave()
    read = must(api.client("director").get(f"/v1/waves/{standing}"))
    body = factories.wave(read["instruments"])
    new = api.name("wave")
    director = api.client("director")
    failing["left"] = 1
    refused(director.put(f"/v1/waves/{new}", json=body), failing)
    problem(director.get(f"/v1/waves/{new}"), 404, "not-found")
    failing |= {"left": 1, "failed": 0}
    refused(director.put(f"/v1/waves/{standing}/roster", json={"source": "x", "counts": []}), failing)
    problem(director.get(f"/v1/waves/{standing}/roster"), 404, "not-found")
    failing |= {"left": 1, "failed": 0}
    refused(director.post(f"/v1/waves/{standing}/close"), failing)
    assert must(director.get(f"/v1/waves/{standing}"))["status"] == "open"
    must(director.post(f"/v1/waves/{standing}/responses", json=factories.response()), 201)


def test_release(api: Api, failing: dict[str, int]) -> None:
    wave = api.wave()
    director = api.client("director")
    must(director.post(f"/v1/waves/{wave}/close"))
    failing["left"] = 1
    refused(director.post(f"/v1/waves/{wave}/releases"), failing)
    assert must(director.get(f"/v1/waves/{wave}/releases"))["items"] == []
    must(director.post(f"/v1/waves/{wave}/releases"), 201)


def test_withdrawal(api: Api, failing: dict[str, int]) -> None:
    wave = api.wave()
    receipt = must(api.admin.post(f"/v1/waves/{wave}/responses", json=factories.response()), 201)
    address = f"/v1/waves/{wave}/responses/{receipt['id']}"
    code = {"Withdrawal-Code": receipt["withdrawal_code"]}
    failing["left"] = 1
    refused(api.admin.delete(address, headers=code), failing)
    assert must(api.admin.get(address))["id"] == receipt["id"]
    assert api.admin.delete(address, headers=code).status_code == 204
    problem(api.admin.get(address), 404, "not-found")


def test_keys(api: Api, failing: dict[str, int]) -> None:
    def names() -> list[Any]:
        return [k["name"] for k in must(api.admin.get("/v1/keys?limit=1000"))["items"] if not k["revoked_at"]]

    name = api.name("key")
    body = {"role": "director", "name": name}
    must(api.admin.get("/v1/me"))
    failing["left"] = 1
    reply = api.admin.post("/v1/keys", json=body)
    refused(reply, failing)
    assert "snd_" not in reply.text
    assert name not in names()
    made = must(api.admin.post("/v1/keys", json=body), 201)
    failing |= {"left": 1, "failed": 0}
    refused(api.admin.delete(f"/v1/keys/{made['id']}"), failing)
    assert name in names()


def test_export_is_not_given_when_it_cannot_be_audited(api: Api, failing: dict[str, int]) -> None:
    wave = api.wave()
    receipt = must(api.admin.post(f"/v1/waves/{wave}/responses", json=factories.response()), 201)
    failing["left"] = 1
    refused(api.admin.get(f"/v1/waves/{wave}/responses"), failing)
    failing |= {"left": 1, "failed": 0}
    refused(api.admin.get(f"/v1/waves/{wave}/responses/{receipt['id']}"), failing)
