# SPDX-License-Identifier: Apache-2.0
"""Events tell what stands on the ledger, in order, and from a checkpoint on."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing

import grpc
import pytest
from tests.scenarios.world import Person, World, refused

from pmcb_client.errors import GatewayError
from pmcb_client.gateway import ChaincodeEvent, MemoryCheckpoint

pytestmark = pytest.mark.anyio


async def told(person: Person, task: str, last: str, checkpoint: MemoryCheckpoint) -> list[str]:
    """The names of a task's events, from the checkpoint to the one named last."""
    names = []
    async with aclosing(person.events(start_block=0, checkpoint=checkpoint)) as events:
        async for event in events:
            if json.loads(event.payload).get("task") == task:
                names.append(event.name)
                if event.name == last:
                    break
    return names


async def test_events_tell_what_stands_and_go_on_from_a_checkpoint(world: World):
    """A refusal and a repeat tell nothing; what was not finished is told again."""
    person, other = await world.people(2, group="told")
    await world.epoch(3, {person: 1, other: 2})
    task = await world.task()
    with refused("LEVEL_MISMATCH"):
        await other.submit("accept_subtask", task, 0)
    for _ in range(2):
        await person.submit("accept_subtask", task, 0)
    await person.submit("withdraw_claim", task)
    checkpoint = MemoryCheckpoint()
    names = await told(person, task, "ClaimWithdrawn", checkpoint)
    assert names == ["TaskPublished", "SubtaskAccepted", "ClaimWithdrawn"]
    assert await told(person, task, "ClaimWithdrawn", checkpoint) == ["ClaimWithdrawn"]


async def announced(person: Person) -> int:
    """The block in which a newcomer's key is announced, which tells an event."""
    pending = await person.contract.submit_async("announce_key")
    status = await pending.status()
    assert status.successful
    return status.block_number


async def tellers(count: int, reader: AsyncGenerator[ChaincodeEvent, None]) -> list[str]:
    """Whose keys the next events announce; other events are passed over, the reader closed."""
    uids: list[str] = []
    async with asyncio.timeout(60), aclosing(reader) as events:
        while len(uids) < count:
            event = await anext(events)
            if event.name == "KeyAnnounced":
                uids.append(json.loads(event.payload)["uid"])
    return uids


async def test_only_members_are_told_events(world: World):
    """A signature that does not belong to the certificate opens nothing."""
    person, other = await world.people(2, group="member")
    async with person.with_signer_of(other).connected() as network:
        with pytest.raises(GatewayError) as caught:
            await tellers(1, network.chaincode_events("pmcb", start_block=0))
    assert caught.value.grpc_code is grpc.StatusCode.PERMISSION_DENIED


async def test_events_are_told_as_they_come_and_again_from_any_block(world: World):
    """A reader that was closed is opened again for what is new; another replays."""
    people = await world.people(3, group="announcing")
    start = await announced(people[0]) + 1
    for person in people[1:]:
        coming = asyncio.create_task(tellers(1, person.events(start_block=start)))
        start = await announced(person) + 1
        assert await coming == [person.uid]
    replay = people[0].events(start_block=start - 1)
    assert await tellers(1, replay) == [people[-1].uid]


async def test_closing_one_reader_does_not_disturb_another(world: World):
    """Both began at the same block."""
    first, second = await world.people(2, group="closing")
    start = await announced(first)
    closing, staying = (first.events(start_block=start) for _ in range(2))
    assert [(await anext(each)).block_number for each in (closing, staying)] == [start, start]
    await closing.aclose()
    await announced(second)
    assert await tellers(1, staying) == [second.uid]


async def test_a_request_for_events_may_be_signed_elsewhere(world: World):
    """Bytes and a signature are enough."""
    (person,) = await world.people(1, group="elsewhere")
    start = await announced(person)
    async with person.connected() as network:
        request = network.chaincode_events_request("pmcb", start_block=start)
    async with person.offline() as gateway:
        signature = person.credentials.signer(request.digest)
        signed = gateway.signed_chaincode_events(request.bytes, signature)
        assert await tellers(1, signed.events()) == [person.uid]
