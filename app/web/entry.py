"""The page on which a paper questionnaire is typed in: what its template is told.

Decides which key chooses which option, and what is kept from one questionnaire to the next: how many there were, and
the last one, which can be taken back. All of it travels in the page; nothing stays on the device, or here.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from fastapi import Request
from fastapi.responses import Response

from app.errors import Fault
from app.render import paper
from app.services.pages import Face
from app.survey.forms import Fields, read, values_of
from app.survey.instrument import Instrument
from app.web.sessions import Visit, page
from app.web.wording import Tongue, direction, name_of

KEYS = "123456789abcdefghijklmnopqrstuvwxyz"  # 0 takes an answer away
MOST = 100_000  # questionnaires in one sitting


@dataclass(frozen=True, slots=True)
class Last:
    """The questionnaire that was typed in before: its receipt, and its fields."""

    id: str
    code: str
    fields: Fields


@dataclass(frozen=True, slots=True)
class Typing:
    """One sitting at one survey.

    Attributes
    ----------
    locale : the language of the paper.
    count : how many questionnaires were stored so far.
    """

    request: Request
    visit: Visit
    face: Face
    locale: str
    count: int = 0
    last: Last | None = None

    @property
    def instrument(self) -> Instrument:
        return self.face.mine.codebook.instrument

    @property
    def school(self) -> str | None:
        """The school of the address, or the one that was chosen, if it may be."""
        chosen = self.visit.own("_school")
        return self.face.school or (chosen if chosen in self.face.schools else None)

    @property
    def needs_school(self) -> bool:
        """Whether a school has to be chosen: of some groups by all, and of any group by keys of some schools."""
        return self.face.mine.needs_school or (bool(self.face.schools) and self.visit.caller.schools is not None)

    def form(
        self, *, fields: Fields | None = None, identity: str | None = None,
        faults: Mapping[str, Fault] | None = None, own_faults: Mapping[str, str] | None = None,
        surplus: tuple[str, ...] = (), said: str | None = None, trouble: str | None = None, status: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> Response:  # fmt: skip
        """Show the form.

        Parameters
        ----------
        fields : what was entered; nothing on a fresh form.
        identity : the id that it will be stored under; a new one if None.
        faults, own_faults : what is wrong with an item's answer, and with the school or the code.
        surplus : keys of the items that were answered though they are not asked.
        said, trouble : what just went well, or did not.
        """
        given = fields or {}
        wrong = {**(own_faults or {}), **self._messages(faults or {}, surplus)}
        sections = [
            {"title": s["title"], "rows": [self._row(row, given, wrong) for row in s["items"]]}
            for s in paper.questions(self.instrument, self.locale)
        ]
        return page(
            self.request,
            self.visit,
            "entry.html",
            status,
            headers,
            title=self.instrument.title.say(self.locale),
            simulated=self.face.simulated,
            face=self.face,
            place=self.face.school_name,
            locale=self.locale,
            direction=direction(self.locale),
            languages=[(tag, name_of(tag)) for tag in self.instrument.languages],
            id=identity or str(uuid.uuid4()),
            count=self.count,
            last=self.last,
            last_lines=self._lines(self.last) if self.last else [],
            last_field=_packed(self.last),
            sections=sections,
            chosen=self.school,
            needs_school=self.needs_school,
            code=self.visit.own("_code") if given else "",
            wrong=wrong,
            numbers={row["key"]: row["number"] for section in sections for row in section["rows"]},
            surplus=surplus,
            said=said,
            trouble=trouble,
            first=next(iter(wrong), None) or self._first(),
        )

    def _first(self) -> str:
        """Name the field that typing begins with."""
        if self.face.by_code:
            return "_code"
        return "_school" if self.face.schools and self.school is None else self.instrument.items[0].key

    def _row(self, row: dict[str, Any], fields: Fields, messages: Mapping[str, str]) -> dict[str, Any]:
        item = self.instrument.by_key[row["key"]]
        given = fields.get(item.key, ())
        return {
            **row,
            "options": [
                {"value": value, "label": label, "press": KEYS[index : index + 1], "on": value in given}
                for index, (value, label) in enumerate(zip(row["values"], row["options"], strict=True))
            ],
            "given": given[0] if given else "",
            "kind": item.kind,
            "required": item.required,
            "dated": item.answer_schema(self.instrument.scales).get("format") == "date",
            "rule": orjson.dumps(item.show_if.model_dump(mode="json", by_alias=True)).decode() if item.show_if else "",
            "fault": messages.get(item.key),
        }

    def _messages(self, faults: Mapping[str, Fault], surplus: tuple[str, ...]) -> dict[str, str]:
        """Say what is wrong, by item, in the order of the form."""
        tongue, found = Tongue("en"), {}
        for item in self.instrument.items:
            if (fault := faults.get(item.key)) is not None:
                found[item.key] = tongue.fault(fault.code, item.kind, *(fault.expected or ()))
            elif item.key in surplus:
                found[item.key] = "This is not asked with the answers above. Correct them, or send again without it."
        return found

    def _lines(self, last: Last) -> list[dict[str, Any]]:
        """Say in words what was typed in."""
        filled = read(self.instrument, last.fields)
        return [
            {"number": row["number"], "text": row["text"], "said": _in_words(row, filled.answers.get(row["key"]))}
            for section in paper.questions(self.instrument, self.locale)
            for row in section["items"]
            if row["key"] in filled.shown
        ]


def typing(request: Request, visit: Visit, face: Face) -> Typing:
    """Read from address and form where a sitting stands."""
    languages = face.mine.codebook.instrument.languages
    go, count = visit.own("_go"), visit.own("_count")
    asked = (go.removeprefix("lang:"), visit.own("_locale"), request.query_params.get("lang", ""))
    locale = next((tag for tag in asked if tag in languages), face.mine.codebook.instrument.default_locale)
    number = int(count) if count.isdecimal() and len(count) < 6 else 0
    return Typing(request, visit, face, locale, min(number, MOST), _unpacked(visit.own("_last")))


def _in_words(row: dict[str, Any], answer: Any) -> str | None:
    if answer is None:
        return None
    labels = dict(zip(row["values"], row["options"], strict=True))
    return ", ".join(labels.get(value, value) for value in values_of(answer))


def _packed(last: Last | None) -> str:
    if last is None:
        return ""
    return orjson.dumps({"id": last.id, "code": last.code, "fields": last.fields}).decode()


def _unpacked(text: str) -> Last | None:
    """Read what a page of ours kept; anything else is nothing."""
    try:
        kept = orjson.loads(text)
        fields = {str(name): [str(value) for value in values] for name, values in kept["fields"].items()}
        return Last(str(uuid.UUID(kept["id"])), str(kept["code"]), fields)
    except (ValueError, TypeError, KeyError, AttributeError):  # orjson's JSONDecodeError is a ValueError
        return None
