"""When an activity takes place: its occurrences, by the clock of its time zone.

Decides which recurrence rules of RFC 5545 are taken: those that end. What recurs at nine recurs at nine, whatever
daylight saving does. It knows no database; an activity is the document that was put.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr
from icalendar import vRecur

Moment = datetime
"""A time with a zone."""
MOST = 500
HORIZON = timedelta(days=20 * 366)
OFTEN = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
# Which parts a rule may have beside its frequency (RFC 5545, 3.3.10, as far as they are taken).
PARTS = {
    "DAILY": {"BYDAY", "BYMONTHDAY", "BYMONTH"},
    "WEEKLY": {"BYDAY", "BYMONTH", "WKST"},
    "MONTHLY": {"BYDAY", "BYMONTHDAY", "BYMONTH", "BYSETPOS"},
    "YEARLY": {"BYDAY", "BYMONTHDAY", "BYMONTH", "BYSETPOS"},
}
ALWAYS = {"FREQ", "INTERVAL", "COUNT", "UNTIL"}
WEEKDAY = re.compile(r"([+-]?[0-9]{1,2})?(MO|TU|WE|TH|FR|SA|SU)")


class RuleRefused(ValueError):
    """A recurrence rule that is not taken; its words say why."""


@dataclass(frozen=True)
class Occurrence:
    """One time at which an activity takes place.

    Attributes
    ----------
    at : when its rule puts it; with the activity, this names it.
    starts_at, ends_at : when it is.
    record : the activity's document, with what differs this time.
    """

    at: datetime
    starts_at: datetime
    ends_at: datetime
    record: Mapping[str, Any]

    @property
    def canceled(self) -> bool:
        return bool(self.record["status"] == "canceled")


def normalized(rule: str, zone: ZoneInfo) -> str:
    """Give a rule in one form: its parts in RFC 5545's notation, `UNTIL` in UTC.

    Raises
    ------
    RuleRefused : for what is no rule, has no end, or recurs within the day.
    """
    written = [part.partition("=")[0] for part in rule.strip().upper().removeprefix("RRULE:").split(";")]
    try:
        parts = vRecur.from_ical(rule.strip().upper().removeprefix("RRULE:"))
        _check(parts, written)
        if "UNTIL" in parts:
            until = parts["UNTIL"][0]
            if not 1970 < until.year < 2300:
                raise RuleRefused("the year of UNTIL is out of reach")
            if not isinstance(until, datetime):
                until = datetime.combine(until, time(23, 59, 59))  # all of that day
            parts["UNTIL"] = [(until if until.tzinfo else until.replace(tzinfo=zone)).astimezone(UTC)]
    except RuleRefused:
        raise
    except (ValueError, OverflowError):
        raise RuleRefused("it is no recurrence rule of RFC 5545, such as FREQ=WEEKLY;BYDAY=MO;COUNT=10") from None
    text: bytes = parts.to_ical()
    return text.decode()


def _check(parts: vRecur, written: list[str]) -> None:
    """Raise RuleRefused for a rule that has no end, recurs within the day, or that RFC 5545 does not know."""
    often = str((parts.get("FREQ") or [""])[0])
    if often not in OFTEN:
        raise RuleRefused("FREQ is DAILY, WEEKLY, MONTHLY or YEARLY")
    if len(set(written)) < len(written):
        raise RuleRefused("each part is given once")
    if strange := sorted(set(written) - ALWAYS - PARTS[often]):
        raise RuleRefused(f"a rule that is {often} cannot have {', '.join(strange)} here")
    if ("COUNT" in parts) == ("UNTIL" in parts):
        raise RuleRefused("a rule ends by COUNT or by UNTIL")
    if any(int(number) < 1 for name in ("COUNT", "INTERVAL") for number in parts.get(name, ())):
        raise RuleRefused("COUNT and INTERVAL are 1 or more")
    if "BYSETPOS" in parts and not {"BYDAY", "BYMONTHDAY", "BYMONTH"} & parts.keys():
        raise RuleRefused("BYSETPOS chooses among what another part gives")
    for day in map(str, parts.get("BYDAY", ())):
        found = WEEKDAY.fullmatch(day)
        if found is None or (found[1] and often not in ("MONTHLY", "YEARLY")):
            raise RuleRefused("only a rule that is MONTHLY or YEARLY counts weekdays, such as 1MO")
        if found[1] and not 1 <= abs(int(found[1])) <= (53 if often == "YEARLY" and "BYMONTH" not in parts else 5):
            raise RuleRefused(f"there is no {day}")


def starts(rule: str, first: datetime, zone: ZoneInfo) -> list[datetime]:
    """Give the times at which a normalized rule puts something that first is at `first`.

    Raises
    ------
    RuleRefused : when there are more than `MOST`, they go on beyond `HORIZON`, or `first` is not the first of them.
    """
    clock = first.astimezone(zone).replace(tzinfo=None)
    parts = vRecur.from_ical(rule)
    count, end = (parts.get("COUNT") or [None])[0], clock + HORIZON
    if count is None:
        until = parts["UNTIL"][0].astimezone(zone).replace(tzinfo=None)
        if until > end:
            raise RuleRefused("it goes on for more than 20 years")
        end = until
    else:
        del parts["COUNT"]
    parts["UNTIL"] = [end]  # what seldom fits is not looked for until the end of the calendar
    try:
        found = list(islice(rrulestr(parts.to_ical().decode(), dtstart=clock), min(count or MOST + 1, MOST + 1)))
    except (ValueError, OverflowError, IndexError, TypeError):
        raise RuleRefused("it is no rule that can be followed") from None
    if len(found) > MOST:
        raise RuleRefused(f"it recurs more than {MOST} times")
    if not found or found[0] != clock:
        raise RuleRefused("the activity itself does not start when its rule says")
    if count is not None and len(found) < count:
        raise RuleRefused("it goes on for more than 20 years")
    return [at.replace(tzinfo=zone) for at in found]


@dataclass(frozen=True)
class Series:
    """An activity as calendars have it.

    Attributes
    ----------
    first : the activity itself.
    rule : normalized; None for what takes place once.
    left_out : times of the rule at which it does not take place.
    changed : the occurrences that differ.
    """

    first: Occurrence
    rule: str | None
    left_out: list[datetime]
    changed: list[Occurrence]


def series(document: Mapping[str, Any]) -> Series:
    """Read a stored activity."""
    zone = ZoneInfo(document["time_zone"])

    def at(stored: str) -> datetime:
        return datetime.fromisoformat(stored).astimezone(zone)

    begins, ends = at(document["starts_at"]), at(document["ends_at"])
    first = Occurrence(begins, begins, ends, document)
    recurrence = document["recurrence"]
    if recurrence is None:
        return Series(first, None, [], [])
    changed = []
    for change in recurrence["changes"]:
        record = {name: value for name, value in change.items() if name not in ("at", "starts_at", "ends_at")}
        if document["status"] == "canceled":
            record["status"] = "canceled"
        one = _moved(first, at(change["at"]), {**document, **record})
        if change.get("starts_at") is not None:
            one = replace(one, starts_at=at(change["starts_at"]), ends_at=at(change["ends_at"]))
        changed.append(one)
    return Series(first, recurrence["rule"], [at(stored) for stored in recurrence["except"]], changed)


def occurrences(document: Mapping[str, Any]) -> list[Occurrence]:
    """Give all occurrences of a stored activity in the order of its rule, also canceled ones."""
    told = series(document)
    if told.rule is None:
        return [told.first]
    gone = {_instant(at) for at in told.left_out}
    changed = {_instant(one.at): one for one in told.changed}
    put = starts(told.rule, told.first.at, ZoneInfo(document["time_zone"]))
    return [changed.get(_instant(at)) or _moved(told.first, at, document) for at in put if _instant(at) not in gone]


def _moved(first: Occurrence, at: datetime, record: Mapping[str, Any]) -> Occurrence:
    """Put an occurrence at a time: as long as the first one by the clock."""
    length = first.ends_at.replace(tzinfo=None) - first.starts_at.replace(tzinfo=None)
    return Occurrence(at, at, (at.replace(tzinfo=None) + length).replace(tzinfo=at.tzinfo), record)


def _instant(at: datetime) -> datetime:
    """Give a time to compare by: times of one zone compare by the clock, and a clock can show a time twice."""
    return at.astimezone(UTC)


def between(found: list[Occurrence], begins: datetime | None, ends: datetime | None) -> Iterator[Occurrence]:
    """Give the occurrences that touch a span of time."""
    return (one for one in found if (begins is None or one.ends_at > begins) and (ends is None or one.starts_at < ends))
