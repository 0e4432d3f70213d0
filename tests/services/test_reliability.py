"""Reliability over HTTP: what it says, for whom, and that it is a view of the release."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests import factories
from tests.server import Api, must
from tests.services.sending import bulk, faults, problem

SCALE = factories.AGREE
PEOPLE: dict[str, dict[str | None, int]] = {
    "family": {"erving": 14, "leverett": 12, "shutesbury": 3, "swift-river": 4},
    "staff": {"erving": 6, "leverett": 2},
    "liaison": {None: 3},
}
COMMON = {"confidential": {"mode": "confidential", "minimum": 5}, "attributed": {"mode": "attributed"}}
PROMISE: dict[str, dict[str, Any]] = {
    "family": COMMON["confidential"] | {"principal": "exact"},
    "staff": COMMON["confidential"],
    "liaison": COMMON["attributed"],
}


def answers(i: int) -> dict[str, Any]:
    """Everybody leans one way; the reversed item agrees with the others once it is turned."""
    return {"informed": SCALE[i % 5], "heard": SCALE[min(4, i % 5 + i % 2)], "ignored": SCALE[4 - (i + i // 5 % 2) % 5]}


def closed(api: Api) -> str:
    wave = api.wave(*(factories.definition(group) for group in PEOPLE), promise=PROMISE)
    bodies = [
        factories.response(group, school, answers(i))
        for group, at in PEOPLE.items()
        for school, n in at.items()
        for i in range(n)
    ]
    assert bulk(api.admin, wave, bodies)["accepted"] == len(bodies)
    must(api.admin.post(f"/v1/waves/{wave}/close"))
    return wave


@pytest.fixture(scope="module")
def released(api: Api) -> str:
    wave = closed(api)
    must(api.admin.post(f"/v1/waves/{wave}/releases"), 201)
    return wave


def get(client: httpx.Client, wave: str, **params: Any) -> httpx.Response:
    return client.get(f"/v1/waves/{wave}/reliability", params=params)


def document(client: httpx.Client, wave: str, **params: Any) -> dict[str, Any]:
    found: dict[str, Any] = must(get(client, wave, **params), 200)
    return found


def named(entry: dict[str, Any]) -> list[tuple[str, str | None, list[str] | None, str]]:
    return [(c["group"], c["school"], c.get("schools"), c["status"]) for c in entry["cells"]]


def test_the_document(api: Api, released: str) -> None:
    full = document(api.client("director"), released)
    summary = must(api.client("director").get(f"/v1/waves/{released}/summary"))
    assert full["release"] == summary["release"]
    assert all(full[k] == summary[k] for k in ("wave", "title", "audience", "simulated", "promise", "instruments"))
    (entry,) = full["constructs"]
    (other,) = summary["constructs"]
    assert {k: v for k, v in entry.items() if k != "cells"} == {k: v for k, v in other.items() if k != "cells"}
    assert named(entry) == named(other)
    for ours, theirs in zip(entry["cells"], other["cells"], strict=True):
        if ours["status"] == "published":
            assert {k: ours[k] for k in ("n", "alpha", "alpha_standardized", "omega")} == theirs["reliability"]
            assert [i["item"] for i in ours["items"]] == ["informed", "heard", "ignored"]
            assert all(i.keys() == {"item", "item_rest", "alpha_if_dropped"} for i in ours["items"])
    cells = {(c["group"], c["school"], "schools" in c): c for c in entry["cells"]}
    assert cells["family", "erving", False]["items"][2]["item_rest"] > 0.5  # it is turned
    assert cells["family", None, True]["schools"] == ["shutesbury", "swift-river"]
    assert cells["family", "shutesbury", False] == {"group": "family", "school": "shutesbury", "status": "protected"}
    assert cells["liaison", None, False]["warnings"] == ["few_people"]


def test_filters(api: Api, released: str) -> None:
    director = api.client("director")
    full = document(director, released)
    assert document(director, released, construct="communication")["constructs"] == full["constructs"]
    (entry,) = document(director, released, group="family", school="shutesbury")["constructs"]
    assert named(entry) == [
        ("family", "shutesbury", None, "protected"),
        ("family", None, None, "published"),
        ("family", None, ["shutesbury", "swift-river"], "published"),
    ]
    assert faults(get(director, released, construct=["never", "communication"])) == {("construct", "unknown_construct")}
    assert faults(get(director, released, group="nobody")) == {("group", "unknown_group")}
    assert faults(get(director, released, item="informed")) == {("item", "unknown_parameter")}
    assert get(director, released, release=1).content == get(director, released).content
    problem(get(director, released, release=2), 404, "not-found")
    problem(get(director, released, school="nowhere"), 404, "not-found")
    problem(get(director, "no-such-wave"), 404, "not-found")


def test_when(api: Api) -> None:
    problem(get(api.client("director"), api.wave(factories.definition())), 409, "results-not-released")
    assert document(api.client("director"), closed(api))["release"]["number"] == 1


def test_for_whom(api: Api, released: str) -> None:
    principal = api.client("principal", schools=["leverett"])
    seen = document(principal, released)
    assert (seen["audience"], list(seen["promise"])) == ("principal", ["family"])
    assert named(seen["constructs"][0]) == [
        ("family", "leverett", None, "published"),
        ("family", None, None, "published"),
    ]
    problem(get(principal, released, school="erving"), 404, "not-found")
    problem(get(principal, released, group="staff"), 403, "audience-not-served")
    problem(get(api.client("reporter", audience="public"), released), 403, "audience-not-served")
    problem(get(api.client("collector"), released), 403, "forbidden")
    limited = api.client("reporter", audience="director", groups=["staff"])
    assert list(document(limited, released)["promise"]) == ["staff"]
    problem(get(limited, released, group="family"), 404, "not-found")


def test_representations(api: Api, released: str) -> None:
    director = api.client("director")
    etag = get(director, released).headers["etag"]
    address = f"/v1/waves/{released}/reliability"
    assert director.get(address, headers={"If-None-Match": etag}).status_code == 304
    problem(director.get(address, headers={"Accept": "text/csv"}), 406, "not-acceptable")
