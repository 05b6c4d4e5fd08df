# SPDX-License-Identifier: Apache-2.0
"""Block events, against a peer whose streams break as scripted."""

import asyncio
from contextlib import aclosing
from typing import Any

import grpc
import pytest
from fabric_protos.common.common_pb2 import Status
from hypothesis import given
from hypothesis import strategies as st
from tests.client.gateway.fake_deliver import TOO_MANY, UNAVAILABLE, BreaksOff, take
from tests.client.gateway.fake_gateway import Fails

from pmcb_client.errors import GatewayError
from pmcb_client.gateway import (
    Block,
    ChaincodeEvent,
    FileCheckpoint,
    MemoryCheckpoint,
    Position,
    connect,
)
from pmcb_client.gateway._protos import BlockMessage, FilteredBlock

KINDS = ["filtered", "full", "private"]
HOUR_MS = 3_600_000


@pytest.fixture
def network(deliver, channel, identity, signer):
    """The channel behind the scripted peer."""
    return connect(channel, identity, signer, max_in_flight=1).network("pmcb")


async def test_a_kind_that_does_not_exist_is_refused(network, channel, identity):
    """And a block below zero; before anything is asked."""
    unknown: Any = "whole"
    for call in (network.block_events, network.block_events_request):
        with pytest.raises(ValueError, match="filtered"):
            call(unknown)
        with pytest.raises(ValueError, match="at least 0"):
            call(start_block=-1)
    with pytest.raises(ValueError, match="filtered"):
        connect(channel, identity, max_in_flight=1).signed_block_events(b"", b"", unknown)


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        ("FORBIDDEN", grpc.StatusCode.PERMISSION_DENIED, "may not read"),
        ("NOT_FOUND", grpc.StatusCode.NOT_FOUND, "no such channel"),
        ("BAD_REQUEST", grpc.StatusCode.INVALID_ARGUMENT, "clock"),
        ("INTERNAL_SERVER_ERROR", grpc.StatusCode.INTERNAL, "no reason"),
    ],
)
async def test_a_status_that_refuses_ends_the_stream(deliver, network, status, code, words):
    """With the gRPC code of the same meaning, and is not repeated."""
    deliver.script.append(BreaksOff(0, Status.Value(status)))
    with pytest.raises(GatewayError, match=words) as caught:
        await take(1, network.block_events(start_block=0))
    assert (caught.value.grpc_code, caught.value.reason) == (code, status)
    assert len(deliver.requests) == 1


async def test_a_status_of_tomorrow_is_told_by_its_number(deliver, network):
    """It is no reason to go on."""
    deliver.script.append(BreaksOff(0, 599))
    with pytest.raises(GatewayError, match="599"):
        await take(1, network.block_events(start_block=0))


async def test_a_peer_without_such_blocks_says_so(deliver, network):
    """What is not implemented does not come by waiting."""
    deliver.script.append(BreaksOff(0, Fails(grpc.StatusCode.UNIMPLEMENTED, "no private data")))
    with pytest.raises(GatewayError, match="no private data") as caught:
        await take(1, network.block_events("private"))
    assert caught.value.grpc_code is grpc.StatusCode.UNIMPLEMENTED


@pytest.mark.parametrize("kind", KINDS)
async def test_a_block_says_what_became_of_its_transactions(network, kind):
    """In their order, invalid ones too; only whole blocks hold the payloads of events."""
    async with aclosing(network.block_events(kind, start_block=2)) as blocks:
        block = await anext(blocks)
    payload = b"" if kind == "filtered" else b"{}"
    assert block.number == 2
    assert [(each.transaction_id, each.name, each.successful) for each in block.transactions] == [
        ("b", "VALID", True),
        ("c", "MVCC_READ_CONFLICT", False),
    ]
    assert {each.type for each in block.transactions} == {"ENDORSER_TRANSACTION"}
    assert block.transactions[0].events == (ChaincodeEvent("told", payload, "b", 2, "pmcb"),)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_block_of_the_networks_own_tells_no_events(network, kind):
    """A configuration has no id."""
    async with aclosing(network.block_events(kind, start_block=0)) as blocks:
        (only,) = (await anext(blocks)).transactions
    assert (only.transaction_id, only.type, only.name, only.events) == ("", "CONFIG", "VALID", ())


async def test_noise_in_a_block_is_a_transaction_without_id(deliver, network):
    """Whatever was ordered stands in a block; its code says that it is bad."""
    deliver.write(("noise", 2), ("e", 0))
    async with aclosing(network.block_events("full", start_block=4)) as blocks:
        block = await anext(blocks)
    noise, sound = block.transactions
    assert (noise.transaction_id, noise.name, noise.events) == ("", "BAD_PAYLOAD", ())
    assert (sound.transaction_id, sound.successful) == ("e", True)


@given(st.lists(st.binary(max_size=40), max_size=4), st.binary(max_size=3))
def test_any_bytes_in_a_block_can_be_read(messages, codes):
    """As many transactions as messages; what has no code is not valid."""
    message = BlockMessage()
    message.data.data.extend(messages)
    message.metadata.metadata.extend([b"", b"", codes])
    read = Block(0, message).transactions
    assert len(read) == len(messages)
    assert all(not each.successful for each in read[len(codes) :])


