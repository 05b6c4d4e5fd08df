# SPDX-License-Identifier: Apache-2.0
"""Blocks tell what became of every transaction, from any of them on."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path

import grpc
import pytest
from tests.scenarios.world import Person, World

from pmcb_client.errors import GatewayError
from pmcb_client.gateway import Block, BlockKind, BlockTransaction, FileCheckpoint, Network

pytestmark = pytest.mark.anyio

KINDS: list[BlockKind] = ["filtered", "full", "private"]
FAR_AHEAD = 10**9


@pytest.fixture
async def person(world: World) -> Person:
    return await world.person("reader")


async def ping(network: Network) -> int:
    """The number of a new block."""
    pending = await network.contract("pmcb").submit_async("ping")
    return (await pending.status()).block_number


async def numbers(count: int, reader: AsyncGenerator[Block, None]) -> list[int]:
    """Of the next blocks; then the reader is closed."""
    async with asyncio.timeout(60), aclosing(reader) as blocks:
        return [(await anext(blocks)).number for _ in range(count)]


@pytest.mark.parametrize("kind", KINDS)
async def test_only_members_read_blocks(person: Person, world: World, kind: BlockKind):
    """A signature that does not belong to the certificate opens nothing."""
    forger = person.with_signer_of(await world.person("forger"))
    async with forger.connected() as network:
        with pytest.raises(GatewayError) as caught:
            await numbers(1, network.block_events(kind, start_block=0))
    assert caught.value.grpc_code is grpc.StatusCode.PERMISSION_DENIED


@pytest.mark.parametrize("kind", KINDS)
async def test_a_place_far_behind_the_last_block_is_refused(person: Person, kind: BlockKind):
    """Waiting there would be waiting in vain."""
    async with person.connected() as network:
        with pytest.raises(GatewayError) as caught:
            await numbers(1, network.block_events(kind, start_block=FAR_AHEAD))
    assert caught.value.grpc_code is grpc.StatusCode.NOT_FOUND


@pytest.mark.parametrize("kind", KINDS)
async def test_a_block_tells_what_a_transaction_did_and_what_became_of_it(
    world: World, kind: BlockKind
):
    """Two wrote the same record: one is valid, one is not; both stand in the chain."""
    newcomer = await world.person(f"newcomer.{kind}")
    async with newcomer.connected() as network:
        contract = network.contract("pmcb")
        both = [await contract.proposal("announce_key").endorse() for _ in range(2)]
        first, second = [await (await each.submit()).status() for each in both]
        assert (first.name, second.name) == ("VALID", "MVCC_READ_CONFLICT")
        told: dict[str, tuple[Block, BlockTransaction]] = {}
        reader = network.block_events(kind, start_block=first.block_number)
        async with asyncio.timeout(60), aclosing(reader) as blocks:
            async for block in blocks:
                told |= {each.transaction_id: (block, each) for each in block.transactions}
                if block.number == second.block_number:
                    break
    for status in (first, second):
        block, transaction = told[status.transaction_id]
        assert (block.number, transaction.code) == (status.block_number, status.code)
        assert transaction.type == "ENDORSER_TRANSACTION"
    (event,) = told[first.transaction_id][1].events
    assert (event.name, event.chaincode) == ("KeyAnnounced", "pmcb")
    uid = {} if kind == "filtered" else {"v": 1, "uid": newcomer.uid}
    assert json.loads(event.payload or "{}") == uid


@pytest.mark.parametrize("kind", KINDS)
async def test_new_blocks_are_told_as_they_come(person: Person, kind: BlockKind):
    """From the one after the last on; and after a reader was closed, to the next one."""
    async with person.connected() as network:
        for _ in range(2):
            start = await ping(network) + 1
            reader = network.block_events(kind, start_block=start)
            async with asyncio.timeout(60), aclosing(reader) as blocks:
                coming = asyncio.ensure_future(anext(blocks))
                await ping(network)
                assert (await coming).number == start


async def test_without_a_place_only_what_is_new_is_told(person: Person):
    """The chain's past is not."""
    async with person.connected() as network:
        last = await ping(network)
        async with asyncio.timeout(60), aclosing(network.block_events()) as blocks:
            coming = asyncio.ensure_future(anext(blocks))
            while not coming.done():  # the stream opens in its own time
                await ping(network)
            assert (await coming).number > last


@pytest.mark.parametrize("kind", KINDS)
async def test_closing_one_reader_does_not_disturb_another(person: Person, kind: BlockKind):
    """Both began at the same block."""
    async with person.connected() as network:
        start = await ping(network)
        closing, staying = (network.block_events(kind, start_block=start) for _ in range(2))
        async with asyncio.timeout(60), aclosing(staying):
            assert [(await anext(each)).number for each in (closing, staying)] == [start, start]
            await closing.aclose()
            await ping(network)
            assert (await anext(staying)).number == start + 1


@pytest.mark.parametrize("kind", KINDS)
async def test_a_reader_goes_on_from_its_checkpoint(
    person: Person, kind: BlockKind, tmp_path: Path
):
    """Each block whose work was not finished comes again, none is left out."""
    async with person.connected() as network:
        start = await ping(network)
        for _ in range(3):
            last = await ping(network)
        assert last > start
        path = tmp_path / "checkpoint.json"
        seen: list[int] = []
        while not seen or seen[-1] < last:
            checkpoint = FileCheckpoint(path)
            reader = network.block_events(kind, start_block=start, checkpoint=checkpoint)
            seen += await numbers(2, reader)  # the second one's work is never finished
    assert seen == [number for each in range(start, last) for number in (each, each + 1)]


@pytest.mark.parametrize("kind", KINDS)
async def test_a_request_for_blocks_may_be_signed_elsewhere(person: Person, kind: BlockKind):
    """Bytes and a signature are enough."""
    async with person.connected() as network:
        start = await ping(network)
        request = network.block_events_request(kind, start_block=start)
        signature = person.credentials.signer(request.digest)
        async with person.offline() as gateway:
            signed = gateway.signed_block_events(request.bytes, signature, kind)
            assert await numbers(1, signed.blocks()) == [start]


async def test_a_stream_of_blocks_tells_the_outcome_as_the_gateway_does(world: World):
    """Result, block, conflict and duplicate, under a limit of one call at a time."""
    newcomer = await world.person("streamer")
    async with newcomer.connected(commit="blocks", max_in_flight=1) as network:
        contract = network.contract("pmcb")
        both = [await contract.proposal("announce_key").endorse() for _ in range(2)]
        commits = [await each.submit() for each in both]
        again = await both[0].submit()
        statuses = [await each.status() for each in (*commits, again)]
        names = [status.name for status in statuses]
        assert names == ["VALID", "MVCC_READ_CONFLICT", "VALID"]
        assert json.loads(await contract.submit("announce_key"))["role"] == "receiver"
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(ping(network)) for _ in range(20)]
    sign = newcomer.credentials.signer
    async with newcomer.offline() as gateway:
        asked = [gateway.signed_commit(each.bytes, sign(each.digest)) for each in commits]
        assert [await each.status() for each in asked] == statuses[:2]
    assert all(task.result() > statuses[0].block_number for task in tasks)
