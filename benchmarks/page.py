"""The weight of a survey page, and how long an old phone with one bar of signal waits for it.

    python -m benchmarks.page

Every shipped instrument in English and Spanish: bytes of all that the first screen loads, and in Chromium, slowed down
to 400 kbit/s with 400 ms a round trip and to a sixth of this machine's speed, the time until the first screen is
painted (from then on it works without a script) and until the script has taken over. Takes about a minute.
"""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import httpx
from playwright.sync_api import Browser, sync_playwright

from benchmarks import ground
from tests.browser.conftest import CHROMIUM
from tests.browser.site import SHIPPED, Site

GOAL = 60_000
BYTES_A_SECOND, ROUND_TRIP_MS, SLOWER = 400_000 / 8, 400, 6


def weigh(address: str) -> tuple[int, int]:
    """Bytes of the page and of all that it names, as they are and as they travel."""
    plain = packed = 0
    with httpx.Client() as client:
        page = client.get(address)
        root = address.split("/s/")[0]
        for reply in (page, *(client.get(root + path) for path in re.findall(r'"(/static/[^"]+)"', page.text))):
            plain += len(reply.content)
            packed += int(reply.headers["content-length"])
    return plain, packed


def wait(browser: Browser, address: str) -> tuple[float, float]:
    """Milliseconds until the first screen is painted, and until the script is ready."""
    page = browser.new_context(viewport={"width": 360, "height": 640}, service_workers="block").new_page()
    slow = page.context.new_cdp_session(page)
    slow.send("Network.enable")
    conditions = {"offline": False, "latency": ROUND_TRIP_MS}
    speed = {"downloadThroughput": BYTES_A_SECOND, "uploadThroughput": BYTES_A_SECOND}
    slow.send("Network.emulateNetworkConditions", {**conditions, **speed})
    slow.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    page.goto(address)
    page.wait_for_function("performance.getEntriesByName('ready').length")
    painted = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN")
    ready = page.evaluate("performance.getEntriesByName('ready')[0].startTime")
    page.context.close()
    return painted, ready


def main() -> None:
    ground.say_load()
    worst = 0
    with tempfile.TemporaryDirectory(prefix="soundings-bench-") as folder, sync_playwright() as playwright:
        site = Site(Path(folder))
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for group in SHIPPED:
            for locale in ("en", "es"):
                address = site.address(site.library, group, lang=locale)
                plain, packed = weigh(address)
                painted, ready = wait(browser, address)
                worst = max(worst, plain)
                print(
                    f"{group:14} {locale}  {plain:6,} bytes, {packed:6,} compressed   "
                    f"painted {painted / 1e3:.1f} s  interactive {ready / 1e3:.1f} s"
                )
        browser.close()
        site.api.stop()
    print(f"page: heaviest {worst:,} bytes in all (goal < {GOAL:,})")


if __name__ == "__main__":
    main()
