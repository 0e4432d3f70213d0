"""WCAG 2.2 AA: axe-core finds nothing on any screen, everything fits in 320 pixels, and right-to-left is mirrored."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import axe_playwright_python
import pytest
from playwright.sync_api import Page, expect

from tests import factories
from tests.browser.filling import begin, fill_screen, primary
from tests.browser.site import Site, arabic
from tests.server import must

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
Visit = Callable[..., Page]


def audit(page: Page, *, layered: bool = False) -> None:
    """Let axe-core look at the screen; and nothing may be wider than it. It cannot tell colors under a layer."""
    if page.evaluate("typeof axe") == "undefined":
        page.evaluate(AXE)
    found = page.evaluate("(rules) => axe.run(document, rules)", RULES)
    assert [(v["id"], [n["html"][:200] for n in v["nodes"]]) for v in found["violations"]] == []
    contrast = [v for v in found["incomplete"] if v["id"] == "color-contrast"]
    assert layered or [n["html"][:200] for v in contrast for n in v["nodes"]] == []
    assert fits(page)


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


@pytest.mark.parametrize("width", [320, 768, 1280])
@pytest.mark.parametrize("locale", ["en", "es"])
def test_every_screen(site: Site, visit: Visit, locale: str, width: int) -> None:
    page = visit(site.address(site.library, lang=locale), width=width)
    dice = random.Random(3)
    audit(page)
    primary(page).click()  # no school yet
    audit(page)
    begin(page)
    screens = 0
    while not page.locator("[data-send]").is_visible():
        fill_screen(page, dice, {}, skip=0.3)
        audit(page)
        if page.locator("#a-meetings").is_visible():
            page.fill("#a-meetings", "many")
            primary(page).click()
            audit(page)
            page.fill("#a-meetings", "2")
        primary(page).click()
        screens += 1
    assert screens == 8
    audit(page)
    page.click("[data-discard]:visible")
    audit(page, layered=True)
    page.click("[data-no]")
    page.context.set_offline(True)
    primary(page).click()
    page.locator("[data-retry]").wait_for()
    audit(page)
    page.context.set_offline(False)
    page.locator("[data-code]:visible").wait_for()
    audit(page)


@pytest.mark.parametrize("width", [320, 1280])
def test_the_servers_own_screens(site: Site, visit: Visit, width: int) -> None:
    """The pages for people without a script, looked at with one: they are the same whoever asks."""
    wave = site.wave(factories.every_kind(), access={"family": "code"}, simulated=True)
    page = visit(f"{site.api.base}/s/{wave}/family", width=width)
    page.evaluate("document.querySelector('#survey').replaceWith(document.querySelector('#survey').cloneNode(true))")
    audit(page)  # with a note that it is a rehearsal
    press = lambda: primary(page).click()  # noqa: E731
    press()
    expect(page.locator(".summary a")).to_have_count(2)
    audit(page)
    page.select_option("#school", "erving")
    page.fill("#code", "nothing")
    press()
    page.fill("#a-meetings", "99")
    page.check("[name=has_plan][value=yes]")
    press()
    audit(page)  # a fault, and new questions
    page.check("[name=informed][value=agree]")
    page.fill("#a-meetings", "9")
    press()
    audit(page)
    press()
    expect(page.locator("#code-fault")).to_be_visible()
    audit(page)


def test_notices(site: Site, visit: Visit) -> None:
    closed, scheduled = (site.wave(factories.every_kind()) for _ in range(2))
    must(site.api.admin.post(f"/v1/waves/{closed}/close"))
    scheduled = site.wave(factories.every_kind(), opens_at=factories.iso(days=1), closes_at=factories.iso(days=2))
    for address, title in (
        (site.address(closed), "This survey is closed"),
        (site.address(scheduled), "This survey has not opened yet"),
        (f"{site.api.base}/s/no/family", "This link does not work"),
    ):
        page = visit(address, width=320)
        expect(page.locator("h1")).to_have_text(title)
        audit(page)


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_right_to_left(site: Site, visit: Visit, script: bool) -> None:
    wave = site.wave(arabic())
    page = visit(site.address(wave), script=script, width=390, locale="ar")
    root = page.locator("html")
    assert (root.get_attribute("lang"), root.get_attribute("dir")) == ("ar", "rtl")
    # the page's own words fall back to English, and say so
    start = page.locator("button.primary span")
    assert (start.get_attribute("lang"), start.get_attribute("dir"), start.inner_text()) == ("en", "ltr", "Start")
    begin(page)
    radio, label = page.locator("[name=welcome]").first, page.locator("[data-item=welcome] label span").first
    assert radio.bounding_box()["x"] > label.bounding_box()["x"]  # type: ignore[index]
    if script:
        audit(page)
    primary(page).click()
    expect(page.locator("#f-welcome")).to_have_text("This question needs an answer.")
    note = page.locator("#f-welcome").bounding_box()
    assert note["x"] + note["width"] > 300  # type: ignore[index]  # English words, at the side where one reads
    assert page.locator("#f-welcome, #f-welcome span").last.get_attribute("lang") == "en"
    page.check("[name=welcome][value=agree]")
    page.check("[name=plan][value=true]")
    if not script:
        primary(page).click()
    page.check("[name=which][value=ot]")
    primary(page).click()
    if script:
        audit(page)
    primary(page).click()
    page.locator("[data-code]:visible").wait_for()
    assert site.stored(wave)[-1]["answers"] == {"welcome": "agree", "plan": True, "which": ["ot"]}


def test_twice_the_text_fits(site: Site, visit: Visit) -> None:
    """200% zoom of a 1280-pixel window is a window of 640; of a phone's 390, of text alone, twice the letters."""
    page = visit(site.address(site.library, lang="es"), width=390)
    page.evaluate("document.documentElement.style.fontSize = '212.5%'")
    assert fits(page)
    begin(page)
    while not page.locator("[data-send]").is_visible():
        assert fits(page)
        primary(page).click()
    assert fits(page)


def test_names_of_the_controls(site: Site, visit: Visit) -> None:
    page = visit(site.address(site.wave(factories.every_kind())))
    begin(page)
    group = page.get_by_role("radiogroup", name="informed needed")
    assert group.get_attribute("aria-required") == "true"
    expect(group.get_by_role("radio")).to_have_count(6)
    expect(page.get_by_role("textbox", name="Meetings")).to_be_visible()
    page.check("[name=has_plan][value=yes]")
    expect(page.get_by_role("group", name="Which?").get_by_role("checkbox")).to_have_count(4)


def test_targets_are_large_and_focus_is_seen(site: Site, visit: Visit) -> None:
    page = visit(site.address(site.library), width=320)
    begin(page)
    sizes = page.evaluate(
        "[...document.querySelectorAll('label, button, a')].filter((e) => e.checkVisibility() && !e.closest('.skip'))"
        ".map((e) => [e.textContent.trim().slice(0, 30), e.getBoundingClientRect().height])"
    )
    assert [found for found in sizes if found[1] < 40] == []
    page.keyboard.press("Tab")
    width = page.evaluate("""() => {
        const at = document.activeElement.closest('label') || document.activeElement;
        return parseFloat(getComputedStyle(at).outlineWidth);
    }""")
    assert width >= 3


def test_reduced_motion_moves_nothing(site: Site, visit: Visit) -> None:
    page = visit(site.address(site.library), reduced_motion="reduce")
    begin(page)
    assert page.evaluate(
        "[...document.querySelectorAll('*')].every((e) => getComputedStyle(e).transitionDuration === '0s')"
    )
