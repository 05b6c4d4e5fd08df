# SPDX-License-Identifier: Apache-2.0
"""The story, step by step, on a network that lives as long as it is told."""

import asyncio
import shutil
import time
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING

from pmcb_client.levels_registry import active_epoch, pick_epoch, publish_epoch
from pmcb_client.network_file import NetworkFile
from pmcb_client.tasks import (
    DEFAULT_COLLUSION,
    announced_keys,
    prepare,
    preview,
    publish,
    read_task_file,
)
from pmcb_client.wallet import Wallet, WalletIdentity
from pmcb_network.embedded import ORGS

from ._answers import answer_all
from ._cast import Cast
from ._claims import attempt_all
from ._dataset import OWN, TOTAL, publishing, register
from ._levels import choose_graph, classify, registration, sample
from ._network import Below
from ._opening import open_all, others_fail
from ._orders import plan
from ._people import People
from ._release import EPSILON, buy, prove
from ._result import Carried, DemoResult, LevelRow, SubtaskRow
from ._rewards import balances, close, judged_and_paid, taken_in
from ._search import search
from ._services import Services, services
from ._store import RECORDS, store
from ._told import Tell, Told, counted, percent

if TYPE_CHECKING:
    from pmcb_clustering import LevelAssignment

PER_LEVEL = 20
CREDIT = 1_000


