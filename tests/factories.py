"""Valid objects in one line: definitions, waves, responses."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

SCHOOLS = ("erving", "leverett", "shutesbury", "swift-river")
AGREE = ("strongly_disagree", "disagree", "neutral", "agree", "strongly_agree")


def en(text: str) -> dict[str, str]:
    return {"en": text}


def options(*values: str) -> list[dict[str, Any]]:
    return [{"value": value, "label": en(value)} for value in values]


def agree5() -> dict[str, Any]:
    scored = [
        {"value": value, "score": score, "label": en(value), "favorable": score > 3}
        for score, value in enumerate(AGREE, 1)
    ]
    return {"options": [*scored, {"value": "dont_know", "not_applicable": True, "label": en("Don't know")}]}


def rating(key: str, **more: Any) -> dict[str, Any]:
    return {"key": key, "kind": "rating", "scale": "agree5", "construct": "communication", "text": en(key), **more}


def definition(group: str = "family", items: list[dict[str, Any]] | None = None, **more: Any) -> dict[str, Any]:
    """A small definition: three ratings of one construct (one reversed), or the items given."""
    items = items or [rating("informed"), rating("heard"), rating("ignored", reverse=True)]
    return {
        "key": group.replace("_", "-"),
        "group": group,
        "title": en(f"{group} survey"),
        "default_locale": "en",
        "scales": {"agree5": agree5()},
        "constructs": [{"key": "communication", "title": en("Communication"), "setting": "family"}],
        "sections": [{"key": "main", "title": en("Main"), "items": items}],
        **more,
    }


def every_kind(group: str = "family", key: str = "every-kind") -> dict[str, Any]:
    """A definition with an item of every kind, skip logic of every form and an outcome."""
    items = [
        rating("informed", required=True),
        rating("ignored", reverse=True),
        {"key": "overall", "kind": "rating", "scale": "agree5", "text": en("Overall"), "outcome": True},
        {
            "key": "has_plan",
            "kind": "single",
            "options": options("yes", "no", "unsure"),
            "text": en("Plan?"),
            "attribute": True,
        },
        {
            "key": "services",
            "kind": "multiple",
            "options": options("speech", "ot", "counseling"),
            "text": en("Which?"),
            "show_if": {"item": "has_plan", "in": ["yes"]},
        },
        {
            "key": "speech_good",
            "kind": "rating",
            "scale": "agree5",
            "text": en("Speech?"),
            "required": True,
            "show_if": {
                "all": [{"item": "has_plan", "in": ["yes"]}, {"any": [{"item": "services", "in": ["speech", "ot"]}]}]
            },
        },
        {
            "key": "why_not",
            "kind": "text",
            "max_length": 50,
            "text": en("Why?"),
            "show_if": {"not": {"item": "has_plan", "in": ["yes", "unsure"]}},
        },
        {"key": "meetings", "kind": "integer", "minimum": 0, "maximum": 40, "text": en("Meetings")},
        {"key": "miles", "kind": "integer", "minimum": 0, "maximum": 5000, "text": en("Miles")},
        {"key": "hours", "kind": "number", "minimum": 0, "maximum": 100, "text": en("Hours")},
        {"key": "bus", "kind": "boolean", "text": en("Bus?")},
        {"key": "since", "kind": "date", "text": en("Since")},
        {"key": "anything", "kind": "text", "max_length": 200, "text": en("Anything else?")},
    ]
    return definition(group, items, key=key)


def iso(**offset: float) -> str:
    return (datetime.now(UTC) + timedelta(**offset)).isoformat(timespec="seconds")


def wave(instruments: dict[str, str], **more: Any) -> dict[str, Any]:
    """An open wave of the four schools; confidential groups with a minimum of 5."""
    promise = {
        group: {"mode": "confidential", "minimum": 5} if group in ("family", "staff") else {"mode": "attributed"}
        for group in instruments
    }
    return {
        "title": "A wave",
        "opens_at": iso(hours=-1),
        "closes_at": iso(days=1),
        "time_zone": "America/New_York",
        "schools": list(SCHOOLS),
        "instruments": instruments,
        "promise": promise,
        **more,
    }


def response(
    group: str = "family", school: str | None = "erving", answers: dict[str, Any] | None = None, **more: Any
) -> dict[str, Any]:
    answers = {"informed": "agree", "heard": "neutral", "ignored": "disagree"} if answers is None else answers
    return {"id": str(uuid.uuid4()), "group": group, "school": school, "answers": answers, **more}
