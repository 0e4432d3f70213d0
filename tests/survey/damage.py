"""Damages data here and there, as no program ever wrote it."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import strategies as st


def damaged(data: st.DataObject, whole: Any, nonsense: st.SearchStrategy[Any]) -> Any:
    """Replace, remove or repeat up to five parts of JSON data."""
    made = {"": copy.deepcopy(whole)}
    for _ in range(data.draw(st.integers(1, 5))):
        holder: Any = made
        name: Any = ""
        while isinstance(holder[name], (dict, list)) and holder[name] and data.draw(st.integers(0, 9)) > 0:
            holder = holder[name]
            name = data.draw(st.sampled_from(list(holder) if isinstance(holder, dict) else range(len(holder))))
        match data.draw(st.sampled_from(["replace", "remove", "swap"])):
            case "remove" if holder is not made:
                del holder[name]
            case "swap" if holder is not made and len(holder) > 1:
                other = data.draw(st.sampled_from(list(holder) if isinstance(holder, dict) else range(len(holder))))
                holder[name], holder[other] = holder[other], holder[name]
            case _:
                holder[name] = data.draw(nonsense)
    return made[""]
