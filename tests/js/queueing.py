"""The offline queue against a real server: devices that put responses in, a network that breaks, what was stored."""

from __future__ import annotations

from typing import Any

from tests.js.node import feed
from tests.server import Api
from tests.services.sending import export

DEVICES = 10


def queued(api: Api, responses: int, seed: int) -> dict[str, int]:
    """Send so many responses through the queues of ten devices; each has to be stored once, as it was put in.

    Returns
    -------
    What happened on the way: sent, lost, doubled, ...
    """
    wave = api.wave()
    key = api.secret("collector", waves=[wave], publishable=False)
    each = responses // DEVICES
    (told,) = feed("queue.mjs", [], f"{api.base}/v1", key, wave, str(DEVICES), str(each), str(seed), timeout=600)
    bodies: dict[str, dict[str, Any]] = {body["id"]: body for body in told.pop("bodies")}
    receipts, waiting = told.pop("receipts"), told.pop("waiting")
    stored = export(api.admin, wave)
    assert waiting == 0
    assert len(bodies) == DEVICES * each
    assert receipts.keys() == stored.keys() == bodies.keys()
    for identity, body in bodies.items():
        assert {name: stored[identity][name] for name in ("group", "school", "answers")} == {
            name: body[name] for name in ("group", "school", "answers")
        }
    counts: dict[str, int] = told
    return counts
