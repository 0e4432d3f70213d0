"""One plain sentence for a difference between groups, by the rule in docs/statistics.md.

Decides words from figures and computes nothing. No sentence says more than the whole interval of the difference does,
and none says anything of single people.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.analysis.words import first_up, listed, people, place, quoted

ALPHA = 0.05
SMALL = 20
"""A difference is small up to this part of the way from the lowest score to the highest: 0.2 points from 1 to 5."""


@dataclass(frozen=True)
class Measured:
    """What was measured, as far as a sentence needs it: the words, the range of the scores, the kind of question."""

    words: str
    lowest: int
    highest: int
    is_number: bool = False
    is_reversed: bool = False

    @property
    def width(self) -> int:
        """The largest difference that there can be, whatever an interval says."""
        return self.highest - self.lowest

    @property
    def small(self) -> float:
        return self.width / SMALL

    @property
    def quoted(self) -> str:
        return quoted(self.words) + (" (scored in reverse)" if self.is_reversed else "")

    def is_above(self, way: str, other: str) -> str:
        """Say that somebody's scores are higher, or lower, than those of another group."""
        if self.is_number:
            return f"give {way} numbers than {other} do for {self.quoted}"
        return f"rate {self.quoted} {way} than {other} do"

    @property
    def is_alike(self) -> str:
        """Say that groups' scores hardly differ."""
        return f"give about the same numbers for {self.quoted}" if self.is_number else f"rate {self.quoted} about alike"

    @property
    def points(self) -> str:
        """Say of a number of points what they are."""
        return "" if self.is_number else f" points on the scale from {self.lowest} to {self.highest}"


def of_difference(
    a: str,
    b: str,
    measured: Measured,
    mean: Mapping[str, Any],
    test: Mapping[str, Any],
    delta: float,
    school: str | None,
) -> str:
    """Say how group a stands to group b.

    Parameters
    ----------
    a, b : keys of the groups.
    measured : what they were asked.
    mean : `value`, `low`, `high` of the difference of means, a minus b.
    test : `p`, `p_adjusted` of the rank test.
    delta : Cliff's delta.
    school : key of the school whose figures they are; None for the union's.
    """
    one, other = people(a), people(b)
    low, high = mean["low"], mean["high"]
    near, far = sorted(min(abs(end), measured.width) for end in (low, high))
    way, agree = ("higher", delta > 0) if low > 0 else ("lower", delta < 0)
    if low <= 0 <= high and far <= measured.small:
        told = f"{one} and {other} {measured.is_alike}: on average they differ by at most {_up(far)}{measured.points}"
    elif low <= 0 <= high:
        sides = f"from {_up(min(-low, measured.width))} lower to {_up(min(high, measured.width))} higher"
        way = measured.is_above("higher or lower", other)
        told = f"it cannot be told whether {one} {way}: the average may be anything {sides}"
    elif test["p"] >= ALPHA or not agree:
        told = f"{one} seem to {measured.is_above(way, other)}, but ranking the answers does not confirm it"
    elif test["p_adjusted"] >= ALPHA:
        told = f"{one} seem to {measured.is_above(way, other)}, but among so many comparisons this may be chance"
    else:
        size = "clearly " if near >= measured.small else "slightly " if far <= measured.small else ""
        by = f"up to {_up(far)}" if near < 0.01 else f"{_down(near)} to {_up(far)}"
        told = f"{one} {measured.is_above(size + way, other)}, on average by {by}{measured.points}"
    return _sentence(told, school)


def of_groups(groups: Sequence[str], measured: Measured, p_adjusted: float, school: str | None) -> str:
    """Say whether groups differ at all; of three or more it does not say which."""
    all_of_them = said(groups)
    verb = f"give the same numbers for {measured.quoted}" if measured.is_number else f"rate {measured.quoted} alike"
    if p_adjusted >= ALPHA:
        return _sentence(f"it cannot be told whether {all_of_them} {verb}", school)
    return _sentence(f"{all_of_them} do not {'all ' if len(groups) > 2 else ''}{verb}", school)


def said(groups: Sequence[str]) -> str:
    """List groups in words."""
    return listed([people(group) for group in groups])


def _sentence(told: str, school: str | None) -> str:
    return first_up(told if school is None else f"at {place(school, None)}, {told}") + "."


def _down(value: float) -> str:
    return f"{math.floor(value * 100) / 100:.2f}"


def _up(value: float) -> str:
    return f"{math.ceil(value * 100) / 100:.2f}"
