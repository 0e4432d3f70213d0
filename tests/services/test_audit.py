"""The auditor against the real server: everything that anybody can fetch of a wave is attacked; leaks are refused."""

from __future__ import annotations

import itertools
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import httpx
import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import select

from app.analysis import audit, disclosure
from app.analysis.facts import WaveFacts
from app.analysis.pattern import Pattern
from app.analysis.sealed import Level
from app.analysis.summarize import summarize
from app.errors import NotFound
from app.models.tables import AuditEvent, Release, ReleaseDocument, SurveyResponse
from app.services import audits, erasure, releases
from tests import factories
from tests.analysis.audited import FINENESS
from tests.analysis.waves import SCHOOLS, World, groups
from tests.server import Api, must
from tests.services.sending import bulk, fill, problem

UNIONS = {"sqlite": 200, "postgres": 25}


# ------------------------------------------------------------------ any union
@st.composite
def unions(draw: st.DrawFn) -> tuple[World, dict[str, str]]:
    """A wave of 1 to 6 schools with 0 to 40 people each, some of whom skip items; in some schools all say the same.

    Liaisons and leaders may be tied to no school.
    """
    schools = SCHOOLS[: draw(st.integers(1, 6))]
    asked = draw(st.sampled_from([["family"], ["liaison"], ["family", "staff"], ["liaison", "family"]]))
    world = World(schools, [draw(groups(group, schools)) for group in asked])
    for group in world.groups:
        if group.group in ("family", "staff"):
            group.rows = [row for row in group.rows if row[0] is not None]
            group.roster.pop(None, None)
        if group.rows and draw(st.booleans()):
            school, said = draw(st.sampled_from(group.rows))
            group.rows = [(of, said if of == school else answers) for of, answers in group.rows]
    return world, draw(st.sampled_from(FINENESS))


def promised(world: World, fine: dict[str, str]) -> WaveFacts:
    least = 10 if "banded" in fine.values() else 5
    groups = (replace(g, **fine, minimum=max(g.minimum, least)) if g.confidential else g for g in world.facts.groups)
    return replace(world.facts, groups=tuple(groups))


def released(api: Api, world: World, facts: WaveFacts) -> str:
    """Field a world, answer as its people, close it and publish it."""
    api.schools(SCHOOLS)
    wave = api.name("union")
    instruments = {
        group.group: api.instrument(group.definition | {"key": f"{wave}-{group.group.replace('_', '-')}"})
        for group in world.groups
    }
    promise = {group.group: group.promise for group in facts.groups}
    fielded = factories.wave(instruments, schools=list(world.schools), promise=promise)
    must(api.admin.put(f"/v1/waves/{wave}", json=fielded), 201)
    lines = [
        {"group": group.group, "school": school, "eligible": eligible}
        for group in world.groups
        for school, eligible in group.roster.items()
    ]
    if lines:
        must(api.admin.put(f"/v1/waves/{wave}/roster", json={"source": "office", "counts": lines}))
    bodies = [factories.response(group.group, school, said) for group in world.groups for school, said in group.rows]
    if bodies:
        assert bulk(api.admin, wave, bodies)["accepted"] == len(bodies)
    must(api.admin.post(f"/v1/waves/{wave}/close"))
    must(api.client("director").post(f"/v1/waves/{wave}/releases"), 201)
    return wave


def readers(api: Api, schools: tuple[str, ...]) -> Iterator[tuple[str, httpx.Client]]:
    yield "director", api.client("director")
    for audience in ("principal", "public"):
        yield audience, api.client("reporter", audience=audience)
    yield "reporter", api.client("reporter", audience="director")
    for school in schools:
        yield school, api.client("principal", schools=[school])


