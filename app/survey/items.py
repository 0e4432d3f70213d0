"""The kinds of items: what each one is, how an answer becomes codes, and back.

A new kind of item is one class here with `kind: Literal[...]`; nothing else in the program asks for a kind. Closed
kinds become one character a column of the fixed-width record; open kinds stay JSON beside it.
"""

from __future__ import annotations

import math
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from app.survey.base import CONTROL, Model, Slug, Text
from app.survey.columns import CODES, NOT_APPLICABLE, Column, Option, Scale, Wrong
from app.survey.conditions import FAR, Condition


class ItemBase(Model, ABC):
    """What every item has."""

    key: Slug
    text: Text
    help: Text | None = None
    required: bool = False
    show_if: Condition | None = None

    @property
    def construct_key(self) -> str | None:
        """The construct that the item is scored into."""
        return None

    @property
    def is_reversed(self) -> bool:
        return False

    @property
    def is_outcome(self) -> bool:
        """Whether priorities are measured against the item."""
        return False

    @property
    def is_attribute(self) -> bool:
        """Whether results may be broken down by the item."""
        return False

    @property
    def is_comment(self) -> bool:
        """Whether an answer is words, which people read one by one."""
        return False

    @abstractmethod
    def answer_schema(self, scales: Mapping[str, Scale]) -> dict[str, Any]:
        """JSON Schema of a given answer (null is added by the caller)."""

    def meaning(self, scales: Mapping[str, Scale]) -> tuple[Any, ...]:
        """What must not change while the item keeps its key."""
        return (self.kind,)  # type: ignore[attr-defined]

    def columns(self, scales: Mapping[str, Scale], start: int) -> tuple[Column, ...]:
        """Give the columns of the record, from position `start`; none for an open item."""
        return ()

    def encode(self, value: Any, columns: tuple[Column, ...]) -> str:
        """Turn an answer into one code a column. Raises Wrong."""
        raise NotImplementedError

    def decode(self, codes: str, columns: tuple[Column, ...]) -> Any:
        """Turn codes back into the answer."""
        return columns[0].codes[codes]

    def clean(self, value: Any) -> Any:
        """Check the answer to an open item and give its stored form. Raises Wrong."""
        raise NotImplementedError

    def options(self, scales: Mapping[str, Scale], locale: str) -> list[dict[str, Any]]:
        """Describe the options for a reader of results, in order."""
        return []

    def from_form(self, given: Sequence[str]) -> Any:
        """Read the answer from the values of an HTML form's field; None when it was left empty.

        What cannot be read stays the text that it is, for `encode` or `clean` to refuse.
        """
        text = given[0].strip() if given else ""
        return text or None

    def accepts(self, value: Any, scales: Mapping[str, Scale]) -> bool:
        """Tell whether a `show_if` may ask for this value."""
        columns = self.columns(scales, 0)
        if not columns:
            try:
                self.clean(value)
            except Wrong:
                return False
            return True
        if columns[0].option is not None:
            return any(value == c.option for c in columns)
        return any(value == v and type(value) is type(v) for v in columns[0].codes.values())


def _option_columns(key: str, start: int, options: list[Any], **more: Any) -> tuple[Column, ...]:
    """One column for a choice of one among options: codes 1, 2, ...; the first not-applicable option is `~`."""
    codes: dict[str, str] = {}
    outside: set[str] = set()
    for index, option in enumerate(options):
        code = NOT_APPLICABLE if option.not_applicable and not outside else CODES[index + 1]
        codes[code] = option.value
        if option.not_applicable:
            outside.add(code)
    counts = {c: v for c, v in codes.items() if c not in outside}
    return (Column(key, None, start, codes, frozenset(outside), counts=counts, **more),)


def _encode_choice(value: Any, columns: tuple[Column, ...]) -> str:
    if type(value) is not str:
        raise Wrong("wrong_type", "An option's value, a string, is expected.", tuple(columns[0].codes.values()))
    for code, option in columns[0].codes.items():
        if option == value:
            return code
    raise Wrong("unknown_option", "This is none of the item's options.", tuple(columns[0].codes.values()))


