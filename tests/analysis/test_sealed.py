"""The seal: bytes and back, and nothing in it of what is withheld."""

from __future__ import annotations

import base64
import zlib
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given, settings

from app.analysis.layout import Layout
from app.analysis.sealed import Level, Sealed
from app.analysis.summarize import summarize
from tests.analysis.oracle import Group
from tests.analysis.waves import SCHOOLS, World, agreeing, canonical, one_item, worlds
from tests.factories import AGREE, definition, en, options, rating


@settings(max_examples=30)
@given(worlds())
def test_the_same_summary_from_the_bytes(world: World) -> None:
    data = world.sealed.dump()
    loaded = Sealed.load(data)
    assert canonical(summarize(world.facts, loaded)) == canonical(world.summary)
    assert loaded.dump() == data


def test_another_format_is_refused() -> None:
    document = orjson.loads(zlib.decompress(one_item([]).sealed.dump()))
    for other in (0, 3, 99):
        with pytest.raises(ValueError, match=f"format {other}"):
            Sealed.load(zlib.compress(orjson.dumps(document | {"format": other})))


# What version 0.1.0 stored of fourteen people before there were breakdowns.
FORMAT_1 = (
    "c$}3}+iJrw4E+~Bn-S;MHcxxnPn0s;#Ayt692{q3l>YmUa$DCtl%mqe(y=6Tj<2kC-parV!P&*Tq3c<3ys}amGkMDBi#{90ia6q|FB|6!E12"
    "vXwj2R$2V-vh9xbvv^jZ7z2|l^QQ}z*j;;eLSAN)`T#4w_>c4&1egLW;ZyAfb$DS6!Ucr*b^U@=c&doB{b<LD&B_=7E|eEu%6c)XW$5#cY1_"
    "<=m}2cmjY<(Ox%6oq#bjuYyVXB_K_rwi$XJ1ql#mW?)*SD3n%rdQa!9QPirBhaO3ti_w{uz@^*$FG1__cW^k+||-*^8@nqxP7bIutwhn#e=d"
    "VBaM>20uux!S*hvJ89DP~mFx$v0M5X+)vdOJ#R0ynpaEjI))hKvX&6!7Ngs5nyP4#T9ydd_N>$VsIWGfH(OU{v^&P}Ro%atS-m3QXn)ycRTW"
    "!By6=M4LB4{7$n>fxdaB4>x?9!kPDuN|wD(FDH*@rX+z;F4b#`ZYfegO@0CMo"
)


def test_a_release_of_format_1_is_read_and_has_no_breakdowns() -> None:
    plan = {"key": "plan", "kind": "single", "options": options("yes", "no"), "text": en("Plan?"), "attribute": True}
    rows: list[Any] = [
        (s, {"informed": AGREE[i % 5], "heard": AGREE[i % 3], "plan": "yes" if i % 2 else "no"})
        for s, n in (("ash", 8), ("birch", 6))
        for i in range(n)
    ]
    raw = definition(items=[rating("informed"), rating("heard"), plan])
    world = World(SCHOOLS[:2], [Group("family", raw, True, 5, {"ash": 20, "birch": 15}, rows=rows)])
    loaded = Sealed.load(base64.b85decode(FORMAT_1))
    assert canonical(summarize(world.facts, loaded)) == canonical(world.summary)
    assert (loaded.groups[0].breakdowns, len(world.sealed.groups[0].breakdowns)) == ((), 1)
    by = world.by("plan", sealed=loaded)
    assert {c["status"] for e in (*by["items"], *by["constructs"]) for c in e["cells"]} == {"protected"}
    assert orjson.loads(zlib.decompress(loaded.dump()))["format"] == 2


