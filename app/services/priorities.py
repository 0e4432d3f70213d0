"""Priorities: what matters most in a release, computed from its sealed tallies.

Decides who reads which groups. What may be shown was decided when the release was made; no response is touched here.
"""

from __future__ import annotations

from typing import Any

from app.analysis.priorities import chosen, prioritize
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
    constructs: tuple[str, ...] = (),
    number: int | None = None,
) -> tuple[bytes, str]:
    """Give the document of priorities as bytes, and their ETag; makes the final release first if that is due.

    It ranks the groups that the caller reads with exact figures, of these the one asked for, and compares it with the
    others. Of a key that is limited to schools it names those, and the pools that hold one.

    Raises
    ------
    NotFound, AudienceNotServed, ResultsNotReleased : as `exact.view`.
    InvalidRequest : for an unknown group or construct.
    """
    asked = [] if group is None else [("group", group)]
    view = exact.view(database, shelf, caller, wave, asked=asked, number=number)
    ranked = view.groups if group is None else (group,)

    def part() -> dict[str, Any]:
        facts, sealed = view.load(database)
        document = prioritize(facts, sealed, view.audience, groups=ranked, schools=view.schools)
        releases.check_filters(document, (), constructs)
        return chosen(document, constructs)

    return shelf.serve(view.release, ("priorities", view.groups, ranked, view.schools, constructs), part)