class Rating(ItemBase):
    """A statement answered on a scored scale."""

    kind: Literal["rating"]
    scale: Slug
    construct_: Annotated[Slug | None, Field(alias="construct")] = None
    reverse: bool = False
    outcome: bool = False

    @property
    def construct_key(self) -> str | None:
        return self.construct_

    @property
    def is_reversed(self) -> bool:
        return self.reverse

    @property
    def is_outcome(self) -> bool:
        return self.outcome

    def scored(self, scales: Mapping[str, Scale]) -> dict[str, int]:
        """Option value -> score after reversal (`lowest + highest - score`)."""
        scale = scales[self.scale]
        turn = scale.lowest + scale.highest
        return {o.value: turn - o.score if self.reverse else o.score for o in scale.options if o.score is not None}

    def favorable(self, scales: Mapping[str, Scale]) -> frozenset[str]:
        """Values whose (reversed) score is the score of a favorable option."""
        good = {o.score for o in scales[self.scale].options if o.favorable}
        return frozenset(v for v, score in self.scored(scales).items() if score in good)

    def meaning(self, scales: Mapping[str, Scale]) -> tuple[Any, ...]:
        outside = frozenset(o.value for o in scales[self.scale].options if o.not_applicable)
        return (self.kind, frozenset(self.scored(scales).items()), outside)

    def columns(self, scales: Mapping[str, Scale], start: int) -> tuple[Column, ...]:
        (plain,) = _option_columns(self.key, start, scales[self.scale].options)
        scored, good = self.scored(scales), self.favorable(scales)
        return (
            Column(
                self.key,
                None,
                start,
                plain.codes,
                plain.not_applicable,
                scores={c: scored[v] for c, v in plain.codes.items() if v in scored},
                favorable=frozenset(c for c, v in plain.codes.items() if v in good),
                counts=plain.counts,
            ),
        )

    def encode(self, value: Any, columns: tuple[Column, ...]) -> str:
        return _encode_choice(value, columns)

    def answer_schema(self, scales: Mapping[str, Scale]) -> dict[str, Any]:
        return {"enum": [o.value for o in scales[self.scale].options]}

    def options(self, scales: Mapping[str, Scale], locale: str) -> list[dict[str, Any]]:
        good, out = self.favorable(scales), []
        for o in scales[self.scale].options:
            entry: dict[str, Any] = {"value": o.value, "label": o.label.say(locale)}
            if o.not_applicable:
                entry["not_applicable"] = True
            else:
                entry |= {"score": o.score, "favorable": o.value in good}
            out.append(entry)
        return out


class _Choice(ItemBase, ABC):
    options_: Annotated[list[Option], Field(alias="options", min_length=1, max_length=60)]

    @model_validator(mode="after")
    def _distinct(self) -> _Choice:
        values = [o.value for o in self.options_]
        if len(set(values)) < len(values):
            raise ValueError("two options have the same value")
        return self

    def options(self, scales: Mapping[str, Scale], locale: str) -> list[dict[str, Any]]:
        return [
            {"value": o.value, "label": o.label.say(locale)} | ({"not_applicable": True} if o.not_applicable else {})
            for o in self.options_
        ]


class Single(_Choice):
    """A choice of one option; may be an attribute by which results are broken down."""

    kind: Literal["single"]
    attribute: bool = False

    @property
    def is_attribute(self) -> bool:
        return self.attribute

    def columns(self, scales: Mapping[str, Scale], start: int) -> tuple[Column, ...]:
        return _option_columns(self.key, start, self.options_)

    def encode(self, value: Any, columns: tuple[Column, ...]) -> str:
        return _encode_choice(value, columns)

    def answer_schema(self, scales: Mapping[str, Scale]) -> dict[str, Any]:
        return {"enum": [o.value for o in self.options_]}


