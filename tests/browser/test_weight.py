"""What the first screen weighs, everything that it loads included."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.browser.site import SHIPPED, Site

LIMIT = 60_000  # bytes, not compressed


@pytest.mark.parametrize("group", list(SHIPPED))
def test_the_first_page_is_light_and_asks_nobody_else(site: Site, visit: Callable[..., Page], group: str) -> None:
    page = visit("about:blank")
    loaded: dict[str, int] = {}
    page.context.on("response", lambda reply: loaded.update({reply.url: len(reply.body())}))
    page.goto(site.address(site.library, group, lang="es"))
    page.evaluate("navigator.serviceWorker.ready")
    assert {url.split("/")[2] for url in loaded} == {site.api.base.split("/")[2]}
    assert any("worker.js" in url for url in loaded)
    assert sum(loaded.values()) < LIMIT
