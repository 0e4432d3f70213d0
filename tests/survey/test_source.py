"""Where a fault stands in the text that a person wrote."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from app.errors import Fault, pointer
from app.render.faults import fault_lines, unreadable_lines
from app.survey.source import Unreadable, read
from tests.survey.strategies import definitions

TEXT = """\
key: family
title: {en: "Family, survey", "es/x": b}
sections:
  - key: one
    items:
      - {key: a, kind: boolean, required: yes}
      - key: b
        text: >-
          Two
          lines
"""


def at(where: str, code: str = "x", text: str = TEXT, **more: bool) -> tuple[int, int]:
    place = read(text, **more).place(Fault(where, code, ""))
    assert place.text == text.split("\n")[place.line - 1]
    return place.line, place.column


@pytest.mark.parametrize(
    ("where", "place"),
    [
        ("", (1, 1)),
        ("/key", (1, 6)),
        ("/title", (2, 1)),
        ("/title/en", (2, 13)),
        ("/title/es~1x", (2, 39)),
        ("/title/fr", (2, 1)),
        ("/nothing/at/all", (1, 1)),
        ("/sections", (3, 1)),
        ("/sections/0", (4, 5)),
        ("/sections/0/items/0/required", (6, 43)),
        ("/sections/0/items/1", (7, 9)),
        ("/sections/0/items/1/kind", (7, 9)),
        ("/sections/0/items/1/text", (8, 15)),
        ("/sections/0/items/9", (5, 5)),
        ("/sections/x", (3, 1)),
    ],
)
def test_places(where: str, place: tuple[int, int]) -> None:
    assert at(where) == place


def test_a_field_that_is_not_known_is_pointed_at_by_its_name() -> None:
    assert at("/key", "unknown_field") == (1, 1)
    assert at("/sections/0/items/0/required", "unknown_field") == (6, 33)


def test_json_with_tabs() -> None:
    text = '{\n\t"key": "a",\n\t"title": {"en": "\\ud83d\\ude00"}\n}'
    assert read(text, is_json=True).value == {"key": "a", "title": {"en": "😀"}}
    assert at("/title/en", text=text, is_json=True) == (3, 18)


def test_empty() -> None:
    assert read("").value is None
    assert at("", text="") == (1, 1)


@given(definitions(max_items=4), st.booleans())
@settings(max_examples=30, deadline=None)
def test_every_part_has_its_place(definition: dict[str, Any], is_json: bool) -> None:
    text = json.dumps(definition, indent=1) if is_json else yaml.safe_dump(definition, allow_unicode=True)
    source = read(text, is_json=is_json)
    assert source.value == definition
    assert list(source.faults()) == []
    last = 0

    def walk(value: Any, *path: str | int) -> None:
        place = source.place(Fault(pointer(*path), "x", ""))
        line = text.split("\n")[place.line - 1][place.column - 1 :]
        nonlocal last
        assert place.line >= last, "parts stand in their order"
        last = place.line
        if isinstance(value, (dict, list)):
            for name, part in value.items() if isinstance(value, dict) else enumerate(value):
                walk(part, *path, name)
        elif isinstance(value, str) and value.isascii() and value.isalpha() and value not in ("true", "false", "null"):
            assert line.lstrip("'\"").startswith(value)

    walk(read(text, is_json=is_json).value)


# ------------------------------------------------------------------ what YAML made of it
def test_repeated_fields_are_named() -> None:
    source = read("a: 1\nb:\n  - {c: 1, c: 2}\na: 2\n")
    assert [(f.pointer, f.code) for f in source.faults()] == [("/a", "repeated_field"), ("/b/0/c", "repeated_field")]
    assert source.place(Fault("/a", "repeated_field", "")).line == 4


def test_aliases_do_not_send_it_round_in_circles() -> None:
    source = read("a: &x {b: *x}\n")
    assert list(source.faults()) == []
    assert source.place(Fault("/a" + "/b" * 50, "x", "")).line == 1


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ("yes", "as true or false"),
        ("12", "as a number"),
        ("1.5", "as a number"),
        ("2022-10-03", "as a date"),
        ("~", "as nothing"),
        ('"yes"', ""),
        ("words", ""),
    ],
)
def test_words_without_quotes(written: str, hint: str) -> None:
    source = read(f"value: {written}\n")
    said = source.hint(Fault("/value", "string_type", ""))
    assert hint in said
    assert bool(said) == bool(hint)
    assert source.hint(Fault("/value", "other", "")) == source.hint(Fault("/none", "string_type", "")) == ""


@pytest.mark.parametrize(
    ("text", "is_json", "line", "column"),
    [
        ("a: b: c\n", False, 1, 5),
        ("a:\n\t- x\n", False, 2, 1),
        ("a: [1,\n", False, 2, 1),
        ("a: *b\n", False, 1, 4),
        ('{"a": 1,}', True, 1, 8),
        ("a: \x00", False, 1, 1),
        ("? [a]\n: b\n", False, 1, 3),
    ],
)
def test_unreadable(text: str, is_json: bool, line: int, column: int) -> None:
    with pytest.raises(Unreadable) as raised:
        read(text, is_json=is_json)
    assert raised.value.place.line == line
    assert abs(raised.value.place.column - column) <= 1
    head = next(unreadable_lines("f.yaml", raised.value))
    assert head.startswith(f"f.yaml:{line}:")


def test_lines_as_a_person_reads_them() -> None:
    source = read("key: a\nvalue: yes\n" + "x: " + "y" * 300 + "\n")
    faults = [Fault("/x", "too_long", "Too long."), Fault("/value", "string_type", "A text is expected", ("a", "b"))]
    lines = list(fault_lines("it.yaml", source, faults))
    assert lines[:5] == [
        'it.yaml:2:8: string_type: A text is expected. Without quotes YAML reads yes as true or false: write "yes".',
        "    2 | value: yes",
        "      |        ^",
        "      at /value",
        "      expected: a, b",
    ]
    assert max(map(len, lines[5:])) < 120
    assert next(fault_lines("it.yaml", source, faults[:1], warning=True)).startswith("it.yaml:3:4: warning too_long:")
