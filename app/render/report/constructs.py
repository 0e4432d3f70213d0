"""Results by construct: the groups side by side with their intervals, then each group school by school."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from app.analysis.words import listed, people, quoted
from app.render.report.documents import Documents, Row
from app.render.report.figures import (
    between,
    has_share,
    is_shown,
    mean_of,
    named,
    number,
    percent,
    share_and_base,
    share_of,
    where,
    whole,
)
from app.render.report.parts import NOTHING, WITHHELD, Finding, Note, Section, Table
from app.render.report.pictures import drawn
from app.render.words import between as between_ends
from app.render.words import counted

ON_A_PAGE = 22
"""So many schools are drawn in one grid."""


def results(of: Documents) -> Section | None:
    """Make the section with a part for each group."""
    entries = [entry for entry in of.summary["constructs"] if entry["cells"]]
    if not entries:
        return None
    parts: list[Any] = [Note(" ".join(_notes(of)))]
    if any(is_shown(cell) for group in of.groups for _, cells in of.constructs_of(group) for cell in cells):
        parts.append(drawn("constructs", of.summary, _side_by_side(of, entries), school=of.only_school))
    sections = (_of_group(of, group) for group in of.groups)
    return Section("results", "Results by construct", tuple(parts), tuple(s for s in sections if s is not None))


def _notes(of: Documents) -> Iterator[str]:
    yield "A construct is a set of questions about one idea."
    if of.exact:
        yield (
            "The favorable share is the part of all answers to them that is favorable; the mean is the average of "
            "people's scores, with the range in which that of everybody eligible plausibly lies (95% interval)."
        )
    if of.banded:
        of_whom = f" of {listed([people(group) for group in of.banded])}" if of.exact else ""
        yield f"The part of all answers{of_whom} that is favorable lies in the range that is given."


def _of_group(of: Documents, group: str) -> Section | None:
    entries = list(of.constructs_of(group))
    if not entries:
        return None
    parts: list[Any] = [Finding(text) for text in sentences(of, group)] if of.shows(entries) else [of.all_withheld]
    places = of.places(cells for _, cells in entries)
    if len(places) > 1 and not any(is_shown(cell) for _, cells in entries for cell in cells if cell["school"]):
        parts.append(Note(f"By school, all of this is {WITHHELD}."))
    elif len(places) > 1:
        parts += [drawn("heat-map", part, group=group) for part in of.in_parts(ON_A_PAGE)]
        parts.append(by_place(named(group), [(entry["title"], cells) for entry, cells in entries], places))
    return Section(f"results-{group}", named(group), tuple(parts))


# ------------------------------------------------------------------ in words
def standing_out(of: Documents, group: str) -> list[str]:
    """Give the sentences on the constructs with the lowest and the highest favorable shares."""

    def share_of_pair(pair: tuple[Row, list[Row]]) -> tuple[float, float]:
        favorable = (of.here(pair[1]) or {})["favorable"]
        return (favorable["share"],) * 2 if "share" in favorable else (favorable["low"], favorable["high"])

    shown = [pair for pair in of.constructs_of(group) if has_share(of.here(pair[1]))]
    if not shown:
        return []
    ends = [min(shown, key=share_of_pair), max(shown, key=share_of_pair)]
    return list(dict.fromkeys(text for end in ends for text in _sentences(of, group, [end])))


def sentences(of: Documents, group: str) -> Iterator[str]:
    """Say of each construct what its figures are, with their base; no more."""
    return _sentences(of, group, of.constructs_of(group))


def _sentences(of: Documents, group: str, constructs: Iterable[tuple[Row, list[Row]]]) -> Iterator[str]:
    for entry, cells in constructs:
        cell = of.here(cells)
        if cell is None:
            continue
        at = where(cell, of.told_place)
        who = f"{named(group)}{f' of {at}' if at else ''}, on {quoted(entry['title'])}"
        if not is_shown(cell):
            yield f"{who}: {WITHHELD}."
        elif group not in of.exact:
            band = cell["favorable"]
            share = f"between {between_ends(band['low'], band['high'], percent, ' and ')}"
            yield f"{who}: {share} of the answers of {counted(cell['n'])} are favorable."
        elif cell["n"]:
            yield f"{who}: {_favorable(cell)}{_average(of, entry, cell)}.{_care(cell)}"


def _favorable(cell: Row) -> str:
    favorable = cell.get("favorable")
    if favorable is None or favorable["share"] is None:
        return ""
    return f"{percent(favorable['share'])} of {favorable['n']:,} answers are favorable; "


def _average(of: Documents, entry: Row, cell: Row) -> str:
    mean, scale = mean_of(cell), of.scale(entry)
    on = f" on a scale from {scale[0]} to {scale[1]}" if scale else ""
    told = f"the average of {counted(cell['n'])} is {number(mean['value'])}{on}"
    if mean["low"] is None:
        return f"{told}, without an interval"
    if cell["n"] == cell["eligible"] and mean["low"] == mean["high"]:
        return f"{told}; all who could answer did"
    return f"{told} ({between(mean)})"


def _care(cell: Row) -> str:
    told = cell.get("warnings", ())
    said = [" It rests on few people: read it with care."] if "few_people" in told else []
    said += [" Its questions hardly belong together: look at them one by one."] if "low_reliability" in told else []
    said += [" More people answered than the roster has."] if "roster_exceeded" in told else []
    return "".join(said)


# ------------------------------------------------------------------ tables
def _side_by_side(of: Documents, entries: list[Row]) -> Table:
    """Tabulate the constructs, the groups of each under each other."""
    rows = []
    for entry in entries:
        for group in of.groups:
            cell = of.here([cell for cell in entry["cells"] if cell["group"] == group])
            if cell is not None:
                rows.append((entry["title"], named(group), where(cell), *_figures(of, cell)))
    columns = ("Construct", "Group", "Place", "People", "Favorable")
    exact = ("Mean", "95% interval", "Alpha") if of.exact else ()
    return Table(
        caption="Constructs, the groups side by side",
        columns=columns + exact,
        rows=tuple(rows),
        words=(0, 1, 2),
        wide=(4, 1.3, 2, 1, 1.6) + ((0.9, 1.8, 0.9) if of.exact else ()),
    )


def _figures(of: Documents, cell: Row) -> tuple[str, ...]:
    shown = is_shown(cell)
    told = (whole(cell["n"]), share_of(cell)) if shown else (WITHHELD, WITHHELD)
    if not of.exact:
        return told
    if not shown:
        return (*told, WITHHELD, WITHHELD, WITHHELD)
    if "mean" not in cell:
        return (*told, NOTHING, NOTHING, NOTHING)
    mean, reliability = mean_of(cell), cell.get("reliability") or {}
    return (*told, number(mean["value"]), between(mean), number(reliability.get("alpha")))


def by_place(who: str, measures: list[tuple[str, list[Row]]], places: list[str]) -> Table:
    """Tabulate favorable shares with their bases: a row for each place, a column for each measure."""
    found = [{where(cell): cell for cell in cells} for _, cells in measures]
    return Table(
        caption=f"{who}: favorable share (people) by place",
        columns=("Place", *(title for title, _ in measures)),
        rows=tuple((at, *(share_and_base(cells.get(at)) for cells in found)) for at in places),
        wide=(1.7, *[1.0] * len(measures)),
    )
