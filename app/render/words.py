"""Numbers in words: how a share, a score, a difference, a range and a count are said, in every format.

Decides the rounding. A figure goes to the nearest, halves away from 0; a range goes outwards, so that it still holds
what it held; some are never told as none, nor as all. What a number is of, it does not know.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal

from app.analysis.words import first_up, people

NEAREST, DOWN, UP = ROUND_HALF_UP, ROUND_FLOOR, ROUND_CEILING
WITHHELD = "withheld"
EVERYWHERE = "All schools"
_MINUS = "\N{MINUS SIGN}"
_NOISE = Decimal("1e-12")
"""What a float has beyond this comes from computing with it: 1 - 0.7 is not more than 0.3."""

Say = Callable[[float, str], str]
"""A way to say a number, rounded to the nearest, down or up."""


def rounded(value: float, places: int, towards: str = NEAREST) -> Decimal:
    """Round what the documents print of a number; never to a negative 0."""
    return Decimal(repr(float(value))).quantize(_NOISE).quantize(Decimal(1).scaleb(-places), towards) + 0


def percent(share: float, towards: str = NEAREST) -> str:
    """Say a share: 0.4404 -> 44%. Some are never told as none, nor as all: 0.004 -> <1%."""
    whole = int(rounded(share, 2, towards) * 100)
    if towards == NEAREST and 0 < share < 1 and whole in (0, 100):
        return ">99%" if whole else "<1%"
    return f"{whole}%"


def number(value: float, towards: str = NEAREST) -> str:
    """Say a score, or another figure that is not a share."""
    return f"{rounded(value, 2, towards)}".replace("-", _MINUS)


def signed(value: float, towards: str = NEAREST) -> str:
    """Say a difference of scores with its sign; 0 has none."""
    return _with_sign(rounded(value, 2, towards))


def points(value: float, towards: str = NEAREST) -> str:
    """Say a difference of shares in percentage points: 0.041 -> +4."""
    return _with_sign(Decimal(int(rounded(value, 2, towards) * 100)))


def _with_sign(value: Decimal) -> str:
    return f"{value:+}".replace("-", _MINUS) if value else f"{value}"


def between(low: float, high: float, say: Say = number, to: str = " to ") -> str:
    """Say a range, rounded outwards: 0.4121 to 0.445 -> 41% to 45%."""
    least, most = say(low, DOWN), say(high, UP)
    return least if least == most else f"{least}{to}{most}"


def whole(count: int) -> str:
    return f"{count:,}"


def counted(count: int) -> str:
    """Say how many people: 1,397 people."""
    return "1 person" if count == 1 else f"{count:,} people"


def named(group: str) -> str:
    """Name a group at the beginning of something: school_leader -> School leaders."""
    return first_up(people(group))
