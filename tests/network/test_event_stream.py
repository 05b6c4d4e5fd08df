# SPDX-License-Identifier: Apache-2.0
"""The stream of chaincode events, as clients see it."""

import asyncio
import threading

import grpc
from fabric_protos.gateway import gateway_pb2
from fabric_protos.orderer import ab_pb2
from google.protobuf.message import Message
from tests.network.apart import serve
from tests.network.conftest import person
from tests.network.contracts import Notes
from tests.network.wire import Wire, at, connect, high_s, propose
from tests.network.words import CODES, refusal

from pmcb_network.embedded import EmbeddedNetwork

Refused = tuple[grpc.StatusCode, str, list[tuple[str, str]]]
NEXT = ab_pb2.SeekPosition(next_commit=ab_pb2.SeekNextCommit())


FIRST = at(0)


def told(response) -> tuple[int, list[bytes]]:
    """Block number and payloads of a response."""
    assert isinstance(response, Message), "the stream ended"
    return response.block_number, [event.payload for event in response.events]


def said(*values: str) -> list[bytes]:
    return [b'{"value":"%s"}' % value.encode() for value in values]


async def drained(stream) -> None:
    """Reads until the stream fails."""
    while True:
        told(await stream.read())


async def until_following(network, wire, who, count: int) -> None:
    """Returns once that many streams wait for the next block."""
    while len(network._orderer._followers) != count:
        await wire.evaluate(propose(who, "whoami")[0])


async def tell(wire, who, *values: str) -> list[str]:
    """One block per value; the transaction ids."""
    ids = []
    for value in values:
        signed, tx_id = propose(who, "tell", value)
        await wire.submit(who, await wire.endorse(signed))
        assert (await wire.status(who, tx_id)).result == 0
        ids.append(tx_id)
    return ids


async def test_who_is_no_member_hears_nothing(tmp_path, network, wire, alice, clock):
    """Unsigned, signed by another, by high S, foreign organisation or CA, expired: one answer."""
    request = gateway_pb2.ChaincodeEventsRequest(
        channel_id="pmcb", chaincode_id="notes", identity=alice.serialized, start_position=FIRST
    )
    raw = request.SerializeToString()
    mallory = person(network, "mallory")
    clock.advance(days=-900)
    expired = person(network, "old", now_ms=clock())
    async with EmbeddedNetwork(tmp_path / "other", contract=Notes()) as other:
        foreign = person(other, "alice")
    stranger = person(network, "alice")
    stranger.msp_id = "StrangerMSP"
    message = (
        "Failed evaluating policy on signed data during check policy on channel [pmcb] with policy"
        " [/Channel/Application/Readers]: [implicit policy evaluation failed - 0 sub-policies were"
        " satisfied, but this policy requires 1 of the 'Readers' sub-policies to be satisfied]"
    )
    refused: Refused = (CODES.PERMISSION_DENIED, message, [])
    for signature in (b"", b"x", mallory.sign(raw), alice.sign(b""), high_s(alice.sign(raw))):
        assert await refusal(wire.stream(raw, signature).read()) == refused
    for who in (expired, foreign, stranger):
        assert await refusal(wire.events(who, start_position=FIRST).read()) == refused
    request.ClearField("identity")
    raw = request.SerializeToString()
    assert await refusal(wire.stream(raw, alice.sign(raw)).read()) == refused


async def test_a_request_for_nothing_we_have_is_refused(wire, alice):
    """No request, garbage, no channel, another channel: each is named."""
    for raw, message in (
        (b"", "a chaincode events request is required"),
        (b"\xff", "invalid chaincode events request"),
    ):
        call = wire.stream(raw, alice.sign(raw))
        assert await refusal(call.read()) == (CODES.INVALID_ARGUMENT, message, [])
    for channel, start in (("", "Invalid channel ID name"), ("side", "Failed to get policy")):
        code, message, _ = await refusal(wire.events(alice, channel=channel).read())
        assert (code, message.startswith(start)) == (CODES.PERMISSION_DENIED, True)


