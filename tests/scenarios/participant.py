# SPDX-License-Identifier: Apache-2.0
"""A receiver of a study with an outbox of its own."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import suppress

from tests.client.tasks.office import Office
from tests.scenarios.site import identity_of
from tests.scenarios.world import Person

from pmcb_client.answers import Answer, Row, seal_answer
from pmcb_client.receiver import Opened, Outbox, Secret, open_secret, open_subtask, queue_answer
from pmcb_client.receiver import send as send_all
from pmcb_client.usage_errors import KeyPending

WITHIN_S = 90.0


class Participant:
    """Opens, answers and sends, as the commands do."""

    def __init__(self, office: Office, task: str, person: Person) -> None:
        self._office, self._task, self._person = office, task, person
        self.identity = identity_of(person)
        self.outbox = Outbox(office.folder / person.name / "outbox.sqlite3")
        self.opened: Opened

    async def open(self) -> None:
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
                await send_all(self.outbox, store, self._person.contract, self.identity)
                if not self.outbox.pending() and not self.outbox.to_pass():
                    return

    async def secret(self) -> Secret:
        """As far as it opens."""
        async with self._office.store(self._person) as store:
            found = await open_secret(
                self.opened, ledger=self._person.contract, store=store, identity=self.identity
            )
        assert found is not None
        return found


async def patiently() -> AsyncIterator[None]:
    """Turns, a moment apart, until the time is over."""
    deadline = time.monotonic() + WITHIN_S
    while time.monotonic() < deadline:
        yield
        await asyncio.sleep(0.1)
    raise TimeoutError
