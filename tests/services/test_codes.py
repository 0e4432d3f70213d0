"""What an access code looks like, how it is read, and what is kept of it."""

from __future__ import annotations

import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.services.codes import ALPHABET, SYMBOLS, TWINS, fingerprint, mistyped, new_code, plain

SECRET = b"s" * 64
places = st.integers(0, SYMBOLS - 1)


def spelled(text: str) -> str:
    return "-".join(text[i : i + 4] for i in range(0, SYMBOLS, 4))


def test_a_code_has_more_than_fifty_random_bits() -> None:
    assert (SYMBOLS - 1) * math.log2(len(ALPHABET)) > 53
    codes = [new_code() for _ in range(4000)]
    assert len(set(codes)) == len(codes)
    seen = Counter(symbol for code in codes for symbol in plain(code))
    # 48,000 draws of 29: a count is 1,655 give or take 40; six standard deviations are allowed.
    assert set(seen) == set(ALPHABET)
    assert all(abs(n - 48_000 / 29) < 6 * math.sqrt(48_000 / 29) for n in seen.values()), seen


def test_of_characters_that_look_alike_one_is_left() -> None:
    for pair in ("0O", "1I", "1L", "5S", "2Z", "8B", "UV"):
        assert len(set(pair) & set(ALPHABET)) == 1, pair
    assert len(set(ALPHABET)) == len(ALPHABET) == 29
    assert set(map(chr, TWINS)).isdisjoint(ALPHABET)
    assert {chr(to) if isinstance(to, int) else to for to in TWINS.values()} <= set(ALPHABET)


@given(st.data())
def test_a_code_is_read_as_people_type_it(data: st.DataObject) -> None:
    code = new_code()
    assert not mistyped(code)
    assert [len(part) for part in code.split("-")] == [4, 4, 4]
    twins = {chr(to) if isinstance(to, int) else to: chr(of) for of, to in TWINS.items()}
    typed = ""
    for symbol in code:
        symbol = data.draw(st.sampled_from([symbol, symbol.lower(), twins.get(symbol, symbol)]))
        typed += symbol + data.draw(st.sampled_from(["", "", " ", "-", "\t", "\n"]))
    assert plain(typed) == plain(code)
    assert not mistyped(typed)
    assert fingerprint(SECRET, "w", "family", "s", typed) == fingerprint(SECRET, "w", "family", "s", code)


@given(places, st.sampled_from(ALPHABET))
def test_every_wrong_symbol_is_found(place: int, symbol: str) -> None:
    text = plain(new_code())
    wrong = text[:place] + symbol + text[place + 1 :]
    assert mistyped(wrong) == (wrong != text)


@given(places, places)
def test_every_two_exchanged_symbols_are_found(a: int, b: int) -> None:
    text = list(plain(new_code()))
    before = list(text)
    text[a], text[b] = text[b], text[a]
    assert mistyped("".join(text)) == (text != before)


NO_CODES = ["", "-", "A", "AAAA-AAAA-AAA", "AAAA-AAAA-AAAA-A", "ÄÄÄÄ-ÄÄÄÄ-ÄÄÄÄ", "????-????-????", "\x00"]


@pytest.mark.parametrize("typed", NO_CODES)
def test_what_is_no_code(typed: str) -> None:
    assert mistyped(typed)
    assert len(fingerprint(SECRET, "w", "family", None, typed)) == 64  # and is looked for like any other


def test_a_fingerprint_is_bound_to_its_cell_and_to_the_secret() -> None:
    code = new_code()
    cells = [
        (SECRET, "w", "family", "s"),
        (SECRET, "x", "family", "s"),
        (SECRET, "w", "staff", "s"),
        (SECRET, "w", "family", "t"),
        (SECRET, "w", "family", None),
        (b"t" * 64, "w", "family", "s"),
    ]
    found = {fingerprint(*cell, code) for cell in cells}
    assert len(found) == len(cells)
    assert not any(plain(code).lower() in one for one in found)
