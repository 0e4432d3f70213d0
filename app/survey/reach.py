"""Whether skip logic can ever show an item.

Decides by trying: answers that matter to an item's condition are few, because an answer that no condition names counts
like none at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, combinations
from typing import Any

from app.survey.conditions import Condition
from app.survey.instrument import Instrument
from app.survey.items import Item

MOST_TRIED = 2_000  # combinations for one item
MOST_NEEDED = 40  # items that one item may hang on


def unreachable(instrument: Instrument) -> list[str]:
    """List the keys of the items that nobody is ever asked, whatever they answer before.

    An item that hangs on more than `MOST_NEEDED` items, or would need more than `MOST_TRIED` combinations of answers to
    be tried, is taken as reachable.
    """
    return [item.key for item in instrument.items if item.show_if is not None and not _reachable(instrument, item)]


def _reachable(instrument: Instrument, item: Item) -> bool:
    assert item.show_if is not None
    needed = _needed(instrument, item.show_if)
    if len(needed) > MOST_NEEDED:
        return True
    asked: dict[str, dict[Any, None]] = {key: {} for key in needed}  # the values that conditions name, in order
    for condition in (item.show_if, *(instrument.by_key[key].show_if for key in needed)):
        for part in condition.references() if condition is not None else ():
            asked[part.item] |= dict.fromkeys(part.values)
    holds = item.show_if.compile()
    shown = {key: c.compile() for key in needed if (c := instrument.by_key[key].show_if) is not None}
    tried = 0

    def some(place: int, answers: dict[str, Any]) -> bool:
        nonlocal tried
        tried += 1
        if tried > MOST_TRIED:
            return True
        if place == len(needed):
            return holds(answers)
        key = needed[place]
        if key in shown and not shown[key](answers):
            return some(place + 1, answers)
        values = _answers(instrument, instrument.by_key[key], list(asked[key]))
        return any(some(place + 1, {**answers, key: value}) for value in values)

    return some(0, {})


def _needed(instrument: Instrument, condition: Condition) -> list[str]:
    """List the items that a condition hangs on, and those that these hang on, in the order in which they are asked."""
    found: set[str] = set()
    waiting = [part.item for part in condition.references()]
    while waiting:
        key = waiting.pop()
        if key not in found:
            found.add(key)
            earlier = instrument.by_key[key].show_if
            waiting += [part.item for part in earlier.references()] if earlier is not None else []
    return [item.key for item in instrument.items if item.key in found]


def _answers(instrument: Instrument, item: Item, named: list[Any]) -> Iterator[Any]:
    """Give every answer that conditions can tell from the others; None stands for all that they do not name."""
    columns = item.columns(instrument.scales, 0)
    if columns and columns[0].option is not None:
        yield from map(list, chain.from_iterable(combinations(named, n) for n in range(len(named) + 1)))
        return
    yield from named
    if not (item.required and columns and len(named) >= len(columns[0].codes)):
        yield None
