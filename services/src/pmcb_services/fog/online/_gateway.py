# SPDX-License-Identifier: Apache-2.0
"""The order gateway, without its HTTP routes: whoever enters it, serves."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import AsyncExitStack, aclosing
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import structlog

from pmcb_client.errors import LedgerError
from pmcb_services.fog.errors import FogError, NotFound

from ._address import Address
from ._admission import Admission
from ._board import server_of
from ._core import Core
from ._desk import Desk
from ._mirror import DRAINING, Read, read_all, read_since
from ._planner import Planner
from ._rpc import register_of
from ._session import Session
from ._settings import GatewaySettings
from ._shift import Shift, forever
from ._state import State
from ._store import Store
from ._vault import Vault

if TYPE_CHECKING:
    from pmcb_client._ledger import Ledger
    from pmcb_client.gateway import ChaincodeEvent

__all__ = ["Gateway"]

AGAIN_S = 0.5
LEADS_S = 3.0
"""After which a gateway that the database does not answer leads no more."""

TAIL_S = 0.05
ERASE_S = 30.0

Events = Callable[[], AsyncGenerator["ChaincodeEvent", None]]
_log = structlog.get_logger("pmcb_services.fog")


class Gateway:
    """An institution's order gateway.

    ::

        async with Store(SqliteDatabase(path)) as store, Broker(folder) as broker:
            async with Gateway(store, vault, ledger, events, broker.address, owner=msp) as gateway:
                [order] = await gateway.desk.submit(caller, [submission])

    Args:
        store: entered.
        vault: with the key that the store was sealed with.
        ledger: the contract, as the institution sees it.
        events: the ledger's, from now on.
        broker: where fog workers are reached.
        owner: MSP id of the institution.
        settings: see there.
        clock: milliseconds UTC.
        monotonic: seconds, for leases.

    Attributes:
        core, desk: what the routes need.
        shift: while this gateway leads.
        planner: for plans that are asked for; the one that re-plans is another.
    """

    def __init__(
        self,
        store: Store,
        vault: Vault,
        ledger: Ledger,
        events: Events,
        broker: Address,
        *,
        owner: str,
        settings: GatewaySettings | None = None,
        clock: Callable[[], int] | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._events, self._broker = events, broker
        settings = settings or GatewaySettings()
        now_ms = clock or (lambda: time.time_ns() // 1_000_000)
        self.core = Core(store, vault, settings, clock=now_ms, monotonic=monotonic)
        self._admission = Admission(ledger, clock=now_ms, dedup_devices=settings.dedup_devices)
        self.desk = Desk(self.core, self._admission, owner=owner)
        self.planner = Planner()
        self.shift: Shift | None = None
        self._seen = 0
        self._tasks: list[asyncio.Task[None]] = []
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Take over what the store holds.

        Raises:
            InvalidInput: the store was sealed with another key.
            Unavailable: the store fails.
        """
        async with AsyncExitStack() as stack:
            await self.core.store.run(self._check_key)
            await stack.enter_async_context(self.planner)
            stack.push_async_callback(self._close)
            await self._load()
            shared = self.core.store.database.is_shared
            if not shared:
                await self._lead()
            self._start(self._follow_ledger)
            self._start(self._erase)
            if shared:
                self._start(self._tail)
                self._start(self._campaign)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stack.aclose()

    @property
    def leads(self) -> bool:
        """Whether this gateway plans and hears fog workers."""
        return self.core.leads

    async def not_ready(self) -> str:
        """Why orders wait longer than they need to; "" where they do not."""
        try:
            await self.core.store.read(Session.last_event)
        except FogError as error:
            return str(error)
        if self.core.draining:
            return "draining"
        return self.shift.problem if self.shift is not None else ""

    async def drain(self, *, draining: bool = True) -> None:
        """All gateways begin nothing more, or begin again; started orders finish."""
        value = b"yes" if draining else b""
        await self.core.store.run(lambda session: session.put_fact(DRAINING, value))
        await self._drains(draining)

    async def _drains(self, draining: bool) -> None:
        """As the store has it now."""
        if draining == self.core.draining:
            return
        self.core.draining = draining
        if draining and self.shift is not None:
            await self.shift.withdraw()
        self.core.touch(self.core.board.servers)

    async def drain_server(self, server: str, *, draining: bool = True) -> None:
        """The same of one server; what waits for it goes elsewhere.

        Raises:
            NotFound: there is no such server.
        """

        def work(session: Session) -> None:
            document = session.server(server)
            if document is None:
                raise NotFound(f"There is no server {server}.", field="server")
            session.put_server(server, {**document, "draining": draining})

        await self.core.store.run(work)
        board = self.core.board
        if server in board.servers:
            board.fleet.draining[board.at(server)] = draining
            self.core.touch([server])

    async def newest_plan(self) -> dict[str, Any] | None:
        """The last plan that was made, also by another gateway; None before the first."""
        newest = None if self.shift is None else self.shift.replanning.newest
        return newest or await self.core.store.read(Session.plan)

    def _check_key(self, session: Session) -> None:
        mark = session.fact("key")
        if mark is None:
            session.put_fact("key", self.core.vault.mark())
        else:
            self.core.vault.check(mark)

    async def _load(self) -> None:
        """What stands, as of one moment."""
        await self._mirror(await self.core.store.read(read_all))

    async def _mirror(self, read: Read) -> None:
        self._seen = read.seen
        self._know(read.servers)
        self.core.took(read.orders)
        await self._drains(read.draining)

    def _know(self, servers: dict[str, dict[str, Any]]) -> None:
        """Servers of the store; each counts as up until it was not heard for a lease.

        What was read before a server's worker registered here is passed over.
        """
        board = self.core.board
        for name, document in servers.items():
            known, newest = name in board.servers, self.core.incarnations.get(name, 0)
            up = board.is_up(name) if known else True
            if document["incarnation"] < newest:
                continue
            if document["incarnation"] > newest:
                server = server_of(register_of(document))
                board.serve(server, draining=document["draining"], up=up)
                self.core.incarnations[name] = document["incarnation"]
            board.fleet.draining[board.at(name)] = document["draining"]
            if not known:
                board.place(name).beaten = self.core.monotonic()

    async def _lead(self) -> None:
        self.shift = Shift(self.core, self._admission, self._broker)
        await self.shift.__aenter__()
        self.core.leads = True

    async def _rest(self) -> None:
        self.core.leads = False
        if self.shift is not None:
            await self.shift.__aexit__(None, None, None)
        self.shift = None

    async def _campaign(self) -> None:
        """Plan when no other gateway does; stop when the database says that another one does."""
        asks: asyncio.Future[bool] | None = None
        while True:
            if asks is None:  # one at a time, however long it takes
                asks = asyncio.ensure_future(asyncio.to_thread(self.core.store.database.leads))
            answered, _ = await asyncio.wait({asks}, timeout=LEADS_S)
            leads, asks = (asks.result(), None) if answered else (False, asks)
            if leads and not self.core.leads:
                _log.info("leads")
                await self._load()
                for order in self.core.board.orders.values():
                    if order.state is State.STARTED:
                        self.core.leases.give(order.id, order.epoch)
                for name in self.core.board.servers:  # nobody told this gateway anything yet
                    self.core.board.place(name).beaten = self.core.monotonic()
                await self._lead()
            elif self.core.leads and not leads:
                _log.warning("leads_no_more")
                await self._rest()
            await asyncio.sleep(AGAIN_S)

    async def _tail(self) -> None:
        """Mirror what other gateways write."""
        while True:
            await self._mirror(
                await self.core.store.read(lambda session: read_since(session, self._seen))
            )
            await asyncio.sleep(TAIL_S)

    async def _follow_ledger(self) -> None:
        """Hear of revoked grants."""
        grants = self._admission.grants
        while True:
            try:
                async with aclosing(self._events()) as events:
                    async for event in events:
                        grants.hear(event)
            except LedgerError as error:
                _log.warning("events", kind=type(error).__name__)
            finally:
                grants.deafen()
            await asyncio.sleep(AGAIN_S)

    async def _erase(self) -> None:
        """Forget results whose time is over."""
        ttl_ms = int(self.core.settings.result_ttl_s * 1000)
        while True:
            await self.core.store.run(lambda session: session.erase(self.core.now_ms() - ttl_ms))
            await asyncio.sleep(ERASE_S)

    def _start(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self._tasks.append(asyncio.create_task(forever(work)))

    async def _close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._rest()
