"""API schemas of imports."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Base64Bytes, Field, StrictBool

from app.models.base import Body, Document, Slug
from app.survey.instrument import Group


class ImportIn(Body):
    """A file of responses. Without `apply` nothing is stored: the reply says what would become of each row."""

    group: Group
    school: Slug | None = None
    file: Annotated[Base64Bytes, Field(description="The CSV or XLSX file, in base64; 5 MiB at most.")]
    mapping: Annotated[
        dict[str, Any] | None, Field(description="Which column is which item; null: what is certain by itself.")
    ] = None
    source: Annotated[str, Field(max_length=200, description="Tells apart files of different people.")] = ""
    apply: StrictBool = False
    partial: Annotated[StrictBool, Field(description="Store sound rows though others have faults.")] = False


class ImportOut(Document):
    """What became of every row, or would."""

    wave: str
    group: str
    instrument: str
    tool: str
    applied: bool
    counts: dict[str, int]
    dropped: list[dict[str, Any]]
    rows: list[dict[str, Any]]
    mapping: dict[str, Any]


class DraftIn(Body):
    """A file for which a mapping is to be drafted."""

    group: Group
    file: Annotated[Base64Bytes, Field(description="The CSV or XLSX file, in base64; 5 MiB at most.")]


class DraftOut(Document):
    """A mapping to be read and corrected by a person, and what in it is a guess."""

    mapping: dict[str, Any]
    guesses: list[dict[str, Any]]
