"""API schemas of instruments. The definition itself is described by `survey/instrument.py`."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from app.models.base import MAYBE, Document, Listing
from app.models.tables import InstrumentVersion
from app.survey.instrument import Group


class InstrumentHead(Document):
    """One version of an instrument, without its definition."""

    key: Annotated[str, Field(examples=["family"])]
    version: Annotated[int, Field(ge=1)]
    group: Group
    digest: str
    title: Annotated[dict[str, str], Field(examples=[{"en": "Family survey"}])]


class InstrumentList(Listing[InstrumentHead]):
    """The newest version of each instrument."""


class VersionOut(InstrumentHead):
    """One version of an instrument; `definition` is as it was stored."""

    definition: dict[str, Any]


class VersionMark(Document):
    version: int
    digest: str


class InstrumentOut(VersionOut):
    """The newest version of an instrument, and which there are."""

    versions: list[VersionMark]


class CraftWarning(Document):
    """What a careful survey maker would question."""

    pointer: str
    code: str
    detail: str
    expected: Annotated[list[Any], MAYBE]


class CheckOut(Document):
    """What would be stored."""

    key: str
    group: Group
    digest: str
    items: int
    constructs: Annotated[dict[str, list[str]], Field(examples=[{"communication": ["comm_informed"]}])]
    warnings: list[CraftWarning]


class Column(Document):
    """One character of a record, or several; `codes` says what each stands for."""

    position: int
    item: str
    option: Annotated[str, MAYBE]
    codes: Annotated[dict[str, Any], Field(examples=[{"1": "disagree", "2": "agree"}])]
    not_applicable: Annotated[list[str], MAYBE]
    scores: Annotated[dict[str, int], MAYBE]


class OpenAnswer(Document):
    item: str
    kind: str


class CodebookOut(Document):
    """The map from the items of a version to the columns of the stored record."""

    instrument: Annotated[str, Field(examples=["family@1"])]
    width: int
    special_codes: Annotated[dict[str, str], Field(examples=[{".": "no answer"}])]
    columns: list[Column]
    open_answers: list[OpenAnswer]


def version_head(row: InstrumentVersion) -> dict[str, Any]:
    """Describe a version without its definition."""
    return {
        "key": row.key,
        "version": row.version,
        "group": row.group,
        "digest": row.digest,
        "title": row.definition["title"],
    }
