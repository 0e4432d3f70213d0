"""Responses over HTTP: receipts, ids, what makes two the same, withdrawal, bulk, export, and the limits of keys."""

from __future__ import annotations

import json
import random
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from sqlmodel import select

from app.models.tables import AuditEvent
from tests import factories
from tests.server import Api, must
from tests.services.sending import bulk, export, faults, post_ndjson, problem


@pytest.fixture(scope="module")
def wave(api: Api) -> str:
    """An open wave with every kind of item for families, and the small instrument for the others."""
    others = (factories.definition(group) for group in ("school_leader", "liaison", "staff"))
    family = factories.every_kind()
    family |= {"locales": ["en", "es"], "title": {"en": "All", "es": "Todo"}}
    return api.wave(translated(family), *others)


def translated(value: Any) -> Any:
    """Give every English text a Spanish one."""
    if isinstance(value, dict):
        if set(value) == {"en"}:
            return {"en": value["en"], "es": value["en"]}
        return {key: translated(part) for key, part in value.items()}
    return [translated(part) for part in value] if isinstance(value, list) else value


def family(answers: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return factories.response("family", answers={"informed": "agree"} if answers is None else answers, **more)


def post(api: Api, wave: str, body: Any, **headers: str) -> httpx.Response:
    return api.admin.post(f"/v1/waves/{wave}/responses", json=body, headers=headers)


def withdraw(api: Api, wave: str, identity: str, code: str) -> httpx.Response:
    return api.admin.request("DELETE", f"/v1/waves/{wave}/responses/{identity}", json={"withdrawal_code": code})


# ------------------------------------------------------------------ receipts
def test_the_receipt(api: Api, wave: str) -> None:
    body = family()
    reply = post(api, wave, body)
    assert reply.status_code == 201
    receipt = reply.json()
    assert {k: receipt[k] for k in ("id", "wave", "group", "school", "instrument")} == {
        "id": body["id"], "wave": wave, "group": "family", "school": "erving",
        "instrument": must(api.admin.get(f"/v1/waves/{wave}"))["instruments"]["family"],
    }  # fmt: skip
    assert len(receipt["withdrawal_code"].replace("-", "")) == 16
    assert "idempotency-replayed" not in reply.headers
    assert must(api.admin.get(reply.headers["location"]))["answers"] == body["answers"]
    problem(api.client("director").get(reply.headers["location"]), 403, "forbidden")
    problem(api.client("collector").get(reply.headers["location"]), 403, "forbidden")
    other = must(post(api, wave, family()), 201)
    assert other["withdrawal_code"] != receipt["withdrawal_code"]


def test_receipts_are_stable_over_replays_and_the_close(api: Api) -> None:
    wave = api.wave()
    body = factories.response()
    receipt = must(post(api, wave, body), 201)
    for _ in range(2):
        again = post(api, wave, body)
        assert (again.status_code, again.headers["idempotency-replayed"], again.json()) == (200, "true", receipt)
    must(api.admin.post(f"/v1/waves/{wave}/close"))
    late = post(api, wave, body)
    assert (late.status_code, late.headers["idempotency-replayed"], late.json()) == (200, "true", receipt)
    conflict = body | {"answers": {"informed": "disagree"}}
    problem(post(api, wave, conflict), 409, "response-conflict")
    problem(post(api, wave, factories.response()), 409, "wave-not-open")
    assert len(export(api.admin, wave)) == 1


# ------------------------------------------------------------------ ids
def test_the_idempotency_key_is_the_id(api: Api, wave: str) -> None:
    body = family()
    identity = body.pop("id")
    receipt = must(post(api, wave, body, **{"Idempotency-Key": identity}), 201)
    assert receipt["id"] == identity
    assert must(post(api, wave, body | {"id": identity}), 200) == receipt
    assert must(post(api, wave, body | {"id": None}, **{"Idempotency-Key": identity.upper()}), 200) == receipt
    assert must(post(api, wave, body | {"id": identity}, **{"Idempotency-Key": identity.upper()}), 200) == receipt
    both = post(api, wave, body | {"id": identity}, **{"Idempotency-Key": str(uuid.uuid4())})
    assert faults(both, "answers-invalid") == {("/id", "ids_differ")}


def test_an_id_is_made_when_there_is_none(api: Api, wave: str) -> None:
    body = family()
    del body["id"]
    made = {must(post(api, wave, body), 201)["id"] for _ in range(3)}
    assert len(made) == 3
    assert {uuid.UUID(i).version for i in made} == {4}


@pytest.mark.parametrize(
    "identity",
    [
        "c232ab00-9414-11ec-b3c8-9f6bdeced846",
        "018f3c1e-7b1a-7c3d-9e4f-0123456789ab",
        "00000000-0000-0000-0000-000000000000",
        "ffffffff-ffff-ffff-ffff-ffffffffffff",
        str(uuid.uuid3(uuid.NAMESPACE_DNS, "a")),
        "7b0c3f5e111142228333444455556666",
        "{7b0c3f5e-1111-4222-8333-444455556666}",
        "urn:uuid:7b0c3f5e-1111-4222-8333-444455556666",
        "7b0c3f5e-1111-4222-8333-444455556666\n",
        " 7b0c3f5e-1111-4222-8333-444455556666",
        "7b0c3f5e-1111-4222-c333-444455556666",  # version 4 in digits, of another variant
        "",
        7,
        ["x"],
    ],
    ids=repr,
)
def test_other_ids_are_refused(api: Api, wave: str, identity: Any) -> None:
    assert faults(post(api, wave, family(id=identity)), "answers-invalid") == {("/id", "not_random")}
    if isinstance(identity, str) and identity.strip() == identity != "":
        body = family()
        del body["id"]
        refused = post(api, wave, body, **{"Idempotency-Key": identity})
        assert faults(refused, "answers-invalid") == {("/id", "not_random")}


def test_version_5_is_taken(api: Api, wave: str) -> None:
    identity = str(uuid.uuid5(uuid.NAMESPACE_DNS, api.name()))
    assert must(post(api, wave, family(id=identity)), 201)["id"] == identity


def test_an_uppercase_id_is_the_same_id(api: Api, wave: str) -> None:
    body = family(id=str(uuid.uuid4()).upper())
    receipt = must(post(api, wave, body), 201)
    assert receipt["id"] == body["id"].lower()
    assert must(post(api, wave, body | {"id": body["id"].lower()}), 200) == receipt
    assert must(api.admin.get(f"/v1/waves/{wave}/responses/{body['id']}"))["id"] == body["id"].lower()
    assert withdraw(api, wave, body["id"], receipt["withdrawal_code"]).status_code == 204


# ------------------------------------------------------------------ the same content
FULL = {
    "informed": "agree",
    "has_plan": "yes",
    "services": ["speech", "counseling"],
    "speech_good": "neutral",
    "meetings": 0,
    "anything": "",
}


@pytest.mark.parametrize(
    "same",
    [
        FULL | {"bus": None, "why_not": None},
        FULL | {"services": ["counseling", "speech"]},
        dict(reversed(FULL.items())),
    ],
    ids=["null-is-absent", "order-within-a-multiple", "order-of-keys"],
)
def test_the_same_content(api: Api, wave: str, same: dict[str, Any]) -> None:
    body = family(FULL)
    receipt = must(post(api, wave, body), 201)
    assert must(post(api, wave, body | {"answers": same}), 200) == receipt


@pytest.mark.parametrize("field", ["locale", "instrument", "access_code"])
def test_null_fields_are_absent_ones(api: Api, wave: str, field: str) -> None:
    body = family()
    receipt = must(post(api, wave, body), 201)
    assert must(post(api, wave, body | {field: None}), 200) == receipt


def test_naming_the_instrument_in_the_field_is_no_content(api: Api, wave: str) -> None:
    body = family()
    receipt = must(post(api, wave, body), 201)
    assert must(post(api, wave, body | {"instrument": receipt["instrument"]}), 200) == receipt


@pytest.mark.parametrize(
    "other",
    [
        {"school": "leverett"},
        {"locale": "es"},
        {"group": "staff"},
        {"answers": {"informed": "agree", "ignored": "agree"}},
        {"answers": {"informed": "disagree"}},
        {"answers": {"informed": "agree", "meetings": 0}},
        {"answers": {"informed": "agree", "anything": "x"}},
        {"answers": {"informed": "agree", "anything": ""}},
        {"answers": {"informed": "agree", "bus": False}},
        {"answers": {"informed": "agree", "has_plan": "yes", "services": []}},
    ],
)
def test_other_content_is_a_conflict(api: Api, wave: str, other: dict[str, Any]) -> None:
    body = family()
    must(post(api, wave, body), 201)
    problem(post(api, wave, body | other), 409, "response-conflict")
    assert must(api.admin.get(f"/v1/waves/{wave}/responses/{body['id']}"))["answers"] == body["answers"]


def test_an_empty_list_is_another_content_than_none(api: Api, wave: str) -> None:
    unanswered = {"informed": "agree", "has_plan": "yes"}
    body = family(unanswered)
    must(post(api, wave, body), 201)
    problem(post(api, wave, body | {"answers": unanswered | {"services": []}}), 409, "response-conflict")


def test_concurrent_posts_of_one_id_store_it_once(api: Api, wave: str) -> None:
    bodies = [family()] * 10
    other = bodies[0] | {"locale": "es"}
    with ThreadPoolExecutor(10) as pool:
        replies = list(pool.map(lambda body: post(api, wave, body), bodies))
    assert sorted(r.status_code for r in replies) == [200] * 9 + [201]
    assert len({r.content for r in replies}) == 1
    problem(post(api, wave, other), 409, "response-conflict")


# ------------------------------------------------------------------ refusals
@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"school": "atlantis"}, {("/school", "wrong_school")}),
        ({"school": None}, {("/school", "required")}),
        ({"school": 3}, {("/school", "wrong_school")}),
        ({"group": "parents"}, {("/group", "wrong_group")}),
        ({"group": None}, {("/group", "wrong_group")}),
        ({"group": ["family"]}, {("/group", "wrong_group")}),
        ({"locale": "fr"}, {("/locale", "unknown_locale")}),
        ({"instrument": "family@9"}, {("/instrument", "wrong_instrument")}),
        ({"access_code": "abc"}, {("/access_code", "not_used")}),
        ({"answers": None}, {("/answers", "required")}),
        ({"answers": []}, {("/answers", "wrong_type")}),
        ({"answers": {}}, {("/answers/informed", "required")}),
        ({"surprise": 1}, {("/surprise", "unknown_field")}),
        (
            {"school": "atlantis", "locale": "fr", "id": "x", "answers": {"informed": 4, "unknown": 1}},
            {
                ("/school", "wrong_school"), ("/locale", "unknown_locale"), ("/id", "not_random"),
                ("/answers/informed", "wrong_type"), ("/answers/unknown", "unknown_item"),
            },
        ),
    ],
)  # fmt: skip
def test_every_fault_is_told(api: Api, wave: str, change: dict[str, Any], expected: set[tuple[str, str]]) -> None:
    assert faults(post(api, wave, family() | change), "answers-invalid") == expected


