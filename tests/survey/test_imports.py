"""Exports of other tools read as answers: every tool, every kind, every language, and what cannot be read."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.errors import InvalidRequest
from app.render.imports import mapping_yaml
from app.survey.cells import Reading, is_ticked, names_of, read
from app.survey.columns import Wrong
from app.survey.drafting import draft
from app.survey.instrument import Instrument, parse
from app.survey.items import KINDS
from app.survey.mapping import Mapping, Reader, ReadRow, misfits, parse_mapping
from app.survey.tables import Table, letters, place, plain, tool_of, unnumbered
from tests import factories
from tests.survey import exports
from tests.survey.strategies import items_of

LIBRARY = sorted((Path(__file__).parents[2] / "app" / "survey" / "library").glob("*.yaml"))
DEFINITIONS: dict[str, dict[str, Any]] = {p.stem: yaml.safe_load(p.read_text(encoding="utf-8")) for p in LIBRARY}
SCHOOLS = {"erving": "erving", "erving elementary": "erving", "leverett": "leverett"}


def awkward() -> dict[str, Any]:
    """Every kind, with labels that hold separators, labels within labels, and words in two languages."""

    def both(text: str) -> dict[str, str]:
        return {"en": text, "es": f"{text} (es)"}

    labels = [
        "Speech, language",
        "Speech",
        "Occupational",
        "Reading; writing - both",
        "Other (say, or not)",
        "Not; said",
    ]
    definition = factories.every_kind(key="awkward")
    definition["locales"] = ["en", "es"]
    for part in (
        definition,
        *definition["constructs"],
        *definition["sections"],
        *definition["scales"]["agree5"]["options"],
    ):
        for name in ("title", "label"):
            if name in part:
                part[name] = both(part[name]["en"])
    for item in items_of(definition):
        item["text"] = both(f"1. {item['text']['en']} - or not [maybe]?")
        for option in item.get("options", []):
            option["label"] = both(option["label"]["en"])
    services = next(item for item in items_of(definition) if item["key"] == "services")
    services["options"] = [{"value": f"v{i}", "label": both(label)} for i, label in enumerate(labels)]
    del services["show_if"]
    definition["sections"][0]["items"] = [i for i in items_of(definition) if i["key"] != "speech_good"]
    return definition


DEFINITIONS["awkward"] = awkward()


def plainly(answers: dict[str, Any]) -> dict[str, Any]:
    return {key: sorted(value) if isinstance(value, list) else value for key, value in answers.items()}


def table_of(rows: exports.Rows) -> Table:
    return Table(rows)


def read_rows(rows: exports.Rows, instrument: Instrument, mapping: Mapping | None = None) -> list[ReadRow]:
    table = table_of(rows)
    mapping = mapping or draft(table, instrument, SCHOOLS, guess=False)[0]
    assert [fault.detail for fault in misfits(mapping, table, instrument)] == []
    return list(Reader(mapping, instrument, SCHOOLS).rows(table))


# ------------------------------------------------------------------ there and back
@pytest.mark.parametrize("locale", ["en", "es"])
@pytest.mark.parametrize("tool", list(exports.TOOLS))
@pytest.mark.parametrize("name", list(DEFINITIONS))
def test_an_export_is_read_as_what_people_answered(name: str, tool: str, locale: str) -> None:
    definition = DEFINITIONS[name]
    some = exports.people(random.Random(f"{name} {tool}"), definition, 30, ["erving", "leverett"])
    rows = exports.TOOLS[tool](definition, some, locale)
    table = table_of(rows)
    assert tool_of(table)[0] == tool.split(",")[0]
    found = read_rows(rows, parse(definition))
    for row, person in zip(found, some, strict=True):
        assert row.faults == []
        assert plainly(row.answers) == plainly(person.answers)
        assert row.school == person.school
    assert len(found) > 10


def test_both_languages_of_one_form() -> None:
    """A form with a section for each language: two columns for each item, of which a row answers one."""
    definition = DEFINITIONS["family"]
    instrument = parse(definition)
    some = exports.people(random.Random(2), definition, 20, ["erving"])
    here, there = exports.google_forms(definition, some, "en"), exports.google_forms(definition, some, "es")
    rows = [a + b[3:] for a, b in zip(here[:1], there[:1], strict=True)]
    for number, (a, b) in enumerate(zip(here[1:], there[1:], strict=True)):
        rows.append(a + [""] * len(b[3:]) if number % 2 else a[:3] + [""] * len(a[3:]) + b[3:])
    assert [plainly(row.answers) for row in read_rows(rows, instrument)] == [plainly(p.answers) for p in some]
    rows[1] = here[1] + there[1][3:]
    (twice, *_) = read_rows(rows, instrument)
    assert {fault.code for fault in twice.faults} == {"answered_twice"}


# ------------------------------------------------------------------ cells
INSTRUMENT = parse(factories.every_kind())


@pytest.mark.parametrize(
    ("key", "text", "answer"),
    [
        ("informed", "AGREE ", "agree"), ("informed", "agree", "agree"), ("informed", "4", "agree"),
        ("informed", "4.0", "agree"),
        ("informed", "don’t know", "dont_know"), ("has_plan", "<b>Yes</b>", "yes"), ("has_plan", " yes.", "yes"),
        ("services", "speech, ot", ["speech", "ot"]), ("services", "ot;speech;", ["ot", "speech"]),
        ("services", "ot\ncounseling", ["ot", "counseling"]), ("services", "ot|ot", ["ot"]), ("bus", "Sí", True),
        ("bus", "N", False), ("bus", "TRUE", True), ("bus", "0", False), ("meetings", "7", 7), ("meetings", " 7.0", 7),
        ("miles", "1e3", 1000), ("hours", "2.5", 2.5), ("since", "2022-10-03", "2022-10-03"),
        ("since", "2022-10-03 00:00:00", "2022-10-03"), ("since", "2022-1-3T10:00:00Z", "2022-01-03"),
        ("anything", " as typed;\n=1 ", " as typed;\n=1 "),
    ],
)  # fmt: skip
def test_a_cell(key: str, text: str, answer: Any) -> None:
    item = INSTRUMENT.by_key[key]
    value = read(item, text, Reading(names_of(item, INSTRUMENT)))
    assert (value, type(value)) == (answer, float if key == "hours" else type(answer))


@pytest.mark.parametrize(
    ("key", "text", "code"),
    [
        ("informed", "Agreee", "unknown_option"), ("informed", "6", "unknown_option"),
        ("has_plan", "1", "unknown_option"),
        ("services", "speech, osteopathy", "unknown_option"), ("bus", "perhaps", "unknown_option"),
        ("meetings", "seven", "wrong_type"), ("meetings", "2.5", "wrong_type"), ("hours", "1,5", "wrong_type"),
        ("hours", "1,500", "wrong_type"), ("hours", "inf", "wrong_type"), ("miles", "9" * 400, "wrong_type"),
        ("since", "10/3/2022", "ambiguous_date"), ("since", "yesterday", "invalid_date"),
    ],
)  # fmt: skip
def test_a_cell_that_is_no_answer(key: str, text: str, code: str) -> None:
    item = INSTRUMENT.by_key[key]
    with pytest.raises(Wrong) as wrong:
        read(item, text, Reading(names_of(item, INSTRUMENT)))
    assert wrong.value.code == code


@pytest.mark.parametrize(
    ("order", "day"), [("month-day-year", "2022-10-03"), ("day-month-year", "2022-03-10"), ("year-month-day", None)]
)
def test_the_order_of_day_and_month_is_never_guessed(order: Any, day: str | None) -> None:
    item = INSTRUMENT.by_key["since"]
    if day is None:
        with pytest.raises(Wrong):
            read(item, "10/3/2022 14:05", Reading({}, order))
    else:
        assert read(item, "10/3/2022 14:05", Reading({}, order)) == read(item, "10-3-2022", Reading({}, order)) == day


@pytest.mark.parametrize(
    ("text", "ticked"), [("1", True), ("Y", True), ("ot", True), ("OT", True), ("2", True), ("0", False), ("No", False)]
)
def test_a_column_of_one_option(text: str, ticked: bool) -> None:
    item = INSTRUMENT.by_key["services"]
    assert is_ticked(text, "ot", 2, Reading(names_of(item, INSTRUMENT))) is ticked


def test_labels_that_two_options_share_are_ambiguous() -> None:
    twins = [{"value": "a", "label": factories.en("Same")}, {"value": "b", "label": factories.en("same ")}]
    item = {"key": "q", "kind": "single", "text": factories.en("?"), "options": twins}
    instrument = parse(factories.definition(items=[item]))
    names = names_of(instrument.by_key["q"], instrument)
    with pytest.raises(Wrong, match="Several"):
        read(instrument.by_key["q"], "Same", Reading(names))
    assert read(instrument.by_key["q"], "b", Reading(names)) == "b"


def listed(*labels: str) -> Instrument:
    options = [{"value": f"v{i}", "label": factories.en(text)} for i, text in enumerate(labels)]
    return parse(
        factories.definition(items=[{"key": "q", "kind": "multiple", "text": factories.en("?"), "options": options}])
    )


def test_labels_with_commas_that_can_be_read_in_two_ways_are_not_guessed() -> None:
    instrument = listed("Speech, language", "Speech", "Language")
    item = instrument.by_key["q"]
    reading = Reading(names_of(item, instrument))
    assert read(item, "Language, Speech", reading) == ["v2", "v1"]
    with pytest.raises(Wrong) as wrong:
        read(item, "Speech, Language", reading)
    assert wrong.value.code == "ambiguous_label"


def test_a_label_wins_over_a_blank() -> None:
    instrument = listed("N/A", "Some")
    found = read_rows([["q"], ["n/a"], ["Some, N/A"], ["NULL"]], instrument)
    assert [row.answers for row in found] == [{"q": ["v0"]}, {"q": ["v1", "v0"]}, {}]


def test_many_commas_take_no_time() -> None:
    instrument = listed("a", "a, a", "a, a, a")
    item = instrument.by_key["q"]
    with pytest.raises(Wrong):
        read(item, "a, " * 5000, Reading(names_of(item, instrument)))


def test_every_kind_can_be_read() -> None:
    for kind in KINDS.values():
        assert read.dispatch(kind) is not read.dispatch(object), kind


# ------------------------------------------------------------------ blanks, partial rows, ticks
def test_blanks_are_not_answered_and_labels_win() -> None:
    heads = [
        "informed",
        "ignored",
        "has_plan",
        "bus",
        "anything",
        "services[speech]",
        "services[ot]",
        "services[counseling]",
    ]
    rows = [
        heads,
        ["agree", "N/A", "", "-", "n/a", "", "", ""],
        ["agree", "NULL", "-99", "", "None", "0", "0", "0"],
        ["agree", "", "", "", "", "1", "", "N/A"],
        ["", "", "", "", "", "", "", ""],
        ["N/A", "", "n/a", "", "", "", "", ""],
        ["agree"],
    ]
    found = read_rows(rows, INSTRUMENT)
    assert [row.answers for row in found] == [
        {"informed": "agree"},
        {"informed": "agree", "anything": "None", "services": []},
        {"informed": "agree", "services": ["speech"]},
        {},
        {},
        {"informed": "agree"},
    ]
    assert [row.passed_over for row in found] == [None, None, None, "empty", "empty", None]
    assert [row.number for row in found] == [2, 3, 4, 5, 6, 7]


def test_previews_are_passed_over() -> None:
    some = exports.people(random.Random(5), DEFINITIONS["family"], 5, ["erving"])
    rows = exports.qualtrics(DEFINITIONS["family"], some)
    rows[3][2], rows[4][2] = "Survey Preview", "1"
    found = read_rows(rows, parse(DEFINITIONS["family"]))
    assert [row.passed_over for row in found][:3] == ["preview", "preview", None]


@pytest.mark.parametrize(
    ("said", "locale"), [("ES", "es"), ("es-MX", "es"), ("EN", "en"), ("Español", "es"), ("FR", None), ("", None)]
)
def test_the_language_of_a_row(said: str, locale: str | None) -> None:
    definition = DEFINITIONS["family"]
    rows = exports.qualtrics(definition, exports.people(random.Random(5), definition, 2, ["erving"]))
    rows[3][16] = said
    assert read_rows(rows, parse(definition))[0].locale == locale


# ------------------------------------------------------------------ drafts
def test_a_draft_guesses_and_says_so() -> None:
    rows = [["Informd?", "has_plan", "ignored", "Shoe size"], ["A1", "A2", "agree", "39"], ["A5", "A1", "agree", "40"]]
    instrument = parse(factories.every_kind() | {"key": "x"})
    certain, nothing = draft(Table(rows), instrument, {}, guess=False)
    assert nothing == []
    assert certain.values == {}
    assert [rule.item for rule in certain.columns] == [None, "has_plan", "ignored", None]
    guessed, notes = draft(Table(rows), instrument, {}, guess=True)
    assert guessed.values == {
        "informed": {"A1": "strongly_disagree", "A5": "strongly_agree"}, "has_plan": {"A1": "yes", "A2": "no"},
    }  # fmt: skip
    assert [rule.item for rule in guessed.columns] == ["informed", "has_plan", "ignored", None]
    assert [note.column for note in notes] == ["A", "A", "B"]


@pytest.mark.parametrize("guess", [False, True])
@pytest.mark.parametrize("tool", list(exports.TOOLS))
def test_a_draft_survives_being_written_and_read(tool: str, guess: bool) -> None:
    definition = DEFINITIONS["awkward"]
    some = exports.people(random.Random(1), definition, 5, ["erving"])
    mapping, notes = draft(Table(exports.TOOLS[tool](definition, some, "es")), parse(definition), SCHOOLS, guess=guess)
    written = mapping_yaml(mapping.document(), [note._asdict() for note in notes])
    assert parse_mapping(yaml.safe_load(written)) == mapping
    assert parse_mapping(mapping.document()) == mapping


def test_nothing_that_names_a_person_or_a_time_is_an_item() -> None:
    for tool, write in exports.TOOLS.items():
        definition = DEFINITIONS["family"]
        some = exports.people(random.Random(1), definition, 5, ["erving"])
        mapping, _ = draft(Table(write(definition, some, "en")), parse(definition), SCHOOLS, guess=True)
        meant = {rule.heading: rule.use for rule in mapping.columns if rule.item is None}
        assert set(meant.values()) <= {"drop", "school", "language", "status"}, tool
        for heading, use in meant.items():
            if any(
                word in plain(heading) for word in ("time", "date", "mail", "name", "ip", "id", "token", "location")
            ):
                assert use == "drop" or heading == "School", (tool, heading)


# ------------------------------------------------------------------ mappings
def mapping_with(**changed: Any) -> dict[str, Any]:
    return {"columns": [{"column": "A", "item": "informed"}, {"column": "B", "use": "drop"}]} | changed


ROWS = [["How informed?", "Shoes"], ["very", "39"]]


def test_a_mapping_says_what_words_mean() -> None:
    mapping = parse_mapping(mapping_with(values={"informed": {"Very": "strongly_agree", "dunno": None}}))
    found = read_rows([*ROWS, ["dunno", "1"], ["agree", ""]], INSTRUMENT, mapping)
    assert [row.answers.get("informed") for row in found] == ["strongly_agree", None, "agree"]


def test_words_for_items_without_options_and_ticks_in_two_languages() -> None:
    heads = ["meetings", "since", "services[ot]", "services [OT]", "services[speech]"]
    columns = [{"column": letters(i), "item": key} for i, key in enumerate(("meetings", "since"))]
    columns += [{"column": c, "item": "services", "option": o} for c, o in (("C", "ot"), ("D", "ot"), ("E", "speech"))]
    values = {"meetings": {"dozens": 40, "no idea": None}, "since": {"always": "2001-01-01"}}
    mapping = parse_mapping({"columns": columns, "values": values})
    rows = [
        heads,
        ["Dozens", "always", "1", "1", ""],
        ["no idea", "2022-10-03", "", "Y", "x"],
        ["3", "N/A", "", "", ""],
    ]
    assert [row.answers for row in read_rows(rows, INSTRUMENT, mapping)] == [
        {"meetings": 40, "since": "2001-01-01", "services": ["ot"]},
        {"since": "2022-10-03", "services": ["ot", "speech"]},
        {"meetings": 3},
    ]


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"columns": [{"column": "A", "item": "nope"}, {"column": "B", "use": "drop"}]}, "unknown_item"),
        (
            {"columns": [{"column": "A", "item": "informed", "option": "x"}, {"column": "B", "use": "drop"}]},
            "unknown_option",
        ),
        ({"columns": [{"column": "A", "item": "informed"}]}, "unmapped_column"),
        ({"columns": [{"column": "A", "item": "informed"}, {"column": "B"}]}, "undecided_column"),
        ({"columns": [{"column": c, "use": "drop"} for c in "ABC"]}, "no_such_column"),
        ({"columns": [{"column": c, "use": "drop"} for c in "ABA"]}, "repeated_column"),
        ({"columns": [{"column": c, "use": "school"} for c in "AB"]}, "repeated_use"),
        (
            {"columns": [{"column": "A", "heading": "Else?", "use": "drop"}, {"column": "B", "use": "drop"}]},
            "other_heading",
        ),
        (
            {"columns": [{"column": "A", "item": "services"}, {"column": "B", "item": "services", "option": "ot"}]},
            "repeated_item",
        ),
        ({"values": {"informed": {"very": "very"}}}, "unknown_value"),
        ({"values": {"nope": {"very": "very"}}}, "unknown_item"),
    ],
)
def test_a_mapping_that_does_not_fit(changed: dict[str, Any], code: str) -> None:
    faults = misfits(parse_mapping(mapping_with(**changed)), Table(ROWS), INSTRUMENT)
    assert [fault.code for fault in faults] == [code]


@pytest.mark.parametrize(
    "raw",
    [
        None, [], "x", {}, {"columns": []}, mapping_with(header_rows=0),
        mapping_with(dates="whenever"), mapping_with(more=1),
        {"columns": [{"column": "a", "use": "drop"}]}, {"columns": [{"column": "A", "use": "keep"}]},
        {"columns": [{"column": "A", "item": "x", "use": "drop"}]}, {"columns": [{"column": "A", "option": "x"}]},
    ],
)  # fmt: skip
def test_what_is_no_mapping(raw: Any) -> None:
    with pytest.raises(InvalidRequest) as refused:
        parse_mapping(raw)
    assert refused.value.faults
    assert all(fault.pointer.startswith("/mapping") for fault in refused.value.faults)


# ------------------------------------------------------------------ names of things
def test_columns_are_named_as_in_a_spreadsheet() -> None:
    assert [letters(i) for i in (0, 25, 26, 701, 702)] == ["A", "Z", "AA", "ZZ", "AAA"]
    assert all(place(letters(i)) == i for i in range(2000))


def test_texts_are_compared_plainly() -> None:
    assert plain(" <i>Don’t</i>\n know: * ") == "don't know"
    assert [unnumbered(t) for t in ("Q12. Why?", "3) Why?", "7: Why?", "2022 was", "1.5 hours")] == [
        "Why?", "Why?", "Why?", "2022 was", "1.5 hours",
    ]  # fmt: skip
