"""The director's document, against the row-by-row oracle and by its properties."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given, settings

from app.analysis.summarize import summarize
from tests.analysis.comparing import differences
from tests.analysis.waves import World, worlds


@settings(max_examples=40)
@given(worlds())
def test_every_leaf_is_the_oracles(world: World) -> None:
    assert differences(world.summary, world.expected) == []
