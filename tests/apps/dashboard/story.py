# SPDX-License-Identifier: Apache-2.0
"""A short story on a real ledger, and a home in which it is looked at."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from tests.scenarios.site import identity_of
from tests.scenarios.world import DAY_MS, Person, World, digest, new_id

from pmcb_apps.dashboard._follower import Follower
from pmcb_apps.dashboard._index import Index
from pmcb_client.gateway import Refused
from pmcb_client.network_file import save

LOOK_S = 0.05
WITHIN_S = 20.0


@dataclass(frozen=True)
class Story:
    """What happened, and who took part.

    Attributes:
        releaser, outsider: one who sees the task's listing, one who does not.
        task: one slot was taken, answered, judged and paid.
        cohort: spent a half of its budget of 2.
    """

    world: World
    releaser: Person
    outsider: Person
    task: str
    cohort: str

    def follower(self, home: Path, who: Person) -> Follower:
        """Somebody looks at the ledger from a home."""
        home.mkdir(exist_ok=True)
        save(home / "network.json", self.world.place.file)
        index = Index(home / f"{who.name}.sqlite3", who.uid)
        return Follower(home, identity_of(who), index, clock=self.world.now, look_s=LOOK_S)

    async def height(self) -> int:
        """What follows the newest block of which a person heard."""
        pending = await self.releaser.contract.submit_async("announce_key")
        return (await pending.status()).block_number + 1


async def tell(world: World) -> Story:
    """Epoch, task, claim, answer, verdict and reward; a budget and a grant; a conflict of views."""
    people = await world.people(3, group="seen")
    await world.epoch(3, {one: level for level, one in enumerate(people, 1)})
    releaser, verifier, institution = await world.parties()
    task = await world.task()
    await people[0].submit("accept_subtask", task, 0)
    sent = await people[0].submit("submit_data", task, 0, digest("answer"), 4717)
    verdict = ("accept", 90, "ok", digest("evidence"))
    await verifier.submit("verify_submission", task, 0, sent["slot"], *verdict)
    await releaser.submit("settle_rewards", task, 0, [sent["slot"]])
    cohort, dataset = new_id(), new_id()
    await institution.submit("open_cohort", cohort, "subject", "2", digest("schema"))
    await institution.submit("register_dataset", dataset, cohort, new_id())
    await institution.submit("reserve_budget", cohort, digest("request"), "1/2")
    await institution.submit("record_release", cohort, digest("request"), digest("release"))
    doctor = await world.person("doctor", "worker")
    scope = {"datasets": [dataset], "devices": {}, "purpose": "diagnosis",
             "not_before": world.now(), "expires": world.now() + DAY_MS}  # fmt: skip
    await institution.submit("grant_retrieval", new_id(), doctor.msp, doctor.name, scope)
    return Story(world, releaser, doctor, task, cohort)


async def until(holds: Callable[[], Awaitable[bool] | bool]) -> None:
    """Wait for something, not for long."""
    deadline = time.monotonic() + WITHIN_S
    while True:
        try:
            found = holds()
            if found if isinstance(found, bool) else await found:
                return
        except Refused:
            pass
        assert time.monotonic() < deadline, "it did not come"
        await asyncio.sleep(LOOK_S)
