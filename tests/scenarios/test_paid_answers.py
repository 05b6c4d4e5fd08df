# SPDX-License-Identifier: Apache-2.0
"""From a sealed task to paid answers: everybody's client and service, on a real ledger."""

import asyncio
import time
from contextlib import suppress

import pytest
from tests.client.tasks.office import HIGH, LOW, Office
from tests.scenarios.site import identity_of
from tests.scenarios.world import Person, World

from pmcb_client.answers import Answer, Row, seal_answer
from pmcb_client.inbox import Inbox, follow
from pmcb_client.receiver import Outbox, open_secret, open_subtask, queue_answer, send
from pmcb_client.usage_errors import KeyPending
from pmcb_services.intake import EVENTS as VERDICTS
from pmcb_services.intake import Intake, Taking
from pmcb_services.verification import EVENTS as SUBMISSIONS
from pmcb_services.verification import Findings, Verifying

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(300)]
REWARD = 20
WITHIN_S = 90.0


@pytest.fixture
async def office(world: World, tmp_path):
    """A releaser with a home and a content store; nothing is published yet."""
    return await Office.of(world, tmp_path)


class Participant:
    """A receiver with an outbox of its own."""

    def __init__(self, office: Office, task: str, person: Person) -> None:
        self._office, self._task, self._person = office, task, person
        self.identity = identity_of(person)
        self.outbox = Outbox(office.folder / person.name / "outbox.sqlite3")

    async def open(self):
        """Read the questions, once the agent has delivered the key."""
        async with self._office.store(self._person) as store:
            async for _ in patiently():
                with suppress(KeyPending):
                    self.opened = await open_subtask(
                        self._task,
                        ledger=self._person.contract,
                        store=store,
                        identity=self.identity,
                    )
                    return

    def answer(self, text: str) -> None:
        """Write an answer to a file and queue it, as the command does."""
        source = self._office.folder / self._person.name / "answer.json"
        source.write_text(text)
        queue_answer(self.outbox, self.opened, source, now_ms=self._office.world.now())

    def answer_unchecked(self, **values: int | str) -> None:
        """As a client of one's own making might."""
        row = Row(self._office.world.now(), values)
        blobs = seal_answer(Answer((row,)), self.opened.place, self.opened.readers)
        self.outbox.put(blobs, queued_ms=row.at, has_secret=self.opened.has_secret)

    async def send(self) -> None:
        """Until nothing waits, and the share is passed on."""
        async with self._office.store(self._person) as store:
            async for _ in patiently():
                await send(self.outbox, store, self._person.contract, self.identity)
                if not self.outbox.pending() and not self.outbox.to_pass():
                    return

    async def secret(self):
        """As far as it opens."""
        async with self._office.store(self._person) as store:
            return await open_secret(
                self.opened, ledger=self._person.contract, store=store, identity=self.identity
            )


async def patiently():
    """Turns, a moment apart, until the time is over."""
    deadline = time.monotonic() + WITHIN_S
    while time.monotonic() < deadline:
        yield
        await asyncio.sleep(0.1)
    raise TimeoutError


async def test_from_a_sealed_task_to_paid_answers(office: Office):
    """Keys, a secret that two of three open, answers, verdicts, rewards, table, closing."""
    world, releaser, records = office.world, office.releaser, office.records
    chaincode = world.place.file.chaincode
    task = await office.publish(receivers=3, reward=REWARD, results_to="institution")
    verifier = office.verifiers[0]
    inboxes = [Inbox(office.folder / name / "inbox.sqlite3") for name in ("verifier", "records")]
    intake = Intake(office.folder / "records")
    channels = [
        world.network((one.msp, one.name, one.role)) for one in (releaser, verifier, records)
    ]
    verifying = Verifying(
        verifier.contract,
        inboxes[0],
        Findings(office.folder / "verifier"),
        identity=lambda: identity_of(verifier),
        store=lambda _: office.store(verifier),
        clock=world.now,
    )
    taking = Taking(
        records.contract,
        inboxes[1],
        intake,
        identity=lambda: identity_of(records),
        store=lambda _: office.store(records),
        clock=world.now,
    )
    await office.accept(task, LOW, *office.low)
    await office.accept(task, HIGH, *office.high[:3])
    holders = [Participant(office, task, one) for one in (*office.low, *office.high[:3])]
    async with asyncio.TaskGroup() as services:
        running = [
            services.create_task(work)
            for work in (
                office.agent().serve(channels[0], chaincode),
                follow(channels[1], chaincode, inboxes[0], SUBMISSIONS, verifying.handle),
                follow(channels[2], chaincode, inboxes[1], VERDICTS, taking.handle),
            )
        ]
        await asyncio.gather(*(holder.open() for holder in holders))
        low, high = holders[:2], holders[2:]
        low[0].answer('{"heart_rate": 61}')
        low[1].answer_unchecked(pulse=61)
        for holder in high:
            holder.answer('{"taken": "aspirin"}')
        await high[0].send()
        assert not (await high[0].secret()).parts
        await asyncio.gather(*(holder.send() for holder in holders[:2] + high[1:]))
        assert (await high[2].secret()).parts == {"meds": "protocol zebra"}
        async for _ in patiently():
            views = [await office.balance(one) for one in (*office.low, *office.high[:3])]
            if sorted(views) == [0, *([REWARD] * 4)] and intake.summary().answers == 4:
                break
        for one in running:
            one.cancel()
    assert views[1] == 0
    assert intake.summary().left_out == {"rejected": 1}
    await releaser.submit("cancel_task", task, "complete")
    closed = await releaser.submit("close_task", task)
    assert (closed["paid"], closed["refunded"]) == (4 * REWARD, 2 * REWARD)
