"""Activities as an iCalendar file (RFC 5545), for the calendars of people.

Decides what a calendar tells: times, places, who attends by role, the agenda; never a note, a count or somebody's
words. The same activities give the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from icalendar import Calendar, Event, Timezone, TimezoneDaylight, TimezoneStandard, vDatetime, vDuration, vRecur

from app.render.file import File
from app.roadmap.recurrence import Moment, Occurrence, Series
from app.roadmap.zones import observances

PRODUCT = "-//Soundings//Improvement roadmap//EN"
KINDS = {
    "principal_meeting": "Meeting with principals",
    "liaison_meeting": "Meeting with liaisons and related service providers",
    "observation": "Observation",
    "coffee_and_conversation": "Coffee and Conversation",
    "professional_development": "Professional development",
    "other": "Other",
}
STATUS = {"planned": "CONFIRMED", "held": "CONFIRMED", "canceled": "CANCELLED"}
OFTEN = timedelta(hours=6)  # how often a subscriber is asked to look again


@dataclass(frozen=True, slots=True)
class Entry:
    """One activity, with what calendars need to follow its changes."""

    uid: str
    series: Series
    last_at: Moment
    sequence: int
    changed_at: Moment


def ics(name: str, entries: Iterable[Entry], schools: Mapping[str, str]) -> File:
    """Give a calendar.

    Parameters
    ----------
    name : what the calendar is called.
    entries : activities, also canceled ones, so that calendars which know them take them out.
    schools : key -> name.
    """
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("name", name)
    calendar.add("x-wr-calname", name)
    calendar.add("refresh-interval", vDuration(OFTEN), parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", vDuration(OFTEN))
    entries = list(entries)
    for key, years in sorted(_zones(entries).items()):
        calendar.add_component(_zone(key, min(years) - 1, max(years) + 2))
    for entry in entries:
        for event in _events(entry, schools):
            calendar.add_component(event)
    body: bytes = calendar.to_ical()
    return File(body, "text/calendar; charset=utf-8", "soundings.ics")


def _zones(entries: Iterable[Entry]) -> dict[str, set[int]]:
    """Time zone -> years in which it is used."""
    found: dict[str, set[int]] = {}
    for entry in entries:
        years = found.setdefault(entry.series.first.record["time_zone"], set())
        years.update((entry.series.first.starts_at.year, entry.last_at.year))
    return found


def _zone(key: str, first: int, last: int) -> Timezone:
    zone = Timezone()
    zone.add("tzid", key)
    for one in observances(key, first, last):
        kept = TimezoneDaylight() if one.daylight else TimezoneStandard()
        kept.add("dtstart", one.onsets[0])
        if one.rule is not None:
            kept.add("rrule", vRecur.from_ical(one.rule))
        else:
            for onset in one.onsets[1:]:  # in a property each: not every program reads a list
                kept.add("rdate", onset)
        kept.add("tzname", one.name)
        kept.add("tzoffsetfrom", one.before)
        kept.add("tzoffsetto", one.after)
        zone.add_component(kept)
    return zone


def _events(entry: Entry, schools: Mapping[str, str]) -> list[Event]:
    """Give the event of an activity, and one for each occurrence that differs."""
    series = entry.series
    whole = _event(entry, series.first, schools)
    if series.rule is not None:
        whole.add("rrule", vRecur.from_ical(series.rule))
    for at in series.left_out:
        whole.add("exdate", at)
    found = [whole]
    for one in series.changed:
        changed = _event(entry, one, schools)
        changed.add("recurrence-id", one.at)
        found.append(changed)
    return found


def _event(entry: Entry, one: Occurrence, schools: Mapping[str, str]) -> Event:
    document = one.record
    event = Event()
    event.add("uid", f"{entry.uid}@soundings")
    event.add("dtstamp", vDatetime(entry.changed_at))
    event.add("last-modified", vDatetime(entry.changed_at))
    event.add("sequence", entry.sequence)
    event.add("dtstart", one.starts_at)
    event.add("dtend", one.ends_at)
    event.add("summary", document["title"])
    event.add("status", STATUS[document["status"]])
    event.add("transp", "TRANSPARENT" if one.canceled else "OPAQUE")
    event.add("categories", [KINDS[document["kind"]]])
    where = [document["place"], ", ".join(schools.get(key, key) for key in document["schools"])]
    if place := " – ".join(part for part in where if part):
        event.add("location", place)
    event.add("description", _description(document))
    return event


def _description(document: Mapping[str, Any]) -> str:
    lines = [KINDS[document["kind"]]]
    if roles := list(dict.fromkeys(one["role"] for one in document["attendees"])):
        lines.append(f"With: {', '.join(roles)}")
    lines += [f"• {line}" for line in document["agenda"]]
    return "\n".join(lines)
