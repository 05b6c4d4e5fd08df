# SPDX-License-Identifier: Apache-2.0
"""Nothing is lost under load: 20,000 transactions each way, their replies in another order."""

import asyncio
import time
from contextlib import AsyncExitStack

import pytest
from tests.chaincode.fake_peer import FakePeer
from tests.chaincode.notes import Notes
from tests.chaincode.wire import dial

from pmcb_chaincode.bridge import ChaincodeServer

TRANSACTIONS = 20_000


@pytest.mark.stress
@pytest.mark.parametrize("batch", [1000, None], ids=["batches", "single"])
@pytest.mark.parametrize("in_flight", [1, 16, 64, 256, 1000])
async def test_nothing_is_lost_under_load(in_flight, batch, capsys):
    """Every transaction is answered, once, and its writes are there."""
    peer = FakePeer(batch=batch, multiple=batch)
    numbers = iter(range(TRANSACTIONS))
    started = []

    async def client():
        for number in numbers:
            tx_id = peer.start("put_note", f"{number:032x}", "words")
            started.append(tx_id)
            assert (await peer.end(tx_id)).status == 200

    async def release_backwards():
        while True:
            peer.release(backwards=True)
            peer.holding = True
            await asyncio.sleep(0)

    server = ChaincodeServer(Notes(), "notes:1", "127.0.0.1:0")
    async with server, AsyncExitStack() as stack:
        await stack.enter_async_context(dial(peer, server.port))
        await peer.ready.wait()
        releasing = asyncio.create_task(release_backwards())
        begun = time.perf_counter()
        async with asyncio.TaskGroup() as clients:
            for _ in range(in_flight):
                clients.create_task(client())
        seconds = time.perf_counter() - begun
        releasing.cancel()
    assert len(set(started)) == TRANSACTIONS
    assert [len(peer.answers[tx_id]) for tx_id in started] == [1] * TRANSACTIONS
    assert sum(key.startswith("\x00NOTE") for key in peer.state) == TRANSACTIONS
    assert peer.violations == []
    with capsys.disabled():
        print(f"\n{in_flight:5} in flight, {batch or 'no'} batches: {TRANSACTIONS / seconds:.0f}/s")  # noqa: T201
