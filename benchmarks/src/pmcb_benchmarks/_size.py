# SPDX-License-Identifier: Apache-2.0
"""A grown ledger: how long a receiver waits for a listing, and for a slot."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import median

from pmcb_client.gateway import Pending

from ._network import network_process
from ._people import people_of
from ._stage import Stage

PAGE = 200  # the largest page
_LEVELS = 4
_REPEATS = 50
_AT_ONCE = 64


async def size(
    folder: Path, *, receivers: int, tasks: int, advance: Callable[[int], None]
) -> dict[str, object]:
    """Fill a ledger by the contract's own calls, then ask one call at a time.

    An accept is measured until it is ordered: endorsed by both organisations and queued, without
    waiting for its block.
    """
    with network_process(folder, "pmcb") as network:
        async with people_of(network.file, network.registrars) as people:
            stage = await Stage.set_up(network.file, people)
            (receiver,) = await people.enrol(stage.msps[0], ["asking"], "receiver")
            asking = people.contract(receiver)
            await asking.submit("announce_key")
            others = [(f"r{number:06}", number % _LEVELS + 1) for number in range(receivers - 1)]
            await stage.epoch(1, _LEVELS, [("asking", 1), *others])
            made = await _publish(stage, tasks, advance)

            async def page() -> None:
                listed = json.loads(await asking.evaluate("list_open_subtasks", str(PAGE), ""))
                if len(listed["items"]) != min(PAGE, tasks):
                    raise RuntimeError("the listing is not full")

            async def accept() -> None:
                pending = await asking.submit_async("accept_subtask", made.pop(), "0")
                ordered.append(pending)

            ordered: list[Pending] = []
            page_ms = await _median_ms(page)
            accept_ms = await _median_ms(accept)
            for pending in ordered:
                if not (await pending.status()).successful:
                    raise RuntimeError("an accept of the measured run is not valid")
    return {
        "receivers": receivers,
        "tasks": tasks,
        "page_items": PAGE,
        "page_ms": round(page_ms, 2),
        "accept_ms": round(accept_ms, 2),
    }


async def _publish(stage: Stage, tasks: int, advance: Callable[[int], None]) -> list[str]:
    slots = asyncio.Semaphore(_AT_ONCE)
    made: list[str] = []

    async def one() -> None:
        async with slots:
            made.append(await stage.task(_LEVELS, 100))
            advance(len(made))

    await asyncio.gather(*(one() for _ in range(tasks)))
    return made


async def _median_ms(call: Callable[[], Awaitable[None]]) -> float:
    """Of 50 calls after 5 that are not counted."""
    waits = []
    for _ in range(5 + _REPEATS):
        before = time.perf_counter()
        await call()
        waits.append(1000 * (time.perf_counter() - before))
    return median(waits[5:])
