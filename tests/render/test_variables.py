"""The columns of raw exports on any instruments: nothing is lost, no two things look alike, SPSS takes the names."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pyreadstat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.render import columnar, delimited, sav
from app.render.dictionary import as_csv, as_xlsx, dictionary
from app.render.tidy import Field
from app.render.variables import ABOUT, Variable, as_text, as_values, reader, variables
from app.survey.codebook import Codebook
from app.survey.instrument import parse
from tests import factories
from tests.survey.strategies import answers, definitions

GROUPS = ("family", "staff")


@st.composite
def fielded(draw: st.DrawFn) -> tuple[dict[str, Codebook], list[tuple[str, Any]]]:
    """Codebooks of two groups, and stored responses of both."""
    raw = {group: draw(definitions()) | {"group": group} for group in GROUPS}
    books = {group: Codebook(parse(definition)) for group, definition in raw.items()}
    given = [(group, draw(answers(raw[group]))) for group in draw(st.lists(st.sampled_from(GROUPS), max_size=4))]
    return books, [(group, books[group].encode(said)) for group, said in given]


def answered(books: dict[str, Codebook], group: str, coded: Any) -> dict[str, Any]:
    return books[group].decode(coded.record, json.loads(json.dumps(coded.open_answers)))


def by_item(of: list[Variable], group: str, cells: list[Any]) -> dict[str, Any]:
    """Answers again from the cells of columns."""
    found: dict[str, Any] = {}
    for variable, cell in zip(of, cells, strict=True):
        if group not in variable.positions or cell is None:
            assert cell is None
        elif variable.option is not None:
            found.setdefault(variable.item, [])
            found[variable.item] += [variable.option] * cell
        else:
            found[variable.item] = cell
    return found


@settings(max_examples=60)
@given(fielded())
def test_cells_are_the_answers(world: tuple[dict[str, Codebook], list[tuple[str, Any]]]) -> None:
    books, people = world
    of = variables(books)
    assert len({variable.name for variable in of}) == len(of)
    for group, coded in people:
        cells = reader(of, group, as_values)(coded.record, coded.open_answers)
        assert by_item(of, group, cells) == answered(books, group, coded)


@settings(max_examples=60)
@given(fielded())
def test_text_cells_tell_every_code_apart(world: tuple[dict[str, Codebook], list[tuple[str, Any]]]) -> None:
    books, people = world
    of = variables(books)
    for variable in of:
        if variable.codes:
            written = delimited.lines([[cell] for cell in as_text(variable).values()]).split("\r\n")[:-1]
            assert len(set(written)) == len(variable.codes) + 2
    for group, coded in people:
        row = reader(of, group, as_text)(coded.record, coded.open_answers)
        (read,) = csv.reader(io.StringIO(delimited.lines([row]), newline=""))
        for variable, cell in zip(of, read, strict=True):
            position = variable.positions.get(group)
            code = None if position is None else coded.record[position]
            assert (cell == ".") == (code == ".")
            assert (cell == "-") == (code == "-")


@settings(max_examples=60)
@given(fielded())
def test_spss_takes_it_and_gives_it_back(
    tmp_path_factory: pytest.TempPathFactory, world: tuple[dict[str, Codebook], list[tuple[str, Any]]]
) -> None:
    books, people = world
    of = variables(books)
    columns = sav.columns((Field("id", "text", "Id"),), of)
    coded = dict(zip((variable.name for variable in of), columns[1:], strict=True))
    for column in columns:
        assert len(set(column.codes.values())) == len(column.codes), "two codes have one number"
        if column.missing is not None:
            low, high = column.missing
            variable = of[columns.index(column) - 1]
            inside = {code for code, number in column.codes.items() if low <= number <= high}
            assert inside == {".", "-", *variable.not_applicable}
    rows = []
    for number, (group, stored) in enumerate(people):
        read = reader(of, group, lambda variable: coded[variable.name].codes)
        rows.append([str(number), *read(stored.record, stored.open_answers)])
    path = tmp_path_factory.mktemp("sav") / "x.sav"
    about = sav.described(columns, "ñ" * 99, "w " * 99)
    pyreadstat.write_sav(sav.frame(columns, rows), path, row_compress=True, **about)
    frame, _ = pyreadstat.read_sav(path, user_missing=True)
    assert frame.columns.tolist() == [column.name for column in columns]
    for row, known in zip(frame.to_dict("records"), rows, strict=True):
        for column, cell in zip(columns, known, strict=True):
            got = row[column.name]
            if cell is None:
                assert got != got or got in ("", None)
            elif column.holds == "day":
                assert got.isoformat() == cell
            elif column.holds == "text":
                assert got == cell.rstrip(" ")
            else:
                assert got == cell


@settings(max_examples=60)
@given(fielded())
def test_parquet_takes_it(world: tuple[dict[str, Codebook], list[tuple[str, Any]]]) -> None:
    books, people = world
    of = variables(books)
    schema = columnar.responses_schema((), of, "w", "notice")
    rows = [reader(of, group, as_values)(coded.record, coded.open_answers) for group, coded in people]
    if rows:
        days = {variable.name for variable in of if variable.holds == "day"}
        for row, known in zip(columnar.responses_table(schema, rows).to_pylist(), rows, strict=True):
            for (name, value), cell in zip(row.items(), known, strict=True):
                assert (value.isoformat() if name in days and value else value) == cell


@settings(max_examples=60)
@given(fielded())
def test_the_dictionary_of_any_instruments(world: tuple[dict[str, Codebook], list[tuple[str, Any]]]) -> None:
    books, _ = world
    of = variables(books)
    named = {group: (f"{group}@1", book) for group, book in books.items()}
    document = dictionary({"wave": "w", "title": "W", "simulated": False}, named, of, sav.columns((), of))
    json.dumps(document)
    rows = list(csv.DictReader(io.StringIO(as_csv(document).decode("utf-8-sig"), newline="")))
    assert {(row["group"], row["item"]) for row in rows} == {
        (g, item) for g in books for item in books[g].instrument.by_key
    }
    assert all(row["column"] and row["sav"] for row in rows)
    assert as_xlsx(document, "2022-10-03T00:00:00-04:00") == as_xlsx(document, "2022-10-03T04:00:00Z")


# ------------------------------------------------------------------ names
def test_the_same_key_with_another_meaning_is_another_column() -> None:
    one = factories.definition("family", [factories.rating("informed")])
    other = factories.definition("staff", [{"key": "informed", "kind": "text", "text": factories.en("Say")}])
    third = factories.definition("liaison", [factories.rating("informed", reverse=True, text=factories.en("No?"))])
    found = variables({d["group"]: Codebook(parse(d)) for d in (one, other, third)})
    assert [(v.name, v.holds, list(v.positions)) for v in found] == [
        ("informed", "choice", ["family", "liaison"]),
        ("informed@staff", "text", ["staff"]),
    ]


def test_an_item_is_not_called_like_what_is_said_of_a_response() -> None:
    d = factories.definition("family", [factories.rating("id"), factories.rating("school")])
    of = variables({"family": Codebook(parse(d))})
    assert [v.name for v in of] == ["id@family", "school@family"]
    names = [column.name for column in sav.columns(ABOUT, of)]
    assert names[-2:] == ["id_family", "school_family"]


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("by", "q_by"), ("0", "q_0"), ("a-b", "a_b"), ("a_b_", "a_b"), ("a" * 64, "a" * 56), ("informed", "informed"),
        ("9-", "q_9"),
    ],
)  # fmt: skip
def test_names_for_spss(key: str, name: str) -> None:
    d = factories.definition("family", [factories.rating(key)])
    (column,) = sav.columns((), variables({"family": Codebook(parse(d))}))
    assert column.name == name


def test_words_are_cut_for_spss_at_a_whole_character() -> None:
    column = sav.SavColumn("words", "Words", "text", {}, {})
    (cut,) = sav.frame([column], [["é" * 20_000]])["words"]
    assert cut == "é" * 16_383
