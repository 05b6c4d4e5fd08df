# SPDX-License-Identifier: Apache-2.0
"""Events are written down once, with the place behind them, and handed over until dealt with."""

import asyncio
import json
import sqlite3
from contextlib import asynccontextmanager, suppress

import grpc
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from tests.client.gateway.counters import Counters
from tests.client.gateway.persons import Person, enrol

from pmcb_client.errors import GatewayError
from pmcb_client.gateway import ChaincodeEvent, P256Signer, Position, connect_network
from pmcb_client.inbox import Inbox, follow
from pmcb_network.embedded import EmbeddedNetwork

CHAINCODE = "counters"


@pytest.fixture
def path(tmp_path):
    """Where the inbox is."""
    return tmp_path / "verifier" / "inbox.sqlite3"


def event(number, name="Added", block=None):
    """An event as the gateway tells it."""
    payload = json.dumps({"name": f"c{number}", "value": 1}).encode()
    return ChaincodeEvent(name, payload, f"{number:064x}", block or number, CHAINCODE)


def told(items):
    """The counters that items speak of."""
    return [item.payload["name"] for item in items]


def test_an_event_and_its_place_are_written_together_or_not_at_all(path):
    """A place that cannot be kept takes its event with it."""
    inbox = Inbox(path)
    inbox.take(event(1))
    with pytest.raises(OverflowError):
        inbox.take(event(2, block=2**64))
    assert told(inbox.due(0)) == ["c1"]
    assert inbox.position == Position(1, f"{1:064x}")


def test_what_another_ledger_told_is_forgotten(path):
    """A network was removed and made anew: its heights mean nothing, nor do the old tasks."""
    inbox = Inbox(path)
    inbox.belong_to("a" * 64)
    inbox.take(event(1))
    inbox.belong_to("a" * 64)
    assert told(Inbox(path).due(0)) == ["c1"]
    inbox.belong_to("b" * 64)
    assert (inbox.due(0), inbox.position) == ([], None)
    inbox.take(event(2))
    Inbox(path).belong_to("b" * 64)
    assert told(inbox.due(0)) == ["c2"]


def test_a_folder_is_its_owners_alone(path):
    """The file, what SQLite keeps beside it, and the folder."""
    inbox = Inbox(path)
    with sqlite3.connect(path) as open_beside:  # keeps SQLite's own files there
        inbox.take(event(1))
        open_beside.execute("SELECT * FROM items").fetchall()
        assert {each.stat().st_mode & 0o777 for each in path.parent.iterdir()} == {0o600}
    open_beside.close()
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_what_was_written_down_outlives_the_object(path):
    """Items, their order and the place are those of the file."""
    first = Inbox(path)
    assert first.position is None
    for number in (3, 1, 2):
        first.take(event(number))
    again = Inbox(path)
    assert told(again.due(0)) == ["c3", "c1", "c2"]
    assert again.due(0)[0].name == "Added"
    assert again.position == Position(2, f"{2:064x}")


def test_what_is_put_off_is_due_then_and_what_is_done_never(path):
    """In the ledger's order again, whatever was put off."""
    inbox = Inbox(path)
    for number in range(4):
        inbox.take(event(number))
    items = inbox.due(0)
    inbox.later(items[0], 500)
    inbox.done(items[1])
    inbox.later(items[3], 200)
    assert told(inbox.due(199)) == ["c2"]
    assert told(inbox.due(200)) == ["c2", "c3"]
    assert told(Inbox(path).due(500)) == ["c0", "c2", "c3"]


async def test_the_place_of_anothers_event_is_kept_too(path):
    """So that nobody reads it again."""
    inbox = Inbox(path)
    inbox.take(event(1))
    await inbox.save(Position(7, "ab"))
    assert Inbox(path).position == Position(7, "ab")
    assert told(inbox.due(0)) == ["c1"]


@pytest.fixture(scope="module")
async def network(tmp_path_factory):
    """Two organisations that endorse counters."""
    async with EmbeddedNetwork(tmp_path_factory.mktemp("inbox"), contract=Counters()) as made:
        yield made


