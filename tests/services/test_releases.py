"""Releases: made once after the close, by one maker; then the same bytes for ever, and slices of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import orjson
import pytest
from sqlmodel import col, select

from app.analysis.layout import Layout
from app.analysis.sealed import Level, Sealed
from app.models.tables import AuditEvent, InstrumentVersion, Release, ReleaseDocument
from app.services import releases
from app.services.instruments import codebook
from tests import factories
from tests.server import Api, must
from tests.services.sending import bulk, faults, fill, problem

PEOPLE: dict[str, dict[str | None, int]] = {
    "family": {"erving": 12, "leverett": 9, "shutesbury": 3, "swift-river": 4},
    "staff": {"erving": 7, "leverett": 2},
    "school_leader": {"erving": 1, None: 1},
}
FAMILY_POOL = ("shutesbury", "swift-river")


@pytest.fixture(scope="module")
def second(api: Api) -> Iterator[Api]:
    """Another server on the same database, with a shelf of its own."""
    running = Api(api.settings)
    yield running
    running.stop()


def definitions() -> list[dict[str, Any]]:
    return [factories.definition(group) for group in ("family", "staff", "school_leader")]


def closed(api: Api, people: dict[str, dict[str | None, int]] = PEOPLE, **more: Any) -> str:
    """A closed wave in which people have answered."""
    wave = api.wave(*definitions(), **more)
    fill(api, wave, people)
    must(api.admin.post(f"/v1/waves/{wave}/close"))
    return wave


@pytest.fixture(scope="module")
def released(api: Api) -> str:
    """A closed and released wave that no test changes."""
    wave = closed(api)
    must(api.admin.post(f"/v1/waves/{wave}/releases"), 201)
    return wave


def get(client: httpx.Client, wave: str, path: str = "summary", **params: Any) -> httpx.Response:
    return client.get(f"/v1/waves/{wave}/{path}", params=params)


def document(client: httpx.Client, wave: str, path: str = "summary", **params: Any) -> dict[str, Any]:
    found: dict[str, Any] = must(get(client, wave, path, **params), 200)
    return found


def complete_roster(wave: dict[str, Any], eligible: int = 30) -> dict[str, Any]:
    confidential = [group for group, promise in wave["promise"].items() if promise["mode"] == "confidential"]
    counts = [{"group": g, "school": s, "eligible": eligible} for g in confidential for s in wave["schools"]]
    return {"source": "SIS", "counts": counts}


# ------------------------------------------------------------------ when
def test_nothing_while_the_wave_is_open(api: Api) -> None:
    wave = api.wave(closes_at=factories.iso(hours=2))
    director = api.client("director")
    refused = director.post(f"/v1/waves/{wave}/releases")
    problem(refused, 409, "wave-open")
    assert 7000 < int(refused.headers["retry-after"]) <= 7201
    for path in ("summary", "groups/family/summary", "schools/erving/summary"):
        reply = get(director, wave, path)
        problem(reply, 409, "results-not-released")
        assert 7000 < int(reply.headers["retry-after"]) <= 7201
    assert must(director.get(f"/v1/waves/{wave}/releases"))["items"] == []
    planned = api.wave(opens_at=factories.iso(hours=1))
    problem(get(director, planned), 409, "results-not-released")


def test_a_release_is_made_once(api: Api) -> None:
    wave = closed(api)
    director = api.client("director")
    made = director.post(f"/v1/waves/{wave}/releases")
    assert (made.status_code, made.headers["location"]) == (201, f"/v1/waves/{wave}/releases/1")
    again = director.post(f"/v1/waves/{wave}/releases")
    assert (again.status_code, again.json()) == (200, made.json())
    assert "location" not in again.headers
    assert must(director.get(made.headers["location"])) == made.json()
    listed = must(director.get(f"/v1/waves/{wave}/releases"))
    assert listed == {"items": [made.json()], "next": None}
    release = document(director, wave)["release"]
    assert {"wave": wave, **release} == made.json()
    assert (release["number"], release["status"], release["definitions"]) == (1, "final", "1")
    with api.database.read() as session:
        events = session.exec(select(AuditEvent.action).where(col(AuditEvent.subject) == f"{wave}#1")).all()
    assert events == ["release.make"]


def test_the_first_reader_makes_the_release(api: Api) -> None:
    wave = closed(api)
    first = get(api.client("director"), wave, "schools/erving/summary")
    assert first.status_code == 200
    assert document(api.admin, wave)["release"]["number"] == 1
    assert api.admin.post(f"/v1/waves/{wave}/releases").status_code == 200


def test_a_release_closes_a_wave_whose_time_has_come(api: Api) -> None:
    wave = api.wave(closes_at=factories.iso(seconds=2))
    fill(api, wave, {"family": {"erving": 6}})
    while must(api.admin.get(f"/v1/waves/{wave}"))["status"] == "open":
        pass
    assert document(api.client("director"), wave)["participation"][4]["responses"] == 6
    assert must(api.admin.get(f"/v1/waves/{wave}"))["closed_at"] is not None


@pytest.mark.parametrize("servers", [1, 2])
def test_concurrent_first_readers_get_one_release(api: Api, second: Api, servers: int) -> None:
    for _ in range(3):
        wave = closed(api)
        clients = [(api, second)[i % servers].client("director") for i in range(8)]
        with ThreadPoolExecutor(8) as pool:
            replies = list(pool.map(lambda client, wave=wave: get(client, wave), clients))
        assert [r.status_code for r in replies] == [200] * 8
        assert len({(r.content, r.headers["etag"]) for r in replies}) == 1
        with api.database.read() as session:
            assert session.exec(select(Release.number).where(Release.wave == wave)).all() == [1]
            made = session.exec(select(AuditEvent).where(col(AuditEvent.subject) == f"{wave}#1")).all()
        assert len(made) == 1


def test_concurrent_makers_make_one(api: Api, second: Api) -> None:
    wave = closed(api)
    clients = [(api, second)[i % 2].client("director") for i in range(8)]
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda client: client.post(f"/v1/waves/{wave}/releases"), clients))
    assert sorted(r.status_code for r in replies) == [200] * 7 + [201]
    assert len({r.content for r in replies}) == 1


# ------------------------------------------------------------------ what
def cells_of(entries: list[dict[str, Any]], group: str) -> dict[Any, dict[str, Any]]:
    (entry,) = entries
    return {(c["school"], tuple(c.get("schools", ()))): c for c in entry["cells"] if c["group"] == group}


def test_the_cells_and_their_counts(api: Api, released: str) -> None:
    full = document(api.client("director"), released)
    assert [i["item"] for i in full["items"]] == ["informed", "heard", "ignored"]
    assert [c["construct"] for c in full["constructs"]] == ["communication"]
    for entry in (*([i] for i in full["items"]), full["constructs"]):
        family = cells_of(entry, "family")
        assert {key: c.get("n") for key, c in family.items()} == {
            ("erving", ()): 12, ("leverett", ()): 9, ("shutesbury", ()): None, ("swift-river", ()): None,
            (None, ()): 28, (None, FAMILY_POOL): 7,
        }  # fmt: skip
        hidden = {"group": "family", "school": "shutesbury", "status": "protected"}
        assert family["shutesbury", ()] == hidden
        # Two answered in Leverett: with Erving's seven they are everybody, so only the union is left.
        assert {key: c.get("n") for key, c in cells_of(entry, "staff").items()} == {
            **{(school, ()): None for school in factories.SCHOOLS}, (None, ()): 9,
        }  # fmt: skip
        leader = cells_of(entry, "school_leader")
        assert (leader["erving", ()]["n"], leader[None, ()]["n"]) == (1, 2)
    counts = cells_of(full["items"][:1], "family")[None, FAMILY_POOL]["counts"]
    assert counts == {
        "strongly_disagree": 2, "disagree": 2, "neutral": 2, "agree": 1, "strongly_agree": 0,
    }  # fmt: skip


def test_nobody_s_group_is_withheld_whole(api: Api) -> None:
    wave = closed(api, {"family": {"erving": 4}})
    full = document(api.client("director"), wave)
    for entry in (*full["items"], *full["constructs"]):
        assert {c["status"] for c in entry["cells"] if c["group"] == "family"} == {"protected"}


def test_the_digest_is_that_of_the_document_without_its_release(api: Api, released: str) -> None:
    reply = get(api.client("director"), released)
    full = reply.json()
    digest = full.pop("release")["digest"]
    plain = orjson.dumps(full, option=orjson.OPT_SORT_KEYS)
    assert digest == "sha256:" + hashlib.sha256(plain).hexdigest()
    assert reply.content == orjson.dumps(reply.json(), option=orjson.OPT_SORT_KEYS)  # canonical as served


def test_the_seal_holds_published_cells_only(api: Api, released: str) -> None:
    full = document(api.client("director"), released)
    with api.database.read() as session:
        row = session.get(Release, (released, 1))
        assert row is not None
        sealed = Sealed.load(row.tallies)
        books = {}
        for group in sealed.groups:
            key, version = group.instrument.split("@")
            stored = session.get(InstrumentVersion, (key, int(version)))
            assert stored is not None
            books[group.group] = codebook(stored)
    assert sealed.participation == tuple(full["participation"])
    by_group = {group.group: group for group in sealed.groups}
    assert [(c.school, c.schools) for c in by_group["family"].cells] == [
        ("erving", None), ("leverett", None), (None, None), (None, FAMILY_POOL),
    ]  # fmt: skip
    assert [(c.school, c.schools) for c in by_group["staff"].cells] == [(None, None)]
    for group in sealed.groups:
        layout = Layout(books[group.group])
        assert group.counts.shape == (len(group.cells), layout.width)
        dense = group.counts.toarray()
        assert group.mode == "attributed" or dense[:, layout.responses].min() >= group.minimum
        for entry in full["items"]:
            histogram = layout.of_item(entry["item"])[0]
            for index, cell in enumerate(group.cells):
                shown = cells_of([entry], group.group)[cell.school, cell.schools or ()]
                counts = dict(zip(histogram.codes, dense[index, histogram.at].tolist(), strict=True))
                assert {v: counts[c] for c, v in histogram.column.counts.items()} == shown["counts"]
    assert Sealed.load(sealed.dump()).dump() == sealed.dump()


def test_the_seal_withholds_what_an_item_withholds(api: Api) -> None:
    """One person skips an item at a school of exactly k: it is shown for the union alone, and sealed so."""
    wave = api.wave(*definitions())
    scale = factories.AGREE
    bodies = [
        factories.response("family", school, {"informed": scale[i % 5], "heard": scale[i % 3], "ignored": scale[i % 4]})
        for school, n in (("erving", 5), ("leverett", 8))
        for i in range(n)
    ]
    del bodies[0]["answers"]["heard"]
    bulk(api.admin, wave, bodies)
    must(api.admin.post(f"/v1/waves/{wave}/close"))
    full = document(api.client("director"), wave)
    heard = cells_of([i for i in full["items"] if i["item"] == "heard"], "family")
    assert {key: c["status"] for key, c in heard.items() if c["status"] == "published"} == {(None, ()): "published"}
    assert heard[None, ()]["n"] == 12
    informed = cells_of([i for i in full["items"] if i["item"] == "informed"], "family")
    assert (informed["erving", ()]["n"], informed["leverett", ()]["n"]) == (5, 8)
    assert cells_of(full["constructs"], "family")["erving", ()]["status"] == "protected"  # follows its worst item
    with api.database.read() as session:
        row = session.get(Release, (wave, 1))
        assert row is not None
        (family,) = [g for g in Sealed.load(row.tallies).groups if g.group == "family"]
        key, version = family.instrument.split("@")
        stored = session.get(InstrumentVersion, (key, int(version)))
        assert stored is not None
        layout = Layout(codebook(stored))
    assert (family.items["heard"], family.items["informed"]) == (Level.UNION, Level.SCHOOLS)
    dense = family.counts.toarray()
    by_cell = {c.school: dense[i, layout.of_item("heard")[0].at].sum() for i, c in enumerate(family.cells)}
    assert by_cell == {"erving": 0, "leverett": 0, None: 13}
    persons = layout.constructs["communication"].persons
    assert {c.school: dense[i, persons].sum() for i, c in enumerate(family.cells)} == {
        "erving": 0, "leverett": 0, None: 13,
    }  # fmt: skip


# ------------------------------------------------------------------ slices
def cells(part: dict[str, Any]) -> dict[Any, Any]:
    """Every cell by what it is of, as bytes."""
    return {
        (kind, entry[name], c["group"], c["school"], tuple(c.get("schools", ()))): orjson.dumps(c)
        for kind, name in (("items", "item"), ("constructs", "construct"))
        for entry in part[kind]
        for c in entry["cells"]
    }


@pytest.mark.parametrize(
    ("path", "params", "keeps"),
    [
        ("groups/staff/summary", {}, lambda k, name, g, s, p: g == "staff"),
        ("schools/erving/summary", {}, lambda k, name, g, s, p: s == "erving" or (s is None and not p)),
        (
            "schools/shutesbury/summary",
            {},
            lambda k, name, g, s, p: s == "shutesbury" or (s is None and (not p or "shutesbury" in p)),
        ),
        ("summary", {"item": ["heard", "informed"]}, lambda k, name, *_: k == "items" and name != "ignored"),
        ("summary", {"construct": "communication"}, lambda *_: True),
        ("groups/family/summary", {"item": "heard"}, lambda k, n, g, s, p: (k, n, g) == ("items", "heard", "family")),
        ("summary", {"item": "heard", "construct": "communication"}, lambda *_: True),
    ],
    ids=["group", "school", "pooled-school", "items", "construct", "group-and-item", "item-and-construct"],
)
def test_slices_are_subsets(api: Api, released: str, path: str, params: dict[str, Any], keeps: Any) -> None:
    director = api.client("director")
    full, part = document(director, released), document(director, released, path, **params)
    whole = cells(full)
    assert cells(part) == {key: cell for key, cell in whole.items() if keeps(*key)}
    rows = [orjson.dumps(row) for row in full["participation"]]
    assert {orjson.dumps(row) for row in part["participation"]} <= set(rows)
    for name in ("wave", "audience", "release", "title", "simulated"):
        assert part[name] == full[name]


def test_unknown_filters_and_places(api: Api, released: str) -> None:
    director = api.client("director")
    assert faults(get(director, released, item="none", construct=["communication", "never"])) == {
        ("item", "unknown_item"),
        ("construct", "unknown_construct"),
    }
    problem(get(director, released, "groups/liaison/summary"), 404, "not-found")
    problem(get(director, released, "schools/atlantis/summary"), 404, "not-found")
    problem(get(director, "no-such-wave"), 404, "not-found")
    assert faults(get(director, released, school="erving")) == {("school", "unknown_parameter")}
    assert faults(get(director, released, release=["1", "1"])) == {("release", "repeated_parameter")}


def test_a_release_by_its_number(api: Api, released: str) -> None:
    director = api.client("director")
    assert get(director, released, release=1).content == get(director, released).content
    problem(get(director, released, release=2), 404, "not-found")
    assert faults(get(director, released, release=0)) == {("release", "greater_than_equal")}
    for number in (2, 10**12):
        problem(director.get(f"/v1/waves/{released}/releases/{number}"), 404, "not-found")
    fresh = closed(api)
    problem(get(director, fresh, release=2), 404, "not-found")
    assert must(director.get(f"/v1/waves/{fresh}/releases"))["items"] == []
    assert document(director, fresh, release=1)["release"]["number"] == 1


def test_a_release_number_beyond_what_a_database_counts(
    api: Api, released: str, request: pytest.FixtureRequest
) -> None:
    problem(get(api.client("director"), released, release=10**12), 404, "not-found")


def test_etags(api: Api, second: Api, released: str) -> None:
    director = api.client("director")
    address = f"/v1/waves/{released}/groups/family/summary"
    reply = director.get(address)
    etag = reply.headers["etag"]
    assert etag == f'"{hashlib.sha256(reply.content).hexdigest()}"'
    for known in (etag, f"W/{etag}", f'"x", {etag}', "*"):
        same = director.get(address, headers={"If-None-Match": known})
        assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", etag)
    assert director.get(address, headers={"If-None-Match": '"x"'}).status_code == 200
    assert second.client("director").get(address).headers["etag"] == etag
    assert director.get(f"/v1/waves/{released}/summary").headers["etag"] != etag
    assert reply.headers["cache-control"] == "private, no-cache"


@pytest.mark.parametrize("accept", ["text/html", "image/png", "application/xml"])
def test_other_representations(api: Api, released: str, accept: str) -> None:
    reply = api.client("director").get(f"/v1/waves/{released}/summary", headers={"Accept": accept})
    problem(reply, 406, "not-acceptable")
    problem(get(api.client("director"), released, format="docx"), 422, "invalid-request")


# ------------------------------------------------------------------ for ever
def test_bytes_stay_whatever_happens_to_the_responses(api: Api) -> None:
    wave = closed(api)
    director = api.client("director")
    paths = [
        "summary",
        "groups/family/summary",
        "schools/shutesbury/summary",
        "releases",
        "releases/1",
        "participation",
    ]
    director.post(f"/v1/waves/{wave}/releases")
    before = {path: get(director, wave, path).content for path in paths}
    with api.database.engine.begin() as connection:
        connection.exec_driver_sql(
            f"UPDATE survey_response SET record = '111' WHERE wave = '{wave}' AND school = 'erving'"
        )
        connection.exec_driver_sql(f"DELETE FROM survey_response WHERE wave = '{wave}' AND school <> 'erving'")
    assert {path: get(director, wave, path).content for path in paths} == before
    must(director.post(f"/v1/waves/{wave}/releases"), 200)
    fresh = Api(api.settings)  # nothing remembered
    try:
        assert {path: get(fresh.client("director"), wave, path).content for path in paths} == before
    finally:
        fresh.stop()


def test_a_release_tells_nothing_later_of_title_or_responses(api: Api) -> None:
    wave = closed(api)
    director = api.client("director")
    before = get(director, wave).content
    read = must(director.get(f"/v1/waves/{wave}"))
    promise = {
        g: {"mode": p["mode"]} if p["mode"] == "attributed" else {k: p[k] for k in ("mode", "minimum")}
        for g, p in read["promise"].items()
    }
    names = ("simulated", "opens_at", "closes_at", "time_zone", "schools", "instruments")
    body = {name: read[name] for name in names} | {"title": "Renamed", "promise": promise}
    must(director.put(f"/v1/waves/{wave}", json=body), 200)
    assert get(director, wave).content == before


def test_released_tables_are_one_row_each(api: Api, released: str) -> None:
    with api.database.read() as session:
        found = session.exec(select(ReleaseDocument).where(ReleaseDocument.wave == released)).all()
        assert sorted((d.number, d.audience) for d in found) == [(1, "director"), (1, "principal"), (1, "public")]


# ------------------------------------------------------------------ for whom
def test_other_audiences_get_nothing(api: Api, released: str) -> None:
    unreleased = closed(api)
    readers = [
        api.client("reporter", audience="public"),
        api.client("reporter", audience="principal"),
        api.client("principal"),
    ]
    for reader in readers:
        for wave in (released, unreleased):
            for path in ("summary", "schools/erving/summary", "releases", "releases/1"):
                problem(get(reader, wave, path), 403, "audience-not-served")
        problem(reader.post(f"/v1/waves/{released}/releases"), 403, "forbidden")
    problem(get(api.client("collector"), released), 403, "forbidden")
    assert get(api.anonymous, released).status_code == 401
    assert must(api.client("director").get(f"/v1/waves/{unreleased}/releases"))["items"] == []


def test_a_reporter_waits_for_the_release_or_a_complete_roster(api: Api) -> None:
    wave = closed(api)
    reporter = api.client("reporter", audience="director")
    described = must(api.client("director").get(f"/v1/waves/{wave}"))
    confidential = [{"group": g, "school": s} for g in ("family", "staff") for s in factories.SCHOOLS]
    assert problem(get(reporter, wave), 409, "results-not-released")["missing"] == confidential
    roster = complete_roster(described)
    missing = roster["counts"].pop(5)
    roster["counts"].append({"group": "family", "school": None, "eligible": 3})  # no substitute
    must(api.admin.put(f"/v1/waves/{wave}/roster", json=roster), 201)
    told = problem(get(reporter, wave), 409, "results-not-released")["missing"]
    assert told == [{"group": missing["group"], "school": missing["school"]}]
    problem(reporter.post(f"/v1/waves/{wave}/releases"), 403, "forbidden")
    assert must(reporter.get(f"/v1/waves/{wave}/releases"))["items"] == []
    must(api.admin.put(f"/v1/waves/{wave}/roster", json=complete_roster(described)), 200)
    assert get(reporter, wave).content == get(api.client("director"), wave).content


def test_a_reporter_reads_what_the_director_has_released(api: Api, released: str) -> None:
    reporter = api.client("reporter", audience="director")
    assert get(reporter, released).content == get(api.client("director"), released).content
    limited = api.client("reporter", audience="director", waves=[released])
    assert get(limited, released).status_code == 200
    problem(get(limited, closed(api)), 404, "not-found")


# ------------------------------------------------------------------ what changes while a release is being made
@pytest.mark.parametrize("change", ["roster", "promise"])
def test_a_release_keeps_the_promise_and_roster_that_stand(
    api: Api, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    """Whatever a PUT was told 200 for before the release is what the release was made with."""
    wave = closed(api)
    director = api.client("director")
    described = must(director.get(f"/v1/waves/{wave}"))
    real, told = releases.count, []

    def put_meanwhile() -> int:
        if change == "roster":
            roster = complete_roster(described, eligible=77)
            return director.put(f"/v1/waves/{wave}/roster", json=roster).status_code
        names = ("title", "simulated", "opens_at", "closes_at", "time_zone", "schools", "instruments")
        k12 = {"mode": "confidential", "minimum": 12, "principal": "none"}
        stricter = {"family": k12, "staff": k12}
        body = {name: described[name] for name in names} | {"promise": stricter}
        return director.put(f"/v1/waves/{wave}", json=body).status_code

    def count(*args: Any) -> Any:
        found = real(*args)
        if told:
            return found  # the release is made again after the change
        with ThreadPoolExecutor(1) as pool:
            told.append(pool.submit(put_meanwhile).result(60))
        return found

    monkeypatch.setattr(releases, "count", count)
    full = document(director, wave)
    assert len(told) == 1
    if told[0] >= 400:
        return  # refused: nobody was promised anything
    if change == "roster":
        family = {r["school"]: r for r in full["participation"] if r["group"] == "family"}
        assert family["erving"]["eligible"] == 77
    else:
        published = [
            c for i in full["items"] for c in i["cells"] if c["group"] == "family" and c["status"] == "published"
        ]
        assert min(c["n"] for c in published) >= 12
