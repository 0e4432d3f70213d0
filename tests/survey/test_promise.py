"""The promise: what it may say, and when a later one promises less."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from app.survey.instrument import GROUPS
from app.survey.promise import BANDED_FROM, FLOOR, Promise, default_promise, digest, is_exact, looser, plain_words

ATTRIBUTED = {"mode": "attributed"}


def filled(**more: Any) -> dict[str, Any]:
    return Promise(mode="confidential", **more).filled()


def _allowed() -> list[dict[str, Any]]:
    found = [ATTRIBUTED]
    for minimum, director, principal, public in itertools.product(
        (5, 9, 10, 25, 1000), ("exact", "banded"), ("exact", "banded", "none"), ("banded", "none")
    ):
        try:
            found.append(filled(minimum=minimum, director=director, principal=principal, public=public))
        except ValidationError:
            continue
    return found


ALLOWED = _allowed()
promises = st.sampled_from(ALLOWED)

# ------------------------------------------------------------------ defaults
EXACT_BANDED = {"mode": "confidential", "minimum": 10, "director": "exact", "principal": "banded", "public": "none"}


@pytest.mark.parametrize(
    ("group", "expected"),
    [("family", EXACT_BANDED), ("staff", EXACT_BANDED), ("liaison", ATTRIBUTED), ("school_leader", ATTRIBUTED)],
)
def test_defaults_of_the_groups(group: str, expected: dict[str, Any]) -> None:
    assert group in GROUPS
    assert default_promise(group).filled() == expected


@pytest.mark.parametrize(
    ("given_fields", "principal", "minimum"),
    [
        ({}, "banded", 10),
        ({"minimum": 9}, "none", 9),
        ({"minimum": 10}, "banded", 10),
        ({"minimum": 5, "principal": "exact"}, "exact", 5),
    ],
)
def test_defaults_of_the_fields(given_fields: dict[str, Any], principal: str, minimum: int) -> None:
    full = filled(**given_fields)
    assert full == {**EXACT_BANDED, "minimum": minimum, "principal": principal}


@given(promises)
def test_filling_twice_changes_nothing(full: dict[str, Any]) -> None:
    assert Promise(**full).filled() == full


# ------------------------------------------------------------------ what it may say
@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"mode": "anonymous"},
        {"mode": "confidential", "minimum": FLOOR - 1},
        {"mode": "confidential", "minimum": 0},
        {"mode": "confidential", "minimum": 1001},
        {"mode": "confidential", "minimum": 10.0},
        {"mode": "confidential", "minimum": "10"},
        {"mode": "confidential", "minimum": True},
        {"mode": "confidential", "director": "none"},
        {"mode": "confidential", "public": "exact"},
        {"mode": "confidential", "principal": "all"},
        {"mode": "confidential", "minimum": BANDED_FROM - 1, "principal": "banded"},
        {"mode": "confidential", "minimum": BANDED_FROM - 1, "public": "banded"},
        {"mode": "confidential", "minimum": BANDED_FROM - 1, "director": "banded"},
        {"mode": "confidential", "director": "banded", "principal": "exact"},
        {"mode": "confidential", "k": 10},
        {"mode": "attributed", "minimum": 10},
        {"mode": "attributed", "director": "exact"},
        {"mode": "attributed", "principal": "none"},
        {"mode": "attributed", "public": "none"},
    ],
)
def test_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Promise.model_validate(fields)


@pytest.mark.parametrize(
    "fields",
    [
        {"minimum": FLOOR},
        {"minimum": 1000},
        {"minimum": BANDED_FROM, "principal": "banded", "public": "banded"},
        {"minimum": 9, "principal": "exact", "public": "none"},
        {"director": "banded", "principal": "banded", "public": "banded"},
    ],
)
def test_allowed(fields: dict[str, Any]) -> None:
    assert filled(**fields).items() >= fields.items()


# ------------------------------------------------------------------ stricter and looser
def full(minimum: int, director: str, principal: str, public: str) -> dict[str, Any]:
    return {"mode": "confidential", "minimum": minimum, "director": director, "principal": principal, "public": public}


BASE = full(10, "exact", "banded", "none")


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (BASE, BASE, False),
        (BASE, {**BASE, "minimum": 11}, False),
        (BASE, {**BASE, "minimum": 9}, True),
        (BASE, {**BASE, "director": "banded"}, False),
        (BASE, {**BASE, "principal": "none"}, False),
        (BASE, {**BASE, "principal": "exact"}, True),
        (BASE, {**BASE, "public": "banded"}, True),
        (BASE, {**BASE, "minimum": 500, "public": "banded"}, True),  # stricter in one respect does not buy another
        (BASE, {**BASE, "minimum": 9, "principal": "none"}, True),
        ({**BASE, "director": "banded"}, BASE, True),
        (BASE, ATTRIBUTED, True),
        (ATTRIBUTED, BASE, False),
        (ATTRIBUTED, full(5, "exact", "exact", "none"), False),
        (ATTRIBUTED, ATTRIBUTED, False),
    ],
)
def test_looser(before: dict[str, Any], after: dict[str, Any], expected: bool) -> None:
    assert looser(before, after) is expected


def test_the_promises_below_are_many() -> None:
    assert len(ALLOWED) > 20
    assert len({digest(p) for p in ALLOWED}) == len(ALLOWED)


def test_keeping_a_promise_is_a_partial_order() -> None:
    """Reflexive, antisymmetric, transitive: no chain of allowed changes loosens anything."""
    kept = [[not looser(before, after) for after in ALLOWED] for before in ALLOWED]
    every = range(len(ALLOWED))
    assert all(kept[a][a] for a in every)
    assert not [(a, b) for a in every for b in every if a != b and kept[a][b] and kept[b][a]]
    assert not [(a, b, c) for a in every for b in every if kept[a][b] for c in every if kept[b][c] and not kept[a][c]]


# ------------------------------------------------------------------ its name and its words
@given(promises, promises)
def test_the_digest_names_the_promise(a: dict[str, Any], b: dict[str, Any]) -> None:
    assert len(digest(a)) == 32
    assert set(digest(a)) <= set("0123456789abcdef")
    assert digest(dict(reversed(a.items()))) == digest(a)
    assert (digest(a) == digest(b)) == (a == b)


@given(promises)
def test_the_words_say_the_minimum_in_both_languages(a: dict[str, Any]) -> None:
    words = plain_words(a)
    assert set(words) == {"en", "es"}
    if a["mode"] == "confidential":
        assert f"at least {a['minimum']} people" in words["en"]
        assert f"al menos {a['minimum']} personas" in words["es"]


def test_the_words_differ_with_the_promise() -> None:
    for locale in ("en", "es"):
        by_words: dict[str, Any] = {}
        for promise in ALLOWED:
            assert by_words.setdefault(plain_words(promise)[locale], promise) == promise, "two promises sound the same"


ONCE = {
    "open": {"en": "answers many times", "es": "conteste muchas veces"},
    "code": {
        "en": "Each code can be used once, and nobody keeps which code gave which answers.",
        "es": "Cada código se puede usar una sola vez, y nadie guarda qué código dio qué respuestas.",
    },
}


@given(promises)
def test_the_words_say_what_a_code_is_for_and_what_is_so_without(a: dict[str, Any]) -> None:
    assert plain_words(a) == plain_words(a, "open")
    for locale in ("en", "es"):
        with_codes, without = plain_words(a, "code")[locale], plain_words(a, "open")[locale]
        assert ONCE["code"][locale] in with_codes
        assert ONCE["open"][locale] not in with_codes
        assert (ONCE["open"][locale] in without) == (a["mode"] == "confidential")
        assert ONCE["code"][locale] not in without


def test_an_attributed_group_is_told_who_sees_what() -> None:
    words = plain_words(ATTRIBUTED)
    assert "your role and your school" in words["en"]
    assert "su función y su escuela" in words["es"]
    assert "confidential" not in words["en"]
    assert "confidencial" not in words["es"]


# ------------------------------------------------------------------ who gets exact figures
@pytest.mark.parametrize(
    ("promised", "exact_for"),
    [
        (ATTRIBUTED, {"director"}),
        (EXACT_BANDED, {"director"}),
        (filled(minimum=5), {"director"}),
        (filled(minimum=5, principal="exact"), {"director", "principal"}),
        (filled(principal="exact", public="banded"), {"director", "principal"}),
        (filled(director="banded", principal="banded"), set()),
    ],
)
def test_who_gets_exact_figures(promised: dict[str, Any], exact_for: set[str]) -> None:
    assert {audience for audience in ("director", "principal", "public") if is_exact(promised, audience)} == exact_for
