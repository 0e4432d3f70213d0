"""Erasure after the close, further releases, and the end of a wave's rows."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import col, select, update

from app.errors import NotFound
from app.models.tables import AuditEvent, Comment, SurveyResponse, Wave, WithdrawnResponse
from app.services.erasure import Erased, erase, retire_due
from app.services.releases import Shelf
from tests import factories
from tests.server import Api, must
from tests.services.sending import bulk, export, problem

SCHOOLS = {"erving": 18, "leverett": 14, "shutesbury": 12, "swift-river": 15}


def closed(api: Api, people: dict[str, int] = SCHOOLS, attribute: bool = False) -> tuple[str, dict[str, list[str]]]:
    """A closed wave of families, minimum 5; the ids by school."""
    items = [
        factories.rating("informed", construct="communication"),
        factories.rating("heard", construct="communication"),
    ]
    items.append({"key": "words", "kind": "text", "text": factories.en("Words?"), "max_length": 200})
    if attribute:
        items.append(
            {"key": "plan", "kind": "single", "options": factories.options("yes", "no"), "text": factories.en("Plan?"),
             "attribute": True}
        )  # fmt: skip
    wave = api.wave(factories.definition("family", items, key=f"family-{attribute}".lower()))
    ids: dict[str, list[str]] = {school: [] for school in people}
    bodies = []
    for school, n in people.items():
        for i in range(n):
            answers: dict[str, Any] = {"informed": factories.AGREE[i % 5], "heard": factories.AGREE[i % 3]}
            answers |= {"words": f"words of {school} {i}"}
            answers |= {"plan": "yes"} if attribute else {}
            bodies.append(factories.response("family", school, answers))
            ids[school].append(bodies[-1]["id"])
    assert bulk(api.admin, wave, bodies)["accepted"] == len(bodies)
    must(api.admin.post(f"/v1/waves/{wave}/close"))
    return wave, ids


def summary(api: Api, wave: str, **params: Any) -> dict[str, Any]:
    found: dict[str, Any] = must(api.client("director").get(f"/v1/waves/{wave}/summary", params=params))
    return found


def people(document: dict[str, Any]) -> dict[str | None, int]:
    return {c["school"]: c["n"] for c in document["items"][0]["cells"] if c["status"] == "published"}


def erased(api: Api, wave: str, ids: list[str]) -> Erased:
    return erase(api.database, Shelf(), wave, ids)


def test_one_person_s_erasure_leaves_the_release_as_it_is(api: Api) -> None:
    wave, ids = closed(api)
    before = api.client("director").get(f"/v1/waves/{wave}/summary").content
    assert erased(api, wave, ids["erving"][:1]) == Erased(1, 1, renewed=False)
    assert api.client("director").get(f"/v1/waves/{wave}/summary").content == before
    assert ids["erving"][0] not in export(api.admin, wave)
    must(api.client("director").post(f"/v1/waves/{wave}/releases"), 200)  # the standing one
    problem(api.admin.get(f"/v1/waves/{wave}/responses/{ids['erving'][0]}"), 404, "not-found")


def test_enough_people_of_one_school_make_a_new_release(api: Api) -> None:
    wave, ids = closed(api)
    first = summary(api, wave)
    assert erased(api, wave, ids["erving"][:5]) == Erased(5, 2, renewed=True)
    second = summary(api, wave)
    assert (first["release"]["number"], second["release"]["number"]) == (1, 2)
    assert people(first) == {**SCHOOLS, None: 59}
    assert people(second) == {**SCHOOLS, "erving": 13, None: 54}
    assert summary(api, wave, release=1) == first
    assert [r["number"] for r in must(api.admin.get(f"/v1/waves/{wave}/releases"))["items"]] == [1, 2]


def test_few_of_a_school_among_enough_of_all_do_not(api: Api) -> None:
    wave, ids = closed(api)
    summary(api, wave)
    assert erased(api, wave, ids["erving"][:5] + ids["leverett"][:1]) == Erased(6, 1, renewed=False)
    # nor does it follow later, together with others, unless every base then has enough
    assert erased(api, wave, ids["leverett"][1:5]) == Erased(4, 2, renewed=True)
    assert people(summary(api, wave)) == {**SCHOOLS, "erving": 13, "leverett": 9, None: 49}


def test_it_is_measured_against_every_earlier_release(api: Api) -> None:
    wave, ids = closed(api)
    summary(api, wave)
    assert erased(api, wave, ids["erving"][:5]).renewed
    assert not erased(api, wave, ids["erving"][5:9]).renewed  # nine from the first release, four from the second
    assert erased(api, wave, ids["erving"][9:10]).release == 3


def test_participation_stays_that_of_the_close(api: Api) -> None:
    """Erving and Leverett are one cell and five of them went: which of the two lost whom is nobody's to know."""
    wave, ids = closed(api, {"erving": 4, "leverett": 8, "shutesbury": 12, "swift-river": 15})
    first = summary(api, wave)
    assert erased(api, wave, ids["erving"][:1] + ids["leverett"][:4]).renewed
    second = summary(api, wave)
    assert second["participation"] == first["participation"]
    assert people(first)[None] - people(second)[None] == 5


