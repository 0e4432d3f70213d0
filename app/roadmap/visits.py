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
    slots = _slots(plan)
    can = {
        school: np.array([slot.day not in plan.closed.get(school, ()) for slot in slots], dtype=bool)
        for school in plan.schools
    }
    given = _rounds(plan, can) if slots else []
    if not given:
        return []
    wanted = _costs(plan, given, slots)
    allowed = np.array([can[school] for school, _ in given])
    forbidden = int(wanted.max() + 1) * (len(given) + 1)
    rows, columns = linear_sum_assignment(np.where(allowed, wanted, forbidden))
    length = timedelta(minutes=plan.minutes)
    found = []
    for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
        school, number = given[row]
        turn = (number + plan.schools.index(school)) % PARTS
        start = min(slots[column].starts, key=lambda at: (abs(_part(plan, at) - turn), at))
        found.append(Visit(start, start + length, school))
    return sorted(found)


@dataclass(frozen=True)
class _Slot:
    """A window of a day in which one visit fits, and when it could begin."""

    day: date
    starts: list[datetime]


def _slots(plan: Plan) -> list[_Slot]:
    """Give the windows of all days in which a visit fits, with nothing else at the time."""
    length = timedelta(minutes=plan.minutes)
    busy = sorted(plan.busy)
    found = []
    for day in plan.days:
        begins, ends = (datetime.combine(day, clock, plan.zone) for clock in (plan.opens, plan.closes))
        taken = [span for span in busy if span[0] < ends and begins < span[1]]
        for window in plan.windows:
            at, last = (datetime.combine(day, clock, plan.zone) for clock in window)
            starts = []
            while at + length <= last:
                if not any(begin < at + length and at < end for begin, end in taken):
                    starts.append(at)
                at += STEP
            if starts:
                found.append(_Slot(day, starts))
    return found


def _rounds(plan: Plan, can: Mapping[str, NDArray[np.bool_]]) -> list[tuple[str, int]]:
    """Give out visits round by round: (school, number of the visit). Who cannot be given one is given no more."""
    given: list[tuple[str, int]] = []
    going = list(plan.schools)
    for number in range(plan.visits):
        together = [*given, *((school, number) for school in going)]
        if going and _fits(together, can):
            given = together
            continue
        for school in list(going):
            if _fits([*given, (school, number)], can):
                given.append((school, number))
            else:
                going.remove(school)
    return given


def _fits(visits: Sequence[tuple[str, int]], can: Mapping[str, NDArray[np.bool_]]) -> bool:
    """Tell whether all of these visits can be placed at once."""
    matched = maximum_bipartite_matching(csr_array(np.array([can[school] for school, _ in visits])), "column")
    return bool((matched >= 0).all())


def _costs(plan: Plan, given: Sequence[tuple[str, int]], slots: Sequence[_Slot]) -> NDArray[np.int64]:
    """Give what it costs to place each visit in each slot: (visits, slots)."""
    weekdays = sorted(plan.weekdays)
    on = np.array([slot.day.weekday() for slot in slots])
    days = np.array([slot.day.toordinal() for slot in slots])
    parts = [{_part(plan, at) for at in slot.starts} for slot in slots]
    off = [np.array([min(abs(part - turn) for part in there) for there in parts]) for turn in range(PARTS)]
    costs = np.empty((len(given), len(slots)), dtype=np.int64)
    for row, (school, number) in enumerate(given):
        place = plan.schools.index(school)
        share = (number * len(plan.schools) + place, plan.visits * len(plan.schools))
        pace = plan.days[len(plan.days) * share[0] // share[1]].toordinal()
        late = np.minimum(np.abs(days - pace), FAR)
        wrong = on != weekdays[(number + place) % len(weekdays)]
        costs[row] = WEEKDAY * wrong + PART * off[(number + place) % PARTS] + DAY * late
    return costs


def _part(plan: Plan, at: datetime) -> int:
    """Give the part of the day in which a visit begins: 0 is early."""
    whole = _minutes(plan.closes) - _minutes(plan.opens) - plan.minutes
    return min(PARTS * (_minutes(at.time()) - _minutes(plan.opens)) // max(whole, 1), PARTS - 1)


def _minutes(clock: time) -> int:
    return 60 * clock.hour + clock.minute


def _clock(minutes: int) -> time:
    return time(minutes // 60, minutes % 60)
