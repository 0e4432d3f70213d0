"""Reliability: how well the items of each construct hang together, computed from what a release sealed.

Decides who reads which groups and schools. What may be shown was decided when the release was made.
"""

from __future__ import annotations

from typing import Any

from app.analysis.consistency import consistency, narrow_cells
from app.auth import Caller
from app.db import Database
from app.services import exact, releases
from app.services.releases import Shelf


def read(
    database: Database,
    shelf: Shelf,
    caller: Caller,
    wave: str,
    *,
    group: str | None = None,
    school: str | None = None,
    constructs: tuple[str, ...] = (),
    number: int | None = None,
) -> tuple[bytes, str]:
    """Give the document of reliability as bytes, and their ETag; makes the final release first if that is due.

    It holds the groups that the caller reads with exact figures, of these the one asked for; of the schools those of
    the key, or the one asked for, with the pools that hold one, and the union's cells.

    Raises
    ------
    NotFound : unknown wave, school or release, or what lies outside the key's limits.
    AudienceNotServed : for a reader who gets no exact figures, or not of the group.
    ResultsNotReleased : while the wave is open, or when a release may not be made by asking.
    InvalidRequest : for an unknown group or construct.
    """
    asked = [] if group is None else [("group", group)]
    view = exact.view(database, shelf, caller, wave, asked=asked, school=school, number=number).narrowed()
    schools = view.schools if school is None else frozenset((school,))

    def part() -> dict[str, Any]:
        document = consistency(*view.load(database), view.audience)
        releases.check_filters(document | {"items": []}, (), constructs)
        return narrow_cells(document, schools, constructs)

    return shelf.serve(view.release, ("reliability", view.groups, schools, constructs), part)