@pytest.mark.parametrize("locale", [["en"], {"en": 1}, 3, True, ""], ids=repr)
def test_a_locale_of_another_type(api: Api, wave: str, locale: Any) -> None:
    assert faults(post(api, wave, family(locale=locale)), "answers-invalid") == {("/locale", "unknown_locale")}


@pytest.mark.parametrize("instrument", [["family@1"], {}, 3, ""], ids=repr)
def test_an_instrument_of_another_type(api: Api, wave: str, instrument: Any) -> None:
    refused = post(api, wave, family(instrument=instrument))
    assert faults(refused, "answers-invalid") == {("/instrument", "wrong_instrument")}


@pytest.mark.parametrize("body", [[], "x", 3, None, True], ids=repr)
def test_a_response_is_an_object(api: Api, wave: str, body: Any) -> None:
    headers = {"Content-Type": "application/json"}
    reply = api.admin.post(f"/v1/waves/{wave}/responses", content=json.dumps(body), headers=headers)
    assert faults(reply, "answers-invalid") == {("", "wrong_type")}


@pytest.mark.parametrize("group", ["school_leader", "liaison"])
def test_leaders_and_liaisons_need_no_school(api: Api, wave: str, group: str) -> None:
    assert must(post(api, wave, factories.response(group, None)), 201)["school"] is None


