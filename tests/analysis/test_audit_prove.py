"""The auditor's `prove`: what readers can work out who know linear programming, and what they cannot."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.analysis import audiences, audit, audit_linear, disclosure
from app.analysis.bands import Band
from app.analysis.pattern import Pattern
from app.analysis.sealed import Level
from tests.analysis.audited import BANDED, FINENESS, MORE, PLAN, Published, favorable, published, union
from tests.analysis.oracle import Row
from tests.analysis.waves import World, worlds
from tests.factories import AGREE, rating

ONE = [rating("informed")]
TWO = [rating("informed"), rating("heard")]


@settings(max_examples=25)
@given(worlds(most=1), st.sampled_from(FINENESS))
def test_nothing_follows_from_what_the_program_publishes(world: World, fine: dict[str, str]) -> None:
    report = published(world, **fine).prove()
    assert [str(finding) for finding in report.findings] == []
    assert not any("too many" in line for line in report.lines)


def test_what_is_proved_is_said() -> None:
    lines = published(union(MORE, 10), **BANDED).prove().lines
    assert lines == [
        "family, exact figures: 4 measures in 16 cells; the truth lies within all that is published (P3)",
        "family, exact figures: of 15 sets of schools, none with 1 to 9 people has a count that follows (P1), unless "
        "nobody or everybody in a published cell gave that answer",
        "family, exact figures: not proved: what a construct's mean and alpha tell, beside its items, of who left one "
        "out",
        "family, bands: 3 measures in 12 cells; the truth lies within all that is published (P3)",
        "family, bands: of 15 sets of schools, none with 1 to 9 people has a count that follows (P1)",
        "family, bands: every band leaves 3 counts or more open, nobody is proved to answer as all others (P2)",
    ]


def test_what_cannot_be_proved_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    found = published(union(), **{})
    assert audit.prove(found.documents, audit.Truth.of(found.facts, None)).lines == [
        "family: the responses are gone, nothing is proved without them"
    ]
    assert published(union(confidential=False, k=1)).prove().lines == [
        "family: attributed, nothing is hidden from the director"
    ]
    monkeypatch.setattr(audit_linear, "LARGEST", 3)
    report = found.prove()
    assert (report.findings, len(report.lines)) == ([], 1)
    assert "too many schools for the proof" in report.lines[0]


def test_what_is_not_known_is_not_proved() -> None:
    found = published(union())
    found.cell("ash")["median"] = 4
    assert found.proved() == {"unknown"}
    assert found.prove().lines == []


# ------------------------------------------------------------------ P1: counts that follow
def everywhere(monkeypatch: pytest.MonkeyPatch, *items: str) -> None:
    """Show these items by school, whatever the rules say; without any all items and constructs."""
    levels = disclosure._levels

    def shown(*of: Any) -> Any:
        found, constructs = levels(*of)
        constructs = constructs if items else dict.fromkeys(constructs, Level.SCHOOLS)
        return {**found, **dict.fromkeys(items or found, Level.SCHOOLS)}, constructs

    monkeypatch.setattr(disclosure, "_levels", shown)


def test_a_school_that_follows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cedar is not published, but all others are: each of its four people's answers is what is left."""
    monkeypatch.setattr(disclosure, "pattern", lambda *_: Pattern(("ash", "birch"), (), union=True))
    everywhere(monkeypatch)
    rows: list[Row] = [
        *union({"ash": 13, "birch": 12, "cedar": 3}, items=ONE).groups[0].rows,
        ("ash", {}),
        ("cedar", {}),
    ]
    found = published(union(rows=rows, items=ONE)).prove().findings
    assert {(f.rule, f.schools, f.base) for f in found} == {("P1", ("cedar",), 4)}
    assert {"the count of `agree` follows: 0", "the count of `missing` follows: 1"} <= {f.detail for f in found}


def gated(said: dict[str, tuple[str | None, ...]]) -> World:
    """`helped` is asked of all but those who say that they have no plan; so many of a school say so."""
    helped = {"show_if": {"not": {"item": "plan", "in": ["no"]}}}
    items = [{**PLAN, "attribute": False}, {**rating("helped"), **helped}, rating("informed")]
    rows: list[Row] = []
    for school, plans in said.items():
        for i, plan in enumerate(plans):
            answers: dict[str, Any] = {"informed": ("agree", "disagree")[i % 2]}
            answers |= {} if plan is None else {"plan": plan}
            answers |= {} if plan == "no" else {"helped": ("agree", "disagree", "neutral")[i % 3]}
            rows.append((school, answers))
    return union(rows=rows, items=items)


