"""Raw exports: the responses of a wave as they are, for admins. Every one is noted, and says which promise it breaks.

Decides who is in it and how it is carried: rows are read and written in parts, so that memory does not grow with them.
How a cell looks, `render` decides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import IO, Any

import orjson
import pyarrow.parquet as pq
import pyreadstat
from sqlalchemy import func, select
from sqlmodel import col

from app.analysis.facts import School
from app.auth import Caller
from app.db import Database
from app.errors import Fault, InvalidRequest, NotAcceptable
from app.models.tables import SurveyResponse, Wave
from app.render import columnar, delimited, sav
from app.render.tidy import Field
from app.render.variables import ABOUT, RECORD, WEIGHT, Variable, as_text, as_values, reader, variables
from app.services import waves, weights
from app.services.audit import record
from app.services.instruments import codebook
from app.services.responses import document, streamed
from app.survey.codebook import Codebook
from app.survey.promise import plain_words

FORMATS = {
    "ndjson": "application/x-ndjson",
    "csv": delimited.MEDIA_TYPE,
    "parquet": columnar.PARQUET,
    "sav": "application/x-spss-sav",
}
SAV_ROWS = 250_000  # the library that writes these files takes all rows at once
PART = 5_000  # rows that are in memory at a time
ROW_GROUP = 50_000
CHUNK = 1 << 20


@dataclass(frozen=True)
class Extract:
    """Responses that may be read: which, and what is said about them.

    Attributes
    ----------
    row : the wave.
    books : group -> name of its instrument, and its codebook; only of groups that are in it.
    notice : which promise is broken if it is passed on, in plain words.
    weight : (school, group) -> weight; None when none were asked for.
    form : the format; a key of FORMATS.
    narrowed : the group and the school whose responses they are, None for all.
    """

    database: Database
    row: Wave
    books: Mapping[str, tuple[str, Codebook]]
    notice: str
    weight: Mapping[tuple[School, str], float] | None
    form: str
    narrowed: tuple[str | None, ...]
    where: tuple[Any, ...]

    @property
    def name(self) -> str:
        """A name for the file, that says what it is."""
        return "-".join(part for part in (self.row.key, *self.narrowed, "responses") if part) + f".{self.form}"

    @property
    def told(self) -> str:
        """The promises that are broken if it is passed on, in short, for a header."""
        modes = {group: self.row.promise[group] for group in self.books}
        return ", ".join(
            f"{group}={promise['mode']}" + (f"/{promise['minimum']}" if "minimum" in promise else "")
            for group, promise in modes.items()
        )

    @property
    def variables(self) -> list[Variable]:
        return variables({group: book for group, (_, book) in self.books.items()})

    @property
    def fields(self) -> tuple[Field, ...]:
        """What is said of a response before its answers."""
        weighed = () if self.weight is None else (WEIGHT,)
        return (*ABOUT, *weighed, *((RECORD,) if self.form == "parquet" else ()))

    def parts(self) -> Iterator[Any]:
        """Give the stored rows in parts, in the order of their random ids."""
        table = SurveyResponse.__table__  # type: ignore[attr-defined]
        with self.database.read() as session:
            yield from streamed(session, select(table).where(*self.where).order_by(table.c.id), PART)

    def about(self, row: Any) -> tuple[Any, ...]:
        """What is said of a response, in the order of `fields`."""
        promised = self.row.promise[row.group]["mode"]
        said = (
            row.wave, row.id, row.group, row.school, row.locale, self.books[row.group][0], row.received_on.isoformat(),
            promised, row.promise_digest, self.row.simulated,
        )  # fmt: skip
        weighed = () if self.weight is None else (self.weight[row.school, row.group],)
        return (*said, *weighed, *((row.record,) if self.form == "parquet" else ()))


def take(
    database: Database,
    wave: str,
    caller: Caller | None,
    form: str,
    *,
    group: str | None = None,
    school: str | None = None,
    raked: bool = False,
) -> Extract:
    """Note the export and say what is in it.

    Parameters
    ----------
    caller : None for who is at the machine itself.
    form : a key of FORMATS.
    group, school : only their responses.
    raked : weigh the responses to the roster.

    Raises
    ------
    NotFound
    InvalidRequest : for a group or school that the wave does not have.
    NotAcceptable : for more responses than the format takes.
    WaveOpen, WeightsImpossible : when they are to be `raked` and cannot be.
    """
    where: tuple[Any, ...] = (col(SurveyResponse.wave) == wave,)
    with database.read() as session:
        row = waves.find(session, wave)
        faults = [
            Fault(f"?{name}", f"unknown_{name}", f"The wave has no such {name}.", tuple(known))
            for name, asked, known in (("group", group, row.promise), ("school", school, row.schools))
            if asked is not None and asked not in known
        ]
        if faults:
            raise InvalidRequest("A filter names something that the wave does not have.", faults=faults)
        where += () if group is None else (col(SurveyResponse.group) == group,)
        where += () if school is None else (col(SurveyResponse.school) == school,)
        count = session.connection().execute(select(func.count()).where(*where)).scalar_one()
        if form == "sav" and count > SAV_ROWS:
            raise NotAcceptable(
                f"A .sav file is made of {SAV_ROWS:,} responses at most, and these are {count:,}. "
                "Ask for a group or a school, or take Parquet."
            )
        weight = weights.raked(database, session, row) if raked else None
        books = {
            asked: (f"{version.key}@{version.version}", codebook(version))
            for asked, version in waves.instruments_of(session, wave).items()
            if group in (None, asked)
        }
    with database.write() as session:
        record(session, caller, "responses.export", wave)
    return Extract(database, row, books, _notice(row, books), weight, form, (group, school), where)


def _notice(row: Wave, groups: Mapping[str, Any]) -> str:
    """Say which promises are broken if the export is passed on."""
    told = (f"{group}: “{plain_words(row.promise[group], waves.access_of(row, group))['en']}”" for group in groups)
    return " ".join(("Single responses. Whoever passes them on breaks what was promised.", *told))


# ------------------------------------------------------------------ formats
def content(extract: Extract) -> Iterator[bytes]:
    """Give the export in parts. Files that are no stream are made first, where nobody else can open them."""
    return {"ndjson": _ndjson, "csv": _csv, "parquet": _parquet, "sav": _sav}[extract.form](extract)


def _ndjson(extract: Extract) -> Iterator[bytes]:
    def weighed(row: Any) -> dict[str, Any]:
        return {} if extract.weight is None else {"weight": extract.weight[row.school, row.group]}

    for rows in extract.parts():
        documents = (document(row, extract.books, extract.row) | weighed(row) for row in rows)
        yield b"".join(orjson.dumps(said) + b"\n" for said in documents)


def _csv(extract: Extract) -> Iterator[bytes]:
    answers = extract.variables
    heading = [*(field.name for field in extract.fields), *(variable.name for variable in answers)]
    yield (delimited.BOM + delimited.lines([heading])).encode()
    for rows in _cells(extract, answers, as_text):
        yield delimited.lines(rows).encode()


def _cells(
    extract: Extract, answers: list[Variable], told: Callable[[Variable], Mapping[str, Any]]
) -> Iterator[list[list[Any]]]:
    """Give the rows of a table in parts: what is said of a response, then its answers."""
    readers = {group: reader(answers, group, told) for group in extract.books}
    for rows in extract.parts():
        yield [
            [*extract.about(row), *readers[row.group](row.record, orjson.loads(row.open_answers or b"{}"))]
            for row in rows
        ]


def _parquet(extract: Extract) -> Iterator[bytes]:
    answers = extract.variables
    schema = columnar.responses_schema(extract.fields, answers, extract.row.key, extract.notice)
    file = TemporaryFile()  # noqa: SIM115 -- closed by who reads it to the end
    with pq.ParquetWriter(file, schema, compression="zstd") as writer:
        rows = (row for part in _cells(extract, answers, as_values) for row in part)
        while group := list(islice(rows, ROW_GROUP)):
            writer.write_table(columnar.responses_table(schema, group))
    return _read_out(file)


def _sav(extract: Extract) -> Iterator[bytes]:
    answers = extract.variables
    columns = sav.columns(extract.fields, answers)
    coded = dict(zip((v.name for v in answers), columns[len(extract.fields) :], strict=True))
    rows = (row for part in _cells(extract, answers, lambda variable: coded[variable.name].codes) for row in part)
    frame = sav.frame(columns, rows)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "responses.sav"
        pyreadstat.write_sav(
            frame, path, row_compress=True, **sav.described(columns, extract.row.title, extract.notice)
        )
        file = path.open("rb")  # the folder goes, what is open can be read to its end
    return _read_out(file)


def _read_out(file: IO[bytes]) -> Iterator[bytes]:
    file.seek(0)

    def parts() -> Iterator[bytes]:
        with file:
            yield from iter(partial(file.read, CHUNK), b"")

    return parts()
