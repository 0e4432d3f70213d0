"""Answers written down as other survey tools export them: simulated files for the tests of imports.

The forms follow what the tools' own manuals say of their exports; no file here comes from a real survey.
"""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import openpyxl

from tests.survey import random_answers
from tests.survey.strategies import items_of

Rows = list[list[str]]
WORDS = [
    "More time with teachers.",
    "Gracias, todo bien",
    'She said "hello", then left',
    "ok;fine",
    "línea 1\nlínea 2",
    "=1+1",
]


@dataclass
class Person:
    answers: dict[str, Any]
    school: str = "erving"
    locale: str = "en"


@dataclass
class Written:
    """An export, and the answers that it must be read as."""

    rows: Rows
    people: list[Person] = field(default_factory=list)


def people(rng: random.Random, definition: dict[str, Any], n: int, schools: list[str]) -> list[Person]:
    """Random people; whoever ticks nothing has not answered, which is all that most exports can say."""
    found = []
    for _ in range(n):
        given = random_answers.answers(rng, definition)
        for item in items_of(definition):
            if item["kind"] == "text" and item["key"] in given:
                given[item["key"]] = rng.choice(WORDS)[: item.get("max_length", 2000)]
            if item["kind"] == "integer" and item["key"] in given:
                given[item["key"]] = int(given[item["key"]])
        given = {key: value for key, value in given.items() if value not in (None, [])}
        if not random_answers.faulty_items(definition, given) and given:
            found.append(Person(given, rng.choice(schools), rng.choice(definition.get("locales", ["en"]))))
    return found


# ------------------------------------------------------------------ words
def options_of(item: dict[str, Any], definition: dict[str, Any]) -> list[dict[str, Any]]:
    if item["kind"] == "rating":
        found: list[dict[str, Any]] = definition["scales"][item["scale"]]["options"]
        return found
    return list(item.get("options", []))


def label(item: dict[str, Any], definition: dict[str, Any], value: Any, locale: str) -> str:
    """What a tool that exports labels writes for one value."""
    for option in options_of(item, definition):
        if option["value"] == value:
            return str(option["label"][locale])
    if isinstance(value, bool):
        return {("en", True): "Yes", ("en", False): "No", ("es", True): "Sí", ("es", False): "No"}[locale, value]
    return f"{value}"


def text(item: dict[str, Any], locale: str) -> str:
    return str(item["text"][locale])


def whole(item: dict[str, Any], definition: dict[str, Any], person: Person, locale: str, joint: str) -> str:
    """The one cell of an item in an export of labels."""
    value = person.answers.get(item["key"])
    if value is None:
        return ""
    if isinstance(value, list):
        return joint.join(label(item, definition, v, locale) for v in value)
    return label(item, definition, value, locale)


# ------------------------------------------------------------------ the tools
def google_forms(definition: dict[str, Any], some: list[Person], locale: str = "en", joint: str = ", ") -> Rows:
    """One header row of questions; what is ticked is joined in one cell."""
    items = items_of(definition)
    rows = [["Timestamp", "Email Address", "School", *(text(item, locale) for item in items)]]
    for number, person in enumerate(some):
        cells = [whole(item, definition, person, locale, joint) for item in items]
        rows.append(
            [f"10/{number % 28 + 1}/2022 14:0{number % 10}:00", f"p{number}@example.org", person.school, *cells]
        )
    return rows


SURVEYMONKEY = [
    "Respondent ID", "Collector ID", "Start Date", "End Date", "IP Address", "Email Address", "First Name", "Last Name",
    "Custom Data 1",
]  # fmt: skip


def surveymonkey(definition: dict[str, Any], some: list[Person], locale: str = "en") -> Rows:
    """Two header rows: the question over its first column, the option or `Response` below; a column an option."""
    first, second = [*SURVEYMONKEY, "School"], [""] * len(SURVEYMONKEY) + ["Response"]
    for item in items_of(definition):
        if item["kind"] == "multiple":
            labels = [o["label"][locale] for o in item["options"]]
            first += [text(item, locale)] + [""] * (len(labels) - 1)
            second += labels
        else:
            first.append(text(item, locale))
            second.append(
                "Open-Ended Response" if item["kind"] in ("text", "integer", "number", "date") else "Response"
            )
    rows = [first, second]
    for number, person in enumerate(some):
        row = [
            f"{11000000 + number}",
            "400",
            "10/03/2022 02:00:00 PM",
            "10/03/2022 02:05:00 PM",
            "192.0.2.7",
            "",
            "Ana",
            "Ruiz",
            "",
        ]
        row.append(person.school)
        for item in items_of(definition):
            if item["kind"] == "multiple":
                ticked = person.answers.get(item["key"], [])
                row += [o["label"][locale] if o["value"] in ticked else "" for o in item["options"]]
            else:
                row.append(whole(item, definition, person, locale, ""))
        rows.append(row)
    return rows


