"""Sheets and tables of access codes."""

from __future__ import annotations

import csv
import io
import re

import pytest

from app.render.codes import COLUMNS, sheet, table, with_code
from app.services.codes import new_code

ADDRESS = "https://survey.example.org/s/2022-fall/family/erving"


def pages(pdf: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", pdf))


def test_a_table_has_a_line_for_every_code() -> None:
    codes = [new_code() for _ in range(5)]
    rows = list(csv.reader(io.StringIO(table("2022-fall", "family", "erving", ADDRESS, codes).decode())))
    assert rows[0] == list(COLUMNS)
    assert [row[3] for row in rows[1:]] == codes
    assert {tuple(row[:3]) for row in rows[1:]} == {("2022-fall", "family", "erving")}
    assert [row[4] for row in rows[1:]] == [f"{ADDRESS}#{code}" for code in codes]
    assert table("w", "liaison", None, ADDRESS, ["A"]).decode().splitlines()[1] == f"w,liaison,,A,{ADDRESS}#A"


def test_the_code_is_behind_what_no_server_is_told() -> None:
    assert with_code(ADDRESS, "A-B").partition("#") == (ADDRESS, "#", "A-B")


@pytest.mark.parametrize(("slips", "expected"), [(1, 1), (10, 1), (11, 2), (25, 3)])
def test_ten_slips_a_page(slips: int, expected: int) -> None:
    made = sheet("Fall 2022", "Erving Elementary", ADDRESS, [new_code() for _ in range(slips)])
    assert made.startswith(b"%PDF-1.")
    assert pages(made) == expected


def test_a_sheet_follows_from_what_is_on_it() -> None:
    codes = [new_code(), new_code()]
    made = sheet("Fall 2022", "Erving", ADDRESS, codes)
    assert made == sheet("Fall 2022", "Erving", ADDRESS, codes), "no time is in it"
    assert made != sheet("Fall 2022", "Erving", ADDRESS, codes[::-1])


def test_words_are_never_read_as_markup() -> None:
    odd = '#panic("x") *b* \\ [a] $x$ "q" <l> @r // é ñ 日本'
    assert pages(sheet(odd, odd, ADDRESS, [new_code()])) == 1
    assert pages(sheet("t" * 200, "p" * 200, ADDRESS + "/" + "s" * 64, [new_code() for _ in range(10)])) == 1
