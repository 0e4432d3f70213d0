"""What the cells of an XLSForm say: languages, names, truths, bounds.

Decides which language a column's heading names and what becomes of a text that is missing in one. Knows no questions.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from app.survey.base import LOCALE_PATTERN, UNSEEN
from app.survey.conditions import FAR

_BY_NAME = {
    "english": "en", "inglés": "en", "spanish": "es", "español": "es", "espanol": "es", "portuguese": "pt",
    "português": "pt", "french": "fr", "français": "fr", "haitian creole": "ht", "kreyòl": "ht", "chinese": "zh",
    "vietnamese": "vi", "arabic": "ar", "russian": "ru", "german": "de", "somali": "so", "nepali": "ne",
}  # fmt: skip


@dataclass
class Languages:
    """The languages of one form, by the names that its columns give them.

    Attributes
    ----------
    named : the name of the form's default language; `default` when its labels name none.
    plain : the locale of labels that name no language.
    guessed : names that hold no code of a language -> the locale that they were taken for.
    """

    named: str
    plain: str
    guessed: dict[str, str] = field(default_factory=dict)
    seen: dict[str, None] = field(default_factory=dict)

    @property
    def default(self) -> str:
        return self.locale(self.named)

    def locale(self, name: str) -> str:
        """Give the locale of `English (en)`, `es`, `Español`; `default` is the language of plain labels."""
        if name == "default":
            return self.plain if self.named == "default" else self.locale(self.named)
        if (coded := re.search(r"\(([^()]+)\)\s*$", name)) and re.fullmatch(LOCALE_PATTERN, coded[1].strip()):
            return coded[1].strip()
        if found := _BY_NAME.get(name.strip().lower()):
            return found
        if re.fullmatch(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*", name.strip()):
            return name.strip()
        letters = re.sub(r"[^a-z]", "", name.lower())[:8].ljust(2, "x")
        return self.guessed.setdefault(name, f"und-{letters}")  # `und` is the tag of a language that is not known

    def text(self, given: Any) -> dict[str, str]:
        """Read a cell's text in all languages; empty when there is none."""
        said = given if isinstance(given, Mapping) else {} if given is None else {"default": given}
        found = {
            self.locale(str(name)): str(words).strip()
            for name, words in said.items()
            if UNSEEN.sub("", str(words)).strip()
        }
        self.seen |= dict.fromkeys(found)
        return found

    def complete(self, definition: dict[str, Any], name: Callable[[str, str], None]) -> list[str]:
        """List the languages in which the whole definition can be offered; fill what single texts lack.

        A language is offered when every question and every choice has it. Other texts that lack it get the words of
        the default language, and questions that lack the default language get words of another: both are named. So are
        texts of which characters that nobody sees are taken out.
        """
        for where, text in _texts(definition):
            for locale, words in text.items():
                text[locale] = UNSEEN.sub("", words).strip()
                if UNSEEN.search(words):
                    name(where, "held control characters, or ones that turn the order of words: they are taken out")
        asked = [item["text"] for section in definition["sections"] for item in section["items"]]
        asked += [option["label"] for option in _all_options(definition)]
        offered = [locale for locale in self.seen if all(locale in text for text in asked)]
        for locale in self.seen:
            if locale not in offered and locale != self.default:
                lacking = sum(locale not in text for text in asked)
                name("languages", f"`{locale}` is not offered: {lacking} questions and choices have no words in it")
        offered = [self.default, *(locale for locale in offered if locale != self.default)]
        for where, text in _texts(definition):
            for locale in offered:
                if locale not in text and text:
                    source = self.default if self.default in text else next(iter(text))
                    text[locale] = text[source]
                    name(where, f"has no words in `{locale}`; those in `{source}` stand in for them")
        return [locale for locale in self.seen if locale in offered] or offered


def _all_options(definition: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for scale in definition["scales"].values():
        yield from scale["options"]
    for section in definition["sections"]:
        for item in section["items"]:
            yield from item.get("options", ())


def _texts(definition: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, str]]]:
    yield "title", definition["title"]
    if "intro" in definition:
        yield "intro", definition["intro"]
    for construct in definition["constructs"]:
        yield f"construct {construct['key']}", construct["title"]
    for section in definition["sections"]:
        section.pop("loose", None)
        for part in ("title", "intro"):
            if part in section:
                yield f"{section['key']} ({part})", section[part]
        for item in section["items"]:
            for part in ("text", "help"):
                if part in item:
                    yield f"{item['key']} ({part})", item[part]
    for option in _all_options(definition):
        yield f"choice {option['value']}", option["label"]


def slug(name: str, taken: set[str]) -> str:
    """Make a key of a name, different from those that are taken."""
    plain = re.sub(r"[^a-z0-9_-]+", "_", name.lower()).lstrip("_-")[:64] or "x"
    key, count = plain, 2
    while key in taken:
        key, count = f"{plain[:60]}_{count}", count + 1
    return key


def truth(value: Any) -> bool:
    """Tell whether a cell says yes."""
    return str(value).strip().lower() in ("yes", "true", "true()", "1", "1.0")


def number(value: Any) -> float:
    """Read a number that pyxform has checked."""
    return float(str(value))


_BOUND = re.compile(r"\.\s*(<=|>=|<|>)\s*(-?\d+(?:\.\d+)?)|string-length\(\s*\.\s*\)\s*(<=|<)\s*(\d+)")


def bounds_of(expression: str, *, whole: bool) -> tuple[float | None, float | None, int | None] | None:
    """Read `. >= 0 and . <= 20` or `string-length(.) <= 100`.

    Returns
    -------
    lowest, highest, length : each None when it is not said; None in all when the expression says more than bounds.
        A strict bound is one only of whole numbers.
    """
    low: float | None = None
    high: float | None = None
    length: int | None = None
    for part in re.split(r"\s+and\s+", expression.strip()):
        found = _BOUND.fullmatch(part.strip())
        if found is None:
            return None
        if found[3] is not None:
            length = int(found[4]) - (found[3] == "<")
            continue
        value = float(found[2])
        if (found[1] in ("<", ">") and not whole) or abs(value) > FAR:
            return None
        if whole:
            value += {">": 1, "<": -1}.get(found[1], 0)
            if not value.is_integer():
                return None
        if found[1].startswith(">"):
            low = value if low is None else max(low, value)
        else:
            high = value if high is None else min(high, value)
    return low, high, length
