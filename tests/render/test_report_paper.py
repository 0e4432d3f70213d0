"""Reports on paper: tagged, dated by the release, the same each time, and with the words of the page."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import orjson
import pytest
import typst
from hypothesis import given, settings
from hypothesis import strategies as st

from app.render.report.documents import Documents
from app.render.report.figures import percent
from app.render.report.outline import outline
from app.render.report.page import page
from app.render.report.paper import paper
from app.render.report.parts import Fact, Facts, Finding, Note, Quote, Quotes, Report, Section, Table
from tests.analysis.waves import World
from tests.render.reporting import RELEASE, documents, world
from tests.render.test_report import HOSTILE, every, worlds

needs_reader = pytest.mark.skipif(
    shutil.which("pdftotext") is None and os.environ.get("CI") != "true", reason="poppler-utils is not installed"
)
OTHER_SCRIPTS = " 你好 مرحبا 🙂"


@pytest.fixture(scope="module")
def made() -> Documents:
    return documents(world(), before=world(tilt=-0.9))


@pytest.fixture(scope="module")
def pdf(made: Documents) -> bytes:
    return paper(outline(made))


def pages(pdf: bytes, tmp_path: Path) -> list[str]:
    """The text of each page."""
    (tmp_path / "it.pdf").write_bytes(pdf)
    told = subprocess.run(["pdftotext", "-layout", "it.pdf", "-"], cwd=tmp_path, capture_output=True, check=True)
    return told.stdout.decode().split("\f")[:-1]


def plain(text: str) -> str:
    """Text without what line breaks do to it."""
    return re.sub(r"[\s\u00ad-]+", "", text)


def test_tagged_with_title_language_and_date(pdf: bytes) -> None:
    assert pdf.startswith(b"%PDF-1.7")
    assert b"/MarkInfo" in pdf
    assert b"/StructTreeRoot" in pdf
    assert b"/Lang (en)" in pdf or b"/Lang(en)" in pdf
    assert b"pdfuaid:part" in pdf
    assert b"<dc:title>" in pdf
    assert b"2025-11-03" in pdf
    assert b"/Alt" in pdf


def test_the_same_bytes_each_time(made: Documents, pdf: bytes) -> None:
    assert paper(outline(made)) == pdf


def test_small_enough(pdf: bytes) -> None:
    assert len(pdf) < 1_000_000


@needs_reader
def test_every_page_says_what_it_is(pdf: bytes, tmp_path: Path) -> None:
    read = pages(pdf, tmp_path)
    for number, text in enumerate(read, 1):
        assert "Simulated answers: no person gave them." in text
        assert f"Page {number} of {len(read)}" in text
        assert "fall · release 1 · " + RELEASE["digest"][:23] in text


@needs_reader
def test_the_figures_are_those_of_the_documents(made: Documents, pdf: bytes, tmp_path: Path) -> None:
    text = plain("".join(pages(pdf, tmp_path)))
    report = outline(made)
    for part in every(report):
        if isinstance(part, Finding):
            assert plain(part.text) in text, part.text
        table = part if isinstance(part, Table) else getattr(part, "table", None)
        for row in table.rows if table is not None else ():
            for figure in row[1:]:
                assert plain(figure) in text
    for cell in (cell for entry in made.summary["constructs"] for cell in entry["cells"]):
        if cell["status"] == "published":
            assert plain(f"{percent(cell['favorable']['share'])} ({cell['n']})") in text


@needs_reader
def test_words_are_never_markup(tmp_path: Path) -> None:
    comment = {
        "id": "1", "group": "staff", "school": None, "item": "why", "text": f"Said{HOSTILE}", "status": "shown",
        "question": f"Why{HOSTILE}",
    }  # fmt: skip
    text = plain("".join(pages(paper(outline(documents(world(words=HOSTILE), comments=(comment,)))), tmp_path)))
    assert plain(f"Said{HOSTILE}") in text
    assert plain(f"Why{HOSTILE}") in text


def test_letters_of_other_scripts_do_no_harm() -> None:
    comment = {
        "id": "1", "group": "staff", "school": None, "item": "why", "text": OTHER_SCRIPTS, "status": "shown",
        "question": "Why?",
    }  # fmt: skip
    assert paper(outline(documents(world(), comments=(comment,)))).startswith(b"%PDF-")


@settings(max_examples=6)
@given(worlds(), st.sampled_from(["director", "principal", "public"]))
def test_any_wave_fits_on_paper(world: World, audience: str) -> None:
    assert paper(outline(documents(world, audience))).startswith(b"%PDF-")


@settings(max_examples=15)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=80))
def test_any_words_can_be_set(words: str) -> None:
    """As the title, too: a person gave it."""
    facts, quotes = (Fact(words, words),), Quotes(words, (Quote(words, words),))
    table = Table(words, (words, words), ((words, words),))
    parts = (Finding(words), Note(words), Facts(facts), table, quotes)
    report = Report(words, words, words, words, RELEASE["released_at"], facts, (Section("k", words, parts),))
    assert paper(report).startswith(b"%PDF-")
    page(report)


def test_what_cannot_be_set_is_an_error() -> None:
    broken = Report("t", "a", "", "", "no date", (), (Section("k", "T"),))
    with pytest.raises(typst.TypstError):
        paper(broken)


def test_the_words_come_in_as_data_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = {}

    def compile(source: bytes, **more: object) -> bytes:
        seen["source"], seen["inputs"] = source, more["sys_inputs"]
        return b"%PDF-"

    monkeypatch.setattr(typst, "compile", compile)
    paper(outline(documents(world(words=HOSTILE))))
    assert b"alert(1)" not in seen["source"]  # type: ignore[operator]
    assert "alert(1)" in orjson.loads(seen["inputs"]["report"])["sections"][2]["sections"][0]["parts"][0]["text"]  # type: ignore[index]
