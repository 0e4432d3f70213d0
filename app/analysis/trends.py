"""The document of a trend: what changed from each wave to the next, from the sealed tallies of both.

Decides which cells of two waves are compared and what is concluded. What may be shown of each wave was decided by its
own seal; a figure that one of them withholds takes part in no difference and in no test.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from app.analysis.change import ALPHA, change_of_means, detectable, detectable_share
from app.analysis.comparable import Comparison, compare_constructs, compare_items, higher_is_favorable
from app.analysis.contrast import benjamini_hochberg, newcombe, welch
from app.analysis.estimate import ratio
from app.analysis.facts import WaveFacts
from app.analysis.figures import plain
from app.analysis.layout import Layout
from app.analysis.sealed import Sealed, SealedGroup
from app.analysis.sheets import UNION, construct_sheet, item_sheet, place_of, scored_items
from app.analysis.summarize import construct_entry, head, item_entry, meaning
from app.analysis.tally import Tally
from app.analysis.words import people, place, quoted
from app.survey.codebook import Codebook
from app.survey.instrument import Instrument

Entries = dict[Any, dict[str, Any]]
WaveOf = tuple[WaveFacts, Sealed]

UNTOLD = {
    "protected": "they are not shown in at least one of the waves",
    "not_in_wave": "the school was part of only one of the waves",
    "other_schools": "the waves were held in different schools",
    "too_few_people": "fewer than two people answered in one of the waves",
    "no_variance": "the answers of each wave are all the same, and a test needs answers that vary",
}
"""Code -> why nothing can be said of a cell, in words."""


def trends(waves: Sequence[WaveOf], audience: str) -> dict[str, Any]:
    """Make the document of a trend.

    Parameters
    ----------
    waves : two or more waves in time order and what is sealed of each, with the groups that the audience may read with
        exact figures in all of them.
    audience : for whom.

    Returns
    -------
    JSON data: the `waves`, and for each pair of waves that follow one another the `items` that have a score and the
    `constructs`, later minus earlier. A group takes part in the pairs of which both waves have it. Groups that share an
    item's key, meaning and comparability share its entry.

    Raises
    ------
    ValueError : when a seal was made with another instrument than the facts name.
    """
    told = [(replace(facts, title=sealed.title, simulated=sealed.simulated), sealed) for facts, sealed in waves]
    items: Entries = {}
    constructs: Entries = {}
    for earlier, later in pairwise(told):
        before = {side.group.group: side for side in _sides(*earlier)}
        for side in _sides(*later):
            if side.group.group in before:
                pair = _Pair(before[side.group.group], side)
                _tell_items(pair, items)
                _tell_constructs(pair, constructs)
    heads = [head(facts, audience) for facts, _ in told]
    return {
        "audience": audience,
        "simulated": any(one["simulated"] for one in heads),
        "waves": [{name: said for name, said in one.items() if name != "audience"} for one in heads],
        "items": list(items.values()),
        "constructs": list(constructs.values()),
    }


# ------------------------------------------------------------------ a group in one wave, and in two
@dataclass(frozen=True, eq=False)
class _Side:
    """One group in one wave."""

    wave: str
    title: str
    schools: tuple[str, ...]
    group: SealedGroup
    tally: Tally

    @property
    def book(self) -> Codebook:
        return self.tally.layout.codebook


@dataclass(frozen=True, eq=False)
class _Pair:
    """One group in two waves that follow one another."""

    earlier: _Side
    later: _Side

    @cached_property
    def named(self) -> dict[str, dict[str, Any]]:
        """Place -> the name of a cell: the later wave's schools, those of the earlier alone, the union, the pools."""
        group = self.later.group.group
        schools = dict.fromkeys((*self.later.schools, *self.earlier.schools, UNION))
        named: dict[str, dict[str, Any]] = {key: {"group": group, "school": key or None} for key in schools}
        for side in (self.later, self.earlier):
            for cell in side.group.cells:
                if cell.schools is not None:
                    pool = {"group": group, "school": None, "schools": sorted(cell.schools)}
                    named.setdefault(place_of(cell), pool)
        return named

    @cached_property
    def obstacles(self) -> dict[str, str]:
        """Place -> why it cannot be compared whatever is shown of it, a key of `UNTOLD`; a pool has none of its own."""
        lonely = set(self.earlier.schools) ^ set(self.later.schools)
        return dict.fromkeys(lonely, "not_in_wave") | ({UNION: "other_schools"} if lonely else {})


def _sides(facts: WaveFacts, sealed: Sealed) -> Iterator[_Side]:
    books = {group.group: (group.instrument, group.codebook) for group in facts.groups}
    for group in sealed.groups:
        instrument, book = books[group.group]
        if instrument != group.instrument:
            raise ValueError(f"sealed with {group.instrument}, not with {instrument}")
        yield _Side(facts.wave, facts.title, sealed.schools, group, Tally(Layout(book), group.cells, group.counts))


