"""Whether two sortings of the same people can be subtracted from one another without singling out a few of them.

Decides one question about one table of people and knows nothing of who they are: schools, categories or anything else.
"""

from __future__ import annotations

from collections import defaultdict
from heapq import heappop, heappush

from app.analysis.tally import Ints

Graph = dict[int, dict[int, int]]
"""Node -> its neighbors, and the people in both. Every link is there in both directions."""


def nobody_or_enough(crossed: Ints, least: int) -> bool:
    """Tell whether any set of rows and any set of columns differ by nobody or by at least `least` people.

    Parameters
    ----------
    crossed : (rows, columns) people in both; everybody counts in one row and one column.
    least : the fewest people that a difference may have, 1 or more.

    Notes
    -----
    Rows and columns are the nodes of a graph, joined by the people in both. A set of rows and a set of columns, taken
    together, are one side of a cut, and the people whom it cuts are those in one of the two sets and not in the other.
    So the question is whether every cut through a connected part has at least `least` people. Nodes that no smaller cut
    can part are made one, again and again, until nothing is left or a node by itself has too few.
    """
    graph = _graph(crossed)
    while graph:
        if any(sum(links.values()) < least for links in graph.values()):
            return False
        graph = _contracted(graph, _inseparable(graph, least))
    return True


def _graph(crossed: Ints) -> Graph:
    graph: Graph = defaultdict(dict)
    rows, columns = crossed.nonzero()
    for row, column, people in zip(rows.tolist(), columns.tolist(), crossed[rows, columns].tolist(), strict=True):
        graph[row][~column] = graph[~column][row] = people
    return graph


def _inseparable(graph: Graph, least: int) -> dict[int, int]:
    """Give each node one that stands for all those that no cut of fewer than `least` parts from it.

    Nodes are visited in the order of how strongly they hang on those visited before (Nagamochi and Ibaraki 1992): when
    the links of v to u and to all before u add up to w, then every cut between u and v has at least w. The last node
    of a connected part hangs on it by all that it has, so that at least two nodes of each part become one.
    """
    stands_for = {node: node for node in graph}

    def root(node: int) -> int:
        while stands_for[node] != node:
            stands_for[node] = node = stands_for[stands_for[node]]
        return node

    strength = dict.fromkeys(graph, 0)
    visited: set[int] = set()
    for first in graph:
        waiting = [(0, first)]
        while waiting:
            _, node = heappop(waiting)
            if node in visited:
                continue
            visited.add(node)
            for other, people in graph[node].items():
                if other not in visited:
                    strength[other] += people
                    if strength[other] >= least:
                        stands_for[root(other)] = root(node)
                    heappush(waiting, (-strength[other], other))
    return {node: root(node) for node in graph}


def _contracted(graph: Graph, stands_for: dict[int, int]) -> Graph:
    """Make one node of all that have the same node standing for them; a node without links is left out."""
    smaller: Graph = defaultdict(lambda: defaultdict(int))
    for node, links in graph.items():
        for other, people in links.items():
            if stands_for[node] != stands_for[other]:
                smaller[stands_for[node]][stands_for[other]] += people
    return smaller