def test_bodies_over_the_limit(api: Api, wave: str) -> None:
    big = json.dumps(family({"informed": "agree", "anything": "x" * 256 * 1024})).encode()
    headers = {"Content-Type": "application/json"}
    address = f"/v1/waves/{wave}/responses"
    problem(api.admin.post(address, content=big, headers=headers), 413, "body-too-large")
    chunks = (big[i : i + 65_536] for i in range(0, len(big), 65_536))
    problem(api.admin.post(address, content=chunks, headers=headers), 413, "body-too-large")
    fits = json.dumps(family()).encode().ljust(256 * 1024)
    assert api.admin.post(address, content=fits, headers=headers).status_code == 201
    problem(api.admin.post(address, content=fits + b" ", headers=headers), 413, "body-too-large")
    problem(api.admin.post(address, content=b"{", headers=headers), 400, "malformed-json")
    problem(
        api.admin.post(address, content=b"{}", headers={"Content-Type": "text/plain"}), 415, "unsupported-media-type"
    )


def test_unknown_waves(api: Api) -> None:
    problem(post(api, "no-such-wave", family()), 404, "not-found")
    problem(api.admin.get("/v1/waves/no-such-wave/responses"), 404, "not-found")
    problem(withdraw(api, "no-such-wave", str(uuid.uuid4()), "x"), 404, "not-found")