class Multiple(_Choice):
    """A choice of any number of options; the empty list is the answer "none of these"."""

    kind: Literal["multiple"]

    @model_validator(mode="after")
    def _all_apply(self) -> Multiple:
        if any(o.not_applicable for o in self.options_):
            raise ValueError("an option of a multiple choice cannot be `not_applicable`")
        return self

    def columns(self, scales: Mapping[str, Scale], start: int) -> tuple[Column, ...]:
        return tuple(
            Column(self.key, o.value, start + i, {"0": False, "1": True}, counts={"1": o.value})
            for i, o in enumerate(self.options_)
        )

    def encode(self, value: Any, columns: tuple[Column, ...]) -> str:
        expected = tuple(c.option for c in columns)
        if type(value) is not list:
            raise Wrong("wrong_type", "A list of option values is expected.", expected)
        for index, ticked in enumerate(value):
            if type(ticked) is not str:
                raise Wrong("wrong_type", "An option's value, a string, is expected.", expected, (index,))
            if ticked not in expected:
                raise Wrong("unknown_option", "This is none of the item's options.", expected, (index,))
            if ticked in value[:index]:
                raise Wrong("repeated_option", "An option can be ticked once.", None, (index,))
        return "".join("1" if option in value else "0" for option in expected)

    def decode(self, codes: str, columns: tuple[Column, ...]) -> Any:
        return [c.option for c, code in zip(columns, codes, strict=True) if code == "1"]

    def from_form(self, given: Sequence[str]) -> Any:
        """An empty value alone is the box "none of these"; together with others it is refused."""
        return [] if list(given) == [""] else list(given) or None

    def answer_schema(self, scales: Mapping[str, Scale]) -> dict[str, Any]:
        return {"type": "array", "uniqueItems": True, "items": {"enum": [o.value for o in self.options_]}}


class Boolean(ItemBase):
    """Yes or no, `true` or `false`."""

    kind: Literal["boolean"]
    attribute: bool = False

    @property
    def is_attribute(self) -> bool:
        return self.attribute

    def columns(self, scales: Mapping[str, Scale], start: int) -> tuple[Column, ...]:
        return (Column(self.key, None, start, {"0": False, "1": True}, counts={"0": "false", "1": "true"}),)

    def encode(self, value: Any, columns: tuple[Column, ...]) -> str:
        if type(value) is not bool:
            raise Wrong("wrong_type", "`true` or `false` is expected.", (True, False))
        return "1" if value else "0"

    def from_form(self, given: Sequence[str]) -> Any:
        text = super().from_form(given)
        return {"true": True, "false": False}.get(text, text)

    def answer_schema(self, scales: Mapping[str, Scale]) -> dict[str, Any]:
        return {"type": "boolean"}

    def options(self, scales: Mapping[str, Scale], locale: str) -> list[dict[str, Any]]:
        yes, no = ("Sí", "No") if locale.split("-")[0] == "es" else ("Yes", "No")
        return [{"value": "true", "label": yes}, {"value": "false", "label": no}]


class Integer(ItemBase):
    """A whole number; one character of the record when at most 62 values are possible, else an open answer."""

    kind: Literal["integer"]
    minimum: Annotated[int, Field(ge=-FAR, le=FAR)] | None = None
    maximum: Annotated[int, Field(ge=-FAR, le=FAR)] | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Integer:
        if self.minimum is not None and self.maximum is not None and self.minimum > self.maximum:
            raise ValueError("the minimum is above the maximum")
        return self

    def columns(self, scales: Mapping[str, Scale], start: int) -> tuple[Column, ...]:
        if self.minimum is None or self.maximum is None or self.maximum - self.minimum >= len(CODES):
            return ()
        codes = {CODES[i]: value for i, value in enumerate(range(self.minimum, self.maximum + 1))}
        return (Column(self.key, None, start, codes, scores=codes, counts={c: str(v) for c, v in codes.items()}),)

    def clean(self, value: Any) -> int:
        if type(value) is float and value.is_integer():
            value = int(value)  # JSON does not tell 3.0 from 3
        if type(value) is not int:
            raise Wrong("wrong_type", "A whole number is expected.")
        _within(value, *_bounded(self.minimum, self.maximum))
        return value

    def encode(self, value: Any, columns: tuple[Column, ...]) -> str:
        whole = self.clean(value)
        assert self.minimum is not None
        return CODES[whole - self.minimum]

    def from_form(self, given: Sequence[str]) -> Any:
        text = super().from_form(given)
        return int(text) if text and re.fullmatch(r"[+-]?\d{1,16}", text) else text

    def answer_schema(self, scales: Mapping[str, Scale]) -> dict[str, Any]:
        low, high = _bounded(self.minimum, self.maximum)
        return {"type": "integer", "minimum": low, "maximum": high}


