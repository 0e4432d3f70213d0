"""The report in a browser: WCAG 2.2 AA, nothing asked of any server, narrow screens, and paper."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from app.render.report.outline import outline
from app.render.report.page import page as rendered
from tests import factories
from tests.browser.site import Site
from tests.browser.test_accessibility import audit
from tests.render.reporting import documents, world
from tests.render.test_report import HOSTILE
from tests.server import must
from tests.services.sending import bulk

Visit = Callable[..., Page]
COMMENT = {"id": "1", "group": "staff", "school": None, "item": "why", "text": f"Words{HOSTILE}", "status": "shown",
           "question": "Why?"}  # fmt: skip


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of a saved report."""
    path = tmp_path_factory.mktemp("report") / "it.html"
    path.write_bytes(rendered(outline(documents(world(), before=world(tilt=-1), comments=(COMMENT,)))))
    return path.as_uri()


@pytest.mark.parametrize("width", [320, 768, 1280])
def test_axe_finds_nothing(file: str, visit: Visit, width: int) -> None:
    page = visit(file, width=width)
    page.evaluate("document.querySelectorAll('details').forEach((d) => d.open = true)")
    audit(page, layered=width < 1280)  # where a wide table scrolls, axe cannot see the cells at its end


@pytest.mark.parametrize("audience", ["principal", "public"])
def test_axe_finds_nothing_for_readers_of_bands(visit: Visit, tmp_path: Path, audience: str) -> None:
    (tmp_path / "it.html").write_bytes(rendered(outline(documents(world(), audience))))
    audit(visit((tmp_path / "it.html").as_uri(), width=1280))


def test_pictures_are_drawn_and_nothing_is_asked_for(browser: Browser, file: str) -> None:
    context = browser.new_context()
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    page = context.new_page()
    page.goto(file)
    sizes = page.evaluate("[...document.images].map((image) => [image.complete, image.naturalWidth])")
    assert len(sizes) > 5
    assert all(complete and width > 300 for complete, width in sizes)
    assert [url for url in asked if not url.startswith(("data:", file))] == []
    context.close()


def test_no_words_run(file: str, visit: Visit) -> None:
    page = visit(file)
    assert page.evaluate("document.querySelectorAll('script').length") == 0
    expect(page.locator("blockquote p")).to_have_text(f"Words{HOSTILE}")


def test_the_figures_behind_each_chart_are_reached_with_the_keyboard(file: str, visit: Visit) -> None:
    page = visit(file, width=1280)
    first = page.locator("details").first
    table = first.locator("table")
    expect(table).to_be_hidden()
    first.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(table).to_be_visible()


def test_paper_shows_the_figures_that_a_screen_folds_away(file: str, visit: Visit) -> None:
    page = visit(file, width=1000)
    page.emulate_media(media="print")
    assert page.locator("details table").first.bounding_box()["height"] > 40  # type: ignore[index]
    expect(page.locator("summary").first).to_be_hidden()


@pytest.fixture
def wave(site: Site) -> str:
    wave = site.wave(factories.definition("family"), promise={"family": {"mode": "confidential", "minimum": 10}})
    bodies = [factories.response("family", school) for school in factories.SCHOOLS for _ in range(12)]
    assert bulk(site.api.admin, wave, bodies)["accepted"] == 48
    must(site.api.admin.post(f"/v1/waves/{wave}/close"))
    return wave


def test_as_it_is_served_its_own_policy_lets_it_look_as_it_should(site: Site, visit: Visit, wave: str) -> None:
    """`visit` fails for anything that the Content-Security-Policy stops."""
    secret = site.api.secret("director")
    page = visit(f"{site.api.base}/healthz", width=1280, extra_http_headers={"Authorization": f"Bearer {secret}"})
    page.goto(f"{site.api.base}/v1/waves/{wave}/report?format=html")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(248, 244, 236)"
    assert page.evaluate("[...document.images].every((image) => image.naturalWidth > 300)")
    audit(page)
