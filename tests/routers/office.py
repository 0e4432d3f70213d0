"""What the tests of the signed-in pages share: a released wave with withheld cells, and the tables of a page."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser
from typing import Any

from tests import factories
from tests.server import Api, must
from tests.services.sending import bulk

NAMES = {school: school.title() for school in factories.SCHOOLS}
# Shutesbury is too small among families and pooled with the smallest other one, Swift River.
PEOPLE = {
    "family": {"erving": 17, "leverett": 14, "shutesbury": 3, "swift-river": 11},
    "staff": {"erving": 13, "leverett": 12, "shutesbury": 11, "swift-river": 10},
    "school_leader": {"erving": 1, "leverett": 1},
}
SILENT = 12  # so many of each did not answer
PROMISE = {
    "family": {"mode": "confidential", "minimum": 10},
    "staff": {"mode": "confidential", "minimum": 10, "public": "banded"},
    "school_leader": {"mode": "attributed"},
}


def questionnaire(group: str) -> dict[str, Any]:
    items = [
        factories.rating("informed"),
        factories.rating("heard"),
        factories.rating("ignored", reverse=True),
        {"key": "overall", "kind": "rating", "scale": "agree5", "text": factories.en("Overall?"), "outcome": True},
        {"key": "plan", "kind": "single", "options": factories.options("yes", "no"), "text": factories.en("A plan?")},
        {
            "key": "help",
            "kind": "multiple",
            "options": factories.options("speech", "ot"),
            "text": factories.en("Help?"),
        },
        {"key": "meetings", "kind": "integer", "minimum": 0, "maximum": 9, "text": factories.en("Meetings?")},
        {"key": "anything", "kind": "text", "text": factories.en("Anything else?")},
    ]
    return factories.definition(group, items, key=f"{group.replace('_', '-')}-office")


def field(api: Api, **more: Any) -> str:
    """An open wave in which everybody has answered."""
    wave = api.wave(*(questionnaire(group) for group in PEOPLE), promise=PROMISE, **more)
    counts = [
        {"group": group, "school": school, "eligible": n + SILENT}
        for group, at in PEOPLE.items()
        for school, n in at.items()
    ]
    must(api.admin.put(f"/v1/waves/{wave}/roster", json={"source": "test", "counts": counts}))
    bodies = [
        factories.response(group, school, _answers(group, school, i))
        for group, at in PEOPLE.items()
        for school, n in at.items()
        for i in range(n)
    ]
    assert bulk(api.admin, wave, bodies)["accepted"] == len(bodies)
    return wave


def release(api: Api, wave: str) -> str:
    must(api.admin.post(f"/v1/waves/{wave}/close"))
    must(api.admin.post(f"/v1/waves/{wave}/releases"), 201)
    return wave


def _answers(group: str, school: str, i: int) -> dict[str, Any]:
    scale, shift = factories.AGREE, len(group) + len(school)
    return {
        "informed": scale[(i + shift) % 5], "heard": scale[(i * 2 + shift) % 4], "ignored": scale[(i + 1) % 3],
        "overall": scale[(i + shift) % 5], "plan": ("yes", "no")[i % 2],
        "help": [["speech"], ["speech", "ot"], []][i % 3],
        "meetings": (i * 7) % 10, "anything": f"{group} of {school} say {'more ' * i}",
    }  # fmt: skip


# ------------------------------------------------------------------ pages as text
class _Tables(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.text: list[str] = []
        self._cell = False

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows = self.rows or [[]]
            self.rows[-1].append("")
            self._cell = True

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self._cell = False

    def handle_data(self, data: str) -> None:
        self.text.append(data)
        if self._cell:
            self.rows[-1][-1] += data


def rows(page: str) -> list[list[str]]:
    """The rows of all tables of a page, a text a cell."""
    parser = _Tables()
    parser.feed(page)
    return [[" ".join(cell.split()) for cell in row] for row in parser.rows]


def text(page: str) -> str:
    """What stands between the tags of a page, with single blanks."""
    parser = _Tables()
    parser.feed(page)
    return " ".join(" ".join(parser.text).split())


def links(page: str) -> list[str]:
    """The addresses of this server that a page leads to, without what stands behind `#`."""
    found = (html.unescape(one).partition("#")[0] for one in re.findall(r'href="(/[^"]*|\?[^"]*)"', page))
    return [one for one in dict.fromkeys(found) if not one.startswith("/static/")]
