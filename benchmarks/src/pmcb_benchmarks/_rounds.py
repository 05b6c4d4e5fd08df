# SPDX-License-Identifier: Apache-2.0
"""Rounds of kill -9 under load: a victim, its return by the network's own ``up``, what was seen."""

import asyncio
import random
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from pmcb_client.errors import CaUnavailable
from pmcb_network.errors import NetworkError
from pmcb_network.fabric._layout import NodeFolder
from pmcb_network.fabric._topology import Kind, Node

from ._offering import Offering
from ._site import Site
from ._told import Told, Window
from ._victims import Victim

_LATEST_S = 1.0
_LEFT_DEAD_S = 2.0
_CARRIES_ON_S = 45.0  # a BFT orderer's heartbeat is missed after 10 s; then comes a view change
_AGAIN_S = 120.0


@dataclass(frozen=True)
class Round:
    """What happened when; ``details`` are what else was looked at."""

    victim: Victim
    name: str
    window: Window
    up_s: float
    details: dict[str, object]


class Rounds:
    """The rounds on one network under one load."""

    def __init__(self, site: Site, load: Offering, seed: int) -> None:
        self._site = site
        self._load = load
        self._numbers = random.Random(seed)
        self._done = 0
        self._people = 0
        self.stuck = ""

    async def run(self, victims: Sequence[Victim], advance: Callable[[int], None]) -> list[Round]:
        """One after the other.

        It ends early when after a return nothing succeeds; ``stuck`` says after whose.
        """
        found: list[Round] = []
        for victim in victims:
            try:
                await self._load.goes_on(within_s=_AGAIN_S)
                await asyncio.sleep(self._numbers.uniform(0.0, _LATEST_S))
                found.append(await self._one(victim))
            except TimeoutError:
                self.stuck = victim.name.lower()
                break
            self._done += 1
            advance(self._done)
        return found

    async def _one(self, victim: Victim) -> Round:
        if victim is Victim.CLIENT:
            return await self._client()
        node, folder = await asyncio.to_thread(self._choose, victim)
        details: dict[str, object] = {}
        killed_s = time.monotonic()
        await asyncio.to_thread(self._site.kill, folder)
        if victim.is_borne:
            details["carried_on"] = await self._carries_on(killed_s)
        await asyncio.sleep(self._numbers.uniform(0.0, _LEFT_DEAD_S))
        if victim is Victim.CA:
            details["enrolment_meanwhile"] = await self._enrolment(node)
        began_s = time.monotonic()
        await asyncio.to_thread(self._site.start_servers)
        if victim is Victim.SERVER:
            details["next_proposal"] = await self._proposal(node)
        await self._up(details)
        back_s = time.monotonic()
        if victim is Victim.CA:
            details["enrolment_afterwards"] = await self._enrolment(node)
        await self._load.succeeds(back_s, within_s=_AGAIN_S)
        return Round(victim, folder.path.name, Window(killed_s, back_s), back_s - began_s, details)

    async def _client(self) -> Round:
        killed_s = time.monotonic()
        await self._load.kill()
        began_s = time.monotonic()
        starts = 0
        async with asyncio.timeout(_AGAIN_S):
            while not starts or self._load.has_ended:
                starts += 1
                await self._load.start()
                await self._load.succeeds_or_ends(killed_s)
        back_s = time.monotonic()
        window = Window(killed_s, back_s)
        return Round(Victim.CLIENT, "client", window, back_s - began_s, {"starts": starts})

    async def _up(self, details: dict[str, object]) -> None:
        """As often as an operator would; each failure is kept."""
        failed: list[str] = []
        async with asyncio.timeout(_AGAIN_S):
            while True:
                try:
                    await asyncio.to_thread(self._site.up)
                except NetworkError as error:
                    failed.append(str(error))
                else:
                    break
        if failed:
            details["up_failed"] = failed

    def _choose(self, victim: Victim) -> tuple[Node, NodeFolder]:
        """A node, and the folder of the process to kill: its own, or its chaincode server's."""
        site = self._site
        own, *others = site.peers
        if victim is Victim.SERVER:
            peer = self._numbers.choice(site.peers)
            return peer, site.server_folder(peer)
        if victim in {Victim.LEADER, Victim.BFT_LEADER}:
            node = site.leader()
        elif victim is Victim.BFT_ORDERER:
            leading = site.leader()
            orderers = site.network.topology.of(Kind.ORDERER)
            node = self._numbers.choice([each for each in orderers if each != leading])
        elif victim is Victim.CA:
            node = self._numbers.choice(site.network.topology.of(Kind.CA))
        else:
            node = own if victim is Victim.OWN_PEER else self._numbers.choice(others)
        return node, site.network.layout.node(node.id)

    async def _carries_on(self, killed_s: float) -> bool:
        """Whether something begun after the kill succeeds before the victim is back."""
        try:
            await self._load.succeeds(killed_s, within_s=_CARRIES_ON_S)
        except TimeoutError:
            return False
        return True

    async def _proposal(self, peer: Node) -> str:
        """The next proposal to a peer whose chaincode server has just come back."""
        async with self._site.reader(peer) as reader:
            try:
                await reader.ask("pairs", "get_one", "0")
            except RuntimeError as error:
                return str(error)
        return "ok"

    async def _enrolment(self, ca: Node) -> str:
        """Whether a person can register and enrol."""
        self._people += 1
        org = self._site.file.org(ca.msp)
        try:
            await self._site.enrol(org, f"person{self._people}", "receiver")
        except CaUnavailable:
            return "CaUnavailable"
        return "ok"


def summary(rounds: Sequence[Round], told: Iterable[Told]) -> list[dict[str, object]]:
    """Each round with what clients saw of it."""
    words = list(told)
    return [
        {
            "victim": each.victim.name.lower(),
            "node": each.name,
            "down_s": round(each.window.back_s - each.window.killed_s, 2),
            "up_s": round(each.up_s, 2),
            **each.window.seen_by(words),
            **each.details,
        }
        for each in rounds
    ]
