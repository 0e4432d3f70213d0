"""A summary as an XLSX workbook for people: who answered, items, answers, constructs, and how to read it.

Decides what stands on which sheet and how it looks. Figures are real numbers, as long as they are in the document;
what is withheld says so in words.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from dateutil import tz
from dateutil.parser import isoparse
from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from app.analysis.words import first_up, people, place
from app.render.tidy import COUNTS, MEASURES, Measure, figures, options_of

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_ROWS, MOST_COLUMNS = 1_048_576, 16_384
WITHHELD = "withheld"
READERS = {"director": "the director", "principal": "principals", "public": "the public"}
WARNINGS = {
    "few_people": "fewer than 30 people",
    "low_reliability": "the items hang together weakly",
    "low_response": "fewer than half answered",
    "many_not_applicable": "not applicable to more than a third",
    "roster_exceeded": "more answered than are on the roster",
}
_BY_PATH = {measure.path: measure for measure in MEASURES}
_INK, _PALE, _LINE = "#1f3a4d", "#eaf1f5", "#c9d6de"


class TooLarge(Exception):
    """More rows or columns than a sheet can have."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a sheet: heading, width in characters, and how its numbers are written."""

    heading: str
    width: float
    style: str = "text"


Line = Sequence[Any]


class _Exact(float):
    """A number that is written so that it reads back the same; XlsxWriter would cut it to 16 digits."""

    def __format__(self, spec: str) -> str:
        return float.__repr__(self)


def workbook(document: Mapping[str, Any]) -> bytes:
    """Draw a summary, or a slice of one.

    Parameters
    ----------
    document : the document, with its `release`.

    Returns
    -------
    The same bytes for the same document.

    Raises
    ------
    TooLarge : for more figures than a sheet has room for.
    """
    return Book(document).drawn()


