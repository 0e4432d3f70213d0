"""Gaps: what a release says of one group against another, computed from what it sealed.

Decides which groups are compared and who reads it. What may be shown was decided when the release was made.
"""

from __future__ import annotations

from typing import Any

from app.analysis.gaps import gaps, gaps_among, narrow_rows
from app.auth import Caller
from app.db import Database
from app.errors import Fault, InvalidRequest
from app.services import exact, releases
from app.services.releases import Shelf


def read(
    database: Database,
    shelf: Shelf,
    caller: Caller,
    wave: str,
    *,
    a: str | None = None,
    b: str | None = None,
    groups: str | None = None,
    school: str | None = None,
    items: tuple[str, ...] = (),
    constructs: tuple[str, ...] = (),
    number: int | None = None,
) -> tuple[bytes, str]:
    """Give the document of gaps as bytes, and their ETag; makes the final release first if that is due.

    Parameters
    ----------
    a, b : the two groups; or instead
    groups : keys of two or more groups, with commas between them.

    Raises
    ------
    NotFound : unknown wave, school or release, or what lies outside the key's limits.
    AudienceNotServed : for a reader who does not get exact figures of all of the groups.
    ResultsNotReleased : while the wave is open, or when a release may not be made by asking.
    InvalidRequest : when it is not said which groups; for an unknown group, item or construct.
    """
    asked = _asked(a, b, groups)
    view = exact.view(database, shelf, caller, wave, asked=asked, school=school, number=number).narrowed()
    chosen = tuple(group for _, group in asked)

    def part() -> dict[str, Any]:
        facts, sealed = view.load(database)
        if groups is None:
            one, other = chosen
            document = gaps(facts, sealed, one, other, school, view.audience)
        else:
            document = gaps_among(facts, sealed, chosen, school, view.audience)
        parts = [document, *document.get("pairs", ())]
        listed = {name: [row for one in parts for row in one[name]] for name in ("items", "constructs")}
        releases.check_filters(listed, items, constructs)
        return narrow_rows(document, items, constructs)

    return shelf.serve(view.release, ("gaps", groups is None, chosen, school, items, constructs), part)


def _asked(a: str | None, b: str | None, groups: str | None) -> list[tuple[str, str]]:
    """List the groups with the parameter that names each. Raises InvalidRequest."""
    faults = []
    if groups is not None:
        faults += [
            Fault(f"?{name}", "excluded", "Give `a` and `b`, or `groups`, not both.")
            for name, given in (("a", a), ("b", b))
            if given is not None
        ]
        named = [("groups", group.strip()) for group in groups.split(",")]
        if len(set(named)) < len(named):
            faults.append(Fault("?groups", "repeated_group", "A group is named twice."))
        if len(named) < 2:
            faults.append(Fault("?groups", "too_few_groups", "Name two or more groups, with commas between them."))
    else:
        named = [(name, given) for name, given in (("a", a), ("b", b)) if given is not None]
        faults += [
            Fault(f"?{name}", "required", "Name the two groups as `a` and `b`, or several as `groups`.")
            for name, given in (("a", a), ("b", b))
            if given is None
        ]
        if a is not None and a == b:
            faults.append(Fault("?b", "same_group", "A group is compared with another one."))
    if faults:
        raise InvalidRequest("It is not clear which groups to compare.", faults=faults)
    return named
