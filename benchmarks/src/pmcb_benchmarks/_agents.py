# SPDX-License-Identifier: Apache-2.0
"""kill -9 of sender, agent, verifier and store, each at random moments: what arrives, and once?

The four run as their commands do, on an embedded network; answers are queued meanwhile. At the
end everything that was acknowledged is looked for on the ledger and in the store.
"""

import asyncio
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

from ._play import Play
from ._play_stage import stage

EARLY = 0.25  # of the kills meet a process as it starts, the others at work
EARLY_S, AT_WORK_S = 1.0, 4.0
READY_WITHIN_S = 60.0

COMMANDS: Mapping[str, Sequence[str]] = {
    "store": ("--as", "content", "content", "serve"),
    "agent": ("--as", "releaser", "task", "serve"),
    "verifier": ("--as", "verifier", "verifier", "serve"),
    "sender": ("receiver", "serve"),
}


async def kill_agents(
    folder: Path, *, kills: int, seed: int, advance: Callable[[int], None]
) -> dict[str, object]:
    """Kill each kind ``kills`` times while answers are queued; wait until all is done; look.

    Args:
        folder: an empty one.
        kills: of each of the four kinds.
        seed: of the moments.
        advance: told the kills so far, of all kinds.
    """
    started = time.monotonic()
    async with stage(folder) as play:
        with Processes(play) as processes:
            await processes.ready()
            done = Counter[str]()

            async def kill_some(kind: str) -> None:
                draws = random.Random(f"{seed} {kind}")
                for _ in range(kills):
                    await processes.kill_one(kind, draws)
                    done[kind] += 1
                    advance(done.total())

            feeding = asyncio.create_task(play.feed())
            try:
                await asyncio.gather(*(kill_some(kind) for kind in COMMANDS))
            finally:
                feeding.cancel()
                with suppress(asyncio.CancelledError):
                    await feeding
            left = await play.drain()
            found = await play.look()
        return {
            "kills": dict(done),
            **found,
            "left_undone": left,
            "minutes": round((time.monotonic() - started) / 60, 1),
        }


class Processes:
    """The commands, running; a killed one is started again at once."""

    def __init__(self, play: "Play") -> None:
        self._play = play
        self._running: dict[tuple[str, str], subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        """Start one of each, and a sender for every receiver."""
        for kind in ("store", "agent", "verifier"):
            self._start(kind, "")
        for receiver in self._play.receivers:
            self._start("sender", receiver.label)
        return self

    def __exit__(self, *exc: object) -> None:
        """End them all."""
        for process in self._running.values():
            process.kill()
            process.wait()

    async def ready(self) -> None:
        """Wait until each of them has said its first line."""
        for key in self._running:
            await self._said(key)

    async def kill_one(self, kind: str, draws: random.Random) -> None:
        """Kill -9 one of a kind at a random moment of its start or its work; start it again."""
        key = draws.choice([key for key in sorted(self._running) if key[0] == kind])
        if draws.random() < EARLY:
            await asyncio.sleep(draws.uniform(0.0, EARLY_S))
        else:
            await self._said(key)
            await asyncio.sleep(draws.uniform(0.0, AT_WORK_S))
        process = self._running[key]
        if process.poll() is not None:
            raise RuntimeError(f"{kind} ended by itself: {process.returncode}")
        process.kill()
        process.wait()
        self._start(*key)

    async def _said(self, key: tuple[str, str]) -> None:
        async with asyncio.timeout(READY_WITHIN_S):
            while True:
                if self._log(key).stat().st_size:
                    return
                await asyncio.sleep(0.05)

    def _log(self, key: tuple[str, str]) -> Path:
        return self._play.home.parent / f"{'-'.join(key)}.log"

    def _start(self, kind: str, label: str) -> None:
        who = ("--as", label) if label else ()
        pmcb = Path(sys.executable).with_name("pmcb")
        command = [str(pmcb), "--home", str(self._play.home), *who, *COMMANDS[kind]]
        with self._log((kind, label)).open("wb") as log:
            self._running[kind, label] = subprocess.Popen(command, stdout=log, stderr=log)
