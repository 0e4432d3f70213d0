"""The paper form: every question, every option, and skip logic in words."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings

import app.survey.instrument
from app.render.paper import _Paper, form
from app.survey.instrument import Instrument, parse
from tests import factories
from tests.survey.strategies import definitions

LIBRARY = Path(app.survey.instrument.__file__).parent / "library"


def shipped(name: str) -> Instrument:
    return parse(yaml.safe_load((LIBRARY / f"{name}.yaml").read_text(encoding="utf-8")))


def only(data: dict[str, Any]) -> list[str | None]:
    return [item["only"] for section in data["sections"] for item in section["items"]]


@pytest.mark.parametrize("locale", ["en", "es"])
def test_a_pdf_of_a_few_pages_and_the_same_each_time(locale: str) -> None:
    instrument = shipped("family")
    made = form(instrument, locale, "family@1")
    assert made.startswith(b"%PDF-")
    assert 2 <= len(re.findall(rb"/Type\s*/Page\b", made)) <= 6
    assert form(instrument, locale, "family@1") == made


def test_nothing_of_the_instrument_is_missing() -> None:
    instrument = shipped("staff")
    data = _Paper(instrument, "es").data()
    items = [item for section in data["sections"] for item in section["items"]]
    assert [item["text"] for item in items] == [item.text.say("es") for item in instrument.items]
    assert [item["number"] for item in items] == list(range(1, len(items) + 1))
    for item, paper in zip(instrument.items, items, strict=True):
        labels = [option["label"] for option in item.options(instrument.scales, "es")]
        assert paper["options"][: len(labels)] == labels
        assert paper["options"][len(labels) :] == (["Ninguna de estas"] if paper["several"] else [])


def test_skip_logic_in_words() -> None:
    said = only(_Paper(parse(factories.every_kind()), "en").data())
    assert said[4] == "Only if your answer to 4 is “yes”:"
    assert said[5] == "Only if your answer to 4 is “yes” and your answer to 5 is “speech” or “ot”:"
    assert said[6] == "Only if not (your answer to 4 is “yes” or “unsure”):"
    assert "Solo si su respuesta a la 4 es “Sí”:" in only(_Paper(shipped("family"), "es").data())


def test_and_and_or_are_told_apart() -> None:
    ride, walk = ({"item": key, "in": [True]} for key in ("ride", "walk"))
    items = [{"key": key, "kind": "boolean", "text": {"en": "?"}} for key in ("ride", "walk")]
    condition = {"all": [ride, {"any": [ride, walk]}]}
    last = {"key": "last", "kind": "date", "text": {"en": "?"}, "show_if": condition}
    one, two = ("your answer to 1 is “Yes”", "your answer to 2 is “Yes”")
    said = only(_Paper(parse(factories.definition("staff", [*items, last])), "en").data())
    assert said == [None, None, f"Only if {one} and ({one} or {two}):"]


@given(definitions(max_items=3))
@settings(max_examples=10, deadline=None)
def test_any_instrument_can_be_printed(definition: dict[str, Any]) -> None:
    instrument = parse(definition)
    assert form(instrument, instrument.default_locale, "x@1", right_to_left=True).startswith(b"%PDF-")
