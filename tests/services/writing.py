"""What the tests of comments share: waves with open questions, people who write, and what came of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import httpx

from tests import factories
from tests.server import Api, must
from tests.services.sending import bulk

Words = Mapping[str | None, Iterable[str | None]]
ITEMS = ("anything", "wishes")


def questionnaire(group: str = "family") -> dict[str, Any]:
    """One rating and two open questions."""
    asked = [{"key": key, "kind": "text", "text": factories.en(key)} for key in ITEMS]
    return factories.definition(group, [factories.rating("informed"), *asked], key=f"{group.replace('_', '-')}-words")


def people(group: str, words: Words, item: str = "anything") -> list[dict[str, Any]]:
    """One response for each text; None answers, but writes nothing."""
    return [
        factories.response(group, school, {"informed": "agree"} | ({} if text is None else {item: text}))
        for school, texts in words.items()
        for text in texts
    ]


def wave_of(api: Api, *groups: str, **more: Any) -> str:
    return api.wave(*(questionnaire(group) for group in groups or ("family",)), **more)


def written(api: Api, words: Words, group: str = "family", **more: Any) -> str:
    """A closed wave of one group in which people wrote this; not released."""
    wave = wave_of(api, group, **more)
    bodies = people(group, words)
    assert bulk(api.admin, wave, bodies)["accepted"] == len(bodies)
    must(api.admin.post(f"/v1/waves/{wave}/close"))
    return wave


def released(api: Api, words: Words, group: str = "family", **more: Any) -> str:
    wave = written(api, words, group, **more)
    must(api.admin.post(f"/v1/waves/{wave}/releases"), 201)
    return wave


def read(client: httpx.Client, wave: str, **asked: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = must(client.get(f"/v1/waves/{wave}/comments", params=asked), 200)["items"]
    return found


def said(client: httpx.Client, wave: str, **asked: Any) -> list[tuple[str | None, str]]:
    """Place and text of every comment, sorted; a pool is its schools, joined by `+`."""
    comments = read(client, wave, **asked)
    return sorted(
        (("+".join(c["schools"]) if "schools" in c else c["school"], c["text"]) for c in comments),
        key=lambda pair: (pair[0] or "", pair[1]),
    )


def texts(stem: str, n: int, silent: int = 0) -> list[str | None]:
    return [*(f"{stem} {'x' * i}" for i in range(1, n + 1)), *[None] * silent]
