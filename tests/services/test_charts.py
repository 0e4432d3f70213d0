"""Charts over HTTP: of which document, for whom, in which form, and what is asked wrongly."""

from __future__ import annotations

import hashlib
import xml.etree.ElementTree as ET
from typing import Any

import httpx
import pytest

from app.services import charts
from tests import factories
from tests.render.charting import marks, place, written
from tests.server import Api, must
from tests.services.sending import faults, fill, problem

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
FROM_SUMMARY = ("likert", "constructs", "heat-map", "participation")


def closed(api: Api, days: float = 5) -> str:
    definitions = [factories.definition(group) for group in PEOPLE]
    key = api.wave(*definitions, promise=PROMISE, simulated=True, opens_at=factories.iso(days=-days))
    counts = [
        {"group": group, "school": school, "eligible": 20}
        for group in ("family", "staff")
        for school in factories.SCHOOLS
    ]
    must(api.admin.put(f"/v1/waves/{key}/roster", json={"source": "office", "counts": counts}))
    fill(api, key, PEOPLE)
    must(api.admin.post(f"/v1/waves/{key}/close"))
    return key


@pytest.fixture(scope="module")
def wave(api: Api) -> str:
    key = closed(api)
    must(api.admin.post(f"/v1/waves/{key}/releases"), 201)
    return key


@pytest.fixture(scope="module")
def earlier(api: Api) -> str:
    return closed(api, days=400)


def get(client: httpx.Client, wave: str, chart: str, /, **params: Any) -> httpx.Response:
    return client.get(f"/v1/waves/{wave}/charts/{chart}", params=params)


def spec(client: httpx.Client, wave: str, chart: str, /, **params: Any) -> dict[str, Any]:
    reply = get(client, wave, chart, format="vega-lite", **params)
    assert reply.headers["content-type"] == "application/vnd.vegalite.v6+json"
    return must(reply, 200)


def summary(client: httpx.Client, wave: str) -> dict[str, Any]:
    found: dict[str, Any] = must(client.get(f"/v1/waves/{wave}/summary"), 200)
    return found


# ------------------------------------------------------------------ what
def test_the_figures_are_those_of_the_summary(api: Api, wave: str) -> None:
    director = api.client("director")
    told = summary(director, wave)
    item = told["items"][0]
    union = next(c for c in item["cells"] if c["group"] == "staff" and c["school"] is None)
    rows = [row for row in marks(spec(director, wave, "likert", group="staff")) if row["item"] == item["item"]]
    assert {row["option"]: row["count"] for row in rows} == union["counts"]
    cells = {place(c): c for c in told["constructs"][0]["cells"] if c["status"] == "published"}
    rows = marks(spec(director, wave, "constructs", group="staff"))
    assert {place(r): (r["value"], r["low"], r["high"]) for r in rows} == {
        at: tuple(c["mean"][name] for name in ("value", "low", "high")) for at, c in cells.items() if at[0] == "staff"
    }
    rows = marks(spec(director, wave, "heat-map", group="family"))
    drawn = {place(r): (r["share"], r["n"]) for r in rows if r["status"] == "published"}
    assert drawn == {at: (c["favorable"]["share"], c["n"]) for at, c in cells.items() if at[0] == "family"}
    rows = marks(spec(director, wave, "participation", group="staff"))
    assert {(r["school"], r["responses"]) for r in rows} == {*PEOPLE["staff"].items(), (None, 46)}


def test_gaps_and_trends(api: Api, wave: str, earlier: str) -> None:
    director = api.client("director")
    gaps = must(director.get(f"/v1/waves/{wave}/gaps", params={"a": "family", "b": "staff", "school": "erving"}))
    drawn = spec(director, wave, "gaps", a="family", b="staff", school="erving", of="items")
    assert {r["item"]: r["value"] for r in marks(drawn)} == {
        row["item"]: row["difference"]["mean"]["value"] for row in gaps["items"]
    }
    assert drawn["title"]["subtitle"][0].startswith("SIMULATED answers · Erving · ")
    trends = must(director.get("/v1/trends", params={"wave": [wave, earlier], "group": "staff"}))
    cell = next(c for c in trends["constructs"][0]["cells"] if c["school"] is None and "schools" not in c)
    rows = marks(spec(director, wave, "trends", wave=earlier, group="staff"))
    assert [r["value"] for r in rows] == [cell[side]["mean"]["value"] for side in ("earlier", "later")]


def test_one_question_over_its_places(api: Api, wave: str) -> None:
    director = api.client("director")
    rows = marks(spec(director, wave, "likert", group="family", item="heard"))
    pool = ("family", None, ("shutesbury", "swift-river"))
    assert {place(r) for r in rows} == {("family", s, ()) for s in ("erving", "leverett", None)} | {pool}
    assert {r["item"] for r in rows} == {"heard"}
    two = marks(spec(director, wave, "likert", group="family", item=["heard", "informed"]))
    assert {(r["item"], r["school"]) for r in two} == {("heard", None), ("informed", None)}


def test_forms(api: Api, wave: str) -> None:
    director = api.client("director")
    reply = get(director, wave, "heat-map")
    assert reply.headers["content-type"].startswith("image/svg+xml")
    assert reply.headers["content-disposition"] == f'inline; filename="{wave}-heat-map.svg"'
    assert reply.headers["content-security-policy"] == "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    assert ET.fromstring(reply.text).attrib["role"] == "img"
    assert any("SIMULATED" in text for text in written(reply.text))
    png = director.get(f"/v1/waves/{wave}/charts/heat-map?group=staff", headers={"Accept": "image/png"})
    assert (png.headers["content-type"], png.content[:8]) == ("image/png", b"\x89PNG\r\n\x1a\n")
    assert png.headers["content-disposition"] == f'inline; filename="{wave}-heat-map-staff.png"'
    address = f"/v1/waves/{wave}/charts/heat-map"
    problem(director.get(address, headers={"Accept": "text/csv"}), 406, "not-acceptable")
    assert faults(get(director, wave, "heat-map", format="pdf")) == {("format", "literal_error")}


