"""Words for sentences."""

from __future__ import annotations

import pytest

from app.analysis.words import first_up, listed, ordinal, part_of, people, place, quoted


def test_groups_and_places() -> None:
    assert [people(group) for group in ("family", "school_leader", "bus_driver")] == [
        "families", "school leaders", "bus driver",
    ]  # fmt: skip
    assert place("swift-river", None) == "Swift River"
    assert place(None, ["leverett", "ps_118", "x"]) == "Leverett, Ps 118 and X"


def test_lists_and_quotes() -> None:
    assert [listed(parts) for parts in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == ["", "a", "a and b", "a, b and c"]
    assert listed(["a", "b"], "or") == "a or b"
    assert quoted("Staff listen.") == "“Staff listen”"
    assert (first_up("no school"), first_up("")) == ("No school", "")


def test_ordinals() -> None:
    numbers = (1, 2, 3, 4, 11, 12, 13, 21, 22, 101, 111, 112)
    assert " ".join(map(ordinal, numbers)) == "1st 2nd 3rd 4th 11th 12th 13th 21st 22nd 101st 111th 112th"


@pytest.mark.parametrize(
    ("count", "of", "said"),
    [
        (0, 7, "none of 7"), (7, 7, "all 7"), (3, 7, "3 of 7"), (99, 99, "all 99"), (50, 100, "50 in 100"),
        (1, 1000, "1 of 1000"), (999, 1000, "999 of 1000"), (335, 1000, "34 in 100"), (334, 1000, "33 in 100"),
    ],
)  # fmt: skip
def test_shares(count: int, of: int, said: str) -> None:
    assert part_of(count, of) == said
