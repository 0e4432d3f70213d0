"""XLSX workbooks: sheets with headings, filters and real numbers, the same bytes for the same content.

Decides how every workbook looks and how its cells are written. What stands in them it does not know.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from dateutil import tz
from dateutil.parser import isoparse
from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_ROWS, MOST_COLUMNS = 1_048_576, 16_384
WITHHELD = "withheld"
_INK = "#1f3a4d"


class TooLarge(Exception):
    """More rows or columns than a sheet can have."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a sheet: heading, width in characters, and how its cells are written."""

    heading: str
    width: float
    style: str = "text"


Line = Sequence[Any]


class _Exact(float):
    """A number that is written so that it reads back the same; XlsxWriter would cut it to 16 digits."""

    def __format__(self, spec: str) -> str:
        return float.__repr__(self)


class Book:
    """A workbook while it is drawn.

    Parameters
    ----------
    title : of the whole.
    made : the time that the file says it was made, RFC 3339; never the time now, or no two would be the same.
    """

    def __init__(self, title: str, made: str) -> None:
        self._out = BytesIO()
        self._book = Workbook(self._out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
        created = isoparse(made).astimezone(tz.UTC).replace(tzinfo=None)
        self._book.set_properties({"title": title, "created": created, "author": "Soundings"})
        make = self._book.add_format
        top = {"valign": "top"}
        heading = {"bold": True, "font_color": "white", "bg_color": _INK, "text_wrap": True, "valign": "vcenter"}
        self.formats: dict[str, Format] = {
            "text": make(top),
            "words": make(top | {"text_wrap": True}),
            "people": make(top | {"num_format": "#,##0"}),
            "share": make(top | {"num_format": "0.0%"}),
            "figure": make(top | {"num_format": "0.00"}),
            WITHHELD: make(top | {"font_color": "#767676", "italic": True, "align": "right"}),
            "heading": make(heading),
            "number": make(heading | {"align": "right"}),
            "title": make({"bold": True, "font_size": 18, "font_color": _INK}),
            "part": make({"bold": True, "font_size": 13, "font_color": _INK}),
            "name": make(top | {"font_color": "#5b6b75"}),
            "notice": make({"bold": True, "font_color": "#7a3b00", "bg_color": "#fdf0dc", "text_wrap": True} | top),
        }

    def sheet(self, name: str) -> Worksheet:
        """Add a sheet; on paper it is as wide as a page."""
        sheet = self._book.add_worksheet(name)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        sheet.set_footer("&L&A&R&P / &N")
        return sheet

    def closed(self) -> bytes:
        self._book.close()
        return self._out.getvalue()

    def heading(self, sheet: Worksheet, row: int, at: int, column: Column) -> None:
        style = "heading" if column.style in ("text", "words") else "number"
        sheet.write_string(row, at, column.heading, self.formats[style])

    def number(self, sheet: Worksheet, row: int, at: int, value: float, style: str) -> None:
        sheet.write_number(row, at, _Exact(value), self.formats[style])

    def table(self, name: str, columns: Sequence[Column], lines: Iterable[Line], *, named: int) -> None:
        """Add a sheet that is one table, with filters; headings and the first `named` columns do not scroll away.

        A cell is text, a number, or None for nothing. Raises TooLarge.
        """
        sheet = self.sheet(name)
        if len(columns) > MOST_COLUMNS:
            raise TooLarge
        for at, column in enumerate(columns):
            sheet.set_column(at, at, column.width)
            self.heading(sheet, 0, at, column)
        sheet.set_row(0, 46)
        sheet.repeat_rows(0)
        sheet.freeze_panes(1, named)
        sheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})  # such as the answer "3"
        styles = [self.formats[column.style] for column in columns]
        withheld, row = self.formats[WITHHELD], 0
        for row, line in enumerate(lines, 1):
            if row >= MOST_ROWS:
                raise TooLarge
            for at, value in enumerate(line):
                if type(value) is str:
                    sheet.write_string(row, at, value, withheld if value is WITHHELD else styles[at])
                elif value is not None:
                    sheet.write_number(row, at, _Exact(value) if type(value) is float else value, styles[at])
        sheet.autofilter(0, 0, max(row, 1), len(columns) - 1)