async def test_the_oldest_and_the_newest_block_are_no_start(wire, alice):
    """A gateway takes a block's number or the next commit; a known transaction comes first."""
    (tx_id,) = await tell(wire, alice, "1")
    for kind, position in (
        ("Oldest", ab_pb2.SeekPosition(oldest=ab_pb2.SeekOldest())),
        ("Newest", ab_pb2.SeekPosition(newest=ab_pb2.SeekNewest())),
    ):
        refused = f"invalid start position type: *orderer.SeekPosition_{kind}"
        for after in ("", "unknown"):
            call = wire.events(alice, start_position=position, after_transaction_id=after)
            assert await refusal(call.read()) == (CODES.INVALID_ARGUMENT, refused, [])
        stream = wire.events(alice, start_position=position, after_transaction_id=tx_id)
        reading = asyncio.ensure_future(stream.read())
        await tell(wire, alice, kind)
        assert told(await reading)[1] == said(kind)
        tx_id = (await reading).events[0].tx_id
        stream.cancel()


async def test_an_event_arrives_with_what_the_peer_fills_in(network, wire, alice):
    """Chaincode, transaction id, name and payload, in the block that CommitStatus names."""
    stream = wire.events(alice)
    await until_following(network, wire, alice, 1)
    assert await wire.run(alice, "put", "a", "1") == 0  # a block without an event
    (tx_id,) = await tell(wire, alice, "hello")
    response = await stream.read()
    assert told(response) == (2, said("hello"))
    (event,) = response.events
    assert (event.chaincode_id, event.tx_id, event.event_name) == ("notes", tx_id, "Told")
    stream.cancel()


async def test_a_stream_starts_where_it_is_asked_to(network, wire, alice):
    """At a given, the next or a later block; by default at the next."""
    await tell(wire, alice, "1", "2", "3")
    wanted = [(at(0), 1), (at(2), 2), (at(3), 3)]
    later = [(None, 4), (NEXT, 4), (ab_pb2.SeekPosition(), 4), (at(4), 4), (at(5), 5)]
    streams = [wire.events(alice, start_position=start) for start, _ in wanted + later]
    await until_following(network, wire, alice, len(streams))
    await tell(wire, alice, "4", "5")
    for stream, (_, first) in zip(streams, wanted + later, strict=True):
        for number in range(first, 6):
            assert told(await stream.read()) == (number, said(str(number)))
        stream.cancel()


async def test_a_stream_resumes_after_a_transaction(network, wire, alice):
    """Whatever the start position says; an unknown one is looked for from there on."""
    ids = await tell(wire, alice, "1", "2", "3")
    for after, start, first in ((ids[0], NEXT, 2), (ids[1], FIRST, 3), (ids[0], at(3), 2)):
        stream = wire.events(alice, after_transaction_id=after, start_position=start)
        for number in range(first, 4):
            assert told(await stream.read()) == (number, said(str(number)))
        stream.cancel()
    streams = [wire.events(alice, after_transaction_id=ids[2], start_position=FIRST)]
    signed, coming = propose(alice, "tell", "4")
    streams.append(wire.events(alice, after_transaction_id=coming, start_position=FIRST))
    lost = [wire.events(alice, after_transaction_id=tx, start_position=FIRST) for tx in "x" * 2]
    lost.append(wire.events(alice, after_transaction_id="x" * 512, start_position=FIRST))
    await until_following(network, wire, alice, 5)
    await wire.submit(alice, await wire.endorse(signed))
    assert (await wire.status(alice, coming)).result == 0
    await tell(wire, alice, "5")
    assert told(await streams[0].read()) == (4, said("4"))
    for stream in streams:
        assert told(await stream.read()) == (5, said("5"))
    await until_following(network, wire, alice, 5)  # the lost ones went through all of it
    for stream in streams + lost:
        stream.cancel()


async def test_events_of_one_block_come_together(network, wire, alice):
    """In the block's order, without those of invalid transactions; resuming splits the block."""
    slow_disk = threading.Event()
    ids, envelopes = [], []
    for value in ("1", "2", "3"):
        signed, tx_id = propose(alice, "tell", value)
        ids.append(tx_id)
        envelopes.append(await wire.endorse(signed))
    envelopes.insert(2, envelopes[1])
    network._orderer._thread.submit(slow_disk.wait)
    for envelope in envelopes:
        await wire.submit(alice, envelope)
    slow_disk.set()
    assert (await wire.status(alice, ids[2])).block_number == 2
    everything = wire.events(alice, start_position=FIRST)
    assert told(await everything.read()) == (1, said("1"))
    assert told(await everything.read()) == (2, said("2", "3"))
    rest = wire.events(alice, after_transaction_id=ids[1])
    assert told(await rest.read()) == (2, said("3"))
    for stream in (everything, rest):
        stream.cancel()


