"""Comments over HTTP: when, who, which; the director's review; the names."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from sqlmodel import col, select

from app.models.tables import AuditEvent
from tests import factories
from tests.server import Api, must
from tests.services.sending import bulk, faults, problem
from tests.services.writing import people, read, released, said, texts, wave_of, written

EXACT = {"mode": "confidential", "minimum": 5, "principal": "exact"}
WORDS = {"erving": texts("e", 6), "leverett": texts("l", 3), "shutesbury": texts("s", 2), "swift-river": texts("r", 7)}
POOL = "leverett+shutesbury"
FAMILY = {"erving": 6, POOL: 5, "swift-river": 7, None: 5}  # on the other item a school alone wrote: the union's


@pytest.fixture(scope="module")
def wave(api: Api) -> str:
    """Families by school with exact results for principals, staff without; all family comments are passed."""
    key = wave_of(api, "family", "staff", "school_leader", promise={
        "family": EXACT, "staff": {"mode": "confidential", "minimum": 5}, "school_leader": {"mode": "attributed"},
    })  # fmt: skip
    bodies = people("family", WORDS) + people("family", {"erving": texts("w", 5)}, "wishes")
    bodies += people("staff", {"erving": texts("t", 5)}) + people("school_leader", {"erving": ["the leader"]})
    assert bulk(api.admin, key, bodies)["accepted"] == len(bodies)
    must(api.admin.post(f"/v1/waves/{key}/close"))
    must(api.admin.post(f"/v1/waves/{key}/releases"), 201)
    for comment in read(api.admin, key, group="family"):
        review(api.client("director"), key, comment["id"])
    return key


def get(client: httpx.Client, wave: str, **asked: Any) -> httpx.Response:
    return client.get(f"/v1/waves/{wave}/comments", params=asked)


def patch(client: httpx.Client, wave: str, comment: str, body: Any, **headers: str) -> httpx.Response:
    return client.patch(f"/v1/waves/{wave}/comments/{comment}", json=body, headers=headers)


def review(client: httpx.Client, wave: str, comment: str, status: str = "shown", **more: str) -> dict[str, Any]:
    found: dict[str, Any] = must(patch(client, wave, comment, {"status": status, **more}), 200)
    return found


def places(client: httpx.Client, wave: str, **asked: Any) -> dict[str | None, int]:
    found: dict[str | None, int] = {}
    for place, _ in said(client, wave, **asked):
        found[place] = found.get(place, 0) + 1
    return found


# ------------------------------------------------------------------ when
def test_none_while_the_wave_is_open(api: Api) -> None:
    key = wave_of(api, closes_at=factories.iso(hours=2))
    bulk(api.admin, key, people("family", {"erving": texts("e", 6)}))
    refused = get(api.client("director"), key)
    problem(refused, 409, "results-not-released")
    assert 7000 < int(refused.headers["retry-after"]) <= 7201


def test_the_director_makes_the_release_by_asking(api: Api) -> None:
    key = written(api, {"erving": texts("e", 6)})
    assert len(read(api.client("director"), key)) == 6
    assert [r["number"] for r in must(api.admin.get(f"/v1/waves/{key}/releases"))["items"]] == [1]


def test_a_reporter_makes_the_release_with_a_complete_roster_only(api: Api) -> None:
    key = written(api, {"erving": texts("e", 6)})
    reporter = api.client("reporter")
    missing = problem(get(reporter, key), 409, "results-not-released")["missing"]
    assert missing == [{"group": "family", "school": school} for school in factories.SCHOOLS]
    roster = {"source": "SIS", "counts": [{**line, "eligible": 30} for line in missing]}
    must(api.admin.put(f"/v1/waves/{key}/roster", json=roster), 201)
    assert read(reporter, key) == []  # released, not reviewed
    assert len(read(api.admin, key)) == 6


# ------------------------------------------------------------------ the list
def test_what_a_comment_is(api: Api, wave: str) -> None:
    document = must(get(api.client("director"), wave, group="family", item="anything"))
    assert (document["next"], document["simulated"]) == (None, False)
    pooled = [c for c in document["items"] if "schools" in c]
    own = [c for c in document["items"] if "schools" not in c]
    assert {frozenset(c) for c in own} == {frozenset(("id", "group", "school", "item", "text", "status"))}
    assert {(c["school"], *c["schools"]) for c in pooled} == {(None, "leverett", "shutesbury")}
    assert [c["id"] for c in document["items"]] == sorted(c["id"] for c in document["items"])
    one = must(api.client("director").get(f"/v1/waves/{wave}/comments/{own[0]['id']}"))
    assert one == own[0]


def test_a_rehearsal_says_so(api: Api) -> None:
    key = released(api, {"erving": texts("e", 5)}, simulated=True)
    assert must(get(api.admin, key))["simulated"] is True


def test_pages(api: Api, wave: str) -> None:
    director = api.client("director")
    everything = must(get(director, wave))["items"]
    seen: list[Any] = []
    after: dict[str, str] = {}
    while True:
        page = must(get(director, wave, limit=4, **after))
        seen += page["items"]
        assert len(page["items"]) <= 4
        if page["next"] is None:
            break
        after = {"after": page["next"]}
    assert seen == everything
    assert len(seen) == 29


def test_filters(api: Api, wave: str) -> None:
    director = api.client("director")
    assert places(director, wave, group="family") == FAMILY
    assert places(director, wave, group="staff") == {"erving": 5}
    assert places(director, wave, item="wishes") == {None: 5}
    assert places(director, wave, school="erving") == {"erving": 12}
    assert places(director, wave, school="leverett") == {POOL: 5}
    assert places(director, wave, school="leverett", item="wishes") == {}
    assert places(director, wave, status="pending") == {"erving": 6}
    assert places(director, wave, status="shown", school="erving", item="anything") == {"erving": 6}
    assert places(director, wave, status="withheld") == {}


def test_a_filter_that_names_nothing(api: Api, wave: str) -> None:
    asked = {"group": "liaison", "school": "no-such", "item": "informed"}
    assert faults(get(api.client("director"), wave, **asked)) == {
        ("group", "unknown_group"), ("school", "unknown_school"), ("item", "unknown_item"),
    }  # fmt: skip
    for name, value in (("status", "new"), ("limit", "0"), ("after", "%"), ("item", "x\x00"), ("locale", "en")):
        assert faults(get(api.client("director"), wave, **{name: value}))


def test_a_list_is_not_sent_twice(api: Api, wave: str) -> None:
    first = get(api.client("director"), wave, group="family")
    again = api.client("director").get(
        f"/v1/waves/{wave}/comments?group=family", headers={"If-None-Match": first.headers["etag"]}
    )
    assert again.status_code == 304


# ------------------------------------------------------------------ who
def test_reporters_of_the_director_read_what_was_passed(api: Api, wave: str) -> None:
    reporter = api.client("reporter")
    assert places(reporter, wave) == FAMILY  # staff's wait for review
    assert places(reporter, wave, status="pending") == {}
    problem(get(reporter, wave, group="school_leader"), 403, "audience-not-served")


def test_the_words_of_an_attributed_group_are_for_the_director_alone(api: Api) -> None:
    key = released(api, {"erving": ["mine"]}, "school_leader")
    (comment,) = read(api.client("director"), key)
    review(api.client("director"), key, comment["id"])
    assert said(api.admin, key) == [("erving", "mine")]
    for client in (api.client("reporter"), api.client("principal"), api.client("reporter", audience="principal")):
        problem(get(client, key), 403, "audience-not-served")
        problem(client.get(f"/v1/waves/{key}/comments/{comment['id']}"), 403, "audience-not-served")


def test_a_principal_reads_their_school_the_pool_that_holds_it_and_the_union(api: Api, wave: str) -> None:
    assert places(api.client("principal"), wave) == {"erving": 6, None: 5}
    assert places(api.client("principal", schools=["leverett"]), wave) == {POOL: 5, None: 5}
    two = api.client("principal", schools=["swift-river", "shutesbury"])
    assert places(two, wave) == {POOL: 5, "swift-river": 7, None: 5}
    assert places(two, wave, school="swift-river") == {"swift-river": 7}
    union = released(api, {"erving": texts("e", 5), "leverett": texts("l", 4, 1)}, promise={"family": EXACT})
    for comment in read(api.admin, union):
        review(api.admin, union, comment["id"])
    for school in factories.SCHOOLS:
        assert places(api.client("principal", schools=[school]), union) == {None: 9}
    assert places(api.client("principal"), union, school="erving") == {}


def test_what_a_principal_may_not_know_is_not_there(api: Api, wave: str) -> None:
    principal = api.client("principal")
    for school in ("leverett", "no-such"):
        problem(get(principal, wave, school=school), 404, "not-found")
    other = read(api.admin, wave, school="swift-river")[0]["id"]
    problem(principal.get(f"/v1/waves/{wave}/comments/{other}"), 404, "not-found")
    own = read(principal, wave)[0]
    assert must(principal.get(f"/v1/waves/{wave}/comments/{own['id']}")) == own


def test_limits_of_a_reporter(api: Api, wave: str) -> None:
    assert places(api.client("reporter", schools=["leverett"]), wave) == {POOL: 5, None: 5}
    assert places(api.client("reporter", audience="principal"), wave) == FAMILY
    assert places(api.client("reporter", groups=["staff"]), wave) == {}
    problem(get(api.client("reporter", groups=["staff"]), wave, group="family"), 404, "not-found")
    problem(get(api.client("reporter", groups=["school_leader"]), wave), 403, "audience-not-served")
    problem(get(api.client("reporter", waves=["other"]), wave), 404, "not-found")


def test_only_readers_of_exact_results(api: Api, wave: str) -> None:
    problem(get(api.client("reporter", audience="public"), wave), 403, "audience-not-served")
    problem(get(api.client("principal"), wave, group="staff"), 403, "audience-not-served")
    banded = released(api, {"erving": texts("e", 12)}, promise={"family": {"mode": "confidential", "minimum": 10}})
    for client in (api.client("principal"), api.client("reporter", audience="principal")):
        problem(get(client, banded), 403, "audience-not-served")
    assert places(api.client("director"), banded) == {"erving": 12}


def test_nobody_else_reads_what_is_not_passed(api: Api) -> None:
    key = released(api, {"erving": texts("e", 5)}, promise={"family": EXACT})
    director, statuses = api.client("director"), ["shown", "withheld", "pending", "redacted", "shown"]
    ids = {c["text"]: c["id"] for c in read(director, key)}
    for (words, identity), status in zip(sorted(ids.items()), statuses, strict=True):
        if status != "pending":
            review(director, key, identity, status, **({"text": "[…] xxxx"} if status == "redacted" else {}))
        for client in (api.client("reporter"), api.client("principal")):
            reply = client.get(f"/v1/waves/{key}/comments/{identity}")
            assert reply.status_code == (200 if status in ("shown", "redacted") else 404), words
    for client in (api.client("reporter"), api.client("principal")):
        assert said(client, key) == [("erving", "[…] xxxx"), ("erving", "e x"), ("erving", "e xxxxx")]
    assert len(read(director, key)) == 5


# ------------------------------------------------------------------ review
@pytest.fixture
def one(api: Api) -> tuple[str, str]:
    """A wave and the id of a comment that waits."""
    key = released(api, {"erving": ["Ann helps my twins, they say."] * 5})
    return key, read(api.admin, key)[0]["id"]


def test_statuses_come_and_go(api: Api, one: tuple[str, str]) -> None:
    director = api.client("director")
    for status in ("shown", "withheld", "pending", "shown"):
        changed = review(director, *one, status)
        assert changed["status"] == status
        assert changed["text"] == "Ann helps my twins, they say."
        assert must(director.get("/v1/waves/{}/comments/{}".format(*one))) == changed


def test_redacting_by_hand_is_for_good(api: Api, one: tuple[str, str]) -> None:
    director = api.client("director")
    assert review(director, *one, "redacted", text="[…] helps my twins, they say.")["status"] == "redacted"
    again = review(director, *one, "redacted", text="[…] helps […], they say.")
    assert again["text"] == "[…] helps […], they say."
    assert review(director, *one, "shown")["text"] == "[…] helps […], they say."
    assert faults(patch(director, *one, {"status": "redacted", "text": "Ann helps my twins, they say."})) == {
        ("/text", "not_a_redaction")
    }


@pytest.mark.parametrize(
    "text", ["", "Ann helps", "Ann hates […]", "[…] Ann helps my twins, they say.", "[kind] helps my twins, they say."]
)
def test_other_words_are_no_redaction(api: Api, one: tuple[str, str], text: str) -> None:
    refused = patch(api.client("director"), *one, {"status": "redacted", "text": text})
    assert faults(refused) == {("/text", "not_a_redaction")}
    assert "twins" not in refused.text
    assert must(api.admin.get("/v1/waves/{}/comments/{}".format(*one)))["status"] == "pending"


@pytest.mark.parametrize(
    "body",
    [
        {"status": "redacted"}, {"status": "shown", "text": "x"}, {"status": "new"}, {}, {"text": "x"},
        {"status": "redacted", "text": "a\x01"}, {"status": "shown", "note": "x"}, {"status": "redacted", "text": 5},
        [],
    ],
)  # fmt: skip
def test_what_is_no_review(api: Api, one: tuple[str, str], body: Any) -> None:
    assert faults(patch(api.client("director"), *one, body))


def test_a_review_of_nothing(api: Api, one: tuple[str, str]) -> None:
    director = api.client("director")
    for key, identity in ((one[0], "0" * 24), ("no-such", one[1]), (released(api, {"erving": texts("e", 5)}), one[1])):
        problem(patch(director, key, identity, {"status": "shown"}), 404, "not-found")
    problem(patch(director, one[0], "Ñ", {"status": "shown"}), 404, "not-found")


def test_if_match(api: Api, one: tuple[str, str]) -> None:
    director = api.client("director")
    seen = director.get("/v1/waves/{}/comments/{}".format(*one)).headers["etag"]
    must(patch(director, *one, {"status": "withheld"}, **{"If-Match": seen}), 200)
    problem(patch(director, *one, {"status": "shown"}, **{"If-Match": seen}), 412, "precondition-failed")
    assert must(director.get("/v1/waves/{}/comments/{}".format(*one)))["status"] == "withheld"


def test_reviews_are_noted_without_a_word_of_what_was_written(api: Api, one: tuple[str, str]) -> None:
    review(api.client("director"), *one, "redacted", text="[…] helps my twins, they say.")
    review(api.client("director"), *one, "withheld")
    with api.database.read() as session:
        noted = session.exec(
            select(AuditEvent).where(col(AuditEvent.subject) == "{}/{}".format(*one)).order_by(col(AuditEvent.id))
        ).all()
    assert [event.action for event in noted] == ["comment.redacted", "comment.withheld"]
    assert all(event.key_id for event in noted)
    assert "twins" not in repr(noted)


# ------------------------------------------------------------------ names
def test_names_are_put_and_read(api: Api) -> None:
    key, director = wave_of(api), api.client("director")
    problem(director.get(f"/v1/waves/{key}/names"), 404, "not-found")
    made = director.put(f"/v1/waves/{key}/names", json={"names": ["Rosa Díaz", "O'Brien"]})
    assert (made.status_code, made.json()) == (201, {"wave": key, "count": 2, "names": ["Rosa Díaz", "O'Brien"]})
    reply = director.get(f"/v1/waves/{key}/names")
    assert reply.json() == made.json()
    etag = {"If-Match": reply.headers["etag"]}
    changed = director.put(f"/v1/waves/{key}/names", json={"names": []}, headers=etag)
    assert (changed.status_code, changed.json()) == (200, {"wave": key, "count": 0, "names": []})
    problem(director.put(f"/v1/waves/{key}/names", json={"names": ["Ann"]}, headers=etag), 412, "precondition-failed")
    problem(director.put("/v1/waves/no-such/names", json={"names": []}), 404, "not-found")
    with api.database.read() as session:
        noted = session.exec(select(AuditEvent.action).where(col(AuditEvent.subject) == key)).all()
    assert noted.count("names.put") == 2


def test_the_names_themselves_are_for_the_director(api: Api) -> None:
    key = wave_of(api)
    must(api.admin.put(f"/v1/waves/{key}/names", json={"names": ["Rosa Díaz"]}), 201)
    for client in (api.client("principal"), api.client("reporter"), api.client("reporter", audience="public")):
        assert must(client.get(f"/v1/waves/{key}/names")) == {"wave": key, "count": 1}
    problem(api.client("reporter", waves=["other"]).get(f"/v1/waves/{key}/names"), 404, "not-found")


@pytest.mark.parametrize(
    ("names", "pointers"),
    [
        (["A", "Bo", "x" * 101, "--", "A."], {"/names/0", "/names/2", "/names/3", "/names/4"}),
        ([5, None], {"/names/0", "/names/1"}),
        (["Ann"] * 20_001, {"/names"}),
        ("Ann", {"/names"}),
    ],
)
def test_what_is_no_list_of_names(api: Api, names: Any, pointers: set[str]) -> None:
    refused = api.client("director").put(f"/v1/waves/{wave_of(api)}/names", json={"names": names})
    assert {pointer for pointer, _ in faults(refused)} == pointers


def test_twenty_thousand_names(api: Api) -> None:
    key = released(api, {"erving": ["Person 19999 is kind", *texts("e", 4)]})
    names = [f"Person {i}" for i in range(20_000)]
    assert must(api.client("director").put(f"/v1/waves/{key}/names", json={"names": names}), 201)["count"] == 20_000
    assert ("erving", "[name] is kind") in said(api.admin, key)
