"""Surveys of LimeSurvey as definitions: each type of question, equations that mean the same, everything else named."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.errors import InvalidRequest
from app.render.definitions import definition_yaml
from app.services.questionnaires import LARGEST, MOST_QUESTIONS, MOST_ROWS, read_lss
from app.survey.foreign import Imported
from app.survey.instrument import parse
from app.survey.lss_import import instrument_of
from app.survey.lss_logic import Variable, expression_of
from app.survey.relevance import Asked, Unsayable, condition_of
from tests.survey.damage import damaged
from tests.survey.questionnaires import Lss, Row
from tests.survey.strategies import items_of
from tests.survey.strategies import shown as is_shown


def imported(survey: Lss) -> Imported:
    tables = read_lss(survey.xml())
    assert tables == survey.read()
    return instrument_of(tables, "family")


def named(found: Imported) -> dict[str, list[str]]:
    told: dict[str, list[str]] = {}
    for left in found.left:
        told.setdefault(left.where, []).append(left.what)
    return told


def items(found: Imported) -> list[Row]:
    assert parse(found.definition).key
    return items_of(found.definition)


def one(kind: str, **more: Any) -> Lss:
    survey = Lss()
    survey.group()
    survey.question(kind, "Q1", **more)
    return survey


def options(**labels: str) -> list[Row]:
    return [{"value": code, "label": {"en": label}} for code, label in labels.items()]


STEM = {"help": {"en": "What? en"}}
ROWS = {"SQ001": "On time", "SQ002": "Safe"}
LIST = {"A1": "No", "A2": "Yes"}


# ------------------------------------------------------------------ types
@pytest.mark.parametrize(
    ("kind", "more", "expected"),
    [
        ("L", {"answers": LIST}, [{"kind": "single", "options": options(**LIST)}]),
        ("!", {"answers": LIST, "mandatory": "Y"}, [{"kind": "single", "options": options(**LIST), "required": True}]),
        ("M", {"rows": ROWS}, [{"kind": "multiple", "options": options(**ROWS)}]),
        ("Y", {}, [{"kind": "boolean"}]),
        ("G", {}, [{"kind": "single", "options": options(F="Female", M="Male")}]),
        ("N", {}, [{"kind": "number"}]),
        (
            "N",
            {"attributes": {"num_value_int_only": "1", "min_num_value_n": "0", "max_num_value_n": "20"}},
            [{"kind": "integer", "minimum": 0, "maximum": 20}],
        ),
        ("N", {"attributes": {"max_num_value_n": "9.5"}}, [{"kind": "number", "maximum": 9.5}]),
        ("K", {"rows": ROWS, "attributes": {"num_value_int_only": "1"}}, [{"kind": "integer", **STEM}] * 2),
        ("S", {}, [{"kind": "text"}]),
        ("S", {"attributes": {"numbers_only": "1"}}, [{"kind": "number"}]),
        ("T", {"attributes": {"maximum_chars": "500"}}, [{"kind": "text", "max_length": 500}]),
        ("U", {"help": "Short."}, [{"kind": "text", "help": {"en": "Short."}}]),
        ("Q", {"rows": ROWS}, [{"kind": "text", **STEM}] * 2),
        ("D", {}, [{"kind": "date"}]),
        ("5", {}, [{"kind": "rating", "scale": "points5"}]),
        ("A", {"rows": ROWS}, [{"kind": "rating", "scale": "points5", **STEM}] * 2),
        ("B", {"rows": ROWS}, [{"kind": "rating", "scale": "points10", **STEM}] * 2),
        (
            "C",
            {"rows": {"a": "A"}},
            [{"kind": "single", "options": options(Y="Yes", U="Uncertain", N="No"), **STEM}],
        ),
        (
            "E",
            {"rows": {"a": "A"}},
            [{"kind": "single", "options": options(I="Increase", S="Same", D="Decrease"), **STEM}],
        ),
    ],
)
def test_types(kind: str, more: Row, expected: list[Row]) -> None:
    found = imported(one(kind, **more))
    assert [{k: v for k, v in item.items() if k not in ("key", "text")} for item in items(found)] == expected
    assert all("favorable" in left.what for left in found.left)


def test_an_array_has_scores_where_the_file_says_so() -> None:
    survey = Lss(assessments="Y")
    survey.group()
    survey.question("F", "coded", rows=ROWS, answers={"1": "No", "2": "Yes"})
    survey.question("F", "assessed", rows=ROWS, answers=LIST, scores=[10, 20])
    survey.question("F", "plain", rows=ROWS, answers={"AO01": "No", "AO02": "Yes"})
    survey.question("L", "graded", answers=LIST, scores=[0, 5])
    survey.question("L", "numbered", answers={"1": "No", "2": "Yes"})
    found = imported(survey)
    assert [item["kind"] for item in items(found)] == ["rating"] * 4 + ["single"] * 2 + ["rating", "single"]
    scores = {key: [o["score"] for o in scale["options"]] for key, scale in found.definition["scales"].items()}
    assert scores == {"coded": [1, 2], "assessed": [10, 20], "graded": [0, 5]}
    assert any("no scores" in what for what in named(found)["plain"])
    assert all(named(found)[f"scale {key}"] for key in scores)


def test_assessment_values_of_a_survey_without_assessments_are_no_scores() -> None:
    found = imported(one("L", answers=LIST, scores=[1, 2]))
    assert items(found)[0]["kind"] == "single"


def test_words_beside_a_choice_are_items_of_their_own() -> None:
    survey = Lss("en", "es")
    survey.group()
    survey.question("L", "way", answers=LIST, other="Y", attributes={"other_replace_text": "Another way"})
    survey.question("O", "why", answers=LIST, relevance='way == "-oth-"')
    survey.question("M", "which", rows=ROWS, other="Y")
    survey.question("P", "what", rows=ROWS)
    survey.question("Y", "last", relevance='which_SQ002 == "Y" and !is_empty(way)')
    made = {item["key"]: item for item in items(imported(survey))}
    assert [(key, made[key].get("show_if")) for key in made] == [
        ("way", None),
        ("way_other", {"item": "way", "in": ["-oth-"]}),
        ("why", {"item": "way", "in": ["-oth-"]}),
        ("why_comment", {"item": "way", "in": ["-oth-"]}),
        ("which", None),
        ("which_other", {"item": "which", "in": ["other"]}),
        ("what", None),
        ("what_sq001comment", {"item": "what", "in": ["SQ001"]}),
        ("what_sq002comment", {"item": "what", "in": ["SQ002"]}),
        ("last", {"all": [{"item": "which", "in": ["SQ002"]}, {"item": "way", "in": ["A1", "A2", "-oth-"]}]}),
    ]
    assert made["which_other"]["text"] == {"en": "Other", "es": "Otro"}


# ------------------------------------------------------------------ what is left
@pytest.mark.parametrize(
    ("kind", "more", "says"),
    [
        ("R", {"answers": LIST}, "to rank is no kind"),
        ("|", {}, "files are not collected"),
        ("*", {}, "an equation is no kind"),
        ("I", {}, "switch of languages"),
        ("1", {"rows": ROWS}, "two scales"),
        (":", {"rows": ROWS}, "array of numbers"),
        (";", {"rows": ROWS}, "array of texts"),
        ("Ñ", {}, "`Ñ` is no kind of item"),
        ("X", {}, "a note after a question"),
        ("L", {}, "without answers"),
        ("M", {}, "without choices"),
        ("F", {"rows": ROWS}, "without rows or answers"),
        ("F", {"answers": LIST}, "without rows or answers"),
        ("S", {"preg": "/^a+$/"}, "its pattern `/^a+$/`"),
        ("S", {"mandatory": "S"}, "asks once more"),
        ("S", {"relevance": "0"}, "never shown"),
        ("S", {"attributes": {"hidden": "1"}}, "never shown"),
        ("S", {"attributes": {"prefix": "$"}}, "`prefix`: $"),
        ("S", {"attributes": {"em_validation_q": "strlen(this) > 3"}}, "`em_validation_q`"),
        ("M", {"rows": ROWS, "attributes": {"max_answers": "2"}}, "`max_answers`: 2"),
        ("N", {"attributes": {"min_num_value_n": "{age}"}}, "its bound `{age}`"),
        ("D", {"attributes": {"date_format": "yyyy-mm-dd HH:MM"}}, "time of the day"),
        ("D", {"attributes": {"date_min": "2020-01-01"}}, "`date_min`"),
        ("S", {"text": "Dear {TOKEN:FIRSTNAME}, why?"}, "`{TOKEN:FIRSTNAME}` is put into a text"),
        ("S", {"relevance": "sum(Q0.NAOK, 3) > 4"}, "the condition `sum(Q0.NAOK, 3) > 4`"),
        ("S", {"text": ""}, "has no text"),
    ],
)
def test_what_is_left_is_named(kind: str, more: Row, says: str) -> None:
    survey = Lss()
    survey.group()
    survey.question("S", "Q0")
    survey.question(kind, "Q1", **more)
    found = imported(survey)
    assert items(found)[0]["key"] == "q0"
    assert any(says in what for what in named(found)["Q1"]), found.left


def test_settings_and_parts_are_named() -> None:
    survey = Lss()
    survey.tables["surveys_languagesettings"][0] |= {"surveyls_welcometext": "<p>Hi!</p>", "surveyls_endtext": "Bye"}
    survey.group(randomization_group="x")
    given = survey.question("S", "Q1")
    survey.row("quota", id="4", name="Boys")
    survey.row("defaultvalues", qid=given, defaultvalue="1")
    survey.row("conditions", qid=given, value="Y")
    survey.group("Never", grelevance="0")
    survey.question("S", "Q2")
    found = imported(survey)
    assert [item["key"] for item in items(found)] == ["q1"]
    assert found.definition["intro"] == {"en": "Hi!"}
    told = named(found)
    assert set(told["settings"]) == {"the last page: Bye", "a quota: Boys"}
    assert len(told["Q1"]) == 2
    assert "never shown" in told["Never"][0]
    assert "in random order" in told["About you en"][0]


# ------------------------------------------------------------------ groups and languages
@pytest.mark.parametrize("new", [True, False])
def test_languages_of_old_and_new_files(new: bool) -> None:
    survey = Lss("es", "en", "de-informal", new=new)
    survey.group("Group {en}", "About {en}")
    survey.question("L", "Q1", "Ask {en}", help="Help {en}", answers={"A1": "One {en}"})
    survey.question("M", "Q2", "Which {en}", rows={"a": "Row {en}"})
    found = imported(survey)
    all_of = lambda words: {code: f"{words} {code}" for code in ("es", "en", "de-informal")}  # noqa: E731
    assert found.definition["default_locale"] == "es"
    assert set(found.definition["locales"]) == {"es", "en", "de-informal"}
    first, second = items(found)
    assert (first["text"], first["help"]) == (all_of("Ask"), all_of("Help"))
    assert first["options"][0]["label"] == all_of("One")
    assert second["options"][0]["label"] == all_of("Row")
    section = found.definition["sections"][0]
    assert (section["title"], section["intro"]) == (all_of("Group"), all_of("About"))
    assert found.definition["title"] == all_of("Our survey")
    assert found.left == []


def test_a_language_that_lacks_words_is_not_offered() -> None:
    survey = Lss("en", "es")
    survey.group()
    survey.question("S", "Q1")
    survey.tables["question_l10ns"][1]["question"] = ""
    found = imported(survey)
    assert found.definition["locales"] == ["en"]
    assert any("`es` is not offered: 1 questions" in what for what in named(found)["languages"])


def test_words_that_are_not_in_the_file_stand_in_and_are_named() -> None:
    survey = Lss("en", "vi")
    survey.group()
    survey.question("G", "Q1")
    found = imported(survey)
    assert found.definition["locales"] == ["en", "vi"]
    assert items(found)[0]["options"][0]["label"] == {"en": "Female", "vi": "Female"}
    assert any("“Female” is not in the file" in what for what in named(found)["Q1"])


def test_groups_stand_in_their_order_and_pass_their_condition_on() -> None:
    survey = Lss()
    second = survey.group("Second", group_order="2", grelevance='first.NAOK == "Y"')
    survey.question("X", "note", "Now the details.")
    survey.question("S", "detail", relevance='(first == "Y" or first == "N")')
    survey.group("First", group_order="1")
    survey.question("Y", "first")
    found = imported(survey)
    assert [section["key"] for section in found.definition["sections"]] == ["first", "second"]
    asked = {"item": "first", "in": [True]}
    assert items(found)[1]["show_if"] == {"all": [asked, {"item": "first", "in": [True, False]}]}
    assert found.definition["sections"][1]["intro"] == {"en": "Now the details."}
    assert any("the text's condition" in what for what in named(found)["note"])
    assert second


def test_rows_have_conditions_of_their_own() -> None:
    survey = Lss()
    survey.group()
    survey.question("Y", "bus")
    survey.question("A", "points", rows=ROWS)
    survey.tables["subquestions"][1]["relevance"] = '7X1X2.NAOK == "Y"'  # as equations before version 3 call it
    survey.question("A", "more", rows=ROWS)
    survey.tables["subquestions"][3]["relevance"] = "0"
    found = imported(survey)
    assert [(i["key"], i.get("show_if")) for i in items(found)] == [
        ("bus", None),
        ("points_sq001", None),
        ("points_sq002", {"item": "bus", "in": [True]}),
        ("more_sq001", None),
    ]
    assert named(found)["more_SQ002"] == ["the row is never shown and not carried over"]


def test_without_naok_an_equation_does_not_hold_for_people_who_were_not_asked() -> None:
    survey = Lss()
    survey.group()
    survey.question("Y", "bus")
    survey.question("L", "why", answers=LIST, relevance='bus == "Y"')
    for number, equation in enumerate(['why != "A1"', 'why.NAOK != "A1"', 'why == "A1"', "bus != 'Y'"]):
        survey.question("S", f"q{number}", relevance=equation)
    asked, denied = {"item": "bus", "in": [True]}, {"not": {"item": "why", "in": ["A1"]}}
    assert [item.get("show_if") for item in items(imported(survey))[2:]] == [
        {"all": [asked, denied]},
        denied,
        {"item": "why", "in": ["A1"]},
        {"not": asked},
    ]


# ------------------------------------------------------------------ equations
ASKED = {
    "one": Asked("one", {"A1": "A1", "A2": "A2", "3": "3"}),
    "many": Asked("many", {"x": "x", "y": "y"}, several=True),
    "yes": Asked("yes", {"Y": True, "N": False}),
    "few": Asked("few", {str(n): n for n in range(5)}, number=True),
    "words": Asked("words", text=True),
}
NAMES = {name: Variable(name) for name in ASKED} | {
    "many_x": Variable("many", "x"),
    "many_y": Variable("many", "y"),
    "7X1X2": Variable("one"),
    "7X1X3x": Variable("many", "x"),
}


def read(equation: str) -> Row:
    return condition_of(expression_of(equation, NAMES, ASKED)[0], ASKED)


A1 = {"item": "one", "in": ["A1"]}
X = {"item": "many", "in": ["x"]}


@pytest.mark.parametrize(
    ("equation", "condition"),
    [
        ('one.NAOK == "A1"', A1),
        ("one=='A1'", A1),
        ('"A1" == one', A1),
        ('((one.NAOK == "A1"))', A1),
        ('{one.NAOK eq "A1"}', A1),
        ('7X1X2.NAOK == "A1"', A1),
        ('one.code != "A1"', {"not": A1}),
        ('!(one == "A1")', {"not": A1}),
        ('not one == "A1"', {"not": A1}),
        ('one == "A1" || one == "A2"', {"item": "one", "in": ["A1", "A2"]}),
        ('one == "A1" and many_x == "Y" or yes == "N"', {"any": [{"all": [A1, X]}, {"item": "yes", "in": [False]}]}),
        ('many_x.NAOK == "Y"', X),
        ('7X1X3x == "Y"', X),
        ('many_x != "Y"', {"not": X}),
        ('many_x == ""', {"not": X}),
        ("is_empty(many_x)", {"not": X}),
        ("!is_empty(one.NAOK)", {"item": "one", "in": ["A1", "A2", "3"]}),
        ('one == ""', {"not": {"item": "one", "in": ["A1", "A2", "3"]}}),
        ("one == 3", {"item": "one", "in": ["3"]}),
        ("few >= 3", {"item": "few", "in": [3, 4]}),
        ('3 lt few && few ne "4"', {"all": [{"item": "few", "in": [4]}, {"not": {"item": "few", "in": [4]}}]}),
        ('words == "it is"', {"item": "words", "in": ["it is"]}),
    ],
)
def test_equations_that_mean_the_same(equation: str, condition: Row) -> None:
    assert read(equation) == condition


@pytest.mark.parametrize(
    "equation",
    [
        "", "one", "none == 1", 'one == "Z"', "one == few", "1 == 1", "sum(few) > 3", "many_x > 1", 'many == "x"',
        "(one == 3", "one == 3)", "is_empty one", "is_empty(one", "one == 3 +", "# what", "one.value == 3", "few > 9",
        "!" * 1000 + "one == 3", 'count(many_x, many_y) > 1', "one ==", 'words == ""', "one == \"'\\\"\"",
    ],
)  # fmt: skip
def test_equations_that_are_not_ours(equation: str) -> None:
    with pytest.raises(Unsayable):
        read(equation)


LEAVES = {
    'one == "A1"': lambda a: a.get("one") == "A1",
    "'A2' != one.NAOK": lambda a: a.get("one") != "A2",
    "is_empty(one)": lambda a: "one" not in a,
    'many_x.NAOK == "Y"': lambda a: "x" in a.get("many", []),
    'many_y != "Y"': lambda a: "y" not in a.get("many", []),
    'yes == "N"': lambda a: a.get("yes") is False,
    "few > 2": lambda a: a.get("few", 0) > 2,
}


@st.composite
def equations(draw: st.DrawFn, depth: int = 3) -> tuple[str, Any]:
    """An equation, and what it means."""
    if depth == 0 or draw(st.booleans()):
        text = draw(st.sampled_from(list(LEAVES)))
        return text, LEAVES[text]
    left, first = draw(equations(depth - 1))
    word = draw(st.sampled_from(["and", "or", "&&", "||", "not"]))
    if word == "not":
        return f"!({left})", lambda a: not first(a)
    right, second = draw(equations(depth - 1))
    if word in ("and", "&&"):
        return f"({left}) {word} ({right})", lambda a: first(a) and second(a)
    return f"({left}) {word} ({right})", lambda a: first(a) or second(a)


@given(
    equations(),
    st.fixed_dictionaries(
        {},
        optional={
            "one": st.sampled_from(["A1", "A2", "3"]),
            "many": st.lists(st.sampled_from(["x", "y"]), unique=True),
            "yes": st.booleans(),
            "few": st.integers(0, 4),
        },
    ),
)
@settings(max_examples=200, deadline=None)
def test_any_equation_is_shown_to_the_same_people(equation: tuple[str, Any], answers: Row) -> None:
    text, holds = equation
    assert is_shown(read(text), answers) == holds(answers)


# ------------------------------------------------------------------ files that are none, and damaged ones
BOMB = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><document>&b;</document>'
OUTSIDE = b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><document>&a;</document>'


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "not XML"),
        (b"{}", "not XML"),
        (b"<document>", "not XML"),
        (b"\xff\xfe\x00", "not XML"),
        (b'<?xml version="1.0" encoding="klingon"?><document/>', "not XML"),
        (b"<document/>", "no `LimeSurveyDocType`"),
        (b"<html><LimeSurveyDocType>Survey</LimeSurveyDocType></html>", "a `Survey`"),
        (b"<document><LimeSurveyDocType>Group</LimeSurveyDocType></document>", "a `Group`"),
        (BOMB, "declares"),
        (OUTSIDE, "declares"),
        (b"<!DOCTYPE document><document/>", "declares"),
        (b" " * (LARGEST + 1), "larger than"),
    ],
)
def test_files_that_are_no_lss(content: bytes, says: str) -> None:
    with pytest.raises(InvalidRequest) as raised:
        read_lss(content)
    assert raised.value.faults[0].code == "not_lss"
    assert says in raised.value.faults[0].detail


def test_a_file_has_not_too_many_questions() -> None:
    survey = Lss()
    survey.group()
    for number in range(MOST_QUESTIONS + 1):
        survey.row("questions", qid=str(number))
    with pytest.raises(InvalidRequest) as raised:
        read_lss(survey.xml())
    assert "more than 2000 questions" in raised.value.faults[0].detail


def test_a_file_has_not_too_many_rows() -> None:
    rows = b"<row/>" * (MOST_ROWS + 1)
    content = b"<document><LimeSurveyDocType>Survey</LimeSurveyDocType><x><rows>" + rows + b"</rows></x></document>"
    with pytest.raises(InvalidRequest):
        read_lss(content)


WHOLE = Lss("en", "es")
WHOLE.group()
WHOLE.question("Y", "bus")
WHOLE.question("L", "why", answers=LIST, other="Y", relevance='bus == "Y"')
WHOLE.question("F", "points", rows=ROWS, answers={"1": "a", "2": "b"}, relevance='why == "A1"')
WHOLE.question("N", "count", attributes={"min_num_value_n": "1", "max_num_value_n": "9", "num_value_int_only": "1"})
WHOLE.question("P", "which", rows=ROWS)
CELLS = st.text(max_size=4) | st.sampled_from(
    ["", "0", "1", "Y", "-1", "9" * 30, "<b>", "{x}", "en", "1 == 1", "((", "F", "M"]
)


@given(st.data())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_damaged_file_never_breaks_the_import(data: st.DataObject) -> None:
    tables = damaged(data, WHOLE.read(), CELLS)
    rows = {
        table: [{str(k): v for k, v in row.items() if isinstance(v, str)} for row in rows if isinstance(row, dict)]
        for table, rows in (tables.items() if isinstance(tables, dict) else ())
        if isinstance(rows, list)
    }
    found = instrument_of(rows, "staff")
    assert definition_yaml(found.definition, "x")
    with suppress(InvalidRequest):
        parse(found.definition)


@given(st.binary(max_size=20), st.integers(0, 5000))
@settings(max_examples=60, deadline=None)
def test_damaged_bytes_are_a_clear_problem(noise: bytes, place: int) -> None:
    content = WHOLE.xml()
    broken = content[:place] + noise + content[place + len(noise) :]
    with suppress(InvalidRequest):
        definition_yaml(instrument_of(read_lss(broken), "staff").definition)
