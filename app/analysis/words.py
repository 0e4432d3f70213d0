"""Plain words for sentences that are made from figures.

Decides how groups, schools, numbers and lists are said. What may be said is decided where the figures are.
"""

from __future__ import annotations

from collections.abc import Sequence

PEOPLE = {"family": "families", "staff": "staff", "liaison": "liaisons", "school_leader": "school leaders"}


def people(group: str) -> str:
    """Say who a group is: `school_leader` -> school leaders."""
    return PEOPLE.get(group, group.replace("_", " "))


def place(school: str | None, schools: Sequence[str] | None) -> str:
    """Say which school or pool of schools a cell is: `swift-river` -> Swift River.

    Made from the key, which never changes, so that a school's new name changes no document of a release.
    """
    keys = [school] if school is not None else list(schools or ())
    return listed([" ".join(word.capitalize() for word in key.replace("_", "-").split("-") if word) for key in keys])


def listed(parts: Sequence[str], last: str = "and") -> str:
    """Join to a list: a, b and c."""
    return f" {last} ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def ordinal(number: int) -> str:
    """Say a place: 1 -> 1st."""
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th") if number % 100 not in (11, 12, 13) else "th"
    return f"{number}{ending}"


def quoted(text: str) -> str:
    """Quote a question or an answer, without the full stop at its end."""
    return f"“{text.rstrip('.')}”"


def first_up(sentence: str) -> str:
    """Begin with a capital letter."""
    return sentence[:1].upper() + sentence[1:]


def part_of(count: int, of: int) -> str:
    """Say a share: of 100 or more in hundredths, of fewer as it is. 0 and all are said as such."""
    if count in (0, of):
        return f"none of {of}" if count == 0 else f"all {of}"
    hundredths = (200 * count + of) // (2 * of)
    return f"{count} of {of}" if of < 100 or hundredths in (0, 100) else f"{hundredths} in 100"
