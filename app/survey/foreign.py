"""What the importers of other tools' questionnaires share: a definition in the making, and what it lacks.

Decides how keys, scales, conditions and texts of another tool become ours, and that nothing is left behind in silence.
Knows no tool.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.survey.markup import words_of
from app.survey.relevance import Asked
from app.survey.xlsform_words import Languages, slug

ANSWER_LIMIT = 62  # so many whole numbers fit in one column of the record, and can be asked for one by one
LOST = {"lost": True}
"""Stands for a condition that was not carried over."""


@dataclass(frozen=True, slots=True)
class Left:
    """Something of a form that is not in the definition, or not as it was: where it stood, and a sentence."""

    where: str
    what: str


@dataclass(frozen=True, slots=True)
class Imported:
    """A definition and what it lacks of the form that it was made of."""

    definition: dict[str, Any]
    left: list[Left]


@dataclass
class Draft:
    """A definition in the making.

    Attributes
    ----------
    asked : what conditions may ask of the questions so far, by their names in the form.
    keys : the items' keys so far.
    told : keys of sections whose text stands in the instrument's intro.
    """

    languages: Languages
    left: dict[Left, None] = field(default_factory=dict)
    asked: dict[str, Asked] = field(default_factory=dict)
    keys: set[str] = field(default_factory=set)
    scales: dict[str, Any] = field(default_factory=dict)
    sections: list[dict[str, Any]] = field(default_factory=list)
    intro: dict[str, str] = field(default_factory=dict)
    told: set[str] = field(default_factory=set)

    def name(self, where: str, what: str) -> None:
        """Name what is not carried over, once."""
        self.left[Left(where, what)] = None

    # -------------------------------------------------------------- texts
    def read(self, given: Mapping[str, Any], where: str, *, line: bool = False) -> dict[str, str]:
        """Read a text in all its languages, which may be HTML; `line`: it is the label of an option."""
        found = {}
        for language, html in given.items():
            text, lost = words_of(html) if isinstance(html, str) else ("", [])
            for thing in lost:
                self.name(where, f"{thing}: only the words are carried over")
            found[language or self.languages.named] = " ".join(text.split()) if line else text
        return self.languages.text(found)

    def note(self, where: str, added: Mapping[str, str]) -> None:
        """Place a text without a question: before all questions in the instrument's intro, else in a section's."""
        if not any(section["items"] for section in self.sections):
            self.intro = together(self.intro, added)
            self.told |= {section["key"] for section in self.sections}
        elif not self.sections[-1]["items"]:
            self.sections[-1]["intro"] = together(self.sections[-1].get("intro", {}), added)
        else:
            self.name(where, NOTE_AFTER_A_QUESTION)

    # -------------------------------------------------------------- parts
    def begin(self, where: str, title: dict[str, str]) -> None:
        """Begin a section."""
        key = slug(where, {section["key"] for section in self.sections})
        self.sections.append({"key": key, "title": title or {self.languages.default: where}, "items": []})

    def key(self, where: str) -> str:
        """Make an item's key of its name in the form; name it when more than capital letters has changed."""
        key = slug(where, self.keys)
        if key != where.lower():
            self.name(where, f"is called `{key}` here")
        return key

    def add(
        self,
        where: str,
        key: str,
        given: dict[str, Any],
        text: dict[str, str],
        *,
        about: Mapping[str, str] | None = None,
        required: bool = False,
        conditions: Sequence[dict[str, Any]] = (),
    ) -> None:
        """Add an item to the section that was begun last; `about` becomes its help."""
        if not text:
            self.name(where, "the question has no text; its name is its text")
        self.keys.add(key)
        item: dict[str, Any] = {"key": key, **given, "text": dict(text) or {self.languages.default: where}}
        item |= {"help": dict(about)} if about else {}
        item |= {"required": True} if required else {}
        self.condition(item, conditions, where)
        self.sections[-1]["items"].append(item)

    def condition(self, item: dict[str, Any], conditions: Sequence[dict[str, Any]], where: str) -> None:
        """Give an item its `show_if`; without a condition that it had, nobody can be held to answer."""
        if LOST in conditions and item.pop("required", False):
            self.name(where, "no answer is required any more, because its condition was not carried over")
        kept = [condition for condition in conditions if condition != LOST]
        if kept:
            item["show_if"] = kept[0] if len(kept) == 1 else {"all": kept}

    def scale(self, wanted: str, options: list[dict[str, Any]]) -> tuple[str, bool]:
        """Give the key of the scale with these options, and whether it is a new one."""
        for key, scale in self.scales.items():
            if scale["options"] == options:
                return key, False
        key = slug(wanted, set(self.scales))
        self.scales[key] = {"options": options}
        return key, True

    def whole(self, where: str, key: str, low: float | None, high: float | None) -> dict[str, Any]:
        """Describe a whole number between bounds, and what conditions may ask of it."""
        bounds = {k: int(v) for k, v in (("minimum", low), ("maximum", high)) if v is not None}
        known = len(bounds) == 2 and 0 <= bounds["maximum"] - bounds["minimum"] < ANSWER_LIMIT
        values = range(bounds["minimum"], bounds["maximum"] + 1) if known else ()
        self.asked[where] = Asked(key, {str(value): value for value in values}, number=True)
        return {"kind": "integer", **bounds}

    def number(self, where: str, key: str, low: float | None, high: float | None) -> dict[str, Any]:
        """Describe a number between bounds, and what conditions may ask of it."""
        self.asked[where] = Asked(key, number=True)
        return {"kind": "number"} | {k: v for k, v in (("minimum", low), ("maximum", high)) if v is not None}

    # -------------------------------------------------------------- the whole
    def finish(
        self, key: str, group: str | None, title: dict[str, str], constructs: Sequence[dict[str, Any]] = ()
    ) -> Imported:
        """Put the definition together, in the languages in which all of it can be offered."""
        definition: dict[str, Any] = {
            "key": slug(key, set()),
            "group": group,
            "title": title,
            **({"intro": self.intro} if self.intro else {}),
            "default_locale": self.languages.default,
            "locales": [],
            "scales": self.scales,
            "constructs": list(constructs),
            "sections": self._asking(),
        }
        for name, locale in self.languages.guessed.items():
            self.name("languages", f"the language `{name}` names no code; it is taken for `{locale}`")
        definition["locales"] = self.languages.complete(definition, self.name)
        return Imported(definition, list(self.left))

    def _asking(self) -> list[dict[str, Any]]:
        """Leave out sections without questions; what they say stands before the next one."""
        kept, said = [], dict[str, str]()
        for section in self.sections:
            said = together(said, section.get("intro", {}))
            if section["items"]:
                head = {k: section[k] for k in ("key", "title")} | ({"intro": said} if said else {})
                kept.append(head | {k: v for k, v in section.items() if k not in ("key", "title", "intro")})
                said = {}
            elif section["key"] not in self.told:
                self.name(section["key"], "the group has no question that was carried over")
        if said:
            self.name(self.sections[-1]["key"], f"a text after all questions: {short(next(iter(said.values())))}")
        return kept


NOTE_AFTER_A_QUESTION = "a note after a question has no place here: only the beginning of a section takes a text"


def together(before: Mapping[str, str], added: Mapping[str, str]) -> dict[str, str]:
    """Put one text after another, in every language."""
    return {k: "\n\n".join(filter(None, (before.get(k), added.get(k)))) for k in dict.fromkeys([*before, *added])}


def short(value: Any) -> str:
    """Give a value as it stands in a report."""
    text = " ".join(str(value).split())
    return text if len(text) <= 80 else f"{text[:77]}..."
