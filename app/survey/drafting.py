"""A mapping drafted from a table: its headings matched with the wordings of an instrument, in any language.

Decides what is certain: the same words, a key, a name. What is only likely (words that are almost the same, codes that
follow the order of the options) goes into a draft that a person reads, never into an import that nobody has looked at.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable
from collections.abc import Mapping as Map
from difflib import SequenceMatcher
from typing import Any, NamedTuple

from app.survey.cells import names_of
from app.survey.instrument import Instrument
from app.survey.items import Item
from app.survey.mapping import BLANK, Mapping, Rule, Use
from app.survey.tables import Heading, Table, Tool, headings, place, plain, tool_of, unnumbered

LIKE = 0.85  # how much of two wordings has to be the same, see difflib
SEEN = 2000  # rows that are looked at for guesses
SCHOOL = frozenset(("school", "your school", "which school", "escuela", "su escuela", "school name"))
_USES: dict[str, Use] = {
    "userlanguage": "language", "startlanguage": "language", "start language": "language", "language": "language",
    "idioma": "language", "access code": "access_code",
}  # fmt: skip
# What the tools write of people and times: none of it is ever kept.
_NEVER = frozenset(
    plain(name)
    for name in (
        "Timestamp", "Marca temporal", "Email Address", "Dirección de correo electrónico", "Username", "Score",
        "Nombre de usuario", "Puntuación", "Respondent ID", "Collector ID", "Start Date", "End Date", "Date Created",
        "Date Modified", "IP Address", "First Name", "Last Name", "Name", "Email", "Custom Data 1", "StartDate",
        "EndDate", "IPAddress", "Progress", "Duration (in seconds)", "Finished", "RecordedDate", "Recorded Date",
        "ResponseId", "Response ID", "RecipientLastName", "Recipient Last Name", "RecipientFirstName",
        "Recipient First Name", "RecipientEmail", "Recipient Email", "ExternalReference", "External Data Reference",
        "ExternalDataReference", "LocationLatitude", "Location Latitude", "LocationLongitude", "Location Longitude",
        "DistributionChannel", "Distribution Channel", "id", "submitdate", "Date submitted", "lastpage", "Last page",
        "seed", "startdate", "Date started", "datestamp", "Date last action", "ipaddr", "refurl", "Referrer URL",
        "token", "firstname", "lastname", "interviewtime", "Total time", "attribute_1", "attribute_2",
    )
)  # fmt: skip


class Note(NamedTuple):
    """Something in a draft that a person should look at: the column, and what was guessed."""

    column: str
    text: str


def draft(table: Table, instrument: Instrument, schools: Map[str, str], *, guess: bool) -> tuple[Mapping, list[Note]]:
    """Draft a mapping.

    Parameters
    ----------
    schools : plain name or key of a school -> its key.
    guess : also what is only likely; each guess comes with a note.
    """
    tool, header_rows = tool_of(table)
    matcher = _Matcher(instrument)
    rules: list[Rule] = []
    notes: list[Note] = []
    values: dict[str, dict[str, Any]] = {}
    heads = headings(table, tool, header_rows)
    certain = {head.column: matcher.find(head) for head in heads}
    taken = {item for item, _ in certain.values()}
    for head in heads:
        cells = [table.cell(row, place(head.column)) for row in range(header_rows, min(len(table.rows), SEEN))]
        if not head.text and not any(cell.strip() for cell in cells):
            continue
        item, option = certain[head.column]
        use = _use(head, tool, cells, schools) if item is None else None
        if guess and item is None and use is None and (near := matcher.nearest(head, taken)) is not None:
            item = near.key
            notes.append(Note(head.column, f"only similar to the words of `{item}`"))
        rules.append(Rule(column=head.column, heading=head.text[:4000], item=item, option=option, use=use))
        guessed = _codes(instrument.by_key[item], instrument, cells) if guess and item and not option else {}
        if guessed and item is not None:
            values.setdefault(item, {}).update(guessed)
            notes.append(Note(head.column, f"the codes of `{item}` are guessed from the order of its options"))
    columns = rules or [Rule(column="A")]
    return Mapping(tool=tool, header_rows=header_rows, columns=columns, values=values), notes


def _use(head: Heading, tool: Tool, cells: Iterable[str], schools: Map[str, str]) -> Use | None:
    for question, part in head.names:
        name = plain(question)
        if part is None and name in _USES:
            return _USES[name]
        if tool == "qualtrics" and name in ("status", "response type"):
            return "status"
        if name in _NEVER or (part is not None and plain(part) in _NEVER):
            return "drop"
        if name in SCHOOL:
            return "school"
    said = {plain(cell) for cell in cells if cell.strip()}
    return "school" if said and said <= set(schools) else None


class _Matcher:
    """Finds the item, and the option, that a heading names."""

    def __init__(self, instrument: Instrument) -> None:
        self._instrument = instrument
        self._items: dict[str, Item | None] = {}
        for item in instrument.items:
            for text in item.text.root.values():
                name = plain(unnumbered(text))
                self._items[name] = item if self._items.get(name, item) is item else None  # two with the same words
        self._items |= {plain(item.key): item for item in instrument.items}

    def find(self, head: Heading) -> tuple[str | None, str | None]:
        """Give item and option for certain: by key or by the words of a language."""
        for question, part in head.names:
            item = self._items.get(plain(question))
            if item is not None:
                if not part:
                    return item.key, None
                if (option := self._option(item, part)) is not None:
                    return item.key, option
            inner = self._items.get(plain(unnumbered(part))) if part else None
            if inner is not None:
                return inner.key, None  # a row of a grid: the statement is the item
        return None, None

    def _option(self, item: Item, part: str) -> str | None:
        options = {column.option for column in item.columns(self._instrument.scales, 0)}
        named = names_of(item, self._instrument).get(plain(part))
        return named if named in options else None

    def nearest(self, head: Heading, taken: Container[str | None]) -> Item | None:
        """Give the item whose words are most like the heading's, if almost the same, and if no column is it yet."""
        best: tuple[float, Item | None] = (LIKE, None)
        for question in {plain(text) for names in head.names for text in names if text}:
            match = SequenceMatcher(b=question, autojunk=False)
            for words, item in self._items.items():
                match.set_seq1(words)
                if item is None or item.key in taken or match.real_quick_ratio() <= best[0]:
                    continue
                if match.quick_ratio() > best[0] and (ratio := match.ratio()) > best[0]:
                    best = (ratio, item)
        return best[1]


def _codes(item: Item, instrument: Instrument, cells: Iterable[str]) -> dict[str, Any]:
    """Guess what codes such as 1, 2, A1 or AO02 stand for, when a column holds nothing that is known."""
    options = [option["value"] for option in item.options(instrument.scales, instrument.default_locale)]
    names = names_of(item, instrument)
    unknown = {cell.strip() for cell in cells if plain(cell) and plain(cell) not in names and plain(cell) not in BLANK}
    guessed = {}
    for code in sorted(unknown):
        numbered = re.fullmatch(r"(?:AO|A|SQ)?0*([1-9]\d?)(?:\.0)?", code)
        if numbered is None or int(numbered[1]) > len(options) or not names:
            return {}
        guessed[code] = options[int(numbered[1]) - 1]
    return guessed
