"""Keys: shown once, kept as a hash, limited, expiring, revoked within a second."""

from __future__ import annotations

import hashlib
import json
import re
import threading
import time
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from tests import factories
from tests.server import Api, must


def make(api: Api, role: str, **more: Any) -> dict[str, Any]:
    """Make a key over HTTP and give the reply's document."""
    made: dict[str, Any] = must(api.admin.post("/v1/keys", json={"role": role, "name": f"a {role}", **more}), 201)
    return made


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def me(api: Api, secret: str) -> httpx.Response:
    return api.anonymous.get("/v1/me", headers=bearer(secret))


def assert_problem(reply: httpx.Response, status: int, slug: str) -> None:
    assert (reply.status_code, reply.json()["type"]) == (status, f"/problems/{slug}"), reply.text


# ------------------------------------------------------------------ made, shown once
def test_a_new_key_is_shown_once(api: Api) -> None:
    reply = api.admin.post("/v1/keys", json={"role": "director", "name": "Ms. Tran"})
    made = must(reply, 201)
    assert re.fullmatch(r"snd_[A-Za-z0-9_-]{43}", made["key"])
    assert reply.headers["location"] == f"/v1/keys/{made['id']}"
    assert (made["role"], made["name"], made["revoked_at"], made["expires_at"]) == ("director", "Ms. Tran", None, None)
    assert must(me(api, made["key"]), 200)["id"] == made["id"]
    listed = api.admin.get("/v1/keys")
    (mine,) = [key for key in must(listed)["items"] if key["id"] == made["id"]]
    assert mine == {name: value for name, value in made.items() if name != "key"}
    assert made["key"] not in listed.text
    assert hashlib.sha256(made["key"].encode()).hexdigest() not in listed.text
    assert made["key"] not in me(api, made["key"]).text


def test_secrets_and_ids_never_repeat(api: Api) -> None:
    made = [make(api, "collector") for _ in range(20)]
    assert len({key["key"] for key in made}) == len({key["id"] for key in made}) == 20


def test_only_a_hash_is_stored(api: Api) -> None:
    secret = make(api, "director")["key"]
    must(me(api, secret), 200)
    digest = hashlib.sha256(secret.encode()).hexdigest()
    with api.database.engine.connect() as connection:
        stored = [str(row) for row in connection.execute(text("SELECT * FROM api_key"))]
        audited = [str(row) for row in connection.execute(text("SELECT * FROM audit_event"))]
    assert sum(digest in row for row in stored) == 1
    assert not any(secret.removeprefix("snd_") in row for row in stored + audited)
    file = api.settings.sqlite_file
    if file is not None:
        content = b"".join(part.read_bytes() for part in file.parent.glob(file.name + "*"))
        assert digest.encode() in content
        assert secret.removeprefix("snd_").encode() not in content


def test_making_and_revoking_are_audited_by_id(api: Api) -> None:
    made = make(api, "director")
    must(api.admin.delete(f"/v1/keys/{made['id']}"), 204)
    must(api.admin.delete(f"/v1/keys/{made['id']}"), 204)  # nothing happens twice
    by = must(api.admin.get("/v1/me"))["id"]
    with api.database.engine.connect() as connection:
        query = text("SELECT action, key_id FROM audit_event WHERE subject = :id ORDER BY id")
        assert [tuple(row) for row in connection.execute(query, {"id": made["id"]})] == [
            ("key.create", by),
            ("key.revoke", by),
        ]


# ------------------------------------------------------------------ revoked, expired
@pytest.mark.parametrize("role", ["collector", "principal", "reporter", "director", "admin"])
def test_a_revoked_key_is_refused_within_a_second(api: Api, role: str) -> None:
    api.schools()
    more = {"principal": {"schools": ["erving"]}, "reporter": {"audience": "director"}}.get(role, {})
    made = make(api, role, **more)
    headers = bearer(made["key"])
    for _ in range(3):
        must(api.anonymous.get("/v1/schools", headers=headers), 200)  # a warm cache
    must(api.admin.delete(f"/v1/keys/{made['id']}"), 204)
    revoked_at = time.monotonic()
    while api.anonymous.get("/v1/schools", headers=headers).status_code != 401:
        assert time.monotonic() < revoked_at + 1.1, "still taken after a second"
        time.sleep(0.02)
    for _ in range(3):
        reply = api.anonymous.get("/v1/schools", headers=headers)
        assert_problem(reply, 401, "unauthorized")
        assert "www-authenticate" in reply.headers
    (listed,) = [key for key in must(api.admin.get("/v1/keys"))["items"] if key["id"] == made["id"]]
    assert listed["revoked_at"] is not None