@settings(max_examples=40)
@given(worlds())
def test_what_is_withheld_is_zero(world: World) -> None:
    groups = list(zip(world.sealed.groups, world.facts.groups, strict=True))
    for group, facts in [*groups, *((by, f) for g, f in groups for by in g.breakdowns)]:
        layout, counts = Layout(facts.codebook), group.counts.toarray()
        apart = np.array([cell.needs == Level.SCHOOLS for cell in group.cells], dtype=bool)
        blocks: list[tuple[Level, slice]] = [(group.items[h.column.item], h.at) for h in layout.histograms]
        for key, construct in layout.constructs.items():
            blocks += [(group.constructs[key], construct.complete), (group.constructs[key], construct.persons)]
        assert layout.outcome is not None
        for key, pair in layout.pairs.items():
            blocks.append((min(group.items[key], group.items[layout.outcome.column.item]), pair.at))
        for level, at in blocks:
            assert level == Level.SCHOOLS or not counts[apart, at].any()
            assert level >= Level.UNION or not counts[:, at].any()
        if group.confidential:
            for at in [c.complete for c in layout.constructs.values()] + [p.at for p in layout.pairs.values()]:
                few = counts[:, at.start] < group.minimum
                assert not counts[few, at].any()


def sealed_of(rows: list[Any], items: list[dict[str, Any]], schools: tuple[str, ...] = SCHOOLS[:3]) -> bytes:
    return World(schools, [Group("family", definition(items=items), True, 5, {}, rows=rows)]).sealed.dump()


def test_who_of_a_pool_answered_what_is_gone() -> None:
    """Two pooled schools exchange people: not a byte of the release knows."""
    rows = [("ash", {"informed": "agree"})] * 4 + [("birch", {"informed": "disagree"})] * 4 + agreeing(cedar=8)
    swapped = [({"ash": "birch", "birch": "ash"}.get(school, school), given) for school, given in rows]
    assert sealed_of(rows, [rating("informed")]) == sealed_of(swapped, [rating("informed")])


def test_answers_to_a_withheld_item_are_gone() -> None:
    """An item with four answers in all is shown nowhere, whatever they are."""
    items = [rating("informed"), {"key": "again", "kind": "boolean", "text": en("Again?")}]
    people: list[Any] = agreeing(ash=8, birch=8, cedar=8)

    def with_answers(*values: bool) -> bytes:
        answering = [(s, {**a, "again": v}) for (s, a), v in zip(people, values, strict=False)]
        return sealed_of(answering + people[len(values) :], items)

    assert with_answers(True, True, True, True) == with_answers(False, True, False, False) == with_answers()


def test_where_a_union_wide_item_was_answered_is_gone() -> None:
    """Nine in all answer, four of them in one school: the schools exchange their answers, the union stays."""
    items = [{"key": "again", "kind": "boolean", "text": en("Again?")}]
    ash = [("ash", {"again": i % 2 == 0} if i < 4 else {}) for i in range(8)]
    birch = [("birch", {"again": True} if i < 5 else {}) for i in range(8)]
    other = [("birch" if s == "ash" else "ash", a) for s, a in ash + birch]
    assert sealed_of([*ash, *birch], items, SCHOOLS[:2]) == sealed_of(other, items, SCHOOLS[:2])


def test_how_the_categories_of_a_withheld_breakdown_answered_is_gone() -> None:
    """Two people of a school exchange what they answered to the attribute: who answers how by category has changed."""
    plan = {"key": "plan", "kind": "single", "options": options("yes", "no"), "text": en("Plan?"), "attribute": True}

    def sealed_with(crosswise: int, *pair: str) -> bytes:
        two = [("ash", {"informed": a, "plan": p}) for a, p in zip(("agree", "disagree"), pair, strict=True)]
        rest = [(s, {"informed": "agree", "plan": p}) for s, p in (("ash", "yes"), ("birch", "no")) for _ in range(20)]
        other = [(s, {"informed": "agree", "plan": p}) for s, p in (("ash", "no"), ("birch", "yes"))] * crosswise
        return sealed_of([*two, *rest, *other], [rating("informed"), plan], SCHOOLS[:2])

    assert sealed_with(1, "yes", "no") == sealed_with(1, "no", "yes")  # three have not the category of their school
    assert sealed_with(5, "yes", "no") != sealed_with(5, "no", "yes")


def test_a_summary_needs_the_instrument_it_was_sealed_with() -> None:
    world = one_item(agreeing(ash=6))
    other = World(world.schools, [Group("family", definition(), True, 5, {})])
    other.facts.groups[0].__dict__["instrument"] = "family@2"
    with pytest.raises(ValueError, match="sealed with family@1"):
        summarize(other.facts, world.sealed)
