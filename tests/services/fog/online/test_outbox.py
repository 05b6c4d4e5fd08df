# SPDX-License-Identifier: Apache-2.0
"""Which orders are offered: one ahead of the running one, and again where an offer is lost."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from tests.services.fog.online.hall import Clock

from pmcb_services.fog.errors import Unavailable
from pmcb_services.fog.online import (
    GatewaySettings,
    Order,
    Server,
    SqliteDatabase,
    State,
    Store,
    Vault,
)
from pmcb_services.fog.online import _outbox as outbox_module
from pmcb_services.fog.online._core import Core
from pmcb_services.fog.online._outbox import STUCK_S, Outbox

CLAIM: dict[str, Any] = {"server": "a", "incarnation": 1, "token": "t", "at_ms": 2}


def order(id: str, weight: float = 1.0) -> Order:
    """One that waits for the server."""
    made = Order(
        id=id,
        kind="compute.test",
        order_class="upload",
        submitter="A/b",
        body_sha256="",
        weight=weight,
        length=1000.0,
    )
    return made.placed("a", 1.0, 1)


class Sheet:
    """Keeps offers in a list; may be away, and may lose them all."""

    def __init__(self) -> None:
        self.offers: list[tuple[str, int]] = []
        self.is_away = self.is_lost = self.is_full = False

    @property
    def connected(self) -> bool:
        """Whether it is there."""
        return not self.is_away

    async def ensure(self) -> bool:
        """Whether everything was lost."""
        was, self.is_lost = self.is_lost, False
        return was

    async def offer(self, order_id: str, server: str, epoch: int) -> None:
        """Noted."""
        if self.is_away or self.is_full:
            raise Unavailable("The broker did not take the offer.")
        self.offers.append((order_id, epoch))


class Desk:
    """A core with one server, an outbox that runs, and its sheet."""

    def __init__(self, core: Core, sheet: Sheet, clock: Clock, outbox: Outbox) -> None:
        self.core, self.sheet, self.clock, self.outbox = core, sheet, clock, outbox

    async def add(self, id: str, weight: float = 1.0) -> None:
        """An order that waits for the server."""
        after = order(id, weight)
        made = replace(after, state=State.NEW, epoch=0, version=0, server="")
        await self.core.store.run(lambda session: session.add(made, b"", after))
        self.core.took([after])

    async def claim(self, id: str, epoch: int = 1) -> None:
        """Its worker begins."""
        await self.core.change(id, lambda one: one.claimed(**CLAIM, epoch=epoch))

    async def over(self, id: str, epoch: int = 1) -> None:
        """Its worker is done."""
        commit: dict[str, Any] = {"server": "a", "outcome": "done", "digest": "", "at_ms": 3}
        await self.core.change(id, lambda one: one.committed(**commit, epoch=epoch))

    async def offered(self, *offers: tuple[str, int]) -> None:
        """These and no others, in this order."""
        async with asyncio.timeout(5):
            while self.sheet.offers != [*offers]:
                assert len(self.sheet.offers) <= len(offers), self.sheet.offers
                await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)
        assert self.sheet.offers == [*offers]


@asynccontextmanager
async def opened(path):
    """Everything runs."""
    clock, sheet = Clock(), Sheet()
    async with Store(SqliteDatabase(path / "store" / "o.sqlite3")) as store:
        core = Core(
            store,
            Vault(bytes(32)),
            GatewaySettings(),
            clock=clock.now_ms,
            monotonic=clock.monotonic,
        )
        core.board.serve(Server(id="a", speed=1000, busy_w=10, idle_w=6), draining=False, up=True)
        outbox = Outbox(core, sheet)
        running = asyncio.create_task(outbox.run())
        try:
            yield Desk(core, sheet, clock, outbox)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


@pytest.fixture
async def desk(tmp_path, monkeypatch):
    """The broker is there."""
    monkeypatch.setattr(outbox_module, "LOOK_S", 0.02)
    async with opened(tmp_path) as made:
        yield made


async def test_one_order_is_offered_ahead_of_the_running_one(desk):
    """The rest stays where a plan may move it."""
    for name in "abc":
        await desk.add(name)
    await desk.offered(("a", 1))
    await desk.claim("a")
    await desk.offered(("a", 1), ("b", 1))
    await desk.over("a")
    await desk.offered(("a", 1), ("b", 1))
    assert desk.outbox.standing() == {"b": desk.core.board.orders["b"]}
    await desk.claim("b")
    await desk.offered(("a", 1), ("b", 1), ("c", 1))


async def test_what_is_urgent_withdraws_what_is_offered(desk):
    """Its epoch rises, so that a claim of the old offer is stale; equals wait their turn."""
    await desk.add("upload")
    await desk.offered(("upload", 1))
    await desk.add("another")
    await desk.add("control", weight=100.0)
    await desk.offered(("upload", 1), ("control", 1))
    found = await desk.core.store.read(lambda session: session.get("upload"))
    assert (found.state, found.epoch) == ("QUEUED", 2)
    await desk.claim("control")
    await desk.offered(("upload", 1), ("control", 1), ("another", 1))


async def test_orders_wait_while_the_broker_is_away(desk):
    """They are offered once it is back."""
    desk.sheet.is_away = True
    await asyncio.sleep(0.05)
    await desk.add("o")
    await desk.offered()
    desk.sheet.is_away = False
    await desk.offered(("o", 1))


async def test_a_broker_that_takes_nothing_is_asked_again(desk):
    """Its disk may be full."""
    desk.sheet.is_full = True
    await desk.add("o")
    await desk.offered()
    desk.sheet.is_full = False
    await desk.offered(("o", 1))


async def test_a_broker_that_lost_its_files_is_told_again(desk):
    """All that is offered, and nothing that has started."""
    await desk.add("a")
    await desk.offered(("a", 1))
    await desk.claim("a")
    await desk.add("b")
    await desk.offered(("a", 1), ("b", 1))
    desk.sheet.is_lost = True
    await desk.offered(("a", 1), ("b", 1), ("b", 1))


async def test_an_offer_that_an_idle_worker_does_not_claim_is_made_anew(desk):
    """At a new epoch: the broker takes the same offer twice for one."""
    await desk.add("o")
    await desk.offered(("o", 1))
    desk.clock.seconds += STUCK_S + 1
    await desk.offered(("o", 1), ("o", 2))


async def test_nothing_is_offered_to_a_server_that_is_down_or_draining(desk):
    """Nor by a gateway that drains."""
    board = desk.core.board
    for flags in (board.fleet.up, board.fleet.draining):
        flags[0] = not flags[0]
        await desk.add(f"o{id(flags)}")
        await desk.offered()
        flags[0] = not flags[0]
    desk.core.draining = True
    desk.core.touch(["a"])
    await desk.offered()
    desk.core.draining = False
    desk.core.touch(["a"])
    first = min(board.orders)
    await desk.offered((first, 1))


@pytest.mark.parametrize("look_s", [0.02, 60.0])
async def test_what_waited_behind_a_choice_that_came_to_nothing_is_offered(
    tmp_path, monkeypatch, look_s
):
    """Whoever takes the choice back says so; where nobody does, it is seen soon."""
    monkeypatch.setattr(outbox_module, "LOOK_S", look_s)
    async with opened(tmp_path) as desk:
        urgent = order("u", 100.0)
        desk.core.board.reserve(urgent)
        await desk.add("o")
        await desk.offered()
        if look_s < 1:
            desk.core.board.release("u")
        else:
            desk.core.release([urgent])
        await desk.offered(("o", 1))


async def test_an_offer_that_fails_while_the_stream_is_looked_at_is_made_again(desk):
    """The stream is there, which says nothing of the offer."""
    looking, looked = asyncio.Event(), asyncio.Event()

    async def ensure() -> bool:
        looking.set()
        await looked.wait()
        return False

    desk.sheet.ensure = ensure
    await looking.wait()
    desk.sheet.is_full = True
    await desk.add("o")
    await desk.offered()
    desk.sheet.is_full = False
    looked.set()
    await desk.offered(("o", 1))


async def test_what_cannot_begin_is_offered_after_others(desk):
    """Five seconds later it is asked for again."""
    await desk.add("upload")
    await desk.offered(("upload", 1))
    desk.core.board.defer(desk.core.board.orders["upload"], 5.0)
    await desk.core.change_many([desk.core.withdrawn(desk.core.board.orders["upload"])])
    await desk.add("another")
    await desk.offered(("upload", 1), ("another", 1))
    await desk.claim("another")
    desk.clock.seconds += 5.0
    await desk.offered(("upload", 1), ("another", 1), ("upload", 2))
