"""Access codes to hand out: a table for a mail merge, and a sheet to print and cut.

Decides how a slip looks. The order of the slips says nothing, and no slip has a number.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from io import StringIO
from textwrap import shorten

import orjson
import segno
import typst

COLUMNS = ("wave", "group", "school", "code", "address")

_HOW = {
    "en": "Scan this, or go to the address and type the code. It works once. "
    "Nobody keeps which code gave which answers.",
    "es": "Escanee esto, o vaya a la dirección y escriba el código. Sirve una sola vez. "
    "Nadie guarda qué código dio qué respuestas.",
}

# Ten slips a page of US Letter, in two columns, with lines to cut along. All words come in as data.
_SHEET = """
#let sheet = json(bytes(sys.inputs.sheet))
#set document(title: sheet.title, date: none)
#set page("us-letter", margin: (x: 12mm, y: 12mm))
#set text(font: "Libertinus Serif", size: 8.5pt, lang: "en")
#set par(leading: 0.45em, spacing: 0.6em)
#let slip(one) = box(width: 100%, height: 100%, inset: 4mm)[
  #grid(columns: (1fr, 27mm), column-gutter: 3mm,
    [
      #text(size: 11pt, weight: "bold", sheet.title) \\
      #text(size: 9.5pt, sheet.place)
      #v(1mm)
      #text(font: "DejaVu Sans Mono", size: 13.5pt, weight: "bold", one.code)
      #v(1mm)
      #text(size: 7pt)[#sheet.how.en #text(lang: "es", style: "italic", sheet.how.es)]
    ],
    image(bytes(one.qr), format: "svg", width: 27mm, alt: "The address with the code, to be scanned"),
  )
  #place(bottom + left, text(font: "DejaVu Sans Mono", size: 6.5pt, sheet.address))
]
#grid(columns: (1fr, 1fr), rows: 50.5mm,
  stroke: (paint: luma(150), thickness: 0.5pt, dash: "dashed"),
  ..sheet.slips.map(slip))
"""


def table(wave: str, group: str, school: str | None, address: str, codes: Sequence[str]) -> bytes:
    """Give the codes as CSV with a heading; the addresses hold them behind a `#`, which no server is told."""
    out = StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    writer.writerows((wave, group, school or "", code, with_code(address, code)) for code in codes)
    return out.getvalue().encode()


def sheet(title: str, place: str, address: str, codes: Sequence[str]) -> bytes:
    """Give the codes as a PDF of slips to cut, each with the address as a QR code.

    Parameters
    ----------
    title, place : what is printed above each code: the wave's title, the school or the group.
    address : of the survey page, without a code.
    """
    data = {
        "title": shorten(title, 60, placeholder="…"),
        "place": shorten(place, 44, placeholder="…"),
        "address": address.split("://", 1)[-1],
        "how": _HOW,
        "slips": [{"code": code, "qr": _square(with_code(address, code))} for code in codes],
    }
    made = typst.compile(_SHEET.encode(), format="pdf", sys_inputs={"sheet": orjson.dumps(data).decode()})
    assert isinstance(made, bytes)  # one document, not the list of pages that pictures give
    return made


def with_code(address: str, code: str) -> str:
    """Add a code to an address: a browser does not send what is behind `#`, so no log of a server has it."""
    return f"{address}#{code}"


def _square(text: str) -> str:
    """Draw a QR code as SVG; a quarter of it may be dirty or torn."""
    return segno.make(text, error="q", micro=False).svg_inline(border=2)
