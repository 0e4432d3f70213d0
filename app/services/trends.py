"""Trends: what changed from wave to wave, computed from what the newest release of each sealed.

Decides who reads which waves, groups and schools together. What may be shown of a wave was decided when its release was
made; no response is touched here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from app.analysis.slices import narrow
from app.analysis.trends import trends
from app.auth import Caller
from app.db import Database
from app.errors import AudienceNotServed, Fault, InvalidRequest, NotFound
from app.models.tables import Wave
from app.services import exact, releases, waves
from app.services.exact import ExactView
from app.services.releases import Shelf


def read(
    database: Database,
    shelf: Shelf,
    caller: Caller,
    keys: Sequence[str],
    *,
    group: str | None = None,
    school: str | None = None,
    items: tuple[str, ...] = (),
    constructs: tuple[str, ...] = (),
) -> tuple[bytes, str]:
    """Give the document of a trend as bytes, and their ETag; makes final releases first where they are due.

    It holds the groups that the caller reads with exact figures in every wave that asks them, of these the one asked
    for; of the schools those of the key, or the one asked for, with the pools that hold one, and the union's cells.

    Parameters
    ----------
    keys : two or more waves, in any order.

    Raises
    ------
    NotFound : unknown wave, a school that none of the waves holds, or what lies outside the key's limits.
    InvalidRequest : for a wave that is named twice, an unknown group, item or construct.
    AudienceNotServed : for a reader who gets exact figures of no group in all of the waves, or not of the group.
    ResultsNotReleased : while one of the waves is open, or when its release may not be made by asking.
    """
    rows = _in_time(database, caller, keys)
    _check(caller, rows, group, school)
    views = [exact.view(database, shelf, caller, row.key) for row in rows]
    groups = _exact(rows, views)
    if group is not None:
        groups = groups & {group}
    if not groups:
        raise AudienceNotServed("These results are for readers of exact figures in all of the waves.")
    views = [replace(view, groups=tuple(one for one in view.groups if one in groups)) for view in views]
    schools = caller.schools if school is None else frozenset((school,))

    def make() -> dict[str, Any]:
        document = trends([view.load(database) for view in views], views[0].audience)
        releases.check_filters(document, items, constructs)
        for told, row, view in zip(document["waves"], rows, views, strict=True):
            zone = ZoneInfo(row.time_zone)
            told |= {"opens_at": row.opens_at.astimezone(zone), "closes_at": row.closes_at.astimezone(zone)}
            told["release"] = view.release.member()
        return narrow(document, schools=schools, items=items, constructs=constructs)

    return shelf.keep(("trends", tuple(view.release for view in views), groups, schools, items, constructs), make)


def _in_time(database: Database, caller: Caller, keys: Sequence[str]) -> list[Wave]:
    """Find the waves, earliest first. Raises NotFound, InvalidRequest."""
    if repeated := sorted({key for key in keys if keys.count(key) > 1}):
        faults = [Fault("?wave", "repeated_wave", f"`{key}` is named twice.") for key in repeated]
        raise InvalidRequest("A trend needs different waves.", faults=faults)
    if not all(caller.serves(wave=key) for key in keys):
        raise NotFound("There is no wave with this key.")
    with database.read() as session:
        rows = [waves.find(session, key) for key in keys]
    return sorted(rows, key=lambda row: (row.opens_at, row.key))


def _check(caller: Caller, rows: Sequence[Wave], group: str | None, school: str | None) -> None:
    """Raise NotFound or InvalidRequest for a group or a school that no wave has, or that is not the caller's."""
    if caller.reads_as is None or not caller.serves(school=school):
        raise NotFound("There is nothing with this key.")
    if school is not None and not any(school in row.schools for row in rows):
        raise NotFound("None of the waves holds this school.")
    known = dict.fromkeys(one for row in rows for one in row.promise)
    if group is not None and group not in known:
        fault = Fault("?group", "unknown_group", "None of the waves asks this group.", tuple(known))
        raise InvalidRequest("A filter names something that the results do not have.", faults=[fault])
    if not caller.serves(group=group):
        raise NotFound("There is nothing with this key.")


def _exact(rows: Sequence[Wave], views: Sequence[ExactView]) -> frozenset[str]:
    """The groups that are exact for the reader in every wave that asks them."""
    anywhere = {group for view in views for group in view.groups}
    withheld = {group for row, view in zip(rows, views, strict=True) for group in row.promise.keys() - set(view.groups)}
    return frozenset(anywhere - withheld)
