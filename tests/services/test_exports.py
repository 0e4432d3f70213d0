"""Summaries as files over HTTP: which format, under which name, with which ETag; and the data dictionary."""

from __future__ import annotations

import csv
import hashlib
import io
from typing import Any

import httpx
import openpyxl
import polars as pl
import pyreadstat
import pytest

from app.services import dictionary, exports
from tests import factories
from tests.server import Api, must
from tests.services.sending import faults, fill, problem

FILES = ("csv", "xlsx", "parquet", "arrow")
PEOPLE: dict[str, dict[str | None, int]] = {
    "family": {"erving": 12, "leverett": 9, "shutesbury": 3, "swift-river": 14},
    "staff": {"erving": 17, "leverett": 12},
}
BANDED = {"mode": "confidential", "minimum": 10, "principal": "banded", "public": "banded"}


@pytest.fixture(scope="module")
def released(api: Api) -> str:
    definitions = [factories.definition(group) for group in PEOPLE]
    wave = api.wave(*definitions, promise=dict.fromkeys(PEOPLE, BANDED), simulated=True)
    fill(api, wave, PEOPLE)
    must(api.admin.post(f"/v1/waves/{wave}/close"))
    must(api.admin.post(f"/v1/waves/{wave}/releases"), 201)
    return wave


def get(client: httpx.Client, wave: str, path: str = "summary", **params: Any) -> httpx.Response:
    return client.get(f"/v1/waves/{wave}/{path}", params=params)


def rows_of(reply: httpx.Response) -> list[dict[str, str]]:
    assert reply.status_code == 200, reply.text
    return list(csv.DictReader(io.StringIO(reply.content.decode("utf-8-sig"), newline="")))


def shares(rows: list[dict[str, str]], measure: str = "n") -> dict[tuple[str, str, str, str], float]:
    return {
        (row["key"], row["group"], row["school"], row["schools"]): float(row["value"])
        for row in rows
        if (row["kind"], row["measure"]) == ("item", measure)
    }


