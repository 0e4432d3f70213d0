"""The codebook: the map from an instrument's items to the columns of the fixed-width record.

Decides what a response is: `encode` checks answers against the instrument, skip logic included, and gives one short
string of codes and one object of open answers; `decode` gives the answers back. Knows nothing of waves or storage.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from app.errors import Fault, pointer
from app.survey.columns import MISSING, NOT_APPLICABLE, NOT_ASKED, Column, Wrong
from app.survey.conditions import Predicate
from app.survey.instrument import Instrument
from app.survey.items import Item


class Coded(NamedTuple):
    """A response as it is stored: `record`, one character a column, and `open_answers` by item key."""

    record: str
    open_answers: dict[str, Any]


class AnswersFaulty(Exception):
    """Answers that the instrument does not take; `faults` lists every reason, pointers starting at `/answers`."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__(f"{len(faults)} faults")
        self.faults = faults


@dataclass(frozen=True, slots=True)
class _Entry:
    """One item, compiled: what `encode` needs for it and nothing else."""

    key: str
    item: Item
    columns: tuple[Column, ...]
    code_of: Mapping[str, str] | None  # the quick way for a choice of one: value -> code
    shown: Predicate | None
    depends: frozenset[str]  # the items its skip logic looks at, directly or through others
    missing: str
    hidden: str


class Codebook:
    """The compiled form of one instrument version. Immutable; build it once and keep it.

    Attributes
    ----------
    instrument : the instrument it was made from.
    columns : all columns in order; `columns[i].position == i`.
    of_item : item key -> its columns, for closed items.
    gates : item key -> the closed items that its skip logic looks at, and theirs in turn, for closed items.
    width : number of characters of a record.
    """

    def __init__(self, instrument: Instrument) -> None:
        self.instrument = instrument
        entries: list[_Entry] = []
        columns: list[Column] = []
        depends: dict[str, frozenset[str]] = {}
        for item in instrument.items:
            own = item.columns(instrument.scales, len(columns))
            columns += own
            looked_at = {ref.item for ref in item.show_if.references()} if item.show_if else set()
            depends[item.key] = frozenset(looked_at).union(*(depends[key] for key in looked_at))
            quick = None
            if len(own) == 1 and all(type(v) is str for v in own[0].codes.values()):
                quick = {v: c for c, v in own[0].codes.items()}
            shown = item.show_if.compile() if item.show_if else None
            entries.append(
                _Entry(item.key, item, own, quick, shown, depends[item.key], MISSING * len(own), NOT_ASKED * len(own))
            )
        self._entries = tuple(entries)
        self.columns = tuple(columns)
        self.of_item = {e.key: e.columns for e in entries if e.columns}
        self.gates = {e.key: sorted(e.depends & self.of_item.keys()) for e in entries if e.columns}
        self.width = len(columns)

    # ---------------------------------------------------------------- answers -> record
    def encode(self, answers: Mapping[str, Any]) -> Coded:
        """Check answers and give their stored form.

        Parameters
        ----------
        answers : item key -> answer as JSON data; None means not answered.

        Returns
        -------
        Coded : a record of `width` characters and the open answers.

        Raises
        ------
        AnswersFaulty : with every fault. An item whose skip logic hangs on a faulty answer is not blamed for being
            shown or hidden.
        """
        record: list[str] = []
        open_answers: dict[str, Any] = {}
        taken: dict[str, Any] = {}
        faults: list[Fault] = []
        faulty: set[str] = set()
        known = 0
        for entry in self._entries:
            key = entry.key
            value = answers.get(key)
            known += value is not None
            if entry.shown is not None and not entry.shown(taken):
                record.append(entry.hidden)
                if value is not None:
                    if faulty.isdisjoint(entry.depends):
                        faults.append(_fault(key, "not_shown", "This item is not shown with these answers."))
                    faulty.add(key)
                continue
            if value is None:
                record.append(entry.missing)
                if entry.item.required and faulty.isdisjoint(entry.depends):
                    faults.append(_fault(key, "required", "This item needs an answer."))
                continue
            if entry.code_of is not None and type(value) is str and value in entry.code_of:
                record.append(entry.code_of[value])
                taken[key] = value
                continue
            try:
                if entry.columns:
                    record.append(entry.item.encode(value, entry.columns))
                    taken[key] = value
                else:
                    open_answers[key] = taken[key] = entry.item.clean(value)
            except Wrong as wrong:
                faults.append(Fault(pointer("answers", key, *wrong.below), wrong.code, wrong.detail, wrong.expected))
                faulty.add(key)
        if known < len(answers):
            mine = self.instrument.by_key
            faults += [
                _fault(key, "unknown_item", "The instrument has no such item.") for key in answers if key not in mine
            ]
        if faults:
            raise AnswersFaulty(faults)
        return Coded("".join(record), open_answers)

    # ---------------------------------------------------------------- record -> answers
    def decode(self, record: str, open_answers: Mapping[str, Any]) -> dict[str, Any]:
        """Give back the answers, without the items that were not answered or not asked."""
        answers: dict[str, Any] = {}
        for entry in self._entries:
            if entry.columns:
                start = entry.columns[0].position
                codes = record[start : start + len(entry.columns)]
                if codes not in (entry.missing, entry.hidden):
                    answers[entry.key] = entry.item.decode(codes, entry.columns)
            elif entry.key in open_answers:
                answers[entry.key] = open_answers[entry.key]
        return answers

    # ---------------------------------------------------------------- for people and tools
    def document(self) -> dict[str, Any]:
        """Describe the record for whoever reads it with a tool of their own; positions count from 1."""
        return {
            "width": self.width,
            "special_codes": {MISSING: "no answer", NOT_ASKED: "not asked", NOT_APPLICABLE: "not applicable"},
            "columns": [
                {
                    "position": c.position + 1,
                    "item": c.item,
                    **({"option": c.option} if c.option is not None else {}),
                    "codes": dict(c.codes),
                    **({"not_applicable": sorted(c.not_applicable)} if c.not_applicable else {}),
                    **({"scores": dict(c.scores)} if c.scores else {}),
                }
                for c in self.columns
            ],
            "open_answers": [{"item": e.key, "kind": e.item.kind} for e in self._entries if not e.columns],
        }


def _fault(key: str, code: str, detail: str) -> Fault:
    return Fault(pointer("answers", key), code, detail)
