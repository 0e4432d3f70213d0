"""The JSON Schema of answers gives the verdict of the codebook: what a form lets through, the server takes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from app.survey.codebook import AnswersFaulty, Codebook
from app.survey.instrument import parse
from app.survey.schema import answers_schema
from tests import factories
from tests.survey import strategies as our

IDENTIFIER = "https://example.org/schema"


def validator(definition: dict[str, Any]) -> Draft202012Validator:
    schema = answers_schema(parse(definition), IDENTIFIER)
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)


def taken(definition: dict[str, Any], answers: dict[str, Any]) -> bool:
    try:
        Codebook(parse(definition)).encode(answers)
    except AnswersFaulty:
        return False
    return True


@given(our.definitions().flatmap(lambda d: st.tuples(st.just(d), our.answers(d))))
def test_valid_answers_are_valid_by_schema(drawn: tuple[dict[str, Any], dict[str, Any]]) -> None:
    definition, answers = drawn
    assert [error.message for error in validator(definition).iter_errors(answers)] == []


@given(our.definitions().flatmap(lambda d: st.tuples(st.just(d), our.broken(d))))
def test_the_same_verdict_on_broken_answers(drawn: tuple[dict[str, Any], dict[str, Any]]) -> None:
    definition, answers = drawn
    assert validator(definition).is_valid(answers) == taken(definition, answers)


@given(st.data())
def test_the_same_verdict_on_each_unfitting_answer(data: st.DataObject) -> None:
    definition = data.draw(our.definitions())
    answers = data.draw(our.answers(definition))
    check = validator(definition)
    for item in our.items_of(definition):
        changed = answers | {item["key"]: data.draw(our.unfitting(item, definition["scales"]))}
        assert check.is_valid(changed) is taken(definition, changed) is False


# ------------------------------------------------------------------ skip logic, spelled out
def _asked() -> list[dict[str, Any]]:
    def item(key: str, kind: str, **more: Any) -> dict[str, Any]:
        return {"key": key, "kind": kind, "text": factories.en(key), **more}

    return [
        item("plan", "single", options=factories.options("yes", "no", "unsure")),
        item("help", "multiple", options=factories.options("speech", "ot", "none")),
        item("bus", "boolean"),
        item("trips", "integer", minimum=0, maximum=9),
        item("miles", "integer"),
        item("agreed", "rating", scale="agree5"),
    ]


IS_YES = {"item": "plan", "in": ["yes"]}
SKIP: list[tuple[dict[str, Any], list[dict[str, Any]], list[dict[str, Any]]]] = [
    # condition, answers with which the item is shown, answers with which it is hidden
    (IS_YES, [{"plan": "yes"}], [{}, {"plan": None}, {"plan": "no"}]),
    ({"item": "plan", "in": ["yes", "no"]}, [{"plan": "yes"}, {"plan": "no"}], [{}, {"plan": "unsure"}]),
    (
        {"item": "help", "in": ["ot"]},
        [{"help": ["ot"]}, {"help": ["speech", "ot"]}],
        [{}, {"help": []}, {"help": ["speech"]}],
    ),
    (
        {"item": "help", "in": ["ot", "none"]},
        [{"help": ["none"]}, {"help": ["none", "ot"]}],
        [{"help": ["speech"]}, {"help": []}],
    ),
    ({"item": "bus", "in": [True]}, [{"bus": True}], [{}, {"bus": False}]),
    ({"item": "bus", "in": [False]}, [{"bus": False}], [{}, {"bus": None}, {"bus": True}]),
    ({"item": "bus", "in": [False, True]}, [{"bus": False}, {"bus": True}], [{}]),
    ({"item": "trips", "in": [0]}, [{"trips": 0}, {"trips": 0.0}], [{}, {"trips": 1}]),
    ({"item": "trips", "in": [1, 2]}, [{"trips": 2}, {"trips": 1.0}], [{"trips": 0}, {"trips": 3}]),
    ({"item": "miles", "in": [70]}, [{"miles": 70}, {"miles": 70.0}], [{}, {"miles": 7}]),
    ({"item": "agreed", "in": ["dont_know"]}, [{"agreed": "dont_know"}], [{}, {"agreed": "agree"}]),
    ({"not": IS_YES}, [{}, {"plan": None}, {"plan": "no"}], [{"plan": "yes"}]),
    ({"not": {"not": IS_YES}}, [{"plan": "yes"}], [{}, {"plan": "no"}]),
    (
        {"all": [IS_YES, {"item": "bus", "in": [True]}]},
        [{"plan": "yes", "bus": True}],
        [{"plan": "yes"}, {"bus": True}, {}],
    ),
    (
        {"any": [IS_YES, {"item": "bus", "in": [True]}]},
        [{"plan": "yes"}, {"bus": True}],
        [{}, {"plan": "no", "bus": False}],
    ),
    (
        {"all": [{"not": IS_YES}, {"any": [{"item": "help", "in": ["ot"]}, {"item": "trips", "in": [9]}]}]},
        [{"help": ["ot"]}, {"trips": 9, "plan": "no"}],
        [{"plan": "yes", "trips": 9}, {"plan": "no"}, {}],
    ),
]


@pytest.mark.parametrize(("condition", "shows", "hides"), SKIP)
@pytest.mark.parametrize("required", [False, True])
def test_skip_logic(
    condition: dict[str, Any], shows: list[dict[str, Any]], hides: list[dict[str, Any]], required: bool
) -> None:
    last = {"key": "last", "kind": "boolean", "text": factories.en("last"), "show_if": condition, "required": required}
    definition = factories.definition(items=[*_asked(), last])
    check = validator(definition)
    for answers in shows:
        for extra, good in (
            ({}, not required),
            ({"last": None}, not required),
            ({"last": True}, True),
            ({"last": 1}, False),
        ):
            assert check.is_valid(answers | extra) is taken(definition, answers | extra) is good
    for answers in hides:
        for extra, good in (({}, True), ({"last": None}, True), ({"last": True}, False), ({"last": 1}, False)):
            assert check.is_valid(answers | extra) is taken(definition, answers | extra) is good


def test_a_hidden_item_satisfies_no_condition() -> None:
    second = {"key": "second", "kind": "boolean", "text": factories.en("2"), "show_if": IS_YES}
    third = {"key": "third", "kind": "boolean", "text": factories.en("3"), "show_if": {"item": "second", "in": [True]}}
    definition = factories.definition(items=[*_asked(), second, third])
    check = validator(definition)
    for answers, good in [
        ({"plan": "yes", "second": True, "third": False}, True),
        ({"plan": "no", "third": False}, False),
        ({"plan": "no", "second": True, "third": False}, False),
        ({"plan": "yes", "second": False, "third": False}, False),
    ]:
        assert check.is_valid(answers) is taken(definition, answers) is good


# ------------------------------------------------------------------ what forms read
def test_the_schema_by_hand() -> None:
    schema = answers_schema(parse(factories.every_kind()), IDENTIFIER)
    assert schema["$id"] == IDENTIFIER
    assert schema["required"] == ["informed"]
    assert schema["additionalProperties"] is False
    assert list(schema["properties"]) == [i["key"] for i in our.items_of(factories.every_kind())]
    assert schema["properties"]["informed"] == {"title": "informed", "enum": [*factories.AGREE, "dont_know"]}
    speech = schema["properties"]["speech_good"]
    assert speech["x-required"] is True
    assert speech["x-show-if"] == our.items_of(factories.every_kind())[5]["show_if"]
    assert len(schema["allOf"]) == 3


@given(our.definitions())
def test_every_item_is_described(definition: dict[str, Any]) -> None:
    schema = answers_schema(parse(definition), IDENTIFIER)
    for item in our.items_of(definition):
        entry = schema["properties"][item["key"]]
        assert entry["title"] == item["text"][definition["default_locale"]]
        assert entry.get("x-show-if") == item.get("show_if")
        needed = item.get("required", False) and "show_if" not in item
        assert (item["key"] in schema["required"]) == needed


def test_no_skip_logic_no_rules() -> None:
    assert "allOf" not in answers_schema(parse(factories.definition()), IDENTIFIER)