# ------------------------------------------------------------------ entries
def _tell_items(pair: _Pair, entries: Entries) -> None:
    """Add a group's items, with its cells."""
    keys = dict.fromkeys(scored_items(pair.later.book) + scored_items(pair.earlier.book))
    compared = {key: compare_items(pair.earlier.book, pair.later.book, key) for key in keys}
    sheets = (item_sheet(side.group, side.tally) for side in (pair.earlier, pair.later))
    cells = _Cells(pair, compared, *sheets, of_people=True)
    for key, comparison in compared.items():
        instrument = _telling(pair, comparison)
        item = instrument.by_key[key]
        alike = (pair.later.wave, key, comparison, meaning(item, instrument))
        entry = entries.setdefault(alike, item_entry(item, instrument) | _compared(pair, comparison))
        _add(entry, pair, cells, key, entry["text"])


def _tell_constructs(pair: _Pair, entries: Entries) -> None:
    """Add a group's constructs, with its cells."""
    before, after = (list(side.book.instrument.construct_items) for side in (pair.earlier, pair.later))
    keys = dict.fromkeys(after + before)
    compared = {key: compare_constructs(pair.earlier.book, pair.later.book, key) for key in keys}
    sheets = (construct_sheet(side.group, side.tally) for side in (pair.earlier, pair.later))
    cells = _Cells(pair, compared, *sheets, of_people=False)
    for key, comparison in compared.items():
        instrument = _telling(pair, comparison)
        made = construct_entry(key, instrument) | _compared(pair, comparison)
        entry = entries.setdefault((pair.later.wave, key, comparison), made)
        entry["items"] += [item for item in instrument.construct_items[key] if item not in entry["items"]]
        _add(entry, pair, cells, key, entry["title"])


def _telling(pair: _Pair, comparison: Comparison) -> Instrument:
    """Give the version whose words are used: the later one that has it."""
    return (pair.earlier if comparison.code == "only_earlier" else pair.later).book.instrument


def _compared(pair: _Pair, comparison: Comparison) -> dict[str, Any]:
    return {"from": pair.earlier.wave, "to": pair.later.wave, **comparison.document(), "groups": []}


def _add(entry: dict[str, Any], pair: _Pair, cells: _Cells, key: str, words: str) -> None:
    entry["groups"].append(pair.later.group.group)
    entry["cells"] += cells.of(key, words)


# ------------------------------------------------------------------ cells
@dataclass(frozen=True)
class _Said:
    """What a sentence needs of an item or a construct.

    Its words, whether its highest scores are the favorable ones, and how far apart the lowest and the highest are.
    """

    words: str
    favorably: bool
    span: int


class _Cells:
    """The cells of all items, or of all constructs, of a group in two waves."""

    def __init__(
        self,
        pair: _Pair,
        compared: Mapping[str, Comparison],
        before: pd.DataFrame,
        after: pd.DataFrame,
        *,
        of_people: bool,
    ) -> None:
        """Compare what both waves show. `of_people`: a share is one of people, not one of answers."""
        self.pair, self.compared, self.of_people = pair, compared, of_people
        self.before, self.after = _figures(before, of_people), _figures(after, of_people)
        may = {
            (key, at): row
            for row, (key, at) in enumerate(after.index.tolist())
            if compared[key].comparable and at not in pair.obstacles
        }
        both = [(may[name], row) for row, name in enumerate(before.index.tolist()) if name in may]
        rows = [list(of) for of in zip(*sorted(both), strict=True)]
        self.changes = _changes(after.iloc[rows[0]], before.iloc[rows[1]], of_people) if both else {}

    def of(self, key: str, words: str) -> list[dict[str, Any]]:
        """Give the cells of one; none when it is not comparable. A pool is left out where no wave shows it."""
        if not self.compared[key].comparable:
            return []
        items = (key,) if self.of_people else self.pair.later.book.instrument.construct_items[key]
        scores = self.pair.later.book.of_item[items[0]][0].scores.values()
        said = _Said(words, higher_is_favorable(self.pair.later.book, items), max(scores) - min(scores))
        return [
            self._cell(key, at, said)
            for at in self.pair.named
            if not at.startswith("+") or (key, at) in self.before or (key, at) in self.after
        ]

    def _cell(self, key: str, at: str, said: _Said) -> dict[str, Any]:
        pair, named = self.pair, self.pair.named[at]
        cell: dict[str, Any] = {
            **named,
            "earlier": self._side(pair.earlier, self.before, key, at),
            "later": self._side(pair.later, self.after, key, at),
        }
        told = self.changes.get((key, at))
        if told is None:
            reason = pair.obstacles.get(at, "protected")
            told = {"change": None, "test": None, "detectable": None, "verdict": "cannot_tell", "reason_code": reason}
        return {**cell, **told, "reading": _reading(pair, named, said, told)}

    def _side(self, side: _Side, figures: Mapping[Any, dict[str, Any]], key: str, at: str) -> dict[str, Any] | None:
        """Give what a wave shows of a cell; None for a school that it was not held in."""
        if self.pair.obstacles.get(at) == "not_in_wave" and at not in side.schools:
            return None
        return figures.get((key, at), {"status": "protected"})


