# SPDX-License-Identifier: Apache-2.0
"""How many transactions and queries a network takes, and how long each waits."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from statistics import quantiles

from pmcb_client.gateway import Contract

from ._network import network_process
from ._people import people_of

IN_FLIGHT = 64
_KEYS = 1_000_000  # so many that two transactions in flight hardly ever meet


async def throughput(folder: Path, *, seconds: float, seed: int) -> dict[str, object]:
    """Submit and evaluate in a closed loop with 64 in flight, then one at a time."""
    numbers = random.Random(seed)
    with network_process(folder, "pairs") as network:
        async with people_of(network.file, network.registrars) as people:
            (client,) = await people.enrol(network.file.orgs[0].msp, ["load"], "releaser")
            contract = people.contract(client)

            def pair(contract: Contract = contract) -> Awaitable[bytes]:
                drawn = [str(numbers.randrange(_KEYS)) for _ in range(2)]
                return contract.submit("add_pair", *drawn)

            def one() -> Awaitable[bytes]:
                return contract.evaluate("get_one", str(numbers.randrange(_KEYS)))

            await _closed_loop(pair, 2.0, IN_FLIGHT)
            submit = await _closed_loop(pair, seconds, IN_FLIGHT)
            async with people.gateway(client, commit="blocks") as gateway:
                by_blocks = partial(pair, people.contract_of(gateway))
                submit_by_blocks = await _closed_loop(by_blocks, seconds, IN_FLIGHT)
            evaluate = await _closed_loop(one, seconds / 2, IN_FLIGHT)
            alone = await _closed_loop(pair, seconds / 2, 1)
            await _check(contract)
    return {
        "in_flight": IN_FLIGHT,
        "submit": submit,
        "submit_by_blocks": submit_by_blocks,
        "evaluate": evaluate,
        "one_at_a_time": alone,
    }


async def _closed_loop(
    call: Callable[[], Awaitable[bytes]], seconds: float, workers: int
) -> dict[str, float]:
    """Every worker sends the next call when its last is answered; any error ends the run."""
    waits: list[float] = []
    started, cpu_s = time.perf_counter(), time.process_time()

    async def work() -> None:
        while time.perf_counter() - started < seconds:
            before = time.perf_counter()
            await call()
            waits.append(time.perf_counter() - before)

    await asyncio.gather(*(work() for _ in range(workers)))
    took, cpu_s = time.perf_counter() - started, time.process_time() - cpu_s
    cuts = quantiles(waits, n=100)
    return {
        "calls": len(waits),
        "per_second": round(len(waits) / took, 1),
        "p50_ms": round(cuts[49] * 1000, 2),
        "p95_ms": round(cuts[94] * 1000, 2),
        "p99_ms": round(cuts[98] * 1000, 2),
        "client_cpu_ms": round(cpu_s * 1000 / len(waits), 3),
    }


async def _check(contract: Contract) -> None:
    """What was measured was written: a last pair is read back."""
    await contract.submit("add_pair", str(_KEYS), str(_KEYS + 1))
    if await contract.evaluate("get_one", str(_KEYS)) != b'{"value":1}':
        raise RuntimeError("a committed pair was not read back")
