"""The queue on a line that loses, repeats and reorders; and the script's rules against the server's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from playwright.sync_api import Page

from app.survey.instrument import parse
from tests import factories
from tests.browser.site import Site
from tests.survey import strategies as our

ENTRIES = 1000

# A line on which one of four requests is lost, one of four replies, some are sent twice, and a portal answers some.
STORM = """async ({ queue, address, entries }) => {
    const { all, put, flush, deliver } = await import(queue);
    let seed = 42, tries = 0;
    const dice = () => (seed = (seed * 1103515245 + 12345) % 2147483648) / 2147483648;
    const real = window.fetch;
    window.fetch = async (...request) => {
        tries += 1;
        const luck = dice();
        if (luck < 0.25) throw new TypeError("lost on the way");
        const reply = await real(...request);
        if (luck < 0.5) throw new TypeError("lost on the way back");
        if (luck < 0.6) return real(...request);
        if (luck < 0.65) return new Response("<h1>Pay here</h1>", { headers: { "Content-Type": "text/html" } });
        if (luck < 0.7) return new Response('{"id": "other", "withdrawal_code": "x"}');
        return reply;
    };
    for (let i = 0; i < entries; i++) {
        const id = crypto.randomUUID();
        const body = JSON.stringify({ id, answers: { informed: "agree", meetings: i % 40 } });
        await put({ id, path: "/storm", url: address, closes: "2999-01-01T00:00:00Z", state: "waiting", body });
    }
    for (let round = 0; round < 60; round++) {
        const waiting = (await all()).filter((entry) => entry.state === "waiting");
        if (!waiting.length) break;
        const strays = waiting.filter(() => dice() < 0.2).reverse();  // a second tab, in another order
        await Promise.all([flush(), (async () => { for (const entry of strays) await deliver(entry); })()]);
    }
    return { tries, entries: (await all()).map(({ id, state, body, receipt }) => ({ id, state, body, receipt })) };
}"""


def module(page: Page, name: str) -> str:
    """The address by which the page loads a script, so that the same module is meant."""
    return str(page.evaluate("(n) => [...document.querySelectorAll('link, script')].map((e) => e.href || e.src)"
                             ".find((a) => a.includes(n))", f"/{name}.js"))  # fmt: skip


@pytest.mark.slow
def test_a_storm_ends_with_each_response_stored_once(site: Site, visit: Callable[..., Page]) -> None:
    wave = site.wave(factories.every_kind())
    page = visit(site.address(wave, school="erving"), service_workers="block")
    page.set_default_timeout(120_000)
    told = page.evaluate(
        STORM,
        {"queue": module(page, "queue"), "address": site.address(wave, school="erving"), "entries": ENTRIES},
    )
    assert told["tries"] > 2 * ENTRIES
    assert Counter(entry["state"] for entry in told["entries"]) == {"sent": ENTRIES}
    assert all(entry["body"] is None for entry in told["entries"])
    stored = [row["id"] for row in site.stored(wave)]
    assert sorted(stored) == sorted(entry["id"] for entry in told["entries"])
    assert len({entry["receipt"]["code"] for entry in told["entries"]}) == ENTRIES


def test_the_scripts_rules_are_the_servers(site: Site, visit: Callable[..., Page]) -> None:
    cases: list[tuple[Any, Any, bool]] = []

    @settings(max_examples=300, database=None)
    @given(data=st.data())
    def collect(data: st.DataObject) -> None:
        definition = data.draw(our.definitions())
        answers = {key: value for key, value in data.draw(our.answers(definition)).items() if value is not None}
        for item in parse(definition).items:
            if item.show_if is not None:
                rule = item.show_if
                cases.append((rule.model_dump(mode="json", by_alias=True), answers, rule.compile()(answers)))

    collect()
    assert {verdict for _, _, verdict in cases} == {True, False}
    page = visit(site.address(site.library))
    said = page.evaluate(
        "async ([script, cases]) => { const { holds } = await import(script);"
        " return cases.map(([rule, answers]) => holds(rule, answers)); }",
        [module(page, "rules"), [case[:2] for case in cases]],
    )
    assert [(case, verdict) for case, verdict in zip(cases, said, strict=True) if case[2] is not verdict] == []
