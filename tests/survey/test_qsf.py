"""Surveys of Qualtrics as definitions: each type of question, logic that means the same, everything else named."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.errors import InvalidRequest
from app.render.definitions import definition_yaml
from app.services.questionnaires import LARGEST, MOST_QUESTIONS, read_qsf
from app.survey.foreign import Imported
from app.survey.instrument import parse
from app.survey.qsf_import import instrument_of
from app.survey.qsf_logic import expression_of
from app.survey.qsf_read import locale
from app.survey.relevance import Asked, Unsayable, condition_of
from tests.survey import strategies
from tests.survey.damage import damaged
from tests.survey.questionnaires import Row, as_qsf, logic, picks, q, qsf, shown
from tests.survey.strategies import items_of


def imported(*questions: Row, **more: Any) -> Imported:
    return instrument_of(read_qsf(as_qsf(qsf(*questions, **more))), "family")


def named(found: Imported) -> dict[str, list[str]]:
    told: dict[str, list[str]] = {}
    for left in found.left:
        told.setdefault(left.where, []).append(left.what)
    return told


def items(found: Imported) -> list[Row]:
    assert parse(found.definition).key
    return items_of(found.definition)


def without_words(item: Row) -> Row:
    return {k: v for k, v in item.items() if k not in ("text", "help")}


def options(*labels: str) -> list[Row]:
    return [{"value": str(n), "label": {"en": label}} for n, label in enumerate(labels, 1)]


NUMBER = {"Type": "ContentType", "ContentType": "ValidNumber"}


# ------------------------------------------------------------------ types
@pytest.mark.parametrize(
    ("question", "expected"),
    [
        (q(1, "MC", "SAVR", Choices=shown("Yes", "No")), [{"kind": "single", "options": options("Yes", "No")}]),
        (q(1, "MC", "DL", Choices=shown("Yes", "No")), [{"kind": "single", "options": options("Yes", "No")}]),
        (q(1, "MC", "MAVR", Choices=shown("Bus", "Car")), [{"kind": "multiple", "options": options("Bus", "Car")}]),
        (q(1, "TE", "SL"), [{"kind": "text"}]),
        (q(1, "TE", "ML", force="ON"), [{"kind": "text", "required": True}]),
        (q(1, "TE", "SL", validation={"Type": "TotalChars", "TotalChars": "80"}), [{"kind": "text", "max_length": 80}]),
        (q(1, "TE", "SL", validation=NUMBER), [{"kind": "number"}]),
        (
            q(1, "TE", "SL", validation=NUMBER | {"ValidNumber": {"Min": "0", "Max": "20", "NumDecimals": "0"}}),
            [{"kind": "integer", "minimum": 0, "maximum": 20}],
        ),
        (
            q(1, "TE", "SL", validation=NUMBER | {"ValidNumber": {"Min": "0.5", "Max": "", "NumDecimals": ""}}),
            [{"kind": "number", "minimum": 0.5}],
        ),
        (q(1, "TE", "SL", validation={"Type": "ContentType", "ContentType": "ValidDate"}), [{"kind": "date"}]),
        (q(1, "TE", "FORM", Choices=shown("Name", "Route")), [{"kind": "text"}, {"kind": "text"}]),
        (
            q(1, "Slider", "HSLIDER", Choices=shown("Bus"), Configuration={"CSSliderMin": 0, "CSSliderMax": 10}),
            [{"kind": "integer", "minimum": 0, "maximum": 10}],
        ),
        (
            q(1, "Slider", "HSLIDER", Choices=shown("Bus"), Configuration={"CSSliderMax": 10, "NumDecimals": "1"}),
            [{"kind": "number", "minimum": 0.0, "maximum": 10.0}],
        ),
        (
            q(1, "Slider", "STAR", Choices=shown("Bus"), Configuration={"StarCount": 5}),
            [{"kind": "integer", "minimum": 0, "maximum": 5}],
        ),
        (
            q(1, "Matrix", "Likert", SubSelector="MultipleAnswer", Choices=shown("A"), Answers=shown("x", "y")),
            [{"kind": "multiple", "options": options("x", "y")}],
        ),
        (
            q(1, "Matrix", "TE", SubSelector="Short", Choices=shown("A", "B"), Answers=shown("x", "y")),
            [{"kind": "text"}] * 4,
        ),
    ],
)
def test_types(question: Row, expected: list[Row]) -> None:
    found = imported(question)
    assert [{k: v for k, v in without_words(item).items() if k != "key"} for item in items(found)] == expected
    assert set(named(found)) == {"sections"}


def test_a_matrix_is_an_item_a_row_on_one_scale() -> None:
    agree = shown("Disagree", "Agree", "No opinion")
    marks = {"RecodeValues": {"1": 1, "2": "2", "3": "9"}, "AnalyzeChoices": {"3": "No"}, "AnswerOrder": [1, 2, 3]}
    first = q(1, "Matrix", "Likert", "Do you agree?", SubSelector="SingleAnswer", Answers=agree, **marks,
              Choices=shown("On time.", "Safe.", "Clean."), ChoiceOrder=["2", 1, 3], force="ON",
              ChoiceDataExportTags={"1": "bus_time"})  # fmt: skip
    second = q(2, "Matrix", "Likert", "And here?", SubSelector="DL", Answers=agree, Choices=shown("Warm."), **marks)
    found = imported(first, second)
    made = items(found)
    assert [item["key"] for item in made] == ["q1_2", "bus_time", "q1_3", "q2_1"]
    assert {item["scale"] for item in made} == {"q1"}
    assert [item.get("required", False) for item in made] == [True, True, True, False]
    assert [item["text"]["en"] for item in made[:2]] == ["Safe.", "On time."]
    assert made[0]["help"] == {"en": "Do you agree?"}
    assert found.definition["scales"]["q1"]["options"] == [
        {"value": "1", "score": 1, "label": {"en": "Disagree"}},
        {"value": "2", "score": 2, "label": {"en": "Agree"}},
        {"value": "9", "not_applicable": True, "label": {"en": "No opinion"}},
    ]
    assert named(found)["scale q1"] == ["which answers are favorable, the file does not say: mark them"]


def test_the_numbers_of_answers_are_scores_and_odd_ones_are_named() -> None:
    rows = {"Choices": shown("Row"), "SubSelector": "SingleAnswer"}
    below = q(1, "Matrix", "Likert", Answers=shown("a", "b", "c"), RecodeValues={"1": "1", "2": "2", "3": "-1"}, **rows)
    words = q(2, "Matrix", "Likert", Answers=shown("a", "b"), RecodeValues={"1": "low", "2": "high"}, **rows)
    same = q(3, "Matrix", "Likert", Answers=shown("a", "b"), RecodeValues={"1": "5", "2": "5"}, **rows)
    signed = q(4, "Matrix", "Likert", Answers=shown("a", "b"), RecodeValues={"1": "-1", "2": "1"}, **rows)
    found = imported(below, words, same, signed)
    assert [item["kind"] for item in items(found)] == ["rating", "single", "rating", "rating"]
    assert any("a score below 0" in what for what in named(found)["scale q1"])
    assert any("without scores" in what for what in named(found)["Q2"])
    assert any("exported as one number" in what for what in named(found)["Q3"])
    assert len(named(found)["scale q4"]) == 1


def test_how_likely_you_are_to_recommend_has_scores() -> None:
    numbers = [{"Display": str(n)} for n in range(11)]
    found = imported(q(1, "MC", "NPS", Choices=numbers, ColumnLabels=[{"Display": "Not at all"}]))
    (item,) = items(found)
    assert item["kind"] == "rating"
    assert [o["score"] for o in found.definition["scales"][item["scale"]]["options"]] == list(range(11))
    assert "the words at the ends of its scale" in named(found)["Q1"]


def test_words_beside_a_choice_are_an_item_of_their_own() -> None:
    other = shown("Bus", "Other:", _2={"TextEntry": "true"})
    asks = logic([picks("QID1", "2") | {"LeftOperand": "q://QID1/ChoiceTextEntryValue/2", "Operator": "EqualTo",
                                        "RightOperand": "boat"}])  # fmt: skip
    found = imported(q(1, "MC", "SAVR", Choices=other), q(2, "TE", "SL", DisplayLogic=asks))
    assert [(i["key"], i.get("show_if")) for i in items(found)] == [
        ("q1", None),
        ("q1_2_text", {"item": "q1", "in": ["2"]}),
        ("q2", {"item": "q1_2_text", "in": ["boat"]}),
    ]


def test_side_by_side_is_asked_one_after_the_other() -> None:
    columns = {
        str(n): q(1, "Matrix", "Likert", f"Column {n}", SubSelector=sub, Choices=shown("Row"), Answers=shown("a", "b"))
        | {"QuestionID": f"QID1#{n}", "DataExportTag": f"Q1#{n}"}
        for n, sub in ((1, "SingleAnswer"), (2, "MultipleAnswer"))
    }
    found = imported(q(1, "SBS", "SBSMatrix", AdditionalQuestions=columns, NumberOfQuestions=2))
    assert [(item["key"], item["kind"]) for item in items(found)] == [("q1_1_1", "rating"), ("q1_2_1", "multiple")]
    assert "side by side: its columns are asked one after the other" in named(found)["Q1"]


# ------------------------------------------------------------------ what is left
@pytest.mark.parametrize(
    ("question", "says"),
    [
        (q(2, "RO", "DND", Choices=shown("a", "b")), "to rank is no kind"),
        (q(2, "Timing", "PageTimer"), "time that people take is not collected"),
        (q(2, "Meta", "Browser"), "browser and device are not collected"),
        (q(2, "Captcha", "V2"), "need not prove"),
        (q(2, "FileUpload", "FileUpload"), "files are not collected"),
        (q(2, "Matrix", "MaxDiff", Choices=shown("a"), Answers=shown("b")), "`Matrix MaxDiff` is no kind of item"),
        (q(2, "Quiz", "New"), "`Quiz New` is no kind of item"),
        (q(2, "MC", "SAVR", Choices=[]), "without choices"),
        (q(2, "Matrix", "Likert", Choices=[], Answers=shown("a")), "without rows"),
        (q(2, "MC", "SAVR", DynamicChoices={"Locator": "q://QID1"}), "answers to another question"),
        (q(2, "DB", "TB", "Thank you."), "a note after a question"),
        (q(2, "DB", "GRB"), "a picture or film"),
        (q(2, "TE", "SL", QuestionJS="Qualtrics.x()"), "its script"),
        (q(2, "TE", "SL", Randomization={"Type": "All"}), "its random order"),
        (q(2, "TE", "SL", NewThing={"a": 1}), "`NewThing`: {'a': 1}"),
        (q(2, "TE", "SL", DefaultChoices={"1": True}), "its default answer"),
        (q(2, "TE", "SL", force="RequestResponse"), "asks once more"),
        (q(2, "TE", "SL", validation={"CustomValidation": {"Logic": 1}}), "its own rules"),
        (q(2, "TE", "SL", validation={"Type": "ContentType", "ContentType": "ValidEmail"}), "only takes `ValidEmail`"),
        (q(2, "TE", "SL", validation={"Type": "MinChars", "MinChars": "3"}), "its validation `MinChars`"),
        (q(2, "MC", "MAVR", Choices=shown("a"), validation={"Type": "MaxChoices"}), "how many may be ticked"),
        (q(2, "MC", "SAVR", Choices=shown("a"), VariableNaming={"1": "x"}), "its names of values"),
        (q(2, "TE", "SL", "Dear ${e://Field/Name}, why?"), "`${e://Field/Name}` is put into a text"),
        (q(2, "TE", "SL", "See <a href='https://x.org'>this</a>."), "the link to https://x.org"),
        (q(2, "TE", "PW"), "hidden there"),
        (q(2, "Slider", "HSLIDER", Choices=shown("a"), Configuration={"NotApplicable": True}), "“not applicable”"),
    ],
)
def test_what_is_left_is_named(question: Row, says: str) -> None:
    found = imported(q(1, "TE", "SL"), question)
    assert items(found)[0]["key"] == "q1"
    assert any(says in what for what in named(found)["Q2"]), found.left


def test_marks_of_choices_are_named() -> None:
    marks: Row = {"_1": {"ExclusiveAnswer": True}, "_2": {"DisplayLogic": logic([picks("QID9", "1")])}}
    several = q(1, "MC", "MAVR", Choices=shown("None", "a", "", **marks), AnalyzeChoices={"2": "No"})
    told = named(imported(several))
    assert told["Q1/1"] == ["is exclusive there: here others can be ticked with it"]
    assert len(told["Q1/2"]) == 2
    assert told["Q1/3"] == ["the choice has no label; its value is its label"]


def test_the_flow_is_followed_and_what_it_does_is_named() -> None:
    asks = [q(1, "MC", "SAVR", Choices=shown("Yes", "No")), *(q(n, "TE", "SL") for n in (2, 3, 4, 5, 6))]
    ids = [f"QID{n}" for n in range(1, 7)]
    flow = [
        {"Type": "EmbeddedData", "EmbeddedData": [{"Field": "School"}, {"Field": "Grade"}]},
        {"Type": "Block", "ID": "BL_0"},
        {
            "Type": "Branch",
            "BranchLogic": logic([picks("QID1", "1")]),
            "Flow": [{"Type": "Standard", "ID": "BL_2"}, {"Type": "EndSurvey"}],
        },
        {"Type": "BlockRandomizer", "SubSet": 1, "Flow": [{"Type": "Block", "ID": "BL_1"}]},
        {"Type": "Block", "ID": "BL_0"},
        {"Type": "Block", "ID": "BL_4"},
        {"Type": "WebService", "URL": "http://"},
    ]
    blocks = {f"Block {n}": [ids[n]] for n in range(6)}
    survey = qsf(
        *asks, blocks=blocks, flow=flow, options={"EOSMessage": "<b>Bye</b>", "AvailableLanguages": {"FR": []}}
    )
    listed = survey["SurveyElements"][0]["Payload"]
    listed[4]["Options"] = {"Looping": "Question"}
    listed[1]["BlockElements"][0]["SkipLogic"] = [
        {"Description": "If <b>x</b> skip", "SkipToDestination": "ENDOFSURVEY"}
    ]
    listed[1]["BlockElements"].append({"Type": "Question", "QuestionID": "QID77"})
    listed[1]["Options"] = {"RandomizeQuestions": "true"}
    survey["SurveyElements"].append({"Element": "QO", "SecondaryAttribute": "Boys", "Payload": {}})
    found = instrument_of(survey, "staff")
    assert [(item["key"], item.get("show_if")) for item in items(found)] == [
        ("q1", None),
        ("q3", {"item": "q1", "in": ["1"]}),
        ("q2", None),
    ]
    told = named(found)
    assert "embedded data is not collected: `School`, `Grade`" in told["flow"]
    assert any("an early end" in what for what in told["flow"])
    assert any("in random order" in what for what in told["flow"])
    assert any("`WebService`" in what for what in told["flow"])
    assert told["Block 0"] == ["the block is shown twice"]
    assert told["Block 3"] == ["the block is not part of the flow"]
    assert "repeated" in told["Block 4"][0]
    assert told["Block 1"] == ["its questions in random order: they stand in the order of the file"]
    assert told["QID77"] == ["the question is not in the file"]
    assert "its skip logic: If x skip" in told["Q2"]
    assert set(told["settings"]) == {"the last page: Bye", "a quota: Boys"}
    assert told["languages"] == ["`fr` is offered in Qualtrics, but no text is in it"]


def test_texts_without_questions_become_intros() -> None:
    blocks = {"Hello": ["QID1"], "One": ["QID2", "QID3"], "Two": ["QID4"], "Three": ["QID5", "QID6"]}
    say = [q(n, "DB", "TB", f"<p>Text {n}</p>") for n in (1, 2, 4, 5)]
    found = imported(*say, q(3, "TE", "SL"), q(6, "TE", "SL"), blocks=blocks)
    assert found.definition["intro"] == {"en": "Text 1\n\nText 2"}
    assert [s.get("intro") for s in found.definition["sections"]] == [None, {"en": "Text 4\n\nText 5"}]
    assert named(found)["two"] == ["the group has no question that was carried over"]
    assert "hello" not in named(found)


def test_languages() -> None:
    spanish: Row = {"QuestionText": "¿Va en autobús?", "Choices": shown("Sí", "No")}
    both = {"ES": spanish, "PT-BR": {"QuestionText": "?"}}
    yes = q(1, "MC", "SAVR", "Bus?", Choices=shown("Yes", "No"), Language=both)
    spanish = {"QuestionText": "¿De acuerdo?", "Choices": shown("Segura."), "Answers": shown("x", "y")}
    parts = {"Choices": shown("Safe."), "Answers": shown("a", "b"), "Language": {"ES": spanish}}
    rows = q(2, "Matrix", "Likert", "Agree?", SubSelector="SingleAnswer", **parts)
    found = imported(yes, rows)
    assert (found.definition["default_locale"], found.definition["locales"]) == ("en", ["en", "es"])
    assert items(found)[1]["help"] == {"en": "Agree?", "es": "¿De acuerdo?"}
    assert found.definition["scales"]["q2"]["options"][0]["label"] == {"en": "a", "es": "x"}
    assert any("`pt-BR` is not offered" in what for what in named(found)["languages"])
    assert any("has no words in `es`" in what for what in named(found)["title"])


@pytest.mark.parametrize(
    ("code", "tag"), [("EN", "en"), ("ES-ES", "es-ES"), ("PT_BR", "pt-BR"), ("ZH-S", "zh-Hans"), ("ZH-T", "zh-Hant")]
)
def test_codes_of_languages(code: str, tag: str) -> None:
    assert locale(code) == tag


def test_keys_that_collide_or_change_are_named() -> None:
    one, two, three = q(1, "TE", "SL"), q(2, "TE", "SL"), q(3, "TE", "SL")
    found = imported(one | {"DataExportTag": "Bus"}, two | {"DataExportTag": "bus"}, three | {"DataExportTag": "a b"})
    assert [item["key"] for item in items(found)] == ["bus", "bus_2", "a_b"]
    assert named(found)["bus"] == ["is called `bus_2` here"]
    assert named(found)["a b"] == ["is called `a_b` here"]
    assert "Bus" not in named(found)


# ------------------------------------------------------------------ logic
ASKED = {
    "QID1": Asked("one", {"1": "a", "2": "b", "3": "c"}),
    "QID2": Asked("many", {"1": "x", "2": "y"}, several=True),
    "QID3/1": Asked("row", {"1": "1", "2": "2"}),
    "QID4": Asked("few", {str(n): n for n in range(5)}, number=True),
    "QID5": Asked("words", text=True),
}


def entry(question: str, operator: str, right: str = "") -> Row:
    return picks(question, "") | {
        "LeftOperand": f"q://{question}/ChoiceTextEntryValue", "Operator": operator, "RightOperand": right,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("asks", "condition"),
    [
        (logic([picks("QID1", "2")]), {"item": "one", "in": ["b"]}),
        (logic([picks("QID1", "2", "NotSelected")]), {"not": {"item": "one", "in": ["b"]}}),
        (logic([picks("QID2", "1")]), {"item": "many", "in": ["x"]}),
        (logic([picks("QID3", "1/2")]), {"item": "row", "in": ["2"]}),
        (logic([picks("QID1", "1"), picks("QID1", "3", joint="Or")]), {"item": "one", "in": ["a", "c"]}),
        (
            logic([picks("QID1", "1"), picks("QID2", "1", joint="Or"), picks("QID2", "2", joint="And")]),
            {"any": [{"item": "one", "in": ["a"]}, {"all": [{"item": "many", "in": [v]} for v in ("x", "y")]}]},
        ),
        (
            logic([picks("QID1", "1")], [picks("QID2", "1")]),
            {"all": [{"item": "one", "in": ["a"]}, {"item": "many", "in": ["x"]}]},
        ),
        (
            logic([picks("QID1", "1")], [picks("QID2", "1")], joint="ElseIf"),
            {"any": [{"item": "one", "in": ["a"]}, {"item": "many", "in": ["x"]}]},
        ),
        (
            logic([picks("QID1", "1")], [picks("QID2", "1", joint="Or")], joint="If"),
            {"any": [{"item": "one", "in": ["a"]}, {"item": "many", "in": ["x"]}]},
        ),
        (logic([entry("QID4", "GreaterThan", "2")]), {"item": "few", "in": [3, 4]}),
        (logic([entry("QID4", "NotEmpty")]), {"item": "few", "in": [0, 1, 2, 3, 4]}),
        (logic([entry("QID5", "EqualTo", "it's")]), {"item": "words", "in": ["it's"]}),
    ],
)
def test_logic_that_means_the_same(asks: Row, condition: Row) -> None:
    assert condition_of(expression_of(asks, ASKED), ASKED) == condition


@pytest.mark.parametrize(
    "asks",
    [
        {},
        logic([]),
        logic([picks("QID1", "9")]),
        logic([picks("QID9", "1")]),
        logic([picks("QID1", "1", "Displayed")]),
        logic([picks("QID1", "1") | {"LogicType": "EmbeddedField"}]),
        logic([picks("QID1", "1") | {"QuestionIsInLoop": "yes"}]),
        logic([picks("QID1", "1") | {"LeftOperand": "q://QID1/ChoiceDisplayed/1"}]),
        logic([picks("QID1", "1") | {"LeftOperand": "nonsense"}]),
        logic([picks("QID1", "1"), picks("QID2", "1")]),
        logic([picks("QID1", "1")], [picks("QID2", "1")], joint="Otherwise"),
        logic([picks("QID1", "1")], [picks("QID2", "1")]) | {"2": {"0": picks("QID1", "2"), "Type": "ElseIf"}},
        logic([entry("QID5", "Contains", "a")]),
        logic([entry("QID5", "NotEmpty")]),
        logic([entry("QID5", "EqualTo", "'\"")]),
    ],
)
def test_logic_that_is_not_ours(asks: Row) -> None:
    with pytest.raises(Unsayable):
        condition_of(expression_of(asks, ASKED), ASKED)


def test_a_question_whose_condition_is_lost_is_kept_and_never_required() -> None:
    asks = logic([picks("QID1", "1", "Displayed")])
    found = imported(q(1, "MC", "SAVR", Choices=shown("a")), q(2, "TE", "SL", DisplayLogic=asks, force="ON"))
    assert without_words(items(found)[1]) == {"key": "q2", "kind": "text"}
    assert len(named(found)["Q2"]) == 2


# ------------------------------------------------------------------ files that are none, and damaged ones
TOO_MANY = b'{"SurveyElements": [' + b"1," * MOST_QUESTIONS + b"1]}"
JSON_BUT_NOT_THAT = [b"[]", b"{}", b"null", b'{"SurveyElements": 3}', TOO_MANY]


@pytest.mark.parametrize(
    "content", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b" " * (LARGEST + 1), b"<x/>", *JSON_BUT_NOT_THAT]
)
def test_files_that_are_no_qsf(content: bytes) -> None:
    with pytest.raises(InvalidRequest) as raised:
        read_qsf(content)
    assert raised.value.faults[0].code == "not_qsf"


WHOLE = qsf(
    q(1, "DB", "TB", "<p>Hello</p>"),
    q(2, "MC", "SAVR", Choices=shown("Yes", "Other", _2={"TextEntry": "true"}), RecodeValues={"1": "5", "2": "6"}),
    q(3, "Matrix", "Likert", SubSelector="SingleAnswer", Choices=shown("a", "b"), Answers=shown("x", "y"),
      DisplayLogic=logic([picks("QID2", "1")]), Language={"ES": {"QuestionText": "?"}}),
    q(4, "Slider", "HSLIDER", Choices=shown("a"), Configuration={"CSSliderMin": 0, "CSSliderMax": 10},
      Labels={"1": {"Display": "Bad"}}),
    q(5, "TE", "SL", validation=NUMBER | {"ValidNumber": {"Min": "1", "Max": "3", "NumDecimals": "0"}}),
    flow=[{"Type": "Branch", "BranchLogic": logic([picks("QID2", "1")]), "Flow": [{"Type": "Block", "ID": "BL_0"}]}],
)  # fmt: skip


@given(st.data())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_damaged_file_never_breaks_the_import(data: st.DataObject) -> None:
    survey = damaged(data, WHOLE, strategies.json_values)
    if isinstance(survey, dict):
        found = instrument_of(survey, "staff")
        assert definition_yaml(found.definition, "x")
        with suppress(InvalidRequest):
            parse(found.definition)
