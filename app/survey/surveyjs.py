"""A SurveyJS model of an instrument, for front ends that render it with survey-core.

Decides how items, skip logic and wordings are said in SurveyJS's JSON, so that `survey.data` is the `answers` of a
response as it stands. What survey-core cannot be told is named in `NotSayable`, never dropped.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import singledispatch
from typing import Any

from app.survey.base import Text
from app.survey.columns import Option, ScaleOption
from app.survey.conditions import FAR, All, AnyOf, Condition, Is, Not
from app.survey.instrument import Instrument
from app.survey.items import Boolean, Date, FreeText, Integer, Item, ItemBase, Multiple, Number, Rating, Single


class NotSayable(Exception):
    """Items whose skip logic SurveyJS cannot say; `items` are their keys."""

    def __init__(self, items: list[str]) -> None:
        super().__init__(", ".join(items))
        self.items = items


def surveyjs_model(instrument: Instrument, locale: str | None = None) -> dict[str, Any]:
    """Give the model as JSON data for `new Survey.Model(...)`.

    Parameters
    ----------
    locale : the language in which the survey opens, one of the instrument's; its default when None. All languages are
        in the model, whichever it opens in.

    Raises
    ------
    NotSayable : when a condition asks for an item or a text that no expression of SurveyJS can name.
    """
    wording = _Wording(instrument)
    failed = [item.key for item in instrument.items if item.show_if is not None and not _sayable(item.show_if)]
    if failed:
        raise NotSayable(failed)
    model: dict[str, Any] = {
        "title": wording.of(instrument.title),
        "locale": locale or instrument.default_locale,
        "clearInvisibleValues": "onHidden",  # the server refuses an answer to an item that is not shown
        "pages": [
            {"name": f"section {section.key}", "title": wording.of(section.title)}
            | wording.described(section.intro)
            | {"elements": [_element(item, wording) for item in section.items]}
            for section in instrument.sections
        ],
    }
    return model | wording.described(instrument.intro)


@dataclass(frozen=True, slots=True)
class _Wording:
    """Texts in SurveyJS's form: one string, or strings by language.

    Its `default` is English, whatever language a survey opens in; without English it is what every other language
    falls back to.
    """

    instrument: Instrument

    def of(self, text: Text) -> Any:
        return self.by_language({locale: text.say(locale) for locale in self.instrument.languages})

    def by_language(self, words: dict[str, str]) -> Any:
        if len(words) == 1:
            return next(iter(words.values()))
        default = "en" if "en" in words else self.instrument.default_locale
        return {"default": words[default]} | {k: v for k, v in words.items() if k != "en"}

    def described(self, text: Text | None) -> dict[str, Any]:
        return {} if text is None else {"description": self.of(text)}

    def choices(self, options: Iterable[Option | ScaleOption]) -> dict[str, Any]:
        return {"choices": [{"value": o.value, "text": self.of(o.label)} for o in options]}


# ------------------------------------------------------------------ items
def _element(item: Item, wording: _Wording) -> dict[str, Any]:
    element = {"name": item.key, "title": wording.of(item.text)} | wording.described(item.help)
    element |= question(item, wording)
    if item.required:
        element["isRequired"] = True
    if item.show_if is not None:
        element["visibleIf"] = expression(item.show_if, wording.instrument)
    return element


@singledispatch
def question(item: ItemBase, wording: _Wording) -> dict[str, Any]:
    """Give what belongs to the kind of an item: the type of its question, choices, bounds."""
    raise NotImplementedError(type(item).__name__)


@question.register
def _(item: Rating, wording: _Wording) -> dict[str, Any]:
    return {"type": "radiogroup"} | wording.choices(wording.instrument.scales[item.scale].options)


@question.register
def _(item: Single, wording: _Wording) -> dict[str, Any]:
    return {"type": "radiogroup"} | wording.choices(item.options_)


@question.register
def _(item: Multiple, wording: _Wording) -> dict[str, Any]:
    return {"type": "checkbox"} | wording.choices(item.options_)


@question.register
def _(item: Boolean, wording: _Wording) -> dict[str, Any]:
    said = {locale: item.options({}, locale) for locale in wording.instrument.languages}
    labels = {
        name: wording.by_language({locale: options[place]["label"] for locale, options in said.items()})
        for place, name in enumerate(("labelTrue", "labelFalse"))
    }
    return {"type": "boolean", "renderAs": "radio"} | labels


@question.register
def _(item: Integer, wording: _Wording) -> dict[str, Any]:
    whole = {"type": "regex", "regex": r"^-?[0-9]+$"}
    return {"type": "text", "inputType": "number", "step": 1, "validators": [whole, _bounds(item)]}


@question.register
def _(item: Number, wording: _Wording) -> dict[str, Any]:
    return {"type": "text", "inputType": "number", "step": "any", "validators": [_bounds(item)]}


@question.register
def _(item: Date, wording: _Wording) -> dict[str, Any]:
    pattern = {"type": "regex", "regex": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}
    return {"type": "text", "inputType": "date", "validators": [pattern]}


@question.register
def _(item: FreeText, wording: _Wording) -> dict[str, Any]:
    return {"type": "comment", "maxLength": item.max_length}


def _bounds(item: Integer | Number) -> dict[str, Any]:
    low = -FAR if item.minimum is None else item.minimum
    high = FAR if item.maximum is None else item.maximum
    return {"type": "numeric", "minValue": low, "maxValue": high}


# ------------------------------------------------------------------ skip logic
def expression(condition: Condition, instrument: Instrument, *, holds: bool = True) -> str:
    """Say that a condition holds, or that it does not, as an expression of SurveyJS.

    Negation is pushed down to the single comparisons, where empty answers are looked after.
    """
    match condition:
        case All() | AnyOf():
            parts = [expression(part, instrument, holds=holds) for part in condition.parts]
            return _all(parts) if isinstance(condition, All) == holds else _any(parts)
        case Not():
            return expression(condition.part, instrument, holds=not holds)
        case Is():
            return _comparison(condition, instrument, holds)


def _comparison(condition: Is, instrument: Instrument, holds: bool) -> str:
    item = instrument.by_key[condition.item]
    columns = item.columns(instrument.scales, 0)
    options = [column.option for column in columns if column.option is not None]
    if columns:
        plain = all(map(_is_plain, options or columns[0].codes.values()))
    else:
        plain = not any(type(value) is str for value in condition.values)  # people write what they like
    values = [_constant(value) for value in condition.values]
    name = item.key
    if plain:
        return f"{{{name}}} {'anyof' if holds else 'noneof'} [{', '.join(values)}]"
    # `anyof` takes "No" for "no" and "1.0" for "1", while < and > tell every two texts apart. They look at one text, so
    # a multiple is compared place by place; # keeps survey-core from reading a text as a number.
    places = [f"{{#{name}[{place}]}}" for place in range(len(options))] or [f"{{#{name}}}"]
    if holds:
        return _any(f"({p} notempty and !({p} < {v}) and !({p} > {v}))" for p in places for v in values)
    return _all(f"({p} empty or {p} < {v} or {p} > {v})" for p in places for v in values)


def _any(parts: Iterable[str]) -> str:
    return f"({' or '.join(parts)})"


def _all(parts: Iterable[str]) -> str:
    return f"({' and '.join(parts)})"


def _is_plain(value: Any) -> bool:
    """Tell whether survey-core's loose comparison cannot take another option for this one."""
    if type(value) is str:
        return re.fullmatch("[a-z][a-z0-9_-]*", value) is not None and value not in ("true", "false", "undefined")
    return True


def _constant(value: Any) -> str:
    if type(value) is bool:
        return "true" if value else "false"
    if type(value) is str:
        return "'" + value.replace("'", "\\'").replace('"', '\\"') + "'"
    return format(Decimal(repr(value)), "f")


# In an expression these are figures of survey-core's own, whatever item has the key.
_TAKEN = re.compile("pageno|(page|question)count|(in)?correct(ed)?answer(s|count)|locale|self|.*-unwrapped")


def _sayable(condition: Condition) -> bool:
    """Tell whether the items and texts asked for can be written down; a last backslash would hide a text's end."""
    return not any(
        _TAKEN.fullmatch(part.item) or any(type(value) is str and value.endswith("\\") for value in part.values)
        for part in condition.references()
    )