# ------------------------------------------------------------------ summaries
@pytest.mark.parametrize("form", FILES)
def test_a_summary_as_a_file(api: Api, released: str, form: str) -> None:
    director = api.client("director")
    reply = get(director, released, format=form)
    assert reply.headers["content-type"] == exports.SUMMARY[form]
    assert reply.headers["content-disposition"] == f'attachment; filename="{released}-summary.{form}"'
    assert reply.headers["etag"] == f'"{hashlib.sha256(reply.content).hexdigest()}"'
    assert reply.headers["cache-control"] == "private, no-cache"
    address = f"/v1/waves/{released}/summary"
    asked = director.get(address, headers={"Accept": f"{exports.SUMMARY[form]}, text/html;q=0.5"})
    assert (asked.content, asked.headers["etag"]) == (reply.content, reply.headers["etag"])
    again = director.get(address, params={"format": form}, headers={"If-None-Match": reply.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    fresh = Api(api.settings)  # nothing remembered
    try:
        assert get(fresh.client("director"), released, format=form).content == reply.content
    finally:
        fresh.stop()


@pytest.mark.parametrize("form", FILES)
def test_slices_as_files(api: Api, released: str, form: str) -> None:
    director = api.client("director")
    group = get(director, released, "groups/staff/summary", format=form)
    school = get(director, released, "schools/erving/summary", format=form)
    one = get(director, released, format=form, item="heard")
    names = [reply.headers["content-disposition"].split('"')[1] for reply in (group, school, one)]
    stems = (f"{released}-staff-summary", f"{released}-erving-summary", f"{released}-summary")
    assert names == [f"{stem}.{form}" for stem in stems]
    assert len({group.content, school.content, one.content, get(director, released, format=form).content}) == 4


def test_the_figures_of_a_file_are_those_of_its_reader(api: Api, released: str) -> None:
    every = shares(rows_of(get(api.client("director"), released, format="csv")))
    assert {group for _, group, _, _ in every} == {"family", "staff"}
    staff = shares(rows_of(get(api.client("director"), released, "groups/staff/summary", format="csv")))
    assert staff == {place: n for place, n in every.items() if place[1] == "staff"}
    principal = rows_of(get(api.client("principal", schools=["leverett"]), released, format="csv"))
    assert {row["school"] for row in principal} <= {"leverett", ""}
    assert {row["measure"] for row in principal if row["kind"] == "item"} <= {
        "n",
        "favorable.low",
        "favorable.high",
        "",
    }
    assert {row["audience"] for row in principal} == {"principal"}
    public = rows_of(get(api.client("reporter", audience="public"), released, format="csv"))
    assert {row["kind"] for row in public} == {"item", "construct"}
    narrow, wide = shares(principal, "favorable.low"), shares(public, "favorable.low")
    assert narrow
    assert all(wide[place] <= low for place, low in narrow.items())
    hidden = [
        row for row in rows_of(get(api.client("director"), released, format="csv")) if row["status"] == "protected"
    ]
    assert hidden
    assert {(row["measure"], row["value"], row["warnings"]) for row in hidden} == {("", "", "")}


def test_who_may_not_read_gets_no_file(api: Api, released: str) -> None:
    for form in FILES:
        problem(get(api.client("collector"), released, format=form), 403, "forbidden")
        outside = get(api.client("principal", schools=["leverett"]), released, "schools/erving/summary", format=form)
        problem(outside, 404, "not-found")
        problem(get(api.client("director"), "no-wave", format=form), 404, "not-found")
        problem(get(api.client("director"), api.wave(), format=form), 409, "results-not-released")
        assert faults(get(api.client("director"), released, format=form, item="x")) == {("item", "unknown_item")}


def test_too_much_for_a_workbook(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    wave = api.wave(factories.definition("family"))
    fill(api, wave, {"family": {"erving": 9}})
    must(api.admin.post(f"/v1/waves/{wave}/close"))
    monkeypatch.setattr("app.render.xlsx.MOST_ROWS", 3)
    detail = problem(get(api.admin, wave, format="xlsx"), 406, "not-acceptable")["detail"]
    assert "another format" in detail
    assert get(api.admin, wave, format="csv").status_code == 200


# ------------------------------------------------------------------ the dictionary
@pytest.fixture(scope="module")
def explained(api: Api) -> str:
    """A wave that has not opened: families answer every kind of item in two languages."""
    family = spoken(factories.every_kind()) | {"locales": ["en", "es"]}
    return api.wave(family, factories.definition("staff"), opens_at=factories.iso(hours=1))


def spoken(value: Any) -> Any:
    if isinstance(value, dict):
        if set(value) == {"en"}:
            return {"en": value["en"], "es": f"es {value['en']}"}
        return {key: spoken(part) for key, part in value.items()}
    return [spoken(part) for part in value] if isinstance(value, list) else value


def test_the_dictionary_has_every_question_and_answer(api: Api, explained: str) -> None:
    document = must(get(api.client("director"), explained, "dictionary"))
    family, staff = document["groups"]
    asked = spoken(factories.every_kind())["sections"][0]["items"]
    assert [item["item"] for item in family["items"]] == [item["key"] for item in asked]
    for told, item in zip(family["items"], asked, strict=True):
        assert (told["kind"], told["text"], told["show_if"]) == (item["kind"], item["text"], item.get("show_if"))
        assert told["required"] == item.get("required", False)
        for name in ("minimum", "maximum", "max_length", "scale"):
            assert told.get(name) == item.get(name)
    informed, ignored = family["items"][:2]
    agree = {"value": "agree", "label": {"en": "agree", "es": "es agree"}, "score": 4, "scored": 4, "favorable": True}
    assert agree in informed["options"]
    assert (ignored["reverse"], ignored["options"][3]["scored"]) == (True, 2)
    assert informed["options"][5]["not_applicable"] is True
    assert family["constructs"][0]["items"] == ["informed", "ignored"]
    assert staff["group"] == "staff"
    assert set(document["responses"]["marks"]) == {".", "-"}


def test_the_dictionary_names_the_columns_of_the_exports(api: Api, tmp_path: Any) -> None:
    wave = api.wave(factories.every_kind(), factories.definition("staff"))
    for group in (None, "family"):
        more = {} if group is None else {"group": group}
        told = must(get(api.admin, wave, "dictionary", **more))
        known = [column["name"] for column in told["responses"]["columns"]]
        answers = told["responses"]["answers"]
        (heading,) = csv.reader(io.StringIO(get(api.admin, wave, "responses", format="csv", **more).text[1:]))
        assert [name for name in known if name not in ("weight", "record")] + [a["name"] for a in answers] == heading
        (tmp_path / "x.sav").write_bytes(get(api.admin, wave, "responses", format="sav", **more).content)
        _, meta = pyreadstat.read_sav(tmp_path / "x.sav", metadataonly=True)
        assert meta.column_names[len(heading) - len(answers) :] == [a["sav"] for a in answers]
        for answer in answers:
            for value in answer.get("values", ()):
                if value["label"] is not None and answer["type"] == "choice":
                    assert meta.variable_value_labels[answer["sav"]][value["sav"]] == value["label"]
    record = pl.read_parquet(io.BytesIO(get(api.admin, wave, "responses", format="parquet").content))
    assert set(known) - {"weight"} <= set(record.columns)


def test_the_dictionary_as_a_file(api: Api, explained: str) -> None:
    director = api.client("director")
    reply = get(director, explained, "dictionary", format="csv")
    assert reply.headers["content-disposition"] == f'attachment; filename="{explained}-dictionary.csv"'
    rows = rows_of(reply)
    (agree,) = [r for r in rows if (r["group"], r["item"], r["option"]) == ("family", "ignored", "agree")]
    assert (agree["label.es"], agree["score"], agree["scored"], agree["reverse"]) == ("es agree", "4", "2", "true")
    assert (agree["column"], agree["sav"], agree["sav_value"], agree["sav_no_answer"]) == (
        "ignored",
        "ignored",
        "4",
        "-97",
    )
    (speech,) = [r for r in rows if r["option"] == "speech"]
    assert (speech["column"], speech["sav"], speech["sav_value"]) == ("services.speech", "services_1", "1")
    assert speech["show_if"] == '{"item":"has_plan","in":["yes"]}'
    book = openpyxl.load_workbook(io.BytesIO(get(director, explained, "dictionary", format="xlsx").content))
    assert book.sheetnames == ["Questions", "Constructs", "Summary columns", "Response columns", "Measures"]
    assert book["Questions"].max_row == len(rows) + 1
    for form, media_type in dictionary.FORMATS.items():
        accepted = director.get(f"/v1/waves/{explained}/dictionary", headers={"Accept": media_type})
        assert accepted.content == get(director, explained, "dictionary", format=form).content


def test_the_dictionary_of_a_group_and_of_a_limited_key(api: Api, explained: str) -> None:
    def groups(reply: httpx.Response) -> list[str]:
        return [group["group"] for group in must(reply)["groups"]]

    assert groups(get(api.client("director"), explained, "dictionary", group="staff")) == ["staff"]
    limited = api.client("reporter", groups=["family"])
    assert groups(get(limited, explained, "dictionary")) == ["family"]
    problem(get(limited, explained, "dictionary", group="staff"), 404, "not-found")
    problem(get(api.client("director"), explained, "dictionary", group="nobody"), 404, "not-found")
    problem(get(api.client("reporter", waves=["another"]), explained, "dictionary"), 404, "not-found")
    problem(get(api.client("collector"), explained, "dictionary"), 403, "forbidden")
