"""A summary as one long table: a row for each cell and measure. CSV, Parquet, Arrow and the dictionary are made of it.

Decides the columns and what each measure is called and means. It knows no file format and computes nothing: a value is
a number of the document, unchanged.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Row = tuple[Any, ...]
"""A row: text, numbers and flags in the order of COLUMNS; None where there is nothing to say."""


@dataclass(frozen=True, slots=True)
class Field:
    """A column of a table: its name, its type and what it says."""

    name: str
    type: Literal["text", "whole", "number", "day", "time", "flag"]
    meaning: str


COLUMNS = (
    Field("wave", "text", "The wave."),
    Field("release", "whole", "Number of the release that the figure is from."),
    Field("released_at", "time", "When that release was made."),
    Field("audience", "text", "For whom the figures are: director, principal or public."),
    Field("simulated", "flag", "Whether no person gave these answers."),
    Field("kind", "text", "item, construct or participation."),
    Field("key", "text", "Key of the item or construct."),
    Field("text", "text", "Wording of the item, or title of the construct."),
    Field("setting", "text", "Setting of the construct: classroom, school, family or community."),
    Field("construct", "text", "The construct that the item belongs to."),
    Field("group", "text", "The stakeholder group."),
    Field("school", "text", "The school; empty for the whole union and for a pool of schools."),
    Field("schools", "text", "The schools of a pool, with spaces between them."),
    Field("status", "text", "published; protected: withheld, and the row has no measure and no value."),
    Field("measure", "text", "What the value is; see the list of measures."),
    Field("option", "text", "For counts: the value of the option."),
    Field("label", "text", "For counts: the label of the option."),
    Field("score", "whole", "For counts: the score of the option, before an item is reversed."),
    Field("value", "number", "The figure."),
    Field("warnings", "text", "What to keep in mind about the cell, with spaces between them."),
)


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure of a cell: its path in the document, a heading, how it is written, and what it means."""

    path: str
    heading: str
    style: Literal["people", "share", "figure"]
    meaning: str


MEASURES = (
    Measure("n", "n", "people", "People with a valid answer; for a construct, with a score."),
    Measure("favorable.share", "Favorable", "share", "Share of favorable answers."),
    Measure("favorable.low", "Favorable, low", "share", "Low end of its 95% interval, or of the range told instead."),
    Measure("favorable.high", "Favorable, high", "share", "High end of that interval or range."),
    Measure("favorable.floor", "Favorable, floor", "share", "The share if all who did not answer were unfavorable."),
    Measure("favorable.ceiling", "Favorable, ceiling", "share", "The share if all who did not answer were favorable."),
    Measure("favorable.count", "Favorable answers", "people", "Number of favorable answers."),
    Measure("favorable.n", "Answers", "people", "For a construct: number of answers to its items."),
    Measure("favorable.flip", "To flip", "people", "Of those who did not answer, how many could turn the majority."),
    Measure("mean.value", "Mean", "figure", "Mean score."),
    Measure("mean.low", "Mean, low", "figure", "Low end of the 95% interval of the mean."),
    Measure("mean.high", "Mean, high", "figure", "High end of that interval."),
    Measure("mean.sd", "SD", "figure", "Standard deviation of the scores."),
    Measure("mean.se", "SE", "figure", "Standard error of the mean."),
    Measure("missing", "No answer", "people", "People who saw the item and gave no answer."),
    Measure("not_applicable", "Not applicable", "people", "People who chose an option outside the scale."),
    Measure("not_asked", "Not asked", "people", "People who were not shown the item."),
    Measure("eligible", "Eligible", "people", "People on the roster."),
    Measure("stratified.mean.value", "Stratified mean", "figure", "Mean, schools weighing as their rosters."),
    Measure("stratified.mean.low", "Stratified mean, low", "figure", "Low end of its 95% interval."),
    Measure("stratified.mean.high", "Stratified mean, high", "figure", "High end of that interval."),
    Measure("stratified.mean.se", "Stratified SE", "figure", "Standard error of the stratified mean."),
    Measure("stratified.favorable.share", "Stratified favorable", "share", "Share, schools weighing as their rosters."),
    Measure("stratified.favorable.low", "Stratified favorable, low", "share", "Low end of its 95% interval."),
    Measure("stratified.favorable.high", "Stratified favorable, high", "share", "High end of that interval."),
    Measure("stratified.covered", "Covered", "people", "People on the roster that the stratified figures stand for."),
    Measure("kish_design_effect", "Design effect", "figure", "Kish's design effect of the stratum weights."),
    Measure("reliability.alpha", "Alpha", "figure", "Cronbach's alpha."),
    Measure("reliability.alpha_standardized", "Alpha, standardized", "figure", "Alpha of standardized items."),
    Measure("reliability.omega", "Omega", "figure", "McDonald's omega, total."),
    Measure("reliability.n", "Complete answers", "people", "People who answered every item of the construct."),
    Measure("responses", "Responses", "people", "Completed questionnaires."),
    Measure("rate", "Rate", "share", "Responses by people on the roster."),
    Measure("needed", "Needed", "people", "Responses that are missing to the minimum that was promised."),
)  # fmt: skip
COUNTS = "counts"
COUNTS_MEANING = "People who chose the option that is named after the point."

