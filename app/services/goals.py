"""Goals of the roadmap: put, read, removed; and what later releases say of them.

Decides that a goal begins with a figure of a release that its maker may read, kept with the release's digest, and that
neither this figure nor the target changes once a later wave has closed. Whether it was met, `analysis.progress`
decides.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import orjson
from sqlmodel import Session, col, select

from app.analysis.progress import REASONS, Target, figure, judge, overall, reading, smallest
from app.analysis.trends import trends
from app.auth import Caller
from app.db import Database
from app.errors import (
    AudienceNotServed,
    Fault,
    GoalMeasured,
    InvalidRequest,
    KeyTaken,
    NotFound,
    ResultsNotReleased,
    StoreUnavailable,
    pointer,
)
from app.models.goals import FindingIn, GoalIn
from app.models.tables import Activity, Goal, Wave
from app.services import exact, releases, waves
from app.services.audit import record
from app.services.instruments import codebook
from app.services.paging import page
from app.services.releases import Shelf
from app.services.slugs import free_key, hold

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
        "scale": _scale(entry, summary["items"]),
        "cells": [_kept(cell) for cell in cells],
    }
    return {"baseline": baseline, "proposal": [_proposal(cell, kind, baseline["scale"]) for cell in cells]}


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


def _scale(entry: Mapping[str, Any], items: list[dict[str, Any]]) -> dict[str, int]:
    """Give the lowest and the highest score of an item, or of a construct's items, which share them."""
    first = entry if "options" in entry else next(item for item in items if item["item"] == entry["items"][0])
    scores = [option["score"] for option in first["options"] if option.get("score") is not None]
    return {"lowest": min(scores), "highest": max(scores)}


def _proposal(cell: Mapping[str, Any], kind: str, scale: Mapping[str, int]) -> dict[str, Any]:
    """Propose a target for each measure that can decide: the figure, and the smallest change added.

    There is no value where there is no room for so large a change.
    """
    proposed: dict[str, Any] = {name: cell[name] for name in ("group", "school", "schools") if name in cell}
    for measure in ("mean", "favorable") if kind == "item" else ("mean",):
        least, now = smallest(cell, measure), figure(cell, measure)
        if least is None or now is None:
            proposed[measure] = None
        else:
            fits = now + least <= (1 if measure == "favorable" else scale["highest"])
            proposed[measure] = {"change": least, "value": now + least if fits else None}
    return proposed


# ------------------------------------------------------------------ putting and reading
def put(
    database: Database, shelf: Shelf, caller: Caller, key: str | None, body: GoalIn,
    check: Callable[[Goal | None], None], *, new: bool = False,
) -> tuple[dict[str, Any], bool]:  # fmt: skip
    """Create or replace a goal; True when it is new. `check` sees the standing one first (`If-Match`).

    Parameters
    ----------
    key : None makes one from the title.

    Raises
    ------
    KeyTaken : when it must be `new` and is not.
    GoalMeasured : for another finding or target, once a later wave that could measure the goal has closed.
    InvalidRequest : for a finding that is not in the results, or a target that is where the figure is already.
    """
    document = body.model_dump(mode="json", by_alias=True, exclude={"key"})
    with database.read() as session:
        standing = None if key is None else session.get(Goal, key)
        check(standing)
        same = standing is not None and _stays(standing, document)
    baseline = None
    if not same:  # read before anything is held: a release may have to be made for it
        baseline = propose(database, shelf, caller, body.finding)["baseline"]
        _check_target(body, baseline)
    with database.write() as session:
        hold(database, session)
        row = None if key is None else session.get(Goal, key)
        if row is not None and new:
            raise KeyTaken(f"There is a goal `{key}` already.")
        check(row)
        made = row is None
        if row is not None and not _stays(row, document) and _later(database, session, row):
            raise GoalMeasured("A later wave has closed: what was found and what decides stay. Make a new goal.")
        if row is None or not _stays(row, document):
            if baseline is None:
                raise StoreUnavailable("The goal was changed at this moment.", retry_after=1)
            now = database.now(session)
            if row is None:
                key = key or free_key(session, Goal, body.title)
                row = Goal(key=key, fixed_at=now, document=document, baseline=baseline)
            row.baseline, row.fixed_at = baseline, now
        row.document = document
        session.add(row)
        record(session, caller, "goal.put", row.key)
        session.flush()
        return told(row), made


def _stays(row: Goal, document: Mapping[str, Any]) -> bool:
    """Tell whether what decides about a goal is as it was."""
    return all(row.document[name] == document[name] for name in FIXED)


