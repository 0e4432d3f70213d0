"""Warnings about the craft of a questionnaire: a sound definition that people may still answer badly.

Decides what is worth a warning and where it belongs. Warnings never refuse a definition. The sources of all rules are
in docs/instruments.md, by code.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil

from app.errors import Fault, pointer
from app.survey.base import Text, texts_of
from app.survey.instrument import Group, Instrument
from app.survey.items import Boolean, FreeText, Item, Multiple, Rating
from app.survey.reach import unreachable
from app.survey.readability import grade, sentences, words
from app.survey.wording import denies, from_nothing, leading, negations, sensitive, side, two_ideas

LONGEST_SENTENCE = 25  # words
HIGHEST_GRADE = 6
READ = 238 / 60  # words a second, silently (Brysbaert 2019)
SECONDS = {"choice": 4, "entry": 10, "comment": 45}  # to answer, beside reading: a convention of this program
LIMITS: dict[Group, tuple[int, int]] = {  # items, minutes
    "family": (40, 10), "staff": (60, 15), "liaison": (60, 15), "school_leader": (60, 15),
}  # fmt: skip

Path = tuple[str | int, ...]


def review(instrument: Instrument) -> list[Fault]:
    """List what a careful survey maker would question in a sound instrument.

    Returns
    -------
    list of Fault : code, sentence and the JSON pointer of the part that is meant, in the order of the rules. Empty
        when there is nothing to say. Wordings are judged in English and Spanish, in other languages only for length.
    """
    return [
        *_languages(instrument), *_reading(instrument), *_length(instrument), *_scales(instrument),
        *_constructs(instrument), *_items(instrument), *_skip_logic(instrument),
    ]  # fmt: skip


def minutes(instrument: Instrument, locale: str) -> float:
    """Estimate how long somebody takes who is asked every item.

    Words are read at 238 a minute (Brysbaert 2019, Journal of Memory and Language 109: 104047); to choose takes 4
    seconds more, a number or date 10, a text 45.
    """
    read = [text for _, text in _asked(instrument)]
    choices = {key: scale.options for key, scale in instrument.scales.items()}
    labels = [option.label for options in choices.values() for option in options]
    own = [option["label"] for item in instrument.items for option in _own_options(instrument, item, locale)]
    length = sum(len(words(text)) for text in [t.say(locale) for t in (*read, *labels)] + own)
    return (length / READ + sum(SECONDS[_effort(instrument, item)] for item in instrument.items)) / 60


def _own_options(instrument: Instrument, item: Item, locale: str) -> list[dict[str, str]]:
    return [] if isinstance(item, Rating) else item.options(instrument.scales, locale)


def _effort(instrument: Instrument, item: Item) -> str:
    if item.options(instrument.scales, instrument.default_locale):
        return "choice"
    return "comment" if isinstance(item, FreeText) else "entry"


def _each(instrument: Instrument) -> Iterator[tuple[Path, Item]]:
    for i, section in enumerate(instrument.sections):
        for j, item in enumerate(section.items):
            yield ("sections", i, "items", j), item


def _asked(instrument: Instrument) -> Iterator[tuple[Path, Text]]:
    """List the running text that people read: intros, questions and the help below them."""
    if instrument.intro is not None:
        yield ("intro",), instrument.intro
    for i, section in enumerate(instrument.sections):
        if section.intro is not None:
            yield ("sections", i, "intro"), section.intro
    for path, item in _each(instrument):
        yield (*path, "text"), item.text
        if item.help is not None:
            yield (*path, "help"), item.help


# ------------------------------------------------------------------ languages, reading, length
def _languages(instrument: Instrument) -> Iterator[Fault]:
    texts = texts_of(instrument)
    offered = set(instrument.languages)
    for extra in sorted({locale for _, text in texts for locale in text.root} - offered):
        have = sum(extra in text.root for _, text in texts)
        yield Fault(
            "/locales", "language_not_offered",
            f"{have} of {len(texts)} texts are there in `{extra}`, which is not among `locales`: nobody can choose it.",
        )  # fmt: skip
    if instrument.group == "family" and len(offered) == 1:
        yield Fault("/locales", "one_language", "Families are offered one language only.")
    for path, text in _asked(instrument):
        seen: dict[str, str] = {}
        for locale in instrument.languages:
            said = text.root[locale]
            if said in seen and len(words(said)) > 2:
                yield Fault(
                    pointer(*path, locale), "not_translated",
                    f"The text in `{locale}` is word for word the one in `{seen[said]}`.",
                )  # fmt: skip
            seen.setdefault(said, locale)


def _reading(instrument: Instrument) -> Iterator[Fault]:
    for path, text in _asked(instrument):
        for locale in instrument.languages:
            longest = max((len(words(part)) for part in sentences(text.root[locale])), default=0)
            if longest > LONGEST_SENTENCE:
                yield Fault(
                    pointer(*path, locale), "long_sentence",
                    f"A sentence has {longest} words; over {LONGEST_SENTENCE} it is hard to follow.",
                )  # fmt: skip
    if instrument.group != "family":
        return
    for locale in instrument.languages:
        level = grade([text.root[locale] for _, text in _asked(instrument)], locale)
        if level is not None and level > HIGHEST_GRADE:
            yield Fault(
                "/sections", "hard_to_read",
                f"Taken together the texts in `{locale}` need grade {ceil(level)}; "
                f"for families grade {HIGHEST_GRADE} is the limit.",
            )  # fmt: skip


def _length(instrument: Instrument) -> Iterator[Fault]:
    most, longest = LIMITS[instrument.group]
    if len(instrument.items) > most:
        detail = f"{len(instrument.items)} items; over {most} people of the group `{instrument.group}` give up."
        yield Fault("/sections", "too_many_items", detail)
    needed = max(minutes(instrument, locale) for locale in instrument.languages)
    if needed > longest:
        detail = f"About {ceil(needed)} minutes for who is asked everything; the group's limit is {longest}."
        yield Fault("/sections", "takes_too_long", detail)


# ------------------------------------------------------------------ scales and constructs
def _scales(instrument: Instrument) -> Iterator[Fault]:
    used = {item.scale for item in instrument.items if isinstance(item, Rating)}
    for key, scale in instrument.scales.items():
        path = pointer("scales", key)
        if key not in used:
            yield Fault(path, "unused_scale", "No item uses this scale.")
        scored = [option for option in scale.options if option.score is not None]
        if scale.scores not in (sorted(scale.scores), sorted(scale.scores, reverse=True)):
            yield Fault(path, "scale_out_of_order", "The options do not stand in the order of their scores.")
        locale = next((name for name in instrument.languages if name.split("-")[0] in ("en", "es")), None)
        labels = [option.label.root[locale] for option in scored] if locale else []
        sides = [side(label) for label in labels]
        good, bad = sides.count(1), sides.count(-1)
        if bad and all(from_nothing(label) for label in labels if side(label) == -1):
            continue  # from "not at all" upwards there are no two sides
        if good and bad:
            uneven = abs(good - bad) > sides.count(None)
        else:  # the words do not say: what is favorable does
            good, bad = sum(option.favorable for option in scored), sum(not option.favorable for option in scored)
            uneven = good > bad > 0
        if uneven:
            detail = f"{good} of the options are on the good side and {bad} on the other."
            yield Fault(path, "unbalanced_scale", detail)


def _constructs(instrument: Instrument) -> Iterator[Fault]:
    for i, construct in enumerate(instrument.constructs):
        items = [instrument.by_key[key] for key in instrument.construct_items.get(construct.key, ())]
        path = pointer("constructs", i)
        if not items:
            yield Fault(path, "empty_construct", "No item measures this construct.")
        elif len(items) == 1:
            yield Fault(
                path, "single_item_construct",
                f"Only `{items[0].key}` measures this construct, so nothing tells how reliable it is.",
            )  # fmt: skip
        elif all(item.is_reversed for item in items):
            yield Fault(path, "only_reversed_items", "All items of this construct are reversed, which reverses none.")


# ------------------------------------------------------------------ items
def _items(instrument: Instrument) -> Iterator[Fault]:
    for path, item in _each(instrument):
        for locale in instrument.languages:
            for code, detail in _wording(item, item.text.root[locale], locale):
                yield Fault(pointer(*path, "text", locale), code, detail)
        if not item.required:
            continue
        outside = any(option.get("not_applicable") for option in item.options(instrument.scales, "en"))
        if isinstance(item, Rating) and not outside:
            yield Fault(
                pointer(*path, "required"), "forced_opinion",
                "An answer is required and the scale has no option for who does not know.",
            )  # fmt: skip
        asked = [word for locale in instrument.languages if (word := sensitive(item.text.root[locale], locale))]
        if not outside and (asked or item.is_attribute):
            about = f"asks about something sensitive (“{asked[0]}”)" if asked else "tells who somebody is"
            yield Fault(
                pointer(*path, "required"), "required_sensitive",
                f"An answer is required though the item {about} and offers no way not to say.",
            )  # fmt: skip


def _wording(item: Item, text: str, locale: str) -> Iterator[tuple[str, str]]:
    judged = not isinstance(item, (FreeText, Multiple))
    if (
        judged
        and (joined := two_ideas(text, locale))
        and (isinstance(item, Rating) or joined in ("and", "y", "e", "&"))
    ):
        yield "two_ideas", f"“{joined}” joins two ideas: an answer does not tell which one is meant."
    denied = max((negations(part, locale) for part in sentences(text)), key=len, default=())
    if len(denied) > 1:
        yield "double_negative", f"“{denied[0]}” and “{denied[1]}” deny each other."
    elif isinstance(item, (Rating, Boolean)) and (word := denies(text, locale)):
        yield "negation", f"“{word}” makes a denial to agree or disagree with: say it the other way round."
    if pushing := leading(text, locale):
        yield "leading_words", f"“{pushing}” leads to one answer."


def _skip_logic(instrument: Instrument) -> Iterator[Fault]:
    never = set(unreachable(instrument))
    for path, item in _each(instrument):
        if item.key in never:
            yield Fault(pointer(*path, "show_if"), "never_asked", "No answers to earlier items ever show this item.")
