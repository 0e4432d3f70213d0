"""Tables as CSV that a spreadsheet can open without harm.

Decides how a cell is written: RFC 4180, UTF-8 with a byte order mark (without it Excel garbles accents), numbers as
they are, text that a spreadsheet would take for a formula with an apostrophe before it.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from io import StringIO
from typing import Any

MEDIA_TYPE = "text/csv; charset=utf-8"
BOM = "\ufeff"

# What begins a formula in some spreadsheet, also after blanks (which some cut off) and full-width, as Japanese ones
# take it; and the apostrophe itself before such text, so that one can be taken off again.
_FORMULA = re.compile(r"[\s']*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n]")
_NUMBER = re.compile(r"-?\d+(\.\d+)?", re.ASCII)


@lru_cache(10_000)
def harmless(text: str) -> str:
    """Put an apostrophe before a text that a spreadsheet would compute; a plain number stays one.

    Whoever reads the text with a program takes one apostrophe off where `[\\s']*[=+-@]` or a line end follows it.
    """
    return "'" + text if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def lines(rows: Iterable[Sequence[Any]]) -> str:
    """Write rows: text made harmless, numbers in the shortest form that reads back the same, None as nothing."""
    out = StringIO(newline="")
    csv.writer(out).writerows(map(_written, row) for row in rows)
    return out.getvalue()


def _written(cell: Any) -> Any:
    if type(cell) is str:
        return harmless(cell)
    return cell if type(cell) is not bool else "true" if cell else "false"


def table(heading: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """Give a whole file, with a heading."""
    return (BOM + lines([heading]) + lines(rows)).encode()
