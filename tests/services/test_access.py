"""Access codes and links through a real server, on both databases: made, handed out, spent, counted, voided, gone."""

from __future__ import annotations

import csv
import io
import json
import re
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from sqlmodel import SQLModel, col, select

from app.models.tables import AccessCode, AuditEvent, Wave
from app.services.access import link, valid_link
from app.services.codes import mistyped, plain
from app.services.erasure import erase, retire_due
from app.services.gate import WRONG_CODES
from app.services.releases import Shelf
from tests import factories
from tests.server import Api, must
from tests.services.sending import bulk, export, faults, problem

FAMILY, LIAISON = factories.definition("family"), factories.definition("liaison")
ROSTER = {("family", "erving"): 12, ("family", "leverett"): 20, ("liaison", None): 3}
Cell = tuple[str, str | None]


def put_roster(api: Api, wave: str, people: dict[Cell, int]) -> httpx.Response:
    counts = [{"group": group, "school": school, "eligible": n} for (group, school), n in people.items()]
    return api.client("director").put(f"/v1/waves/{wave}/roster", json={"source": "the office", "counts": counts})


def coded(api: Api, people: dict[Cell, int] | None = None, **more: Any) -> str:
    """A wave in which families and liaisons answer with codes."""
    more = {"access": {"family": "code", "liaison": "code"}, **more}
    wave = api.wave(FAMILY, LIAISON, **more)
    must(put_roster(api, wave, ROSTER if people is None else people))
    return wave


def ask(
    api: Api, wave: str, count: int, group: str = "family", school: str | None = "erving", **more: Any
) -> httpx.Response:
    body = {"group": group, "school": school, "count": count}
    return api.client("director").post(f"/v1/waves/{wave}/access-codes", json=body, **more)


def make(api: Api, wave: str, count: int, group: str = "family", school: str | None = "erving") -> list[str]:
    return list(must(ask(api, wave, count, group, school), 201)["codes"])


def post(api: Api, wave: str, body: dict[str, Any], client: httpx.Client | None = None) -> httpx.Response:
    return (client or api.admin).post(f"/v1/waves/{wave}/responses", json=body)


def counted(api: Api, wave: str) -> dict[Cell, dict[str, Any]]:
    cells = must(api.client("director").get(f"/v1/waves/{wave}/access-codes"), 200)["cells"]
    return {(c.pop("group"), c.pop("school")): c for c in cells}


def void(api: Api, wave: str, group: str = "family", school: str | None = "erving") -> httpx.Response:
    asked = {"group": group} | ({} if school is None else {"school": school})
    return api.client("director").delete(f"/v1/waves/{wave}/access-codes", params=asked)


def unspent(api: Api, wave: str) -> int:
    with api.database.read() as session:
        return len(session.exec(select(AccessCode).where(AccessCode.wave == wave)).all())


# ------------------------------------------------------------------ a wave's access
def test_the_access_of_a_wave_is_read_back(api: Api) -> None:
    wave = api.wave(FAMILY, LIAISON, access={"family": "code"})
    read = must(api.client("collector").get(f"/v1/waves/{wave}"))
    assert read["access"] == {"family": "code", "liaison": "open"}
    words = read["promise"]["family"]["in_words"]
    assert "Each code can be used once, and nobody keeps which code gave which answers." in words["en"]
    assert "nadie guarda qué código dio qué respuestas" in words["es"]
    assert "many times" not in words["en"]
    assert "many times" in must(api.admin.get(f"/v1/waves/{api.wave(FAMILY)}"))["promise"]["family"]["in_words"]["en"]


@pytest.mark.parametrize("access", [{"family": "closed"}, {"staff": "code"}, {"family": None}, [], "code"])
def test_other_access_is_refused(api: Api, access: Any) -> None:
    wave = api.wave(FAMILY)
    body = factories.wave({"family": api.instrument(FAMILY)}, access=access)
    assert api.admin.put(f"/v1/waves/{wave}", json=body).status_code == 422


