"""Files of Qualtrics and LimeSurvey in the shapes that the tools write, made from a few words."""

from __future__ import annotations

import json
from typing import Any
from xml.sax.saxutils import escape

Row = dict[str, Any]


# ------------------------------------------------------------------ Qualtrics
def qsf(
    *questions: Row,
    blocks: dict[str, list[Any]] | None = None,
    flow: list[Row] | None = None,
    elements: list[Row] | None = None,
    options: Row | None = None,
    language: str = "EN",
) -> Row:
    """A survey file. Block name -> ids of questions, or whole block elements."""
    blocks = blocks if blocks is not None else {"Default Question Block": [q["QuestionID"] for q in questions]}
    listed = [
        {
            "Type": "Standard" if place else "Default", "Description": name, "ID": f"BL_{place}",
            "BlockElements": [
                {"Type": "Question", "QuestionID": one} if isinstance(one, str) else one for one in content
            ],
        }
        for place, (name, content) in enumerate(blocks.items())
    ]  # fmt: skip
    listed.append({"Type": "Trash", "Description": "Trash / Unused Questions", "ID": "BL_trash"})  # type: ignore[dict-item]
    if flow is None:
        flow = [{"ID": f"BL_{place}", "Type": "Block", "FlowID": f"FL_{place}"} for place in range(len(blocks))]
    payloads: list[tuple[str, Any]] = [
        ("BL", listed),
        ("FL", {"Flow": flow, "FlowID": "FL_1", "Type": "Root"}),
        ("SO", {"Header": "", "Footer": "", "BackButton": "false", **(options or {})}),
        ("SCO", {"ScoringCategories": []}),
        ("RS", None),
    ]
    return {
        "SurveyEntry": {"SurveyID": "SV_1", "SurveyName": "Our survey", "SurveyLanguage": language},
        "SurveyElements": [
            *({"SurveyID": "SV_1", "Element": kind, "Payload": payload} for kind, payload in payloads),
            *({"Element": "SQ", "PrimaryAttribute": q["QuestionID"], "Payload": q} for q in questions),
            *(elements or []),
        ],
    }


def q(number: int, kind: str, selector: str, text: str = "", *, force: str = "OFF", **more: Any) -> Row:
    """A question; `validation` adds to its validation settings."""
    settings = {"ForceResponse": force, "ForceResponseType": "ON", "Type": "None"} | more.pop("validation", {})
    return {
        "QuestionID": f"QID{number}", "DataExportTag": f"Q{number}", "QuestionType": kind, "Selector": selector,
        "QuestionText": text or f"Question {number}?", "QuestionDescription": "?", "Language": [],
        "Configuration": {"QuestionDescriptionOption": "UseText"}, "Validation": {"Settings": settings}, **more,
    }  # fmt: skip


def shown(*labels: str, **marks: Row) -> Row:
    """Choices or answers, numbered from 1; `_2={...}` adds to the second."""
    found = {str(n): {"Display": label} for n, label in enumerate(labels, 1)}
    for name, mark in marks.items():
        found[name.removeprefix("_")] |= mark
    return found


def picks(question: str, choice: str, operator: str = "Selected", joint: str | None = None) -> Row:
    """One expression of a logic."""
    locator = f"q://{question}/SelectableChoice/{choice}"
    part = {
        "LogicType": "Question", "QuestionID": question, "QuestionIsInLoop": "no", "ChoiceLocator": locator,
        "Operator": operator, "LeftOperand": locator, "Type": "Expression", "Description": "<span>If</span>",
    }  # fmt: skip
    return part | ({"Conjuction": joint} if joint else {})


def logic(*sets: list[Row], joint: str = "AndIf") -> Row:
    """A logic of one or several sets of expressions."""
    found: Row = {"Type": "BooleanExpression", "inPage": False}
    for place, parts in enumerate(sets):
        found[str(place)] = {str(n): part for n, part in enumerate(parts)} | {"Type": joint if place else "If"}
    return found


def as_qsf(survey: Row) -> bytes:
    return json.dumps(survey).encode()