# ------------------------------------------------------------------ withdrawal
def test_withdrawal(api: Api, wave: str) -> None:
    body = family()
    code = must(post(api, wave, body), 201)["withdrawal_code"]
    wrong = withdraw(api, wave, body["id"], "AAAA-AAAA-AAAA-AAAA")
    unknown = withdraw(api, wave, str(uuid.uuid4()), code)
    ill_formed = withdraw(api, wave, "no-uuid", code)
    documents = [problem(r, 404, "not-found") for r in (wrong, unknown, ill_formed)]
    for document in documents:
        del document["instance"]
    assert documents[0] == documents[1] == documents[2]
    assert body["id"] in export(api.admin, wave)
    done = withdraw(api, wave, body["id"], code)
    assert (done.status_code, done.content) == (204, b"")
    assert body["id"] not in export(api.admin, wave)
    problem(api.admin.get(f"/v1/waves/{wave}/responses/{body['id']}"), 404, "not-found")
    assert withdraw(api, wave, body["id"], code).status_code == 204
    problem(withdraw(api, wave, body["id"], "AAAA-AAAA-AAAA-AAAA"), 404, "not-found")
    problem(post(api, wave, body), 409, "response-withdrawn")
    problem(post(api, wave, body | {"locale": "es"}), 409, "response-withdrawn")
    assert body["id"] not in export(api.admin, wave)


@pytest.mark.parametrize(
    "spelled", [str.lower, lambda c: c.replace("-", ""), lambda c: f" {c} ", lambda c: c.replace("-", " ")]
)
def test_codes_as_people_type_them(api: Api, wave: str, spelled: Any) -> None:
    body = family()
    code = must(post(api, wave, body), 201)["withdrawal_code"]
    assert withdraw(api, wave, body["id"], spelled(code)).status_code == 204


def test_the_code_in_a_header(api: Api, wave: str) -> None:
    body = family()
    code = must(post(api, wave, body), 201)["withdrawal_code"]
    address = f"/v1/waves/{wave}/responses/{body['id']}"
    problem(api.admin.delete(address, headers={"Withdrawal-Code": code[:-1]}), 404, "not-found")
    assert api.client("collector").delete(address, headers={"Withdrawal-Code": code}).status_code == 204


@pytest.mark.parametrize(
    "body", [{}, {"withdrawal_code": 3}, {"withdrawal_code": "x", "more": 1}, [], "x", None], ids=repr
)
def test_other_withdrawal_bodies(api: Api, wave: str, body: Any) -> None:
    reply = api.admin.request("DELETE", f"/v1/waves/{wave}/responses/{uuid.uuid4()}", json=body)
    if body is None:  # httpx sends no body at all
        assert reply.status_code in (400, 415, 422), reply.text
    else:
        assert faults(reply) == {("/withdrawal_code", "required")}


