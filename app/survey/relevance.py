"""Skip logic in two tongues: our `show_if` and the `relevant` expressions of XLSForm (XPath 1.0).

Decides which expressions mean the same as a condition over earlier answers. What has no such condition is `Unsayable`.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.survey.conditions import All, AnyOf, Condition, Is, Not


class Unsayable(Exception):
    """A condition that the other tongue has no words for; its text says why."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What an expression may ask of a question.

    Attributes
    ----------
    key : the item's key.
    values : text in the form -> answer; empty for a question that people answer in their own words or numbers.
    several : whether several of the values can be ticked at once.
    number : whether answers are numbers.
    text : whether answers are texts or dates that are compared as they stand.
    """

    key: str
    values: Mapping[str, Any] = field(default_factory=dict)
    several: bool = False
    number: bool = False
    text: bool = False


# ------------------------------------------------------------------ from `relevant`
_TOKEN = re.compile(
    r"\s*(?:(\$\{[^{}]+\}|\.\./[\w.-]+)|('[^']*'|\"[^\"]*\")|(-?\d+(?:\.\d+)?)|(!=|<=|>=|=|<|>)|([(),])|([A-Za-z][\w-]*))"
)
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq, "<": operator.lt, ">": operator.gt, "<=": operator.le, ">=": operator.ge,
}  # fmt: skip
_TURNED = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}
MOST_VALUES = 200
MOST_WORDS = 400


def condition_of(expression: str, asked: Mapping[str, Asked]) -> dict[str, Any]:
    """Turn a `relevant` expression into a condition as JSON data.

    Parameters
    ----------
    expression : comparisons of a question with a value, `selected(...)`, `not(...)`, `and`, `or` and brackets.
    asked : the questions before, by their name in the form.

    Raises
    ------
    Unsayable : when the expression is more than that, or asks for what is no answer.
    """
    reader = _Reader(expression, asked)
    condition = reader.either()
    if reader.left:
        raise Unsayable(f"`{reader.left[0]}` is not understood")
    return condition


class _Reader:
    """A reader of one expression, from left to right."""

    def __init__(self, expression: str, asked: Mapping[str, Asked]) -> None:
        self.asked = asked
        self.left: list[str] = []
        place = 0
        while expression[place:].strip():
            found = _TOKEN.match(expression, place)
            if found is None:
                raise Unsayable(f"`{expression[place:].strip()[:20]}` is not understood")
            self.left.append(found[0].strip())
            place = found.end()
        if len(self.left) > MOST_WORDS:
            raise Unsayable("it is too long")

    def take(self, *wanted: str) -> str:
        if not self.left or (wanted and self.left[0] not in wanted):
            raise Unsayable(f"`{self.left[0]}` is not understood" if self.left else "it ends too early")
        return self.left.pop(0)

    def either(self) -> dict[str, Any]:
        parts = [self.every()]
        while self.left[:1] == ["or"]:
            self.take()
            parts.append(self.every())
        return _joined("any", parts)

    def every(self) -> dict[str, Any]:
        parts = [self.one()]
        while self.left[:1] == ["and"]:
            self.take()
            parts.append(self.one())
        return _joined("all", parts)

    def one(self) -> dict[str, Any]:
        if self.left[:2] == ["not", "("]:
            self.take()
            return _not(self.one())
        if self.left[:1] == ["("]:
            self.take()
            inner = self.either()
            self.take(")")
            return inner
        if self.left[:2] == ["selected", "("]:
            self.take()
            self.take("(")
            asked = self.question(self.take())
            self.take(",")
            value = _text(self.take())
            self.take(")")
            if value not in asked.values:
                raise Unsayable(f"`{value}` is no choice of `{asked.key}`")
            return _is(asked, [asked.values[value]])
        return self.comparison()

    def comparison(self) -> dict[str, Any]:
        left, sign, right = self.operand(), self.take("=", "!=", "<", ">", "<=", ">="), self.operand()
        if not _is_question(left):
            left, right, sign = right, left, _TURNED.get(sign, sign)
        if not _is_question(left) or _is_question(right):
            raise Unsayable("a question is compared with something else than a value")
        asked = self.question(left)
        if sign == "!=":
            return _not(_compared(asked, "=", right))
        return _compared(asked, sign, right)

    def operand(self) -> str:
        token = self.take()
        if token == "date" and self.left[:1] == ["("]:
            self.take()
            token = self.take()
            self.take(")")
        return token

    def question(self, token: str) -> Asked:
        name = token.removeprefix("${").removesuffix("}").removeprefix("../").strip()
        if name not in self.asked:
            raise Unsayable(f"`{name}` is no earlier question that was carried over")
        return self.asked[name]


def _is_question(token: str) -> bool:
    return token.startswith(("${", "../"))


def _text(token: str) -> str:
    if len(token) < 2 or token[0] not in "'\"":
        raise Unsayable(f"`{token}` is not understood")
    return token[1:-1]


def _compared(asked: Asked, sign: str, token: str) -> dict[str, Any]:
    """Compare a question with one value; `= ''` asks whether it was left out."""
    if token in ("''", '""') and sign == "=" and asked.values:
        return _not(_is(asked, list(asked.values.values())))
    if asked.several:
        raise Unsayable(f"`{asked.key}` may have several answers: only `selected()` can ask for one")
    if token[0] in "'\"":
        value = _text(token)
        if sign != "=" or not (asked.values or asked.text) or (asked.values and value not in asked.values) or not value:
            raise Unsayable(f"`{asked.key}` cannot be compared with {token}")
        return _is(asked, [asked.values.get(value, value)])
    try:
        number = float(token)
    except ValueError:
        raise Unsayable(f"`{token}` is not understood") from None
    if asked.values:
        hit = [answer for text, answer in asked.values.items() if _holds(sign, text, number)]
        if not 0 < len(hit) <= MOST_VALUES:
            raise Unsayable(f"no answer to `{asked.key}` is {sign} {token}")
        return _is(asked, hit)
    if not asked.number or sign != "=":
        raise Unsayable(f"`{asked.key}` has no bounds: it can only be asked whether it is one number")
    return _is(asked, [int(number) if number.is_integer() else number])


def _holds(sign: str, text: str, number: float) -> bool:
    try:
        return _COMPARE[sign](float(text), number)
    except ValueError:
        return False  # XPath compares no number with a word


def _is(asked: Asked, values: Sequence[Any]) -> dict[str, Any]:
    return {"item": asked.key, "in": list(values)}


def _not(part: dict[str, Any]) -> dict[str, Any]:
    inner: dict[str, Any] = part.get("not", {"not": part})
    return inner


def _joined(word: str, parts: list[dict[str, Any]]) -> dict[str, Any]:
    """Join parts; values of one question that are asked for one after the other become one list."""
    found: list[dict[str, Any]] = []
    for part in parts:
        if word == "any" and found and "in" in part and found[-1].get("item") == part["item"]:
            found[-1] = {"item": part["item"], "in": list(dict.fromkeys([*found[-1]["in"], *part["in"]]))}
        else:
            found.append(part)
    return found[0] if len(found) == 1 else {word: found}


# ------------------------------------------------------------------ to `relevant`
def expression_of(condition: Condition, say: Callable[[Is, Any], str]) -> str:
    """Turn a condition into a `relevant` expression; `say` says that an item has one value, and may be Unsayable."""
    match condition:
        case All():
            return f"({' and '.join(expression_of(part, say) for part in condition.parts)})"
        case AnyOf():
            return f"({' or '.join(expression_of(part, say) for part in condition.parts)})"
        case Not():
            return f"not({expression_of(condition.part, say)})"
        case Is():
            said = [say(condition, value) for value in condition.values]
            return said[0] if len(said) == 1 else f"({' or '.join(said)})"


def quoted(text: str) -> str:
    """Quote a text for XPath 1.0, which has no way to write one that holds both kinds of quotes. Raises Unsayable."""
    if "'" not in text:
        return f"'{text}'"
    if '"' not in text:
        return f'"{text}"'
    raise Unsayable("a text with both kinds of quotes")