def test_who_was_not_asked_says_what_they_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three of Ash tell whether they have a plan, so this is shown for the union only. The next item is for all but
    those who have none: enough people answer it everywhere, and how many were not asked it is how many of three said
    no. No base of few people stands anywhere, so that only the linear program sees it."""
    world = gated({"ash": ("no", "yes", "yes", *[None] * 11), "birch": ("yes",) * 7 + ("no",) * 5})
    honest = published(world)
    assert (honest.check(), honest.proved()) == ([], set())
    assert honest.cell("ash", "helped")["status"] == "protected"
    everywhere(monkeypatch, "helped")
    leaks = published(world)
    assert leaks.check() == []
    found = leaks.prove().findings
    assert {(f.rule, f.schools, f.path) for f in found} >= {("P1", ("ash",), "family, plan")}
    assert "the count of `no` follows: 1" in {f.detail for f in found}


def test_a_hidden_item_follows_from_its_construct(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody shows `heard` by school, for in Birch three answered it; the construct's figures are shown, and true."""
    rows: list[Row] = [("ash", {"informed": AGREE[i % 3], "heard": AGREE[i % 5]}) for i in range(14)]
    rows += [("birch", {"informed": AGREE[i % 4]} | ({"heard": "strongly_agree"} if i < 3 else {})) for i in range(12)]
    everywhere(monkeypatch)
    leaks = published(union(rows=rows, items=TWO))
    cells = leaks.entry("heard")["cells"]
    cells[:] = [{"group": "family", "school": c["school"], "status": "protected"} if c["school"] else c for c in cells]
    found = leaks.prove().findings
    assert {f.rule for f in found} == {"P1"}
    assert ("family, heard", ("birch",)) in {(f.path, f.schools) for f in found}


def test_exact_figures_may_show_that_all_say_the_same() -> None:
    """All of the pool agree, so each of its schools does: that is what `exact` means."""
    assert published(union(rows=favorable(9, 8, 4, 3, of=(14, 12, 4, 3)), items=ONE)).proved() == set()


# ------------------------------------------------------------------ P2: bands that can be narrowed
def banded(*agree: int, of: tuple[int, ...], items: list[dict[str, Any]] = ONE, rows: Any = None) -> Published:
    rows = rows or favorable(*agree, of=of)
    return published(union(rows=rows, items=items, k=10), **BANDED)


NARROWED = (2, 11), (12, 20)
"""Ash has 2 of 12 (0 to 2), Birch 11 of 20 (9 to 11), together 13, which by itself would be 12 to 14."""


def test_the_union_s_band_from_the_exact_total_narrows_its_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = banded(*NARROWED[0], of=NARROWED[1])
    assert honest.cell(None, audience="principal")["favorable"] == {"low": 9 / 32, "high": 13 / 32}
    assert honest.proved() == set()
    bands = audiences._bands

    def from_the_total(cells: Any) -> Any:
        whole = {audiences._place(c): audiences._band(c) for c in cells if c["status"] == "published"}
        return bands(cells) | {place: of for place, of in whole.items() if place[1:] == (None, ())}

    monkeypatch.setattr(audiences, "_bands", from_the_total)
    leaks = banded(*NARROWED[0], of=NARROWED[1])
    assert leaks.cell(None, audience="principal")["favorable"] == {"low": 12 / 32, "high": 14 / 32}
    found = leaks.prove().findings
    assert {f.rule for f in found} == {"P2"}
    assert {(f.schools, f.detail) for f in found} >= {
        (("ash",), "the band can be narrowed to 1 to 2 of 12"),
        (("birch",), "the band can be narrowed to 10 to 11 of 20"),
    }


def test_a_construct_s_band_from_the_exact_total_narrows_its_items(monkeypatch: pytest.MonkeyPatch) -> None:
    """2 of 12 agree to one item and 5 of 12 to the other: 7 of 24 would be 6 to 8."""
    rows = [("ash", {"informed": "agree" if i < 2 else "disagree", "heard": "agree" if i < 5 else "disagree"})
            for i in range(12)]  # fmt: skip
    honest = banded(of=(12,), items=TWO, rows=list(rows))
    assert honest.proved() == set()
    (cell,) = [honest.cell(s, "communication", "principal") for s in ("ash",)]
    assert cell["favorable"] == {"low": 3 / 24, "high": 7 / 24}
    for part in honest.documents:
        if part["audience"] == "principal":
            for cell in part["constructs"][0]["cells"]:
                if cell["status"] == "published":
                    cell["favorable"] = {"low": 6 / 24, "high": 8 / 24}
    assert "P2" in honest.proved()


