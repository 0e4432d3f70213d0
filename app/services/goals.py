"""Goals of the roadmap: put, read, removed; and what later releases say of them.

Decides that a goal begins with a figure of a release that its maker may read, kept with the release's digest, and that
neither this figure nor the target changes once a later wave has closed. Whether it was met, `analysis.progress`
decides.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import orjson
from sqlmodel import Session, col, select

from app.analysis.progress import REASONS, Target, figure, judge, overall, reading, smallest
from app.analysis.trends import trends
from app.auth import Caller
from app.db import Database
from app.errors import Fault, GoalMeasured, InvalidRequest, KeyTaken, NotFound, Problem, pointer
from app.models.goals import FindingIn, GoalIn
from app.models.tables import Activity, Goal, Wave
from app.services import exact, releases, waves
from app.services.audit import record
from app.services.instruments import codebook
from app.services.paging import page
from app.services.releases import Shelf

FIXED = ("finding", "target")


# ------------------------------------------------------------------ what a goal begins with
def propose(database: Database, shelf: Shelf, caller: Caller, finding: FindingIn) -> dict[str, Any]:
    """Give the figure that a goal would begin with, and the smallest changes that this population could show.

    Raises
    ------
    NotFound, AudienceNotServed, ResultsNotReleased : as for a summary of the wave.
    InvalidRequest : for a group, construct, item or school that the wave does not have, or that is not shown.
    """
    view = exact.view(database, shelf, caller, finding.wave, number=finding.release)
    key = finding.measured or finding.item or ""
    faults: list[Fault] = []
    if finding.group not in view.groups:
        faults.append(Fault("/finding/group", "unknown_group", "There are no exact results of it.", view.groups))
    body, _ = releases.read(database, shelf, caller, finding.wave, number=view.release.number)
    summary = orjson.loads(body)
    kind = "construct" if finding.measured else "item"
    entries = [entry for entry in summary[f"{kind}s"] if entry[kind] == key]
    entry = next((e for e in entries if any(c["group"] == finding.group for c in e["cells"])), None)
    if entry is None:
        faults.append(Fault(f"/finding/{kind}", f"unknown_{kind}", f"The results of the group have no such {kind}."))
    cells = [] if entry is None else _cells(entry["cells"], finding, faults)
    if faults:
        raise InvalidRequest("The finding is not in the results.", faults=faults)
    assert entry is not None
    baseline = {
        "wave": finding.wave,
        "title": summary["title"],
        "simulated": summary["simulated"],
        "release": {name: summary["release"][name] for name in ("number", "digest", "released_at")},
        kind: key,
        "text": entry["title" if kind == "construct" else "text"],
        "cells": [_kept(cell) for cell in cells],
    }
    return {"baseline": baseline, "proposal": [_proposal(cell, kind) for cell in cells]}


def _cells(cells: list[dict[str, Any]], finding: FindingIn, faults: list[Fault]) -> list[dict[str, Any]]:
    """Find the cells of a finding; a pool is found by all of its schools. Adds to the faults."""
    mine = [cell for cell in cells if cell["group"] == finding.group]
    singles = {cell["school"]: cell for cell in mine if "schools" not in cell}
    pools = {frozenset(cell["schools"]): cell for cell in mine if "schools" in cell}
    asked = finding.schools
    if asked is not None and (pool := pools.get(frozenset(asked))):
        return [pool] if pool["status"] == "published" else []
    found = []
    for index, school in enumerate([None] if asked is None else asked):
        cell = singles.get(school)
        where = "/finding/schools" if school is None else pointer("finding", "schools", index)
        if cell is None:
            faults.append(Fault(where, "unknown_school", "The wave does not hold this school."))
        elif cell["status"] != "published" or figure(cell, "mean") is None:
            faults.append(Fault(where, "not_shown", "It is not shown; schools that share a figure are named together."))
        else:
            found.append(cell)
    return found


def _kept(cell: Mapping[str, Any]) -> dict[str, Any]:
    names = ("group", "school", "schools", "n", "eligible", "mean", "favorable")
    return {name: cell[name] for name in names if name in cell}


def _proposal(cell: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """Propose a target for each measure that can decide: the figure, and the smallest change added."""
    proposed: dict[str, Any] = {name: cell[name] for name in ("group", "school", "schools") if name in cell}
    for measure in ("mean", "favorable") if kind == "item" else ("mean",):
        least, now = smallest(cell, measure), figure(cell, measure)
        proposed[measure] = None if least is None or now is None else {"change": least, "value": now + least}
    return proposed


# ------------------------------------------------------------------ putting and reading
def put(
    database: Database, shelf: Shelf, caller: Caller, key: str, body: GoalIn, check: Callable[[Goal | None], None],
    *, new: bool = False,
) -> tuple[dict[str, Any], bool]:  # fmt: skip
    """Create or replace a goal; True when it is new. `check` sees the standing one first (`If-Match`).

    Raises
    ------
    KeyTaken : when it must be `new` and is not.
    GoalMeasured : for another finding or target, once a later wave that could measure the goal has closed.
    InvalidRequest : for a finding that is not in the results, or a target that is where the figure is already.
    """
    document = body.model_dump(mode="json", by_alias=True, exclude={"key"})
    with database.read() as session:
        standing = session.get(Goal, key)
        if standing is not None and new:
            raise KeyTaken(f"There is a goal `{key}` already.")
        check(standing)
        fixed = standing is not None and all(standing.document[name] == document[name] for name in FIXED)
        if standing is not None and not fixed and _measured(database, session, standing):
            raise GoalMeasured("A later wave has closed: what was found and what decides stay. Make a new goal.")
        baseline = standing.baseline if standing is not None and fixed else None
    if baseline is None:
        baseline = propose(database, shelf, caller, body.finding)["baseline"]
        _check_target(body, baseline)
    with database.write() as session:
        row = session.get(Goal, key)
        made = row is None
        if row is None:
            row = Goal(key=key, document=document, baseline=baseline)
        elif new:
            raise KeyTaken(f"There is a goal `{key}` already.")
        check(row if not made else None)
        row.document, row.baseline = document, baseline
        session.add(row)
        record(session, caller, "goal.put", key)
        session.flush()
        return told(row), made


def _check_target(body: GoalIn, baseline: Mapping[str, Any]) -> None:
    """Raise InvalidRequest for a target of a figure that is not there, or that is met by standing still."""
    target, faults = body.target, []
    figures = [figure(cell, target.measure) for cell in baseline["cells"]]
    if None in figures:
        faults.append(Fault("/target/measure", "no_figure", "The results have no such figure."))
    elif target.measure == "favorable" and not 0 <= target.value <= 1:
        faults.append(Fault("/target/value", "out_of_range", "A share lies between 0 and 1."))
    elif target.value in figures:
        faults.append(Fault("/target/value", "no_change", "The figure is there already."))
    elif len({target.value > now for now in figures if now is not None}) > 1:
        faults.append(Fault("/target/value", "two_ways", "Some schools would have to rise and others to fall."))
    if faults:
        raise InvalidRequest("The target decides nothing.", faults=faults)


def free_key(session: Session, table: type[Goal] | type[Activity], title: str) -> str:
    """Make a key from a title that nothing in the table has yet."""
    slug = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:56].strip("-") or table.__name__.lower()
    taken = set(session.exec(select(table.key).where(col(table.key).startswith(slug, autoescape=True))))
    number = 1
    while (key := slug if number == 1 else f"{slug}-{number}") in taken:
        number += 1
    return key


def find(session: Session, key: str) -> Goal:
    """Raises NotFound."""
    row = session.get(Goal, key)
    if row is None:
        raise NotFound("There is no goal with this key.")
    return row


def told(row: Goal) -> dict[str, Any]:
    """Give a goal as it is read."""
    return {"key": row.key, **row.document, "baseline": row.baseline}


def listed(session: Session, limit: int, after: str | None) -> tuple[list[dict[str, Any]], str | None]:
    rows, following = page(session, Goal, limit, after)
    return [told(row) for row in rows], following


def remove(session: Session, key: str, by: Caller) -> None:
    """Raises NotFound."""
    session.delete(find(session, key))
    record(session, by, "goal.delete", key)


# ------------------------------------------------------------------ progress
def progress(database: Database, shelf: Shelf, caller: Caller, key: str) -> dict[str, Any]:
    """Say what each later release says of a goal, and by the newest one whether it was met.

    Makes final releases of later waves where these are due. A wave whose figures the caller may not read is left out.

    Raises
    ------
    NotFound
    """
    with database.read() as session:
        row = find(session, key)
        later = [wave.key for wave in _later(database, session, row)]
    measured = []
    for wave in later:
        try:
            measured.append(_against(database, shelf, caller, row, wave))
        except Problem:
            continue
    newest = measured[-1] if measured else None
    return {
        "goal": key,
        "title": row.document["title"],
        "simulated": row.baseline["simulated"] or any(wave["simulated"] for wave in measured),
        "status": row.document["status"],
        "due": row.document["due"],
        "target": row.document["target"],
        "baseline": row.baseline,
        "waves": measured,
        **(
            {name: newest[name] for name in ("verdict", "reading")}
            if newest is not None
            else {
                "verdict": "cannot_tell",
                "reason_code": "not_measured",
                "reading": f"It cannot be told yet whether the goal is met: {REASONS['not_measured']}.",
            }
        ),
    }


def _later(database: Database, session: Session, goal: Goal) -> list[Wave]:
    """Closed waves after that of the goal which ask its group for its measure, earliest first."""
    finding, now = goal.document["finding"], database.now(session)
    begun = waves.find(session, finding["wave"])
    query = select(Wave).where(Wave.opens_at >= begun.opens_at, Wave.key != begun.key).order_by(col(Wave.opens_at))
    found = []
    for wave in session.exec(query):
        fielded = waves.instruments_of(session, wave.key).get(finding["group"])
        if fielded is None or waves.status_of(wave, now) != "closed":
            continue
        instrument = codebook(fielded).instrument
        if finding["item"] in instrument.by_key or finding["construct"] in instrument.construct_items:
            found.append(wave)
    return found


def _measured(database: Database, session: Session, goal: Goal) -> bool:
    return bool(_later(database, session, goal))


def _against(database: Database, shelf: Shelf, caller: Caller, goal: Goal, wave: str) -> dict[str, Any]:
    """Say what one later wave says of a goal."""
    finding, target = goal.document["finding"], goal.document["target"]
    group = {finding["group"]}
    began = exact.view(
        database, shelf, caller, finding["wave"], groups=group, number=goal.baseline["release"]["number"]
    )
    came = exact.view(database, shelf, caller, wave, groups=group)
    document = trends([began.load(database), came.load(database)], came.audience)
    kind = "construct" if finding["construct"] else "item"
    entry = next(e for e in document[f"{kind}s"] if e[kind] == finding[kind] and finding["group"] in e["groups"])
    aim = Target(target["measure"], target["value"], target["met_when"] == "surely_reached")
    title, words = document["waves"][-1]["title"], goal.baseline["text"]
    cells, verdicts = [], []
    for start in goal.baseline["cells"]:
        named = {name: start[name] for name in ("group", "school", "schools") if name in start}
        cell = next((c for c in entry["cells"] if all(c.get(n) == named.get(n) for n in ("school", "schools"))), None)
        if cell is None:
            code = "protected" if entry["comparable"] else "not_comparable"
            cell = {**named, "earlier": None, "later": None, "change": None, "reason_code": code}
        now = figure(start, aim.measure)
        assert now is not None
        verdict = judge(cell, now, aim)
        verdicts.append(verdict[0])
        cells.append(
            {
                **{name: cell[name] for name in (*named, "earlier", "later", "change")},
                "verdict": verdict[0],
                **({} if verdict[1] is None else {"reason_code": verdict[1]}),
                "reading": reading(cell, words, title, aim, now, verdict),
            }
        )
    return {
        "wave": wave,
        "title": title,
        "simulated": document["waves"][-1]["simulated"],
        "release": {name: came.release.member()[name] for name in ("number", "digest", "released_at")},
        "verdict": overall(verdicts),
        "reading": " ".join(cell["reading"] for cell in cells),
        "cells": cells,
    }
