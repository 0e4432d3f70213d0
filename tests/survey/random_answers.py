"""Random answers to a definition, sound and broken, by the million: quick, seeded, without Hypothesis.

Like `strategies.py` nothing here asks the program what is right: `faulty_items` is a slow, plain reading of
docs/front-end-developer.md, and the oracle of every other check of answers.
"""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any

from tests.survey.strategies import items_of, shown

WORDS = ("", " ", "ok", "No, gracias.", "¿Por qué?", "a\nb", "tab\tbed", "\U0001f600" * 3, "x" * 30, "e\u0301", "\xa0")
NONSENSE = (
    None, True, False, 0, 1, -1, 2, 3.5, 1.0, 1e16, -1e300, "", " ", "yes", "no", "true", "1", [], [[]], [None], {},
    {"value": 1}, ["yes"], ["yes", "yes"], [1], "2022-02-30", "2022-13-01", "2020-02-29", "20200229", "\x07", "\x00",
    "x" * 3000, "agree ", "Agree", "2022-10-03\n", "\uff12022-10-03",
)  # fmt: skip
CONTROL = [chr(i) for i in range(32) if chr(i) not in "\t\n\r"] + ["\x7f"]


def options_of(item: dict[str, Any], definition: dict[str, Any]) -> list[str]:
    options = definition["scales"][item["scale"]]["options"] if item["kind"] == "rating" else item["options"]
    return [o["value"] for o in options]


# ------------------------------------------------------------------ sound answers
def fitting(rng: random.Random, item: dict[str, Any], definition: dict[str, Any]) -> Any:
    """One answer that the item takes when it is shown."""
    low, high = item.get("minimum", -(10**15)), item.get("maximum", 10**15)
    match item["kind"]:
        case "rating" | "single":
            return rng.choice(options_of(item, definition))
        case "multiple":
            values = options_of(item, definition)
            return rng.sample(values, rng.randint(0, len(values)))
        case "boolean":
            return rng.random() < 0.5
        case "integer":
            whole = rng.choice([rng.randint(low, high), max(low, min(high, rng.randint(-3, 40))), low, high])
            return float(whole) if rng.random() < 0.1 else whole
        case "number":
            return rng.choice([rng.uniform(low, high), max(low, min(high, round(rng.uniform(-9, 99), 2))), low, high])
        case "date":
            return (date(1900, 1, 1) + timedelta(days=rng.randrange(70_000))).isoformat()
        case "text":
            longest = item.get("max_length", 2000)
            text = rng.choice(WORDS)[:longest]
            return "x" if item.get("required") and not text.strip() else text
    raise AssertionError(item["kind"])


def answers(rng: random.Random, definition: dict[str, Any], silent: float = 0.2) -> dict[str, Any]:
    """Answers as one person gives them: hidden items have none, others now and then neither."""
    given: dict[str, Any] = {}
    for item in items_of(definition):
        if not shown(item.get("show_if"), given):
            if rng.random() < 0.1:
                given[item["key"]] = None
        elif item.get("required") or rng.random() >= silent:
            given[item["key"]] = fitting(rng, item, definition)
    return given


# ------------------------------------------------------------------ broken ones
def broken(rng: random.Random, definition: dict[str, Any]) -> dict[str, Any]:
    """Sound answers with one to three changes; most are faulty, some turn out well again."""
    given = answers(rng, definition)
    items = items_of(definition)
    gates = [item for item in items if "show_if" in item] or items
    for _ in range(rng.randint(1, 3)):
        item = rng.choice(items if rng.random() < 0.5 else gates)
        match rng.randrange(8):
            case 0 | 1:
                given[item["key"]] = fitting(rng, item, definition)  # perhaps one that is not shown
            case 2:
                given[item["key"]] = rng.choice(NONSENSE)
            case 3:
                given[item["key"]] = near(rng, item, definition)
            case 4:
                given.pop(item["key"], None)
            case 5:
                given[item["key"]] = None
            case 6:
                given[rng.choice(["no_such_item", "", item["key"] + "x", item["key"].upper() + "A"])] = rng.choice(
                    NONSENSE
                )
            case _:  # another answer before, so that later ones should not be there
                gate = rng.choice(items)
                given[gate["key"]] = fitting(rng, gate, definition)
    return given


def near(rng: random.Random, item: dict[str, Any], definition: dict[str, Any]) -> Any:
    """An answer that only just is none."""
    match item["kind"]:
        case "rating" | "single":
            value = rng.choice(options_of(item, definition))
            return rng.choice([value.upper(), value + " ", [value], value[:-1]])
        case "multiple":
            value = rng.choice(options_of(item, definition))
            return rng.choice([value, [value, value], [value, None], [value, 1], [value.upper()], {value: True}])
        case "boolean":
            return rng.choice(["true", 1, 0, "yes", [True]])
        case "integer" | "number":
            low, high = item.get("minimum", -(10**15)), item.get("maximum", 10**15)
            return rng.choice([low - 1, high + 1, str(low), low + 0.5, True, [low]])
        case "date":
            return rng.choice(
                ["2023-02-29", "0000-01-01", "1900-02-29", "2000-02-29", "2022-1-1", " 2022-01-01", 20220101]
            )
        case "text":
            longest = item.get("max_length", 2000)
            return rng.choice(
                ["x" * (longest + 1), "é" * longest, "\U0001f600" * longest, rng.choice(CONTROL), "   ", 5]
            )
    raise AssertionError(item["kind"])


# ------------------------------------------------------------------ the oracle
def faulty_items(definition: dict[str, Any], given: dict[str, Any]) -> set[str]:
    """Keys with a fault of their own, read plainly; an empty set means that the answers are sound."""
    items = {item["key"]: item for item in items_of(definition)}
    faulty = {key for key in given if key not in items}
    sound: dict[str, Any] = {}
    for key, item in items.items():
        value = given.get(key)
        if not shown(item.get("show_if"), sound):
            if value is not None:
                faulty.add(key)
        elif value is None:
            if item.get("required"):
                faulty.add(key)
        elif is_sound(item, definition, value):
            sound[key] = value
        else:
            faulty.add(key)
    return faulty


def is_sound(item: dict[str, Any], definition: dict[str, Any], value: Any) -> bool:
    """Tell whether the value is an answer to the item."""
    low, high = item.get("minimum", -(10**15)), item.get("maximum", 10**15)
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    match item["kind"]:
        case "rating" | "single":
            return isinstance(value, str) and value in options_of(item, definition)
        case "multiple":
            if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
                return False
            return len(set(value)) == len(value) and set(value) <= set(options_of(item, definition))
        case "boolean":
            return isinstance(value, bool)
        case "integer":
            return is_number and value == int(value) and low <= value <= high
        case "number":
            return is_number and low <= value <= high
        case "date":
            return isinstance(value, str) and is_day(value)
        case "text":
            if not isinstance(value, str) or len(value) > item.get("max_length", 2000):
                return False
            return not any(c in CONTROL for c in value) and (not item.get("required") or value.strip() != "")
    raise AssertionError(item["kind"])


def is_day(text: str) -> bool:
    parts = text.split("-")
    if [len(part) for part in parts] != [4, 2, 2] or not all(c in "0123456789" for part in parts for c in part):
        return False
    year, month, day = map(int, parts)
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    lengths = [31, 29 if leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    return year >= 1 and 1 <= month <= 12 and 1 <= day <= lengths[month - 1]
