"""How hard a text is to read: words, sentences, syllables, and the grade that published formulas make of them.

Decides what a syllable, a word and a sentence are. English and Spanish have a formula here; other languages have none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_END = re.compile(r"(?<=[.!?…])[\"”»')]*\s+|\n+|:\s+")


def words(text: str) -> list[str]:
    """List the words of a text, without numbers and marks."""
    return _WORD.findall(text)


def sentences(text: str) -> list[str]:
    """List the sentences of a text; a colon and a line's end end one too."""
    return [part for part in _END.split(text) if part is not None and words(part)]


def grade(texts: Iterable[str], locale: str) -> float | None:
    """Give the school grade at which texts, taken together, are read.

    Parameters
    ----------
    texts : wordings in one language.
    locale : their language tag; its first part decides the formula.

    Returns
    -------
    float or None : the grade; None for a language without a formula and for texts without words.

    Notes
    -----
    English: Flesch-Kincaid, ``0.39 words/sentences + 11.8 syllables/words - 15.59`` (Kincaid, Fishburne, Rogers and
    Chissom 1975, Navy Research Branch Report 8-75). Spanish: the reading ease of Fernández Huerta (1959, Consigna 214:
    29-32; the sentence's term as corrected by Law 2011), ``206.84 - 60 syllables/words - 1.02 words/sentences``, turned
    into a grade along its published steps: an ease of 90 is the end of grade 4, 80 of grade 5, 70 of grade 6, and so
    on. Both were made for running text of a hundred words or more; of a single statement they say little.
    """
    language = locale.split("-")[0].lower()
    if language not in ("en", "es"):
        return None
    found = [sentence for text in texts for sentence in sentences(text)]
    spoken = [word for sentence in found for word in words(sentence)]
    if not spoken:
        return None
    length = len(spoken) / len(found)
    if language == "en":
        return 0.39 * length + 11.8 * sum(map(english_syllables, spoken)) / len(spoken) - 15.59
    ease = 206.84 - 60 * sum(map(spanish_syllables, spoken)) / len(spoken) - 1.02 * length
    return max(0.0, 4 + (90 - ease) / 10)


def english_syllables(word: str) -> int:
    """Estimate the syllables of an English word: groups of vowels, without a silent last e; at least 1."""
    plain = re.sub(r"[^a-z]", "", word.lower())
    if not plain:
        return 1
    groups = len(re.findall(r"[aeiouy]+", plain))
    if re.search(r"[^aeiouyl]e$|[^aeiouytd]ed$|[^aeiouyszxgchl]es$|[aeiouy]le$", plain):
        groups -= 1  # made, helped, likes, whole: the e is silent; table, needed, changes: it is not
    groups += len(
        re.findall(r"ia[^n]|[^tscgx]io|ua[lt]|iu[mn]|(?<!p)eo|[aeiou]ing", plain)
    )  # two vowels, two syllables
    return max(1, groups)


def spanish_syllables(word: str) -> int:
    """Count the syllables of a Spanish word: a weak vowel shares the syllable of the vowel beside it, unless it is
    accented; two strong vowels are two syllables."""
    plain = re.sub(r"[qg]u(?=[eiéí])", "q", word.lower())  # the u of que and guía is not heard
    plain = re.sub(r"y$", "i", plain)
    return max(1, len(re.findall(r"[iuü]?[aeoáéó][iuü]?(?![aeoáéó])|[iuü]?[aeoáéó]|[íú]|[iuü]+", plain)))
