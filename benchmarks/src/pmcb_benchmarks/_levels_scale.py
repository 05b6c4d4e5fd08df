# SPDX-License-Identifier: Apache-2.0
"""From files of up to a million users to levels, each in a process of its own."""

import json
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np

from ._child import child
from ._levels_graphs import Figures, Named, Scope, generated, write_edges

if TYPE_CHECKING:
    from collections.abc import Callable

LEVELS = 3


def scale(
    first: Named, file: Path | None, scope: Scope, seed: int, tell: "Callable[[str], None]"
) -> Figures:
    """Seconds and peak memory from the file to the levels; local metrics of the largest graph.

    Args:
        first: the graph to begin with.
        file: where it lies; None writes it.
        scope: names the generated graphs, which are written to files.
        seed: of graphs and levels.
        tell: hears what is being measured.
    """
    with TemporaryDirectory(prefix="pmcb-levels-") as name:
        folder = Path(name)
        _classify(generated(scope.generated[0], seed), None, folder, seed)  # compiles
        rows = [_classify(first, file, folder, seed)]
        largest = first
        for size in scope.files:
            tell(f"From a file of {size[0]:,} users to levels ...")
            largest = generated(size, seed)
            rows.append(_classify(largest, None, folder, seed))
        return {"end_to_end": rows, "local_metrics_at_scale": _local_metrics(largest, folder)}


def _classify(one: Named, file: Path | None, folder: Path, seed: int) -> Figures:
    """Wall time counts from the start of the process to the levels in their file."""
    if file is None:
        file = folder / "graph.txt"
        write_edges(one.graph, file)
    out = folder / "levels.json"
    start = time.perf_counter()
    arguments = ("classify", str(file), str(LEVELS), str(seed), str(out))
    with child("_levels_child", *arguments) as done:
        wall = time.perf_counter() - start
        found = json.loads(done.ready)
    return {"graph": one.document, "levels": LEVELS, "wall_s": wall, **found}


def _local_metrics(one: Named, folder: Path) -> Figures:
    for name, array in (("indptr", one.graph.indptr), ("indices", one.graph.indices)):
        np.save(folder / f"{name}.npy", array)
    with child("_levels_child", "local_metrics", str(folder)) as done:
        return {"graph": one.document, **json.loads(done.ready)}
