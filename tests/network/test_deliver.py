# SPDX-License-Identifier: Apache-2.0
"""Blocks, full, filtered or with private data, as clients of a peer's deliver service see them."""

import asyncio

import pytest
from fabric_protos.common import common_pb2
from fabric_protos.orderer import ab_pb2
from tests.network.ca_wire import Ca
from tests.network.conftest import person
from tests.network.contracts import Notes
from tests.network.seeking import (
    AT_ONCE,
    ENDLESS,
    NEWEST,
    NEXT,
    OLDEST,
    S,
    asked,
    everything,
    opened,
    put,
    until_following,
)
from tests.network.wire import Wire, at, connect, high_s, seek
from tests.network.words import CODES, refusal

from pmcb_network.embedded import EmbeddedNetwork


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
