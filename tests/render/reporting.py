"""Reports for the tests: the documents of a small wave as the API would serve them, and a page that is read back."""

from __future__ import annotations

import random
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import orjson

from app.analysis import audiences
from app.analysis.equity import compare
from app.analysis.gaps import gaps_among
from app.analysis.priorities import prioritize
from app.analysis.slices import narrow
from app.analysis.summarize import summarize
from app.analysis.trends import trends
from app.render.report.documents import Documents
from app.survey.promise import is_exact, plain_words
from tests.analysis.oracle import Group, Row
from tests.analysis.waves import World
from tests.factories import AGREE, definition, en, options, rating

SCHOOLS = ("ash", "birch", "cedar")
PEOPLE = {"family": {"ash": 31, "birch": 26, "cedar": 4}, "staff": {"ash": 14, "birch": 12, "cedar": 11}}
RELEASE = {
    "number": 1, "status": "final", "released_at": "2025-11-03T09:00:00+00:00", "digest": "sha256:" + "ab" * 32,
    "definitions": "1",
}  # fmt: skip
CONSTRUCTS = [
    {"key": "communication", "title": en("Communication"), "setting": "family"},
    {"key": "contact", "title": en("Contact"), "setting": "school"},
]


def questionnaire(group: str, words: str = "") -> dict[str, Any]:
    """Three ratings and a reversed one in two constructs, an attribute, an outcome; `words` in every text."""
    items = [
        rating("informed"), rating("heard"), rating("ignored", reverse=True), rating("welcome", construct="contact"),
        rating("overall", construct=None, outcome=True),
        {"key": "plan", "kind": "single", "options": options("yes", "no"), "text": en("A plan?"), "attribute": True},
        {"key": "meetings", "kind": "integer", "minimum": 0, "maximum": 9, "text": en("How many meetings?")},
    ]  # fmt: skip
    for item in items:
        item["text"] = en(f"{item['text']['en']}{words}")
    constructs = [{**one, "title": en(f"{one['title']['en']}{words}")} for one in CONSTRUCTS]  # type: ignore[index]
    made = definition(group, items, constructs=constructs)
    for option in made["scales"]["agree5"]["options"]:
        option["label"] = en(f"{option['label']['en']}{words}")
    return made


def world(people: dict[str, dict[str, int]] | None = None, *, words: str = "", tilt: float = 0.0, k: int = 10) -> World:
    """A wave in which so many people of each group and school answered; of cedar's families too few."""
    people = people or PEOPLE
    schools = tuple(dict.fromkeys(school for at in people.values() for school in at))
    dice = random.Random(5)
    groups = []
    for group, at in people.items():
        rows: list[Row] = [(school, _answers(dice, tilt)) for school, n in at.items() for _ in range(n)]
        roster = {school: n + 10 for school, n in at.items()}
        groups.append(Group(group, questionnaire(group, words), confidential=True, k=k, roster=roster, rows=rows))
    return World(schools, groups)


def _answers(dice: random.Random, tilt: float) -> dict[str, Any]:
    step = dice.gauss(2 + tilt, 0.8)
    rated = {key: AGREE[max(0, min(4, round(step + dice.gauss(0, 0.7))))] for key in ("informed", "heard", "welcome")}
    return {
        **rated, "ignored": AGREE[max(0, min(4, round(4 - step)))], "overall": rated["heard"],
        "plan": dice.choice(["yes", "no"]), "meetings": dice.randrange(10),
    }  # fmt: skip


def documents(
    of: World, audience: str = "director", *, school: str | None = None, before: World | None = None, **more: Any
) -> Documents:
    """Gather what a reader of an audience gets of a wave, as JSON; and of an earlier one."""
    shown = tuple(replace(g, principal="banded", public="banded") if g.minimum >= 10 else g for g in of.facts.groups)
    facts = replace(of.facts, groups=shown)
    summary = audiences.everyone(summarize(facts, of.sealed))[audience] | {"release": RELEASE}
    part = narrow(summary, schools=None if school is None else (school,))
    promises = summary["promise"]
    exact = [group for group in promises if is_exact(promises[group], audience)]
    found: dict[str, Any] = {}
    if exact:
        facts, sealed = facts.only(exact), of.sealed.only(exact)
        found["priorities"] = prioritize(facts, sealed, audience, schools=None if school is None else (school,))
        found["equity"] = None if school else compare(facts, sealed, audience)
        if len(exact) > 1:
            found["gaps"] = gaps_among(facts, sealed, exact, school, audience) | {"release": RELEASE}
        if before is not None:
            earlier = replace(before.facts.only(exact), wave="spring", title="Spring"), before.sealed.only(exact)
            document = trends([earlier, (facts, sealed)], audience)
            for wave in document["waves"]:
                wave["release"] = RELEASE
            found["trends"] = narrow(document, schools=None if school is None else (school,))
    made = orjson.loads(orjson.dumps({"summary": part, **found}))
    told = {group: plain_words(promise)["en"] for group, promise in promises.items()}
    return Documents(**made, school=school, promises=told, **more)


class Page(HTMLParser):
    """A page read back: its tables, its texts, and whatever it would load."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tables: list[list[list[str]]] = []
        self.captions: list[str] = []
        self.tags: list[str] = []
        self.loads: list[tuple[str, str]] = []
        self.handlers: list[str] = []
        self.alts: list[str] = []
        self.text: list[str] = []
        self.headings: list[int] = []
        self._into: list[str] | None = None
        self._hidden = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self._hidden = tag in ("style", "script")
        for name, value in attrs:
            if name in ("src", "href", "action", "data", "srcset", "poster", "background", "xlink:href", "formaction"):
                self.loads.append((name, value or ""))
            if name.startswith("on") or name == "style":
                self.handlers.append(name)
            if name == "alt":
                self.alts.append(value or "")
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th", "caption"):
            self._into = []
        elif tag in ("h1", "h2", "h3", "h4"):
            self.headings.append(int(tag[1]))

    def handle_endtag(self, tag: str) -> None:
        self._hidden = False
        if tag in ("td", "th") and self._into is not None:
            self.tables[-1][-1].append("".join(self._into))
            self._into = None
        elif tag == "caption" and self._into is not None:
            self.captions.append("".join(self._into))
            self._into = None

    def handle_data(self, data: str) -> None:
        if self._into is not None:
            self._into.append(data)
        if not self._hidden:
            self.text.append(data)

    def table(self, caption: str) -> dict[str, dict[str, str]]:
        """The rows of a table by their names, each by its columns."""
        head, *rows = self.tables[self.captions.index(caption)]
        return {row[0]: dict(zip(head[1:], row[1:], strict=True)) for row in rows}