@pytest.mark.parametrize(("before", "after"), [("open", "code"), ("code", "open")])
def test_access_is_settled_once_the_wave_opens(api: Api, before: str, after: str) -> None:
    """Codes in the middle of a wave would promise once a person what did not hold before."""
    api.schools()
    key = api.name("wave")
    body = factories.wave(
        {"family": api.instrument(FAMILY)}, access={"family": before}, opens_at=factories.iso(hours=1)
    )
    must(api.admin.put(f"/v1/waves/{key}", json=body), 201)
    must(api.admin.put(f"/v1/waves/{key}", json={**body, "access": {"family": after}}), 200)
    must(api.admin.put(f"/v1/waves/{key}", json=body), 200)
    with api.database.write() as session:
        session.get_one(Wave, key).opens_at = datetime(2022, 1, 1, tzinfo=UTC)
    opened = {**body, "opens_at": must(api.admin.get(f"/v1/waves/{key}"))["opens_at"]}
    must(api.admin.put(f"/v1/waves/{key}", json=opened), 200)
    problem(api.admin.put(f"/v1/waves/{key}", json={**opened, "access": {"family": after}}), 409, "wave-started")
    if before == "open":
        must(api.admin.put(f"/v1/waves/{key}", json={k: v for k, v in opened.items() if k != "access"}), 200)


# ------------------------------------------------------------------ making codes
def test_codes_are_given_once(api: Api) -> None:
    wave = coded(api)
    reply = ask(api, wave, 5)
    made = must(reply, 201)
    assert made["address"] == f"{api.base}/s/{wave}/family/erving"
    assert len({plain(code) for code in made["codes"]}) == 5
    assert not any(map(mistyped, made["codes"]))
    assert "no-store" in reply.headers["cache-control"]
    assert counted(api, wave) == {("family", "erving"): {"issued": 5, "spent": 0, "left": 5}}
    assert must(ask(api, wave, 2, "liaison", None), 201)["address"] == f"{api.base}/s/{wave}/liaison"


def test_never_more_codes_than_people(api: Api) -> None:
    wave = coded(api)
    make(api, wave, 7)
    told = problem(ask(api, wave, 6), 409, "codes-exceed-roster")
    assert "12 people" in told["detail"]
    assert "7 codes were made before; 5 more can be made" in told["detail"]
    make(api, wave, 5)
    problem(ask(api, wave, 1), 409, "codes-exceed-roster")
    assert counted(api, wave)["family", "erving"]["issued"] == 12
    assert "no line" in problem(ask(api, wave, 1, school="shutesbury"), 409, "codes-exceed-roster")["detail"]
    problem(ask(api, api.wave(FAMILY, access={"family": "code"}), 1), 409, "codes-exceed-roster")


def test_many_directors_at_once_make_no_more_than_there_are_people(api: Api) -> None:
    wave, told = coded(api), []
    secret = api.secret("director")

    def one() -> None:
        with httpx.Client(base_url=api.base, timeout=60, headers={"Authorization": f"Bearer {secret}"}) as client:
            body = {"group": "family", "school": "erving", "count": 5}
            told.append(client.post(f"/v1/waves/{wave}/access-codes", json=body).status_code)

    threads = [threading.Thread(target=one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert Counter(told) == {201: 2, 409: 6}
    assert unspent(api, wave) == counted(api, wave)["family", "erving"]["issued"] == 10


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"group": "staff"}, ("/group", "wrong_group")),
        ({"school": "nowhere"}, ("/school", "wrong_school")),
        ({"school": None}, ("/school", "required")),
        ({"count": 0}, ("/count", "greater_than_equal")),
        ({"count": 10_001}, ("/count", "less_than_equal")),
        ({"count": True}, ("/count", "int_type")),
        ({"code": "x"}, ("/code", "unknown_field")),
    ],
)
def test_codes_for_nobody(api: Api, change: dict[str, Any], fault: tuple[str, str]) -> None:
    body = {"group": "family", "school": "erving", "count": 1, **change}
    assert fault in faults(api.client("director").post(f"/v1/waves/{coded(api)}/access-codes", json=body))


def test_a_group_without_codes_and_a_closed_wave_get_none(api: Api) -> None:
    wave = coded(api, access={"family": "code"})
    assert faults(ask(api, wave, 1, "liaison", None)) == {("/group", "not_used")}
    must(api.admin.post(f"/v1/waves/{wave}/close"))
    problem(ask(api, wave, 1), 409, "wave-closed")
    problem(ask(api, "no-such-wave", 1), 404, "not-found")


