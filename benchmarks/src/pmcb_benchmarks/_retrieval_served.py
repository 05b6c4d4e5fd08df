# SPDX-License-Identifier: Apache-2.0
"""A store whose cloud is ``pmcb retrieval cloud serve``, a process that keeps it in LMDB."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import psutil

from pmcb_client.network_file import load, parse, save
from pmcb_client.wallet import Wallet, WalletIdentity
from pmcb_network.embedded import EmbeddedNetwork
from pmcb_services.retrieval.cloud import RemoteCloud
from pmcb_services.retrieval.oblivious import ObliviousStore

from ._people import people_of
from ._retrieval_speed import Clock, timed, updates
from ._retrieval_worlds import HITS, Question, World

__all__ = ["served"]

_END_S = 20


def served(world: World, folder: Path, *, queries: int) -> dict[str, Any]:
    """The same boxes against memory and over loopback HTTP; building, inserts, renewal.

    Args:
        world: the records.
        folder: an empty one.
        queries: boxes per number of hits.
    """
    boxes = {hits: world.asks(hits, queries) for hits in HITS}
    with world.store() as store:
        near = {hits: timed(_asking(store), boxes[hits])[0] for hits in HITS}
    with _cloud(folder) as (cloud, cpu_s):
        clock = Clock()
        store = world.store(cloud)
        built = clock.told("build")
        with store:
            rows = [
                {
                    "hits": hits,
                    "near_ms": round(median(near[hits]), 4),
                    **_far(store, boxes[hits], cpu_s),
                }
                for hits in HITS
            ]
            return {
                **world.about,
                **built,
                "queries": rows,
                "updates": updates(world, store),
                "disk_bytes": _disk(folder / "kept"),
            }


def _far(
    store: ObliviousStore, boxes: Sequence[Question], cpu_s: Callable[[], float]
) -> dict[str, Any]:
    """Times between epoch changes: a box that meets one is not counted."""
    found: list[float] = []
    fog, cloud = 0.0, 0.0
    for box in boxes:
        epoch = store.status()["epoch"]
        here, there = time.process_time(), cpu_s()
        (ms,), _ = timed(_asking(store), [box])
        if store.status()["epoch"] == epoch:
            found.append(ms)
            fog, cloud = fog + time.process_time() - here, cloud + cpu_s() - there
    return {
        "fog_cpu_ms": round(1000 * fog / len(found), 4),
        "cloud_cpu_ms": round(1000 * cloud / len(found), 4),
        "far_ms": round(median(found), 4),
        "per_s": round(1000 * len(found) / sum(found), 1),
    }


def _asking(store: ObliviousStore) -> Any:
    return lambda question: store.query(question.ranges)


@contextmanager
def _cloud(folder: Path) -> Iterator[tuple[RemoteCloud, Callable[[], float]]]:
    """The way to a cloud in a process of its own, which ends with the block; its CPU seconds."""
    owner = asyncio.run(_enrolled(folder))
    pmcb = Path(sys.executable).with_name("pmcb")
    command = [str(pmcb), "--home", str(folder), "--json", "--as", "cloud"]
    command += ["retrieval", "cloud", "serve", "--folder", str(folder / "kept")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            if not json.loads(process.stdout.readline() or "{}"):
                raise RuntimeError("the cloud did not start")
            cloud = RemoteCloud(load(folder / "network.json"), owner)
            try:
                yield cloud, lambda: sum(psutil.Process(process.pid).cpu_times()[:2])
            finally:
                cloud.close()
        finally:
            process.terminate()
            process.wait(_END_S)


async def _enrolled(folder: Path) -> WalletIdentity:
    """An institution, and whoever serves the cloud, certified by an embedded network's CA."""
    async with EmbeddedNetwork(folder / "network") as network:
        file = parse(network.network_file)
        async with people_of(file, network.registrars) as people:
            msp = file.orgs[0].msp
            (owner,) = await people.enrol(msp, ["records"], "institution")
            (cloud,) = await people.enrol(msp, ["cloud"], "receiver")
    save(folder / "network.json", file)
    (folder / "wallet").mkdir(mode=0o700)
    Wallet(folder / "wallet").put("cloud", cloud.identity, cloud.private_key)
    return WalletIdentity("records", owner.identity, owner.private_key)


def _disk(folder: Path) -> int:
    return sum(path.stat().st_blocks * 512 for path in folder.rglob("*") if path.is_file())
