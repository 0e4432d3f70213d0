"""Calendars of others, as files: school holidays, and times that are taken.

Decides that a day of an all-day event is a holiday, and that any other event is a busy time unless it is called off or
says that it takes no time.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import recurring_ical_events
from icalendar import Calendar

from app.roadmap.recurrence import OFTEN
from app.roadmap.visits import Span

MOST = 5000


class Unreadable(ValueError):
    """What is no calendar that can be read; its words say why."""


def read(text: str, begins: datetime, ends: datetime, zone: ZoneInfo) -> tuple[set[date], list[Span]]:
    """Read an iCalendar file: holidays, and busy times, within a span of time.

    Parameters
    ----------
    zone : by whose clock times without a zone are.

    Raises
    ------
    Unreadable : for what is no calendar, or one with too many events or events that recur within the day.
    """
    try:
        calendar = Calendar.from_ical(text)
        events = calendar.walk("VEVENT")
        if any(str(often) not in OFTEN for event in events for often in event.get("RRULE", {}).get("FREQ", ())):
            raise Unreadable("an event recurs within the day")
        if len(events) > MOST:
            raise Unreadable(f"it has more than {MOST} events")
        found = recurring_ical_events.of(calendar).between(begins, ends)
        if len(found) > MOST:
            raise Unreadable(f"its events take place more than {MOST} times")
        holidays: set[date] = set()
        busy: list[Span] = []
        for event in found:
            start, end = event.start, event.end
            if str(event.get("STATUS", "")) == "CANCELLED":
                continue
            if not isinstance(start, datetime):
                holidays.update(start + timedelta(days=n) for n in range(max((end - start).days, 1)))
            elif str(event.get("TRANSP", "")) != "TRANSPARENT" and end > start:
                busy.append((_zoned(start, zone), _zoned(end, zone)))
    except Unreadable:
        raise
    except Exception as error:  # the library does not say what it raises for what is no calendar
        raise Unreadable("it is no iCalendar file that can be read") from error
    return holidays, busy


def _zoned(at: datetime, zone: ZoneInfo) -> datetime:
    return at if at.tzinfo is not None else at.replace(tzinfo=zone)
