"""Real documents of random waves, of all readers, are as their schemas say, and say nothing beyond them."""

from __future__ import annotations

import json
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema.exceptions import best_match

from app.analysis.audiences import everyone
from app.analysis.consistency import consistency
from app.analysis.equity import compare
from app.analysis.gaps import gaps, gaps_among
from app.analysis.priorities import prioritize
from app.analysis.slices import narrow
from app.survey.promise import Promise
from tests.analysis.test_trends import between, pairs
from tests.analysis.waves import World, worlds
from tests.conformance import validator

RELEASE = {
    "number": 1,
    "status": "final",
    "released_at": "2022-11-02T10:00:00+00:00",
    "digest": "sha256:0",
    "definitions": "1",
}


def check(name: str, document: dict[str, Any], **more: Any) -> None:
    """Fail where a document, as bytes carry it, is not as the schema of this name says."""
    carried = json.loads(orjson.dumps({**document, **more}))
    error = best_match(validator(name).iter_errors(carried))
    if error is not None:
        pytest.fail(f"{name} at {'/'.join(map(str, error.absolute_path))}: {error.message[:500]}")


def promised(world: World, **audiences: str) -> dict[str, Any]:
    """The director's exact document, its groups promised so that bands are possible where the minimum allows."""
    document = world.summary
    for group in world.groups:
        if group.confidential and group.k >= 10:
            promise = Promise(mode="confidential", minimum=group.k, **audiences)  # type: ignore[arg-type]
            document = document | {"promise": document["promise"] | {group.group: promise.filled()}}
    return document


@given(worlds(3), st.data())
@settings(max_examples=15)
def test_summaries_of_all_readers(world: World, data: st.DataObject) -> None:
    exactly = promised(world, principal="exact", public="banded")
    banded = promised(world, director="banded", principal="banded", public="banded")
    school = data.draw(st.sampled_from(world.schools))
    for documents in (everyone(exactly), everyone(banded)):
        for document in documents.values():
            check("SummaryOut", document, release=RELEASE)
        check("SummaryOut", narrow(documents["principal"], schools={school}), release=RELEASE)


@given(worlds(3))
@settings(max_examples=15)
def test_what_is_computed_on_demand(world: World) -> None:
    facts, sealed = world.facts, world.sealed
    check("ReliabilityOut", consistency(facts, sealed, "director"), release=RELEASE)
    check("EquityOut", compare(facts, sealed, "director"), release=RELEASE)
    check("PrioritiesOut", prioritize(facts, sealed, "director"), release=RELEASE)
    groups = [group.group for group in world.groups]
    if len(groups) > 1:
        for school in (None, world.schools[0]):
            check("GapsOut", gaps(facts, sealed, groups[0], groups[1], school, "director"), release=RELEASE)
            check("GapsAmongOut", gaps_among(facts, sealed, groups, school, "director"), release=RELEASE)
    for attribute in ("plan", "again"):
        if any(attribute in group.codebook.instrument.attributes for group in facts.groups):
            check("BreakdownOut", world.by(attribute), release=RELEASE)


@given(pairs)
@settings(max_examples=15)
def test_trends(two: tuple[World, World]) -> None:
    document = between(*two)
    told = {"opens_at": "2022-10-03T00:00:00-04:00", "closes_at": "2022-10-28T23:59:59-04:00", "release": RELEASE}
    check("TrendsOut", document, waves=[wave | told for wave in document["waves"]])


# ------------------------------------------------------------------ the schemas can be broken
CELL = {"group": "staff", "school": "erving", "status": "protected"}


@pytest.mark.parametrize(
    ("name", "document", "sound"),
    [
        ("ProtectedCell", CELL, True),
        ("ProtectedCell", CELL | {"n": 4}, False),
        ("ProtectedCell", CELL | {"status": "published"}, False),
        ("ProtectedCell", CELL | {"group": "bus_drivers"}, False),
        ("BandedCell", CELL | {"status": "published", "n": 12, "favorable": {"low": 0.1, "high": 0.4}}, True),
        ("BandedCell", CELL | {"status": "published", "n": 12, "favorable": {"low": 0.1, "high": 1.4}}, False),
        ("BandedCell", CELL | {"status": "published", "n": 12, "favorable": {"count": 3, "share": 0.25}}, False),
        ("BandedCell", CELL | {"status": "published", "favorable": {"low": 0.1, "high": 0.4}}, False),
    ],
)
def test_a_schema_tells_cells_apart(name: str, document: dict[str, Any], sound: bool) -> None:
    assert validator(name).is_valid(document) is sound
