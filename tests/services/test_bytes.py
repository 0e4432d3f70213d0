"""After a release nothing that happens to a response moves a byte of any reply, headers included; nor does it matter
which of two people in a cell gave which answers."""

from __future__ import annotations

import random
import re
from typing import Any

import httpx
import pytest

from tests import factories
from tests.server import Api, must
from tests.services.sending import bulk

PEOPLE: dict[str, dict[str | None, int]] = {
    "family": {"erving": 15, "leverett": 9, "shutesbury": 10, "swift-river": 11},
    "staff": {"erving": 12, "leverett": 10, "shutesbury": 0, "swift-river": 3},
    "school_leader": {"erving": 1, None: 1},
}
PROMISE = {
    "family": {"mode": "confidential", "minimum": 10, "principal": "exact", "public": "banded"},
    "staff": {"mode": "confidential", "minimum": 10, "public": "banded"},
    "school_leader": {"mode": "attributed"},
}
NEW_EACH_TIME = {"date", "x-request-id"}
DRAWN = ("/comments", "/charts", "/report", "format=")  # ids of their own, or made of a document and its digest


def definitions() -> list[dict[str, Any]]:
    scale = {"kind": "rating", "scale": "agree5", "construct": "communication"}
    items = [
        {"key": "plan", "kind": "single", "options": factories.options("yes", "no"), "text": factories.en("Plan?"),
         "attribute": True},
        {"key": "informed", **scale, "text": factories.en("Informed?")},
        {"key": "heard", **scale, "text": factories.en("Heard?"), "reverse": True},
        {"key": "helped", **scale, "text": factories.en("Helped?"), "show_if": {"item": "plan", "in": ["yes"]}},
        {"key": "words", "kind": "text", "text": factories.en("Words?"), "max_length": 100},
    ]  # fmt: skip
    return [factories.definition(group, items, key=f"{group.replace('_', '-')}-bytes") for group in PEOPLE]


def somebody(group: str, school: str | None, number: int) -> dict[str, Any]:
    chance = random.Random(f"{group} {school} {number}")
    answers: dict[str, Any] = {"informed": chance.choice(factories.AGREE), "heard": chance.choice(factories.AGREE)}
    answers["plan"] = chance.choice(["yes", "no"])
    if answers["plan"] == "yes":
        answers["helped"] = chance.choice(factories.AGREE)
    answers["words"] = f"{group} {school} {number}"
    return factories.response(group, school, answers)


def everybody() -> list[dict[str, Any]]:
    return [somebody(g, s, i) for g, at in PEOPLE.items() for s, n in at.items() for i in range(n)]


def fielded(api: Api, bodies: list[dict[str, Any]]) -> str:
    wave = api.wave(*definitions(), promise=PROMISE)
    counts = [{"group": g, "school": s, "eligible": 25} for g in ("family", "staff") for s in factories.SCHOOLS]
    must(api.admin.put(f"/v1/waves/{wave}/roster", json={"source": "office", "counts": counts}))
    assert bulk(api.admin, wave, bodies)["accepted"] == len(bodies)
    must(api.admin.post(f"/v1/waves/{wave}/close"))
    must(api.client("director").post(f"/v1/waves/{wave}/releases"), 201)
    return wave


def readers(api: Api) -> dict[str, httpx.Client]:
    """A key of every role but the admin's, and every audience."""
    found = {f"principal {s}": api.client("principal", schools=[s]) for s in factories.SCHOOLS}
    found |= {f"reporter {a}": api.client("reporter", audience=a) for a in ("director", "principal", "public")}
    return {"director": api.client("director"), "collector": api.client("collector"), **found}


