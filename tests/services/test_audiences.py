"""Who reads what of a release: audiences, and the limits of keys."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests import factories
from tests.server import Api, must
from tests.services.sending import fill, problem

PEOPLE: dict[str, dict[str | None, int]] = {
    "family": {"erving": 15, "leverett": 12, "shutesbury": 7, "swift-river": 6},
    "staff": {"erving": 12, "leverett": 11, "shutesbury": 13, "swift-river": 10},
    "school_leader": {"erving": 1},
}
PROMISE = {
    "family": {"mode": "confidential", "minimum": 10, "principal": "banded", "public": "banded"},
    "staff": {"mode": "confidential", "minimum": 10, "principal": "exact"},
    "school_leader": {"mode": "attributed"},
}
Place = tuple[str, str | None, tuple[str, ...]]


@pytest.fixture(scope="module")
def wave(api: Api) -> str:
    key = api.wave(*(factories.definition(group) for group in PEOPLE), promise=PROMISE)
    fill(api, key, PEOPLE)
    must(api.admin.post(f"/v1/waves/{key}/close"))
    must(api.admin.post(f"/v1/waves/{key}/releases"), 201)
    return key


def read(client: httpx.Client, wave: str, path: str = "summary", **params: Any) -> dict[str, Any]:
    found: dict[str, Any] = must(client.get(f"/v1/waves/{wave}/{path}", params=params), 200)
    return found


def places(document: dict[str, Any], status: str | None = None) -> set[Place]:
    return {
        (c["group"], c["school"], tuple(c.get("schools", ())))
        for part in ("items", "constructs")
        for entry in document[part]
        for c in entry["cells"]
        if status in (None, c["status"])
    }


POOL = ("shutesbury", "swift-river")


def test_a_principal_reads_their_schools_their_pool_and_the_union(api: Api, wave: str) -> None:
    erving = read(api.client("principal", schools=["erving"]), wave)
    assert erving["audience"] == "principal"
    assert places(erving) == {(g, s, ()) for g in ("family", "staff") for s in ("erving", None)}
    assert {(r["group"], r["school"]) for r in erving["participation"]} == {("family", "erving"), ("staff", "erving")}
    pooled = read(api.client("principal", schools=["swift-river", "leverett"]), wave)
    assert places(pooled, "published") == {
        ("family", "leverett", ()), ("family", None, POOL), ("family", None, ()),
        ("staff", "leverett", ()), ("staff", "swift-river", ()), ("staff", None, ()),
    }  # fmt: skip
    assert places(pooled, "protected") == {("family", "swift-river", ())}


def test_each_group_is_as_fine_as_it_was_promised(api: Api, wave: str) -> None:
    director = read(api.client("director"), wave)
    for client in (api.client("principal", schools=["erving"]), api.client("reporter", audience="principal")):
        for entry in read(client, wave)["items"]:
            (same,) = (e for e in director["items"] if e["item"] == entry["item"])
            for cell in entry["cells"]:
                if cell["group"] == "staff":
                    assert cell in same["cells"]
                elif cell["status"] == "published":
                    assert set(cell) - {"schools"} == {"group", "school", "status", "n", "favorable"}
                    assert set(cell["favorable"]) == {"low", "high"}


def test_a_principal_s_other_schools_are_not_there(api: Api, wave: str) -> None:
    principal = api.client("principal", schools=["erving"])
    problem(principal.get(f"/v1/waves/{wave}/schools/leverett/summary"), 404, "not-found")
    problem(principal.get(f"/v1/waves/{wave}/groups/school_leader/summary"), 403, "audience-not-served")
    problem(principal.get(f"/v1/waves/{wave}/groups/liaison/summary"), 404, "not-found")
    assert places(read(principal, wave, "groups/family/summary")) == {("family", "erving", ()), ("family", None, ())}
    assert places(read(principal, wave, "schools/erving/summary")) == places(read(principal, wave))


def test_reporters_read_what_their_key_was_made_for(api: Api, wave: str) -> None:
    everything = places(read(api.client("director"), wave))
    assert places(read(api.client("reporter", audience="director"), wave)) == everything
    principals = places(read(api.client("reporter", audience="principal"), wave))
    assert principals == {place for place in everything if place[0] != "school_leader"}
    public = read(api.client("reporter", audience="public"), wave)
    assert places(public) == {place for place in everything if place[0] == "family"}
    assert (public["audience"], public["participation"], set(public["promise"])) == ("public", [], {"family"})
    problem(
        api.client("reporter", audience="public").get(f"/v1/waves/{wave}/groups/staff/summary"),
        403,
        "audience-not-served",
    )


def test_limits_of_a_key_narrow_what_it_reads(api: Api, wave: str) -> None:
    limited = api.client("reporter", audience="director", schools=["leverett"], groups=["staff"])
    assert places(read(limited, wave)) == {("staff", "leverett", ()), ("staff", None, ())}
    problem(limited.get(f"/v1/waves/{wave}/groups/family/summary"), 404, "not-found")


def test_each_audience_has_a_digest_and_etags_of_its_own(api: Api, wave: str) -> None:
    clients = [api.client("director"), *(api.client("reporter", audience=a) for a in ("principal", "public"))]
    digests = [must(c.get(f"/v1/waves/{wave}/releases/1"))["digest"] for c in clients]
    assert len(set(digests)) == 3
    assert [read(c, wave)["release"]["digest"] for c in clients] == digests
    assert len({c.get(f"/v1/waves/{wave}/summary").headers["etag"] for c in clients}) == 3


def test_participation_by_role(api: Api, wave: str) -> None:
    def rows(client: httpx.Client) -> set[tuple[str, str | None]]:
        cells = must(client.get(f"/v1/waves/{wave}/participation"))["cells"]
        return {(cell["group"], cell["school"]) for cell in cells}

    everybody = {(g, s) for g in PEOPLE for s in (*factories.SCHOOLS, None)}
    assert rows(api.client("director")) == everybody
    assert rows(api.client("reporter", audience="director")) == everybody
    assert rows(api.client("principal", schools=["erving"])) == {("family", "erving"), ("staff", "erving")}
    confidential = {(g, s) for g in ("family", "staff") for s in factories.SCHOOLS}
    assert rows(api.client("reporter", audience="principal")) == confidential
    problem(
        api.client("reporter", audience="public").get(f"/v1/waves/{wave}/participation"), 403, "audience-not-served"
    )


def test_the_director_too_may_be_promised_bands(api: Api) -> None:
    promise = {**PROMISE, "staff": {"mode": "confidential", "minimum": 10, "director": "banded"}}
    key = api.wave(*(factories.definition(group) for group in PEOPLE), promise=promise)
    fill(api, key, PEOPLE)
    must(api.admin.post(f"/v1/waves/{key}/close"))
    must(api.admin.post(f"/v1/waves/{key}/releases"), 201)
    cells = [c for e in read(api.client("director"), key)["items"] for c in e["cells"] if c["status"] == "published"]
    assert {"counts" in cell for cell in cells if cell["group"] == "staff"} == {False}
    assert {"counts" in cell for cell in cells if cell["group"] == "family"} == {True}
