"""Qualtrics' display and branch logic, said in the words of `relevant` (XPath 1.0), which `relevance.py` understands.

Decides which of its operators mean the same. Knows nothing of the questions that are asked for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from app.survey.qsf_read import Node, node, number, text, truth
from app.survey.relevance import Asked, Unsayable, quoted

_SIGNS = {
    "EqualTo": "=", "NotEqualTo": "!=", "GreaterThan": ">", "GreaterThanOrEqual": ">=", "LessThan": "<",
    "LessThanOrEqual": "<=",
}  # fmt: skip
_LOCATOR = re.compile(r"q://([\w#]{1,40})/(\w+)((?:/[\w.-]{1,40}){0,3})")


def expression_of(logic: Node, asked: Mapping[str, Asked]) -> str:
    """Turn logic into an expression.

    A question is `${QID1}` in it, a row `${QID1/2}`, the words beside a choice `${QID1/2/text}`. `And` binds more than
    `Or`, in Qualtrics as in XPath; how sets are evaluated that are joined by both is not known.

    Raises
    ------
    Unsayable : when it asks for something else than answers.
    """
    sets = _numbered(logic)
    if not sets:
        raise Unsayable("it has no parts")
    said, joints = [], set()
    for place, one in enumerate(sets):
        parts = _numbered(one)
        if not parts:
            raise Unsayable("a part of it is empty")
        if place:
            joints.add(_joint_of(one, parts[0]))
        words = _part(parts[0], asked)
        for part in parts[1:]:
            words += f" {_joint(part)} {_part(part, asked)}"
        said.append(f"({words})")
    if len(joints) > 1:
        raise Unsayable("it joins sets by `and` as well as by `or`")
    return f" {joints.pop() if joints else 'and'} ".join(said)


def _numbered(parts: Node) -> list[Node]:
    return [node(parts[name]) for name in sorted((n for n in parts if re.fullmatch(r"\d{1,4}", n)), key=int)]


def _joint(part: Node) -> str:
    word = text(part.get("Conjuction") or part.get("Conjunction")).lower()  # Qualtrics spells it the first way
    if word not in ("and", "or"):
        raise Unsayable("its parts are joined in an unknown way")
    return word


def _joint_of(one: Node, first: Node) -> str:
    kind = text(one.get("Type"))
    return {"AndIf": "and", "ElseIf": "or"}.get(kind) or _joint(first)


def _part(part: Node, asked: Mapping[str, Asked]) -> str:
    kind = text(part.get("LogicType"))
    if kind != "Question":
        raise Unsayable(f"it asks for {_KINDS.get(kind) or f'`{kind}`'}, not for an answer")
    if truth(part.get("QuestionIsInLoop")):
        raise Unsayable("it asks for an answer in a loop")
    found = _LOCATOR.fullmatch(text(part.get("LeftOperand") or part.get("ChoiceLocator")))
    operator = text(part.get("Operator"))
    if found is None:
        raise Unsayable(f"`{text(part.get('LeftOperand'))}` is not understood")
    question, field, places = found[1], found[2], found[3].split("/")[1:]
    if field == "SelectableChoice" and operator in ("Selected", "NotSelected") and places:
        asks = f"selected(${{{'/'.join([question, *places[:-1]])}}}, {quoted(places[-1])})"
        return asks if operator == "Selected" else f"not({asks})"
    if field in ("ChoiceTextEntryValue", "ChoiceNumericEntryValue"):
        return _entry("/".join([question, *places]), operator, part.get("RightOperand"), asked)
    raise Unsayable(f"`{field} {operator}` is not understood")


def _entry(name: str, operator: str, right: Any, asked: Mapping[str, Asked]) -> str:
    """Say what was entered; a field beside a choice has the name of the choice in Qualtrics."""
    name = f"{name}/text" if f"{name}/text" in asked else name
    if operator in ("Empty", "NotEmpty"):
        return f"${{{name}}} {'=' if operator == 'Empty' else '!='} ''"
    if operator not in _SIGNS:
        raise Unsayable(f"the operator `{operator}` is not understood")
    value = text(right)
    numeric = name in asked and asked[name].number and number(value) is not None
    return f"${{{name}}} {_SIGNS[operator]} {value if numeric else quoted(value)}"


_KINDS = {
    "EmbeddedField": "embedded data", "DeviceType": "the device", "GeoIP": "the place", "PanelData": "a list of people",
    "Quota": "a quota", "LoopAndMerge": "a loop", "Contact": "a list of people", "User": "a list of people",
}  # fmt: skip
