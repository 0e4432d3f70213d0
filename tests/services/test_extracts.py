"""Raw exports in every format: the same answers, the reasons why there are none, and what was promised."""

from __future__ import annotations

import csv
import io
import random
import tracemalloc
from typing import Any

import httpx
import polars as pl
import pyarrow.parquet as pq
import pyreadstat
import pytest

from app.services import extracts
from app.survey.codebook import Codebook
from app.survey.instrument import parse
from tests import factories
from tests.server import Api, must
from tests.services.sending import bulk, export, faults, fill, problem
from tests.survey.random_answers import answers

FORMATS = ("csv", "parquet", "sav")


def definitions() -> list[dict[str, Any]]:
    return [factories.every_kind(), factories.definition("staff"), factories.definition("school_leader")]


@pytest.fixture(scope="module")
def wave(api: Api) -> str:
    """A wave in which families answered every kind of item, some with words that a spreadsheet would compute."""
    key = api.wave(*definitions(), simulated=True)
    dice = random.Random(5)
    people = [
        factories.response("family", dice.choice(factories.SCHOOLS), answers(dice, definitions()[0])) for _ in range(80)
    ]
    people.append(factories.response("family", answers={"informed": "agree", "anything": '=HYPERLINK("http://x")'}))
    people.append(factories.response("family", answers={"informed": "dont_know", "has_plan": "no", "anything": "-5"}))
    people += [factories.response("staff") for _ in range(5)] + [factories.response("school_leader", None)]
    assert bulk(api.admin, key, people)["rejected"] == 0
    return key


def get(client: httpx.Client, wave: str, **params: Any) -> httpx.Response:
    return client.get(f"/v1/waves/{wave}/responses", params=params)


def as_csv(reply: httpx.Response) -> list[dict[str, str]]:
    assert reply.status_code == 200, reply.text
    assert reply.content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(reply.content.decode("utf-8-sig"), newline="")))


def as_sav(reply: httpx.Response, tmp_path: Any) -> tuple[Any, Any]:
    path = tmp_path / "x.sav"
    path.write_bytes(reply.content)
    return pyreadstat.read_sav(path, user_missing=True)


# ------------------------------------------------------------------ the same answers
def test_csv_has_what_ndjson_has(api: Api, wave: str) -> None:
    expected = export(api.admin, wave)
    rows = as_csv(get(api.admin, wave, format="csv"))
    assert [row["id"] for row in rows] == sorted(expected)
    for row in rows:
        known = expected[row["id"]]
        for name in ("wave", "group", "locale", "instrument", "received_on", "promise", "promise_digest", "school"):
            assert row[name] == (known[name] or "")
        assert row["simulated"] == "true"
        given = known["answers"]
        if known["group"] != "family":
            assert row["has_plan"] == ""
            continue
        for item in definitions()[0]["sections"][0]["items"]:
            key, answer = item["key"], given.get(item["key"])
            if item["kind"] == "multiple":
                ticks = {o["value"]: row[f"{key}.{o['value']}"] for o in item["options"]}
                assert ticks == ({v: str(int(v in answer)) for v in ticks} if answer is not None else ticks)
                assert answer is not None or set(ticks.values()) in ({"."}, {"-"})
            elif answer is None:
                assert row[key] in ("", ".", "-")
            elif isinstance(answer, bool):
                assert row[key] == str(answer).lower()
            elif isinstance(answer, str):
                assert row[key].removeprefix("'") == answer.removeprefix("'")
            else:
                assert float(row[key]) == answer
    hidden = [r for r in rows if r["group"] == "family" and r["has_plan"] != "yes"]
    assert {r["services.speech"] for r in hidden} == {"-"}


