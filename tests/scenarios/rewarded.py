# SPDX-License-Identifier: Apache-2.0
"""Tasks with rewards: releasers of their own who have credit, and three verifiers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.scenarios.world import ORG_B, Person, World, digest, new_id, subtask

REWARD = 20


@dataclass(frozen=True)
class Rewarded:
    """A task of one subtask for level 1, whose rewards were set aside from all of the credit."""

    world: World
    task: str
    releaser: Person
    verifiers: Sequence[Person]
    people: Sequence[Person]
    issued: int

    async def send(self, *people: Person) -> list[int]:
        """People take a slot and submit; their slots."""
        slots = []
        for person in people:
            await person.submit("accept_subtask", self.task, 0)
            slots.append(await self.submit(person))
        return slots

    async def submit(self, person: Person) -> int:
        """A holder's data come in; the holder's slot."""
        made = await person.submit("submit_data", self.task, 0, digest(person.uid), 64)
        slot: int = made["slot"]
        return slot

    async def judge(self, slot: int, *words: str) -> None:
        """The first verifiers say these words, the others nothing."""
        for verifier, word in zip(self.verifiers, words, strict=False):
            verdict = (word, 50, "ok" if word == "accept" else "range", digest("evidence"))
            await verifier.submit("verify_submission", self.task, 0, slot, *verdict)

    async def settle(self, *slots: int, by: Person | None = None) -> dict[str, Any]:
        """Whoever takes part asks for it."""
        return await (by or self.releaser).submit("settle_rewards", self.task, 0, list(slots))

    async def balances(self) -> list[int]:
        """Of the releaser, then of the people."""
        return [await balance(one) for one in (self.releaser, *self.people)]

    async def is_conserved(self) -> bool:
        """Accounts and what is left of the escrow add up to what was issued."""
        view = await self.releaser.ask("get_task", self.task)
        listed = await self.releaser.ask("list_submissions", self.task, 0, 200, "")
        paid = sum(item["payment"]["amount"] for item in listed["items"] if "payment" in item)
        unspent = 0 if "closed" in view else view["escrow"] - paid
        return sum(await self.balances()) + unspent == self.issued


async def funded(world: World, name: str, amount: int) -> Person:
    """A releaser of this name with so much credit."""
    releaser = await world.person(name, "releaser")
    authority, _ = await world.authorities()
    await authority.submit("issue_credit", releaser.msp, releaser.name, amount, "start")
    return releaser


async def rewarded(world: World, name: str, *, slots: int = 3, people: int = 3) -> Rewarded:
    """An epoch of so many people of level 1, and a task that costs all of a releaser's credit."""
    crowd = await world.people(people, group=f"{name}-")
    await world.epoch(3, dict.fromkeys(crowd, 1))
    releaser = await funded(world, name, slots * REWARD)
    await world.parties()
    verifiers = [await world.person(f"judge{n}", "verifier", ORG_B) for n in range(3)]
    for one in verifiers:
        await one.submit("announce_key")
    task = new_id()
    spec = await world.spec(
        verifiers=[one.uid for one in verifiers],
        subtasks=[subtask(1, slots=slots, reward=REWARD)],
    )
    await releaser.submit("publish_task", task, spec)
    return Rewarded(world, task, releaser, verifiers, crowd, slots * REWARD)


async def balance(person: Person) -> int:
    """As the person sees it."""
    found: int = (await person.ask("get_balance", person.msp, person.name))["balance"]
    return found
