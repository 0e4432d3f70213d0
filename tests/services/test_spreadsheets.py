"""Files as tables: encodings, separators, workbooks, and files that are none or are meant to harm."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime

import pytest

from app.errors import BodyTooLarge, InvalidRequest
from app.services import spreadsheets
from app.services.spreadsheets import read_table
from tests.survey.exports import as_csv, as_xlsx

AFTERNOON = datetime(2022, 10, 3, 14, 5)  # noqa: DTZ001 - a spreadsheet knows no time zones
ROWS = [["Question?", "¿Qué pregunta?"], ["sí, “así”", "línea 1\nlínea 2"], ["", 'She said "no"']]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_encodings_and_separators(encoding: str, delimiter: str) -> None:
    assert read_table(as_csv(ROWS, encoding, delimiter)).rows == ROWS


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_and_blank_lines_are_counted_as_spreadsheets_count(end: str) -> None:
    table = read_table(end.join(["a,b", "", "1,2", "", ""]).encode())
    assert table.rows[:3] == [["a", "b"], [], ["1", "2"]]


def test_a_separator_inside_of_quotation_marks_is_none() -> None:
    assert read_table(b'"a;b;c;d",x\n1,2\n').rows == [["a;b;c;d", "x"], ["1", "2"]]


def test_a_workbook() -> None:
    rows = [
        ["text", 3, 3.0, 2.5, True, False, date(2022, 10, 3), AFTERNOON, None, "N/A"],
        [],
        ["=1"],
    ]
    table = read_table(as_xlsx(rows))
    assert table.rows[0] == ["text", "3", "3", "2.5", "TRUE", "FALSE", "2022-10-03", "2022-10-03 14:05:00", "", "N/A"]
    assert table.rows[1:] == [[], ["=1"]]
    assert table.formulas == {(2, 0)}


def test_of_a_csv_nothing_is_a_formula() -> None:
    table = read_table(b"a\n=1+1\n@x\n")
    assert (table.rows, table.formulas) == ([["a"], ["=1+1"], ["@x"]], frozenset())


# ------------------------------------------------------------------ what is refused
def refused(content: bytes) -> str:
    with pytest.raises(InvalidRequest) as problem:
        read_table(content)
    (fault,) = problem.value.faults
    assert fault.pointer == "/file"
    return fault.code


def packed(*parts: tuple[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts:
            archive.writestr(name, content)
    return out.getvalue()


def replaced(name: str, content: bytes) -> bytes:
    """A workbook of which one part is another."""
    with zipfile.ZipFile(io.BytesIO(as_xlsx([["a"]]))) as archive:
        return packed(*((n, content if n == name else archive.read(n)) for n in archive.namelist()))


SHEET = "xl/worksheets/sheet1.xml"
MAIN = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty_file"),
        (b"\xef\xbb\xbf\r\n,,\r\n", "empty_file"),
        (as_xlsx([[]]), "empty_file"),
        (b"\x00\x01\x02", "no_table"),
        (b"%PDF-1.7\x00", "no_table"),
        (b"\xff\xfea", "encoding"),
        (b"\xef\xbb\xbf\xff", "encoding"),
        (b"a,b\n\x81\x8d\xff", "encoding"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 old", "old_excel"),
        (b"PK\x03\x04 torn", "damaged"),
        (packed(("readme.txt", b"no workbook")), "damaged"),
        (as_xlsx([["a"]])[:-200], "damaged"),
        (replaced(SHEET, b"<worksheet"), "damaged"),
        (
            replaced(SHEET, b"<!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><worksheet>&a;</worksheet>"),
            "damaged",
        ),
    ],
    ids=range(14),
)
def test_what_is_no_table(content: bytes, code: str) -> None:
    assert refused(content) == code


def test_rows_and_columns_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spreadsheets, "ROWS", 10)
    monkeypatch.setattr(spreadsheets, "COLUMNS", 5)
    for write in (as_csv, as_xlsx):
        assert read_table(write([["a"]] * 10)).width == 1
        assert refused(write([["a"]] * 11)) == "too_many_rows"
        assert read_table(write([["a"] * 5])).width == 5
        assert refused(write([["a"] * 6])) == "too_many_columns"


def test_a_hundred_thousand_rows_are_too_many() -> None:
    assert refused(b"a,b\n" * 100_000) == "too_many_rows"


def test_a_file_has_five_mebibytes() -> None:
    with pytest.raises(BodyTooLarge):
        read_table(b"a" * (spreadsheets.FILE_LIMIT + 1))


def test_a_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spreadsheets, "UNPACKED_LIMIT", 2**20)
    with pytest.raises(BodyTooLarge):
        read_table(replaced(SHEET, b" " * (2**20 + 1)))


def test_entities_do_not_multiply() -> None:
    lol = b"".join(b'<!ENTITY a%d "%s">' % (i, b"&a%d;" % (i - 1) * 10) for i in range(1, 10))
    bomb = (
        b'<!DOCTYPE x [<!ENTITY a0 "ha">' + lol + b"]><worksheet " + MAIN + b"><sheetData><row><c t='inlineStr'><is><t>"
    )
    assert refused(replaced(SHEET, bomb + b"&a9;</t></is></c></row></sheetData></worksheet>")) == "damaged"


def test_what_a_sheet_says_of_its_size_is_not_believed() -> None:
    cells = b"<row r='1'><c r='A1' t='inlineStr'><is><t>q</t></is></c></row>"
    far = b"<row r='1048576'><c r='XFD1048576' s='0'/></row>"
    sheet = (
        b"<worksheet "
        + MAIN
        + b"><dimension ref='A1:XFD1048576'/><sheetData>"
        + cells
        + far
        + b"</sheetData></worksheet>"
    )
    assert read_table(replaced(SHEET, sheet)).rows == [["q"]]