@pytest.mark.parametrize(
    ("agree", "of", "detail"),
    [
        (12, Band(11, 12, 12), "the band can be narrowed to 11 to 12 of 12"),
        (12, Band(11, 12, 12), "all, or all but one, are proved to answer favorable"),
        (0, Band(0, 1, 12), "all, or all but one, are proved to answer unfavorable"),
        (7, Band(7, 7, 12), "the band can be narrowed to 7 to 7 of 12"),
        (7, Band(6, 7, 12), "the band can be narrowed to 6 to 7 of 12"),
    ],
)
def test_bands_that_are_too_narrow(monkeypatch: pytest.MonkeyPatch, agree: int, of: Band, detail: str) -> None:
    monkeypatch.setattr(audiences, "band", lambda *_: of)
    found = banded(agree, of=(12,)).prove().findings
    assert {f.rule for f in found} == {"P2"}
    assert detail in {f.detail for f in found}


def test_the_public_s_share_from_the_count_narrows_the_band() -> None:
    """Rounded to 5 %, 11 of 20 would be 0.55 exactly: the principals' band is 9 to 11."""
    found = banded(11, of=(20,))
    shown = found.cell("ash", audience="public")["favorable"]
    assert (shown["low"], shown["high"]) == (0.45, 0.6)
    shown |= {"low": 0.55, "high": 0.6}
    assert "P2" in found.proved()


def test_readers_who_talk_to_each_other() -> None:
    """The bands of two readers overlap in one count."""
    found = banded(11, of=(20,))
    found.cell("ash", audience="public")["favorable"] = {"low": 0.55, "high": 0.75}
    assert {f.detail for f in found.prove().findings} >= {"the band can be narrowed to 11 to 11 of 20"}


def test_a_share_between_two_counts() -> None:
    """More than 9.8 of 21 are at least ten."""
    found = banded(11, of=(21,))
    found.cell("ash", audience="public")["favorable"] = {"low": 0.47, "high": 0.75}
    assert {f.detail for f in found.prove().findings} >= {"the band can be narrowed to 10 to 11 of 21"}


# ------------------------------------------------------------------ P3: what is not true
@pytest.mark.parametrize(
    "plant",
    [
        lambda cell: cell["counts"].update(agree=cell["counts"]["agree"] + 1),
        lambda cell: cell["mean"].update(value=cell["mean"]["value"] + 1 / 14),
        lambda cell: cell["mean"].update(value=cell["mean"]["value"] + 0.001),
        lambda cell: cell["favorable"].update(count=cell["favorable"]["count"] - 1),
        lambda cell: cell["favorable"].update(share=cell["favorable"]["share"] + 1e-4),
        lambda cell: cell.update(missing=1),
        lambda cell: cell.update(n=15),
        lambda cell: cell["counts"].update(agree=40),
    ],
)
def test_figures_that_are_not_true(plant: Callable[[dict[str, Any]], Any]) -> None:
    found = published(union(items=ONE))
    assert found.proved() == set()
    plant(found.cell("ash"))
    assert "P3" in found.proved()


@pytest.mark.parametrize(
    ("figure", "name"),
    [
        ("n", ""),
        ("mean", "value"),
        ("reliability", "n"),
        ("favorable", "count"),
        ("favorable", "n"),
        ("favorable", "share"),
    ],
)
def test_figures_of_a_construct_that_are_not_true(figure: str, name: str) -> None:
    found = published(union(items=TWO))
    cell = found.cell("ash", "communication")
    if figure == "n":
        cell["n"] -= 1
    else:
        cell[figure][name] += 1
    assert "P3" in found.proved()


def test_a_band_beside_the_truth() -> None:
    found = banded(11, of=(20,))
    found.cell("ash", audience="principal")["favorable"] = {"low": 12 / 20, "high": 14 / 20}
    assert "P3" in found.proved()


def test_bands_that_no_answers_have() -> None:
    found = banded(*NARROWED[0], of=NARROWED[1])
    found.cell(None, audience="principal")["favorable"] = {"low": 20 / 32, "high": 22 / 32}
    assert {f.detail for f in found.prove().findings} >= {"no answers at all agree with what is published"}