QUALTRICS = [
    "StartDate", "EndDate", "Status", "IPAddress", "Progress", "Duration (in seconds)", "Finished", "RecordedDate",
    "ResponseId", "RecipientLastName", "RecipientFirstName", "RecipientEmail", "ExternalReference", "LocationLatitude",
    "LocationLongitude", "DistributionChannel", "UserLanguage",
]  # fmt: skip
QUALTRICS_WORDS = [
    "Start Date", "End Date", "Response Type", "IP Address", "Progress", "Duration (in seconds)", "Finished",
    "Recorded Date", "Response ID", "Recipient Last Name", "Recipient First Name", "Recipient Email",
    "External Data Reference", "Location Latitude", "Location Longitude", "Distribution Channel", "User Language",
]  # fmt: skip


def qualtrics(definition: dict[str, Any], some: list[Person], locale: str = "en", *, split: bool = False) -> Rows:
    """Three header rows: codes, questions, ids in JSON; ticks joined by commas, or a column an option."""
    codes, words = [*QUALTRICS], [*QUALTRICS_WORDS]
    for number, item in enumerate(items_of(definition), 1):
        if item["kind"] == "multiple" and split:
            for place, option in enumerate(item["options"], 1):
                codes.append(f"Q{number}_{place}")
                words.append(f"{text(item, locale)} - {option['label'][locale]}")
        else:
            codes.append(f"Q{number}")
            words.append(text(item, locale) + (" - Selected Choice" if item["kind"] == "multiple" else ""))
    ids = [f'{{"ImportId":"{code if code in QUALTRICS else "QID" + code[1:]}"}}' for code in codes]
    codes.append("School")
    words.append("Which school?")
    ids.append('{"ImportId":"QID99"}')
    rows = [codes, words, ids]
    for number, person in enumerate(some):
        row = [
            "2022-10-03 14:00:00", "2022-10-03 14:05:00", "IP Address", "192.0.2.7", "100", "300", "True",
            "2022-10-03 14:05:01", f"R_{number:012}", "Ruiz", "Ana", "ana@example.org", "", "42.4", "-72.4",
            "anonymous", person.locale.upper(),
        ]  # fmt: skip
        for item in items_of(definition):
            if item["kind"] == "multiple" and split:
                ticked = person.answers.get(item["key"], [])
                row += [o["label"][locale] if o["value"] in ticked else "" for o in item["options"]]
            else:
                row.append(whole(item, definition, person, locale, ","))
        rows.append([*row, person.school])
    return rows


LIMESURVEY = ["id", "submitdate", "lastpage", "startlanguage", "seed", "startdate", "datestamp", "ipaddr", "token"]


def limesurvey(definition: dict[str, Any], some: list[Person], locale: str = "en", *, codes: bool = True) -> Rows:
    """One header row: codes as `key[option]` with answer codes and Y or blank, or words with Yes and No."""
    heads = [*LIMESURVEY, "school" if codes else "School"]
    for item in items_of(definition):
        if item["kind"] == "multiple":
            for option in item["options"]:
                part = option["value"] if codes else option["label"][locale]
                heads.append(f"{item['key'] if codes else text(item, locale)}{'' if codes else ' '}[{part}]")
        else:
            heads.append(item["key"] if codes else text(item, locale))
    rows = [heads]
    for number, person in enumerate(some, 1):
        row = [
            str(number),
            "2022-10-03 14:05:00",
            "4",
            person.locale,
            "77",
            "2022-10-03",
            "2022-10-03",
            "192.0.2.7",
            "tok",
            person.school,
        ]
        for item in items_of(definition):
            value = person.answers.get(item["key"])
            if item["kind"] == "multiple":
                answered = value is not None
                for option in item["options"]:
                    ticked = answered and option["value"] in value
                    no = ("N" if codes else "No") if answered else ("" if codes else "N/A")
                    row.append(("Y" if codes else "Yes") if ticked else no)
            elif codes and isinstance(value, bool):
                row.append("Y" if value else "N")
            elif codes:
                row.append("" if value is None else str(value))
            else:
                row.append("N/A" if value is None else whole(item, definition, person, locale, ""))
        rows.append(row)
    return rows


TOOLS: dict[str, Callable[[dict[str, Any], list[Person], str], Rows]] = {
    "google_forms": google_forms,
    "google_forms, semicolons": lambda d, some, locale: google_forms(d, some, locale, ";"),
    "surveymonkey": surveymonkey,
    "qualtrics": qualtrics,
    "qualtrics, a column an option": lambda d, some, locale: qualtrics(d, some, locale, split=True),
    "limesurvey, codes": limesurvey,
    "limesurvey, words": lambda d, some, locale: limesurvey(d, some, locale, codes=False),
}


# ------------------------------------------------------------------ files
def as_csv(rows: Rows, encoding: str = "utf-8", delimiter: str = ",") -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter).writerows(rows)
    return out.getvalue().encode(encoding)


def as_xlsx(rows: list[list[Any]]) -> bytes:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Responses (simulated)")
    for row in rows:
        sheet.append([None if cell == "" else cell for cell in row])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
