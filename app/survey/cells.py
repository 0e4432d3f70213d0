"""What is written in a cell of an export, as an answer: labels in any language, values, codes, numbers, dates.

Decides how each kind of item is read from text. Whether the answer is right, the codebook decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import singledispatch
from typing import Any, Literal

from app.survey.columns import Option, ScaleOption, Wrong
from app.survey.instrument import Instrument
from app.survey.items import Boolean, Date, FreeText, Integer, ItemBase, Multiple, Number, Rating, Single
from app.survey.tables import plain

Dates = Literal["year-month-day", "month-day-year", "day-month-year"]
Names = Mapping[str, Any]
"""Plain text -> the answer that it stands for; None where it stands for several."""

LONGEST_LABEL = 12  # pieces of a label that has commas itself
YES = frozenset(("yes", "y", "true", "1", "sí", "si", "x", "checked", "selected", "✓", "✔", "☑"))
NO = frozenset(("no", "n", "false", "0", "unchecked", "not selected", "unselected", "☐"))
_ORDER: dict[str, tuple[int, int, int]] = {"month-day-year": (3, 1, 2), "day-month-year": (3, 2, 1)}


@dataclass(frozen=True, slots=True)
class Reading:
    """What reading a cell of one item needs: the names of its answers, and the order of day and month."""

    names: Names
    dates: Dates = "year-month-day"


@singledispatch
def names_of(item: ItemBase, instrument: Instrument) -> Names:
    """Give what a cell may say for each answer of a closed item; nothing for others."""
    return {}


@names_of.register
def _(item: Rating, instrument: Instrument) -> Names:
    options = instrument.scales[item.scale].options
    scores = {str(o.score): o.value for o in options if o.score is not None}
    return scores | _names(options)  # what an option is called goes before a number that is another's score


@names_of.register(Single)
@names_of.register(Multiple)
def _(item: Single | Multiple, instrument: Instrument) -> Names:
    return _names(item.options_)


@names_of.register
def _(item: Boolean, instrument: Instrument) -> Names:
    return dict.fromkeys(YES, True) | dict.fromkeys(NO, False)


def _names(options: Iterable[Option | ScaleOption]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for option in options:
        for label in option.label.root.values():
            name = plain(label)
            found[name] = option.value if found.get(name, option.value) == option.value else None
    return found | {plain(option.value): option.value for option in options}


# ------------------------------------------------------------------ one cell
@singledispatch
def read(item: ItemBase, text: str, reading: Reading) -> Any:
    """Turn the text of a cell that is not blank into an answer. Raises Wrong."""
    raise NotImplementedError(type(item).__name__)


@read.register(Rating)
@read.register(Single)
@read.register(Boolean)
def _(item: Rating | Single | Boolean, text: str, reading: Reading) -> Any:
    return _named(text, reading.names)


@read.register
def _(item: Multiple, text: str, reading: Reading) -> list[Any]:
    ticked = []
    for piece in _pieces(text, reading.names):
        value = _named(piece, reading.names)
        if value not in ticked:
            ticked.append(value)
    return ticked


@read.register
def _(item: Integer, text: str, reading: Reading) -> int:
    number = _number(text)
    if number != int(number):
        raise Wrong("wrong_type", "A whole number is expected.")
    return int(number)


@read.register
def _(item: Number, text: str, reading: Reading) -> float:
    return _number(text)


@read.register
def _(item: Date, text: str, reading: Reading) -> str:
    day = re.sub(r"[T ]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?( ?[AaPp][Mm])?Z?$", "", text.strip())
    if re.fullmatch(r"\d{4}-\d{1,2}-\d{1,2}", day):
        year, month, date = day.split("-")
        return f"{year}-{month:0>2}-{date:0>2}"
    parts = re.fullmatch(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})", day)
    if parts is None:
        raise Wrong("invalid_date", "A date like 2022-10-03 is expected.")
    if reading.dates not in _ORDER:
        raise Wrong("ambiguous_date", "Say in the mapping, as `dates`, whether the day or the month stands first.")
    year, month, date = (parts[i] for i in _ORDER[reading.dates])
    return f"{year}-{month:0>2}-{date:0>2}"


@read.register
def _(item: FreeText, text: str, reading: Reading) -> str:
    return text


def is_ticked(text: str, option: str, position: int, reading: Reading) -> bool:
    """Read a cell of a column that stands for one option of a multiple choice. Raises Wrong."""
    said = plain(text)
    if said in YES or reading.names.get(said) == option or said == str(position):
        return True
    if said in NO:
        return False
    raise Wrong(
        "unknown_option", "This says neither that the option was ticked nor that it was not.", (option, "1", "0")
    )


def _named(text: str, names: Names) -> Any:
    name = plain(text)
    name = re.sub(r"^(-?\d+)\.0$", r"\1", name)  # a spreadsheet's idea of a whole number
    if name not in names:
        raise Wrong("unknown_option", "This is none of the item's options, in no language.", _expected(names))
    if names[name] is None:
        raise Wrong("ambiguous_label", "Several options have this label; give the option's value.", _expected(names))
    return names[name]


def _expected(names: Names) -> tuple[Any, ...]:
    return tuple(dict.fromkeys(value for value in names.values() if value is not None))


def _number(text: str) -> float:
    text = text.strip()
    if not re.fullmatch(r"[+-]?\d{1,20}(\.\d{1,20})?([eE][+-]?\d{1,2})?", text):
        raise Wrong("wrong_type", "A number like 3 or 2.5 is expected.")
    return float(text)


def _pieces(text: str, names: Names) -> list[str]:
    """Divide what was ticked at commas, semicolons, bars and line ends, but not inside a label.

    Raises Wrong when it can be divided in two ways: `Speech, Language` may be two labels, or one.
    """
    tokens = re.split(r"([,;|\n])", text)  # pieces, and the separators between them
    count = len(tokens) // 2 + 1
    ways = [0] * count + [1]
    ends = [count] * count
    for start in range(count - 1, -1, -1):  # from behind: what follows is divided already
        for end in range(start + 1, min(count, start + LONGEST_LABEL) + 1):
            label = plain("".join(tokens[2 * start : 2 * end - 1]))
            if ways[end] and (label in names or (not label and end == start + 1)):
                ways[start] += ways[end]
                ends[start] = end
    if ways[0] > 1:
        raise Wrong(
            "ambiguous_label", "Labels with commas in them: this can be read in several ways.", _expected(names)
        )
    if not ways[0]:
        return [piece for piece in tokens[::2] if piece.strip()]  # reading them names the one that is unknown
    pieces, start = [], 0
    while start < count:
        pieces.append("".join(tokens[2 * start : 2 * ends[start] - 1]))
        start = ends[start]
    return [piece for piece in pieces if piece.strip()]
