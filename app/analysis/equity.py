"""Who is served worse: each published category of an attribute against all other people of its group.

Decides what is compared, and the table and sentences that sum it up (docs/statistics.md, "Equity"). Which categories
and measures are shown was decided by the seal. The published categories of a measure have everybody of the union in
them, so the others are those of the other published categories, added up.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from app.analysis.crossing import Value, categories
from app.analysis.disclosure import protected
from app.analysis.facts import GroupFacts, WaveFacts
from app.analysis.layout import Layout
from app.analysis.sealed import Breakdown, Level, Sealed
from app.analysis.summarize import construct_entry, head, item_entry
from app.analysis.tally import Tally
from app.analysis.versus import Differences, Sample, better, differences, rest_of
from app.analysis.words import first_up, listed, quoted
from app.analysis.words import people as named

Row = dict[str, Any]
WORDS = ("worse", "better")
ORDER = ("worse", "no_clear_difference", "better", "cannot_tell", None)
NOTE = (
    "Each category is compared with all other people of its group. The categories are not random groups: a difference "
    "is no effect of the attribute. The verdict is worse or better where a Welch test of the means, adjusted for the "
    "number of comparisons of the attribute, has p below 0.05; no_clear_difference does not say that there is none."
)


def compare(facts: WaveFacts, sealed: Sealed, audience: str, attributes: Collection[str] | None = None) -> Row:
    """Make the document of equity, without its `release` member.

    Parameters
    ----------
    facts : the wave, with the groups that the audience may read with exact figures.
    sealed : what may be published of these groups.
    audience : for whom.
    attributes : those to compare; None for all.

    Returns
    -------
    JSON data. `attributes` has each attribute of each group with its categories; `items` and `constructs` a row a
    group, attribute and measure with a cell a category; `table` a row for each construct and category that is compared,
    the worst first.

    Raises
    ------
    ValueError : when the seal was made with another instrument than the facts name.
    """
    by_group = {group.group: group for group in sealed.groups}
    found = []
    for group in facts.groups:
        if by_group[group.group].instrument != group.instrument:
            raise ValueError(f"sealed with {by_group[group.group].instrument}, not with {group.instrument}")
        for attribute in group.codebook.instrument.attributes:
            if attributes is None or attribute in attributes:
                found.append(Compared(group, by_group[group.group].by(attribute)))
    return {
        **head(facts, audience),
        "note": NOTE,
        "attributes": [one.entry() for one in found],
        "items": [row for one in found for row in one.item_rows()],
        "constructs": [row for one in found for row in one.construct_rows()],
        "table": table(found),
    }


def table(compared: Sequence[Compared]) -> list[Row]:
    """List all constructs and categories that are compared: by verdict, then by the size of the difference.

    Differences count in parts of the distance from the lowest score to the highest, turned so that the worst is first.
    """
    rows = [row for one in compared for row in one.summaries()]
    rows.sort(key=lambda row: (ORDER.index(row["verdict"]), row.pop("_by")))  # a stable sort: ties as they are asked
    return rows


@dataclass(frozen=True, eq=False)
class Both:
    """The figures of each category, those of the others, and their differences, by (measure, category)."""

    ours: Mapping[Any, Row]
    theirs: Mapping[Any, Row]
    differences: Differences

    @classmethod
    def of(cls, ours: Sample, theirs: Sample, keys: Sequence[str]) -> Both:
        return cls(ours.figures(), theirs.figures(), differences(ours, theirs, keys))


@dataclass(frozen=True, eq=False)
class Compared:
    """One group by one attribute."""

    facts: GroupFacts
    by: Breakdown

    # ---------------------------------------------------------------- counts
    @cached_property
    def tally(self) -> Tally:
        return Tally(Layout(self.facts.codebook), self.by.cells, self.by.counts)

    @cached_property
    def others(self) -> Tally:
        return rest_of(self.tally)

    @cached_property
    def items(self) -> list[str]:
        """Items that have scores, in order, but the attribute."""
        columns = self.facts.codebook.of_item
        return [key for key in columns if columns[key][0].scores and key != self.by.attribute]

    @cached_property
    def constructs(self) -> list[str]:
        return list(self.facts.codebook.instrument.construct_items)

    @cached_property
    def of_items(self) -> Both:
        shown = [key for key in self.items if self.by.items[key] == Level.UNION]
        return Both.of(Sample.of_items(self.tally, shown), Sample.of_items(self.others, shown), shown)

    @cached_property
    def of_constructs(self) -> Both:
        shown = [key for key in self.constructs if self.by.constructs[key] == Level.UNION]
        return Both.of(Sample.of_constructs(self.tally, shown), Sample.of_constructs(self.others, shown), shown)

    # ---------------------------------------------------------------- rows
    def entry(self) -> Row:
        """Say of the attribute all but its figures."""
        instrument = self.facts.codebook.instrument
        item = instrument.by_key[self.by.attribute]
        return {
            "group": self.facts.group,
            "attribute": self.by.attribute,
            "text": item.text.say(instrument.default_locale),
            "options": item.options(instrument.scales, instrument.default_locale),
            "status": "published" if self.by.cells else "protected",
        }

    def item_rows(self) -> Iterator[Row]:
        """Give the row of each item."""
        for key in self.items:
            entry = item_entry(self.facts.codebook.instrument.by_key[key], self.facts.codebook.instrument)
            told = {name: entry[name] for name in ("item", "construct", "setting", "text")}
            cells = self._cells(key, self.of_items, [key]) if self.by.items[key] else self._cells(key)
            yield self._named() | told | {"cells": cells}

    def construct_rows(self) -> Iterator[Row]:
        """Give the row of each construct."""
        for key in self.constructs:
            entry = construct_entry(key, self.facts.codebook.instrument)
            told = {name: entry[name] for name in ("construct", "title", "setting")}
            parts, shown = self.facts.codebook.instrument.construct_items[key], self.by.constructs[key]
            cells = self._cells(key, self.of_constructs, parts) if shown else self._cells(key)
            yield self._named() | told | {"cells": cells}

    def _named(self) -> Row:
        return {"group": self.facts.group, "attribute": self.by.attribute}

    def _cells(self, key: str, of: Both | None = None, items: Sequence[str] = ()) -> list[Row]:
        """Name the cells of one measure: the categories in order, the pool if there is one; without `of`, protected."""
        found: dict[Any, Row] = {}
        if of is not None:
            way = better(self.facts.codebook, items)
            for at, cell in enumerate(self.by.cells):
                found[cell.category, cell.categories] = (
                    {"group": self.facts.group, "school": None, "category": cell.category}
                    | ({} if cell.categories is None else {"categories": list(cell.categories)})
                    | {"status": "published", **of.ours[key, at], "others": of.theirs[key, at]}
                    | of.differences.document(key, at)
                    | {"verdict": of.differences.verdict(key, at, way, WORDS)}
                )
        values = categories(self.facts.codebook, self.by.attribute)
        hidden = protected(self.facts.group, None)
        return [*(found.pop((value, None), hidden | {"category": value}) for value in values), *found.values()]

    # ---------------------------------------------------------------- in words
    def summaries(self) -> Iterator[Row]:
        """Sum up each construct and category that is compared; `_by` is what they are sorted by."""
        layout = self.tally.layout
        for row in self.construct_rows():
            scale = layout.constructs[row["construct"]].items[0]
            way = better(self.facts.codebook, self.facts.codebook.instrument.construct_items[row["construct"]])
            for cell in row["cells"]:
                if cell["status"] == "published" and cell["n"]:
                    value = cell["difference"]["mean"]["value"]
                    size = round((value or 0) * (way or 1) / max(scale.highest - scale.lowest, 1), 9)
                    yield {
                        **{name: row[name] for name in ("group", "attribute", "construct", "title", "setting")},
                        **{name: cell[name] for name in ("category", "categories", "n") if name in cell},
                        "label": self._label(cell),
                        "others": cell["others"]["n"],
                        **{name: cell[name] for name in ("difference", "test", "verdict")},
                        "reading": self._reading(row, cell, (scale.lowest, scale.highest)),
                        "_by": size,
                    }

    def _label(self, cell: Row) -> str:
        values: Sequence[Value] = cell.get("categories", (cell["category"],))
        return listed(["no valid answer" if value is None else self._labels[value] for value in values])

    @cached_property
    def _labels(self) -> dict[str, str]:
        return {option["value"]: option["label"] for option in self.entry()["options"]}

    def _subject(self, cell: Row) -> str:
        """Say who the people of a category are."""
        values: Sequence[Value] = cell.get("categories", (cell["category"],))
        answers = [quoted(self._labels[value]) for value in values if value is not None]
        told = [f"answered {listed(answers, 'or')}"] if answers else []
        told += ["gave no valid answer"] if None in values else []
        return first_up(f"{named(self.facts.group)} who {listed(told, 'or')} to {quoted(self.entry()['text'])}")

    def _reading(self, row: Row, cell: Row, scale: tuple[int, int]) -> str:
        """Say in one sentence how a category rates a construct, no stronger than the verdict."""
        subject = self._subject(cell)
        if cell["verdict"] is None:
            title = quoted(row["title"])
            return f"{subject} are not judged on {title}: its items do not all say which answers are favorable."
        if cell["verdict"] not in WORDS:
            alike = {
                "no_clear_difference": "do not clearly differ from the others",
                "cannot_tell": "cannot be compared with the others",
            }
            return f"{subject} {alike[cell['verdict']]} on {quoted(row['title'])}."
        mean = cell["difference"]["mean"]
        near, far = sorted(abs(mean[limit]) for limit in ("low", "high"))
        side = "higher" if mean["value"] > 0 else "lower"
        how = "less favorably" if cell["verdict"] == "worse" else "more favorably"
        return (
            f"{subject} rate {quoted(row['title'])} {how} than the others: {abs(mean['value']):.2f} {side} "
            f"on a scale from {scale[0]} to {scale[1]} (between {near:.2f} and {far:.2f})."
        )
