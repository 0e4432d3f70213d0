"""A Qualtrics survey file (QSF) as data: its blocks in the order of the flow, its questions, its languages.

Decides what is where in a QSF, which has no published description and writes the same thing as a list, a mapping or
nothing. Whatever is not there is empty here. Knows nothing of definitions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Node = Mapping[str, Any]

_LOCALES = {"zh-s": "zh-Hans", "zh-t": "zh-Hant", "pb": "pa", "pb-in": "pa"}
DEEPEST = 20


def node(value: Any) -> Node:
    """Give a part of a file as a mapping; a list's places are its keys, and anything else is empty."""
    if isinstance(value, Mapping):
        return value
    return {str(place): part for place, part in enumerate(value)} if isinstance(value, list) else {}


def text(value: Any) -> str:
    """Give a text or a number of a file as text; anything else is empty."""
    return str(value).strip() if isinstance(value, (str, int, float)) and not isinstance(value, bool) else ""


def number(value: Any) -> float | None:
    """Give a number that a file holds as a number or as text."""
    said = text(value)
    return float(said) if re.fullmatch(r"-?\d{1,15}(\.\d{1,15})?", said) else None


def truth(value: Any) -> bool:
    """Tell whether a file says yes: true, 1, `true`, `ON`."""
    return value is True or text(value).lower() in ("true", "on", "1", "yes")


def ordered(of: Node, part: str, order: str) -> list[tuple[str, Node]]:
    """List the choices or answers of a question in the order in which they are shown."""
    rows = {name: node(row) for name, row in node(of.get(part)).items()}
    wanted = [text(name) for name in node(of.get(order)).values()]
    return [(name, rows[name]) for name in dict.fromkeys([*wanted, *rows]) if name in rows]


def locale(code: str) -> str:
    """Give the language tag of a code of Qualtrics: `ES` is `es`, `PT-BR` is `pt-BR`, `ZH-S` is `zh-Hans`."""
    plain = code.strip().replace("_", "-")
    language, _, region = plain.partition("-")
    return _LOCALES.get(plain.lower()) or language.lower() + (f"-{region}" if region else "")


@dataclass(frozen=True)
class Question:
    """A question of a survey: how conditions call it, how exports call it, what it is."""

    id: str
    payload: Node

    @property
    def tag(self) -> str:
        return text(self.payload.get("DataExportTag")) or self.id

    @property
    def kind(self) -> tuple[str, str]:
        return text(self.payload.get("QuestionType")), text(self.payload.get("Selector"))

    def said(self, language: str, *path: str) -> dict[str, Any]:
        """Give a text by language: the one of the question itself, and its translations."""
        found = {language: _at(self.payload, path)}
        for code, translated in node(self.payload.get("Language")).items():
            found.setdefault(locale(code), _at(node(translated), path))
        return found


def _at(within: Node, path: Sequence[str]) -> Any:
    value: Any = within
    for name in path:
        value = node(value).get(name)
    return value


@dataclass(frozen=True)
class Step:
    """One step of the flow: a block, with what must hold before it is shown; or a step that is no block.

    Attributes
    ----------
    conditions : the logic of the branches around it.
    name, what : where a report says that it stood, and what it is if it is no block.
    """

    block: Node = field(default_factory=dict)
    conditions: tuple[Node, ...] = ()
    name: str = "flow"
    what: str = ""


class Survey:
    """A survey file."""

    def __init__(self, file: Node) -> None:
        self.entry = node(file.get("SurveyEntry"))
        self.elements = [node(element) for element in node(file.get("SurveyElements")).values()]
        self.options = node(self._payload("SO"))
        self.language = locale(text(self.entry.get("SurveyLanguage")) or "en")
        self.questions: dict[str, Question] = {}
        for element in self.elements:
            if element.get("Element") == "SQ":
                payload = node(element.get("Payload"))
                name = text(payload.get("QuestionID")) or text(element.get("PrimaryAttribute"))
                self.questions[name] = Question(name, payload)
        self.blocks = {text(block.get("ID")): block for block in map(node, node(self._payload("BL")).values())}

    def _payload(self, kind: str) -> Any:
        return next((element.get("Payload") for element in self.elements if element.get("Element") == kind), None)

    def steps(self) -> Iterator[Step]:
        """Walk through the flow; a survey without one shows its blocks as they stand."""
        flow = node(node(self._payload("FL")).get("Flow"))
        seen: set[str] = set()
        if flow:
            yield from self._walk(flow, (), 0, seen)
        for name, block in self.blocks.items():
            if name in seen or text(block.get("Type")) == "Trash":
                continue
            title = text(block.get("Description")) or name
            yield Step(name=title, what="the block is not part of the flow") if flow else Step(block, name=title)

    def _walk(self, flow: Node, conditions: tuple[Node, ...], depth: int, seen: set[str]) -> Iterator[Step]:
        for part in map(node, flow.values()):
            kind, name = text(part.get("Type")), text(part.get("ID"))
            inner = node(part.get("Flow"))
            if kind in ("Block", "Standard"):
                title = text(node(self.blocks.get(name)).get("Description")) or name
                if name in seen or name not in self.blocks:
                    why = "is shown twice" if name in seen else "is not in the file"
                    yield Step(name=title, what=f"the block {why}")
                else:
                    yield Step(self.blocks[name], conditions, title)
                seen.add(name)
                continue
            if kind == "Branch":
                conditions_here = (*conditions, node(part.get("BranchLogic")))
            else:
                conditions_here = conditions
                if kind != "Root":
                    yield Step(what=_step(kind, part))
            if depth < DEEPEST:
                yield from self._walk(inner, conditions_here, depth + 1, seen)
            elif inner:
                yield Step(what="steps within steps, too deep")


def _step(kind: str, part: Node) -> str:
    if kind == "EmbeddedData":
        fields = ", ".join(f"`{text(node(one).get('Field'))}`" for one in node(part.get("EmbeddedData")).values())
        return f"embedded data is not collected: {fields}"
    if kind in ("BlockRandomizer", "Randomizer"):
        return "blocks in random order: they stand in the order of the file"
    if kind == "EndSurvey":
        return "an early end of the survey: everybody is asked to the end"
    about = text(part.get("Description"))
    return f"a step of the type `{kind}`" + (f" ({about})" if about else "")
