"""When activities take place: rules, clocks that change, and occurrences that differ."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.roadmap.recurrence import RuleRefused, between, normalized, occurrences, starts

EASTERN = ZoneInfo("America/New_York")


def activity(
    rule: str | None = None, starts_at: str = "2026-10-05T09:00:00-04:00", ends_at: str = "2026-10-05T10:30:00-04:00",
    left_out: tuple[str, ...] = (), changes: tuple[dict[str, Any], ...] = (), zone: str = "America/New_York",
) -> dict[str, Any]:  # fmt: skip
    recurrence = None if rule is None else {"rule": rule, "except": list(left_out), "changes": list(changes)}
    return {
        "title": "Meeting", "status": "planned", "starts_at": starts_at, "ends_at": ends_at, "time_zone": zone,
        "recurrence": recurrence,
    }  # fmt: skip


def test_nine_stays_nine_when_clocks_change() -> None:
    found = occurrences(activity("FREQ=WEEKLY;COUNT=8"))
    assert {one.starts_at.strftime("%a %H:%M") for one in found} == {"Mon 09:00"}
    assert [one.starts_at.astimezone(UTC).hour for one in found] == [13, 13, 13, 13, 14, 14, 14, 14]
    assert {one.ends_at - one.starts_at for one in found} == {timedelta(minutes=90)}


def test_an_hour_that_a_clock_leaves_out_or_shows_twice() -> None:
    spring = occurrences(activity("FREQ=DAILY;COUNT=3", "2027-03-13T02:30:00-05:00", "2027-03-13T03:30:00-05:00"))
    assert [one.starts_at.astimezone(UTC).isoformat() for one in spring] == [
        "2027-03-13T07:30:00+00:00", "2027-03-14T07:30:00+00:00", "2027-03-15T06:30:00+00:00",
    ]  # fmt: skip
    again = "2026-11-01T01:30:00-04:00"
    fall = activity("FREQ=DAILY;COUNT=3", "2026-10-31T01:30:00-04:00", "2026-10-31T02:00:00-04:00", left_out=(again,))
    assert [one.starts_at.day for one in occurrences(fall)] == [31, 2]


@pytest.mark.parametrize(
    ("rule", "days"),
    [
        ("FREQ=MONTHLY;BYDAY=1MO;COUNT=3", ["2026-10-05", "2026-11-02", "2026-12-07"]),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE;COUNT=4", ["2026-10-05", "2026-10-07", "2026-10-19", "2026-10-21"]),
        ("FREQ=WEEKLY;UNTIL=20261019", ["2026-10-05", "2026-10-12", "2026-10-19"]),
        ("FREQ=WEEKLY;UNTIL=20261019T125959Z", ["2026-10-05", "2026-10-12"]),
        ("FREQ=WEEKLY;UNTIL=20261019T130000Z", ["2026-10-05", "2026-10-12", "2026-10-19"]),
        ("FREQ=YEARLY;COUNT=2", ["2026-10-05", "2027-10-05"]),
        ("RRULE:freq=daily;count=2", ["2026-10-05", "2026-10-06"]),
    ],
)
def test_rules(rule: str, days: list[str]) -> None:
    found = occurrences(activity(normalized(rule, EASTERN)))
    assert [one.starts_at.date().isoformat() for one in found] == days


@pytest.mark.parametrize(
    "rule",
    [
        "", "weekly", "FREQ=WEEKLY", "FREQ=HOURLY;COUNT=3", "FREQ=WEEKLY;COUNT=3;UNTIL=20270101", "FREQ=WEEKLY;COUNT=0",
        "FREQ=WEEKLY;COUNT=2;BYHOUR=9", "FREQ=WEEKLY;COUNT=2;INTERVAL=0", "FREQ=WEEKLY;BYDAY=XX;COUNT=2", "COUNT=2",
        "FREQ=WEEKLY;UNTIL=soon", "FREQ=WEEKLY\nBEGIN:VEVENT;COUNT=2", "FREQ=WEEKLY;UNTIL=99991231",
        "FREQ=WEEKLY;UNTIL=00010101T000000Z", "FREQ=MONTHLY;BYDAY=9MO;COUNT=3", "FREQ=DAILY;BYDAY=2MO;COUNT=3",
        "FREQ=WEEKLY;BYMONTHDAY=5;COUNT=3", "FREQ=WEEKLY;BYDAY=1MO;COUNT=3", "FREQ=MONTHLY;BYSETPOS=1;COUNT=3",
        "FREQ=WEEKLY;COUNT=3;COUNT=5", "FREQ=YEARLY;INTERVAL=50;UNTIL=21981231",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30;COUNT=3", "FREQ=YEARLY;COUNT=22",
    ],
)  # fmt: skip
def test_rules_that_are_not_taken(rule: str) -> None:
    with pytest.raises(RuleRefused):
        starts(normalized(rule, EASTERN), datetime(2026, 10, 5, 9, tzinfo=EASTERN), EASTERN)


@pytest.mark.parametrize("rule", ["FREQ=DAILY;COUNT=501", "FREQ=WEEKLY;BYDAY=TU;COUNT=3", "FREQ=WEEKLY;UNTIL=20200101"])
def test_rules_that_do_not_fit(rule: str) -> None:
    with pytest.raises(RuleRefused):
        starts(normalized(rule, EASTERN), datetime(2026, 10, 5, 9, tzinfo=EASTERN), EASTERN)


def test_occurrences_that_differ() -> None:
    moved = {
        "at": "2026-10-19T09:00:00-04:00", "starts_at": "2026-10-20T13:00:00-04:00",
        "ends_at": "2026-10-20T14:00:00-04:00", "title": "Moved",
    }  # fmt: skip
    off = {"at": "2026-11-02T14:00:00+00:00", "status": "canceled"}
    found = occurrences(activity("FREQ=WEEKLY;COUNT=5", left_out=("2026-10-12T09:00:00-04:00",), changes=(moved, off)))
    assert [one.starts_at.strftime("%m-%d %H:%M") for one in found] == [
        "10-05 09:00", "10-20 13:00", "10-26 09:00", "11-02 09:00",
    ]  # fmt: skip
    assert [one.record["title"] for one in found] == ["Meeting", "Moved", "Meeting", "Meeting"]
    assert [one.canceled for one in found] == [False, False, False, True]
    assert found[1].at.strftime("%m-%d %H:%M") == "10-19 09:00"
    canceled = activity("FREQ=WEEKLY;COUNT=5", changes=(moved,)) | {"status": "canceled"}
    assert all(one.canceled for one in occurrences(canceled))


def test_what_touches_a_span() -> None:
    found = occurrences(activity("FREQ=DAILY;COUNT=3"))
    at = [one.starts_at for one in found]
    assert list(between(found, at[0] + timedelta(minutes=89), at[1])) == found[:1]
    assert list(between(found, at[0] + timedelta(minutes=90), at[1] + timedelta(minutes=1))) == found[1:2]
    assert list(between(found, None, None)) == found


@given(
    first=st.dates(date(2024, 1, 1), date(2030, 1, 1)),
    hour=st.integers(4, 20),
    weeks=st.integers(1, 4),
    count=st.integers(1, 80),
    zone=st.sampled_from(["America/New_York", "Europe/Madrid", "Asia/Tokyo", "America/Sao_Paulo", "Pacific/Auckland"]),
)
def test_every_so_many_weeks_at_the_same_hour(first: date, hour: int, weeks: int, count: int, zone: str) -> None:
    info = ZoneInfo(zone)
    begins = datetime(first.year, first.month, first.day, hour, 15, tzinfo=info)
    found = starts(f"FREQ=WEEKLY;INTERVAL={weeks};COUNT={count}", begins, info)
    assert [at.date() for at in found] == [first + timedelta(weeks=weeks * n) for n in range(count)]
    assert {(at.hour, at.minute) for at in found} == {(hour, 15)}
