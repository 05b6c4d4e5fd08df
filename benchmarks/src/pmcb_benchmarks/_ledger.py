# SPDX-License-Identifier: Apache-2.0
"""Loads on a Fabric network, one after the other, each held against the blocks."""

import asyncio
import re
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pmcb_client.gateway import CommitBy
from pmcb_client.terminal import progress
from pmcb_network.fabric._tunables import Tunables

from ._machine import machine
from ._offered import Offered
from ._open_loop import Sample, open_loop, summary
from ._people import people_of
from ._stand import Stand, shaped, stand
from ._valid import Ledger
from ._watch import Watch, Work

_WARM_UP = 100  # connections, certificates and caches: not what is measured
Run = tuple[int, int, float]
"""Levels (0: the yardstick), transactions, and offered rate."""


@dataclass(frozen=True)
class Setting:
    """What one network is brought up for; None leaves a preset's own value."""

    contract: str
    preset: str
    endorsement: str | None
    block_timeout: str | None
    block_messages: int | None
    commit: CommitBy
    no_write_batch: bool


def measure(setting: Setting, runs: Sequence[Run]) -> dict[str, object]:
    """All runs on one network; the document of ``pmcb bench ledger``."""
    text = shaped(
        setting.preset,
        endorsement=setting.endorsement,
        block_timeout=setting.block_timeout,
        block_messages=setting.block_messages,
    )
    tuned = Tunables(write_batch=not setting.no_write_batch)
    document: dict[str, object] = {
        "benchmark": "ledger",
        "contract": setting.contract,
        "commit": setting.commit,
        "machine": machine(["cryptography", "grpcio", "pmcb-chaincode", "pmcb-client", "uvloop"]),
    }
    with (
        tempfile.TemporaryDirectory(prefix="pmcb-ledger-") as name,
        stand(Path(name), text, tuned) as found,
        progress("runs", len(runs)) as advance,
    ):
        document["network"] = found.settings()
        document["runs"] = asyncio.run(_all(found, setting.commit, runs, advance))
    return document


async def _all(
    found: Stand, commit: CommitBy, runs: Sequence[Run], advance: Callable[[int], None]
) -> list[dict[str, object]]:
    made = []
    most = max(count for _, count, _ in runs)
    async with people_of(found.file, found.registrars) as people:
        offered = Offered(found.file, people, commit, most)
        ledger = await Ledger.of(found.file, people)
        try:
            warm_up = min(_WARM_UP, most)
            await open_loop(await offered.calls(runs[0][0], warm_up), rate=0, count=warm_up)
            for number, run in enumerate(runs, 1):
                made.append(await _one(found, offered, ledger, run))
                advance(number)
        finally:
            await offered.close()
    return made


async def _one(found: Stand, offered: Offered, ledger: Ledger, run: Run) -> dict[str, object]:
    levels, count, rate = run
    call = await offered.calls(levels, count)
    first_block = found.height()
    watch = Watch(found.processes())
    samples = await open_loop(call, rate=rate, count=count)
    work = watch.seen()
    acknowledged = [each.steps.transaction_id for each in samples if each.steps is not None]
    return {
        **({"levels": levels} if levels else {}),
        "asked": rate,
        **summary(samples),
        "ledger": await ledger.holds(acknowledged, first_block, found.height()),
        **_cost(work, samples),
    }


def _cost(work: Work, samples: Sequence[Sample]) -> dict[str, object]:
    """Processor milliseconds of each kind of process for a transaction that stands."""
    done = sum(each.steps is not None for each in samples) or 1
    kinds: dict[str, float] = {}
    for name, used in work.cpu_s.items():
        kind = re.split(r"[^a-z]", name)[0]
        kinds[kind] = kinds.get(kind, 0.0) + used
    return {
        "cpu_s": {name: round(used, 2) for name, used in sorted(work.cpu_s.items())},
        "cpu_ms_each": {kind: round(used * 1000 / done, 2) for kind, used in sorted(kinds.items())},
        "other_load": round(work.other_load, 3),
    }
