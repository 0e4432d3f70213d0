"""Whether a new release may follow earlier ones after people were erased.

Decides it from two seals: the difference of two releases is a figure about the people who were removed, so on every
base there must be nobody or at least the promised minimum of them (docs/privacy.md). It knows no people and computes
nothing that is published.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from app.analysis.layout import Layout
from app.analysis.people import answers, person_scores
from app.analysis.sealed import Level, Sealed, SealedGroup
from app.analysis.tally import Ints, Tally
from app.survey.codebook import Codebook


def may_follow(earlier: Sealed, later: Sealed, books: dict[str, Codebook]) -> bool:
    """Tell whether the differences of two releases of a wave are about nobody or about enough people.

    Parameters
    ----------
    earlier, later : what the two releases seal.
    books : group -> codebook.

    Notes
    -----
    The pooling and how far each item and construct is shown must be the same. A group with a published breakdown by an
    attribute may not change at all: cells and categories cut the removed people in two ways, and what is left of one
    way without the other cannot be seen from sums.
    """
    if [group.group for group in earlier.groups] != [group.group for group in later.groups]:
        return False
    pairs = zip(earlier.groups, later.groups, strict=True)
    return all(_may(before, after, books[before.group]) for before, after in pairs)


def _may(before: SealedGroup, after: SealedGroup, book: Codebook) -> bool:
    if not before.confidential:
        return True
    shape = (before.cells, dict(before.items), dict(before.constructs)) == (
        after.cells, dict(after.items), dict(after.constructs),
    )  # fmt: skip
    if not shape:
        return False
    if (before.counts - after.counts).count_nonzero() == 0:
        return True
    if any(of.cells for of in (*before.breakdowns, *after.breakdowns)):
        return False
    bases = zip(_bases(before, book), _bases(after, book), strict=True)
    removed = [first - then for first, then in bases]
    return all(bool(np.all((n == 0) | (n >= before.minimum))) for n in removed)


def _bases(group: SealedGroup, book: Codebook) -> Iterator[Ints]:
    """The number of people behind each figure, by published cell and, last, in what is left of the union."""
    tally = Tally(Layout(book), group.cells, group.counts)
    union = np.array([cell.is_union for cell in group.cells], dtype=bool)

    def with_rest(n: Ints, level: Level) -> Ints:
        """Add the rest where the parts are shown."""
        left = n[union].sum() - n[~union].sum() if level == Level.SCHOOLS and not union.all() else 0
        return np.append(n, left)

    yield with_rest(tally.responses, Level.SCHOOLS)
    for key, level in group.items.items():
        yield with_rest(answers(tally, [key])["n"].to_numpy(), level)
    for key, measures in tally.layout.constructs.items():
        level = group.constructs[key]
        yield with_rest(person_scores(tally, [key])["n"].to_numpy(), level)
        yield with_rest(tally.dense[:, measures.complete.start], level)
    for pair in tally.layout.pairs.values():
        yield tally.dense[:, pair.at.start]
