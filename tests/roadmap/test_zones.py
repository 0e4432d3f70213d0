"""What calendars are told of a time zone: read back by the rules of RFC 5545 alone, it is the zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given
from hypothesis import strategies as st

from app.roadmap.zones import Observance, observances

ZONES = [
    "America/New_York", "America/Phoenix", "America/Puerto_Rico", "Europe/Madrid", "Europe/Dublin", "Asia/Kolkata",
    "Australia/Lord_Howe", "Pacific/Auckland", "America/St_Johns", "Africa/Casablanca", "UTC", "Pacific/Apia",
    "America/Asuncion", "America/Santiago", "Asia/Jerusalem", "Africa/Cairo",
]  # fmt: skip
YEARS = 2023, 2030


def offset(told: list[Observance], at: datetime) -> timedelta:
    """The offset at an instant, as a calendar program finds it: that of the last onset before."""
    begun = []
    for one in told:
        onsets = list(one.onsets)
        if one.rule is not None:
            onsets = list(rrulestr(one.rule, dtstart=onsets[0]).between(onsets[0], datetime(2031, 1, 1), inc=True))  # noqa: DTZ001
        begun += [((onset - one.before).replace(tzinfo=UTC), one.after) for onset in onsets]
    return max(pair for pair in begun if pair[0] <= at)[1]


@pytest.mark.parametrize("key", ZONES)
def test_read_back_it_is_the_zone(key: str) -> None:
    zone, told = ZoneInfo(key), observances(key, *YEARS)
    at = datetime(YEARS[0] + 1, 1, 1, tzinfo=UTC)
    while at.year <= YEARS[1]:
        assert offset(told, at) == at.astimezone(zone).utcoffset(), at
        at += timedelta(hours=7)


@given(st.sampled_from(ZONES), st.datetimes(datetime(2024, 1, 1), datetime(2030, 12, 31)))  # noqa: DTZ001
def test_at_any_second(key: str, at: datetime) -> None:
    instant = at.replace(tzinfo=UTC)
    assert offset(observances(key, *YEARS), instant) == instant.astimezone(ZoneInfo(key)).utcoffset()


def test_zones_with_a_rule_have_it() -> None:
    told = {one.daylight: one for one in observances("America/New_York", 2025, 2028)}
    assert told[True].rule == "FREQ=YEARLY;BYMONTH=3;BYDAY=2SU"
    assert told[True].onsets[0].isoformat() == "2025-03-09T02:00:00"
    assert told[False].rule == "FREQ=YEARLY;BYMONTH=11;BYDAY=1SU"
    assert told[False].onsets[0].isoformat() == "2025-11-02T02:00:00"
    assert {one.rule for one in observances("Europe/Madrid", 2025, 2028)} == {
        "FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU", "FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU",
    }  # fmt: skip
    assert {one.rule for one in observances("Africa/Casablanca", 2025, 2028)} == {None}
    assert [(one.rule, len(one.onsets)) for one in observances("America/Phoenix", 2025, 2028)] == [(None, 1)]