class Story(Told):
    """Tells the story in a folder; ``tell`` hears what begins and what came out.

    Args:
        folder: of the demo.
        home: where data sets may be.
        network: on which it is told; it ends with the story.
        seed: of graph and clustering.
        tell: hears.
    """

    def __init__(
        self,
        folder: Path,
        home: Path,
        network: AbstractAsyncContextManager[Below],
        *,
        seed: int,
        tell: Tell,
    ) -> None:
        self._folder = folder
        self._home = home
        self._network = network
        result = DemoResult(graph="", generated=False, seed=seed, collusion=DEFAULT_COLLUSION)
        super().__init__(result, tell)
        self.assignment: LevelAssignment

    async def _whole(self) -> None:
        """All steps; the network ends with them, whatever happens."""
        async with AsyncExitStack() as stack:
            with self._step("Network") as came_out:
                below = await stack.enter_async_context(self._network)
                self.result.network = below.kind
                height = await below.height()
                came_out.append(f"{below.kind}; {' and '.join(ORGS)}; height {height}")
            cast = await stack.enter_async_context(
                Cast(below.file, Wallet(self._folder / "wallet"))
            )
            await self._tell_on(cast, below.file)
            self._tell(f"The ledger ends at height {await below.height()}.")

    async def _tell_on(self, cast: Cast, file: NetworkFile) -> None:
        registered = await self._publish_levels(cast)
        people = await self._enrol(cast, registered)
        async with services(
            cast,
            self._folder,
            file,
            releaser=people.releaser,
            verifier=people.verifier,
            institution=people.institution,
            keeper=people.keeper,
        ) as running:
            task = await self._publish_task(cast, running, people.releaser)
            await self._collect(cast, running, task, people)
            await self._search_store(cast, running, people)
            await self._publish_release(cast, running, people)
            await self._look_at_orders(running)

    async def _publish_levels(self, cast: Cast) -> Mapping[int, list[tuple[str, str]]]:
        result = self.result
        with self._step("Levels of a social graph (the first run compiles, too)") as came_out:
            graph, result.graph, result.generated = await asyncio.to_thread(
                choose_graph, self._home, result.seed
            )
            if result.generated:
                self._tell("No social graph is at hand: `pmcb data fetch ego-facebook` gets one.")
            assignment = await asyncio.to_thread(
                classify, graph, self._folder, result.seed, self._tell
            )
            self.assignment = assignment
            result.quality = assignment.quality
            result.levels = [
                LevelRow(level, size, influence)
                for level, (size, influence) in enumerate(
                    zip(assignment.quality["sizes"], assignment.influence, strict=True), 1
                )
            ]
            sizes = ", ".join(str(row.receivers) for row in result.levels)
            came_out.append(f"{result.graph}: {len(graph.users):,} receivers in levels of {sizes}")
        with self._step("An epoch on the ledger") as came_out:
            registered = registration(self._folder, ORGS)
            authorities = [await cast.enrol(msp, f"authority.{msp}", "authority") for msp in ORGS]
            self._treasurer = authorities[0]
            ledger = cast.contract(authorities[0])
            epoch = await pick_epoch(ledger, registered)
            await publish_epoch(ledger, registered, epoch)
            for authority in authorities:
                await cast.in_step()
                await cast.contract(authority).submit("approve_epoch", str(epoch))
            await cast.in_step()
            came_out.append(
                f"epoch {epoch}: {len(registered.entries):,} persons in "
                f"{len(registered.batches)} batches, approved by both organisations"
            )
        return sample(registered, PER_LEVEL)

    async def _enrol(self, cast: Cast, names: Mapping[int, list[tuple[str, str]]]) -> People:
        with self._step("People enrolled by their CA") as came_out:
            found = await People.enrolled(cast, names)
            count = sum(map(len, found.receivers.values()))
            came_out.append(
                "a releaser, a verifier, an institution, a content store, a cloud, two workers, "
                f"an analyst, {count} receivers"
            )
        return found

    async def _publish_task(self, cast: Cast, running: Services, releaser: WalletIdentity) -> str:
        with self._step("A task, split by sensitivity, sealed and funded") as came_out:
            account = (*releaser.uid.split("/"), str(CREDIT), "demo")
            await cast.contract(self._treasurer).submit("issue_credit", *account)
            with as_file(files("pmcb_apps.demo") / "task") as packaged:
                shutil.copytree(packaged, self._folder / "task")
            file = read_task_file(self._folder / "task" / "task.yaml")
            ledger = cast.contract(releaser)
            epoch = await active_epoch(ledger)
            parts = preview(file, epoch["per_level"], collusion=self.result.collusion)
            readers = (*file.verifiers, file.institution, releaser.uid)
            record = prepare(
                self._folder / "tasks",
                file,
                parts,
                releaser=releaser.uid,
                recipients=await announced_keys(ledger, readers),
                now_ms=time.time_ns() // 1_000_000,
            )
            async with running.store(releaser) as store:
                await publish(ledger, store, self._folder / "tasks", record)
            await cast.in_step()
            self.result.subtasks = [
                SubtaskRow(
                    level=part.level,
                    questions=", ".join(question.id for question in part.questions),
                    sensitivity=part.sensitivity,
                    slots=part.slots,
                    available=part.available,
                    majority_collusion=part.majority_collusion,
                )
                for part in parts
            ]
            came_out.append(
                f"{file.title!r}: {len(parts)} subtasks of {file.receivers} slots, {file.reward} "
                f"of {CREDIT:,} credits for each answer"
            )
        return record.task

    async def _collect(self, cast: Cast, running: Services, task: str, people: People) -> None:
        result = self.result
        with self._step("Receivers accept, or are refused") as came_out:
            result.attempts, claimed = await attempt_all(
                cast, task, people.receivers, people.outsider
            )
            await cast.in_step()
            came_out.append(counted(result.attempts_by_outcome()))
        with self._step("Keys are delivered; questions open to holders only") as came_out:
            opened = await open_all(cast, running, task, claimed)
            strangers = (people.without_slot(claimed), people.keeper)
            openings = await others_fail(cast, running, task, claimed, strangers)
            failed = sum(not one.opened for one in openings)
            came_out.append(f"{len(opened)} holders read theirs, {failed} others failed")
        with self._step("Answers of real patients; a majority opens a secret") as came_out:
            shared = await answer_all(cast, running, self._folder, claimed, opened)
            result.openings = [*openings, *shared]
            came_out += [f"{one.who} {'open' if one.opened else 'fail'}" for one in shared]
        with self._step("Verdicts and rewards") as came_out:
            subtasks, answers = len(result.subtasks), len(claimed)
            result.judgements = await judged_and_paid(
                cast, people.releaser, task, subtasks, answers
            )
            closed = await close(cast, people.releaser, task)
            await cast.in_step()
            earned = await balances(cast, [claim.holder for claim in claimed])
            result.credit = {"issued": CREDIT, **closed, "of receivers": earned}
            came_out.append(counted(result.judgements_by_verdict()))
            came_out.append(f"{closed['paid']} credits paid, {closed['refunded']} given back")
        with self._step("Accepted answers, in the institution's table") as came_out:
            accepted = result.judgements_by_verdict()["accept"]
            came_out.append(f"{await taken_in(running, accepted)} rows")

    async def _search_store(self, cast: Cast, running: Services, people: People) -> None:
        async with AsyncExitStack() as open_until_the_end:
            with self._step("An encrypted store on a cloud that cannot read it") as came_out:
                opening = store(cast, people, self._folder, running.network)
                serving = await open_until_the_end.enter_async_context(opening)
                came_out.append(
                    f"{RECORDS:,} records of vital signs ({serving.records.source}), "
                    "registered on the ledger; a worker is granted an hour"
                )
            with self._step("The worker searches it, another one may not") as came_out:
                found = self.result.search = await search(serving, people.workers)
                exact = sum(question.is_exact for question in found.questions)
                came_out.append(
                    f"{found.questions[0].hits} records of {found.questions[0].title}; "
                    f"{exact} of {len(found.questions)} answers are those of a plain scan"
                )
                came_out.append(
                    f"the cloud saw {found.batches} batches of {found.batch} labels, "
                    f"{found.repeated or 'none'} twice"
                )
                came_out.append(f"the other worker: {found.refused[0]}")

    async def _publish_release(self, cast: Cast, running: Services, people: People) -> None:
        async with publishing(cast, running, self._folder, people.institution) as network:
            with self._step("The next version of the institution's data set") as came_out:
                dataset = await register(
                    network,
                    running,
                    self._folder,
                    people.institution,
                    analysts=ORGS[0],
                    seed=self.result.seed,
                )
                came_out.append(
                    f"{OWN:,} made-up patients of its own, then {dataset.collected} answers, too; "
                    f"counting them cost {dataset.counted} of a budget of {TOTAL}"
                )
            with self._step("A differentially private release for an analyst") as came_out:
                bought = await buy(network, self._folder, people.analyst)
                clusters = ", ".join(map(str, bought.clusters))
                came_out.append(f"for epsilon {EPSILON} clusters of {clusters}")
            with self._step("Its proof; and a second one, beyond the budget") as came_out:
                await cast.in_step()
                ledger = cast.contract(people.analyst)
                found = await prove(network, ledger, people.analyst, dataset, bought)
                self.result.publication = found
                came_out.append("intact, and the ledger's entry is the one of this release")
                came_out.append(
                    f"{found.refused[0]}: {found.left_before} was left, and {found.left} is"
                )

    async def _look_at_orders(self, running: Services) -> None:
        result = self.result
        with self._step("All these requests were orders of the institution's fog") as came_out:
            audit = await running.fog.audit()
            result.carried = Carried(audit.orders, audit.states, len(audit.findings))
            came_out.append(
                f"{audit.orders} orders: {counted(audit.states)}; lost, done twice or moved: "
                f"{len(audit.findings) or 'none'}"
            )
        with self._step("The same requests, planned (first run: compiles)") as came_out:
            asked = 0 if result.search is None else len(result.search.questions)
            found = result.planning = await asyncio.to_thread(
                plan, len(result.judgements), asked, seed=result.seed
            )
            ours, *others = found.plans
            came_out.append(
                f"{found.uploads + found.queries} orders on {found.servers} servers: "
                f"{ours.energy:,.0f} J in {ours.makespan:.1f} s, at most {percent(ours.gap)} "
                "above the optimum"
            )
            came_out += [f"{each.algorithm}: {percent(each.gap)}" for each in others]
