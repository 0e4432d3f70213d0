"""What was said at open meetings, beside what a survey's constructs say.

Decides which places of a group are named: by attendance, under the same rules as the cells of a survey. A quote or a
theme is shown no closer than its group's attendance is, and a meeting to which fewer of a group came than were promised
says nothing of that group: whoever reads before and after it would know what so few said.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from app.analysis.facts import School
from app.analysis.pattern import Pattern, pattern
from app.analysis.slices import within

Cell = dict[str, Any]


@dataclass(frozen=True)
class Meeting:
    """One meeting that was held.

    Attributes
    ----------
    attendance : (group, school) -> people; None for people tied to no school.
    themes : `title`, `construct` or None, `groups` that raised it (empty: all that came).
    quotes : `text`, `group`, `school`, `theme`; with their consent.
    """

    attendance: Mapping[tuple[str, School], int]
    themes: Sequence[Mapping[str, Any]]
    quotes: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class _Places:
    """What may be named of one group."""

    group: str
    shown: Pattern
    people: Mapping[School, int]
    only: Collection[str] | None

    def cells(self) -> list[Cell]:
        """Attendance by school, of the pool, and of the union."""
        if not self.shown.union:
            return [{"group": self.group, "school": None, "status": "protected"}]
        singles = [
            {"group": self.group, "school": school, "status": "published", "people": self.people[school]}
            if school in self.shown.schools
            else {"group": self.group, "school": school, "status": "protected"}
            for school in self.people
            if school is not None
        ]
        members = [school for school in self.shown.pool if school is not None]
        pool = {"people": sum(self.people[school] for school in self.shown.pool), "schools": members}
        whole = {"group": self.group, "school": None, "status": "published"}
        pools = [whole | pool] if members else []
        cells = [*singles, *pools, whole | {"people": sum(self.people.values())}]
        return [cell for cell in cells if within(cell, None, self.only)]

    def of(self, school: School) -> Cell | None:
        """Name the closest place that may be named; None where not even the union may."""
        if not self.shown.union:
            return None
        cell: Cell = {"group": self.group, "school": None}
        if school in self.shown.schools:
            cell["school"] = school
        elif school in self.shown.pool and (members := [one for one in self.shown.pool if one is not None]):
            cell["schools"] = members
        return cell if within(cell, None, self.only) else None


def voices(
    meetings: Sequence[Meeting],
    minimums: Mapping[str, int],
    schools: Sequence[str],
    constructs: Iterable[Mapping[str, Any]],
    only: Collection[str] | None = None,
) -> dict[str, Any]:
    """Put themes and quotes beside the constructs of a wave.

    Parameters
    ----------
    meetings : in time order.
    minimums : group -> the fewest people of whom something is said; 1 for an attributed group. Other groups are left
        out.
    schools : of the wave, in the order in which they are shown.
    constructs : entries of a summary, with their cells.
    only : schools that the reader is limited to; what is named is decided by all of them.

    Returns
    -------
    JSON data: `meetings`, how many; `attendance`, cells as in participation, of each place people at the meeting to
    which most of them came (who comes again is nobody new); `constructs`, each with the union's cells of the survey
    (`survey`), `themes` and `quotes`; `elsewhere`, those that belong to none of them. A theme has `meetings`, at how
    many it was raised, and `places`.
    """
    meetings = [_counting(meeting, minimums) for meeting in meetings]
    meetings = [meeting for meeting in meetings if meeting.attendance]
    places = {group: _places(group, minimum, schools, meetings, only) for group, minimum in minimums.items()}
    themes, quotes = _themes(meetings, places), _quotes(meetings, places)
    known = []
    for entry in constructs:
        key = entry["construct"]
        survey = [c for c in entry["cells"] if c["school"] is None and "schools" not in c and c["group"] in places]
        told = {"construct": key, "title": entry["title"], "setting": entry["setting"], "survey": survey}
        known.append(told | {"themes": themes.pop(key, []), "quotes": quotes.pop(key, [])})
    return {
        "meetings": len(meetings),
        "attendance": [cell for one in places.values() for cell in one.cells() if one.people],
        "constructs": known,
        "elsewhere": {"themes": [*chain(*themes.values())], "quotes": [*chain(*quotes.values())]},
    }


def _counting(meeting: Meeting, minimums: Mapping[str, int]) -> Meeting:
    """Leave of a meeting the groups of which enough people came."""
    came: dict[str, int] = defaultdict(int)
    for (group, _), people in meeting.attendance.items():
        came[group] += people
    enough = {group for group, people in came.items() if people >= max(minimums.get(group, people + 1), 1)}
    return Meeting(
        {cell: people for cell, people in meeting.attendance.items() if cell[0] in enough},
        meeting.themes,
        [quote for quote in meeting.quotes if quote["group"] in enough],
    )


def _places(
    group: str, minimum: int, schools: Sequence[str], meetings: Iterable[Meeting], only: Collection[str] | None
) -> _Places:
    people: dict[School, int] = {}
    for meeting in meetings:
        for (who, school), count in meeting.attendance.items():
            if who == group:
                people[school] = max(people.get(school, 0), count)
    in_order = [*schools, *sorted(filter(None, people)), None]
    ordered = {school: people[school] for school in in_order if school in people}
    return _Places(group, pattern(ordered, {}, (), minimum), ordered, only)


def _themes(meetings: Iterable[Meeting], places: Mapping[str, _Places]) -> dict[str | None, list[dict[str, Any]]]:
    """Construct -> its themes, those raised most often first."""
    raised: dict[tuple[str | None, str], int] = defaultdict(int)
    where: dict[tuple[str | None, str], list[Cell]] = defaultdict(list)
    for meeting in meetings:
        for theme in meeting.themes:
            groups = theme["groups"] or list(dict.fromkeys(group for group, _ in meeting.attendance))
            here = [
                cell
                for (group, school), people in meeting.attendance.items()
                if people and group in groups and group in places and (cell := places[group].of(school)) is not None
            ]
            if here:  # somebody raised it of whom something may be said
                key = (theme["construct"], theme["title"])
                raised[key] += 1
                where[key] += [cell for cell in here if cell not in where[key]]
    found: dict[str | None, list[dict[str, Any]]] = defaultdict(list)
    for (construct, title), count in sorted(raised.items(), key=lambda one: (-one[1], one[0][1])):
        found[construct].append({"title": title, "meetings": count, "places": where[construct, title]})
    return found


def _quotes(meetings: Iterable[Meeting], places: Mapping[str, _Places]) -> dict[str | None, list[dict[str, Any]]]:
    """Construct -> quotes on its themes, in an order that tells nothing of when they were said."""
    found: dict[str | None, list[dict[str, Any]]] = defaultdict(list)
    for meeting in meetings:
        of = {theme["title"]: theme["construct"] for theme in meeting.themes}
        for quote in meeting.quotes:
            group = places.get(quote["group"])
            if group is not None and (cell := group.of(quote["school"])) is not None:
                found[of.get(quote["theme"])].append({**cell, "theme": quote["theme"], "text": quote["text"]})
    for quotes in found.values():
        quotes.sort(key=lambda quote: quote["text"])
    return found
