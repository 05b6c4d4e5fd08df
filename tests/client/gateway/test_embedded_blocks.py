# SPDX-License-Identifier: Apache-2.0
"""Blocks of the embedded network: read, and as the teller of outcomes, across a restart."""

import asyncio
import json
from contextlib import AsyncExitStack, aclosing

import pytest
from tests.client.gateway.counters import Counters
from tests.client.gateway.persons import enrol

from pmcb_client.errors import CommitError
from pmcb_client.gateway import Retry, connect_network
from pmcb_network.embedded import EmbeddedNetwork

AT_ONCE = Retry(base_s=0.0)


@pytest.fixture(scope="module")
async def network(tmp_path_factory):
    """Two organisations that endorse counters."""
    async with EmbeddedNetwork(tmp_path_factory.mktemp("blocks"), contract=Counters()) as network:
        yield network


@pytest.fixture(scope="module")
async def person(network):
    return await enrol(network, "receiver1")


@pytest.fixture
async def view(network, person):
    """The channel, as receiver1 sees it; blocks tell what became of transactions."""
    async with connect_network(network.network_file, person, commit="blocks") as gateway:
        yield gateway.network("pmcb")


async def test_an_invalid_transaction_is_told_by_its_block(view):
    """Too few endorsements: the code is that of the block."""
    with pytest.raises(CommitError) as caught:
        await view.contract("counters").submit("add", "alone", endorsing_orgs=["HospitalAMSP"])
    assert caught.value.name == "ENDORSEMENT_POLICY_FAILURE"


async def test_conflicts_are_repeated_until_each_counts(view):
    """Twelve at once on one counter: every call counts once, none is lost."""
    patient = Retry(conflicts=100, base_s=0.001)
    contract = view.contract("counters")
    results = await asyncio.gather(
        *(contract.submit("add", "crowd", retry=patient) for _ in range(12))
    )
    assert sorted(json.loads(result)["value"] for result in results) == list(range(1, 13))


async def test_the_whole_chain_may_be_read_from_its_first_block(view, network):
    """The first names the channel; the last is the network's newest; each holds what it says."""
    await view.contract("counters").submit("add", "chain")
    for kind in ("filtered", "full", "private"):
        seen = []
        async with aclosing(view.block_events(kind, start_block=0)) as blocks:
            async for block in blocks:
                seen.append(block)
                if block.number == network.height - 1:
                    break
        assert [block.number for block in seen] == list(range(network.height))
        (first,) = seen[0].transactions
        assert (first.type, first.successful, first.events) == ("CONFIG", True, ())
        (event,) = seen[-1].transactions[0].events
        assert (event.name, event.block_number) == ("Added", seen[-1].number)


async def test_readers_and_outcomes_outlive_a_restart_of_the_network(tmp_path):
    """The reader goes on after its last block; transactions are told by blocks before and after."""
    async with AsyncExitStack() as running, asyncio.timeout(60):
        network = EmbeddedNetwork(tmp_path, contract=Counters())
        await running.enter_async_context(network)
        person = await enrol(network, "receiver1")
        async with connect_network(network.network_file, person, commit="blocks") as gateway:
            view = gateway.network("pmcb")
            contract = view.contract("counters")
            before = await (await contract.submit_async("add", "a")).status()
            async with aclosing(view.block_events(start_block=before.block_number)) as blocks:
                assert (await anext(blocks)).number == before.block_number
                waiting = asyncio.create_task(anext(blocks))
                await running.aclose()
                await running.enter_async_context(EmbeddedNetwork(tmp_path, contract=Counters()))
                after = await (await contract.submit_async("add", "a", retry=AT_ONCE)).status()
                assert after.successful
                assert (await waiting).number == after.block_number == before.block_number + 1
