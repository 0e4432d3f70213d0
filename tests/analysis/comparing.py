"""Comparison of two documents, leaf by leaf."""

from __future__ import annotations

import math
from typing import Any

from tests.analysis.oracle import OMEGA_UNDECIDED


def differences(ours: Any, theirs: Any, path: str = "") -> list[str]:
    """Say where two documents differ: numbers by more than 1e-9 (omega, which is searched for, 1e-6)."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        found = [f"{path}: keys {sorted(ours.keys() ^ theirs.keys())}"] if ours.keys() != theirs.keys() else []
        return found + [
            d for key in ours.keys() & theirs.keys() for d in differences(ours[key], theirs[key], f"{path}/{key}")
        ]
    if isinstance(ours, list) and isinstance(theirs, list):
        if len(ours) != len(theirs):
            return [f"{path}: {len(ours)} and {len(theirs)} entries"]
        return [d for i, (a, b) in enumerate(zip(ours, theirs, strict=True)) for d in differences(a, b, f"{path}/{i}")]
    if theirs == OMEGA_UNDECIDED:
        return []
    if isinstance(ours, (int, float)) and isinstance(theirs, (int, float)) and not isinstance(ours, bool):
        near = 1e-6 if path.endswith("omega") else 1e-11
        return [] if math.isclose(ours, theirs, rel_tol=1e-9, abs_tol=near) else [f"{path}: {ours!r} is not {theirs!r}"]
    return [] if ours == theirs and type(ours) is type(theirs) else [f"{path}: {ours!r} is not {theirs!r}"]
