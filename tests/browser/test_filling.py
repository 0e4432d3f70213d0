"""Every shipped instrument, filled in by a person in Chromium: what arrives is what was meant."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.filling import begin, primary, through
from tests.browser.site import SHIPPED, Site

THANKS = {"en": "Thank you", "es": "Gracias"}


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
@pytest.mark.parametrize("locale", ["en", "es"])
@pytest.mark.parametrize("group", list(SHIPPED))
def test_what_was_meant_arrives(site: Site, visit: Callable[..., Page], group: str, locale: str, script: bool) -> None:
    page = visit(site.address(site.library, group, lang=locale), script=script)
    assert page.locator("html").get_attribute("lang") == locale
    begin(page)
    said = through(page, random.Random(f"{group} {locale} {script}"))
    primary(page).click()
    expect(page.locator("h1:visible")).to_have_text(THANKS[locale])
    identity = page.locator("[data-id]").inner_text()
    assert page.locator("[data-code]").inner_text().count("-") == 3
    stored = site.api.admin.get(f"/v1/waves/{site.library}/responses/{identity}").json()
    assert (stored["group"], stored["school"], stored["locale"]) == (group, "erving", locale)
    assert stored["answers"] == said
    assert page.context.cookies() == []


def test_a_school_in_the_address_is_not_asked_for(site: Site, visit: Callable[..., Page]) -> None:
    page = visit(site.address(site.library, "family", "leverett"))
    expect(page.locator("#school")).to_have_count(0)
    expect(page.locator(".mark")).to_contain_text("Leverett Elementary")
    begin(page)
    through(page, random.Random(2))
    primary(page).click()
    expect(page.locator("h1:visible")).to_have_text("Thank you")
    identity = page.locator("[data-id]").inner_text()
    assert site.api.admin.get(f"/v1/waves/{site.library}/responses/{identity}").json()["school"] == "leverett"
