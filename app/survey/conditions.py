"""Skip logic: `show_if` conditions over earlier answers.

A condition is data (it travels to front ends unchanged), a predicate over the answers given so far, and a JSON Schema
fragment with the same meaning. An unanswered or hidden item satisfies no `in`; for a multiple, any ticked value does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, Discriminator, Field, Tag, WithJsonSchema

from app.survey.base import Model, Slug

Answers = Mapping[str, Any]
Predicate = Callable[[Answers], bool]


def _scalar(value: Any) -> Any:
    """Take a string, a boolean or a number that every JSON tool can keep; 3.0 is 3."""
    if type(value) is float and value.is_integer():
        value = int(value) if abs(value) <= FAR else value
    if type(value) not in (str, bool, int, float) or (type(value) in (int, float) and not abs(value) <= FAR):
        raise ValueError("a string, `true`, `false` or a number is expected")
    return value


FAR = 10**15
Scalar = Annotated[Any, AfterValidator(_scalar), WithJsonSchema({"type": ["string", "boolean", "number"]})]


class Is(Model):
    """True when the answer to `item` is one of the listed values."""

    item: Slug
    values: Annotated[list[Scalar], Field(alias="in", min_length=1, max_length=200)]

    def compile(self) -> Predicate:
        item, wanted = self.item, frozenset(self.values)

        def holds(answers: Answers) -> bool:
            value = answers.get(item)
            if value is None:
                return False
            return not wanted.isdisjoint(value) if isinstance(value, list) else value in wanted

        return holds

    def references(self) -> Iterator[Is]:
        yield self

    def json_schema(self) -> dict[str, Any]:
        options = {"enum": list(self.values)}
        hit = {"anyOf": [options, {"type": "array", "contains": options}]}
        return {"required": [self.item], "properties": {self.item: hit}}


class All(Model):
    """True when every part is."""

    parts: Annotated[list[Condition], Field(alias="all", min_length=1, max_length=50)]

    def compile(self) -> Predicate:
        parts = [part.compile() for part in self.parts]
        return lambda answers: all(part(answers) for part in parts)

    def references(self) -> Iterator[Is]:
        for part in self.parts:
            yield from part.references()

    def json_schema(self) -> dict[str, Any]:
        return {"allOf": [part.json_schema() for part in self.parts]}


class AnyOf(Model):
    """True when at least one part is."""

    parts: Annotated[list[Condition], Field(alias="any", min_length=1, max_length=50)]

    def compile(self) -> Predicate:
        parts = [part.compile() for part in self.parts]
        return lambda answers: any(part(answers) for part in parts)

    def references(self) -> Iterator[Is]:
        for part in self.parts:
            yield from part.references()

    def json_schema(self) -> dict[str, Any]:
        return {"anyOf": [part.json_schema() for part in self.parts]}


class Not(Model):
    """True when the part is not."""

    part: Annotated[Condition, Field(alias="not")]

    def compile(self) -> Predicate:
        part = self.part.compile()
        return lambda answers: not part(answers)

    def references(self) -> Iterator[Is]:
        yield from self.part.references()

    def json_schema(self) -> dict[str, Any]:
        return {"not": self.part.json_schema()}


def _tag(value: Any) -> str:
    if isinstance(value, Model):
        return {All: "«all»", AnyOf: "«any»", Not: "«not»"}.get(type(value), "«is»")
    if isinstance(value, Mapping):
        for word in ("all", "any", "not"):
            if word in value:
                return f"«{word}»"
    return "«is»"


Condition = Annotated[
    Annotated[Is, Tag("«is»")]
    | Annotated[All, Tag("«all»")]
    | Annotated[AnyOf, Tag("«any»")]
    | Annotated[Not, Tag("«not»")],
    Discriminator(_tag),
]
for _model in (All, AnyOf, Not):
    _model.model_rebuild()
