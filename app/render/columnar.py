"""The long table of a summary as Parquet and as an Arrow file, with typed columns.

Decides the types: words are dictionaries, numbers are numbers, the time is a time. Its metadata says of which release
it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from dateutil.parser import isoparse

from app.render import tidy
from app.render.tidy import Field
from app.render.variables import Variable

PARQUET, ARROW = "application/vnd.apache.parquet", "application/vnd.apache.arrow.file"
_WORDS = pa.string()
TYPES = {
    "text": pa.dictionary(pa.int32(), pa.string()),
    "whole": pa.int64(),
    "number": pa.float64(),
    "day": pa.date32(),
    "time": pa.timestamp("us", "UTC"),
    "flag": pa.bool_(),
}


def table(document: Mapping[str, Any]) -> pa.Table:
    """Give the long table of a summary, or of a slice of one, with its `release`."""
    release = document["release"]
    names = [column.name for column in tidy.COLUMNS]
    rows = list(tidy.rows(document))
    columns: dict[str, Any] = {name: [row[place] for row in rows] for place, name in enumerate(names)}
    columns["released_at"] = [isoparse(release["released_at"])] * len(rows)
    about = {
        "wave": document["wave"],
        "title": document["title"],
        "audience": document["audience"],
        "simulated": "true" if document["simulated"] else "false",
        "release": str(release["number"]),
        "digest": release["digest"],
        "definitions": release["definitions"],
    }
    fields = [
        pa.field(column.name, TYPES[column.type], metadata={"meaning": column.meaning}) for column in tidy.COLUMNS
    ]
    return pa.table(columns, schema=pa.schema(fields, metadata=about))


def parquet(document: Mapping[str, Any]) -> bytes:
    """Give the table as a Parquet file."""
    out = pa.BufferOutputStream()
    pq.write_table(table(document), out, compression="zstd")
    return bytes(out.getvalue())


def arrow(document: Mapping[str, Any]) -> bytes:
    """Give the table as an Arrow IPC file (Feather, version 2)."""
    out, content = pa.BufferOutputStream(), table(document)
    with pa.ipc.new_file(out, content.schema) as writer:
        writer.write_table(content)
    return bytes(out.getvalue())


# ------------------------------------------------------------------ raw exports
_HELD = {"choice": "text", "tick": "flag"}


def responses_schema(fields: Sequence[Field], variables: Sequence[Variable], wave: str, notice: str) -> pa.Schema:
    """Give the columns of a raw export; its metadata says whose promise is broken if it is passed on."""
    told = [
        pa.field(field.name, _WORDS if field.name == "id" else TYPES[field.type], metadata={"meaning": field.meaning})
        for field in fields
    ]
    asked = [
        pa.field(
            variable.name,
            _WORDS if variable.holds == "text" else TYPES[_HELD.get(variable.holds, variable.holds)],
            metadata={"meaning": variable.text, "item": variable.item},
        )
        for variable in variables
    ]
    return pa.schema([*told, *asked], metadata={"wave": wave, "notice": notice})


def responses_table(schema: pa.Schema, rows: Sequence[Sequence[Any]]) -> pa.Table:
    """Give rows of a raw export as a table; days come as text."""

    def typed(field: pa.Field, cells: Sequence[Any]) -> pa.Array:
        is_day = field.type == TYPES["day"]
        return pa.array(cells, pa.string()).cast(field.type) if is_day else pa.array(cells, field.type)

    columns = zip(schema, zip(*rows, strict=True), strict=True)
    return pa.table([typed(field, cells) for field, cells in columns], schema=schema)
