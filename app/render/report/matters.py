"""What matters most, and who rates services differently: ranks and sentences as the API gives them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from app.render.report.documents import Documents, Row, worded
from app.render.report.figures import between, named, number, percent, signed, whole
from app.render.report.parts import NOTHING, Finding, Note, Section, Table

MOST = 3
"""Of so many constructs of a group the sentence is printed; the table has them all."""
ITEMS = 8

NEED = (
    "Need is the part of the answers that is not favorable. Ranks that overlap, allowing for chance, may have changed "
    "places by chance. Importance is a correlation, from -1 to 1, and not a cause: the nearer it is to 1, the more do "
    "people who rate the question higher also rate the outcome higher. The outcome need not rise if the question does; "
    "whoever is content tends to rate everything well. Of a question that is marked “reversed”, disagreeing is "
    "favorable, and importance is that of disagreeing."
)
SERVED = (
    "Each category of people is compared with all others of its group. The categories are no random groups, and a "
    "difference between them has no cause in these figures. It is called clear where chance is hardly an explanation, "
    "after allowing for the number of comparisons."
)


def what_matters(of: Documents) -> Section | None:
    """Make the section on priorities; None for a reader of bands."""
    if of.priorities is None:
        return None
    parts = tuple(_of_group(of, group) for group in of.exact)
    sections = tuple(section for section in parts if section is not None)
    notes = (Note(NEED),) if of.only_school is None else (Note("Ranked are the answers of all schools."), Note(NEED))
    return Section("matters", "What matters most", notes, sections) if sections else None


def leading(of: Documents) -> Iterator[str]:
    """Give the sentence on the construct of greatest need of each group."""
    for group in of.exact:
        yield from (row["reading"] for row in _ranked(of, group, "constructs")[:1])


def _ranked(of: Documents, group: str, kind: str) -> list[Row]:
    rows = [] if of.priorities is None else of.priorities[kind]
    return [row for row in rows if row["group"] == group and row.get("rank") is not None]


def _of_group(of: Documents, group: str) -> Section | None:
    constructs, items = _ranked(of, group, "constructs"), _ranked(of, group, "items")
    if not constructs:
        return None
    assert of.priorities is not None
    outcome = of.priorities["outcomes"].get(group)
    several = any(row["breadth"] is not None and row["breadth"]["of"] > 1 for row in constructs)
    tables: list[Any] = [
        Table(
            caption=f"{named(group)}: constructs by need, the part of the answers that is not favorable",
            columns=("Construct", "Rank", "Allowing for chance", "Need", "Answers", *["Places below all"] * several),
            rows=tuple(
                (
                    row["title"],
                    *_places(row),
                    percent(row["need"]["value"]),
                    whole(row["answers"]),
                    *[_breadth(row)] * several,
                )
                for row in constructs
            ),
            wide=(5, 1, 2, 1, 1.3, *[2.0] * several),
        )
    ]
    if items:
        against = f", and how closely each goes with “{outcome['text']}”" if outcome else ""
        tables.append(
            Table(
                caption=f"{named(group)}: the {min(ITEMS, len(items))} questions of greatest need{against}",
                columns=("Question", "Rank", "Allowing for chance", "Need", "95% interval", "People", "Importance"),
                rows=tuple(
                    (
                        worded(row),
                        *_places(row),
                        percent(row["need"]["value"]),
                        between(row["need"], percent),
                        whole(row["n"]),
                        _importance(row["importance"]),
                    )
                    for row in items[:ITEMS]
                ),
                wide=(5, 0.8, 1.5, 0.9, 1.6, 1, 2),
            )
        )
    findings = (Finding(row["reading"]) for row in constructs[:MOST])
    return Section(f"matters-{group}", named(group), (*findings, *tables))


def _places(row: Row) -> tuple[str, str]:
    low, high = row["rank_low"], row["rank_high"]
    return str(row["rank"]), str(low) if low == high else f"{low} to {high}"


def _breadth(row: Row) -> str:
    breadth = row["breadth"]
    return NOTHING if breadth is None else f"{breadth['below']} of {breadth['of']}"


def _importance(of: dict[str, Any] | None) -> str:
    return NOTHING if of is None else f"{number(of['value'])} ({between(of)})"


# ------------------------------------------------------------------ equity
def who_rates_differently(of: Documents) -> Section | None:
    """Make the section on categories; None where none is compared."""
    table = [] if of.equity is None else of.equity["table"]
    if of.equity is None or not table:
        return None
    clear = [row for row in table if row["verdict"] in ("worse", "better")]
    compared = [row for row in table if row["verdict"] not in (None, "cannot_tell")]
    if not compared:
        return None
    parts: list[Any] = [Finding(row["reading"]) for row in clear]
    if not clear:
        parts.append(
            Finding(
                f"In none of {len(compared)} comparisons of a category with all others is a difference clear. "
                "That does not say that there is none."
            )
        )
    else:
        parts.append(
            Table(
                caption="Categories that clearly differ from all other people of their group",
                columns=("Group and answer", "Construct", "People", "Others", "Difference of means", "95% interval"),
                rows=tuple(
                    (
                        f"{named(row['group'])}: {row['label']}",
                        row["title"],
                        whole(row["n"]),
                        whole(row["others"]),
                        signed(row["difference"]["mean"]["value"]),
                        between(row["difference"]["mean"], signed),
                    )
                    for row in clear
                ),
                words=(0, 1),
                wide=(3, 3, 1, 1, 1.3, 2),
            )
        )
        parts.append(Finding(f"On {len(compared) - len(clear)} of {len(compared)} comparisons no difference is clear."))
    return Section("served", "Who rates services differently", (*parts, Note(SERVED)))
