# SPDX-License-Identifier: Apache-2.0
"""Events of the embedded network: live, replayed, from a checkpoint, across a restart."""

import asyncio
import json
from contextlib import AsyncExitStack, aclosing

import grpc
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from tests.client.gateway.counters import Counters
from tests.client.gateway.persons import Person, enrol

from pmcb_client.errors import GatewayError
from pmcb_client.gateway import FileCheckpoint, P256Signer, connect_network
from pmcb_network.embedded import EmbeddedNetwork


async def names(count, reader):
    """The counters that the next ``count`` events speak of; then the reader is closed."""
    told = []
    async with asyncio.timeout(30), aclosing(reader) as events:
        async for event in events:
            told.append(json.loads(event.payload)["name"])
            if len(told) == count:
                break
    return told


@pytest.fixture(scope="module")
async def network(tmp_path_factory):
    """Two organisations that endorse counters."""
    async with EmbeddedNetwork(tmp_path_factory.mktemp("events"), contract=Counters()) as network:
        yield network


@pytest.fixture(scope="module")
async def person(network):
    return await enrol(network, "receiver1")


@pytest.fixture
async def channel_view(network, person):
    """The channel, as receiver1 sees it."""
    async with connect_network(network.network_file, person) as gateway:
        yield gateway.network("pmcb")


async def test_a_foreign_signature_gets_no_events(network, person):
    """Only members of the channel read."""
    forger = Person(person.identity, P256Signer(ec.generate_private_key(ec.SECP256R1())))
    async with connect_network(network.network_file, forger) as gateway:
        with pytest.raises(GatewayError) as caught:
            await names(1, gateway.network("pmcb").chaincode_events("counters", start_block=0))
    assert caught.value.grpc_code is grpc.StatusCode.PERMISSION_DENIED


async def test_an_event_says_where_it_stands(channel_view):
    """Its transaction, its block and what the contract told."""
    contract = channel_view.contract("counters")
    pending = await contract.submit_async("add", "one")
    status = await pending.status()
    reader = channel_view.chaincode_events("counters", start_block=status.block_number)
    async with aclosing(reader) as events:
        event = await anext(events)
    assert (event.name, event.chaincode) == ("Added", "counters")
    assert json.loads(event.payload) == {"name": "one", "value": 1}
    assert event.transaction_id == pending.transaction_id
    assert event.block_number == status.block_number


async def test_a_reader_goes_on_at_every_place_inside_a_block(channel_view, network, tmp_path):
    """Closed after each event, opened from the file: each of twenty comes, in order."""
    start = network.height
    contract = channel_view.contract("counters")
    await asyncio.gather(*(contract.submit("add", f"crowd{number}") for number in range(20)))
    assert network.height - start < 20  # some share a block
    told = await names(20, channel_view.chaincode_events("counters", start_block=start))
    assert sorted(told) == sorted(f"crowd{number}" for number in range(20))
    path = tmp_path / "checkpoint.json"
    for number in range(19):  # reading two saves the first
        reader = channel_view.chaincode_events(
            "counters", start_block=start, checkpoint=FileCheckpoint(path)
        )
        assert await names(2, reader) == told[number : number + 2]


async def test_a_reader_outlives_a_restart_of_the_network(tmp_path):
    """It waits, and goes on after the last event it had."""
    async with AsyncExitStack() as running, asyncio.timeout(60):
        network = EmbeddedNetwork(tmp_path, contract=Counters())
        await running.enter_async_context(network)
        person = await enrol(network, "receiver1")
        async with connect_network(network.network_file, person) as gateway:
            view = gateway.network("pmcb")
            await view.contract("counters").submit("add", "before")
            reader = view.chaincode_events("counters", start_block=0)
            async with aclosing(reader) as events:
                assert json.loads((await anext(events)).payload)["name"] == "before"
                waiting = asyncio.create_task(anext(events))
                await running.aclose()
                again = EmbeddedNetwork(tmp_path, contract=Counters())
                await running.enter_async_context(again)
                assert again.network_file == network.network_file
                await view.contract("counters").submit("add", "after")
                assert json.loads((await waiting).payload)["name"] == "after"