def test_types_of_tomorrow_have_a_name():
    """A later Fabric may count on; a block without codes is not valid."""
    message = FilteredBlock()
    message.filtered_transactions.add(txid="a", type=77, tx_validation_code=88)
    (only,) = Block(0, message).transactions
    assert (only.type, only.name) == ("TYPE_77", "CODE_88")
    bare = BlockMessage()
    bare.data.data.append(b"")
    assert not Block(0, bare).transactions[0].successful


async def test_the_request_is_what_a_peer_reads(deliver, network, identity):
    """Type 5 without end, the channel, the time, the creator without nonce, no client hash."""
    await take(1, network.block_events("full", start_block=1))
    (asked,) = deliver.requests
    assert (asked.header.type, asked.header.channel_id, asked.start) == (5, "pmcb", 1)
    assert asked.header.timestamp.seconds > 1_700_000_000
    assert asked.info.stop.specified.number == 2**64 - 1
    assert identity.certificate_pem in asked.creator
    assert asked.header.tls_cert_hash == b""
    assert asked.envelope.signature


async def test_without_a_place_the_next_block_is_the_first(deliver, network):
    """What stands already is not told."""
    async with aclosing(network.block_events()) as blocks:
        first = asyncio.ensure_future(anext(blocks))
        await deliver.until(lambda: deliver.running == 1)
        deliver.write(("e", 0))
        assert (await first).number == 4
    assert deliver.requests[0].start == "next_commit"


@pytest.mark.parametrize(
    "how", [UNAVAILABLE, TOO_MANY, Status.SERVICE_UNAVAILABLE, Status.SUCCESS, None]
)
@pytest.mark.parametrize("kind", KINDS)
async def test_a_broken_stream_goes_on_after_the_last_block(deliver, network, how, kind):
    """Unavailable, busy, or ended: nothing is lost, nothing comes twice."""
    deliver.script.extend([BreaksOff(0, how), BreaksOff(1, how), BreaksOff(0, how)])
    assert await take(3, network.block_events(kind, start_block=1)) == [1, 2, 3]
    assert [asked.start for asked in deliver.requests] == [1, 1, 2, 2]
    assert {asked.kind for asked in deliver.requests} == {kind}


async def test_a_later_request_has_a_later_time(deliver, channel, identity, signer):
    """A peer refuses old ones, and an absence may be long."""
    hours = iter(range(1, 9))
    gateway = connect(channel, identity, signer, clock=lambda: next(hours) * HOUR_MS)
    deliver.script.extend([BreaksOff(0, UNAVAILABLE), BreaksOff(1, UNAVAILABLE)])
    await take(2, gateway.network("pmcb").block_events(start_block=1))
    assert [asked.header.timestamp.seconds for asked in deliver.requests] == [3600, 7200, 10800]


async def test_the_next_block_is_saved_after_the_body_only(network):
    """The block in hand is not worked off until the next one is asked for."""
    checkpoint = MemoryCheckpoint()
    seen = []
    reader = network.block_events(start_block=1, checkpoint=checkpoint)
    async with aclosing(reader) as blocks:
        async for block in blocks:
            seen.append((block.number, checkpoint.position))
            if block.number == 3:
                break
    assert seen == [(1, None), (2, Position(2)), (3, Position(3))]
    assert checkpoint.position == Position(3)


async def test_a_body_that_failed_gets_its_block_again(network, tmp_path):
    """Whoever starts from the file, which other clients can read."""
    path = tmp_path / "checkpoint.json"

    async def work():
        reader = network.block_events(start_block=1, checkpoint=FileCheckpoint(path))
        async with aclosing(reader) as blocks:
            async for block in blocks:
                if block.number == 2:
                    raise RuntimeError("out of paper")

    with pytest.raises(RuntimeError):
        await work()
    assert path.read_text() == '{"blockNumber": 2, "transactionId": ""}'
    reader = network.block_events(start_block=0, checkpoint=FileCheckpoint(path))
    assert await take(2, reader) == [2, 3]


async def test_a_place_inside_a_block_is_its_beginning_for_blocks(deliver, network):
    """A checkpoint of events serves a reader of blocks: the block comes whole."""
    checkpoint = MemoryCheckpoint(Position(2, "b"))
    assert await take(1, network.block_events(checkpoint=checkpoint)) == [2]


async def test_closing_one_of_two_leaves_the_other(deliver, network):
    """The peer hears of the one, and the other goes on."""
    first, second = (network.block_events(start_block=1) for _ in range(2))
    assert [(await anext(each)).number for each in (first, second)] == [1, 1]
    assert deliver.running == 2
    await first.aclose()
    await deliver.until(lambda: deliver.running == 1)
    assert await take(2, second) == [2, 3]


async def test_readers_of_blocks_leave_the_gateways_slots_free(network):
    """Under a limit of one: two readers, and a query all the same."""
    readers = [network.block_events(start_block=1) for _ in range(2)]
    for reader in readers:
        await anext(reader)
    assert await network.contract("pmcb").evaluate("ping") == b"evaluated"
    for reader in readers:
        await reader.aclose()
