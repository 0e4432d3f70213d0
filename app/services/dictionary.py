"""The data dictionary of a wave: what the columns and the answers of its exports mean.

Decides whose questions a caller reads. It holds no figure and no answer, and is there before the wave opens.
"""

from __future__ import annotations

from typing import Any

import orjson

from app.auth import Caller
from app.db import Database
from app.errors import NotFound
from app.render import delimited, sav, xlsx
from app.render.dictionary import as_csv, as_xlsx, dictionary
from app.render.file import File
from app.render.variables import ABOUT, variables
from app.services import waves
from app.services.instruments import codebook

FORMATS = {"json": "application/json", "csv": delimited.MEDIA_TYPE, "xlsx": xlsx.MEDIA_TYPE}


def export(database: Database, caller: Caller, wave: str, form: str, *, group: str | None = None) -> File:
    """Give the dictionary as a file.

    Parameters
    ----------
    form : a key of FORMATS.
    group : only its questions; the columns are then those of a raw export of this group.

    Raises
    ------
    NotFound : for a wave or group that is not there or lies outside the key's limits.
    """
    with database.read() as session:
        row = waves.get(database, session, wave, caller)
        books = {
            asked: (f"{version.key}@{version.version}", codebook(version))
            for asked, version in waves.instruments_of(session, wave).items()
            if group in (None, asked) and caller.serves(group=asked)
        }
        opens = row.opens_at
    if not books:
        raise NotFound("There is no such group.")
    answers = variables({asked: book for asked, (_, book) in books.items()})
    columns = sav.columns(ABOUT, answers)[len(ABOUT) :]
    head = {"wave": row.key, "title": row.title, "simulated": row.simulated}
    document = dictionary(head, books, answers, columns)
    name = "-".join(part for part in (wave, group, "dictionary") if part)
    return File(_drawn(document, form, opens.isoformat()), FORMATS[form], f"{name}.{form}")


def _drawn(document: dict[str, Any], form: str, made: str) -> bytes:
    if form == "csv":
        return as_csv(document)
    return as_xlsx(document, made) if form == "xlsx" else orjson.dumps(document, option=orjson.OPT_SORT_KEYS)
