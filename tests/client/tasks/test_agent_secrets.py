# SPDX-License-Identifier: Apache-2.0
"""When the agent shares a secret, and with whom."""

import pytest
from tests.client.tasks.dealt import opened, shares
from tests.client.tasks.office import HIGH
from tests.scenarios.world import DAY_MS

from pmcb_client.tasks import Act

pytestmark = pytest.mark.anyio


async def test_a_secret_is_shared_when_every_slot_is_held(office):
    """Two of three open it, one does not; the subtask without a secret is never dealt."""
    task = await office.publish()
    await office.accept(task, HIGH, *office.high[:2])
    await office.agent().step()
    assert office.acts(Act.SHARES) == []
    await office.accept(task, HIGH, office.high[2])
    await office.agent().step()
    await office.agent().step()
    assert office.acts(Act.SHARES) == [(Act.SHARES, HIGH, (0, 1, 2))]
    assert await opened(office, task, office.high[1:3]) == {"meds": "protocol zebra"}
    found = await office.releaser.ask("get_task", task)
    assert [part["dealt"] for part in found["subtasks"]] == [False, True]


async def test_a_secret_is_shared_when_the_time_to_accept_is_over(office):
    """Not before; who is suspended then counts in n and gets no share."""
    task = await office.publish(receivers=5)
    people = office.high[:4]
    await office.accept(task, HIGH, *people)
    authority, other = await office.world.authorities()
    out = people[1]
    when = await office.agent().attend(task)
    assert when == (await office.releaser.ask("get_task", task))["accept_until"]
    office.world.offset_ms += 2 * DAY_MS
    await authority.submit("suspend", out.msp, out.name, "investigation")
    try:
        await office.agent().step()
    finally:
        await other.submit("reinstate", out.msp, out.name, "cleared")
    assert "share" not in await office.sealed(task, HIGH, out)
    rest = [one for one in people if one is not out]
    _, deal = await shares(office, task, rest)
    assert (deal["n"], deal["threshold"]) == (4, 3)
    assert await opened(office, task, rest) == {"meds": "protocol zebra"}


async def test_who_is_suspended_gets_no_share_without_a_level_either(office):
    """A new epoch may have left them out; the others' deal does not wait for that."""
    task = await office.publish(receivers=4)
    people = office.high[:4]
    await office.accept(task, HIGH, *people)
    authority, other = await office.world.authorities()
    out, *rest = people
    levels = dict.fromkeys(office.low, 1) | dict.fromkeys(office.high, 2)
    await office.world.epoch(2, {one: level for one, level in levels.items() if one is not out})
    await authority.submit("suspend", out.msp, out.name, "investigation")
    try:
        await office.agent().step()
    finally:
        await other.submit("reinstate", out.msp, out.name, "cleared")
        await office.world.epoch(2, levels)
    assert office.acts(Act.LATER) == []
    assert await opened(office, task, rest) == {"meds": "protocol zebra"}


async def test_among_few_a_secret_waits_unless_it_is_allowed(office):
    """Said loudly, once; accepting ends all the same."""
    task = await office.publish(receivers=2)
    await office.accept(task, HIGH, *office.high[:2])
    agent = office.agent()
    await agent.step()
    await agent.step()
    assert office.acts(Act.TOO_FEW) == [(Act.TOO_FEW, HIGH, ())]
    assert "WARNING" in str(next(one for one in office.told if one.act is Act.TOO_FEW))
    assert office.acts(Act.SHARES) == []
    await office.agent(allow_small=True).step()
    assert office.acts(Act.SHARES, Act.AMONG_FEW) == [
        (Act.SHARES, HIGH, (0, 1)),
        (Act.AMONG_FEW, HIGH, (0, 1)),
    ]
    assert await opened(office, task, office.high[:2]) == {"meds": "protocol zebra"}


async def test_a_cancelled_task_shares_its_secret_at_once(office):
    """Nobody can join any more, and who holds a slot goes on."""
    task = await office.publish(receivers=5)
    await office.accept(task, HIGH, *office.high[:3])
    await office.releaser.submit("cancel_task", task, "complete")
    await office.agent().step()
    assert await opened(office, task, office.high[:2]) == {"meds": "protocol zebra"}


async def test_holders_who_change_meanwhile_make_it_look_again(office):
    """Whoever leaves between the look and the deal: nothing is dealt to the wrong ones."""
    task = await office.publish(receivers=4)
    await office.accept(task, HIGH, *office.high[:3])
    office.world.offset_ms += 2 * DAY_MS + 1

    class Leaving:
        """One leaves before the deal is sent; nobody has a key, which would keep them."""

        async def evaluate(self, function, *args):
            return await office.releaser.contract.evaluate(function, *args)

        async def submit(self, function, *args):
            if function == "deliver_keys":
                return b""
            if function == "deliver_shares":
                await office.high[0].submit("withdraw_claim", task)
            return await office.releaser.contract.submit(function, *args)

    now = office.world.now()
    when = await office.agent(Leaving()).attend(task)
    assert when is not None
    assert when < now + DAY_MS
    assert [one.code for one in office.told if one.act is Act.LATER] == ["DEAL_MISMATCH"]
