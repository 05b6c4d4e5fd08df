# SPDX-License-Identifier: Apache-2.0
"""What the gateway that leads does beside admitting: hear fog workers, offer, and plan."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from itertools import chain, islice
from types import TracebackType
from typing import Self

import structlog

from pmcb_services.common._logs import raised_at
from pmcb_services.fog.errors import FogError

from ._address import Address
from ._admission import Admission
from ._connection import Connection
from ._core import Core
from ._messages import RPC
from ._outbox import Outbox
from ._planner import Planner
from ._replanning import Replanning
from ._rpc import Rpc
from ._stream import Stream

__all__ = ["Shift", "forever"]

SWEEP_S = 0.1
SETTLE_S = 0.02
MOVED_AT_ONCE = 100
AGAIN_S = 0.2
_log = structlog.get_logger("pmcb_services.fog")


class Shift:
    """Entered by the gateway that leads, left when another one does.

    Args:
        core: of the gateway.
        admission: says whether grants hold.
        broker: where fog workers are reached.

    Attributes:
        replanning: knows the newest plan.
        rpc: answers fog workers.
    """

    def __init__(self, core: Core, admission: Admission, broker: Address) -> None:
        self._core = core
        self._connection = Connection(broker, name="pmcb-fog-gateway")
        self._outbox = Outbox(core, Stream(self._connection))
        self.rpc = Rpc(core, admission, self._outbox)
        self._planner = Planner()
        self.replanning = Replanning(core, self._planner, self._outbox.standing)
        self._tasks: list[asyncio.Task[None]] = []
        self._stack = AsyncExitStack()
        self._swept = core.monotonic()

    @property
    def problem(self) -> str:
        """Why offers wait; "" while they go out."""
        return self._outbox.problem

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self._planner)
            stack.push_async_callback(self._close)
            await stack.enter_async_context(self._connection)
            await self._connection.answer(f"{RPC}*", self.rpc.answer)
            for work in (self._outbox.run, self.replanning.run, self._sweep, self._settle):
                self._tasks.append(asyncio.create_task(forever(work)))
            self._core.touch(self._core.board.servers)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stack.aclose()

    async def withdraw(self) -> None:
        """Take all offers back."""
        await self._outbox.withdraw_all()

    async def _close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _sweep(self) -> None:
        """See who was not heard in time: fog workers, and leases."""
        while True:
            await asyncio.sleep(SWEEP_S)
            now = self._core.monotonic()
            self._core.metrics.spend(now - self._swept)
            self._swept = now
            self._silence(now)
            ended = self._core.leases.ended()
            try:
                await self._core.give_up(ended)
            except FogError:
                for order, epoch in ended:  # the store is away: they are lost later
                    self._core.leases.give(order, epoch)
                raise

    def _silence(self, now: float) -> None:
        """Servers whose workers were not heard for a lease are down."""
        board = self._core.board
        for server in board.servers:
            silent = board.place(server).beaten + self._core.settings.lease_s < now
            if silent and board.is_up(server):
                _log.warning("server_down", server=server)
                board.fleet.up[board.at(server)] = False
                self._core.touch([server])

    async def _settle(self) -> None:
        """Find servers for orders that have none, or none that begins them."""
        board, tried = self._core.board, set[str]()
        fleet, taking = board.fleet, b""
        while True:
            await asyncio.sleep(SETTLE_S)
            if self._core.draining:
                continue
            now = board.fleet.open.tobytes()
            if board.fleet is not fleet or now != taking:
                tried.clear()  # what no server could take before, one may take now
                fleet, taking = board.fleet, now
            closed = [s for s in board.servers if not board.is_up(s) or board.is_draining(s)]
            waiting = chain.from_iterable(map(board.waiting, closed))
            astray = [*islice(waiting, MOVED_AT_ONCE)]
            homeless = [board.orders[each] for each in board.unplaced - tried]
            await self._core.move((astray + homeless)[:MOVED_AT_ONCE])
            tried.update(each.id for each in homeless[: max(0, MOVED_AT_ONCE - len(astray))])


async def forever(work: Callable[[], Awaitable[None]]) -> None:
    """A work that never ends, begun again when something failed; the log says what."""
    while True:
        try:
            await work()
        except FogError as error:
            _log.warning("again", code=error.code)
        except Exception as error:  # noqa: BLE001 - one defect must not end the service
            _log.error("defect", kind=type(error).__name__, at=raised_at(error))
        await asyncio.sleep(AGAIN_S)
