"""Who answered: rates against the roster, by group and school."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from app.analysis.words import part_of, place
from app.render.report.documents import Documents, Row
from app.render.report.figures import is_shown, named, percent
from app.render.report.parts import NOTHING, WITHHELD, Finding, Note, Section, Table
from app.render.report.pictures import drawn

FEW = 0.5
"""Under this rate it is said that most have not answered, as the warning `low_response` does."""
TOGETHER = 8
"""With more schools each group has a chart of its own."""
ON_A_PAGE = 42
"""So many schools are drawn in one chart."""


def who_answered(of: Documents) -> Section | None:
    """Make the section; None for a reader who gets no participation."""
    rows = _rows(of)
    if not rows:
        return None
    groups = list(dict.fromkeys(row["group"] for row in rows))
    by = {(row["group"], row["school"]): row for row in rows}
    places = list(dict.fromkeys(row["school"] for row in rows))
    table = Table(
        caption="Responses, and how many could have answered",
        columns=("School", *(named(group) for group in groups)),
        rows=tuple(
            (
                "All schools" if school is None else place(school, None),
                *(_answered(by.get((group, school))) for group in groups),
            )
            for school in places
        ),
    )
    drawable = [row["group"] for row in rows if is_shown(row) and row["rate"] is not None]
    alone = [None] if len(of.schools) <= TOGETHER else groups
    alone = [group for group in alone if (drawable if group is None else group in drawable)]
    charts = [drawn("participation", part, group=group) for group in alone for part in _parts(of)]
    chance = " Intervals allow for chance, not for a difference between those who answered and those who did not."
    return Section(
        "who",
        "Who answered",
        (
            *(Finding(text) for text in sentences(of)),
            *charts,
            table,
            Note(f"Figures of this report are about those who answered.{chance if of.exact else ''}"),
        ),
    )


def _rows(of: Documents, summary: Row | None = None) -> list[Row]:
    """Give the rows of participation; of a wave in one school, that school's alone."""
    rows: list[Row] = (summary or of.summary)["participation"]
    return [row for row in rows if row["school"] is not None] if of.is_of_one else rows


def _parts(of: Documents) -> list[Row]:
    return [part | {"participation": _rows(of, part)} for part in of.in_parts(ON_A_PAGE)]


def sentences(of: Documents) -> Iterator[str]:
    """Say for each group how many answered, of the whole union or, without it, of each school."""
    rows = of.summary["participation"]
    for group in dict.fromkeys(row["group"] for row in rows):
        mine = [row for row in rows if row["group"] == group]
        whole = [row for row in mine if row["school"] is None]
        own = [row for row in mine if row["school"] is not None]
        for row in own if of.only_school is not None or not whole else whole:
            yield _sentence(row, of.told_place)


def _sentence(row: dict[str, Any], everywhere: str) -> str:
    at = place(row["school"], None) if row["school"] is not None else everywhere
    who = f"{named(row['group'])}{f' of {at}' if at else ''}"
    if not is_shown(row):
        return f"{who}: how many answered is {WITHHELD}."
    responses, eligible, rate = row["responses"], row["eligible"], row["rate"]
    if rate is None:
        return f"{who}: {responses:,} answered; how many could have is not known."
    if responses > eligible:
        return (
            f"{who}: {responses:,} answered, more than the {eligible:,} on the roster, which must be too short: "
            "no rate can be told."
        )
    few = " Most have not; what they think is not known." if 0 < rate < FEW else ""
    return f"{who}: {_of(responses, eligible)} answered.{few}"


def _of(responses: int, eligible: int) -> str:
    told = part_of(responses, eligible)
    return f"{responses:,} of {eligible:,} ({told})" if "in 100" in told else told


def _answered(row: dict[str, Any] | None) -> str:
    if row is None:
        return NOTHING
    if not is_shown(row):
        return WITHHELD
    if row["rate"] is None:
        return f"{row['responses']:,}"
    return f"{row['responses']:,} of {row['eligible']:,} ({percent(row['rate'])})"
