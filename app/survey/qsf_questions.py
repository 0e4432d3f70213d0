"""What each type of question in Qualtrics becomes: one item, or one for each row.

Decides kinds, options, scales and bounds. The numbers of a matrix's answers are its scores, because they are what
Qualtrics computes with; which answers are favorable, no QSF says and nobody here guesses.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.survey.foreign import Draft
from app.survey.qsf_read import Node, Question, node, number, ordered, text, truth
from app.survey.relevance import Asked

Conditions = Sequence[dict[str, Any]]
Row = tuple[str, Node]

_ONE = {"SAVR", "SAHR", "SACOL", "DL", "SB"}
_SEVERAL = {"MAVR", "MAHR", "MACOL", "MSB"}
_NOT_ASKED = {
    "Timing": "the time that people take is not collected",
    "Meta": "browser and device are not collected",
    "Captcha": "people need not prove that they are people",
    "DB": "a picture or film has no place here",
    "RO": "to rank is no kind of item here", "PGR": "to group and to rank is no kind of item here",
    "CS": "to share out a sum is no kind of item here", "DD": "a list that unfolds is no kind of item here",
    "FileUpload": "files are not collected", "Draw": "signatures are not collected",
    "HotSpot": "regions of a picture are no kind of item here",
    "HeatMap": "clicks on a picture are no kind of item here",
}  # fmt: skip


class Questions:
    """Adds questions to a draft, whose texts are in `language` where they name none."""

    def __init__(self, draft: Draft, language: str) -> None:
        self.draft = draft
        self.language = language

    def add(self, question: Question, conditions: Conditions) -> None:
        kind, selector = question.kind
        where = question.tag
        if kind == "DB" and selector in ("TB", "PTB", ""):
            if conditions:
                self.draft.name(where, "the text's condition: it is part of an intro now and always shown")
            self.draft.note(where, self.said(question, where, "QuestionText"))
        elif node(question.payload.get("DynamicChoices")):
            self.draft.name(where, "its choices are answers to another question: that is no item here")
        elif kind == "MC" and selector in _ONE | _SEVERAL | {"NPS"}:
            self.choice(question, conditions, several=selector in _SEVERAL, scored=selector == "NPS")
        elif kind == "Matrix" and selector in ("Likert", "Bipolar"):
            self.matrix(question, conditions)
        elif kind == "TE" or (kind == "Matrix" and selector == "TE"):
            self.entry(question, conditions, in_rows=selector == "FORM", in_cells=kind == "Matrix")
        elif kind == "Slider":
            self.slider(question, conditions)
        elif kind == "SBS":
            for part in map(node, node(question.payload.get("AdditionalQuestions")).values()):
                self.add(Question(text(part.get("QuestionID")) or question.id, part), conditions)
            self.draft.name(where, "side by side: its columns are asked one after the other")
        else:
            why = _NOT_ASKED.get(kind) or f"a question of the type `{kind} {selector}` is no kind of item here"
            self.draft.name(where, why)

    def said(self, question: Question, where: str, *path: str, line: bool = False) -> dict[str, str]:
        return self.draft.read(question.said(self.language, *path), where, line=line)

    def required(self, question: Question, where: str) -> bool:
        """Read whether an answer is required; whatever else is validated is named by who reads it."""
        settings = _settings(question)
        forced = text(settings.get("ForceResponse"))
        if forced == "RequestResponse":
            self.draft.name(where, "asks once more for an answer that was left out: that is not done here")
        if node(settings.get("CustomValidation")):
            self.draft.name(where, "its own rules of validation")
        return forced == "ON"

    # -------------------------------------------------------------- choices
    def options(self, question: Question, part: str, order: str) -> list[tuple[Row, dict[str, Any]]]:
        """List choices or answers as options; their values are the numbers under which they are exported."""
        rows = ordered(question.payload, part, order)
        codes = {name: text(node(question.payload.get("RecodeValues")).get(name)) or name for name, _ in rows}
        if len(set(codes.values())) < len(codes):
            self.draft.name(
                question.tag, "several choices are exported as one number: their own numbers are the values"
            )
            codes = {name: name for name, _ in rows}
        found = []
        for name, row in rows:
            place = f"{question.tag}/{name}"
            label = self.said(question, place, part, name, "Display", line=True)
            if not label:
                self.draft.name(place, "the choice has no label; its value is its label")
                label = dict.fromkeys(self.draft.languages.seen, codes[name]) or {self.language: codes[name]}
            if "DisplayLogic" in row:
                self.draft.name(place, "the choice's condition: it is always shown here")
            if node(row.get("Image")):
                self.draft.name(place, "a picture: only the words are carried over")
            option: dict[str, Any] = {"value": codes[name][:64], "label": label}
            if text(node(question.payload.get("AnalyzeChoices")).get(name)) == "No":
                option["not_applicable"] = True  # Qualtrics leaves it out of analysis
            found.append(((name, row), option))
        return found

    def choice(self, question: Question, conditions: Conditions, *, several: bool, scored: bool) -> None:
        where = question.tag
        options = self.options(question, "Choices", "ChoiceOrder")
        if not options:
            self.draft.name(where, "a choice without choices is no item here")
            return
        key = self.draft.key(where)
        given: dict[str, Any] = {"kind": "multiple" if several else "single", "options": [o for _, o in options]}
        if several:
            self.several(where, options)
        elif scored:
            given = self.rated(where, options) or given
        values = {name: option["value"] for (name, _), option in options}
        self.draft.asked[question.id] = Asked(key, values, several=several)
        if question.payload.get("ColumnLabels"):
            self.draft.name(where, "the words at the ends of its scale")
        required = self.required(question, where)
        if text(_settings(question).get("Type")) not in ("", "None"):
            self.draft.name(where, f"how many may be ticked (`{text(_settings(question).get('Type'))}`)")
        asks = self.said(question, where, "QuestionText")
        self.draft.add(where, key, given, asks, required=required, conditions=conditions)
        for (name, row), option in options:
            if truth(row.get("TextEntry")):
                self.beside(question, key, name, option)

    def several(self, where: str, options: list[tuple[Row, dict[str, Any]]]) -> None:
        for (name, row), option in options:
            if truth(row.get("ExclusiveAnswer")):
                self.draft.name(f"{where}/{name}", "is exclusive there: here others can be ticked with it")
            if option.pop("not_applicable", False):
                self.draft.name(f"{where}/{name}", "is left out of analysis: that cannot be said of a tick")

    def beside(self, question: Question, key: str, name: str, option: dict[str, Any]) -> None:
        """Ask for the words beside a choice in an item of its own, called as Qualtrics calls its column."""
        where = f"{question.tag}_{name}_TEXT"
        words = self.draft.key(where)
        self.draft.asked[f"{question.id}/{name}/text"] = Asked(words, text=True)
        shown = {"item": key, "in": [option["value"]]}
        self.draft.add(where, words, {"kind": "text"}, dict(option["label"]), conditions=[shown])

    # -------------------------------------------------------------- rows
    def rows(self, question: Question, part: str = "Choices") -> list[tuple[str, str, dict[str, str]]]:
        """List the rows of a question: number, name in exports, text. A question without rows is its own."""
        found = []
        for name, row in ordered(question.payload, part, "ChoiceOrder"):
            tag = text(node(question.payload.get("ChoiceDataExportTags")).get(name)) or f"{question.tag}_{name}"
            if truth(row.get("TextEntry")):
                self.draft.name(tag, "the field for words in the row")
            if "DisplayLogic" in row:
                self.draft.name(tag, "the row's condition: it is always shown here")
            found.append((name, tag, self.said(question, tag, part, name, "Display")))
        return found

    def matrix(self, question: Question, conditions: Conditions) -> None:
        where, several = question.tag, text(question.payload.get("SubSelector")) == "MultipleAnswer"
        options = self.options(question, "Answers", "AnswerOrder")
        rows = self.rows(question)
        if not options or not rows:
            self.draft.name(where, "a matrix without rows or answers is no item here")
            return
        stem = self.said(question, where, "QuestionText")
        required = self.required(question, where)
        if several:
            self.several(where, options)
        plain: dict[str, Any] = {"kind": "multiple" if several else "single", "options": [o for _, o in options]}
        given = plain if several else self.rated(where, options) or plain
        values = {name: option["value"] for (name, _), option in options}
        for name, tag, asks in rows:
            key = self.draft.key(tag)
            self.draft.asked[f"{question.id}/{name}"] = Asked(key, values, several=several)
            self.draft.add(tag, key, dict(given), asks or stem, about=stem if asks else None, required=required,
                           conditions=conditions)  # fmt: skip

    def rated(self, where: str, options: list[tuple[Row, dict[str, Any]]]) -> dict[str, Any] | None:
        """Make a rating of options whose values are whole numbers, if they are."""
        scored = []
        for _, option in options:
            score = number(option["value"])
            if option.get("not_applicable"):
                scored.append(option)
            elif score is None or not score.is_integer() or abs(score) > 1000:
                self.draft.name(where, "not all its answers are whole numbers: it is a single choice, without scores")
                return None
            else:
                scored.append(option | {"score": int(score)})
        scores = [option["score"] for option in scored if "score" in option]
        if len(scores) < 2 or len(set(scores)) < len(scores):
            self.draft.name(where, "has no two answers with scores: it is a single choice")
            return None
        scale, new = self.draft.scale(where, scored)
        if new:
            self.draft.name(f"scale {scale}", "which answers are favorable, the file does not say: mark them")
            if min(scores) < 0 < max(scores) and min(scores) != -max(scores):
                what = "a score below 0 may stand for no answer on the scale: then write `not_applicable: true` instead"
                self.draft.name(f"scale {scale}", what)
        return {"kind": "rating", "scale": scale}

    # -------------------------------------------------------------- words and numbers
    def entry(self, question: Question, conditions: Conditions, *, in_rows: bool, in_cells: bool) -> None:
        required = self.required(question, question.tag)
        asks = self.said(question, question.tag, "QuestionText")
        if not in_rows and not in_cells:
            key = self.draft.key(question.tag)
            given = self.written(question, question.id, question.tag, key)
            self.draft.add(question.tag, key, given, asks, required=required, conditions=conditions)
            return
        for name, tag, row in self.rows(question):
            cells = ordered(question.payload, "Answers", "AnswerOrder") if in_cells else [("", {})]
            for column, _ in cells:
                place = f"{tag}_{column}" if column else tag
                key = self.draft.key(place)
                given = self.written(question, "/".join(filter(None, (question.id, name, column))), place, key)
                own = self.said(question, place, "Answers", column, "Display", line=True) if column else {}
                text_of = {k: ": ".join(filter(None, (row.get(k), own.get(k)))) for k in dict.fromkeys([*row, *own])}
                self.draft.add(place, key, given, text_of, about=asks, required=required, conditions=conditions)

    def written(self, question: Question, name: str, where: str, key: str) -> dict[str, Any]:
        """Describe what is written in a field: a number or date if nothing else is taken, else words."""
        settings = _settings(question)
        kind, content = text(settings.get("Type")), text(settings.get("ContentType"))
        if question.kind[1] == "PW":
            self.draft.name(where, "what is typed is hidden there, but not here")
        if kind == "ContentType" and content == "ValidNumber":
            bounds = node(settings.get("ValidNumber"))
            low, high = number(bounds.get("Min")), number(bounds.get("Max"))
            whole = text(bounds.get("NumDecimals")) == "0" and all(b is None or b.is_integer() for b in (low, high))
            return (self.draft.whole if whole else self.draft.number)(name, key, low, high)
        self.draft.asked[name] = Asked(key, text=True)
        if kind == "ContentType" and content == "ValidDate":
            return {"kind": "date"}
        if kind == "ContentType" and content:
            self.draft.name(where, f"only takes `{content}` there: here it takes any words")
        longest = number(settings.get("TotalChars") or settings.get("MaxChars"))
        if kind in ("TotalChars", "MaxChars", "CharRange") and longest is not None and 1 <= longest <= 10_000:
            return {"kind": "text", "max_length": int(longest)}
        if kind not in ("", "None", "ContentType"):
            self.draft.name(where, f"its validation `{kind}`")
        return {"kind": "text"}

    def slider(self, question: Question, conditions: Conditions) -> None:
        where, settings = question.tag, node(question.payload.get("Configuration"))
        low = number(settings.get("CSSliderMin")) or 0.0
        most = (number(settings.get(name)) for name in ("CSSliderMax", "StarCount", "NumStars"))
        high = next((n for n in most if n is not None), 100.0)
        decimals = number(settings.get("NumDecimals")) or 0
        whole = decimals == 0 and low.is_integer() and high.is_integer()
        if truth(settings.get("NotApplicable")):
            self.draft.name(where, "its box “not applicable”: an answer may be left out here")
        if truth(settings.get("CustomStart")):
            self.draft.name(where, "where its sliders stand at first: a number is typed here")
        asks = self.said(question, where, "QuestionText")
        names = node(question.payload.get("Labels"))
        ends = [self.said(question, where, "Labels", name, "Display", line=True) for name in names]
        required = self.required(question, where)
        for name, tag, row in self.rows(question) or [("1", f"{where}_1", {})]:
            key = self.draft.key(tag)
            given = (self.draft.whole if whole else self.draft.number)(f"{question.id}/{name}", key, low, high)
            told = {}
            for language in self.draft.languages.seen:
                between = " – ".join(filter(None, (end.get(language) for end in ends)))
                stem = asks.get(language, "") if row else ""
                told[language] = f"{stem} ({between})" if stem and between else stem or between
            told = {language: words for language, words in told.items() if words}
            self.draft.add(tag, key, given, row or asks, about=told, required=required, conditions=conditions)


def _settings(question: Question) -> Node:
    return node(node(question.payload.get("Validation")).get("Settings"))
