"""Exports: what a reader may read of a wave, as a file in the format that is asked for.

Decides nothing about what may be shown: a summary is read as its reader reads it, and then rendered.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import orjson

from app.auth import Caller
from app.db import Database
from app.errors import NotAcceptable
from app.render import columnar, delimited, tidy, xlsx
from app.render.file import File
from app.render.workbook import workbook
from app.services import releases
from app.services.releases import Shelf

JSON = "application/json"
SUMMARY = {
    "json": JSON,
    "csv": delimited.MEDIA_TYPE,
    "xlsx": xlsx.MEDIA_TYPE,
    "parquet": columnar.PARQUET,
    "arrow": columnar.ARROW,
}
"""The formats of a summary: format -> media type."""


def export(
    database: Database,
    shelf: Shelf,
    caller: Caller,
    wave: str,
    form: str,
    *,
    group: str | None = None,
    school: str | None = None,
    items: tuple[str, ...] = (),
    constructs: tuple[str, ...] = (),
    number: int | None = None,
) -> tuple[File, str]:
    """Give a slice of a release as a file, and its ETag; makes the final release first if that is due.

    Parameters
    ----------
    form : a key of SUMMARY.
    group, school, items, constructs, number : as in `releases.read`.

    Raises
    ------
    NotFound, AudienceNotServed, ResultsNotReleased, InvalidRequest : as `releases.read`.
    NotAcceptable : for more figures than the format has room for.
    """
    body, etag = releases.read(
        database, shelf, caller, wave, group=group, school=school, items=items, constructs=constructs, number=number
    )
    name = "-".join(part for part in (wave, group, school, "summary") if part)
    # The ETag stands for the bytes of the slice, and so for the release and everything that chose them.
    return shelf.file(("summary", etag, form, name), lambda: _drawn(body, form, name))


def _drawn(body: bytes, form: str, name: str) -> File:
    content = body if form == "json" else _RENDER[form](orjson.loads(body))
    return File(content, SUMMARY[form], f"{name}.{form}")


def _csv(document: Mapping[str, Any]) -> bytes:
    return delimited.table([column.name for column in tidy.COLUMNS], tidy.rows(document))


def _xlsx(document: Mapping[str, Any]) -> bytes:
    try:
        return workbook(document)
    except xlsx.TooLarge:
        raise NotAcceptable(
            "A workbook has no room for so many figures. Ask for a group, for constructs, or for another format."
        ) from None


_RENDER: dict[str, Callable[[Mapping[str, Any]], bytes]] = {
    "csv": _csv,
    "xlsx": _xlsx,
    "parquet": columnar.parquet,
    "arrow": columnar.arrow,
}
