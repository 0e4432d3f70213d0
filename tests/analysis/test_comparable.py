"""Which items and constructs two versions may be compared by."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from app.analysis.comparable import REASONS, Comparison, compare_constructs, compare_items, higher_is_favorable
from app.survey.codebook import Codebook
from app.survey.instrument import parse
from tests.factories import definition, en, options, rating

Raw = dict[str, Any]
ITEMS = [
    {"key": "plan", "kind": "single", "options": options("yes", "no"), "text": en("Plan?")},
    rating("informed"),
    rating("ignored", reverse=True),
    {"key": "times", "kind": "integer", "minimum": 0, "maximum": 9, "text": en("Times")},
]


def raw() -> Raw:
    return copy.deepcopy(definition(items=ITEMS))


def book(of: Raw) -> Codebook:
    return Codebook(parse(of))


def items_of(of: Raw) -> list[Raw]:
    found: list[Raw] = of["sections"][0]["items"]
    return found


def scale_of(of: Raw) -> list[Raw]:
    found: list[Raw] = of["scales"]["agree5"]["options"]
    return found


def changed(change: Callable[[Raw], Any], key: str = "informed") -> Comparison:
    later = raw()
    change(later)
    return compare_items(book(raw()), book(later), key)


def test_the_same_version_is_comparable() -> None:
    for key in ("informed", "ignored", "times"):
        assert changed(lambda of: None, key) == Comparison()
    assert compare_constructs(book(raw()), book(raw()), "communication") == Comparison()


@pytest.mark.parametrize(
    ("key", "change", "code"),
    [
        ("informed", lambda of: scale_of(of)[0].update(score=0), "scale_changed"),
        ("informed", lambda of: scale_of(of)[0].update(value="never"), "scale_changed"),
        ("informed", lambda of: scale_of(of).pop(), "scale_changed"),
        ("informed", lambda of: scale_of(of)[2].update(favorable=True), "favorable_changed"),
        ("informed", lambda of: items_of(of)[1].update(reverse=True), "reverse_changed"),
        ("ignored", lambda of: items_of(of)[2].update(reverse=False), "reverse_changed"),
        ("times", lambda of: items_of(of)[3].update(maximum=10), "scale_changed"),
        ("times", lambda of: items_of(of)[3].update(minimum=1), "scale_changed"),
        ("times", lambda of: items_of(of)[3].pop("maximum"), "scale_changed"),
        ("times", lambda of: items_of(of)[3].update(kind="number"), "kind_changed"),
        ("informed", lambda of: items_of(of).pop(1), "only_earlier"),
    ],
)
def test_what_breaks_a_trend(key: str, change: Callable[[Raw], Any], code: str) -> None:
    found = changed(change, key)
    assert found.code == code
    assert found.document() == {"comparable": False, "reason": REASONS[code], "reason_code": code}


def test_a_new_item() -> None:
    later = raw()
    items_of(later).append(rating("new"))
    assert compare_items(book(raw()), book(later), "new").code == "only_later"
    assert compare_constructs(book(raw()), book(later), "communication").code == "items_changed"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda of: items_of(of)[1].update(text=en("In other words")), (True, False)),
        (lambda of: scale_of(of)[0].update(label=en("Never")), (True, False)),
        (lambda of: items_of(of)[1].update(show_if={"item": "plan", "in": ["yes"]}), (False, True)),
        (lambda of: items_of(of)[1].update(required=True), (False, False)),
        (lambda of: scale_of(of).reverse(), (False, False)),
        (lambda of: items_of(of).reverse(), (False, False)),
        (lambda of: of.update(title=en("Another title")), (False, False)),
    ],
)
def test_what_does_not(change: Callable[[Raw], Any], expected: tuple[bool, bool]) -> None:
    found = changed(change)
    assert (found.comparable, found.text_changed, found.asked_of_changed) == (True, *expected)
    assert found.document() == {"comparable": True, "text_changed": expected[0], "asked_of_changed": expected[1]}
    later = raw()
    change(later)
    assert compare_constructs(book(raw()), book(later), "communication") == found


def test_a_translation_that_is_added_changes_no_text() -> None:
    texts = {"en": "informed", "es": "informado"}
    one = definition(items=[{"key": "times", "kind": "integer", "minimum": 0, "maximum": 9, "text": en("informed")}])
    two = definition(items=[{"key": "times", "kind": "integer", "minimum": 0, "maximum": 9, "text": texts}])
    two |= {"locales": ["en", "es"], "scales": {}, "constructs": []}
    two["title"] = two["sections"][0]["title"] = texts
    assert compare_items(book(one), book(two), "times") == Comparison()


def test_a_construct_with_an_item_that_changed() -> None:
    later = raw()
    items_of(later)[2]["reverse"] = False
    assert compare_constructs(book(raw()), book(later), "communication").code == "item_not_comparable"
    moved = raw()
    items_of(moved)[2]["construct"] = "other"
    moved["constructs"].append({"key": "other", "title": en("Other")})
    assert compare_items(book(raw()), book(moved), "ignored").comparable
    assert compare_constructs(book(raw()), book(moved), "communication").code == "items_changed"
    assert compare_constructs(book(raw()), book(moved), "other").code == "only_later"
    assert compare_constructs(book(moved), book(raw()), "other").code == "only_earlier"


def test_whether_a_higher_score_is_more_favorable() -> None:
    assert higher_is_favorable(book(raw()), ["informed", "ignored"])
    assert not higher_is_favorable(book(raw()), ["informed", "times"])
    other = raw()
    scale_of(other)[0]["favorable"] = True
    assert not higher_is_favorable(book(other), ["informed"])
    plain = raw()
    for option in scale_of(plain):
        option.pop("favorable", None)
    assert not higher_is_favorable(book(plain), ["informed"])
