"""Waves for the tests of the analysis: raw groups for the oracle, and the same as facts and tallies for the program."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import orjson
from hypothesis import strategies as st

from app.analysis.breakdown import break_down
from app.analysis.crossing import Crossed, cross
from app.analysis.disclosure import seal
from app.analysis.facts import GroupFacts, WaveFacts
from app.analysis.sealed import Sealed
from app.analysis.summarize import summarize
from app.analysis.tally import Tally, tally
from app.survey.codebook import Codebook
from app.survey.instrument import parse
from tests.analysis.breakdown_oracle import document_by, is_attribute
from tests.analysis.oracle import Group, Row, document, is_shown
from tests.factories import definition, en, options, rating

GROUPS = ("family", "staff", "liaison", "school_leader")
SCHOOLS = ("ash", "birch", "cedar", "dogwood", "elm", "fir")


@dataclass(repr=False)
class World:
    """A wave as the oracle sees it."""

    schools: tuple[str, ...]
    groups: list[Group]

    def __repr__(self) -> str:
        told = [(g.group, g.confidential, g.k, g.roster, Counter(school for school, _ in g.rows)) for g in self.groups]
        return f"World({self.schools}, {told})"

    @cached_property
    def facts(self) -> WaveFacts:
        return WaveFacts("fall", "Fall", True, self.schools, tuple(facts_of(group) for group in self.groups))

    @cached_property
    def tallies(self) -> dict[str, Tally]:
        both = zip(self.facts.groups, self.groups, strict=True)
        return {facts.group: tally_rows(facts.codebook, self.schools, group.rows) for facts, group in both}

    @cached_property
    def crossed(self) -> dict[str, Crossed]:
        both = zip(self.facts.groups, self.groups, strict=True)
        return {facts.group: cross_rows(facts.codebook, self.schools, group.rows) for facts, group in both}

    @cached_property
    def sealed(self) -> Sealed:
        return seal(self.facts, self.tallies, self.crossed)

    @cached_property
    def summary(self) -> dict[str, Any]:
        return summarize(self.facts, self.sealed)

    @cached_property
    def expected(self) -> dict[str, Any]:
        return document("fall", "Fall", True, self.schools, self.groups)

    def by(self, attribute: str, audience: str = "director", sealed: Sealed | None = None) -> dict[str, Any]:
        """The document of an attribute, all groups that have it."""
        sealed = sealed or self.sealed
        groups = [group.group for group in self.groups if is_attribute(group, attribute)]
        return break_down(self.facts.only(groups), sealed.only(groups), attribute, audience)

    def expected_by(self, attribute: str) -> dict[str, Any]:
        return document_by(attribute, "fall", "Fall", True, self.schools, self.groups)


def facts_of(group: Group) -> GroupFacts:
    mode = "confidential" if group.confidential else "attributed"
    codebook = Codebook(parse(group.definition))
    return GroupFacts(group.group, f"{group.group}@1", codebook, mode, group.k, group.roster, group.children)


def tally_rows(codebook: Codebook, schools: tuple[str, ...], rows: list[Row]) -> Tally:
    return tally(codebook, (*schools, None), index_of(schools, rows), records_of(codebook, rows))


def cross_rows(codebook: Codebook, schools: tuple[str, ...], rows: list[Row]) -> Crossed:
    return cross(codebook, (*schools, None), index_of(schools, rows), records_of(codebook, rows))


def index_of(schools: tuple[str, ...], rows: list[Row]) -> np.ndarray:
    return np.array([(*schools, None).index(school) for school, _ in rows], dtype=np.int64)


def records_of(codebook: Codebook, rows: list[Row]) -> np.ndarray:
    records = "".join(codebook.encode(answers).record for _, answers in rows)
    return np.frombuffer(records.encode(), dtype=np.uint8).reshape(len(rows), codebook.width)


def canonical(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def cell_of(entry: dict[str, Any], school: str | None, group: str = "family", pool: bool = False) -> dict[str, Any]:
    found = (c for c in entry["cells"] if (c["group"], c["school"], "schools" in c) == (group, school, pool))
    return next(found)


def one_item(rows: list[Row], schools: tuple[str, ...] = SCHOOLS[:2], k: int = 5, **more: Any) -> World:
    """A wave of one group and one five-point item `informed` in the construct `communication`."""
    more = {"confidential": True, "roster": {}} | more
    return World(schools, [Group("family", definition(items=[rating("informed")]), k=k, rows=rows, **more)])


def agreeing(**people: int) -> list[Row]:
    """So many people of each school who agree; `nowhere` for people without a school."""
    return [(None if s == "nowhere" else s, {"informed": "agree"}) for s, n in people.items() for _ in range(n)]


# ------------------------------------------------------------------ strategies
def scale(points: int, lowest: int, favorable: int, outside: int) -> dict[str, Any]:
    scored: list[dict[str, Any]] = [
        {"value": f"v{i}", "label": en(f"V{i}"), "score": lowest + i, "favorable": i >= points - favorable}
        for i in range(points)
    ]
    apart = [{"value": f"na{i}", "label": en(f"NA {i}"), "not_applicable": True} for i in range(outside)]
    return {"options": apart[:1] + scored + apart[1:]}


@st.composite
def definitions(draw: st.DrawFn, group: str) -> dict[str, Any]:
    """An instrument with up to two constructs and one item of every closed kind, with and without skip logic.

    Two of its items may be attributes: `plan`, of which a value is not applicable, and `again`.
    """
    scales = {
        "a": scale(draw(st.sampled_from([2, 5, 11])), draw(st.sampled_from([1, 0, -5])), 2, draw(st.integers(0, 2))),
        "b": scale(draw(st.sampled_from([2, 5, 11])), 1, draw(st.integers(0, 1)), 1),
    }
    skipping: dict[str, Any] = {"show_if": {"item": "plan", "in": ["yes"]}}
    plan: dict[str, Any] = {"key": "plan", "kind": "single", "options": options("yes", "no"), "text": en("Plan?")}
    plan["options"].append({"value": "unsure", "label": en("Unsure"), "not_applicable": True})
    plan["attribute"] = draw(st.booleans())
    items = [plan]
    for construct, of, most in (("first", "a", 5), ("second", "b", 3)):
        for i in range(draw(st.integers(1, most))):
            turned = {"reverse": True} if draw(st.booleans()) else {}
            skip = skipping if draw(st.integers(0, 9)) == 0 else {}
            items.append({**rating(f"{construct}{i}", scale=of, construct=construct), **turned, **skip})
    items += [
        {
            "key": "overall",
            "kind": "rating",
            "scale": draw(st.sampled_from("ab")),
            "text": en("Overall"),
            "outcome": True,
        },
        {"key": "which", "kind": "multiple", "options": options("x", "y", "z"), "text": en("Which?")} | skipping,
        {"key": "again", "kind": "boolean", "text": en("Again?"), "attribute": draw(st.booleans())},
        {"key": "times", "kind": "integer", "minimum": -2, "maximum": draw(st.integers(0, 5)), "text": en("Times")},
        {"key": "words", "kind": "text", "text": en("Words")},
    ]
    constructs = [{"key": "first", "title": en("First"), "setting": "school"}, {"key": "second", "title": en("Second")}]
    return definition(group, items, scales=scales, constructs=constructs)


def answer(item: dict[str, Any], scales: dict[str, Any], luck: random.Random) -> Any:
    if item["kind"] == "rating":
        values = [o["value"] for o in scales[item["scale"]]["options"]]
        return values[min(len(values) - 1, max(0, round(luck.gauss(luck.tilt, len(values) / 6))))]  # type: ignore[attr-defined]
    if item["kind"] == "single":
        return luck.choice(item["options"])["value"]
    if item["kind"] == "multiple":
        return [o["value"] for o in item["options"] if luck.random() < 0.4]
    if item["kind"] == "integer":
        return luck.randint(item["minimum"], item["maximum"])
    return luck.random() < 0.5 if item["kind"] == "boolean" else "words"


def answers(
    definition: dict[str, Any], luck: random.Random, silent: float, usual: dict[str, Any] | None = None
) -> dict[str, Any]:
    """One person's answers, consistent with the skip logic; answers of one person are alike.

    Nearly all who answer an item of `usual` give that answer, where there is one.
    """
    luck.tilt = luck.uniform(1, 5)  # type: ignore[attr-defined]
    given: dict[str, Any] = {}
    for item in definition["sections"][0]["items"]:
        if is_shown(item, given) and luck.random() >= silent:
            own = answer(item, definition["scales"], luck)
            given[item["key"]] = (usual or {}).get(item["key"], own) if luck.random() < 0.93 else own
    return given


@st.composite
def groups(draw: st.DrawFn, group: str, schools: tuple[str, ...], raw: dict[str, Any] | None = None) -> Group:
    """A group with people in schools; `raw` is its instrument, any when None."""
    confidential = draw(st.booleans())
    raw = raw or draw(definitions(group))
    few, many = st.integers(0, 12), st.integers(0, 40)
    base: dict[str | None, int] = {school: draw(few | many) for school in schools}
    base[None] = draw(st.just(0) | few)
    luck, silent = random.Random(draw(st.integers(0, 2**32))), draw(st.sampled_from([0, 0.05, 0.3, 1]))
    # Where schools have their usual answers, attributes nearly sort people as schools do: what subtraction is made of.
    usual = {s: {"plan": ("yes", "no", "unsure")[i % 3], "again": i % 2 == 0} for i, s in enumerate(base)}
    usual = usual if draw(st.booleans()) else {}
    rows: list[Row] = [(s, answers(raw, luck, silent, usual.get(s))) for s, n in base.items() for _ in range(n)]
    luck.shuffle(rows)
    style = draw(st.sampled_from(["none", "full", "census", "partial", "loose"]))
    slack = {"census": st.just(0), "loose": st.integers(-4, 8)}.get(style, st.integers(0, 30))
    roster = {
        school: max(0, n + draw(slack))
        for school, n in base.items()
        if style != "none" and (style != "partial" or draw(st.booleans())) and (school is not None or n)
    }
    k = draw(st.sampled_from([5, 7, 10, 12])) if confidential else 1
    return Group(group, raw, confidential, k, roster, draw(st.integers(0, 9)) == 0, rows)


@st.composite
def worlds(draw: st.DrawFn, most: int = 2) -> World:
    schools = SCHOOLS[: draw(st.integers(1, 6))]
    named = GROUPS[: draw(st.integers(1, most))]
    return World(schools, [draw(groups(group, schools)) for group in named])
