"""An instrument: a questionnaire for one group, as immutable data with a content digest.

Decides whether a definition is sound (all its faults at once) and whether a new version keeps the meaning of its items.
Knows nothing of storage or of versions' numbers.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, Literal, TypeVar, cast

import orjson
from pydantic import Discriminator, Field, ValidationError

from app.errors import Fault, InvalidRequest, faults_from, pointer
from app.survey.base import SLUG_PATTERN, UNSEEN, UNSEEN_SAID, Locale, Model, Slug, Text, texts_of
from app.survey.columns import Scale
from app.survey.items import KINDS, Item, Rating

Group = Literal["family", "school_leader", "liaison", "staff"]
GROUPS: tuple[Group, ...] = ("family", "school_leader", "liaison", "staff")
Setting = Literal["classroom", "school", "family", "community"]

M = TypeVar("M", bound=Model)
MAX_ITEMS, MAX_WIDTH, MAX_DEPTH = 400, 2000, 48
MAX_ATTRIBUTES = 12  # each is crossed with all others when a wave is counted


class Construct(Model):
    """A set of items that measure one idea."""

    key: Slug
    title: Text
    setting: Setting | None = None


class _SectionHead(Model):
    key: Slug
    title: Text
    intro: Text | None = None


class Section(_SectionHead):
    items: Annotated[list[Annotated[Item, Discriminator("kind")]], Field(min_length=1, max_length=MAX_ITEMS)]


class _Head(Model):
    """The fields of an instrument beside its scales, constructs and sections."""

    key: Slug
    group: Group
    title: Text
    intro: Text | None = None
    default_locale: Locale
    locales: Annotated[list[Locale], Field(min_length=1, max_length=50)] | None = None


class Instrument(_Head):
    """A sound definition. Make one with `parse`."""

    scales: dict[Slug, Scale] = {}
    constructs: list[Construct] = []
    sections: Annotated[list[Section], Field(min_length=1, max_length=100)]

    @cached_property
    def items(self) -> tuple[Item, ...]:
        """All items in the order in which they are asked."""
        return tuple(item for section in self.sections for item in section.items)

    @cached_property
    def by_key(self) -> dict[str, Item]:
        return {item.key: item for item in self.items}

    @cached_property
    def languages(self) -> tuple[str, ...]:
        """The locales the instrument is offered in; the default locale alone when none are named."""
        return tuple(self.locales or [self.default_locale])

    @cached_property
    def construct_items(self) -> dict[str, tuple[str, ...]]:
        """Construct key -> keys of its items, in order; constructs without items are left out."""
        found: dict[str, list[str]] = {c.key: [] for c in self.constructs}
        for item in self.items:
            if item.construct_key is not None:
                found[item.construct_key].append(item.key)
        return {key: tuple(items) for key, items in found.items() if items}

    @cached_property
    def outcome(self) -> str | None:
        """Key of the item that priorities are measured against."""
        return next((item.key for item in self.items if item.is_outcome), None)

    @cached_property
    def attributes(self) -> tuple[str, ...]:
        """Keys of the items by which results may be broken down, in order."""
        return tuple(item.key for item in self.items if item.is_attribute)

    def definition(self) -> dict[str, Any]:
        """Give the definition as JSON data, without fields left at their default."""
        return self.model_dump(mode="json", by_alias=True, exclude_defaults=True)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the canonical definition: the same whatever the order of object keys or spelled-out defaults."""
        canonical = self.definition()
        if canonical.get("locales") == [self.default_locale]:
            del canonical["locales"]
        return "sha256:" + hashlib.sha256(orjson.dumps(canonical, option=orjson.OPT_SORT_KEYS)).hexdigest()


# ------------------------------------------------------------------ reading a definition
def parse(raw: Any) -> Instrument:
    """Read a definition.

    Parameters
    ----------
    raw : JSON data (dictionaries, lists, strings, numbers, booleans, None).

    Raises
    ------
    InvalidRequest : with one fault for each thing that is wrong, not just the first.
    """
    faults = list(_faults(raw))
    if faults:
        raise InvalidRequest("The instrument's definition has faults.", faults=faults)
    try:
        return Instrument.model_validate(raw)
    except ValidationError as error:  # a limit on the whole that no part knows of
        found = faults_from(error.errors(include_url=False))
        raise InvalidRequest("The instrument's definition has faults.", faults=found) from None


