"""The HTML in which other tools keep their texts, as plain text.

Decides which tags part lines and which hold nothing to read, and says what a plain text cannot carry. Knows no tool.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser

_LINES = {"br", "div", "li", "tr", "ul", "ol", "table", "dd", "dt", "hr"}
_PARAGRAPHS = {"p", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6"}
_SILENT = {"script", "style"}
_LOST = {
    "img": "a picture", "svg": "a picture", "audio": "a sound", "video": "a film", "iframe": "another page within",
    "embed": "an attachment", "object": "an attachment", "input": "a field", "select": "a field", "textarea": "a field",
    "script": "a script",
}  # fmt: skip


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.said: list[str] = []
        self.lost: dict[str, None] = {}
        self.silent = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.silent = tag in _SILENT
        if tag in _LINES or tag in _PARAGRAPHS:
            self.said.append("\n")
        if tag in _LOST:
            self.lost[_LOST[tag]] = None
        if tag == "a" and (target := dict(attrs).get("href")):
            self.lost[f"the link to {target}"] = None

    def handle_endtag(self, tag: str) -> None:
        self.silent = False
        if tag in _PARAGRAPHS:
            self.said.append("\n")

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.said.append(re.sub(r"\s+", " ", data))


def words_of(html: str) -> tuple[str, list[str]]:
    """Read a text that may be HTML.

    Returns
    -------
    text, lost : the text with one line end where a line ended and two where a paragraph did, and what it held beside.
    """
    if "<" not in html and "&" not in html:
        return html.strip(), []
    reader = _Reader()
    reader.feed(html)
    reader.close()
    lines = (" ".join(line.split()) for line in "".join(reader.said).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip(), list(reader.lost)
