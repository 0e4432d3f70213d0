"""Audits: what was published is attacked again, and computed again, on command.

Decides what of a wave the auditor gets. What it does with it, `analysis/audit.py` decides; nothing is changed here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import orjson
from sqlmodel import Session, select

from app.analysis import audiences
from app.analysis.audit import Report, Truth, check, prove
from app.analysis.crossing import Crossed
from app.analysis.disclosure import participation, seal
from app.analysis.facts import WaveFacts
from app.analysis.readable import SCHOOLS, derived, readable
from app.analysis.sealed import Sealed
from app.analysis.summarize import summarize
from app.analysis.tally import Tally
from app.db import Database
from app.errors import NotFound
from app.models.tables import Release, ReleaseDocument
from app.services import releases, waves
from app.services.counting import count

Counted = tuple[dict[str, Tally], dict[str, Crossed]]


def audit(database: Database, wave: str) -> Report:
    """Attack all releases of a wave, and say in words what was proved.

    Raises
    ------
    NotFound : for an unknown wave, and one without a release.
    """
    with database.read() as session:
        standing, facts, counted = _read(session, wave)
        stored = releases.stored(session, wave)
    number, sealed = standing.number, Sealed.load(standing.tallies)
    now = {document["audience"]: document for document in stored if document["release"]["number"] == number}
    turnout: dict[str, Any] = {"wave": wave, "status": "closed"}
    turnout["cells"] = participation(facts, facts.turnout or {})
    documents = [*readable(facts, sealed, now), *derived(facts, sealed), turnout]
    truth = Truth.of(facts, *(counted or (None,)))
    findings = check(documents, truth, [old for old in stored if old["release"]["number"] != number])
    earlier = "" if number == 1 else f", and beside {number - 1} earlier"
    report = Report([f"release {number}{earlier}: {len(documents)} documents"])
    if len(facts.schools) > SCHOOLS:
        report.lines.append(f"Gaps at a school were read of the first {SCHOOLS} schools.")
    if counted is None:
        report.lines.append("Responses have gone since it was made: only the documents were checked, by subtraction.")
    report.findings += findings
    if not findings:
        report.lines.append("Whatever is subtracted from whatever, nobody or at least as many as promised are left.")
        proved = prove(documents, truth)
        report.lines += proved.lines
        report.findings += proved.findings
    return report


@dataclass(frozen=True, slots=True)
class Verified:
    """What came of computing a release again: `differences` names what is not the same, bit for bit."""

    release: int
    digest: str
    differences: tuple[str, ...]


def verify(database: Database, wave: str) -> Verified | None:
    """Compute the newest release of a wave from its rows again and compare every byte.

    Returns
    -------
    None when responses have gone since the close: there is nothing left to compute it from.

    Raises
    ------
    NotFound : for an unknown wave, and one without a release.
    """
    with database.read() as session:
        standing, facts, counted = _read(session, wave)
        kept = session.exec(
            select(ReleaseDocument).where(ReleaseDocument.wave == wave, ReleaseDocument.number == standing.number)
        ).all()
    if counted is None:
        return None
    again = seal(facts, *counted)
    made = {audience: _bytes(document) for audience, document in audiences.everyone(summarize(facts, again)).items()}
    differences = ["the sealed tallies"] if again.dump() != standing.tallies else []
    differences += [
        f"the {row.audience}'s document" for row in kept if _bytes(releases.unpacked(row)) != made[row.audience]
    ]
    (digest,) = (row.digest for row in kept if row.audience == "director")
    return Verified(standing.number, digest, tuple(differences))


def _read(session: Session, wave: str) -> tuple[Release, WaveFacts, Counted | None]:
    """Read the newest release, the wave as it was then, and its counts; None when responses have gone since the close.

    Raises NotFound.
    """
    row = waves.find(session, wave)
    standing = session.get(Release, (wave, releases.newest(session, wave) or 0))
    if standing is None:
        raise NotFound("The wave has no release.")
    facts = replace(waves.facts(session, row), title=Sealed.load(standing.tallies).title)
    gone = facts.turnout != waves.counted(session, row)
    return standing, facts, None if gone else count(session, facts)


def _bytes(document: Mapping[str, Any]) -> bytes:
    return orjson.dumps(document, option=orjson.OPT_SORT_KEYS)
