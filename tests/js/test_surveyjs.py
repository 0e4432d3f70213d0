"""The SurveyJS model against the real survey-core: what it shows, what its data is, in every language."""

from __future__ import annotations

import random
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from app.survey.codebook import Codebook
from app.survey.instrument import parse
from app.survey.items import KINDS
from app.survey.surveyjs import NotSayable, question, surveyjs_model
from tests import factories
from tests.js.node import feed
from tests.survey import random_answers
from tests.survey import strategies as our
from tests.survey.strategies import items_of, shown

LIBRARY = sorted((Path(__file__).parents[2] / "app" / "survey" / "library").glob("*.yaml"))
SHIPPED: dict[str, dict[str, Any]] = {path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in LIBRARY}
DEFINITIONS = SHIPPED | {"every-kind": factories.every_kind()}

pytestmark = pytest.mark.browser
each = pytest.mark.parametrize("name", list(DEFINITIONS))


def hidden(definition: dict[str, Any], given: dict[str, Any]) -> list[str]:
    """Keys of the items that are not shown with these answers, read plainly."""
    return [item["key"] for item in items_of(definition) if not shown(item.get("show_if"), given)]


def model_of(definition: dict[str, Any], locale: str | None = None) -> dict[str, Any]:
    return {"model": surveyjs_model(parse(definition), locale)}


def path(rng: random.Random, definition: dict[str, Any]) -> list[tuple[str, Any]]:
    """What somebody does who answers in any order and changes their mind."""
    items = items_of(definition)
    steps = rng.choices(items, k=rng.randint(1, 2 * len(items))) + rng.sample(items, rng.randint(0, len(items)))
    return [(i["key"], None if rng.random() < 0.1 else random_answers.fitting(rng, i, definition)) for i in steps]


# ------------------------------------------------------------------ what is shown
def disagreements(definition: dict[str, Any], sets: int, seed: int) -> list[Any]:
    """Answer sets for which survey-core and the program do not hide the same items."""
    rng = random.Random(seed)
    asked = [random_answers.answers(rng, definition) for _ in range(sets)]
    locale = random.Random(seed).choice(parse(definition).languages)
    _, *told = feed("surveys.mjs", [model_of(definition, locale), *({"data": given} for given in asked)])
    assert len(told) == sets
    return [(a, t["hidden"]) for a, t in zip(asked, told, strict=True) if t["hidden"] != hidden(definition, a)]


@each
def test_survey_core_shows_what_the_server_shows(name: str) -> None:
    assert disagreements(DEFINITIONS[name], 1000, seed=1) == []


@each
@pytest.mark.parametrize("locale", ["en", "es"])
def test_the_data_of_a_random_path_is_a_response(name: str, locale: str) -> None:
    definition = DEFINITIONS[name]
    if locale not in definition.get("locales", ["en"]):
        pytest.skip("not offered in this language")
    book, rng = Codebook(parse(definition)), random.Random(f"{name} {locale}")
    paths = [path(rng, definition) for _ in range(40)]
    _, *told = feed("surveys.mjs", [model_of(definition, locale), *({"path": steps} for steps in paths)])
    sound = 0
    for steps, end in zip(paths, told, strict=True):
        assert end["hidden"] == hidden(definition, end["data"]), steps
        assert not set(end["hidden"]) & set(end["data"]), steps
        faulty = random_answers.faulty_items(definition, end["data"])
        assert faulty == set(end["errors"]), (steps, end)  # survey-core stops exactly whom the server would refuse
        if not faulty:
            assert end["completed"] == end["data"]
            book.encode(end["data"])
            sound += 1
    assert sound >= 3


def test_every_kind_of_answer_by_hand() -> None:
    given = {
        "informed": "agree", "ignored": "dont_know", "has_plan": "yes", "services": ["ot", "speech"],
        "speech_good": "neutral", "meetings": 7, "miles": 4999, "hours": 2.5, "bus": False, "since": "2022-10-03",
        "anything": "¿Qué?\nNada.",
    }  # fmt: skip
    (_, end) = feed("surveys.mjs", [model_of(factories.every_kind()), {"path": list(given.items())}], TZ="Asia/Tokyo")
    assert end["data"] == end["completed"] == given
    assert end["errors"] == []
    assert type(end["data"]["bus"]) is bool
    assert type(end["data"]["meetings"]) is int
    assert Codebook(parse(factories.every_kind())).encode(end["data"])


