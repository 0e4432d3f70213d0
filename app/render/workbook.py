"""A summary as an XLSX workbook for people: who answered, items, answers, constructs, and how to read it.

Decides what stands on which sheet and how it looks. Figures are real numbers, as long as they are in the document;
what is withheld says so in words.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from dateutil import tz
from dateutil.parser import isoparse
from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from app.analysis.words import first_up, people, place
from app.render.tidy import COUNTS, MEASURES, Measure, figures

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
        self.formats: dict[str, Format] = {
            "text": made(top | {"text_wrap": True}),
            "people": made(top | {"num_format": "#,##0"}),
            "share": made(top | {"num_format": "0%"}),
            "figure": made(top | {"num_format": "0.00"}),
            WITHHELD: made(top | {"font_color": "#767676", "italic": True, "align": "right"}),
            "heading": made(
                {"bold": True, "font_color": "white", "bg_color": _INK, "text_wrap": True, "valign": "vcenter"}
            ),
            "title": made({"bold": True, "font_size": 18, "font_color": _INK}),
            "part": made({"bold": True, "font_size": 13, "font_color": _INK}),
            "name": made(top | {"font_color": "#5b6b75"}),
            "notice": made({"bold": True, "font_color": "#7a3b00", "bg_color": "#fdf0dc", "text_wrap": True} | top),
        }

    def drawn(self) -> bytes:
        document = self.document
        sheets = {name: self.book.add_worksheet(name) for name in _SHEETS}
        self._summary(sheets["Summary"])
        named = (Column("Item", 22), Column("Question", 48), Column("Construct", 18))
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
            sheet.write_string(0, at, column.heading, self.formats["heading"])
        sheet.set_row(0, 32)
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
                    where = (*names, first_up(people(cell["group"])), school_of(cell))
                    if cell.get("status") == "protected":
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
        columns = [Column("Item", 22), Column("Question", 48), Column("Group", 16), Column("Answer", 26)]
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
                    for option in entry["options"] or [{"value": v, "label": v} for v in _options(cells)]:
                        value = option["value"]
                        if not any(value in cell.get(COUNTS, ()) for cell in cells):
                            continue  # outside the scale: under "Not applicable" on the sheet of items
                        first = (entry["item"], entry["text"], first_up(people(group)), option["label"])
                        figures = (option.get("score"), _count(at.get(None), value))
                        of_pool = (
                            (_count(pool, value), place(None, pool["schools"]) if pool else None) if pooled else ()
                        )
                        yield (*first, *figures, *of_pool, *(_count(at.get(school), value) for school in schools))

        self._table(sheet, columns, lines())
        sheet.freeze_panes(1, 4)

    # ------------------------------------------------------------ words
    def _summary(self, sheet: Worksheet) -> None:
        document, release = self.document, self.document["release"]
        sheet.hide_gridlines(2)
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
        whole = [cell for cell in document["participation"] if cell["school"] is None]
        row = self._short(sheet, row + 1, "Who answered", [((), whole)], ())
        told = [
            ((entry["title"],), [c for c in entry["cells"] if c["school"] is None and "schools" not in c])
            for entry in document["constructs"]
        ]
        named = (Column("Construct", 34),)
        self._short(sheet, row + 1, "Constructs, all schools together", told, named)
        sheet.set_column(0, 0, 34)
        sheet.set_column(1, 1, 18)
        sheet.set_column(2, 9, 12)

    def _short(
        self, sheet: Worksheet, row: int, title: str, told: Sequence[tuple[Line, Any]], named: Sequence[Column]
    ) -> int:
        """Write a small table without filters: of every cell its group and what matters most."""
        cells = [cell for _, cells in told for cell in cells]
        if not cells:
            return row
        sheet.write_string(row, 0, title, self.formats["part"])
        row += 1
        measures = [measure for measure in _measures(cells) if measure.path in _SHORT]
        headings = [*(column.heading for column in named), "Group", *(measure.heading for measure in measures)]
        for at, heading in enumerate(headings):
            sheet.write_string(row, at, heading, self.formats["heading"])
        first = row = row + 1
        for names, cells in told:
            for cell in cells:
                values = dict(figures(cell))
                for at, text in enumerate((*names, first_up(people(cell["group"])))):
                    sheet.write_string(row, at, text, self.formats["text"])
                for at, measure in enumerate(measures, len(named) + 1):
                    if cell.get("status") == "protected":
                        sheet.write_string(row, at, WITHHELD, self.formats[WITHHELD])
                    elif measure.path in values:
                        sheet.write_number(row, at, _Exact(values[measure.path]), self.formats[measure.style])
                row += 1
        for at, measure in enumerate(measures, len(named) + 1):
            if measure.path in ("favorable.share", "rate"):
                bar = {
                    "type": "data_bar",
                    "bar_solid": True,
                    "bar_color": "#b7d3e2",
                    "min_type": "num",
                    "max_type": "num",
                }
                sheet.conditional_format(first, at, row - 1, at, bar | {"min_value": 0, "max_value": 1})
        return row

    def _method(self, sheet: Worksheet) -> None:
        document = self.document
        measures = _measures(
            cell
            for cells in (
                document["participation"],
                *(e["cells"] for e in (*document["items"], *document["constructs"])),
            )
            for cell in cells
        )
        lines: list[Line] = [(SIMULATED, None, None)] if document["simulated"] else []
        lines += [("How to read it", said, None) for said in NOTES]
        for group, promise in document["promise"].items():
            lines.append((f"Promise to {people(group)}", _promise(promise), None))
        for group, asked in document["instruments"].items():
            lines.append((f"Questionnaire for {people(group)}", asked["instrument"], asked["digest"]))
        lines.append(("Definitions", f"version {document['release']['definitions']}", None))
        lines += [(measure.heading, measure.meaning, measure.path) for measure in measures]
        columns = (Column("What", 30), Column("Meaning", 90), Column("In the other formats", 36))
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


def school_of(cell: Mapping[str, Any]) -> str:
    """Say which school a cell is of, or which schools together."""
    if "schools" in cell:
        return place(None, cell["schools"]) + ", pooled"
    return "All schools" if cell["school"] is None else place(cell["school"], None)


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
    return bool(cell["status"] == "protected")


def _options(cells: Iterable[Mapping[str, Any]]) -> Collection[str]:
    """The options that an item without a list of them counts: those of a number."""
    return dict.fromkeys(option for cell in cells for option in cell.get(COUNTS, ()))


def _count(cell: Mapping[str, Any] | None, option: str) -> int | str | None:
    if not cell:
        return None
    return WITHHELD if _hidden(cell) else cell[COUNTS].get(option)


def _promise(promise: Mapping[str, Any]) -> str:
    if promise["mode"] == "attributed":
        return "The director sees the answers by role and school; nobody else sees any."
    return f"Confidential: no figure about fewer than {promise['minimum']} people."
