"""The roadmap of a year as sections to read, on a page or on paper.

Decides what a school committee reads of it: goals with where they began, what they aim at and what is known; what was
done and what is to come. The sentences about goals are those of their progress.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from app.analysis.progress import figure
from app.analysis.words import listed
from app.render.calendar import KINDS
from app.render.report.figures import named, number, percent, whole
from app.render.report.parts import NOTHING, Fact, Facts, Finding, Note, Report, Section, Table

VERDICTS = {"met": "met", "not_met": "not met", "cannot_tell": "cannot be told yet"}
SETTINGS = {"classroom": "classrooms", "school": "schools", "family": "families", "community": "communities"}
COUNTED = ("held", "planned", "not_written_down")
Row = Mapping[str, Any]


def roadmap(document: Row) -> Report:
    """Make the report of a roadmap.

    Parameters
    ----------
    document : as `services.roadmap.read` gives it; its times are texts or times.
    """
    goals = [goal for one in document["priorities"] for goal in one["goals"]]
    held, planned, open_ = (sum(one[name] for one in document["activities"]) for name in COUNTED)
    met = sum(goal["verdict"] == "met" for goal in goals)
    about = f"{_day(document['from'])} to {_day(document['to'])}"
    sections = (
        *(_priority(place, one) for place, one in enumerate(document["priorities"], 1)),
        _done(document),
        *_learning(document),
        *_calendar(document),
    )
    return Report(
        title="Improvement roadmap",
        about=about,
        warning="SIMULATED: these figures are made up." if document["simulated"] else "",
        foot=f"As of {_day(document['as_of'])}. Goals are judged by the newest release of a later wave.",
        released_at=str(document["as_of"]),
        facts=(
            Fact("Goals", whole(len(goals))),
            Fact("Met so far", whole(met)),
            Fact("Activities held", whole(held)),
            Fact("To come", whole(planned)),
            *([Fact("Not written down", whole(open_))] if open_ else []),
            Fact("As of", _day(document["as_of"])),
        ),
        sections=sections,
        kind="Roadmap",
        contents=False,
    )


# ------------------------------------------------------------------ goals
def _priority(place: int, one: Row) -> Section:
    return Section(
        f"priority-{place}",
        one["priority"],
        (
            Table(
                "Goals, where they began and what they aim at",
                ("Goal", "Answered for by", "Due", "Began at", "Target", "Now", "Verdict"),
                tuple(_goal(goal) for goal in one["goals"]),
                words=(0, 1, 2, 6),
                wide=(2.6, 1.5, 1.1, 0.9, 0.9, 0.9, 1.2),
            ),
        ),
        tuple(_behind(goal) for goal in one["goals"]),
    )


def _goal(goal: Row) -> tuple[str, ...]:
    measure = goal["target"]["measure"]
    say = percent if measure == "favorable" else number
    began = [figure(cell, measure) for cell in goal["finding"]["cells"]]
    newest = goal["newest"]
    now = [] if newest is None else [figure(cell["later"] or {}, measure) for cell in newest["cells"]]
    return (
        goal["title"], goal["owner"], _day(goal["due"]), _all(began, say), say(goal["target"]["value"]),
        _all(now, say), VERDICTS[goal["verdict"]],
    )  # fmt: skip


def _all(figures: Sequence[float | None], say: Any) -> str:
    """Say the figure of a goal, or the least and the greatest of several places."""
    known = sorted(value for value in figures if value is not None)
    if not known:
        return NOTHING
    return say(known[0]) if known[0] == known[-1] else f"{say(known[0])} to {say(known[-1])}"


def _behind(goal: Row) -> Section:
    """What is behind a goal, and what is done for it."""
    finding = goal["finding"]
    groups = listed(list(dict.fromkeys(named(cell["group"]) for cell in finding["cells"])))
    done = goal["activities"]
    facts = (
        Fact("Found", f"{groups} on “{finding['text'].rstrip('.')}”, {finding['title']}"),
        Fact("In", listed([SETTINGS[setting] for setting in goal["settings"]])),
        *([Fact("Factors", "; ".join(goal["factors"]))] if goal["factors"] else []),
        *([Fact("With", listed(goal["stakeholders"]))] if goal["stakeholders"] else []),
        Fact("Activities for it", f"{done['held']} held, {done['planned']} to come"),
    )
    return Section(f"goal-{goal['key']}", goal["title"], (Finding(goal["reading"]), Facts(facts)))


# ------------------------------------------------------------------ activities
def _done(document: Row) -> Section:
    kinds = _counted("Activities of the year", "Kind", [(KINDS[one["kind"]], one) for one in document["activities"]])
    schools = document["schools"]
    visits = _counted(
        "Observations by school", "School", [(schools[one["school"]], one) for one in document["observations"]]
    )
    return Section(
        "done", "What is done", (kinds, visits) if document["activities"] else (Note("Nothing is planned."),)
    )


def _counted(caption: str, of: str, rows: Iterable[tuple[str, Row]]) -> Table:
    columns = (of, "Held", "To come", "Not written down")
    said = tuple((name, *(whole(one[count]) for count in COUNTED)) for name, one in rows)
    return Table(caption, columns, said, wide=(3, 1, 1, 1))


def _learning(document: Row) -> Iterable[Section]:
    rows = document["professional_development"]
    if rows:
        table = Table(
            "Professional development, and the needs that the surveys found",
            ("What", "When", "Status", "Needs"),
            tuple(
                (one["title"], _day(one["starts_at"]), one["status"], "; ".join(one["needs"]) or NOTHING)
                for one in rows
            ),
            words=(0, 1, 2, 3),
            wide=(2, 1, 1, 3),
        )
        yield Section("learning", "Professional development", (table,))


def _calendar(document: Row) -> Iterable[Section]:
    """A line for each activity in a month, with its days."""
    rows = []
    for month in document["calendar"]:
        together: dict[tuple[str, ...], list[str]] = {}
        for one in month["items"]:
            key = (one["title"], _schools(one["schools"], document["schools"]), one["status"])
            together.setdefault(key, []).append(str(int(str(one["starts_at"])[8:10])))
        rows += [(f"{_month(month['month'])} {', '.join(days)}", *key) for key, days in together.items()]
    if rows:
        columns = ("When", "What", "Where", "Status")
        table = Table("Everything by month", columns, tuple(rows), (0, 1, 2, 3), (1.4, 3, 1.6, 1))
        yield Section("calendar", "The year at a glance", (table,))


def _schools(keys: Sequence[str], names: Mapping[str, str]) -> str:
    return listed([names.get(key, key) for key in keys]) if keys else "All schools"


def _month(month: str) -> str:
    return f"{date.fromisoformat(f'{month}-01'):%b %Y}:"


def _day(moment: Any) -> str:
    """Say a day of a date, a time, or one of these as text."""
    day = date.fromisoformat(str(moment)[:10])
    return f"{day:%b} {day.day}, {day.year}"
