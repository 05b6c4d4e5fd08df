# SPDX-License-Identifier: Apache-2.0
"""Blocks, full, filtered or with private data, as clients of a peer's deliver service see them."""

import asyncio
import hashlib

import pytest
from fabric_protos.common import common_pb2
from fabric_protos.orderer import ab_pb2
from fabric_protos.peer import events_pb2
from google.protobuf.message import Message
from tests.network.ca_wire import Ca
from tests.network.conftest import person
from tests.network.contracts import Notes
from tests.network.wire import Wire, at, connect, high_s, propose, seek
from tests.network.words import CODES, refusal

from pmcb_network.embedded import EmbeddedNetwork
from pmcb_network.embedded._blocks import header_hash

OLDEST = ab_pb2.SeekPosition(oldest=ab_pb2.SeekOldest())
NEWEST = ab_pb2.SeekPosition(newest=ab_pb2.SeekNewest())
NEXT = ab_pb2.SeekPosition(next_commit=ab_pb2.SeekNextCommit())
ENDLESS = (at(2**53 - 1), at(2**64 - 1))  # of the Node and Java clients, of the Go client
AT_ONCE = {"behavior": ab_pb2.SeekInfo.FAIL_IF_NOT_READY}
S = common_pb2.Status


async def opened(call, *envelopes):
    for envelope in envelopes:
        await call.write(envelope)
    return call


async def everything(call) -> list[int]:
    """Block numbers until the stream ends, and the status that ended each request, negated."""
    found = []
    while isinstance(answer := await call.read(), Message):
        kind = answer.WhichOneof("Type")
        if kind == "status":
            found.append(-answer.status)
        elif kind == "filtered_block":
            found.append(answer.filtered_block.number)
        else:
            found.append(answer.block.header.number)
    return found


async def asked(wire, *envelopes, form="Deliver") -> list[int]:
    """The same for a stream of these envelopes that the client ends."""
    call = await opened(getattr(wire.blocks, form)(), *envelopes)
    await call.done_writing()
    return await everything(call)


async def put(wire, who, *values: str) -> list[str]:
    """One block per value; the transaction ids."""
    ids = []
    for value in values:
        signed, tx_id = propose(who, "put", "key", value)
        await wire.submit(who, await wire.endorse(signed))
        assert (await wire.status(who, tx_id)).result == 0
        ids.append(tx_id)
    return ids


async def until_following(network, wire, who, count: int) -> None:
    """Returns once that many streams wait for the next block."""
    while len(network._orderer._followers) != count:
        await wire.evaluate(propose(who, "whoami")[0])


@pytest.mark.parametrize("form", ["Deliver", "DeliverFiltered", "DeliverWithPrivateData"])
async def test_who_is_no_member_gets_no_block(tmp_path, network, wire, alice, clock, form):
    """Unsigned, signed by another, by high S, foreign organisation or CA, expired: FORBIDDEN."""
    sound = seek(alice, OLDEST, OLDEST)
    mallory = person(network, "mallory")
    clock.advance(days=-400)
    expired = person(network, "old", now_ms=clock())
    async with EmbeddedNetwork(tmp_path / "other", contract=Notes()) as other:
        foreign = person(other, "alice")
    stranger = person(network, "alice")
    stranger.msp_id = "StrangerMSP"
    for signature in (b"", b"x", mallory.sign(sound.payload), high_s(sound.signature)):
        envelope = common_pb2.Envelope(payload=sound.payload, signature=signature)
        assert await asked(wire, envelope, form=form) == [-S.FORBIDDEN]
    for who in (expired, foreign, stranger):
        assert await asked(wire, seek(who, OLDEST, OLDEST), form=form) == [-S.FORBIDDEN]
    assert await asked(wire, sound, form=form) == [0, -S.SUCCESS]


async def test_a_request_that_is_none_is_a_bad_request(wire, alice):
    """No header, no seek, no start, no stop, a stop before the start; then the stream is over."""
    sound = seek(alice, OLDEST, OLDEST)
    header = common_pb2.Payload.FromString(sound.payload).header
    garbage = common_pb2.Payload(header=header, data=b"\xff").SerializeToString()
    for payload in (b"", b"\xff", garbage):
        envelope = common_pb2.Envelope(payload=payload, signature=alice.sign(payload))
        assert await asked(wire, envelope, sound) == [-S.BAD_REQUEST]
    for start, stop in ((None, OLDEST), (OLDEST, None), (at(1), at(0))):
        assert await asked(wire, seek(alice, start, stop), sound) == [-S.BAD_REQUEST]


