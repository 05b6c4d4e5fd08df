# SPDX-License-Identifier: Apache-2.0
"""How long a fit takes on one core with noise of the operating system, and how much it holds."""

import json
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from pmcb_services.publishing import Numeric, Schema
from pmcb_services.publishing.datasets import DataSet, stand_in

from ._child import child
from ._publishing_anchors import installed
from ._publishing_cases import DIFFPRIVLIB
from ._publishing_samples import sample

COLUMNS = 10
TIMES = 5


def scale(data: str, home: Path, *, rows: int, times: int = TIMES) -> dict[str, Any]:
    """Seconds and bytes of fits, each in a process of its own.

    Args:
        data: the table to begin with, fitted as often as ``times``.
        home: the user's folder.
        rows: of the large made-up table, in ten columns.
        times: how often.
    """
    held = sample(data, home)
    assert held is not None
    schema = Schema([Numeric(f"x{place}", -1, 1) for place in range(COLUMNS)])
    with TemporaryDirectory(prefix="pmcb-publishing-") as name:
        folder = Path(name)
        small = _saved(held.data, folder)
        found = {"small": _fits("mpdp-k", small, times)}
        if installed(DIFFPRIVLIB):
            found[DIFFPRIVLIB] = _fits(DIFFPRIVLIB, small, times)
        large = _saved(stand_in("made-up", schema, rows), folder)
        return {**found, "large": _fits("mpdp-k", large, min(times, 3))}


def _saved(data: DataSet, folder: Path) -> tuple[DataSet, Path]:
    rows = folder / f"{data.name}.npy"
    np.save(rows, data.rows)
    rows.with_suffix(".json").write_text(json.dumps(data.schema.document()))
    return data, rows


def _fits(method: str, saved: tuple[DataSet, Path], times: int) -> dict[str, Any]:
    data, path = saved
    found = []
    for _ in range(times):
        with child("_publishing_child", method, str(path)) as done:
            found.append(json.loads(done.ready))
    return {
        "data": data.document,
        "times": times,
        "input_bytes": data.rows.nbytes,
        "seconds": median(each["seconds"] for each in found),
        "slowest": max(each["seconds"] for each in found),
        "peak_bytes": max(each["peak_bytes"] for each in found),
    }