def test_parquet_has_what_ndjson_has(api: Api, wave: str) -> None:
    expected = export(api.admin, wave)
    reply = get(api.admin, wave, format="parquet")
    table = pl.read_parquet(io.BytesIO(reply.content))
    assert table.schema["meetings"] == pl.Int64
    assert table.schema["hours"] == pl.Float64
    assert table.schema["since"] == pl.Date
    assert table.schema["bus"] == pl.Boolean
    book = Codebook(parse(definitions()[0]))
    assert table["id"].to_list() == sorted(expected)
    for row in table.to_dicts():
        given = expected[row["id"]]["answers"]
        if row["group"] != "family":
            continue
        for item in definitions()[0]["sections"][0]["items"]:
            key, answer = item["key"], given.get(item["key"])
            if item["kind"] == "multiple":
                ticked = [o["value"] for o in item["options"] if row[f"{key}.{o['value']}"]]
                assert ticked == (answer or [])
            else:
                assert (row[key].isoformat() if item["kind"] == "date" and row[key] else row[key]) == answer
        closed = {k: v for k, v in given.items() if k in book.of_item}
        assert book.decode(row["record"], {}) == closed
    notice = pq.read_schema(io.BytesIO(reply.content)).metadata[b"notice"].decode()
    assert "breaks what was promised" in notice
    assert "Your answers are confidential" in notice


def test_sav_has_labels_and_reasons(api: Api, wave: str, tmp_path: Any) -> None:
    expected = export(api.admin, wave)
    frame, meta = as_sav(get(api.admin, wave, format="sav"), tmp_path)
    assert frame["id"].tolist() == sorted(expected)
    assert meta.column_names_to_labels["informed"] == "informed"
    assert meta.variable_value_labels["informed"][4.0] == "agree"
    assert meta.variable_value_labels["informed"][-99.0] == "Don't know"
    assert meta.missing_ranges["informed"] == [{"lo": -99.0, "hi": -97.0}]
    assert meta.variable_value_labels["has_plan"] == {
        1.0: "yes", 2.0: "no", 3.0: "unsure", -97.0: "No answer", -98.0: "Not asked"
    }  # fmt: skip
    assert "breaks what was promised" in " ".join(meta.notes)
    for row in frame.to_dict("records"):
        given = expected[row["id"]]["answers"]
        if row["group"] != "family":
            assert row["has_plan"] != row["has_plan"]
            continue
        scores = dict(zip((*factories.AGREE, "dont_know", None), (1, 2, 3, 4, 5, -99, -97), strict=True))
        assert row["informed"] == scores[given.get("informed")]
        assert row["ignored"] == scores[given.get("ignored")], "as answered, not reversed"
        if "services" in given:
            ticks = [row["services_1"], row["services_2"], row["services_3"]]
            assert ticks == [int(value in given["services"]) for value in ("speech", "ot", "counseling")]
        elif given.get("has_plan") != "yes":
            assert row["services_1"] == -98
        assert row["meetings"] == given.get("meetings", -97)
        assert row["hours"] == given["hours"] if "hours" in given else row["hours"] != row["hours"]
        assert (row["since"].isoformat() if "since" in given else None) == given.get("since")
        assert row["anything"] == given.get("anything", "").rstrip(" ")


def test_words_of_people_are_no_formulas(api: Api, wave: str) -> None:
    said = {row["anything"] for row in as_csv(get(api.admin, wave, format="csv"))}
    assert '\'=HYPERLINK("http://x")' in said
    assert "-5" in said
    assert not any(text.startswith(("=", "@", "+")) for text in said)


# ------------------------------------------------------------------ which responses, and what is said of them
def test_a_group_and_a_school(api: Api, wave: str) -> None:
    rows = as_csv(get(api.admin, wave, format="csv", group="staff"))
    assert len(rows) == 5
    assert "has_plan" not in rows[0]
    assert "heard" in rows[0]
    every = export(api.admin, wave)
    here = {key for key, row in every.items() if row["school"] == "leverett"}
    for form in FORMATS:
        reply = get(api.admin, wave, format=form, group="family", school="leverett")
        assert reply.headers["content-disposition"] == f'attachment; filename="{wave}-family-leverett-responses.{form}"'
    assert {row["id"] for row in as_csv(get(api.admin, wave, format="csv", school="leverett"))} == here
    found = faults(get(api.admin, wave, group="nobody", school="nowhere"))
    assert found == {("group", "unknown_group"), ("school", "unknown_school")}