def test_the_roster_cannot_shrink_below_the_codes(api: Api) -> None:
    wave = coded(api)
    make(api, wave, 10)
    for fewer in ({**ROSTER, ("family", "erving"): 9}, {("family", "leverett"): 20}):
        assert "10 codes" in problem(put_roster(api, wave, fewer), 409, "codes-exceed-roster")["detail"]
    must(put_roster(api, wave, {**ROSTER, ("family", "erving"): 10}))
    must(void(api, wave))
    must(put_roster(api, wave, {("family", "leverett"): 20}))


# ------------------------------------------------------------------ how they are handed out
def test_the_table(api: Api) -> None:
    wave = coded(api)
    for reply in (ask(api, wave, 3, params={"format": "csv"}), ask(api, wave, 3, headers={"Accept": "text/csv, */*"})):
        assert (reply.status_code, reply.headers["content-type"]) == (201, "text/csv; charset=utf-8")
        assert reply.headers["content-disposition"] == f'attachment; filename="codes-{wave}-family-erving.csv"'
        rows = list(csv.DictReader(io.StringIO(reply.text)))
        assert len(rows) == 3
        for row in rows:
            assert row["address"] == f"{api.base}/s/{wave}/family/erving#{row['code']}"
            assert post(api, wave, factories.response(access_code=row["code"])).status_code == 201


def test_the_sheet(api: Api) -> None:
    wave = coded(api)
    reply = ask(api, wave, 11, headers={"Accept": "application/pdf"})
    assert (reply.status_code, reply.headers["content-type"]) == (201, "application/pdf")
    assert reply.content.startswith(b"%PDF-1.")
    assert reply.headers["content-disposition"].endswith('.pdf"')
    assert unspent(api, wave) == 11
    assert ask(api, wave, 1, "liaison", None, params={"format": "pdf"}).content.startswith(b"%PDF-1.")
    assert faults(ask(api, wave, 1001, params={"format": "pdf"})) == {("/count", "too_many")}


def test_other_forms_are_refused_and_nothing_is_made(api: Api) -> None:
    wave = coded(api)
    problem(ask(api, wave, 1, headers={"Accept": "image/png"}), 406, "not-acceptable")
    assert ask(api, wave, 1, params={"format": "docx"}).status_code == 422
    assert counted(api, wave) == {}


# ------------------------------------------------------------------ spending them
def test_a_code_is_spent_once(api: Api) -> None:
    wave = coded(api)
    code, *others = make(api, wave, 4)
    body = factories.response(access_code=code.lower().replace("-", " "))
    receipt = must(post(api, wave, body), 201)
    again = post(api, wave, body)
    assert (again.status_code, again.json(), again.headers["idempotency-replayed"]) == (200, receipt, "true")
    problem(post(api, wave, factories.response(access_code=code)), 403, "access-code-invalid")
    assert counted(api, wave)["family", "erving"] == {"issued": 4, "spent": 1, "left": 3}
    problem(post(api, wave, {**body, "answers": {}, "access_code": others[0]}), 409, "response-conflict")
    must(post(api, wave, {**body, "access_code": others[0]}), 200)
    assert counted(api, wave)["family", "erving"] == {"issued": 4, "spent": 1, "left": 3}
    must(api.admin.post(f"/v1/waves/{wave}/close"))
    assert must(post(api, wave, body), 200) == receipt
    problem(post(api, wave, factories.response(access_code=others[0])), 409, "wave-not-open")


def test_unknown_spent_and_others_codes_are_refused_alike(api: Api) -> None:
    wave = coded(api)
    spent, other = make(api, wave, 2), make(api, wave, 1, school="leverett")
    liaison, elsewhere = make(api, wave, 1, "liaison", None), make(api, coded(api), 1)
    must(post(api, wave, factories.response(access_code=spent[0])), 201)
    voided = make(api, wave, 1)
    must(void(api, wave))
    unknown = ["0000-0000-0000", "nonsense", "x" * 100, " "]
    replies = [
        post(api, wave, factories.response(access_code=code))
        for code in [spent[0], *other, *liaison, *elsewhere, *voided, spent[1], *unknown]
    ]
    assert {(r.status_code, r.content) for r in replies} == {(403, replies[0].content)}
    assert len({tuple(h for h in r.headers if h != "x-request-id") for r in replies}) == 1
    problem(replies[0], 403, "access-code-invalid")
    assert len(export(api.admin, wave)) == 1


