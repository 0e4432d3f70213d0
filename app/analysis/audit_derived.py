"""The auditor on figures that are no counts: reliability, gaps, priorities, equity.

Decides whether each is known by name and describes people who are published. Such a figure is no equation: it must
stand in an object that says of whom it is, and those must be a published cell with as many people as are shown there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any, NamedTuple

from app.analysis.audit_read import Reading, Table
from app.analysis.audit_sets import Where
from app.analysis.audit_shapes import Finding

Shown = dict[Where, int]
ELSEWHERE = {"others", "importance", "reliability", "favorable", "counts", "earlier", "later", "release"}
"""Members that say of others, of other waves, by option or of the release: what `n` is there is told by other rules."""


class _Context(NamedTuple):
    """Of whom an object is: what stands in it or, where that says nothing, in the objects around it."""

    of: str | None = None
    key: str | None = None
    group: str | None = None
    attribute: str | None = None
    where: Where = None

    def inside(self, node: Mapping[str, Any]) -> _Context:
        of = next((name for name in ("item", "construct") if isinstance(node.get(name), str)), None)
        if "item" not in node and "construct" in node and self.of == "item" and self.key is not None:
            of = None  # the construct that an item belongs to
        new = self if of is None else self._replace(of=of, key=node[of])
        new = new._replace(group=node.get("group", self.group), attribute=node.get("attribute", self.attribute))
        for alone, together in (("category", "categories"), ("school", "schools")):
            if together in node:
                return new._replace(where=tuple(node[together]))
            if alone in node and not (alone == "school" and "category" in node):
                return new._replace(where=node[alone])
        return new


def derived(readings: Iterable[Reading], now: Iterable[Reading]) -> Iterator[Finding]:
    """Find figures that describe nobody who is published.

    Parameters
    ----------
    readings : those of documents with derived figures.
    now : those of the summaries and of the documents by attribute.
    """
    cells: dict[tuple[Any, ...], Shown] = {}
    copies: dict[tuple[Any, ...], dict[Where, Mapping[str, Any]]] = {}
    for reading in now:
        for (of, group, key), table in reading.tables.items():
            people = dict(zip(table.places, table.cells, strict=True))
            complete = {where: cell["reliability"]["n"] for where, cell in people.items() if cell.get("reliability")}
            cells.setdefault((of, key, group, reading.attribute, "n"), {}).update(_shown(table))
            cells.setdefault((of, key, group, reading.attribute, "complete"), {}).update(complete)
            if reading.audience == "director":
                copies.setdefault((of, key, group, reading.attribute), {}).update(people)
    for reading in readings:
        for path, context, node in _objects(reading.derived, f"{reading.audience}:", _Context()):
            if type(node.get("n")) is not int:
                if "status" in node and any(_numbers(node)):
                    told = "figures stand here without the number of people that they are about"
                    yield Finding("derived", path, told, context.group)
                continue
            measure = context.of, context.key, context.group, context.attribute
            base = "complete" if "alpha" in node else "n"  # alpha is that of the people who answered every item
            shown = cells.get((*measure, base), {})
            if node.get("status") == "protected" or shown.get(context.where) != node["n"]:
                told = f"a figure about {node['n']} people who are no published cell"
                yield Finding("derived", path, told, context.group, base=node["n"])
            if "eligible" in node and copies.get(measure, {}).get(context.where) != node:
                yield Finding("derived", path, "not the cell that the summary has", context.group)
            rest = sum(shown.values()) - shown.get(context.where, 0)
            others = node.get("others", rest)
            if (others["n"] if isinstance(others, dict) else others) != rest:
                yield Finding("derived", f"{path}/others", "not all the others", context.group)
            pairs = (node.get("importance") or {}).get("n")
            least = reading.promise.get(context.group or "", {}).get("minimum", 1)
            if pairs is not None and (pairs < least or 0 < node["n"] - pairs < least):
                yield Finding("derived", f"{path}/importance", "too few answered one of the two", context.group)


def _numbers(node: Any) -> Iterator[float]:
    """Give all numbers of an object that do not stand beside a number of people of their own."""
    if isinstance(node, (int, float)) and not isinstance(node, bool):
        yield node
    elif isinstance(node, list):
        yield from chain.from_iterable(map(_numbers, node))
    elif isinstance(node, Mapping) and type(node.get("n")) is not int:
        yield from chain.from_iterable(map(_numbers, node.values()))


def _shown(table: Table) -> Shown:
    return dict(zip(table.places, table.counts("n"), strict=True))


def _objects(node: Any, path: str, context: _Context) -> Iterator[tuple[str, _Context, Mapping[str, Any]]]:
    """Give all objects of a document but those that say of others, or of other waves, how many they are."""
    if isinstance(node, Mapping):
        context = context.inside(node)
        yield path, context, node
        for name, value in node.items():
            if name not in ELSEWHERE:
                yield from _objects(value, f"{path}/{name}", context)
    elif isinstance(node, list):
        for place, value in enumerate(node):
            yield from _objects(value, f"{path}/{place}", context)
