"""That a document is JSON data through and through."""

from __future__ import annotations

import math
from typing import Any


def assert_plain(value: Any) -> None:
    """Every leaf is None, text, a boolean or a finite number, and every key is text."""
    if isinstance(value, dict):
        assert all(type(key) is str for key in value)
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            assert_plain(part)
    elif value is not None:
        assert type(value) in (int, float, str, bool), type(value)
        assert type(value) is not float or math.isfinite(value)
