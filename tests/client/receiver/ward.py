# SPDX-License-Identifier: Apache-2.0
"""A study whose receivers are under test, and whose releaser acts by hand."""

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tests.scenarios.site import Site, give_levels, identity_of
from tests.scenarios.world import Person, World, digest, new_id

from pmcb_client.answers import Asked, Instructions
from pmcb_client.fields import Field
from pmcb_client.receiver import (
    Opened,
    Outbox,
    Secret,
    Sent,
    open_secret,
    open_subtask,
    queue_answer,
    send,
)
from pmcb_client.sealing import Context, Kind, Place, deal, seal, wrap

FIELDS = {
    "systolic": Field("systolic", "mmHg", 60, 260),
    "arm": Field("arm", values=("left", "right")),
}
QUESTIONS = (
    Asked("bp", "Seated, 08:00", tuple(FIELDS)),
    Asked("meds", "Tablets taken", ("taken",), secret=True),
)
TEXT = "protocol B: dose comparison"
PEOPLE = 5


@dataclass
class Handed:
    """What the releaser of a task keeps to hand out."""

    key: bytes
    secret: bytes
    secret_hash: str
    claims: dict[int, Person] = field(default_factory=dict)


@dataclass
class Ward(Site):
    """People, a content store on a folder, and what receivers keep."""

    releaser: Person
    verifier: Person
    people: Sequence[Person]
    tasks: dict[str, Handed] = field(default_factory=dict)

    @classmethod
    async def of(cls, world: World, folder: Path) -> "Ward":
        """With everybody enrolled, of level 1."""
        releaser, verifier, records = await world.parties()
        people = await world.people(PEOPLE, group="ward")
        await give_levels(3, dict.fromkeys(people, 1))
        return cls(world, folder, records, releaser, verifier, people)

    def outbox(self, who: Person) -> Outbox:
        return Outbox(self.folder / who.name / "outbox.sqlite3")

    async def publish(
        self,
        *,
        slots: int = PEOPLE,
        questions: Sequence[Asked] = QUESTIONS,
        told: Mapping[str, Any] | None = None,
        **how: Any,
    ) -> str:
        """A task of one subtask; ``told`` is what its envelope says instead of the truth."""
        task = new_id()
        truth = Instructions(task, 0, 1, "Home study", digest("notice"), tuple(questions), FIELDS)
        asked = replace(truth, **(told or {}))
        place = Place(task, 0, level=1)
        readers = self.keys(self.verifier, self.records)
        envelope, key = seal(Kind.INSTRUCTIONS, place, asked.encode(), recipients=readers)
        parts = json.dumps({"version": 1, "secrets": {"meds": TEXT}}).encode()
        hidden, secret = seal(Kind.SECRET, place, parts, key=secrets.token_bytes(16))
        await self.put(self.releaser, envelope, hidden)
        part = {"level": 1, "slots": slots, "reward": 0, "envelope_hash": envelope.hash}
        spec = await self.world.spec(**{"subtasks": [part], **how})
        await self.releaser.submit("publish_task", task, spec)
        self.tasks[task] = Handed(key, secret, hidden.hash)
        return task

    async def join(self, task: str, *people: Person) -> None:
        """They accept, and are sent the key."""
        handed, items = self.tasks[task], []
        for person in people:
            slot = (await person.submit("accept_subtask", task, 0))["slot"]
            handed.claims[slot] = person
            items.append(self.wrapped(task, slot, person))
        await self.releaser.submit("deliver_keys", task, 0, items)

    def wrapped(
        self, task: str, slot: int, person: Person, instead: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """The envelope's key for a holder, in its context or ``instead``."""
        meant = replace(Context("key", task, 0, person.uid, slot), **(instead or {}))
        key = wrap(self.tasks[task].key, self.keys(person)[person.uid], meant)
        return {"slot": slot, "to": person.uid, "wrapped": key.hex()}

    async def deal(self, task: str, *, suspended: Sequence[Person] = (), **how: Any) -> None:
        """The secret is shared among all holders; ``how`` is what a bad releaser does.

        Args:
            task: of this ward.
            suspended: get no share.
            how: ``secret``, another one that is shared; ``purpose`` of the wraps; ``share_hash``
                that is told of all shares.
        """
        handed = self.tasks[task]
        held = sorted(handed.claims.items())
        made = deal(task, 0, how.get("secret", handed.secret), len(held))
        items = []
        for (slot, person), share in zip(held, made.shares, strict=True):
            if person not in suspended:
                context = Context(how.get("purpose", "share"), task, 0, person.uid, slot)
                wrapped = wrap(share.encode(), self.keys(person)[person.uid], context)
                item = {"slot": slot, "to": person.uid, "index": share.index}
                told = {"share": wrapped.hex(), "share_hash": how.get("share_hash", share.hash)}
                items.append(item | told)
        header = {"n": len(held), "threshold": len(held) // 2 + 1, "items": items}
        header |= {"commitment": made.commitment, "blob_hash": handed.secret_hash}
        await self.releaser.submit("deliver_shares", task, 0, {**header, "close_early": True})

    def how(self, who: Person, store: Any) -> dict[str, Any]:
        """As whom something is opened."""
        return {"ledger": who.contract, "store": store, "identity": identity_of(who)}

    async def open(self, task: str, who: Person) -> Opened:
        async with self.store(who) as store:
            return await open_subtask(task, **self.how(who, store))

    async def secret(self, task: str, who: Person) -> Secret | None:
        """The secret, as far as it opens for a holder."""
        opened = await self.open(task, who)
        async with self.store(who) as store:
            return await open_secret(opened, **self.how(who, store))

    async def answer(self, task: str, who: Person) -> Sent:
        """One measurement, queued and sent."""
        source = self.folder / f"{who.name}.json"
        source.write_text('{"systolic": 121, "arm": "left", "taken": 1}')
        opened = await self.open(task, who)
        queue_answer(self.outbox(who), opened, source, now_ms=self.world.now())
        return await self.send(who)

    async def send(self, who: Person, store: Any = None) -> Sent:
        """One round of a receiver."""
        async with self.store(who) as own:
            return await send(self.outbox(who), store or own, who.contract, identity_of(who))
