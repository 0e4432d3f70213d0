"""A mapping: which column of another tool's export is which item, and which words in it are which answers.

Decides what a mapping may say, whether it fits a table and an instrument, and what a row of the table then answers.
A column is an item, the school, the language, or dropped: nothing else of a row goes on from here.
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as Map
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import Field, StringConstraints, ValidationError, model_validator

from app.errors import Fault, InvalidRequest, faults_from, pointer
from app.survey.base import Model, OptionValue, Slug
from app.survey.cells import Dates, Reading, is_ticked, names_of, read
from app.survey.columns import Wrong
from app.survey.conditions import Scalar
from app.survey.instrument import Instrument
from app.survey.items import Item
from app.survey.tables import Table, Tool, headings, letters, place, plain

BLANK = ("n/a", "na", "#n/a", "-", "--", "null", "-99")
Use = Literal["school", "language", "access_code", "status", "drop"]
Words = Annotated[str, StringConstraints(max_length=4000)]


class Rule(Model):
    """What one column is: an item, for a multiple choice perhaps one option of it, or of another use.

    Several columns may be one item, as where a form asks in two languages; a row answers in one of them. A rule that
    says neither is undecided, and nothing can be imported until it is decided.
    """

    column: Annotated[str, StringConstraints(pattern=r"^[A-Z]{1,3}$")]
    heading: Words = ""
    item: Slug | None = None
    option: OptionValue | None = None
    use: Use | None = None

    @model_validator(mode="after")
    def _one_thing(self) -> Rule:
        if self.item is not None and self.use is not None:
            raise ValueError("a column is an item or of another use, not both")
        if self.option is not None and self.item is None:
            raise ValueError("an option belongs to an item")
        return self


class Mapping(Model):
    """How to read a table: its columns, and the words that are not found in the instrument."""

    tool: Tool = "other"
    header_rows: Annotated[int, Field(ge=1, le=3)] = 1
    columns: Annotated[list[Rule], Field(min_length=1, max_length=2000)]
    values: dict[Slug, dict[Words, Scalar | None]] = {}
    schools: dict[Words, Slug | None] = {}
    blank: Annotated[list[Words], Field(max_length=50)] = list(BLANK)
    dates: Dates = "year-month-day"

    def document(self) -> dict[str, Any]:
        """Give the mapping as JSON data, without what it does not say."""
        said = self.model_dump(mode="json", exclude_none=False)
        said["columns"] = [{k: v for k, v in rule.items() if v is not None} for rule in said["columns"]]
        return {k: v for k, v in said.items() if v not in ({}, None)}


def parse_mapping(raw: Any) -> Mapping:
    """Read a mapping from JSON data. Raises InvalidRequest with every fault."""
    try:
        return Mapping.model_validate(raw)
    except ValidationError as error:
        found = faults_from(error.errors(include_url=False), "mapping")
        raise InvalidRequest("The mapping has faults.", faults=found) from None


# ------------------------------------------------------------------ does it fit
def misfits(mapping: Mapping, table: Table, instrument: Instrument) -> list[Fault]:
    """List what of a mapping does not fit the table and the instrument; only then can rows be read."""
    faults = []
    seen: dict[str, str] = {}
    heads = {h.column: h for h in headings(table, mapping.tool, mapping.header_rows)}
    for number, rule in enumerate(mapping.columns):
        at = ("mapping", "columns", number)
        head = heads.pop(rule.column, None)
        if head is None and rule.column in seen:
            faults.append(Fault(pointer(*at, "column"), "repeated_column", f"Column {rule.column} is mapped already."))
        elif head is None:
            faults.append(Fault(pointer(*at, "column"), "no_such_column", f"The file has no column {rule.column}."))
        elif rule.heading and plain(rule.heading) != plain(head.text):
            detail = f"Column {rule.column} has another heading in this file."
            faults.append(Fault(pointer(*at, "heading"), "other_heading", detail, (head.text,)))
        seen[rule.column] = rule.column
        faults += _rule_faults(rule, at, instrument)
        if head is not None and rule.item is None and rule.use is None:
            detail = f"Column {rule.column}, “{_short(head.text)}”, is no item yet: say which, or `use: drop`."
            faults.append(Fault(pointer(*at), "undecided_column", detail))
    for head in heads.values():
        if any(table.cell(row, place(head.column)).strip() for row in range(len(table.rows))):
            detail = f"Column {head.column}, “{_short(head.text)}”, is not in the mapping."
            faults.append(Fault(pointer("mapping", "columns"), "unmapped_column", detail))
    return faults + list(_target_faults(mapping, instrument))


def _rule_faults(rule: Rule, at: tuple[str | int, ...], instrument: Instrument) -> Iterator[Fault]:
    if rule.item is None:
        return
    item = instrument.by_key.get(rule.item)
    if item is None:
        yield Fault(pointer(*at, "item"), "unknown_item", f"The instrument has no item `{rule.item}`.")
    elif rule.option is not None and not _has_option(item, instrument, rule.option):
        yield Fault(pointer(*at, "option"), "unknown_option", f"`{rule.item}` is no multiple choice with this option.")


def _has_option(item: Item, instrument: Instrument, option: str) -> bool:
    return any(column.option == option for column in item.columns(instrument.scales, 0))


def _target_faults(mapping: Mapping, instrument: Instrument) -> Iterator[Fault]:
    uses = [rule.use for rule in mapping.columns if rule.use not in (None, "drop")]
    for use in {use for use in uses if uses.count(use) > 1}:
        yield Fault(pointer("mapping", "columns"), "repeated_use", f"Two columns are `use: {use}`.")
    whole = {rule.item for rule in mapping.columns if rule.item is not None and rule.option is None}
    for item in {rule.item for rule in mapping.columns if rule.option is not None and rule.item in whole}:
        detail = f"One column is the whole of `{item}`, another an option of it."
        yield Fault(pointer("mapping", "columns"), "repeated_item", detail)
    for key, words in mapping.values.items():
        mapped = instrument.by_key.get(key)
        if mapped is None:
            yield Fault(pointer("mapping", "values", key), "unknown_item", f"The instrument has no item `{key}`.")
            continue
        for word, value in words.items():
            if value is not None and not mapped.accepts(value, instrument.scales):
                detail = f"`{key}` can never have the value {value!r}."
                yield Fault(pointer("mapping", "values", key, word), "unknown_value", detail)


def _short(text: str) -> str:
    return text if len(text) <= 80 else text[:79] + "…"


# ------------------------------------------------------------------ rows
class CellFault(NamedTuple):
    """A fault of one cell, or of a row (`column` None): where it is in the spreadsheet, what it is, what it says."""

    column: str | None
    code: str
    detail: str
    expected: tuple[Any, ...] | None = None
    given: str | None = None


@dataclass(slots=True)
class ReadRow:
    """One row of a table as a response, numbered as in the spreadsheet."""

    number: int
    answers: dict[str, Any] = field(default_factory=dict)
    school: str | None = None
    locale: str | None = None
    access_code: str | None = None
    faults: list[CellFault] = field(default_factory=list)
    passed_over: Literal["empty", "preview"] | None = None


class Reader:
    """A mapping compiled for one instrument: reads rows of a table that it fits.

    Parameters
    ----------
    schools : plain name or key of a school -> its key.
    """

    def __init__(self, mapping: Mapping, instrument: Instrument, schools: Map[str, str]) -> None:
        self._mapping = mapping
        self._instrument = instrument
        self._schools: dict[str, str | None] = {**schools, **{plain(k): v for k, v in mapping.schools.items()}}
        self._blank = {plain(text) for text in mapping.blank} | {""}
        self._columns: dict[str, list[tuple[int, str | None]]] = {}
        for rule in mapping.columns:
            if rule.item is not None:
                self._columns.setdefault(rule.item, []).append((place(rule.column), rule.option))
        self._uses = {rule.use: place(rule.column) for rule in mapping.columns if rule.use is not None}
        self._readings: dict[str, Reading] = {}
        self._own: dict[str, dict[str, Any]] = {}
        for key in self._columns:
            own = {plain(word): value for word, value in mapping.values.get(key, {}).items()}
            names = names_of(instrument.by_key[key], instrument)
            self._readings[key] = Reading({**names, **own}, mapping.dates)
            # Of an item with options what is no answer; of one without also what is one: it has no other names.
            self._own[key] = {word: value for word, value in own.items() if value is None or not names}
        self._places = {
            key: {option.option: i for i, option in enumerate(instrument.by_key[key].columns(instrument.scales, 0), 1)}
            for key in self._columns
        }

    @property
    def column_of(self) -> dict[str, str]:
        """Item key -> the first column that holds it."""
        return {rule.item: rule.column for rule in reversed(self._mapping.columns) if rule.item is not None}

    def column_used_as(self, use: Use) -> str | None:
        return next((rule.column for rule in self._mapping.columns if rule.use == use), None)

    def rows(self, table: Table) -> Iterator[ReadRow]:
        """Read every row below the header rows."""
        for index in range(self._mapping.header_rows, len(table.rows)):
            yield self._row(table, index)

    def _row(self, table: Table, index: int) -> ReadRow:
        row = ReadRow(index + 1)
        if not any(cell.strip() for cell in table.rows[index]):
            row.passed_over = "empty"
            return row
        if "status" in self._uses and plain(table.cell(index, self._uses["status"])) in PREVIEWS:
            row.passed_over = "preview"
            return row
        for key, columns in self._columns.items():
            self._item(row, table, index, key, columns)
        if not row.answers and not row.faults:
            row.passed_over = "empty"
            return row
        self._rest(row, table, index)
        return row

    def _item(self, row: ReadRow, table: Table, index: int, key: str, columns: list[tuple[int, str | None]]) -> None:
        item, reading = self._instrument.by_key[key], self._readings[key]
        ticked: list[str] | None = None
        for column, option in columns:
            if (index, column) in table.formulas:
                detail = "The cell holds a formula; put its value there."
                row.faults.append(_at(column, Wrong("formula", detail), table.cell(index, column)))
                continue
            text = table.cell(index, column)
            said = plain(text)
            known = said in reading.names if option is None else reading.names.get(said) == option
            if said in self._own[key]:
                if self._own[key][said] is not None:
                    row.answers[key] = self._own[key][said]
                continue
            if said in self._blank and not known:
                continue
            try:
                if option is None and key in row.answers:
                    raise Wrong("answered_twice", "Another column of this row answers the item already.")
                if option is None:
                    row.answers[key] = read(item, text, reading)
                else:
                    ticked = ticked or []
                    if is_ticked(text, option, self._places[key][option], reading) and option not in ticked:
                        ticked.append(option)
            except Wrong as wrong:
                row.faults.append(_at(column, wrong, text))
        if ticked is not None:
            row.answers[key] = ticked

    def _rest(self, row: ReadRow, table: Table, index: int) -> None:
        def said(use: Use) -> str:
            return table.cell(index, self._uses[use]).strip() if use in self._uses else ""

        row.access_code = said("access_code") or None
        row.locale = _language(said("language"), self._instrument.languages)
        if school := said("school"):
            row.school = self._schools.get(plain(school))
            if row.school is None and plain(school) not in self._schools:
                wrong = Wrong("unknown_school", "The wave has no school of this name; say which under `schools`.")
                row.faults.append(_at(self._uses["school"], wrong, school))


PREVIEWS = frozenset(("survey preview", "survey test", "preview", "1", "2"))
"""What Qualtrics says, in its column of the status, of answers that nobody meant."""


def _at(column: int, wrong: Wrong, given: str) -> CellFault:
    return CellFault(letters(column), wrong.code, wrong.detail, wrong.expected, _short(given))


def _language(said: str, languages: tuple[str, ...]) -> str | None:
    """Give the instrument's language that is meant; one that it does not have is none, for it changes no answer."""
    tag = plain(said).replace("_", "-")
    tag = {"english": "en", "inglés": "en", "spanish": "es", "español": "es"}.get(tag, tag)
    known = {language.casefold(): language for language in languages}
    return known.get(tag) or known.get(tag.split("-")[0])
