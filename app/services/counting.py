"""Counting: all responses of a wave as tallies, in one pass over the rows.

Decides how rows reach the tally. What is counted, `analysis` decides. Memory does not grow with the number of rows.
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np
from sqlalchemy import select
from sqlmodel import Session, col

from app.analysis.crossing import Crossed, cross
from app.analysis.facts import School, WaveFacts
from app.analysis.tally import Tally, tally
from app.models.tables import SurveyResponse
from app.services.responses import streamed

CHUNK_ROWS = 25_000


def count(session: Session, facts: WaveFacts) -> tuple[dict[str, Tally], dict[str, Crossed]]:
    """Count all responses of a wave: by group the tally over its schools, and where it has attributes, that by them."""
    cells = (*facts.schools, None)
    place: dict[School, int] = {school: at for at, school in enumerate(cells)}
    books = {group.group: group.codebook for group in facts.groups}
    tallies = {group: Tally.empty(book, cells) for group, book in books.items()}
    crossed = {group: Crossed.empty(book, cells) for group, book in books.items() if book.instrument.attributes}
    query = select(SurveyResponse.group, SurveyResponse.school, SurveyResponse.record).where(  # type: ignore[call-overload]
        col(SurveyResponse.wave) == facts.wave
    )
    for rows in streamed(session, query, CHUNK_ROWS):
        of_group: defaultdict[str, tuple[list[int], list[str]]] = defaultdict(lambda: ([], []))
        for group, school, record in rows:
            index, records = of_group[group]
            index.append(place[school])
            records.append(record)
        for group, (index, records) in of_group.items():
            book, at = books[group], np.array(index)
            codes = np.frombuffer("".join(records).encode("ascii"), np.uint8).reshape(len(records), book.width)
            tallies[group] += tally(book, cells, at, codes)
            if group in crossed:
                crossed[group] += cross(book, cells, at, codes)
    return tallies, crossed
