"""Every question with its answers: how many chose what, the favorable share with its interval, and school by school."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from app.render.report.constructs import by_place
from app.render.report.documents import Documents, Row, worded
from app.render.report.figures import between, is_shown, mean_of, named, number, percent, share_of, whole
from app.render.report.parts import NOTHING, WITHHELD, Note, Section, Table
from app.render.report.pictures import drawn

ABREAST = 7
"""So many options stand side by side; a question with more has a table of its own."""
ON_A_PAGE = 20
"""So many questions are drawn in one chart."""
COLUMNS = 8
"""With more places, the table of questions by place is left to the reports of the schools."""

Entry = tuple[Row, list[Row]]
Construct = tuple[str, list[Entry]]


def questions(of: Documents) -> Section | None:
    """Make the section with a part for each group."""
    sections = tuple(section for group in of.groups if (section := _of_group(of, group)) is not None)
    if not sections:
        return None
    parts: tuple[Any, ...] = (
        Note(
            "People are those who gave a valid answer. Of a question that is marked “reversed”, disagreeing is "
            "favorable. Of a question with several answers, each answer is counted by itself."
        ),
    )
    return Section("questions", "Question by question", parts, sections)


def _of_group(of: Documents, group: str) -> Section | None:
    entries = list(of.items_of(group))
    if not entries:
        return None
    shows = of.shows(entries)
    if group not in of.exact:
        told = _banded(of, group, entries) if shows else of.all_withheld
        return Section(f"questions-{group}", named(group), (told,))
    parts: list[Any] = [] if shows else [of.all_withheld]
    for part in _pages(list(_by_construct(of, entries))) if shows else ():
        rated = tuple(entry["item"] for _, pairs in part for entry, cells in pairs if _is_rated(entry, cells))
        parts += (
            [drawn("likert", of.summary, floats=True, group=group, school=of.only_school, items=rated)] if rated else []
        )
        for title, pairs in part:
            parts += _tables(of, group, title, pairs)
    marked = [(worded(entry), cells) for entry, cells in entries if any(cell.get("favorable") for cell in cells)]
    places = of.places(cells for _, cells in marked)
    if len(places) > COLUMNS:
        parts.append(Note("Each question by school is in the reports of the schools: there are too many to print."))
    elif len(places) > 1 and any(is_shown(cell) for _, cells in marked for cell in cells if cell["school"]):
        parts.append(_turned(by_place(named(group), marked, places), "Question"))
    return Section(f"questions-{group}", named(group), tuple(parts))


def _by_construct(of: Documents, entries: list[Entry]) -> Iterator[Construct]:
    titles = {entry["construct"]: entry["title"] for entry in of.summary["constructs"]}
    for construct in dict.fromkeys(entry["construct"] for entry, _ in entries):
        part = [pair for pair in entries if pair[0]["construct"] == construct]
        yield titles.get(construct, "Other questions"), part


def _pages(constructs: list[Construct]) -> Iterator[list[Construct]]:
    """Divide the constructs so that each part has about as many questions as a chart on one page."""
    part: list[Construct] = []
    for one in constructs:
        if part and sum(len(pairs) for _, pairs in part) + len(one[1]) > ON_A_PAGE:
            yield part
            part = []
        part.append(one)
    yield part


def _is_rated(entry: Row, cells: list[Row]) -> bool:
    """Tell whether the options of a question are the steps of a scale that fit beside each other."""
    steps = sum("score" in option for option in entry["options"])
    return 1 < steps <= ABREAST and any("mean" in cell for cell in cells)


def _tables(of: Documents, group: str, title: str, entries: list[Entry]) -> Iterator[Table]:
    """Give a table for the questions that have the same options, and one for each other question."""
    alike: dict[Any, list[tuple[Row, Row | None]]] = {}
    for entry, cells in entries:
        labels = tuple(option["label"] for option in entry["options"] if not option.get("not_applicable"))
        key = labels if _is_rated(entry, cells) else entry["item"]
        alike.setdefault(key, []).append((entry, of.here(cells)))
    for key, part in alike.items():
        if isinstance(key, tuple):
            yield _scale(f"{named(group)}: {title}", key, part)
        else:
            yield from (_single(entry, cell) for entry, cell in part)


def _scale(caption: str, labels: tuple[str, ...], part: list[tuple[Row, Row | None]]) -> Table:
    rows = []
    for entry, cell in part:
        if cell is None or not is_shown(cell):
            rows.append((worded(entry), *[WITHHELD] * (len(labels) + 4)))
            continue
        values = [option["value"] for option in entry["options"] if not option.get("not_applicable")]
        mean = mean_of(cell)
        counts = [whole(cell["counts"].get(value)) for value in values]
        interval = between(cell.get("favorable"), percent)
        rows.append((worded(entry), whole(cell["n"]), *counts, share_of(cell), interval, number(mean.get("value"))))
    return Table(
        caption=caption,
        columns=("Question", "People", *labels, "Favorable", "95% interval", "Mean"),
        rows=tuple(rows),
        wide=(4.4, 1, *[1.1] * len(labels), 1.2, 1.6, 0.9),
    )


def _single(entry: Row, cell: Row | None) -> Table:
    """Tabulate one question: its options, or the average of its numbers."""
    if cell is None or not is_shown(cell):
        return Table(worded(entry), ("Answer", "People", "Part"), ((WITHHELD, WITHHELD, WITHHELD),), wide=(5, 1, 1))
    n = cell["n"]
    if not entry["options"]:
        mean = mean_of(cell)
        row = (whole(n), number(mean.get("value")), between(mean), number(mean.get("sd")))
        return Table(
            worded(entry), ("People", "Average", "95% interval", "Spread (sd)"), (row,), words=(), wide=(1, 1, 1, 1)
        )
    rows = [
        (option["label"], whole(count), NOTHING if option.get("not_applicable") or not n else percent(count / n))
        for option in entry["options"]
        if (count := cell["counts"].get(option["value"])) is not None
    ]
    return Table(f"{worded(entry)} ({n:,} people)", ("Answer", "People", "Part"), tuple(rows), wide=(5, 1, 1))


def _banded(of: Documents, group: str, entries: list[tuple[Row, list[Row]]]) -> Table:
    rows = []
    for entry, cells in entries:
        cell = of.here(cells)
        shown = cell is not None and is_shown(cell)
        rows.append(
            (worded(entry), whole(cell["n"]) if shown and cell else WITHHELD, share_of(cell) if cell else WITHHELD)
        )
    return Table(
        caption=f"{named(group)}: the favorable share lies in this range",
        columns=("Question", "People", "Favorable"),
        rows=tuple(rows),
        wide=(5, 1, 1.5),
    )


def _turned(table: Table, first: str) -> Table:
    """Make rows of the columns."""
    columns = tuple(row[0] for row in table.rows)
    rows = tuple((title, *(row[at] for row in table.rows)) for at, title in enumerate(table.columns[1:], 1))
    return Table(f"{table.caption}, question by question", (first, *columns), rows, wide=(3.4, *[1.0] * len(columns)))