def test_constant_use_does_not_keep_a_revoked_key_alive(api: Api) -> None:
    made = make(api, "director")
    taken: list[float] = []
    stop = threading.Event()

    def use() -> None:
        with httpx.Client(base_url=api.base, headers=bearer(made["key"])) as client:
            while not stop.is_set():
                if client.get("/v1/me").status_code == 200:
                    taken.append(time.monotonic())
                time.sleep(0.005)

    threads = [threading.Thread(target=use) for _ in range(2)]
    for thread in threads:
        thread.start()
    time.sleep(0.3)
    must(api.admin.delete(f"/v1/keys/{made['id']}"), 204)
    revoked_at = time.monotonic()
    time.sleep(1.3)
    stop.set()
    for thread in threads:
        thread.join()
    assert min(taken) < revoked_at
    assert max(taken) < revoked_at + 1.0


@pytest.mark.parametrize("key_id", ["key_0", "x", "%00", "%FF", "'; DROP TABLE api_key; --", "x" * 3000])
def test_revoking_what_is_not_there(api: Api, key_id: str) -> None:
    assert_problem(api.admin.delete(f"/v1/keys/{key_id}"), 404, "not-found")


def test_a_key_expires(api: Api) -> None:
    made = make(api, "collector", expires_at=factories.iso(seconds=2))
    must(me(api, made["key"]), 200)
    deadline = time.monotonic() + 4
    while me(api, made["key"]).status_code == 200:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert_problem(me(api, made["key"]), 401, "unauthorized")


def test_a_key_that_expired_before_it_was_made(api: Api) -> None:
    reply = api.admin.post("/v1/keys", json={"role": "admin", "name": "x", "expires_at": factories.iso(seconds=-5)})
    if reply.status_code == 201:
        assert_problem(me(api, reply.json()["key"]), 401, "unauthorized")
    else:
        assert_problem(reply, 422, "invalid-request")


def test_expiry_is_an_instant_whatever_its_offset(api: Api) -> None:
    later = make(api, "collector", expires_at="2999-12-31T23:59:59-05:00")
    found = must(me(api, later["key"]), 200)["expires_at"]
    assert found in ("3000-01-01T04:59:59Z", "3000-01-01T04:59:59+00:00", "2999-12-31T23:59:59-05:00")
    assert later["expires_at"] is not None


# ------------------------------------------------------------------ what a key may be
@pytest.mark.parametrize(
    "body",
    [
        {"role": "principal"},
        {"role": "principal", "schools": []},
        {"role": "principal", "schools": ["erving"], "audience": "director"},
        {"role": "principal", "schools": ["erving"], "audience": "public"},
        {"role": "reporter"},
        {"role": "reporter", "audience": "everybody"},
        {"role": "collector", "audience": "public"},
        {"role": "director", "audience": "director"},
        {"role": "director", "schools": ["erving"]},
        {"role": "director", "waves": ["w"]},
        {"role": "admin", "groups": ["staff"]},
        {"role": "collector", "publishable": True},
        {"role": "collector", "publishable": True, "waves": []},
        {"role": "collector", "publishable": True, "waves": None},
        {"role": "director", "publishable": True},
        {"role": "reporter", "audience": "public", "publishable": True, "waves": ["w"]},
        {"role": "collector", "waves": []},
        {"role": "collector", "waves": ["Not A Slug"]},
        {"role": "collector", "groups": ["parents"]},
        {"role": "collector", "groups": []},
        {"role": "collector", "schools": "erving"},
        {"role": "collector", "key": "snd_mine"},
        {"role": "collector", "id": "key_1"},
        {"role": "superuser"},
        {"role": "collector", "expires_at": "tomorrow"},
        {"role": "collector", "name": ""},
        {"role": None},
    ],
    ids=json.dumps,
)
def test_keys_that_cannot_be(api: Api, body: dict[str, Any]) -> None:
    api.schools()
    before = [key["id"] for key in must(api.admin.get("/v1/keys?limit=1000"))["items"]]
    assert_problem(api.admin.post("/v1/keys", json={"name": "x", **body}), 422, "invalid-request")
    assert [key["id"] for key in must(api.admin.get("/v1/keys?limit=1000"))["items"]] == before


