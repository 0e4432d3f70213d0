"""Definitions: all faults at once, the digest, and which changes break trends."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import Fault, InvalidRequest, pointer
from app.survey.codebook import Codebook
from app.survey.instrument import Instrument, incompatibilities, parse
from tests import factories
from tests.survey import strategies as our

define = factories.definition
ITEM = "/sections/0/items/0"


def item(key: str, kind: str, **more: Any) -> dict[str, Any]:
    return {"key": key, "kind": kind, "text": factories.en(key), **more}


def faults(raw: Any) -> list[tuple[str, str]]:
    with pytest.raises(InvalidRequest) as caught:
        parse(raw)
    return [(fault.pointer, fault.code) for fault in caught.value.faults]


def without(raw: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {k: v for k, v in raw.items() if k not in keys}


def scored(*scores: int, **more: Any) -> dict[str, Any]:
    """A scale of these scores, and one more option with these fields."""
    options = [{"value": f"v{s}", "score": s, "label": factories.en(str(s))} for s in scores]
    return {"options": [*options, {"value": "z", "label": factories.en("Z"), **more}] if more else options}


def rated(scale: dict[str, Any]) -> dict[str, Any]:
    return define(items=[factories.rating("a")], scales={"agree5": scale})


# ------------------------------------------------------------------ sound ones
@given(our.definitions())
def test_what_is_sound_is_read(definition: dict[str, Any]) -> None:
    instrument = parse(definition)
    assert [i.key for i in instrument.items] == [i["key"] for i in our.items_of(definition)]
    assert list(instrument.by_key) == [i.key for i in instrument.items]
    assert instrument.languages == tuple(definition["locales"])
    outcomes = [i["key"] for i in our.items_of(definition) if i.get("outcome")]
    assert instrument.outcome == (outcomes[0] if outcomes else None)
    used = [i.get("construct") for i in our.items_of(definition)]
    assert instrument.construct_items == {
        c["key"]: tuple(i["key"] for i in our.items_of(definition) if i.get("construct") == c["key"])
        for c in definition["constructs"]
        if c["key"] in used
    }
    again = parse(instrument.definition())
    assert again == instrument
    assert again.digest == instrument.digest
    assert incompatibilities(instrument, again) == []


def test_a_definition_is_kept_without_its_defaults() -> None:
    bare = define(
        items=[item("a", "boolean"), item("b", "rating", scale="two", reverse=True)], scales={"two": scored(1, 2)}
    )
    assert parse(bare).definition() == bare
    assert parse(_spelled_out(bare)).definition() == bare | {"locales": ["en"]}


def test_locales_default_to_the_default_locale() -> None:
    assert parse(define()).languages == ("en",)


# ------------------------------------------------------------------ faulty ones
def one(spec: dict[str, Any], **more: Any) -> dict[str, Any]:
    return define(items=[spec], **more)


RATING = factories.rating("a")
YES_NO = item("first", "single", options=factories.options("yes", "no"))
FAULTY: list[tuple[str, Any, list[tuple[str, str]]]] = [
    ("no object", [], [("", "wrong_type")]),
    ("nothing", None, [("", "wrong_type")]),
    ("no key", without(define(), "key"), [("/key", "required")]),
    ("unknown field", define(version=3), [("/version", "unknown_field")]),
    ("unknown group", {**define(), "group": "parents"}, [("/group", "literal_error")]),
    ("a bad key", {**define(), "key": "Family"}, [("/key", "string_pattern_mismatch")]),
    ("a key with a line end", {**define(), "key": "family\n"}, [("/key", "string_pattern_mismatch")]),
    ("no title", {**define(), "title": {}}, [("/title", "value_error")]),
    ("an empty text", {**define(), "title": {"en": ""}}, [("/title/en", "string_too_short")]),
    ("no sections", without(define(), "sections"), [("/sections", "required")]),
    ("sections no list", {**define(), "sections": {}}, [("/sections", "required")]),
    (
        "an empty section",
        {**define(), "sections": [{"key": "s", "title": {"en": "S"}, "items": []}]},
        [("/sections/0/items", "required")],
    ),
    ("a section no object", {**define(), "sections": [3]}, [("/sections/0", "wrong_type")]),
    ("scales no object", {**one(item("b", "boolean")), "scales": []}, [("/scales", "wrong_type")]),
    ("constructs no list", {**one(item("b", "boolean")), "constructs": {}}, [("/constructs", "wrong_type")]),
    (
        "scale key",
        {**define(), "scales": {"agree5": factories.agree5(), "A/b": scored(1, 2)}},
        [("/scales/A~1b", "invalid_key")],
    ),
    ("an item no object", define(items=["x"]), [(ITEM, "wrong_type")]),  # type: ignore[list-item]
    ("no kind", one(without(item("a", "text"), "kind")), [(f"{ITEM}/kind", "required")]),
    ("unknown kind", one(item("a", "matrix")), [(f"{ITEM}/kind", "unknown_kind")]),
    ("a kind no string", one(item("a", ["text"])), [(f"{ITEM}/kind", "unknown_kind")]),  # type: ignore[arg-type]
    ("unknown scale", one({**RATING, "scale": "agree7"}), [(f"{ITEM}/scale", "unknown_scale")]),
    ("unknown construct", one({**RATING, "construct": "trust"}), [(f"{ITEM}/construct", "unknown_construct")]),
    ("required no boolean", one({**RATING, "required": 1}), [(f"{ITEM}/required", "bool_type")]),
    ("field of another kind", one(item("a", "boolean", scale="agree5")), [(f"{ITEM}/scale", "unknown_field")]),
    ("no options", one(item("a", "single", options=[])), [(f"{ITEM}/options", "too_short")]),
    ("options twice", one(item("a", "single", options=factories.options("x", "x"))), [(ITEM, "value_error")]),
    (
        "an option with space",
        one(item("a", "single", options=factories.options(" x"))),
        [(f"{ITEM}/options/0/value", "string_pattern_mismatch")],
    ),
    (
        "a multiple that is not applicable",
        one(item("a", "multiple", options=[{**factories.options("x")[0], "not_applicable": True}])),
        [(ITEM, "value_error")],
    ),
    ("bounds upside down", one(item("a", "integer", minimum=3, maximum=2)), [(ITEM, "value_error")]),
    ("an infinite bound", one(item("a", "number", minimum=float("inf"))), [(ITEM, "value_error")]),
    ("half a minimum", one(item("a", "integer", minimum=0.5)), [(f"{ITEM}/minimum", "int_type")]),
    ("a text of no length", one(item("a", "text", max_length=0)), [(f"{ITEM}/max_length", "greater_than_equal")]),
    ("one scored option", rated(scored(1, not_applicable=True)), [("/scales/agree5", "value_error")]),
    ("a score twice", rated(scored(1, 2, score=2)), [("/scales/agree5", "value_error")]),
    ("an option without score", rated(scored(1, 2, favorable=True)), [("/scales/agree5/options/2", "value_error")]),
    ("a half score", rated(scored(1, 2, score=2.5)), [("/scales/agree5/options/2/score", "int_type")]),
    (
        "favorable and not applicable",
        rated(scored(1, 2, not_applicable=True, favorable=True)),
        [("/scales/agree5/options/2", "value_error")],
    ),
    ("item keys twice", define(items=[RATING, RATING]), [("/sections/0/items/1/key", "repeated_key")]),
    (
        "item keys twice across sections",
        {**define(), "sections": [{"key": k, "title": factories.en(k), "items": [RATING]} for k in "xy"]},
        [("/sections/1/items/0/key", "repeated_key")],
    ),
    (
        "section keys twice",
        {
            **define(),
            "sections": [{"key": "s", "title": factories.en("s"), "items": [item(k, "boolean")]} for k in "xy"],
        },
        [("/sections/1/key", "repeated_key")],
    ),
    (
        "construct keys twice",
        define(constructs=[{"key": "communication", "title": factories.en("C")}] * 2),
        [("/constructs/1/key", "repeated_key")],
    ),
    (
        "unknown setting",
        one(item("b", "boolean"), constructs=[{"key": "c", "title": {"en": "C"}, "setting": "moon"}]),
        [("/constructs/0/setting", "literal_error")],
    ),
    (
        "a construct on two scales",
        define(
            items=[RATING, {**factories.rating("b"), "scale": "four"}],
            scales={"agree5": factories.agree5(), "four": scored(1, 2, 3, 4)},
        ),
        [("/sections/0/items/1/scale", "construct_scale_mismatch")],
    ),
    (
        "a second outcome",
        define(items=[factories.rating(k, outcome=True) for k in "abc"]),
        [("/sections/0/items/1/outcome", "second_outcome")],
    ),
    (
        "a condition on nothing",
        one(item("a", "boolean", show_if={"item": "gone", "in": [True]})),
        [(f"{ITEM}/show_if", "unknown_item")],
    ),
    (
        "a condition on itself",
        one(item("a", "boolean", show_if={"item": "a", "in": [True]})),
        [(f"{ITEM}/show_if", "unknown_item")],
    ),
    (
        "a condition on a later item",
        define(items=[item("a", "boolean", show_if={"item": "first", "in": ["yes"]}), YES_NO]),
        [(f"{ITEM}/show_if", "unknown_item")],
    ),
    ("an empty condition", one(item("a", "boolean", show_if={"all": []})), [(f"{ITEM}/show_if/all", "too_short")]),
    ("a condition no object", one(item("a", "boolean", show_if="first")), [(f"{ITEM}/show_if", "model_type")]),
    (
        "conditions side by side",
        define(
            items=[YES_NO, item("a", "boolean", show_if={"not": {"item": "first", "in": ["yes"]}, "item": "first"})]
        ),
        [("/sections/0/items/1/show_if/item", "unknown_field")],
    ),
    ("a default not offered", define(locales=["es"], default_locale="en"), "locales"),
    ("a locale twice", define(locales=["en", "en"]), "locales"),
]


@pytest.mark.parametrize(("raw", "expected"), [f[1:] for f in FAULTY], ids=[f[0] for f in FAULTY])
def test_faulty(raw: Any, expected: list[tuple[str, str]] | str) -> None:
    found = faults(raw)
    if expected == "locales":
        assert found[0][0] == "/locales"
        assert found[0][1] in ("missing_default", "repeated_locale")
    else:
        assert found == expected


UNSEEN = [
    "\x00",
    "\x01",
    "\x1b[2J",
    "\r",
    "\x7f",
    "\x9b",
    "\u202a",
    "\u202e",
    "\u2066",
    "\u2069",
    "\ufdd0",
    "\ufffe",
    "\U0010ffff",
]
SEEN = ["\n", "\t", "\r\n", "\u200f", "\u200d", "عربي", "עברית", "\U0001f3fe", "\ufffd"]


@pytest.mark.parametrize("unseen", UNSEEN, ids=ascii)
def test_what_nobody_sees_is_refused_in_every_text(unseen: str) -> None:
    """Such as what clears a terminal or turns the words around it; wherever it stands in the text."""
    raw = factories.every_kind()
    places = [place for place in _places(raw) if place and place[-1] == "en"]
    assert len(places) > 20
    for place in places:
        _at(raw, place[:-1])["en"] += f" {unseen} x"
    assert set(faults(raw)) == {(pointer(*place), "control_character") for place in places}
    value = one(item("a", "single", options=factories.options("yes", "n\u202eo")))
    assert (f"{ITEM}/options/1/value", "control_character") in faults(value)


@pytest.mark.parametrize("seen", SEEN, ids=ascii)
def test_letters_of_every_script_are_taken(seen: str) -> None:
    raw = factories.every_kind()
    raw["title"]["en"] += f" {seen} x"
    assert parse(raw).title.say("en").endswith(f"{seen} x")


def _at(raw: Any, place: tuple[Any, ...]) -> Any:
    for step in place:
        raw = raw[step]
    return raw


CONDITIONS: list[tuple[dict[str, Any], list[Any], list[Any]]] = [
    # an earlier item, the values a condition may ask for, the values it can never have
    (item("e", "single", options=factories.options("yes", "1")), ["yes", "1"], ["maybe", 1, True, ""]),
    (item("e", "multiple", options=factories.options("ot", "pt")), ["ot"], ["x", True]),
    (factories.rating("e"), ["agree", "dont_know"], [4, "Agree"]),
    (item("e", "boolean"), [True, False], [1, 0, "true", 1.0]),
    (item("e", "integer", minimum=0, maximum=9), [0, 9], [10, -1, "3", True, 2.5]),
    (item("e", "integer", minimum=0, maximum=900), [0, 900], [901, True, "3"]),
    (item("e", "number", minimum=0), [0, 0.5], [-0.5, "1", False]),
    (item("e", "date"), ["2022-02-28"], ["2022-02-30", 2022]),
    (item("e", "text", max_length=5), ["abc"], ["abcdef", 3]),
]


@pytest.mark.parametrize(("earlier", "good", "bad"), CONDITIONS, ids=[c[0]["kind"] for c in CONDITIONS])
def test_a_condition_asks_for_values_that_can_be(earlier: dict[str, Any], good: list[Any], bad: list[Any]) -> None:
    def asking(values: list[Any]) -> dict[str, Any]:
        return define(items=[earlier, item("a", "boolean", show_if={"item": "e", "in": values})])

    parse(asking(good))
    for value in bad:
        assert faults(asking([value])) == [("/sections/0/items/1/show_if", "unknown_value")]
    assert len(faults(asking([*bad, *good]))) == len(bad), "every value is named"


def test_a_condition_on_a_faulty_item_is_not_blamed() -> None:
    asking = item("a", "boolean", show_if={"item": "e", "in": ["x"]})
    assert faults(define(items=[item("e", "matrix"), asking])) == [(f"{ITEM}/kind", "unknown_kind")]
    assert faults(define(items=[factories.rating("e", scale="no"), asking])) == [(f"{ITEM}/scale", "unknown_scale")]


def test_missing_translations_are_each_named() -> None:
    both = {"en": "Text", "es": "Texto"}
    definition = {
        "key": "family",
        "group": "family",
        "title": both,
        "intro": {"en": "Hello"},
        "locales": ["en", "es"],
        "default_locale": "en",
        "scales": {
            "two": {
                "options": [{"value": "a", "score": 0, "label": {"es": "A"}}, {"value": "b", "score": 1, "label": both}]
            }
        },
        "constructs": [{"key": "c", "title": {"en": "C"}}],
        "sections": [
            {
                "key": "s",
                "title": {"en": "S"},
                "intro": {"es": "S"},
                "items": [
                    {"key": "r", "kind": "rating", "scale": "two", "text": both, "help": {"en": "H", "fr": "H"}},
                    {
                        "key": "m",
                        "kind": "multiple",
                        "text": {"es": "M"},
                        "options": [{"value": "x", "label": {"en": "X"}}],
                    },
                ],
            }
        ],
    }
    found = faults(definition)
    assert {code for _, code in found} == {"missing_translation"}
    assert sorted(pointer for pointer, _ in found) == [
        "/constructs/0/title/es",
        "/intro/es",
        "/scales/two/options/0/label/en",
        "/sections/0/intro/en",
        "/sections/0/items/0/help/es",
        "/sections/0/items/1/options/0/label/es",
        "/sections/0/items/1/text/en",
        "/sections/0/title/es",
    ]


def test_all_faults_at_once() -> None:
    raw = {
        "key": "Family",
        "group": "parents",
        "title": {"en": "T"},
        "default_locale": "en",
        "color": "red",
        "scales": {"two": scored(0, 1), "bad": {"options": 5}},
        "constructs": [{"key": "c", "title": {"en": "C"}}, {"key": "c", "title": {"en": "C"}}],
        "sections": [
            {
                "key": "s",
                "title": {"en": "S"},
                "items": [item("a", "rating", scale="three", construct="d"), item("a", "matrix"), 7],
            },
            {
                "key": "s",
                "title": {"en": "S"},
                "items": [item("b", "boolean", show_if={"item": "later", "in": [True]}, required="no")],
            },
            {"key": "t", "items": []},
        ],
    }
    assert set(faults(raw)) == {
        ("/key", "string_pattern_mismatch"),
        ("/group", "literal_error"),
        ("/color", "unknown_field"),
        ("/scales/bad/options", "list_type"),
        ("/constructs/1/key", "repeated_key"),
        ("/sections/0/items/0/scale", "unknown_scale"),
        ("/sections/0/items/0/construct", "unknown_construct"),
        ("/sections/0/items/1/kind", "unknown_kind"),
        ("/sections/0/items/1/key", "repeated_key"),
        ("/sections/0/items/2", "wrong_type"),
        ("/sections/1/key", "repeated_key"),
        ("/sections/1/items/0/required", "bool_type"),
        ("/sections/2/title", "required"),
        ("/sections/2/items", "required"),
    }


def _nested(levels: int) -> dict[str, Any]:
    condition: dict[str, Any] = {"item": "first", "in": ["yes"]}
    for _ in range(levels):
        condition = {"not": condition}
    return define(items=[YES_NO, item("a", "boolean", show_if=condition)])


def test_too_deep() -> None:
    assert Codebook(parse(_nested(40))).width == 2
    assert faults(_nested(44)) == [("", "too_deep")]
    assert faults(_nested(100_000)) == [("", "too_deep")], "no recursion error"


def test_too_many_and_too_wide() -> None:
    flags = [item(f"i{n}", "boolean") for n in range(401)]
    assert parse(define(items=flags[:400])).items[-1].key == "i399"
    assert faults(define(items=flags)) == [("/sections", "too_long")]
    wide = [item(f"m{n}", "multiple", options=factories.options(*(f"o{i}" for i in range(50)))) for n in range(41)]
    assert Codebook(parse(define(items=wide[:40]))).width == 2000
    assert faults(define(items=wide)) == [("/sections", "too_wide")]


def test_attributes_and_how_many_there_may_be() -> None:
    some = [item(f"a{n}", "boolean", attribute=n != 1) for n in range(13)]
    assert parse(define(items=some)).attributes == ("a0", *(f"a{n}" for n in range(2, 13)))
    many = [*some, item("last", "single", options=factories.options("x"), attribute=True)]
    assert faults(define(items=many)) == [("/sections/0/items/13/attribute", "too_many_attributes")]


# ------------------------------------------------------------------ anything at all
def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, part in parts for place in _places(part, (*path, key)))]


@st.composite
def mutated(draw: st.DrawFn) -> Any:
    """A sound definition with one to three places replaced, dropped, doubled or added to."""
    raw: Any = copy.deepcopy(draw(our.definitions(max_items=4)))
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.sampled_from(_places(raw)))
        if not place:
            continue
        holder = raw
        for step in place[:-1]:
            holder = holder[step]
        match draw(st.sampled_from(["replace", "replace", "drop", "add", "double"])):
            case "replace":
                holder[place[-1]] = draw(our.json_values)
            case "drop":
                del holder[place[-1]]
            case "add" if isinstance(holder, dict):
                holder[draw(st.text(max_size=3))] = draw(our.json_values)
            case _ if isinstance(holder, list):
                holder.append(copy.deepcopy(holder[place[-1]]))
            case _:
                pass
    return raw


def attempt(raw: Any) -> tuple[Instrument | None, tuple[Fault, ...]]:
    """What comes of a definition: an instrument, or the faults. Anything else that is raised fails the test."""
    try:
        return parse(raw), ()
    except InvalidRequest as refused:
        return None, refused.faults


@given(our.json_values | mutated())
def test_anything_is_read_or_refused_with_faults(raw: Any) -> None:
    instrument, refused = attempt(raw)
    assert (instrument is None) == bool(refused)
    assert all(f.code and f.detail and (f.pointer == "" or f.pointer.startswith("/")) for f in refused)
    if instrument is not None:
        assert instrument.digest.startswith("sha256:")
        Codebook(instrument)


# ------------------------------------------------------------------ the digest
def _shuffled(data: st.DataObject, value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _shuffled(data, value[k]) for k in data.draw(st.permutations(list(value)))}
    return [_shuffled(data, part) for part in value] if isinstance(value, list) else value


@given(st.data())
def test_the_digest_ignores_the_order_of_object_keys(data: st.DataObject) -> None:
    definition = data.draw(our.definitions(max_items=4))
    again = _shuffled(data, definition)
    assert parse(again).digest == parse(definition).digest


def _spelled_out(definition: dict[str, Any]) -> dict[str, Any]:
    full = copy.deepcopy(definition)
    full.setdefault("locales", [full["default_locale"]])
    full.setdefault("intro", None)
    for scale in full["scales"].values():
        for option in scale["options"]:
            option.setdefault("favorable", False)
            option.setdefault("not_applicable", False)
            option.setdefault("score", None)
    for construct in full["constructs"]:
        construct.setdefault("setting", None)
    more: dict[str, dict[str, Any]] = {
        "rating": {"reverse": False, "outcome": False, "construct": None},
        "single": {"attribute": False},
        "boolean": {"attribute": False},
        "integer": {"minimum": None, "maximum": None},
        "number": {"minimum": None, "maximum": None},
        "text": {"max_length": 2000},
    }
    for section in full["sections"]:
        section.setdefault("intro", None)
        for spec in section["items"]:
            for key, value in ({"required": False, "help": None, "show_if": None} | more.get(spec["kind"], {})).items():
                spec.setdefault(key, value)
            for option in spec.get("options", []):
                option.setdefault("not_applicable", False)
    return full


@given(our.definitions())
def test_the_digest_ignores_spelled_out_defaults(definition: dict[str, Any]) -> None:
    assert parse(_spelled_out(definition)).digest == parse(definition).digest


def test_the_digest_ignores_defaults_spelled_out_by_hand() -> None:
    bare = factories.every_kind()
    assert parse(_spelled_out(bare)).digest == parse(bare).digest


SMALL = define(
    items=[
        YES_NO,
        item(
            "a",
            "multiple",
            options=factories.options("x", "y"),
            show_if={"all": [{"item": "first", "in": ["yes", "no"]}]},
        ),
        item("n", "integer", minimum=0, maximum=9),
        factories.rating("r"),
    ]
)


@pytest.mark.parametrize("place", [p for p in _places(SMALL) if p], ids=lambda p: "/".join(map(str, p)))
def test_the_digest_depends_on_everything_else(place: tuple[Any, ...]) -> None:
    changed = copy.deepcopy(SMALL)
    holder: Any = changed
    for step in place[:-1]:
        holder = holder[step]
    here = place[-1]
    value = holder[here]
    if here in ("key", "item", "value", "scale", "construct", "kind", "group", "default_locale", "setting"):
        holder[here] = {"family": "staff", "en": "es"}.get(value, "other")
    elif isinstance(value, bool):
        holder[here] = not value
    elif isinstance(value, int):
        holder[here] = value + 1
    elif isinstance(value, str):
        holder[here] = value + "?"
    elif isinstance(value, list):
        holder[here] = value[::-1] if len(value) > 1 else value * 2
    else:
        holder[here] = {**value, "es": "Otro"}
    # Not every change is sound, so the digest is asked of the model, which does not look between the parts.
    try:
        model = Instrument.model_validate(changed)
    except ValueError:
        with pytest.raises(InvalidRequest):
            parse(changed)
    else:
        assert model.digest != parse(SMALL).digest


# ------------------------------------------------------------------ versions
def _agree(**scores: int | None) -> dict[str, Any]:
    return {
        "options": [
            {"value": v, "label": factories.en(v), **({"not_applicable": True} if s is None else {"score": s})}
            for v, s in scores.items()
        ]
    }


BASE = {"disagree": 1, "neutral": 2, "agree": 3, "dont_know": None}
RATED = item("q", "rating", scale="s")
CHANGES: list[tuple[str, dict[str, Any], dict[str, Any], dict[str, Any], dict[str, Any], bool]] = [
    # name, item and scale before, item and scale after, whether trends survive
    ("the same", RATED, BASE, RATED, BASE, True),
    ("other words", RATED, BASE, {**RATED, "text": factories.en("New words")}, BASE, True),
    ("required", RATED, BASE, {**RATED, "required": True}, BASE, True),
    ("an outcome", RATED, BASE, {**RATED, "outcome": True}, BASE, True),
    ("another order", RATED, BASE, RATED, dict(reversed(BASE.items())), True),
    ("another score", RATED, BASE, RATED, {**BASE, "agree": 4}, False),
    ("another value", RATED, BASE, RATED, {"disagree": 1, "neutral": 2, "yes": 3, "dont_know": None}, False),
    ("an option more", RATED, BASE, RATED, {**BASE, "strongly": 4}, False),
    ("an option less", RATED, BASE, RATED, {"disagree": 1, "agree": 3, "dont_know": None}, False),
    ("no longer not applicable", RATED, BASE, RATED, {**BASE, "dont_know": 0}, False),
    ("without not applicable", RATED, BASE, RATED, {"disagree": 1, "neutral": 2, "agree": 3}, False),
    ("reversed", RATED, BASE, {**RATED, "reverse": True}, BASE, False),
    ("another kind", RATED, BASE, item("q", "boolean"), BASE, False),
    ("another kind of number", item("q", "integer"), BASE, item("q", "number"), BASE, False),
    ("another key", RATED, BASE, item("new", "boolean"), BASE, True),
    ("other bounds", item("q", "integer", maximum=5), BASE, item("q", "integer", maximum=50), BASE, True),
    ("a longer text", item("q", "text", max_length=5), BASE, item("q", "text", max_length=50), BASE, True),
]


@pytest.mark.parametrize(
    ("before", "scale", "after", "scale_after", "fine"), [c[1:] for c in CHANGES], ids=[c[0] for c in CHANGES]
)
def test_incompatibilities(before: Any, scale: Any, after: Any, scale_after: Any, fine: bool) -> None:
    old = parse(define(items=[before], scales={"s": _agree(**scale)}))
    new = parse(define(items=[item("filler", "boolean"), after], scales={"s": _agree(**scale_after)}))
    found = [(f.pointer, f.code) for f in incompatibilities(old, new)]
    assert found == ([] if fine else [("/sections/0/items/1/key", "meaning_changed")])


def test_a_renamed_scale_keeps_its_meaning() -> None:
    old = parse(define(items=[RATED], scales={"s": _agree(**BASE)}))
    new = parse(define(items=[{**RATED, "scale": "t"}], scales={"t": _agree(**BASE)}))
    assert incompatibilities(old, new) == []


# ------------------------------------------------------------------ found by these tests, not mended yet
SECTIONS = [{"key": f"s{n}", "title": factories.en("S"), "items": [item(f"i{n}", "boolean")]} for n in range(101)]
UNMENDED: list[tuple[str, Any]] = [
    (
        "a scale's key with a line end",
        {**define(), "scales": {"agree5": factories.agree5(), "a\n": scored(1, 2)}},
    ),
    ("101 sections", {**define(), "sections": SECTIONS}),
    (
        "a scale's key from YAML is no string",
        {**define(), "scales": {"agree5": factories.agree5(), 5: scored(1, 2)}},
    ),
    (
        "a condition on a number beyond any float",
        define(items=[item("e", "number"), item("a", "boolean", show_if={"item": "e", "in": [10**400]})]),
    ),
    (
        "a condition on a whole number that no JSON writer takes",
        define(items=[item("e", "integer"), item("a", "boolean", show_if={"item": "e", "in": [10**30]})]),
    ),
]


@pytest.mark.parametrize("raw", [u[1] for u in UNMENDED], ids=[u[0] for u in UNMENDED])
def test_refused_with_faults(raw: Any) -> None:
    with pytest.raises(InvalidRequest):
        assert parse(raw).digest


def test_a_pointer_leads_into_the_body() -> None:
    raw = define(items=[YES_NO, item("a", "boolean", show_if={"item": "first", "in": [None]})])
    assert {pointer for pointer, _ in faults(raw)} == {"/sections/0/items/1/show_if/in/0"}


def test_the_digest_of_a_whole_float() -> None:
    one_of = [
        define(items=[item("e", "integer"), item("a", "boolean", show_if={"item": "e", "in": [v]})]) for v in (3, 3.0)
    ]
    assert parse(one_of[0]).digest == parse(one_of[1]).digest


def test_a_faulty_construct_is_blamed_once() -> None:
    raw = define(constructs=[{"key": "communication", "title": {"en": "C"}, "setting": "moon"}])
    assert faults(raw) == [("/constructs/0/setting", "literal_error")]


@pytest.mark.parametrize("key", [[], {}, [["a"]], {"en": "a"}, 5, None, True])
def test_a_constructs_key_that_is_no_string(key: Any) -> None:
    raw = define(constructs=[{"key": "communication", "title": {"en": "C"}}, {"key": key, "title": {"en": "C"}}])
    assert faults(raw) == [("/constructs/1/key", "string_type")]
