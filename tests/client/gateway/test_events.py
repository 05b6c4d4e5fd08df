# SPDX-License-Identifier: Apache-2.0
"""Chaincode events, against a gateway whose streams break as scripted."""

import asyncio
from contextlib import aclosing

import grpc
import pytest
from fabric_protos.gateway.gateway_pb2 import ChaincodeEventsRequest
from tests.client.gateway.fake_gateway import Breaks, Fails

from pmcb_client.errors import Busy, GatewayError
from pmcb_client.gateway import (
    ChaincodeEvent,
    MemoryCheckpoint,
    Position,
    Retry,
    connect,
    open_channel,
)

UNAVAILABLE = Fails(grpc.StatusCode.UNAVAILABLE, "connection refused")
TOO_MANY = Fails(grpc.StatusCode.UNKNOWN, "too many requests for /gateway.Gateway/X, exceeding 500")
BLOCKS = {5: ["a", "b", "c"], 7: ["d"]}


@pytest.fixture
def network(fake, channel, identity, signer, monkeypatch):
    """The channel behind the scripted gateway; two blocks hold four events; no pauses."""
    monkeypatch.setattr("pmcb_client.gateway._follow._PAUSES", Retry(base_s=0.0))
    fake.blocks.update(BLOCKS)
    return connect(channel, identity, signer, max_in_flight=3).network("pmcb")


async def take(count, reader):
    """The transaction ids of the next ``count`` events; then the reader is closed."""
    ids: list[str] = []
    async with aclosing(reader) as events:
        while len(ids) < count:
            ids.append((await anext(events)).transaction_id)
    return ids


def places(fake):
    """Where each stream was asked to begin."""
    asked = [ChaincodeEventsRequest.FromString(each.request) for each in fake.requests["events"]]
    return [(each.start_position.specified.number, each.after_transaction_id) for each in asked]


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (grpc.StatusCode.PERMISSION_DENIED, "access denied"),
        (grpc.StatusCode.UNAVAILABLE, "access denied: channel [pmcb]"),
        (grpc.StatusCode.INVALID_ARGUMENT, "a chaincode ID is required"),
    ],
)
async def test_a_refused_request_is_raised_at_once(fake, network, code, words):
    """Whom the peer distrusts, or does not understand, asks once."""
    fake.will("events", Breaks(0, Fails(code, words)))
    with pytest.raises(GatewayError, match=words.split(":")[0]) as caught:
        await take(1, network.chaincode_events("pmcb", start_block=0))
    assert caught.value.grpc_code is code
    assert len(fake.requests["events"]) == 1


async def test_a_block_below_zero_is_refused(fake, network):
    """Before anything is asked."""
    with pytest.raises(ValueError, match="at least 0"):
        network.chaincode_events("pmcb", start_block=-1)
    assert not fake.requests


async def test_an_event_says_name_payload_transaction_block_and_chaincode(network):
    """As the contract set it, and where it stands."""
    async with aclosing(network.chaincode_events("notes", start_block=7)) as events:
        assert await anext(events) == ChaincodeEvent("told", b"{}", "d", 7, "notes")


async def test_events_come_in_order_from_the_block_asked_for(network):
    """Within a block, then the next block."""
    assert await take(4, network.chaincode_events("pmcb", start_block=5)) == ["a", "b", "c", "d"]
    assert await take(1, network.chaincode_events("pmcb", start_block=6)) == ["d"]


async def test_without_a_place_the_next_block_is_the_first(fake, network):
    """What stands already is not told."""
    await take(1, network.chaincode_events("pmcb"))
    asked = ChaincodeEventsRequest.FromString(fake.requests["events"][0].request)
    assert asked.start_position.WhichOneof("Type") == "next_commit"
    assert (asked.channel_id, asked.chaincode_id) == ("pmcb", "pmcb")


@pytest.mark.parametrize("fails", [UNAVAILABLE, TOO_MANY, None])
async def test_a_broken_stream_goes_on_after_the_last_event(fake, network, fails):
    """Unavailable, busy, or ended without a word: nothing is lost, nothing comes twice."""
    fake.will("events", Breaks(0, fails), Breaks(1, fails), Breaks(0, fails))
    assert await take(4, network.chaincode_events("pmcb", start_block=5)) == ["a", "b", "c", "d"]
    assert places(fake) == [(5, ""), (5, ""), (5, "c"), (5, "c")]


