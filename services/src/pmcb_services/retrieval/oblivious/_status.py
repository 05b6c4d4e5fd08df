# SPDX-License-Identifier: Apache-2.0
"""What a store says of itself."""

from __future__ import annotations

from ._held import Held
from ._state import MemoryState

__all__ = ["status_of"]


def status_of(held: Held, *, is_suspended: bool) -> dict[str, object]:
    """Sizes and counts, for JSON; ``live``, ``used`` before a query and colours are the fog's."""
    build, shape = held.contents.build, held.contents.shape
    return {
        "store": build.store,
        "mode": "oblivious",
        "rounds": str(build.policy),
        "layouts": build.layouts,
        "version": held.version,
        "epoch": held.contents.epoch,
        "records_padded": shape.records,
        "live": held.alive,
        "ids": len(held.live),
        "log": len(held.log),
        "log_most": build.settings.log,
        "rounds_used": None if held.rounds is None else held.rounds.used,
        "rounds_per_epoch": shape.rounds,
        "batch": shape.batch,
        "bucket": shape.bucket,
        "buckets": shape.buckets,
        "dummies": shape.dummies,
        "colours": sorted(held.contents.colours),
        "is_settled": held.unsettled is None,
        "is_suspended": is_suspended,
        "guard": "process" if isinstance(held.state, MemoryState) else "state",
    }
