"""A LimeSurvey survey turned into a definition, with a report of what could not be carried over.

Decides what becomes of groups, languages, conditions and settings, and names whatever is read by nobody. What each type
of question becomes is in `lss_questions.py`.
"""

from __future__ import annotations

from typing import Any

from app.survey.foreign import LOST, Imported, short
from app.survey.lss_logic import ALWAYS, expression_of
from app.survey.lss_questions import Questions
from app.survey.lss_read import Asked, Group, Survey, Tables
from app.survey.relevance import Unsayable, condition_of

# Settings of questions that are read, and those about the looks of a page, of statistics or of exports.
_SILENT = {
    "min_num_value_n", "max_num_value_n", "num_value_int_only", "slider_min", "slider_max", "maximum_chars",
    "numbers_only", "hidden", "date_format", "other_replace_text", "value_range_allows_missing",
    "hide_tip", "text_input_width", "text_input_columns", "display_rows", "display_columns", "page_break", "cssclass",
    "statistics_showgraph", "statistics_graphtype", "public_statistics", "answer_width", "answer_width_bycolumn",
    "repeat_headings", "dropdown_dates", "dropdown_dates_month_style", "dropdown_prefix", "dropdown_size",
    "scale_export", "slider_layout", "save_as_default", "printable_help", "placeholder", "label_input_columns",
    "input_boxes", "use_dropdown", "form_orientation", "clear_default", "alphasort", "category_separator",
    "input_size", "hide_question_title", "other_position", "other_position_code", "keep_aspect",
    "em_validation_q_tip", "em_validation_sq_tip",
}  # fmt: skip
_SETTINGS = {
    "surveyls_endtext": "the last page", "surveyls_policy_notice": "the notice about data",
    "surveyls_url": "the address that people are led to at the end",
}  # fmt: skip
_TABLES = {
    "quota": "a quota", "assessments": "an assessment", "surveys_urlparameters": "a parameter of the address",
}  # fmt: skip


def instrument_of(tables: Tables, group: str | None = None) -> Imported:
    """Make a definition of a survey.

    Parameters
    ----------
    tables : the LSS's tables; whatever is damaged in them is left out and named where it stood.
    group : the stakeholder group, which no LSS knows.
    """
    return _Importer(Survey(tables)).run(group)


class _Importer(Questions):
    def run(self, group: str | None) -> Imported:
        survey = self.survey
        for language in survey.languages:
            self.languages.seen[self.languages.locale(language)] = None
        title = self.read(survey.setting("surveyls_title"), "title", line=True)
        for name in ("surveyls_description", "surveyls_welcometext"):
            self.note("welcome", self.read(survey.setting(name), "welcome"))
        for asked in survey.groups:
            self.group(asked)
        self.settings()
        name = f"survey_{survey.row['sid']}" if survey.row.get("sid") else "survey"
        key = next(iter(title.values()), name)
        return self.finish(key, group, title or {self.languages.default: name})

    def settings(self) -> None:
        for column, what in _SETTINGS.items():
            if said := next(iter(self.read(self.survey.setting(column), "settings").values()), ""):
                self.name("settings", f"{what}: {short(said)}")
        for table, what in _TABLES.items():
            for row in self.survey.table(table):
                self.name(
                    "settings", f"{what}: {short(row.get('name') or row.get('parameter') or row.get('id') or '')}"
                )
        defaults = {row.get("qid", "") for row in self.survey.table("defaultvalues")}
        defaults |= {row.get("qid", "") for row in self.survey.table("defaultvalue_l10ns")}
        plain = {row.get("qid", "") for row in self.survey.table("conditions")}
        for _, question in self.survey.everything():
            if question.id in defaults:
                self.name(question.code, "its default answer: nothing is ticked before somebody does")
            if question.id in plain and question.row.get("relevance", "") in ALWAYS:
                self.name(question.code, "its conditions, which are no equation: it is always shown here")

    # -------------------------------------------------------------- groups and questions
    def group(self, group: Group) -> None:
        title = self.read(group.title, "group", line=True)
        where = next(iter(title.values()), "") or f"group {group.row.get('gid', '')}"
        if group.row.get("randomization_group"):
            self.name(where, "groups in random order: they stand in the order of the file")
        condition = self.relevant(group.row.get("grelevance", ""), where)
        if condition is None:
            self.name(where, "the group is never shown and not carried over")
            return
        self.begin(where, title)
        if about := self.read(group.about, where):
            self.sections[-1]["intro"] = about
        for question in group.questions:
            self.question(question, condition)

    def relevant(self, equation: str, where: str) -> list[dict[str, Any]] | None:
        """Read a condition; None for one that never holds."""
        equation = equation.strip()
        if equation in ALWAYS:
            return []
        if equation in ("0", "false"):
            return None
        try:
            said, bare = expression_of(equation, self.variables, self.asked)
            condition = condition_of(said, self.asked)
        except Unsayable as why:
            self.name(where, f"the condition `{short(equation)}`: {why}; it is always shown here")
            return [LOST]
        asked_for = [one for name in sorted(bare) for one in self.shown.get(name, ())] if _denies(condition) else []
        return [*asked_for, condition]

    def question(self, question: Asked, before: list[dict[str, Any]]) -> None:
        where = question.code
        condition = self.relevant(question.row.get("relevance", ""), where)
        if condition is None or question.attribute("hidden"):
            self.name(where, "the question is never shown and not carried over")
            return
        if question.row.get("mandatory") == "S":
            self.name(where, "asks once more for an answer that was left out: that is not done here")
        if question.row.get("preg"):
            self.name(where, f"its pattern `{short(question.row['preg'])}`: any words are taken here")
        for name in question.attributes:
            if (value := question.attribute(name)) and name not in _SILENT:
                self.name(where, f"`{name}`: {short(value)}")
        self.ask(question, [*before, *condition])


def _denies(condition: dict[str, Any]) -> bool:
    """Tell whether a condition may hold for somebody who was not asked."""
    return "not" in condition or any(map(_denies, condition.get("all") or condition.get("any") or ()))
