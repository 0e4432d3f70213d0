"""Reports: the numbers are those of the documents, sentences say no more, words are never markup, nothing is loaded."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.analysis.words import people, place
from app.render.report.documents import Documents
from app.render.report.figures import percent, signed
from app.render.report.outline import outline
from app.render.report.page import POLICY, page
from app.render.report.parts import WITHHELD, Finding, Report, Section, Table
from tests.analysis.waves import GROUPS, World, groups
from tests.analysis.waves import SCHOOLS as MANY_SCHOOLS
from tests.render.reporting import PEOPLE, Page, documents, world

HOSTILE = " <script>alert(1)</script> <img src=x onerror=alert(1)> \" ' & {{ 7*7 }} #panic() *b* $x$ `c` \\ @r [l](u)"


@pytest.fixture(scope="module")
def made() -> Documents:
    return documents(world(), before=world(tilt=-0.9))


@pytest.fixture(scope="module")
def shown(made: Documents) -> Page:
    return Page(page(outline(made)).decode())


def every(section: Section | Report) -> list[Any]:
    """All parts of a report or section, however deep."""
    found = [] if isinstance(section, Report) else list(section.parts)
    return found + [part for inner in section.sections for part in every(inner)]


def findings(report: Report) -> list[str]:
    return [part.text for part in every(report) if isinstance(part, Finding)]


def section(report: Report, key: str) -> Section:
    return next(one for one in report.sections if one.key == key)


# ------------------------------------------------------------------ what is in it
def test_the_sections_of_a_director(made: Documents) -> None:
    report = outline(made)
    assert [one.key for one in report.sections] == [
        "glance", "who", "matters", "results", "gaps", "trends", "served", "questions", "method",
    ]  # fmt: skip
    assert (report.title, report.about) == ("Fall", "All schools")
    assert RELEASED in [fact.text for fact in report.facts]
    assert all(part.svg.startswith("<svg") and part.alt for part in every(report) if hasattr(part, "svg"))


RELEASED = "2025-11-03"


def test_a_school_and_the_pool_that_it_is_in(made: Documents) -> None:
    report = outline(documents(world(), school="cedar", before=world(tilt=-0.9)))
    assert report.about == "Cedar"
    told = findings(report)
    assert any(text.startswith("Staff of Cedar, on “Communication”: ") for text in told)
    assert any(text.startswith("Families of Birch and Cedar together, on “Communication”: ") for text in told)
    assert not any("Ash" in text for text in told)


@pytest.mark.parametrize("audience", ["principal", "public"])
def test_readers_of_bands_get_no_exact_section(audience: str) -> None:
    of = documents(world(), audience)
    report = outline(of)
    assert not {"matters", "gaps", "trends", "served", "comments"} & {one.key for one in report.sections}
    assert ("who" in {one.key for one in report.sections}) == (audience == "principal")
    text = "".join(Page(page(report).decode()).text)
    assert "95% interval" not in text
    assert re.search(r"between \d+% and \d+% of the answers of \d+ people are favorable", text)


def test_one_school() -> None:
    of = documents(world({"family": {"ash": 30}, "staff": {"ash": 15}}))
    report = outline(of)
    assert not [part for part in every(section(report, "results")) if isinstance(part, Table)]
    assert "All schools" not in Page(page(report).decode()).table("Responses, and how many could have answered")
    assert "Places below all" not in page(report).decode()


def test_what_is_all_withheld_is_said_once_a_group() -> None:
    of = documents(world({"family": {"ash": 4}, "staff": {"ash": 5}}))
    assert not [cell for entry in of.measures for cell in entry["cells"] if cell["status"] == "published"]
    report = outline(of)
    for key in ("results", "questions"):
        for inner in section(report, key).sections:
            assert [part.text for part in inner.parts] == [f"Of all schools, all of this is {WITHHELD}."]


def test_words_that_were_promised_to_the_director_alone_are_marked_on_every_page() -> None:
    report = outline(documents(world(), for_director=True))
    assert "For the director alone" in report.warning
    assert "Simulated answers" in report.warning
    assert page(report).decode().count("For the director alone") == 2  # above and below


def test_comments_that_were_passed(made: Documents) -> None:
    comments = tuple(
        {"id": str(n), "group": "staff", "school": None, "item": "why", "text": f"Words {n}{HOSTILE}",
         "status": "shown", "question": f"Why?{HOSTILE}"}
        for n in range(3)
    )  # fmt: skip
    report = outline(documents(world(), comments=comments, more_comments=True))
    html = page(report).decode()
    text = "".join(Page(html).text)
    assert all(f"Words {n}{HOSTILE}" in text for n in range(3))
    assert "More were passed than are printed" in text
    assert "comments" not in {one.key for one in outline(made).sections}


# ------------------------------------------------------------------ numbers
def test_participation(made: Documents, shown: Page) -> None:
    table = shown.table("Responses, and how many could have answered")
    for row in made.summary["participation"]:
        said = table["All schools" if row["school"] is None else place(row["school"], None)][
            people(row["group"]).capitalize()
        ]
        if "status" in row:
            assert said == WITHHELD
        else:
            assert said == f"{row['responses']} of {row['eligible']} ({percent(row['rate'])})"
    assert any(row.get("status") == "protected" for row in documents(few()).summary["participation"])
    assert "how many answered is withheld" in " ".join(findings(outline(documents(few(), school="cedar"))))


def few() -> World:
    of = world()
    for group in of.groups:
        group.roster = {**group.roster, "cedar": 8}
    return of


def test_constructs_by_place(made: Documents, shown: Page) -> None:
    for group, name in (("family", "Families"), ("staff", "Staff")):
        table = shown.table(f"{name}: favorable share (people) by place")
        for entry in made.summary["constructs"]:
            for cell in entry["cells"]:
                if cell["group"] == group:
                    assert table[at(cell)][entry["title"]] == share(cell)


def at(cell: dict[str, Any]) -> str:
    if "schools" in cell:
        return place(None, cell["schools"]) + " together"
    return "All schools" if cell["school"] is None else place(cell["school"], None)


def share(cell: dict[str, Any]) -> str:
    return f"{cell['favorable']['share']:.0%} ({cell['n']})" if cell["status"] == "published" else WITHHELD


def test_questions(made: Documents, shown: Page) -> None:
    table = shown.table("Families: Communication")
    for entry in made.summary["items"]:
        if entry["construct"] == "communication":
            cell = next(
                c for c in entry["cells"] if c["group"] == "family" and c["school"] is None and "schools" not in c
            )
            row = table[entry["text"] + (" (reversed)" if entry["reverse"] else "")]
            assert row["People"] == str(cell["n"])
            assert row["Mean"] == f"{cell['mean']['value']:.2f}"
            assert row["Favorable"] == f"{cell['favorable']['share']:.0%}"
            for option in entry["options"]:
                if "score" in option:
                    assert row[option["label"]] == str(cell["counts"][option["value"]])


def test_reversed_questions_are_marked_wherever_their_figures_are(made: Documents, shown: Page) -> None:
    """A mean or a need without the mark reads as the opposite."""
    plain = {entry["text"] for entry in made.summary["items"] if entry["reverse"]}
    assert plain
    first = [row[0] for table in shown.tables for row in table]
    assert not plain & set(first)
    for caption in ("questions, the largest difference first", "questions of greatest need"):
        (at,) = [at for at, said in enumerate(shown.captions) if caption in said][:1]
        assert {f"{text} (reversed)" for text in plain} <= {row[0] for row in shown.tables[at]}


def test_gaps_and_trends_print_the_readings_as_they_are(made: Documents) -> None:
    told = findings(outline(made))
    assert made.gaps is not None
    assert made.trends is not None
    assert made.priorities is not None
    (pair,) = made.gaps["pairs"]
    assert {row["reading"] for row in pair["constructs"]} <= set(told)
    union = [c for e in made.trends["constructs"] for c in e["cells"] if c["school"] is None and "schools" not in c]
    assert {cell["reading"] for cell in union} <= set(told)
    assert {row["reading"] for row in made.priorities["constructs"]} <= set(told)
    assert any(cell["verdict"] == "up" for cell in union), "the test needs a change"


def test_a_reader_of_some_schools_is_told_what_a_sentence_is_about() -> None:
    """Their own school's figures stand beside those of all schools, which they get for reference."""
    one = outline(documents(world(), school="ash", before=world(tilt=-0.9), limited=True))
    first = [part.text for part in section(one, "glance").parts if isinstance(part, Finding)]
    assert first
    assert all("Ash" in text for text in first)
    several = outline(documents(world(), before=world(tilt=-0.9), limited=True))
    told = [part.text for part in section(several, "glance").parts if isinstance(part, Finding)]
    assert any(text.startswith("Families of all schools: ") for text in told)
    assert any(text.startswith("Families and staff of all schools ") for text in told)