@pytest.mark.parametrize("form", ["svg", "png", "vega-lite"])
def test_the_same_question_has_the_same_bytes(api: Api, wave: str, form: str) -> None:
    director = api.client("director")
    reply = get(director, wave, "likert", format=form)
    assert reply.headers["etag"] == f'"{hashlib.sha256(reply.content).hexdigest()}"'
    assert get(api.admin, wave, "likert", format=form, release=1).content == reply.content
    address = f"/v1/waves/{wave}/charts/likert?format={form}"
    assert director.get(address, headers={"If-None-Match": reply.headers["etag"]}).status_code == 304


# ------------------------------------------------------------------ wrong
def test_what_is_asked_wrongly(api: Api, wave: str, earlier: str) -> None:
    director = api.client("director")
    problem(get(director, wave, "pie"), 404, "not-found")
    problem(get(director, "no-such-wave", "likert"), 404, "not-found")
    problem(get(director, wave, "likert", release=2), 404, "not-found")
    problem(get(director, wave, "likert", school="nowhere"), 404, "not-found")
    problem(get(director, wave, "likert", group="liaison"), 404, "not-found")
    for chart, params, wrong in (
        ("likert", {"a": "family", "measure": "mean", "of": "items"}, {"a", "measure", "of"}),
        ("heat-map", {"school": "erving", "item": "heard"}, {"school", "item"}),
        ("participation", {"construct": "communication", "wave": earlier}, {"construct", "wave"}),
        ("trends", {"wave": earlier, "release": 1, "b": "staff"}, {"release", "b"}),
    ):  # fmt: skip
        assert faults(get(director, wave, chart, **params)) == {(name, "not_for_this_chart") for name in wrong}
    assert faults(get(director, wave, "trends")) == {("wave", "required")}
    assert faults(get(director, wave, "trends", wave=wave)) == {("wave", "repeated_wave")}
    assert faults(get(director, wave, "gaps", b="staff")) == {("a", "required")}
    assert faults(get(director, wave, "likert", item=["x", "heard"], construct="y")) == {
        ("item", "unknown_item"), ("construct", "unknown_construct"),
    }  # fmt: skip
    assert faults(get(director, wave, "likert", width=9)) == {("width", "unknown_parameter")}


def test_a_chart_that_nobody_could_read_is_refused(api: Api, wave: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(charts, "MOST", 20)
    director = api.client("director")
    assert faults(get(director, wave, "constructs", group="staff", measure="favorable")) == {("construct", "too_large")}
    assert faults(get(director, wave, "participation", group="staff")) == {("school", "too_large")}


# ------------------------------------------------------------------ when and for whom
def test_when(api: Api) -> None:
    wave = api.wave(factories.definition())
    for chart in FROM_SUMMARY:
        problem(get(api.client("director"), wave, chart), 409, "results-not-released")


def test_a_principal_sees_what_their_summary_says(api: Api, wave: str) -> None:
    principal = api.client("principal", schools=["erving"])
    cells = [c for c in summary(principal, wave)["constructs"][0]["cells"] if c["group"] == "family"]
    rows = marks(spec(principal, wave, "heat-map", group="family"))
    assert {place(r): (r["n"], r["low"], r["high"]) for r in rows} == {
        place(c): (c["n"], c["favorable"]["low"], c["favorable"]["high"]) for c in cells
    }
    rows = marks(spec(principal, wave, "likert", group="family", school="erving"))
    assert rows
    assert not any({"count", "share"} & row.keys() for row in rows)
    assert any("count" in row for row in marks(spec(principal, wave, "likert", group="staff")))
    problem(get(principal, wave, "likert", school="leverett"), 404, "not-found")
    problem(get(principal, wave, "constructs", group="family", measure="mean"), 403, "audience-not-served")
    assert "value" in marks(spec(principal, wave, "constructs", group="staff", measure="mean"))[0]
    problem(get(principal, wave, "gaps", a="family", b="staff"), 403, "audience-not-served")
    problem(get(principal, wave, "likert", group="school_leader"), 403, "audience-not-served")


def test_the_public_sees_ranges_and_no_participation(api: Api, wave: str, earlier: str) -> None:
    public = api.client("reporter", audience="public")
    for chart in ("likert", "constructs", "heat-map"):
        rows = marks(spec(public, wave, chart))
        assert rows
        assert all("low" in row or row["status"] == "protected" for row in rows)
    problem(get(public, wave, "participation"), 403, "audience-not-served")
    problem(get(public, wave, "gaps", a="family", b="staff"), 403, "audience-not-served")
    problem(get(public, wave, "trends", wave=earlier), 403, "audience-not-served")


def test_two_readers_do_not_get_each_other_s_chart(api: Api, wave: str) -> None:
    """Asked in the same words, each is drawn from their own document."""
    told = {
        name: get(client, wave, "constructs").text
        for name, client in (
            ("director", api.client("director")),
            ("principal", api.client("principal", schools=["erving"])),
            ("public", api.client("reporter", audience="public")),
        )
    }
    assert len(set(told.values())) == 3
    assert "95% interval" in told["director"]
    assert "95% interval" not in told["public"]
