"""A summary as an XLSX workbook for people: who answered, items, answers, constructs, and how to read it.

Decides what stands on which sheet and how it looks. Figures are real numbers, as long as they are in the document;
what is withheld says so in words.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from xlsxwriter.worksheet import Worksheet

from app.analysis.words import first_up, people, place
from app.render.tidy import COUNTS, MEASURES, Measure, figures, options_of
from app.render.xlsx import WITHHELD, Book, Column, Line

READERS = {"director": "the director", "principal": "principals", "public": "the public"}
WARNINGS = {
    "few_people": "fewer than 30 people",
    "low_reliability": "the items hang together weakly",
    "low_response": "fewer than half answered",
    "many_not_applicable": "not applicable to more than a third",
    "roster_exceeded": "more answered than are on the roster",
}
Entry = Mapping[str, Any]
Told = Sequence[tuple[Line, Sequence[Entry]]]
"""What an item or construct is, and its cells."""

_BY_PATH = {measure.path: measure for measure in MEASURES}


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
    book = Book(document["title"], document["release"]["released_at"])
    _summary(book, document)
    named: tuple[Column, ...] = (Column("Item", 24), Column("Question", 60), Column("Construct", 18))
    told: Told = [((e["item"], e["text"], e["construct"]), e["cells"]) for e in document["items"]]
    _cells(book, "Items", named, told)
    _answers(book, document["items"])
    named = (Column("Construct", 22), Column("Title", 40), Column("Setting", 12))
    told = [((e["construct"], e["title"], e["setting"]), e["cells"]) for e in document["constructs"]]
    _cells(book, "Constructs", named, told)
    _cells(book, "Participation", (), [((), document["participation"])], base="responses")
    _method(book, document)
    return book.closed()


# ------------------------------------------------------------------ tables
def _cells(book: Book, sheet: str, named: Sequence[Column], told: Told, base: str = "n") -> None:
    """Add a sheet with a row for each cell and a column for each measure that some cell has.

    `base` is the measure that has a column also where all is withheld, to say so.
    """
    rows = [((*names, *_where(cell)), cell, dict(figures(cell))) for names, cells in told for cell in cells]
    measures = _measures([base] if _hidden(cell) else values for _, cell, values in rows)
    columns = [*named, Column("Group", 16), Column("School", 26)]
    columns += [Column(measure.heading, 11, measure.style) for measure in measures]
    columns += [Column("Keep in mind", 44)] * any("warnings" in cell for _, cell, _ in rows)
    paths = [measure.path for measure in measures]

    def lines() -> Iterator[Line]:
        for names, cell, values in rows:
            if _hidden(cell):
                yield (*names, *[WITHHELD] * len(paths))
            else:
                warnings = "; ".join(WARNINGS.get(name, name) for name in cell.get("warnings", ()))
                yield (*names, *map(values.get, paths), warnings or None)

    book.table(sheet, columns, lines(), named=len(named) + 2)


def _answers(book: Book, items: Sequence[Entry]) -> None:
    """Add a sheet of who chose which option: a row for each option, columns for the union, the pool and schools."""
    entries = [(e, _by_group(e["cells"])) for e in items]
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

    book.table("Answers", columns, lines(), named=4)


# ------------------------------------------------------------------ words
def _summary(book: Book, document: Mapping[str, Any]) -> None:
    sheet, release = book.sheet("Summary"), document["release"]
    sheet.hide_gridlines(2)
    sheet.write_string(0, 0, document["title"], book.formats["title"])
    sheet.set_row(0, 28)
    row = 1
    if document["simulated"]:
        sheet.merge_range(row, 0, row, 7, SIMULATED, book.formats["notice"])
        row += 1
    when = str(release["released_at"])[:10]
    for name, said in (
        ("Wave", document["wave"]),
        ("For", READERS.get(document["audience"], document["audience"])),
        ("Release", f"{release['number']} of {when}, {release['digest']}"),
        ("Withheld", "Figures that would tell of too few people. They are not 0, and do not follow from others."),
    ):
        sheet.write_string(row, 0, name, book.formats["name"])
        sheet.write_string(row, 1, said)
        row += 1
    asked = {cell["school"] for cell in _every(document)} - {None}
    one = asked.pop() if len(asked) == 1 else None  # of a slice of one school, that school too

    def short(cells: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        return [cell for cell in cells if cell["school"] in (None, one) and "schools" not in cell]

    counted = [(_where(cell), cell) for cell in short(document["participation"])]
    row = _short(book, sheet, row + 1, "Who answered", ("Group", "School"), counted, "responses")
    measured = [((e["title"], *_where(cell)), cell) for e in document["constructs"] for cell in short(e["cells"])]
    _short(book, sheet, row + 1, "Constructs", ("Construct", "Group", "School"), measured)
    for at, width in enumerate((44, 18, 18)):
        sheet.set_column(at, at, width)
    sheet.set_column(3, 10, 12)


def _short(
    book: Book,
    sheet: Worksheet,
    row: int,
    title: str,
    named: Sequence[str],
    told: Sequence[tuple[Line, Any]],
    base: str = "n",
) -> int:
    """Write a small table without filters: of every cell what matters most. The row after it."""
    measures = [m for m in _measures([base] if _hidden(c) else dict(figures(c)) for _, c in told) if m.path in _SHORT]
    if not told:
        return row
    sheet.write_string(row, 0, title, book.formats["part"])
    row += 1
    sheet.set_row(row, 32)
    for at, heading in enumerate(named):
        book.heading(sheet, row, at, Column(heading, 18))
    for at, measure in enumerate(measures, len(named)):
        book.heading(sheet, row, at, Column(measure.heading, 12, measure.style))
        if measure.path in ("favorable.share", "rate"):
            sheet.conditional_format(row + 1, at, row + len(told), at, _SHADE)
    for names, cell in told:
        row += 1
        values = dict(figures(cell))
        for at, name in enumerate(names):
            sheet.write_string(row, at, name, book.formats["text"])
        for at, measure in enumerate(measures, len(named)):
            if _hidden(cell):
                sheet.write_string(row, at, WITHHELD, book.formats[WITHHELD])
            elif measure.path in values:
                book.number(sheet, row, at, values[measure.path], measure.style)
    return row + 1


def _method(book: Book, document: Mapping[str, Any]) -> None:
    measures = _measures(dict(figures(cell)) for cell in _every(document))
    lines: list[Line] = [(SIMULATED, None, None)] if document["simulated"] else []
    lines += [("How to read it", said, None) for said in NOTES]
    for group, promise in document["promise"].items():
        lines.append((f"Promise to {people(group)}", _promise(promise), None))
    for group, asked in document["instruments"].items():
        lines.append((f"Questionnaire for {people(group)}", asked["instrument"], asked["digest"]))
    lines.append(("Definitions", f"version {document['release']['definitions']}", None))
    lines += [(measure.heading, measure.meaning, measure.path) for measure in measures]
    columns = (Column("What", 34), Column("Meaning", 90, "words"), Column("In the other formats", 76))
    book.table("Method", columns, lines, named=1)


# ------------------------------------------------------------------ what stands in it
_SHADE = {  # not bars: without an extension that some readers warn of, they have a length at 0 %
    "type": "2_color_scale", "min_type": "num", "max_type": "num", "min_value": 0, "max_value": 1,
    "min_color": "#ffffff", "max_color": "#8fbad0",
}  # fmt: skip
_SHORT = frozenset(
    {"n", "favorable.share", "favorable.low", "favorable.high", "mean.value", "mean.low", "mean.high"}
    | {"responses", "eligible", "rate"}
)
SIMULATED = "Simulated: no person gave these answers."
NOTES = (
    "“withheld” stands for a figure that would tell of too few people. It is not 0.",
    "An empty cell is a figure that does not exist there, such as an interval of one person, or is told as a range.",
    "Pooled schools are shown together because one of them is too small to be shown alone.",
    "Groups stand side by side. They are different populations and have no figure in common.",
    "Numbers are kept in full; the format of a cell rounds them.",
)


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


def _measures(of: Iterable[Iterable[str]]) -> list[Measure]:
    """The measures that some cells have, of the paths of each, in their order; what is not listed comes last."""
    found = dict.fromkeys(path for paths in of for path in paths)
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
