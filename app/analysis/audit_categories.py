"""The auditor on breakdowns: takes published categories and published cells from one another.

Decides whether a document by attribute tells of a few people. It goes through all sets of categories one by one, and
shares no rule with the code that chose them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, combinations
from typing import Any

import numpy as np
import orjson

from app.analysis.audit_read import GroupTruth, Places, Reading, Table, Truth
from app.analysis.audit_sets import Where, members
from app.analysis.audit_shapes import Finding
from app.analysis.crossing import categories
from app.analysis.tally import Ints

MOST = 12
"""Up to so many sets on the smaller side, all that can be made of them are looked at; beyond, those of up to three."""
Parts = list[tuple[Where, ...]]


def broken_down(
    readings: Iterable[Reading], truth: Truth, cells: dict[tuple[str, str, str], Places]
) -> Iterator[Finding]:
    """Find what must not be in the documents of attributes.

    Parameters
    ----------
    readings : those of the documents by attribute.
    truth : with the counts by attribute; a group without them is left out.
    cells : `item` or `construct`, group and key -> the published cells of that measure in the summaries.
    """
    tables = {
        (group, reading.attribute, of, key): table
        for reading in readings
        for (of, group, key), table in reading.tables.items()
        if reading.attribute is not None and table.places
    }
    known: dict[tuple[int, bytes], int] = {}
    apart: dict[tuple[str, ...], Parts] = {}

    def parts_of(group: GroupTruth, *measure: str) -> Parts:
        at = group.facts.group, *measure
        return apart[at] if at in apart else apart.setdefault(at, _school_parts(group, cells, *measure))

    for (name, attribute, of, key), table in tables.items():
        group, path = truth.groups[name], f"{table.path} ({table.group}, {table.key})"
        if group.crossed is None or group.tally is None:
            continue
        place = (group.crossed.bases.items if of == "item" else group.crossed.bases.constructs)[key]
        schools, whole = parts_of(group, of, key), parts_of(group)
        mine = _category_parts(group, attribute, table)
        people = group.crossed.folded((None, attribute), *_places(group, None, attribute, schools, mine))
        yield from _untrue(table, people[:, :, place].sum(axis=0), path)
        if not group.facts.confidential:
            continue
        everybody = group.crossed.folded((None, attribute), *_places(group, None, attribute, whole, mine))
        crossings = [people[:, :, place], everybody[:, :, 0]]
        for other, theirs in tables.items():
            if (other[0], *other[2:]) == (name, of, key) and (other[1], attribute) in group.crossed.people:
                parts = _category_parts(group, other[1], theirs)
                met = group.crossed.folded((other[1], attribute), *_places(group, other[1], attribute, parts, mine))
                crossings += [met[:, :, place], met[:, :, 0]]
        for crossing in crossings:
            same = group.k, orjson.dumps(crossing.tolist())
            if same not in known:
                known[same] = fewest(crossing, group.k)
            if left := known[same]:
                told = f"sets of cells and categories differ by {left} people"
                yield Finding("categories", path, told, name, base=left)


def fewest(crossed: Ints, least: int) -> int:
    """Find the smallest number of people, from 1 to `least` - 1, by which sets of rows and of columns differ.

    Parameters
    ----------
    crossed : (rows, columns) people in both; everybody counts in one row and one column.

    Returns
    -------
    The number; 0 when there is none.

    Notes
    -----
    For one set of columns, a row adds those of its people who are outside the set when it is taken, and those who are
    inside when it is not. The sums that can be reached, kept as bits of a whole number, grow from row to row.
    """
    table = crossed if crossed.shape[1] <= crossed.shape[0] else crossed.T
    rows, columns = table.shape
    sizes = range(columns + 1) if columns <= MOST else range(4)
    sets = [list(of) for of in chain.from_iterable(combinations(range(columns), size) for size in sizes)]
    chosen = np.zeros((len(sets), columns), dtype=np.int64)
    for at, of in enumerate(sets):
        chosen[at, of] = 1
    inside = chosen @ table.T
    outside = table.sum(axis=1) - inside
    whole: Any = np.int64 if least < 63 else object  # Python's numbers have any number of bits, and take their time
    reached, below = np.ones(len(sets), dtype=whole), (1 << least) - 1
    for row in range(rows):
        taken, left = (np.minimum(of[:, row], least).astype(whole) for of in (inside, outside))
        reached = (reached << taken | reached << left) & below
    found = int(np.bitwise_or.reduce(reached)) >> 1
    return (found & -found).bit_length()


def _untrue(table: Table, people: Ints, path: str) -> Iterator[Finding]:
    for where, told, counted in zip(table.places, table.counts("n"), people.tolist(), strict=False):
        if told != counted:
            detail = f"{told} people are shown in {where!r} where there are {counted}"
            yield Finding("truth", path, detail, table.group)


def _school_parts(group: GroupTruth, cells: dict[tuple[str, str, str], Places], *measure: str) -> Parts:
    """Sort the schools, and None, into the smallest sets that follow from the published cells of a measure, or of all.

    Whether people without a school are in the pool, the true numbers say.
    """
    mine = {(of, key): places for (of, name, key), places in cells.items() if name == group.facts.group}
    pooled, schools = False, group.schools[:-1]
    for (of, key), places in mine.items():
        n = dict(zip(group.schools, group.bases[of, key, "n"].tolist(), strict=True))
        pools = [where for where in places if isinstance(where, tuple)]
        pooled = pooled or any(sum(n[school] for school in where) != places[where] for where in pools)
    shown = {where for of_measure, places in mine.items() if measure in ((), of_measure) for where in places}
    apart: Parts = [members(where, schools, pooled) for where in shown if where is not None]  # type: ignore[arg-type]
    known = set(chain.from_iterable(apart))
    return [*apart, tuple(school for school in group.schools if school not in known)]


def _category_parts(group: GroupTruth, attribute: str, table: Table) -> Parts:
    """The published categories; what is in none of them, last."""
    parts: Parts = [where if isinstance(where, tuple) else (where,) for where in table.places]
    known = set(chain.from_iterable(parts))
    left = tuple(value for value in categories(group.facts.codebook, attribute) if value not in known)
    return [*parts, left]


def _places(group: GroupTruth, by: str | None, attribute: str, rows: Parts, columns: Parts) -> tuple[Ints, Ints]:
    values = group.schools if by is None else categories(group.facts.codebook, by)
    return _of(values, rows), _of(categories(group.facts.codebook, attribute), columns)


def _of(values: Sequence[Where], parts: Parts) -> Ints:
    """Of each value, the place of the part that it is in; people in none are a part of their own."""
    place = {value: at for at, part in enumerate(parts) for value in part}
    return np.array([place.get(value, len(parts)) for value in values], dtype=np.int64)