def addresses(world: World, reader: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """What a reader can ask for of a wave: the whole, and slices of every kind."""
    asked = [group.group for group in world.groups]
    yield "summary", {}
    yield "participation", {}
    yield "releases/1", {}
    if reader not in ("director", "principal"):
        yield f"schools/{world.schools[-1]}/summary", {}
        return
    yield from ((f"groups/{group}/summary", {}) for group in asked)
    yield from ((f"schools/{school}/summary", {}) for school in world.schools)
    yield "summary", {"item": ["overall", "which"]}
    yield f"groups/{asked[0]}/summary", {"construct": "first"}
    yield from ((f"attributes/{item}/summary", {}) for item in ("plan", "again"))
    yield "attributes/plan/summary", {"group": asked[-1], "item": ["first0"]}
    for path in ("reliability", "priorities", "equity"):
        yield path, {}
        yield path, {"group": asked[0]}
    if len(asked) > 1:
        yield "gaps", {"groups": ",".join(asked)}
        yield "gaps", {"a": asked[1], "b": asked[0], "school": world.schools[0]}


def everything(api: Api, wave: str, world: World) -> list[dict[str, Any]]:
    """Fetch all that every reader gets, each document once."""
    found: dict[bytes, dict[str, Any]] = {}
    for reader, client in readers(api, world.schools):
        for path, params in addresses(world, reader):
            reply = client.get(f"/v1/waves/{wave}/{path}", params=params)
            if reply.status_code != 200:
                assert reply.status_code in (403, 404, 422), reply.text
                assert reader != "director" or (path, params) not in (("summary", {}), ("participation", {}))
                continue
            found[reply.content] = reply.json()
    return list(found.values())


# What of this depends on the database, the counts, other tests compare; so few are enough on the second.
@pytest.mark.slow
def test_nothing_leaks_from_any_union(api: Api, kind: str) -> None:
    attacked = itertools.count()

    @settings(max_examples=UNIONS[kind], derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(unions())
    def attack(of: tuple[World, dict[str, str]]) -> None:
        world, fine = of
        facts = promised(world, fine)
        wave = released(api, world, facts)
        documents = everything(api, wave, world)
        truth = audit.Truth.of(facts, world.tallies, world.crossed)
        assert [str(finding) for finding in audit.check(documents, truth)] == []
        report = audit.prove(documents, truth)
        assert [str(finding) for finding in report.findings] == []
        assert not any("too many" in line for line in report.lines)
        next(attacked)

    attack()
    assert next(attacked) >= UNIONS[kind]


# ------------------------------------------------------------------ a release that leaks
PEOPLE: dict[str, dict[str | None, int]] = {
    "family": {"erving": 15, "leverett": 12, "shutesbury": 4, "swift-river": 3},
    "staff": {"erving": 9, "leverett": 8, "shutesbury": 11, "swift-river": 7},
}


def closed(api: Api) -> str:
    wave = api.wave()
    fill(api, wave, PEOPLE)
    must(api.admin.post(f"/v1/waves/{wave}/close"))
    return wave


def of_erving(api: Api, wave: str) -> list[str]:
    """The ids of Erving's families."""
    with api.database.read() as session:
        where = (SurveyResponse.wave == wave, SurveyResponse.group == "family", SurveyResponse.school == "erving")
        return list(session.exec(select(SurveyResponse.id).where(*where)).all())


def kept(api: Api, wave: str) -> list[tuple[int, int]]:
    """The releases of a wave, and how many documents each has."""
    with api.database.read() as session:
        numbers = session.exec(select(Release.number).where(Release.wave == wave)).all()
        documents = session.exec(select(ReleaseDocument.number).where(ReleaseDocument.wave == wave)).all()
    assert set(documents) <= set(numbers)
    return [(number, documents.count(number)) for number in sorted(numbers)]


def every_school(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out pooling, and what hides an item where few answered."""
    shown = Pattern(factories.SCHOOLS, (), union=True)
    monkeypatch.setattr(disclosure, "pattern", lambda *_: shown)
    levels = disclosure._levels
    monkeypatch.setattr(
        disclosure, "_levels", lambda *of: tuple(dict.fromkeys(far, Level.SCHOOLS) for far in levels(*of))
    )


def one_more_number(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a figure into the documents that nobody has told the auditor of."""

    def more(*of: Any) -> dict[str, Any]:
        document = summarize(*of)
        document["items"][0]["cells"][0]["median"] = 4
        return document

    monkeypatch.setattr(releases, "summarize", more)


@pytest.mark.parametrize(("plant", "rule"), [(every_school, "subtraction"), (one_more_number, "unknown")])
@pytest.mark.parametrize("by_reading", [False, True])
def test_a_release_that_leaks_is_not_stored(
    api: Api, monkeypatch: pytest.MonkeyPatch, plant: Any, rule: str, by_reading: bool
) -> None:
    wave, director = closed(api), api.client("director")
    with monkeypatch.context() as leaking:
        plant(leaking)
        for _ in range(2):
            url = f"/v1/waves/{wave}"
            reply = director.get(f"{url}/summary") if by_reading else director.post(f"{url}/releases")
            told = problem(reply, 500, "release-leaks")
            assert rule in told["detail"]
            assert told.keys() <= {"type", "title", "status", "detail", "instance"}
            assert not re.search(r"\d|erving|shutesbury|family|staff", told["detail"])
    assert kept(api, wave) == []
    with api.database.read() as session:
        assert session.exec(select(AuditEvent).where(AuditEvent.subject == f"{wave}#1")).all() == []
    must(director.post(f"/v1/waves/{wave}/releases"), 201)
    assert kept(api, wave) == [(1, 3)]


def test_after_an_erasure_a_leak_leaves_the_standing_release(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rows are gone by then: an error would help nobody."""
    wave, director = closed(api), api.client("director")
    must(director.post(f"/v1/waves/{wave}/releases"), 201)
    before = director.get(f"/v1/waves/{wave}/summary").content
    ids = of_erving(api, wave)
    with monkeypatch.context() as leaking:
        one_more_number(leaking)
        assert erasure.erase(api.database, releases.Shelf(), wave, ids[:5]) == erasure.Erased(5, 1, renewed=False)
        must(director.post(f"/v1/waves/{wave}/releases"), 200)
    assert kept(api, wave) == [(1, 3)]
    assert director.get(f"/v1/waves/{wave}/summary").content == before
    assert erasure.erase(api.database, releases.Shelf(), wave, ids[5:10]) == erasure.Erased(5, 2, renewed=True)
    assert kept(api, wave) == [(1, 3), (2, 3)]


def test_every_release_is_checked_with_all_documents(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[tuple[list[Any], list[Any]]] = []

    def spy(documents: Any, truth: audit.Truth, earlier: Any) -> audit.Findings:
        listed = list(documents)
        seen = [(document["audience"], document.get("attribute")) for document in listed]
        checked.append((seen, [(old["audience"], old["release"]["number"]) for old in earlier]))
        assert all(group.tally is not None for group in truth.groups.values())
        return audit.check(listed, truth, earlier)

    monkeypatch.setattr(releases, "check", spy)
    wave = api.wave(factories.every_kind())
    bodies = [factories.response(school=s, answers={"informed": "agree"}) for s in factories.SCHOOLS for _ in range(12)]
    bulk(api.admin, wave, bodies)
    must(api.admin.post(f"/v1/waves/{wave}/close"))
    must(api.admin.post(f"/v1/waves/{wave}/releases"), 201)
    audiences = ["director", "principal", "public"]
    assert checked == [([*((who, None) for who in audiences), ("director", "has_plan")], [])]
    must(api.admin.post(f"/v1/waves/{wave}/releases"), 200)
    assert len(checked) == 1
    other = closed(api)
    must(api.client("director").get(f"/v1/waves/{other}/summary"))
    assert erasure.erase(api.database, releases.Shelf(), other, of_erving(api, other)[:5]).renewed
    assert [sorted(earlier) for _, earlier in checked[1:]] == [[], [(who, 1) for who in audiences]]


# ------------------------------------------------------------------ on command
def test_an_audit_says_what_it_proved(api: Api) -> None:
    wave = closed(api)
    with pytest.raises(NotFound):
        audits.audit(api.database, wave)
    with pytest.raises(NotFound):
        audits.verify(api.database, wave)
    made = must(api.admin.post(f"/v1/waves/{wave}/releases"), 201)
    report = audits.audit(api.database, wave)
    assert report.findings == []
    told = "\n".join(report.lines)
    assert "nobody or at least as many as promised are left" in told
    for group in PEOPLE:
        assert f"{group}, exact figures" in told
    for proof in ("(P1)", "(P3)"):
        assert told.count(proof) == 2
    verified = audits.verify(api.database, wave)
    assert verified == audits.Verified(1, made["digest"], ())


def test_an_audit_after_an_erasure(api: Api) -> None:
    wave = closed(api)
    must(api.admin.post(f"/v1/waves/{wave}/releases"), 201)
    erasure.erase(api.database, releases.Shelf(), wave, of_erving(api, wave)[:1])
    report = audits.audit(api.database, wave)
    assert report.findings == []
    assert "Responses have gone since it was made" in "\n".join(report.lines)
    assert "the responses are gone, nothing is proved without them" in "\n".join(report.lines)
    assert audits.verify(api.database, wave) is None


def test_an_audit_finds_what_was_stored_by_another_hand(api: Api) -> None:
    wave = closed(api)
    must(api.admin.post(f"/v1/waves/{wave}/releases"), 201)
    tamper(api, wave, lambda document: document["items"][0]["cells"][0].update(n=14))
    assert "truth" in {finding.rule for finding in audits.audit(api.database, wave).findings}
    verified = audits.verify(api.database, wave)
    assert verified is not None
    assert verified.differences == ("the director's document",)


def tamper(api: Api, wave: str, change: Callable[[dict[str, Any]], Any]) -> None:
    """Change the director's document where it is stored."""
    with api.database.write() as session:
        row = session.get(ReleaseDocument, (wave, 1, "director"))
        assert row is not None
        document = releases.unpacked(row)
        change(document)
        row.document = zlib.compress(orjson.dumps(document, option=orjson.OPT_SORT_KEYS))