def addresses(api: Api, wave: str) -> list[str]:
    """Every address of a wave that can be read, with each of its schools, groups, items and constructs."""
    values = {
        "wave": [wave], "school": list(factories.SCHOOLS), "group": list(PEOPLE), "item": ["plan", "informed"],
        "number": ["1", "2"], "comment": ["none"], "chart": ["likert"],
        "response_id": ["7b0c3f5e-0000-4000-8000-000000000000"],
    }  # fmt: skip
    found = []
    for path, operations in must(api.anonymous.get("/openapi.json"))["paths"].items():
        if "get" not in operations or not path.startswith("/v1/waves/{wave}"):
            continue
        if path.endswith("/links"):  # the server's own address, and nothing of anybody's
            continue
        filled = [path]
        for name in re.findall(r"{(\w+)}", path):
            filled = [one.replace(f"{{{name}}}", value) for one in filled for value in values[name]]
        found += filled
        if path.endswith("/summary"):
            found += [f"{one}?{query}" for one in filled for query in ("item=informed", "construct=communication")]
        if path.endswith("/summary") and "/attributes/" not in path:
            found += [f"{one}?format={form}" for one in filled for form in ("csv", "xlsx", "parquet", "arrow")]
        if path.endswith("/gaps"):
            found += [f"{one}?{query}" for one in filled for query in ("a=family&b=staff", "groups=staff,family")]
            found += [f"{one}?a=family&b=staff&school={school}" for one in filled for school in values["school"]]
    assert len(found) > 25
    return found


def replies(api: Api, wave: str) -> dict[tuple[str, str], tuple[Any, ...]]:
    found = {}
    for name, client in readers(api).items():
        for address in addresses(api, wave):
            reply = client.get(address)
            headers = sorted((k, v) for k, v in reply.headers.items() if k not in NEW_EACH_TIME)
            found[name, address] = (reply.status_code, headers, reply.content)
    assert {reply[0] for reply in found.values()} >= {200, 403, 404}
    assert all(reply[0] < 500 for reply in found.values())
    return found


CHANGES = {
    "added": "INSERT INTO survey_response SELECT wave, '00000000-0000-4000-8000-000000000000', \"group\", school, "
    "locale, record, open_answers, promise_digest, received_on FROM survey_response WHERE id = '{one}'",
    "edited": "UPDATE survey_response SET record = '{record}', open_answers = NULL WHERE id = '{one}'",
    "moved": "UPDATE survey_response SET school = 'leverett' WHERE id = '{one}'",
    "removed": "DELETE FROM survey_response WHERE id = '{one}'",
}


def test_no_byte_moves_when_a_response_is_added_edited_or_removed(api: Api) -> None:
    bodies = everybody()
    wave = fielded(api, bodies)
    before = replies(api, wave)
    for change in CHANGES.values():
        with api.database.engine.begin() as connection:
            done = connection.exec_driver_sql(change.format(one=bodies[0]["id"], record="1111"))
            assert done.rowcount == 1
        must(api.client("director").post(f"/v1/waves/{wave}/releases"), 200)
        after = replies(api, wave)
        assert [key for key in before if before[key] != after[key]] == []
    fresh = Api(api.settings)  # a server that remembers nothing
    try:
        after = replies(fresh, wave)
    finally:
        fresh.stop()
    assert [key for key in before if before[key] != after[key]] == []


def figures(api: Api, wave: str) -> dict[tuple[str, str], Any]:
    """All replies with what names the wave, its times and its comments' ids left out."""
    found = {}
    for (name, address), (status, _, content) in replies(api, wave).items():
        if not any(part in address for part in DRAWN):
            plain = content.replace(wave.encode(), b"W")
            plain = re.sub(rb'"(released_at|opens_at|closes_at|closed_at|digest)":"[^"]*"', b"", plain)
            found[name, address.replace(wave, "W")] = (status, plain)
    return found


def test_no_byte_depends_on_who_of_a_cell_gave_which_answers(api: Api) -> None:
    bodies = everybody()
    first = figures(api, fielded(api, bodies))
    swapped = [{**body, "id": factories.response()["id"]} for body in bodies]
    a, b = [i for i, body in enumerate(bodies) if (body["group"], body["school"]) == ("staff", "erving")][:2]
    swapped[a]["answers"], swapped[b]["answers"] = swapped[b]["answers"], swapped[a]["answers"]
    random.Random(3).shuffle(swapped)
    second = figures(api, fielded(api, swapped))
    assert [key for key in first if first[key] != second[key]] == []


