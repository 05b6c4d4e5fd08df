# SPDX-License-Identifier: Apache-2.0
"""An instance as JSON, and as the bytes that a certificate is about."""

from __future__ import annotations

import hashlib
import json
import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from ._instance import Instance

__all__ = ["digest", "document"]


def digest(instance: Instance) -> str:
    """SHA-256 over all that a plan's cost depends on, and over the ids, in hexadecimal.

    A line of JSON (n, m, order ids, server ids, whether there are deadlines), then float64 in
    little-endian order: p row by row, B, I, R, Z (nan: never sleeps), seconds before sleep,
    deadlines and their weights if there are any, w_E, w_M.
    """
    head = [instance.n, instance.m, instance.order_ids, instance.server_ids]
    head.append(instance.deadlines is not None)
    line = json.dumps(head, ensure_ascii=True, separators=(",", ":")) + "\n"
    hashed = hashlib.sha256(line.encode("ascii"))
    sleep = np.where(np.isnan(instance.sleep_w), np.nan, instance.sleep_w)  # one nan of many
    arrays = [instance.etc, instance.busy_w, instance.idle_w, instance.ready, sleep]
    arrays.append(instance.sleep_after_s)
    if instance.deadlines is not None and instance.lateness_weights is not None:
        arrays += [instance.deadlines, instance.lateness_weights]
    arrays.append(np.array([instance.w_energy, instance.w_makespan]))
    for array in arrays:
        hashed.update(np.ascontiguousarray(array, dtype="<f8").tobytes())
    return hashed.hexdigest()


def document(instance: Instance) -> dict[str, object]:
    """As JSON, which has no infinity: null in etc is forbidden, in sleep_w and deadlines none."""
    dated = instance.deadlines is not None
    return {
        "order_ids": list(instance.order_ids),
        "server_ids": list(instance.server_ids),
        "etc": [_finite(row) for row in instance.etc],
        "busy_w": instance.busy_w.tolist(),
        "idle_w": instance.idle_w.tolist(),
        "ready": instance.ready.tolist(),
        "sleep_w": _finite(instance.sleep_w),
        "sleep_after_s": instance.sleep_after_s.tolist(),
        "deadlines": _finite(instance.deadlines) if dated else None,
        "lateness_weights": _finite(instance.lateness_weights) if dated else None,
        "penalty": instance.penalty,
        "normalise": instance.normalise,
        "w_energy": instance.w_energy,
        "w_makespan": instance.w_makespan,
    }


def _finite(row: NDArray[np.float64] | None) -> list[float | None]:
    return [] if row is None else [x if math.isfinite(x) else None for x in row.tolist()]