def test_what_the_server_would_refuse_is_an_error_on_the_page() -> None:
    wrong = {"informed": None, "meetings": 41, "miles": 2.5, "hours": -1, "since": "20222-01-01"}
    (_, end) = feed("surveys.mjs", [model_of(factories.every_kind()), {"path": list(wrong.items())}])
    assert set(end["errors"]) == set(wrong)


def test_a_changed_mind_takes_the_answers_behind_it_along() -> None:
    steps = [
        ("informed", "agree"),
        ("has_plan", "yes"),
        ("services", ["ot"]),
        ("speech_good", "agree"),
        ("has_plan", "no"),
    ]
    (_, end) = feed("surveys.mjs", [model_of(factories.every_kind()), {"path": steps}])
    assert end["data"] == {"informed": "agree", "has_plan": "no"}
    assert end["hidden"] == ["services", "speech_good"]


def test_nothing_ticked_is_no_answer_and_an_empty_list_that_is_restored_stays() -> None:
    steps = [("informed", "agree"), ("has_plan", "yes"), ("services", ["ot"]), ("services", [])]
    restored = {"informed": "agree", "has_plan": "yes", "services": []}
    _, path_end, data_end = feed("surveys.mjs", [model_of(factories.every_kind()), {"path": steps}, {"data": restored}])
    assert path_end["data"] == {"informed": "agree", "has_plan": "yes"}
    assert data_end == {"data": restored, "hidden": ["speech_good", "why_not"]}


# ------------------------------------------------------------------ conditions that are easily misread
WORDS = [
    "No",
    "no",
    "1",
    "1.0",
    "01",
    "true",
    "True",
    "0x1",
    "a'b",
    'a"b',
    "a\\b",
    "{x}",
    "null",
    "undefined",
    "ñ",
    "Ñ",
    "a b",
]


@pytest.mark.parametrize("negated", [False, True])
@pytest.mark.parametrize("kind", ["single", "multiple", "text"])
def test_texts_are_compared_letter_by_letter(kind: str, negated: bool) -> None:
    asked: dict[str, Any] = {"key": "asked", "kind": kind, "text": factories.en("?")}
    if kind != "text":
        asked["options"] = factories.options(*WORDS)
    items = [asked]
    for number, word in enumerate(WORDS):
        condition: dict[str, Any] = {"item": "asked", "in": [word]}
        show_if = {"not": condition} if negated else condition
        items.append({"key": f"q{number}", "kind": "boolean", "text": factories.en("?"), "show_if": show_if})
    definition = factories.definition(items=items)
    sets: list[dict[str, Any]] = [{}, *({"asked": [word] if kind == "multiple" else word} for word in WORDS)]
    if kind == "multiple":
        sets += [{"asked": [a, b]} for a, b in zip(WORDS, WORDS[3:], strict=False)]
    _, *told = feed("surveys.mjs", [model_of(definition), *({"data": given} for given in sets)])
    assert [t["hidden"] for t in told] == [hidden(definition, given) for given in sets]


NAMES = [
    "item",
    "not",
    "0",
    "a",
    "a-b",
    "survey",
    "row",
    "length",
    "panel-1",
    "other",
    "none",
    "page",
    "in",
    "choice",
    "total",
]


def test_items_may_be_called_anything() -> None:
    items: list[dict[str, Any]] = [{"key": key, "kind": "boolean", "text": factories.en(key)} for key in NAMES]
    items += [
        {"key": f"after_{key}", "kind": "text", "text": factories.en("?"), "show_if": {"item": key, "in": [True]}}
        for key in NAMES
    ]
    definition = factories.definition(items=items)
    rng = random.Random(4)
    sets = [{key: rng.random() < 0.5 for key in NAMES if rng.random() < 0.8} for _ in range(100)]
    paths = [{"path": list(given.items())} for given in sets]
    _, *told = feed("surveys.mjs", [model_of(definition), *({"data": given} for given in sets), *paths])
    assert [t["hidden"] for t in told] == [hidden(definition, given) for given in sets] * 2
    assert [t["data"] for t in told] == sets * 2


