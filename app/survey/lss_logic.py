"""LimeSurvey's relevance equations, said in the words of `relevant` (XPath 1.0), which `relevance.py` understands.

Decides which of its expressions mean the same: comparisons of answers with values, `is_empty`, and, or, not, brackets.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from app.survey.relevance import MOST_WORDS, Asked, Unsayable, quoted


@dataclass(frozen=True, slots=True)
class Variable:
    """What a name in an expression stands for: a question, or whether one of its choices is ticked."""

    question: str
    choice: str | None = None


_TOKEN = re.compile(
    r"\s*(?:(\d+X\d+X[\w#]+(?:\.\w+)?|[A-Za-z_][\w#]*(?:\.\w+)*)|(\"[^\"]*\"|'[^']*')|(-?\d+(?:\.\d+)?)"
    r"|(==|!=|<=|>=|<>|&&|\|\||[=<>!(),]))"
)
_SIGNS = {
    "==": "=", "=": "=", "eq": "=", "!=": "!=", "<>": "!=", "ne": "!=", "<": "<", "lt": "<", "<=": "<=", "le": "<=",
    ">": ">", "gt": ">", ">=": ">=", "ge": ">=",
}  # fmt: skip
_TURNED = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}
ALWAYS = ("", "1", "true")


def expression_of(equation: str, variables: Mapping[str, Variable], asked: Mapping[str, Asked]) -> tuple[str, set[str]]:
    """Turn a relevance equation into an expression.

    Returns
    -------
    expression, bare : the expression, and the questions that the equation names without `.NAOK`: if one of these was
        not asked, the equation does not hold, whatever it says.

    Raises
    ------
    Unsayable : when it does more than compare earlier answers with values.
    """
    reader = _Reader(equation, variables, asked)
    said = reader.either()
    if reader.left:
        raise Unsayable(f"`{reader.left[0]}` is not understood")
    return said, reader.bare


class _Reader:
    """A reader of one equation, from left to right."""

    def __init__(self, equation: str, variables: Mapping[str, Variable], asked: Mapping[str, Asked]) -> None:
        self.variables = variables
        self.asked = asked
        self.left: list[str] = []
        self.bare: set[str] = set()
        equation, place = equation.strip().removeprefix("{").removesuffix("}"), 0
        while equation[place:].strip():
            found = _TOKEN.match(equation, place)
            if found is None:
                raise Unsayable(f"`{equation[place:].strip()[:20]}` is not understood")
            self.left.append(found[0].strip())
            place = found.end()
        if len(self.left) > MOST_WORDS:
            raise Unsayable("it is too long")

    def next(self, *wanted: str) -> bool:
        """Take the next word if it is one of these."""
        if self.left and self.left[0].lower() in wanted:
            self.left.pop(0)
            return True
        return False

    def take(self) -> str:
        if not self.left:
            raise Unsayable("it ends too early")
        return self.left.pop(0)

    def either(self) -> str:
        parts = [self.every()]
        while self.next("or", "||"):
            parts.append(self.every())
        return " or ".join(parts)

    def every(self) -> str:
        parts = [self.one()]
        while self.next("and", "&&"):
            parts.append(self.one())
        return " and ".join(parts)

    def one(self) -> str:
        if self.next("!", "not"):
            return f"not({self.one()})"
        if self.next("("):
            inner = self.either()
            self.close()
            return f"({inner})"
        if self.next("is_empty"):
            if not self.next("("):
                raise Unsayable("`is_empty` is not understood")
            variable = self.variable(self.take())
            self.close()
            return self.compared(variable, "=", "''")
        return self.comparison()

    def close(self) -> None:
        if not self.next(")"):
            raise Unsayable("a bracket is not closed")

    def comparison(self) -> str:
        left = self.take()
        sign = _SIGNS.get(self.take().lower() if self.left else "")
        if sign is None:
            raise Unsayable(f"`{left}` is not compared with a value")
        right = self.take()
        if _is_value(left):
            left, right, sign = right, left, _TURNED.get(sign, sign)
        if _is_value(left) or not _is_value(right):
            raise Unsayable("an answer is compared with something else than a value")
        return self.compared(self.variable(left), sign, right)

    def variable(self, name: str) -> Variable:
        plain = re.sub(r"\.(NAOK|code)$", "", name)
        if plain not in self.variables:
            raise Unsayable(f"`{plain}` is no earlier question that was carried over")
        if not name.endswith(".NAOK"):
            self.bare.add(self.variables[plain].question)
        return self.variables[plain]

    def compared(self, variable: Variable, sign: str, value: str) -> str:
        words = value[1:-1] if value[0] in "'\"" else value
        name = f"${{{variable.question}}}"
        if variable.choice is not None:
            if sign not in ("=", "!=") or words not in ("Y", ""):
                raise Unsayable("a choice can only be ticked or not")
            ticked = f"selected({name}, {quoted(variable.choice)})"
            return ticked if (sign == "=") == (words == "Y") else f"not({ticked})"
        asked = self.asked.get(variable.question)
        numeric = bool(re.fullmatch(r"-?\d+(\.\d+)?", words))
        if numeric and ((asked is not None and asked.number) or sign not in ("=", "!=")):
            return f"{name} {sign} {words}"
        return f"{name} {sign} {quoted(words)}"


def _is_value(token: str) -> bool:
    return token[0] in "'\"" or bool(re.fullmatch(r"-?\d+(\.\d+)?", token))