def test_a_code_is_asked_for_or_a_fault(api: Api) -> None:
    wave = coded(api, access={"family": "code"})
    for absent in ({}, {"access_code": None}):
        assert faults(post(api, wave, factories.response(**absent)), "answers-invalid") == {
            ("/access_code", "required")
        }
    for wrong in (1, [], {}, "x" * 101):
        told = post(api, wave, factories.response(access_code=wrong))
        assert faults(told, "answers-invalid") == {("/access_code", "wrong_type")}
    told = post(api, wave, factories.response("liaison", None, access_code="x"))
    assert faults(told, "answers-invalid") == {("/access_code", "not_used")}
    code = make(api, wave, 1)[0]
    bad = factories.response(answers={"informed": "perhaps"}, access_code=code)
    assert faults(post(api, wave, bad), "answers-invalid") == {("/answers/informed", "unknown_option")}
    assert counted(api, wave)["family", "erving"]["spent"] == 0, "a response with faults spends nothing"


def test_a_withdrawn_response_keeps_its_code_spent(api: Api) -> None:
    """Else something would have to know which code it was."""
    wave = coded(api)
    code = make(api, wave, 1)[0]
    body = factories.response(access_code=code)
    receipt = must(post(api, wave, body), 201)
    taken = {"Withdrawal-Code": receipt["withdrawal_code"]}
    must(api.admin.delete(f"/v1/waves/{wave}/responses/{body['id']}", headers=taken), 204)
    problem(post(api, wave, body), 409, "response-withdrawn")
    problem(post(api, wave, factories.response(access_code=code)), 403, "access-code-invalid")
    assert counted(api, wave)["family", "erving"] == {"issued": 1, "spent": 1, "left": 0}


def test_bulk_lines_bring_codes(api: Api) -> None:
    wave = coded(api)
    given = make(api, wave, 5)
    bodies = [factories.response(access_code=code) for code in [*given[:3], given[0], "nonsense"]]
    bodies += [factories.response(), bodies[1]]
    told = bulk(api.admin, wave, bodies)
    assert [line["status"] for line in told["results"]] == ["accepted"] * 3 + ["rejected"] * 3 + ["replayed"]
    kinds = [line["problem"]["type"] for line in told["results"] if "problem" in line]
    assert kinds == ["/problems/access-code-invalid"] * 2 + ["/problems/answers-invalid"]
    assert bulk(api.admin, wave, bodies)["replayed"] == 4
    assert counted(api, wave)["family", "erving"] == {"issued": 5, "spent": 3, "left": 2}


# ------------------------------------------------------------------ races
@pytest.fixture(scope="module")
def second(api: Api) -> Iterator[Api]:
    """Another server process would be the same: its own caches, its own writer."""
    other = Api(api.settings)
    yield other
    other.stop()


