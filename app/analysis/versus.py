"""Some people against others: the rest of a group, or another group; every measure at once.

Decides how differences are brought together from tallies, which way is better, and what may be said of a difference in
one word. What may be shown was decided by the seal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from app.analysis import people
from app.analysis.contrast import benjamini_hochberg, newcombe, welch
from app.analysis.estimate import ratio
from app.analysis.figures import plain
from app.analysis.tally import Tally
from app.survey.codebook import Codebook

LEVEL = 0.05
"""A difference is clear when its adjusted p value is below."""


def rest_of(tally: Tally, everybody: int | None = None) -> Tally:
    """Count, for each cell, all people who are not in it.

    Parameters
    ----------
    tally : counts of cells of which none share people.
    everybody : the place of a cell that has all people, those of the other cells among them; its rest is nobody. None
        when the cells together have all people.

    Notes
    -----
    A measure that is withheld from the cells and not from everybody is wrong in the result: do not read it.
    """
    n = len(tally.cells)
    if everybody is None:
        adding = sparse.csr_array(np.ones((n, n), dtype=np.int64) - np.eye(n, dtype=np.int64))
    else:
        ones, at = np.ones(n, dtype=np.int64), np.arange(n)
        taken = sparse.csr_array((ones, (at, at)), shape=(n, n))
        adding = sparse.csr_array((ones, (at, np.full(n, everybody))), shape=(n, n)) - taken
    return Tally(tally.layout, tally.cells, sparse.csr_array(adding @ tally.counts))


def rows_of(tally: Tally, rows: Sequence[int]) -> Tally:
    """Keep the cells at these places, in this order."""
    return Tally(tally.layout, tuple(tally.cells[row] for row in rows), tally.counts[list(rows)])


@dataclass(frozen=True, eq=False)
class Sample:
    """What is known of people on many measures, by (item or construct, cell).

    Attributes
    ----------
    scores : `estimate.moments` of the scores; of a construct, those of people.
    favorable : `count` favorable answers of `n` answers, `share`; of measures that have favorable options.
    counts_people : an answer is a person: items, and not constructs.
    """

    scores: pd.DataFrame
    favorable: pd.DataFrame
    counts_people: bool

    @classmethod
    def of_items(cls, tally: Tally, items: Sequence[str]) -> Sample:
        """Read items that have scores."""
        marked = [key for key in items if tally.layout.codebook.of_item[key][0].favorable]
        return cls(people.item_scores(tally, items), _favorable(tally, marked), counts_people=True)

    @classmethod
    def of_constructs(cls, tally: Tally, constructs: Sequence[str]) -> Sample:
        """Read constructs; their favorable answers are those to all of their items that have favorable options."""
        book = tally.layout.codebook
        parts = {key: book.instrument.construct_items[key] for key in constructs}
        construct_of = {i: key for key, items in parts.items() for i in items if book.of_item[i][0].favorable}
        by_item = _favorable(tally, list(construct_of))
        count, n = (people.added_up(by_item[name], construct_of) for name in ("count", "n"))
        return cls(people.person_scores(tally, constructs), _shares(count, n), counts_people=False)

    def figures(self) -> dict[Any, dict[str, Any]]:
        """Give by (key, cell), as JSON data, `n`, `mean` and `favorable` (None without favorable options)."""
        shares = plain(self.favorable.drop(columns="n") if self.counts_people else self.favorable)
        means = plain(pd.DataFrame({"value": self.scores["value"], "sd": self.scores["variance"] ** 0.5}))
        n = self.scores["n"].to_dict()
        return {where: {"n": n[where], "mean": mean, "favorable": shares.get(where)} for where, mean in means.items()}


def _favorable(tally: Tally, items: Sequence[str]) -> pd.DataFrame:
    return _shares(people.favorable(tally, items), people.answered(tally, items))


def _shares(count: pd.Series[int], n: pd.Series[int]) -> pd.DataFrame:
    return pd.DataFrame({"count": count, "n": n, "share": ratio(count.to_numpy(), n.to_numpy())})


@dataclass(frozen=True, eq=False)
class Differences:
    """Differences by (item or construct, cell), as JSON data; None for a figure that does not exist.

    Attributes
    ----------
    means : of scores, `value`, `se`, `df`, `low`, `high` (`contrast.welch`); of a construct, those of people.
    shares : of favorable shares, `value` and for items `low`, `high` (`contrast.newcombe`); of measures that have
        favorable options.
    tests : `p` of Welch's test, `p_adjusted` for all of them together; None where all people of a side score alike.
    """

    means: dict[Any, dict[str, float | None]]
    shares: dict[Any, dict[str, float | None]]
    tests: dict[Any, dict[str, float | None]]

    def document(self, key: str, cell: int) -> dict[str, Any]:
        """Give the members `difference` and `test` of one measure and cell."""
        where = key, cell
        return {
            "difference": {"mean": self.means.get(where), "favorable": self.shares.get(where)},
            "test": self.tests.get(where),
        }

    def verdict(self, key: str, cell: int, better: int, words: tuple[str, str]) -> str | None:
        """Say in one word how a cell differs: the first of `words` for the worse, the second for the better.

        `better` is 1 where higher scores are better, -1 where lower ones are, 0 where nobody knows: then None.
        """
        if not better:
            return None
        p = self.tests[key, cell]["p_adjusted"]
        if p is None:
            return "cannot_tell"
        value = self.means[key, cell]["value"]
        assert value is not None  # whatever has a p has a difference
        return words[value * better > 0] if p < LEVEL else "no_clear_difference"


def differences(of: Sample, others: Sample, keys: Sequence[str]) -> Differences:
    """Compare people with others on measures that both have in one meaning, cell by cell: `of` minus `others`."""
    name, cells = str(of.scores.index.names[0]), len(of.scores.index.unique("cell"))
    index = people.index_of(name, tuple(keys), cells)
    scores = [side.scores.reindex(index) for side in (of, others)]
    means = welch(*scores)
    known = set(of.favorable.index.unique(0))
    marked = people.index_of(name, tuple(key for key in keys if key in known), cells)
    ours, theirs = (side.favorable.reindex(marked) for side in (of, others))
    shares = newcombe(ours["count"], ours["n"], theirs["count"], theirs["n"])
    varied = np.logical_and(*(side["variance"].to_numpy() > 0 for side in scores))
    p = np.where(varied, means.pop("p").to_numpy(), np.nan)
    tests = pd.DataFrame({"p": p, "p_adjusted": benjamini_hochberg(p)}, index)
    return Differences(
        means=plain(means),
        shares=plain(shares if of.counts_people else shares[["value"]]),
        tests=plain(tests),
    )


def better(book: Codebook, items: Sequence[str]) -> int:
    """Tell which way the scores of items are better: 1 up, -1 down, 0 when they do not all say the same.

    An item says up when every favorable option has a higher score than every other one; it says nothing without
    favorable options, or with favorable ones in the middle.
    """
    said = set()
    for key in items:
        (column,) = book.of_item[key]
        good = [score for code, score in column.scores.items() if code in column.favorable]
        others = [score for code, score in column.scores.items() if code not in column.favorable]
        if not good or not others:
            said.add(0)
        else:
            said.add(1 if min(good) > max(others) else -1 if max(good) < min(others) else 0)
    return said.pop() if len(said) == 1 else 0
