"""The data dictionary of a wave: every column of its exports, every question, and what each answer is called where.

Decides what is said and in which tables. It is made of the instruments and of the definitions that the exports
themselves are made of, so that nothing is in one and not in the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson

from app.render import delimited
from app.render.sav import SavColumn
from app.render.tidy import COLUMNS, COUNTS, COUNTS_MEANING, MEASURES, Field
from app.render.variables import ABOUT, RECORD, WEIGHT, Variable
from app.render.xlsx import Book, Column
from app.survey.codebook import Codebook
from app.survey.columns import MISSING, NOT_ASKED
from app.survey.items import ItemBase

Books = Mapping[str, tuple[str, Codebook]]
"""Group -> name of its instrument, and its codebook."""

MARKS = {
    MISSING: "In a CSV of responses: the question was shown, and not answered.",
    NOT_ASKED: "In a CSV of responses: the question was not shown.",
}
_APART = frozenset({"key", "kind", "text", "help", "options", "construct", "reverse", "show_if"})


def dictionary(
    wave: Mapping[str, Any], books: Books, variables: Sequence[Variable], columns: Sequence[SavColumn]
) -> dict[str, Any]:
    """Describe the exports of a wave.

    Parameters
    ----------
    wave : `wave`, `title` and `simulated`.
    books : the groups to describe.
    variables, columns : the answers' columns in a raw export of these groups, and the same as SPSS has them.
    """
    return {
        **wave,
        "summary": {
            "columns": _fields(COLUMNS),
            "measures": [
                {"measure": measure.path, "heading": measure.heading, "unit": measure.style, "meaning": measure.meaning}
                for measure in MEASURES
            ]
            + [{"measure": f"{COUNTS}.*", "heading": "", "unit": "people", "meaning": COUNTS_MEANING}],
        },
        "responses": {
            "columns": _fields((*ABOUT, WEIGHT, RECORD)),
            "marks": MARKS,
            "answers": [_answer(*both) for both in zip(variables, columns, strict=True)],
        },
        "groups": [_group(group, name, book) for group, (name, book) in books.items()],
    }


def _fields(fields: Iterable[Field]) -> list[dict[str, Any]]:
    return [{"name": field.name, "type": field.type, "meaning": field.meaning} for field in fields]


def _answer(variable: Variable, column: SavColumn) -> dict[str, Any]:
    """Say of a column of answers what its cells are."""
    said = {
        "name": variable.name,
        "sav": column.name,
        "item": variable.item,
        "option": variable.option,
        "type": variable.holds,
        "text": variable.text,
        "groups": list(variable.positions),
        "positions": {g: place + 1 for g, place in variable.positions.items() if place is not None},
    }
    if not variable.codes:
        return said
    values = [
        {"value": value, "label": variable.labels.get(code), "code": code, "sav": column.codes.get(code)}
        | ({"not_applicable": True} if code in variable.not_applicable else {})
        for code, value in variable.codes.items()
    ]
    return said | {"values": values, "missing": {mark: column.codes[mark] for mark in MARKS}}


def _group(group: str, name: str, book: Codebook) -> dict[str, Any]:
    instrument = book.instrument
    return {
        "group": group,
        "instrument": name,
        "digest": instrument.digest,
        "title": instrument.title.root,
        "languages": list(instrument.languages),
        "constructs": [
            {"construct": construct.key, "title": construct.title.root, "setting": construct.setting}
            | {"items": list(instrument.construct_items.get(construct.key, ()))}
            for construct in instrument.constructs
        ],
        "items": [
            _item(item, book) | {"section": section.key} for section in instrument.sections for item in section.items
        ],
    }


def _item(item: ItemBase, book: Codebook) -> dict[str, Any]:
    instrument = book.instrument
    raw = item.model_dump(mode="json", by_alias=True, exclude_none=True)
    more = {name: value for name, value in raw.items() if name not in _APART}  # what only some kinds have
    construct = next((c for c in instrument.constructs if c.key == item.construct_key), None)
    spoken = {language: item.options(instrument.scales, language) for language in instrument.languages}
    columns = book.of_item.get(item.key, ())
    scored = {str(column.codes[code]): score for column in columns for code, score in column.scores.items()}
    options = [
        option
        | {"label": {language: described[place]["label"] for language, described in spoken.items()}}
        | ({"scored": scored[option["value"]]} if option["value"] in scored else {})
        for place, option in enumerate(spoken[instrument.languages[0]])
    ]
    return {
        "item": item.key,
        "kind": raw["kind"],
        "text": raw["text"],
        **({"help": raw["help"]} if "help" in raw else {}),
        "construct": item.construct_key,
        "setting": construct.setting if construct else None,
        "reverse": item.is_reversed,
        "show_if": raw.get("show_if"),
        **more,
        "options": options,
    }


# ------------------------------------------------------------------ as tables
_RULES = ("kind", "section", "construct", "setting", "scale", "reverse", "required", "attribute", "outcome", "show_if")
_BOUNDS = ("minimum", "maximum", "max_length")
_SCORES = ("score", "scored", "favorable", "not_applicable")
_COLUMN = ("column", "sav", "sav_value", "sav_no_answer", "sav_not_asked")


def _questions(document: Mapping[str, Any]) -> tuple[list[str], list[list[Any]]]:
    """Heading and rows: one for each question of a group, with options one for each of them."""
    languages = list(dict.fromkeys(language for group in document["groups"] for language in group["languages"]))
    texts, labels = ([f"{name}.{language}" for language in languages] for name in ("text", "label"))
    heading = ["group", "instrument", "item", *texts, *_RULES, *_BOUNDS, "option", *labels, *_SCORES, *_COLUMN]
    columns = {(name, a["item"], a["option"]): a for a in document["responses"]["answers"] for name in a["groups"]}
    rows = []
    for group in document["groups"]:
        for item in group["items"]:
            asked = item | {"show_if": item["show_if"] and orjson.dumps(item["show_if"]).decode()}
            said = [group["group"], group["instrument"], item["item"], *map(item["text"].get, languages)]
            said += map(asked.get, (*_RULES, *_BOUNDS))
            for option in item["options"] or [{}]:
                named = (columns.get((group["group"], item["item"], one)) for one in (None, option.get("value")))
                column: dict[str, Any] = next(filter(None, named), {})
                chosen = [option.get("value"), *map(option.get("label", {}).get, languages), *map(option.get, _SCORES)]
                rows.append([*said, *chosen, *_where(column, option.get("value"))])
    return heading, rows


def _where(column: Mapping[str, Any], option: str | None) -> list[Any]:
    """Say where an answer is found in a raw export: the column, and the numbers that SPSS has for it."""
    numbers = {_said(value["value"]): value["sav"] for value in column.get("values", ())}
    number = 1 if column.get("option") else numbers.get(option or "")  # a tick
    return [column.get("name"), column.get("sav"), number, *map(column.get("missing", {}).get, MARKS)]


def _said(value: Any) -> str:
    """A value as options are called."""
    return str(value).lower() if type(value) is bool else str(value)


def as_csv(document: Mapping[str, Any]) -> bytes:
    """Give the questions and options of all groups as CSV, one row an option."""
    return delimited.table(*_questions(document))


def as_xlsx(document: Mapping[str, Any], made: str) -> bytes:
    """Give the dictionary as a workbook; `made` is the time that it says it was made."""
    book = Book(f"{document['title']}: data dictionary", made)
    heading, rows = _questions(document)
    wide = {"group": 14, "instrument": 18, "item": 24, "show_if": 40, "option": 22, "column": 28, "sav": 24}
    columns = [Column(name, 50 if name[:5] in ("text.", "label") else wide.get(name, 12)) for name in heading]
    book.table("Questions", columns, ([_cell(cell) for cell in row] for row in rows), named=3)
    constructs = [
        (group["group"], one["construct"], next(iter(one["title"].values())), one["setting"], ", ".join(one["items"]))
        for group in document["groups"]
        for one in group["constructs"]
    ]
    names = (("Group", 14), ("Construct", 24), ("Title", 50), ("Setting", 14), ("Items", 90))
    book.table("Constructs", [Column(*name) for name in names], constructs, named=2)
    three = [Column("Column", 28), Column("Type", 12), Column("Meaning", 100)]
    for sheet, part in (("Summary columns", "summary"), ("Response columns", "responses")):
        told = [(field["name"], field["type"], field["meaning"]) for field in document[part]["columns"]]
        marks = [(mark, "mark", meaning) for mark, meaning in document[part].get("marks", {}).items()]
        book.table(sheet, three, [*told, *marks], named=1)
    measures = [(m["measure"], m["heading"], m["meaning"]) for m in document["summary"]["measures"]]
    book.table("Measures", [Column("Measure", 34), Column("Heading", 28), Column("Meaning", 90)], measures, named=1)
    return book.closed()


def _cell(value: Any) -> Any:
    return _said(value) if type(value) is bool else value  # a workbook here has text and numbers
