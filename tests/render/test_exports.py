"""A release in CSV, XLSX, Parquet and Arrow: the numbers of the JSON document, to the last bit, and no others."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import openpyxl
import orjson
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.analysis import audiences
from app.analysis.slices import narrow
from app.render import columnar, tidy
from app.render.delimited import BOM, harmless, table
from app.render.workbook import workbook
from app.render.xlsx import TooLarge
from tests.analysis.waves import SCHOOLS, World, agreeing, canonical, one_item, worlds

RELEASE = {
    "number": 3, "status": "final", "released_at": "2022-11-01T10:00:00.123456+00:00", "digest": "sha256:ab",
    "definitions": "1",
}  # fmt: skip


def released(document: Mapping[str, Any]) -> dict[str, Any]:
    """A document as its reader gets it."""
    read: dict[str, Any] = orjson.loads(canonical({**document, "release": RELEASE}))
    return read


def to_csv(document: Mapping[str, Any]) -> bytes:
    return table([column.name for column in tidy.COLUMNS], tidy.rows(document))


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """A document of any audience, whole or a slice of a school."""
    world = draw(worlds(2))
    promise = {
        group: {**promised, "principal": "banded", "public": "banded"}
        if promised["mode"] == "confidential"
        else promised
        for group, promised in world.summary["promise"].items()
    }
    bands = all(promised.get("minimum", 10) >= 10 for promised in promise.values())
    told = audiences.everyone(world.summary | {"promise": promise}) if bands else {"director": world.summary}
    document = told[draw(st.sampled_from(sorted(told)))]
    schools = draw(st.none() | st.sampled_from(world.schools))
    return released(document if schools is None else narrow(document, schools=[schools]))


# ------------------------------------------------------------------ what the JSON document says
def leaves(cell: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    if isinstance(cell, dict):
        for key, value in cell.items():
            yield from leaves(value, (*path, key))
    elif isinstance(cell, (int, float)) and not isinstance(cell, bool):
        yield path, cell


def place_of(cell: Mapping[str, Any]) -> tuple[str, str, str]:
    return cell["group"], cell["school"] or "", " ".join(cell.get("schools", ()))


def expected(document: Mapping[str, Any]) -> dict[tuple[Any, ...], Any]:
    """Every number of the document by where it stands; None for a protected cell."""
    found: dict[tuple[Any, ...], Any] = {}
    entries = [("participation", 0, "", document["participation"])]
    entries += [("item", i, e["item"], e["cells"]) for i, e in enumerate(document["items"])]
    entries += [("construct", i, e["construct"], e["cells"]) for i, e in enumerate(document["constructs"])]
    for kind, number, key, cells in entries:
        for cell in cells:
            if cell.get("status") == "protected":
                assert set(cell) <= {"group", "school", "status"}
                found[kind, number, key, *place_of(cell), "protected", ""] = None
            for path, value in leaves(cell):
                found[kind, number, key, *place_of(cell), "published", ".".join(path)] = value
    return found


def same(one: Mapping[Any, Any], other: Mapping[Any, Any]) -> bool:
    """Equal to the last bit; a whole number may be a float of the same value."""
    return one.keys() == other.keys() and all(one[key] == other[key] for key in one)


def from_rows(document: Mapping[str, Any], rows: list[dict[str, Any]]) -> dict[tuple[Any, ...], Any]:
    """The same from the rows of a long table. Entries with one key follow each other as in the document."""
    found: dict[tuple[Any, ...], Any] = {}
    order = {
        "item": [e["item"] for e in document["items"]],
        "construct": [e["construct"] for e in document["constructs"]],
        "participation": [""],
    }
    for row in rows:
        row = {name: "" if value is None else value for name, value in row.items()}
        value = None if row["value"] == "" else row["value"]
        places = [i for i, key in enumerate(order[row["kind"]]) if key == row["key"]]
        where = (row["group"], row["school"], row["schools"], row["status"], row["measure"])
        number = next(i for i in places if (row["kind"], i, row["key"], *where) not in found)
        if len(places) > 1:  # two meanings of a key are of different groups
            entries = document["items" if row["kind"] == "item" else "constructs"]
            number = next(i for i in places if any(c["group"] == row["group"] for c in entries[i]["cells"]))
        found[row["kind"], number, row["key"], *where] = value
    return found


def read_csv(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    content = to_csv(document)
    assert content.startswith(BOM.encode())
    rows: list[dict[str, Any]] = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    return [row | {"value": float(row["value"]) if row["value"] else None} for row in rows]


def read_parquet(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    return pl.read_parquet(io.BytesIO(columnar.parquet(document))).to_dicts()


def read_arrow(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    return pl.read_ipc(io.BytesIO(columnar.arrow(document))).to_dicts()


@settings(max_examples=25)
@given(documents())
@pytest.mark.parametrize("read", [read_csv, read_parquet, read_arrow])
def test_long_tables_have_the_numbers_of_the_document(
    read: Callable[[Mapping[str, Any]], list[dict[str, Any]]], document: dict[str, Any]
) -> None:
    rows = read(document)
    assert same(from_rows(document, rows), expected(document))
    assert len(rows) == len(expected(document))


# ------------------------------------------------------------------ XLSX
def sheets(document: Mapping[str, Any]) -> dict[str, list[list[Any]]]:
    book = openpyxl.load_workbook(io.BytesIO(workbook(document)))
    return {sheet.title: [[cell.value for cell in row] for row in sheet.iter_rows()] for sheet in book}


def numbers(rows: list[list[Any]]) -> set[float]:
    return {value for row in rows for value in row if isinstance(value, (int, float))}


@settings(max_examples=25)
@given(documents())
@pytest.mark.parametrize(("sheet", "kind"), [("Items", "item"), ("Constructs", "construct"), ("Participation", None)])
def test_sheets_of_figures_have_the_numbers_of_the_document(
    sheet: str, kind: str | None, document: dict[str, Any]
) -> None:
    paths = {measure.heading: measure.path for measure in tidy.MEASURES}
    entries = document[sheet.lower()] if kind else [{"cells": document["participation"]}]
    cells = [(entry, cell) for entry in entries for cell in entry["cells"]]
    heading, *rows = sheets(document)[sheet]
    rows = [row for row in rows if any(value is not None for value in row)]
    named = 5 if kind else 2
    for row, (entry, cell) in zip(rows, cells, strict=True):
        assert kind is None or row[0] == entry[kind]
        told = dict(zip(heading[named:], row[named:], strict=True))
        told.pop("Keep in mind", None)
        if cell.get("status") == "protected":
            assert set(told.values()) <= {"withheld"}
            continue
        said = {paths[name]: value for name, value in told.items() if value is not None}
        assert same(said, {".".join(path): value for path, value in leaves(cell) if path[0] != "counts"})


@settings(max_examples=25)
@given(documents())
def test_other_sheets_have_no_other_numbers(document: dict[str, Any]) -> None:
    read = sheets(document)
    counted = {value for e in document["items"] for c in e["cells"] for value in c.get("counts", {}).values()}
    scores = {o["score"] for e in document["items"] for o in e["options"] if "score" in o}
    assert counted <= numbers(read["Answers"][1:]) <= counted | scores
    assert numbers(read["Summary"]) <= {value for value in expected(document).values() if value is not None}
    assert not numbers(read["Method"])


PEOPLE = {"family": "Families", "staff": "Staff", "liaison": "Liaisons", "school_leader": "School leaders"}


@settings(max_examples=25)
@given(documents())
def test_answers_stand_under_their_schools(document: dict[str, Any]) -> None:
    heading, *rows = sheets(document)["Answers"]
    found: dict[tuple[Any, ...], Any] = {}
    for row in rows:
        told = dict(zip(heading, row, strict=True))
        for name in (*(school.capitalize() for school in SCHOOLS), "All schools", "Pooled"):
            if told.get(name) is not None:
                found[told["Item"], told["Group"], told["Answer"], told["Score"], name] = told[name]
    wanted: dict[tuple[Any, ...], Any] = {}
    for entry in document["items"]:
        labels = {option["value"]: (option["label"], option.get("score")) for option in entry["options"]}
        counting = [(cell["group"], option) for cell in entry["cells"] for option in cell.get("counts", ())]
        for cell in entry["cells"]:
            name = "Pooled" if "schools" in cell else (cell["school"] or "all schools").capitalize()
            for option in {option for group, option in counting if group == cell["group"]}:
                count = cell["counts"][option] if cell["status"] == "published" else "withheld"
                wanted[entry["item"], PEOPLE[cell["group"]], *labels.get(option, (option, None)), name] = count
    assert found == wanted


# ------------------------------------------------------------------ how they look
@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    world: World = one_item(agreeing(ash=30, birch=8), roster={"ash": 40, "birch": 9})
    return released(world.summary)


@pytest.mark.parametrize("make", [to_csv, workbook, columnar.parquet, columnar.arrow])
def test_the_same_document_gives_the_same_bytes(
    document: dict[str, Any], make: Callable[[Any], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    once = make(document)
    later = time.gmtime(2_000_000_000)
    monkeypatch.setattr("time.time", lambda: 2_000_000_000.0)
    monkeypatch.setattr("time.localtime", lambda *_: later)
    assert make(orjson.loads(orjson.dumps(document))) == once


def test_a_workbook_of_withheld_figures_says_so() -> None:
    hidden = released(one_item(agreeing(ash=3, birch=4), roster={"ash": 40, "birch": 9}).summary)
    book = openpyxl.load_workbook(io.BytesIO(workbook(hidden)))
    for sheet in ("Items", "Constructs"):
        told = [cell.value for row in book[sheet].iter_rows() for cell in row]
        assert "withheld" in told, sheet


def test_the_workbook_is_made_for_people(document: dict[str, Any]) -> None:
    book = openpyxl.load_workbook(io.BytesIO(workbook(document)))
    assert book.sheetnames == ["Summary", "Items", "Answers", "Constructs", "Participation", "Method"]
    assert book.properties.created.isoformat() == "2022-11-01T10:00:00"
    assert book["Items"].freeze_panes == "F2"
    assert book["Constructs"].auto_filter.ref.startswith("A1:")
    heading = [cell.value for cell in book["Items"][1]]
    share = book["Items"].cell(4, heading.index("Favorable") + 1)
    assert (share.data_type, share.number_format) == ("n", "0.0%")
    told = [cell.value for row in book["Summary"].iter_rows() for cell in row if cell.value]
    assert "Simulated: no person gave these answers." in told
    assert any(str(value).startswith("3 of 2022-11-01, sha256:ab") for value in told)


def test_simulated_data_says_so_and_real_data_does_not(document: dict[str, Any]) -> None:
    real = document | {"simulated": False}
    assert not any("imulated" in str(value) for rows in sheets(real).values() for row in rows for value in row)
    assert {row["simulated"] for row in read_csv(real)} == {"false"}
    assert {row["simulated"] for row in read_parquet(document)} == {True}


def test_parquet_and_arrow_name_their_release(document: dict[str, Any]) -> None:
    parquet = pq.read_schema(io.BytesIO(columnar.parquet(document)))
    arrow = pa.ipc.open_file(columnar.arrow(document)).schema
    for schema in (parquet, arrow):
        assert schema.metadata[b"digest"] == b"sha256:ab"
        assert schema.names == [column.name for column in tidy.COLUMNS]
        assert pa.types.is_dictionary(schema.field("measure").type)
    frame = pl.read_parquet(io.BytesIO(columnar.parquet(document)))
    assert frame["released_at"][0].isoformat() == "2022-11-01T10:00:00.123456+00:00"


@settings(max_examples=25)
@given(worlds(2))
def test_every_measure_is_explained(world: World) -> None:
    known = {measure.path for measure in tidy.MEASURES}
    for row in tidy.rows(released(world.summary)):
        measure = dict(zip((column.name for column in tidy.COLUMNS), row, strict=True))["measure"]
        assert measure is None or measure in known or measure.startswith("counts.")


def test_a_sheet_has_an_end(document: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.render.xlsx.MOST_ROWS", 3)
    with pytest.raises(TooLarge):
        workbook(document)


# ------------------------------------------------------------------ formulas
HOSTILE = (
    "=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "'=1", "''=1", "=cmd|' /C calc'!A0",
    "\uff1d1", "\uff0b1", "\uff0d1", "\uff20A", '=HYPERLINK("http://x","y")', "-", "+", "-2+3", "--2", "-1e5",
)  # fmt: skip
HARMLESS = ("-2", "-2.5", "2", "a=1", "'Tis", "it's", "", "agree", "100%", "¿Por qué?")


@pytest.mark.parametrize("text", HOSTILE)
def test_text_is_never_a_formula(text: str) -> None:
    assert harmless(text) == "'" + text
    row = next(csv.reader(io.StringIO(table(["a"], [[text, 1.5]]).decode("utf-8-sig").split("\r\n", 1)[1], newline="")))
    assert row == ["'" + text, "1.5"]


@pytest.mark.parametrize("text", HARMLESS)
def test_other_text_stays(text: str) -> None:
    assert harmless(text) == text


@given(st.text(max_size=20), st.text(max_size=20))
def test_two_texts_never_become_one(one: str, other: str) -> None:
    assert (harmless(one) == harmless(other)) == (one == other)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_words_in_a_document(document: dict[str, Any], text: str) -> None:
    for entry in document["items"]:
        entry["text"] = text
        entry["options"] = [option | {"label": text} for option in entry["options"]]
    hostile = document | {"title": text}
    for row in csv.reader(io.StringIO(to_csv(hostile).decode("utf-8-sig"), newline="")):
        assert not any(cell[:1] in "=+@\t\r\n" or (cell[:1] == "-" and not cell[1:]) for cell in row if cell)
    book = openpyxl.load_workbook(io.BytesIO(workbook(hostile)))
    kinds = {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row}
    assert kinds <= {"s", "n"}, "a cell is a formula"
