"""What a report is made of: sections of findings, charts, tables and comments, as plain data.

Decides which kinds of parts there are. How they look, the page (`page.py`) and the paper (`paper.py`) decide; what they
say, the modules of the sections. All words in them are data: nothing here is markup.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from app.render.words import WITHHELD as WITHHELD

NOTHING = "–"
"""What stands where there is no such figure."""


@dataclass(frozen=True)
class Finding:
    """Something that the figures say, in a sentence or two that can stand alone."""

    text: str
    part: str = "finding"


@dataclass(frozen=True)
class Note:
    """How something is to be read."""

    text: str
    part: str = "note"


@dataclass(frozen=True)
class Fact:
    """A name and what belongs to it."""

    name: str
    text: str


@dataclass(frozen=True)
class Facts:
    items: tuple[Fact, ...]
    part: str = "facts"


@dataclass(frozen=True)
class Table:
    """Rows of texts under headings; the first column names the rows.

    Attributes
    ----------
    words : places of the columns that hold words, and not figures.
    wide : parts of the width that the columns take on paper, where they are not all alike.
    """

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    words: tuple[int, ...] = (0,)
    wide: tuple[float, ...] = ()
    part: str = "table"


@dataclass(frozen=True)
class Chart:
    """A picture, what it shows in words, and its figures; without a table they stand in the tables that follow.

    `floats` : on paper it may stand at the foot of a page, so that what follows fills the page before it.
    """

    svg: str
    alt: str
    table: Table | None = None
    floats: bool = False
    part: str = "chart"


@dataclass(frozen=True)
class Quote:
    text: str
    place: str


@dataclass(frozen=True)
class Quotes:
    """What people wrote on one question."""

    question: str
    quotes: tuple[Quote, ...]
    part: str = "quotes"


@dataclass(frozen=True)
class Section:
    """A part of a report with a heading; `sections` are one level below."""

    key: str
    title: str
    parts: tuple[Any, ...] = ()
    sections: tuple[Section, ...] = ()


@dataclass(frozen=True)
class Report:
    """All that a report says.

    Attributes
    ----------
    title, about : of which wave, and of whom in it.
    warning : what stands on every page, such as that the answers are simulated; empty where nothing has to.
    foot : wave, release and digest, for the foot of every page.
    released_at : RFC 3339; the date of the document.
    kind : what sort of report it is.
    contents : whether a table of contents is printed.
    """

    title: str
    about: str
    warning: str
    foot: str
    released_at: str
    facts: tuple[Fact, ...]
    sections: tuple[Section, ...] = field(default=())
    kind: str = "Survey report"
    contents: bool = True
