"""The whole report from its documents: what comes first, and what stands on every page.

Decides the order. It is made once and drawn twice, as a page of HTML and on paper.
"""

from __future__ import annotations

from app.analysis.words import first_up, place
from app.render.report.compared import between_groups, leading_changes, leading_gaps, over_time
from app.render.report.constructs import results, standing_out
from app.render.report.documents import Documents
from app.render.report.figures import named
from app.render.report.matters import leading, what_matters, who_rates_differently
from app.render.report.method import comments, method
from app.render.report.parts import Fact, Finding, Note, Report, Section
from app.render.report.questions import questions
from app.render.report.who import sentences, who_answered

AUDIENCES = {"director": "the director", "principal": "principals", "public": "the public"}
SIMULATED = "Simulated answers: no person gave them."
CONFIDENTIAL = "For the director alone."


def outline(of: Documents) -> Report:
    """Make a report.

    Parameters
    ----------
    of : the documents of its reader. A section is left out where its document is.
    """
    summary = of.summary
    release = summary["release"]
    warning = " ".join(text for text, on in ((SIMULATED, summary["simulated"]), (CONFIDENTIAL, of.for_director)) if on)
    sections = (
        glance(of),
        who_answered(of),
        what_matters(of),
        results(of),
        between_groups(of),
        over_time(of),
        who_rates_differently(of),
        questions(of),
        comments(of),
        method(of),
    )
    day = release["released_at"][:10]
    return Report(
        title=summary["title"],
        about=about(of),
        warning=warning,
        foot=f"{summary['wave']} · release {release['number']} · {release['digest'][:23]}",
        released_at=release["released_at"],
        facts=(
            Fact("Released", day),
            Fact("Release", f"{release['number']} (final)"),
            Fact("Made for", AUDIENCES[summary["audience"]]),
            Fact("Groups", ", ".join(named(group) for group in of.groups) or "none"),
        ),
        sections=tuple(section for section in sections if section is not None),
    )


def about(of: Documents) -> str:
    """Say of whom a report is."""
    at = place(of.school, None) if of.school is not None else place(None, of.schools) if of.limited else "all schools"
    return f"{named(of.group)}, {at}" if of.group is not None else first_up(at)


def glance(of: Documents) -> Section:
    """Make the first page: the strongest sentence of each section."""
    found = list(sentences(of))
    if of.only_school is None:
        found += leading(of)
    for group in of.groups:
        if of.only_school is not None or group not in of.exact:
            found += standing_out(of, group)
    found += [*leading_gaps(of), *leading_changes(of)]
    note = Note("Each sentence says no more than its figures do. Where they come from is in the sections that follow.")
    return Section("glance", "At a glance", (*(Finding(text) for text in found), note) if found else (note,))
