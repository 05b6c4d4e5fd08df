# SPDX-License-Identifier: Apache-2.0
"""An organisation under load while every kind of its processes is killed -9; then the reckoning."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from ._organisation_people import People, people_of_site
from ._organisation_site import ROLES, Site, organisation_site
from ._soak_audits import audited, chain, left_behind
from ._soak_chaincode import Chaincode
from ._soak_facts import gathered
from ._soak_findings import Finding, Wrong, differences, of_audits, of_blows
from ._soak_load import SoakLoad
from ._soak_victims import Blow, Victims

__all__ = ["soaked"]

_PAUSES_S = (1.0, 5.0)
Say = Callable[[str], None]


def soaked(folder: Path, *, minutes: float, seed: int, say: Say) -> dict[str, Any]:
    """Load and kill for so long; wait until nothing moves; compare what was promised.

    Args:
        folder: an empty one.
        minutes: under load; starting, and waiting at the end, come on top, ten minutes at most.
        seed: of the load, the victims and the moments.
        say: hears how far it is.
    """
    try:
        found, findings = _loaded(folder, minutes, seed, say)
    finally:
        left = left_behind(folder)  # also where Ctrl-C came while nothing kept them
    findings += Finding.of(Wrong.LEFT_BEHIND, left)
    return {**found, "findings": [each.document() for each in findings]}


def _loaded(
    folder: Path, minutes: float, seed: int, say: Say
) -> tuple[dict[str, Any], list[Finding]]:
    with (
        Chaincode(folder) as chaincode,
        organisation_site(folder, extra=ROLES, chaincode=chaincode.address) as site,
    ):
        run = _Soak(site, chaincode, seed=seed, say=say)
        found, findings = asyncio.run(run.run(minutes))
        site.down()
        audits = {"ledger": asyncio.run(chain(site))}
    found["audits"] |= audits
    return found, [*findings, *of_audits(audits)]


class _Soak:
    """One run."""

    def __init__(self, site: Site, chaincode: Chaincode, *, seed: int, say: Say) -> None:
        self._site, self._chaincode = site, chaincode
        self._seed, self._say = seed, say
        self._blows: list[Blow] = []

    async def run(self, minutes: float) -> tuple[dict[str, Any], list[Finding]]:
        self._say("starting everything")
        async with people_of_site(self._site) as people:
            load = SoakLoad(self._site, people, self._seed)
            victims = Victims(self._site, self._chaincode, random.Random(f"{self._seed} victims"))
            loading = asyncio.create_task(load.run())
            try:
                await self._kill(victims, load, loading, minutes)
                self._say("no more kills: waiting until nothing moves")
                load.end()
                await loading
            finally:
                victims.stop()
                loading.cancel()
                with suppress(asyncio.CancelledError):
                    await loading
            return await self._reckoned(people, load)

    async def _kill(
        self, victims: Victims, load: SoakLoad, loading: asyncio.Task[None], minutes: float
    ) -> None:
        """One after another, each once all is ready again."""
        draws = random.Random(f"{self._seed} moments")
        began = time.monotonic()
        while (passed := time.monotonic() - began) < 60 * minutes and not loading.done():
            blow = await asyncio.to_thread(victims.strike)
            self._blows.append(blow)
            told = {**load.told.counts(), "answers": len(load.crowd.answers)}
            self._say(
                f"{passed / 60:5.1f} min, {blow.kind} {'twice ' if blow.times > 1 else ''}"
                f"{'back' if blow.is_back else 'NOT BACK'} after {blow.back_s} s "
                f"({blow.waited_for}); "
                + ", ".join(f"{count:,} {name}" for name, count in told.items())
            )
            await asyncio.sleep(draws.uniform(*_PAUSES_S))

    async def _reckoned(
        self, people: People, load: SoakLoad
    ) -> tuple[dict[str, Any], list[Finding]]:
        told, crowd = load.told, load.crowd
        facts = await gathered(self._site, people, told, crowd)
        audits = await asyncio.to_thread(audited, self._site, self._chaincode)
        effects = self._site.effects()
        findings = differences(told, crowd.answers, facts, effects)
        findings += [*of_blows(self._blows), *of_audits(audits)]
        back = sorted(each.back_s for each in self._blows)
        victims: Counter[str] = Counter()
        for each in self._blows:
            victims[each.kind] += each.times
        states = Counter(facts.states.get(name, "none") for name in told.orders)
        found = {
            "kills": sum(each.times for each in self._blows),
            "by_victim": dict(sorted(victims.items())),
            "back_s": {"median": back[len(back) // 2], "most": back[-1]} if back else {},
            "told": {**told.counts(), "tasks": len(crowd.tasks), "answers": len(crowd.answers)},
            "order_kinds": dict(sorted(Counter(m.kind for m in told.orders.values()).items())),
            "order_states": dict(sorted(states.items())),
            "failed": dict(sorted(Counter(facts.codes.values()).items())),
            "effects": len(effects),
            "rows_in_the_store": len(facts.records),
            "budget": {"total": str(facts.budget[0]), "spent": str(facts.budget[1])},
            "refused": dict(told.refused),
            "asked_again": dict(told.later),
            "audits": audits,
        }
        return found, findings