def test_another_pooling_makes_no_release(api: Api) -> None:
    wave, ids = closed(api)
    summary(api, wave)
    assert not erased(api, wave, ids["shutesbury"][:8]).renewed  # four are left: they would have to be pooled


def test_a_published_breakdown_forbids_it(api: Api) -> None:
    wave, ids = closed(api, attribute=True)
    summary(api, wave)
    assert not erased(api, wave, ids["erving"][:5]).renewed


def test_words_go_with_the_person(api: Api) -> None:
    wave, ids = closed(api)
    summary(api, wave)
    erased(api, wave, ids["erving"][:1])
    with api.database.read() as session:
        texts = session.exec(select(Comment.text).where(Comment.wave == wave)).all()
    assert "words of erving 0" not in texts
    assert len(texts) == 58


def test_all_or_nothing(api: Api) -> None:
    wave, ids = closed(api)
    with pytest.raises(NotFound) as told:
        erased(api, wave, [ids["erving"][0], "7b0c3f5e-0000-4000-8000-000000000000"])
    assert "7b0c3f5e" in str(told.value)
    assert ids["erving"][0] in export(api.admin, wave)


def test_while_the_wave_is_open_the_id_stays_spent(api: Api) -> None:
    wave = api.wave()
    body = factories.response()
    must(api.admin.post(f"/v1/waves/{wave}/responses", json=body), 201)
    assert erased(api, wave, [body["id"].upper()]) == Erased(1, None, renewed=False)
    problem(api.admin.post(f"/v1/waves/{wave}/responses", json=body), 409, "response-withdrawn")
    with api.database.read() as session:
        told = session.exec(select(AuditEvent.subject).where(AuditEvent.action == "responses.erase")).all()
    assert f"{wave}: 1" in told


def test_an_erased_answer_is_gone_from_the_files(api: Api) -> None:
    if not api.database.is_sqlite:
        pytest.skip("what PostgreSQL leaves in its files goes with VACUUM, which a test cannot see")
    wave = api.wave(factories.definition("family", [{"key": "words", "kind": "text", "text": factories.en("?")}]))
    mark = "nobody-else-would-write-this"
    body = factories.response(answers={"words": mark})
    must(api.admin.post(f"/v1/waves/{wave}/responses", json=body), 201)
    file = api.settings.sqlite_file
    assert file is not None
    files = [file, file.with_name(file.name + "-wal")]
    assert any(mark.encode() in part.read_bytes() for part in files)
    erased(api, wave, [body["id"]])
    assert not any(mark.encode() in part.read_bytes() for part in files if part.exists())


# ------------------------------------------------------------------ the end of the rows
def test_rows_go_after_the_time_that_was_set(api: Api) -> None:
    wave, ids = closed(api)
    assert wave not in retire_due(api.database, Shelf(), 30)
    with api.database.write() as session:
        row = session.get(Wave, wave)
        assert row is not None
        assert row.closed_at is not None
        row.closed_at -= timedelta(days=31)
    assert retire_due(api.database, Shelf(), 30) == [wave]
    assert retire_due(api.database, Shelf(), 30) == []
    with api.database.read() as session:
        for table in (SurveyResponse, WithdrawnResponse):
            assert session.exec(select(table).where(table.wave == wave)).all() == []
    assert people(summary(api, wave)) == {**SCHOOLS, None: 59}  # its release was made before
    must(api.client("director").post(f"/v1/waves/{wave}/releases"), 200)
    assert export(api.admin, wave) == {}
    cells = must(api.client("director").get(f"/v1/waves/{wave}/participation"))["cells"]
    assert {c["school"]: c["responses"] for c in cells}[None] == 59
    with pytest.raises(NotFound):
        erased(api, wave, ids["erving"][:1])


# ------------------------------------------------------------------ the promise, in the database itself
STRICT = {"mode": "confidential", "minimum": 12, "director": "exact", "principal": "banded", "public": "none"}


@pytest.mark.parametrize(
    ("promise", "refused"),
    [
        ({"family": {**STRICT, "minimum": 11}}, True),
        ({"family": {**STRICT, "principal": "exact"}}, True),
        ({"family": {**STRICT, "public": "banded"}}, True),
        ({"family": {"mode": "attributed"}}, True),
        ({}, True),
        ({"family": {**STRICT, "minimum": 13, "director": "banded"}}, False),
        ({"family": {**STRICT, "principal": "none"}}, False),
        ({"family": STRICT}, False),
    ],
)
@pytest.mark.parametrize("opened", [True, False])
def test_the_database_refuses_a_looser_promise(api: Api, promise: Any, refused: bool, opened: bool) -> None:
    more = {} if opened else {"opens_at": factories.iso(hours=2)}
    wave = api.wave(factories.definition("family"), promise={"family": STRICT}, **more)
    change = update(Wave).where(col(Wave.key) == wave).values(promise=promise)
    if refused and opened:
        with pytest.raises(Exception, match="a promise can only become stricter"), api.database.write() as session:
            session.connection().execute(change)
    else:
        with api.database.write() as session:
            session.connection().execute(change)
    with api.database.read() as session:
        row = session.get(Wave, wave)
        assert row is not None
        assert row.promise == ({"family": STRICT} if refused and opened else promise)
