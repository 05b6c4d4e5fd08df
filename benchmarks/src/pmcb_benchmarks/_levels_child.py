# SPDX-License-Identifier: Apache-2.0
"""A piece of work in a process of its own, which then says what it took, memory included."""

import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path


def classify(file: str, n_levels: str, seed: str, out: str) -> dict[str, object]:
    """From a file with the social graph to a file with the levels."""
    from pmcb_clustering import LevelClustering, read_graph

    clustering = LevelClustering(int(n_levels), random_state=int(seed)).fit(read_graph(file))
    clustering.assignment_.to_json(out)
    return {
        "balance": clustering.quality_["balance"],
        "result_hash": clustering.assignment_.result_hash,
    }


def local_metrics(folder: str) -> dict[str, object]:
    """Degree, clustering and entropy of a graph that lies in a folder as two arrays."""
    import numpy as np

    from pmcb_clustering import generated_graph
    from pmcb_clustering._support import local_metrics as measure

    tiny = generated_graph(60, 150)
    measure(tiny.indptr, tiny.indices, 1.0)  # compiled before the clock starts
    indptr, indices = (np.load(Path(folder, f"{name}.npy")) for name in ("indptr", "indices"))
    start = time.process_time()
    measure(indptr, indices, 1.0)
    return {"metrics_cpu_s": time.process_time() - start}


def peak_bytes() -> int:
    """The most memory this process ever held.

    Not what ``getrusage`` tells where the kernel says more: it counts the parent's, too, in a
    process that was started by ``vfork``.
    """
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most if sys.platform == "darwin" else most * 1024
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))


WORKS: dict[str, Callable[..., dict[str, object]]] = {
    "classify": classify,
    "local_metrics": local_metrics,
}


def main(work: str, *arguments: str) -> None:
    """Do one of the above, and say in one line of JSON what came of it."""
    found = WORKS[work](*arguments)
    told = {**found, "cpu_s": time.process_time(), "peak_bytes": peak_bytes()}
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