def _check_target(body: GoalIn, baseline: Mapping[str, Any]) -> None:
    """Raise InvalidRequest for a target of a figure that is not there, or that is met by standing still."""
    target, faults = body.target, []
    figures = [figure(cell, target.measure) for cell in baseline["cells"]]
    low, high = (0, 1) if target.measure == "favorable" else baseline["scale"].values()
    if None in figures:
        faults.append(Fault("/target/measure", "no_figure", "The results have no such figure."))
    elif not low <= target.value <= high:
        faults.append(Fault("/target/value", "out_of_range", f"It lies between {low} and {high}.", (low, high)))
    elif target.value in figures:
        faults.append(Fault("/target/value", "no_change", "The figure is there already."))
    elif len({target.value > now for now in figures if now is not None}) > 1:
        faults.append(Fault("/target/value", "two_ways", "Some schools would have to rise and others to fall."))
    if faults:
        raise InvalidRequest("The target decides nothing.", faults=faults)


def find(session: Session, key: str) -> Goal:
    """Raises NotFound."""
    row = session.get(Goal, key)
    if row is None:
        raise NotFound("There is no goal with this key.")
    return row


def told(row: Goal) -> dict[str, Any]:
    """Give a goal as it is read."""
    return {"key": row.key, **row.document, "baseline": row.baseline, "fixed_at": row.fixed_at}


def listed(session: Session, limit: int, after: str | None) -> tuple[list[dict[str, Any]], str | None]:
    rows, following = page(session, Goal, limit, after)
    return [told(row) for row in rows], following


def remove(database: Database, session: Session, key: str, by: Caller) -> None:
    """Remove a goal, also from the activities that name it. Raises NotFound."""
    hold(database, session)
    session.delete(find(session, key))
    for activity in session.exec(select(Activity)):
        if key in activity.document["goals"]:
            left = [goal for goal in activity.document["goals"] if goal != key]
            activity.document = {**activity.document, "goals": left}
    record(session, by, "goal.delete", key)


# ------------------------------------------------------------------ progress
def progress(database: Database, shelf: Shelf, caller: Caller, key: str) -> dict[str, Any]:
    """Say what each later release says of a goal, and by the newest one whether it was met.

    Makes no release: who looks at a goal does not publish. A wave that had closed when the goal was fixed decides
    nothing, whatever it shows.

    Raises
    ------
    NotFound
    """
    with database.read() as session:
        row = find(session, key)
        later = _later(database, session, row)
        afterwards = {wave.key for wave in later if closed_at(wave) <= row.fixed_at}
        released = {wave.key for wave in later if waves.has_release(session, wave.key)}
    measured = []
    for wave in later:
        if not caller.serves(wave=wave.key):
            continue
        try:
            if wave.key not in released:
                raise ResultsNotReleased
            measured.append(_against(database, shelf, caller, row, wave.key, decides=wave.key not in afterwards))
        except (AudienceNotServed, ResultsNotReleased):
            measured.append(_untold(wave))
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
            {name: newest[name] for name in ("verdict", "reason_code", "reading") if name in newest}
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


def closed_at(wave: Wave) -> datetime:
    """Give the time at which a closed wave was closed, or had to be."""
    return wave.closed_at or wave.closes_at


def _untold(wave: Wave) -> dict[str, Any]:
    """Say of a wave that its results cannot be read."""
    return {
        "wave": wave.key,
        "title": wave.title,
        "simulated": wave.simulated,
        "release": None,
        "verdict": "cannot_tell",
        "reason_code": "not_readable",
        "reading": f"It cannot be told whether {wave.title} meets the goal: {REASONS['not_readable']}.",
        "cells": [],
    }


def _against(
    database: Database, shelf: Shelf, caller: Caller, goal: Goal, wave: str, *, decides: bool
) -> dict[str, Any]:
    """Say what one later wave says of a goal; `decides`: whether the goal was fixed before the wave closed."""
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
        verdict = judge(cell, now, aim) if decides else ("cannot_tell", "set_afterwards")
        verdicts.append(verdict[0])
        cells.append(
            {
                **{name: cell[name] for name in (*named, "earlier", "later", "change")},
                "verdict": verdict[0],
                **({} if verdict[1] is None else {"reason_code": verdict[1]}),
                "reading": reading(cell, words, title, aim, now, verdict),
            }
        )
    codes = list(dict.fromkeys(cell["reason_code"] for cell in cells if "reason_code" in cell))
    return {
        "wave": wave,
        "title": title,
        "simulated": document["waves"][-1]["simulated"],
        "release": {name: came.release.member()[name] for name in ("number", "digest", "released_at")},
        "verdict": overall(verdicts),
        **({"reason_code": codes[0]} if codes and overall(verdicts) == "cannot_tell" else {}),
        "reading": " ".join(cell["reading"] for cell in cells),
        "cells": cells,
    }
