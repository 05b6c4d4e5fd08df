# SPDX-License-Identifier: Apache-2.0
"""A study in which everybody but the institution acts by hand."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.scenarios.site import Site, give_levels, identity_of
from tests.scenarios.world import DAY_MS, ORG_B, Person, World, digest, new_id

from pmcb_client.answers import Answer, Asked, Instructions, Row, seal_answer
from pmcb_client.fields import Field
from pmcb_client.gateway import ChaincodeEvent
from pmcb_client.inbox import Inbox
from pmcb_client.sealing import Blob, Kind, Place, seal
from pmcb_services.intake import Intake, Taking

FIELDS = {
    "systolic": Field("systolic", "mmHg", 60, 260),
    "arm": Field("arm", values=("left", "right")),
}
QUESTION = Asked("bp", "Seated, 08:00", tuple(FIELDS))


@dataclass
class Study(Site):
    """People, a content store on a folder, and an institution that may be started again."""

    releaser: Person
    verifiers: Sequence[Person]
    people: Sequence[Person]

    @classmethod
    async def of(cls, world: World, folder: Path) -> "Study":
        """With everybody enrolled, of level 1."""
        releaser, _, records = await world.parties()
        verifiers = [await world.person(f"judge{n}", "verifier", ORG_B) for n in range(3)]
        for one in verifiers:
            await one.submit("announce_key")
        people = await world.people(3, group="study")
        await give_levels(3, dict.fromkeys(people, 1))
        return cls(world, folder, records, releaser, verifiers, people)

    def kept(self) -> set[str]:
        """The hashes of all files in the store, but for envelopes."""
        found = (path for path in (self.blobs / "blobs").iterdir())
        return {path.name for path in found if Blob.parse(path.read_bytes()).kind is Kind.ANSWER}

    async def publish(self, *, judges: int = 1, readers: Sequence[Person] = (), **how: Any) -> str:
        """A task of one subtask, whose envelope is sealed for verifiers and institution."""
        task = new_id()
        judged = self.verifiers[:judges]
        content = Instructions(
            task, 0, 1, "Home study", digest("notice"), (QUESTION,), FIELDS
        ).encode()
        keys = self.keys(*(readers or (*judged, self.records)))
        blob, _ = seal(Kind.INSTRUCTIONS, Place(task, 0, level=1), content, recipients=keys)
        await self.put(self.releaser, blob)
        part = {"level": 1, "slots": 3, "reward": 0, "envelope_hash": blob.hash}
        spec = {"subtasks": [part], "verifiers": [one.uid for one in judged], **how}
        await self.releaser.submit("publish_task", task, await self.world.spec(**spec))
        return task

    async def answer(
        self,
        task: str,
        who: int = 0,
        *,
        rows: Sequence[Row] | None = None,
        part_bytes: int = 2**20,
        readers: Sequence[Person] = (),
        keys: Mapping[str, str] | None = None,
    ) -> tuple[int, list[str]]:
        """A receiver takes a slot, measures and submits; the slot, and the hashes of the files."""
        person = self.people[who]
        claim = await person.submit("accept_subtask", task, 0)
        place = Place(task, 0, slot=claim["slot"], holder=person.uid)
        answer = Answer(tuple(rows or [self.row()]))
        sealed_for = keys or self.keys(*(readers or (*self.verifiers, self.records)))
        blobs = seal_answer(answer, place, sealed_for, part_bytes=part_bytes)
        await self.put(person, *blobs)
        await person.submit("submit_data", task, 0, blobs[-1].hash, len(blobs[-1].data))
        self.tell("DataSubmitted", task, claim["slot"])
        return claim["slot"], [blob.hash for blob in blobs]

    async def judge(self, task: str, slot: int, *words: str) -> None:
        """The first verifiers say these words."""
        for verifier, word in zip(self.verifiers, words, strict=False):
            verdict = (word, 50, "ok" if word == "accept" else "range", digest("evidence"))
            await verifier.submit("verify_submission", task, 0, slot, *verdict)
            self.tell("SubmissionVerified", task, slot)

    def row(self, systolic: float = 120.5, arm: str = "left", *, later_ms: int = 0) -> Row:
        """Measured now."""
        return Row(self.world.now() + later_ms, {"systolic": systolic, "arm": arm})

    @property
    def intake(self) -> Intake:
        return Intake(self.folder / "institution")

    @property
    def inbox(self) -> Inbox:
        return Inbox(self.folder / "institution" / "inbox.sqlite3")

    def taking(
        self, intake: Intake | None = None, store: Any = None, identity: Any = None
    ) -> Taking:
        """The institution, as it starts on its folder."""
        return Taking(
            self.records.contract,
            self.inbox,
            intake or self.intake,
            identity=identity or (lambda: identity_of(self.records)),
            store=store or self.store,
            clock=self.world.now,
        )

    async def work(self, **how: Any) -> Intake:
        """The institution is started, deals with what is due, and is stopped."""
        await self.taking(**how).handle(self.inbox.due(self.world.now()))
        return self.intake

    def tell(self, name: str, task: str, slot: int) -> None:
        """What the ledger's stream of events would bring."""
        payload = json.dumps({"v": 1, "task": task, "subtask": 0, "slot": slot}).encode()
        self.inbox.take(ChaincodeEvent(name, payload, digest(new_id()), 1, "pmcb"))

    @property
    def over_ms(self) -> int:
        """How far to move the clock for the settle window to be over."""
        return 10 * DAY_MS
