"""An instrument as an XLSForm: the rows of its three sheets.

Decides how items, scales, constructs and skip logic are said in its columns. What XLSForm has no column for stands
in columns of our own (`score`, `favorable`, `not_applicable`, `construct`, `reverse`, `outcome`, `attribute`, `key`,
`code`), which other tools pass over and `xlsform_import` reads back.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import singledispatchmethod
from typing import Any

from app.errors import Fault, NotExpressible, pointer
from app.survey.base import Text
from app.survey.columns import Option, ScaleOption
from app.survey.conditions import Is
from app.survey.instrument import Instrument
from app.survey.items import Boolean, Date, FreeText, Integer, Item, ItemBase, Multiple, Number, Rating, Single
from app.survey.relevance import Unsayable, expression_of, quoted

Row = dict[str, str]
NAMES = {"en": "English", "es": "Español", "pt": "Português", "fr": "Français", "ht": "Kreyòl ayisyen", "zh": "中文"}
TAKEN = ("meta", "data", "instanceid", "instancename")  # names that every form has


def sheets(instrument: Instrument, version: int | None = None) -> dict[str, list[Row]]:
    """Give the rows of `survey`, `choices` and `settings`.

    Raises
    ------
    NotExpressible : naming every item whose condition asks for a text that XPath cannot quote.
    """
    return _Writer(instrument).sheets(version)


class _Writer:
    def __init__(self, instrument: Instrument) -> None:
        self.instrument = instrument
        self.names = {item.key: _name(item.key, f"q_{item.key}") for item in instrument.items}
        self.faults: list[Fault] = []

    def sheets(self, version: int | None) -> dict[str, list[Row]]:
        survey = list(self.survey())
        if self.faults:
            raise NotExpressible("XLSForm has no words for the `show_if` of these items.", faults=self.faults)
        return {"survey": survey, "choices": list(self.choices()), "settings": [self.settings(version)]}

    # -------------------------------------------------------------- wording
    def language(self, locale: str) -> str:
        return f"{NAMES.get(locale.split('-')[0], locale)} ({locale})"

    def said(self, column: str, text: Text | None) -> Row:
        if text is None:
            return {}
        return {f"{column}::{self.language(name)}": text.root[name] for name in self.instrument.languages}

    # -------------------------------------------------------------- sheets
    def settings(self, version: int | None) -> Row:
        it = self.instrument
        row = {"form_title": it.title.root[it.default_locale], "form_id": it.key}
        row |= {"default_language": self.language(it.default_locale), "group": it.group}
        row |= {} if version is None else {"version": str(version)}
        others = {name: words for name, words in it.title.root.items() if name in it.languages}
        return row | {f"other_title::{self.language(name)}": words for name, words in others.items()}

    def survey(self) -> Iterator[Row]:
        if self.instrument.intro is not None:
            yield {"type": "note", "name": "note_intro", **self.said("label", self.instrument.intro)}
        taken = set(self.names.values())
        for i, section in enumerate(self.instrument.sections):
            name = _name(section.key, f"section_{i + 1}")
            name = f"section_{i + 1}" if name in taken else name
            key = {} if name == section.key else {"key": section.key}
            yield {"type": "begin_group", "name": name, **key, **self.said("label", section.title)}
            if section.intro is not None:
                yield {"type": "note", "name": f"note_{i + 1}", **self.said("label", section.intro)}
            for j, item in enumerate(section.items):
                yield self.item(item, ("sections", i, "items", j))
            yield {"type": "end_group"}

    def item(self, item: Item, path: tuple[str | int, ...]) -> Row:
        name = self.names[item.key]
        row: Row = {"name": name, **self.said("label", item.text), **self.said("hint", item.help), **self.kind(item)}
        row |= {} if name == item.key else {"key": item.key}
        row |= {"required": "yes"} if item.required else {}
        row |= {"construct": item.construct_key} if item.construct_key is not None else {}
        marks = {"reverse": item.is_reversed, "outcome": item.is_outcome, "attribute": item.is_attribute}
        row |= {mark: "yes" for mark, stands in marks.items() if stands}
        if item.show_if is not None:
            try:
                row["relevant"] = expression_of(item.show_if, self.asks)
            except Unsayable as why:
                self.faults.append(Fault(pointer(*path, "show_if"), "not_sayable", f"Its condition asks for {why}."))
        return row

    def choices(self) -> Iterator[Row]:
        for key, scale in self.instrument.scales.items():
            for option in scale.options:
                score = {} if option.score is None else {"score": str(option.score)}
                score |= {"favorable": "yes"} if option.favorable else {}
                yield self.choice(self.list_of_scale(key), option) | score
        for item in self.instrument.items:
            if isinstance(item, (Single, Multiple)):
                for choice in item.options_:
                    yield self.choice(self.list_of(item), choice)
        if any(isinstance(item, Boolean) for item in self.instrument.items):
            for value, label in (("true", {"en": "Yes", "es": "Sí"}), ("false", {"en": "No", "es": "No"})):
                said = {name: label.get(name.split("-")[0], label["en"]) for name in self.instrument.languages}
                yield {"list_name": "boolean", "name": value, **self.said("label", Text(said))}
        for construct in self.instrument.constructs:
            row = {"list_name": "constructs", "name": construct.key, **self.said("label", construct.title)}
            yield row | ({"setting": construct.setting} if construct.setting is not None else {})

    def choice(self, listed: str, option: Option | ScaleOption) -> Row:
        name = self.choice_name(option.value)
        code = {} if name == option.value else {"code": option.value}
        outside = {"not_applicable": "yes"} if option.not_applicable else {}
        return {"list_name": listed, "name": name, **code, **self.said("label", option.label), **outside}

    # -------------------------------------------------------------- names and kinds
    def list_of_scale(self, key: str) -> str:
        return f"scale_{key}"

    def list_of(self, item: ItemBase) -> str:
        return f"options_{item.key}"

    def choice_name(self, value: str) -> str:
        """Give a value as the name of a choice; one that cannot be a name is spelled by its characters' numbers."""
        if re.fullmatch(r"[A-Za-z0-9_.-]+", value) and not re.fullmatch(r"x(?:_[0-9a-f]+)+", value):
            return value
        return "x" + "".join(f"_{ord(letter):x}" for letter in value)

    @singledispatchmethod
    def kind(self, item: ItemBase) -> Row:
        raise NotImplementedError(type(item).__name__)

    @kind.register
    def _(self, item: Rating) -> Row:
        return {"type": f"select_one {self.list_of_scale(item.scale)}"}

    @kind.register
    def _(self, item: Single) -> Row:
        return {"type": f"select_one {self.list_of(item)}"}

    @kind.register
    def _(self, item: Multiple) -> Row:
        return {"type": f"select_multiple {self.list_of(item)}"}

    @kind.register
    def _(self, item: Boolean) -> Row:
        return {"type": "select_one boolean"}

    @kind.register
    def _(self, item: Integer) -> Row:
        return {"type": "integer"} | _bounds(item)

    @kind.register
    def _(self, item: Number) -> Row:
        return {"type": "decimal"} | _bounds(item)

    @kind.register
    def _(self, item: Date) -> Row:
        return {"type": "date"}

    @kind.register
    def _(self, item: FreeText) -> Row:
        return {"type": "text", "constraint": f"string-length(.) <= {item.max_length}"}

    # -------------------------------------------------------------- skip logic
    def asks(self, condition: Is, value: Any) -> str:
        item = self.instrument.by_key[condition.item]
        name = f"${{{self.names[item.key]}}}"
        columns = item.columns(self.instrument.scales, 0)
        if columns and columns[0].option is not None:
            return f"selected({name}, {quoted(self.choice_name(value))})"
        if type(value) is bool:
            return f"{name} = '{str(value).lower()}'"
        if type(value) is str:
            return f"{name} = {quoted(self.choice_name(value) if columns else _kept(value))}"
        return f"{name} = {_number(value)}"


def _name(key: str, otherwise: str) -> str:
    return key if re.fullmatch(r"[a-z_][a-z0-9_-]*", key) and key not in TAKEN else otherwise


def _bounds(item: Integer | Number) -> Row:
    parts = [] if item.minimum is None else [f". >= {_number(item.minimum)}"]
    parts += [] if item.maximum is None else [f". <= {_number(item.maximum)}"]
    return {"constraint": " and ".join(parts)} if parts else {}


def _kept(text: str) -> str:
    """Raises Unsayable for a text that does not stay as it is on its way: XPath takes an empty one for no answer."""
    if not text or text != " ".join(text.split()) or re.search("[\u2018\u2019\u201c\u201d]|[^\\x20-\\U0010ffff]", text):
        raise Unsayable("an empty text or one with special spaces or quotes")
    return text


def _number(value: float) -> str:
    """Write a number as XPath does, which knows no exponents."""
    text = f"{value:.400f}".rstrip("0").rstrip(".") if "e" in repr(value) else repr(value)
    return text.removesuffix(".0")
