"""A table of answers as another survey tool exports it: its cells, its header rows, what its columns are called.

Decides which tool made a table and what each column is called in it. Knows no instrument and no file format.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Tool = Literal["google_forms", "surveymonkey", "qualtrics", "limesurvey", "other"]


@dataclass(frozen=True, slots=True)
class Table:
    """The cells of a sheet as text.

    Attributes
    ----------
    rows : row 1 of the spreadsheet first; a row may be shorter than others.
    formulas : (row, column) of cells that hold a formula, both counted from 0.
    """

    rows: Sequence[Sequence[str]]
    formulas: frozenset[tuple[int, int]] = frozenset()

    @property
    def width(self) -> int:
        return max(map(len, self.rows), default=0)

    def cell(self, row: int, column: int) -> str:
        cells = self.rows[row] if row < len(self.rows) else ()
        return cells[column] if column < len(cells) else ""


@dataclass(frozen=True, slots=True)
class Heading:
    """A column's heading.

    Attributes
    ----------
    column : its letters in a spreadsheet.
    text : what a person sees first, for reports and mappings.
    names : (question, part of it) in every way the header rows can be read, the likeliest first; part None: the column
        is all there is of the question.
    """

    column: str
    text: str
    names: tuple[tuple[str, str | None], ...]


def plain(text: str) -> str:
    """Give a text as it is compared: without case, tags, kinds of quotes and spaces, and marks at its end."""
    text = unicodedata.normalize("NFKC", re.sub(r"<[^<>]{1,200}>", " ", text)).casefold()
    text = text.translate({0x2018: "'", 0x2019: "'", 0x201C: '"', 0x201D: '"', 0x2013: "-", 0x2014: "-"})
    return " ".join(text.split()).rstrip(" *:.?!")


def unnumbered(text: str) -> str:
    """Take off the number that some tools put before a question: `Q12. `, `3) `, `7: `."""
    return re.sub(r"^\s*[Qq]?\d{1,3}[a-z]?\s*[.):]\s+", "", text)


def letters(column: int) -> str:
    """Name a column, counted from 0, as spreadsheets do: A, ..., Z, AA, ..."""
    name = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(ord("A") + rest) + name
    return name


def place(name: str) -> int:
    """Give the column of a name, counted from 0: the inverse of `letters`."""
    number = 0
    for letter in name:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


# ------------------------------------------------------------------ which tool
def tool_of(table: Table) -> tuple[Tool, int]:
    """Tell which tool made a table, by its header rows, and how many of these there are."""
    first = [plain(cell) for cell in (table.rows[0] if table.rows else ())]
    for row in (1, 2):
        cells = table.rows[row] if len(table.rows) > row else ()
        if any(re.match(r'\s*\{\s*"ImportId"\s*:', cell) for cell in cells):
            return "qualtrics", row + 1
    if {"respondent id", "collector id"} & set(first):
        return "surveymonkey", 2
    if {"submitdate", "startlanguage", "lastpage", "date submitted", "start language", "last page"} & set(first):
        return "limesurvey", 1
    if {"startdate", "recordeddate", "responseid"} <= set(first):
        return "qualtrics", 2  # an older export, without the row of ids
    if first[:1] in (["timestamp"], ["marca temporal"]):
        return "google_forms", 1
    second = [plain(cell) for cell in (table.rows[1] if len(table.rows) > 1 else ())]
    if {"response", "open-ended response"} & set(second):
        return "surveymonkey", 2
    return "other", 1


# ------------------------------------------------------------------ what the columns are called
WHOLE = frozenset(
    (
        "response",
        "open-ended response",
        "selected choice",
        "date / time",
        "respuesta",
        "respuesta abierta",
        "fecha / hora",
    )
)
"""Parts of a heading that mean the question itself."""


def headings(table: Table, tool: Tool, header_rows: int) -> list[Heading]:
    """Read the header rows of a table, one heading a column."""
    found = []
    carried = ""
    for column in range(table.width):
        cells = [table.cell(row, column).strip() for row in range(header_rows)]
        names: list[tuple[str, str | None]] = []
        if tool == "surveymonkey" and header_rows == 2:
            carried = cells[0] or carried  # a question stands over the first of its columns only
            names = [(carried, cells[1] or None)]
            text = f"{carried} - {cells[1]}" if cells[1] else carried
        else:
            ordered = cells[1:2] + cells[:1]  # words before codes: two tools may call two questions Q1
            text = next((cell for cell in ordered if cell), "")
            for cell in ordered:
                if cell and not cell.startswith("{"):
                    names += [(cell, None), *_divided(cell)]
        names = [(unnumbered(q), None if part is None or plain(part) in WHOLE else part) for q, part in names]
        found.append(Heading(letters(column), text, tuple(dict.fromkeys(names))))
    return found


def _divided(text: str) -> list[tuple[str, str]]:
    """Divide `Question [part]`, `code[part]` and `Question - part` in every place where it can be."""
    found = []
    if bracketed := re.fullmatch(r"(.*?)\s*\[([^\[\]]*)\]\s*", text, re.DOTALL):
        found.append((bracketed[1], bracketed[2]))
    found += [(text[: m.start()], text[m.end() :]) for m in re.finditer(r"\s+[-–]\s+", text)]
    if coded := re.match(r"([\w\[\]]+)\.\s+", text):  # LimeSurvey's "code. text"
        found += [(text[coded.end() :], ""), (coded[1], "")]
        found += _divided(text[coded.end() :]) + _divided(coded[1])
    return found
