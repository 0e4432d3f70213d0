"""Hypothesis strategies: sound definitions, answers that a definition takes, and answers that it may not take.

Nothing here asks the program what is right: `shown` and `fitting` are a second, plain reading of
docs/front-end-developer.md.
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

KINDS = ("rating", "single", "multiple", "boolean", "integer", "number", "date", "text")

# ------------------------------------------------------------------ small parts
slugs = st.text("abxyz019_-", min_size=1, max_size=5).filter(lambda s: s[0] not in "_-") | st.sampled_from(
    ["not", "all", "any", "item", "in", "items", "kind", "0", "a" * 64]
)
_printable = st.characters(exclude_categories=["C", "Z"], max_codepoint=0x1F64F)
option_values = st.text(_printable, min_size=1, max_size=4) | st.sampled_from(
    ["yes", "no", "true", "false", "1", "0", ".", "-", "~", "null", "a b", "ñ", "x" * 64, "/", "a/b~c", "«is»"]
)
_prose = st.characters(exclude_categories=["C"]) | st.sampled_from("\t\n\r")
json_scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)  # beyond, the JSON reader gives floats
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from([0, 1, -1, 0.0, 1.0, -0.0, 2**63, 1e15, 1e300])
    | st.text(max_size=12)
    | st.sampled_from(["", " ", "\x00", "a\n", "2021-02-30", "2021-02-28", "2021-02-28\n", "0000-01-01", "true"])
)
json_values = st.recursive(
    json_scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5) | slugs, inner, max_size=3),
    max_leaves=8,
)
nonsense = json_values.filter(lambda v: v is not None)


def texts(locales: list[str]) -> st.SearchStrategy[dict[str, str]]:
    return st.sampled_from(["Text", "¿Qué?", "a < b & c", "x" * 30]).map(
        lambda t: {name: f"{t} {name}" for name in locales}
    )


# ------------------------------------------------------------------ definitions
@st.composite
def scales(draw: st.DrawFn, locales: list[str]) -> dict[str, Any]:
    """Two to eleven scored options in any order of scores, and up to two that are not applicable anywhere between."""
    values = draw(st.lists(option_values, min_size=2, max_size=13, unique=True))
    outside = set(draw(st.lists(st.integers(0, len(values) - 1), max_size=min(2, len(values) - 2), unique=True)))
    outside |= set(range(11 + len(outside), len(values)))
    scored = len(values) - len(outside)
    scores = draw(
        st.permutations(range(1, scored + 1))
        | st.lists(st.integers(-9, 99), min_size=scored, max_size=scored, unique=True)
    )
    options: list[dict[str, Any]] = []
    for index, value in enumerate(values):
        option: dict[str, Any] = {"value": value, "label": draw(texts(locales))}
        if index in outside:
            option["not_applicable"] = True
        else:
            option["score"] = scores[index - sum(i < index for i in outside)]
            if draw(st.booleans()):
                option["favorable"] = True
        options.append(option)
    return {"options": options}


@st.composite
def _kind(draw: st.DrawFn, kind: str, locales: list[str], scale_keys: list[str]) -> dict[str, Any]:
    if kind == "rating":
        item: dict[str, Any] = {"scale": draw(st.sampled_from(scale_keys))}
        return item | ({"reverse": True} if draw(st.booleans()) else {})
    if kind in ("single", "multiple"):
        values = draw(st.lists(option_values, min_size=1, max_size=5, unique=True))
        options = [{"value": v, "label": draw(texts(locales))} for v in values]
        if kind == "single":
            for option in options:
                if draw(st.integers(0, 3)) == 0:
                    option["not_applicable"] = True
        return {"options": options}
    if kind in ("integer", "number"):
        low = draw(st.none() | st.integers(-100, 100))
        span = draw(st.none() | st.sampled_from([0, 1, 5, 60, 61, 62, 1000]))
        high = None if span is None else (low or 0) + span
        return {k: v for k, v in (("minimum", low), ("maximum", high)) if v is not None}
    if kind == "text":
        return {"max_length": draw(st.integers(1, 20))}
    return {}


def _condition(draw: st.DrawFn, earlier: list[dict[str, Any]], named: dict[str, Any], depth: int) -> dict[str, Any]:
    form = draw(st.sampled_from(["is", "is", "all", "any", "not"])) if depth else "is"
    if form == "not":
        return {"not": _condition(draw, earlier, named, depth - 1)}
    if form != "is":
        return {form: [_condition(draw, earlier, named, depth - 1) for _ in range(draw(st.integers(1, 3)))]}
    asked = draw(st.sampled_from(earlier))
    answer = fitting(asked, named)
    if asked["kind"] == "multiple":
        answer = st.sampled_from([o["value"] for o in asked["options"]])
    if asked["kind"] == "integer":
        answer = answer.map(int)
    return {"item": asked["key"], "in": draw(st.lists(answer, min_size=1, max_size=3))}


@st.composite
def definitions(draw: st.DrawFn, max_items: int = 7, min_items: int = 1) -> dict[str, Any]:
    """A sound definition with items of any kind, constructs, an outcome and skip logic over earlier items."""
    locales = draw(st.sampled_from([["en"], ["en", "es"], ["es", "en", "pt-BR"]]))
    named = {key: draw(scales(locales)) for key in draw(st.lists(slugs, min_size=1, max_size=2, unique=True))}
    constructs = draw(st.lists(slugs, max_size=2, unique=True))
    measured_on = {key: draw(st.sampled_from(list(named))) for key in constructs}
    items: list[dict[str, Any]] = []
    outcome = False
    for key in draw(st.lists(slugs, min_size=min_items, max_size=max_items, unique=True)):
        kind = draw(st.sampled_from(KINDS))
        item = {"key": key, "kind": kind, "text": draw(texts(locales)), **draw(_kind(kind, locales, list(named)))}
        if kind == "rating":
            fit = [c for c, scale in measured_on.items() if scale == item["scale"]]
            if fit and draw(st.booleans()):
                item["construct"] = draw(st.sampled_from(fit))
            if not outcome and draw(st.integers(0, 3)) == 0:
                item["outcome"] = outcome = True
        if kind in ("single", "boolean") and draw(st.booleans()):
            item["attribute"] = True
        if draw(st.integers(0, 2)) == 0:
            item["required"] = True
        if items and draw(st.booleans()):
            item["show_if"] = _condition(draw, items, named, 2)
        items.append(item)
    cut = draw(st.integers(0, len(items)))
    parts = [part for part in (items[:cut], items[cut:]) if part]
    return {
        "key": draw(slugs),
        "group": draw(st.sampled_from(["family", "school_leader", "liaison", "staff"])),
        "title": draw(texts(locales)),
        "locales": locales,
        "default_locale": draw(st.sampled_from(locales)),
        "scales": named,
        "constructs": [{"key": c, "title": draw(texts(locales)), "setting": "family"} for c in constructs],
        "sections": [{"key": f"s{i}", "title": draw(texts(locales)), "items": part} for i, part in enumerate(parts)],
    }


def items_of(definition: dict[str, Any]) -> list[dict[str, Any]]:
    return [item for section in definition["sections"] for item in section["items"]]


# ------------------------------------------------------------------ answers
def shown(condition: dict[str, Any] | None, answers: dict[str, Any]) -> bool:
    """Skip logic as docs/front-end-developer.md states it."""
    if condition is None:
        return True
    if "all" in condition:
        return all(shown(part, answers) for part in condition["all"])
    if "any" in condition:
        return any(shown(part, answers) for part in condition["any"])
    if "not" in condition:
        return not shown(condition["not"], answers)
    given = answers.get(condition["item"])
    return any(value in condition["in"] for value in (given if isinstance(given, list) else [given]))


def fitting(item: dict[str, Any], named: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Answers that an item takes when it is shown."""
    low, high = item.get("minimum"), item.get("maximum")
    match item["kind"]:
        case "rating":
            return st.sampled_from([o["value"] for o in named[item["scale"]]["options"]])
        case "single":
            return st.sampled_from([o["value"] for o in item["options"]])
        case "multiple":
            return st.lists(st.sampled_from([o["value"] for o in item["options"]]), unique=True)
        case "boolean":
            return st.booleans()
        case "integer":
            low = -(10**12) if low is None else low
            whole = st.integers(low, max(low, 10**12) if high is None else high)
            return whole | whole.map(float)
        case "number":
            low = -(10**12) if low is None else low
            high = max(low, 10**12) if high is None else high
            return st.integers(low, high) | st.floats(low, high, allow_nan=False)
        case "date":
            return st.dates().map(lambda day: day.isoformat())
        case "text":
            words = st.text(_prose, max_size=item["max_length"])
            return words.filter(lambda t: t.strip() != "") if item.get("required") else words
    raise AssertionError(f"no strategy for the kind {item['kind']}")


