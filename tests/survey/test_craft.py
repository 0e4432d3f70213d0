"""Warnings about poor craft: each one found where it is, and none where there is nothing to say."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

import app.survey.instrument
from app.survey.conditions import Condition
from app.survey.craft import LIMITS, minutes, review
from app.survey.instrument import Instrument, parse
from app.survey.reach import unreachable
from app.survey.readability import english_syllables, grade, spanish_syllables
from app.survey.wording import denies, leading, negations, sensitive, side, two_ideas
from tests import factories
from tests.survey.strategies import answers, definitions, items_of, shown

ROOT = Path(app.survey.instrument.__file__).parents[2]
LIBRARY = sorted((ROOT / "app" / "survey" / "library").glob("*.yaml"))


def found(definition: dict[str, Any]) -> set[tuple[str, str]]:
    return {(fault.code, fault.pointer) for fault in review(parse(definition))}


def staff(*items: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A definition that gives no warning but for what is added."""
    good = [
        factories.rating("informed", text={"en": "I hear in time."}),
        factories.rating("heard", text={"en": "They listen."}),
    ]
    return factories.definition("staff", [*good, *items], **more)


@pytest.mark.parametrize("path", LIBRARY, ids=lambda path: path.stem)
def test_the_shipped_instruments_give_no_warning(path: Path) -> None:
    instrument = parse(yaml.safe_load(path.read_text(encoding="utf-8")))
    assert review(instrument) == []
    assert 3 < minutes(instrument, "es") < LIMITS[instrument.group][1]


def _said(text: str, **more: Any) -> dict[str, Any]:
    return staff({"key": "q", "kind": "rating", "scale": "agree5", "text": {"en": text}, **more})


def _scale(*labels: str, favorable: int = 0) -> dict[str, Any]:
    options = [
        {"value": f"v{i}", "score": i, "favorable": i > len(labels) - favorable, "label": {"en": label}}
        for i, label in enumerate(labels, 1)
    ]
    item = {"key": "q", "kind": "rating", "scale": "own", "text": {"en": "All is well."}}
    return staff(item, scales={"agree5": factories.agree5(), "own": {"options": options}})


def _single(text: str, **more: Any) -> dict[str, Any]:
    return staff({"key": "q", "kind": "single", "options": factories.options("a", "b"), "text": {"en": text}, **more})


Q = "/sections/0/items/2"
HIDDEN = {"all": [{"item": "informed", "in": ["agree"]}, {"not": {"item": "informed", "in": ["agree"]}}]}
LONG = "I think that " + "my school and my class and " * 6 + "my group do well."
CASES: list[tuple[str, str, dict[str, Any]]] = [
    ("two_ideas", f"{Q}/text/en", _said("The teachers are fair and the office helps.")),
    ("negation", f"{Q}/text/en", _said("I do not feel welcome.")),
    ("double_negative", f"{Q}/text/en", _said("It is not uncommon that I wait.")),
    ("leading_words", f"{Q}/text/en", _said("Don't you think the plan works?")),
    ("long_sentence", f"{Q}/text/en", _said(LONG)),
    ("forced_opinion", f"{Q}/required", _scale("Poor", "Good")),
    ("required_sensitive", f"{Q}/required", _single("What is your race?", required=True)),
    ("required_sensitive", f"{Q}/required", _single("Which role is yours?", required=True, attribute=True)),
    ("never_asked", f"{Q}/show_if", _single("Which one?", show_if=HIDDEN)),
    ("unbalanced_scale", "/scales/own", _scale("Poor", "Good", "Very good", "Excellent")),
    ("unbalanced_scale", "/scales/own", _scale("Blue", "Green", "Red", favorable=2)),
    ("unused_scale", "/scales/own", staff(scales={"agree5": factories.agree5(), "own": factories.agree5()})),
    (
        "empty_construct",
        "/constructs/1",
        staff(constructs=[{"key": k, "title": {"en": k}} for k in ("communication", "x")]),
    ),
    ("single_item_construct", "/constructs/0", factories.definition("staff", [factories.rating("informed")])),
    (
        "only_reversed_items",
        "/constructs/0",
        factories.definition("staff", [factories.rating(k, reverse=True) for k in "ab"]),
    ),
    (
        "too_many_items",
        "/sections",
        staff(*({"key": f"k{i}", "kind": "boolean", "text": {"en": f"Is {i}?"}} for i in range(60))),
    ),
    (
        "takes_too_long",
        "/sections",
        staff(*({"key": f"k{i}", "kind": "text", "text": {"en": f"Why {i}?"}} for i in range(20))),
    ),
    ("language_not_offered", "/locales", staff(title={"en": "Survey", "es": "Encuesta"})),
    ("one_language", "/locales", factories.definition("family")),
    (
        "hard_to_read",
        "/sections",
        factories.definition(
            "family",
            [
                factories.rating(
                    k, text={"en": "Administrators systematically prioritize interdisciplinary collaboration."}
                )
                for k in "ab"
            ],
        ),
    ),
    (
        "not_translated",
        f"{Q}/text/es",
        staff({"key": "q", "kind": "boolean", "text": {"en": "Have you met them?", "es": "Have you met them?"}}),
    ),
]


