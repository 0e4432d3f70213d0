"""API schemas of imports."""

from __future__ import annotations

from base64 import b64decode
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StrictBool, WithJsonSchema

from app.models.base import MAYBE, Body, Document, Slug, shown
from app.survey.instrument import Group
from app.survey.tables import Tool

RowStatus = Literal["accepted", "replayed", "rejected", "withdrawn", "empty", "preview", "ready"]


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

    model_config = shown(group="family", school="erving", file="VGltZXN0YW1wLFBsYW4/Cg==")
    group: Group
    school: Slug | None = None
    file: File
    mapping: Annotated[
        dict[str, Any] | None, Field(description="Which column is which item; null: what is certain by itself.")
    ] = None
    source: Annotated[str, Field(max_length=200, description="Tells apart files of different people.")] = ""
    apply: StrictBool = False
    partial: Annotated[StrictBool, Field(description="Store sound rows though others have faults.")] = False


class RowFault(Document):
    """What is wrong with a row, or with one of its cells."""

    column: Annotated[str, MAYBE]
    code: str
    detail: str
    expected: Annotated[list[Any], MAYBE]
    given: Annotated[str, MAYBE]


class RowOut(Document):
    """A row of the file, and what became of it."""

    row: int
    status: RowStatus
    faults: Annotated[list[RowFault], MAYBE]


class Dropped(Document):
    """A column that is no answer."""

    """A column that holds no answers."""

    column: str
    heading: str


class ImportOut(Document):
    """What became of every row, or would."""

    wave: str
    group: Group
    instrument: str
    tool: Tool
    applied: bool
    counts: Annotated[dict[str, int], Field(examples=[{"accepted": 12, "rejected": 1}])]
    dropped: list[Dropped]
    rows: list[RowOut]
    mapping: dict[str, Any]


class DraftIn(Body):
    """A file for which a mapping is to be drafted."""

    model_config = shown(group="family", file="VGltZXN0YW1wLFBsYW4/Cg==")
    group: Group
    file: File


class Guess(Document):
    """What a person should look at."""

    column: str
    text: str


class DraftOut(Document):
    """A mapping to be read and corrected by a person, and what in it is a guess."""

    mapping: dict[str, Any]
    guesses: list[Guess]
