"""Conditional requests, caching headers, strict query strings, paging and CORS: what every route has from its class."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests import factories
from tests.databases import settings_for
from tests.server import Api, must

ORIGIN = "https://forms.example.org"


@pytest.fixture(scope="module")
def wave(api: Api) -> str:
    key = api.wave()
    must(api.admin.put(f"/v1/waves/{key}/roster", json=roster(20)), 201)
    return key


@pytest.fixture(scope="module")
def reads(api: Api, wave: str) -> list[str]:
    closed = api.wave()
    must(api.admin.put(f"/v1/waves/{closed}/roster", json=roster(20)))
    must(api.admin.post(f"/v1/waves/{closed}/close"), 200)
    must(api.admin.post(f"/v1/waves/{closed}/releases"), 201)
    return [
        "/v1/schools", "/v1/schools/erving",
        "/v1/instruments", "/v1/instruments/family", "/v1/instruments/family/versions/1",
        "/v1/instruments/family/versions/1/schema", "/v1/instruments/family/versions/1/codebook", "/v1/waves",
        f"/v1/waves/{wave}", f"/v1/waves/{wave}/roster", f"/v1/waves/{wave}/participation", "/v1/me", "/v1/keys",
        f"/v1/waves/{closed}/summary", f"/v1/waves/{closed}/groups/staff/summary", f"/v1/waves/{closed}/releases",
        f"/v1/waves/{closed}/schools/erving/summary", f"/v1/waves/{closed}/releases/1",
    ]  # fmt: skip


def roster(eligible: int) -> dict[str, Any]:
    lines = [{"group": g, "school": s, "eligible": eligible} for g in ("family", "staff") for s in factories.SCHOOLS]
    return {"source": "enrolment", "counts": lines}


def is_strong(etag: str) -> bool:
    return etag.startswith('"') and etag.endswith('"') and len(etag) > 10


# ------------------------------------------------------------------ If-None-Match
def test_every_read_has_a_strong_etag_that_stays(api: Api, reads: list[str]) -> None:
    tags = {}
    for path in reads:
        first, second = api.admin.get(path), api.admin.get(path)
        must(first, 200)
        assert is_strong(first.headers["etag"]), path
        assert (first.headers["etag"], first.content) == (second.headers["etag"], second.content), path
        tags[path] = first.headers["etag"]
    assert len(set(tags.values())) == len(tags)


@pytest.mark.parametrize("form", ["{etag}", "W/{etag}", '"x", {etag}', '{etag},"x"', '"x" , W/{etag} ,"y"', "*"])
def test_a_known_etag_gives_304_without_a_body(api: Api, reads: list[str], form: str) -> None:
    for path in reads:
        etag = api.admin.get(path).headers["etag"]
        reply = api.admin.get(path, headers={"If-None-Match": form.format(etag=etag)})
        assert reply.status_code == 304, path
        assert reply.content == b""
        assert reply.headers["etag"] == etag
        assert "content-type" not in reply.headers
        assert reply.headers["cache-control"] == "private, no-cache"
        assert reply.headers["vary"].startswith("Authorization, Accept")
        assert reply.headers["x-request-id"]


@pytest.mark.parametrize("form", ['"x"', "{bare}", '"{bare}x"', "", "W/"])
def test_another_etag_gives_the_document(api: Api, wave: str, form: str) -> None:
    path = f"/v1/waves/{wave}"
    etag = api.admin.get(path).headers["etag"]
    reply = api.admin.get(path, headers={"If-None-Match": form.format(bare=etag.strip('"'))})
    assert must(reply, 200)["key"] == wave


def test_the_etag_follows_the_content(api: Api) -> None:
    path = f"/v1/schools/{api.name('school')}"
    must(api.admin.put(path, json={"name": "One"}), 201)
    one = api.admin.get(path).headers["etag"]
    must(api.admin.put(path, json={"name": "Two"}), 200)
    reply = api.admin.get(path, headers={"If-None-Match": one})
    assert must(reply, 200)["name"] == "Two"
    assert reply.headers["etag"] != one
    must(api.admin.put(path, json={"name": "One"}), 200)
    assert api.admin.get(path).headers["etag"] == one


def test_a_problem_is_never_304(api: Api) -> None:
    reply = api.admin.get("/v1/schools/nowhere", headers={"If-None-Match": "*"})
    assert reply.status_code == 404
    assert "etag" not in reply.headers
    assert api.anonymous.get("/v1/schools", headers={"If-None-Match": "*"}).status_code == 401


# ------------------------------------------------------------------ If-Match
@pytest.fixture(params=["school", "wave", "roster"])
def put(request: pytest.FixtureRequest, api: Api) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """What may be changed: its address, its body now, another body."""
    if request.param == "school":
        key = api.name("school")
        must(api.admin.put(f"/v1/schools/{key}", json={"name": "One"}), 201)
        return f"/v1/schools/{key}", {"name": "One"}, {"name": "Two", "district": "North"}
    instruments = {"family": api.instrument(factories.definition("family"))}
    api.schools()
    key, body = api.name("wave"), factories.wave(instruments, opens_at=factories.iso(hours=5))
    must(api.admin.put(f"/v1/waves/{key}", json=body), 201)
    if request.param == "wave":
        return f"/v1/waves/{key}", body, {**body, "title": "Another"}
    one, two = (
        {"source": f"list {n}", "counts": [{"group": "family", "school": "erving", "eligible": n}]} for n in (1, 2)
    )
    must(api.admin.put(f"/v1/waves/{key}/roster", json=one), 201)
    return f"/v1/waves/{key}/roster", one, two


Put = tuple[str, dict[str, Any], dict[str, Any]]


@pytest.mark.parametrize("form", ["{etag}", '"x", {etag}', "*"])
def test_if_match_lets_a_change_through(api: Api, put: Put, form: str) -> None:
    path, _, other = put
    etag = api.admin.get(path).headers["etag"]
    must(api.admin.put(path, json=other, headers={"If-Match": form.format(etag=etag)}), 200)
    after = api.admin.get(path)
    assert after.headers["etag"] != etag
    said = after.json()
    assert all(said[name] == other[name] for name in ("name", "district", "title", "source", "unit") if name in other)


@pytest.mark.parametrize("form", ['"x"', "W/{etag}", '"x", "y"', ""])
def test_if_match_stops_a_change(api: Api, put: Put, form: str) -> None:
    path, _, other = put
    before = api.admin.get(path)
    reply = api.admin.put(path, json=other, headers={"If-Match": form.format(etag=before.headers["etag"])})
    assert reply.status_code == 412
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.json()["type"] == "/problems/precondition-failed"
    assert api.admin.get(path).content == before.content


def test_of_two_readers_the_second_writer_is_stopped(api: Api, put: Put) -> None:
    path, body, other = put
    etag = api.admin.get(path).headers["etag"]
    must(api.admin.put(path, json=other, headers={"If-Match": etag}), 200)
    assert api.admin.put(path, json=body, headers={"If-Match": etag}).status_code == 412
    must(api.admin.put(path, json=body), 200)  # it is honored, not required
    assert api.admin.get(path).headers["etag"] == etag


def test_if_match_of_what_is_not_there(api: Api) -> None:
    instruments = {"family": api.instrument(factories.definition("family"))}
    api.schools()
    school, key = f"/v1/schools/{api.name('school')}", api.name("wave")
    for path, body in (
        (school, {"name": "x"}),
        (f"/v1/waves/{key}", factories.wave(instruments)),
    ):
        assert api.admin.put(path, json=body, headers={"If-Match": "*"}).status_code == 412
        assert api.admin.get(path).status_code == 404
    must(api.admin.put(f"/v1/waves/{key}", json=factories.wave(instruments)), 201)
    path = f"/v1/waves/{key}/roster"
    assert api.admin.put(path, json={"source": "s", "counts": []}, headers={"If-Match": "*"}).status_code == 412
    assert api.admin.get(path).status_code == 404


# ------------------------------------------------------------------ caching
def test_replies_to_keys_are_private(api: Api, wave: str) -> None:
    replies = [
        api.admin.get("/v1/me"), api.admin.get("/v1/nothing"), api.anonymous.get("/v1/me"), api.admin.get("/v1/me?x=1"),
        api.admin.put("/v1/schools/erving", json={"name": "Erving"}), api.admin.post("/v1/keys", json={}),
        api.admin.post(f"/v1/waves/{wave}/responses", json=factories.response()), api.admin.post("/v1/me"),
        api.admin.get(f"/v1/waves/{wave}/responses"), api.client("collector").get("/v1/keys"),
    ]  # fmt: skip
    assert [r.status_code for r in replies] == [200, 404, 401, 422, 200, 422, 201, 405, 200, 403]
    for reply in replies:
        assert reply.headers["cache-control"] == "private, no-cache"
        assert {"authorization", "accept"} <= {part.strip().lower() for part in reply.headers["vary"].split(",")}


def test_a_stream_has_no_etag(api: Api, wave: str) -> None:
    assert "etag" not in api.admin.get(f"/v1/waves/{wave}/responses").headers


# ------------------------------------------------------------------ query strings
def faults_of(reply: httpx.Response) -> list[tuple[str, str]]:
    assert reply.status_code == 422, reply.text
    assert reply.json()["type"] == "/problems/invalid-request"
    return [(fault["parameter"], fault["code"]) for fault in reply.json()["errors"]]


def test_an_unknown_parameter_is_named_everywhere(api: Api, reads: list[str]) -> None:
    for path in reads:
        assert faults_of(api.admin.get(path, params={"limits": 5})) == [("limits", "unknown_parameter")], path
    for path in ("/healthz", "/problems", "/metrics"):
        assert faults_of(api.admin.get(path, params={"x": ""})) == [("x", "unknown_parameter")], path


def test_an_unknown_parameter_stops_a_change(api: Api, wave: str) -> None:
    school = f"/v1/schools/{api.name('school')}"
    assert faults_of(api.admin.put(f"{school}?dry_run=1", json={"name": "x"})) == [("dry_run", "unknown_parameter")]
    assert api.admin.get(school).status_code == 404
    body = factories.response()
    assert faults_of(api.admin.post(f"/v1/waves/{wave}/responses?test=1", json=body)) == [("test", "unknown_parameter")]
    assert api.admin.get(f"/v1/waves/{wave}/responses/{body['id']}").status_code == 404
    assert faults_of(api.admin.post(f"/v1/waves/{wave}/close?x")) == [("x", "unknown_parameter")]
    assert must(api.admin.get(f"/v1/waves/{wave}"))["status"] == "open"


def test_all_faulty_parameters_are_named(api: Api) -> None:
    found = faults_of(api.admin.get("/v1/schools?limit=5&limit=6&x=1&%00=2&after=eA"))
    assert found == [("limit", "repeated_parameter"), ("x", "unknown_parameter"), ("\x00", "unknown_parameter")]


def test_what_may_be_repeated_may_be_repeated(api: Api, reads: list[str]) -> None:
    (summary,) = [
        path for path in reads if path.endswith("/summary") and "/groups/" not in path and "/schools/" not in path
    ]
    document = must(api.admin.get(summary, params={"item": ["informed", "heard"]}), 200)
    assert {item["item"] for item in document["items"]} == {"informed", "heard"}
    assert faults_of(api.admin.get(f"{summary}?release=1&release=1")) == [("release", "repeated_parameter")]


@pytest.mark.parametrize("value", ["0", "-1", "1001", "x", "", "1e2", "9" * 4000])
@pytest.mark.parametrize("path", ["/v1/schools", "/v1/waves", "/v1/instruments", "/v1/keys"])
def test_limits_out_of_range(api: Api, path: str, value: str) -> None:
    assert [name for name, _ in faults_of(api.admin.get(path, params={"limit": value}))] == ["limit"]


@pytest.mark.parametrize("value", ["not base64!", "a", "_w", "AGEA", "é", "=", "x" * 201, "ZXJ2aW5n\n"])
@pytest.mark.parametrize("path", ["/v1/schools", "/v1/waves", "/v1/instruments", "/v1/keys"])
def test_bad_cursors(api: Api, path: str, value: str) -> None:
    assert [name for name, _ in faults_of(api.admin.get(path, params={"after": value}))] == ["after"]


# ------------------------------------------------------------------ paging
def pages(client: httpx.Client, path: str, limit: int) -> list[list[dict[str, Any]]]:
    found, after = [], None
    while True:
        page = must(client.get(path, params={"limit": limit} | ({"after": after} if after else {})), 200)
        assert page.keys() == {"items", "next"}
        found.append(page["items"])
        after = page["next"]
        if after is None:
            return found
        assert len(found) < 100


@pytest.fixture(scope="module")
def district(api: Api) -> list[str]:
    """25 schools, with names that a collation could order otherwise than by character."""
    schools = sorted([f"p-{n:02}" for n in range(10)] + [f"p_{n}" for n in range(5)] + [f"p{n}" for n in range(10)])
    for school in reversed(schools):
        must(api.admin.put(f"/v1/schools/{school}", json={"name": school}))
    return schools


def test_every_school_is_seen_once(api: Api, district: list[str]) -> None:
    principal = api.client("principal", schools=district)
    found = pages(principal, "/v1/schools", 7)
    assert [len(page) for page in found] == [7, 7, 7, 4]
    seen = [school["key"] for page in found for school in page]
    assert sorted(seen) == district
    assert len(set(seen)) == 25
    assert seen == [school["key"] for school in must(principal.get("/v1/schools"))["items"]]


@pytest.mark.parametrize("limit", [1, 5, 24, 25, 26, 1000])
def test_any_size_of_page(api: Api, district: list[str], limit: int) -> None:
    found = pages(api.client("principal", schools=district), "/v1/schools", limit)
    assert sorted(school["key"] for page in found for school in page) == district
    assert len(found) == -(-25 // limit)


def test_a_page_does_not_skip_or_repeat_while_schools_are_added(api: Api, district: list[str]) -> None:
    admin = api.admin
    first = must(admin.get("/v1/schools", params={"limit": 7}))
    must(admin.put("/v1/schools/0-before-all", json={"name": "x"}))
    must(admin.put("/v1/schools/z-after-all", json={"name": "x"}))
    rest = must(admin.get("/v1/schools", params={"limit": 1000, "after": first["next"]}))["items"]
    seen = [school["key"] for school in first["items"] + rest]
    assert len(set(seen)) == len(seen)
    assert set(district) <= set(seen)
    assert "z-after-all" in seen
    assert "0-before-all" not in seen


@pytest.mark.parametrize("path", ["/v1/waves", "/v1/instruments", "/v1/keys"])
def test_the_other_lists_have_pages_too(api: Api, reads: list[str], path: str) -> None:
    name = "id" if path == "/v1/keys" else "key"
    everything = [item[name] for item in must(api.admin.get(path))["items"]]
    assert len(everything) >= 2
    found = pages(api.admin, path, 1)
    assert [item[name] for page in found for item in page] == everything
    assert all(len(page) == 1 for page in found)


def test_a_cursor_behind_the_last_gives_an_empty_page(api: Api) -> None:
    after = base64.urlsafe_b64encode(b"zzzzzzzz").decode().rstrip("=")
    assert must(api.admin.get("/v1/schools", params={"after": after}), 200) == {"items": [], "next": None}


# ------------------------------------------------------------------ CORS
@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """A server that answers the pages of one origin."""
    running = Api(settings_for("sqlite", tmp_path_factory.mktemp("cors"), cors_origins=(ORIGIN,)))
    yield running
    running.stop()


def preflight(
    api: Api, origin: str, method: str = "POST", headers: str = "authorization,content-type"
) -> httpx.Response:
    asked = {"Origin": origin, "Access-Control-Request-Method": method, "Access-Control-Request-Headers": headers}
    return api.anonymous.options("/v1/waves/w/responses", headers=asked)


def test_a_preflight_of_the_origin(shared: Api) -> None:
    reply = preflight(
        shared, ORIGIN, headers="authorization, content-type, idempotency-key, if-match, if-none-match, withdrawal-code"
    )
    assert reply.status_code == 200
    assert reply.headers["access-control-allow-origin"] == ORIGIN
    assert "access-control-allow-credentials" not in reply.headers
    methods = {part.strip() for part in reply.headers["access-control-allow-methods"].split(",")}
    assert methods == {"GET", "POST", "PUT", "PATCH", "DELETE"}
    allowed = {part.strip().lower() for part in reply.headers["access-control-allow-headers"].split(",")}
    asked = {"authorization", "content-type", "idempotency-key", "if-match", "if-none-match", "withdrawal-code"}
    assert asked <= allowed
    assert int(reply.headers["access-control-max-age"]) > 0
    assert "origin" in reply.headers["vary"].lower()


@pytest.mark.parametrize(
    "origin", ["https://evil.example.org", "http://forms.example.org", "null", ORIGIN + ":8443", ORIGIN + ".evil.org"]
)
def test_another_origin_gets_nothing(shared: Api, origin: str) -> None:
    reply = preflight(shared, origin)
    assert reply.status_code == 400
    assert "access-control-allow-origin" not in reply.headers
    for reply in (
        shared.admin.get("/v1/me", headers={"Origin": origin}),
        shared.anonymous.get("/v1/me", headers={"Origin": origin}),
    ):
        assert "access-control-allow-origin" not in reply.headers


@pytest.mark.parametrize(("method", "headers"), [("TRACE", "authorization"), ("POST", "x-anything")])
def test_a_preflight_for_more_than_is_allowed(shared: Api, method: str, headers: str) -> None:
    assert preflight(shared, ORIGIN, method, headers).status_code == 400


def test_replies_to_the_origin_and_their_exposed_headers(shared: Api) -> None:
    admin, origin = shared.admin, {"Origin": ORIGIN}
    etag = admin.get("/v1/schools").headers["etag"]
    replies = {
        "read": (admin.get("/v1/schools", headers=origin), 200),
        "not modified": (admin.get("/v1/schools", headers={**origin, "If-None-Match": etag}), 304),
        "no key": (shared.anonymous.get("/v1/me", headers=origin), 401),
        "forbidden": (shared.client("collector").get("/v1/keys", headers=origin), 403),
        "nothing": (admin.get("/v1/nothing", headers=origin), 404),
        "method": (admin.post("/v1/me", headers=origin), 405),
        "media type": (admin.post("/v1/keys", content=b"x", headers=origin), 415),
        "faults": (admin.post("/v1/keys", json={}, headers=origin), 422),
    }
    for name, (reply, status) in replies.items():
        assert reply.status_code == status, name
        assert reply.headers["access-control-allow-origin"] == ORIGIN, name
        assert "access-control-allow-credentials" not in reply.headers, name
        exposed = {part.strip().lower() for part in reply.headers["access-control-expose-headers"].split(",")}
        assert {"etag", "location", "retry-after", "idempotency-replayed", "content-disposition"} <= exposed, name
        vary = {part.strip().lower() for part in reply.headers["vary"].split(",")}
        assert {"origin", "authorization", "accept"} <= vary, name


def test_without_configured_origins_there_is_no_cors(api: Api) -> None:
    reply = api.admin.get("/v1/me", headers={"Origin": ORIGIN})
    assert must(reply, 200)
    assert not [name for name in reply.headers if name.startswith("access-control-")]
    assert preflight(api, ORIGIN).status_code == 405
