"""What the first screen weighs, everything that it loads included."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Response

from tests.browser.site import SHIPPED, Site

LIMIT = 60_000  # bytes, not compressed


@pytest.mark.parametrize("group", list(SHIPPED))
def test_the_first_page_is_light_and_asks_nobody_else(site: Site, visit: Callable[..., Page], group: str) -> None:
    page = visit("about:blank", service_workers="block")
    replies: list[Response] = []
    page.on("response", lambda reply: replies.append(reply))
    page.goto(site.address(site.library, group, lang="es"))
    page.wait_for_function("performance.getEntriesByName('ready').length")
    assert {reply.url.split("/")[2] for reply in replies} == {site.api.base.split("/")[2]}
    assert {"survey.js", "queue.js", "page.css"} <= {reply.url.split("/")[-1].split("?")[0] for reply in replies}
    worker = len(site.api.anonymous.get("/s/worker.js").content)
    assert sum(len(reply.body()) for reply in replies) + worker < LIMIT