def _faults(raw: Any) -> Iterator[Fault]:
    if not isinstance(raw, dict):
        yield Fault("", "wrong_type", "An instrument is a JSON object.")
        return
    if _depth(raw) > MAX_DEPTH:
        yield Fault("", "too_deep", f"The definition is nested more than {MAX_DEPTH} levels deep.")
        return
    faults: list[Fault] = []
    head = _read(_Head, {k: v for k, v in raw.items() if k not in ("scales", "constructs", "sections")}, faults)
    scales = _scales(raw.get("scales", {}), faults)
    constructs = _constructs(raw.get("constructs", []), faults)
    items, heads = _sections(raw.get("sections"), faults)
    pointers = {fault.pointer for fault in faults}
    yield from faults
    yield from (fault for fault in _unseen(raw) if fault.pointer not in pointers)
    if head is not None:
        yield from _language_faults(head, scales, constructs, items, heads)
    listed = raw.get("constructs", [])
    named = [c.get("key") for c in listed if isinstance(c, dict)] if isinstance(listed, list) else []
    yield from _item_faults(items, scales, {key for key in named if isinstance(key, str)})


def _unseen(value: Any, *path: str | int) -> Iterator[Fault]:
    """Find what nobody sees in any text; a condition may ask for an answer that holds it.

    Here and not in the models, so that what was stored before can be read.
    """
    if isinstance(value, str) and UNSEEN.search(value):
        yield Fault(pointer(*path), "control_character", UNSEEN_SAID)
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, part in parts:
        if name != "show_if":
            yield from _unseen(part, *path, name)


def _read(model: type[M], raw: Any, faults: list[Fault], *path: str | int) -> M | None:
    """Validate one part; on failure add its faults and give None."""
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        faults += faults_from(error.errors(include_url=False), *path)
        return None


def _scales(raw: Any, faults: list[Fault]) -> dict[str, Scale | None]:
    if not isinstance(raw, dict):
        faults.append(Fault("/scales", "wrong_type", "`scales` is an object of scales by key."))
        return {}
    for key in raw:
        if not isinstance(key, str) or not re.fullmatch(SLUG_PATTERN, key):
            faults.append(Fault(pointer("scales", key), "invalid_key", "A key is a lower-case slug."))
    return {key: _read(Scale, value, faults, "scales", key) for key, value in raw.items()}


def _constructs(raw: Any, faults: list[Fault]) -> list[tuple[int, Construct | None]]:
    if not isinstance(raw, list):
        faults.append(Fault("/constructs", "wrong_type", "`constructs` is a list."))
        return []
    found = [(i, _read(Construct, value, faults, "constructs", i)) for i, value in enumerate(raw)]
    seen: set[str] = set()
    for i, construct in found:
        if construct is not None and construct.key in seen:
            faults.append(Fault(pointer("constructs", i, "key"), "repeated_key", "Another construct has this key."))
        seen |= {construct.key} if construct else set()
    return found


@dataclass(frozen=True)
class _Seen:
    """One item of a definition that may be faulty: where it is, its key if it has one, the item if it is sound."""

    path: tuple[str | int, ...]
    key: str | None
    item: Item | None


def _sections(raw: Any, faults: list[Fault]) -> tuple[list[_Seen], list[tuple[int, _SectionHead | None]]]:
    if not isinstance(raw, list) or not raw:
        faults.append(Fault("/sections", "required", "An instrument needs a list of at least one section."))
        return [], []
    items: list[_Seen] = []
    heads: list[tuple[int, _SectionHead | None]] = []
    keys: set[str] = set()
    for i, section in enumerate(raw):
        if not isinstance(section, dict):
            faults.append(Fault(pointer("sections", i), "wrong_type", "A section is an object."))
            continue
        head = _read(_SectionHead, {k: v for k, v in section.items() if k != "items"}, faults, "sections", i)
        heads.append((i, head))
        if head is not None and head.key in keys:
            faults.append(Fault(pointer("sections", i, "key"), "repeated_key", "Another section has this key."))
        keys |= {head.key} if head else set()
        listed = section.get("items")
        if not isinstance(listed, list) or not listed:
            faults.append(
                Fault(pointer("sections", i, "items"), "required", "A section needs a list of at least one item.")
            )
            continue
        items += [_item(value, faults, ("sections", i, "items", j)) for j, value in enumerate(listed)]
    if len(items) > MAX_ITEMS:
        faults.append(Fault("/sections", "too_long", f"An instrument has at most {MAX_ITEMS} items.", (MAX_ITEMS,)))
    return items, heads


def _item(raw: Any, faults: list[Fault], path: tuple[str | int, ...]) -> _Seen:
    if not isinstance(raw, dict):
        faults.append(Fault(pointer(*path), "wrong_type", "An item is an object."))
        return _Seen(path, None, None)
    key = raw.get("key") if isinstance(raw.get("key"), str) else None
    kind = raw.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        code = "required" if kind is None else "unknown_kind"
        faults.append(Fault(pointer(*path, "kind"), code, "This is no kind of item.", tuple(KINDS)))
        return _Seen(path, key, None)
    return _Seen(path, key, cast("Item | None", _read(KINDS[kind], raw, faults, *path)))