async def test_what_is_no_envelope_fails_the_call(network, alice):
    """On a peer gRPC itself refuses it."""
    async with connect(network) as channel:
        call = channel.stream_stream("/protos.Deliver/Deliver", bytes, bytes)(iter([b"\xff"]))
        code, *_ = await refusal(call.read())
        assert code is CODES.INTERNAL


async def test_a_request_out_of_time_is_a_bad_request(tmp_path, clock):
    """Recorded yesterday, from a clock ahead, or without time: the window holds here too."""
    async with (
        EmbeddedNetwork(tmp_path, contract=Notes(), clock=clock, time_window_s=60) as network,
        connect(network) as channel,
    ):
        alice, wire = person(network, "alice", now_ms=clock()), Wire(channel)
        for seconds, ended in ((-61, S.BAD_REQUEST), (61, S.BAD_REQUEST), (-60, S.SUCCESS)):
            envelope = seek(alice, OLDEST, OLDEST, time_ms=clock() + seconds * 1000)
            assert (await asked(wire, envelope))[-1] == -ended
        payload = common_pb2.Payload.FromString(envelope.payload)
        channel_header = common_pb2.ChannelHeader(type=5, channel_id="pmcb")
        payload.header.channel_header = channel_header.SerializeToString()
        raw = payload.SerializeToString()
        timeless = common_pb2.Envelope(payload=raw, signature=alice.sign(raw))
        assert await asked(wire, timeless) == [-S.BAD_REQUEST]


async def test_what_is_not_there_is_not_found(wire, alice):
    """Another channel, a start beyond the next block, a block that nobody shall wait for."""
    for envelope in (
        seek(alice, OLDEST, OLDEST, channel="side"),
        seek(alice, OLDEST, OLDEST, channel=""),
        seek(alice, at(2), at(9)),
        seek(alice, ab_pb2.SeekPosition(), at(9)),
        seek(alice, at(1), at(9), **AT_ONCE),
        seek(alice, NEXT, at(9), **AT_ONCE),
    ):
        assert await asked(wire, envelope) == [-S.NOT_FOUND]
    assert await asked(wire, seek(alice, OLDEST, at(9), **AT_ONCE)) == [0, -S.NOT_FOUND]


async def test_an_identity_that_expires_meanwhile_gets_no_more(tmp_path, clock):
    """Every block asks anew whether its reader is still a member."""
    async with (
        EmbeddedNetwork(tmp_path, contract=Notes(), clock=clock) as network,
        connect(network) as channel,
    ):
        alice, wire = person(network, "alice", now_ms=clock()), Wire(channel)
        call = await opened(wire.blocks.Deliver(), seek(alice, OLDEST, ENDLESS[0], time_ms=clock()))
        assert (await call.read()).block.header.number == 0
        while not network._orderer._followers:
            assert await asked(wire, seek(alice, OLDEST, OLDEST, time_ms=clock()))
        clock.advance(days=366)
        await network.seed({"a": b"1"})
        assert await everything(call) == [-S.FORBIDDEN]


async def test_a_revoked_identity_gets_no_more(network, wire, alice):
    """The same for one whose organisation took it back."""
    ca = Ca.of(network)
    async with ca.http:
        registrar = await ca.registrar()
        enrolled = await ca.person(registrar, "bob")
        bob = enrolled.identity
        call = await opened(wire.blocks.DeliverFiltered(), seek(bob, OLDEST, ENDLESS[0]))
        assert (await call.read()).filtered_block.number == 0
        await until_following(network, wire, alice, 1)
        assert (await ca.call("revoke", {"id": enrolled.name}, registrar))[0] == 200
    await network.seed({"a": b"1"})
    assert await everything(call) == [-S.FORBIDDEN]
    assert await asked(wire, seek(bob, OLDEST, OLDEST)) == [-S.FORBIDDEN]
    assert await asked(wire, seek(alice, OLDEST, OLDEST)) == [0, -S.SUCCESS]


