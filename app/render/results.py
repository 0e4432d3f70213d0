"""A summary as pages show it: constructs by group, one construct by school, the answers to one question.

Decides what stands on which page. Pure: the JSON document in, text and lengths out; what is withheld stays withheld.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.render.shown import Cell, Line, Names, at, is_union, line, of_group, ordered
from app.render.words import named, percent, whole

Document = Mapping[str, Any]
Ranks = Mapping[tuple[str, str], Mapping[str, Any]]
"""(Group, construct) -> its row of the priorities."""


@dataclass(frozen=True, slots=True)
class Measure:
    """A construct or an item of one group: where it leads, its words, its cells, and its rank by need."""

    construct: str
    item: str | None
    words: str
    lines: tuple[Line, ...]
    rank: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """What one group was asked: measures that stand together in a table."""

    key: str
    title: str
    measures: tuple[Measure, ...]
    others: tuple[Measure, ...] = ()

    @property
    def has_means(self) -> bool:
        return any(line.mean and not line.mean.withheld for measure in self.measures for line in measure.lines)

    @property
    def has_places(self) -> bool:
        """Whether a measure has more than the cell of all schools."""
        return any(len(measure.lines) > 1 for measure in (*self.measures, *self.others))


NO_CONSTRUCT = "-"
"""What stands in an address for the construct of a question that belongs to none; no key begins so."""


# ------------------------------------------------------------------ all constructs
def overview(document: Document, names: Names, ranks: Ranks, *, narrowed: bool) -> list[Section]:
    """Show every construct of every group, and the questions that belong to none.

    Parameters
    ----------
    document : a summary, or a slice.
    ranks : from the priorities, where the reader has them; the constructs of a group stand in their order.
    narrowed : the document is about some schools: show all its cells, not that of all schools alone.
    """
    out = []
    for group in _groups(document["constructs"], document["items"]):
        constructs = [
            Measure(entry["construct"], None, entry["title"], lines, _rank(ranks.get((group, entry["construct"]))))
            for entry in document["constructs"]
            if (lines := _lines(entry, group, names, narrowed=narrowed))
        ]
        order = {measure.construct: _place(ranks.get((group, measure.construct))) for measure in constructs}
        constructs.sort(key=lambda measure: order[measure.construct])
        single = [entry for entry in document["items"] if entry["construct"] is None]
        others = _questions(single, group, names, narrowed=narrowed)
        out.append(Section(group, named(group), tuple(constructs), others))
    return out


def _place(row: Mapping[str, Any] | None) -> float:
    return float("inf") if row is None or row.get("rank") is None else row["rank"]


def _rank(row: Mapping[str, Any] | None) -> str:
    """Say the rank of a construct, and what it could be, allowing for chance: `2, could be 1 to 3`."""
    if row is None or row.get("rank") is None:
        return ""
    low, high = row.get("rank_low"), row.get("rank_high")
    return f"{row['rank']}" + (f", could be {low} to {high}" if low is not None and low != high else "")


def _lines(entry: Document, group: str, names: Names, *, narrowed: bool) -> tuple[Line, ...]:
    cells = of_group(entry["cells"], group)
    return tuple(line(cell, names) for cell in cells if narrowed or is_union(cell))


def _questions(entries: Iterable[Document], group: str, names: Names, *, narrowed: bool) -> tuple[Measure, ...]:
    return tuple(
        Measure(entry["construct"] or NO_CONSTRUCT, entry["item"], entry["text"], lines)
        for entry in entries
        if (lines := _lines(entry, group, names, narrowed=narrowed))
    )


def _groups(*entries: Sequence[Document]) -> list[str]:
    return ordered(cell["group"] for part in entries for entry in part for cell in entry["cells"])


# ------------------------------------------------------------------ one construct
@dataclass(frozen=True, slots=True)
class Construct:
    """One construct: for each group every cell, and its questions."""

    key: str
    title: str
    setting: str
    scale: str
    sections: tuple[Section, ...]

    @property
    def has_means(self) -> bool:
        return any(section.has_means for section in self.sections)


def construct(document: Document, names: Names, *, narrowed: bool) -> Construct:
    """Show a slice that has one construct and its questions."""
    (entry,) = document["constructs"]
    sections = []
    for group in _groups(document["constructs"]):
        whole = Measure(entry["construct"], None, entry["title"], _lines(entry, group, names, narrowed=True))
        questions = _questions(document["items"], group, names, narrowed=narrowed)
        sections.append(Section(group, named(group), (whole,), questions))
    return Construct(
        entry["construct"], entry["title"], entry["setting"] or "", _scale(document["items"]), tuple(sections)
    )


def _scale(items: Iterable[Document]) -> str:
    """Say the range of the scores that an average lies in: `1 to 5`."""
    scores = [option["score"] for item in items for option in item["options"] if option.get("score") is not None]
    return f"{min(scores)} to {max(scores)}" if scores else ""


# ------------------------------------------------------------------ one question
@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a stacked bar; `tone` says how it is drawn, `label` stands on it where it is wide enough."""

    start: str
    length: str
    tone: str
    label: str
    middle: str


