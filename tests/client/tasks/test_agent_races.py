# SPDX-License-Identifier: Apache-2.0
"""What happens while the agent looks, or is told late: nobody is left without their due."""

import json

import pytest
from tests.client.tasks.office import HIGH, LOW
from tests.client.tasks.serving import heard, serving
from tests.scenarios.world import DAY_MS

from pmcb_client.content import ContentMissing
from pmcb_client.errors import NetworkFileError, Refused
from pmcb_client.gateway import ChaincodeEvent
from pmcb_client.inbox import Inbox
from pmcb_client.tasks import Act

pytestmark = pytest.mark.anyio

SOON_MS = 60_000


class Meanwhile:
    """The contract; before a call of ``function`` that writes, ``others`` act, once."""

    def __init__(self, office, function, others):
        self._contract = office.releaser.contract
        self._function = function
        self._others = others
        self.sent = []

    async def evaluate(self, function, *args):
        return await self._contract.evaluate(function, *args)

    async def submit(self, function, *args):
        if function == self._function and self._function not in self.sent:
            self.sent.append(function)
            await self._others()
        else:
            self.sent.append(function)
        return await self._contract.submit(function, *args)


class Behind:
    """The contract at a peer that has not heard of the claims yet."""

    def __init__(self, office):
        self._contract = office.releaser.contract

    async def evaluate(self, function, *args):
        if function == "list_claims":
            return json.dumps({"items": [], "bookmark": ""}).encode()
        return await self._contract.evaluate(function, *args)


def event(number, name, **payload):
    """An event as the gateway tells it."""
    return ChaincodeEvent(name, json.dumps(payload).encode(), f"{number:064x}", number, "pmcb")


async def test_who_is_refused_is_looked_at_again_soon_and_not_for_ever(office):
    """One gave the slot back, one was suspended: then the ledger says so, and nobody is tried."""
    task = await office.publish(receivers=4)
    gone, out, rest = office.high[:3]
    await office.accept(task, HIGH, gone, out, rest)
    authority, other = await office.world.authorities()

    async def others():
        await gone.submit("withdraw_claim", task)
        await authority.submit("suspend", out.msp, out.name, "investigation")

    ledger = Meanwhile(office, "deliver_keys", others)
    agent = office.agent(ledger)
    try:
        when = await agent.attend(task)
        assert when is not None
        assert when <= office.world.now() + SOON_MS
        ledger.sent.clear()
        when = await agent.attend(task)
    finally:
        await other.submit("reinstate", out.msp, out.name, "cleared")
    assert ledger.sent == []
    assert when == (await office.releaser.ask("get_task", task))["accept_until"]


async def test_a_reward_that_a_peer_does_not_know_to_be_due_is_tried_again_soon(office):
    """It has not heard of the verdict yet."""
    task = await office.publish(reward=20)
    one = office.high[0]
    await office.accept(task, HIGH, one)
    slot = await office.answer(task, HIGH, one, taken="no")
    await office.judge(task, HIGH, slot, "accept")
    had = await office.balance(one)

    async def others():
        raise Refused("VERDICT_PENDING", status=409)

    agent = office.agent(Meanwhile(office, "settle_rewards", others))
    when = await agent.attend(task)
    assert when is not None
    assert when <= office.world.now() + SOON_MS
    await agent.attend(task)
    assert await office.balance(one) == had + 20


async def test_a_claim_that_is_told_before_it_is_seen_gets_its_key(office):
    """Whatever an event tells is looked at once more, for a peer may lag behind."""
    task = await office.publish()
    await office.accept(task, LOW, office.low[0])
    inbox = Inbox(office.folder / "events.sqlite3")
    inbox.take(event(1, "TaskPublished", task=task))
    await office.agent(Behind(office))._handle(inbox, inbox.due(office.world.now()))
    inbox.take(event(2, "SubtaskAccepted", task=task, subtask=LOW, slot=0))
    await office.agent(Behind(office))._handle(inbox, inbox.due(office.world.now()))
    assert inbox.due(office.world.now()) == []
    office.world.offset_ms += SOON_MS
    await office.agent()._handle(inbox, inbox.due(office.world.now()))
    assert await office.key_of(task, LOW, office.low[0]) is not None
    assert inbox.due(office.world.now() + SOON_MS) == []


