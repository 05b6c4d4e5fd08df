# SPDX-License-Identifier: Apache-2.0
"""Offers to servers, through a real broker."""

import asyncio

import pytest
from structlog.testing import capture_logs
from tests.services.fog.online.waiting import until

from pmcb_services.fog.errors import TooLarge, Unavailable
from pmcb_services.fog.online import _connection as connection_module
from pmcb_services.fog.online._address import Address
from pmcb_services.fog.online._broker import Broker
from pmcb_services.fog.online._calls import Calls
from pmcb_services.fog.online._connection import Connection
from pmcb_services.fog.online._messages import MAX_BYTES, Register
from pmcb_services.fog.online._offers import Offers
from pmcb_services.fog.online._stream import Stream

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(60)]


@pytest.fixture
async def connection(tmp_path):
    """To a broker with a stream."""
    async with Broker(tmp_path) as broker, Connection(broker.address) as made:
        await until(lambda: made.connected, "the broker")
        await Stream(made).ensure()
        yield made


async def taken(offers):
    """The next offer."""
    while (offered := await offers.next()) is None:
        pass
    return offered


async def test_without_a_broker_nothing_is_offered_or_asked():
    """It is told at once, and nobody waits."""
    async with Connection(Address(url="nats://127.0.0.1:9")) as connection:
        stream = Stream(connection)
        assert not stream.connected
        for asked in (
            stream.ensure(),
            stream.offer("o", "ward-1", 1),
            connection.request("s", b""),
        ):
            with pytest.raises(Unavailable):
                await asked
        assert await Offers(connection, "ward-1").next() is None


async def test_a_request_that_nobody_answers_is_unavailable(connection):
    """As when the gateway is down."""
    with pytest.raises(Unavailable, match="gateway"):
        await connection.request("fog.rpc.claim", b"")


async def test_a_broker_that_takes_small_messages_only_is_not_used(tmp_path, monkeypatch):
    """A gateway is not ready, a worker does not start: both say which setting is to blame."""
    monkeypatch.setattr("pmcb_services.fog.online._broker.MAX_BYTES", 2**20)  # NATS's default
    register = Register(server="ward-1", token="t", kinds=(), speed_mips=1000.0)
    async with Broker(tmp_path) as broker, Connection(broker.address) as made:
        await until(lambda: made.connected, "the broker")
        for asked in (Stream(made).ensure(), Calls(made).register(register)):
            with pytest.raises(Unavailable, match="1,048,576") as caught:
                await asked
            assert f"max_payload: {MAX_BYTES}" in caught.value.next_step


async def test_what_is_too_large_is_told_and_not_sent_for_ever(connection):
    """To whoever asks; of an answer the log tells, since nobody can be told."""
    with pytest.raises(TooLarge):
        await connection.request("s", bytes(MAX_BYTES + 1))

    async def large(*_):
        return bytes(MAX_BYTES + 1)

    await connection.answer("large", large)
    with capture_logs() as logs:
        with pytest.raises(Unavailable):
            await connection.request("large", b"", timeout_s=0.3)
        await until(lambda: logs, "the log")
    assert [each["event"] for each in logs] == ["answer_too_large"]


async def test_what_is_no_offer_is_passed_over(connection):
    """It does not come again, and those behind it do."""
    await connection.jetstream.publish("fog.orders.ward-1", b"\xffrubbish")
    await Stream(connection).offer("o", "ward-1", 3)
    offered = await taken(Offers(connection, "ward-1"))
    assert (offered.order, offered.epoch) == ("o", 3)


async def test_the_same_offer_twice_is_one(connection):
    """The reply to the first may have been lost; another epoch is another offer."""
    stream, offers = Stream(connection), Offers(connection, "ward-1")
    for epoch in (1, 1, 2, 2):
        await stream.offer("o", "ward-1", epoch)
    epochs = []
    for _ in range(2):
        offered = await taken(offers)
        epochs.append(offered.epoch)
        await offered.done()
    assert epochs == [1, 2]
    await connection.request("$SYS.REQ.USER.INFO", b"")  # what was acknowledged is, by then
    assert (await connection.jetstream.stream_info("FOG")).state.messages == 0


async def test_each_server_gets_its_own(connection):
    """In the order in which they were offered, a thousand at once."""
    stream = Stream(connection)
    await asyncio.gather(
        *(stream.offer(f"o{number}", f"ward-{number % 2}", 1) for number in range(1000))
    )
    assert (await taken(Offers(connection, "ward-1"))).order == "o1"
    assert (await taken(Offers(connection, "ward-0"))).order == "o0"
    assert (await connection.jetstream.stream_info("FOG")).state.messages == 1000


async def test_large_payloads_travel(connection):
    """8 MiB and what is said with them."""

    async def echo(_, data):
        return data

    data = bytes(8 * 2**20 + 2**15)
    await connection.answer("fog.rpc.*", echo)
    assert await connection.request("fog.rpc.commit", data, timeout_s=10) == data


class Deaf:
    """A broker that greets whoever comes and reads nothing after that; ``greeted`` of them."""

    def __init__(self) -> None:
        self.greeted = 0
        self.over = asyncio.Event()

    async def greet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One client."""
        writer.write(b'INFO {"server_id": "d", "max_payload": %d}\r\n' % MAX_BYTES)
        while not (await reader.readline()).startswith(b"PING"):
            pass
        writer.write(b"PONG\r\n")
        self.greeted += 1
        await self.over.wait()
        writer.transport.abort()


@pytest.fixture
async def deaf():
    """It, and where it is."""
    made = Deaf()
    server = await asyncio.start_server(made.greet, "127.0.0.1", 0, limit=2**10)
    try:
        yield made, Address(url=f"nats://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    finally:
        made.over.set()
        server.close()
        await server.wait_closed()
        await asyncio.sleep(0.1)  # clients hear that it is gone


async def test_a_broker_that_reads_nothing_holds_nobody_up(deaf, monkeypatch):
    """Another client is made, though the old one waits to say the rest; and the end is an end."""
    broker, address = deaf
    for name, seconds in (("_PING_S", 0.05), ("BACK_S", 0.3), ("ANSWER_S", 0.2)):
        monkeypatch.setattr(connection_module, name, seconds)
    async with asyncio.timeout(20), Connection(address) as connection:
        await until(lambda: connection.connected, "the broker")
        with pytest.raises(Unavailable):
            await connection.request("s", bytes(MAX_BYTES), timeout_s=0.1)
        await until(lambda: broker.greeted > 1, "another client", within_s=10)
