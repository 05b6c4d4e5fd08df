# SPDX-License-Identifier: Apache-2.0
"""Quiet for minutes, then a crowd: does every connection still stand?

Nodes that ping more often than others allow are told ENHANCE_YOUR_CALM and cut off; it is seen
only after quiet, as transactions that fail.
"""

import asyncio
import time

import grpc

from pmcb_client.errors import LedgerError
from pmcb_client.gateway import connect, open_channel

from ._load import call_of
from ._site import Site
from ._told import Told

_FIRST = 400_000_000  # numbers that no client of a drill has
_AT_ONCE = 100
_TOO_OFTEN = b"ENHANCE_YOUR_CALM", b"too_many_pings"


async def quiet(site: Site, *, minutes: float) -> tuple[dict[str, object], list[Told]]:
    """A hundred transactions at once, quiet, a hundred at once again, over one connection.

    ``closed`` and ``opened`` count the TCP connections of the network's processes that went and
    came in between; ``states`` are those of the client's own.
    """
    client, org = site.client, site.file.orgs[0]
    channel = open_channel(org.gateway, org.tls_ca)
    states: list[str] = []
    watcher = asyncio.create_task(_watch(channel, states))
    try:
        gateway = connect(channel, client.identity, client.signer)
        contract = gateway.network(site.file.channel).contract("pairs")

        async def one(number: int) -> Told:
            began_s = time.monotonic()
            word, reason = "ok", ""
            try:
                await contract.submit(*call_of("pairs", number))
            except LedgerError as error:
                word, reason = "failed", f"{type(error).__name__}: {error}"
            return Told(number, word, began_s, time.monotonic(), reason)

        async def crowd(first: int) -> list[Told]:
            return list(await asyncio.gather(*(one(first + n) for n in range(_AT_ONCE))))

        told = await crowd(_FIRST)
        logs = {path: path.stat().st_size for path in site.logs()}
        before = await asyncio.to_thread(site.connections)
        calm = len(states)
        await asyncio.sleep(60.0 * minutes)
        again = await crowd(_FIRST + _AT_ONCE)
        after = await asyncio.to_thread(site.connections)
    finally:
        watcher.cancel()
        await channel.close(None)
    found = {
        "minutes": minutes,
        "transactions": len(again),
        "failed": sum(each.word != "ok" for each in again),
        "slowest_s": round(max(each.ended_s - each.began_s for each in again), 2),
        "connections": len(before),
        "closed": len(before - after),
        "opened": len(after - before),
        "states": states[calm:],
        "told_to_be_calm": sum(_new_calls(path.read_bytes()[size:]) for path, size in logs.items()),
    }
    return found, told + again


def _new_calls(log: bytes) -> int:
    return sum(log.count(words) for words in _TOO_OFTEN)


async def _watch(channel: grpc.aio.Channel, states: list[str]) -> None:
    """Every state that the connection takes."""
    state = channel.get_state(try_to_connect=True)
    while True:
        states.append(state.name)
        await channel.wait_for_state_change(state)
        state = channel.get_state()