# ------------------------------------------------------------------ edges, each seen from every role
def published(api: Api, people: dict[str, dict[str | None, int]], skipping: int = 0) -> dict[str, dict[Any, Any]]:
    """Reader -> the cells of the item `informed` of staff, when the first people of Erving skip it."""
    bodies = [somebody(g, s, i) for g, at in people.items() for s, n in at.items() for i in range(n)]
    for body in [b for b in bodies if (b["group"], b["school"]) == ("staff", "erving")][:skipping]:
        del body["answers"]["informed"]
    wave = fielded(api, bodies)
    found = {}
    for name, client in readers(api).items():
        reply = client.get(f"/v1/waves/{wave}/summary")
        if reply.status_code == 200:
            items = {entry["item"]: entry for entry in reply.json()["items"]}
            cells = items.get("informed", {"cells": []})["cells"]
            found[name] = {
                (c["school"], tuple(c.get("schools", ()))): c.get("n") for c in cells if c["group"] == "staff"
            }
    return found


@pytest.mark.parametrize(
    ("erving", "alone"), [(10, {("erving", ()): 10, ("leverett", ()): 12, (None, ()): 22}), (9, {(None, ()): 21})]
)
def test_nine_and_ten_people(api: Api, erving: int, alone: dict[Any, int]) -> None:
    told = published(api, {"staff": {"erving": erving, "leverett": 12}})
    for name in ("director", "reporter director", "reporter principal", "reporter public"):
        assert {place: n for place, n in told[name].items() if n is not None} == alone
    assert told["principal erving"] == {
        place: n for place, n in told["reporter principal"].items() if place[0] in ("erving", None)
    }


def test_nobody_looks_like_too_few(api: Api) -> None:
    nobody = published(api, {"staff": {"erving": 12, "leverett": 13}})
    few = published(api, {"staff": {"erving": 12, "leverett": 13, "shutesbury": 0}})
    assert nobody == few
    assert nobody["director"][("shutesbury", ())] is None


def test_an_item_that_one_person_skipped(api: Api) -> None:
    told = published(api, {"staff": {"erving": 10, "leverett": 12}}, skipping=1)
    for name, cells in told.items():
        if name != "collector":
            assert {place: n for place, n in cells.items() if n is not None} == {(None, ()): 21}, name


@pytest.mark.parametrize("query", ["school=erving", "item=informed&colour=red", "release=1&release=1", "group=staff"])
def test_unknown_and_repeated_parameters_tell_nothing(api: Api, query: str) -> None:
    wave = fielded(api, everybody())
    for name, client in readers(api).items():
        reply = client.get(f"/v1/waves/{wave}/summary?{query}")
        assert reply.status_code == (403 if name == "collector" else 422)
        assert set(reply.json()) <= {"type", "title", "status", "detail", "instance", "errors"}


def test_a_school_without_a_liaison_shows_to_the_director_alone(api: Api) -> None:
    wave = api.wave(factories.definition("staff"), factories.definition("liaison"))
    bodies = [factories.response("staff", school) for school in ("erving", "leverett") for _ in range(12)]
    bodies.append(factories.response("liaison", "erving"))
    assert bulk(api.admin, wave, bodies)["accepted"] == len(bodies)
    must(api.admin.post(f"/v1/waves/{wave}/close"))
    must(api.client("director").post(f"/v1/waves/{wave}/releases"), 201)
    director = must(api.client("director").get(f"/v1/waves/{wave}/summary"))
    cells = [c for c in director["items"][0]["cells"] if c["group"] == "liaison"]
    assert {c["school"]: c["n"] for c in cells} == {
        "erving": 1, "leverett": 0, "shutesbury": 0, "swift-river": 0, None: 1,
    }  # fmt: skip
    for name, client in readers(api).items():
        if "director" not in name:
            for path in ("summary", "participation", "releases/1"):
                reply = client.get(f"/v1/waves/{wave}/{path}")
                assert reply.status_code != 200 or b"liaison" not in reply.content, name
