"""A summary as terminal tables and bars, readable in 80 columns and without color. Pure: a document in, Rich out.

Decides what is worth a line: every measure for the whole union, constructs school by school, and of what was asked for
by name each school and each option. It computes nothing but what a chosen option is of all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from rich import box
from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from app.render.words import (
    DOWN,
    EVERYWHERE,
    UP,
    WITHHELD,
    between,
    counted,
    named,
    number,
    percent,
    rounded,
    whole,
)

READERS = {"director": "the director", "principal": "principals", "public": "the public"}
WARNINGS = {
    "few_people": "under 30 people",
    "low_reliability": "its items hang together weakly (alpha under 0.5)",
    "low_response": "under half of those eligible answered",
    "many_not_applicable": "not applicable to over a third",
    "roster_exceeded": "more people answered than are on the roster",
}
BAR = 15
_EIGHTHS = ("", *"▏▎▍▌▋▊▉")

Cell = Mapping[str, Any]
Entry = Mapping[str, Any]
Row = tuple[RenderableType, Cell]


def summary_view(
    summary: Mapping[str, Any], schools: Mapping[str, str], *, school: str | None = None, closely: bool = False
) -> Iterator[RenderableType]:
    """Show a summary, or a slice of one, from top to bottom.

    Parameters
    ----------
    summary : the document, with its `release`.
    schools : key -> name of the schools that are shown, in order.
    school : one of them, shown in the place of the whole union.
    closely : measures were asked for by name: show each school by school, and who chose which option.
    """
    yield _heading(summary)
    if summary["participation"]:
        yield participation_table(summary["participation"], schools)
    for group in summary["promise"]:
        measures = list(_measures(summary, group))
        if not measures:
            continue
        yield Text(f"\n{named(group)}", style="bold underline")
        drawn = [entry for entry in measures if _is_drawn(entry)]
        if drawn:
            yield _figures("measure", schools[school] if school else EVERYWHERE, _by_measure(drawn, school), schools)
        chosen = [entry for entry in drawn if closely or _is_construct(entry)]
        if chosen and school is None and len(schools) > 1:
            yield _figures("school", "School by school", _by_school(chosen, schools), schools)
        if closely:
            yield from _options(measures, school)
    yield Text(f"\n{WITHHELD}: not published, so that nothing can be told of a few people", style="dim")


def _heading(summary: Mapping[str, Any]) -> Text:
    release, reader = summary["release"], READERS[summary["audience"]]
    about = f"\nRelease {release['number']} of {release['released_at'][:10]}, as {reader} may read it"
    simulated = ("\nSIMULATED: no person gave these answers", "bold") if summary["simulated"] else ""
    return Text.assemble((summary["title"], "bold"), (about, "dim"), simulated)


def _table(title: str, first: str, *columns: str) -> Table:
    table = Table(
        title=f"\n{title}", title_justify="left", title_style="bold", caption_justify="left", box=box.SIMPLE_HEAD
    )
    table.pad_edge, table.padding = False, (0, 1, 0, 0)
    table.add_column(first, ratio=1)
    for column in columns:
        table.add_column(column, justify="right")
    return table


# ------------------------------------------------------------------ who answered
def participation_table(rows: Iterable[Cell], schools: Mapping[str, str]) -> Table:
    """Who answered, of how many, by school and group."""
    cells = {(row["group"], row["school"]): row for row in rows}
    groups = list(dict.fromkeys(group for group, _ in cells))
    table = _table("Who answered, of how many", "school", *(named(group) for group in groups))
    for school, name in (*schools.items(), (None, EVERYWHERE)):
        if any((group, school) in cells for group in groups):
            table.add_row(name, *(_rate(cells.get((group, school))) for group in groups))
    return table


def _rate(cell: Cell | None) -> Text:
    if cell is None:
        return Text("-", style="dim")
    if cell.get("status") == "protected":
        return Text(WITHHELD, style="dim")
    if cell["rate"] is None:
        return Text(whole(cell["responses"]))
    return Text(f"{whole(cell['responses'])} of {whole(cell['eligible'])} {percent(cell['rate'])}")


# ------------------------------------------------------------------ measures
def _measures(summary: Mapping[str, Any], group: str) -> list[Entry]:
    """Constructs, each followed by its items, then the other items; each with the cells of one group."""
    ordered: list[Entry] = []
    for construct in summary["constructs"]:
        ordered += [construct, *(item for item in summary["items"] if item["construct"] == construct["construct"])]
    ordered += [item for item in summary["items"] if item not in ordered]
    own = ({**entry, "cells": [cell for cell in entry["cells"] if cell["group"] == group]} for entry in ordered)
    return [entry for entry in own if entry["cells"]]


def _is_construct(entry: Entry) -> bool:
    return "title" in entry


def _name(entry: Entry) -> Text:
    if _is_construct(entry):
        return Text(entry["title"], style="bold")
    return Text.assemble(entry["text"], (" (reversed)", "dim") if entry["reverse"] else "")


def _is_drawn(entry: Entry) -> bool:
    """Tell whether a measure has a share or a mean where it is not withheld."""
    return _is_construct(entry) or any("favorable" in option or "score" in option for option in entry["options"])


def _at(entry: Entry, school: str | None) -> Cell | None:
    """Give the cell of the union or of a school; in the place of one that is pooled its pool."""
    cells = [cell for cell in entry["cells"] if cell["school"] == school and "schools" not in cell]
    pools = [cell for cell in entry["cells"] if school in cell.get("schools", ())]
    return next(iter([*pools, *cells]), None)


def _by_measure(measures: Iterable[Entry], school: str | None) -> Iterator[Row]:
    """One row a measure; the items of a construct stand under it."""
    constructs = {entry["construct"] for entry in measures if _is_construct(entry)}
    for entry in measures:
        cell = _at(entry, school)
        if cell is not None:
            under = not _is_construct(entry) and entry["construct"] in constructs
            yield Padding(_name(entry), (0, 0, 0, 2 * under)), cell


def _by_school(measures: Iterable[Entry], schools: Mapping[str, str]) -> Iterator[Row]:
    """The name of each measure over a row for each school, for the pool and for all."""
    for entry in measures:
        yield _name(entry), {}
        for cell in sorted(entry["cells"], key=lambda cell: (cell["school"] is None, "schools" not in cell)):
            pooled = " + ".join(schools[key] for key in cell.get("schools", ()))
            at = EVERYWHERE if cell["school"] is None else schools[cell["school"]]
            yield Padding(Text(pooled or at), (0, 0, 0, 2)), cell


def _figures(first: str, title: str, rows: Iterable[Row], schools: Mapping[str, str]) -> Table:
    """One table of figures: a bar, the favorable share, its interval, people, the mean and its interval."""
    table = _table(title, first, "favorable", "", "95%", "people", "mean ±95%")
    table.columns[1].justify = "left"
    warned, pools = set(), set()
    for name, cell in rows:
        table.add_row(name, *_figure(cell))
        warned |= set(cell.get("warnings", ()))
        pools |= {tuple(cell.get("schools", ()))} if first == "measure" else set()
    notes = [f"Together: {', '.join(schools[key] for key in pool)}." for pool in pools if pool]
    notes += [f"! Read with care: {'; '.join(WARNINGS.get(name, name) for name in sorted(warned))}."] if warned else []
    table.caption = "\n".join(notes) or None
    return table


def _figure(cell: Cell) -> Iterator[Text]:
    if not cell:
        return
    if cell["status"] == "protected":
        yield Text(WITHHELD, style="dim")
        return
    favorable, mean, n = cell.get("favorable") or {}, cell.get("mean") or {}, whole(cell["n"])
    yield bar(favorable)
    share = favorable.get("share")
    yield Text(share_of(favorable), style="" if share is None else _style(share))
    yield Text(_range(favorable) if "share" in favorable else "")
    yield Text(n + ("!" if "warnings" in cell else ""))
    yield Text(_mean(mean))


def bar(favorable: Mapping[str, Any], style: str | None = None) -> Text:
    """Draw a share from the left, in a color that says how good it is if none is given; of a band, the stretch in
    which the share lies.
    """
    if favorable.get("share") is not None:
        eighths = round(favorable["share"] * BAR * 8)
        full, rest = divmod(eighths, 8)
        drawn = "█" * full + _EIGHTHS[rest]
        return Text.assemble((drawn, style or _style(favorable["share"])), ("·" * (BAR - len(drawn)), "dim"))
    if favorable.get("low") is not None:
        begin, end = int(rounded(BAR * favorable["low"], 0, DOWN)), int(rounded(BAR * favorable["high"], 0, UP))
        return Text.assemble(("·" * begin, "dim"), "▒" * (end - begin), ("·" * (BAR - end), "dim"))
    return Text("")


def _style(share: float) -> str:
    return "green" if share >= 0.7 else "yellow" if share >= 0.5 else "red"


def share_of(favorable: Mapping[str, Any]) -> str:
    """Say a favorable share; of a band, the range in which it lies."""
    share = favorable.get("share")
    return _range(favorable) if share is None else percent(share)


def _range(of: Mapping[str, Any]) -> str:
    return "" if of.get("low") is None else between(of["low"], of["high"], percent, "–")


def _mean(mean: Mapping[str, Any]) -> str:
    """Say a mean, and how far its interval reaches from what is said of it."""
    if mean.get("value") is None:
        return ""
    if mean["low"] is None:
        return number(mean["value"])
    middle = float(rounded(mean["value"], 2))
    return f"{number(mean['value'])} ±{number(max(mean['high'] - middle, middle - mean['low']), UP)}"


# ------------------------------------------------------------------ who chose what
def _options(measures: Iterable[Entry], school: str | None) -> Iterator[RenderableType]:
    """One table an item whose counts are published: how many people chose each option."""
    for entry in measures:
        cell = _at(entry, school)
        if cell is not None and cell["status"] == "protected" and not _is_drawn(entry):
            yield Text.assemble((entry["text"], "bold"), (f"\n {WITHHELD}\n", "dim"))
        if cell is None or "counts" not in cell:
            continue
        table = _table(entry["text"], "answer", "", "share", "people")
        table.columns[1].justify = "left"
        for option in entry["options"]:
            if option["value"] in cell["counts"]:
                people = cell["counts"][option["value"]]
                share = people / cell["n"] if cell["n"] else None
                drawn = bar({"share": share}, "green" if option.get("favorable") else "blue")
                table.add_row(option["label"], drawn, "" if share is None else percent(share), whole(people))
        left = {
            name.replace("_", " "): whole(cell[name])
            for name in ("missing", "not_applicable", "not_asked")
            if cell[name]
        }
        table.caption = ", ".join([counted(cell["n"]), *(f"{name}: {n}" for name, n in left.items())])
        yield table
