"""When to visit which school: a proposal of days and times.

Decides fairly and the same every time, by integers alone: no school is visited twice more often than another that could
have been visited, and each one's visits are spread over the period, the weekdays and the times of day. It knows no
activity and no database.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_bipartite_matching

STEP = timedelta(minutes=15)
PARTS = 3  # early, in the middle, late
WEEKDAY, PART, DAY = 60, 25, 4  # what the wrong weekday, part of the day, and a day off the even pace cost
FAR = 30  # days off the pace beyond which another one matters no more
Span = tuple[datetime, datetime]


@dataclass(frozen=True)
class Plan:
    """What is asked for.

    Attributes
    ----------
    begins, ends : first and last day.
    schools : in an order that decides between equals.
    visits : to each school.
    minutes : a visit's length.
    opens, closes : local times between which a visit lies.
    weekdays : 0 is Monday.
    a_day : visits a day at most; between two of them lie `apart` minutes.
    busy : times that are taken.
    holidays, closed : days without school, everywhere and by school.
    """

    begins: date
    ends: date
    zone: ZoneInfo
    schools: Sequence[str]
    visits: int
    minutes: int = 60
    opens: time = time(8, 30)
    closes: time = time(14, 30)
    weekdays: frozenset[int] = frozenset(range(5))
    a_day: int = 1
    apart: int = 30
    busy: Sequence[Span] = ()
    holidays: frozenset[date] = frozenset()
    closed: Mapping[str, frozenset[date]] = field(default_factory=dict)

    @cached_property
    def days(self) -> list[date]:
        """Days on which somebody could be visited."""
        count = (self.ends - self.begins).days + 1
        days = (self.begins + timedelta(days=offset) for offset in range(count))
        return [day for day in days if day.weekday() in self.weekdays and day not in self.holidays]

    @cached_property
    def windows(self) -> list[tuple[time, time]]:
        """The parts of a day that hold one visit each, `apart` from each other; none that is too short."""
        whole = _minutes(self.closes) - _minutes(self.opens)
        length = (whole - self.apart * (self.a_day - 1)) // self.a_day
        begins = (_minutes(self.opens) + k * (length + self.apart) for k in range(self.a_day))
        return [(_clock(begin), _clock(begin + length)) for begin in begins if length >= self.minutes]


@dataclass(frozen=True, order=True)
class Visit:
    """One visit, by the clock of the plan's time zone."""

    starts_at: datetime
    ends_at: datetime
    school: str


def propose(plan: Plan) -> list[Visit]:
    """Propose visits in time order; fewer than asked for where days or free times do not suffice.

    Visits are given out in rounds, one to each school in each, as long as all that were given out before can still be
    placed (the sets that can be placed are a matroid, so this is as fair as can be). A school gets less than others
    only where it is closed too often.
    """
    slots = [(day, window) for day in plan.days for window in plan.windows]
    starts = [_starts(plan, day, window) for day, window in slots]
    can = {school: _possible(plan, school, slots, starts) for school in plan.schools}
    given = _rounds(plan, can)
    if not given:
        return []
    wanted = np.array([_costs(plan, school, number, slots, starts) for school, number in given])
    allowed = np.array([can[school] for school, _ in given])
    forbidden = int(wanted.max() + 1) * (len(given) + 1)
    rows, columns = linear_sum_assignment(np.where(allowed, wanted, forbidden))
    length = timedelta(minutes=plan.minutes)
    found = []
    for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
        school, number = given[row]
        start = min(starts[column], key=lambda at: (_off(plan, school, number, at), at))
        found.append(Visit(start, start + length, school))
    return sorted(found)


def _starts(plan: Plan, day: date, window: tuple[time, time]) -> list[datetime]:
    """Times at which a visit could begin in a window of a day, with nothing else at the time."""
    length = timedelta(minutes=plan.minutes)
    at, last = (datetime.combine(day, clock, plan.zone) for clock in window)
    found = []
    while at + length <= last:
        if not any(begin < at + length and at < end for begin, end in plan.busy):
            found.append(at)
        at += STEP
    return found


def _possible(
    plan: Plan, school: str, slots: Sequence[tuple[date, tuple[time, time]]], starts: Sequence[list[datetime]]
) -> NDArray[np.bool_]:
    closed = plan.closed.get(school, frozenset())
    return np.array([bool(at) and day not in closed for (day, _), at in zip(slots, starts, strict=True)], dtype=bool)


def _rounds(plan: Plan, can: Mapping[str, NDArray[np.bool_]]) -> list[tuple[str, int]]:
    """Give out visits round by round: (school, number of the visit)."""
    given: list[tuple[str, int]] = []
    for number in range(plan.visits):
        together = [*given, *((school, number) for school in plan.schools)]
        if _fits(together, can):
            given = together
            continue
        for school in plan.schools:
            if _fits([*given, (school, number)], can):
                given.append((school, number))
    return given


def _fits(visits: Sequence[tuple[str, int]], can: Mapping[str, NDArray[np.bool_]]) -> bool:
    """Tell whether all of these visits can be placed at once."""
    matched = maximum_bipartite_matching(csr_array(np.array([can[school] for school, _ in visits])), "column")
    return bool((matched >= 0).all())


def _costs(
    plan: Plan,
    school: str,
    number: int,
    slots: Sequence[tuple[date, tuple[time, time]]],
    starts: Sequence[list[datetime]],
) -> list[int]:
    """What it costs to place a school's visit in each slot."""
    place = plan.schools.index(school)
    weekdays = sorted(plan.weekdays)
    wanted = weekdays[(number + place) % len(weekdays)]
    share = (number * len(plan.schools) + place, plan.visits * len(plan.schools))
    pace = plan.days[len(plan.days) * share[0] // share[1]]
    costs = []
    for (day, _), at in zip(slots, starts, strict=True):
        off = min((_off(plan, school, number, one) for one in at), default=0)
        late = min(abs((day - pace).days), FAR)
        costs.append(WEEKDAY * (day.weekday() != wanted) + PART * off + DAY * late)
    return costs


def _off(plan: Plan, school: str, number: int, at: datetime) -> int:
    """By how many parts of the day a time misses the one that is this visit's turn."""
    whole = _minutes(plan.closes) - _minutes(plan.opens) - plan.minutes
    part = min(PARTS * (_minutes(at.time()) - _minutes(plan.opens)) // max(whole, 1), PARTS - 1)
    return abs(part - (number + plan.schools.index(school)) % PARTS)


def _minutes(clock: time) -> int:
    return 60 * clock.hour + clock.minute


def _clock(minutes: int) -> time:
    return time(minutes // 60, minutes % 60)
