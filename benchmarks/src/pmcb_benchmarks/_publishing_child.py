# SPDX-License-Identifier: Apache-2.0
"""One fit of saved rows in a process of its own, on one core, and what it took."""

import json
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from ._levels_child import peak_bytes
from ._publishing_pool import one_thread


def mpdp_k(path: Path) -> Callable[[], object]:
    """``mpdp-k`` with five counted clusters at an epsilon of 1."""
    import numpy as np

    from pmcb_services.publishing import MPDPK, Schema

    schema = Schema.from_document(json.loads(path.with_suffix(".json").read_text()))
    rows = np.load(path)
    model = MPDPK(schema=schema, epsilon="1", n_clusters=5)
    return lambda: model.fit(rows)


def diffprivlib(path: Path) -> Callable[[], object]:
    """The k-means of diffprivlib on the rows, encoded before."""
    import numpy as np

    from pmcb_services.publishing import Schema, Table
    from pmcb_services.publishing._lattice import LATTICE

    from ._publishing_anchors import diffprivlib_centres, diffprivlib_models

    schema = Schema.from_document(json.loads(path.with_suffix(".json").read_text()))
    chunks = Table.open(np.load(path), schema).chunks()
    points = np.vstack([x for x, _ in chunks]) / LATTICE
    diffprivlib_models()
    return lambda: diffprivlib_centres(points, schema, 1.0, 5, 0)


WORKS: Mapping[str, Callable[[Path], Callable[[], object]]] = {
    "mpdp-k": mpdp_k,
    "diffprivlib": diffprivlib,
}


def main(method: str, path: str) -> None:
    """Fit once; say in a line of JSON what it took."""
    one_thread()
    fit = WORKS[method](Path(path))
    start = time.perf_counter()
    fit()
    told = {"seconds": time.perf_counter() - start, "peak_bytes": peak_bytes()}
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