async def test_blocks_come_from_start_to_stop(wire, alice):
    """Both included, by number or by name; then SUCCESS, and the next request of the stream."""
    await put(wire, alice, "1", "2", "3")
    for start, stop, numbers in (
        (OLDEST, OLDEST, [0]),
        (OLDEST, NEWEST, [0, 1, 2, 3]),
        (NEWEST, NEWEST, [3]),
        (at(1), at(2), [1, 2]),
        (at(2), OLDEST, [2]),
        (OLDEST, ab_pb2.SeekPosition(), [0]),
    ):
        for form in ("Deliver", "DeliverFiltered"):
            envelope = seek(alice, start, stop)
            assert await asked(wire, envelope, form=form) == [*numbers, -S.SUCCESS]
    both = seek(alice, at(3), at(3)), seek(alice, OLDEST, at(1), **AT_ONCE)
    assert await asked(wire, *both) == [3, -S.SUCCESS, 0, 1, -S.SUCCESS]


async def test_an_endless_stream_goes_on_with_what_is_committed(network, wire, alice):
    """From a given block, the newest, the next; with the stops of all clients."""
    await put(wire, alice, "1")
    starts = ((OLDEST, 0), (NEWEST, 1), (NEXT, 2), (at(1), 1), (at(2), 2))
    calls = [
        (await opened(wire.blocks.DeliverFiltered(), seek(alice, start, stop)), first)
        for start, first in starts
        for stop in ENDLESS
    ]
    await until_following(network, wire, alice, len(calls))
    await put(wire, alice, "2", "3")
    for call, first in calls:
        for number in range(first, 4):
            assert (await call.read()).filtered_block.number == number
        call.cancel()
    await until_following(network, wire, alice, 0)


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


async def test_a_block_with_private_data_has_none(wire, alice):
    """The network has no collections, so its blocks come with an empty map."""
    await put(wire, alice, "1")
    call = await opened(wire.blocks.DeliverWithPrivateData(), seek(alice, at(1), ENDLESS[0]))
    answer = await call.read()
    assert answer.WhichOneof("Type") == "block_and_private_data"
    assert answer.block_and_private_data.block.header.number == 1
    assert not answer.block_and_private_data.private_data_map
    call.cancel()


async def test_a_reader_that_does_not_read_stops_nobody(network, wire, alice):
    """Far more than the connection buffers is committed meanwhile, and then read in order."""
    async with connect(network, bdp_probe=0, lookahead_bytes=65_536) as channel:
        call = await opened(Wire(channel).blocks.Deliver(), seek(alice, OLDEST, ENDLESS[0]))
        await until_following(network, wire, alice, 1)
        for number in range(20):
            assert await wire.run(alice, "tell", str(number % 10) * 90_000) == 0
        assert not network._orderer._followers  # the stream waits for its client, not for a block
        assert network._store.current.idle  # and holds no snapshot meanwhile
        assert not network._store._old
        for number in range(21):
            assert (await call.read()).block.header.number == number
        call.cancel()


async def test_streams_end_with_the_network(tmp_path):
    """As unavailable, also one that asked for nothing yet or was answered in full."""
    async with EmbeddedNetwork(tmp_path, contract=Notes()) as network:
        alice, channel = person(network, "alice"), connect(network)
        wire = Wire(channel)
        endless = await opened(wire.blocks.Deliver(), seek(alice, OLDEST, ENDLESS[1]))
        answered = await opened(wire.blocks.DeliverFiltered(), seek(alice, OLDEST, OLDEST))
        silent = wire.blocks.Deliver()
        assert (await endless.read()).block.header.number == 0
        assert [(await answered.read()).WhichOneof("Type") for _ in range(2)][1] == "status"
        reading = [asyncio.ensure_future(refusal(call.read())) for call in (endless, answered)]
        reading.append(asyncio.ensure_future(refusal(silent.read())))
        await until_following(network, wire, alice, 1)
    ended = await asyncio.gather(*reading)
    assert ended[0] == (CODES.UNAVAILABLE, "the network is stopping", [])
    assert all(code in {CODES.UNAVAILABLE, CODES.CANCELLED} for code, *_ in ended)
    await channel.close(None)


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
