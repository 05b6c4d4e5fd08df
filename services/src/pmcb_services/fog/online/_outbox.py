# SPDX-License-Identifier: Apache-2.0
"""Which orders are offered to fog workers: one ahead of the running one, the rest stays planned.

There is no table of it. What is to be offered follows from the store: the first order of each
server's queue. So a gateway that starts offers again, and a broker may lose all that it has.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

import structlog

from pmcb_services.fog.errors import FogError, Unavailable

from ._core import Core
from ._order import Order
from ._state import State

__all__ = ["OfferStream", "Outbox"]

LOOK_S = 0.5
STUCK_S = 5.0
"""After which an offer that a worker with nothing else to do does not claim is made anew."""

_log = structlog.get_logger("pmcb_services.fog")


class OfferStream(Protocol):
    """The stream to fog workers."""

    @property
    def connected(self) -> bool:
        """Whether the broker is there now."""

    async def ensure(self) -> bool:
        """Have the stream; true where it was made, so that what was offered is lost."""

    async def offer(self, order_id: str, server: str, epoch: int) -> None:
        """Returns once the broker has written it."""


@dataclass
class _Offered:
    order: str
    epoch: int
    since: float


class Outbox:
    """Offers what is first, withdraws what is first no more.

    Args:
        core: of the gateway.
        stream: to the workers.

    Attributes:
        problem: why offers wait; "" while they go out.
    """

    def __init__(self, core: Core, stream: OfferStream) -> None:
        self._core, self._stream = core, stream
        self._offered: dict[str, _Offered] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.problem = "the broker does not answer"

    async def run(self) -> None:
        """Until it is cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._watch())
                group.create_task(self._follow())
        finally:
            for task in self._tasks:
                task.cancel()

    def forget(self, server: str) -> Order | None:
        """Take an offer back, as its server's worker begins anew; the order, if it waits still."""
        offered = self._offered.pop(server, None)
        return None if offered is None else self._stands(server, offered)

    def standing(self) -> dict[str, Order]:
        """Orders that are offered and can be claimed still, by id: they are as good as begun."""
        found = (self._stands(*each) for each in self._offered.items())
        return {each.id: each for each in found if each is not None}

    async def withdraw_all(self) -> None:
        """Take all offers back: the gateway drains. Where the store is away, once it is there."""
        await self._look_at(self._core.board.servers)

    async def _follow(self) -> None:
        """Look at servers whose queues changed."""
        while True:
            await self._core.news.wait()
            self._core.news.clear()
            servers, self._core.touched = self._core.touched, set()
            if self.problem:
                continue  # all are looked at once it is over
            await self._look_at(servers)

    async def _watch(self) -> None:
        """Have the stream; offer what is not, whatever the reason, and all where it was lost."""
        while True:
            was, lost = self.problem, False
            try:
                if not self._stream.connected:
                    raise Unavailable("the broker does not answer")  # noqa: TRY301
                lost = await self._stream.ensure()
                self.problem = ""
            except Unavailable as error:
                self.problem = str(error).rstrip(".")
            if self.problem != was:
                log = _log.warning if self.problem else _log.info
                log("offers_wait" if self.problem else "offers_go_out", problem=self.problem)
            if lost:
                self._offered.clear()
            if not self.problem:
                await self._look_at(self._core.board.servers)
            await self._unstick()
            await asyncio.sleep(LOOK_S)

    async def _look_at(self, servers: Iterable[str]) -> None:
        withdrawn = [each for server in servers if (each := self._look(server))]
        if withdrawn:
            await self._withdraw(withdrawn)

    def _look(self, server: str) -> Order | None:
        """Offer what is first there; the order whose offer is to be withdrawn for it."""
        board = self._core.board
        offered = self._offered.get(server)
        stands = None if offered is None else self._stands(server, offered)
        if self._core.draining:
            return stands
        if not board.is_up(server) or board.is_draining(server):
            return None
        first = board.first(server)
        if stands is not None:
            urgent = first is not None and first.weight > stands.weight
            return stands if urgent else None
        if first is None:
            self._offered.pop(server, None)
            return None
        self._offered[server] = _Offered(first.id, first.epoch, self._core.monotonic())
        task = asyncio.create_task(self._offer(server, first))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return None

    def _stands(self, server: str, offered: _Offered) -> Order | None:
        """The order of an offer that can be claimed still."""
        order = self._core.board.orders.get(offered.order)
        waits = order is not None and order.state is State.QUEUED and order.server == server
        return order if waits and order and order.epoch == offered.epoch else None

    async def _offer(self, server: str, order: Order) -> None:
        try:
            await self._stream.offer(order.id, server, order.epoch)
        except Unavailable as error:
            self.problem = self.problem or str(error).rstrip(".")
            offered = self._offered.get(server)
            if offered is not None and (offered.order, offered.epoch) == (order.id, order.epoch):
                del self._offered[server]

    async def _withdraw(self, orders: list[Order]) -> None:
        try:
            await self._core.change_many([self._core.withdrawn(each) for each in orders])
        except FogError as error:  # the store is away; they are looked at again
            _log.warning("not_withdrawn", code=error.code)

    async def _unstick(self) -> None:
        """Make anew what an idle worker does not claim: its offer may be lost."""
        late = self._core.monotonic() - STUCK_S
        stuck = []
        for server, offered in self._offered.items():
            order = self._stands(server, offered)
            idle = not self._core.board.place(server).running and self._core.board.is_up(server)
            if order is not None and offered.since < late and idle:
                stuck.append(order)
        await self._withdraw(stuck)
