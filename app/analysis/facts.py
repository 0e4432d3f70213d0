"""What the analysis has to know about a wave beside its answers: schools, groups, promises, rosters.

Plain values that a service fills from the database. They decide nothing; what may be shown is for `disclosure.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from app.survey.codebook import Codebook

School = str | None
"""A school's key; None stands for people who are tied to no school."""


@dataclass(frozen=True)
class GroupFacts:
    """One stakeholder group of a wave.

    Attributes
    ----------
    group : `family`, `school_leader`, `liaison` or `staff`.
    instrument : name of the instrument version that the group answers, like `family@1`.
    codebook : the codebook of that version.
    mode : the promise, `confidential` or `attributed`.
    minimum : k, the fewest people behind a figure of a confidential group (at least 5); 1 for an attributed one.
    roster : school -> number of people eligible. A school that is missing has no roster line.
    counts_children : the roster counts children, not people: it gives rates, but no finite-population correction.
    kept_hidden : schools that participation hides although the roster, as it is now, does not ask for it.
    director, principal, public : how fine the figures are that each audience gets of a confidential group: `exact`,
        `banded` or `none`.
    """

    group: str
    instrument: str
    codebook: Codebook
    mode: str
    minimum: int
    roster: Mapping[School, int]
    counts_children: bool = False
    kept_hidden: frozenset[str] = frozenset()
    director: str = "exact"
    principal: str = "none"
    public: str = "none"

    def __post_init__(self) -> None:
        if self.mode not in ("confidential", "attributed"):
            raise ValueError(f"{self.mode!r} is no promise")
        if self.minimum < (5 if self.confidential else 1):
            raise ValueError(f"{self.minimum} is under the smallest minimum of a {self.mode} group")

    @property
    def confidential(self) -> bool:
        return self.mode == "confidential"

    @property
    def promise(self) -> dict[str, Any]:
        """The promise as its documents carry it, the same as `survey.promise.Promise.filled` gives."""
        if not self.confidential:
            return {"mode": self.mode}
        audiences = {"director": self.director, "principal": self.principal, "public": self.public}
        return {"mode": self.mode, "minimum": self.minimum, **audiences}


@dataclass(frozen=True)
class WaveFacts:
    """One wave: its schools in the order in which they are shown, and its groups likewise.

    `turnout` : group -> school -> responses at the close, which participation shows for good, whoever is erased later.
    None to show those that are counted.
    """

    wave: str
    title: str
    simulated: bool
    schools: tuple[str, ...]
    groups: tuple[GroupFacts, ...]
    turnout: Mapping[str, Mapping[School, int]] | None = None

    def only(self, groups: Collection[str]) -> WaveFacts:
        """Keep some groups."""
        return replace(self, groups=tuple(group for group in self.groups if group.group in groups))


def eligible_in(roster: Mapping[School, int], members: Collection[School]) -> int | None:
    """Add up the roster lines of some schools; None when one of them has no line, or there is none to add."""
    if not members or any(school not in roster for school in members):
        return None
    return sum(roster[school] for school in members)


def eligible_in_union(roster: Mapping[School, int], responses: Mapping[School, int]) -> int | None:
    """Give the number of people eligible in the whole union: all roster lines, the one without a school included.

    None when there is no roster, or a school (or "no school") with responses has no line in it: a sum over some of the
    people who answer would be no base for all of them.
    """
    unlisted = any(count > 0 and school not in roster for school, count in responses.items())
    return sum(roster.values()) if roster and not unlisted else None
