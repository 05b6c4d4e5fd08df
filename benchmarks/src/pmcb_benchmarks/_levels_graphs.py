# SPDX-License-Identifier: Apache-2.0
"""The graphs that levels are measured on: data sets, made-up ones, simple shapes; how many."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import networkx as nx
    from numpy.typing import NDArray

    from pmcb_clustering import SocialGraph

Figures = dict[str, Any]
"""What was measured, by name: a JSON object of the results."""


@dataclass(frozen=True)
class Scope:
    """How much is measured.

    Attributes:
        repeats: of what takes a moment; the quickest counts.
        sources: from which NetworkX's betweenness is timed; it takes minutes for all.
        shape: users of the star, the path and the cycle.
        complete: users of the complete graph.
        isolated: users without a tie, beside two with one.
        generated: users and ties of the generated graphs, ascending; the first is small enough
            for NetworkX, the last above the limit of exact betweenness.
        files: users and ties of the graphs that are classified from a file.
        seeds: with each of them what depends on chance is measured.
        newcomers: users who leave and join again.
        gangs: connected groups that are simulated.
    """

    repeats: int
    sources: int
    shape: int
    complete: int
    isolated: int
    generated: tuple[tuple[int, int], ...]
    files: tuple[tuple[int, int], ...]
    seeds: tuple[int, ...]
    newcomers: int
    gangs: int


FULL = Scope(
    repeats=5,
    sources=256,
    shape=1_000,
    complete=200,
    isolated=100_000,
    generated=((1_000, 21_800), (25_000, 125_000)),
    files=((100_000, 2_200_000), (1_000_000, 5_000_000)),
    seeds=(0, 1, 2, 3, 4),
    newcomers=100,
    gangs=50_000,
)
QUICK = Scope(
    repeats=1,
    sources=16,
    shape=60,
    complete=40,
    isolated=500,
    generated=((100, 400), (400, 1_600)),
    files=((1_000, 5_000),),
    seeds=(0, 1),
    newcomers=10,
    gangs=1_000,
)


@dataclass(frozen=True)
class Named:
    """A graph and what it is called in the results."""

    name: str
    graph: "SocialGraph"

    @property
    def document(self) -> Figures:
        """What the results say of it."""
        return {
            "name": self.name,
            "users": self.graph.n_users,
            "ties": self.graph.n_ties,
            "graph_hash": self.graph.graph_hash,
        }


def ego_facebook(path: Path | None, seed: int) -> Named:
    """The graph in that file; without one a generated graph of its size, which says so."""
    from pmcb_clustering import generated_graph, read_graph

    if path is None:
        return Named("generated", generated_graph(random_state=seed))
    return Named("ego-Facebook", read_graph(path))


def generated(size: tuple[int, int], seed: int) -> Named:
    """A generated graph of so many users and ties."""
    from pmcb_clustering import generated_graph

    return Named("generated", generated_graph(*size, random_state=seed))


def shapes(scope: Scope) -> Iterator[Named]:
    """Graphs in which many users are exactly alike."""
    n = np.arange(scope.shape)
    path = np.column_stack([n[:-1], n[1:]])
    cycle = np.concatenate([path, [[scope.shape - 1, 0]]])
    everybody = np.column_stack(np.triu_indices(scope.complete, 1))
    yield _shape("star", scope.shape, np.column_stack([np.zeros_like(n[1:]), n[1:]]))
    yield _shape("path", scope.shape, path)
    yield _shape("cycle", scope.shape, cycle)
    yield _shape("complete", scope.complete, everybody)
    yield _shape("isolated and one tie", scope.isolated + 2, np.array([[0, 1]]))


def _shape(name: str, users: int, ends: "NDArray[np.int64]") -> Named:
    from pmcb_clustering import SocialGraph

    return Named(name, SocialGraph.from_arrays(list(map(str, range(users))), ends))


def to_networkx(graph: "SocialGraph") -> "nx.Graph[int]":
    """The same graph, nodes numbered in node order."""
    import networkx as nx

    made: nx.Graph[int] = nx.empty_graph(graph.n_users)
    made.add_edges_from(graph.ties.tolist())
    return made


def write_edges(graph: "SocialGraph", path: Path) -> None:
    """As SNAP publishes graphs: two ids a line. Who has no tie is left out."""
    users = graph.users
    with path.open("w") as file:
        file.writelines(f"{users[one]} {users[other]}\n" for one, other in graph.ties.tolist())
