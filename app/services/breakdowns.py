"""Breakdowns: what a release says by the categories of one attribute, computed from its sealed tallies.

Decides who reads which groups. What may be shown was decided when the release was made; no response is touched here.
"""

from __future__ import annotations

from typing import Any

from app.analysis.breakdown import break_down
from app.analysis.slices import narrow
from app.auth import Caller
from app.db import Database
from app.errors import NotFound
from app.services import exact, releases, waves
from app.services.instruments import codebook
from app.services.releases import Shelf


def read(
    database: Database,
    shelf: Shelf,
    caller: Caller,
    wave: str,
    attribute: str,
    *,
    group: str | None = None,
    items: tuple[str, ...] = (),
    constructs: tuple[str, ...] = (),
    number: int | None = None,
) -> tuple[bytes, str]:
    """Give the document of an attribute as bytes, and their ETag; makes the final release first if that is due.

    It holds the groups that the caller reads with exact figures, of these the one asked for. It is union-wide, and so a
    key's limit to schools takes nothing from it.

    Raises
    ------
    NotFound : unknown wave or release, an item that is no attribute in any group, what lies outside the key's limits.
    AudienceNotServed : for a reader who gets no exact figures of any of these groups.
    ResultsNotReleased : while the wave is open, or when a release may not be made by asking.
    InvalidRequest : for an unknown group, item or construct.
    """
    if not caller.serves(wave=wave):
        raise NotFound("There is no wave with this key.")
    with database.read() as session:
        waves.find(session, wave)
        versions = waves.instruments_of(session, wave)
    having = [one for one, version in versions.items() if attribute in codebook(version).instrument.attributes]
    if not having:
        raise NotFound("No group of this wave is asked this item as an attribute.")
    asked = [] if group is None else [("group", group)]
    view = exact.view(database, shelf, caller, wave, groups=having, asked=asked, number=number).narrowed()

    def part() -> dict[str, Any]:
        document = break_down(*view.load(database), attribute, view.audience)
        releases.check_filters(document, items, constructs)
        return narrow(document, items=items, constructs=constructs)

    return shelf.serve(view.release, ("attribute", attribute, view.groups, items, constructs), part)
