# SPDX-License-Identifier: Apache-2.0
"""The releaser's agent on a ledger and a store, killed wherever it can be."""

import pytest
from tests.client.tasks.dealt import opened
from tests.client.tasks.office import HIGH, LOW, Dying, Killed
from tests.client.tasks.serving import heard, serving
from tests.scenarios.world import DAY_MS

from pmcb_client.content import ContentUnavailable
from pmcb_client.errors import LedgerUnavailable, Refused
from pmcb_client.tasks import Act, TaskKeys

pytestmark = pytest.mark.anyio


def files(folder):
    """Everything in a folder."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path, path.read_bytes()


async def test_neither_ledger_nor_store_can_read_a_task(office, ground):
    """Every byte of both: no title, question, field or secret; hashes and the notice are there."""
    task = await office.publish()
    ledger = b"".join(data for _, data in files(ground))
    assert task.encode() in ledger
    stored = b"".join(data for _, data in files(office.blobs / "blobs"))
    assert task.encode() in stored
    for private in (b"Ward rounds", b"Count for a minute", b"heart_rate", b"zebra", b"meds"):
        assert private not in ledger
        assert private not in stored
    found = await office.releaser.ask("get_task", task)
    keys = TaskKeys.load(office.tasks / task)
    assert keys is not None
    hashes = {part["envelope_hash"] for part in found["subtasks"]}
    hashes.add(keys.secrets[HIGH].blob_hash)
    assert {path.name for path in (office.blobs / "blobs").iterdir()} == hashes
    async with office.store(office.low[0]) as store:
        assert b"at night" in await store.get_notice(found["notice_hash"])


async def test_keys_reach_holders_and_nobody_twice(office):
    """Each can open the questions; the next look has nothing to do."""
    task = await office.publish()
    await office.accept(task, LOW, *office.low)
    await office.agent().step()
    keys = TaskKeys.load(office.tasks / task)
    assert keys is not None
    for one in office.low:
        assert await office.key_of(task, LOW, one) == keys.envelopes[LOW]
    await office.agent().step()
    (told,) = office.acts(Act.KEYS)
    assert (told[1], len(told[2])) == (LOW, 2)


async def test_who_is_suspended_or_left_stops_nobody(office):
    """Between the look and the delivery one gave the slot back, one was suspended."""
    task = await office.publish(receivers=4)
    gone, out, *rest = office.high[:4]
    await office.accept(task, HIGH, gone, out, *rest)
    authority, other = await office.world.authorities()

    class Meanwhile:
        """What others do before the first delivery."""

        done = False

        async def evaluate(self, function, *args):
            return await office.releaser.contract.evaluate(function, *args)

        async def submit(self, function, *args):
            if function == "deliver_keys" and not self.done:
                self.done = True
                await gone.submit("withdraw_claim", task)
                await authority.submit("suspend", out.msp, out.name, "investigation")
            return await office.releaser.contract.submit(function, *args)

    try:
        await office.agent(Meanwhile()).step()
        assert [await office.key_of(task, HIGH, one) is None for one in (out, *rest)] == [
            True, False, False,
        ]  # fmt: skip
        codes = {one.code for one in office.told if one.act is Act.SKIPPED}
        assert codes == {"NOT_HOLDER", "SUSPENDED"}
        assert office.acts(Act.SHARES) == []
    finally:
        await other.submit("reinstate", out.msp, out.name, "cleared")
    await office.agent().step()
    assert await office.key_of(task, HIGH, out) is not None


async def test_rewards_follow_verdicts(office):
    """Accepted and rejected by a majority are settled; the undecided one when the window ends."""
    task = await office.publish(reward=20, judges=3)
    people = office.high[:3]
    await office.accept(task, HIGH, *people)
    slots = [await office.answer(task, HIGH, one, taken="yes") for one in people]
    before = [await office.balance(one) for one in people]
    await office.judge(task, HIGH, slots[0], "accept", "accept")
    await office.judge(task, HIGH, slots[1], "reject", "accept", "reject")
    await office.judge(task, HIGH, slots[2], "accept")
    await office.agent().step()
    await office.agent().step()
    assert office.acts(Act.REWARDS) == [(Act.REWARDS, HIGH, tuple(sorted(slots[:2])))]
    with pytest.raises(Refused, match="UNSETTLED"):
        await office.releaser.submit("close_task", task)
    office.world.offset_ms += 4 * DAY_MS
    window_ends = await office.agent().attend(task)
    assert window_ends is not None
    office.world.offset_ms += 7 * DAY_MS
    assert await office.agent().attend(task) is None
    paid = [await office.balance(one) for one in people]
    assert [after - was for after, was in zip(paid, before, strict=True)] == [20, 0, 20]
    assert (await office.releaser.submit("close_task", task))["refunded"] == 80
    assert await office.agent().attend(task) is None


@pytest.mark.parametrize("before", [False, True])
async def test_an_agent_that_is_killed_at_every_transaction_ends_the_same(office, before):
    """After each one stands, and before it is sent: one deal, one payment each, all keys."""
    task = await office.publish(reward=20)
    people = office.high[:3]
    await office.accept(task, HIGH, *people)
    await office.accept(task, LOW, office.low[0])
    slots = [await office.answer(task, HIGH, one, taken="no") for one in people]
    for slot in slots:
        await office.judge(task, HIGH, slot, "accept")
    was = [await office.balance(one) for one in people]
    if before:
        for _ in range(3):
            with pytest.raises(Killed):
                await office.agent(Dying(office.releaser.contract, before=True)).step()
        await office.agent().step()
    else:
        assert await office.until_quiet() == 4  # keys of both subtasks, the deal, the rewards
    sealed = [await office.sealed(task, HIGH, one) for one in people]
    await office.agent().step()
    assert [await office.sealed(task, HIGH, one) for one in people] == sealed
    assert await opened(office, task, people[:2]) == {"meds": "protocol zebra"}
    now = [await office.balance(one) for one in people]
    assert [after - had for after, had in zip(now, was, strict=True)] == [20, 20, 20]
    assert await office.key_of(task, LOW, office.low[0]) is not None


@pytest.mark.parametrize("function", ["deliver_keys", "deliver_shares", "settle_rewards"])
async def test_two_agents_at_once_do_everything_once(office, function):
    """The other was faster, just before this one's call: that is no failure."""
    task = await office.publish(reward=20)
    people = office.high[:3]
    await office.accept(task, HIGH, *people)
    slot = await office.answer(task, HIGH, people[0], taken="no")
    await office.judge(task, HIGH, slot, "accept")
    had = await office.balance(people[0])

    class Overtaken:
        done = False

        async def evaluate(self, name, *args):
            return await office.releaser.contract.evaluate(name, *args)

        async def submit(self, name, *args):
            if name == function and not self.done:
                self.done = True
                await office.agent().step()
            return await office.releaser.contract.submit(name, *args)

    assert await office.agent(Overtaken()).attend(task) is not None
    assert office.acts(Act.SKIPPED, Act.LATER) == []
    assert len(office.acts(Act.SHARES)) == len(office.acts(Act.REWARDS)) == 1
    assert await opened(office, task, people[1:]) == {"meds": "protocol zebra"}
    assert await office.balance(people[0]) == had + 20