@dataclass(frozen=True, slots=True)
class Answer:
    """How many of a cell gave one answer; `length` of its bar, for answers of which several may be given."""

    count: str
    share: str
    length: str


@dataclass(frozen=True, slots=True)
class Spread:
    """The answers of one cell: its line, an answer an option, the bar, and who gave none."""

    line: Line
    answers: tuple[Answer, ...] = ()
    segments: tuple[Segment, ...] = ()
    without: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Option:
    label: str
    tone: str
    favorable: bool


@dataclass(frozen=True, slots=True)
class Answers:
    """The answers of one group to a question."""

    key: str
    title: str
    options: tuple[Option, ...]
    spreads: tuple[Spread, ...]
    stacked: bool
    without: tuple[str, ...]

    @property
    def exact(self) -> bool:
        return any(spread.answers for spread in self.spreads)


@dataclass(frozen=True, slots=True)
class Question:
    """A question as some groups were asked it."""

    item: str
    words: str
    reverse: bool
    marked: bool
    groups: tuple[Answers, ...]


WITHOUT = (
    ("missing", "no answer"),
    ("not_applicable", "does not apply"),
    ("not_asked", "not asked"),
)


def questions(document: Document, names: Names) -> list[Question]:
    """Show a slice that has one question; groups that were asked it with another meaning stand apart."""
    return [
        Question(
            entry["item"],
            entry["text"],
            entry["reverse"],
            any(option.get("favorable") for option in entry["options"]),
            tuple(_answers(entry, group, names) for group in _groups([entry])),
        )
        for entry in document["items"]
    ]


def _answers(entry: Document, group: str, names: Names) -> Answers:
    cells = of_group(entry["cells"], group)
    counted = [cell for cell in cells if cell.get("counts") is not None]
    options = _options(entry, counted)
    one_each = all(sum(cell["counts"].values()) == cell["n"] for cell in counted)
    stacked = bool(counted and entry["options"]) and one_each
    told = tuple(words for key, words in WITHOUT if any(cell[key] for cell in counted))
    return Answers(
        group,
        named(group),
        tuple(option for _, option in options),
        tuple(_spread(cell, options, names, stacked=stacked, told=told) for cell in cells),
        stacked,
        told,
    )


def _options(entry: Document, counted: Sequence[Cell]) -> list[tuple[str, Option]]:
    """Give the options in their order; for whole numbers, which have none, those from the least to the most given."""
    shown = [option for option in entry["options"] if not option.get("not_applicable")]
    if not shown:
        given = [int(value) for cell in counted for value, count in cell["counts"].items() if count]
        values = range(min(given), max(given) + 1) if given else ()
        return [(str(value), Option(str(value), "plain", False)) for value in values]
    tones = _tones(shown)
    return [
        (o["value"], Option(o["label"], tone, bool(o.get("favorable")))) for o, tone in zip(shown, tones, strict=True)
    ]


def _tones(options: Sequence[Mapping[str, Any]]) -> list[str]:
    """Choose how options are drawn: on a scale from against to for by place, others apart from each other.

    The favorable ones have the tones `for-1`, `for-2` with growing strength, those on the other side of the middle
    `against-1`, `against-2`, and what lies between is `middle`.
    """
    marked = [bool(option.get("favorable")) for option in options]
    if not any(marked) or any(option.get("score") is None for option in options):
        return [f"kind-{place % 6 + 1}" for place in range(len(options))]
    good, bad = marked.count(True), marked.count(False)
    rest = [place for place, is_good in enumerate(marked) if not is_good]
    if marked[0]:
        rest.reverse()  # from the far end toward the favorable ones
    middle = rest[-1] if bad > good else None
    tones = dict.fromkeys(range(len(options)), "middle")
    against = [place for place in rest if place != middle]
    tones |= {place: f"against-{_strength(len(against) - i, len(against))}" for i, place in enumerate(against)}
    best = [place for place, is_good in enumerate(marked) if is_good]
    if marked[0]:
        best.reverse()
    tones |= {place: f"for-{_strength(i + 1, len(best))}" for i, place in enumerate(best)}
    return [tones[place] for place in range(len(options))]


def _strength(step: int, of: int) -> int:
    """Say which of three strengths a step is drawn in; the last has the greatest."""
    return max(1, 3 - (of - step))


def _spread(
    cell: Cell, options: Sequence[tuple[str, Option]], names: Names, *, stacked: bool, told: Sequence[str]
) -> Spread:
    counts = cell.get("counts")
    if counts is None:
        return Spread(line(cell, names))
    n = cell["n"]
    answers, segments, start = [], [], 0
    for value, option in options:
        count = counts.get(value, 0)
        share = count / n if n else 0.0
        answers.append(Answer(whole(count), percent(share) if n else "", at(share)))
        if stacked and count:
            label = percent(share) if share >= 0.07 else ""
            segments.append(Segment(at(start / n), at(share), option.tone, label, at((start + count / 2) / n)))
        start += count
    without = tuple(whole(cell[key]) for key, words in WITHOUT if words in told)
    return Spread(line(cell, names), tuple(answers), tuple(segments), without)
