"""Typing in paper questionnaires in a real browser: with the keyboard alone, without a script, and for everybody."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests import factories
from tests.browser.site import SHIPPED, Site
from tests.browser.test_accessibility import audit

Visit = Callable[..., Page]

# What a hand does for one questionnaire of `factories.every_kind`, question by question, and what must be stored.
STACK: list[tuple[list[str], dict[str, Any]]] = [
    (
        ["4", "2", "6", "1", "1 3", "3", "2", "250", "1.5", "1", "2022-02-28", "Más tiempo"],
        {"informed": "agree", "ignored": "disagree", "overall": "dont_know", "has_plan": "yes",
         "services": ["speech", "counseling"], "speech_good": "neutral", "meetings": 2, "miles": 250, "hours": 1.5,
         "bus": True, "since": "2022-02-28", "anything": "Más tiempo"},
    ),
    (  # no plan: two questions are passed over, another comes up
        ["5", "", "5", "2", "none needed", "", "", "", "2", "", ""],
        {"informed": "strongly_agree", "overall": "strongly_agree", "has_plan": "no", "why_not": "none needed",
         "bus": False},
    ),
    (  # unsure: neither way
        ["1", "1", "1", "3", "0", "", "", "", "", ""],
        {"informed": "strongly_disagree", "ignored": "strongly_disagree", "overall": "strongly_disagree",
         "has_plan": "unsure", "meetings": 0},
    ),
    (  # none of these, which brings up nothing; a wrong key, and one taken away again
        ["3", "9 2 0", "1 2", "1", "1 2 4", "40", "", "", "", "", ""],
        {"informed": "neutral", "overall": "disagree", "has_plan": "yes", "services": [], "meetings": 40},
    ),
    (
        ["2"],
        {"informed": "disagree"},
    ),
]  # fmt: skip


def sign_in(site: Site, visit: Visit, path: str, **more: Any) -> Page:
    """Follow a link to a page, and sign in on the way."""
    page = visit(site.api.base + path, **{"width": 1280, "height": 900, **more})
    page.fill("#key", site.api.secret("director"))
    page.press("#key", "Enter")
    page.wait_for_url("**" + path)
    return page


def type_in(page: Page, strokes: list[str]) -> None:
    """Type one questionnaire, Enter after each question; what is left at the end is passed over."""
    for stroke in strokes:
        if page.evaluate("document.activeElement.matches('input[type=radio], input[type=checkbox]')"):
            for key in stroke.split():
                page.keyboard.press(key)
        else:
            page.keyboard.type(stroke)
        page.keyboard.press("Enter")
    if not page.evaluate("document.activeElement.matches('.primary')"):
        page.keyboard.press("Control+Enter")
    page.keyboard.press("Enter")


def number(page: Page, count: int) -> None:
    expect(page.locator(".count strong")).to_have_text(str(count))


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.name"))


def test_five_questionnaires_with_the_keyboard_alone(site: Site, visit: Visit) -> None:
    wave = site.wave(factories.every_kind())
    page = sign_in(site, visit, f"/enter/{wave}/family/erving")
    for count, (strokes, _) in enumerate(STACK, 1):
        number(page, count - 1)
        expect(page.locator(":focus")).to_have_attribute("name", "informed")
        type_in(page, strokes)
        number(page, count)
    rows = site.stored(wave)
    assert len(rows) == len(STACK)
    typed = [answers for _, answers in STACK]
    assert all(row["answers"] in typed for row in rows)
    assert all(answers in [row["answers"] for row in rows] for answers in typed)
    assert {(row["school"], row["locale"]) for row in rows} == {("erving", "en")}


def test_nothing_stays_on_the_device(site: Site, visit: Visit) -> None:
    wave = site.wave(factories.every_kind())
    page = sign_in(site, visit, f"/enter/{wave}/family/erving")
    type_in(page, STACK[0][0])
    number(page, 1)
    kept = page.evaluate(
        "async () => [localStorage.length, sessionStorage.length, (await indexedDB.databases()).length,"
        " (await caches.keys()).length, (await navigator.serviceWorker.getRegistrations()).length]"
    )
    assert kept == [0, 0, 0, 0, 0]
    (cookie,) = page.context.cookies()
    assert (cookie["name"], cookie["httpOnly"], cookie["sameSite"]) == ("soundings", True, "Lax")
    assert page.evaluate("document.cookie") == ""


def test_back_and_forth_and_a_key_that_chooses_nothing(site: Site, visit: Visit) -> None:
    wave = site.wave(factories.every_kind())
    page = sign_in(site, visit, f"/enter/{wave}/family/erving")
    press = page.keyboard.press
    press("ArrowUp")  # nowhere to go
    assert focused(page) == "informed"
    press("4")
    press("ArrowDown")
    press("ArrowDown")
    assert focused(page) == "overall"
    press("7")
    expect(page.locator("[data-item=overall]")).to_have_class("row refused")
    expect(page.locator("[data-say]")).to_have_text("No answer 7 here.")
    assert page.locator("[name=overall]:checked").count() == 0
    press("ArrowUp")
    press("ArrowUp")
    assert focused(page) == "informed"
    assert page.input_value("[name=informed]:checked") == "agree"
    press("Backspace")
    assert page.locator("[name=informed]:checked").count() == 0
    press("2")
    for _ in range(3):
        press("Enter")
    assert focused(page) == "has_plan"
    expect(page.locator("[data-item=services]")).to_have_class("row skipped")
    press("1")
    expect(page.locator("[data-item=services]")).not_to_have_class("row skipped")
    press("Enter")
    press("4")  # none of these
    press("1")  # and yet one
    assert [box.input_value() for box in page.locator("[name=services]:checked").all()] == ["speech"]
    press("ArrowUp")
    press("2")  # no plan after all: what was ticked goes with its question
    expect(page.locator("[data-item=services]")).to_have_class("row skipped")
    press("Enter")
    page.keyboard.type("two")
    press("Shift+Enter")
    page.keyboard.type("lines")
    press("ArrowUp")  # within the text
    assert focused(page) == "why_not"
    press("Home")
    press("ArrowUp")
    assert focused(page) == "has_plan"
    press("Control+Enter")
    press("Enter")
    number(page, 1)
    assert site.stored(wave)[0]["answers"] == {"informed": "disagree", "has_plan": "no", "why_not": "two\nlines"}


def test_a_mistake_is_shown_where_it_is(site: Site, visit: Visit) -> None:
    wave = site.wave(factories.every_kind())
    page = sign_in(site, visit, f"/enter/{wave}/family")
    assert focused(page) == "_school"
    page.keyboard.press("Control+Enter")
    page.keyboard.press("Enter")
    expect(page.locator(".summary li")).to_have_count(2)
    expect(page.locator(":focus")).to_have_attribute("name", "_school")
    audit(page)
    page.keyboard.press("L")  # Leverett, as in any list
    page.keyboard.press("Enter")
    assert focused(page) == "informed"
    type_in(page, ["5"])
    number(page, 1)
    expect(page.locator(":focus")).to_have_attribute("name", "informed")  # the school stays
    assert site.stored(wave)[0]["school"] == "leverett"


def test_the_last_one_is_taken_back(site: Site, visit: Visit) -> None:
    wave = site.wave(factories.every_kind())
    page = sign_in(site, visit, f"/enter/{wave}/family/erving")
    type_in(page, STACK[0][0])
    number(page, 1)
    page.locator("details.last summary").press("Enter")
    expect(page.locator("details.last dd").first).to_have_text("agree")
    audit(page)
    page.locator("details.last .danger").press("Enter")
    number(page, 0)
    assert site.stored(wave) == []
    expect(page.locator("[name=meetings]")).to_have_value("2")
    page.fill("[name=meetings]", "3")
    page.locator("#paper .primary").press("Enter")
    number(page, 1)
    assert site.stored(wave)[0]["answers"] == {**STACK[0][1], "meetings": 3}


def test_with_codes(site: Site, visit: Visit) -> None:
    wave = site.wave(factories.every_kind(), access={"family": "code"})
    codes = site.codes(wave, "family", "erving", 2)
    page = sign_in(site, visit, f"/enter/{wave}/family/erving")
    for count, code in enumerate(codes, 1):
        expect(page.locator(":focus")).to_have_attribute("name", "_code")
        page.keyboard.type(code)
        page.keyboard.press("Enter")
        type_in(page, STACK[1][0])
        number(page, count)
    assert [row["answers"] for row in site.stored(wave)] == [STACK[1][1]] * 2


def test_a_double_press_stores_once(site: Site, visit: Visit) -> None:
    wave = site.wave(factories.every_kind())
    page = sign_in(site, visit, f"/enter/{wave}/family/erving")
    page.check("[name=informed][value=agree]")
    page.locator("#paper .primary").dblclick()
    number(page, 1)
    page.reload()
    number(page, 1)
    assert len(site.stored(wave)) == 1


def test_without_a_script(site: Site, visit: Visit) -> None:
    wave = site.wave(factories.every_kind())
    page = sign_in(site, visit, f"/enter/{wave}/family/erving", script=False)
    page.check("[name=informed][value=agree]")
    page.fill("[name=meetings]", "3")
    page.press("[name=meetings]", "Enter")  # stores nothing: the form is not finished
    number(page, 0)
    expect(page.locator("[name=meetings]")).to_have_value("3")
    page.check("[name=has_plan][value=yes]")
    page.check("[name=services][value=ot]")
    page.check("[name=speech_good][value=neutral]")
    page.click("#paper .primary")
    number(page, 1)
    answers = {"informed": "agree", "has_plan": "yes", "services": ["ot"], "speech_good": "neutral", "meetings": 3}
    assert [row["answers"] for row in site.stored(wave)] == [answers]
    page.click("details.last summary")
    page.click("details.last .danger")
    number(page, 0)
    assert site.stored(wave) == []
    page.click("text=Sign out")
    expect(page.locator("h1")).to_have_text("Sign in")


@pytest.mark.parametrize("width", [320, 768, 1280])
def test_every_screen_for_everybody(site: Site, visit: Visit, width: int) -> None:
    page = visit(site.api.base + "/enter", width=width)
    audit(page)
    page.fill("#key", "snd_wrong")
    page.press("#key", "Enter")
    expect(page.locator("#key-fault")).to_be_visible()
    audit(page)
    page.fill("#key", site.api.secret("director"))
    page.press("#key", "Enter")
    expect(page.locator("h1")).to_have_text("Paper entry")
    audit(page)
    for group in SHIPPED:
        page.goto(f"{site.api.base}/enter/{site.library}/{group}")
        page.evaluate("document.querySelectorAll('.skipped').forEach((row) => row.classList.remove('skipped'))")
        audit(page)
    page.goto(f"{site.api.base}/enter/{site.library}/family/erving?lang=es")
    audit(page)
    page.goto(f"{site.api.base}/enter/nothing/family")
    expect(page.locator("h1")).to_have_text("There is no such thing here")
    audit(page)


def test_a_reader_is_told_and_can_leave(site: Site, visit: Visit) -> None:
    page = visit(site.api.base + "/enter", width=768)
    page.fill("#key", site.api.secret("reporter"))
    page.press("#key", "Enter")
    expect(page.locator("h1")).to_have_text("This key may not do that")
    audit(page)
    page.click("text=Sign out")
    expect(page.locator("[role=status]")).to_have_text("You are signed out.")
    audit(page)
