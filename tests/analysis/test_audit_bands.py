"""The auditor on bands and on estimates over strata: the policy's and no other, to the last decimal."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.analysis import audiences, audit, audit_bands, bands
from tests.analysis.audited import BANDED, MORE, Published, favorable, published, union
from tests.factories import rating

ROSTER = {"ash": 40, "birch": 30, "cedar": 20, "dogwood": 15, "elm": 12}


@pytest.fixture
def sound() -> Published:
    """Ash 24, Birch 19, a pool of 13 (Cedar 7, Dogwood 6), and all 56; k = 10."""
    return published(union(MORE, 10, roster=ROSTER), **BANDED)


@given(st.integers(10, 400), st.data())
def test_bands_are_cut_as_the_program_cuts_them(n: int, data: st.DataObject) -> None:
    """Two ways of saying the same rule."""
    good = data.draw(st.integers(0, n))
    band = bands.band(good, n)
    assert audit_bands._band(good, n) == tuple(band)
    persons = data.draw(st.integers(10, 400))
    wide = bands.widened(band, persons)
    assert audit_bands._wide(*band, persons) == pytest.approx((wide["low"], wide["high"]), abs=1e-12)


# ------------------------------------------------------------------ bands
@pytest.mark.parametrize("key", ["informed", "communication"])
@pytest.mark.parametrize("audience", ["principal", "public"])
@pytest.mark.parametrize("school", ["ash", "pool", None])
@pytest.mark.parametrize(
    "plant",
    [
        lambda band, n: band.update(low=band["low"] + 1 / n),
        lambda band, n: band.update(high=band["high"] - 1 / n),
        lambda band, n: band.update(low=band["low"] + 1e-4),
        lambda band, n: band.update(high=band["high"] - 1e-6),
        lambda band, n: band.update(low=band["high"]),
        lambda band, n: band.update(low=0.0, high=1.0),
    ],
)  # fmt: skip
def test_other_ends(
    sound: Published, key: str, audience: str, school: str | None, plant: Callable[[dict[str, Any], int], Any]
) -> None:
    """A count less, an extra decimal, one end for both: found on every reader's cells, and a wider one as well."""
    cell = sound.cell(school, key, audience)
    before = copy.deepcopy(cell)
    plant(cell["favorable"], cell["n"])
    assert (sound.rules() == {"band"}) == (cell != before)


def test_the_union_s_band_from_the_exact_total(monkeypatch: pytest.MonkeyPatch) -> None:
    of_parts = audiences._bands

    def from_the_total(cells: Any) -> Any:
        whole = {audiences._place(c): audiences._band(c) for c in cells if c["status"] == "published"}
        return of_parts(cells) | {place: of for place, of in whole.items() if place[1:] == (None, ())}

    monkeypatch.setattr(audiences, "_bands", from_the_total)
    leaks = published(union(rows=favorable(2, 11, of=(12, 20)), items=[rating("informed")], k=10), **BANDED)
    assert leaks.rules() == {"band"}
    assert {f.path.split(":")[0] for f in leaks.check()} == {"principal", "public"}


def test_the_public_s_share_from_the_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audiences, "widened", lambda of, people: {"low": of.low / of.n, "high": of.high / of.n})
    found = published(union(MORE, 10), **BANDED).check()
    assert {(f.rule, f.path.split(":")[0]) for f in found} == {("band", "public")}


def test_the_director_s_bands_too() -> None:
    fine = {"director": "banded", "principal": "banded", "public": "none"}
    found = published(union(MORE, 10), **fine)
    assert found.check() == []
    for audience in ("director", "principal"):
        found.cell("ash", audience=audience)["favorable"]["low"] += 1e-3
    assert {f.path for f in found.check()} == {"director: (family, informed)", "principal: (family, informed)"}


def test_a_band_of_an_item_that_has_no_favorable_answer(sound: Published) -> None:
    mine = sound.entry("plan") | {"cells": copy.deepcopy(sound.entry(audience="principal")["cells"])}
    sound.document("principal")["items"].append(mine)
    assert sound.rules() == {"band"}


def test_after_the_rows_have_gone_bands_are_taken_as_they_are(sound: Published) -> None:
    """There is nothing left to make them of; what was stored was checked when it was made."""
    sound.cell("ash", audience="principal")["favorable"]["low"] += 1e-3
    assert audit.check(sound.documents, audit.Truth.of(sound.facts, None)) == []


# ------------------------------------------------------------------ strata
@pytest.mark.parametrize("key", ["informed", "communication"])
def test_estimates_over_strata(sound: Published, key: str) -> None:
    union_cell = sound.cell(None, key)
    assert union_cell["stratified"]["covered"] == 40 + 30 + 35
    union_cell["stratified"]["mean"]["value"] += 1e-6
    assert sound.rules() == {"strata"}


@pytest.mark.parametrize(
    "plant",
    [
        lambda cell: cell["stratified"].update(covered=cell["stratified"]["covered"] + 12),
        lambda cell: cell["stratified"]["favorable"].update(share=0.5),
        lambda cell: cell.update(kish_design_effect=cell["kish_design_effect"] + 0.01),
        lambda cell: cell.update(stratified=None),
    ],
)
def test_other_strata(sound: Published, plant: Callable[[dict[str, Any]], Any]) -> None:
    plant(sound.cell(None))
    assert sound.rules() == {"strata"}


def test_strata_of_an_item_that_is_shown_for_the_union_only() -> None:
    """Schools that are not shown weigh in: one equation more about them."""
    few, asked = [], {"ash": 6, "birch": 19, "cedar": 7, "dogwood": 6}
    for school, said in union(MORE, 10).groups[0].rows:
        asked[str(school)] -= 1
        few.append((school, said if asked[str(school)] >= 0 else said | {"heard": None}))
    honest = published(union(rows=few, k=10, roster=ROSTER), **BANDED)
    assert honest.check() == []
    cell = honest.cell(None, "heard")
    assert (cell["status"], cell.get("stratified")) == ("published", None)
    cell["stratified"] = copy.deepcopy(honest.cell(None)["stratified"])
    cell["kish_design_effect"] = honest.cell(None)["kish_design_effect"]
    assert honest.rules() == {"strata"}


def test_strata_within_a_school(sound: Published) -> None:
    sound.cell("ash")["stratified"] = copy.deepcopy(sound.cell(None)["stratified"])
    assert sound.rules() == {"strata"}
