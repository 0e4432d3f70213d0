"""What people wrote, and the page on method and privacy."""

from __future__ import annotations

from collections.abc import Iterator

from app.analysis.words import listed, people
from app.render.report.documents import Documents
from app.render.report.figures import named, where
from app.render.report.parts import WITHHELD, Fact, Facts, Note, Quote, Quotes, Section


# ------------------------------------------------------------------ comments
def comments(of: Documents) -> Section | None:
    """Make the section on comments; None where none was passed."""
    if not of.comments:
        return None
    told = [
        Note(
            "These are the words of people who answered, in random order. A person has read each before it was passed."
        )
    ]
    if of.more_comments:
        told.append(Note("More were passed than are printed; these are chosen by chance."))
    sections = []
    for group in of.groups:
        mine = [comment for comment in of.comments if comment["group"] == group]
        parts = [
            Quotes(
                question,
                tuple(Quote(one["text"], where(one)) for one in mine if one["question"] == question),
            )
            for question in dict.fromkeys(comment["question"] for comment in mine)
        ]
        if parts:
            sections.append(Section(f"comments-{group}", named(group), tuple(parts)))
    return Section("comments", "In their own words", tuple(told), tuple(sections))


# ------------------------------------------------------------------ method
def method(of: Documents) -> Section:
    """Make the page that says how the figures were made and what is not shown."""
    release = of.summary["release"]
    facts = (
        Fact("Wave", of.summary["wave"]),
        Fact("Release", f"{release['number']}, final, of {release['released_at'][:10]}"),
        Fact("Digest", release["digest"]),
        Fact("Definitions", f"version {release['definitions']}"),
        Fact("Instruments", listed([of.summary["instruments"][group]["instrument"] for group in of.groups])),
    )
    return Section(
        "method",
        "Method and privacy",
        (),
        (
            Section("method-figures", "How to read the figures", tuple(Note(text) for text in _reading(of))),
            Section("method-withheld", "What is not shown", tuple(Note(text) for text in _privacy(of))),
            Section("method-promise", "What people were promised", (_promises(of),)),
            Section("method-release", "Where the figures come from", (Note(_origin(of)), Facts(facts))),
        ),
    )


def _reading(of: Documents) -> Iterator[str]:
    yield "“People” is how many stand behind a figure. Look at it first: few people make wide intervals."
    yield (
        "A favorable answer is one that the questionnaire marks so, such as “Agree”. Of a reversed question it is the "
        "opposite one. Answers such as “Don't know” do not count."
    )
    if of.exact:
        yield (
            "A 95% interval says where the figure of everybody eligible plausibly lies. It becomes narrower when many "
            "of them have answered; when all have, nothing is left to chance. Where intervals overlap widely, a "
            "difference is not clear. It allows for no difference between those who answered and those who did not."
        )
        yield (
            "A mean is the average on the scale, reversed questions turned around. A person who answered at least half "
            "of the questions of a construct has a score on it. Alpha says whether its questions belong together: "
            "below 0.5, read them one by one."
        )
    if of.banded:
        yield (
            "A range such as “60% to 72%” holds the favorable share, its ends included. It is no interval of chance: "
            "it is so wide that it never shows that everybody, or nearly everybody, answered alike."
        )
    yield "Groups stand side by side. There is no figure across groups, because they are not one population."


def _privacy(of: Documents) -> Iterator[str]:
    yield (
        f"A figure that says “{WITHHELD}” is not shown, to protect the people who answered. Why, is not told, because "
        "it would be a hint: too few people, a school shown together with others, and a question that was not asked "
        "there all look the same. It is never 0, and it cannot be had from the other figures by subtraction."
    )
    yield "Schools that are too small to be shown alone are shown together where enough people answered."
    if of.kept:
        yield (
            f"{listed([named(of.kept[0]), *(people(group) for group in of.kept[1:])])} were promised that the director "
            "alone sees their answers. They are not part of this report."
        )
    if of.for_director:
        yield "This report holds answers that were promised to the director alone. It must not be passed on."
    yield "Please do not try to find out who said what, and do not ask people how they answered."


def _promises(of: Documents) -> Facts:
    told = of.promises or {}
    return Facts(tuple(Fact(named(group), told[group]) for group in of.groups if group in told))


def _origin(of: Documents) -> str:
    simulated = "The answers are simulated: no person gave them. " if of.summary["simulated"] else ""
    return (
        f"{simulated}The figures were made once, after the survey had closed, and do not change. Everybody for whom "
        "this release is made as for you reads the same figures; the digest names them."
    )