_NAMES = frozenset({"group", "school", "schools", "status", "warnings"})


def rows(document: Mapping[str, Any]) -> Iterator[Row]:
    """Give the long table of a summary, or of a slice of one.

    Parameters
    ----------
    document : the document, with its `release`.

    Yields
    ------
    Rows in the order of the document: participation, items, constructs; one for every number of a cell. A figure that
    does not exist (null) has none; a protected cell has one, without measure and value.
    """
    release = document["release"]
    of = (release["number"], release["released_at"], document["audience"], document["simulated"])
    head = (document["wave"], *of)
    for cell in document["participation"]:
        yield from _cell_rows((*head, "participation", None, None, None, None), cell)
    for entry in document["items"]:
        told = (*head, "item", entry["item"], entry["text"], entry["setting"], entry["construct"])
        options = list(options_of(entry, entry["cells"]))
        for cell in entry["cells"]:
            yield from _cell_rows(told, cell, options)
    for entry in document["constructs"]:
        told = (*head, "construct", entry["construct"], entry["title"], entry["setting"], entry["construct"])
        for cell in entry["cells"]:
            yield from _cell_rows(told, cell)


def _cell_rows(
    head: Row, cell: Mapping[str, Any], options: Collection[tuple[str, str, int | None]] = ()
) -> Iterator[Row]:
    status = cell.get("status", "published")
    place = (*head, cell["group"], cell["school"], " ".join(cell.get("schools", ())) or None, status)
    if status != "published":
        yield (*place, None, None, None, None, None, None)
        return
    warnings = " ".join(cell.get("warnings", ())) or None
    for path, value in figures(cell):
        yield (*place, path, None, None, None, value, warnings)
    counts = cell.get(COUNTS, {})
    for option, label, score in options:
        if option in counts:
            yield (*place, f"{COUNTS}.{option}", option, label, score, counts[option], warnings)


def options_of(entry: Mapping[str, Any], cells: Collection[Mapping[str, Any]]) -> Iterator[tuple[str, str, int | None]]:
    """Give the options of an item that some of its cells count, in order: value, label, and raw score if there is one.

    Those of a number, which has no list of options, are its values.
    """
    counted = {option for cell in cells for option in cell.get(COUNTS, ())}
    for option in entry["options"]:
        if option["value"] in counted:
            yield option["value"], option["label"], option.get("score")
    listed = {option["value"] for option in entry["options"]}
    yield from ((value, value, None) for value in sorted(counted - listed, key=int))


def figures(cell: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, int | float]]:
    """Give every number of a cell but its counts, by its path in the document: `mean.low`."""
    for key, value in cell.items():
        if isinstance(value, dict):
            if key != COUNTS:
                yield from figures(value, f"{above}{key}.")
        elif value is not None and key not in _NAMES:
            yield above + key, value
