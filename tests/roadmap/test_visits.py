"""Proposals of visits: fair, spread, free of what is taken, and the same every time."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.roadmap.visits import Plan, Visit, propose

EASTERN = ZoneInfo("America/New_York")
SCHOOLS = ("erving", "leverett", "shutesbury", "swift-river")
YEAR = Plan(date(2026, 9, 8), date(2027, 6, 11), EASTERN, SCHOOLS, visits=10, minutes=90)


def by_school(visits: list[Visit]) -> dict[str, list[Visit]]:
    return {school: [visit for visit in visits if visit.school == school] for school in SCHOOLS}


def test_a_year_is_spread_over_days_and_times() -> None:
    visits = propose(YEAR)
    for school, mine in by_school(visits).items():
        assert len(mine) == 10, school
        assert set(Counter(visit.starts_at.weekday() for visit in mine).values()) == {2}
        assert len({visit.starts_at.time() for visit in mine}) >= 3
        gaps = [(later.starts_at - earlier.starts_at).days for earlier, later in pairwise(mine)]
        assert max(gaps) <= 45, (school, gaps)
    assert len({visit.starts_at.date() for visit in visits}) == len(visits)


def test_clocks_change_and_school_begins_at_the_same_hour() -> None:
    visits = propose(replace(YEAR, opens=time(9), closes=time(10, 30)))
    assert {visit.starts_at.time() for visit in visits} == {time(9)}
    assert {visit.starts_at.astimezone(UTC).hour for visit in visits} == {13, 14}


def test_several_visits_a_day_lie_apart() -> None:
    plan = replace(YEAR, begins=date(2026, 10, 5), ends=date(2026, 10, 9), visits=2, a_day=2, apart=45)
    visits = propose(plan)
    assert Counter(visit.school for visit in visits) == dict.fromkeys(SCHOOLS, 2)
    for earlier, later in pairwise(visits):
        if earlier.starts_at.date() == later.starts_at.date():
            assert later.starts_at - earlier.ends_at >= timedelta(minutes=45)


def test_a_school_with_one_open_day_gets_it() -> None:
    """Leverett can be visited on one Monday alone, and so nobody else is visited then."""
    monday = date(2026, 10, 5)
    week = frozenset(monday + timedelta(days=n) for n in range(1, 5))
    plan = replace(YEAR, begins=monday, ends=date(2026, 10, 8), visits=1, closed={"leverett": week})
    visits = by_school(propose(plan))
    assert [visit.starts_at.date() for visit in visits["leverett"]] == [monday]
    assert all(len(mine) == 1 for mine in visits.values())


def test_nothing_can_be_proposed() -> None:
    assert propose(replace(YEAR, holidays=frozenset(YEAR.days))) == []
    assert propose(replace(YEAR, closes=time(9))) == []
    assert propose(replace(YEAR, begins=date(2026, 10, 3), ends=date(2026, 10, 4))) == []


days = st.dates(date(2026, 10, 5), date(2026, 11, 13))


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    begins = draw(days)
    schools = SCHOOLS[: draw(st.integers(1, 4))]
    hours = st.tuples(days, st.integers(0, 23), st.integers(1, 200))
    busy = [
        (at := datetime.combine(day, time(hour), EASTERN), at + timedelta(minutes=length))
        for day, hour, length in draw(st.lists(hours, max_size=12))
    ]
    return Plan(
        begins, begins + timedelta(days=draw(st.integers(0, 40))), EASTERN, schools,
        visits=draw(st.integers(1, 8)),
        minutes=draw(st.sampled_from([30, 60, 120])),
        a_day=draw(st.integers(1, 3)),
        busy=busy,
        holidays=draw(st.frozensets(days, max_size=10)),
        closed={school: draw(st.frozensets(days, max_size=15)) for school in schools},
    )  # fmt: skip


@settings(max_examples=150)
@given(plans())
def test_every_proposal_is_possible_and_fair(plan: Plan) -> None:
    visits = propose(plan)
    assert visits == propose(plan)
    for visit in visits:
        day = visit.starts_at.date()
        assert plan.begins <= day <= plan.ends
        assert day.weekday() < 5
        assert day not in plan.holidays | plan.closed[visit.school]
        assert plan.opens <= visit.starts_at.time() < visit.ends_at.time() <= plan.closes
        assert visit.ends_at - visit.starts_at == timedelta(minutes=plan.minutes)
        assert not any(begin < visit.ends_at and visit.starts_at < end for begin, end in plan.busy)
    for earlier, later in pairwise(visits):
        if earlier.starts_at.date() == later.starts_at.date():
            assert later.starts_at - earlier.ends_at >= timedelta(minutes=plan.apart)
    per_day = Counter(visit.starts_at.date() for visit in visits)
    assert all(count <= plan.a_day for count in per_day.values())
    counts = {school: sum(visit.school == school for visit in visits) for school in plan.schools}
    assert all(count <= plan.visits for count in counts.values())
    # A school that got less could not have had one more while nobody else has more than that.
    for school, count in counts.items():
        if count < max(counts.values()):
            level = {other: min(has, count + 1) for other, has in counts.items()} | {school: count + 1}
            assert not placeable(plan, level) or count + 1 >= max(counts.values())


def placeable(plan: Plan, wanted: dict[str, int]) -> bool:
    """Whether so many visits can be placed at once: augmenting paths, one visit after the other."""
    length = (360 - plan.apart * (plan.a_day - 1)) // plan.a_day  # minutes of 8:30 to 14:30 for each visit
    held: dict[tuple[date, int], str] = {}

    def free(day: date, part: int) -> bool:
        first = datetime.combine(day, time(8, 30), EASTERN) + timedelta(minutes=part * (length + plan.apart))
        begins = (first + timedelta(minutes=m) for m in range(0, length - plan.minutes + 1, 15))
        long = timedelta(minutes=plan.minutes)
        return any(all(at + long <= start or end <= at for start, end in plan.busy) for at in begins)

    slots = [(day, part) for day in plan.days for part in range(plan.a_day) if free(day, part)]

    def place(school: str, tried: set[tuple[date, int]]) -> bool:
        for slot in slots:
            if slot in tried or slot[0] in plan.closed[school]:
                continue
            tried.add(slot)
            if slot not in held or place(held[slot], tried):
                held[slot] = school
                return True
        return False

    return all(place(school, set()) for school, number in wanted.items() for _ in range(number))


@settings(max_examples=60)
@given(st.integers(1, 8), st.integers(0, 40), st.integers(1, 3))
def test_where_all_are_open_alike_nobody_gets_over_one_visit_more(visits: int, length: int, a_day: int) -> None:
    plan = replace(YEAR, begins=date(2026, 10, 5), ends=date(2026, 10, 5) + timedelta(days=length), visits=visits)
    plan = replace(plan, a_day=a_day, minutes=60)
    found = propose(plan)
    counts = Counter(visit.school for visit in found)
    assert max(counts.values()) - min(counts[school] for school in SCHOOLS) <= 1
    assert len(found) == min(visits * len(SCHOOLS), len(plan.days) * a_day)


@pytest.mark.parametrize("number", [40, 200])
def test_many_schools(number: int) -> None:
    schools = [f"school-{n:03}" for n in range(number)]
    found = propose(replace(YEAR, schools=schools, visits=2, a_day=3, minutes=60, apart=15))
    assert set(Counter(visit.school for visit in found).values()) == {2}