def _both(definition: dict[str, Any]) -> dict[str, Any]:
    """Give every text the second language that one of them has."""
    if isinstance(definition, dict):
        if "en" in definition:
            return {"es": f"{definition['en']} (es)", **definition}
        return {key: _both(value) for key, value in definition.items()}
    return [_both(value) for value in definition] if isinstance(definition, list) else definition  # type: ignore[return-value]


def _prepared(code: str, definition: dict[str, Any]) -> dict[str, Any]:
    if code == "not_translated":
        return {**_both(definition), "locales": ["en", "es"]}
    if code == "forced_opinion":
        items_of(definition)[2]["required"] = True
    return definition


@pytest.mark.parametrize(("code", "pointer", "definition"), CASES, ids=[f"{i}-{c[0]}" for i, c in enumerate(CASES)])
def test_each_fault_of_craft_is_found_where_it_is(code: str, pointer: str, definition: dict[str, Any]) -> None:
    assert (code, pointer) in found(_prepared(code, definition))


def test_nothing_is_said_without_cause() -> None:
    assert found(staff()) == set()
    assert found(_single("Which one?", show_if={"item": "informed", "in": ["agree"]})) == set()
    assert found(_single("What is your race?")) == set()  # nobody has to answer
    assert found(_scale("Very poor", "Poor", "Fair", "Good", "Very good", favorable=2)) == set()
    assert found(_scale("Never", "Rarely", "Sometimes", "Often", "Always", favorable=1)) == set()


@pytest.mark.parametrize(
    "labels",
    [
        ["Not at all satisfied", "Slightly satisfied", "Very satisfied", "Extremely satisfied"],
        ["Never", "Sometimes", "Often", "Usually", "Always"],
        ["Nada útil", "Útil", "Muy útil"],
        ["Very poor", "Poor", "Good", "Very good"],
        ["0", "1", "2", "3"],
    ],
)
def test_scales_of_one_side_are_not_unbalanced(labels: list[str]) -> None:
    assert found(_scale(*labels, favorable=1)) == set()


def test_scales_in_order() -> None:
    mixed = staff()
    options = mixed["scales"]["agree5"]["options"]
    options[0], options[1] = options[1], options[0]
    assert found(mixed) == {("scale_out_of_order", "/scales/agree5")}
    mixed["scales"]["agree5"]["options"] = [options[i] for i in (4, 3, 2, 0, 1, 5)]  # from best to worst is an order
    assert found(mixed) == set()