@pytest.mark.parametrize("form", ["ndjson", *FORMATS])
def test_every_format_says_which_promise_it_breaks_and_is_audited(api: Api, wave: str, form: str) -> None:
    before = exports(api, wave)
    reply = get(api.admin, wave, format=form)
    assert reply.headers["breaks-promise"] == "family=confidential/5, school_leader=attributed, staff=confidential/5"
    assert reply.headers["content-type"] == extracts.FORMATS[form]
    assert reply.headers["content-disposition"] == f'attachment; filename="{wave}-responses.{form}"'
    accepted = api.admin.get(f"/v1/waves/{wave}/responses", headers={"Accept": extracts.FORMATS[form]})
    assert accepted.headers["content-type"] == extracts.FORMATS[form]
    assert exports(api, wave) == before + 2
    for role in ("director", "reporter", "principal", "collector"):
        problem(get(api.client(role), wave, format=form), 403, "forbidden")
    assert exports(api, wave) == before + 2


def exports(api: Api, wave: str) -> int:
    with api.database.engine.connect() as connection:
        sql = f"SELECT count(*) FROM audit_event WHERE action = 'responses.export' AND subject = '{wave}'"
        return int(connection.exec_driver_sql(sql).scalar_one())


def test_other_formats_are_refused(api: Api, wave: str) -> None:
    assert faults(get(api.admin, wave, format="xlsx")) == {("format", "literal_error")}
    for accept in ("application/json", "text/html"):  # callers from before there were formats
        reply = api.admin.get(f"/v1/waves/{wave}/responses", headers={"Accept": accept})
        assert (reply.status_code, reply.headers["content-type"]) == (200, "application/x-ndjson")


def test_nobody_answered(api: Api, tmp_path: Any) -> None:
    empty = api.wave(*definitions())
    assert as_csv(get(api.admin, empty, format="csv")) == []
    assert pl.read_parquet(io.BytesIO(get(api.admin, empty, format="parquet").content)).height == 0
    frame, _ = as_sav(get(api.admin, empty, format="sav"), tmp_path)
    assert len(frame) == 0
    assert "informed" in frame.columns


def test_weights_are_in_every_format(api: Api, tmp_path: Any) -> None:
    key = api.wave(factories.definition("family"))
    counts = [{"group": "family", "school": s, "eligible": 4 + i} for i, s in enumerate(factories.SCHOOLS)]
    must(api.admin.put(f"/v1/waves/{key}/roster", json={"source": "SIS", "counts": counts}))
    fill(api, key, {"family": dict.fromkeys(factories.SCHOOLS, 2)})
    must(api.admin.post(f"/v1/waves/{key}/close"))
    lines = get(api.admin, key, weights="raked").text.splitlines()
    known = {row["id"]: row["weight"] for row in pl.read_ndjson(io.StringIO("\n".join(lines))).to_dicts()}
    rows = as_csv(get(api.admin, key, format="csv", weights="raked"))
    assert {row["id"]: float(row["weight"]) for row in rows} == known
    table = pl.read_parquet(io.BytesIO(get(api.admin, key, format="parquet", weights="raked").content))
    assert dict(table.select("id", "weight").iter_rows()) == known
    frame, _ = as_sav(get(api.admin, key, format="sav", weights="raked"), tmp_path)
    assert dict(zip(frame["id"], frame["weight"], strict=True)) == known


def test_too_many_for_sav(api: Api, wave: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extracts, "SAV_ROWS", 10)
    before = exports(api, wave)
    assert "take Parquet" in problem(get(api.admin, wave, format="sav"), 406, "not-acceptable")["detail"]
    assert exports(api, wave) == before
    assert get(api.admin, wave, format="sav", group="staff").status_code == 200


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_memory_does_not_grow_with_responses(api: Api, form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twice as many responses take no more memory at a time."""
    monkeypatch.setattr(extracts, "PART", 300)
    monkeypatch.setattr(extracts, "ROW_GROUP", 500)
    key = api.wave(factories.definition("family"))
    peaks = []
    for _ in range(2):
        fill(api, key, {"family": {"erving": 3000}})
        extract = extracts.take(api.database, key, None, form)
        for _ in extracts.content(extract):
            pass
        tracemalloc.start()
        for _ in extracts.content(extract):
            pass
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.3 * peaks[0]
