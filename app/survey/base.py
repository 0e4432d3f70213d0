"""What all parts of an instrument share: strict frozen models, slugs, translated text.

Decides what a key and a text may look like and which characters no text holds; knows nothing of kinds of items.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, RootModel, StringConstraints, field_validator

SLUG_PATTERN = r"^[a-z0-9][a-z0-9_-]{0,63}$"  # in Python code: re.fullmatch, `$` also takes a line end
LOCALE_PATTERN = r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$"

Slug = Annotated[str, StringConstraints(pattern=SLUG_PATTERN)]
Locale = Annotated[str, StringConstraints(pattern=LOCALE_PATTERN)]
OptionValue = Annotated[
    str, StringConstraints(pattern=r"^[^\x00-\x20\x7f](?:[^\x00-\x1f\x7f]{0,62}[^\x00-\x20\x7f])?$")
]
Wording = Annotated[str, StringConstraints(min_length=1, max_length=4000, pattern=r"\S")]

_CONTROLS = "\x00-\x08\x0b\x0c\x0e-\x1f\x7f"
CONTROL = re.compile(f"[{_CONTROLS}]")
"""What no answer holds."""
_NO_CHARACTERS = "\ufdd0-\ufdef" + "".join(chr(plane << 16 | last) for plane in range(17) for last in (0xFFFE, 0xFFFF))
UNSEEN = re.compile(f"[{_CONTROLS}\x80-\x9f\u202a-\u202e\u2066-\u2069{_NO_CHARACTERS}]|\r(?!\n)")
"""What no text of ours holds: it would steer a terminal, turn the words around it, or be no character at all."""
UNSEEN_SAID = "Control characters other than tab and line ends are not taken, nor ones that turn the order of words."


class Model(BaseModel):
    """A frozen value that refuses fields it does not know and never coerces (1 is not true, "1" is not 1)."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Text(RootModel[dict[Locale, Wording]]):
    """One text in several languages, by language tag: `{"en": "School", "es": "Escuela"}`."""

    model_config = ConfigDict(frozen=True, strict=True)

    @field_validator("root")
    @classmethod
    def _not_empty(cls, value: dict[str, str]) -> dict[str, str]:
        if not value:
            raise ValueError("a text needs at least one language")
        return value

    def say(self, locale: str) -> str:
        """Give the wording in `locale`, or in the first language there is."""
        return self.root.get(locale) or next(iter(self.root.values()))


def texts_of(value: Any, *path: str | int) -> list[tuple[tuple[str | int, ...], Text]]:
    """List every `Text` below a model with the path to it."""
    if isinstance(value, Text):
        return [(path, value)]
    found: list[tuple[tuple[str | int, ...], Text]] = []
    if isinstance(value, BaseModel):
        for name, info in type(value).model_fields.items():
            found += texts_of(getattr(value, name), *path, info.alias or name)
    elif isinstance(value, Mapping):
        for key, part in value.items():
            found += texts_of(part, *path, str(key))
    elif isinstance(value, (list, tuple)):
        for index, part in enumerate(value):
            found += texts_of(part, *path, index)
    return found


__all__ = ["LOCALE_PATTERN", "SLUG_PATTERN", "Field", "Locale", "Model", "OptionValue", "Slug", "Text", "texts_of"]
