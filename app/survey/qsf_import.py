"""A Qualtrics survey turned into a definition, with a report of what could not be carried over.

Decides what becomes of blocks, languages, conditions and settings, and names whatever is read by nobody. What each type
of question becomes is in `qsf_questions.py`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from app.survey.foreign import LOST, Draft, Imported, short
from app.survey.qsf_logic import expression_of
from app.survey.qsf_questions import Questions
from app.survey.qsf_read import Node, Question, Step, Survey, locale, node, text, truth
from app.survey.relevance import Unsayable, condition_of
from app.survey.xlsform_words import Languages

# Of a question: what is read, and what is about the editor, the export or the looks of one question.
_READ = {
    "QuestionText", "QuestionType", "Selector", "SubSelector", "Choices", "ChoiceOrder", "Answers", "AnswerOrder",
    "RecodeValues", "ChoiceDataExportTags", "AnalyzeChoices", "Validation", "DisplayLogic", "Language", "Labels",
    "AdditionalQuestions", "DynamicChoices", "Configuration", "DataExportTag", "QuestionID", "ColumnLabels",
    "QuestionDescription", "NextChoiceId", "NextAnswerId", "QuestionText_Unsafe", "DataVisibility", "SearchSource",
    "DefaultChoices", "DynamicChoicesData", "NumberOfQuestions", "AnswerDataExportTag", "ClarifyingSymbolType",
    "ChoiceColumnWidthPixels", "WaitToDisplay",
}  # fmt: skip
_NAMED = {
    "QuestionJS": "its script", "VariableNaming": "its names of values", "Randomization": "its random order",
    "GradingData": "its grades", "ChoiceGroups": "its groups of choices",
}  # fmt: skip
_ELEMENTS = {
    "QO": "a quota", "QG": "a group of quotas", "SCO": "scoring", "PL": "a list of people", "TR": "a trigger",
    "ET": "an e-mail", "NT": "a note of the makers",
}  # fmt: skip
_OPTIONS = {"Header": "the header", "Footer": "the footer", "EOSMessage": "the last page"}
_PIPED = re.compile(r"\$\{\s*[a-z]+://[^{}]{1,200}\}")


def instrument_of(file: Mapping[str, Any], group: str | None = None) -> Imported:
    """Make a definition of a survey.

    Parameters
    ----------
    file : the QSF's JSON; whatever is damaged in it is left out and named where it stood.
    group : the stakeholder group, which no QSF knows.
    """
    return _Importer(Survey(file)).run(group)


class _Importer(Draft):
    def __init__(self, survey: Survey) -> None:
        super().__init__(Languages(survey.language, survey.language))
        self.survey = survey
        self.questions = Questions(self, survey.language)

    def run(self, group: str | None) -> Imported:
        survey = self.survey
        for step in survey.steps():
            if step.what:
                self.name(step.name, step.what)
            else:
                self.block(step)
        self.settings()
        if self.sections:
            self.name(
                "sections", "their titles are the names of blocks, which nobody sees in Qualtrics: write them anew"
            )
        title = text(survey.entry.get("SurveyName")) or "survey"
        return self.finish(title, group, {self.languages.default: title})

    def settings(self) -> None:
        options = self.survey.options
        for name, what in _OPTIONS.items():
            if said := " ".join(self.read({"": text(options.get(name))}, name).values()):
                self.name("settings", f"{what}: {short(said)}")
        for code in node(options.get("AvailableLanguages")):
            if (language := self.languages.locale(locale(code))) not in self.languages.seen:
                self.name("languages", f"`{language}` is offered in Qualtrics, but no text is in it")
        for element in self.survey.elements:
            kind = text(element.get("Element"))
            graded = kind != "SCO" or node(node(element.get("Payload")).get("ScoringCategories"))
            if kind in _ELEMENTS and graded:
                about = short(text(element.get("SecondaryAttribute")) or text(element.get("PrimaryAttribute")))
                self.name("settings", f"{_ELEMENTS[kind]}: {about}")

    # -------------------------------------------------------------- blocks
    def block(self, step: Step) -> None:
        options = node(step.block.get("Options"))
        looping = text(options.get("Looping"))
        if looping and looping.lower() != "none":
            self.name(step.name, "a block that is repeated is not asked: every item has one answer")
            return
        if text(options.get("RandomizeQuestions")).lower() not in ("", "false", "none"):
            self.name(step.name, "its questions in random order: they stand in the order of the file")
        conditions = [self.logic(logic, step.name) for logic in step.conditions]
        self.begin(step.name, {self.languages.default: step.name})
        for element in map(node, node(step.block.get("BlockElements")).values()):
            name = text(element.get("QuestionID"))
            if text(element.get("Type")) != "Question":
                continue  # a page break: how items are put on pages is decided by the pages
            if name not in self.survey.questions:
                self.name(name or step.name, "the question is not in the file")
                continue
            question = self.survey.questions[name]
            for skip in map(node, node(element.get("SkipLogic")).values()):
                about = " ".join(self.read({"": text(skip.get("Description"))}, question.tag).values())
                self.name(question.tag, f"its skip logic: {short(about or text(skip.get('SkipToDestination')))}")
            self.question(question, conditions)

    def logic(self, logic: Node, where: str) -> dict[str, Any]:
        try:
            return condition_of(expression_of(logic, self.asked), self.asked)
        except Unsayable as why:
            self.name(where, f"its condition: {why}; it is always shown here")
            return LOST

    # -------------------------------------------------------------- questions
    def question(self, question: Question, conditions: list[dict[str, Any]]) -> None:
        payload = question.payload
        if "DisplayLogic" in payload:
            conditions = [*conditions, self.logic(node(payload["DisplayLogic"]), question.tag)]
        self.questions.add(question, conditions)
        self.others(question)

    def others(self, question: Question) -> None:
        """Name whatever a question holds that nothing here reads."""
        for name, value in question.payload.items():
            if name not in _READ and value not in (None, "", [], {}, False):
                what = _NAMED.get(name)
                self.name(question.tag, what if what is not None else f"`{name}`: {short(value)}")
        if truth(question.payload.get("DefaultChoices")) or node(question.payload.get("DefaultChoices")):
            self.name(question.tag, "its default answer: nothing is ticked before somebody does")

    def read(self, given: Mapping[str, Any], where: str, *, line: bool = False) -> dict[str, str]:
        """Read a text; what Qualtrics would put into it is named."""
        for html in given.values():
            for piped in dict.fromkeys(_PIPED.findall(html)) if isinstance(html, str) else ():
                self.name(where, f"`{piped}` is put into a text there; here it stands as it is: write the text anew")
        return super().read(given, where, line=line)
