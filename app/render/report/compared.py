"""Group against group, and wave against wave: sentences as the API gives them, with their differences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from app.analysis.readings import ALPHA
from app.analysis.words import listed, people, quoted
from app.render.report.documents import Documents, Row, worded
from app.render.report.figures import between, named, number, signed, where
from app.render.report.parts import NOTHING, Finding, Note, Section, Table
from app.render.report.pictures import drawn


# ------------------------------------------------------------------ groups
def between_groups(of: Documents) -> Section | None:
    """Make the section on gaps; None where fewer than two groups are exact."""
    if of.gaps is None:
        return None
    sections = tuple(section for pair in pairs(of) if (section := _of_pair(of, pair)) is not None)
    note = Note(
        "A difference is the first group's mean less the second's. A sentence says no more than the whole interval of "
        "the difference does, and allows for the number of comparisons. It does not say which group is right. Means of "
        "questions that are marked “reversed” are turned around: the higher, the more people disagree."
    )
    return Section("gaps", "Groups side by side", (note,), sections) if sections else None


def pairs(of: Documents) -> Sequence[Row]:
    """Give each pair of groups that is compared."""
    return [] if of.gaps is None else of.gaps.get("pairs", [of.gaps])


def differs(row: Row) -> bool:
    """Tell whether the sentence of a row says that the groups differ: the interval leaves 0 out, no test objects."""
    return (
        row["reading"] is not None
        and not row["difference"]["mean"]["low"] <= 0 <= row["difference"]["mean"]["high"]
        and row["test"]["p_adjusted"] < ALPHA
        and (row["difference"]["mean"]["low"] > 0) == (row["effect"]["cliffs_delta"] > 0)
    )


def leading_gaps(of: Documents) -> Iterator[str]:
    """Say of each pair on how many constructs it differs, and the largest difference."""
    for pair in pairs(of):
        told = [row for row in pair["constructs"] if row["reading"] is not None]
        apart = [row for row in pair["constructs"] if differs(row)]
        if not told:
            continue
        at = of.told_place
        both = f"{named(pair['a'])} and {people(pair['b'])}{f' of {at}' if at else ''}"
        if not apart:
            one = "the one construct" if len(told) == 1 else f"none of {len(told)} constructs"
            verb = "do not clearly differ on" if len(told) == 1 else "clearly differ on"
            yield f"{both} {verb} {one} that both were asked about. That does not say that they agree."
            continue
        on = "the one construct" if len(told) == 1 else f"{len(apart)} of {len(told)} constructs"
        rest = " On the others a difference is not clear." if len(apart) < len(told) else ""
        yield f"{both} differ on {on} that both were asked about.{rest}"
        yield from (row["reading"] for row in sorted(apart, key=_size)[:1])


def _size(row: Row) -> float:
    return -abs(float(row["difference"]["mean"]["value"]))


def _of_pair(of: Documents, pair: Row) -> Section | None:
    a, b = pair["a"], pair["b"]
    if not pair["constructs"] and not pair["items"]:
        return None
    title = f"{named(a)} and {people(b)}"
    measures = [(row["title"], row) for row in pair["constructs"]]
    table = _differences(f"{title}: constructs", "Construct", a, b, measures)
    if not any(row["difference"] for row in (*pair["constructs"], *pair["items"])):
        reasons = dict.fromkeys(row["reason"] for row in (*pair["constructs"], *pair["items"]))
        return Section(f"gaps-{a}-{b}", title, tuple(Finding(reason) for reason in reasons))
    said = dict.fromkeys(row["reading"] or f"{quoted(row['title'])}: {row['reason']}" for row in pair["constructs"])
    parts: list[Any] = [Finding(text) for text in said]
    parts += [drawn("gaps", {**(of.gaps or {}), **pair}, table)] if measures else []
    questions = sorted((row for row in pair["items"] if row["reading"] is not None), key=_size)
    questions += [row for row in pair["items"] if row["reading"] is None]
    if questions:
        caption = f"{title}: questions, the largest difference first"
        parts.append(_differences(caption, "Question", a, b, [(worded(row), row) for row in questions]))
    return Section(f"gaps-{a}-{b}", title, tuple(parts))


def _differences(caption: str, kind: str, a: str, b: str, measures: list[tuple[str, Row]]) -> Table:
    rows = []
    for words, row in measures:
        mean = (row["difference"] or {}).get("mean")
        said = [_mean(row["a"]), _mean(row["b"])]
        if mean is None:
            rows.append((words, *said, NOTHING, NOTHING, "not compared"))
        else:
            clear = "clear" if differs(row) else "not clear"
            rows.append((words, *said, signed(mean["value"]), between(mean, signed), clear))
    return Table(
        caption=caption,
        columns=(kind, f"{named(a)} (people)", f"{named(b)} (people)", "Difference", "95% interval", "Verdict"),
        rows=tuple(rows),
        words=(0, 5),
        wide=(4, 1.7, 1.7, 1.2, 1.8, 1.1),
    )


def _mean(cell: Row) -> str:
    if cell["status"] != "published":
        return "withheld"
    value = (cell.get("mean") or {}).get("value")
    return NOTHING if value is None else f"{number(value)} ({cell['n']:,})"


# ------------------------------------------------------------------ waves
def over_time(of: Documents) -> Section | None:
    """Make the section on trends; None where no earlier wave can be compared."""
    if of.trends is None:
        return None
    latest = of.trends["waves"][-1]["wave"]
    sections = []
    for group in of.exact:
        rows = [
            (entry, cell)
            for entry in of.trends["constructs"]
            if entry["to"] == latest and entry["comparable"]
            for cell in entry["cells"]
            if cell["group"] == group
        ]
        if rows:
            sections.append(_of_group(of, group, rows))
    if not sections:
        return None
    titles = [quoted(wave["title"]) for wave in of.trends["waves"]]
    note = Note(
        f"Compared are {listed(titles)}. The same people need not have answered, and a change has no cause in these "
        "figures. “Not clear” is not “no change”: a small change can go unseen where few answered. The intervals allow "
        "for how many of those eligible answered. The verdicts do not, because people change from year to year, and "
        "allow for the number of comparisons; so a change may be called not clear though its interval leaves 0 out."
    )
    parts: list[Any] = [note, *[Finding(text) for text in _incomparable(of, latest)]]
    parts.append(drawn("trends", of.trends, floats=True, school=of.only_school))
    return Section("trends", "Change since earlier surveys", tuple(parts), tuple(sections))


def leading_changes(of: Documents) -> Iterator[str]:
    """Count for each group the verdicts on its constructs, union-wide or at the school."""
    if of.trends is None:
        return
    earlier, later = of.trends["waves"][-2:]
    for group in of.exact:
        cells = [
            cell
            for entry in of.trends["constructs"]
            if entry["to"] == later["wave"] and entry["comparable"]
            for cell in entry["cells"]
            if cell["group"] == group and "schools" not in cell and cell["school"] == of.only_school
        ]
        verdicts = Counter(cell["verdict"] for cell in cells)
        told = len(cells) - verdicts["cannot_tell"]
        if told:
            at = f" of {of.told_place}" if of.told_place else ""
            yield (
                f"{named(group)}{at}, {quoted(later['title'])} against {quoted(earlier['title'])}: of {told} "
                f"construct{'s' if told > 1 else ''}, {verdicts['up']} scored higher on average, "
                f"{verdicts['down']} lower; "
                f"on {verdicts['no_clear_change']} it is not clear whether the answers changed."
            )


def _of_group(of: Documents, group: str, rows: list[tuple[Row, Row]]) -> Section:
    titles = {entry["construct"]: entry["title"] for entry, _ in rows}
    here = [_here(of, [(entry, cell) for entry, cell in rows if entry["construct"] == key]) for key in titles]
    table = Table(
        caption=f"{named(group)}: change of means",
        columns=("Construct", "Place", "Earlier (people)", "Later (people)", "Change", "95% interval", "Verdict"),
        rows=tuple(
            (entry["title"], where(cell), _side(cell["earlier"]), _side(cell["later"]), *_change(cell))
            for entry, cell in here
        ),
        words=(0, 1, 6),
        wide=(3.2, 1.6, 1.5, 1.5, 1, 1.9, 1.3),
    )
    parts: list[Any] = [Finding(text) for text in dict.fromkeys(cell["reading"] for _, cell in here)]
    parts.append(table)
    places = list(dict.fromkeys(where(cell) for _, cell in rows))
    told = any(cell["verdict"] != "cannot_tell" for _, cell in rows if cell["school"] is not None)
    if len(of.schools) > 1 and len(places) > 1 and told:
        found = {(where(cell), entry["construct"]): _brief(cell) for entry, cell in rows}
        parts.append(
            Table(
                caption=f"{named(group)}: change of means by place, and its verdict",
                columns=("Place", *titles.values()),
                rows=tuple((at, *(found.get((at, key), NOTHING) for key in titles)) for at in places),
                wide=(1.7, *[1.0] * len(titles)),
            )
        )
    return Section(f"trends-{group}", named(group), tuple(parts))


def _here(of: Documents, rows: list[tuple[Row, Row]]) -> tuple[Row, Row]:
    """Give the change at the place that a report is about: the school's, or else that of the pool that it is in."""
    own = next(pair for pair in rows if "schools" not in pair[1] and pair[1]["school"] == of.only_school)
    pools = [pair for pair in rows if of.only_school in pair[1].get("schools", ())]
    return next((pair for pair in [own, *pools] if pair[1]["verdict"] != "cannot_tell"), own)


def _brief(cell: Row) -> str:
    if cell["verdict"] == "cannot_tell":
        return VERDICTS["cannot_tell"]
    return f"{signed(cell['change']['mean']['value'])}, {VERDICTS[cell['verdict']]}"


VERDICTS = {"up": "higher", "down": "lower", "no_clear_change": "not clear", "cannot_tell": "cannot be told"}


def _change(cell: Row) -> tuple[str, str, str]:
    mean = (cell["change"] or {}).get("mean")
    told = (NOTHING, NOTHING) if mean is None else (signed(mean["value"]), between(mean, signed))
    return *told, VERDICTS[cell["verdict"]]


def _side(cell: Row | None) -> str:
    return NOTHING if cell is None else _mean(cell)


def _incomparable(of: Documents, latest: str) -> Iterator[str]:
    for entry in (of.trends or {})["constructs"]:
        if entry["to"] == latest and not entry["comparable"]:
            yield f"{quoted(entry['title'])} is not compared: {entry['reason']}"
