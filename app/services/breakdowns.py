"""Breakdowns: what a release says by the categories of one attribute, computed from its sealed tallies.

Decides who reads which groups. What may be shown was decided when the release was made; no response is touched here.
"""

from __future__ import annotations

from typing import Any

from app.analysis.breakdown import break_down
from app.analysis.sealed import Sealed
from app.analysis.slices import narrow
from app.auth import Caller
from app.db import Database
from app.errors import AudienceNotServed, Fault, InvalidRequest, NotFound
from app.models.tables import Release
from app.services import releases, waves
from app.services.instruments import codebook
from app.services.releases import Shelf
from app.survey.promise import is_exact


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
    audience = caller.reads_as
    if audience is None or audience == "public":
        raise AudienceNotServed("Breakdowns are for readers of exact results.")
    if not caller.serves(wave=wave, group=group):
        raise NotFound("There is nothing with this key.")
    with database.read() as session:
        promise = waves.find(session, wave).promise
        versions = waves.instruments_of(session, wave)
    having = tuple(one for one, version in versions.items() if attribute in codebook(version).instrument.attributes)
    if not having:
        raise NotFound("No group of this wave is asked this item as an attribute.")
    if group is not None and group not in having:
        fault = Fault("?group", "unknown_group", "The attribute has no such group.", having)
        raise InvalidRequest("A filter names something that the results do not have.", faults=[fault])
    groups = tuple(
        one for one in having if group in (None, one) and caller.serves(group=one) and is_exact(promise[one], audience)
    )
    if not groups:
        raise AudienceNotServed("Breakdowns are for readers of exact results.")
    release = releases.due(database, shelf, caller, wave, number, audience)

    def part() -> dict[str, Any]:
        with database.read() as session:
            facts = waves.facts(session, waves.find(session, wave))
            standing = session.get(Release, (wave, release.number))
        assert standing is not None
        sealed = Sealed.load(standing.tallies)
        document = break_down(facts, sealed, attribute, groups, audience, promise)
        releases.check_filters(document, items, constructs)
        return narrow(document, items=items, constructs=constructs)

    return shelf.serve(release, ("attribute", attribute, groups, items, constructs), part)
