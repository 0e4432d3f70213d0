"""Redaction: what tells who somebody is leaves a text, all else stays, and no text makes it slow."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.survey.redact import CUT, E_MAIL, LINK, NAME, PHONE, Redactor, is_name, is_redaction

MARKS = (E_MAIL, LINK, PHONE, NAME)
NAMES = (
    "Rosa Díaz",
    "O'Brien",
    "Nguyễn",
    "Mary-Lou",
    "Smith-Jones",
    "Møller",
    "J. R. Lee",
    "Hall, Bob",
    "Swift",
    "Link",
)
SCHOOLS = ("swift-river", "Swift River Elementary", "Leverett")
plain, named = Redactor(), Redactor(NAMES, SCHOOLS)


def cases(*pairs: tuple[str, str]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(("text", "redacted"), pairs)


# ------------------------------------------------------------------ addresses
@cases(
    ("Write to rosa.diaz+school@mail.example.org.", "Write to [e-mail]."),
    ("ROSA@EXAMPLE.ORG, and (x_y@z-w.co)", "[e-mail], and ([e-mail])"),
    ("5 7@example.org", "5 [e-mail]"),
    ("rosa@example", "rosa@example"),
    ("@rosa", "@rosa"),
    ("@rosa.diaz", "[e-mail]"),
    ("a@b@example.org", "[e-mail]"),
    ("josé@correo.españa.es", "[e-mail]"),
    ("mailto:rosa@example.org", "mailto:[e-mail]"),
    ("we met @ 9. Then", "we met @ 9. Then"),
)
def test_e_mail_addresses(text: str, redacted: str) -> None:
    assert plain(text) == redacted


@cases(
    ("See https://example.org/a?b=c#d.", "See [link]."),
    ("(http://10.0.0.1:8080/x)", "([link])"),
    ("HTTPS://EXAMPLE.ORG/", "[link]"),
    ("www.example.museum!", "[link]!"),
    ("facebook.com/rosa.diaz is where", "[link] is where"),
    ("erving.k12.ma.us", "[link]"),
    ("see:youtu.be.com/abc,ok", "see:[link]"),
    ("https://example.org/?mail=a@b.org", "[link]"),
    ("It ends.Then it goes on. 3.5 of 4.0, e.g. this", "It ends.Then it goes on. 3.5 of 4.0, e.g. this"),
    ("a committee.communication", "a committee.communication"),
)
def test_web_addresses(text: str, redacted: str) -> None:
    assert plain(text) == redacted


@cases(
    ("Call 413-555-0123.", "Call [phone]."),
    ("(413) 555-0123", "[phone]"),
    ("(call 413 555 0123)", "(call [phone])"),
    ("(413-555-0123)", "([phone])"),
    ("413.555.0123 x12", "[phone] x12"),
    ("4135550123", "[phone]"),
    ("tel4135550123", "tel[phone]"),
    ("+1 413 555 0123", "[phone]"),
    ("1-413-555-0123", "[phone]"),
    ("555-0123", "[phone]"),
    ("Grade 5 413-555-0123", "Grade [phone]"),
    ("+34 612 345 678", "[phone]"),
    ("(+34) 612345678", "[phone]"),
    ("0034 612 345 678", "[phone]"),
    ("+44 20 7946 0958", "[phone]"),
    ("+1 4 1 3 5 5 5 0 1 2 3", "[phone]"),
    ("06 12 34 56 78", "[phone]"),
    ("+57 (1) 234 5678", "[phone]"),
    ("413\xa0555–0123", "[phone]"),
    ("\u0664\u0661\u0663 \u0665\u0665\u0665 \u0660\u0661\u0662\u0663", "[phone]"),
    ("123-45-6789", "[phone]"),
    ("10/03/2022 413-555-0123", "[phone]"),
)
def test_telephone_numbers(text: str, redacted: str) -> None:
    assert plain(text) == redacted


@pytest.mark.parametrize(
    "text",
    [
        "2021-2022", "(2019-2020)", "2019 2020 2021", "10/03/2022", "3.10.2022", "2022-10-03", "2022-10-03 10:30",
        "from 10/03/2022 to 10/28/2022", "10/03/2022 - 10/28/2022", "1 2 3 4 5 6 7 8 9 10", "10 11 12 13", "1,000,000",
        "room 12, grade 3", "8:00-3:30", "24 of 30", "555-01", "01344",
    ],
)  # fmt: skip
def test_other_numbers_stay(text: str) -> None:
    assert plain(text) == text


# ------------------------------------------------------------------ names
@cases(
    ("Rosa Díaz", "[name]"),
    ("ROSA DIAZ", "[name]"),
    ("rosa\u0301 di\u0301az", "[name]"),
    ("Rosa\n  Díaz's class", "[name]'s class"),
    ("Rosa-Diaz", "[name]"),
    ("Rosa, Diaz", "Rosa, Diaz"),
    ("Rosa and Diaz", "Rosa and Diaz"),
    ("Diaz Rosa", "Diaz Rosa"),
    ("Rosas Diaz, Rosa Diazes", "Rosas Diaz, Rosa Diazes"),
    ("o'brien, O’BRIEN’S and Obrien", "[name], [name]’S and [name]"),
    ("brien", "brien"),
    ("nguyen", "[name]"),
    ("NGUYỄN", "[name]"),
    ("the Nguyen-Pham family", "the [name]-Pham family"),
    ("Mary Lou, mary-lou, MaryLou", "[name], [name], [name]"),
    ("Mary and Lou", "[name] and [name]"),
    ("Mr. Smith’s", "Mr. [name]’s"),
    ("Moller Møller MØLLER", "[name] [name] [name]"),
    ("J.R. Lee", "[name]"),
    ("j r lee", "[name]"),
    ("Lee", "Lee"),
    ("Bob Hall", "[name]"),
    ("Hall, Bob", "Hall, Bob"),
    ("Sw\u00adift Sw\u200bift", "[name] [name]"),
    ("¿Swift?", "¿[name]?"),
    ("«Swift»…Swift", "«[name]»…[name]"),
    ("_Swift_ *Swift* #Swift", "_[name]_ *[name]* #[name]"),
    ("\uff33\uff57\uff49\uff46\uff54", "[name]"),
    ("swiftly, Swifts, Swift2", "swiftly, Swifts, Swift2"),
    ("Swift 413-555-0123 swift@example.org", "[name] [phone] [e-mail]"),
)
def test_names(text: str, redacted: str) -> None:
    assert named(text) == redacted


@cases(
    ("Swift River", "Swift River"),
    ("at Swift River Elementary with Ms. Swift", "at Swift River Elementary with Ms. [name]"),
    ("swift-river, SWIFT RIVER's", "swift-river, SWIFT RIVER's"),
    ("Swift runs along the river", "[name] runs along the river"),
)
def test_names_of_schools_stay(text: str, redacted: str) -> None:
    assert named(text) == redacted


def test_a_name_that_says_more_than_the_school_goes() -> None:
    assert Redactor(["Leverett", "Ann Leverett"], ["Leverett"])("Ann Leverett of Leverett") == "[name] of Leverett"


def test_names_that_share_words_leave_together() -> None:
    redact = Redactor(["Ann Lee", "Lee Park", "Lee"])
    assert redact("Ann Lee Park, Ann Lee, Lee Park, Lee Lee") == "[name], [name], [name], [name] [name]"


def test_the_longest_name_is_taken() -> None:
    assert Redactor(["Ann", "Ann Lee Park"])("Ann Lee Park and Ann Lee") == "[name] and [name] Lee"


def test_short_parts_of_a_hyphenated_name_are_no_names() -> None:
    redact = Redactor(["El-Amin"])
    assert redact("el señor El-Amin y Amin, El Amin") == "el señor [name] y [name], [name]"


def test_other_scripts() -> None:
    redact = Redactor(["Владимир", "نور", "आशा"])
    assert redact("владимир, نور، आशा।") == "[name], [name]، [name]।"


def test_marks_are_never_taken_for_names() -> None:
    assert named("[link] Link [name] link") == "[link] [name] [name] [name]"
    redact = Redactor(["name", "phone", "mail"])
    assert redact("[name] [phone] [e-mail] mail") == "[name] [phone] [e-mail] [name]"


@pytest.mark.parametrize("text", ["", "Ab", "A B", "Ñu", "O'", "--", "X.", "[name]", "北京", " a "])
def test_is_name(text: str) -> None:
    assert is_name(text) == (text in ("Ab", "A B", "Ñu", "北京"))


# ------------------------------------------------------------------ any text
pieces = st.sampled_from(
    [
        *NAMES, *MARKS, *CUT, "rosa", "DIAZ", "swift river", "the", "a@b.org", "@", "x.com", "www.", "http://", "413",
        "555-0123", "2022", "+1", "(", ")", "[", "]", "1", "7", "'s", "’", "-", ".", ",", " ", " ", " ", "\n", "é",
        "\u0301", "\u200b", "ß", "İ", "😀", "/", "_",
    ]
)  # fmt: skip
texts = st.lists(pieces, max_size=25).map("".join) | st.text(max_size=60)


@given(texts)
@example("http://")
@example("a@b.org@c.org@")
def test_once_is_enough(text: str) -> None:
    once = named(text)
    assert named(once) == once


@given(texts)
def test_nothing_is_added_but_marks(text: str) -> None:
    rest = re.sub("|".join(map(re.escape, MARKS)), "", named(text))
    letters = iter(text)
    assert all(letter in letters for letter in rest)


def simply(text: str) -> list[str]:
    """The words of a text without case and accents, told apart in another way than the program does."""
    for mark in MARKS:
        text = text.replace(mark, " | ")
    bare = "".join(c for c in unicodedata.normalize("NFD", text) if unicodedata.category(c) != "Mn")
    return re.sub(r"[^\w|]|_", " ", bare.lower().replace("ø", "o").replace("đ", "d")).split()


@given(
    st.sampled_from([name for name in NAMES if "," not in name]),
    st.sampled_from([str, str.upper, str.lower, str.title, str.swapcase]),
    st.sampled_from(["NFC", "NFD"]),
    st.sampled_from(["", "Ms. ", "(", "¡", "la ", "-", "2 ", "'"]),
    st.sampled_from(["", "'s", "’S", ".", "-Pham", " and", ")", "\n", "!", " 5"]),
)
def test_a_listed_name_is_found_in_any_dress(name: str, case: object, form: str, before: str, behind: str) -> None:
    assert callable(case)
    text = before + unicodedata.normalize(form, case(name)) + behind
    left = simply(named(text))
    wanted = simply(name)
    assert all(left[i : i + len(wanted)] != wanted for i in range(len(left)))
    assert "|" in left


@given(
    st.text("0123456789", min_size=7, max_size=13), st.sampled_from(["{}-{}", "({}) {}", "{}.{}", "{}/{}", "+{} {}"])
)
def test_a_long_number_goes_whole(digits: str, form: str) -> None:
    number = form.format(digits[:3], digits[3:])
    assert plain(f"at {number} or") == "at [phone] or"


@given(st.lists(st.sampled_from(["we", "Élan", "don't", "so-called", "met", "3", "times,", "good.", "¡sí!", "(ok)"])))
def test_other_words_stay(words: list[str]) -> None:
    text = " ".join(words)
    assert named(text) == text


# What is hard for patterns that go back: at this length even the square of it would never end.
LONG = 200_000


@pytest.mark.parametrize(
    "part",
    [
        "a", "a.", "a@", "@", "1", "1 ", "1.-(", "(", "+(", "http://", "www.", "http://!", "a.com", "a-.", "-", ".",
        "2022-", "10/03/", "swift ", "swift-", "j.r.", "j r ", "rosa ", "[name", "'", "\n", "\u0301", "mary-",
    ],
)  # fmt: skip
def test_no_text_makes_it_slow(part: str) -> None:
    text = (part * LONG)[:LONG]
    named(text)
    assert is_redaction(f"{text} […]", f"{text} x")
    assert not is_redaction(f"[…] {text} y", f"{text} x")


def test_no_names_make_it_slow() -> None:
    redact = Redactor(["a " * 49 + "b", *(f"a {i}" for i in range(20_000))])
    assert redact("a " * (LONG // 2)) == "a " * (LONG // 2)


# ------------------------------------------------------------------ by hand
@pytest.mark.parametrize(
    ("text", "of", "is_one"),
    [
        ("I like […]", "I like Bob", True),
        ("I like [...] a lot", "I like Bob and Ann a lot", True),
        ("[…]'s room", "Bob's room", True),
        ("[…]", "I like Bob", True),
        ("I like Bob", "I like  Bob\n", True),
        ("I [name] Bob", "I like Bob", True),
        ("call [phone], […]", "call [phone], Bob", True),
        ("[…] [...]", "like Bob", True),
        ("[…] […]", "Bob", False),
        ("I like […] Bob", "I like Bob", False),
        ("I […]like", "I dislike", False),
        ("I like", "I like Bob", False),
        ("I […] like Bob", "I like Bob", False),
        ("Bob […] I", "I like Bob", False),
        ("I like […] too", "I like Bob", False),
        ("I hate […]", "I like Bob", False),
        ("I [love] Bob", "I like Bob", False),
        ("", "Bob", False),
        ("[…]", "", False),
        ("", " ", True),
        ("a […] b […] a", "a b a", False),
        ("a […] b […] a", "a x b y a", True),
        ("a […] b", "a b x b", True),
    ],
)
def test_is_redaction(text: str, of: str, is_one: bool) -> None:
    assert is_redaction(text, of) is is_one


tokens = st.lists(st.sampled_from(["a", "b", "a-b", ".", "[name]", "é"]), max_size=7)
marked = st.lists(st.sampled_from(["a", "b", "a-b", ".", "[name]", "é", "[…]", "[…]"]), max_size=7)


def by_trying(text: tuple[str, ...], of: tuple[str, ...]) -> bool:
    """Whether a text is a redaction, by trying what each mark could stand for."""

    @cache
    def fits(i: int, j: int) -> bool:
        if i == len(text):
            return j == len(of)
        if text[i].startswith("["):
            return any(fits(i + 1, k) for k in range(j + 1, len(of) + 1))
        return j < len(of) and text[i] == of[j] and fits(i + 1, j + 1)

    return fits(0, 0)


@given(marked, tokens)
def test_is_redaction_agrees_with_trying(text: list[str], of: list[str]) -> None:
    def apart(words: list[str]) -> tuple[str, ...]:
        return tuple(" ".join(words).replace("a-b", "a - b").split())

    assert is_redaction(" ".join(text), " ".join(of)) is by_trying(apart(text), apart(of))


@given(st.lists(st.sampled_from([*NAMES, *MARKS, "the", "it's", "a@b.org", "413-555-0123", "www.x.org", "1 2", "."])))
def test_what_the_program_takes_out_a_person_could_have(words: list[str]) -> None:
    text = " ".join(words)
    assert is_redaction(named(text), text)
