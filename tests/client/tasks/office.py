# SPDX-License-Identifier: Apache-2.0
"""A releaser's office: its home, a content store, and people who act by hand."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.scenarios.site import Site, give_levels, identity_of
from tests.scenarios.world import ORG_B, Person, World, digest, new_id

from pmcb_client.answers import Answer, Row, seal_answer
from pmcb_client.content import ContentClient
from pmcb_client.sealing import Context, Place, unwrap_for
from pmcb_client.tasks import (
    Action,
    TaskAgent,
    TaskRecord,
    announced_keys,
    prepare,
    preview,
    publish,
    read_task_file,
)
from pmcb_client.wallet import WalletIdentity

LOW, HIGH = 0, 1  # the subtasks; only the high one has a secret
TASK = """\
title: Ward rounds by night
questions:
  - {{id: hr, ask: Count for a minute, fields: [heart_rate], sensitivity: 1}}
  - {{id: meds, ask: What was taken, fields: [taken], sensitivity: 5, secret: protocol zebra}}
notice: notice.md
receivers: {receivers}
reward: {reward}
accept_for: 2d
submit_for: 4d
verifiers: [{verifiers}]
institution: {institution}
results_to: {results_to}
"""


class Killed(BaseException):
    """The process ends here."""


class Dying:
    """The contract of a process that is killed right after a transaction stands, or before it."""

    def __init__(self, ledger: Any, *, before: bool = False) -> None:
        self._ledger = ledger
        self._before = before

    async def evaluate(self, function: str, *args: str) -> bytes:
        found: bytes = await self._ledger.evaluate(function, *args)
        return found

    async def submit(self, function: str, *args: str) -> bytes:
        if not self._before:
            await self._ledger.submit(function, *args)
        raise Killed


@dataclass
class Office(Site):
    """One releaser, three verifiers, an institution, two people of level 1, five of level 2."""

    releaser: Person
    verifiers: Sequence[Person]
    low: Sequence[Person]
    high: Sequence[Person]
    told: list[Action] = field(default_factory=list)

    @classmethod
    async def of(cls, world: World, folder: Path) -> "Office":
        """With everybody enrolled, and nothing published; other stories' people are others."""
        records = await world.person("archive", "institution", ORG_B)
        releaser = await world.person(f"rel{new_id()[:8]}", "releaser")
        verifiers = [await world.person(f"judge{n}", "verifier", ORG_B) for n in range(3)]
        for one in (records, releaser, *verifiers):
            await one.submit("announce_key")
        low, high = await world.people(2, group="low"), await world.people(5, group="high")
        await give_levels(2, dict.fromkeys(low, 1) | dict.fromkeys(high, 2))
        return cls(world, folder, records, releaser, verifiers, low, high)

    @property
    def tasks(self) -> Path:
        """The releaser's tasks on disk."""
        return self.folder / "home" / "tasks"

    def store(self, who: Person | WalletIdentity | None = None) -> ContentClient:
        """Somebody's way to the store; the releaser's by default."""
        return super().store(who or self.releaser)

    def agent(self, ledger: Any = None, **how: Any) -> TaskAgent:
        """The agent as it starts on the releaser's folder; it tells `told`."""
        given = {
            "clock": self.world.now,
            "tell": self.told.append,
            "folder": self.tasks,
            "open_store": self.store,
            **how,
        }
        ledger = ledger or self.releaser.contract
        return TaskAgent(identity=identity_of(self.releaser), ledger=ledger, **given)

    async def publish(
        self, *, receivers: int = 3, reward: int = 0, judges: int = 1, results_to: str = "releaser"
    ) -> str:
        """A task, as the command publishes it."""
        self.folder.joinpath("notice.md").write_text("We count at night. Two persons read it.\n")
        path = self.folder / "study.yaml"
        verifiers = ", ".join(one.uid for one in self.verifiers[:judges])
        path.write_text(
            TASK.format(
                receivers=receivers,
                reward=reward,
                verifiers=verifiers,
                institution=self.records.uid,
                results_to=results_to,
            )
        )
        if reward:
            authority, _ = await self.world.authorities()
            person = (self.releaser.msp, self.releaser.name)
            await authority.submit("issue_credit", *person, 2 * receivers * reward, new_id())
        made = await self._published(path)
        return made.task

    async def _published(self, path: Path) -> TaskRecord:
        task, uid, ledger = read_task_file(path), self.releaser.uid, self.releaser.contract
        parts = preview(task, (2, 5))
        keys = await announced_keys(ledger, (*task.verifiers, task.institution, uid))
        record = prepare(
            self.tasks, task, parts, releaser=uid, recipients=keys, now_ms=self.world.now()
        )
        async with self.store() as store:
            return await publish(ledger, store, self.tasks, record)

    async def accept(self, task: str, subtask: int, *people: Person) -> None:
        """These people take slots."""
        for one in people:
            await one.submit("accept_subtask", task, subtask)

    async def answer(
        self,
        task: str,
        subtask: int,
        who: Person,
        *,
        readers: Sequence[Person] = (),
        **values: int | str,
    ) -> int:
        """A holder's answer comes in, sealed as the task says or for ``readers``; the slot."""
        claims = await self.claims(task, subtask)
        (slot,) = [one["slot"] for one in claims if one["holder"] == who.uid]
        place = Place(task, subtask, slot=slot, holder=who.uid)
        keys = self.keys(*(readers or (*self.verifiers, self.releaser)))
        answer = Answer((Row(self.world.now(), values),))
        *_, blob = seal_answer(answer, place, keys)
        await self.put(who, blob)
        await who.submit("submit_data", task, subtask, blob.hash, len(blob.data))
        return int(slot)

    async def judge(self, task: str, subtask: int, slot: int, *words: str) -> None:
        """The first verifiers say these words."""
        for verifier, word in zip(self.verifiers, words, strict=False):
            verdict = (word, 50, "ok" if word == "accept" else "range", digest("evidence"))
            await verifier.submit("verify_submission", task, subtask, slot, *verdict)

    async def claims(self, task: str, subtask: int) -> list[dict[str, Any]]:
        """Who holds which slot."""
        found = await self.releaser.ask("list_claims", task, subtask, 200, "")
        items: list[dict[str, Any]] = found["items"]
        return items

    async def sealed(self, task: str, subtask: int, who: Person) -> dict[str, Any]:
        """What was sealed for a holder, as the ledger has it."""
        claims = await self.claims(task, subtask)
        (slot,) = [one["slot"] for one in claims if one["holder"] == who.uid]
        return {"slot": slot, **await who.ask("get_sealed", task, subtask, slot)}

    async def key_of(self, task: str, subtask: int, who: Person) -> bytes | None:
        """The key of the questions that a holder was given."""
        found = await self.sealed(task, subtask, who)
        if "key" not in found:
            return None
        context = Context("key", task, subtask, who.uid, found["slot"])
        return unwrap_for(identity_of(who), bytes.fromhex(found["key"]["wrapped"]), context)

    async def balance(self, who: Person) -> int:
        """Somebody's credit."""
        return int((await who.ask("get_balance", who.msp, who.name))["balance"])

    def acts(self, *names: str) -> list[tuple[str, int | None, tuple[int, ...]]]:
        """What was told, of these acts."""
        return [(one.act.value, one.subtask, one.slots) for one in self.told if one.act in names]

    async def until_quiet(self, **how: Any) -> int:
        """Start agents that are killed at each transaction, until one finds nothing to do."""
        kills = 0
        while True:
            try:
                await self.agent(Dying(self.releaser.contract, **how)).step()
            except Killed:
                kills += 1
                assert kills < 50
            else:
                return kills
