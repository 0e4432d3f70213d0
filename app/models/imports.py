"""API schemas of imports."""

from __future__ import annotations

from base64 import b64decode
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, StrictBool, WithJsonSchema

from app.models.base import Body, Document, Slug
from app.survey.instrument import Group


def _decoded(value: Any) -> bytes:
    """Decode base64 as `base64` prints it, in lines, and nothing else."""
    if not isinstance(value, str):
        raise ValueError("a file in base64 is expected")
    return b64decode("".join(value.split()), validate=True)


File = Annotated[
    bytes,
    BeforeValidator(_decoded),
    WithJsonSchema({"type": "string", "contentEncoding": "base64"}),
    Field(description="The CSV or XLSX file, in base64; 5 MiB at most."),
]


class ImportIn(Body):
    """A file of responses. Without `apply` nothing is stored: the reply says what would become of each row."""

    group: Group
    school: Slug | None = None
    file: File
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
    file: File


class DraftOut(Document):
    """A mapping to be read and corrected by a person, and what in it is a guess."""

    mapping: dict[str, Any]
    guesses: list[dict[str, Any]]
