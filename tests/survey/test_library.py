"""The instruments that are shipped: sound, in two languages, and comparable across the four groups."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

import app.survey.instrument
from app.survey.base import texts_of
from app.survey.codebook import Codebook
from app.survey.instrument import GROUPS, Instrument, parse

LIBRARY = Path(app.survey.instrument.__file__).parent / "library"
RAW: dict[str, dict[str, Any]] = {
    path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(LIBRARY.glob("*.yaml"))
}
SHIPPED: dict[str, Instrument] = {name: parse(raw) for name, raw in RAW.items()}
each = pytest.mark.parametrize("instrument", SHIPPED.values(), ids=list(SHIPPED))


def test_one_for_each_group() -> None:
    assert sorted(i.group for i in SHIPPED.values()) == sorted(GROUPS)
    assert {i.key for i in SHIPPED.values()} == set(SHIPPED), "a file is named after its instrument"


@each
def test_length(instrument: Instrument) -> None:
    assert 20 <= len(instrument.items) <= 35
    assert Codebook(instrument).width >= 20


@each
def test_english_and_spanish_everywhere(instrument: Instrument) -> None:
    assert set(instrument.languages) == {"en", "es"}
    texts = texts_of(instrument)
    assert len(texts) > 2 * len(instrument.items)
    for path, text in texts:
        assert set(text.root) == {"en", "es"}, path
        assert all(words == words.strip() for words in text.root.values()), path
    for item in instrument.items:
        assert item.text.say("en") != item.text.say("es"), item.key


@each
def test_one_outcome_outside_the_constructs(instrument: Instrument) -> None:
    outcomes = [item for item in instrument.items if item.is_outcome]
    assert [item.key for item in outcomes] == [instrument.outcome]
    assert outcomes[0].construct_key is None, "priorities would measure the outcome against itself"


@each
def test_two_questions_in_words_of_their_own(instrument: Instrument) -> None:
    assert Counter(item.kind for item in instrument.items)["text"] == 2


@each
def test_a_construct_has_two_items_at_least(instrument: Instrument) -> None:
    assert set(instrument.construct_items) == {c.key for c in instrument.constructs}, "no construct is empty"
    assert all(len(items) >= 2 for items in instrument.construct_items.values())
    assert all(c.setting is not None for c in instrument.constructs)


@each
def test_one_question_at_a_time(instrument: Instrument) -> None:
    for item in instrument.items:
        assert " and/or " not in item.text.say("en")
        assert " y/o " not in item.text.say("es")


@each
def test_nothing_is_forced(instrument: Instrument) -> None:
    assert [item.key for item in instrument.items if item.required] == []


# ------------------------------------------------------------------ across the groups
def _by_key(part: str) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for instrument in SHIPPED.values():
        for thing in getattr(instrument, part):
            found.setdefault(thing.key, []).append((instrument, thing))
    return found


def test_shared_items_are_the_same_question() -> None:
    everywhere = {key: found for key, found in _by_key("items").items() if len(found) == len(GROUPS)}
    assert len(everywhere) >= 8
    for key, found in _by_key("items").items():
        if len(found) > 1:
            assert len({item.text.model_dump_json() for _, item in found}) == 1, key
            assert len({item.meaning(instrument.scales) for instrument, item in found}) == 1, key
            assert len({item.construct_key for _, item in found}) == 1, key
            labels = [item.options(instrument.scales, locale) for instrument, item in found for locale in ("en", "es")]
            assert labels[0::2] == [labels[0]] * len(found), key
            assert labels[1::2] == [labels[1]] * len(found), key


def test_shared_constructs_are_the_same_idea() -> None:
    constructs = _by_key("constructs")
    everywhere = {key for key, found in constructs.items() if len(found) == len(GROUPS)}
    assert len(everywhere) >= 4
    for key, found in constructs.items():
        assert len({construct.model_dump_json() for _, construct in found}) == 1, key
        if len(found) > 1:
            assert len({instrument.construct_items[key] for instrument, _ in found}) == 1, key


def test_shared_scales_are_the_same_scale() -> None:
    for key in {key for instrument in SHIPPED.values() for key in instrument.scales}:
        assert len({i.scales[key].model_dump_json() for i in SHIPPED.values() if key in i.scales}) == 1, key
