# SPDX-License-Identifier: Apache-2.0
"""How long an order waits for its server: from admitted to assigned, on disk.

A gateway as ``pmcb fog serve`` starts it, with its planner and its broker. Batches come at fixed
times, whether the last one was answered or not; the servers are played over the broker, since
twenty workers' processes would leave two cores nothing else to do. Submitters and servers yield the
processor to the gateway: they are other machines.
"""

from __future__ import annotations

import asyncio
import os
import re
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from pmcb_services.fog.client import FogClient, submission
from pmcb_services.fog.errors import FogError, Unavailable
from pmcb_services.fog.online import Address
from pmcb_services.fog.online._calls import Calls
from pmcb_services.fog.online._connection import Connection
from pmcb_services.fog.online._messages import Beat, Claim, Commit, Register
from pmcb_services.fog.online._offers import Offers

from ._fog_site import FogSite, fog_site

__all__ = ["Decision", "decision"]

_LENGTHS_MI = (100.0, 300.0)
_SPEED_MIPS = 1000.0
_NICE = 5
_BUCKET = re.compile(r'pmcb_fog_decision_seconds_bucket\{le="([^"]+)"\} ([0-9.e+]+)')


@dataclass(frozen=True)
class Decision:
    """What was measured.

    Attributes:
        rate: orders a second that came; batch: in each request; servers: that were there.
        orders, refused: how many were taken, and how many were not.
        within: share of orders by seconds: from admitted to assigned, as the gateway counts.
        p50_ms, p99_ms: the same, read off these shares; the upper end of the bucket.
        answer_p50_ms, answer_p99_ms: of a batch, from outside: signing, HTTP and JSON included.
        late_ms: by how much the last batch was sent too late, if the machine did not keep up.
        done: orders that were over at the end.
    """

    rate: float
    batch: int
    servers: int
    orders: int
    refused: int
    within: dict[float, float]
    p50_ms: float
    p99_ms: float
    answer_p50_ms: float
    answer_p99_ms: float
    late_ms: float
    done: int


def decision(
    *, rate: float = 1000.0, batch: int = 10, servers: int = 20, seconds: float = 10.0
) -> Decision:
    """Measure it once.

    Args:
        rate: orders a second.
        batch: orders in a request.
        servers: equal ones.
        seconds: that orders come.
    """
    with (
        tempfile.TemporaryDirectory() as folder,
        fog_site(Path(folder), servers=servers) as site,
        ThreadPoolExecutor(1, initializer=_yield) as others,
    ):
        return others.submit(asyncio.run, _measured(site, rate, batch, seconds)).result()


def _yield() -> None:
    """Submitters and servers are other machines: this thread takes what the gateway leaves."""
    with suppress(OSError):  # where threads have no priorities
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)


async def _measured(site: FogSite, rate: float, batch: int, seconds: float) -> Decision:
    address = Address.read(site.broker_folder / "address.json")
    took: list[float] = []
    over: list[str] = []
    async with (
        Connection(address) as connection,
        FogClient(site.network(), site.operator) as client,
    ):
        ends = asyncio.Event()
        played = [
            asyncio.create_task(_serve(connection, each, over, ends)) for each in site.servers
        ]
        await _until_up(client, len(site.servers))
        await _until_planned(client, rate, batch)
        before = await _buckets(site)
        answers, late_s = await _offered(client, "order", rate, batch, seconds, took)
        after = await _buckets(site)
        ends.set()  # the broker's client takes a cancellation for a time that is over
        await asyncio.wait(played)
    refused = sum("error" in each for each in answers)
    counts = {edge: after[edge] - before[edge] for edge in after}
    whole = counts[float("inf")]
    within = {edge: round(count / whole, 5) for edge, count in counts.items()}
    middle, slow = np.percentile(np.array(took) * 1000, [50, 99]).tolist()
    return Decision(
        rate=rate,
        batch=batch,
        servers=len(site.servers),
        orders=len(answers) - refused,
        refused=refused,
        within=within,
        p50_ms=1000 * min(edge for edge, share in within.items() if share >= 0.5),
        p99_ms=1000 * min(edge for edge, share in within.items() if share >= 0.99),
        answer_p50_ms=middle,
        answer_p99_ms=slow,
        late_ms=1000 * late_s,
        done=len(over),
    )


async def _offered(
    client: FogClient, name: str, rate: float, batch: int, seconds: float, took: list[float]
) -> tuple[list[dict[str, object]], float]:
    """All answers, and by how much the last batch was sent too late."""
    draws = np.random.default_rng(1)
    start, answers = time.perf_counter(), list[dict[str, object]]()

    async def send(number: int) -> None:
        orders = [
            submission(
                f"{name}-{number}-{at}",
                "compute.test",
                length=float(draws.uniform(*_LENGTHS_MI)),
                deadline_ms=0,
            )
            for at in range(batch)
        ]
        begun = time.perf_counter()
        answers.extend(await client.submit_many(orders))
        took.append(time.perf_counter() - begun)

    late_s = 0.0
    async with asyncio.TaskGroup() as group:
        for number in range(int(rate * seconds / batch)):
            due = start + number * batch / rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            late_s = time.perf_counter() - due
            group.create_task(send(number))
    return answers, late_s


async def _serve(connection: Connection, server: str, over: list[str], ends: asyncio.Event) -> None:
    """A fog worker that only waits for as long as its orders take."""
    calls, offers = Calls(connection), Offers(connection, server)
    here = await calls.register(
        Register(server=server, token=server, kinds=("compute.test",), speed_mips=_SPEED_MIPS)
    )
    running: list[tuple[str, int]] = []

    async def beat() -> None:
        while True:
            await asyncio.sleep(here.beat_s)
            said = Beat(server=server, incarnation=here.incarnation, orders=tuple(running))
            with suppress(FogError):
                await calls.beat(said, timeout_s=here.beat_s)

    async def run(order: str, epoch: int) -> None:
        who: dict[str, Any] = {
            "order": order,
            "epoch": epoch,
            "server": server,
            "incarnation": here.incarnation,
        }
        claimed = await calls.claim(Claim(**who, token=f"{order}:{epoch}"))
        if claimed is None:
            return
        running.append((order, epoch))
        await asyncio.sleep(claimed.predicted_s)
        if await calls.commit(Commit(**who, outcome="done", digest="d")):
            over.append(order)
        running.clear()

    beating = asyncio.create_task(beat())
    try:
        while not ends.is_set():
            offered = await offers.next()
            if offered is not None:
                await run(offered.order, offered.epoch)
                await offered.done()
    finally:
        beating.cancel()


async def _until_up(client: FogClient, servers: int) -> None:
    async with asyncio.timeout(60):
        while True:
            with suppress(Unavailable):
                if sum(bool(each["up"]) for each in await client.servers()) == servers:
                    return
            await asyncio.sleep(0.1)


async def _until_planned(client: FogClient, rate: float, batch: int) -> None:
    """The planner starts, and compiles, when the first orders wait."""
    async with asyncio.timeout(120):
        second = 0
        while await client.plan() is None:
            if not any(each["queued"] for each in await client.servers()):
                await _offered(client, f"warm-{second}", rate, batch, 1.0, [])
                second += 1
            await asyncio.sleep(0.2)


async def _buckets(site: FogSite) -> dict[float, float]:
    """How many orders were assigned within so many seconds."""
    url = site.network().fog[0].url
    async with httpx.AsyncClient() as http:
        text = (await http.get(f"{url}/metrics")).text
    return {float(edge): float(count) for edge, count in _BUCKET.findall(text)}
