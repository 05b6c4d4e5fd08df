# SPDX-License-Identifier: Apache-2.0
"""Other libraries on the same graph in the same run: NetworkX, igraph, rustworkx, networkit."""

import time
import warnings
from collections.abc import Callable
from importlib.metadata import version
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from ._levels_graphs import Figures, Named, Scope, generated, to_networkx

if TYPE_CHECKING:
    import networkx as nx
    from numpy.typing import NDArray

    from pmcb_clustering import SocialGraph

Found = TypeVar("Found")
Run = Callable[[], "NDArray[np.float64]"]
Prepare = Callable[["SocialGraph"], Run]

LEVELS = 3  # of the whole way beside NetworkX and scikit-learn
NEIGHBOURS = 10


def cpu_seconds(work: Callable[[], Found], repeats: int = 1) -> tuple[float, Found]:
    """Seconds of all processors in the quickest run, and its answer: other load counts little."""
    spent = []
    for _ in range(repeats):
        start = time.process_time()
        found = work()
        spent.append(time.process_time() - start)
    return min(spent), found


def by_definition(graph: "nx.Graph[int]") -> "NDArray[np.float64]":
    """Degree, clustering and entropy of every user, straight from NetworkX, shape (n, 3)."""
    import networkx as nx

    rows = []
    for node in graph:
        closed = graph.subgraph([node, *graph[node]])
        degrees = np.array([degree for _, degree in closed.degree()], np.float64)
        shares = degrees / max(1.0, degrees.sum())
        entropy = -(shares * np.log(np.where(shares > 0, shares, 1.0))).sum()
        rows.append((graph.degree[node], nx.clustering(graph, node), entropy))
    return np.array(rows)


def local_metrics(graph: "SocialGraph", scope: Scope) -> Figures:
    """Degree, clustering and entropy of all users beside NetworkX."""
    from pmcb_clustering._support import local_metrics as measure

    plain = to_networkx(graph)
    measure(graph.indptr, graph.indices, 1.0)  # compiled before the clock starts
    ours, found = cpu_seconds(lambda: measure(graph.indptr, graph.indices, 1.0), scope.repeats)
    theirs, expected = cpu_seconds(lambda: by_definition(plain))
    return {
        "cpu_s": ours,
        "networkx_cpu_s": theirs,
        "ratio": theirs / ours,
        "max_difference": float(np.abs(found - expected).max()),
    }


def betweenness(graph: "SocialGraph", scope: Scope) -> Figures:
    """Exact betweenness of all users beside every library that is at hand."""
    from pmcb_clustering import betweenness as measure

    measure(graph, "pivots", pivots=2)
    ours, found = cpu_seconds(lambda: measure(graph, "exact").counts, scope.repeats)
    anchors: list[Figures] = []
    for library, prepare, repeats in ANCHORS:
        try:
            run = prepare(graph)
        except ImportError as error:
            anchors.append({"library": library, "skipped": f"not installed: {error}"})
            continue
        theirs, expected = cpu_seconds(run, min(repeats, scope.repeats))
        difference = np.abs(found - expected) / np.maximum(1.0, expected)
        anchors.append(
            {
                "library": library,
                "version": version(library),
                "cpu_s": theirs,
                "ratio": ours / theirs,
                "max_relative_difference": float(difference.max()),
            }
        )
    return {"cpu_s": ours, "anchors": [*anchors, _networkx(graph, ours, scope)]}


def _igraph(graph: "SocialGraph") -> Run:
    import igraph

    other = igraph.Graph(n=graph.n_users, edges=graph.ties.tolist())
    return lambda: np.array(other.betweenness())


def _rustworkx(graph: "SocialGraph") -> Run:
    import rustworkx

    other: rustworkx.PyGraph[int, None] = rustworkx.PyGraph(multigraph=False)
    other.add_nodes_from(range(graph.n_users))
    other.add_edges_from_no_data([(one, two) for one, two in graph.ties.tolist()])

    def run() -> "NDArray[np.float64]":
        found = rustworkx.graph_betweenness_centrality(other, normalized=False)
        return np.array([found[node] for node in range(graph.n_users)])

    return run


def _networkit(graph: "SocialGraph") -> Run:
    import networkit

    ends = graph.ties.astype(np.uint64)
    other = networkit.Graph(graph.n_users)
    other.addEdges((np.ascontiguousarray(ends[:, 0]), np.ascontiguousarray(ends[:, 1])))
    # it counts every pair from both ends
    return lambda: np.array(networkit.centrality.Betweenness(other).run().scores()) / 2.0


ANCHORS: tuple[tuple[str, Prepare, int], ...] = (
    ("igraph", _igraph, 5),
    ("rustworkx", _rustworkx, 1),
    ("networkit", _networkit, 1),
)
"""Name, how its run is prepared, and how often it is run at most."""


def _networkx(graph: "SocialGraph", ours: float, scope: Scope) -> Figures:
    """NetworkX from some sources, its time scaled up to all: it would take minutes."""
    import networkx as nx

    plain = to_networkx(graph)
    sources = min(scope.sources, graph.n_users)
    spent, _ = cpu_seconds(lambda: nx.betweenness_centrality(plain, k=sources, seed=0))
    whole = spent * graph.n_users / sources
    return {
        "library": "networkx",
        "version": version("networkx"),
        "cpu_s": whole,
        "ratio": ours / whole,
        "sources": sources,
    }


def whole_way(scope: Scope, seed: int) -> Figures:
    """From a graph to levels: NetworkX's metrics and scikit-learn's clusters, and ours."""
    from pmcb_clustering import LevelClustering

    one = generated(scope.generated[0], seed)
    clustering = LevelClustering(LEVELS, random_state=seed)
    clustering.fit(one.graph)  # compiled before the clock starts
    ours, _ = cpu_seconds(lambda: clustering.fit(one.graph), scope.repeats)
    theirs, labels = cpu_seconds(lambda: _spectral(one, seed))
    sizes = np.bincount(labels, minlength=LEVELS)
    return {
        "graph": one.document,
        "levels": LEVELS,
        "cpu_s": ours,
        "balance": clustering.quality_["balance"],
        "anchor_cpu_s": theirs,
        "anchor_sizes": sizes.tolist(),
        "ratio": theirs / ours,
    }


def _spectral(one: Named, seed: int) -> "NDArray[np.int64]":
    import networkx as nx
    from scipy.stats import rankdata
    from sklearn.cluster import SpectralClustering

    plain = to_networkx(one.graph)
    between = nx.betweenness_centrality(plain)
    metrics = np.column_stack([by_definition(plain), [between[node] for node in plain]])
    model = SpectralClustering(
        LEVELS, affinity="nearest_neighbors", n_neighbors=NEIGHBOURS, random_state=seed
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # its graph may fall into pieces
        labels = model.fit_predict(rankdata(metrics, axis=0) / len(metrics))
    return np.asarray(labels, np.int64)