async def test_streams_are_independent(network, wire, alice, caplog):
    """Both organisations' gateways, another chaincode's name; one that ends disturbs no other."""
    bob = person(network, "bob", index=1)
    async with connect(network, 1) as channel:
        first, second = wire.events(alice), Wire(channel).events(bob)
        other = wire.events(alice, chaincode="other")
        await until_following(network, wire, alice, 3)
        await tell(wire, alice, "1")
        assert told(await first.read()) == told(await second.read()) == (1, said("1"))
        first.cancel()
        await until_following(network, wire, alice, 2)
        await tell(wire, alice, "2")
        assert told(await second.read()) == (2, said("2"))
        waiting = asyncio.ensure_future(other.read())
        await until_following(network, wire, alice, 2)
        assert not waiting.done()
        for stream in (second, other):
            stream.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        await until_following(network, wire, alice, 0)
    assert not caplog.records


async def test_a_reader_that_does_not_read_stops_nobody(network, wire, alice):
    """Far more than the connection buffers is committed meanwhile, and then read in order."""
    async with connect(network, bdp_probe=0, lookahead_bytes=65_536) as channel:
        stream = Wire(channel).events(alice, start_position=FIRST)
        await until_following(network, wire, alice, 1)
        values = [str(number % 10) * 90_000 for number in range(20)]
        await tell(wire, alice, *values)
        assert not network._orderer._followers  # the stream waits for its client, not for a block
        for number, value in enumerate(values, start=1):
            assert told(await stream.read()) == (number, said(value))
        stream.cancel()


async def test_a_stopping_network_ends_its_streams(tmp_path):
    """As unavailable, at once, so that clients come again; the time given to calls is not used."""
    async with EmbeddedNetwork(tmp_path, contract=Notes()) as network, connect(network) as channel:
        alice, wire = person(network, "alice"), Wire(channel)
        streams = [wire.events(alice, start_position=start) for start in (FIRST, None)]
        reading = [asyncio.ensure_future(refusal(stream.read())) for stream in streams]
        await until_following(network, wire, alice, 2)
        network._orderer.hang_up()
        ended: Refused = (CODES.UNAVAILABLE, "the network is stopping", [])
        assert await asyncio.gather(*reading) == [ended, ended]
        assert not network._orderer._followers


async def test_leaving_the_network_hangs_up_first(tmp_path):
    """The streams hear why, not that the server went away."""
    async with EmbeddedNetwork(tmp_path, contract=Notes()) as network:
        alice = person(network, "alice")
        channel = connect(network)
        wire = Wire(channel)
        stream = asyncio.ensure_future(refusal(wire.events(alice).read()))
        await until_following(network, wire, alice, 1)
    assert (await stream)[:2] == (CODES.UNAVAILABLE, "the network is stopping")
    await channel.close(None)


async def test_a_kill_loses_no_event(tmp_path):
    """After a kill -9 and a restart a client resumes at the block it noted down."""
    async with EmbeddedNetwork(tmp_path / "network", contract=Notes()) as network:
        alice = person(network, "alice")
    process, place = await serve(tmp_path)
    try:
        async with connect(place) as channel:
            wire = Wire(channel)
            stream = wire.events(alice, start_position=FIRST)
            ids = await tell(wire, alice, "1", "2")
            assert told(await stream.read()) == (1, said("1"))
            process.kill()
            code, *_ = await refusal(drained(stream))
            assert code is CODES.UNAVAILABLE
    finally:
        process.kill()
        process.wait()
    async with (
        EmbeddedNetwork(tmp_path / "network", contract=Notes()) as network,
        connect(network) as channel,
    ):
        wire = Wire(channel)
        for more in ({"start_position": at(2)}, {"after_transaction_id": ids[0]}):
            stream = wire.events(alice, **more)
            response = await stream.read()
            assert told(response) == (2, said("2"))
            assert response.events[0].tx_id == ids[1]
            stream.cancel()
