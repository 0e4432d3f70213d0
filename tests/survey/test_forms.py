"""A form of steps: what a form sends is what was answered, and every step leads on, whatever is pressed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.survey import forms
from app.survey.codebook import Codebook
from app.survey.instrument import parse
from tests import factories
from tests.survey import strategies as our

BUTTONS = st.sampled_from(["next", "back", "review", "send", "clear", "to:0", "to:99", "to:review", "lang:es", "", "x"])


def book(*items: dict[str, Any]) -> Codebook:
    return Codebook(parse(factories.definition(items=list(items))))


def sent(answers: dict[str, Any]) -> dict[str, list[str]]:
    return {key: forms.values_of(answer) for key, answer in answers.items() if answer is not None}


def normal(definition: dict[str, Any], answers: dict[str, Any]) -> dict[str, Any]:
    """What a form can keep of answers: blanks are none, and a line ends with LF."""
    out = {}
    kinds = {item["key"]: item["kind"] for item in our.items_of(definition)}
    for key, answer in answers.items():
        is_text = kinds[key] == "text" and answer is not None
        kept = answer.replace("\r\n", "\n").replace("\r", "\n") if is_text else answer
        if kept is not None and not (isinstance(kept, str) and not kept.strip()):
            out[key] = kept
    return out


@settings(max_examples=150)
@given(our.definitions().flatmap(lambda d: st.tuples(st.just(d), our.answers(d))))
def test_a_form_keeps_what_was_answered(drawn: tuple[dict[str, Any], dict[str, Any]]) -> None:
    definition, answers = drawn
    instrument = parse(definition)
    expected: dict[str, Any] = {}
    for item in our.items_of(definition):  # a text of blanks is no answer, so what hangs on it is another question
        value = normal(definition, {item["key"]: answers.get(item["key"])}).get(item["key"])
        if value is not None and our.shown(item.get("show_if"), expected):
            expected[item["key"]] = value
    filled = forms.read(instrument, sent(answers))
    assert filled.answers == expected
    assert list(filled.shown) == [i["key"] for i in our.items_of(definition) if our.shown(i.get("show_if"), expected)]


@settings(max_examples=150)
@given(st.data())
def test_any_button_anywhere_leads_somewhere(data: st.DataObject) -> None:
    definition = data.draw(our.definitions())
    codebook = Codebook(parse(definition))
    texts = st.lists(st.text(max_size=5) | st.sampled_from(["yes", "", "1", "true", "9" * 30]), max_size=3)
    keys = [item["key"] for item in our.items_of(definition)]
    fields = data.draw(st.dictionaries(st.sampled_from([*keys, "_asked", "_at"]), texts))
    at = forms.place(codebook, data.draw(st.sampled_from(["start", "review", "0", "1", "7", "-1", "x", "", "²"])))
    go = data.draw(BUTTONS)
    move = forms.move(codebook, fields, at, go)
    assert move.at in ("start", "review", *range(len(codebook.instrument.sections)))
    assert move.faults.keys() <= set(move.filled.shown)
    if move.send:
        codebook.encode(move.filled.answers)


def test_next_goes_over_sections_that_show_nothing() -> None:
    definition = factories.definition()
    plan = {"key": "plan", "kind": "boolean", "text": factories.en("Plan?")}
    hidden = {"key": "which", "kind": "text", "text": factories.en("Which?"), "show_if": {"item": "plan", "in": [True]}}
    last = {"key": "last", "kind": "date", "text": factories.en("When?")}
    definition["sections"] = [
        {"key": key, "title": factories.en(key), "items": [item]}
        for key, item in {"a": plan, "b": hidden, "c": last}.items()
    ]
    codebook = Codebook(parse(definition))
    for value, after in (("true", 1), ("false", 2)):
        fields = {"plan": [value], "_asked": ["plan"]}
        assert forms.move(codebook, fields, 0, "next").at == after
        assert forms.move(codebook, fields, 2, "back").at == (1 if value == "true" else 0)
    assert forms.move(codebook, {}, "start", "next").at == 0
    assert forms.move(codebook, {"_asked": ["last"]}, 2, "next").at == "review"
    assert forms.move(codebook, {}, "review", "back").at == 2
    assert forms.move(codebook, {}, 0, "to:1").at == 0  # not shown


def test_what_comes_up_on_a_step_is_shown_before_going_on() -> None:
    plan = {"key": "plan", "kind": "boolean", "text": factories.en("Plan?")}
    which = {"key": "which", "kind": "text", "text": factories.en("Which?"), "required": True,
             "show_if": {"item": "plan", "in": [True]}}  # fmt: skip
    codebook = book(plan, which)
    first = forms.move(codebook, {"plan": ["true"], "_asked": ["plan"]}, 0, "next")
    assert (first.at, first.more, first.faults) == (0, ("which",), {})  # nobody is blamed for what was not asked
    second = forms.move(codebook, {"plan": ["true"], "_asked": ["plan", "which"]}, 0, "next")
    assert (second.at, second.more, list(second.faults)) == (0, (), ["which"])
    third = forms.move(codebook, {"plan": ["true"], "which": ["speech"], "_asked": ["plan", "which"]}, 0, "next")
    assert third.at == "review"


def test_send_goes_to_the_first_fault() -> None:
    codebook = book(factories.rating("informed", required=True))
    assert forms.move(codebook, {}, "review", "send") == forms.Move(
        0, forms.read(codebook.instrument, {}), forms.faults(codebook, forms.read(codebook.instrument, {}))
    )
    assert forms.move(codebook, {"informed": ["agree"]}, "review", "send").send


def test_clearing_a_step_keeps_the_others() -> None:
    definition = factories.definition(items=[factories.rating("informed")])
    definition["sections"].append({"key": "two", "title": factories.en("Two"), "items": [factories.rating("heard")]})
    codebook = Codebook(parse(definition))
    move = forms.move(codebook, {"informed": ["agree"], "heard": ["neutral"]}, 1, "clear")
    assert (move.at, move.filled.answers) == (1, {"informed": "agree"})


@pytest.mark.parametrize(
    ("item", "given", "answer"),
    [
        ({"kind": "integer"}, " 12 ", 12),
        ({"kind": "integer"}, "-3", -3),
        ({"kind": "integer"}, "3.5", "3.5"),
        ({"kind": "integer"}, "", None),
        ({"kind": "number"}, "2,5", 2.5),
        ({"kind": "number"}, "2.5", 2.5),
        ({"kind": "number"}, "1e5", "1e5"),
        ({"kind": "number"}, "nan", "nan"),
        ({"kind": "boolean"}, "true", True),
        ({"kind": "boolean"}, "yes", "yes"),
        ({"kind": "date"}, "2024-02-29", "2024-02-29"),
        ({"kind": "text"}, "a\r\nb", "a\nb"),
        ({"kind": "text"}, " \r\n ", None),
    ],
)
def test_reading_one_field(item: dict[str, Any], given: str, answer: Any) -> None:
    instrument = book({"key": "it", "text": factories.en("It"), **item}).instrument
    read = forms.read(instrument, {"it": [given]}).answers
    assert read == ({} if answer is None else {"it": answer})


@pytest.mark.parametrize(
    ("given", "answer"), [([], None), ([""], []), (["a"], ["a"]), (["b", "a"], ["b", "a"]), (["a", ""], ["a", ""])]
)
def test_reading_boxes(given: list[str], answer: Any) -> None:
    codebook = book(
        {"key": "it", "text": factories.en("It"), "kind": "multiple", "options": factories.options("a", "b")}
    )
    filled = forms.read(codebook.instrument, {"it": given})
    assert filled.answers == ({} if answer is None else {"it": answer})
    assert list(forms.faults(codebook, filled)) == (["it"] if answer == ["a", ""] else [])
