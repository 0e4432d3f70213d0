"""A LimeSurvey structure file (LSS) as data: its groups and questions in order, their parts, their texts by language.

Decides what is where in an LSS: until version 3 a row was repeated for every language, since version 4 texts have
tables of their own. Knows nothing of definitions.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

Tables = Mapping[str, Sequence[Mapping[str, str]]]
"""Table -> rows -> cells, all of them text."""
Said = dict[str, str]
"""Language -> a text, which may be HTML."""

NO = ("", "0", "N", "no", "normal")


@dataclass
class Answer:
    """One answer of a question's list."""

    code: str
    scale: str
    assessment: str
    said: Said = field(default_factory=dict)


@dataclass
class Asked:
    """A question, or a row of one.

    Attributes
    ----------
    code : its name for people, in expressions and exports.
    attributes : its settings: attribute -> language, or "" for all -> value.
    """

    id: str
    code: str
    type: str
    row: Mapping[str, str]
    said: Said = field(default_factory=dict)
    help: Said = field(default_factory=dict)
    rows: list[Asked] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    attributes: dict[str, Said] = field(default_factory=dict)

    def attribute(self, name: str) -> str:
        """Give a setting that is the same in all languages; empty when it is not there or says no."""
        value = next(iter(self.attributes.get(name, {}).values()), "")
        return "" if value in NO else value


@dataclass
class Group:
    """A group of questions."""

    row: Mapping[str, str]
    title: Said = field(default_factory=dict)
    about: Said = field(default_factory=dict)
    questions: list[Asked] = field(default_factory=list)


class Survey:
    """The survey of a structure file."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        self.row: Mapping[str, str] = next(iter(self.table("surveys")), {})
        listed = [row.get("language", "") for row in self.table("languages")]
        self.language = self.row.get("language") or next(iter(filter(None, listed)), "") or "en"
        self.languages = list(dict.fromkeys(filter(None, [self.language, *listed])))
        self.scored = self.row.get("assessments") == "Y"
        self.groups = self._groups()

    def table(self, name: str) -> Sequence[Mapping[str, str]]:
        return self.tables.get(name, ())

    def setting(self, name: str) -> Said:
        """Give a text of the whole survey by language."""
        rows = self.table("surveys_languagesettings")
        return {self.of(row, "surveyls_language"): row.get(name, "") for row in rows}

    def of(self, row: Mapping[str, str], column: str = "language") -> str:
        return row.get(column) or self.language

    # -------------------------------------------------------------- groups and questions
    def _groups(self) -> list[Group]:
        groups: dict[str, Group] = {}
        for row in (*self.table("groups"), *self.table("group_l10ns")):
            group = groups.setdefault(row.get("gid", ""), Group(row))
            if "group_name" in row:
                group.title[self.of(row)] = row["group_name"]
            if row.get("description"):
                group.about[self.of(row)] = row["description"]
        for question in self._questions().values():
            groups.setdefault(question.row.get("gid", ""), Group(question.row)).questions.append(question)
        for group in groups.values():
            group.questions.sort(key=lambda question: _number(question.row.get("question_order")))
        return sorted(groups.values(), key=lambda group: _number(group.row.get("group_order")))

    def _questions(self) -> dict[str, Asked]:
        rows = [*self.table("questions"), *self.table("subquestions")]
        found: dict[str, Asked] = {}
        for row in rows:
            name = row.get("qid", "")
            found.setdefault(name, Asked(name, row.get("title") or f"q{name}", row.get("type", ""), row))
        for row in (*rows, *self.table("question_l10ns")):
            if (one := found.get(row.get("qid", ""))) is not None:
                if "question" in row:
                    one.said[self.of(row)] = row["question"]
                if row.get("help"):
                    one.help[self.of(row)] = row["help"]
        self._attributes(found)
        self._answers(found)
        parts = {name: one for name, one in found.items() if one.row.get("parent_qid", "0") not in ("", "0")}
        for one in sorted(parts.values(), key=lambda part: _number(part.row.get("question_order"))):
            if (whole := found.get(one.row["parent_qid"])) is not None and whole is not one:
                whole.rows.append(one)
        return {name: one for name, one in found.items() if name not in parts}

    def _attributes(self, found: Mapping[str, Asked]) -> None:
        for row in self.table("question_attributes"):
            if (one := found.get(row.get("qid", ""))) is not None and row.get("value"):
                one.attributes.setdefault(row.get("attribute", ""), {})[row.get("language", "")] = row["value"]

    def _answers(self, found: Mapping[str, Asked]) -> None:
        by_id: dict[str, Answer] = {}
        listed: dict[tuple[str, str, str], Answer] = {}
        placed: dict[str, list[tuple[float, Answer]]] = defaultdict(list)
        for row in self.table("answers"):
            name = (row.get("qid", ""), row.get("code", ""), row.get("scale_id") or "0")
            if name not in listed:
                listed[name] = Answer(name[1], name[2], row.get("assessment_value", ""))
                placed[name[0]].append((_number(row.get("sortorder")), listed[name]))
            if row.get("aid"):
                by_id[row["aid"]] = listed[name]
            if "answer" in row:
                listed[name].said[self.of(row)] = row["answer"]
        for row in self.table("answer_l10ns"):
            name = (row.get("qid", ""), row.get("code", ""), row.get("scale_id") or "0")
            answer = by_id.get(row.get("aid", "")) or listed.get(name)
            if answer is not None:
                answer.said[self.of(row)] = row.get("answer", "")
        for name_of, answers in placed.items():
            if name_of in found:
                found[name_of].answers = [answer for _, answer in sorted(answers, key=lambda pair: pair[0])]

    def everything(self) -> Iterator[tuple[Group, Asked]]:
        for group in self.groups:
            for question in group.questions:
                yield group, question


def _number(said: str | None) -> float:
    return float(said) if said and re.fullmatch(r"-?\d{1,9}", said) else 0.0