def test_a_code_is_good_for_its_wave_alone(api: Api, wave: str) -> None:
    other = api.wave()
    body = factories.response("staff")
    here, there = (must(post(api, w, body), 201)["withdrawal_code"] for w in (wave, other))
    assert here != there
    problem(withdraw(api, other, body["id"], here), 404, "not-found")
    assert withdraw(api, wave, body["id"], here).status_code == 204
    assert set(export(api.admin, other)) == {body["id"]}


def test_withdrawal_ends_with_the_close(api: Api) -> None:
    wave = api.wave()
    kept, gone = factories.response(), factories.response()
    codes = [must(post(api, wave, body), 201)["withdrawal_code"] for body in (kept, gone)]
    assert withdraw(api, wave, gone["id"], codes[1]).status_code == 204
    must(api.admin.post(f"/v1/waves/{wave}/close"))
    problem(withdraw(api, wave, kept["id"], codes[0]), 409, "wave-closed")
    problem(withdraw(api, wave, str(uuid.uuid4()), "x"), 409, "wave-closed")
    problem(post(api, wave, gone), 409, "response-withdrawn")
    assert set(export(api.admin, wave)) == {kept["id"]}


def test_an_id_stays_spent_under_concurrent_posts(api: Api) -> None:
    wave = api.wave()
    for _ in range(5):
        body = factories.response()
        code = must(post(api, wave, body), 201)["withdrawal_code"]
        start = threading.Barrier(11)

        def again(body: dict[str, Any] = body, start: threading.Barrier = start) -> list[int]:
            start.wait(20)
            return [post(api, wave, body).status_code for _ in range(4)]

        with ThreadPoolExecutor(11) as pool:
            posts = [pool.submit(again) for _ in range(10)]
            start.wait(20)
            assert withdraw(api, wave, body["id"], code).status_code == 204
            seen = [p.result(60) for p in posts]
        for statuses in seen:
            assert set(statuses) <= {200, 409}  # replays, then never anything but withdrawn
            assert statuses == sorted(statuses)
        problem(post(api, wave, body), 409, "response-withdrawn")
        assert body["id"] not in export(api.admin, wave)


def test_concurrent_withdrawals_all_succeed(api: Api, wave: str) -> None:
    body = family()
    code = must(post(api, wave, body), 201)["withdrawal_code"]
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda _: withdraw(api, wave, body["id"], code), range(8)))
    assert [r.status_code for r in replies] == [204] * 8


# ------------------------------------------------------------------ export
def somebody(dice: random.Random) -> dict[str, Any]:
    """A random sound answer to `factories.every_kind`, skip logic kept."""
    rated = [*factories.AGREE, "dont_know"]
    answers: dict[str, Any] = {"informed": dice.choice(rated)}

    def perhaps(key: str, value: Any) -> None:
        if dice.random() < 0.7:
            answers[key] = value

    perhaps("ignored", dice.choice(rated))
    perhaps("overall", dice.choice(rated))
    perhaps("has_plan", dice.choice(["yes", "no", "unsure"]))
    plan = answers.get("has_plan")
    if plan == "yes":
        perhaps("services", dice.sample(["speech", "ot", "counseling"], dice.randint(0, 3)))
        if {"speech", "ot"} & set(answers.get("services", ())):
            answers["speech_good"] = dice.choice(rated)
    if plan not in ("yes", "unsure"):
        perhaps("why_not", "".join(dice.choices("añ ß'\"\\,;\n\t漢😀<>&%{}", k=dice.randint(1, 50))))
    perhaps("meetings", dice.choice([0, 40, dice.randint(0, 40)]))
    perhaps("miles", dice.choice([0, 5000, dice.randint(0, 5000)]))
    perhaps("hours", dice.choice([0, 100, 0.1, 1e-9, round(dice.random() * 100, 3)]))
    perhaps("bus", dice.random() < 0.5)
    perhaps("since", f"{dice.randint(1950, 2030)}-{dice.randint(1, 12):02}-{dice.randint(1, 28):02}")
    perhaps("anything", "".join(dice.choices("abc xyz=+-@\r\n\u2028é", k=dice.randint(1, 200))))
    school, locale = dice.choice(factories.SCHOOLS), dice.choice([None, "en", "es"])
    identity = str(uuid.UUID(int=dice.getrandbits(128), version=dice.choice([4, 5])))
    return {"id": identity, "group": "family", "school": school, "locale": locale, "answers": answers}


