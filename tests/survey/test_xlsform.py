"""Instruments as XLSForm and back: what returns means the same, what cannot be carried over is named."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import yaml
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from pyxform.xls2xform import convert

import app.survey.instrument
from app.errors import InvalidRequest, NotExpressible
from app.render.definitions import definition_yaml
from app.services import xlsforms
from app.survey.conditions import Condition
from app.survey.foreign import Imported
from app.survey.instrument import Instrument, parse
from app.survey.items import ItemBase
from app.survey.relevance import Asked, Unsayable, condition_of, expression_of, quoted
from app.survey.xlsform_export import sheets
from app.survey.xlsform_import import instrument_of
from app.survey.xlsform_words import Languages, bounds_of, slug
from tests import factories
from tests.survey.strategies import answers, definitions, items_of, shown

LIBRARY = sorted((Path(app.survey.instrument.__file__).parent / "library").glob("*.yaml"))


def back(instrument: Instrument) -> Imported:
    form, _ = xlsforms.read(xlsforms.write(sheets(instrument, 3)), "xlsx")
    return instrument_of(form)


# ------------------------------------------------------------------ there and back
@pytest.mark.parametrize("path", LIBRARY, ids=lambda path: path.stem)
def test_the_shipped_instruments_return_as_they_were(path: Path) -> None:
    instrument = parse(yaml.safe_load(path.read_text(encoding="utf-8")))
    found = back(instrument)
    assert found.left == []
    assert parse(found.definition).digest == instrument.digest
    assert parse(yaml.safe_load(definition_yaml(found.definition, "x"))).digest == instrument.digest


def test_pyxform_takes_what_is_written_without_a_word() -> None:
    for definition in (factories.every_kind(), yaml.safe_load(LIBRARY[0].read_text(encoding="utf-8"))):
        warnings: list[str] = []
        convert(BytesIO(xlsforms.write(sheets(parse(definition)))), warnings=warnings, file_type=".xlsx")
        assert warnings == []


def _about(item: ItemBase, instrument: Instrument) -> tuple[Any, ...]:
    """All that an item means but its skip logic."""
    scales = instrument.scales
    options = [item.options(scales, locale) for locale in instrument.languages]
    marks = (item.required, item.is_reversed, item.is_outcome, item.is_attribute, item.construct_key)
    return (item.key, item.text, item.help, item.meaning(scales), options, marks, item.answer_schema(scales))


@given(definitions(max_items=6), st.data())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
def test_any_instrument_returns_with_its_meaning(definition: dict[str, Any], data: st.DataObject) -> None:
    instrument = parse(definition)
    try:
        found = back(instrument)
    except NotExpressible:
        assume(False)
    assert found.left == []
    again = parse(found.definition)
    assert (again.key, again.group, again.title) == (instrument.key, instrument.group, instrument.title)
    assert set(again.languages) == set(instrument.languages)
    assert [_about(item, again) for item in again.items] == [_about(item, instrument) for item in instrument.items]
    assert again.construct_items == instrument.construct_items
    for _ in range(5):
        given_answers = {k: v for k, v in data.draw(answers(definition)).items() if v is not None}
        before: dict[str, Any] = {}
        for one, other in zip(items_of(definition), items_of(found.definition), strict=True):
            assert shown(one.get("show_if"), before) == shown(other.get("show_if"), before)
            if one["key"] in given_answers:
                before[one["key"]] = given_answers[one["key"]]


def test_a_text_that_begins_with_an_equals_sign_is_no_formula() -> None:
    item = {"key": "sum", "kind": "boolean", "text": {"en": "=1+1"}}
    content = xlsforms.write(sheets(parse(factories.definition("staff", [item]))))
    book = openpyxl.load_workbook(BytesIO(content))
    assert {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row if cell.value} == {"s"}


def test_a_text_that_xpath_cannot_quote_is_named() -> None:
    asks = {"item": "words", "in": ['it\'s "so"']}
    items = [
        {"key": "words", "kind": "text", "text": {"en": "?"}},
        {"key": "more", "kind": "boolean", "text": {"en": "?"}, "show_if": asks},
    ]
    with pytest.raises(NotExpressible) as raised:
        sheets(parse(factories.definition("staff", items)))
    assert [fault.pointer for fault in raised.value.faults] == ["/sections/0/items/1/show_if"]


# ------------------------------------------------------------------ forms of others
def form(survey: list[dict[str, Any]], choices: list[dict[str, Any]] | None = None, **setting: str) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for title, rows in (("survey", survey), ("choices", choices or []), ("settings", [setting] if setting else [])):
        sheet = book.create_sheet(title)
        columns = list(dict.fromkeys(column for row in rows for column in row))
        sheet.append(columns)
        for row in rows:
            sheet.append([row.get(column) for column in columns])
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def imported(*survey: dict[str, Any], choices: list[dict[str, Any]] | None = None, **setting: str) -> Imported:
    described, _ = xlsforms.read(form(list(survey), choices, **setting), "xlsx")
    return instrument_of(described, "staff")


def q(kind: str, name: str = "q", **more: Any) -> dict[str, Any]:
    return {"type": kind, "name": name, "label": f"Label of {name}", **more}


YES_NO = [{"list_name": "yn", "name": "yes", "label": "Yes"}, {"list_name": "yn", "name": "no", "label": "No"}]


def only(found: Imported) -> dict[str, Any]:
    (item,) = items_of(found.definition)
    assert parse(found.definition).key
    return {k: v for k, v in item.items() if k not in ("key", "text")}


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (q("integer"), {"kind": "integer"}),
        (q("integer", constraint=". >= 0 and . < 21"), {"kind": "integer", "minimum": 0, "maximum": 20}),
        (q("decimal", constraint=". <= 9.5"), {"kind": "number", "maximum": 9.5}),
        (q("range"), {"kind": "integer", "minimum": 1, "maximum": 10}),
        (q("range", parameters="start=0 end=4 step=1"), {"kind": "integer", "minimum": 0, "maximum": 4}),
        (q("text", constraint="string-length(.) <= 80"), {"kind": "text", "max_length": 80}),
        (q("date", required="yes"), {"kind": "date", "required": True}),
        (q("text", hint="Short."), {"kind": "text", "help": {"en": "Short."}}),
        (
            q("select_one yn"),
            {
                "kind": "single",
                "options": [{"value": "yes", "label": {"en": "Yes"}}, {"value": "no", "label": {"en": "No"}}],
            },
        ),
        (
            q("select_multiple yn"),
            {
                "kind": "multiple",
                "options": [{"value": "yes", "label": {"en": "Yes"}}, {"value": "no", "label": {"en": "No"}}],
            },
        ),
    ],
)
def test_types(row: dict[str, Any], expected: dict[str, Any]) -> None:
    found = imported(row, choices=YES_NO)
    assert only(found) == expected
    assert found.left == []


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (q("geopoint"), "`geopoint` is no kind of item"),
        (q("image"), "no kind of item"),
        ({"type": "calculate", "name": "q", "calculation": "1 + 1"}, "no kind of item"),
        ({"type": "start", "name": "q"}, "not collected"),
        (q("note"), "a note after a question"),
        (q("text", appearance="multiline"), "`appearance`: multiline"),
        (q("text", default="none"), "`default`: none"),
        (q("text", readonly="yes"), "`readonly`"),
        (q("text", constraint="regex(., '[a-z]+')"), "the constraint"),
        (q("text", constraint_message="No."), "`jr:constraintMsg`: No."),
        (q("text", remarks="ask the board"), "`remarks`: ask the board"),
        (q("text", required="${first} = 'yes'"), "required only if"),
        (q("text", relevant="count-selected(${first}) > 1"), "the condition `count-selected(${first}) > 1`"),
        (q("range", parameters="start=0 end=10 step=5"), "steps of 5"),
        (q("select_one_from_file x.csv"), "`x.csv`, which is not in the form"),
        (q("text", "Ab.c"), "is called"),
        (q("select_one yn", choice_filter="true()"), "`choice_filter`"),
    ],
)
def test_what_is_left_is_named(row: dict[str, Any], says: str) -> None:
    found = imported(q("select_one yn", "first"), row, choices=YES_NO)
    assert [left for left in found.left if left.where == row["name"] and says in left.what], found.left
    assert parse(found.definition).items[0].key == "first"


def test_repeats_groups_and_loose_questions() -> None:
    found = imported(
        {"type": "note", "name": "hello", "label": "Welcome."},
        q("begin_group", "One", relevant="true()"),
        {"type": "note", "name": "n", "label": "About you."},
        q("select_one yn", "a"),
        q("begin_group", "inner", relevant="${a} = 'yes'"),
        q("text", "b", relevant="${a} != 'no'", required="yes"),
        {"type": "end_group"},
        {"type": "end_group"},
        q("begin_repeat", "kids"),
        q("text", "kid"),
        {"type": "end_repeat"},
        q("date", "c"),
        q("begin_group", "empty"),
        q("geopoint", "where"),
        {"type": "end_group"},
        choices=YES_NO,
        form_title="My form",
    )
    instrument = parse(found.definition)
    assert [(s.key, [i.key for i in s.items]) for s in instrument.sections] == [
        ("one", ["a", "b"]),
        ("questions", ["c"]),
    ]
    assert instrument.intro is not None
    assert instrument.intro.say("en") == "Welcome."
    assert instrument.sections[0].intro is not None
    inner, own = {"item": "a", "in": ["yes"]}, {"not": {"item": "a", "in": ["no"]}}
    assert items_of(found.definition)[1]["show_if"] == {"all": [inner, own]}
    assert "required" not in items_of(found.definition)[1]  # the outer group's condition was lost
    assert {left.where for left in found.left} == {"One", "inner", "kids", "b", "empty", "where"}


def test_scales_have_scores() -> None:
    choices = [
        {"list_name": "agree", "name": "no", "label": "Disagree", "score": 1},
        {"list_name": "agree", "name": "yes", "label": "Agree", "score": 2, "favorable": "yes"},
        {"list_name": "agree", "name": "dk", "label": "Don't know", "not_applicable": "yes"},
    ]
    found = imported(q("select_one agree", construct="voice", reverse="yes", outcome="TRUE"), choices=choices)
    rated = {"kind": "rating", "scale": "agree", "construct": "voice", "reverse": True, "outcome": True}
    assert only(found) == rated
    assert found.definition["constructs"] == [{"key": "voice", "title": {"en": "voice"}}]
    assert [o.get("score") for o in found.definition["scales"]["agree"]["options"]] == [1, 2, None]


# ------------------------------------------------------------------ languages
def test_languages() -> None:
    row = {
        "type": "select_one yn",
        "name": "q",
        "label::English (en)": "Q",
        "label::Español": "P",
        "label::Klingon": "K",
    }
    choices = [{"list_name": "yn", "name": n, "label::English (en)": n, "label::Español": n} for n in ("a", "b")]
    found = imported(row, choices=choices, form_title="T", default_language="Español")
    assert (found.definition["default_locale"], set(found.definition["locales"])) == ("es", {"en", "es"})
    told = {left.where: left.what for left in found.left}
    assert "has no words in `en`" in told["title"]
    said = [left.what for left in found.left if left.where == "languages"]
    assert any("`Klingon` names no code" in what for what in said)
    assert any("`und-klingon` is not offered: 2 questions" in what for what in said)
    parse(found.definition)


def test_what_nobody_sees_is_taken_out_and_named() -> None:
    choices = [{"list_name": "yn", "name": name, "label": f"{name}\u202e!"} for name in ("a", "b")]
    found = imported({"type": "select_one yn", "name": "q", "label": "Right \u202ahere\u202c?"}, choices=choices)
    ((asked,),) = [section["items"] for section in found.definition["sections"]]
    assert asked["text"] == {"en": "Right here?"}
    assert [option["label"] for option in asked["options"]] == [{"en": "a!"}, {"en": "b!"}]
    told = [left.where for left in found.left if "taken out" in left.what]
    assert told == ["q (text)", "choice a", "choice b"]
    parse(found.definition | {"group": "family"})


@pytest.mark.parametrize(
    ("name", "locale"),
    [
        ("English (en)", "en"),
        ("Español (es-MX)", "es-MX"),
        ("default", "pt"),
        ("French", "fr"),
        ("so", "so"),
        ("@@", "und-xx"),
    ],
)
def test_names_of_languages(name: str, locale: str) -> None:
    assert Languages("default", "pt").locale(name) == locale


def test_slugs() -> None:
    assert slug("Q 1/a", set()) == "q_1_a"
    assert slug("q", {"q", "q_2"}) == "q_3"
    assert slug("日本", set()) == "x"


@pytest.mark.parametrize(
    ("expression", "whole", "bounds"),
    [
        (". >= 0 and . <= 20", True, (0, 20, None)),
        (". > 0 and .<5", True, (1, 4, None)),
        (". > 0", False, None),
        (". >= 0.5", True, None),
        ("string-length(.) < 10", False, (None, None, 9)),
        (". >= 1 or . = 0", True, None),
        (". >= 2 and . >= 3", True, (3, None, None)),
    ],
)
def test_bounds(expression: str, whole: bool, bounds: tuple[Any, ...] | None) -> None:
    assert bounds_of(expression, whole=whole) == bounds


# ------------------------------------------------------------------ conditions
ASKED = {
    "one": Asked("one", {"a": "a", "b": "b", "3": "3"}),
    "many": Asked("many", {"x": "x", "y": "y"}, several=True),
    "few": Asked("few", {str(n): n for n in range(5)}, number=True),
    "free": Asked("free", number=True),
    "words": Asked("words", text=True),
}
A = {"item": "one", "in": ["a"]}


@pytest.mark.parametrize(
    ("expression", "condition"),
    [
        ("${one} = 'a'", A),
        ("'a' = ${one}", A),
        ('${one}="a"', A),
        ("selected(${one}, 'a')", A),
        ("selected( ${many} , 'x')", {"item": "many", "in": ["x"]}),
        ("${one} != 'a'", {"not": A}),
        ("not(${one} = 'a')", {"not": A}),
        ("not(${one} != 'a')", A),
        ("(${one} = 'a')", A),
        ("${one} = 'a' or ${one} = 'b'", {"item": "one", "in": ["a", "b"]}),
        (
            "${one} = 'a' or ${few} = 1 and ${few} = 2",
            {"any": [A, {"all": [{"item": "few", "in": [n]} for n in (1, 2)]}]},
        ),
        ("${few} > 2", {"item": "few", "in": [3, 4]}),
        ("2 >= ${few}", {"item": "few", "in": [0, 1, 2]}),
        ("${one} = 3", {"item": "one", "in": ["3"]}),
        ("${free} = 2.5", {"item": "free", "in": [2.5]}),
        ("${words} = 'it is'", {"item": "words", "in": ["it is"]}),
        ("${words} = date('2022-10-03')", {"item": "words", "in": ["2022-10-03"]}),
        ("${one} = ''", {"not": {"item": "one", "in": ["a", "b", "3"]}}),
        ("${many} != ''", {"item": "many", "in": ["x", "y"]}),
        ("selected(../one, 'a')", A),
    ],
)
def test_conditions(expression: str, condition: dict[str, Any]) -> None:
    assert condition_of(expression, ASKED) == condition


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "true()",
        "${none} = 'a'",
        "${one} = 'z'",
        "${many} = 'x'",
        "${free} > 3",
        "${few} > 9",
        "${words} = ''",
        "${one} = ${many}",
        "1 = 1",
        "${one} = 'a' xor ${one} = 'b'",
        "${one} = 'a')",
        "(${one} = 'a'",
        "selected(${one}, 1)",
        "count-selected(${many}) > 1",
        "${one} = 'a' and",
        "# what",
        "${words} > 'a'",
        "not ${one}",
        "not(" * 1000 + "${one} = 'a'" + ")" * 1000,
        "${one} = foo(1)",
    ],
)
def test_conditions_that_are_not_ours(expression: str) -> None:
    with pytest.raises(Unsayable):
        condition_of(expression, ASKED)


def test_what_is_said_is_understood() -> None:
    condition: Condition = parse(factories.every_kind()).items[5].show_if  # type: ignore[assignment]
    said = expression_of(condition, lambda asked, value: f"selected(${{{asked.item}}}, {quoted(value)})")
    asked = {
        "has_plan": Asked("has_plan", {"yes": "yes"}),
        "services": Asked("services", {"speech": "speech", "ot": "ot"}, several=True),
    }
    assert condition_of(said, asked) == {
        "all": [{"item": "has_plan", "in": ["yes"]}, {"item": "services", "in": ["speech", "ot"]}]
    }


# ------------------------------------------------------------------ files that are none
@pytest.mark.parametrize("kind", ["xlsx", "xls", "csv", "txt", ""])
@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04nonsense", b"[a]\nb = 1\n", b"\xff\xfe\x00", b"survey\n,type,name\n,text\n"]
)
def test_files_that_are_no_form(kind: str, content: bytes) -> None:
    with pytest.raises(InvalidRequest):
        xlsforms.read(content, kind)


def test_csv() -> None:
    text = b'"survey",,,\n,"type","name","label"\n,"integer","age","How old?"\n'
    described, _ = xlsforms.read(text, "csv")
    assert items_of(instrument_of(described, "staff").definition)[0]["kind"] == "integer"


def test_a_name_that_is_no_question_is_refused() -> None:
    with pytest.raises(InvalidRequest) as raised:
        imported(q("text", relevant="${nothing} = 'a'"))
    assert "nothing" in raised.value.faults[0].detail
