"""A report as a tagged PDF for paper and screen readers: PDF/UA, title and language named, the same bytes every time.

Decides the standard and the date of the document. Its words come in as data, so that none of them is markup; its look
is in `templates/report.typ`.
"""

from __future__ import annotations

import pkgutil
from typing import Any

import orjson
import typst

from app.render.report.parts import Report

_TEMPLATE = pkgutil.get_data("app", "templates/report.typ") or b""
# With the fonts that come with typst a report is the same everywhere. They lack letters of some languages, and then
# those of the machine help; what nobody can draw is left to the reader's program, and the standard is not claimed.
_TRIES: tuple[dict[str, Any], ...] = (
    {"ignore_system_fonts": True, "pdf_standards": "ua-1"},
    {"ignore_system_fonts": False, "pdf_standards": "ua-1"},
    {"ignore_system_fonts": False},
)


def paper(report: Report) -> bytes:
    """Give a report as PDF. Raises typst.TypstError for what cannot be set at all."""
    inputs = {"report": orjson.dumps(report).decode()}
    for choice in _TRIES:
        try:
            made = typst.compile(_TEMPLATE, format="pdf", sys_inputs=inputs, **choice)
        except typst.TypstError:
            if choice is _TRIES[-1]:
                raise
        else:
            break
    assert isinstance(made, bytes)  # one document, not the list of pages that pictures give
    return made
