"""Readers of exact figures: which groups they read, and what a release sealed of these.

Decides who may ask for what is computed from sealed tallies on demand: breakdowns, reliability, gaps, trends,
priorities. What may be shown was decided when the release was made; no response is touched here.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from app.analysis.facts import WaveFacts
from app.analysis.sealed import Sealed
from app.auth import Audience, Caller
from app.db import Database
from app.errors import AudienceNotServed, Fault, InvalidRequest, NotFound
from app.models.tables import Release
from app.services import releases, waves
from app.services.releases import Published, Shelf
from app.survey.promise import is_exact


@dataclass(frozen=True)
class ExactView:
    """What one reader gets of one release with exact figures.

    Attributes
    ----------
    release : the release, as the reader's audience reads it.
    audience : the reader's.
    groups : those that the reader gets exact figures of, in the order of the wave; at least one.
    schools : those that the key is limited to; None for all. The pools that hold one, and the union's cells, belong to
        them.
    asked : the groups that the reader named; some of `groups`.
    """

    release: Published
    audience: Audience
    groups: tuple[str, ...]
    schools: frozenset[str] | None
    asked: tuple[str, ...] = ()

    def narrowed(self) -> ExactView:
        """Keep the groups that were asked for; all where none was."""
        return replace(self, groups=tuple(group for group in self.groups if not self.asked or group in self.asked))

    def load(self, database: Database) -> tuple[WaveFacts, Sealed]:
        """Read the wave, named as it was then, and what the release sealed, both of `groups` alone."""
        with database.read() as session:
            facts = waves.facts(session, waves.find(session, self.release.wave))
            standing = session.get(Release, (self.release.wave, self.release.number))
        assert standing is not None
        sealed = Sealed.load(standing.tallies)
        return replace(facts, title=sealed.title).only(self.groups), sealed.only(self.groups)


def view(
    database: Database,
    shelf: Shelf,
    caller: Caller,
    wave: str,
    *,
    groups: Collection[str] | None = None,
    asked: Sequence[tuple[str, str]] = (),
    school: str | None = None,
    number: int | None = None,
) -> ExactView:
    """Find what a reader gets of a wave with exact figures; makes the final release first if that is due.

    Parameters
    ----------
    groups : those that count, all of the wave when None. Of these the view holds the ones that the reader gets exact
        figures of.
    asked : (query parameter, group) of the groups among them that the reader names.
    school : a school that is asked for.
    number : a release's number; the newest when None.

    Raises
    ------
    NotFound : unknown wave, school or release, or what lies outside the key's limits.
    InvalidRequest : for a group that is asked for and does not count.
    AudienceNotServed : for a reader who gets no exact figures of any of these groups, or not of one that is asked for.
    ResultsNotReleased : while the wave is open, or when a release may not be made by asking.
    """
    audience = caller.reads_as
    if audience is None or not caller.serves(wave=wave, school=school):
        raise NotFound("There is nothing with this key.")
    with database.read() as session:
        row = waves.find(session, wave)
        promise, schools = row.promise, row.schools
    if school is not None and school not in schools:
        raise NotFound("The wave does not hold this school.")
    known = [group for group in promise if groups is None or group in groups]
    faults = [
        Fault(f"?{name}", "unknown_group", "There are no such results of this group.", tuple(known))
        for name, group in asked
        if group not in known
    ]
    if faults:
        raise InvalidRequest("A filter names something that the results do not have.", faults=faults)
    if not all(caller.serves(group=group) for _, group in asked):
        raise NotFound("There is nothing with this key.")
    exact = tuple(group for group in known if caller.serves(group=group) and is_exact(promise[group], audience))
    if not exact or not {group for _, group in asked} <= set(exact):
        raise AudienceNotServed("These results are for readers of exact figures.")
    release = releases.due(database, shelf, caller, wave, number, audience)
    return ExactView(release, audience, exact, caller.schools, tuple(group for _, group in asked))