async def test_a_task_that_two_agents_wrote_down_is_not_looked_at_without_end(office):
    """They share a home: its publication is kept once."""
    task = await office.publish()
    inbox = Inbox(office.folder / "events.sqlite3")
    for _ in range(2):
        inbox.take(event(1, "TaskPublished", task=task))
    await office.agent()._handle(inbox, inbox.due(office.world.now()))
    assert inbox.due(office.world.now()) == []
    assert len(inbox.due(2**62)) == 1


async def test_a_network_file_that_cannot_be_read_is_tried_again(office):
    """Somebody may be replacing it; the agent goes on."""
    task = await office.publish()
    await office.accept(task, HIGH, office.high[0])
    slot = await office.answer(task, HIGH, office.high[0], taken="no")
    await office.judge(task, HIGH, slot, "accept")
    inbox = Inbox(office.folder / "events.sqlite3")
    inbox.take(event(1, "TaskPublished", task=task))

    def unread():
        raise NetworkFileError("There is no network.json.")

    await office.agent(open_store=unread)._handle(inbox, inbox.due(office.world.now()))
    assert [one.code for one in office.told if one.act is Act.LATER] == ["NetworkFileError"]
    assert len(inbox.due(office.world.now() + SOON_MS)) == 1


async def test_what_falls_due_while_the_agent_works_is_looked_at_at_once(office):
    """The time to accept ends between the look and the end of a delivery."""
    task = await office.publish(receivers=4)
    people = office.high[:3]
    await office.accept(task, HIGH, *people)

    async def others():
        office.world.offset_ms += 2 * DAY_MS

    agent = office.agent(Meanwhile(office, "deliver_keys", others))
    when = await agent.attend(task)
    assert when is not None
    assert office.acts(Act.SHARES) == []
    assert when <= office.world.now()
    assert await agent.attend(task) == (await office.releaser.ask("get_task", task))["submit_until"]
    assert len(office.acts(Act.SHARES)) == 1


async def test_a_task_that_was_closed_first_shares_its_secret_all_the_same(office):
    """The agent was down when it should have done so."""
    task = await office.publish(receivers=4)
    await office.accept(task, HIGH, *office.high[:3])
    office.world.offset_ms += 4 * DAY_MS + 60_000
    await office.releaser.submit("close_task", task)
    agent = office.agent()
    assert await agent.attend(task) is None
    assert len(office.acts(Act.SHARES)) == 1
    assert await agent.attend(task) is None


async def test_a_cancelled_task_shares_its_secret_when_that_is_told(office):
    """Not only when the time to accept is over."""
    task = await office.publish(receivers=4)
    await office.accept(task, HIGH, *office.high[:3])
    async with serving(office) as told:
        await heard(told, Act.KEYS)
        await office.releaser.submit("cancel_task", task, "not_needed")
        assert (await heard(told, Act.SHARES)).task == task


async def test_a_secret_waits_for_leave_to_share_it_among_few(office):
    """However late the agent is started again with it."""
    task = await office.publish(receivers=2)
    await office.accept(task, HIGH, *office.high[:2])
    office.world.offset_ms += 20 * DAY_MS
    async with serving(office) as told:
        assert (await heard(told, Act.TOO_FEW)).task == task
    async with serving(office, allow_small=True) as told:
        assert (await heard(told, Act.SHARES)).task == task


async def test_a_subtask_whose_questions_are_lost_holds_up_no_other(office, tmp_path):
    """On another machine the envelope comes from the store: one is gone, the other delivers."""
    task = await office.publish()
    await office.accept(task, LOW, office.low[0])
    await office.accept(task, HIGH, office.high[0])
    part = (await office.releaser.ask("get_task", task))["subtasks"][LOW]
    (office.blobs / "blobs" / part["envelope_hash"]).unlink()
    with pytest.raises(ContentMissing):
        await office.agent(folder=tmp_path / "elsewhere").attend(task)
    assert await office.key_of(task, LOW, office.low[0]) is None
    assert await office.key_of(task, HIGH, office.high[0]) is not None