def comparable(answers: dict[str, Any]) -> dict[str, Any]:
    return {k: sorted(v) if isinstance(v, list) else v.strip() if isinstance(v, str) else v for k, v in answers.items()}


def test_the_export_equals_what_was_sent(api: Api) -> None:
    wave = api.wave(translated(factories.every_kind()) | {"locales": ["en", "es"]}, simulated=True)
    dice = random.Random(200)
    sent = [somebody(dice) for _ in range(200)]
    for body in sent[:40]:
        must(post(api, wave, body), 201)
    assert bulk(api.admin, wave, sent[40:])["accepted"] == 160
    rows = export(api.admin, wave)
    fielded = must(api.admin.get(f"/v1/waves/{wave}"))
    assert set(rows) == {b["id"] for b in sent}
    for body in sent:
        row = rows[body["id"]]
        for name in ("group", "school", "locale"):
            assert row[name] == body[name]
        assert (row["wave"], row["simulated"]) == (wave, True)
        assert row["instrument"] == fielded["instruments"]["family"]
        assert row["promise_digest"] == fielded["promise"]["family"]["digest"]
        assert comparable(row["answers"]) == comparable(body["answers"])
        assert not {"received_at", "ip", "key", "user_agent"} & set(row)
        assert len(row["received_on"]) == len("2022-10-03")
    one = must(api.admin.get(f"/v1/waves/{wave}/responses/{sent[0]['id']}"))
    assert one == rows[sent[0]["id"]]
    must(api.admin.post(f"/v1/waves/{wave}/close"))
    assert export(api.admin, wave) == rows
    # What is exported may be sent again: it is the same content.
    again = [{k: rows[b["id"]][k] for k in ("id", "group", "school", "locale", "answers")} for b in sent]
    assert bulk(api.admin, wave, again)["replayed"] == 200


def test_the_export_is_not_in_the_order_of_arrival(api: Api) -> None:
    wave = api.wave()
    sent = [factories.response() for _ in range(60)]
    for body in sent:
        must(post(api, wave, body), 201)
    lines = api.admin.get(f"/v1/waves/{wave}/responses").text.splitlines()
    assert [json.loads(line)["id"] for line in lines] != [b["id"] for b in sent]


def test_exports_and_reads_are_audited(api: Api, wave: str) -> None:
    identity = must(post(api, wave, family()), 201)["id"]

    def events() -> list[tuple[str, str, bool]]:
        with api.database.read() as session:
            rows = session.exec(select(AuditEvent).order_by(AuditEvent.id))  # type: ignore[arg-type]
            return [(e.action, e.subject, e.key_id is not None) for e in rows if e.subject == wave]

    before = events()
    must(api.admin.get(f"/v1/waves/{wave}/responses/{identity}"))
    export(api.admin, wave)
    assert events()[len(before) :] == [("response.read", wave, True), ("responses.export", wave, True)]
    for role in ("director", "collector", "reporter", "principal"):
        problem(api.client(role).get(f"/v1/waves/{wave}/responses"), 403, "forbidden")
    problem(api.admin.get(f"/v1/waves/{wave}/responses/{uuid.uuid4()}"), 404, "not-found")
    assert len(events()) == len(before) + 2


def test_an_empty_wave_exports_nothing(api: Api) -> None:
    reply = api.admin.get(f"/v1/waves/{api.wave()}/responses")
    assert (reply.status_code, reply.content) == (200, b"")
    assert reply.headers["content-type"].startswith("application/x-ndjson")


