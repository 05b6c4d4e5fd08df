# SPDX-License-Identifier: Apache-2.0
"""What is in the blocks that a peer delivers: whole, filtered, with private data."""

import hashlib

from fabric_protos.common import common_pb2
from fabric_protos.orderer import ab_pb2
from fabric_protos.peer import events_pb2
from tests.network.seeking import ENDLESS, OLDEST, opened, put
from tests.network.wire import Wire, at, connect, propose, seek

from pmcb_network.embedded._blocks import header_hash


async def test_a_block_carries_what_clients_check(network, wire, alice):
    """Header chain, data hash, five parts of metadata, one code per transaction, commit hashes."""
    await network.seed({"a": b"1"})
    ids = await put(wire, alice, "1", "2")
    call = await opened(wire.blocks.Deliver(), seek(alice, OLDEST, at(3)))
    await call.done_writing()
    blocks = [(await call.read()).block for _ in range(4)]
    assert [block.header.number for block in blocks] == [0, 1, 2, 3]
    before = b""
    for block in blocks:
        assert block.header.previous_hash == before
        assert block.header.data_hash == hashlib.sha256(b"".join(block.data.data)).digest()
        before = header_hash(block.header)
        assert len(block.metadata.metadata) == 5
        assert block.metadata.metadata[2] == b"\x00" * len(block.data.data)
        commit = common_pb2.Metadata.FromString(block.metadata.metadata[4]).value
        assert len(commit) == 32
    headers = []
    for block in blocks:
        payload = common_pb2.Payload.FromString(
            common_pb2.Envelope.FromString(block.data.data[0]).payload
        )
        headers.append(common_pb2.ChannelHeader.FromString(payload.header.channel_header))
    assert [(header.type, header.tx_id) for header in headers] == [
        (1, ""),  # CONFIG: the first block names the channel
        (0, ""),  # MESSAGE: what a test seeded
        (3, ids[0]),
        (3, ids[1]),
    ]
    assert all(header.channel_id == "pmcb" for header in headers)
    assert all(header.timestamp.seconds > 1_700_000_000 for header in headers)


async def test_headers_alone_come_without_data(wire, alice):
    """But the first block, which configures the channel, comes whole, as from a peer."""
    await put(wire, alice, "1")
    envelope = seek(alice, OLDEST, at(1), content_type=ab_pb2.SeekInfo.HEADER_WITH_SIG)
    call = await opened(wire.blocks.Deliver(), envelope)
    first, second = (await call.read()).block, (await call.read()).block
    assert (len(first.data.data), second.HasField("data")) == (1, False)
    assert second.header.previous_hash == header_hash(first.header)
    assert second.metadata.metadata[2] == b"\x00"
    call.cancel()
    call = await opened(wire.blocks.DeliverFiltered(), envelope)
    await call.read()
    block = (await call.read()).filtered_block
    assert (block.number, list(block.filtered_transactions)) == (1, [])
    call.cancel()


async def test_a_filtered_block_tells_codes_and_events_without_payloads(network, wire, alice):
    """Invalid transactions too; the first block and seeds by their types; garbage has no action."""
    await network.seed({"a": b"1"})
    signed, tx_id = propose(alice, "tell", "secret-4711")
    envelope = await wire.endorse(signed)
    await wire.submit(alice, envelope)
    assert (await wire.status(alice, tx_id)).result == 0
    await wire.submit(alice, envelope)  # a second copy: DUPLICATE_TXID
    payload = common_pb2.Payload.FromString(
        (await wire.endorse(propose(alice, "whoami")[0])).payload
    )
    payload.data = b"\xff"
    broken = common_pb2.Envelope(payload=payload.SerializeToString())
    broken_id = common_pb2.ChannelHeader.FromString(payload.header.channel_header).tx_id
    await wire.submit(alice, broken)
    assert (await wire.status(alice, broken_id)).result == 2  # BAD_PAYLOAD
    call = await opened(wire.blocks.DeliverFiltered(), seek(alice, OLDEST, at(4)))
    blocks = [(await call.read()).filtered_block for _ in range(5)]
    call.cancel()
    assert {block.channel_id for block in blocks} == {"pmcb"}
    found = [
        (one.txid, one.type, one.tx_validation_code)
        for block in blocks
        for one in block.filtered_transactions
    ]
    assert found == [
        ("", 1, 0),
        ("", 0, 0),
        (tx_id, 3, 0),
        (tx_id, 3, 9),
        (broken_id, 3, 2),
    ]
    for block in blocks[2:4]:
        (one,) = block.filtered_transactions
        (action,) = one.transaction_actions.chaincode_actions
        event = action.chaincode_event
        assert (event.chaincode_id, event.tx_id, event.event_name) == ("notes", tx_id, "Told")
        assert event.payload == b""
        assert b"secret-4711" not in block.SerializeToString()
    for block, has_actions in ((blocks[0], False), (blocks[1], False), (blocks[4], True)):
        (one,) = block.filtered_transactions
        assert one.HasField("transaction_actions") == has_actions
        assert not one.transaction_actions.chaincode_actions


async def test_a_transaction_without_event_has_none_when_filtered(wire, alice):
    """An action, and in it nothing that a listener could take for an event."""
    (tx_id,) = await put(wire, alice, "1")
    call = await opened(wire.blocks.DeliverFiltered(), seek(alice, at(1), at(1)))
    (one,) = (await call.read()).filtered_block.filtered_transactions
    call.cancel()
    assert (one.txid, one.HasField("transaction_actions")) == (tx_id, True)
    assert not one.transaction_actions.chaincode_actions


async def test_a_block_with_private_data_has_none(wire, alice):
    """The network has no collections, so its blocks come with an empty map."""
    await put(wire, alice, "1")
    call = await opened(wire.blocks.DeliverWithPrivateData(), seek(alice, at(1), ENDLESS[0]))
    answer = await call.read()
    assert answer.WhichOneof("Type") == "block_and_private_data"
    assert answer.block_and_private_data.block.header.number == 1
    assert not answer.block_and_private_data.private_data_map
    call.cancel()


async def test_both_organisations_deliver_the_same_blocks(network, wire, alice):
    """Byte for byte; a member of one may ask the other's peer."""
    await put(wire, alice, "1")
    async with connect(network, 1) as channel:
        answers = []
        for peer in (wire, Wire(channel)):
            call = await opened(peer.blocks.Deliver(), seek(alice, at(1), at(1)))
            answers.append((await call.read()).SerializeToString())
            call.cancel()
    assert (
        answers[0]
        == answers[1]
        == events_pb2.DeliverResponse(
            block=common_pb2.Block.FromString(network._store.current.block(1))
        ).SerializeToString()
    )
