"""A report as one page of HTML that loads nothing: style and pictures are in it, and there is no script.

Decides what a browser may do with it (`POLICY`). Every text is escaped by the template; a picture is an image of its
own document, in which nothing can run.
"""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from urllib.parse import quote

import jinja2
from markupsafe import Markup

from app.render.report.parts import WITHHELD, Report

_environment = jinja2.Environment(
    loader=jinja2.ChoiceLoader([jinja2.PackageLoader("app", "templates"), jinja2.PackageLoader("app", "static")]),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
)
_STYLE = Markup(_environment.get_template("report.css").render())  # a file of ours; it holds no data
_TEMPLATE = _environment.get_template("report.html")
_DIGEST = b64encode(sha256(_STYLE.encode()).digest()).decode()
POLICY = f"default-src 'none'; style-src 'sha256-{_DIGEST}'; img-src data:; base-uri 'none'; form-action 'none'"


def page(report: Report) -> bytes:
    """Give a report as HTML in UTF-8."""
    made = _TEMPLATE.render(report=report, style=_STYLE, policy=POLICY, address=_address, withheld=WITHHELD)
    return made.encode("utf-8", "replace")


_OFTEN = {sign: quote(sign) for sign in '%<>"#&'}  # the percent sign first: the others bring it along
_OTHERS = re.compile(r"[^A-Za-z0-9 !$%()*+,\-./:;=?@\[\]^_`{|}~']+")


def _address(svg: str) -> str:
    """Give a picture as an address that holds it."""
    for sign, spelled in _OFTEN.items():
        svg = svg.replace(sign, spelled)
    return "data:image/svg+xml," + _OTHERS.sub(lambda found: quote(found[0], safe=""), svg)
