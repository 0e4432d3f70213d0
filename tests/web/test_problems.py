"""Whatever is sent, the reply is a problem of the catalogue, never a failure of ours, and never a loose text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from app.errors import CATALOGUE, Problem
from app.services import schools
from tests import factories
from tests.databases import settings_for
from tests.server import Api, must

ORIGIN = "https://forms.example.org"
JSON = "application/json"


@pytest.fixture(scope="module")
def wave(api: Api) -> str:
    return api.wave()


@pytest.fixture(scope="module")
def targets(api: Api, wave: str) -> dict[str, tuple[str, str]]:
    """What takes a JSON body: name -> method and address."""
    return {
        "response": ("POST", f"/v1/waves/{wave}/responses"),
        "school": ("PUT", "/v1/schools/leverett"),
        "wave": ("PUT", f"/v1/waves/{wave}"),
        "instrument": ("POST", "/v1/instruments"),
        "check": ("POST", "/v1/instruments/check"),
        "roster": ("PUT", f"/v1/waves/{wave}/roster"),
        "key": ("POST", "/v1/keys"),
    }


TARGETS = ["response", "school", "wave", "instrument", "check", "roster", "key"]


def problem_of(reply: httpx.Response, status: int, slug: str) -> dict[str, Any]:
    """Check that the reply is this problem, complete, and give it."""
    assert reply.status_code == status, f"{reply.status_code}: {reply.text[:500]}"
    assert reply.headers["content-type"] == "application/problem+json"
    problem = reply.json()
    assert {"type", "title", "status", "detail", "instance"} <= problem.keys()
    assert (problem["type"], problem["status"]) == (f"/problems/{slug}", status)
    assert problem["title"] == CATALOGUE[slug].title
    assert isinstance(problem["detail"], str)
    assert problem["detail"]
    assert problem["instance"] == reply.request.url.path
    assert reply.headers["x-request-id"]
    for fault in problem.get("errors", []):
        assert ("pointer" in fault) != ("parameter" in fault)
        assert fault["code"]
        assert fault["detail"]
    return problem


# ------------------------------------------------------------------ the catalogue
def subclasses(of: type[Problem]) -> set[type[Problem]]:
    return {found for sub in of.__subclasses__() for found in {sub, *subclasses(sub)}}


def test_every_problem_has_a_slug_of_its_own_and_an_error_status() -> None:
    assert set(CATALOGUE.values()) == {p for p in subclasses(Problem) if p.__module__ == "app.errors"}
    for slug, problem in CATALOGUE.items():
        assert problem.slug == slug
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", slug)
        assert 400 <= problem.status < 600
        assert problem.title
        assert not problem.title.endswith(".")
    assert len({problem.title for problem in CATALOGUE.values()}) == len(CATALOGUE)


def test_the_catalogue_is_served_and_every_entry_has_its_page(api: Api) -> None:
    listed = must(api.anonymous.get("/problems"), 200)
    expected = {
        slug: {"type": f"/problems/{slug}", "title": p.title, "status": p.status} for slug, p in CATALOGUE.items()
    }
    assert {item["type"].removeprefix("/problems/"): item for item in listed["items"]} == expected
    assert len(listed["items"]) == len(expected)
    assert listed["next"] is None
    for slug, entry in expected.items():
        assert must(api.anonymous.get(f"/problems/{slug}"), 200) == entry
    problem_of(api.anonymous.get("/problems/no-such"), 404, "not-found")


# ------------------------------------------------------------------ bodies that are nothing
def nested(levels: int, opening: bytes = b"[", closing: bytes = b"]") -> bytes:
    return opening * levels + closing * levels


NOT_JSON = {
    "empty": b"",
    "spaces": b"   ",
    "word": b"hello",
    "cut off": b'{"name": "x"',
    "two values": b"{} {}",
    "single quotes": b"{'name': 'x'}",
    "trailing comma": b'{"name": "x",}',
    "byte order mark": b'\xef\xbb\xbf{"name": "x"}',
    "UTF-16": '{"name": "x"}'.encode("utf-16"),
    "invalid UTF-8": b'{"name": "\xff\xfe"}',
    "overlong UTF-8": b'{"name": "\xc0\x80"}',
    "surrogate in UTF-8": b'{"name": "\xed\xa0\x80"}',
    "lone surrogate": b'{"name": "\\ud800"}',
    "lone low surrogate": b'{"\\udc00": "x"}',
    "raw NUL": b'{"name": "a\x00b"}',
    "raw newline": b'{"name": "a\nb"}',
    "NaN": b'{"name": NaN}',
    "Infinity": b'{"name": -Infinity}',
    "nested arrays": nested(20_000),
    "nested objects": nested(20_000, b'{"a":', b"}")[: 20_000 * 5] + b"1" + b"}" * 20_000,
}
# JSON, but of no shape that anything here takes.
WRONG = {
    "array": b"[]",
    "array of objects": b"[{}]",
    "null": b"null",
    "true": b"true",
    "text": b'"text"',
    "number": b"12",
    "empty object": b"{}",
    "empty key": b'{"": 1}',
    "unknown fields": b'{"no_such": 1, "neither": {"a": [null]}}',
    "4,000 digits": b'{"eligible": ' + b"9" * 4000 + b"}",
    "4,000 digits alone": b"9" * 4000,
    "1e309 alone": b"-1e309",
    "nested 900": nested(900),
    "nested 900 in a field": b'{"sections": ' + nested(900) + b"}",
    "nested 60 objects": b'{"a":' * 60 + b"1" + b"}" * 60,
    "every field null": json.dumps(
        dict.fromkeys(("name", "title", "group", "answers", "sections", "scales", "counts", "source", "role", "key"))
    ).encode(),
    "every field a list": json.dumps(
        {
            name: [[]]
            for name in ("name", "title", "group", "answers", "sections", "scales", "counts", "role", "key", "id")
        }
    ).encode(),
}
NUL = {
    "value": b'{"name": "a\\u0000b"}',
    "key": b'{"a\\u0000b": 1}',
    "deep": b'{"sections": [{"items": [{"text": {"en": "\\u0000"}}]}]}',
}


def send(api: Api, target: tuple[str, str], body: bytes, **headers: str) -> httpx.Response:
    method, path = target
    return api.admin.request(method, path, content=body, headers={"Content-Type": JSON, **headers})


@pytest.mark.parametrize("body", NOT_JSON)
@pytest.mark.parametrize("target", TARGETS)
def test_what_is_not_json(api: Api, targets: dict[str, Any], target: str, body: str) -> None:
    problem_of(send(api, targets[target], NOT_JSON[body]), 400, "malformed-json")


@pytest.mark.parametrize("body", WRONG)
@pytest.mark.parametrize("target", TARGETS)
def test_json_of_the_wrong_shape(api: Api, targets: dict[str, Any], target: str, body: str) -> None:
    reply = send(api, targets[target], WRONG[body])
    if reply.status_code == 400:  # a number beyond every range may be refused when it is read
        assert "digits" in body or "1e309" in body
        problem_of(reply, 400, "malformed-json")
        return
    problem = problem_of(reply, 422, "answers-invalid" if target == "response" else "invalid-request")
    assert problem["errors"]


@pytest.mark.parametrize("where", NUL)
@pytest.mark.parametrize("target", TARGETS)
def test_nul_characters(api: Api, targets: dict[str, Any], target: str, where: str) -> None:
    reply = send(api, targets[target], NUL[where])
    if target == "response":  # has no such fields at all
        problem_of(reply, 422, "answers-invalid")
    else:
        assert "U+0000" in problem_of(reply, 400, "malformed-json")["detail"]


# ------------------------------------------------------------------ one bad value in an otherwise good body
@pytest.fixture(scope="module")
def every_kind(api: Api) -> str:
    return api.wave(factories.every_kind())


RAW_ANSWERS = {
    "NUL in a text": ("anything", b'"a\\u0000b"', 422),
    "NUL in a value": ("has_plan", b'"\\u0000"', 422),
    "NUL in a list": ("services", b'["\\u0000"]', 422),
    "lone surrogate": ("anything", b'"\\ud800"', 400),
    "invalid UTF-8": ("anything", b'"\xff"', 400),
    "1e999": ("hours", b"1e999", 422),
    "-1e999": ("hours", b"-1e999", 422),
    "NaN": ("hours", b"NaN", 400),
    "4,000 digits": ("meetings", b"9" * 4000, 422),
    "4,000 decimals": ("hours", b"0." + b"3" * 4000, 201),
    "20 digits": ("meetings", b"99999999999999999999", 422),
    "true for an integer": ("meetings", b"true", 422),
    "a fraction for an integer": ("meetings", b"1.5", 422),
    "nested too deep": ("anything", nested(20_000), 400),
    "nested": ("anything", nested(900), 422),
    "list for one": ("has_plan", b'["yes"]', 422),
    "objects in a list": ("services", b"[{}, [], null]", 422),
    "29 February 2023": ("since", b'"2023-02-29"', 422),
    "year 0": ("since", b'"0000-01-01"', 422),
    "other digits": ("since", '"\uff12\uff10\uff12\uff13-01-01"'.encode(), 422),
}


@pytest.mark.parametrize("case", RAW_ANSWERS)
def test_one_bad_answer(api: Api, every_kind: str, case: str) -> None:
    item, raw, status = RAW_ANSWERS[case]
    plan = b'"has_plan": "yes", "speech_good": "agree", ' if item == "services" else b""
    body = b'{"group": "family", "school": "erving", "answers": {"informed": "agree", %b"%b": %b}}'
    reply = send(api, ("POST", f"/v1/waves/{every_kind}/responses"), body % (plan, item.encode(), raw))
    if status == 201:
        must(reply, 201)
    elif status == 400 or reply.status_code == 400:
        assert status == 400 or "1e999" in case or "digits" in case
        problem_of(reply, 400, "malformed-json")
    else:
        problem = problem_of(reply, 422, "answers-invalid")
        assert all(e["pointer"].startswith(f"/answers/{item}") for e in problem["errors"]), problem["errors"]


ODD_RESPONSES = {
    "group list": {"group": ["family"]},
    "group object": {"group": {}},
    "group number": {"group": 1},
    "group NUL": {"group": "\x00"},
    "school list": {"school": ["erving"]},
    "school object": {"school": {}},
    "school NUL": {"school": "er\x00ving"},
    "locale list": {"locale": ["en"]},
    "locale object": {"locale": {}},
    "instrument list": {"instrument": []},
    "instrument object": {"instrument": {"a": 1}},
    "id number": {"id": 4},
    "id list": {"id": []},
    "id object": {"id": {}},
    "id NUL": {"id": "\x00"},
    "id of version 1": {"id": "7b0c3f5e-0000-1000-8000-000000000000"},
    "id with a newline": {"id": "7b0c3f5e-0000-4000-8000-000000000000\n"},
    "access code": {"access_code": {}},
    "answers list": {"answers": []},
    "answers text": {"answers": "informed"},
    "answers NUL key": {"answers": {"\x00": 1}},
    "answers odd keys": {"answers": {"": 1, "a/b~c": 2, "é" * 5000: 3}},
}


@pytest.mark.parametrize("case", ODD_RESPONSES)
def test_one_bad_field_of_a_response(api: Api, wave: str, case: str) -> None:
    body = {**factories.response(), **ODD_RESPONSES[case]}
    reply = api.admin.post(f"/v1/waves/{wave}/responses", json=body)
    problem = problem_of(reply, 422, "answers-invalid")
    (field,) = ODD_RESPONSES[case]
    assert all(e["pointer"].startswith(f"/{field}") for e in problem["errors"]), problem["errors"]


def test_all_faults_are_listed_not_the_first(api: Api, wave: str) -> None:
    answers = {"informed": "perhaps", "heard": 3, "no_such": "x", "a/b~c": 1}
    body = factories.response(answers=answers, school="nowhere", locale="xx", id="1", more=True, instrument="family@99")
    problem = problem_of(api.admin.post(f"/v1/waves/{wave}/responses", json=body), 422, "answers-invalid")
    assert {e["pointer"] for e in problem["errors"]} == {
        "/answers/informed", "/answers/heard", "/answers/no_such", "/answers/a~1b~0c",
        "/school", "/locale", "/id", "/more", "/instrument",
    }  # fmt: skip
    (fault,) = [e for e in problem["errors"] if e["pointer"] == "/answers/informed"]
    assert fault["expected"] == [*factories.AGREE, "dont_know"]


HUGE = 10**30


@pytest.mark.parametrize(
    ("target", "body", "pointer"),
    [
        ("school", {"name": 5}, "/name"),
        ("school", {"name": ""}, "/name"),
        ("school", {"name": "   "}, "/name"),
        ("school", {"name": "x" * 201}, "/name"),
        ("school", {"name": "line\nbreak"}, "/name"),
        ("school", {"name": "x", "district": False}, "/district"),
        ("school", {"name": "x", "key": "leverett"}, "/key"),
        ("roster", {"source": "s", "counts": [{"group": "family", "eligible": -1}]}, "/counts/0/eligible"),
        ("roster", {"source": "s", "counts": [{"group": "family", "eligible": 1.0}]}, "/counts/0/eligible"),
        ("roster", {"source": "s", "counts": [{"group": "family", "eligible": "1"}]}, "/counts/0/eligible"),
        ("roster", {"source": "s", "counts": [{"group": "family", "eligible": True}]}, "/counts/0/eligible"),
        ("roster", {"source": "s", "counts": [{"group": "family", "eligible": 10**10}]}, "/counts/0/eligible"),
        ("roster", {"source": "s", "counts": [{"group": "teachers", "eligible": 1}]}, "/counts/0/group"),
        ("roster", {"source": "s", "counts": [{"group": "liaison", "eligible": 1}]}, "/counts/0/group"),
        (
            "roster",
            {"source": "s", "counts": [{"group": "staff", "school": "nowhere", "eligible": 1}]},
            "/counts/0/school",
        ),
        ("roster", {"source": "s", "counts": [{"group": "staff", "eligible": 1}] * 2}, "/counts/1"),
        ("roster", {"source": "s", "counts": {}}, "/counts"),
        ("roster", {"source": "s", "unit": "people", "counts": []}, "/unit"),
        ("key", {"role": "root", "name": "x"}, "/role"),
        ("key", {"role": "admin", "name": "x", "expires_at": "2030-01-01T00:00:00"}, "/expires_at"),
        ("key", {"role": "admin", "name": "x", "publishable": "yes"}, "/publishable"),
    ],
)
def test_one_bad_field(api: Api, targets: dict[str, Any], target: str, body: dict[str, Any], pointer: str) -> None:
    problem = problem_of(send(api, targets[target], json.dumps(body).encode()), 422, "invalid-request")
    assert [e["pointer"] for e in problem["errors"]] == [pointer]


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"time_zone": "Mars/Olympus"}, "/time_zone"),
        ({"time_zone": "../../etc/passwd"}, "/time_zone"),
        ({"time_zone": 5}, "/time_zone"),
        ({"opens_at": "2022-10-03T00:00:00"}, "/opens_at"),
        ({"opens_at": "soon"}, "/opens_at"),
        ({"opens_at": -(10**18)}, "/opens_at"),
        ({"opens_at": float(HUGE)}, "/opens_at"),
        ({"opens_at": "0001-01-01T00:00:00+14:00"}, "/opens_at"),
        ({"closes_at": "9999-12-31T23:59:59-12:00"}, "/closes_at"),
        ({"simulated": 1}, "/simulated"),
        ({"schools": []}, "/schools"),
        ({"schools": "erving"}, "/schools"),
        ({"schools": ["erving", "erving"]}, "/schools"),
        ({"schools": ["Erving"]}, "/schools/0"),
        ({"schools": ["erving", "nowhere"]}, "/schools/1"),
        ({"instruments": {}}, "/instruments"),
        ({"instruments": {"family": "family@0"}}, "/instruments/family"),
        ({"instruments": {"family": "family@999999999"}}, "/instruments/family"),
        ({"instruments": {"family": "family"}}, "/instruments/family"),
        ({"instruments": {"family": "staff@1"}}, "/instruments/family"),
        ({"unknown": None}, "/unknown"),
    ],
)
def test_one_bad_field_of_a_wave(api: Api, wave: str, change: dict[str, Any], pointer: str) -> None:
    body = factories.wave({"family": "family@1"}) | change
    reply = api.admin.put(f"/v1/waves/{api.name()}", content=json.dumps(body), headers={"Content-Type": JSON})
    problem = problem_of(reply, 422, "invalid-request")
    assert [e["pointer"] for e in problem["errors"]] == [pointer]


# ------------------------------------------------------------------ the request around the body
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(
    "given", ["text/plain", "application/xml", "application/x-www-form-urlencoded", "text/json", ""]
)
def test_another_media_type(api: Api, targets: dict[str, Any], target: str, given: str) -> None:
    reply = send(api, targets[target], b"{}", **{"Content-Type": given})
    assert JSON in problem_of(reply, 415, "unsupported-media-type")["detail"]


def test_media_type_of_a_bulk(api: Api, wave: str) -> None:
    reply = send(api, ("POST", f"/v1/waves/{wave}/responses/bulk"), b"{}")
    assert "application/x-ndjson" in problem_of(reply, 415, "unsupported-media-type")["detail"]


@pytest.mark.parametrize("given", ["application/json; charset=utf-8", "Application/JSON", "application/json ;x=y"])
def test_the_same_media_type_spelled_otherwise(api: Api, targets: dict[str, Any], given: str) -> None:
    must(send(api, targets["school"], b'{"name": "Leverett"}', **{"Content-Type": given}), 200)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("encoding", ["gzip", "br", "identity, gzip", "nonsense"])
def test_compressed_bodies_are_not_taken(api: Api, targets: dict[str, Any], target: str, encoding: str) -> None:
    problem_of(send(api, targets[target], b"{}", **{"Content-Encoding": encoding}), 415, "unsupported-media-type")


def test_the_limit_of_a_response_is_exact(api: Api, wave: str) -> None:
    body = json.dumps(factories.response()).encode()
    target = ("POST", f"/v1/waves/{wave}/responses")
    must(send(api, target, body + b" " * (256 * 1024 - len(body))), 201)
    problem_of(send(api, target, body + b" " * (256 * 1024 + 1 - len(body))), 413, "body-too-large")


@pytest.mark.parametrize("target", ["school", "wave", "instrument", "check", "roster", "key"])
def test_the_limit_of_other_bodies(api: Api, targets: dict[str, Any], target: str) -> None:
    problem_of(send(api, targets[target], b" " * (4 * 2**20 + 1)), 413, "body-too-large")


def test_a_body_without_a_declared_length_is_limited_too(api: Api, wave: str) -> None:
    def parts() -> Iterator[bytes]:
        for _ in range(5):
            yield b" " * 64 * 1024

    reply = api.admin.post(f"/v1/waves/{wave}/responses", content=parts(), headers={"Content-Type": JSON})
    problem_of(reply, 413, "body-too-large")


# ------------------------------------------------------------------ addresses and methods
@pytest.mark.parametrize(
    "path",
    [
        "/v1", "/v1/", "/v2/waves", "/v1/no-such", "/v1/waves/", "/v1/schools/", "/v1/schools/a/b", "//v1/schools",
        "/v1/schools/nowhere", "/v1/schools/UPPER", "/v1/schools/-x", "/v1/schools/%00", "/v1/schools/%FF",
        "/v1/schools/a%0A",
        "/v1/schools/" + "x" * 65, "/v1/schools/..%2f..", "/v1/schools/%C3%A9", "/v1/waves/nowhere", "/v1/waves/a%20b",
        "/v1/waves/nowhere/summary", "/v1/instruments/nowhere", "/v1/instruments/nowhere/versions/1",
        "/v1/instruments/family/versions/0", "/v1/instruments/family/versions/-1", "/v1/instruments/family/versions/x",
        "/v1/instruments/family/versions/99999999999999999999999",
        "/v1/instruments/family/versions/2147483648", "/v1/instruments/family/versions/1/nothing", "/favicon.ico",
    ],
)  # fmt: skip
def test_nothing_there(api: Api, wave: str, path: str) -> None:
    reply = api.admin.get(path)
    assert reply.status_code == 404, f"{reply.status_code}: {reply.text[:300]}"
    assert reply.headers["content-type"] == "application/problem+json"
    problem = reply.json()
    assert (problem["type"], problem["status"]) == ("/problems/not-found", 404)
    assert problem["instance"] == reply.request.url.path or "%" in path


@pytest.mark.parametrize("response", ["x", "%00", "7b0c3f5e-0000-4000-8000-000000000000", "%FF", "x" * 5000])
def test_no_such_response(api: Api, wave: str, response: str) -> None:
    path = f"/v1/waves/{wave}/responses/{response}"
    assert api.admin.get(path).status_code == 404
    assert api.admin.delete(path, headers={"Withdrawal-Code": "AAAA-AAAA-AAAA-AAAA"}).status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "/v1/schools", {"GET"}),
        ("PUT", "/v1/schools", {"GET"}),
        ("PATCH", "/v1/schools/leverett", {"GET", "PUT"}),
        ("DELETE", "/v1/schools/leverett", {"GET", "PUT"}),
        ("POST", "/v1/waves", {"GET"}),
        ("POST", "/v1/waves/x", {"GET", "PUT", "DELETE"}),
        ("GET", "/v1/waves/x/close", {"POST"}),
        ("POST", "/v1/waves/x/roster", {"GET", "PUT"}),
        ("PUT", "/v1/waves/x/responses", {"GET", "POST"}),
        ("DELETE", "/v1/instruments/family", {"GET"}),
        ("PATCH", "/v1/keys", {"GET", "POST"}),
        ("GET", "/v1/keys/key_0", {"DELETE"}),
        ("POST", "/v1/me", {"GET"}),
        ("POST", "/healthz", {"GET"}),
    ],
)
def test_another_method(api: Api, method: str, path: str, allowed: set[str]) -> None:
    reply = api.admin.request(method, path)
    problem_of(reply, 405, "method-not-allowed")
    assert set(re.split(r"\s*,\s*", reply.headers["allow"])) - {"HEAD"} == allowed


# ------------------------------------------------------------------ failures of ours
@pytest.fixture(scope="module")
def open_to_forms(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """A server that answers the pages of one origin."""
    running = Api(settings_for("sqlite", tmp_path_factory.mktemp("cors"), cors_origins=(ORIGIN,)))
    yield running
    running.stop()


def test_an_unforeseen_error_says_nothing_of_itself(open_to_forms: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("SELECT secret FROM elsewhere")

    monkeypatch.setattr(schools, "listed", fail)
    reply = open_to_forms.admin.get("/v1/schools", headers={"Origin": ORIGIN})
    problem = problem_of(reply, 500, "internal-error")
    assert problem.keys() == {"type", "title", "status", "detail", "instance"}
    assert "secret" not in reply.text
    assert "RuntimeError" not in reply.text
    assert reply.headers["access-control-allow-origin"] == ORIGIN
    assert reply.headers["cache-control"] == "private, no-cache"
    monkeypatch.undo()
    must(open_to_forms.admin.get("/v1/schools"), 200)


def test_an_unforeseen_error_in_a_change_keeps_nothing(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("in the middle")

    school = api.name("school")
    monkeypatch.setattr(schools, "record", fail)
    problem_of(api.admin.put(f"/v1/schools/{school}", json={"name": "Half"}), 500, "internal-error")
    monkeypatch.undo()
    problem_of(api.admin.get(f"/v1/schools/{school}"), 404, "not-found")


def test_a_store_that_is_away_is_503_with_a_time_to_come_back(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    from sqlalchemy.exc import OperationalError

    def fail(*_: object) -> None:
        raise OperationalError("SELECT 1", {}, Exception("connection to 10.0.0.5 refused"))

    monkeypatch.setattr(schools, "listed", fail)
    reply = api.admin.get("/v1/schools")
    problem_of(reply, 503, "store-unavailable")
    assert int(reply.headers["retry-after"]) >= 1
    assert "10.0.0.5" not in reply.text


def test_every_reply_has_a_request_id_of_its_own(api: Api) -> None:
    admin = api.admin
    replies = [
        admin.get("/v1/schools"), admin.get("/v1/nothing"), admin.post("/v1/me"), admin.get("/healthz"),
        admin.get("/metrics"),
        api.anonymous.get("/v1/me"), admin.get("/v1/me?x=1"), admin.get("/openapi.json"), admin.get("/problems"),
        admin.put("/v1/schools/x", content=b"{"), admin.get("/v1/schools", headers={"X-Request-Id": "mine"}),
    ]  # fmt: skip
    ids = [reply.headers["x-request-id"] for reply in replies]
    assert all(re.fullmatch(r"[0-9a-f]{16}", one) for one in ids)
    assert len(set(ids)) == len(ids)
    assert all(reply.headers["x-content-type-options"] == "nosniff" for reply in replies)
