"""A definition as a person wrote it: YAML or JSON text, and where in it each part stands.

Decides how a text becomes data and which line a JSON pointer means; PyYAML's own nodes say where they begin. It knows
nothing of what a definition may hold.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import yaml

from app.errors import Fault, pointer

_OF_THE_NAME = ("unknown_field", "invalid_key", "repeated_field")  # faults of a field's name, not of its value


@dataclass(frozen=True, slots=True)
class Place:
    """A line and a column, both counted from 1, and the line's text."""

    line: int
    column: int
    text: str


class Unreadable(Exception):
    """The text is not YAML or JSON; `detail` says why and `place` where."""

    def __init__(self, detail: str, place: Place) -> None:
        super().__init__(f"line {place.line}, column {place.column}: {detail}")
        self.detail, self.place = detail, place


@dataclass(frozen=True)
class Source:
    """A text that was read, its data, and the way back from a fault to its place."""

    text: str
    value: Any
    root: yaml.Node | None

    def place(self, fault: Fault) -> Place:
        """Find where a fault stands; a part that is missing stands where the nearest part around it begins."""
        names, node = fault.pointer.split("/")[1:], self.root
        mark = node.start_mark if node is not None else None
        for name in names:
            found = self._step(node, name.replace("~1", "/").replace("~0", "~"))
            if found is None:
                break
            key, node = found
            of_the_name = key is not None and (fault.code in _OF_THE_NAME or not isinstance(node, yaml.ScalarNode))
            mark = key.start_mark if key is not None and of_the_name else node.start_mark
        return self._place(0, 0) if mark is None else self._place(mark.line, mark.column)

    def faults(self) -> Iterator[Fault]:
        """Name the fields that stand twice in one object, of which a reader would silently keep the last."""
        waiting: list[tuple[tuple[str | int, ...], yaml.Node]] = [] if self.root is None else [((), self.root)]
        seen: set[int] = set()
        while waiting:
            path, node = waiting.pop()
            if id(node) in seen:  # an alias
                continue
            seen.add(id(node))
            if isinstance(node, yaml.SequenceNode):
                waiting += [((*path, i), part) for i, part in enumerate(node.value)]
            elif isinstance(node, yaml.MappingNode):
                names = [key.value for key, _ in node.value]
                for name in dict.fromkeys(str(n) for n in names if names.count(n) > 1):
                    yield Fault(pointer(*path, name), "repeated_field", f"`{name}` stands twice in one object.")
                waiting += [((*path, str(key.value)), part) for key, part in node.value]

    def hint(self, fault: Fault) -> str:
        """Say what YAML made of a word without quotes where a text was expected; empty when that is not the fault."""
        node = self.root
        for name in fault.pointer.split("/")[1:]:
            found = self._step(node, name.replace("~1", "/").replace("~0", "~"))
            if found is None:
                return ""
            node = found[1]
        if not isinstance(node, yaml.ScalarNode) or node.style is not None or node.tag.endswith(":str"):
            return ""
        if fault.code != "string_type":
            return ""
        kind = {"bool": "true or false", "int": "a number", "float": "a number", "null": "nothing"}
        made = kind.get(node.tag.rpartition(":")[2], "a date")
        return f'Without quotes YAML reads {node.value or "this"} as {made}: write "{node.value}".'

    def _step(self, node: yaml.Node | None, name: str) -> tuple[yaml.Node | None, yaml.Node] | None:
        if isinstance(node, yaml.SequenceNode) and name.isascii() and name.isdigit() and int(name) < len(node.value):
            return None, node.value[int(name)]
        if isinstance(node, yaml.MappingNode):
            for key, value in reversed(node.value):  # of two the last one counts
                if key.value == name:
                    return key, value
        return None

    def _place(self, line: int, column: int) -> Place:
        return Place(line + 1, column + 1, self._lines[line] if line < len(self._lines) else "")

    @cached_property
    def _lines(self) -> list[str]:
        return self.text.split("\n")


def read(text: str, *, is_json: bool = False) -> Source:
    """Read a definition's text.

    Parameters
    ----------
    text : YAML, or JSON when `is_json`. JSON is read by its own rules (PyYAML knows neither tabs between its parts nor
        its escapes of characters beyond the first plane), YAML by PyYAML's safe loader.

    Raises
    ------
    Unreadable : when the text is neither.
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    plain = text.replace("\t", " ") if is_json else text
    try:
        value = json.loads(text) if is_json else yaml.safe_load(text)
        return Source(text, value, yaml.compose(plain, Loader=yaml.SafeLoader))
    except json.JSONDecodeError as error:
        place = Place(error.lineno, error.colno, text.split("\n")[error.lineno - 1])
        raise Unreadable(f"{error.msg}.", place) from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line, mark.column) if mark is not None else (0, 0)
        lines = text.split("\n")
        about = f"{error.problem or 'it cannot be read'}."
        raise Unreadable(about, Place(line + 1, column + 1, lines[line] if line < len(lines) else "")) from None
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise Unreadable(f"{error}", Place(1, 1, text.split("\n")[0])) from None