async def test_another_machine_delivers_keys_and_says_what_it_cannot(office, tmp_path):
    """The questions open for the releaser; the secret's key is nowhere but in the first home."""
    task = await office.publish()
    await office.accept(task, HIGH, *office.high[:3])
    elsewhere = office.agent(folder=tmp_path / "elsewhere")
    await elsewhere.step()
    assert office.told == []
    await elsewhere.attend(task)
    keys = TaskKeys.load(office.tasks / task)
    assert keys is not None
    assert await office.key_of(task, HIGH, office.high[0]) == keys.envelopes[HIGH]
    assert office.acts(Act.KEY_MISSING, Act.SHARES) == [(Act.KEY_MISSING, HIGH, ())]


async def test_after_the_time_to_submit_no_key_is_given(office):
    """Who cannot answer any more need not read."""
    task = await office.publish()
    await office.accept(task, LOW, office.low[0])
    office.world.offset_ms += 5 * DAY_MS
    await office.agent().step()
    assert await office.key_of(task, LOW, office.low[0]) is None


async def test_served_events_lead_to_acts_and_a_restart_goes_on(office):
    """Keys while it runs; what happened while it was down; others' tasks are left alone."""
    task = await office.publish()
    async with serving(office) as told:
        await office.accept(task, HIGH, office.high[0])
        assert (await heard(told, Act.KEYS)).task == task
    await office.accept(task, HIGH, *office.high[1:3])
    async with serving(office) as told:
        assert len((await heard(told, Act.KEYS)).slots) == 2
        assert (await heard(told, Act.SHARES)).subtask == HIGH
        slot = await office.answer(task, HIGH, office.high[0], taken="yes")
        await office.judge(task, HIGH, slot, "accept")
        assert (await heard(told, Act.REWARDS)).slots == (slot,)
        assert (await heard(told, Act.RESULTS)).slots == (slot,)
        assert {action.task for action in told._queue} <= {task}


async def test_who_is_reinstated_gets_the_key(office):
    """Without waiting for anything else to happen."""
    task = await office.publish()
    one = office.high[4]
    await office.accept(task, HIGH, one)
    authority, other = await office.world.authorities()
    await authority.submit("suspend", one.msp, one.name, "investigation")
    async with serving(office) as told:
        assert (await heard(told, Act.SKIPPED)).code == "SUSPENDED"
        await other.submit("reinstate", one.msp, one.name, "cleared")
        await heard(told, Act.KEYS)


async def test_a_store_or_ledger_that_is_away_is_tried_again(office, tmp_path):
    """Told once by its name; the task waits, and goes on when it is back."""
    task = await office.publish()
    await office.accept(task, HIGH, office.high[3])

    def away():
        raise ContentUnavailable("The content store does not answer.")

    folder = tmp_path / "elsewhere"
    async with serving(office, folder=folder, open_store=away) as told:
        assert (await heard(told, Act.LATER)).code == "ContentUnavailable"

    class Absent:
        async def evaluate(self, function, *args):
            raise LedgerUnavailable("No gateway answers.")

    async with serving(office, folder=folder, ledger=Absent()) as told:
        assert (await heard(told, Act.LATER)).code == "LedgerUnavailable"
    async with serving(office, folder=folder) as told:
        assert (await heard(told, Act.KEYS)).task == task
