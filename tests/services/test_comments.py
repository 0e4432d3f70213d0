"""Comments as they are stored: made once, redacted, in one cell, leading back to nobody; and forgotten again."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import event, text
from sqlmodel import select

from app.models.tables import Comment, CommentPool, Release, SurveyResponse
from app.services import comments, names, releases
from tests import factories
from tests.server import Api, must
from tests.services.sending import bulk, problem
from tests.services.writing import ITEMS, people, read, released, said, texts, wave_of, written

THREE = {"erving": texts("e", 6), "leverett": texts("l", 5), "shutesbury": texts("s", 5)}


def stored(api: Api, wave: str) -> list[Comment]:
    with api.database.read() as session:
        return list(session.exec(select(Comment).where(Comment.wave == wave)))


# ------------------------------------------------------------------ making
def test_every_text_becomes_one_comment_of_its_school(api: Api) -> None:
    wave = released(api, THREE)
    rows = stored(api, wave)
    assert sorted((row.school, row.text) for row in rows) == sorted((s, t) for s, ts in THREE.items() for t in ts if t)
    assert {(row.release, row.group, row.item, row.status, row.pooled) for row in rows} == {
        (1, "family", "anything", "pending", False)
    }


def test_a_comment_has_nothing_of_its_response() -> None:
    assert set(Comment.model_fields) == {
        "wave", "id", "release", "group", "item", "school", "pooled", "text", "status",
    }  # fmt: skip


def test_comments_are_redacted_before_they_are_stored(api: Api) -> None:
    wave = wave_of(api)
    must(api.admin.put(f"/v1/waves/{wave}/names", json={"names": ["Rosa Díaz", "Erving"]}), 201)
    text = "Rosa Diaz of Erving, 413-555-0123, rosa@example.org, www.example.org"
    bulk(api.admin, wave, people("family", {"erving": [text] * 5}))
    must(api.admin.post(f"/v1/waves/{wave}/close"))
    must(api.admin.post(f"/v1/waves/{wave}/releases"), 201)
    assert {row.text for row in stored(api, wave)} == {"[name] of Erving, [phone], [e-mail], [link]"}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        pytest.param({"erving": texts("e", 5), "leverett": texts("l", 4, 1)}, {None: 9}, id="a writer too few"),
        pytest.param({"erving": texts("e", 2, 9), "leverett": texts("l", 2, 9)}, {}, id="too few in the union"),
        pytest.param(
            {"erving": texts("e", 5), "leverett": texts("l", 3), "shutesbury": texts("s", 2)},
            {"erving": 5, "leverett+shutesbury": 5}, id="a pool",
        ),
        pytest.param(
            {"erving": texts("e", 5), "leverett": texts("l", 3), "shutesbury": texts("s", 1, 1)},
            {None: 9}, id="a writer too few in the pool",
        ),
        pytest.param({"erving": [*texts("e", 4), "", " \n\t", "\xa0"]}, {}, id="blank texts are none"),
        pytest.param({"erving": ["No."] * 5}, {"erving": 5}, id="people who wrote the same"),
        pytest.param({"erving": texts("e", 2), "leverett": texts("l", 2)}, {}, id="nothing of the group is published"),
    ],
)  # fmt: skip
def test_where_comments_belong(api: Api, words: Any, expected: dict[str | None, int]) -> None:
    wave = released(api, words)
    found: dict[str | None, int] = {}
    for place, _ in said(api.client("director"), wave):
        found[place] = found.get(place, 0) + 1
    assert found == expected
    assert len(stored(api, wave)) == sum(expected.values())


def test_each_item_is_placed_by_itself(api: Api) -> None:
    wave = wave_of(api)
    bodies = people("family", {"erving": texts("e", 6), "leverett": texts("l", 6)})
    for body in bodies[:9]:  # six of one school, three of the other
        body["answers"]["wishes"] = "more"
    bulk(api.admin, wave, bodies)
    must(api.admin.post(f"/v1/waves/{wave}/close"))
    director = api.client("director")
    assert {c["school"] for c in read(director, wave, item="anything")} == {"erving", "leverett"}
    assert [c["school"] for c in read(director, wave, item="wishes")] == [None] * 9


def test_people_without_a_school(api: Api) -> None:
    confidential = {"promise": {"liaison": {"mode": "confidential", "minimum": 5}}}
    small = released(
        api, {"erving": texts("e", 6), "leverett": texts("l", 4), None: texts("n", 1)}, "liaison", **confidential
    )
    assert [place for place, _ in said(api.admin, small)] == ["erving"] * 6 + ["leverett"] * 5
    large = released(api, {"erving": texts("e", 6), None: texts("n", 5)}, "liaison", **confidential)
    assert [place for place, _ in said(api.admin, large)] == [None] * 5 + ["erving"] * 6
    silent = released(api, {"erving": texts("e", 6), None: texts("n", 4, 1)}, "liaison", **confidential)
    assert [place for place, _ in said(api.admin, silent)] == [None] * 10


def test_an_attributed_group_has_no_minimum(api: Api) -> None:
    wave = released(api, {"erving": ["mine"], None: ["ours"]}, "school_leader")
    assert said(api.client("director"), wave) == [(None, "ours"), ("erving", "mine")]


def test_nothing_is_kept_that_nobody_would_read(api: Api) -> None:
    banded = {"mode": "confidential", "minimum": 10, "director": "banded"}
    wave = released(api, {"erving": texts("e", 12)}, promise={"family": banded})
    assert stored(api, wave) == []
    refused = api.client("director").get(f"/v1/waves/{wave}/comments")
    problem(refused, 403, "audience-not-served")


def test_the_release_and_its_comments_are_stored_together(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    wave = written(api, THREE)
    seen: list[int] = []

    def fail(session: Any, *_: Any) -> None:
        seen.append(len(session.exec(select(Comment).where(Comment.wave == wave)).all()))
        raise RuntimeError("between the comments and the commit")

    with monkeypatch.context() as patch:
        patch.setattr(releases, "record", fail)
        assert api.admin.post(f"/v1/waves/{wave}/releases").status_code == 500
    assert seen == [16]
    assert stored(api, wave) == []
    must(api.admin.post(f"/v1/waves/{wave}/releases"), 201)
    assert len(stored(api, wave)) == 16
    must(api.admin.post(f"/v1/waves/{wave}/releases"), 200)
    assert len(stored(api, wave)) == 16


def test_many_comments_go_a_few_at_a_time(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comments, "ROWS", 3)
    monkeypatch.setattr(names, "ROWS", 4)
    wave = released(api, THREE)
    assert len(stored(api, wave)) == 16
    must(api.admin.put(f"/v1/waves/{wave}/names", json={"names": ["xx", "xxxx"]}), 201)
    assert sorted(row.text for row in stored(api, wave)) == sorted(
        f"{stem} {'[name]' if n in (2, 4) else 'x' * n}" for stem, most in (("e", 6), ("l", 5), ("s", 5))
        for n in range(1, most + 1)
    )  # fmt: skip


def test_no_open_questions_no_look_at_answers(api: Api) -> None:
    wave = api.wave()
    bulk(api.admin, wave, [factories.response() for _ in range(6)])
    must(api.admin.post(f"/v1/waves/{wave}/close"))
    seen: list[str] = []

    def listen(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    engine = api.app.state.soundings.database.engine
    event.listen(engine, "before_cursor_execute", listen)
    try:
        must(api.admin.post(f"/v1/waves/{wave}/releases"), 201)
    finally:
        event.remove(engine, "before_cursor_execute", listen)
    assert any("survey_response" in statement for statement in seen)
    assert not any("open_answers" in statement for statement in seen)


def test_what_becomes_of_responses_changes_no_byte(api: Api) -> None:
    wave = released(api, THREE)
    before = api.admin.get(f"/v1/waves/{wave}/comments")
    with api.database.write() as session:
        rows = list(session.exec(select(SurveyResponse).where(SurveyResponse.wave == wave)))
        session.delete(rows[0])
        rows[1].school, rows[2].open_answers = "swift-river", '{"anything":"something else"}'
        session.add_all(rows[1:3])
    after = api.admin.get(f"/v1/waves/{wave}/comments")
    assert (after.content, after.headers["etag"]) == (before.content, before.headers["etag"])


# ------------------------------------------------------------------ the order
def test_the_order_is_that_of_nothing_else(api: Api) -> None:
    """Everybody wrote the same on both items; no list and no table has them in the order of another, or of arrival."""
    wave = wave_of(api)
    words = [f"n{i}" for i in range(100, 140)]
    bodies = people("family", {"erving": words})
    for body in bodies:
        body["answers"]["wishes"] = body["answers"]["anything"]
    for body in bodies:
        must(api.admin.post(f"/v1/waves/{wave}/responses", json=body), 201)
    must(api.admin.post(f"/v1/waves/{wave}/close"))
    lists = [[c["text"] for c in read(api.admin, wave, item=item)] for item in ITEMS]
    place = "wave, id" if api.database.is_sqlite else "ctid"
    with api.database.read() as session:
        for item in ITEMS:
            rows = session.connection().execute(
                text(f"SELECT text FROM comment WHERE wave = :wave AND item = :item ORDER BY {place}"),
                {"wave": wave, "item": item},
            )
            lists.append([row[0] for row in rows])
        sealed = session.connection().execute(
            text(f"SELECT open_answers FROM survey_response WHERE wave = :wave ORDER BY {place}"), {"wave": wave}
        )
        lists.append([next(word for word in words if word in row[0]) for row in sealed])
    assert all(sorted(one) == words for one in lists)
    anything, wishes, in_table, wishes_in_table, responses = map(tuple, lists)
    assert len({anything, wishes, tuple(words), responses}) == 4
    assert len({in_table, wishes_in_table, tuple(words), responses}) == 4
    assert [c["text"] for c in read(api.admin, wave, item="anything")] == list(anything)


def test_ids_are_random(api: Api) -> None:
    wave = released(api, {"erving": ["the same"] * 30})
    ids = [row.id for row in stored(api, wave)]
    assert len(set(ids)) == 30
    assert all(len(one) == 24 and set(one) <= set("0123456789abcdef") for one in ids)
    with api.database.read() as session:
        rows = session.connection().execute(text("SELECT id FROM survey_response WHERE wave = :w"), {"w": wave})
        responses = {row[0].replace("-", "") for row in rows}
    assert not any(one in response or response[:12] in one for one in ids for response in responses)


# ------------------------------------------------------------------ forgetting
def forget(api: Api, wave: str, school: str | None, words: str, group: str = "family", item: str = "anything") -> bool:
    with api.database.write() as session:
        return comments.forget(session, names.redactor(session, wave), wave, group, school, item, words)


def left(api: Api, wave: str) -> list[tuple[str | None, str]]:
    return sorted(((row.school, row.text) for row in stored(api, wave)), key=lambda pair: (pair[0] or "", pair[1]))


def test_forgetting_takes_one_comment_of_that_school(api: Api) -> None:
    wave = released(api, {"erving": ["same"] * 5 + ["Call 413-555-0123"], "leverett": ["same"] * 5})
    assert forget(api, wave, "erving", "same")
    assert left(api, wave) == [("erving", "Call [phone]"), *[("erving", "same")] * 4, *[("leverett", "same")] * 5]
    assert forget(api, wave, "erving", "Call 413-555-0123")
    assert not forget(api, wave, "erving", "Call 413-555-0123")
    assert not forget(api, wave, "erving", "never written")
    assert not forget(api, wave, "erving", "same", item="wishes")
    assert not forget(api, wave, "erving", "same", group="staff")
    assert not forget(api, wave, "swift-river", "same")
    assert left(api, wave) == [*[("erving", "same")] * 4, *[("leverett", "same")] * 5]


def test_forgetting_in_a_pool_and_in_the_union(api: Api) -> None:
    pooled = released(api, {"erving": texts("e", 5), "leverett": texts("l", 3), "shutesbury": texts("s", 2)})
    assert not forget(api, pooled, "erving", "l x")
    assert forget(api, pooled, "leverett", "l x")
    assert forget(api, pooled, "shutesbury", "s x")
    union = released(api, {"erving": texts("e", 5), "leverett": texts("l", 4, 1)})
    assert forget(api, union, "leverett", "l xx")
    assert len(left(api, pooled)) == len(left(api, union)) == 8


def test_forgetting_knows_what_an_earlier_list_took_out(api: Api) -> None:
    wave = released(api, {"erving": ["Ann is nice", "Bob is nice", "Ann and Bob", "nice", "Cy is nice"]})
    must(api.admin.put(f"/v1/waves/{wave}/names", json={"names": ["Ann", "Bob"]}), 201)
    must(api.admin.put(f"/v1/waves/{wave}/names", json={"names": ["Ann", "Dee"]}), 200)
    assert forget(api, wave, "erving", "Bob is nice")
    assert forget(api, wave, "erving", "Ann and Bob")
    assert forget(api, wave, "erving", "Cy is nice")
    assert left(api, wave) == [("erving", "[name] is nice"), ("erving", "nice")]


def test_forgetting_knows_what_a_person_took_out(api: Api) -> None:
    wave = released(api, {"erving": ["The teacher of my twins is kind", "The bus is late", *texts("e", 3)]})
    director = api.client("director")
    for comment in read(director, wave):
        if "twins" in comment["text"]:
            body = {"status": "redacted", "text": "The teacher […] is kind"}
            must(director.patch(f"/v1/waves/{wave}/comments/{comment['id']}", json=body))
        if "bus" in comment["text"]:
            must(
                director.patch(f"/v1/waves/{wave}/comments/{comment['id']}", json={"status": "redacted", "text": "[…]"})
            )
    assert forget(api, wave, "erving", "The teacher of my twins is kind")  # `[…]` could be it, but says less
    assert ("erving", "[…]") in left(api, wave)
    assert forget(api, wave, "erving", "The bus is late")
    assert left(api, wave) == [("erving", word) for word in texts("e", 3)]


def test_a_later_release_makes_no_comments(api: Api) -> None:
    wave = released(api, THREE)
    with api.database.write() as session:
        facts = comments.waves.facts(session, comments.waves.find(session, wave))
        sealed = session.exec(select(Release.tallies).where(Release.wave == wave)).one()
        comments.extract(session, facts, releases.Sealed.load(sealed), 2)
    assert len(stored(api, wave)) == 16


# ------------------------------------------------------------------ names
def test_a_new_list_is_applied_to_what_is_stored(api: Api) -> None:
    wave = released(api, {"erving": ["Ann Lee", "ann lee's", "Bob", "Ann", "Erving"]})
    must(api.admin.put(f"/v1/waves/{wave}/names", json={"names": ["Ann Lee", "Erving"]}), 201)
    assert left(api, wave) == [("erving", t) for t in ("Ann", "Bob", "Erving", "[name]", "[name]'s")]
    must(api.admin.put(f"/v1/waves/{wave}/names", json={"names": ["Bob"]}), 200)
    assert left(api, wave) == [("erving", t) for t in ("Ann", "Erving", "[name]", "[name]", "[name]'s")]


def test_names_are_of_one_wave(api: Api) -> None:
    first, second = (released(api, {"erving": ["Ann"] * 5}) for _ in range(2))
    must(api.admin.put(f"/v1/waves/{first}/names", json={"names": ["Ann"]}), 201)
    assert {row.text for row in stored(api, first)} == {"[name]"}
    assert {row.text for row in stored(api, second)} == {"Ann"}


def test_schools_names_stay_by_key_and_by_name(api: Api) -> None:
    words = ["Swift-River", "Swift River", "Ms. Swift", "swift river's", "The River"]
    wave = released(api, {"swift-river": words})
    must(api.admin.put(f"/v1/waves/{wave}/names", json={"names": ["Swift", "Swift River"]}), 201)
    assert left(api, wave) == [("swift-river", t) for t in sorted([*words[:2], "Ms. [name]", *words[3:]])]


def test_a_removed_wave_takes_its_names_along(api: Api) -> None:
    wave = wave_of(api, opens_at=factories.iso(hours=1))
    must(api.admin.put(f"/v1/waves/{wave}/names", json={"names": ["Ann"]}), 201)
    must(api.admin.delete(f"/v1/waves/{wave}"), 204)
    assert api.admin.get(f"/v1/waves/{wave}/names").status_code == 404


def test_a_pool_is_stored_once(api: Api) -> None:
    wave = released(api, {"erving": texts("e", 5), "leverett": texts("l", 3), "shutesbury": texts("s", 2)})
    with api.database.read() as session:
        pools = session.exec(select(CommentPool).where(CommentPool.wave == wave)).all()
    assert [(pool.group, pool.schools) for pool in pools] == [("family", ["leverett", "shutesbury"])]
