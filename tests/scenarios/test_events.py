# SPDX-License-Identifier: Apache-2.0
"""Events tell what stands on the ledger, in order, and from a checkpoint on."""

import json
from contextlib import aclosing

import pytest
from tests.scenarios.world import Person, World, refused

from pmcb_client.gateway import MemoryCheckpoint

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