class Book:
    """A workbook while it is drawn."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document = document
        self.out = BytesIO()
        self.book = Workbook(self.out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
        released = isoparse(document["release"]["released_at"]).astimezone(tz.UTC).replace(tzinfo=None)
        self.book.set_properties({"title": document["title"], "created": released, "author": "Soundings"})
        made = self.book.add_format
        top = {"valign": "top"}
        heading = {"bold": True, "font_color": "white", "bg_color": _INK, "text_wrap": True, "valign": "vcenter"}
        self.formats: dict[str, Format] = {
            "text": made(top),
            "words": made(top | {"text_wrap": True}),
            "people": made(top | {"num_format": "#,##0"}),
            "share": made(top | {"num_format": "0%"}),
            "figure": made(top | {"num_format": "0.00"}),
            WITHHELD: made(top | {"font_color": "#767676", "italic": True, "align": "right"}),
            "heading": made(heading),
            "number": made(heading | {"align": "right"}),
            "title": made({"bold": True, "font_size": 18, "font_color": _INK}),
            "part": made({"bold": True, "font_size": 13, "font_color": _INK}),
            "name": made(top | {"font_color": "#5b6b75"}),
            "notice": made({"bold": True, "font_color": "#7a3b00", "bg_color": "#fdf0dc", "text_wrap": True} | top),
        }

    def drawn(self) -> bytes:
        document = self.document
        sheets = {name: self.book.add_worksheet(name) for name in _SHEETS}
        self._summary(sheets["Summary"])
        named = (Column("Item", 24), Column("Question", 60), Column("Construct", 18))
        told = [((entry["item"], entry["text"], entry["construct"]), entry["cells"]) for entry in document["items"]]
        self._cells(sheets["Items"], named, told)
        self._answers(sheets["Answers"])
        named = (Column("Construct", 22), Column("Title", 40), Column("Setting", 12))
        told = [((e["construct"], e["title"], e["setting"]), e["cells"]) for e in document["constructs"]]
        self._cells(sheets["Constructs"], named, told)
        self._cells(sheets["Participation"], (), [((), document["participation"])])
        self._method(sheets["Method"])
        self.book.close()
        return self.out.getvalue()

    # ------------------------------------------------------------ tables
    def _table(self, sheet: Worksheet, columns: Sequence[Column], lines: Iterable[Line]) -> None:
        """Write a table with headings and filters."""
        if len(columns) > MOST_COLUMNS:
            raise TooLarge
        for at, column in enumerate(columns):
            sheet.set_column(at, at, column.width)
            sheet.write_string(0, at, column.heading, self.formats[_heading(column.style)])
        sheet.set_row(0, 46)
        sheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})  # such as the answer "3"
        _printed(sheet)
        sheet.repeat_rows(0)
        styles = [self.formats[column.style] for column in columns]
        withheld, row = self.formats[WITHHELD], 0
        for row, line in enumerate(lines, 1):
            if row >= MOST_ROWS:
                raise TooLarge
            for at, value in enumerate(line):
                if type(value) is str:
                    sheet.write_string(row, at, value, withheld if value is WITHHELD else styles[at])
                elif value is not None:
                    sheet.write_number(row, at, _Exact(value), styles[at])
        sheet.autofilter(0, 0, max(row, 1), len(columns) - 1)

    def _cells(self, sheet: Worksheet, named: Sequence[Column], told: Sequence[tuple[Line, Any]]) -> None:
        """Write a sheet with a row for each cell and a column for each measure that some cell has."""
        measures = _measures(cell for _, cells in told for cell in cells)
        warned = any("warnings" in cell for _, cells in told for cell in cells)
        columns = [*named, Column("Group", 16), Column("School", 26)]
        columns += [Column(measure.heading, 11, measure.style) for measure in measures]
        columns += [Column("Keep in mind", 44)] * warned
        paths = [measure.path for measure in measures]

        def lines() -> Iterator[Line]:
            for names, cells in told:
                for cell in cells:
                    where = (*names, *_where(cell))
                    if _hidden(cell):
                        yield (*where, *[WITHHELD] * len(paths))
                    else:
                        values = dict(figures(cell))
                        warnings = "; ".join(WARNINGS.get(name, name) for name in cell.get("warnings", ()))
                        yield (*where, *map(values.get, paths), warnings or None)

        self._table(sheet, columns, lines())
        sheet.freeze_panes(1, len(named) + 2)

    def _answers(self, sheet: Worksheet) -> None:
        """Write who chose which option: a row for each option, a column for each school, the union and the pool."""
        entries = [(e, _by_group(e["cells"])) for e in self.document["items"]]
        of = [c for _, groups in entries for cells in groups.values() for c in cells if COUNTS in c or _hidden(c)]
        schools = list(dict.fromkeys(c["school"] for c in of if c["school"] is not None))
        pooled = any("schools" in c for c in of)
        columns = [Column("Item", 24), Column("Question", 60), Column("Group", 16), Column("Answer", 26)]
        columns += [Column("Score", 8, "people"), Column("All schools", 11, "people")]
        columns += [Column("Pooled", 11, "people"), Column("Pooled schools", 26)] * pooled
        columns += [Column(place(school, None), 11, "people") for school in schools]

        def lines() -> Iterator[Line]:
            for entry, groups in entries:
                for group, cells in groups.items():
                    if not any(COUNTS in cell for cell in cells):
                        continue  # nothing of it, or ranges, which have no counts
                    at = {c["school"]: c for c in cells if "schools" not in c}
                    pool: Mapping[str, Any] = next((c for c in cells if "schools" in c), {})
                    for value, label, score in options_of(entry, cells):
                        first = (entry["item"], entry["text"], first_up(people(group)), label)
                        together = (_count(pool, value), place(None, pool["schools"]) if pool else None)
                        single = (_count(at.get(school), value) for school in schools)
                        yield (*first, score, _count(at.get(None), value), *(together if pooled else ()), *single)

        self._table(sheet, columns, lines())
        sheet.freeze_panes(1, 4)

    # ------------------------------------------------------------ words
    def _summary(self, sheet: Worksheet) -> None:
        document, release = self.document, self.document["release"]
        sheet.hide_gridlines(2)
        _printed(sheet)
        sheet.write_string(0, 0, document["title"], self.formats["title"])
        sheet.set_row(0, 28)
        row = 1
        if document["simulated"]:
            sheet.merge_range(row, 0, row, 7, SIMULATED, self.formats["notice"])
            row += 1
        when = str(release["released_at"])[:10]
        for name, said in (
            ("Wave", document["wave"]),
            ("For", READERS.get(document["audience"], document["audience"])),
            ("Release", f"{release['number']} of {when}, {release['digest']}"),
            ("Withheld", "Figures that would tell of too few people. They are not 0, and do not follow from others."),
        ):
            sheet.write_string(row, 0, name, self.formats["name"])
            sheet.write_string(row, 1, said)
            row += 1
        asked = {cell["school"] for cell in _every(document)} - {None}
        one = asked.pop() if len(asked) == 1 else None  # of a slice of one school, that school too

        def short(cells: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
            return [cell for cell in cells if cell["school"] in (None, one) and "schools" not in cell]

        counted = [(_where(cell), cell) for cell in short(document["participation"])]
        row = self._short(sheet, row + 1, "Who answered", ("Group", "School"), counted)
        measured = [((e["title"], *_where(cell)), cell) for e in document["constructs"] for cell in short(e["cells"])]
        self._short(sheet, row + 1, "Constructs", ("Construct", "Group", "School"), measured)
        for at, width in enumerate((44, 18, 18)):
            sheet.set_column(at, at, width)
        sheet.set_column(3, 10, 12)

    def _short(
        self, sheet: Worksheet, row: int, title: str, named: Sequence[str], told: Sequence[tuple[Line, Any]]
    ) -> int:
        """Write a small table without filters: of every cell what matters most. The row after it."""
        measures = [measure for measure in _measures(cell for _, cell in told) if measure.path in _SHORT]
        if not told:
            return row
        sheet.write_string(row, 0, title, self.formats["part"])
        row += 1
        for at, heading in enumerate(named):
            sheet.write_string(row, at, heading, self.formats["heading"])
        for at, measure in enumerate(measures, len(named)):
            sheet.write_string(row, at, measure.heading, self.formats["number"])
            if measure.path in ("favorable.share", "rate"):
                sheet.conditional_format(row + 1, at, row + len(told), at, _BAR)
        for names, cell in told:
            row += 1
            values = dict(figures(cell))
            for at, name in enumerate(names):
                sheet.write_string(row, at, name, self.formats["text"])
            for at, measure in enumerate(measures, len(named)):
                if _hidden(cell):
                    sheet.write_string(row, at, WITHHELD, self.formats[WITHHELD])
                elif measure.path in values:
                    sheet.write_number(row, at, _Exact(values[measure.path]), self.formats[measure.style])
        return row + 1

    def _method(self, sheet: Worksheet) -> None:
        document = self.document
        measures = _measures(_every(document))
        lines: list[Line] = [(SIMULATED, None, None)] if document["simulated"] else []
        lines += [("How to read it", said, None) for said in NOTES]
        for group, promise in document["promise"].items():
            lines.append((f"Promise to {people(group)}", _promise(promise), None))
        for group, asked in document["instruments"].items():
            lines.append((f"Questionnaire for {people(group)}", asked["instrument"], asked["digest"]))
        lines.append(("Definitions", f"version {document['release']['definitions']}", None))
        lines += [(measure.heading, measure.meaning, measure.path) for measure in measures]
        columns = (Column("What", 34), Column("Meaning", 90, "words"), Column("In the other formats", 76))
        self._table(sheet, columns, lines)
        sheet.freeze_panes(1, 1)


# ------------------------------------------------------------------ what stands in it
_SHEETS = ("Summary", "Items", "Answers", "Constructs", "Participation", "Method")
_BAR = {
    "type": "data_bar", "bar_solid": True, "bar_color": "#b7d3e2",
    "min_type": "num", "max_type": "num", "min_value": 0, "max_value": 1,
}  # fmt: skip
_SHORT = frozenset(
    {"n", "favorable.share", "favorable.low", "favorable.high", "mean.value", "mean.low", "mean.high"}
    | {"responses", "eligible", "rate"}
)
SIMULATED = "Simulated: no person gave these answers."
NOTES = (
    "“withheld” stands for a figure that would tell of too few people. It is not 0.",
    "An empty cell is a figure that does not exist there, such as an interval of one person.",
    "Pooled schools are shown together because one of them is too small to be shown alone.",
    "Groups stand side by side. They are different populations and have no figure in common.",
    "Numbers are kept in full; the format of a cell rounds them.",
)


def _heading(style: str) -> str:
    return "heading" if style in ("text", "words") else "number"


def _printed(sheet: Worksheet) -> None:
    """On paper: across the page, as wide as one."""
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.set_footer("&L&A&R&P / &N")


def _where(cell: Mapping[str, Any]) -> tuple[str, str]:
    """Say which group a cell is of, and which school or schools."""
    if "schools" in cell:
        schools = place(None, cell["schools"]) + ", pooled"
    else:
        schools = "All schools" if cell["school"] is None else place(cell["school"], None)
    return first_up(people(cell["group"])), schools


def _every(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """All cells of a document."""
    yield from document["participation"]
    for entry in (*document["items"], *document["constructs"]):
        yield from entry["cells"]


def _measures(cells: Iterable[Mapping[str, Any]]) -> list[Measure]:
    """The measures that some of the cells have, in the order of their list; what is not in it comes last."""
    found: dict[str, None] = {}
    for cell in cells:
        found.update(dict.fromkeys(path for path, _ in figures(cell)))
    known = [measure for measure in MEASURES if measure.path in found]
    return known + [Measure(path, path, "figure", "") for path in found if path not in _BY_PATH]


def _by_group(cells: Iterable[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    found: dict[str, list[Mapping[str, Any]]] = {}
    for cell in cells:
        found.setdefault(cell["group"], []).append(cell)
    return found


def _hidden(cell: Mapping[str, Any]) -> bool:
    return bool(cell.get("status") == "protected")  # rows of participation have no other status


def _count(cell: Mapping[str, Any] | None, option: str) -> int | str | None:
    if not cell:
        return None
    return WITHHELD if _hidden(cell) else cell[COUNTS].get(option)


def _promise(promise: Mapping[str, Any]) -> str:
    if promise["mode"] == "attributed":
        return "The director sees the answers by role and school; nobody else sees any."
    return f"Confidential: no figure about fewer than {promise['minimum']} people."