class Number(ItemBase):
    """A number; kept as an open answer."""

    kind: Literal["number"]
    minimum: float | None = None
    maximum: float | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Number:
        if any(v is not None and not math.isfinite(v) for v in (self.minimum, self.maximum)):
            raise ValueError("a bound must be a finite number")
        if self.minimum is not None and self.maximum is not None and self.minimum > self.maximum:
            raise ValueError("the minimum is above the maximum")
        return self

    def clean(self, value: Any) -> int | float:
        if type(value) not in (int, float) or value != value:
            raise Wrong("wrong_type", "A number is expected.")
        _within(value, *_bounded(self.minimum, self.maximum))
        return int(value) if float(value).is_integer() else value

    def from_form(self, given: Sequence[str]) -> Any:
        """Half of the world writes a comma where the other half writes a point."""
        text = super().from_form(given)
        plain = text.replace(",", ".") if text else ""
        return float(plain) if re.fullmatch(r"[+-]?\d{1,16}(\.\d{0,400})?", plain) else text

    def answer_schema(self, scales: Mapping[str, Scale]) -> dict[str, Any]:
        low, high = _bounded(self.minimum, self.maximum)
        return {"type": "number", "minimum": low, "maximum": high}


class Date(ItemBase):
    """A calendar date, `YYYY-MM-DD`; kept as an open answer."""

    kind: Literal["date"]

    def clean(self, value: Any) -> str:
        if type(value) is not str:
            raise Wrong("wrong_type", "A date like 2022-10-03 is expected.")
        if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
            raise Wrong("invalid_date", "A date like 2022-10-03 is expected.")
        try:
            date.fromisoformat(value)
        except ValueError:
            raise Wrong("invalid_date", "There is no such day in the calendar.") from None
        return value

    def answer_schema(self, scales: Mapping[str, Scale]) -> dict[str, Any]:
        return {"type": "string", "format": "date", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}


class FreeText(ItemBase):
    """Words; kept as an open answer."""

    kind: Literal["text"]
    max_length: Annotated[int, Field(ge=1, le=20_000)] = 2000

    @property
    def is_comment(self) -> bool:
        return True

    def clean(self, value: Any) -> str:
        if type(value) is not str:
            raise Wrong("wrong_type", "A text is expected.")
        if len(value) > self.max_length:
            raise Wrong("too_long", f"At most {self.max_length} characters are taken.", (self.max_length,))
        if CONTROL.search(value):
            raise Wrong("control_character", "Control characters other than tab and line ends are not taken.")
        if self.required and not value.strip():
            raise Wrong("required", "This item needs an answer.")
        return value

    def from_form(self, given: Sequence[str]) -> Any:
        """A form sends its line ends as CR LF, and a text of blanks is none."""
        text = given[0].replace("\r\n", "\n").replace("\r", "\n") if given else ""
        return text if text.strip() else None

    def answer_schema(self, scales: Mapping[str, Scale]) -> dict[str, Any]:
        # Character by character what `clean` refuses; \S is spelled out where two languages' white space differs.
        pattern = {"pattern": r"[^\s\x85]|\ufeff"} if self.required else {}
        return {"type": "string", "maxLength": self.max_length, "not": {"pattern": CONTROL.pattern}} | pattern


def _bounded(minimum: float | None, maximum: float | None) -> tuple[float, float]:
    """The bounds of a number; without its own it stays where every whole number is exact."""
    return (-FAR if minimum is None else minimum, FAR if maximum is None else maximum)


def _within(value: float, minimum: float, maximum: float) -> None:
    if value < minimum:
        raise Wrong("too_small", f"At least {minimum:g} is expected.", (minimum,))
    if value > maximum:
        raise Wrong("too_large", f"At most {maximum:g} is expected.", (maximum,))


Item = Rating | Single | Multiple | Boolean | Integer | Number | Date | FreeText
KINDS: dict[str, type[ItemBase]] = {
    cls.model_fields["kind"].annotation.__args__[0]: cls  # type: ignore[union-attr]
    for cls in (Rating, Single, Multiple, Boolean, Integer, Number, Date, FreeText)
}
