# SPDX-License-Identifier: Apache-2.0
"""The whole story: enrolled, leveled, published, taken, answered, judged."""

import pytest
from tests.scenarios.world import World, digest, refused

pytestmark = pytest.mark.anyio


async def test_from_enrolment_to_verdict(world: World):
    """What a newcomer is told on the first page, on a real ledger."""
    receivers = await world.people(6, group="story")
    await world.epoch(3, {person: n % 3 + 1 for n, person in enumerate(receivers)})
    task = await world.task(slots=2)
    releaser, verifier, _ = await world.parties()

    open_to_first = await receivers[0].ask("list_open_subtasks", 200, "")
    assert {item["level"] for item in open_to_first["items"]} == {1}
    with refused("LEVEL_MISMATCH"):
        await receivers[0].submit("accept_subtask", task, 1)
    for n, person in enumerate(receivers):
        await person.submit("accept_subtask", task, n % 3)
        sent = await person.submit("submit_data", task, n % 3, digest(person.uid), 64)
        word = "accept" if n else "reject"
        reason = "ok" if n else "range"
        await verifier.submit(
            "verify_submission", task, n % 3, sent["slot"], word, 50, reason, digest("evidence")
        )
    for number in range(3):
        listed = await releaser.ask("list_submissions", task, number, 200, "")
        assert len(listed["items"]) == 2
        assert all(len(item["verdicts"]) == 1 for item in listed["items"])
