"""Waves in which something is to be found: groups that are asked the same, schools and categories that differ."""

from __future__ import annotations

import random
from typing import Any

from hypothesis import strategies as st

from tests.analysis.oracle import Group, Row, is_shown
from tests.analysis.waves import GROUPS, SCHOOLS, World, answers, definitions


@st.composite
def tilted(draw: st.DrawFn) -> World:
    """Two or three groups with one instrument; each school, category of `plan` and group leans one way."""
    schools = SCHOOLS[: draw(st.integers(2, 5))]
    raw = draw(definitions("family"))
    raw["sections"][0]["items"][0]["attribute"] = True
    luck = random.Random(draw(st.integers(0, 2**32)))
    lean: dict[Any, float] = {school: draw(st.sampled_from([0, 0, -0.6, 0.6])) for school in (*schools, None)}
    found = []
    for group in GROUPS[: draw(st.integers(2, 3))]:
        definition = {**raw, "group": group, "key": group.replace("_", "-")}
        by = {"yes": draw(st.sampled_from([0, -0.5, 0.5])), "no": 0.0, group: draw(st.sampled_from([0, -0.4, 0.4]))}
        base = {school: draw(st.integers(8, 40)) for school in schools} | {None: draw(st.sampled_from([0, 0, 3]))}
        rows: list[Row] = []
        for school, n in base.items():
            for _ in range(n):
                given = answers(definition, luck, 0.03)
                leaning = lean[school] + by.get(given.get("plan", "no"), 0) + by[group]
                rows.append((school, leaned(definition, given, leaning, luck)))
        roster = {school: n + luck.randint(0, 30) for school, n in base.items() if n}
        confidential = draw(st.booleans())
        found.append(Group(group, definition, confidential, 5 if confidential else 1, roster, False, rows))
    return World(schools, found)


def leaned(definition: dict[str, Any], given: dict[str, Any], leaning: float, luck: random.Random) -> dict[str, Any]:
    """Move ratings to the best or the worst option, each with a probability of `leaning`."""
    for item in definition["sections"][0]["items"]:
        if item["kind"] == "rating" and item["key"] in given and luck.random() < abs(leaning):
            options = [o for o in definition["scales"][item["scale"]]["options"] if "score" in o]
            ascending = sorted(options, key=lambda o: o["score"], reverse=bool(item.get("reverse")))
            given[item["key"]] = ascending[-1 if leaning > 0 else 0]["value"]
        if not is_shown(item, given):
            given.pop(item["key"], None)
    return given
