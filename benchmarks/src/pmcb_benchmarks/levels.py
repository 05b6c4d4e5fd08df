# SPDX-License-Identifier: Apache-2.0
"""``pmcb bench levels``: receivers into levels, beside NetworkX, igraph and k-means."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

if TYPE_CHECKING:
    import networkx as nx
    import numpy as np
    from numpy.typing import NDArray

    from pmcb_client.cli import Settings
    from pmcb_clustering import SocialGraph

Found = TypeVar("Found")
Tell = Callable[[str], None]

LEVELS = (3, 4, 5)  # the numbers of levels in the paper's Fig. 5
MODES = ("balanced", "spectral", "paper")
REPEATS = 5


def measure(*, data: Path | None, seed: int, tell: Tell = lambda _: None) -> dict[str, object]:
    """Every figure of docs/performance.md on levels, from one run on one machine.

    Args:
        data: folder that holds ``social/facebook_combined.txt.gz``; None is ``PMCB_DATA``. A
            generated graph of the same size is used, and named, where the file is not there.
        seed: of the clustering, and of the generated graph.
        tell: hears what is being measured.
    """
    from pmcb_clustering import find_dataset, generated_graph, read_graph

    from ._machine import machine

    stamp = machine(["igraph", "networkx", "numba", "numpy", "pmcb-clustering", "scikit-learn"])
    path = find_dataset(data=data)
    graph = generated_graph(random_state=seed) if path is None else read_graph(path)
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
        "graph": {
            "name": "generated" if path is None else "ego-Facebook",
            "users": graph.n_users,
            "ties": graph.n_ties,
            "graph_hash": graph.graph_hash,
        },
        "local_metrics": local,
        "betweenness": between,
        "levels": [_levels(path, seed, t) for t in LEVELS],
        "modes": [_quality(graph, mode, t, seed) for mode in MODES for t in LEVELS],
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


def _levels(path: Path | None, seed: int, n_levels: int) -> dict[str, object]:
    """From the file to the levels: seconds on the wall and of the processors, second run."""
    from pmcb_clustering import LevelClustering, generated_graph, read_graph

    def work() -> LevelClustering:
        graph = generated_graph(random_state=seed) if path is None else read_graph(path)
        return LevelClustering(n_levels, random_state=seed).fit(graph)

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


@click.command()
@click.option(
    "--data",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    envvar="PMCB_DATA",
    show_envvar=True,
    help="Folder with social/facebook_combined.txt.gz; else a generated graph is measured.",
)
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write JSON here.")
@click.pass_obj
def levels(settings: "Settings", data: Path | None, seed: int, out: Path | None) -> None:
    """Measure the classification of receivers: speed, balance, RatioCut against k-means."""
    document = measure(data=data, seed=seed, tell=lambda step: click.echo(step, err=True))
    text = json.dumps(document, indent=1, sort_keys=True)
    if out is not None:
        out.write_text(text + "\n")
    if out is None or settings.json:
        click.echo(text)