# ------------------------------------------------------------------ faults between the parts
def _language_faults(
    head: _Head,
    scales: Mapping[str, Scale | None],
    constructs: list[tuple[int, Construct | None]],
    items: list[_Seen],
    heads: list[tuple[int, _SectionHead | None]],
) -> Iterator[Fault]:
    languages = head.locales or [head.default_locale]
    if head.default_locale not in languages:
        yield Fault("/locales", "missing_default", "`locales` must hold the default locale.", (head.default_locale,))
    if len(set(languages)) < len(languages):
        yield Fault("/locales", "repeated_locale", "A locale is listed twice.")
    texts = texts_of(head)
    for key, scale in scales.items():
        texts += texts_of(scale, "scales", key)
    for i, construct in constructs:
        texts += texts_of(construct, "constructs", i)
    for i, section in heads:
        texts += texts_of(section, "sections", i)
    for seen in items:
        texts += texts_of(seen.item, *seen.path)
    for path, text in texts:
        for locale in languages:
            if locale not in text.root:
                yield Fault(pointer(*path, locale), "missing_translation", f"The text in `{locale}` is missing.")


def _item_faults(items: list[_Seen], scales: Mapping[str, Scale | None], constructs: set[str]) -> Iterator[Fault]:
    earlier: dict[str, Item | None] = {}
    ranges: dict[str, tuple[int, int]] = {}
    outcomes, attributes, width = 0, 0, 0
    for seen in items:
        item, path = seen.item, seen.path
        if seen.key in earlier:
            yield Fault(pointer(*path, "key"), "repeated_key", "Another item has this key.")
        if item is not None:
            scale = scales.get(item.scale) if isinstance(item, Rating) else None
            if isinstance(item, Rating) and item.scale not in scales:
                yield Fault(pointer(*path, "scale"), "unknown_scale", "There is no such scale.", tuple(scales))
            if item.construct_key is not None and item.construct_key not in constructs:
                yield Fault(
                    pointer(*path, "construct"),
                    "unknown_construct",
                    "There is no such construct.",
                    tuple(sorted(constructs)),
                )
            if item.construct_key is not None and scale is not None:
                here = (scale.lowest, scale.highest)
                if ranges.setdefault(item.construct_key, here) != here:
                    yield Fault(
                        pointer(*path, "scale"),
                        "construct_scale_mismatch",
                        "The items of a construct share their lowest and highest score.",
                        ranges[item.construct_key],
                    )
            outcomes += item.is_outcome
            if item.is_outcome and outcomes == 2:
                yield Fault(pointer(*path, "outcome"), "second_outcome", "An instrument has one outcome item.")
            attributes += item.is_attribute
            if item.is_attribute and attributes == MAX_ATTRIBUTES + 1:
                detail = f"An instrument has at most {MAX_ATTRIBUTES} attributes."
                yield Fault(pointer(*path, "attribute"), "too_many_attributes", detail, (MAX_ATTRIBUTES,))
            if not isinstance(item, Rating) or scale is not None:
                width += len(item.columns({k: v for k, v in scales.items() if v is not None}, 0))
            if item.show_if is not None:
                yield from _condition_faults(item.show_if, path, earlier, scales)
        if seen.key is not None:
            earlier[seen.key] = item
    if width > MAX_WIDTH:
        yield Fault("/sections", "too_wide", f"All options together need more than {MAX_WIDTH} columns.", (MAX_WIDTH,))


def _condition_faults(
    condition: Any, path: tuple[str | int, ...], earlier: Mapping[str, Item | None], scales: Mapping[str, Scale | None]
) -> Iterator[Fault]:
    for part in condition.references():
        if part.item not in earlier:
            yield Fault(
                pointer(*path, "show_if"), "unknown_item", f"`{part.item}` is not an earlier item.", tuple(earlier)
            )
            continue
        asked = earlier[part.item]
        if asked is None or (isinstance(asked, Rating) and scales.get(asked.scale) is None):
            continue  # the item itself is at fault and says so
        known = {k: v for k, v in scales.items() if v is not None}
        for value in part.values:
            if not asked.accepts(value, known):
                yield Fault(
                    pointer(*path, "show_if"), "unknown_value", f"`{part.item}` can never have the value {value!r}."
                )


# ------------------------------------------------------------------ versions
def incompatibilities(earlier: Instrument, new: Instrument) -> list[Fault]:
    """List the items that keep their key but change kind, scale values or scores, which would break every trend."""
    faults = []
    for i, section in enumerate(new.sections):
        for j, item in enumerate(section.items):
            before = earlier.by_key.get(item.key)
            if before is not None and before.meaning(earlier.scales) != item.meaning(new.scales):
                faults.append(
                    Fault(
                        pointer("sections", i, "items", j, "key"),
                        "meaning_changed",
                        f"`{item.key}` has another kind, scale or scores than before: give it a new key.",
                    )
                )
    return faults


def _depth(raw: Any) -> int:
    level, depth = [raw], 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            break
        level = [
            part
            for value in level
            if isinstance(value, (dict, list))
            for part in (value.values() if isinstance(value, dict) else value)
        ]
    return depth
