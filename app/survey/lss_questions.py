"""What each type of question in LimeSurvey becomes: one item, or one for each row.

Decides kinds, options, scales and bounds. A list has scores where the file says so: by assessment values, by numbers as
codes of an array, or as a point scale. Which answers are favorable, no LSS says and nobody here guesses.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from app.survey.foreign import LOST, Draft, together
from app.survey.lss_logic import Variable
from app.survey.lss_read import Answer, Asked, Said, Survey
from app.survey.relevance import Asked as Askable
from app.survey.xlsform_words import Languages

Conditions = Sequence[dict[str, Any]]

# LimeSurvey's own words for the answers of types that have no list, which are not in the file.
_WORDS = {
    "Y": {"en": "Yes", "es": "Sí"}, "N": {"en": "No", "es": "No"}, "U": {"en": "Uncertain", "es": "No sé"},
    "I": {"en": "Increase", "es": "Aumenta"}, "S": {"en": "Same", "es": "Sigue igual"},
    "D": {"en": "Decrease", "es": "Disminuye"}, "F": {"en": "Female", "es": "Femenino"},
    "M": {"en": "Male", "es": "Masculino"}, "-oth-": {"en": "Other", "es": "Otro"},
    "comment": {"en": "Please comment on your choice", "es": "Comente su elección"},
}  # fmt: skip
_POINTS = {"5": 5, "A": 5, "B": 10}
_LISTS = {"C": "YUN", "E": "ISD", "G": "FM"}
_PIPED = re.compile(r"\{(?!\s)[^{}]{1,200}\}")
_NOT_ASKED = {
    "R": "to rank is no kind of item here", "|": "files are not collected", "*": "an equation is no kind of item here",
    "I": "the page itself has a switch of languages", "1": "an array with two scales is no kind of item here",
    ":": "an array of numbers is no kind of item here", ";": "an array of texts is no kind of item here",
}  # fmt: skip


class Questions(Draft):
    """A draft that takes questions of LimeSurvey.

    Attributes
    ----------
    variables : what equations may ask for so far, by every name that it has in them.
    shown : question -> what must hold for it to be asked.
    """

    def __init__(self, survey: Survey) -> None:
        super().__init__(Languages(survey.language, survey.language))
        self.survey = survey
        self.variables: dict[str, Variable] = {}
        self.shown: dict[str, list[dict[str, Any]]] = {}

    def read(self, given: Mapping[str, Any], where: str, *, line: bool = False) -> Said:
        """Read a text; what LimeSurvey would put into it is named."""
        for html in given.values():
            for piped in dict.fromkeys(_PIPED.findall(html)):
                self.name(where, f"`{piped}` is put into a text there; here it stands as it is: write the text anew")
        return super().read(given, where, line=line)

    def ask(self, question: Asked, conditions: Conditions) -> None:
        """Add a question's items, or name why it has none."""
        kind, where = question.type, question.code
        if kind == "X":
            if conditions:
                self.name(where, "the text's condition: it is part of an intro now and always shown")
            self.note(where, self.read(together(question.said, question.help), where))
        elif kind in ("L", "!", "O"):
            self.one(question, conditions)
        elif kind in ("M", "P"):
            self.several(question, conditions)
        elif kind in ("F", "H", "A", "B", "C", "E"):
            self.array(question, conditions)
        elif kind in ("5", "G", "Y", "N", "S", "T", "U", "D"):
            self.item(question, self.described(question, where), conditions)
        elif kind in ("K", "Q"):
            self.in_rows(question, conditions)
        else:
            self.name(where, _NOT_ASKED.get(kind) or f"a question of the type `{kind}` is no kind of item here")

    # -------------------------------------------------------------- items
    def item(self, question: Asked, given: dict[str, Any], conditions: Conditions) -> str:
        """Add a question that is one item, and give its key."""
        where = question.code
        key = self.key(where)
        self.call(question, where, Variable(where))
        self.shown[where] = [condition for condition in conditions if condition != LOST]
        about = self.read(question.help, where)
        asks = self.read(question.said, where)
        self.add(where, key, given, asks, about=about, required=_required(question), conditions=conditions)
        return key

    def row(self, question: Asked, part: Asked, given: dict[str, Any], conditions: Conditions) -> None:
        """Add one row of a question as an item; the question itself is its help."""
        where = f"{question.code}_{part.code}"
        condition = self.relevant(part.row.get("relevance", ""), where)
        if condition is None:
            self.name(where, "the row is never shown and not carried over")
            return
        key = self.key(where)
        self.call(question, where, Variable(where), part.code)
        self.shown[where] = [one for one in (*conditions, *condition) if one != LOST]
        about = together(self.read(question.said, question.code), self.read(question.help, question.code))
        asks = {k: v.replace("|", " – ") for k, v in self.read(part.said, where).items()}
        required = _required(question)
        self.add(where, key, given, asks, about=about, required=required, conditions=[*conditions, *condition])

    def call(self, question: Asked, name: str, variable: Variable, part: str = "") -> None:
        """Let equations call something by its code, and by the numbers that older ones use."""
        row = question.row
        self.variables[name] = variable
        self.variables[f"{row.get('sid', '')}X{row.get('gid', '')}X{question.id}{part}"] = variable

    def relevant(self, equation: str, where: str) -> list[dict[str, Any]] | None:
        """Read a condition; None for one that never holds."""
        raise NotImplementedError

    # -------------------------------------------------------------- lists
    def one(self, question: Asked, conditions: Conditions) -> None:
        where = question.code
        options = [self.option(question, answer) for answer in question.answers if answer.scale == "0"]
        other = question.row.get("other") == "Y"
        if other:
            options.append({"value": "-oth-", "label": self.other(question)})
        if not options:
            self.name(where, "a list without answers is no item here")
            return
        given = None if other else self.rated(where, question.answers, options, codes=False)
        key = self.item(question, given or self.listed(where, options), conditions)
        if other:
            self.words(question, f"{where}_other", "other", self.other(question), [{"item": key, "in": ["-oth-"]}])
        if question.type == "O":
            self.words(question, f"{where}_comment", "comment", self.built_in("comment", where), conditions)

    def several(self, question: Asked, conditions: Conditions) -> None:
        where = question.code
        options: list[dict[str, Any]] = []
        for part in question.rows:
            label = self.read(part.said, f"{where}_{part.code}", line=True)
            options.append({"value": part.code[:64], "label": label or self.everywhere(part.code)})
            if self.relevant(part.row.get("relevance", ""), f"{where}_{part.code}") != []:
                self.name(f"{where}_{part.code}", "the choice's condition: it is always shown here")
        if question.row.get("other") == "Y":
            options.append({"value": "other", "label": self.other(question)})
        if not options:
            self.name(where, "a list without choices is no item here")
            return
        key = self.item(question, self.listed(where, options, several=True), conditions)
        for part in question.rows:
            self.call(question, f"{where}_{part.code}", Variable(where, part.code[:64]), part.code)
        for option in options:
            code, shown = option["value"], [{"item": key, "in": [option["value"]]}]
            if code == "other":
                self.words(question, f"{where}_other", "other", option["label"], shown)
            if question.type == "P":
                self.words(question, f"{where}_{code}comment", f"{code}comment", option["label"], shown)

    def array(self, question: Asked, conditions: Conditions) -> None:
        listed = question.type not in ("F", "H") or any(answer.scale == "0" for answer in question.answers)
        if not question.rows or not listed:
            self.name(question.code, "an array without rows or answers is no item here")
            return
        given = self.described(question, question.code)
        answered = self.asked[question.code]
        for part in question.rows:
            where = f"{question.code}_{part.code}"
            self.asked[where] = replace(answered, key=self.key(where))
            self.row(question, part, dict(given), conditions)

    def in_rows(self, question: Asked, conditions: Conditions) -> None:
        for part in question.rows:
            where = f"{question.code}_{part.code}"
            self.row(question, part, self.described(question, where), conditions)

    def words(self, question: Asked, where: str, part: str, label: Said, conditions: Conditions) -> None:
        """Ask for words beside a choice in an item of its own, called as LimeSurvey calls its column."""
        key = self.key(where)
        self.asked[where] = Askable(key, text=True)
        self.call(question, where, Variable(where), part)
        self.add(where, key, {"kind": "text"}, label, conditions=conditions)

    # -------------------------------------------------------------- kinds
    def described(self, question: Asked, where: str) -> dict[str, Any]:
        """Describe the kind of a question, or of one of its rows, and what conditions may ask of it as `where`."""
        kind = question.type
        if kind in _POINTS:
            return self.points(where, _POINTS[kind])
        if kind in _LISTS:
            return self.listed(where, [{"value": c, "label": self.built_in(c, where)} for c in _LISTS[kind]])
        if kind in ("F", "H"):
            options = [self.option(question, answer) for answer in question.answers if answer.scale == "0"]
            found = self.rated(where, question.answers, options, codes=True)
            if found is None:
                self.name(where, "its answers have no scores: its rows are single choices, and ratings once they have")
            return found or self.listed(where, options)
        if kind == "Y":
            self.asked[where] = Askable(self.key(where), {"Y": True, "N": False})
            return {"kind": "boolean"}
        if kind in ("N", "K") or question.attribute("numbers_only"):
            return self.bounded(question, where)
        self.asked[where] = Askable(self.key(where), text=True)
        if kind == "D":
            if "H" in question.attribute("date_format"):
                self.name(where, "the time of the day: only a date is asked here")
            return {"kind": "date"}
        longest = question.attribute("maximum_chars")
        known = re.fullmatch(r"[1-9]\d{0,3}", longest)
        return {"kind": "text"} | ({"max_length": int(longest)} if known else {})

    def bounded(self, question: Asked, where: str) -> dict[str, Any]:
        low = self.bound(question, ("min_num_value_n", "slider_min"), where)
        high = self.bound(question, ("max_num_value_n", "slider_max"), where)
        whole = bool(question.attribute("num_value_int_only")) and all(b is None or b.is_integer() for b in (low, high))
        return (self.whole if whole else self.number)(where, self.key(where), low, high)

    def bound(self, question: Asked, names: tuple[str, ...], where: str) -> float | None:
        said = next((v for name in names for v in question.attributes.get(name, {}).values() if v.strip()), "")
        if re.fullmatch(r"-?\d{1,15}(\.\d{1,15})?", said):
            return float(said)
        if said:
            self.name(where, f"its bound `{said}`")
        return None

    def listed(self, where: str, options: list[dict[str, Any]], *, several: bool = False) -> dict[str, Any]:
        self.asked[where] = Askable(self.key(where), {o["value"]: o["value"] for o in options}, several=several)
        return {"kind": "multiple" if several else "single", "options": options}

    def points(self, where: str, most: int) -> dict[str, Any]:
        numbers = [str(point) for point in range(1, most + 1)]
        options = [{"value": n, "score": int(n), "label": self.everywhere(n)} for n in numbers]
        return self.rating(where, f"points{most}", options)

    def option(self, question: Asked, answer: Answer) -> dict[str, Any]:
        place = f"{question.code}/{answer.code}"
        label = self.read(answer.said, place, line=True)
        if not label:
            self.name(place, "the answer has no label; its code is its label")
        return {"value": answer.code[:64], "label": label or self.everywhere(answer.code)}

    def rated(
        self, where: str, answers: Sequence[Answer], options: list[dict[str, Any]], *, codes: bool
    ) -> dict[str, Any] | None:
        """Make a rating of a list whose answers have scores; `codes`: codes that are numbers are scores too."""
        ways = [[answer.assessment for answer in answers if answer.scale == "0"]] if self.survey.scored else []
        ways += [[option["value"] for option in options]] if codes else []
        for way in ways:
            if len(set(way)) == len(way) > 1 and all(re.fullmatch(r"-?\d{1,3}", score) for score in way):
                scored = [option | {"score": int(score)} for option, score in zip(options, way, strict=True)]
                return self.rating(where, where, scored)
        return None

    def rating(self, where: str, wanted: str, options: list[dict[str, Any]]) -> dict[str, Any]:
        self.asked[where] = Askable(self.key(where), {o["value"]: o["value"] for o in options})
        scale, new = self.scale(wanted, options)
        if new:
            self.name(f"scale {scale}", "which answers are favorable, the file does not say: mark them")
        return {"kind": "rating", "scale": scale}

    # -------------------------------------------------------------- words that are not in the file
    def other(self, question: Asked) -> Said:
        own = self.read(question.attributes.get("other_replace_text", {}), question.code, line=True)
        return own or self.built_in("-oth-", question.code)

    def everywhere(self, words: str) -> Said:
        return dict.fromkeys(self.languages.seen, words)

    def built_in(self, code: str, where: str) -> Said:
        """Give words of LimeSurvey's own; where we have none in a language, the English ones stand in."""
        found = {}
        for language in self.languages.seen:
            said = _WORDS[code].get(language.split("-")[0])
            if said is None:
                said = _WORDS[code]["en"]
                self.name(where, f"“{said}” is not in the file: it is in English here for `{language}` too")
            found[language] = said
        return found


def _required(question: Asked) -> bool:
    return question.row.get("mandatory") == "Y"