def test_schools_of_a_key_have_to_exist(api: Api) -> None:
    api.schools()
    reply = api.admin.post("/v1/keys", json={"role": "principal", "name": "x", "schools": ["erving", "nowhere"]})
    assert_problem(reply, 422, "invalid-request")
    assert [(e["pointer"], e["code"]) for e in reply.json()["errors"]] == [("/schools/1", "unknown_school")]


def test_waves_of_a_key_may_come_later(api: Api) -> None:
    key = make(api, "collector", waves=["not-yet-fielded"])["key"]
    assert must(me(api, key))["waves"] == ["not-yet-fielded"]


# ------------------------------------------------------------------ what a key says it is
@pytest.mark.parametrize(
    ("role", "limits", "expected"),
    [
        ("collector", {}, {}),
        ("collector", {"waves": ["b", "a"], "groups": ["staff"], "schools": ["swift-river", "erving"]},
         {"waves": ["a", "b"], "groups": ["staff"], "schools": ["erving", "swift-river"]}),
        ("collector", {"waves": ["a"], "publishable": True}, {"waves": ["a"], "publishable": True}),
        ("principal", {"schools": ["erving"]}, {"schools": ["erving"], "audience": "principal"}),
        ("reporter", {"audience": "public"}, {"audience": "public"}),
        ("reporter", {"audience": "director"}, {"audience": "director"}),
        ("director", {}, {"audience": "director"}),
        ("admin", {}, {"audience": "director"}),
    ],
)  # fmt: skip
def test_me(api: Api, role: str, limits: dict[str, Any], expected: dict[str, Any]) -> None:
    api.schools()
    made = make(api, role, **limits)
    defaults = {
        "schools": None,
        "waves": None,
        "groups": None,
        "audience": None,
        "publishable": False,
        "expires_at": None,
    }
    want = {"id": made["id"], "name": f"a {role}", "role": role} | defaults | expected
    assert must(me(api, made["key"]), 200) == want


# ------------------------------------------------------------------ limits
def post(client: httpx.Client, wave: str, **more: Any) -> httpx.Response:
    return client.post(f"/v1/waves/{wave}/responses", json=factories.response(**more))


def test_a_collector_limited_to_waves(api: Api) -> None:
    mine, other = api.wave(), api.wave()
    client = api.client("collector", waves=[mine])
    must(post(client, mine), 201)
    assert_problem(post(client, other), 403, "forbidden")
    bulk = json.dumps(factories.response()).encode()
    ndjson = {"Content-Type": "application/x-ndjson"}
    assert_problem(client.post(f"/v1/waves/{other}/responses/bulk", content=bulk, headers=ndjson), 403, "forbidden")
    assert_problem(client.delete(f"/v1/waves/{other}/responses/x", headers={"Withdrawal-Code": "x"}), 403, "forbidden")
    assert_problem(client.get(f"/v1/waves/{other}"), 404, "not-found")
    assert must(client.get(f"/v1/waves/{mine}"))["key"] == mine
    assert [wave["key"] for wave in must(client.get("/v1/waves"))["items"]] == [mine]
    participation = {cell["school"]: cell["responses"] for cell in _family(api, other)}
    assert participation[None] == 0


