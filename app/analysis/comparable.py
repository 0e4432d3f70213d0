"""Which items and constructs of two versions of an instrument may be compared, and why others may not.

Decides from the definitions alone; no answer is looked at. Wording may change from version to version: that is told and
is no obstacle, what an answer scores and which answers are favorable is.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from app.survey.codebook import Codebook
from app.survey.instrument import Instrument
from app.survey.items import Item

REASONS = {
    "only_later": "It was not asked in the earlier wave.",
    "only_earlier": "It was not asked in the later wave.",
    "kind_changed": "It is another kind of question in the later wave.",
    "reverse_changed": "It is reversed in one of the waves and not in the other.",
    "scale_changed": "Its options, or their scores, differ between the waves.",
    "favorable_changed": "Other options count as favorable in the later wave.",
    "items_changed": "It is made of other items in the later wave.",
    "item_not_comparable": "One of its items cannot be compared.",
}
"""Code -> why something is not comparable, in words."""


@dataclass(frozen=True)
class Comparison:
    """What a comparison of two versions has to say.

    Attributes
    ----------
    code : a key of `REASONS`; None for what may be compared.
    text_changed : the wording differs, of the question or of an option, in a language that both versions have.
    asked_of_changed : the skip logic differs, so that it may be asked of other people.
    """

    code: str | None = None
    text_changed: bool = False
    asked_of_changed: bool = False

    @property
    def comparable(self) -> bool:
        return self.code is None

    def document(self) -> dict[str, Any]:
        """Give it as members of an entry."""
        if self.code is not None:
            return {"comparable": False, "reason": REASONS[self.code], "reason_code": self.code}
        return {"comparable": True, "text_changed": self.text_changed, "asked_of_changed": self.asked_of_changed}


def compare_items(earlier: Codebook, later: Codebook, key: str) -> Comparison:
    """Compare an item that at least one of two versions has.

    The order of options is not compared, nor the construct that the item is counted to.
    """
    before, now = earlier.instrument.by_key.get(key), later.instrument.by_key.get(key)
    if before is None or now is None:
        return Comparison("only_later" if before is None else "only_earlier")
    if earlier is later:
        return Comparison()
    code = None
    if type(before) is not type(now):
        code = "kind_changed"
    elif before.is_reversed != now.is_reversed:
        code = "reverse_changed"
    elif _scores(earlier, key) != _scores(later, key):
        code = "scale_changed"
    elif _favorable(earlier, key) != _favorable(later, key):
        code = "favorable_changed"
    return Comparison(
        code,
        text_changed=_reworded(_wording(before, earlier.instrument), _wording(now, later.instrument)),
        asked_of_changed=before.show_if != now.show_if,
    )


def compare_constructs(earlier: Codebook, later: Codebook, key: str) -> Comparison:
    """Compare a construct that has items in at least one of two versions: the same items, each comparable."""
    before, now = earlier.instrument.construct_items.get(key), later.instrument.construct_items.get(key)
    if before is None or now is None:
        return Comparison("only_later" if before is None else "only_earlier")
    if set(before) != set(now):
        return Comparison("items_changed")
    of_items = [compare_items(earlier, later, item) for item in now]
    if not all(item.comparable for item in of_items):
        return Comparison("item_not_comparable")
    return Comparison(
        text_changed=any(item.text_changed for item in of_items),
        asked_of_changed=any(item.asked_of_changed for item in of_items),
    )


def higher_is_favorable(book: Codebook, items: Collection[str]) -> bool:
    """Tell whether the favorable answers to each of these scored items are those with the highest scores."""
    for column in (book.of_item[item][0] for item in items):
        good = [score for code, score in column.scores.items() if code in column.favorable]
        others = [score for code, score in column.scores.items() if code not in column.favorable]
        if not good or not others or min(good) < max(others):
            return False
    return True


def _scores(book: Codebook, key: str) -> frozenset[tuple[Any, int | None]]:
    """Give the options of an item, each with its score; None for those without one. Empty for an open item."""
    columns = book.of_item.get(key, ())
    return frozenset((option, column.scores.get(code)) for column in columns for code, option in column.codes.items())


def _favorable(book: Codebook, key: str) -> frozenset[Any]:
    return frozenset(column.codes[code] for column in book.of_item.get(key, ()) for code in column.favorable)


def _wording(item: Item, instrument: Instrument) -> dict[tuple[str, str], str]:
    """(language, what) -> its words: the question, and the label of each option."""
    words = {(locale, ""): item.text.say(locale) for locale in instrument.languages}
    for locale in instrument.languages:
        for option in item.options(instrument.scales, locale):
            words[locale, option["value"]] = option["label"]
    return words


def _reworded(before: dict[tuple[str, str], str], now: dict[tuple[str, str], str]) -> bool:
    return any(before[place] != now[place] for place in before.keys() & now.keys())
