"""Redaction: e-mail and web addresses, telephone numbers and listed names leave a text before anybody reads it.

Decides what looks like one of them, and rather takes out a word too many than leaves a person in. It knows neither who
wrote a text nor where it is kept. No step goes over a stretch of text again and again, so no text makes it slow.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, chain
from typing import NamedTuple

E_MAIL, LINK, PHONE, NAME = "[e-mail]", "[link]", "[phone]", "[name]"
CUT = ("[…]", "[...]")
"""What a person may put in the place of a passage, beside the four marks above."""


class Redactor:
    """Takes out what tells who somebody is. Make it once for a list of names, then call it with each text.

    Parameters
    ----------
    names : people's names, of one word or several. They are found as whole words, whatever their case and accents: with
        a possessive, as a part of a hyphenated word, and across spaces, hyphens, full stops and line ends. A name that
        is one hyphenated word is found by each part of three letters or more as well. "Last, First" is "First Last".
    kept : names that are not people's, such as those of schools. What lies within one of them stays.
    """

    def __init__(self, names: Iterable[str] = (), kept: Iterable[str] = ()) -> None:
        self._names = _tree(spelling for name in names for spelling in (*_spellings(name), *_parts(name)))
        self._kept = _tree(spelling for name in kept for spelling in _spellings(name))

    def __call__(self, text: str) -> str:
        """Give the text with a mark in the place of whatever was taken out. Once more changes nothing."""
        if "@" in text:
            text = _ADDRESS.sub(_without_e_mail, text)
        if "." in text or "://" in text:
            text = _CHUNK.sub(_without_link, text)
        text = _NUMBER.sub(_without_phone, text)
        return self._without_names(text) if self._may_name(text) else text

    def _may_name(self, text: str) -> bool:
        """Tell whether a name could begin anywhere: most texts have none, and this is quickly seen."""
        words = _WORD.findall(text.lower()) if text.isascii() else map(_fold, _WORD.findall(text))
        return not self._names.keys().isdisjoint(words)

    def _without_names(self, text: str) -> str:
        words = [_Word(_fold(found[0]), *found.span()) for found in _WORD.finditer(text)]
        kept = dict(_found(self._kept, words, text))
        kept_up_to = list(accumulate((kept.get(i, 0) for i in range(len(words))), max))
        names: list[tuple[int, int]] = []  # the first word of each, and the word behind the last
        for first, behind in _found(self._names, words, text):
            if behind <= kept_up_to[first]:
                continue
            if names and first < names[-1][1]:  # two names that share words leave together
                names[-1] = (names[-1][0], max(behind, names[-1][1]))
            else:
                names.append((first, behind))
        out, at = [], 0
        for first, behind in names:
            out += [text[at : words[first].start], NAME]
            at = words[behind - 1].end
        return "".join((*out, text[at:]))


def is_name(text: str) -> bool:
    """Tell whether a text can be a name to look for: it has at least two letters or digits."""
    return sum(map(len, _folded(text))) >= 2


def is_redaction(text: str, of: str) -> bool:
    """Tell whether a text says what another one says, but for passages in whose place there are marks.

    Parameters
    ----------
    text : a text with marks: `[…]`, `[...]` or one of the program's own. Each stands for one or more words or signs.
    of : the text that it was made from. Spaces and line ends do not count.
    """
    before = _row(of)
    first, *others = map(_row, _MARK.split(text))
    if not others:
        return first == before
    if not before.startswith(first):
        return False
    *between, last = others
    at = len(first) - 1  # the earliest place is as good as any: marks stand for whatever there is
    for piece in between:
        place = before.find(piece, at + 1)
        if place < 0:
            return False
        at = place + len(piece) - 1
    return at < len(before) - len(last) and before.endswith(last)


def _row(text: str) -> str:
    """Give the words and signs of a text, each on a line of its own."""
    return "\n".join(("", *_TOKEN.findall(text), ""))


# ------------------------------------------------------------------ marks
_MARKS = "|".join(map(re.escape, (E_MAIL, LINK, PHONE, NAME, *CUT)))
_MARK = re.compile(_MARKS)
_TOKEN = re.compile(rf"{_MARKS}|\w+|[^\w\s]")


# ------------------------------------------------------------------ addresses and numbers
# Each pattern takes the whole of a run of characters at once; what it is, a function decides.
_ADDRESS = re.compile(r"[\w.+%@-]+")
_CHUNK = re.compile(r"(?<!\S)[^\s.:]*+[.:]\S+")
_LINK = re.compile(
    r"(?:https?|ftp)://|www\."
    r"|(?<![\w.-])(?:[\w-]++\.)+(?:com|org|net|edu|gov|mil|info|biz|io|app|dev|tv|us|ca|uk|mx|eu)(?![\w-])",
    re.IGNORECASE,
)
_CLOSING = ".,;:!?)}'\"’”»"
_GAP = r"[ \t\xa0\u2009\u202f().\-/\u2010-\u2015]"
_NUMBER = re.compile(rf"(?:\(\+?|\+|\d)(?:{_GAP}{{0,4}}+\d)*+")
_FEWEST_DIGITS = 7
_YEAR, _SMALL = r"(?:19|20)\d\d", r"(?:[12]\d|3[01]|0?\d)"
_DAY = rf"{_SMALL}[/. \-]{{1,2}}{_SMALL}[/. \-]{{1,2}}{_YEAR}|{_YEAR}[/.\-]{_SMALL}[/.\-]{_SMALL}|{_YEAR}"
_DAYS = re.compile(rf"\(?(?>(?:{_DAY})(?!\d))(?:{_GAP}{{1,4}}+(?>(?:{_DAY}|{_SMALL})(?!\d)))*+")


def _without_e_mail(found: re.Match[str]) -> str:
    whole = found[0]
    address = whole.rstrip(".-")
    _, _, domain = address.partition("@")
    return E_MAIL + whole[len(address) :] if "." in domain else whole


def _without_link(found: re.Match[str]) -> str:
    whole = found[0]
    link = _LINK.search(whole)
    return whole if link is None else whole[: link.start()] + LINK + whole[len(whole.rstrip(_CLOSING)) :]


def _without_phone(found: re.Match[str]) -> str:
    """Take out a number of seven digits or more, but days, years and rows like 1 2 3 4 5 6 7 and 10 11 12 13."""
    number = found[0]
    groups = re.findall(r"\d+", number)
    abroad = "+" in number[:2]
    if sum(len(group) for group in groups if len(group) > 1 or abroad) < _FEWEST_DIGITS or _DAYS.fullmatch(number):
        return number
    if max(map(len, groups)) < 3 and groups[0][0] != "0" and not abroad:
        return number
    return ("(" if number[0] == "(" and ")" not in number else "") + PHONE


# ------------------------------------------------------------------ names
_SIGNS = (  # what stands between words; all else belongs to one, whatever the script
    r"\s\x00-/:-@\[-`{-\xa9\xab\xac\xae-\xb4\xb6-\xb9\xbb-\xbf\u02bc\u060c\u061b\u061f\u0964\u0965"
    r"\u2010-\u205e\u2190-\u2bff\u3000-\u303f\uff01-\uff0f\uff1a-\uff20"
)
_WORD = re.compile(rf"{_MARKS}|[^{_SIGNS}]+")
_HYPHENS = re.compile(r"[-\u2010-\u2013]")
_JOINTS = " \t\r\n\xa0\u202f.-'`\u00b4\u02bc\u2010\u2011\u2012\u2013\u2018\u2019"
_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "\u0131": "i"})
_END = " "  # in a tree, where a name may end; no word is folded to it

_Tree = dict[str, "_Tree"]


class _Word(NamedTuple):
    """A word of a text: as it is compared, and where it stands."""

    folded: str
    start: int
    end: int


def _fold(word: str) -> str:
    """Give a word without case, accents and what cannot be seen. A mark is nothing that a name could be."""
    if word[0] == "[":
        return ""
    if word.isascii():
        return word.lower()
    plain = unicodedata.normalize("NFKD", word).casefold().translate(_LETTERS)
    return "".join(letter for letter in plain if letter.isalnum())


def _folded(text: str) -> list[str]:
    return [word for found in _WORD.findall(text) if (word := _fold(found))]


def _spellings(name: str) -> Iterator[Sequence[str]]:
    """How a name may be written, as words: each part by itself (o, brien), and without what joins them (obrien)."""
    last, comma, first = name.partition(",")
    words = [_folded(word) for word in (f"{first} {last}" if comma else name).split()]
    yield list(chain.from_iterable(words))
    yield ["".join(parts) for parts in words if parts]


def _parts(name: str) -> Iterator[Sequence[str]]:
    """The parts of a name that is one hyphenated word, but the short ones: `el` and `de` are words of their own."""
    parts = [_folded(part) for part in _HYPHENS.split(name)] if len(name.split()) == 1 else []
    if len(parts) > 1:
        yield from (part for part in parts if sum(map(len, part)) >= 3)


def _tree(spellings: Iterable[Sequence[str]]) -> _Tree:
    """Put names together by their first words, so that a text is read once however many they are."""
    root: _Tree = {}
    for spelling in filter(None, spellings):
        node = root
        for word in spelling:
            node = node.setdefault(word, {})
        node[_END] = {}
    return root


def _found(tree: _Tree, words: Sequence[_Word], text: str) -> Iterator[tuple[int, int]]:
    """Give the longest name from each word on: the first word, and the word behind the last."""
    for first, word in enumerate(words):
        node, behind, end = tree.get(word.folded), first, 0
        while node is not None:
            behind += 1
            if _END in node:
                end = behind
            following = node.get(words[behind].folded) if behind < len(words) else None
            if following and text[words[behind - 1].end : words[behind].start].strip(_JOINTS):
                break
            node = following
        if end:
            yield first, end
