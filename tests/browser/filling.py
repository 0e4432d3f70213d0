"""Filling in a survey as a person does, with dice: what is on the screen is answered, the rest is not known."""

from __future__ import annotations

import random
from typing import Any

from playwright.sync_api import Locator, Page

SHORT = {"integer": ["0", "3", "20"], "number": ["1.5", "2"], "date": ["2024-02-29"]}


def primary(page: Page) -> Locator:
    return page.locator("button.primary:visible").first


def begin(page: Page, school: str | None = "erving") -> None:
    if school is not None and page.locator("#school").count():
        page.select_option("#school", school)
    primary(page).click()
    page.locator("[data-item]:visible").first.wait_for()


def fill_screen(page: Page, dice: random.Random, said: dict[str, Any], skip: float = 0.15) -> None:
    """Answer what is visible, in order; `said` gets what was meant."""
    done: set[str] = set()
    while True:
        waiting = [key for key in visible(page) if key not in done]
        if not waiting:
            return
        key = waiting[0]
        done.add(key)
        node = page.locator(f"[data-item='{key}']")
        if key not in said and (dice.random() > skip or node.get_attribute("aria-required") == "true"):
            said[key] = answer(node, dice)


def visible(page: Page) -> list[str]:
    return [str(node.get_attribute("data-item")) for node in page.locator("[data-item]:visible").all()]


def answer(node: Locator, dice: random.Random) -> Any:
    reads = node.get_attribute("data-read")
    boxes = node.locator("input[type=radio], input[type=checkbox]")
    if boxes.count():
        chosen = dice.sample(range(boxes.count()), 1 if reads != "many" else dice.randint(1, 3))
        last = boxes.count() - 1
        if reads == "many" and last in chosen:
            chosen = [last]
        for index in sorted(chosen):
            boxes.nth(index).check()
        values = [str(boxes.nth(index).get_attribute("value")) for index in sorted(chosen)]
        if reads == "many":
            return [value for value in values if value]
        return values[0] == "true" if reads == "boolean" else values[0]
    field = node.locator("input, textarea")
    if reads == "text":
        text = dice.choice(["¡Más tiempo!\nGracias <b>", "«Thank you» & good luck", "نعم"])
        field.fill(text)
        return text
    text = dice.choice(SHORT[str(reads)])
    field.fill(text)
    return text if reads == "date" else float(text)


def through(page: Page, dice: random.Random) -> dict[str, Any]:
    """Answer screen by screen until the review; gives what was meant, of what was shown at the end."""
    said: dict[str, Any] = {}
    for _ in range(60):
        fill_screen(page, dice, said)
        primary(page).click()
        if page.locator(".answers:visible").count():
            return said
    raise AssertionError("the review never came")
