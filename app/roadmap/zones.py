"""What calendars have to know of a time zone: when its clocks change, in their local time.

Decides the form: a rule where the changes of some years follow one, as old calendar programs need it, else their list.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Observance:
    """A time that is kept from some moments on (RFC 5545, 3.6.5).

    Attributes
    ----------
    onsets : when it begins, by the clock that is left, without a zone; at least one.
    before, after : offsets from UTC.
    name : `EST`.
    daylight : whether it is daylight saving time.
    rule : what the onsets follow, from the first one on; None where they follow none.
    """

    onsets: tuple[datetime, ...]
    before: timedelta
    after: timedelta
    name: str
    daylight: bool
    rule: str | None


def observances(key: str, first: int, last: int) -> list[Observance]:
    """Give the times that a zone keeps from the first year to the end of the last one."""
    zone = ZoneInfo(key)
    found: dict[tuple[timedelta, timedelta, str, bool], list[datetime]] = defaultdict(list)
    for at in _changes(zone, first, last):
        before, now = (at - timedelta(seconds=1)).astimezone(zone), at.astimezone(zone)
        kept = _offset(before), _offset(now), now.tzname() or key, bool(now.dst())
        found[kept].append((at + _offset(before)).replace(tzinfo=None))
    if not found:
        now = datetime(first, 1, 1, tzinfo=zone)
        found[_offset(now), _offset(now), now.tzname() or key, False] = [datetime(first, 1, 1)]  # noqa: DTZ001
    return [Observance(tuple(onsets), *kept, _rule(onsets, last)) for kept, onsets in found.items()]


def _changes(zone: ZoneInfo, first: int, last: int) -> Iterator[datetime]:
    """Give the instants, to the second, from which on a zone has another offset or name."""

    def kept(at: datetime) -> tuple[timedelta | None, str | None]:
        local = at.astimezone(zone)
        return local.utcoffset(), local.tzname()

    at, end = datetime(first, 1, 1, tzinfo=UTC), datetime(last + 1, 1, 1, tzinfo=UTC)
    while at < end:
        if kept(at) != kept(at + WEEK):
            low, high = at, at + WEEK
            while high - low > timedelta(seconds=1):
                middle = low + timedelta(seconds=(high - low).total_seconds() // 2)
                low, high = (middle, high) if kept(middle) == kept(at) else (low, middle)
            yield high
        at += WEEK


def _offset(at: datetime) -> timedelta:
    return at.utcoffset() or timedelta(0)


def _rule(onsets: Sequence[datetime], last: int) -> str | None:
    """Find the yearly rule of some onsets: the same weekday of the same month, counted from its start or its end.

    None for onsets that end before the last year: a rule would go on.
    """
    alike = {(at.month, at.weekday(), at.time()) for at in onsets}
    yearly = [at.year for at in onsets] == list(range(onsets[0].year, onsets[0].year + len(onsets)))
    if len(onsets) < 2 or len(alike) > 1 or not yearly or onsets[-1].year < last:
        return None
    places = {-1} if all((at + WEEK).month != at.month for at in onsets) else {(at.day - 1) // 7 + 1 for at in onsets}
    if len(places) > 1:
        return None
    month, weekday, _ = alike.pop()
    return f"FREQ=YEARLY;BYMONTH={month};BYDAY={places.pop()}{DAYS[weekday]}"
