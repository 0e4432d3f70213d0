"""A raw export as SPSS takes it: short names, numbers with labels, missing values that say why.

Decides names, codes and labels. Whoever writes the file gives them to the library that does.
"""

from __future__ import annotations

import re
from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from textwrap import wrap
from typing import Any

import numpy as np
import pandas as pd

from app.render.tidy import Field
from app.render.variables import Holds, Variable
from app.survey.columns import MISSING, NOT_ASKED

LONGEST_TEXT = 32_767  # bytes; SPSS has no longer ones
_RESERVED = frozenset(("all", "and", "by", "eq", "ge", "gt", "le", "lt", "ne", "not", "or", "to", "with"))
_MEASURE = {"choice": "nominal", "tick": "nominal", "flag": "nominal", "whole": "scale", "number": "scale"}
_FORMAT = {"day": "DATE11", "choice": "F8.0", "tick": "F8.0", "flag": "F8.0", "whole": "F16.0"}
_YES = {0: "No", 1: "Yes"}
_HELD: dict[str, Holds] = {"text": "text", "day": "day", "flag": "flag", "number": "number"}


@dataclass(frozen=True, slots=True)
class SavColumn:
    """One column of the file.

    Attributes
    ----------
    name : of at most 64 letters, digits and underlines.
    label : the question, or what the column says.
    holds : what a cell is: coded answers and flags are numbers.
    codes : code of the record -> number, missing values included; empty where there is no record.
    labels : number -> label.
    missing : the lowest and the highest number that stand for no valid answer; None where there is no record.
    ordered : the numbers are scores.
    """

    name: str
    label: str
    holds: Holds
    codes: Mapping[str, int]
    labels: Mapping[int, str]
    missing: tuple[int, int] | None = None
    ordered: bool = False


def columns(fields: Sequence[Field], variables: Sequence[Variable]) -> list[SavColumn]:
    """Give the columns of a file, in order: first what is said about a response, then its answers."""
    taken: set[str] = set()
    found = [
        SavColumn(_name(field.name, taken), field.meaning, _HELD[field.type], {}, _YES if field.type == "flag" else {})
        for field in fields
    ]
    ticks: Counter[str] = Counter()
    for variable in variables:
        wanted = variable.name
        if variable.option is not None:  # an option may be called anything, its place is a number
            ticks[variable.item] += 1
            wanted = f"{variable.item}_{ticks[variable.item]}"
        found.append(_coded(variable, _name(wanted, taken)))
    return found


def _name(wanted: str, taken: set[str]) -> str:
    """Make a name that SPSS takes and that no other column has, whatever the case of its letters."""
    plain = re.sub(r"[^A-Za-z0-9_]", "_", wanted)[:56].strip("_") or "item"
    if not plain[0].isalpha() or plain.lower() in _RESERVED:
        plain = f"q_{plain}"
    name, number = plain, 1
    while name.lower() in taken:
        number += 1
        name = f"{plain}_{number}"
    taken.add(name.lower())
    return name


def _coded(variable: Variable, name: str) -> SavColumn:
    if not variable.codes:
        return SavColumn(name, variable.text, variable.holds, {}, {})
    first = min(-97, min(variable.numbers.values(), default=0) - 1)  # below every answer
    outside = [code for code in variable.codes if code in variable.not_applicable]
    codes = {**variable.numbers, MISSING: first, NOT_ASKED: first - 1}
    codes |= {code: first - 2 - place for place, code in enumerate(outside)}
    labels = {codes[code]: label for code, label in variable.labels.items()}
    labels |= {first: "No answer", first - 1: "Not asked"}
    missing = (min(codes.values()), first)
    return SavColumn(name, variable.text, variable.holds, codes, labels, missing, variable.scored)


# ------------------------------------------------------------------ the table
def frame(columns: Sequence[SavColumn], rows: Iterable[Sequence[Any]]) -> pd.DataFrame:
    """Gather rows of cells to a table, numbers in as few bytes as hold them.

    Parameters
    ----------
    rows : cells in the order of the columns; of coded answers the numbers, None where there is nothing.
    """
    gathered: list[Any] = [_empty(column) for column in columns]
    for row in rows:
        for column, cell, cells in zip(columns, row, gathered, strict=True):
            cells.append(_cell(column, cell))
    told = zip(columns, gathered, strict=True)
    return pd.DataFrame({column.name: _series(column, cells) for column, cells in told})


def _empty(column: SavColumn) -> Any:
    return array("d" if column.holds in ("whole", "number") else "f") if _is_number(column) else []


def _is_number(column: SavColumn) -> bool:
    return column.holds not in ("text", "day")


def _cell(column: SavColumn, cell: Any) -> Any:
    if _is_number(column):
        return float("nan") if cell is None else cell
    if column.holds == "day":
        return date.fromisoformat(cell) if type(cell) is str else cell
    return "" if cell is None else cell.encode()[:LONGEST_TEXT].decode(errors="ignore")


def _series(column: SavColumn, cells: Any) -> pd.Series[Any]:
    if _is_number(column):
        return pd.Series(np.frombuffer(cells, dtype=cells.typecode))
    return pd.Series(cells, dtype=object)


def described(columns: Sequence[SavColumn], title: str, notice: str) -> dict[str, Any]:
    """Say what is in the file, as `pyreadstat.write_sav` takes it."""
    return {
        "file_label": title,
        "note": wrap(notice, 40),  # its lines have 80 bytes
        "column_labels": {column.name: column.label for column in columns},
        "variable_value_labels": {c.name: dict(c.labels) for c in columns if c.labels},
        "missing_ranges": {c.name: [{"lo": c.missing[0], "hi": c.missing[1]}] for c in columns if c.missing},
        "variable_measure": {c.name: "ordinal" if c.ordered else _MEASURE.get(c.holds, "nominal") for c in columns},
        "variable_format": {c.name: _FORMAT[c.holds] for c in columns if c.holds in _FORMAT},
    }