# ------------------------------------------------------------------ LimeSurvey
class Lss:
    """A structure file in the making, with texts in tables of their own (`new`) or repeated in every row."""

    def __init__(self, *languages: str, new: bool = True, **survey: str) -> None:
        self.languages = languages or ("en",)
        self.new = new
        self.tables: dict[str, list[Row]] = {
            "surveys": [{"sid": "7", "language": self.languages[0], "assessments": "N", **survey}],
            "surveys_languagesettings": [
                {"surveyls_language": language, "surveyls_title": f"Our survey {language}"}
                for language in self.languages
            ],
        }
        self.last = 0

    def row(self, table: str, **cells: Any) -> None:
        self.tables.setdefault(table, []).append(cells)

    def _said(self, table: str, texts: str, plain: Row, said: dict[str, Any]) -> None:
        """Write a row, and its texts: `{en}` in a text becomes the language."""
        for place, language in enumerate(self.languages):
            words = {name: str(text).replace("{en}", language) for name, text in said.items()}
            if self.new:
                if not place:
                    self.row(table, **plain)
                self.row(
                    texts, **{k: plain[k] for k in ("gid", "qid", "aid") if k in plain}, language=language, **words
                )
            else:
                self.row(table, **plain, language=language, **words)

    def group(self, title: str = "About you {en}", about: str = "", **more: Any) -> str:
        self.last += 1
        plain = {"gid": str(self.last), "sid": "7", "group_order": str(self.last), "grelevance": "1", **more}
        self._said("groups", "group_l10ns", plain, {"group_name": title, "description": about})
        self.in_group = str(self.last)
        return self.in_group

    def question(
        self,
        kind: str,
        code: str,
        text: str = "What? {en}",
        rows: dict[str, str] | None = None,
        answers: dict[str, str] | None = None,
        help: str = "",
        scores: list[int] | None = None,
        attributes: Row | None = None,
        **more: Any,
    ) -> str:
        self.last += 1
        qid = str(self.last)
        same = {"sid": "7", "gid": self.in_group, "type": kind, "other": "N", "mandatory": "N", "relevance": "1"}
        plain = {"qid": qid, "parent_qid": "0", "title": code, "question_order": qid, **same, **more}
        self._said("questions", "question_l10ns", plain, {"question": text, "help": help})
        for name, label in (rows or {}).items():
            self.last += 1
            part = {"qid": str(self.last), "parent_qid": qid, "title": name, "question_order": str(self.last), **same}
            self._said("subquestions", "question_l10ns", part, {"question": label})
        for place, (name, label) in enumerate((answers or {}).items()):
            self.last += 1
            score = str((scores or [0] * 99)[place])
            one = {"qid": qid, "code": name, "sortorder": str(place), "assessment_value": score, "scale_id": "0"}
            self._said(
                "answers", "answer_l10ns", one | ({"aid": str(self.last)} if self.new else {}), {"answer": label}
            )
        for name, value in (attributes or {}).items():
            self.row("question_attributes", qid=qid, attribute=name, value=value)
        return qid

    def read(self) -> dict[str, list[dict[str, str]]]:
        """The tables as they are read."""
        return self.tables | {"languages": [{"language": language} for language in self.languages]}

    def xml(self) -> bytes:
        parts = ['<?xml version="1.0" encoding="UTF-8"?>', "<document>"]
        parts += [" <LimeSurveyDocType>Survey</LimeSurveyDocType>", " <DBVersion>490</DBVersion>", " <languages>"]
        parts += [f"  <language>{language}</language>" for language in self.languages]
        parts.append(" </languages>")
        for table, rows in self.tables.items():
            names = dict.fromkeys(name for row in rows for name in row)
            parts += [f" <{table}>", "  <fields>", *(f"   <fieldname>{n}</fieldname>" for n in names), "  </fields>"]
            parts.append("  <rows>")
            for row in rows:
                cells = "".join(f"<{n}><![CDATA[{v}]]></{n}>" if v else f"<{n}/>" for n, v in row.items())
                parts.append(f"   <row>{cells}</row>")
            parts += ["  </rows>", f" </{table}>"]
        parts += [f" <themes><theme><sid>{escape('7')}</sid></theme></themes>", "</document>"]
        return "\n".join(parts).encode()
