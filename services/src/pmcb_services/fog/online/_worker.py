# SPDX-License-Identifier: Apache-2.0
"""A fog worker: takes what is offered to its server, runs it, and tells how it ended."""

from __future__ import annotations

import asyncio
import secrets
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256

import structlog

from pmcb_services.fog.errors import Unavailable

from ._calls import Calls
from ._child import Ended
from ._connection import Connection
from ._handler import boot_s
from ._messages import Beat, Claim, Claimed, Commit, Register, Registered
from ._offers import Offered, Offers
from ._runner import Runner
from ._spool import Spool
from ._tasks import end

__all__ = ["Worker"]

_log = structlog.get_logger("pmcb_services.fog")


@dataclass
class _Running:
    """The order at hand, until its commit is answered; ``has_ended`` once its handler has."""

    order: str
    epoch: int
    until_s: float
    offered: Offered
    has_ended: bool = False


class Worker:
    """Runs the orders of one server, one at a time, until it is stopped or another takes over.

    For each order::

        offer ─▶ claim ─▶ (intent) ─▶ handler, in a child ─▶ (outcome) ─▶ commit ─▶ acknowledge

    What stands in brackets goes to the spool, for orders that must not run twice. Beats renew the
    lease until the commit is answered; where it is lost while the child runs the order the child is
    killed, and it ends by itself where this process cannot.

    Args:
        register: the server that it serves; the token is this process's own, and random.
        connection: to the broker, entered by whoever made it.
        runner: of the child, entered likewise.
        spool: in a folder that no other worker uses.
    """

    def __init__(
        self, register: Register, connection: Connection, runner: Runner, spool: Spool
    ) -> None:
        self._register = register
        self._calls = Calls(connection)
        self._offers = Offers(connection, register.server)
        self._runner = runner
        self._spool = spool
        self._here = Registered(incarnation=0, lease_s=0.0, beat_s=0.0)
        self._running: _Running | None = None
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Take no further offers; `run` returns once the order at hand is committed."""
        self._stopping.set()

    async def register(self) -> None:
        """Take over the server, once a gateway answers.

        Raises:
            FogError: the gateway does not take the server.
        """
        self._here = await self._calls.register(self._register)

    async def run(self) -> None:
        """Serve, once it is registered.

        Raises:
            StaleEpoch: another worker serves the server now.
            Unavailable: the child does not start.
        """
        for entry in self._spool.entries():
            ended = Ended(entry.outcome, entry.data)
            await self._commit(entry.order, entry.epoch, ended)
            self._spool.forget(entry.order, entry.epoch)
        beating = asyncio.create_task(self._beat_on())
        working = asyncio.create_task(self._work())
        try:
            await asyncio.wait({beating, working}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await end(beating, working)
        for task in (beating, working):
            if not task.cancelled():
                task.result()  # what ended it

    async def _work(self) -> None:
        while not self._stopping.is_set():
            await self._runner.ready()
            offered = await self._offers.next()
            if offered is not None:
                await self._serve(offered)

    async def _serve(self, offered: Offered) -> None:
        """One order, from its offer to its acknowledgement."""
        asked_s = boot_s()
        claimed = await self._calls.claim(
            Claim(
                order=offered.order,
                epoch=offered.epoch,
                server=self._register.server,
                incarnation=self._here.incarnation,
                token=secrets.token_hex(16),
            )
        )
        if claimed is not None:
            until_s = asked_s + self._here.lease_s
            self._running = _Running(claimed.order, claimed.epoch, until_s, offered)
            if until_s - boot_s() < self._here.beat_s:  # the answer was long in coming
                with suppress(Unavailable):
                    await self._beat()
            try:
                await self._run(claimed, self._running)
            finally:
                self._running = None
        await offered.done()

    async def _run(self, claimed: Claimed, running: _Running) -> None:
        hold = claimed.on_unknown == "hold"
        if hold:
            await asyncio.to_thread(self._spool.intend, claimed.order, claimed.epoch)
        ended = await self._runner.run(claimed, running.until_s)
        running.has_ended = True
        if ended.defect:
            _log.error("defect", order=claimed.order, kind=claimed.kind, defect=ended.defect)
        if hold:
            await asyncio.to_thread(
                self._spool.conclude, claimed.order, claimed.epoch, ended.outcome, ended.data
            )
        await self._commit(claimed.order, claimed.epoch, ended)
        if hold:
            await asyncio.to_thread(self._spool.forget, claimed.order, claimed.epoch)

    async def _commit(self, order: str, epoch: int, ended: Ended) -> None:
        counts = await self._calls.commit(
            Commit(
                order=order,
                epoch=epoch,
                server=self._register.server,
                incarnation=self._here.incarnation,
                outcome=ended.outcome,
                digest=sha256(ended.data).hexdigest(),
                result=ended.data,
            )
        )
        if not counts:
            _log.warning("fenced", order=order, epoch=epoch)

    async def _beat_on(self) -> None:
        while True:
            with suppress(Unavailable):
                await self._beat()
            await asyncio.sleep(self._here.beat_s)

    async def _beat(self) -> None:
        """Renew the lease of the order at hand, or end it while it runs."""
        running, sent_s = self._running, boot_s()
        orders = () if running is None else ((running.order, running.epoch),)
        beaten = await self._calls.beat(
            Beat(
                server=self._register.server,
                incarnation=self._here.incarnation,
                orders=orders,
            ),
            timeout_s=self._here.beat_s,
        )
        if running is None or self._running is not running:
            return
        if (running.order, running.epoch) in beaten.lost:
            if not running.has_ended:
                _log.warning("lease_lost", order=running.order, epoch=running.epoch)
                await self._runner.kill()
            return
        running.until_s = sent_s + self._here.lease_s
        if not running.has_ended:
            self._runner.extend(running.until_s)
        await running.offered.beat()
