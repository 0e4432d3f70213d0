"""JSON Schema of an instrument's answers, for front ends that validate before they send.

It gives the same verdict as `Codebook.encode`: skip logic is there twice, as `if`/`then`/`else` that any validator
applies and as plain data (`x-show-if`) that a form needs to show and hide its items.
"""

from __future__ import annotations

from typing import Any

from app.survey.instrument import Instrument


def answers_schema(instrument: Instrument, identifier: str) -> dict[str, Any]:
    """Give the JSON Schema (draft 2020-12) of the `answers` object."""
    locale = instrument.default_locale
    properties: dict[str, Any] = {}
    required: list[str] = []
    rules: list[dict[str, Any]] = []
    for item in instrument.items:
        given = item.answer_schema(instrument.scales)
        entry: dict[str, Any] = {"title": item.text.say(locale), "anyOf": [given, {"type": "null"}]}
        present = {"required": [item.key], "properties": {item.key: given}}
        if item.show_if is not None:
            entry["x-show-if"] = item.show_if.model_dump(mode="json", by_alias=True)
            entry["x-required"] = item.required
            rule: dict[str, Any] = {
                "if": item.show_if.json_schema(),
                "else": {"properties": {item.key: {"type": "null"}}},
            }
            if item.required:
                rule["then"] = present
            rules.append(rule)
        elif item.required:
            entry = {"title": entry["title"], **given}
            required.append(item.key)
        properties[item.key] = entry
    schema: dict[str, Any] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": identifier,
        "title": instrument.title.say(locale),
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }
    if rules:
        schema["allOf"] = rules
    return schema
