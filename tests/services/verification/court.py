# SPDX-License-Identifier: Apache-2.0
"""A study in which everybody but the verifiers acts by hand."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.scenarios.site import Site, give_levels, identity_of
from tests.scenarios.world import DAY_MS, Person, World, digest, new_id

from pmcb_benchmarks._receivers import diary, ward
from pmcb_client.answers import Answer, Instructions, Row, seal_answer
from pmcb_client.gateway import ChaincodeEvent
from pmcb_client.inbox import Inbox
from pmcb_client.sealing import Kind, Place, seal
from pmcb_services.verification import Findings, Verifying

PEOPLE = 7
WEEK = {
    "systolic": (121.0, 128, 119, 125, 131, 122, 127),
    "diastolic": (80.0, 84, 78, 81, 86, 79, 83),
    "pulse": (61.0, 64, 63, 60, 66, 62, 65),
}


@dataclass
class Court(Site):
    """People, a content store on a folder, and verifiers that may be started again."""

    releaser: Person
    verifiers: Sequence[Person]
    people: Sequence[Person]

    @classmethod
    async def of(cls, world: World, folder: Path) -> "Court":
        """With everybody enrolled, of level 1."""
        releaser, first, records = await world.parties()
        second = await world.person("second", "verifier", first.msp)
        third = await world.person("third", "verifier", first.msp)
        for one in (second, third):
            await one.submit("announce_key")
        people = await world.people(PEOPLE, group="court")
        await give_levels(3, dict.fromkeys(people, 1))
        return cls(world, folder, records, releaser, (first, second, third), people)

    async def publish(
        self,
        asked: Instructions | None = None,
        *,
        slots: int = PEOPLE,
        judges: int = 1,
        spoilt: bool = False,
    ) -> str:
        """A task of one subtask; its envelope is sealed for its verifiers."""
        task = new_id()
        judged = self.verifiers[:judges]
        content = replace(asked or diary(), task=new_id() if spoilt else task).encode()
        keys = self.keys(*judged, self.records)
        blob, _ = seal(Kind.INSTRUCTIONS, Place(task, 0, level=1), content, recipients=keys)
        await self.put(self.releaser, blob)
        part = {"level": 1, "slots": slots, "reward": 0, "envelope_hash": blob.hash}
        spec = {"subtasks": [part], "verifiers": [one.uid for one in judged]}
        await self.releaser.submit("publish_task", task, await self.world.spec(**spec))
        return task

    async def accept(self, task: str, who: int = 0) -> int:
        """A receiver takes a slot."""
        slot: int = (await self.people[who].submit("accept_subtask", task, 0))["slot"]
        return slot

    async def answer(
        self,
        task: str,
        who: int = 0,
        answer: Answer | None = None,
        *,
        readers: Sequence[Person] = (),
        missing: bool = False,
    ) -> tuple[int, str]:
        """A receiver takes a slot and submits; slot and hash."""
        slot = await self.accept(task, who)
        return slot, await self.send(task, who, slot, answer, readers=readers, missing=missing)

    async def send(
        self,
        task: str,
        who: int,
        slot: int,
        answer: Answer | None = None,
        *,
        readers: Sequence[Person] = (),
        missing: bool = False,
    ) -> str:
        """A holder submits; the hash of the answer."""
        person = self.people[who]
        place = Place(task, 0, slot=slot, holder=person.uid)
        keys = self.keys(*(readers or (*self.verifiers, self.records)))
        (blob,) = seal_answer(answer or self.week(who), place, keys)
        if not missing:
            await self.put(person, blob)
        await person.submit("submit_data", task, 0, blob.hash, len(blob.data))
        self.tell(task, slot)
        return blob.hash

    def week(self, shift: float = 0, **columns: Sequence[float]) -> Answer:
        """Seven rows, measured within the last minute."""
        given = {k: [v + shift for v in column] for k, column in WEEK.items()} | columns
        return Answer(
            tuple(
                Row(self.world.now() + n, {name: column[n] for name, column in given.items()})
                for n in range(7)
            )
        )

    def reading(self, pm25: float) -> Answer:
        """One row of the ward's air."""
        return Answer((Row(self.world.now(), {"pm25": pm25}),))

    def tell(self, task: str, slot: int) -> None:
        """What the ledger's stream of events brings to every verifier."""
        payload = json.dumps({"v": 1, "task": task, "subtask": 0, "slot": slot}).encode()
        for one in range(len(self.verifiers)):
            self.inbox(one).take(ChaincodeEvent("DataSubmitted", payload, digest(new_id()), 1, "c"))

    def findings(self, who: int = 0) -> Findings:
        return Findings(self.folder / f"verifier{who}")

    def inbox(self, who: int = 0) -> Inbox:
        return Inbox(self.folder / f"verifier{who}" / "inbox.sqlite3")

    async def work(
        self, who: int = 0, *, ledger: Any = None, store: Any = None, most: int | None = None
    ) -> None:
        """A verifier is started, deals with what is due, or the first of it, and is stopped."""
        verifier = self.verifiers[who]
        await Verifying(
            ledger or verifier.contract,
            self.inbox(who),
            self.findings(who),
            identity=lambda: identity_of(verifier),
            store=store or self.store,
            clock=self.world.now,
        ).handle(self.inbox(who).due(self.world.now())[:most])

    async def verdicts(self, task: str) -> dict[int, list[tuple[str, str]]]:
        """What the ledger has, by slot: verdicts and reasons."""
        listed = await self.releaser.ask("list_submissions", task, 0, 200, "")
        return {
            row["slot"]: [(one["verdict"], one["reason"]) for one in row["verdicts"]]
            for row in listed["items"]
        }

    async def verdict(self, task: str, slot: int) -> dict[str, Any]:
        """The only one on a slot."""
        listed = await self.releaser.ask("list_submissions", task, 0, 200, "")
        (row,) = (row for row in listed["items"] if row["slot"] == slot)
        (found,) = row["verdicts"]
        return dict(found)

    def left(self, who: int = 0) -> int:
        """How much a verifier still has to deal with."""
        return len(self.inbox(who).due(2**62))

    def pass_time(self, days: float) -> None:
        self.world.offset_ms += int(days * DAY_MS)


__all__ = ["Court", "diary", "ward"]
