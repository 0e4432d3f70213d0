"""The long table of a summary as Parquet and as an Arrow file, with typed columns.

Decides the types: words are dictionaries, numbers are numbers, the time is a time. Its metadata says of which release
it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from dateutil.parser import isoparse

from app.render import tidy

PARQUET, ARROW = "application/vnd.apache.parquet", "application/vnd.apache.arrow.file"
_TYPES = {
    "text": pa.dictionary(pa.int32(), pa.string()),
    "whole": pa.int64(),
    "number": pa.float64(),
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
        pa.field(column.name, _TYPES[column.type], metadata={"meaning": column.meaning}) for column in tidy.COLUMNS
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
