"""Gaps, trends and priorities as pages show them: the sentence of each document first, its figures beside it.

Decides what stands on which page. Every sentence is the document's own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.render.results import NO_CONSTRUCT
from app.render.shown import (
    Bar,
    Line,
    Names,
    Shown,
    at,
    is_union,
    line,
    ordered,
    place,
)
from app.render.words import WITHHELD, between, named, number, percent, whole

Document = Mapping[str, Any]


# ------------------------------------------------------------------ group against group
@dataclass(frozen=True, slots=True)
class Gap:
    """A construct or a question, its figures in both groups, and what may be said of them."""

    construct: str
    item: str | None
    words: str
    sides: tuple[tuple[str, Line], ...]
    says: str
    compared: bool


def gaps(document: Document, names: Names) -> tuple[list[Gap], list[Gap]]:
    """Show the document of two groups: constructs, then questions."""

    def row(entry: Document) -> Gap:
        says = entry["reading"]
        return Gap(
            entry["construct"] or NO_CONSTRUCT,
            entry.get("item"),
            entry.get("text") or entry.get("title") or "",
            tuple((named(document[side]), line(entry[side], names)) for side in ("a", "b")),
            says or entry.get("reason") or "",
            says is not None,
        )

    return [row(entry) for entry in document["constructs"]], [row(entry) for entry in document["items"]]


# ------------------------------------------------------------------ wave against wave
VERDICTS = {
    "up": ("▲", "up"),
    "down": ("▼", "down"),
    "no_clear_change": ("≈", "no clear change"),
    "cannot_tell": ("?", "cannot tell"),
}


@dataclass(frozen=True, slots=True)
class Change:
    """What became of one cell: both figures, the verdict with its sign, and the sentence."""

    place: str
    earlier: Shown | None
    later: Shown | None
    sign: str
    verdict: str
    says: str


@dataclass(frozen=True, slots=True)
class Trend:
    """A construct or a question of one group: all schools, and each; `says` why there is no comparison."""

    construct: str
    item: str | None
    words: str
    whole: Change | None
    places: tuple[Change, ...]
    says: str = ""


@dataclass(frozen=True, slots=True)
class Trends:
    """One group."""

    key: str
    title: str
    constructs: tuple[Trend, ...]
    items: tuple[Trend, ...]


def trends(document: Document, names: Names) -> list[Trends]:
    """Show the document of two waves, by group."""
    parts = {part: document[part] for part in ("constructs", "items")}
    groups = ordered(group for entries in parts.values() for entry in entries for group in entry["groups"])
    return [
        Trends(
            group,
            named(group),
            *(
                tuple(_trend(entry, group, names) for entry in entries if group in entry["groups"])
                for entries in parts.values()
            ),
        )
        for group in groups
    ]


def _trend(entry: Document, group: str, names: Names) -> Trend:
    cells = [cell for cell in entry["cells"] if cell["group"] == group]
    whole = next((_change(cell, names) for cell in cells if is_union(cell)), None)
    return Trend(
        entry["construct"] or NO_CONSTRUCT,
        entry.get("item"),
        entry.get("text") or entry.get("title") or "",
        whole,
        tuple(_change(cell, names) for cell in cells if not is_union(cell)),
        "" if entry["comparable"] else entry.get("reason", "These cannot be compared."),
    )


def _change(cell: Document, names: Names) -> Change:
    sign, verdict = VERDICTS[cell["verdict"]]
    return Change(place(cell, names), _side(cell["earlier"]), _side(cell["later"]), sign, verdict, cell["reading"])


def _side(side: Document | None) -> Shown | None:
    """Show a wave's figure; None for a school that the wave was not held in, or a question without a figure."""
    if side is None:
        return None
    if side["status"] == "protected":
        return Shown(WITHHELD)
    told = side.get("favorable")
    if told is None or told.get("share") is None:
        return None if side["mean"]["value"] is None else Shown(number(side["mean"]["value"]))
    return Shown(percent(told["share"]), bar=Bar("0%", at(told["share"])))


# ------------------------------------------------------------------ what matters most
@dataclass(frozen=True, slots=True)
class Priority:
    """A construct or a question of one group, by rank."""

    construct: str
    item: str | None
    words: str
    rank: str
    need: Shown
    n: str
    breadth: str
    importance: str
    says: str


@dataclass(frozen=True, slots=True)
class Priorities:
    """One group; `outcome` is the question that importance is measured against."""

    key: str
    title: str
    constructs: tuple[Priority, ...]
    items: tuple[Priority, ...]
    outcome: str


def priorities(document: Document) -> list[Priorities]:
    """Show the document of priorities, by group."""
    rows = [*document["constructs"], *document["items"]]
    out = []
    for group in ordered(row["group"] for row in rows):
        constructs, items = (_priorities(document[part], group) for part in ("constructs", "items"))
        outcome = document["outcomes"].get(group) or {}
        out.append(Priorities(group, named(group), constructs, items, outcome.get("text", "")))
    return out


def _priorities(rows: Sequence[Document], group: str) -> tuple[Priority, ...]:
    return tuple(_priority(row) for row in rows if row["group"] == group)


def _priority(row: Document) -> Priority:
    shown = row["status"] == "published"
    return Priority(
        row["construct"] or NO_CONSTRUCT,
        row.get("item"),
        row.get("text") or row.get("title") or "",
        str(row["rank"]) if shown and row["rank"] is not None else "",
        _need(row["need"]) if shown else Shown(WITHHELD),
        whole(row["n"]) if shown else WITHHELD,
        _breadth(row.get("breadth")) if shown else "",
        _importance(row.get("importance")) if shown else "",
        row.get("reading") or "",
    )


def _need(need: Document) -> Shown:
    value, low, high = need["value"], need["low"], need["high"]
    if value is None:
        return Shown("no answers")
    if low is None or low == high:
        return Shown(percent(value), bar=Bar("0%", at(value)))
    return Shown(percent(value), between(low, high, percent), Bar("0%", at(value), low=at(low), width=at(high - low)))


def _breadth(breadth: Document | None) -> str:
    return "" if breadth is None else f"{breadth['below']} of {breadth['of']}"


def _importance(told: Document | None) -> str:
    if told is None:
        return ""
    return f"{number(told['value'])} ({between(told['low'], told['high'])})"