def test_differences(made: Documents, shown: Page) -> None:
    assert made.gaps is not None
    table = shown.table("Families and staff: constructs")
    for row in made.gaps["pairs"][0]["constructs"]:
        mean = row["difference"]["mean"]
        assert table[row["title"]]["Difference"] == f"{mean['value']:+.2f}".replace("-", "−")
        assert table[row["title"]]["Families (people)"] == f"{row['a']['mean']['value']:.2f} ({row['a']['n']})"


@given(st.floats(0, 1))
def test_a_share_is_never_said_to_be_none_or_all_when_it_is_not(value: float) -> None:
    said = percent(value)
    assert (said == "0%") == (value == 0)
    assert (said == "100%") == (value == 1)
    assert signed(-0.001) == "0.00"


# ------------------------------------------------------------------ whatever the wave
@st.composite
def worlds(draw: st.DrawFn) -> World:
    schools = MANY_SCHOOLS[: draw(st.integers(1, 4))]
    return World(schools, [draw(groups(group, schools, None)) for group in GROUPS[: draw(st.integers(1, 3))]])


@settings(max_examples=12, suppress_health_check=list(HealthCheck))
@given(worlds(), st.sampled_from(["director", "principal", "public"]), st.data())
def test_any_wave_makes_a_report_without_a_figure_of_a_withheld_cell(
    world: World, audience: str, data: st.DataObject
) -> None:
    school = data.draw(st.sampled_from([None, *world.schools]))
    of = documents(world, audience, school=school)
    report = outline(of)
    read = Page(page(report).decode())
    assert all(len(row) == len(table[0]) for table in read.tables for row in table)
    for group in of.groups:
        for entry, cells in of.constructs_of(group):
            for cell in cells:
                caption = f"{people(group).capitalize()}: favorable share (people) by place"
                if cell["status"] == "protected" and caption in read.captions:
                    assert read.table(caption)[at(cell)][entry["title"]] == WITHHELD


