"""Waves that people answer in the browser tests, and their addresses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import yaml

from app.services.access import link
from app.survey.instrument import parse
from tests import factories
from tests.databases import settings_for
from tests.server import Api, must

LIBRARY = Path(__file__).parents[2] / "app" / "survey" / "library"
SHIPPED = {parse(d).group: d for d in (yaml.safe_load(f.read_text("utf-8")) for f in sorted(LIBRARY.glob("*.yaml")))}
NAMES = {"erving": "Erving Elementary", "leverett": "Leverett Elementary", "shutesbury": "Shutesbury Elementary",
         "swift-river": "Swift River School"}  # fmt: skip


class Site:
    """A server with the shipped instruments in the field."""

    def __init__(self, folder: Path) -> None:
        self.api = Api(settings_for("sqlite", folder, peer_rate=1_000_000))
        self.library = self.wave(*SHIPPED.values(), title="Fall 2026")

    def wave(self, *definitions: dict[str, Any], **more: Any) -> str:
        made = self.api.wave(*definitions, **more)
        for key, name in NAMES.items():
            must(self.api.admin.put(f"/v1/schools/{key}", json={"name": name}))
        return made

    def address(self, wave: str, group: str = "family", school: str | None = None, **query: str) -> str:
        signature = link(self.api.settings.signing_secret(), wave, group, school)
        more = "".join(f"&{name}={value}" for name, value in query.items())
        return f"{self.api.base}/s/{wave}/{group}" + (f"/{school}" if school else "") + f"?k={signature}{more}"

    def stored(self, wave: str) -> list[dict[str, Any]]:
        """Every response of a wave."""
        text = self.api.admin.get(f"/v1/waves/{wave}/responses").text
        return [orjson.loads(line) for line in text.splitlines()]

    def codes(self, wave: str, group: str, school: str, count: int) -> list[str]:
        roster = {"source": "test", "counts": [{"group": group, "school": school, "eligible": count}]}
        must(self.api.admin.put(f"/v1/waves/{wave}/roster", json=roster))
        body = {"group": group, "school": school, "count": count}
        return list(must(self.api.admin.post(f"/v1/waves/{wave}/access-codes", json=body))["codes"])


def arabic() -> dict[str, Any]:
    """An instrument in a language that is written from right to left, and that the pages have no words in."""

    def ar(text: str, english: str) -> dict[str, str]:
        return {"ar": text, "en": english}

    scale = [
        {"value": value, "score": score, "label": ar(text, value), "favorable": score > 3}
        for score, (value, text) in enumerate(
            zip(factories.AGREE, ("لا أوافق بشدة", "لا أوافق", "محايد", "أوافق", "أوافق بشدة"), strict=True), 1
        )
    ]
    items = [
        {"key": "welcome", "kind": "rating", "scale": "agree5", "required": True,
         "text": ar("أشعر بالترحيب في المدرسة.", "I feel welcome at school.")},
        {"key": "plan", "kind": "boolean", "text": ar("هل لدى طفلك خطة؟", "Does your child have a plan?")},
        {"key": "which", "kind": "multiple", "text": ar("أي خدمات؟", "Which services?"),
         "options": [{"value": "speech", "label": ar("النطق", "Speech")}, {"value": "ot", "label": ar("علاج", "OT")}],
         "show_if": {"item": "plan", "in": [True]}},
        {"key": "words", "kind": "text", "text": ar("شيء آخر؟", "Anything else?")},
    ]  # fmt: skip
    return {
        "key": "arabic",
        "group": "family",
        "title": ar("استبيان الأسرة", "Family survey"),
        "locales": ["ar", "en"],
        "default_locale": "ar",
        "scales": {"agree5": {"options": scale}},
        "sections": [{"key": "main", "title": ar("مدرستك", "Your school"), "items": items}],
    }