def _figures(sheet: pd.DataFrame, of_people: bool) -> dict[Any, dict[str, Any]]:
    """Row -> the figures of one wave that stand beside a change."""
    marked = sheet["count"].notna().to_numpy()
    count, of = (sheet[name].to_numpy()[marked].astype(np.int64) for name in ("count", "of"))
    shares = {"count": count} | ({} if of_people else {"n": of}) | {"share": ratio(count, of)}
    favorable = plain(pd.DataFrame(shares, sheet.index[marked]))
    means = {"value": sheet["value"], "sd": np.sqrt(sheet["variance"].to_numpy())}
    told = plain(pd.DataFrame({"n": sheet["n"], "eligible": sheet["eligible"], **means}))
    return {
        name: {
            "status": "published",
            "n": of["n"],
            "eligible": of["eligible"],
            "mean": {"value": of["value"], "sd": of["sd"]},
            "favorable": favorable.get(name),
        }
        for name, of in told.items()
    }


def _changes(after: pd.DataFrame, before: pd.DataFrame, of_people: bool) -> dict[Any, dict[str, Any]]:
    """Row -> change, test, smallest detectable change and verdict. The tests of a place are adjusted together."""
    names = after.index.tolist()
    together: dict[str, list[int]] = {}
    for row, (_, at) in enumerate(names):
        together.setdefault(at, []).append(row)
    after, before = (sheet.reset_index(drop=True) for sheet in (after, before))
    populations = after["N"], before["N"]
    test = welch(after, before)
    p, adjusted = test["p"].to_numpy(), np.full(len(names), np.nan)
    for rows in together.values():
        adjusted[rows] = benjamini_hochberg(p[rows])
    t = test["value"].to_numpy() / test["se"].to_numpy()
    seen = detectable(after, before, *populations)
    marked = np.flatnonzero(after["count"].notna())
    sides = [sheet[name].to_numpy()[marked].astype(np.int64) for sheet in (after, before) for name in ("count", "of")]
    shares = newcombe(pd.Series(sides[0], marked), *sides[1:])
    if of_people:
        seen["favorable"] = pd.Series(detectable_share(*sides), marked)
    else:
        shares[["low", "high"]] = np.nan
    means, favorable, least = plain(change_of_means(after, before, *populations)), plain(shares), plain(seen)
    tests = plain(pd.DataFrame({"t": t, "df": test["df"], "p": p, "p_adjusted": adjusted}))
    few = (np.minimum(after["n"].to_numpy(), before["n"].to_numpy()) < 2).tolist()
    found = {}
    for row, name in enumerate(names):
        verdict = _verdict(means[row]["value"], tests[row]["p_adjusted"])
        found[name] = {
            "change": {"mean": means[row], "favorable": favorable.get(row)},
            "test": tests[row],
            "detectable": least[row],
            "verdict": verdict,
        }
        if verdict == "cannot_tell":
            found[name]["reason_code"] = "too_few_people" if few[row] else "no_variance"
    return found


def _verdict(change: float | None, p_adjusted: float | None) -> str:
    if change is None or p_adjusted is None:
        return "cannot_tell"
    if p_adjusted >= ALPHA:
        return "no_clear_change"
    return "up" if change > 0 else "down"


def _reading(pair: _Pair, named: Mapping[str, Any], said: _Said, told: Mapping[str, Any]) -> str:
    """Say a verdict in one sentence or two, and no more than the verdict."""
    where = place(named["school"], named.get("schools"))
    answers = f"answers of {people(named['group'])}{f' of {where}' if where else ''} to {quoted(said.words)}"
    titles = pair.earlier.title, pair.later.title
    before, after = titles if len(set(titles)) == 2 else (pair.earlier.wave, pair.later.wave)
    if told["verdict"] == "cannot_tell":
        return f"Nothing can be said of a change from {before} to {after}: {UNTOLD[told['reason_code']]}."
    if told["verdict"] == "no_clear_change":
        clear = f"It is not clear whether the {answers} changed from {before} to {after}."
        least = told["detectable"]["mean"]
        unseen = "Hardly any change" if least >= said.span else f"A change of less than {least:.2f}"
        often = "could have been seen with so few answers" if least >= said.span else "would often go unseen"
        return f"{clear} {unseen} {often}."
    up = told["verdict"] == "up"
    if said.favorably:
        return f"The {answers} were on average {'more' if up else 'less'} favorable in {after} than in {before}."
    return f"The {answers} scored on average {'higher' if up else 'lower'} in {after} than in {before}."