@st.composite
def answers(draw: st.DrawFn, definition: dict[str, Any]) -> dict[str, Any]:
    """Answers that a definition takes; absent, null and hidden items among them."""
    given: dict[str, Any] = {}
    for item in items_of(definition):
        if not shown(item.get("show_if"), given):
            how = draw(st.sampled_from(["absent", "null"]))
        else:
            how = (
                "given"
                if item.get("required")
                else draw(st.sampled_from(["given", "given", "given", "absent", "null"]))
            )
        if how != "absent":
            given[item["key"]] = draw(fitting(item, definition["scales"])) if how == "given" else None
    return dict(draw(st.permutations(list(given.items())))) if given else given


def unfitting(item: dict[str, Any], named: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Answers that an item never takes: other types, other options, out of bounds, too long."""
    low, high = item.get("minimum"), item.get("maximum")
    wrong: list[Any] = [{}, {"value": 1}, [[]], [None], "\x07"]
    match item["kind"]:
        case "rating" | "single":
            options = named[item["scale"]]["options"] if item["kind"] == "rating" else item["options"]
            known = [o["value"] for o in options]
            wrong += [0, 1, True, False, 1.0, [], known[:1], " " + known[0], known[0] + " ", ""]
        case "multiple":
            value = item["options"][0]["value"]
            wrong += [value, True, 0, [value, value], [value, 1], [value, None], ["no such option, surely"], [[value]]]
        case "boolean":
            wrong += [0, 1, 1.0, "true", "false", "", []]
        case "integer":
            wrong += [True, False, "3", 0.5, [], ""]
        case "number":
            wrong += [True, False, "3", [], "", 1e16, -1e16, 1e308]
        case "date":
            wrong += [
                20220101,
                True,
                "2022-1-1",
                "2022-02-30",
                "20220101",
                "2022-01-01T00:00:00",
                "2022-01-01\n",
                "0000-01-01",
            ]
            wrong += ["\u0662\u0660\u0662\u0662-\u0660\u0661-\u0660\u0661", "2022-W01-1", ""]
        case "text":
            wrong += [0, True, [], ["x"], "x" * (item["max_length"] + 1), "\x00"]
            wrong += ["", " \t\n\xa0\u3000"[: item["max_length"]]] if item.get("required") else []
    if low is not None:
        wrong += [low - 1]
    if high is not None:
        wrong += [high + 1]
    return st.sampled_from(wrong)


@st.composite
def broken(draw: st.DrawFn, definition: dict[str, Any]) -> dict[str, Any]:
    """Valid answers changed in one to three places; most are faulty, and some turn out well again."""
    given = dict(draw(answers(definition)))
    items = items_of(definition)
    for _ in range(draw(st.integers(1, 3))):
        item = draw(st.sampled_from(items))
        key = item["key"]
        match draw(st.sampled_from(["unfitting", "unfitting", "other", "drop", "null", "nonsense", "stranger"])):
            case "unfitting":
                given[key] = draw(unfitting(item, definition["scales"]))
            case "other":
                given[key] = draw(fitting(item, definition["scales"]))
            case "drop":
                given.pop(key, None)
            case "null":
                given[key] = None
            case "nonsense":
                given[key] = draw(nonsense)
            case _:
                given[draw(st.text(max_size=4) | st.just("no/such~item"))] = draw(json_scalars)
    return given


def plain(definition: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """What must come back from the record: no nulls, multiples in the order of their options."""
    out = {}
    for item in items_of(definition):
        value = given.get(item["key"])
        if value is not None:
            out[item["key"]] = (
                [o["value"] for o in item["options"] if o["value"] in value] if item["kind"] == "multiple" else value
            )
    return out
