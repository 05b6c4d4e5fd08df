# SPDX-License-Identifier: Apache-2.0
"""Bytes: what a store takes on the cloud and in the fog, and what goes to and fro."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pmcb_services.retrieval.cloud import LABEL_SIZE, MemoryCloud
from pmcb_services.retrieval.leakage import RecordingCloud

from ._retrieval_worlds import FEW, World

__all__ = ["sizes", "traffic"]

_ID, _CODE, _TAG = 4, 2, 16
_COUNT = 2


def sizes(measured: Mapping[str, Any]) -> dict[str, float]:
    """Bytes of a store whose records carry nothing, from its public shape.

    Args:
        measured: records, attributes and status of a store.

    A blob holds B entries of 4 + 2 a bytes and a tag, and lies beside its label; the fog's
    directory has 4 a + 2 bytes per bucket.

    >>> status = {"buckets": 6000, "dummies": 3008, "bucket": 128, "batch": 32}
    >>> status["rounds_per_epoch"] = 94
    >>> found = sizes({"records": 100_000, "attributes": 5, "layouts": "kd+1d", "status": status})
    >>> found["per_record_and_layout"], found["epoch_per_round"]
    (27.38, 174794)
    """
    status, attributes = measured["status"], measured["attributes"]
    layouts = 1 + attributes if measured["layouts"] == "kd+1d" else 1
    blob = status["bucket"] * (_ID + _CODE * attributes) + _TAG
    pool = (status["buckets"] + status["dummies"]) * (LABEL_SIZE + blob)
    directory = (2 * _CODE * attributes + _COUNT) * status["buckets"]
    entries = measured["records"] * layouts
    return {
        "layouts": layouts,
        "pool": pool,
        "per_record_and_layout": round(pool / entries, 2),
        "directory_per_record_and_layout": round(directory / entries, 3),
        "round": status["batch"] * (LABEL_SIZE + blob),
        "epoch_per_round": round(pool / status["rounds_per_epoch"]),
    }


def traffic(world: World) -> dict[str, Any]:
    """The bytes of one epoch, counted at the cloud: rounds, and the change that ends it."""
    cloud = RecordingCloud(MemoryCloud())
    with world.store(cloud) as store:
        blob = cloud.describe("store").blob_size
        first = store.status()["epoch"]
        asked = 0
        built = sum(event.size for event in cloud.seen.of("put_pool"))
        while store.status()["epoch"] == first:
            store.query(world.ask(FEW).ranges)
            asked += 1
        rounds = cloud.seen.of("fetch")
        first_pool = [event for event in rounds if event.pool == rounds[0].pool]
        sent = sum(event.size for event in cloud.seen.of("put_pool")) - built
        return {
            **world.about,
            "queries": asked,
            "rounds": len(first_pool),
            "rounds_per_epoch": store.status()["rounds_per_epoch"],
            "up_per_round": max(event.size for event in first_pool),
            "down_per_round": max(len(event.labels) for event in first_pool) * blob,
            "sizes_of_rounds": len({event.size for event in first_pool}),
            "pool": built,
            "change_up": sent,
            "change_down": sum(event.size for event in cloud.seen.of("read_pool")),
            "roots": sorted({event.size for event in cloud.seen.of("put_root")}),
        }