# ------------------------------------------------------------------ safe to open
def test_words_are_never_markup() -> None:
    hostile = world(words=HOSTILE)
    html = page(outline(documents(hostile, before=world(words=HOSTILE, tilt=-1)))).decode()
    read = Page(html)
    assert "script" not in read.tags
    assert read.tags.count("img") == len([1 for name, _ in read.loads if name == "src"])
    assert read.handlers == []
    assert "alert(1)</script>" not in html
    assert "{{ 7*7 }}" in "".join(read.text)


def test_nothing_is_loaded_from_anywhere(shown: Page) -> None:
    assert {value[:19] for name, value in shown.loads if name == "src"} == {"data:image/svg+xml,"}
    assert all(value.startswith("#") for name, value in shown.loads if name == "href")
    assert {name for name, _ in shown.loads} == {"src", "href"}
    assert not {"script", "link", "iframe", "object", "embed", "form", "base"} & set(shown.tags)


def test_the_page_forbids_all_but_its_own_style_and_pictures(made: Documents) -> None:
    html = page(outline(made)).decode()
    assert "url(" not in html.partition("<style>")[2].partition("</style>")[0]
    assert "@import" not in html
    assert re.fullmatch(
        r"default-src 'none'; style-src 'sha256-[\w+/=]+'; img-src data:; base-uri 'none'; form-action 'none'", POLICY
    )


def test_every_chart_has_words_and_the_headings_are_in_order(shown: Page) -> None:
    assert shown.alts
    assert all(len(alt) > 20 for alt in shown.alts)
    assert shown.headings[0] == 1
    assert shown.headings.count(1) == 1
    assert all(after <= before + 1 for before, after in zip(shown.headings, shown.headings[1:], strict=False))


def test_the_same_bytes_each_time(made: Documents) -> None:
    assert page(outline(made)) == page(outline(documents(world(), before=world(tilt=-0.9))))


def test_no_sentence_claims_a_cause_or_significance(made: Documents) -> None:
    words = " ".join(findings(outline(made))).lower()
    assert not re.search(r"significan|cause|because of|due to|leads to|effect|proves?\b", words)


def test_the_people_of_the_test_are_those_of_the_table(shown: Page) -> None:
    assert shown.table("Responses, and how many could have answered")["Ash"]["Staff"].startswith(
        f"{PEOPLE['staff']['ash']} of"
    )
