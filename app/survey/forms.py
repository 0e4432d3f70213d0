"""A survey as a form of steps: which questions are asked now, what was answered, what is wrong with it.

Decides how the fields of an HTML form become answers, and where a person is led next. Knows nothing of HTML or HTTP.
A step is a section of the instrument; before the first is the start, after the last the review.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

from app.errors import Fault
from app.survey.codebook import AnswersFaulty, Codebook
from app.survey.instrument import Instrument

Fields = Mapping[str, Sequence[str]]
"""The fields of a form: name -> values. The page's own fields begin with `_`, which no item's key does."""

At = int | Literal["start", "review"]
"""Where a person is: at the start, at a section (its index), or at the review."""


@dataclass(frozen=True, slots=True)
class Filled:
    """A form as far as it is filled in.

    Attributes
    ----------
    answers : item key -> answer, of the items that are shown with these answers; it may be faulty.
    shown : the keys of the items that are shown, in the order in which they are asked.
    steps : the indices of the sections that have an item to show.
    """

    instrument: Instrument
    answers: Mapping[str, Any]
    shown: tuple[str, ...]
    steps: tuple[int, ...]

    def items(self, step: int) -> list[Any]:
        """Give the items that a step shows."""
        return [item for item in self.instrument.sections[step].items if item.key in self.shown]

    def after(self, at: At) -> At:
        """Give the place after a place: the next step that shows anything, or the review."""
        here = -1 if at == "start" else len(self.instrument.sections) if at == "review" else at
        return next((step for step in self.steps if step > here), "review")

    def before(self, at: At) -> At:
        """Give the place before a place: the step before it that shows anything, or the start."""
        here = len(self.instrument.sections) if at == "review" else -1 if at == "start" else at
        return next((step for step in reversed(self.steps) if step < here), "start")


def read(instrument: Instrument, fields: Fields, without: Sequence[str] = ()) -> Filled:
    """Read a form; what skip logic hides is dropped, as if it had never been answered.

    Parameters
    ----------
    fields : the values of each field; unknown ones do not matter.
    without : keys of items whose answers are thrown away.
    """
    answers: dict[str, Any] = {}
    shown: list[str] = []
    for item in instrument.items:
        if item.show_if is not None and not item.show_if.compile()(answers):
            continue
        shown.append(item.key)
        value = None if item.key in without else item.from_form(fields.get(item.key, ()))
        if value is not None:
            answers[item.key] = value
    asked = set(shown)
    steps = tuple(
        index for index, section in enumerate(instrument.sections) if any(item.key in asked for item in section.items)
    )
    return Filled(instrument, answers, tuple(shown), steps)


def faults(codebook: Codebook, filled: Filled) -> dict[str, Fault]:
    """Give the first fault of each item, in the order in which the items are asked."""
    try:
        codebook.encode(filled.answers)
    except AnswersFaulty as faulty:
        found: dict[str, Fault] = {}
        for fault in faulty.faults:
            found.setdefault(fault.pointer.split("/")[2], fault)
        return {key: found[key] for key in filled.shown if key in found}
    return {}


@dataclass(frozen=True, slots=True)
class Move:
    """Where a person stands after pressing a button, and what the page has to say about it.

    Attributes
    ----------
    faults : item key -> its fault, of the step where the person stays.
    more : items of this step that have come up only now, because of an answer on it.
    send : whether the form is complete and is to be sent.
    """

    at: At
    filled: Filled
    faults: Mapping[str, Fault] = field(default_factory=dict)
    more: tuple[str, ...] = ()
    send: bool = False


def move(codebook: Codebook, fields: Fields, at: At, go: str) -> Move:
    """Go where a button leads: `next`, `back`, `review`, `send`, `clear`, `to:2`; anything else stays.

    `next` leaves a step only when its answers are sound and nothing new has come up on it; `send` goes to the first
    step with a fault. Every other button keeps what was entered, sound or not.
    """
    instrument = codebook.instrument
    if go == "clear" and isinstance(at, int):
        own = [item.key for item in instrument.sections[at].items]
        return Move(at, read(instrument, fields, without=own))
    filled = read(instrument, fields)
    wrong = faults(codebook, filled)
    if go == "send":
        for step in filled.steps:
            here = _of_step(filled, step, wrong)
            if here:
                return Move(step, filled, here)
        return Move("review", filled, send=True)
    if go == "next" and isinstance(at, int):
        here = _of_step(filled, at, wrong)
        asked = set(fields.get("_asked", ()))
        more = tuple(item.key for item in filled.items(at) if item.key not in asked)
        if here or more:
            here = {key: fault for key, fault in here.items() if key not in more}
            return Move(at, filled, here, more)
    if go == "next":
        return Move(filled.after(at), filled)
    if go == "back":
        return Move(filled.before(at), filled)
    wanted = place(codebook, go.removeprefix("to:")) if go.startswith("to:") else at
    return Move(wanted if wanted in ("start", "review", *filled.steps) else at, filled)


def place(codebook: Codebook, given: str) -> At:
    """Read where a form says that the person is; what cannot be is the start."""
    if given == "review":
        return "review"
    index = int(given) if given.isdecimal() and len(given) < 4 else -1
    return index if 0 <= index < len(codebook.instrument.sections) else "start"


def _of_step(filled: Filled, step: int, wrong: Mapping[str, Fault]) -> dict[str, Fault]:
    return {item.key: wrong[item.key] for item in filled.items(step) if item.key in wrong}


def values_of(answer: Any) -> list[str]:
    """Give the values of a form's field that `read` makes this answer of."""
    if isinstance(answer, list):
        return [str(value) for value in answer] or [""]
    if isinstance(answer, float):
        return [f"{Decimal(repr(answer)):f}".removesuffix(".0")]  # as people write numbers, never 1e-05
    return [str(answer).lower() if isinstance(answer, bool) else str(answer)]