def test_one_code_and_many_who_want_it(api: Api, second: Api) -> None:
    wave = coded(api, {("family", "erving"): 40})
    given = make(api, wave, 40)
    told: dict[str, list[int]] = {code: [] for code in given}
    acknowledged: list[str] = []
    secret = api.secret("collector")

    def send(number: int) -> None:
        headers = {"Authorization": f"Bearer {secret}", "X-Forwarded-For": f"192.0.2.{number}"}
        with httpx.Client(base_url=(api, second)[number % 2].base, timeout=60, headers=headers) as client:
            for code in given[number:] + given[:number]:
                body = factories.response(access_code=code)
                status = post(api, wave, body, client).status_code
                if status == 429:
                    continue
                told[code].append(status)
                if status == 201:
                    acknowledged.append(body["id"])

    threads = [threading.Thread(target=send, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert all(Counter(statuses)[201] == 1 for statuses in told.values()), told
    assert {status for statuses in told.values() for status in statuses} == {201, 403}
    assert sorted(export(api.admin, wave)) == sorted(acknowledged)
    assert counted(api, wave)["family", "erving"] == {"issued": 40, "spent": 40, "left": 0}


def test_the_close_takes_code_and_response_together_or_neither(api: Api) -> None:
    wave = coded(api, {("family", "erving"): 400})
    given = make(api, wave, 400)
    acknowledged: list[str] = []
    refused: list[tuple[int, str]] = []
    going = threading.Barrier(5)

    def send(number: int) -> None:
        with httpx.Client(base_url=api.base, timeout=60, headers=dict(api.admin.headers)) as client:
            going.wait()
            for code in given[number::4]:
                body = factories.response(access_code=code)
                reply = post(api, wave, body, client)
                if reply.status_code == 201:
                    acknowledged.append(body["id"])
                else:
                    refused.append((reply.status_code, reply.json()["type"]))

    threads = [threading.Thread(target=send, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    going.wait()
    while len(acknowledged) < 20:
        pass
    must(api.admin.post(f"/v1/waves/{wave}/close"))
    for thread in threads:
        thread.join(120)
    assert set(refused) <= {(409, "/problems/wave-not-open")}
    assert sorted(export(api.admin, wave)) == sorted(acknowledged)
    assert counted(api, wave)["family", "erving"] == {
        "issued": 400, "spent": len(acknowledged), "left": 400 - len(acknowledged),
    }  # fmt: skip


# ------------------------------------------------------------------ guessing
def test_guessing_is_slowed_down(api: Api) -> None:
    wave = coded(api)
    code = make(api, wave, 1)[0]
    guesser = api.client("collector", waves=[wave])
    told = [post(api, wave, factories.response(access_code=f"guess {i}"), guesser) for i in range(WRONG_CODES + 15)]
    assert Counter(reply.status_code for reply in told[:WRONG_CODES]) == {403: WRONG_CODES}
    limited = post(api, wave, factories.response(access_code=code), guesser)
    problem(limited, 429, "rate-limited")
    assert 1 <= int(limited.headers["retry-after"]) <= 3
    assert counted(api, wave)["family", "erving"]["spent"] == 0
    from_elsewhere = {"X-Forwarded-For": "203.0.113.7"}  # loopback is a trusted proxy
    body = factories.response(access_code=code)
    assert guesser.post(f"/v1/waves/{wave}/responses", json=body, headers=from_elsewhere).status_code == 201


def test_guessing_in_bulk_is_no_way_around_it(api: Api) -> None:
    wave = coded(api)
    client = api.client("collector", waves=[wave, "another"])
    told = bulk(client, wave, [factories.response(access_code=f"guess {i}") for i in range(200)])
    assert told["rejected"] == 200
    reply = client.post(
        f"/v1/waves/{wave}/responses/bulk", content="{}", headers={"Content-Type": "application/x-ndjson"}
    )
    problem(reply, 429, "rate-limited")
    assert 60 <= int(reply.headers["retry-after"]) <= 400, "as long as so many guesses would have taken one by one"
    problem(post(api, wave, factories.response(access_code="x"), client), 429, "rate-limited")


# ------------------------------------------------------------------ counting and voiding them
def test_what_small_schools_do_is_not_counted_out(api: Api) -> None:
    """As in participation: a school with fewer than ten, and the next smallest if it is the only one."""
    people: dict[Cell, int] = {("family", s): n for s, n in zip(factories.SCHOOLS, (9, 12, 30, 40), strict=True)}
    wave = coded(api, people | {("liaison", None): 3})
    for school in factories.SCHOOLS:
        must(post(api, wave, factories.response(school=school, access_code=make(api, wave, 5, school=school)[0])), 201)
    make(api, wave, 2, "liaison", None)
    assert counted(api, wave) == {
        ("family", "erving"): {"status": "protected", "issued": 5},
        ("family", "leverett"): {"status": "protected", "issued": 5},
        ("family", "shutesbury"): {"issued": 5, "spent": 1, "left": 4},
        ("family", "swift-river"): {"issued": 5, "spent": 1, "left": 4},
        ("liaison", None): {"issued": 2, "spent": 0, "left": 2},
    }
    # Voiding must not tell either: the number that could be made anew would say how many had answered.
    assert void(api, wave).content == void(api, wave, school="shutesbury").content == b""
    assert counted(api, wave)["family", "erving"] == {"status": "protected", "issued": 5}
    assert counted(api, wave)["family", "shutesbury"] == {"issued": 1, "spent": 1, "left": 0}
    problem(ask(api, wave, 5), 409, "codes-exceed-roster")
    make(api, wave, 4)
    make(api, wave, 29, school="shutesbury")


def test_a_lost_sheet_is_voided_and_made_anew(api: Api) -> None:
    wave = coded(api)
    lost, kept = make(api, wave, 12), make(api, wave, 3, school="leverett")
    must(post(api, wave, factories.response(access_code=lost[0])), 201)
    assert void(api, wave).status_code == 204
    assert void(api, wave).status_code == 204
    for code in lost:
        problem(post(api, wave, factories.response(access_code=code)), 403, "access-code-invalid")
    new = make(api, wave, 11)
    problem(ask(api, wave, 1), 409, "codes-exceed-roster")
    for code, school in ((new[0], "erving"), (kept[0], "leverett")):
        must(post(api, wave, factories.response(school=school, access_code=code)), 201)
    assert counted(api, wave)["family", "erving"] == {"issued": 12, "spent": 2, "left": 10}
    with api.database.read() as session:
        events = session.exec(select(AuditEvent).order_by(col(AuditEvent.id))).all()
        told = [(e.action, e.subject) for e in events if e.subject.startswith(f"{wave}: ") and e.action != "roster.put"]
    assert told == [
        ("codes.make", f"{wave}: family, erving: 12"),
        ("codes.make", f"{wave}: family, leverett: 3"),
        ("codes.void", f"{wave}: family, erving"),
        ("codes.void", f"{wave}: family, erving"),
        ("codes.make", f"{wave}: family, erving: 11"),
    ]


def test_before_the_wave_opens_even_a_small_school_gets_a_new_sheet(api: Api) -> None:
    wave = coded(api, {("family", "erving"): 4}, opens_at=factories.iso(hours=1))
    make(api, wave, 4)
    must(void(api, wave))
    make(api, wave, 4)
    assert unspent(api, wave) == 4


@pytest.mark.parametrize(
    ("asked", "fault"),
    [
        ({}, ("group", "required")),
        ({"group": "family"}, ("school", "required")),
        ({"group": "staff", "school": "erving"}, ("group", "wrong_group")),
        ({"group": "family", "school": "nowhere"}, ("school", "wrong_school")),
        ({"group": "family", "school": "erving", "all": "1"}, ("all", "unknown_parameter")),
    ],
)
def test_voiding_nothing(api: Api, asked: dict[str, str], fault: tuple[str, str]) -> None:
    assert fault in faults(api.client("director").delete(f"/v1/waves/{coded(api)}/access-codes", params=asked))


# ------------------------------------------------------------------ what becomes of them
def test_codes_end_with_the_wave_and_counts_stay(api: Api) -> None:
    wave, other = coded(api), coded(api)
    given = make(api, wave, 12)
    make(api, other, 1)
    for code in given[:10]:
        must(post(api, wave, factories.response(access_code=code)), 201)
    must(api.admin.post(f"/v1/waves/{wave}/close"))
    assert (unspent(api, wave), unspent(api, other)) == (0, 1)
    told = {("family", "erving"): {"issued": 12, "spent": 10, "left": 2}}
    assert counted(api, wave) == told
    gone = next(iter(export(api.admin, wave)))
    erase(api.database, Shelf(), wave, [gone])
    assert counted(api, wave) == told
    with api.database.write() as session:
        session.get_one(Wave, wave).closed_at = session.get_one(Wave, wave).opens_at.replace(year=2020)
    assert wave in retire_due(api.database, Shelf(), 300)
    assert (unspent(api, wave), counted(api, wave)) == (0, told)
    must(void(api, wave))
    assert counted(api, wave) == {("family", "erving"): {"issued": 10, "spent": 10, "left": 0}}


def test_codes_go_with_what_they_were_for(api: Api) -> None:
    wave = coded(api, opens_at=factories.iso(hours=1))
    for school in ("erving", "leverett"):
        make(api, wave, 2, school=school)
    make(api, wave, 2, "liaison", None)
    standing = must(api.admin.get(f"/v1/waves/{wave}"))
    body = factories.wave(standing["instruments"], opens_at=standing["opens_at"])
    smaller = {**body, "schools": ["leverett"], "access": {"family": "code"}}
    must(api.admin.put(f"/v1/waves/{wave}", json=smaller))
    assert counted(api, wave) == {("family", "leverett"): {"issued": 2, "spent": 0, "left": 2}}
    assert unspent(api, wave) == 2
    must(api.admin.delete(f"/v1/waves/{wave}"), 204)
    assert unspent(api, wave) == 0


def test_nothing_that_is_kept_holds_a_code(api: Api, capfd: pytest.CaptureFixture[str]) -> None:
    """Not the tables, not the file, not a log; and nothing of a response points to the code that paid for it."""
    wave = coded(api)
    given = make(api, wave, 6)
    for code in given[:3]:
        must(post(api, wave, factories.response(access_code=code)), 201)
    bulk(api.admin, wave, [factories.response(access_code=code) for code in given[3:5]])
    post(api, wave, factories.response(access_code=given[0]))
    spelled = {form for code in given for form in (code, code.replace("-", ""), code.lower(), plain(code).lower())}
    with api.database.read() as session:
        rows = {
            table.name: [json.dumps(list(row), default=str) for row in session.connection().execute(select(table))]
            for table in SQLModel.metadata.sorted_tables
        }
        macs = session.exec(select(AccessCode.code_hmac).where(AccessCode.wave == wave)).all()
    assert len(macs) == 1
    assert not [name for name, texts in rows.items() for text in texts if any(code in text for code in spelled)]
    assert not [
        text for text in rows["survey_response"] if any(len(part) == 64 for part in re.findall("[0-9a-f]+", text))
    ]
    if (file := api.settings.sqlite_file) is not None:
        held = b"".join(path.read_bytes() for path in file.parent.glob(file.name + "*"))
        assert wave.encode() in held
        assert not [code for code in spelled if code.encode() in held]
    assert all("code" not in field for one in export(api.admin, wave).values() for field in one)
    written = "".join(capfd.readouterr())
    assert not [code for code in spelled if code in written]


# ------------------------------------------------------------------ links
def test_the_links_of_a_wave(api: Api) -> None:
    wave = coded(api, access={"liaison": "code"})
    found: list[dict[str, Any]] = []
    after: str | None = None
    while True:
        asked = {"limit": "3"} | ({} if after is None else {"after": after})
        page = must(api.client("director").get(f"/v1/waves/{wave}/links", params=asked), 200)
        found += page["items"]
        if (after := page["next"]) is None:
            break
    assert [(one["group"], one["school"]) for one in found] == [
        (group, school) for group in ("family", "liaison") for school in (None, *factories.SCHOOLS)
    ]
    for one in found:
        parts = urlsplit(one["address"])
        assert parts.path == "/".join(filter(None, ("/s", wave, one["group"], one["school"])))
        if one["group"] == "liaison":
            assert (one["access"], parts.query) == ("code", "")
        else:
            signature = parse_qs(parts.query)["k"][0]
            assert valid_link(api.settings.signing_secret(), wave, one["group"], one["school"], signature)
    assert len({one["address"] for one in found}) == 10
    assert faults(api.admin.get(f"/v1/waves/{wave}/links", params={"after": "#"})) == {("after", "invalid_cursor")}


def test_a_signature_is_good_for_one_address() -> None:
    secret, places = b"s" * 64, [("w", "family", "s"), ("w", "family", None), ("w", "staff", "s"), ("v", "family", "s")]
    signatures = [link(secret, *place) for place in places]
    assert len(set(signatures)) == 4
    for place, signature in zip(places, signatures, strict=True):
        assert re.fullmatch(r"[A-Za-z0-9_-]{16}", signature)
        assert [valid_link(secret, *place, one) for one in signatures].count(True) == 1
        assert valid_link(secret, *place, signature)
        assert not valid_link(b"t" * 64, *place, signature)
        for wrong in ("", signature[:-1], signature + "=", signature.swapcase(), "ñ", "\udcff"):
            assert not valid_link(secret, *place, wrong)
