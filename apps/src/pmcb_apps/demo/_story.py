# SPDX-License-Identifier: Apache-2.0
"""The story, step by step, on a network that lives as long as it is told."""

import asyncio
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING

from pmcb_client.levels_registry import active_epoch, pick_epoch, publish_epoch
from pmcb_client.network_file import parse
from pmcb_client.tasks import (
    DEFAULT_COLLUSION,
    TaskFile,
    prepare,
    preview,
    publish,
    read_task_file,
)
from pmcb_client.wallet import Wallet, WalletIdentity
from pmcb_network.embedded import ORGS, EmbeddedNetwork
from pmcb_network.introduce import introduce

from ._answers import judge_all, submit_all
from ._cast import Cast
from ._claims import attempt_all
from ._levels import choose_graph, classify, registration, sample
from ._result import DemoResult, LevelRow, Step, SubtaskRow

if TYPE_CHECKING:
    from pmcb_clustering import LevelAssignment

PER_LEVEL = 20
Tell = Callable[[str], None]


class Story:
    """Tells the story in a folder; ``tell`` hears what begins and what came out."""

    def __init__(self, folder: Path, home: Path, *, seed: int, tell: Tell) -> None:
        self._folder = folder
        self._home = home
        self._tell = tell
        self.result = DemoResult(graph="", generated=False, seed=seed, collusion=DEFAULT_COLLUSION)
        self.assignment: LevelAssignment

    async def run(self) -> None:
        """All steps; the network ends with them, whatever happens."""
        async with EmbeddedNetwork(self._folder / "network") as network:
            file = parse(network.network_file)
            with self._step("Network") as came_out:
                await introduce(self._folder, file, network.registrars, within_s=30)
                came_out.append(
                    f"embedded, organisations {' and '.join(ORGS)}, height {network.height}; "
                    "it is not a blockchain"
                )
            async with Cast(file, Wallet(self._folder / "wallet")) as cast:
                await self._tell_on(cast)
            self._tell(f"The ledger ends at height {network.height}.")

    async def _tell_on(self, cast: Cast) -> None:
        registered = await self._publish_levels(cast)
        receivers, releaser, verifier = await self._enrol(cast, registered)
        task, file = await self._publish_task(cast, releaser)
        await self._claim_and_submit(cast, task, file, receivers, verifier)

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
            ledger = cast.contract(authorities[0])
            epoch = await pick_epoch(ledger, registered)
            await publish_epoch(ledger, registered, epoch)
            for authority in authorities:
                await cast.contract(authority).submit("approve_epoch", str(epoch))
            came_out.append(
                f"epoch {epoch}: {len(registered.entries):,} persons in "
                f"{len(registered.batches)} batches, approved by both organisations"
            )
        return sample(registered, PER_LEVEL)

    async def _enrol(
        self, cast: Cast, names: Mapping[int, list[tuple[str, str]]]
    ) -> tuple[dict[int, list[WalletIdentity]], WalletIdentity, WalletIdentity]:
        with self._step("People enrolled by their CA") as came_out:
            releaser = await cast.enrol(ORGS[0], "releaser1", "releaser")
            verifier = await cast.enrol(ORGS[1], "verifier1", "verifier")
            await cast.enrol(ORGS[1], "records", "institution")
            await cast.enrol(ORGS[1], "worker1", "worker")
            await cast.enrol(ORGS[1], "analyst1", "analyst")
            receivers = {
                level: await cast.enrol_all(people, "receiver") for level, people in names.items()
            }
            count = sum(map(len, receivers.values()))
            came_out.append(
                f"a releaser, a verifier, an institution, a worker, an analyst, {count} receivers"
            )
        return receivers, releaser, verifier

    async def _publish_task(self, cast: Cast, releaser: WalletIdentity) -> tuple[str, TaskFile]:
        with self._step("A task, split by sensitivity") as came_out:
            with as_file(files("pmcb_apps.demo") / "task") as packaged:
                shutil.copytree(packaged, self._folder / "task")
            file = read_task_file(self._folder / "task" / "task.yaml")
            ledger = cast.contract(releaser)
            epoch = await active_epoch(ledger)
            parts = preview(file, epoch["per_level"], collusion=self.result.collusion)
            record = prepare(
                self._folder / "tasks",
                file,
                parts,
                releaser=releaser.uid,
                now_ms=time.time_ns() // 1_000_000,
            )
            await publish(ledger, self._folder / "tasks", record)
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
            self._asked = [
                [name for question in part.questions for name in question.fields] for part in parts
            ]
            came_out.append(f"{file.title!r}: {len(parts)} subtasks of {file.receivers} slots")
        return record.task, file

    async def _claim_and_submit(
        self,
        cast: Cast,
        task: str,
        file: TaskFile,
        receivers: Mapping[int, Sequence[WalletIdentity]],
        verifier: WalletIdentity,
    ) -> None:
        result = self.result
        with self._step("Receivers accept, or are refused") as came_out:
            outsider = await cast.enrol(ORGS[0], "outsider1", "receiver")
            result.attempts, claimed = await attempt_all(cast, task, receivers, outsider)
            came_out.append(_counted(result.attempts_by_outcome()))
        with self._step("Answers, and verdicts") as came_out:
            kept = await submit_all(cast, task, claimed, self._asked, self._folder)
            result.judgements = await judge_all(cast, verifier, task, claimed, kept, file)
            came_out.append(
                f"{len(kept)} answers of real patients: {_counted(result.judgements_by_verdict())}"
            )

    @contextmanager
    def _step(self, title: str) -> Iterator[list[str]]:
        """Time a step; what it appends is told at its end and kept."""
        self._tell(f"{title} ...")
        started = time.perf_counter()
        came_out: list[str] = []
        try:
            yield came_out
        except asyncio.CancelledError:
            self._tell("Stopping ...")  # a classifying thread cannot be cut short
            raise
        step = Step(title, "; ".join(came_out), time.perf_counter() - started)
        self.result.steps.append(step)
        self._tell(f"  {step.outcome} ({step.seconds:.1f} s)")


def _counted(counts: Mapping[str, int]) -> str:
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{number} {name}" for name, number in ordered)
