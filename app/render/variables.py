"""The columns of a raw export: one for each item, for a multiple choice one for each option.

Decides how the columns are called, what they hold and which groups share one, and turns records into cells. It knows no
file format and no storage.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import singledispatch
from typing import Any, Literal

from app.render.tidy import Field
from app.survey.codebook import Codebook
from app.survey.columns import MISSING, NOT_ASKED, Column
from app.survey.items import Date, FreeText, Integer, Item, Number

Holds = Literal["choice", "tick", "flag", "whole", "number", "day", "text"]

ABOUT = (
    Field("wave", "text", "The wave."),
    Field("id", "text", "The response's random id, as in its receipt."),
    Field("group", "text", "The stakeholder group."),
    Field("school", "text", "The school; empty for people who are tied to none."),
    Field("locale", "text", "The language that the survey was shown in, if it is known."),
    Field("instrument", "text", "The instrument version that was answered."),
    Field("received_on", "day", "The day on which the response arrived."),
    Field("promise", "text", "What was promised: confidential or attributed. Passing the row on breaks it."),
    Field("promise_digest", "text", "Digest of the promise as it stood then."),
    Field("simulated", "flag", "Whether no person gave these answers."),
)
WEIGHT = Field("weight", "number", "Weight of the response, raked to the roster.")
RECORD = Field("record", "text", "The answers to closed items, one character each, as they are stored.")


@dataclass(frozen=True, slots=True)
class Variable:
    """One column of answers.

    Attributes
    ----------
    name : its heading, the item's key or `item.option`; with `@group` where another group means something else by it.
    item, option : what it holds; `option` for a multiple choice.
    holds : `choice` an option's value; `tick` whether an option was ticked; `flag` true or false; `whole` and `number`
        numbers; `day` a date; `text` words.
    text : the question, and for a multiple choice the option's label.
    positions : group -> place in the record; None for an open item.
    codes : code of the record -> what it stands for; empty for an open item.
    not_applicable : the codes that say that it does not apply.
    numbers : code -> the number that stands for it where a format has no words: the raw score, else the place in the
        list of options, else the answer itself; only of answers that apply.
    labels : code -> the option's label.
    scored : whether the numbers are scores.
    """

    name: str
    item: str
    option: str | None
    holds: Holds
    text: str
    positions: Mapping[str, int | None]
    codes: Mapping[str, Any] = field(default_factory=dict)
    not_applicable: frozenset[str] = frozenset()
    numbers: Mapping[str, int] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    scored: bool = False

    def meaning(self) -> tuple[Any, ...]:
        """What groups must share to share the column."""
        return self.item, self.option, self.holds, tuple(self.codes.items()), tuple(self.numbers.items())


def variables(books: Mapping[str, Codebook]) -> list[Variable]:
    """Give the columns of the answers of some groups, in the order in which they are asked.

    Parameters
    ----------
    books : group -> codebook of its instrument.
    """
    found: dict[Any, Variable] = {}
    taken = {field.name for field in (*ABOUT, WEIGHT, RECORD)}
    for group, book in books.items():
        for one in _of_group(group, book):
            standing = found.get(one.meaning())
            if standing is not None:
                found[one.meaning()] = replace(standing, positions={**standing.positions, **one.positions})
                continue
            name = one.name if one.name not in taken else f"{one.name}@{group}"
            taken.add(name)
            found[one.meaning()] = replace(one, name=name)
    return list(found.values())


def _of_group(group: str, book: Codebook) -> Iterator[Variable]:
    instrument = book.instrument
    for item in instrument.items:
        text = item.text.say(instrument.default_locale)
        options = {o["value"]: o for o in item.options(instrument.scales, instrument.default_locale)}
        for column in book.of_item.get(item.key, ()):
            yield _closed(group, text, column, options)
        if item.key not in book.of_item:
            yield Variable(item.key, item.key, None, open_type(item), text, {group: None})


def _closed(group: str, text: str, column: Column, options: Mapping[str, Mapping[str, Any]]) -> Variable:
    at = {group: column.position}
    if column.option is not None:
        text, name = f"{text} — {options[column.option]['label']}", f"{column.item}.{column.option}"
        numbers, labels = {"0": 0, "1": 1}, {"0": "Not chosen", "1": "Chosen"}
        return Variable(
            name, column.item, column.option, "tick", text, at, column.codes, numbers=numbers, labels=labels
        )
    told = {code: options[_key(value)] for code, value in column.codes.items() if _key(value) in options}
    first = next(iter(column.codes.values()))
    holds: Holds = "flag" if type(first) is bool else "whole" if type(first) is int else "choice"
    places = {value: place for place, value in enumerate(options, 1)}
    numbers = {c: option.get("score", places[option["value"]]) for c, option in told.items()}
    if holds != "choice":
        numbers = {code: int(value) for code, value in column.codes.items()}
    return Variable(
        column.item, column.item, None, holds, text, at,
        codes=column.codes,
        not_applicable=column.not_applicable,
        numbers={code: number for code, number in numbers.items() if code not in column.not_applicable},
        labels={code: option["label"] for code, option in told.items()},
        scored=any("score" in option for option in told.values()),
    )  # fmt: skip


def _key(value: Any) -> str:
    """An answer as options are called."""
    return str(value).lower() if type(value) is bool else str(value)


@singledispatch
def open_type(item: Item) -> Holds:
    """Tell what the answers to an open item are."""
    raise NotImplementedError(type(item).__name__)


@open_type.register
def _(item: Integer) -> Holds:
    return "whole"


@open_type.register
def _(item: Number) -> Holds:
    return "number"


@open_type.register
def _(item: Date) -> Holds:
    return "day"


@open_type.register
def _(item: FreeText) -> Holds:
    return "text"


# ------------------------------------------------------------------ records to cells
Cells = Callable[[str, Mapping[str, Any]], list[Any]]
"""Gives the cells of a response, one a variable, from its record and its open answers."""


def reader(of: Collection[Variable], group: str, told: Callable[[Variable], Mapping[str, Any]]) -> Cells:
    """Compile the way from the records of a group to cells.

    Parameters
    ----------
    of : all columns; those that the group does not answer stay None.
    told : gives what each code of a variable becomes; a code that is missing becomes None.
    """
    closed, opened = [], []
    for place, variable in enumerate(of):
        position = variable.positions.get(group)
        if position is not None:
            closed.append((place, position, told(variable)))
        elif group in variable.positions:
            opened.append((place, variable.item))
    width = len(of)

    def cells(record: str, open_answers: Mapping[str, Any]) -> list[Any]:
        row: list[Any] = [None] * width
        for place, position, words in closed:
            row[place] = words.get(record[position])
        for place, item in opened:
            row[place] = open_answers.get(item)
        return row

    return cells


def as_values(variable: Variable) -> Mapping[str, Any]:
    """What a code stands for, as it is; nothing for no answer and not asked."""
    return variable.codes


def as_text(variable: Variable) -> Mapping[str, Any]:
    """What a code stands for where cells are text: `.` no answer, `-` not asked; ticks are 0 and 1.

    An option that is called like these has an apostrophe before it.
    """
    words = variable.numbers if variable.holds == "tick" else variable.codes
    told = {code: Mark(f"'{value}") if value in (MISSING, NOT_ASKED) else value for code, value in words.items()}
    return {**told, MISSING: NO_ANSWER, NOT_ASKED: UNASKED}


class Mark(str):
    """A text that is written as it is."""


NO_ANSWER, UNASKED = Mark(MISSING), Mark(NOT_ASKED)
