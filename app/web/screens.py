"""The screens of a survey page: start, step, review, thank-you, and the notices that are no form.

Decides what a template is told. What a person entered travels on in hidden fields, until it is sent.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import orjson
from fastapi import Request
from markupsafe import Markup
from starlette.responses import Response

from app.errors import Fault
from app.services.pages import Face
from app.survey.forms import At, Fields, Filled, Move, read, values_of
from app.survey.instrument import Instrument
from app.web.pages import asset, html, render
from app.web.wording import LANGUAGES, Tongue, name_of, preferred

SECONDS_AN_ITEM = 10  # a statement of a dozen words read and answered, with the time to think it over


def language(request: Request, offered: tuple[str, ...], default: str) -> str:
    """Choose the language of a page: what was asked for, else what the browser likes, else the default."""
    asked = request.query_params.get("lang", "")
    return asked if asked in offered else preferred(request.headers.get("accept-language", ""), offered, default)


def notice(
    request: Request, what: str, status: int, face: Face | None = None, headers: Mapping[str, str] | None = None
) -> Response:
    """Give a page that only says something."""
    offered = face.mine.codebook.instrument.languages if face else LANGUAGES
    default = face.mine.codebook.instrument.default_locale if face else "en"
    t = Tongue(language(request, offered, default))
    moment = {"scheduled": face.opens_at, "closed": face.closes_at}.get(what) if face else None
    page = render(
        request,
        "notice.html",
        t=t,
        what=what,
        heading=face.title if face else "Soundings",
        simulated=face.simulated if face else False,
        when=t.when(moment) if moment else None,
        languages=_languages(request, offered) if request.method == "GET" else [],
    )
    return html(request, page, status, headers)


def _languages(request: Request, offered: tuple[str, ...], *, links: bool = True) -> list[dict[str, Any]]:
    known = {"k": k} if (k := request.query_params.get("k")) else {}
    return [
        {"tag": tag, "name": name_of(tag), "href": "?" + urlencode({**known, "lang": tag}) if links else None}
        for tag in offered
    ]


@dataclass(slots=True)
class Screens:
    """The screens of one survey for one person, in one language.

    Attributes
    ----------
    fields : what the form sent, empty on the first screen.
    identity : the id that the response will have, made when the form opened.
    """

    request: Request
    face: Face
    locale: str
    fields: Fields = field(default_factory=dict)
    identity: str | None = None

    @property
    def instrument(self) -> Instrument:
        return self.face.mine.codebook.instrument

    @property
    def school(self) -> str | None:
        """The school that the answers are about: the address's, or the one that was chosen, if it is one of them."""
        chosen = self.own("_school")
        return self.face.school or (chosen if chosen in self.face.schools else None)

    def own(self, name: str) -> str:
        """Give the value of one of the page's own fields."""
        return (self.fields.get(name) or ("",))[0]

    # ---------------------------------------------------------------- screens
    def start(self, *, wrong: tuple[str, ...] = (), withdraw_fault: bool = False, status: int = 200) -> Response:
        """Show the first screen; `wrong` names what is missing on it, `need_school` or `need_code`."""
        instrument, t = self.instrument, self._tongue()
        first = not self.fields
        promise = self.face.promise.get(t.own) or self.face.promise["en"]
        minutes = max(1, round(len(instrument.items) * SECONDS_AN_ITEM / 60))
        anchors = {"need_school": "school", "need_code": "code"}
        return self._page(
            "start.html",
            status=status,
            keep=first,
            at="start",
            shown=(),
            without=("_school", "_code"),
            intro=instrument.intro.say(self.locale) if instrument.intro else None,
            questions=len(instrument.items),
            minutes=minutes,
            when=t.when(self.face.closes_at),
            promise=re.split(r"(?<=\.)\s+", promise),
            schools=self.face.schools,
            needs_school=self.face.mine.needs_school,
            school=self.school,
            no_school=self.own("_school") == "none",
            wrong_school="need_school" in wrong,
            by_code=self.face.by_code,
            code=self.own("_code"),
            code_fault="need_code" if "need_code" in wrong else None,
            some_required=any(item.required for item in instrument.items),
            withdraw_fault=withdraw_fault,
            faults=[{"anchor": anchors[key], "text": "", "message": t.say(key)} for key in wrong],
            pages=first,
            sections=instrument.sections,
            scales=instrument.scales,
            lean=True,
            value=None,
            fault=None,
            receipt={"withdrawal_code": "", "id": ""},
            again=self._again(),
            data=self._data(t) if first else "",
        )

    def step(self, move: Move) -> Response:
        """Show one section of the instrument."""
        assert isinstance(move.at, int)
        t, section, items = self._tongue(), self.instrument.sections[move.at], move.filled.items(move.at)
        messages = {key: _message(t, self.instrument.by_key[key], fault) for key, fault in move.faults.items()}
        return self._page(
            "step.html",
            status=422 if messages else 200,
            filled=move.filled,
            at=move.at,
            shown=tuple(item.key for item in items),
            section={
                "title": section.title.say(self.locale),
                "intro": section.intro.say(self.locale) if section.intro else None,
            },
            items=items,
            answers=move.filled.answers,
            messages=messages,
            faults=[
                {"anchor": f"a-{key}", "text": self.instrument.by_key[key].text.say(self.locale), "message": message}
                for key, message in messages.items()
            ],
            more=bool(move.more),
            number=move.filled.steps.index(move.at) + 1,
            total=len(move.filled.steps),
            scales=self.instrument.scales,
            lean=False,
        )

    def review(self, filled: Filled, *, trouble: str | None = None, code_fault: str | None = None, status: int = 200,
               headers: Mapping[str, str] | None = None) -> Response:  # fmt: skip
        """Show all answers before they are sent; `trouble` says why sending them just failed."""
        groups = [
            {
                "step": step,
                "title": self.instrument.sections[step].title.say(self.locale),
                "lines": [
                    {"text": item.text.say(self.locale), "said": self._said(item, filled.answers.get(item.key))}
                    for item in filled.items(step)
                ],
            }
            for step in filled.steps
        ]
        t = self._tongue()
        return self._page(
            "review.html",
            status=status,
            headers=headers,
            filled=filled,
            at="review",
            shown=(),
            without=("_code",) if code_fault else (),
            schools=self.face.schools,
            school=self.school,
            groups=groups,
            trouble=trouble,
            code=self.own("_code"),
            code_fault=code_fault,
            faults=[{"anchor": "code", "text": "", "message": t.say(code_fault)}] if code_fault else [],
            total=len(filled.steps),
        )

    def thanks(self, receipt: Mapping[str, Any]) -> Response:
        """Show that the answers have arrived, and the code that takes them back."""
        return self._page("thanks.html", receipt=receipt, again=self._again())

    def notice(self, what: str, status: int) -> Response:
        return notice(self.request, what, status, self.face)

    def withdrawn(self) -> Response:
        return self.notice("withdrawn", 200)

    # ---------------------------------------------------------------- parts
    def _tongue(self) -> Tongue:
        return Tongue(self.locale)

    def _again(self) -> str:
        known = {"k": k} if (k := self.request.query_params.get("k")) else {}
        return "?" + urlencode({**known, "lang": self.locale})

    def _page(self, template: str, *, status: int = 200, keep: bool = False, headers: Mapping[str, str] | None = None,
              filled: Filled | None = None, at: At = "start", shown: tuple[str, ...] = (),
              without: tuple[str, ...] = (), **context: Any) -> Response:  # fmt: skip
        title = self.instrument.title.say(self.locale)
        place = self.face.school_name or self.face.schools.get(self.school or "")
        page = render(
            self.request,
            template,
            t=self._tongue(),
            title=title,
            heading=" · ".join(part for part in (place, self.face.title) if part),
            simulated=self.face.simulated,
            languages=_languages(self.request, self.instrument.languages, links=not self.fields),
            id=self.identity,
            at=at,
            kept=self._kept(filled, shown, without),
            **context,
        )
        return html(self.request, page, status, headers, keep=keep)

    def _kept(self, filled: Filled | None, shown: tuple[str, ...], without: tuple[str, ...]) -> list[tuple[str, str]]:
        """List the hidden fields: everything entered so far that the screen does not show."""
        filled = filled or read(self.instrument, self.fields)
        own = [(name, self.own(name)) for name in ("_school", "_code") if name not in without and self.own(name)]
        answers = [(key, answer) for key, answer in filled.answers.items() if key not in shown]
        return own + [(key, value) for key, answer in answers for value in values_of(answer)]

    def _said(self, item: Any, answer: Any) -> str | None:
        """Say an answer in words."""
        if answer is None:
            return None
        t = self._tongue()
        labels = {o["value"]: o["label"] for o in item.options(self.instrument.scales, self.locale)}
        return ", ".join(labels.get(value) or value or t.plain("none") for value in values_of(answer))

    def _data(self, t: Tongue) -> Markup:
        """Give what the script needs to know: the rules, and the words that are not in the HTML."""
        rules: dict[str, dict[str, Any]] = {}
        for item in self.instrument.items:
            rule: dict[str, Any] = {}
            if item.required:
                rule["required"] = True
            if item.show_if is not None:
                rule["if"] = item.show_if.model_dump(mode="json", by_alias=True)
            if rule:
                rules[item.key] = rule
        root = self.request.scope.get("root_path", "").rstrip("/")
        data = {
            "rules": rules,
            "locale": self.locale,
            "own": t.own,
            "words": t.scripted() | {"none": t.plain("none")},
            "closes": self.face.closes_at.isoformat(),
            "until": t.when(self.face.closes_at),
            "instrument": self.face.mine.instrument,
            "worker": f"{root}/s/worker.js?v={asset('worker.js').version}",
            "scope": f"{root}/s/",
        }
        return Markup(orjson.dumps(data).decode().replace("<", "\\u003c"))


def _message(t: Tongue, item: Any, fault: Fault) -> Markup:
    """Say what is wrong with an answer."""
    return t.mark(t.fault(fault.code, item.kind, *(fault.expected or ())))
