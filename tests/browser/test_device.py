"""What the script adds: live skip logic, a draft on this device alone, and a queue that outlives the connection."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests import factories
from tests.browser.filling import begin, primary, through
from tests.browser.site import Site
from tests.server import must

Visit = Callable[..., Page]


@pytest.fixture(scope="module")
def small(site: Site) -> str:
    """A wave with an item of every kind on one screen."""
    return site.wave(factories.every_kind())


def keep(page: Page) -> Any:
    return page.evaluate("localStorage.getItem('soundings ' + location.pathname)")


def outbox(page: Page) -> list[dict[str, Any]]:
    """What waits on this device."""
    return page.evaluate(
        """() => new Promise((done) => {
            const opening = indexedDB.open("soundings", 1);
            opening.onsuccess = () => {
                const all = opening.result.transaction("outbox").objectStore("outbox").getAll();
                all.onsuccess = () => { opening.result.close(); done(all.result); };
            };
        })"""
    )


def emptied(page: Page) -> None:
    """Wait until nothing waits on this device."""
    for _ in range(50):
        if not outbox(page):
            return
        page.wait_for_timeout(100)
    assert outbox(page) == []


def to_review(page: Page, seed: int = 1) -> dict[str, Any]:
    begin(page)
    said = through(page, random.Random(seed))
    expect(page.locator("[data-send]")).to_be_visible()
    return said


def sent(page: Page) -> str:
    """Wait for the thank-you and give the id of the response."""
    expect(page.locator("h1:visible")).to_have_text("Thank you")
    return page.locator("[data-id]").inner_text()


def worker(page: Page) -> None:
    """Wait until the service worker has the page."""
    page.evaluate("navigator.serviceWorker.ready")
    page.wait_for_function("caches.match(location.href).then(Boolean)")


# ------------------------------------------------------------------ on the screen
def test_questions_come_and_go_with_the_answers(site: Site, visit: Visit, small: str) -> None:
    page = visit(site.address(small))
    begin(page)
    shown = lambda key: page.locator(f"[data-item='{key}']").is_visible()  # noqa: E731
    assert [shown(key) for key in ("services", "speech_good", "why_not")] == [False, False, True]
    page.check("[name=has_plan][value=yes]")
    assert [shown(key) for key in ("services", "speech_good", "why_not")] == [True, False, False]
    page.check("[name=services][value=ot]")
    assert shown("speech_good")
    page.check("[name=services][value='']")  # none of these
    assert not page.is_checked("[name=services][value=ot]")
    assert not shown("speech_good")
    page.check("[name=services][value=speech]")
    assert not page.is_checked("[name=services][value='']")
    assert shown("speech_good")
    page.locator("[data-item=has_plan] .unpick").click()
    assert [shown(key) for key in ("services", "speech_good", "why_not")] == [False, False, True]
    assert not page.locator("[name=has_plan]:checked").count()


def test_what_is_hidden_is_not_sent(site: Site, visit: Visit, small: str) -> None:
    page = visit(site.address(small))
    begin(page)
    page.check("[name=informed][value=agree]")
    page.check("[name=has_plan][value=yes]")
    page.check("[name=services][value=speech]")
    page.check("[name=has_plan][value=unsure]")
    primary(page).click()
    assert "speech" not in page.locator("[data-review]").inner_text()
    primary(page).click()
    stored = site.api.admin.get(f"/v1/waves/{small}/responses/{sent(page)}").json()
    assert stored["answers"] == {"informed": "agree", "has_plan": "unsure"}


def test_faults_stand_beside_the_item_and_in_the_summary(site: Site, visit: Visit, small: str) -> None:
    page = visit(site.address(small))
    begin(page)
    for key, text in {"meetings": "41", "miles": "x", "hours": "-1"}.items():
        page.fill(f"#a-{key}", text)
    page.fill("#a-anything", "x" * 201)
    primary(page).click()
    links = page.locator(".summary:visible a")
    assert [str(a.get_attribute("href")) for a in links.all()] == [
        "#a-informed", "#a-meetings", "#a-miles", "#a-hours", "#a-anything",
    ]  # fmt: skip
    expect(page.locator(".summary:visible")).to_be_focused()
    expect(page.locator("#f-meetings")).to_have_text("The largest number here is 40.")
    assert page.get_attribute("#a-meetings", "aria-invalid") == "true"
    assert "f-meetings" in str(page.get_attribute("#a-meetings", "aria-describedby"))
    links.nth(1).click()
    expect(page.locator("#a-meetings")).to_be_focused()
    page.fill("#a-meetings", "40")
    expect(page.locator("#f-meetings")).to_be_hidden()
    assert page.get_attribute("#a-meetings", "aria-invalid") is None
    assert page.input_value("#a-miles") == "x"


def test_the_phones_back_button_goes_one_screen_back(site: Site, visit: Visit) -> None:
    page = visit(site.address(site.library))
    begin(page)
    first = page.locator("h1:visible").inner_text()
    primary(page).click()
    assert page.locator("h1:visible").inner_text() != first
    page.go_back()
    expect(page.locator("h1:visible")).to_have_text(first)
    page.go_back()
    expect(page.locator("h1:visible")).to_have_text("Family survey")


def test_with_the_keyboard_alone(site: Site, visit: Visit, small: str) -> None:
    page = visit(site.address(small), width=1280)

    def tab_to(selector: str) -> None:
        for _ in range(80):
            page.keyboard.press("Tab")
            if page.evaluate("s => document.activeElement.matches(s)", selector):
                return
        raise AssertionError(f"{selector} is out of the keyboard's reach")

    tab_to("#school")
    page.keyboard.press("ArrowDown")
    tab_to("button.primary")
    page.keyboard.press("Enter")
    expect(page.locator("h1:visible")).to_be_focused()  # a screen reader begins with the heading
    tab_to("[name=informed]")
    page.keyboard.press("Space")
    page.keyboard.press("ArrowRight")
    tab_to("#a-meetings")
    page.keyboard.type("4")
    page.keyboard.press("Enter")
    expect(page.locator("h1:visible")).to_have_text("Check your answers")
    tab_to("[data-send]")
    page.keyboard.press("Enter")
    stored = site.api.admin.get(f"/v1/waves/{small}/responses/{sent(page)}").json()
    assert stored["answers"] == {"informed": "disagree", "meetings": 4}
    assert stored["school"] == "erving"


def test_review_leads_back_to_the_answer(site: Site, visit: Visit) -> None:
    page = visit(site.address(site.library))
    to_review(page)
    page.locator(".answers button").nth(2).click()
    expect(page.locator("h1:visible")).to_have_text("Extra help for your child")
    page.check("[name=has_plan][value=no]")
    page.check("[name=help_wanted][value=yes]")
    for _ in range(8):
        if page.locator("[data-send]").is_visible():
            break
        primary(page).click()
    assert "Do you think your child needs extra help at school?" in page.locator("[data-review]").inner_text()


# ------------------------------------------------------------------ the draft
def test_a_reload_keeps_everything_and_the_place(site: Site, visit: Visit) -> None:
    page = visit(site.address(site.library))
    begin(page)
    page.locator("[name=child_adult][value=agree]").check()
    primary(page).click()
    page.check("[name=has_plan][value=yes]")
    page.reload()
    expect(page.locator("h1:visible")).to_have_text("Extra help for your child")
    assert page.is_checked("[name=has_plan][value=yes]")
    assert page.locator("[data-item=services_used]").is_visible()
    page.click("[data-language]")  # another language is another page, with the same answers
    expect(page.locator("h1:visible")).to_have_text("Ayuda adicional para su hijo o hija")
    assert page.is_checked("[name=has_plan][value=yes]")


def test_days_later_the_draft_is_offered_not_shown(site: Site, visit: Visit) -> None:
    page = visit(site.address(site.library))
    begin(page)
    page.locator("[name=child_adult][value=agree]").check()
    page.close()
    page = page.context.new_page()  # another tab: nothing but what the device keeps
    page.goto(site.address(site.library))
    expect(page.locator(".device h2")).to_have_text("You have begun")
    expect(page.locator("[data-item]:visible")).to_have_count(0)
    page.click("[data-resume]")
    assert page.is_checked("[name=child_adult][value=agree]")
    assert page.input_value("#school") == "erving"


def test_discarding_leaves_nothing(site: Site, visit: Visit) -> None:
    page = visit(site.address(site.library))
    begin(page)
    page.locator("[name=child_adult][value=agree]").check()
    assert "child_adult" in str(keep(page))
    page.click("[data-discard]")
    page.click("[data-no]")
    assert page.is_checked("[name=child_adult][value=agree]")
    page.click("[data-discard]")
    page.click("[data-yes]")
    expect(page.locator("#device")).to_have_text(re.compile("gone from this device"))
    page.wait_for_timeout(500)
    assert keep(page) is None
    assert page.evaluate("sessionStorage.length") == 0
    page.reload()
    expect(page.locator("h1:visible")).to_have_text("Family survey")
    begin(page)
    assert page.locator("input:checked").count() == 0


def test_after_sending_nothing_is_left(site: Site, visit: Visit) -> None:
    page = visit(site.address(site.library))
    to_review(page)
    primary(page).click()
    sent(page)
    page.wait_for_function("indexedDB.databases().then((all) => all.length)")
    assert keep(page) is None
    emptied(page)
    page.click("[data-again]")
    begin(page, "leverett")
    assert page.locator("input:checked").count() == 0


def test_drafts_of_closed_surveys_are_swept(site: Site, visit: Visit) -> None:
    page = visit(site.address(site.library))
    page.evaluate("""localStorage.setItem('soundings /s/old/family', '{"closes": "2020-01-01T00:00:00Z"}')""")
    page.evaluate("localStorage.setItem('other', '1')")
    page.reload()
    page.wait_for_function("localStorage.length === 1 && localStorage.getItem('other')")


# ------------------------------------------------------------------ sending
def test_offline_and_back(site: Site, visit: Visit) -> None:
    page = visit(site.address(site.library))
    worker(page)
    said = to_review(page)
    page.context.set_offline(True)
    primary(page).click()
    expect(page.locator("h1:visible")).to_have_text("Saved on this device, not sent yet")
    (entry,) = outbox(page)
    assert entry["state"] == "waiting"
    before = len(site.stored(site.library))
    page.reload()  # the service worker has the page
    expect(page.locator("h1:visible")).to_have_text("Saved on this device, not sent yet")
    page.click("[data-retry]")
    expect(page.locator("h1:visible")).to_have_text("Saved on this device, not sent yet")
    page.context.set_offline(False)
    identity = sent(page)
    assert identity == entry["id"]
    assert len(site.stored(site.library)) == before + 1
    assert site.api.admin.get(f"/v1/waves/{site.library}/responses/{identity}").json()["answers"] == said
    assert [e["body"] for e in outbox(page)] in ([], [None])  # the answers have gone, at most the receipt is there
    if page.locator("[data-forget]").is_visible():
        with page.expect_navigation():
            page.click("[data-forget]")
        expect(page.locator("h1:visible")).to_have_text("Family survey")
        emptied(page)


def test_a_form_opens_and_is_filled_in_without_a_connection(site: Site, visit: Visit) -> None:
    page = visit(site.address(site.library))
    worker(page)
    page.context.set_offline(True)
    page.reload()
    to_review(page, 5)
    primary(page).click()
    expect(page.locator("h1:visible")).to_have_text("Saved on this device, not sent yet")
    page.close()
    page = page.context.new_page()
    page.context.set_offline(False)
    page.goto(site.address(site.library))  # days later
    sent(page)
    with page.expect_navigation():
        page.click("[data-forget]")
    emptied(page)


def test_the_service_worker_sends_when_no_page_is_open(site: Site, visit: Visit) -> None:
    page = visit(site.address(site.library))
    worker(page)
    to_review(page, 6)
    page.context.set_offline(True)
    primary(page).click()
    expect(page.locator("h1:visible")).to_have_text("Saved on this device, not sent yet")
    identity = outbox(page)[0]["id"]
    elsewhere = page.context.new_page()
    page.close()
    page.context.set_offline(False)
    browser = elsewhere.context.new_cdp_session(elsewhere)
    registered: list[str] = []
    browser.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda told: registered.extend(one["registrationId"] for one in told["registrations"]),
    )
    elsewhere.goto(site.api.base + "/healthz")
    browser.send("ServiceWorker.enable")
    for _ in range(50):
        if registered:
            break
        elsewhere.wait_for_timeout(100)
    event = {"origin": site.api.base, "registrationId": registered[0], "tag": "outbox", "lastChance": False}
    browser.send("ServiceWorker.dispatchSyncEvent", event)
    for _ in range(50):
        if any(row["id"] == identity for row in site.stored(site.library)):
            break
        elsewhere.wait_for_timeout(100)
    assert [row["id"] for row in site.stored(site.library)].count(identity) == 1
    elsewhere.goto(site.address(site.library))
    assert sent(elsewhere) == identity


def test_a_browser_that_keeps_nothing(site: Site, visit: Visit) -> None:
    page = visit("about:blank", service_workers="block")
    page.add_init_script("""
        Object.defineProperty(window, "indexedDB", { value: undefined });
        Object.defineProperty(window, "localStorage", { get() { throw new Error("blocked"); } });
    """)
    page.goto(site.address(site.library))
    said = to_review(page, 7)
    page.context.set_offline(True)
    primary(page).click()
    expect(page.locator("h1:visible")).to_have_text("Not sent yet")
    page.click("[data-retry]")
    expect(page.locator("h1:visible")).to_have_text("Not sent yet")
    page.context.set_offline(False)
    page.click("[data-retry]")
    identity = sent(page)
    assert site.api.admin.get(f"/v1/waves/{site.library}/responses/{identity}").json()["answers"] == said


def test_a_reply_that_is_lost_is_asked_for_again(site: Site, visit: Visit) -> None:
    """The server has stored it, the page does not know: the same id brings the same receipt, and one row."""
    page = visit(site.address(site.library), service_workers="block")
    to_review(page)
    before = len(site.stored(site.library))
    seen: list[str] = []

    def lose(route: Route) -> None:
        if route.request.method != "POST":
            return route.continue_()
        seen.append(str(route.request.post_data))
        if len(seen) == 1:
            route.fetch()
            return route.abort()
        if len(seen) == 2:  # a captive portal has its own ideas
            return route.fulfill(status=200, content_type="text/html", body="<h1>Pay for the internet</h1>")
        return route.continue_()

    page.route("**/s/**", lose)
    primary(page).click()
    for _ in range(2):
        expect(page.locator("h1:visible")).to_have_text("Saved on this device, not sent yet")
        page.click("[data-retry]")
    sent(page)
    assert len(set(seen)) == 1
    assert len(seen) == 3
    assert len(site.stored(site.library)) == before + 1


def test_two_presses_are_one_response(site: Site, visit: Visit) -> None:
    page = visit(site.address(site.library))
    to_review(page)
    before = len(site.stored(site.library))
    page.locator("[data-send]").evaluate("(button) => { button.click(); button.click(); }")
    sent(page)
    assert len(site.stored(site.library)) == before + 1


def test_without_a_script_two_presses_are_one_response(site: Site, visit: Visit) -> None:
    page = visit(site.address(site.library), script=False)
    begin(page)
    through(page, random.Random(9))
    before = len(site.stored(site.library))
    primary(page).click()
    code = page.locator("[data-code]").inner_text()
    page.reload()  # sends the form again
    assert page.locator("[data-code]").inner_text() == code
    assert len(site.stored(site.library)) == before + 1


def test_a_survey_that_closes_meanwhile_says_so(site: Site, visit: Visit) -> None:
    wave = site.wave(factories.every_kind())
    page = visit(site.address(wave))
    worker(page)
    begin(page)
    page.check("[name=informed][value=agree]")
    primary(page).click()
    page.context.set_offline(True)
    primary(page).click()
    expect(page.locator("h1:visible")).to_have_text("Saved on this device, not sent yet")
    must(site.api.admin.post(f"/v1/waves/{wave}/close"))
    page.context.set_offline(False)
    expect(page.locator("h1:visible")).to_have_text("Your answers could not be taken")
    expect(page.locator("#sent")).to_contain_text("closed before they could be sent")
    emptied(page)
    assert keep(page) is None
    page.reload()
    expect(page.locator("h1:visible")).to_have_text("This survey is closed")


# ------------------------------------------------------------------ codes
def test_a_code_comes_with_the_address_and_is_spent_once(site: Site, visit: Visit) -> None:
    wave = site.wave(factories.every_kind(), access={"family": "code"})
    code, other = site.codes(wave, "family", "erving", 2)
    address = f"{site.api.base}/s/{wave}/family/erving"
    for given, thanks in ((f"#{code}", True), (f"#{code}", False)):
        page = visit(address + given)
        assert page.input_value("#code") == code
        assert code not in page.url
        begin(page)
        page.check("[name=informed][value=agree]")
        primary(page).click()
        primary(page).click()
        if thanks:
            sent(page)
    expect(page.locator("#code-fault")).to_contain_text("This code does not work")
    expect(page.locator("#code")).to_be_focused()
    page.fill("#code", other.lower())
    primary(page).click()
    expect(page.locator("h1:visible")).to_have_text("Check your answers")
    primary(page).click()
    sent(page)
    assert len(site.stored(wave)) == 2


def test_a_bad_code_without_a_script(site: Site, visit: Visit) -> None:
    wave = site.wave(factories.every_kind(), access={"family": "code"})
    (code,) = site.codes(wave, "family", "erving", 1)
    page = visit(f"{site.api.base}/s/{wave}/family/erving", script=False)
    primary(page).click()
    expect(page.locator(".summary a")).to_have_text("Write the code from your invitation.")
    page.fill("#code", "ABCD")
    begin(page)
    page.check("[name=informed][value=agree]")
    page.fill("#a-anything", "kept")
    primary(page).click()
    primary(page).click()
    expect(page.locator("#code-fault")).to_contain_text("This code does not work")
    page.fill("#code", code)
    primary(page).click()
    expect(page.locator("h1")).to_have_text("Thank you")
    assert site.stored(wave)[0]["answers"] == {"informed": "agree", "anything": "kept"}