def test_every_code_is_explained_in_the_docs() -> None:
    text = (ROOT / "docs" / "instruments.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"^\| `([a-z_]+)` \|", text.split("## Looking at it")[0], re.MULTILINE))
    source = (ROOT / "app" / "survey" / "craft.py").read_text(encoding="utf-8")
    made = re.findall(r"Fault\(\s*(?:pointer\([^()]*\)|path|\"[^\"]*\"),\s*\"(\w+)\"|yield \"(\w+)\", f", source)
    codes = {code for pair in made for code in pair if code}
    assert {code for code, _, _ in CASES} | {"scale_out_of_order"} == documented
    assert codes == documented


@given(definitions(max_items=6))
@settings(max_examples=60, deadline=None)
def test_any_sound_instrument_is_reviewed(definition: dict[str, Any]) -> None:
    instrument = parse(definition)
    warnings = review(instrument)
    assert warnings == review(instrument)
    assert minutes(instrument, instrument.default_locale) > 0
    for fault in warnings:
        part: Any = definition
        for name in fault.pointer.split("/")[1:]:  # leads to a part that is there
            name = name.replace("~1", "/").replace("~0", "~")
            part = part[int(name)] if isinstance(part, list) else part[name]


# ------------------------------------------------------------------ words
@pytest.mark.parametrize(
    ("judge", "yes", "no"),
    [
        (
            lambda t: two_ideas(t, "en"),
            [
                "My teacher is kind and fair.",
                "Teachers and principals listen.",
                "The bus is safe and on time.",
                "Do you know about and use the library?",
                "Meetings are useful or fun.",
            ],
            [
                "Families and school staff work toward the same goals.",
                "My son or daughter is happy.",
                "Did you go to a Coffee and Conversation meeting?",
                "I met two or more teachers.",
                "IEPs and 504 plans are clear.",
                "Services (speech and language) help.",
                "I understand the plan.",
                "School and home work together.",
                "Parents and guardians feel welcome.",
                "The band plays on land.",
                "I can reach the counselor by phone or email.",
            ],
        ),
        (
            lambda t: two_ideas(t, "es-MX"),
            [
                "El maestro es amable y justo.",
                "Los maestros y los directores escuchan.",
                "Las reuniones son útiles o cortas.",
            ],
            [
                "Mi hijo o hija está bien.",
                "El maestro o maestra me escucha.",
                "La escuela y la familia tienen las mismas metas.",
                "Asistí a Café y Conversación.",
                "Participé en dos o más reuniones.",
                "Estoy seguro o segura.",
                "Ya voy.",
                "Puedo llamar o escribir a la consejera.",
            ],
        ),
        (
            lambda t: denies(t, "en"),
            ["I do not know.", "Nobody told me.", "It isn't fair.", "They never call."],
            ["I know.", "The note is clear.", "Another plan.", 'I am told to "say no".'],
        ),
        (
            lambda t: denies(t, "es"),
            ["No sé.", "Nadie me llama.", "Nunca escuchan."],
            ["Sé mucho.", "Mi nota es buena."],
        ),
        (
            lambda t: len(negations(t, "en")) > 1,
            ["I do not disagree.", "It is not unfair.", "Nobody is unhappy."],
            ["I do not know.", "Unfair."],
        ),
        (
            lambda t: len(negations(t, "es")) > 1,
            ["No es injusto.", "No estoy en desacuerdo."],
            ["No hay nada.", "No me llama nadie."],
        ),
        (
            lambda t: leading(t, "en"),
            ["Isn't it true?", "Do you agree that it works?", "Most parents think so.", "Our excellent school."],
            ["Is it true?", "Overall, how would you rate it?", "Teachers agree on goals.", "How satisfied are you?"],
        ),
        (
            lambda t: leading(t, "es"),
            ["¿No cree que funciona?", "¿Está de acuerdo en que ayuda?", "Funciona, ¿verdad?"],
            ["¿Cree que funciona?", "¿Cómo calificaría el apoyo?"],
        ),
        (lambda t: sensitive(t, "en"), ["What is your religion?", "Household income?"], ["Which grade?"]),
        (lambda t: sensitive(t, "es"), ["¿Cuál es su raza?", "¿Tiene alguna discapacidad?"], ["¿En qué grado está?"]),
    ],
)
def test_words(judge: Callable[[str], Any], yes: list[str], no: list[str]) -> None:
    assert [text for text in yes if not judge(text)] == []
    assert [text for text in no if judge(text)] == []


def test_other_languages_are_not_judged() -> None:
    assert two_ideas("Os professores e os pais", "pt") is None
    assert negations("não nunca", "pt") == ()
    assert leading("obviously", "fr") is None
    assert grade(["Un deux trois."], "fr") is None


def test_sides_of_labels() -> None:
    assert [side(label) for label in ("Disagree", "Neither agree nor disagree", "Agree", "Sometimes")] == [
        -1,
        0,
        1,
        None,
    ]
    assert [side(label) for label in ("En desacuerdo", "Ni de acuerdo ni en desacuerdo", "De acuerdo")] == [-1, 0, 1]


# ------------------------------------------------------------------ reading level
SYLLABLES = {
    "school": 1,
    "family": 3,
    "idea": 3,
    "table": 2,
    "made": 1,
    "helped": 1,
    "needed": 2,
    "changes": 2,
    "people": 2,
    "student": 2,
    "information": 4,
    "education": 4,
    "whole": 1,
    "the": 1,
    "question": 2,
    "area": 3,
    "being": 2,
}
SILABAS = {
    "escuela": 3,
    "guía": 2,
    "día": 2,
    "país": 2,
    "leer": 2,
    "ciudad": 2,
    "preocupación": 5,
    "que": 1,
    "pingüino": 3,
    "muy": 1,
    "aula": 2,
    "maestro": 3,
    "viuda": 2,
    "ahora": 3,
    "construido": 3,
    "buey": 1,
    "teoría": 4,
    "cuidado": 3,
}


def test_syllables() -> None:
    right = sum(english_syllables(word) == count for word, count in SYLLABLES.items())
    assert right >= len(SYLLABLES) - 2  # an estimate: English spelling does not tell
    assert {word: spanish_syllables(word) for word in SILABAS} == SILABAS


def test_flesch_kincaid_by_hand() -> None:
    # 2 sentences, 6 words each, 6 and 7 syllables: 0.39 * 6 + 11.8 * 13 / 12 - 15.59
    assert grade(["The cat sat on the mat.", "The cat sat on the table."], "en-US") == pytest.approx(
        0.39 * 6 + 11.8 * 13 / 12 - 15.59
    )


def test_fernandez_huerta_by_hand() -> None:
    # 1 sentence, 5 words, 8 syllables: an ease of 206.84 - 60 * 8 / 5 - 1.02 * 5 = 105.74, below grade 4
    assert grade(["El niño come pan fresco."], "es") == pytest.approx(4 - 1.574)
    assert grade(["123."], "es") is None


# ------------------------------------------------------------------ skip logic
@given(st.data())
@settings(max_examples=60, deadline=None)
def test_what_is_never_asked_is_never_shown(data: st.DataObject) -> None:
    definition = data.draw(definitions(max_items=6, min_items=2))
    never = unreachable(parse(definition))
    for _ in range(10):
        given_answers = {k: v for k, v in data.draw(answers(definition)).items() if v is not None}
        before: dict[str, Any] = {}
        for item in items_of(definition):
            visible = shown(item.get("show_if"), before)
            assert not (visible and item["key"] in never)
            if visible and item["key"] in given_answers:
                before[item["key"]] = given_answers[item["key"]]


def _chain(*conditions: Any, required: bool = False) -> Instrument:
    """Three choices of a or b, each with its condition."""
    return parse(
        staff(
            *(
                {
                    "key": f"q{i}",
                    "kind": "single",
                    "options": factories.options("a", "b"),
                    "text": {"en": "?"},
                    "required": required,
                }
                | ({"show_if": condition} if condition else {})
                for i, condition in enumerate(conditions)
            )
        )
    )


@pytest.mark.parametrize(
    ("second", "third", "never"),
    [
        ({"item": "q0", "in": ["a"]}, {"item": "q1", "in": ["b"]}, []),
        ({"item": "q0", "in": ["a"]}, {"all": [{"item": "q1", "in": ["b"]}, {"item": "q0", "in": ["b"]}]}, ["q2"]),
        (
            {"item": "q0", "in": ["a"]},
            {"all": [{"not": {"item": "q0", "in": ["a"]}}, {"not": {"item": "q1", "in": ["a"]}}]},
            [],
        ),
        (
            {"all": [{"item": "q0", "in": ["a"]}, {"item": "q0", "in": ["b"]}]},
            {"item": "q1", "in": ["a"]},
            ["q1", "q2"],
        ),
        ({"item": "q0", "in": ["a"]}, {"not": {"item": "q0", "in": ["a", "b"]}}, []),
    ],
)
def test_chains(second: Condition, third: Condition, never: list[str]) -> None:
    assert unreachable(_chain(None, second, third)) == never


def test_long_chains_are_given_up() -> None:
    chain = [None, *({"item": f"q{i}", "in": ["a"]} for i in range(99))]
    impossible = {"all": [{"item": "q99", "in": ["a"]}, {"item": "q99", "in": ["b"]}]}
    assert unreachable(_chain(*chain, impossible)) == []
    many = {
        "key": "many",
        "kind": "multiple",
        "text": {"en": "?"},
        "options": factories.options(*(f"o{i}" for i in range(60))),
    }
    all_of = [{"item": "many", "in": [f"o{i}"]} for i in range(50)]
    last = {"key": "last", "kind": "boolean", "text": {"en": "?"}, "show_if": {"all": all_of}}
    assert unreachable(parse(staff(many, last))) == []


def test_a_required_choice_leaves_no_third_way() -> None:
    neither = {"not": {"item": "q0", "in": ["a", "b"]}}
    assert unreachable(_chain(None, neither)) == []
    assert unreachable(_chain(None, neither, required=True)) == ["q1"]