def _family(api: Api, wave: str) -> list[dict[str, Any]]:
    cells = must(api.admin.get(f"/v1/waves/{wave}/participation"))["cells"]
    return [cell for cell in cells if cell["group"] == "family"]


def test_a_collector_does_not_see_a_wave_that_has_closed(api: Api) -> None:
    wave = api.wave()
    client = api.client("collector", waves=[wave])
    must(client.get(f"/v1/waves/{wave}"), 200)
    must(api.admin.post(f"/v1/waves/{wave}/close"), 200)
    assert_problem(client.get(f"/v1/waves/{wave}"), 404, "not-found")
    assert must(client.get("/v1/waves"))["items"] == []


def test_a_collector_limited_to_schools(api: Api) -> None:
    wave = api.wave()
    client = api.client("collector", schools=["erving", "leverett"])
    must(post(client, wave, school="erving"), 201)
    must(post(client, wave, school="leverett"), 201)
    assert_problem(post(client, wave, school="shutesbury"), 403, "forbidden")
    assert [school["key"] for school in must(client.get("/v1/schools"))["items"]] == ["erving", "leverett"]
    must(client.get("/v1/schools/erving"), 200)
    assert_problem(client.get("/v1/schools/shutesbury"), 404, "not-found")
    assert {cell["school"]: cell["responses"] for cell in _family(api, wave)} == {
        None: 2, "erving": 1, "leverett": 1, "shutesbury": 0, "swift-river": 0,
    }  # fmt: skip


def test_a_collector_limited_to_groups(api: Api) -> None:
    wave = api.wave()
    client = api.client("collector", groups=["staff"])
    must(post(client, wave, group="staff"), 201)
    assert_problem(post(client, wave, group="family"), 403, "forbidden")
    assert {i["group"] for i in must(client.get("/v1/instruments"))["items"]} == {"staff"}
    must(client.get("/v1/instruments/staff"), 200)
    for path in ("", "/versions/1", "/versions/1/schema", "/versions/1/codebook"):
        assert_problem(client.get(f"/v1/instruments/family{path}"), 404, "not-found")


def test_limits_hold_for_every_line_of_a_bulk(api: Api) -> None:
    wave = api.wave()
    client = api.client("collector", groups=["family"], schools=["erving"])
    lines = [
        factories.response(),
        factories.response(school="leverett"),
        factories.response(group="staff"),
        factories.response(),
    ]
    reply = must(
        client.post(
            f"/v1/waves/{wave}/responses/bulk",
            content=b"\n".join(json.dumps(line).encode() for line in lines),
            headers={"Content-Type": "application/x-ndjson"},
        ),
        200,
    )
    assert [line["status"] for line in reply["results"]] == ["accepted", "rejected", "rejected", "accepted"]
    assert [line["problem"]["type"] for line in reply["results"] if "problem" in line] == ["/problems/forbidden"] * 2
    assert (reply["accepted"], reply["rejected"]) == (2, 2)


def test_a_publishable_key_has_no_bulk(api: Api) -> None:
    wave = api.wave()
    client = api.client("collector", waves=[wave], publishable=True)
    must(post(client, wave), 201)
    line, ndjson = json.dumps(factories.response()).encode(), {"Content-Type": "application/x-ndjson"}
    assert_problem(client.post(f"/v1/waves/{wave}/responses/bulk", content=line, headers=ndjson), 403, "forbidden")
    assert_problem(post(client, api.wave()), 403, "forbidden")
    plain = api.client("collector", waves=[wave])
    assert must(plain.post(f"/v1/waves/{wave}/responses/bulk", content=line, headers=ndjson))["accepted"] == 1


def test_a_principal_knows_its_schools_alone(api: Api) -> None:
    wave = api.wave()
    client = api.client("principal", schools=["leverett"])
    assert [school["key"] for school in must(client.get("/v1/schools"))["items"]] == ["leverett"]
    assert_problem(client.get("/v1/schools/erving"), 404, "not-found")
    cells = must(client.get(f"/v1/waves/{wave}/participation"))["cells"]
    assert {(cell["group"], cell["school"]) for cell in cells} == {("family", "leverett"), ("staff", "leverett")}