# ------------------------------------------------------------------ the limits of a collector
def test_a_collector_s_limits(api: Api, wave: str) -> None:
    other = api.wave()
    api.schools()
    limited = api.client("collector", waves=[wave], groups=["family", "liaison"], schools=["erving"])

    def send(to: str, body: dict[str, Any]) -> httpx.Response:
        return limited.post(f"/v1/waves/{to}/responses", json=body)

    assert send(wave, family()).status_code == 201
    assert send(wave, factories.response("liaison", "erving")).status_code == 201
    problem(send(other, family()), 403, "forbidden")
    problem(send(wave, family(school="leverett")), 403, "forbidden")
    problem(send(wave, factories.response("staff")), 403, "forbidden")
    mixed = [family(), family(school="leverett"), factories.response("staff"), family(school="atlantis")]
    results = bulk(limited, wave, mixed)["results"]
    assert [r["status"] for r in results] == ["accepted", "rejected", "rejected", "rejected"]
    assert [r["problem"]["status"] for r in results[1:]] == [403, 403, 422]
    problem(post_ndjson(limited, other, json.dumps(family())), 403, "forbidden")


def test_a_publishable_key_sends_one_by_one(api: Api, wave: str) -> None:
    key = api.client("collector", waves=[wave], publishable=True)
    assert key.post(f"/v1/waves/{wave}/responses", json=family()).status_code == 201
    problem(post_ndjson(key, wave, json.dumps(family())), 403, "forbidden")


@pytest.mark.parametrize("role", ["principal", "reporter"])
def test_readers_send_nothing(api: Api, wave: str, role: str) -> None:
    problem(api.client(role).post(f"/v1/waves/{wave}/responses", json=family()), 403, "forbidden")
    problem(post_ndjson(api.client(role), wave, json.dumps(family())), 403, "forbidden")
    assert api.anonymous.post(f"/v1/waves/{wave}/responses", json=family()).status_code == 401


# ------------------------------------------------------------------ bulk
def test_bulk_verdicts(api: Api) -> None:
    wave = api.wave()
    standing, gone, fresh = (factories.response() for _ in range(3))
    must(post(api, wave, standing), 201)
    code = must(post(api, wave, gone), 201)["withdrawal_code"]
    assert withdraw(api, wave, gone["id"], code).status_code == 204
    no_id = factories.response()
    del no_id["id"]
    conflict = standing | {"school": "leverett"}
    wrong = factories.response(answers={"informed": "perhaps", "unknown": 1})
    upper = fresh | {"id": fresh["id"].upper()}
    lines = [standing, fresh, conflict, gone, no_id, wrong, fresh, upper, fresh | {"school": "leverett"}, [], 7, None]
    text = "\n".join(json.dumps(line) for line in lines) + '\n{"id": \n"\xff'
    told = must(post_ndjson(api.admin, wave, text.encode("latin-1")))
    assert (told["accepted"], told["replayed"], told["rejected"]) == (1, 3, 10)
    results = told["results"]
    assert [r["line"] for r in results] == list(range(1, 15))
    slugs = [r.get("problem", {}).get("type", r["status"]).removeprefix("/problems/") for r in results]
    invalid, malformed = "answers-invalid", "malformed-json"
    assert slugs == [
        "replayed", "accepted", "response-conflict", "response-withdrawn", invalid, invalid, "replayed", "replayed",
        "response-conflict", invalid, invalid, invalid, malformed, malformed,
    ]  # fmt: skip
    assert [r["id"] for r in results[:4]] == [b["id"] for b in lines[:4]]  # type: ignore[index]
    assert results[4]["id"] is None
    assert {f["pointer"] for f in results[4]["problem"]["errors"]} == {"/id"}
    assert {f["pointer"] for f in results[5]["problem"]["errors"]} == {"/answers/informed", "/answers/unknown"}
    assert all(r["status"] == "rejected" for r in results if "problem" in r)
    assert set(export(api.admin, wave)) == {standing["id"], fresh["id"]}


def test_blank_lines_are_counted_and_crlf_is_taken(api: Api) -> None:
    wave = api.wave()
    one, two = json.dumps(factories.response()), json.dumps(factories.response())
    told = must(post_ndjson(api.admin, wave, f"\r\n{one}\r\n\r\n  \t\n{two}\r\n\n"))
    assert (told["accepted"], [r["line"] for r in told["results"]]) == (2, [2, 5])
    assert must(post_ndjson(api.admin, wave, "")) == {"accepted": 0, "replayed": 0, "rejected": 0, "results": []}
    assert must(post_ndjson(api.admin, wave, "\n\n"))["results"] == []


