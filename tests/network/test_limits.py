# SPDX-License-Identifier: Apache-2.0
"""Where the embedded network says that it has no room, and goes on."""

import asyncio
import resource
import threading

from fabric_protos.common import common_pb2
from tests.network.conftest import person
from tests.network.contracts import Notes
from tests.network.wire import Wire, at, connect, propose, seek
from tests.network.words import CODES, A, refusal

from pmcb_network.embedded import EmbeddedNetwork


async def test_a_full_queue_answers_as_a_busy_peer(tmp_path):
    """UNKNOWN, too many requests: clients know it as `Busy` and come again."""
    async with (
        EmbeddedNetwork(tmp_path, contract=Notes(), queue_limit=1) as network,
        connect(network) as channel,
    ):
        alice, wire = person(network, "alice"), Wire(channel)
        slow_disk = threading.Event()
        network._orderer._thread.submit(slow_disk.wait)
        envelopes = [
            await wire.endorse(propose(alice, "put", key, "1")[0]) for key in ("a", "b", "c")
        ]
        await wire.submit(alice, envelopes[0])  # being committed
        await wire.submit(alice, envelopes[1])  # waits
        assert await refusal(wire.submit(alice, envelopes[2])) == (
            CODES.UNKNOWN,
            "too many requests for /gateway.Gateway, exceeding concurrency limit (1)",
            [],
        )
        slow_disk.set()


async def test_more_calls_than_a_peer_serves_at_once_are_turned_away(tmp_path):
    """Waiting ones and streams count, per organisation and service; a slot is free again after."""

    def said(service):
        return f"too many requests for /{service}, exceeding concurrency limit (2)"

    async with (
        EmbeddedNetwork(tmp_path, contract=Notes(), concurrency=2) as network,
        connect(network) as channel,
        connect(network, 1) as other,
    ):
        alice, wire = person(network, "alice"), Wire(channel)
        orderer = network._orderer
        waiting = asyncio.ensure_future(wire.status(alice, "never"))
        stream = wire.events(alice)
        blocks = [wire.blocks.Deliver() for _ in range(2)]
        for call in blocks:
            await call.write(seek(alice, at(0), at(9)))
            assert (await call.read()).block.header.number == 0
        while not (orderer._waiting and len(orderer._followers) == 3):
            await Wire(other).evaluate(propose(alice, "whoami")[0])
        for call in (
            wire.evaluate(propose(alice, "whoami")[0]),
            wire.send(common_pb2.Envelope()),
            wire.status(alice, "tx"),
            wire.events(alice).read(),
        ):
            assert await refusal(call) == (CODES.UNKNOWN, said("gateway.Gateway"), [])
        assert await refusal(wire.blocks.DeliverFiltered().read()) == (
            CODES.UNKNOWN,
            said("protos.Deliver"),
            [],
        )
        for call in (stream, blocks[0]):
            call.cancel()
        while len(orderer._followers) != 1:
            await Wire(other).evaluate(propose(alice, "whoami")[0])
        assert await wire.run(alice, "put", "a", "1") == 0
        waiting.cancel()
        blocks[1].cancel()


async def test_a_full_disk_is_told_in_one_sentence(tmp_path, monkeypatch):
    """Submit is unavailable with the reason while the disk refuses, and works again afterwards."""
    monkeypatch.setattr("pmcb_network.embedded._orderer._RETRY_S", 0.01)
    async with EmbeddedNetwork(tmp_path, contract=Notes()) as network, connect(network) as channel:
        alice, wire = person(network, "alice"), Wire(channel)
        signed, tx_id = propose(alice, "put", "a", "1")
        envelope = await wire.endorse(signed)
        second = await wire.endorse(propose(alice, "put", "b", "1")[0])
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1, before[1]))
        try:
            await wire.submit(alice, envelope)
            while network._orderer.failure is None:
                await wire.evaluate(propose(alice, "whoami")[0])
            refused = await refusal(wire.submit(alice, second))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        assert refused == (
            CODES.UNAVAILABLE,
            "no orderers could successfully process transaction",
            [(A, "the ledger cannot be written: file too large")],
        )
        assert (await wire.status(alice, tx_id)).result == 0
        assert await wire.run(alice, "put", "b", "1") == 0
        assert network.verify() == network.height
