"""Questionnaires of Qualtrics (QSF, which is JSON) and LimeSurvey (LSS, which is XML), read as data.

Decides what a file of either kind is, and that none can do harm: by its size, its depth, or what its XML declares. What
is in it, `survey/qsf_import.py` and `lss_import.py` decide.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from xml.etree.ElementTree import Element, ParseError

import orjson
from defusedxml.common import DefusedXmlException  # type: ignore[import-untyped]
from defusedxml.ElementTree import fromstring  # type: ignore[import-untyped]

from app.errors import Fault, InvalidRequest
from app.survey.lss_read import Tables

LARGEST = 20_000_000
MOST_ROWS = 200_000
MOST_QUESTIONS, MOST_PARTS = 2000, 10_000  # an instrument has at most 400 items


def read_qsf(content: bytes) -> Mapping[str, Any]:
    """Read a QSF. Raises InvalidRequest when it is none."""
    _not_too_large(content, "QSF")
    try:
        value = orjson.loads(content.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError as error:
        raise _not_taken("QSF", f"it is not JSON: {error}") from None
    if not isinstance(value, dict) or not isinstance(value.get("SurveyElements"), list):
        raise _not_taken("QSF", "it has no `SurveyElements`")
    if len(value["SurveyElements"]) > MOST_QUESTIONS:
        raise _not_taken("QSF", f"it has more than {MOST_QUESTIONS} parts")
    return value


def read_lss(content: bytes) -> Tables:
    """Read the tables of an LSS. Raises InvalidRequest when it is none, or declares a document type or entities."""
    _not_too_large(content, "LSS")
    try:
        document: Element = fromstring(content, forbid_dtd=True)
    except ParseError as error:
        raise _not_taken("LSS", f"it is not XML: {error}") from None
    except DefusedXmlException:
        raise _not_taken("LSS", "it declares a document type or entities, which no LSS does") from None
    except (ValueError, LookupError) as error:  # an encoding that is unknown, or of several bytes a character
        raise _not_taken("LSS", f"it is not XML: {error}") from None
    kind = (document.findtext("LimeSurveyDocType") or "").strip()
    if document.tag != "document" or kind != "Survey":
        raise _not_taken("LSS", f"it is a `{kind}`, not a `Survey`" if kind else "it has no `LimeSurveyDocType`")
    tables: dict[str, list[dict[str, str]]] = {}
    rows = 0
    for table in document:
        found = [{cell.tag: (cell.text or "").strip() for cell in row} for row in table.iterfind("rows/row")]
        rows += len(found)
        if rows > MOST_ROWS:
            raise _not_taken("LSS", f"it has more than {MOST_ROWS} rows")
        if found:
            tables.setdefault(table.tag, []).extend(found)
    for names, most in ((("questions",), MOST_QUESTIONS), (("questions", "subquestions"), MOST_PARTS)):
        if len({row.get("qid") for name in names for row in tables.get(name, ())}) > most:
            raise _not_taken("LSS", f"it has more than {most} {' and '.join(names)}")
    tables["languages"] = [{"language": (part.text or "").strip()} for part in document.iterfind("languages/language")]
    return tables


def _not_too_large(content: bytes, kind: str) -> None:
    if len(content) > LARGEST:
        raise _not_taken(kind, f"it is larger than {LARGEST // 1_000_000} MB")


def _not_taken(kind: str, why: str) -> InvalidRequest:
    return InvalidRequest(f"The file is no {kind}.", faults=[Fault("", f"not_{kind.lower()}", why)])