@given(st.data())
@settings(max_examples=25)
def test_any_definition(data: st.DataObject) -> None:
    definition = data.draw(our.definitions())
    try:
        command = model_of(definition)
    except NotSayable:
        return  # it has a test of its own
    rng = random.Random(data.draw(st.integers(0, 2**32)))
    sets = [random_answers.answers(rng, definition) for _ in range(40)]
    # An empty text is no answer for survey-core, and a page cannot give one.
    sets = [{k: v for k, v in given.items() if v not in ("", None)} for given in sets]
    sets = [given for given in sets if not random_answers.faulty_items(definition, given)]
    _, *told = feed("surveys.mjs", [command, *({"data": given} for given in sets)])
    assert [t["hidden"] for t in told] == [hidden(definition, given) for given in sets]


@pytest.mark.parametrize("key", ["pageno", "locale", "self", "questioncount", "a-unwrapped"])
def test_a_name_of_its_own_cannot_be_asked_for(key: str) -> None:
    items: list[dict[str, Any]] = [{"key": key, "kind": "boolean", "text": factories.en("?")}]
    (_, end) = feed("surveys.mjs", [model_of(factories.definition(items=items)), {"path": [(key, True)]}])
    assert end["data"] == {key: True}
    items.append({"key": "then", "kind": "boolean", "text": factories.en("?"), "show_if": {"item": key, "in": [True]}})
    with pytest.raises(NotSayable) as failed:
        model_of(factories.definition(items=items))
    assert failed.value.items == ["then"]


def test_what_cannot_be_said_is_named() -> None:
    asked = {"key": "asked", "kind": "single", "options": factories.options("a\\", "b"), "text": factories.en("?")}
    then = {"key": "then", "kind": "boolean", "text": factories.en("?"), "show_if": {"item": "asked", "in": ["a\\"]}}
    with pytest.raises(NotSayable) as failed:
        surveyjs_model(parse(factories.definition(items=[asked, then])))
    assert failed.value.items == ["then"]


# ------------------------------------------------------------------ words
@pytest.mark.parametrize("name", list(SHIPPED))
def test_every_wording_in_every_language(name: str) -> None:
    definition = SHIPPED[name]
    for locale in definition["locales"]:
        (told,) = feed("surveys.mjs", [model_of(definition, locale)])
        assert told["faults"] == []
        assert told["title"] == definition["title"][locale]
        assert told["pages"] == [section["title"][locale] for section in definition["sections"]]
        for item in items_of(definition):
            assert told["titles"][item["key"]] == item["text"][locale]
            options = (
                definition["scales"][item["scale"]]["options"] if item["kind"] == "rating" else item.get("options")
            )
            assert told["choices"].get(item["key"]) == (options and [o["label"][locale] for o in options])
            if item["kind"] == "boolean":
                assert told["labels"][item["key"]] == (["Sí", "No"] if locale == "es" else ["Yes", "No"])


@pytest.mark.parametrize(
    ("locales", "default"),
    [(["es", "en"], "es"), (["en", "es"], "en"), (["es", "pt-BR"], "es"), (["es"], "es"), (["pt-BR", "en"], "en")],
)
def test_the_language_it_opens_in(locales: list[str], default: str) -> None:
    numbers = count()
    definition = factories.definition(items=[{"key": "q", "kind": "boolean", "text": {}}], scales={}, constructs=[])

    def words() -> dict[str, str]:
        return {locale: f"{locale} {next(numbers)}" for locale in locales}

    definition |= {"locales": locales, "default_locale": default, "title": words()}
    definition["sections"][0]["title"] = words()
    definition["sections"][0]["items"][0]["text"] = text = words()
    for locale in (None, *locales):
        (told,) = feed("surveys.mjs", [model_of(definition, locale)])
        assert told["titles"]["q"] == text[locale or default]


# ------------------------------------------------------------------ nothing is left out
def test_every_kind_has_a_question() -> None:
    for kind in KINDS.values():
        assert question.dispatch(kind) is not question.dispatch(object), kind
