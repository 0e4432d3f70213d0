"""Fixtures of the tests of services."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.services.receiving import Receiver


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Somebody who takes messages of webhooks, on loopback."""
    running = Receiver()
    yield running
    running.stop()
