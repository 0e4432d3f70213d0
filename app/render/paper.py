"""An instrument as a paper form: a PDF to print, fill in by hand and enter later.

Decides how each question looks on paper, and says skip logic in words, because paper hides nothing.
"""

from __future__ import annotations

from typing import Any

import orjson
import typst

from app.survey.conditions import All, AnyOf, Condition, Is, Not
from app.survey.instrument import Instrument
from app.survey.items import Item, Multiple, Rating

_WORDS = {
    "en": {
        "only": "Only if {}:", "is": "your answer to {} is {}", "and": " and ", "or": " or ", "not": "not ({})",
        "many": "Mark all that apply.", "none": "None of these",
    },
    "es": {
        "only": "Solo si {}:", "is": "su respuesta a la {} es {}", "and": " y ", "or": " o ", "not": "no ({})",
        "many": "Marque todas las que correspondan.", "none": "Ninguna de estas",
    },
}  # fmt: skip
LINES = 5  # to write a text on

# US Letter; circles for one answer, squares for several. All words come in as data.
_FORM = """
#let form = json(bytes(sys.inputs.form))
#set document(title: form.title, date: none)
#set page("us-letter", margin: (x: 18mm, top: 16mm, bottom: 18mm),
  footer: context text(size: 8pt)[#form.name #h(1fr) #counter(page).display("1 / 1", both: true)])
#set text(font: "Libertinus Serif", size: 11pt, lang: form.language)
#set text(dir: if form.right_to_left { rtl } else { ltr })
#let shape(several) = if several { square(size: 0.85em, stroke: 0.6pt) } else { circle(radius: 0.43em, stroke: 0.6pt) }
#let mark(several) = box(baseline: 0.15em, shape(several))
#let choice(several, label) = [#mark(several)#h(0.45em)#label]
#let line-to-write(width) = box(width: width, height: 1.9em, stroke: (bottom: 0.5pt + luma(120)))
#let answer(item) = {
  if item.options.len() > 0 {
    if item.in_a_row { grid(columns: item.options.len() * (1fr,), column-gutter: 2mm,
      ..item.options.map(label => align(center)[#mark(false) \\ #text(size: 8.5pt, label)])) }
    else { for label in item.options { block(spacing: 0.55em, inset: (left: 6mm), choice(item.several, label)) } }
  } else if item.lines > 1 { for _ in range(item.lines) { block(spacing: 0pt, line-to-write(100%)) } }
  else { line-to-write(45mm) }
}
#heading(level: 1, form.title)
#for words in form.intro { par(words) }
#for section in form.sections {
  block(above: 1.4em, below: 0.8em, sticky: true, heading(level: 2, section.title))
  for words in section.intro { block(sticky: true, words) }
  for item in section.items {
    block(breakable: false, above: 1.1em, width: 100%)[
      #if item.only != none [#text(size: 9pt, style: "italic", item.only) \\ ]
      #strong[#item.number.] #item.text #text(size: 8.5pt, fill: luma(80), item.how)
      #if item.help != none [\\ #text(size: 9pt, fill: luma(60), item.help)]
      #block(above: 0.6em, answer(item))
    ]
  }
}
"""


def form(instrument: Instrument, locale: str, name: str, *, right_to_left: bool = False) -> bytes:
    """Give the form of an instrument in one of its languages as a PDF.

    Parameters
    ----------
    name : what is printed at the foot of each page, such as `family@1`, so that whoever enters it knows what it is.
    right_to_left : whether the language is written so.
    """
    data = _Paper(instrument, locale).data() | {"name": f"{name} · {locale}", "right_to_left": right_to_left}
    made = typst.compile(_FORM.encode(), format="pdf", sys_inputs={"form": orjson.dumps(data).decode()})
    assert isinstance(made, bytes)  # one document, not the list of pages that pictures give
    return made


def questions(instrument: Instrument, locale: str) -> list[dict[str, Any]]:
    """Give what the form asks, by section, as it numbers and words it; `values` are those of the options, in order.

    Whoever types a filled-in form in reads the same numbers and the same order on the screen.
    """
    sections: list[dict[str, Any]] = _Paper(instrument, locale).data()["sections"]
    return sections


class _Paper:
    """The words of one form."""

    def __init__(self, instrument: Instrument, locale: str) -> None:
        self.instrument, self.locale = instrument, locale
        self.words = _WORDS.get(locale.split("-")[0].lower(), _WORDS["en"])
        self.numbers = {item.key: number for number, item in enumerate(instrument.items, 1)}

    def data(self) -> dict[str, Any]:
        it = self.instrument
        return {
            "title": it.title.say(self.locale),
            "language": self.locale.split("-")[0].lower(),
            "intro": [it.intro.say(self.locale)] if it.intro is not None else [],
            "sections": [
                {
                    "title": section.title.say(self.locale),
                    "intro": [section.intro.say(self.locale)] if section.intro is not None else [],
                    "items": [self.item(item) for item in section.items],
                }
                for section in it.sections
            ],
        }

    def item(self, item: Item) -> dict[str, Any]:
        several = isinstance(item, Multiple)
        labels = [str(option["label"]) for option in self.options(item)]
        values = [str(option["value"]) for option in self.options(item)]
        return {
            "key": item.key,
            "number": self.numbers[item.key],
            "text": item.text.say(self.locale),
            "help": None if item.help is None else item.help.say(self.locale),
            "only": None if item.show_if is None else self.words["only"].format(self.condition(item.show_if)),
            "how": self.words["many"] if several else "",
            "options": [*labels, self.words["none"]] if several else labels,
            "values": [*values, ""] if several else values,
            "several": several,
            "in_a_row": isinstance(item, Rating) and len(labels) <= 7,
            "lines": LINES if item.is_comment else 1,
        }

    def options(self, item: Item) -> list[dict[str, Any]]:
        return item.options(self.instrument.scales, self.locale)

    def condition(self, condition: Condition) -> str:
        """Say skip logic in words, with the numbers of the questions."""
        match condition:
            case All() | AnyOf():
                word = self.words["and" if isinstance(condition, All) else "or"]
                said = [self.condition(part) for part in condition.parts]
                mixed = [isinstance(part, (All, AnyOf)) and len(part.parts) > 1 for part in condition.parts]
                return word.join(f"({words})" if apart else words for words, apart in zip(said, mixed, strict=True))
            case Not():
                return self.words["not"].format(self.condition(condition.part))
            case Is():
                item = self.instrument.by_key[condition.item]
                labels = {option["value"]: option["label"] for option in self.options(item)}
                named = [labels.get(self.value(value), str(value)) for value in condition.values]
                quoted = self.words["or"].join(f"“{words}”" for words in named)
                return self.words["is"].format(self.numbers[item.key], quoted)

    def value(self, value: Any) -> str:
        return str(value).lower() if type(value) is bool else str(value)
