"""Equity: each category of the attributes against everybody else, computed from a release's sealed tallies.

Decides who reads which groups. What may be shown was decided when the release was made; no response is touched here.
"""

from __future__ import annotations

from typing import Any

from app.analysis.equity import compare
from app.auth import Caller
from app.db import Database
from app.errors import Fault, InvalidRequest
from app.services import exact
from app.services.releases import Shelf


def read(
    database: Database,
    shelf: Shelf,
    caller: Caller,
    wave: str,
    *,
    group: str | None = None,
    attributes: tuple[str, ...] = (),
    number: int | None = None,
) -> tuple[bytes, str]:
    """Give the document of equity as bytes, and their ETag; makes the final release first if that is due.

    It holds the groups that the caller reads with exact figures, of these the one asked for. It is union-wide, and so a
    key's limit to schools takes nothing from it.

    Raises
    ------
    NotFound, AudienceNotServed, ResultsNotReleased : as `exact.view`.
    InvalidRequest : for an unknown group, and for an item that is no attribute of these groups.
    """
    asked = [] if group is None else [("group", group)]
    view = exact.view(database, shelf, caller, wave, asked=asked, number=number).narrowed()

    def part() -> dict[str, Any]:
        facts, sealed = view.load(database)
        known = sorted({attribute for one in facts.groups for attribute in one.codebook.instrument.attributes})
        faults = [
            Fault("?attribute", "unknown_attribute", "The results have no such attribute.", tuple(known))
            for attribute in attributes
            if attribute not in known
        ]
        if faults:
            raise InvalidRequest("A filter names something that the results do not have.", faults=faults)
        return compare(facts, sealed, view.audience, attributes or None)

    return shelf.serve(view.release, ("equity", view.groups, attributes), part)
