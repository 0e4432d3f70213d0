"""The raw export with weights: they add up to the roster, or the reply says what stands in the way."""

from __future__ import annotations

import json
import math
from typing import Any

import httpx

from tests import factories
from tests.server import Api, must
from tests.services.sending import export, faults, fill, problem

PEOPLE: dict[str, dict[str | None, int]] = {
    "family": {"erving": 12, "leverett": 7, "shutesbury": 9, "swift-river": 5},
    "staff": {"erving": 4, "leverett": 6, "shutesbury": 1, "swift-river": 3},
    "liaison": {None: 2},
}
ROSTER: dict[str, dict[str | None, int]] = {
    "family": {"erving": 40, "leverett": 31, "shutesbury": 22, "swift-river": 18},
    "staff": {"erving": 9, "leverett": 8, "shutesbury": 7, "swift-river": 6},
    "liaison": {None: 3},
}


def closed(api: Api, roster: dict[str, dict[str | None, int]] = ROSTER, people: Any = PEOPLE) -> str:
    groups = ("family", "staff", "liaison")
    attributed = {"mode": "attributed"}
    promise = {group: {"mode": "confidential", "minimum": 5} for group in groups[:2]} | {"liaison": attributed}
    wave = api.wave(*(factories.definition(group) for group in groups), promise=promise)
    counts = [{"group": g, "school": s, "eligible": n} for g, at in roster.items() for s, n in at.items()]
    if counts:
        must(api.admin.put(f"/v1/waves/{wave}/roster", json={"source": "list", "counts": counts}))
    fill(api, wave, people)
    must(api.admin.post(f"/v1/waves/{wave}/close"))
    return wave


def raked(client: httpx.Client, wave: str) -> httpx.Response:
    return client.get(f"/v1/waves/{wave}/responses", params={"weights": "raked"})


def test_weights_add_up_to_the_roster(api: Api) -> None:
    wave = closed(api)
    reply = raked(api.admin, wave)
    rows = [json.loads(line) for line in reply.content.splitlines()]
    assert reply.headers["content-type"] == "application/x-ndjson"
    assert len(rows) == 49
    for group, at in ROSTER.items():
        there = math.fsum(row["weight"] for row in rows if row["group"] == group)
        assert abs(there - sum(at.values())) < 1e-9
    for school in (*factories.SCHOOLS, None):
        there = math.fsum(row["weight"] for row in rows if row["school"] == school)
        assert abs(there - sum(at.get(school, 0) for at in ROSTER.values())) < 1e-9
    assert len({(row["group"], row["school"], row["weight"]) for row in rows}) == 9
    assert all(row["weight"] > 0 for row in rows)
    plain = export(api.admin, wave)
    assert {row["id"]: {k: v for k, v in row.items() if k != "weight"} for row in rows} == plain
    assert sorted(raked(api.admin, wave).content.splitlines()) == sorted(reply.content.splitlines())


def test_who_may_and_that_it_is_noted(api: Api) -> None:
    wave = closed(api)
    for role in ("director", "reporter", "principal", "collector"):
        problem(raked(api.client(role), wave), 403, "forbidden")
    assert raked(api.anonymous, wave).status_code == 401
    assert raked(api.admin, wave).status_code == 200
    with api.database.engine.connect() as connection:
        noted = connection.exec_driver_sql(
            f"SELECT count(*) FROM audit_event WHERE action = 'responses.export' AND subject = '{wave}'"
        )
        assert noted.scalar_one() == 1


def test_other_weights(api: Api) -> None:
    wave = closed(api)
    assert faults(api.admin.get(f"/v1/waves/{wave}/responses", params={"weights": "none"})) == {
        ("weights", "literal_error")
    }
    problem(raked(api.admin, "no-such-wave"), 404, "not-found")


def test_not_while_the_wave_is_open(api: Api) -> None:
    wave = api.wave()
    problem(raked(api.admin, wave), 409, "wave-open")


def test_a_roster_without_some_lines(api: Api) -> None:
    roster = {
        "family": {s: n for s, n in ROSTER["family"].items() if s != "erving"},
        "staff": {**ROSTER["staff"], None: 1},
    }
    found = problem(raked(api.admin, closed(api, roster)), 409, "weights-impossible")
    assert found["missing"] == [{"group": "family", "school": "erving"}, {"group": "liaison", "school": None}]
    nothing = problem(raked(api.admin, closed(api, {})), 409, "weights-impossible")
    assert len(nothing["missing"]) == 9
    nobody = {**PEOPLE, "family": {"leverett": 7}}  # a confidential group needs its line though nobody has answered
    assert problem(raked(api.admin, closed(api, roster, nobody)), 409, "weights-impossible")["missing"][0] == {
        "group": "family", "school": "erving",
    }  # fmt: skip


def test_margins_that_no_weights_meet(api: Api) -> None:
    people = {group: {s: n for s, n in at.items() if s != "leverett"} for group, at in PEOPLE.items()}
    found = problem(raked(api.admin, closed(api, people=people)), 409, "weights-impossible")
    assert found["margin"] == {"school": "leverett"}
    assert found["detail"].startswith("school leverett: 39 eligible and 0 responses")
    nobody = problem(raked(api.admin, closed(api, people={})), 409, "weights-impossible")
    assert nobody["detail"] == "There are no responses to weigh."
