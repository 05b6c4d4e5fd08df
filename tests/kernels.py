# SPDX-License-Identifier: Apache-2.0
"""Compiles most kernels, beside the linters: else every process of the tests does it for itself."""

from itertools import product

from pmcb_clustering import LevelClustering, Sharing, gang_leakage, generated_graph
from pmcb_services.fog.solve import ALGORITHMS, solve, uniform, unrelated

if __name__ == "__main__":
    graph = generated_graph(300, 2400)
    for mode in ("balanced", "spectral", "paper"):
        levels = LevelClustering(3, mode=mode).fit(graph).assignment_
    gang_leakage(levels, graph, 9, Sharing.majority(3, 3), trials=100)
    for made, algorithm in product((uniform, unrelated), ALGORITHMS):
        solve(made(6, 2, 0), algorithm=algorithm, effort=2)
