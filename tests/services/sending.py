"""What the tests of the services share: many responses at once, and what the admin's export says of them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import httpx

from tests import factories
from tests.server import Api, must


def bulk(client: httpx.Client, wave: str, bodies: Iterable[Any]) -> dict[str, Any]:
    """Send responses as NDJSON; the reply."""
    lines = "\n".join(json.dumps(body) for body in bodies)
    return must(post_ndjson(client, wave, lines))


def post_ndjson(client: httpx.Client, wave: str, content: str | bytes) -> httpx.Response:
    return client.post(
        f"/v1/waves/{wave}/responses/bulk", content=content, headers={"Content-Type": "application/x-ndjson"}
    )


def fill(api: Api, wave: str, people: dict[str, dict[str | None, int]]) -> list[dict[str, Any]]:
    """Answer as so many people of each group and school; what was sent."""
    scale = factories.AGREE
    bodies = [
        factories.response(group, school, {"informed": scale[i % 5], "heard": scale[i % 3], "ignored": scale[i % 4]})
        for group, at in people.items()
        for school, n in at.items()
        for i in range(n)
    ]
    assert bulk(api.admin, wave, bodies)["accepted"] == len(bodies)
    return bodies


def export(client: httpx.Client, wave: str) -> dict[str, dict[str, Any]]:
    """The raw export, by id."""
    reply = client.get(f"/v1/waves/{wave}/responses")
    assert reply.status_code == 200, reply.text
    rows = [json.loads(line) for line in reply.content.split(b"\n")[:-1]]
    assert reply.content == b"" or reply.content.endswith(b"\n")
    assert len({row["id"] for row in rows}) == len(rows), "an id is exported twice"
    return {row["id"]: row for row in rows}


def problem(reply: httpx.Response, status: int, slug: str) -> dict[str, Any]:
    """The problem document of a refused call."""
    assert (reply.status_code, reply.headers.get("content-type")) == (status, "application/problem+json"), reply.text
    document: dict[str, Any] = reply.json()
    assert (document["type"], document["status"]) == (f"/problems/{slug}", status), reply.text
    return document


def faults(reply: httpx.Response, slug: str = "invalid-request") -> set[tuple[str, str]]:
    """Pointer and code of every fault of a 422."""
    return {(f.get("pointer", f.get("parameter")), f["code"]) for f in problem(reply, 422, slug)["errors"]}
