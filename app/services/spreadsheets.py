"""Spreadsheet files as tables: CSV in the usual encodings, and XLSX.

Decides what a file may be, how large, and how its cells become text. Nothing in a file is computed or followed.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from datetime import date, datetime, time
from typing import Any

import openpyxl

from app.errors import BodyTooLarge, Fault, InvalidRequest
from app.survey.tables import Table

FILE_LIMIT = 5 * 2**20
UNPACKED_LIMIT = 100 * 2**20
ROWS, COLUMNS, CELL = 20_000, 2_000, 32_767


def read_table(content: bytes) -> Table:
    """Read a CSV or XLSX file.

    Raises
    ------
    BodyTooLarge : over 5 MiB, or over 100 MiB when unpacked.
    InvalidRequest : no such file, damaged, empty, or with too many rows or columns.
    """
    if len(content) > FILE_LIMIT:
        raise BodyTooLarge(f"A file has at most {FILE_LIMIT // 2**20} MiB; divide it.")
    if content[:4] == b"PK\x03\x04":
        table = _xlsx(content)
    elif content[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        raise _bad("old_excel", "This is an old Excel file, or one with a password. Save it as XLSX or CSV.")
    else:
        table = _csv(content)
    if not any(cell.strip() for row in table.rows for cell in row):
        raise _bad("empty_file", "The file has no cells with anything in them.")
    return table


def _bad(code: str, detail: str) -> InvalidRequest:
    return InvalidRequest("The file cannot be read.", faults=[Fault("/file", code, detail)])


def _check_size(rows: int, columns: int) -> None:
    if rows > ROWS:
        raise _bad("too_many_rows", f"At most {ROWS} rows are taken at a time; divide the file.")
    if columns > COLUMNS:
        raise _bad("too_many_columns", f"At most {COLUMNS} columns are taken.")


# ------------------------------------------------------------------ CSV
def _csv(content: bytes) -> Table:
    text = _decode(content)
    if "\x00" in text:
        raise _bad("no_table", "This is neither CSV nor XLSX.")
    lines = io.StringIO(text, newline="")
    rows: list[list[str]] = []
    try:
        for row in csv.reader(lines, delimiter=_delimiter(text), strict=False):
            rows.append(row)
            _check_size(len(rows), len(row))
    except csv.Error as error:
        raise _bad("no_table", f"Row {len(rows) + 1} is not CSV: {error}.") from None
    return Table(rows)


def _decode(content: bytes) -> str:
    """Decode by the byte order mark, else as UTF-8, else as Windows' Western encoding."""
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if content.startswith(mark):
            try:
                return content.decode(encoding)
            except UnicodeDecodeError:
                raise _bad("encoding", f"The file says that it is {encoding[:6].upper()}, but it is not.") from None
    for encoding in ("utf-8", "cp1252"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise _bad("encoding", "The file is neither UTF-8, UTF-16 nor Windows-1252; save it as “CSV UTF-8”.")


def _delimiter(text: str) -> str:
    """Give the separator of which the header line has most outside of quotation marks."""
    head = re.sub(r'"[^"]*"', "", text[:200_000]).lstrip("\r\n").split("\n", 1)[0]
    return max(",;\t", key=head.count)


# ------------------------------------------------------------------ XLSX
def _xlsx(content: bytes) -> Table:
    try:
        _check_unpacked(content)
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=False, keep_links=False)
        try:
            sheet: Any = next((s for s in book.worksheets if s.sheet_state == "visible"), None)
            if sheet is None:
                raise _bad("no_table", "The workbook has no sheet to read.")
            sheet.reset_dimensions()  # what a file says of its size is not to be relied on
            return _cells(sheet)
        finally:
            book.close()
    except (InvalidRequest, BodyTooLarge):
        raise
    except Exception as error:  # a damaged workbook fails in openpyxl in any way there is
        raise _bad("damaged", f"The file is no sound XLSX workbook ({type(error).__name__}).") from None


def _check_unpacked(content: bytes) -> None:
    """Unpack every part without keeping it, up to the limit: what the archive says of their sizes may be wrong."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        size = 0
        for part in archive.infolist():
            with archive.open(part) as stream:
                while chunk := stream.read(1 << 20):
                    size += len(chunk)
                    if size > UNPACKED_LIMIT:
                        raise BodyTooLarge(f"Unpacked, a file has at most {UNPACKED_LIMIT // 2**20} MiB.")


def _cells(sheet: Any) -> Table:
    rows: list[list[str]] = []
    formulas: set[tuple[int, int]] = set()
    empty = 0
    for number, row in enumerate(sheet.iter_rows()):
        cells = [_text(cell.value) for cell in row]
        while cells and not cells[-1]:
            cells.pop()
        if not cells:
            empty += 1  # blank rows count only when something follows: a stray format may reach down a million rows
            if number > 50 * ROWS:
                break
            continue
        rows += [[]] * empty
        empty = 0
        _check_size(len(rows) + 1, len(cells))
        formulas |= {(number, column) for column, cell in enumerate(row) if cell.data_type == "f"}
        rows.append(cells)
    return Table(rows, frozenset(formulas))


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time.min else value.isoformat(" ", "seconds")
    if isinstance(value, (date, time)):
        return value.isoformat()
    return str(value)[:CELL]