@pytest.fixture(scope="module")
async def person(network):
    """A member of the channel."""
    return await enrol(network, "receiver1")


@pytest.fixture
async def channel(network, person):
    """The channel, as that member sees it."""
    async with connect_network(network.network_file, person) as gateway:
        yield gateway.network("pmcb")


@pytest.fixture
async def inbox(path, network):
    """One that has read all that other tests wrote."""
    made = Inbox(path)
    await made.save(Position(network.height))
    return made


@asynccontextmanager
async def following(channel, inbox, handle, *, names=frozenset({"Added"}), **how):
    """Meanwhile the inbox is followed; an error of it is raised here."""
    task = asyncio.create_task(follow(channel, CHAINCODE, inbox, names, handle, **how))
    try:
        async with asyncio.timeout(30):
            yield task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_a_refused_stream_ends_the_reader(network, person, path):
    """Whoever may not read events is told so, and does not wait for ever."""
    forger = Person(person.identity, P256Signer(ec.generate_private_key(ec.SECP256R1())))

    async def handle(_):
        raise AssertionError

    async with connect_network(network.network_file, forger) as gateway, asyncio.timeout(30):
        with pytest.raises(GatewayError) as caught:
            await follow(
                gateway.network("pmcb"), CHAINCODE, Inbox(path), {"Added"}, handle, look_again_s=60
            )
    assert caught.value.grpc_code is grpc.StatusCode.PERMISSION_DENIED


async def test_what_a_crashed_handler_left_is_handed_over_again(channel, inbox, path):
    """To a new reader on the same file; what was done before the crash is not."""
    contract = channel.contract(CHAINCODE)
    for number in range(3):
        await contract.submit("add", f"crash{number}")
    seen = []

    async def crash(items):
        for item in items:
            if item.payload["name"] == "crash1":
                raise ZeroDivisionError
            inbox.done(item)

    with pytest.raises(ZeroDivisionError):
        async with following(channel, inbox, crash) as task:
            await task
    again, arrived = Inbox(path), asyncio.Event()

    async def deal(items):
        for item in items:
            seen.append(item.payload["name"])
            again.done(item)
        if "crash3" in seen:
            arrived.set()

    async with following(channel, again, deal):
        await contract.submit("add", "crash3")
        await arrived.wait()
    assert seen == ["crash1", "crash2", "crash3"]
    assert again.due(2**62) == []


async def test_what_nothing_was_said_of_comes_again_and_what_is_late_comes_late(channel, inbox):
    """After the pause; what was put off comes when the clock says so."""
    now_ms, rounds, enough = 1_000, [], asyncio.Event()
    await channel.contract(CHAINCODE).submit("add", "slow")

    async def handle(items):
        nonlocal now_ms
        rounds.append((now_ms, told(items)))
        if len(rounds) == 2:
            inbox.later(items[0], 5_000)
            now_ms = 5_000
        if len(rounds) == 3:
            enough.set()

    async with following(channel, inbox, handle, clock=lambda: now_ms, look_again_s=0.01):
        await enough.wait()
    assert rounds[:3] == [(1_000, ["slow"]), (1_000, ["slow"]), (5_000, ["slow"])]


async def test_other_events_only_move_the_place(channel, path, network):
    """They are not handed over, and not read again."""
    saved = asyncio.Event()

    class Telling(Inbox):
        async def save(self, position):
            await super().save(position)
            if position.transaction_id:
                saved.set()

    inbox = Telling(path)
    await inbox.save(Position(network.height))

    async def handle(_):
        raise AssertionError

    contract = channel.contract(CHAINCODE)
    async with following(channel, inbox, handle, names={"Removed"}):
        for name in ("other", "another"):  # the second one's telling saves the first
            await contract.submit("add", name)
        await saved.wait()
    place = Inbox(path).position
    assert place is not None
    assert place.transaction_id
    assert Inbox(path).due(2**62) == []
