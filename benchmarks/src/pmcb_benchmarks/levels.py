# SPDX-License-Identifier: Apache-2.0
"""``pmcb bench levels``: receivers into levels, beside NetworkX, igraph and k-means."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from ._machine import machine
from ._output import give, out_option

if TYPE_CHECKING:
    import networkx as nx
    import numpy as np
    from numpy.typing import NDArray

    from pmcb_client.cli import Settings
    from pmcb_clustering import SocialGraph

Found = TypeVar("Found")
Tell = Callable[[str], None]
Read = Callable[[], "SocialGraph"]

LEVELS = (3, 4, 5)  # the numbers of levels in the paper's Fig. 5
MODES = ("balanced", "spectral", "paper")
REPEATS = 5
HARDEST, SEEDS = 4, range(5)  # where RatioCut lies nearest its target, looked at with each seed
LOPSIDED_LEVELS = (3, 5)


def measure(
    facebook: Path | None, enron: Path | None, *, seed: int, tell: Tell = lambda _: None
) -> dict[str, object]:
    """Every figure of docs/performance.md on levels, from one run on one machine.

    Args:
        facebook: ego-Facebook; None measures a generated graph of its size, and says so.
        enron: email-Enron; None leaves it out.
        seed: of the clustering, and of the generated graph.
        tell: hears what is being measured.
    """
    from pmcb_clustering import generated_graph, read_graph

    def read() -> "SocialGraph":
        return generated_graph(random_state=seed) if facebook is None else read_graph(facebook)

    stamp = machine(["igraph", "networkx", "numba", "numpy", "pmcb-clustering", "scikit-learn"])
    graph = read()
    plain = _to_networkx(graph)
    tell("Local metrics beside NetworkX ...")
    local = _local_metrics(graph, plain)
    tell("Betweenness beside igraph ...")
    between = _betweenness(graph, plain)
    tell("Levels ...")
    return {
        "benchmark": "levels",
        "seed": seed,
        "machine": stamp,
        "graph": _named("generated" if facebook is None else "ego-Facebook", graph),
        "local_metrics": local,
        "betweenness": between,
        "levels": [_levels(read, seed, t) for t in LEVELS],
        "modes": [_quality(graph, mode, t, seed) for mode in MODES for t in LEVELS],
        "seeds": [_figures(graph, HARDEST, each) for each in SEEDS],
        "lopsided": None if enron is None else _lopsided(read_graph(enron), seed),
    }


def _named(name: str, graph: "SocialGraph") -> dict[str, object]:
    return {
        "name": name,
        "users": graph.n_users,
        "ties": graph.n_ties,
        "graph_hash": graph.graph_hash,
    }


def _to_networkx(graph: "SocialGraph") -> "nx.Graph[int]":
    import networkx as nx
    import numpy as np

    rows = np.repeat(np.arange(graph.n_users), graph.degrees)
    made: nx.Graph[int] = nx.empty_graph(graph.n_users)
    made.add_edges_from(zip(rows.tolist(), graph.indices.tolist(), strict=True))
    return made


def _cpu_seconds(work: Callable[[], Found], repeats: int = 1) -> tuple[float, Found]:
    """Processor seconds of the quickest run, and its answer: other load counts little."""
    spent = []
    for _ in range(repeats):
        start = time.process_time()
        found = work()
        spent.append(time.process_time() - start)
    return min(spent), found


def _by_definition(graph: "nx.Graph[int]") -> "NDArray[np.float64]":
    """Degree, clustering and entropy of every user, straight from NetworkX."""
    import networkx as nx
    import numpy as np

    rows = []
    for node in graph:
        closed = graph.subgraph([node, *graph[node]])
        degrees = np.array([degree for _, degree in closed.degree()], np.float64)
        shares = degrees / degrees.sum()
        rows.append((graph.degree[node], nx.clustering(graph, node), -(shares @ np.log(shares))))
    return np.array(rows)


def _local_metrics(graph: "SocialGraph", plain: "nx.Graph[int]") -> dict[str, float]:
    import numpy as np

    from pmcb_clustering._support import local_metrics

    local_metrics(graph.indptr, graph.indices, 1.0)  # compiled before the clock starts
    ours, found = _cpu_seconds(lambda: local_metrics(graph.indptr, graph.indices, 1.0), REPEATS)
    theirs, expected = _cpu_seconds(lambda: _by_definition(plain))
    return {
        "cpu_s": ours,
        "networkx_cpu_s": theirs,
        "ratio": theirs / ours,
        "max_difference": float(np.abs(found - expected).max()),
    }


def _betweenness(graph: "SocialGraph", plain: "nx.Graph[int]") -> dict[str, float]:
    import igraph
    import numpy as np

    from pmcb_clustering import betweenness

    other = igraph.Graph(n=graph.n_users, edges=list(plain.edges))
    betweenness(graph, "pivots", pivots=2)
    ours, found = _cpu_seconds(lambda: betweenness(graph, "exact").counts, REPEATS)
    theirs, expected = _cpu_seconds(other.betweenness, REPEATS)
    return {
        "cpu_s": ours,
        "igraph_cpu_s": theirs,
        "ratio": ours / theirs,
        "max_relative_difference": float(
            (np.abs(found - expected) / np.maximum(1.0, expected)).max()
        ),
    }


def _levels(read: Read, seed: int, n_levels: int) -> dict[str, object]:
    """From the file to the levels: seconds on the wall and of the processors, second run."""
    from pmcb_clustering import LevelClustering

    def work() -> LevelClustering:
        return LevelClustering(n_levels, random_state=seed).fit(read())

    work()
    start = time.perf_counter()
    cpu, clustering = _cpu_seconds(work)
    wall = time.perf_counter() - start
    return {
        "levels": n_levels,
        "wall_s": wall,
        "cpu_s": cpu,
        "sizes": clustering.quality_["sizes"],
        "balance": clustering.quality_["balance"],
        "ratio_cut": clustering.quality_["ratio_cut"],
        "ratio_cut_to_kmeans": clustering.quality_["ratio_cut_to_kmeans"],
        "result_hash": clustering.assignment_.result_hash,
    }


def _quality(graph: "SocialGraph", mode: str, n_levels: int, seed: int) -> dict[str, object]:
    """One mode beside k-means, and how many users keep their level with 256 pivots."""
    from pmcb_clustering import LevelClustering

    exact = LevelClustering(n_levels, random_state=seed).set_params(mode=mode).fit(graph)
    sampled = LevelClustering(n_levels, random_state=seed, betweenness="pivots")
    kept = (sampled.set_params(mode=mode).fit(graph).levels_ == exact.levels_).mean()
    quality = exact.quality_
    return {
        "mode": mode,
        "levels": n_levels,
        "balance": quality["balance"],
        "ratio_cut_to_kmeans": quality["ratio_cut_to_kmeans"],
        "silhouette": quality["silhouette"],
        "inversion_rate": quality["inversion_rate"],
        "kmeans": quality["kmeans"],
        "keep_level_with_pivots": float(kept),
    }


def _figures(graph: "SocialGraph", n_levels: int, seed: int) -> dict[str, object]:
    from pmcb_clustering import LevelClustering

    quality = LevelClustering(n_levels, random_state=seed).fit(graph).quality_
    return {
        "seed": seed,
        "levels": n_levels,
        "sizes": quality["sizes"],
        "balance": quality["balance"],
        "ratio_cut_to_kmeans": quality["ratio_cut_to_kmeans"],
        "kmeans": quality["kmeans"],
    }


def _lopsided(graph: "SocialGraph", seed: int) -> dict[str, object]:
    """Levels of a graph in which many users are exactly alike."""
    import numpy as np

    from pmcb_clustering import receiver_metrics

    _, counts = np.unique(receiver_metrics(graph), axis=0, return_counts=True)
    return {
        "graph": _named("email-Enron", graph),
        "most_alike": int(counts.max()),
        "levels": [_figures(graph, t, seed) for t in LOPSIDED_LEVELS],
    }


@click.command()
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True)
@out_option
@click.pass_obj
def levels(settings: "Settings", seed: int, out: Path | None) -> None:
    """Measure the classification of receivers: speed, balance, RatioCut against k-means.

    On ego-Facebook when it is at hand (see `pmcb data list`), else on a generated graph of its
    size; on email-Enron, too, when it is at hand.
    """
    from pmcb_apps._datasets import data_set, find

    facebook, enron = (
        find(data_set(name), settings.home) for name in ("ego-facebook", "email-enron")
    )
    document = measure(facebook, enron, seed=seed, tell=lambda step: click.echo(step, err=True))
    give(settings, document, out)
