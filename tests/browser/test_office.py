"""The director's pages in a real browser: a whole wave from its last days to its results, and WCAG 2.2 AA."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect
from sqlmodel import delete

from app.models.tables import BrowserSession
from tests import factories
from tests.browser.conftest import CHROMIUM
from tests.browser.site import Site
from tests.browser.test_accessibility import audit, fits
from tests.routers.office import field, release
from tests.server import must

Visit = Callable[..., Page]
ROOMS = ("", "/results", "/results?school=shutesbury", "/results/communication", "/results/communication/heard",
         "/results/-/plan", "/results/-/help", "/results/-/meetings", "/priorities", "/gaps", "/trends", "/comments",
         "/downloads")  # fmt: skip


@pytest.fixture(scope="module")
def wave(site: Site) -> str:
    """A released wave, and an earlier one to compare it with."""
    release(site.api, field(site.api, title="Fall 2025", opens_at=factories.iso(days=-300)))
    return release(site.api, field(site.api, title="Fall 2026", simulated=True))


def sign_in(site: Site, visit: Visit, path: str = "/waves", role: str = "director", **more: Any) -> Page:
    limits = more.pop("limits", {})
    page = visit(site.api.base + path, **{"width": 1280, "height": 900, **more})
    page.fill("#key", site.api.secret(role, **limits))
    page.press("#key", "Enter")
    page.locator(".rooms").wait_for()
    return page


def look(page: Page) -> None:
    """Open what can be opened and let axe-core look; where a table scrolls it cannot see all colors."""
    page.evaluate("document.querySelectorAll('details').forEach((d) => d.open = true)")
    audit(page, layered=True)
    expect(page.locator("h1")).to_have_count(1)


# ------------------------------------------------------------------ everybody can use them
@pytest.mark.parametrize("width", [320, 768, 1600])
def test_every_page(site: Site, visit: Visit, wave: str, width: int) -> None:
    page = sign_in(site, visit, width=width)
    look(page)
    for path in ROOMS:
        page.goto(f"{site.api.base}/waves/{wave}{path}")
        look(page)
    page.goto(f"{site.api.base}/waves/nothing")
    look(page)


@pytest.mark.parametrize("width", [320, 1280])
def test_pages_of_a_principal(site: Site, visit: Visit, wave: str, width: int) -> None:
    page = sign_in(site, visit, role="principal", width=width)
    for path in ("", "/results", "/results/communication", "/results/communication/heard", "/downloads", "/gaps"):
        page.goto(f"{site.api.base}/waves/{wave}{path}")
        look(page)
        assert "leverett" not in page.content().lower()


def test_twice_the_text_fits(site: Site, visit: Visit, wave: str) -> None:
    page = sign_in(site, visit, width=640)
    for path in ROOMS:
        page.goto(f"{site.api.base}/waves/{wave}{path}")
        page.evaluate("document.documentElement.style.fontSize = '212.5%'")
        assert fits(page), path


def test_numbers_on_bars_can_be_read(site: Site, visit: Visit, wave: str) -> None:
    """axe-core cannot tell the colors behind text in a drawing."""
    page = sign_in(site, visit, f"/waves/{wave}/results/communication/heard")
    ratios = page.evaluate("""() => [...document.querySelectorAll("text.on")].map((text) => {
        const tone = [...text.classList].find((name) => name !== "on");
        const rect = text.closest("svg").querySelector(`rect.${tone}`);
        const light = (color) => {
            const linear = (c) => c <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4;
            const [r, g, b] = color.match(/\\d+/g).map((c) => linear(c / 255));
            return .2126 * r + .7152 * g + .0722 * b;
        };
        const [a, b] = [text, rect].map((e) => light(getComputedStyle(e).fill)).sort((x, y) => y - x);
        return (a + .05) / (b + .05);
    })""")
    assert len(ratios) > 10
    assert min(ratios) >= 4.5


def test_targets_are_large(site: Site, visit: Visit, wave: str) -> None:
    page = sign_in(site, visit, f"/waves/{wave}/comments", width=320)
    sizes = page.evaluate(
        "[...document.querySelectorAll('button, .button, .tabs a, .jump a, select')].filter((e) => e.checkVisibility())"
        ".map((e) => [e.textContent.trim().slice(0, 30), e.getBoundingClientRect().height])"
    )
    assert [found for found in sizes if found[1] < 40] == []


def test_tables_have_headers(site: Site, visit: Visit, wave: str) -> None:
    page = sign_in(site, visit, f"/waves/{wave}/results/communication/heard")
    table = page.get_by_role("table").first
    expect(table.get_by_role("columnheader", name="strongly_agree favorable")).to_be_visible()
    expect(table.get_by_role("rowheader", name="All schools")).to_be_visible()
    page.goto(f"{site.api.base}/waves/{wave}/results")
    expect(page.get_by_role("rowheader", name=re.compile("^Communication")).first).to_be_visible()


# ------------------------------------------------------------------ a wave from its last days to its results
@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_a_wave_is_closed_released_and_read(site: Site, visit: Visit, script: bool) -> None:
    wave = field(site.api, title=f"Spring 2027 {'with' if script else 'without'} a script")
    page = sign_in(site, visit, script=script)
    page.get_by_role("link", name="Spring 2027 with" + ("" if script else "out")).first.click()
    expect(page.get_by_role("row", name="Shutesbury 3 of 15")).to_be_visible()
    expect(page.get_by_text("7 short of the minimum of 10")).to_be_visible()
    page.get_by_role("link", name="Close the wave").click()
    page.get_by_role("link", name="Leave it open").click()
    assert must(site.api.admin.get(f"/v1/waves/{wave}"))["status"] == "open"
    page.get_by_role("link", name="Close the wave").click()
    page.get_by_role("button", name="Close it now").click()
    expect(page.get_by_role("status")).to_contain_text("The wave is closed")
    assert must(site.api.admin.get(f"/v1/waves/{wave}"))["status"] == "closed"
    page.get_by_role("link", name="Release the results").click()
    page.get_by_role("button", name="Release the results").click()
    expect(page.get_by_role("status")).to_contain_text("The results are released")
    page.reload()  # sends nothing again
    assert len(must(site.api.admin.get(f"/v1/waves/{wave}/releases"))["items"]) == 1

    page.get_by_role("link", name="See the results").click()
    page.get_by_role("link", name="Communication").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Communication")
    families = page.get_by_role("table", name="By school").first
    expect(families.get_by_role("row", name="Shutesbury withheld withheld withheld")).to_be_visible()
    expect(families.get_by_role("row", name="Shutesbury and Swift-River together")).to_be_visible()
    page.get_by_role("link", name="heard").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("heard")
    assert page.locator("svg.stacked").count() >= 8
    page.get_by_role("link", name="Gaps").click()
    page.select_option("#a", "staff")
    page.select_option("#b", "family")
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_role("listitem").filter(has_text="heard").first).to_contain_text("Staff")
    page.get_by_role("link", name="Downloads").click()
    with page.expect_download() as saving:
        page.get_by_role("link", name="Excel of All schools").click()
    assert saving.value.suggested_filename == f"{wave}-summary.xlsx"
    page.get_by_role("link", name="Page of All schools").click()
    expect(page.get_by_role("heading", level=1).first).to_be_visible()
    page.go_back()
    page.get_by_role("button", name="Sign out").click()
    page.goto(f"{site.api.base}/waves/{wave}/results")
    expect(page.locator("#key")).to_be_visible()


def test_with_the_keyboard_alone(site: Site, visit: Visit) -> None:
    """Sign in, find a wave, and review its comments, without a pointer."""
    wave = release(site.api, field(site.api, title="Keys"))
    page = visit(site.api.base + f"/waves/{wave}/comments", width=1280)
    reach(page, "key")
    page.keyboard.type(site.api.secret("director"))
    page.keyboard.press("Enter")
    page.locator("article").first.wait_for()
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_class("skip")
    page.keyboard.press("Enter")
    reach(page, "article")
    first = page.locator(":focus").get_attribute("aria-labelledby")
    page.keyboard.press("p")
    page.wait_for_url("**last=*")
    expect(page.get_by_role("status")).to_contain_text("Passed: ")
    expect(page.locator("article").first).to_be_focused()
    assert page.locator(":focus").get_attribute("aria-labelledby") != first
    second = str(page.locator(":focus").get_attribute("aria-labelledby")).removeprefix("c-")
    page.keyboard.press("w")
    expect(page.get_by_role("status")).to_contain_text("Withheld: ")
    page.keyboard.press("t")
    expect(page.get_by_role("heading", level=1)).to_have_text("Take words out")
    audit(page)
    page.goto(f"{site.api.base}/waves/{wave}/comments")
    page.locator("select").first.focus()
    page.keyboard.press("p")  # keys count on a comment alone
    page.wait_for_timeout(200)
    statuses = [one["status"] for one in must(site.api.admin.get(f"/v1/waves/{wave}/comments?limit=1000"))["items"]]
    assert sorted(set(statuses)) == ["pending", "shown", "withheld"]
    assert (statuses.count("shown"), statuses.count("withheld")) == (1, 1)
    assert must(site.api.admin.get(f"/v1/waves/{wave}/comments/{second}"))["status"] == "withheld"


def reach(page: Page, what: str) -> None:
    """Press Tab until the focus is on an element of this name or with this id."""
    for _ in range(60):
        at = page.evaluate("[document.activeElement.localName, document.activeElement.id]")
        if what in at:
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{what} is not reached")


def test_words_are_taken_out_of_a_comment(site: Site, visit: Visit) -> None:
    wave = release(site.api, field(site.api, title="Words"))
    page = sign_in(site, visit, f"/waves/{wave}/comments")
    page.select_option("#group", "staff")
    page.get_by_role("button", name="Show").click()
    page.get_by_role("link", name="Take words out").first.click()
    before = page.locator("#text").input_value()
    page.fill("#text", "I say something else.")
    page.get_by_role("button", name="Pass what is left").click()
    expect(page.get_by_role("alert")).to_contain_text("Only take words out")
    audit(page)
    page.fill("#text", "[…] " + before.split(" ", 1)[1])
    page.get_by_role("button", name="Pass what is left").click()
    expect(page.get_by_role("status")).to_contain_text("[…]")
    expect(page.locator("#group")).to_have_value("staff")  # the filter is still there
    page.get_by_role("link", name="Redacted 1").click()
    expect(page.locator("blockquote")).to_have_count(1)
    page.get_by_role("button", name="Withhold").click()
    expect(page.get_by_text("There are no such comments.")).to_be_visible()
    page.get_by_role("button", name="Put it back").click()
    page.get_by_role("link", name=re.compile("^To read")).click()
    expect(page.locator("blockquote", has_text="[…]")).to_have_count(1)


def test_nothing_is_loaded_from_elsewhere(site: Site, visit: Visit, wave: str) -> None:
    page = sign_in(site, visit)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for path in ROOMS:
        page.goto(f"{site.api.base}/waves/{wave}{path}")
    assert asked
    assert all(address.startswith(site.api.base) for address in asked)


# ------------------------------------------------------------------ what stays after signing out
@pytest.fixture(scope="module")
def keeping(playwright: Playwright) -> Iterator[Browser]:
    """A browser that keeps pages for its button Back, as people's do; Playwright's does not."""
    browser = playwright.chromium.launch(
        executable_path=CHROMIUM, args=["--no-sandbox"], ignore_default_args=["--disable-back-forward-cache"]
    )
    yield browser
    browser.close()


@pytest.mark.parametrize("how", ["sign-out", "ended"])
def test_back_shows_nothing_after_signing_out(site: Site, keeping: Browser, wave: str, how: str) -> None:
    """Neither after the button, nor after the next page has found that the session has ended."""
    page = keeping.new_page()
    page.set_default_timeout(10_000)
    page.goto(site.api.base)
    page.fill("#key", site.api.secret("director"))
    page.press("#key", "Enter")
    page.wait_for_url("**/waves")
    report = f"/waves/{wave}/files/report.html"
    for path in (f"/waves/{wave}/results", report, "/waves"):
        page.goto(site.api.base + path)
    assert step(page, "back") == [report, False], "it is kept as long as somebody is signed in"
    assert step(page, "forward") == ["/waves", False]
    if how == "sign-out":
        page.get_by_role("button", name="Sign out").click()
        page.wait_for_url("**/?left")
    else:
        with site.api.database.write() as session:
            session.exec(delete(BrowserSession))
        page.get_by_role("link", name="Paper entry").click()
        page.wait_for_url("**/?next=**")
    for _ in range(4):
        assert step(page, "back") == ["/", True]
    page.context.close()


def step(page: Page, way: str) -> Any:
    """Go a step back or forward, and tell where that is and whether a key is asked for.

    Playwright waits in vain for a kept page to load.
    """
    page.evaluate(f"history.{way}()")
    page.wait_for_timeout(700)
    return page.evaluate("[location.pathname, document.querySelector('#key') !== null]")
