"""The shapes of documents that the auditor knows, and what each number in them is to an attacker.

Decides whether a number is a count, linear in counts, an end of a band, a figure that only describes the cell it stands
in, or a constant that says nothing of answers; whatever it does not know it reports. It knows no rule of disclosure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any


@dataclass(frozen=True)
class Finding:
    """One thing that must not be published.

    Attributes
    ----------
    rule : what is broken, a slug.
    path : where it stands: the audience, then a JSON pointer or the name of the measure.
    detail : a sentence.
    group, schools, base : the people it is about, where they are known: their group, their schools (None among them
        for people without a school), how many they are.
    """

    rule: str
    path: str
    detail: str
    group: str | None = None
    schools: tuple[str | None, ...] = ()
    base: int | None = None

    def __str__(self) -> str:
        return f"{self.path}: {self.detail}"


# ------------------------------------------------------------------ what a leaf may be
class Leaf(Enum):
    """What a member with no members of its own means to an attacker."""

    WORDS = "words"  # texts, keys, flags: no number
    CONSTANT = "constants"  # scores, the roster, the promise: known beforehand or no function of answers
    COUNT = "counts"  # a whole number of people
    LINEAR = "ratios"  # a mean, share or rate: a count once the base is known
    INTERVAL = "bands"  # an end of a band
    DECLARED = "declared"  # no linear figure: it describes the published cell that it stands in


_NUMBERS = (int, float)
_TAKEN: dict[Leaf, tuple[type, ...]] = {
    Leaf.WORDS: (str, bool, type(None)),
    Leaf.COUNT: (int,),
    Leaf.INTERVAL: _NUMBERS,
    Leaf.CONSTANT: (*_NUMBERS, type(None)),
    Leaf.LINEAR: (*_NUMBERS, type(None)),
    Leaf.DECLARED: (*_NUMBERS, type(None)),
}


@dataclass
class Ledger:
    """What was met: numbers by kind, and findings."""

    numbers: Counter[Leaf] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)

    def strange(self, path: str, detail: str) -> None:
        self.findings.append(Finding("unknown", path, detail))


class Shape:
    """An object: its members by name, and those that it must have."""

    def __init__(self, members: Mapping[str, Any], needs: Sequence[str] = ()) -> None:
        self.members, self.needs = dict(members), frozenset(needs)
        self._plans: dict[tuple[str, ...], tuple[list[tuple[str, Leaf]], list[tuple[str, Any]]]] = {}

    def but(self, more: Mapping[str, Any] | None = None, **other: Any) -> Shape:
        """Give the same shape with more members, or with others of the same name."""
        return Shape({**self.members, **(more or {}), **other}, tuple(self.needs))

    def read(self, value: Any, path: str, ledger: Ledger) -> None:
        """Count the numbers below `value` by kind; find members that are unknown, absent or of another type."""
        if type(value) is not dict:
            ledger.strange(path, "an object was expected here")
            return
        names = tuple(value)
        plan = self._plans.get(names)
        if plan is None:
            if self.needs.difference(names) or not self.members.keys() >= value.keys():
                for name in sorted(self.needs.difference(names)):
                    ledger.strange(path, f"the member `{name}` is absent")
                for name in value.keys() - self.members.keys():
                    ledger.strange(f"{path}/{name}", "the auditor does not know this member")
                return
            leaves = [(name, self.members[name]) for name in names if isinstance(self.members[name], Leaf)]
            plan = leaves, [(name, self.members[name]) for name in names if not isinstance(self.members[name], Leaf)]
            self._plans[names] = plan
        for name, leaf in plan[0]:
            _read_leaf(leaf, value[name], path, name, ledger)
        for name, spec in plan[1]:
            if value[name] is not None:
                spec.read(value[name], f"{path}/{name}", ledger)


def _read_any(of: Any, value: Any, path: str, name: str | int, ledger: Ledger) -> None:
    if isinstance(of, Leaf):
        _read_leaf(of, value, path, name, ledger)
    else:
        of.read(value, f"{path}/{name}", ledger)


def _read_leaf(leaf: Leaf, value: Any, path: str, name: str | int, ledger: Ledger) -> None:
    if type(value) not in _TAKEN[leaf]:
        ledger.strange(f"{path}/{name}", f"{type(value).__name__} is no value of {leaf.value}")
    elif type(value) in _NUMBERS:
        ledger.numbers[leaf] += 1


@dataclass(frozen=True)
class Each:
    """An object whose names are free, like options or groups; every value is of one kind."""

    of: Any

    def read(self, value: Any, path: str, ledger: Ledger) -> None:
        if type(value) is not dict:
            ledger.strange(path, "an object was expected here")
            return
        for name, one in value.items():
            if one is not None or isinstance(self.of, Leaf):
                _read_any(self.of, one, path, name, ledger)


@dataclass(frozen=True)
class Rows:
    """A list, all of one kind."""

    of: Any

    def read(self, value: Any, path: str, ledger: Ledger) -> None:
        if type(value) is not list:
            ledger.strange(path, "a list was expected here")
            return
        for place, one in enumerate(value):
            _read_any(self.of, one, path, place, ledger)


@dataclass(frozen=True)
class Listed:
    """A list of words out of a few."""

    words: frozenset[str]

    def read(self, value: Any, path: str, ledger: Ledger) -> None:
        if type(value) is not list or not self.words.issuperset(value):
            ledger.strange(path, "only known words may stand here")


def _all(leaf: Leaf, *names: str) -> dict[str, Leaf]:
    return dict.fromkeys(names, leaf)


_NAMED = ("group", "school", "status")
PROTECTED = Shape(_all(Leaf.WORDS, *_NAMED), _NAMED)


@dataclass(frozen=True)
class Cell:
    """A cell or a row of participation: protected, banded or exact."""

    exact: Shape
    banded: Shape
    protected: Shape = PROTECTED

    def read(self, value: Any, path: str, ledger: Ledger) -> None:
        if type(value) is not dict or value.get("status", "published") not in ("published", "protected"):
            ledger.strange(path, "a cell is published or protected")
        elif value.get("status") == "protected":
            self.protected.read(value, path, ledger)
        else:
            (self.banded if is_banded(value) else self.exact).read(value, path, ledger)


def is_banded(cell: Mapping[str, Any]) -> bool:
    """Tell whether a published cell shows a band: its favorable answers have two ends and nothing else."""
    favorable = cell.get("favorable")
    return type(favorable) is dict and favorable.keys() == {"low", "high"}


# ------------------------------------------------------------------ the shapes that are known
WARNINGS = Listed(
    frozenset({"roster_exceeded", "low_response", "many_not_applicable", "low_reliability", "few_people"})
)
_NAME: dict[str, Any] = _all(Leaf.WORDS, *_NAMED) | {"schools": Rows(Leaf.WORDS)}
_SPREAD = _all(Leaf.DECLARED, "sd", "se", "low", "high")
_OVER_STRATA = Shape(
    {
        "mean": Shape(_all(Leaf.DECLARED, "value", "se", "low", "high")),
        "favorable": Shape(_all(Leaf.DECLARED, "share", "low", "high")),
        "covered": Leaf.CONSTANT,
    }
)
_FIGURES: dict[str, Any] = _NAME | {
    "n": Leaf.COUNT,
    "eligible": Leaf.CONSTANT,
    "mean": Shape({"value": Leaf.LINEAR} | _SPREAD),
    "warnings": WARNINGS,
    "stratified": _OVER_STRATA,
    "kish_design_effect": Leaf.DECLARED,
}
STATES = ("n", "missing", "not_applicable", "not_asked")
_SHARE = (
    {"count": Leaf.COUNT} | _all(Leaf.LINEAR, "share", "floor", "ceiling") | _all(Leaf.DECLARED, "low", "high", "flip")
)
_OF_ITEM = {"counts": Each(Leaf.COUNT), "favorable": Shape(_SHARE)} | _all(Leaf.COUNT, *STATES)
_OF_CONSTRUCT = {
    "favorable": Shape(_all(Leaf.COUNT, "count", "n") | {"share": Leaf.LINEAR}),
    "reliability": Shape({"n": Leaf.COUNT} | _all(Leaf.DECLARED, "alpha", "alpha_standardized", "omega")),
}
_EXACT_ITEM = Shape(_FIGURES | _OF_ITEM, (*_NAMED, *STATES, "counts"))
_EXACT_CONSTRUCT = Shape(_FIGURES | _OF_CONSTRUCT, (*_NAMED, "n", "mean", "reliability"))
_BANDED = Shape(
    _NAME | {"n": Leaf.COUNT, "favorable": Shape(_all(Leaf.INTERVAL, "low", "high"))}, (*_NAMED, "n", "favorable")
)
_TURNOUT = Shape(
    _all(Leaf.WORDS, "group", "school")
    | {"eligible": Leaf.CONSTANT, "responses": Leaf.COUNT, "rate": Leaf.LINEAR, "needed": Leaf.COUNT},
    ("group", "school", "eligible", "responses", "rate"),
)
PARTICIPATION = Rows(Cell(_TURNOUT, _TURNOUT))
_OPTION = Shape(
    _all(Leaf.WORDS, "value", "label", "favorable", "not_applicable") | {"score": Leaf.CONSTANT}, ("value",)
)
_RELEASE = Shape(_all(Leaf.WORDS, "wave", "status", "released_at", "digest", "definitions") | {"number": Leaf.CONSTANT})
_PROMISE = Each(Shape(_all(Leaf.WORDS, "mode", "director", "principal", "public") | {"minimum": Leaf.CONSTANT}))
_INSTRUMENTS = Each(Shape(_all(Leaf.WORDS, "instrument", "digest")))
_ITEM = Shape(
    _all(Leaf.WORDS, "item", "construct", "setting", "text", "reverse", "kind")
    | {
        "options": Rows(_OPTION),
        "cells": Rows(Cell(_EXACT_ITEM, _BANDED)),
    },
    ("item", "cells"),
)
_CONSTRUCT = Shape(
    _all(Leaf.WORDS, "construct", "title", "setting")
    | {
        "items": Rows(Leaf.WORDS),
        "cells": Rows(Cell(_EXACT_CONSTRUCT, _BANDED)),
    },
    ("construct", "cells"),
)
SUMMARY = Shape(
    _all(Leaf.WORDS, "wave", "title", "audience", "simulated")
    | {
        "release": _RELEASE,
        "promise": _PROMISE,
        "instruments": _INSTRUMENTS,
        "participation": PARTICIPATION,
        "items": Rows(_ITEM),
        "constructs": Rows(_CONSTRUCT),
    },
    ("wave", "audience", "items", "constructs"),
)
_CATEGORY: dict[str, Any] = _all(Leaf.WORDS, "category") | {"categories": Rows(Leaf.WORDS)}
_BY = {"protected": Shape(_all(Leaf.WORDS, *_NAMED, "category"), (*_NAMED, "category"))}
BREAKDOWN = SUMMARY.but(
    _all(Leaf.WORDS, "attribute", "text") | {"options": Rows(_OPTION)},
    items=Rows(_ITEM.but(cells=Rows(Cell(_EXACT_ITEM.but(_CATEGORY), _BANDED, **_BY)))),
    constructs=Rows(_CONSTRUCT.but(cells=Rows(Cell(_EXACT_CONSTRUCT.but(_CATEGORY), _BANDED, **_BY)))),
)


@dataclass(frozen=True)
class Named:
    """An object of any depth whose members are all of these names; what `cells` names holds cells of a summary."""

    leaves: Mapping[str, Leaf]
    objects: frozenset[str]
    cells: Mapping[str, Any]

    def read(self, value: Any, path: str, ledger: Ledger) -> None:
        for place, one in enumerate(value) if type(value) is list else ():
            _read_any(self if type(one) in (dict, list) else Leaf.WORDS, one, path, place, ledger)
        for name, one in value.items() if type(value) is dict else ():
            if name in self.cells and type(one) in (dict, list):
                self.cells[name].read(one, f"{path}/{name}", ledger)
            elif name in self.objects and type(one) in (dict, list):
                self.read(one, f"{path}/{name}", ledger)
            elif name in self.leaves or (name in self.objects and one is None):
                _read_leaf(self.leaves.get(name, Leaf.WORDS), one, path, name, ledger)
            else:
                ledger.strange(f"{path}/{name}", "the auditor does not know this member")


_SAID = """wave title audience simulated setting construct item text kind reverse reading reason reason_code status note
    group school a b verdict label shared category attribute"""
_FIGURE = """alpha alpha_standardized omega item_rest alpha_if_dropped value se df low high u h p p_adjusted
    cliffs_delta hedges_g epsilon_squared share need rank rank_low rank_high below of sd n answers count others"""
_NODES = """items cells difference effect test mean favorable others factors places groups breadth importance need
    settings constructs pairs table attributes"""
_OF_EITHER = _OF_ITEM | _OF_CONSTRUCT | {"favorable": Shape(_SHARE | {"n": Leaf.COUNT})}
_EITHER = Cell(Shape(_FIGURES | _OF_EITHER, (*_NAMED, "n")), _BANDED)
_HEAD = {
    "release": _RELEASE,
    "promise": _PROMISE,
    "instruments": _INSTRUMENTS,
    "options": Rows(_OPTION),
    "warnings": WARNINGS,
    "schools": Rows(Leaf.WORDS),
    "categories": Rows(Leaf.WORDS),
    "outcomes": Each(Shape(_all(Leaf.WORDS, "item", "text", "status"))),
}
_LEAVES = _all(Leaf.DECLARED, *_FIGURE.split()) | _all(Leaf.WORDS, *_SAID.split())
DERIVED = Named(_LEAVES, frozenset(_NODES.split()), _HEAD)
_THEN = "from to comparable text_changed asked_of_changed opens_at closes_at"
TRENDS = Named(
    _LEAVES
    | _all(Leaf.WORDS, *_THEN.split())
    | _all(Leaf.DECLARED, "t", "favorable", "mean", "mean_finite", "eligible"),
    DERIVED.objects | {"waves", "earlier", "later", "change", "detectable"},
    _HEAD,
)
GAPS = Named(_LEAVES, frozenset(_NODES.split()), _HEAD | {"a": _EITHER, "b": _EITHER, "cells": Rows(_EITHER)})
TURNOUT = Shape(_all(Leaf.WORDS, "wave", "status") | {"cells": PARTICIPATION}, ("wave", "cells"))

SHAPES: dict[frozenset[str], Shape | Named] = {
    frozenset({"attribute", "items", "constructs"}): BREAKDOWN,  # GET /v1/waves/{wave}/attributes/{item}/summary
    frozenset({"items", "constructs", "waves"}): TRENDS,  # GET /v1/trends
    frozenset({"items", "constructs", "b"}): GAPS,  # GET /v1/waves/{wave}/gaps
    frozenset({"items", "constructs", "pairs"}): GAPS,
    frozenset({"items", "constructs", "settings"}): DERIVED,  # GET /v1/waves/{wave}/priorities
    frozenset({"items", "constructs", "table"}): DERIVED,  # GET /v1/waves/{wave}/equity
    frozenset({"audience", "items", "constructs"}): SUMMARY,  # a summary, or any slice of one
    frozenset({"audience", "constructs"}): DERIVED,  # GET /v1/waves/{wave}/reliability
    frozenset({"wave", "status", "cells"}): TURNOUT,  # GET /v1/waves/{wave}/participation
    frozenset({"wave", "number", "digest"}): _RELEASE,  # GET /v1/waves/{wave}/releases/{number}
}
"""Members that tell a document -> its shape. A document of no shape here fails the audit: register it first."""
