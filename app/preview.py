"""The preview of an instrument: its survey pages as people will see them, on a server that forgets everything.

Decides what a wave of one instrument needs so that its pages open; the pages are those of every wave.
"""

from __future__ import annotations

import signal
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from app.console import say
from app.scratch import call, first_key, server

WAVE, SCHOOL = "preview", "preview-school"


def run(definition: dict[str, Any], port: int) -> None:
    """Serve the pages of a sound definition until it is interrupted; print their address on stdout."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="soundings-preview-") as folder, server(Path(folder), port) as (base, env):
        key = {"Authorization": f"Bearer {first_key(env)}"}
        with httpx.Client(base_url=base, timeout=30, headers=key) as admin:
            print(_open(admin, definition), flush=True)
        say.print("The pages are open. Answers that are sent go nowhere. Ctrl-C ends it.")
        try:
            signal.pause()
        except KeyboardInterrupt:
            say.print("Stopped. What was sent is gone.")


def _open(admin: httpx.Client, definition: dict[str, Any]) -> str:
    """Put a wave of this one instrument; the address of its page."""
    call(admin, "PUT", f"/v1/schools/{SCHOOL}", {"name": "Preview School"})
    stored = call(admin, "POST", "/v1/instruments", definition)
    now = datetime.now(UTC)
    wave = {
        "title": "Preview", "simulated": True, "time_zone": "America/New_York", "schools": [SCHOOL],
        "opens_at": (now - timedelta(hours=1)).isoformat(), "closes_at": (now + timedelta(days=1)).isoformat(),
        "instruments": {stored["group"]: f"{stored['key']}@{stored['version']}"},
    }  # fmt: skip
    call(admin, "PUT", f"/v1/waves/{WAVE}", wave)
    links = call(admin, "GET", f"/v1/waves/{WAVE}/links")["items"]
    return str(next(one["address"] for one in links if one["school"] == SCHOOL))