def test_ten_thousand_lines_and_no_more(api: Api) -> None:
    wave = api.wave()
    bodies = [factories.response(school=factories.SCHOOLS[i % 4]) for i in range(10_001)]
    refused = post_ndjson(api.admin, wave, "\n".join(map(json.dumps, bodies)))
    assert faults(refused) == {("", "too_many_lines")}
    assert export(api.admin, wave) == {}
    text = "\n\n".join(map(json.dumps, bodies[:-1]))  # blank lines do not count towards the limit
    told = must(post_ndjson(api.admin, wave, text))
    assert (told["accepted"], told["replayed"], told["rejected"]) == (10_000, 0, 0)
    again = must(post_ndjson(api.admin, wave, text))
    assert (again["accepted"], again["replayed"], again["rejected"]) == (0, 10_000, 0)
    assert set(export(api.admin, wave)) == {b["id"] for b in bodies[:-1]}


def test_sixteen_mebibytes_and_no_more(api: Api, wave: str) -> None:
    limit = 16 * 2**20
    body = family()
    fits = json.dumps(body).encode().ljust(limit)
    assert must(post_ndjson(api.admin, wave, fits))["accepted"] == 1
    problem(post_ndjson(api.admin, wave, fits + b" "), 413, "body-too-large")
    headers = {"Content-Type": "application/x-ndjson"}
    chunks = (b" " * 2**20 for _ in range(17))
    reply = api.admin.post(f"/v1/waves/{wave}/responses/bulk", content=chunks, headers=headers)
    problem(reply, 413, "body-too-large")
    json_type = api.admin.post(f"/v1/waves/{wave}/responses/bulk", json=body)
    problem(json_type, 415, "unsupported-media-type")


def test_a_resend_after_a_part_was_stored(api: Api) -> None:
    wave = api.wave()
    bodies = [factories.response() for _ in range(50)]
    bulk(api.admin, wave, bodies[:20])
    told = bulk(api.admin, wave, bodies)
    assert (told["accepted"], told["replayed"]) == (30, 20)
    assert [r["status"] for r in told["results"]] == ["replayed"] * 20 + ["accepted"] * 30


def test_concurrent_bulks_with_the_same_ids(api: Api) -> None:
    wave = api.wave()
    bodies = [factories.response() for _ in range(300)]
    orders = [random.Random(i).sample(bodies, 300) for i in range(6)]
    with ThreadPoolExecutor(6) as pool:
        told = list(pool.map(lambda order: bulk(api.admin, wave, order), orders))
    assert sum(t["accepted"] for t in told) == 300
    assert sum(t["replayed"] for t in told) == 5 * 300
    assert set(export(api.admin, wave)) == {b["id"] for b in bodies}


def test_bulk_goes_on_after_the_wave_was_changed(api: Api) -> None:
    wave = api.wave()
    assert bulk(api.admin, wave, [factories.response()])["accepted"] == 1
    read = must(api.admin.get(f"/v1/waves/{wave}"))
    promise = {group: {"mode": "confidential", "minimum": 5} for group in read["instruments"]}
    names = ("title", "simulated", "opens_at", "closes_at", "time_zone", "schools", "instruments")
    body = {name: read[name] for name in names} | {"title": "Another", "promise": promise}
    must(api.admin.put(f"/v1/waves/{wave}", json=body), 200)
    bulk(api.admin, wave, [factories.response()])  # one refusal would be in order
    assert bulk(api.admin, wave, [factories.response()])["accepted"] == 1


def test_one_response_goes_on_after_the_wave_was_changed(api: Api) -> None:
    wave = api.wave()
    must(post(api, wave, factories.response()), 201)
    read = must(api.admin.get(f"/v1/waves/{wave}"))
    promise = {group: {"mode": "confidential", "minimum": 7} for group in read["instruments"]}
    names = ("title", "simulated", "opens_at", "closes_at", "time_zone", "schools", "instruments")
    must(api.admin.put(f"/v1/waves/{wave}", json={name: read[name] for name in names} | {"promise": promise}), 200)
    receipt = must(post(api, wave, factories.response()), 201)
    stricter = must(api.admin.get(f"/v1/waves/{wave}"))["promise"]["family"]["digest"]
    assert receipt["promise_digest"] == stricter
