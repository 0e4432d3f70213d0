"""What is behind the need of a construct: its items, the other groups, and the schools where it is greater.

Decides which differences are told and the one sentence or two that sum them up (docs/statistics.md, "Factors"). All of
it is computed from the sealed counts of published cells; need, importance and ranks come from `ranking.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from app.analysis.ranking import Ranked, same
from app.analysis.sealed import Level
from app.analysis.versus import Differences, Sample, better, differences, rest_of, rows_of
from app.analysis.words import first_up, listed, ordinal, part_of, people, place, quoted

Row = dict[str, Any]
WORDS = ("less_favorable", "more_favorable")
FEW_PLACES = 5
"""So many schools are named in a sentence; of more, their number is."""


def with_factors(of: Ranked, others: Sequence[Ranked], items: Sequence[Row], constructs: Sequence[Row]) -> list[Row]:
    """Add `factors` and `reading` to the rows of constructs; protected ones stay as they are.

    Parameters
    ----------
    of : the group.
    others : the groups that it is compared with.
    items, constructs : its rows, as `Ranked` gives them.

    Returns
    -------
    The rows with `factors` : `items` by rank; `groups` with what they differ by from this one; `places`, the published
    schools and the pool with what they differ by from the rest of the union, greatest need first.
    """
    keys = [row["construct"] for row in constructs if row["status"] == "published"]
    by_place, by_group = _places(of, keys), {other.facts.group: _group(of, other, keys) for other in others}
    total = sum(row.get("rank") is not None for row in constructs)
    found = []
    for row in constructs:
        if row["status"] == "published":
            key = row["construct"]
            own = [item for item in items if item["construct"] == key and item["status"] == "published"]
            factors = {
                "items": [{name: item[name] for name in _OF_ITEM} for item in own],
                "groups": [told[key] for told in by_group.values() if key in told],
                "places": by_place[key],
            }
            row = {**row, "factors": factors, "reading": reading(row, factors, own, total)}
        found.append(row)
    return found


_OF_ITEM = ("item", "text", "n", "need", "importance", "breadth")


# ------------------------------------------------------------------ differences
def _places(of: Ranked, keys: Sequence[str]) -> dict[str, list[Row]]:
    """Compare each place with the rest of the union; empty for a construct that is shown for the union only."""
    found: dict[str, list[Row]] = {key: [] for key in keys}
    known = of.facts.codebook.instrument.construct_items
    shown = [key for key in keys if of.level(key, "construct") == Level.SCHOOLS]
    if not shown or not of.places:
        return found
    here, rest = rows_of(of.tally, of.places), rows_of(rest_of(of.tally, of.union), of.places)
    by_construct = differences(Sample.of_constructs(here, shown), Sample.of_constructs(rest, shown), shown)
    items = [item for key in shown for item in of.constructs[key]]
    by_item = differences(Sample.of_items(here, items), Sample.of_items(rest, items), items)
    for key in shown:
        way = better(of.facts.codebook, known[key])
        for row, at in enumerate(of.places):
            cell, counted = of.sealed.cells[at], of.of_constructs[key, at]
            verdict = by_construct.verdict(key, row, way, WORDS)
            lower = [item for item in of.constructs[key] if _is_below(by_item, item, row)]
            found[key].append(
                {"school": cell.school}
                | ({} if cell.schools is None else {"schools": list(cell.schools)})
                | {"n": counted["people"], "answers": counted["n"], "need": counted["value"]}
                | by_construct.document(key, row)
                | {"verdict": verdict}
                | ({"items": _items(by_item, lower, row)} if verdict == WORDS[0] else {})
            )
        found[key].sort(key=lambda row: (row["need"] is None, -(row["need"] or 0), str(row["school"])))
    return found


def _group(of: Ranked, other: Ranked, keys: Sequence[str]) -> dict[str, Row]:
    """Compare another group with this one, union-wide, on the constructs that both are asked in one meaning."""
    named = {"group": other.facts.group}
    shared = [key for key in keys if same(of.facts.codebook, other.facts.codebook, key, "construct")]
    found: dict[str, Row] = {key: {**named, "status": "protected"} for key in shared}
    shown = [key for key in shared if other.level(key, "construct") != Level.NOWHERE]
    if not shown:
        return found
    (their_items, their_constructs), (our_items, our_constructs) = other.in_union, of.in_union
    by_construct = differences(their_constructs, our_constructs, shown)
    by_item = differences(their_items, our_items, [item for key in shown for item in of.constructs[key]])
    for key in shown:
        counted = other.of_constructs[key, other.union]
        way = better(of.facts.codebook, of.facts.codebook.instrument.construct_items[key])
        found[key] = {
            **named,
            "status": "published",
            "n": counted["people"],
            "answers": counted["n"],
            "need": counted["value"],
            **by_construct.document(key, 0),
            "verdict": by_construct.verdict(key, 0, way, WORDS),
            "items": _items(by_item, of.constructs[key], 0),
        }
    return found


def _items(by_item: Differences, items: Sequence[str], row: int) -> list[Row]:
    """Give the differences of favorable shares by item."""
    return [{"item": item, "difference": {"favorable": by_item.shares[item, row]}} for item in items]


def _is_below(by_item: Differences, item: str, row: int) -> bool:
    high = by_item.shares[item, row]["high"]
    return high is not None and high < 0


# ------------------------------------------------------------------ in words
def reading(row: Row, factors: Mapping[str, list[Row]], items: Sequence[Row], total: int) -> str:
    """Sum up a construct: its need and rank, its items, where it is lower, and who sees it differently.

    Parameters
    ----------
    row : of the construct, published.
    factors : as `with_factors` makes them.
    items : the rows of its items, by rank.
    total : how many constructs of the group have a rank.

    Notes
    -----
    An item is named as the one with the greatest need only when its limits lie above those of all others. A school or a
    group is said to differ only by its verdict, and a school to be lower on those items whose intervals say so.
    """
    if row["need"] is None:
        return f"{first_up(people(row['group']))}, on {quoted(row['title'])}: no answers."
    return " ".join(first_up(sentence) + "." for sentence in _sentences(row, factors, items, total))


def _sentences(row: Row, factors: Mapping[str, list[Row]], items: Sequence[Row], total: int) -> Iterator[str]:
    group, answers = people(row["group"]), row["answers"]
    unfavorable = part_of(round(row["need"]["value"] * answers), answers)
    low, rank, high = row["rank_low"], row["rank"], row["rank_high"]
    span = (
        f"{ordinal(low)} or {ordinal(high)}" if high - low == 1 else f"anywhere from {ordinal(low)} to {ordinal(high)}"
    )
    chance = "" if low == high else f" (allowing for chance, {span})"
    place_of = f"{ordinal(rank)} of {total} in need{chance}"
    yield f"{group}, on {quoted(row['title'])}: {unfavorable} answers are not favorable, {place_of}"
    if "warnings" in row:
        yield f"it rests on {row['n']} {'person' if row['n'] == 1 else 'people'}: read it with care"
    needs = [item for item in items if item["need"] is not None]
    if len(needs) > 1:
        first, others = needs[0], needs[1:]
        stands_out = first["need"]["low"] > max(item["need"]["high"] for item in others)
        if stands_out:
            yield f"of its items, the need is clearly greatest on {quoted(first['text'])}"
        else:
            yield "none of its items stands out clearly"
    if factors["places"]:
        yield _where(factors["places"], {item["item"]: item["text"] for item in items}, group)
    yield from _who(factors["groups"], group)


def _where(places: Sequence[Row], texts: Mapping[str, str], group: str) -> str:
    below = [row for row in places if row["verdict"] == WORDS[0]]
    if all(row["verdict"] in ("cannot_tell", None) for row in places):
        return "whether a school is below the rest cannot be told"
    if not below:
        return "no school shown here is clearly below the rest"
    if len(below) > FEW_PLACES:
        return f"it is less favorable than elsewhere for {group} of {len(below)} schools"
    told = []
    for row in below:
        named = [quoted(texts[one["item"]]) for one in row["items"] if one["item"] in texts]
        on = f", on {'all of its items' if len(named) == len(texts) > 1 else listed(named)}" if named else ""
        told.append(f"for {group} of {place(row['school'], row.get('schools'))}{on}")
    return f"it is less favorable than elsewhere {'; and '.join(told)}"


def _who(groups: Sequence[Row], group: str) -> Iterator[str]:
    seen = [row for row in groups if row["status"] == "published"]
    ways = {"less_favorable": "less favorably", "more_favorable": "more favorably"}
    by_way = {way: [people(row["group"]) for row in seen if row["verdict"] == way] for way in ways}
    told = [f"{listed(who)} see it {ways[way]}" for way, who in by_way.items() if who]
    if told:
        yield f"{listed(told)} than {group} do"
    elif any(row["verdict"] == "no_clear_difference" for row in seen):
        yield "no other group clearly sees it differently"