async def test_pauses_grow_until_the_gateway_answers(fake, network, monkeypatch):
    """Each vain try doubles the bound of the pause; an answer resets it."""
    tries = []

    class Noted(Retry):
        def pause_s(self, tries_before):
            tries.append(tries_before)
            return 0.0

    monkeypatch.setattr("pmcb_client.gateway._follow._PAUSES", Noted())
    away = Breaks(0, UNAVAILABLE)
    fake.will("events", away, away, away, Breaks(1, UNAVAILABLE), away)
    await take(4, network.chaincode_events("pmcb", start_block=5))
    assert tries == [0, 1, 2, 0, 1]


async def test_a_position_is_saved_after_the_body_only(network):
    """The event in hand is not worked off until the next one is asked for."""
    checkpoint = MemoryCheckpoint()
    reader = network.chaincode_events("pmcb", start_block=5, checkpoint=checkpoint)
    async with aclosing(reader) as events:
        seen = []
        async for event in events:
            seen.append((event.transaction_id, checkpoint.position))
            if event.transaction_id == "d":
                break
    assert seen == [
        ("a", None),
        ("b", Position(5, "a")),
        ("c", Position(5, "b")),
        ("d", Position(5, "c")),
    ]
    assert checkpoint.position == Position(5, "c")


async def test_a_body_that_failed_gets_its_event_again(network):
    """A new reader with the same checkpoint starts inside the block, at the failed event."""
    checkpoint = MemoryCheckpoint()

    async def work():
        reader = network.chaincode_events("pmcb", start_block=5, checkpoint=checkpoint)
        async with aclosing(reader) as events:
            async for event in events:
                if event.transaction_id == "b":
                    raise RuntimeError("out of paper")

    with pytest.raises(RuntimeError):
        await work()
    reader = network.chaincode_events("pmcb", start_block=0, checkpoint=checkpoint)
    assert await take(3, reader) == ["b", "c", "d"]


async def test_a_checkpoint_that_cannot_be_saved_ends_the_stream(network):
    """Better no further event than one that nobody remembers."""

    class Full(MemoryCheckpoint):
        async def save(self, position):
            raise OSError("no space left")

    with pytest.raises(OSError, match="no space"):
        await take(2, network.chaincode_events("pmcb", start_block=5, checkpoint=Full()))


async def test_closing_the_iterator_cancels_the_stream(fake, network):
    """The gateway hears of it while it has nothing to say."""
    await take(4, network.chaincode_events("pmcb", start_block=5))
    async with asyncio.timeout(10):
        await fake.stream_ended.wait()
    assert fake.running["events"] == 0


async def test_a_cancelled_reader_cancels_the_stream(fake, network):
    """Also while it waits for an event, and when nobody closes it by name."""
    seen = []
    all_seen = asyncio.Event()

    async def read():
        async for event in network.chaincode_events("pmcb", start_block=5):
            seen.append(event.transaction_id)
            if len(seen) == 4:
                all_seen.set()

    reader = asyncio.create_task(read())
    async with asyncio.timeout(10):
        await all_seen.wait()
        assert not fake.stream_ended.is_set()
        reader.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reader
        await fake.stream_ended.wait()


async def test_open_streams_count_as_calls_in_flight(fake, network, identity, signer, tls):
    """Three readers fill a limit of three; closing one lets a query through."""
    readers = [network.chaincode_events("pmcb", start_block=5) for _ in range(3)]
    for reader in readers:
        await anext(reader)
    query = asyncio.create_task(network.contract("pmcb").evaluate("ping"))
    outside = open_channel(fake.target, tls[1])  # not held up, and slower than the query
    await connect(outside, identity, signer).network("pmcb").contract("pmcb").evaluate("ping")
    await outside.close(grace=None)
    assert len(fake.requests["evaluate"]) == 1
    await readers[0].aclose()
    assert await query == b"evaluated"
    for reader in readers[1:]:
        await reader.aclose()


async def test_a_busy_gateway_has_its_class(fake, channel, identity):
    """Without a signer nobody can ask anew: the reader hears why."""
    gateway = connect(channel, identity)
    request = gateway.network("pmcb").chaincode_events_request("pmcb", start_block=5)
    fake.will("events", Breaks(0, TOO_MANY))
    with pytest.raises(Busy):
        await take(1, gateway.signed_chaincode_events(request.bytes, b"signature").events())
