"""Which published cell a comment belongs to.

Decides it as rule 2 of the protection of figures does (docs/privacy.md), from how many people of each school wrote
something. It reads no comment and knows nothing of what was written.
"""

from __future__ import annotations

from collections.abc import Mapping

from app.analysis.facts import School
from app.analysis.layout import Layout
from app.analysis.sealed import Cell, SealedGroup


def places(group: SealedGroup, writers: Mapping[School, int]) -> dict[School, Cell]:
    """Tell to which cell the comments on one item belong, by the school of whoever wrote them.

    Parameters
    ----------
    group : the published part of the group.
    writers : school (None = tied to none) -> people who wrote something; a school that is missing has none.

    Returns
    -------
    For every school with writers its cell, or nothing at all when nobody may ever see these comments. A comment is in
    one cell only: what is left of the union's comments without those of the schools would name the rest.

    Notes
    -----
    The parts of a confidential group are the published schools, the pool, and what is left of the union. If k people
    or more wrote in each of them (nobody in what is left will do), every comment belongs to its part; there is no name
    for what is left but the union's. Otherwise, if k people or more wrote in the whole union, all belong to the union.
    Otherwise there are none. An attributed group has no minimum: its comments belong to the school that was answered.
    """
    if not group.confidential:
        return {school: Cell(school, None, None) for school in writers}
    union = next((cell for cell in group.cells if cell.is_union), None)
    if union is None:
        return {}
    responses = group.counts[:, [Layout.responses]].toarray().ravel().tolist()
    bases = dict(zip(group.cells, responses, strict=True))
    everybody = bases.pop(union)
    pool = next((cell for cell in bases if cell.schools is not None), union)
    part: dict[School, Cell] = {cell.school: cell for cell in bases if cell.school is not None}
    part |= dict.fromkeys(pool.schools or (), pool)
    # People without a school are in the pool, or they are what is left of the union.
    part[None] = pool if sum(bases.values()) == everybody else union
    cells = {school: part.get(school, union) for school in writers}
    wrote = dict.fromkeys(group.cells, 0)
    for school, people in writers.items():
        wrote[cells[school]] += people
    left = wrote.pop(union)
    if min(wrote.values(), default=left) >= group.minimum and not 0 < left < group.minimum:
        return cells
    return dict.fromkeys(writers, union) if left + sum(wrote.values()) >= group.minimum else {}
