"""The survey pages' own words, in English and Spanish; a page in any other language gets the English ones, marked so.

Decides what a page says beside the instrument's questions and the promise. Plain words, short sentences, no blame.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml
from markupsafe import Markup, escape

LANGUAGES = ("en", "es")
_RIGHT_TO_LEFT = frozenset(
    {"ar", "arc", "ckb", "dv", "fa", "he", "nqo", "pa-arab", "prs", "ps", "sd", "ug", "ur", "yi"}
)
_NAMES = {
    "am": "አማርኛ", "ar": "العربية", "bn": "বাংলা", "de": "Deutsch", "en": "English", "es": "Español",
    "fa": "فارسی", "fr": "Français", "he": "עברית", "hi": "हिन्दी", "hmn": "Hmoob", "ht": "Kreyòl ayisyen",
    "it": "Italiano", "ja": "日本語", "km": "ខ្មែរ", "ko": "한국어", "ne": "नेपाली", "pl": "Polski", "ps": "پښتو",
    "pt": "Português", "ru": "Русский", "so": "Soomaali", "sw": "Kiswahili", "tl": "Tagalog", "tr": "Türkçe",
    "uk": "Українська", "ur": "اردو", "vi": "Tiếng Việt", "yi": "ייִדיש", "zh": "中文",
}  # fmt: skip
_MONTHS = {
    "en": ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
           "December"],
    "es": ["enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre",
           "noviembre", "diciembre"],
}  # fmt: skip

WORDS: Mapping[str, Mapping[str, str]] = yaml.safe_load(
    (Path(__file__).parents[1] / "templates" / "words.yaml").read_text(encoding="utf-8")
)

# What the script shows; the rest is in the page's HTML already.
SCRIPTED = (
    "required", "wrong_type_integer", "wrong_type_number", "invalid_date", "too_small", "too_large", "too_long", "left",
    "faults", "step", "review", "yes_step", "no_answer", "change", "clear_item", "draft_intro",
    "discarded", "sending", "waiting",
    "waiting_intro", "unsent", "unsent_intro",
    "thanks", "thanks_intro", "refused", "refused_wave-not-open", "refused_response-conflict",
    "refused_response-withdrawn", "refused_other", "need_school", "need_code", "bad_code", "school",
)  # fmt: skip


class Tongue:
    """How a page in one locale speaks.

    Attributes
    ----------
    locale : the page's language tag.
    direction : `ltr` or `rtl`.
    own : the language of the page's own words, `en` or `es`.
    """

    def __init__(self, locale: str) -> None:
        self.locale = locale
        self.direction = direction(locale)
        primary = locale.split("-")[0].lower()
        self.own = primary if primary in LANGUAGES else "en"
        self._foreign = primary != self.own

    def plain(self, key: str, **values: Any) -> str:
        """Give words of the page as plain text."""
        return self._raw(key).format(**values) if values else self._raw(key)

    def say(self, key: str, **values: Any) -> Markup:
        """Give words of the page for HTML, marked as English on a page in a language that we have no words in."""
        return self.mark(self.plain(key, **values))

    def mark(self, text: str) -> Markup:
        return Markup('<span lang="{}" dir="ltr">{}</span>').format(self.own, text) if self._foreign else escape(text)

    def fault(self, code: str, kind: str, *values: Any) -> str:
        """Say what is wrong with an answer to a kind of item, as plain text."""
        for key in (f"{code}_{kind}", code):
            if key in WORDS:
                return self._raw(key).format(*(f"{v:g}" if isinstance(v, float) else v for v in values))
        return self._raw("other_fault")

    def scripted(self) -> dict[str, str]:
        return {key: self._raw(key) for key in SCRIPTED}

    def when(self, moment: datetime) -> str:
        """Say a moment in its own time zone: `October 28, 2022, 11:59 PM`, `28 de octubre de 2022, 23:59`."""
        month = _MONTHS[self.own][moment.month - 1]
        if self.own == "es":
            return f"{moment.day} de {month} de {moment.year}, {moment:%H:%M}"
        half = "AM" if moment.hour < 12 else "PM"
        return f"{month} {moment.day}, {moment.year}, {moment.hour % 12 or 12}:{moment:%M} {half}"

    def _raw(self, key: str) -> str:
        return WORDS[key][self.own]


def direction(locale: str) -> str:
    """Give the direction in which a language is written."""
    parts = locale.lower().split("-")
    written = parts[0] in _RIGHT_TO_LEFT or "-".join(parts[:2]) in _RIGHT_TO_LEFT
    return "rtl" if (written and "latn" not in parts) or {"arab", "hebr"} & set(parts[1:]) else "ltr"


def name_of(locale: str) -> str:
    """Give a language's name in that language; the tag where we do not know it."""
    primary, _, rest = locale.partition("-")
    name = _NAMES.get(primary.lower())
    return locale if name is None else f"{name} ({rest})" if rest else name


def preferred(header: str, offered: Mapping[str, Any] | tuple[str, ...], default: str) -> str:
    """Choose the offered language that an `Accept-Language` header likes best (RFC 9110), or the default."""
    best, chosen = 0.0, default
    for part in header[:500].split(","):
        tag, _, parameter = part.strip().partition(";")
        try:
            weight = float(parameter.strip().removeprefix("q=") or 1)
        except ValueError:
            continue
        fits = [o for o in offered if o.lower() == tag.lower()] or [
            o for o in offered if o.split("-")[0].lower() == tag.split("-")[0].lower()
        ]
        if fits and weight > best:
            best, chosen = weight, fits[0]
    return chosen
